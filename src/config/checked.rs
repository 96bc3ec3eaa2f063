use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::CertificateEnds;
use super::Problem;
use crate::crypto::Identity;
use crate::crypto::TlsServer;
use crate::fetch::Fetch;
use crate::fetch::Fetched;
use crate::inbound::Keyring;
use crate::inbound::SenderHeader;
use crate::mint::JwtMinter;
use crate::policy::Destination;
use crate::policy::Exception;
use crate::policy::Policy;
use crate::policy::saml::RelyingParty;
use crate::relay::Route;
use crate::schema::Check;
use crate::soap::QName;
use crate::soap::Roles;
use crate::spool::TemporaryFiles;
use crate::threat::Modes;
use crate::trust::BearerRules;
use crate::trust::Issuers;
use crate::trust::Passwords;
use crate::trust::TrustStore;

/// A configuration that can work: every file has been read, every name understood.
#[derive(Debug)]
pub struct Checked {
    /// The file that it was read from.
    pub file: PathBuf,
    /// That file, and every file and folder that it names, but for those that are fetched.
    pub files: Vec<PathBuf>,
    /// What stands in the file.
    pub text: String,
    /// What will be wrong with it soon.
    pub warnings: Vec<Problem>,
    /// When the certificates that it names cease to hold.
    pub ends: CertificateEnds,
    /// What is fetched in the background.
    pub fetches: Vec<Fetch>,
    /// What of that is in use.
    pub fetched: Fetched,
    /// Where messages arrive.
    pub listeners: Vec<Listener>,
    /// Where operators ask for health and metrics.
    pub admin: Option<SocketAddr>,
    /// Who signs the answers.
    pub signer: Identity,
    /// How much is taken on.
    pub load: Load,
    /// How often to look whether a file has changed, if at all.
    pub watch: Option<Duration>,
    /// Where attachments wait.
    pub spool: TemporaryFiles,
    /// How used messages are remembered.
    pub replay: crate::replay::Settings,
    /// What an address may ask for.
    pub throttle: crate::throttle::AddressLimits,
    /// Where rates and quotas are counted together with other gateways.
    pub limits: Option<Arc<crate::replay::Server>>,
    /// Where what was decided is recorded.
    pub audit: Option<crate::audit::Settings>,
    /// Where messages are kept.
    pub archive: Option<crate::archive::Settings>,
    /// Who is told of traces.
    pub traces: Option<crate::trace::Settings>,
    /// What is behind the gateway. No path stands twice.
    pub routes: Vec<GuardedRoute>,
    /// Where assertions are exchanged for tokens. No path is that of a route.
    pub token_endpoints: Vec<TokenEndpoint>,
}

/// What is told of a configuration that was only looked at.
#[derive(Debug)]
pub struct Examined {
    /// How many listeners it has.
    pub listeners: usize,
    /// How many routes.
    pub routes: usize,
    /// What will be wrong with it soon.
    pub warnings: Vec<Problem>,
    /// What is right, and worth knowing: what is fetched at the start.
    pub notes: Vec<Problem>,
}

/// An address where messages arrive. Without TLS it is a loopback address.
#[derive(Debug)]
pub struct Listener {
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS.
    pub tls: Option<TlsServer>,
}

/// How much the gateway takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Threads that serve.
    pub workers: usize,
    /// Connections at a time.
    pub connections: usize,
    /// Messages at a time.
    pub messages: usize,
    /// The time for the body of a request.
    pub body: Duration,
    /// Bytes of attachments that wait at a time.
    pub spooled: usize,
    /// The time for messages in work when the gateway is told to stop.
    pub drain: Duration,
}

/// Whether messages may have attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesAttachments {
    /// They may not.
    No,
    /// They may, and each must be signed.
    Signed,
}

/// What the answers of a backend that signs them must prove.
#[derive(Debug)]
pub struct SignedAnswers {
    /// Whose signatures count: at least one anchor, pin or metadata.
    pub trust: TrustStore,
    /// Whose assertions count.
    pub issuers: Issuers,
    /// Our keys for what is encrypted to us.
    pub keyring: Keyring,
    /// What an answer must prove.
    pub policy: Policy,
}

/// A route, and what stands before it.
#[derive(Debug)]
pub struct GuardedRoute {
    /// Who answers.
    pub route: Route,
    /// Messages for its backend at a time, if that is said.
    pub messages: Option<u32>,
    /// Where the keys of the tokens that the backend gets are published, if they are.
    pub keys: Option<PublishedKeys>,
    /// What the backend's answers must prove, if it signs them.
    pub answer: Option<SignedAnswers>,
    /// Whose bearer tokens are asked for, beside what a message must prove.
    pub bearer: Option<BearerRules>,
    /// How answers are written.
    pub answer_form: crate::outbound::AnswerForm,
    /// Who signs them, if not the gateway.
    pub answer_signer: Option<Identity>,
    /// Whether the trace that a request says it belongs to counts.
    pub traceparent: crate::trace::Parent,
    /// How much may be asked for.
    pub throttle: crate::throttle::RouteLimits,
    /// Whether messages may have attachments.
    pub attachments: TakesAttachments,
    /// For whom messages must be, and what they may ask for.
    pub destination: Destination,
    /// Whose signatures count: at least one anchor, pin or metadata.
    pub trust: TrustStore,
    /// Whose assertions count.
    pub issuers: Issuers,
    /// The users whose passwords can be compared.
    pub passwords: Passwords,
    /// Our keys for what is encrypted to us.
    pub keyring: Keyring,
    /// What we are to SAML.
    pub party: RelyingParty,
    /// The actors or roles that we play.
    pub roles: Roles,
    /// Header blocks with mustUnderstand that the backend understands.
    pub understood: Vec<QName>,
    /// What Bodies are validated against.
    pub schema: Option<Check>,
    /// What becomes of threats.
    pub threats: Modes,
    /// What becomes of the Security header.
    pub sender_header: SenderHeader,
    /// What a message must prove, with the limits of this route.
    pub policy: Policy,
    /// What partners may use beyond that.
    pub exceptions: Vec<Exception>,
}

/// The public keys of tokens, and where they are told.
#[derive(Debug)]
pub struct PublishedKeys {
    /// The path: neither that of a route nor of a token endpoint.
    pub path: String,
    /// The JWK Set.
    pub set: Bytes,
}

/// A path where assertions are exchanged for tokens.
#[derive(Debug)]
pub struct TokenEndpoint {
    /// The path.
    pub path: String,
    /// What an assertion must be.
    pub policy: Policy,
    /// Whose signatures count, where no metadata says whose key it is.
    pub trust: TrustStore,
    /// Whose assertions count.
    pub issuers: Issuers,
    /// The endpoint as audience and recipient.
    pub party: RelyingParty,
    /// Makes the tokens.
    pub minter: JwtMinter,
    /// Where the keys of the tokens are published, if they are.
    pub keys: Option<PublishedKeys>,
    /// How much may be asked for.
    pub throttle: crate::throttle::RouteLimits,
    /// What becomes of threats.
    pub threats: Modes,
}
