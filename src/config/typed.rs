//! The configuration as it is typed. The comments here are the descriptions in `schemas/config.schema.json`.

mod allow;
mod answer;
mod archive;
mod backend;
mod bearer;
mod content;
mod exception;
mod fetch;
mod listener;
mod minted;
mod state;
mod threats;
mod throttle;
mod tls_client;
mod token_endpoint;
mod traces;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::mint::Fact;
use crate::second_opinion::SecondOpinion;
use crate::xml::Limits;

pub(super) use allow::{Allow, Hours};
pub(super) use answer::{
    AnswerSignature, DataEncryption, Encryption, KeyReference, KeyTransport, RecipientReference, RouteAnswer,
    SignedPart,
};
pub(super) use archive::{KeptMessages, KeptPasswords, MessageArchive, OnArchiveLoss};
pub(super) use backend::{Backend, Health};
pub(super) use bearer::{Bearer, CertificateBound, MessageSecurity};
pub(super) use content::{Attachments, Schema, Users};
pub(super) use exception::Exception;
pub(super) use fetch::Fetch;
pub(super) use listener::{Clients, Listener, Tls};
pub(super) use minted::{Jwt, NewAssertion, NewConfirmation, NewUsernameToken, SecurityHeader};
pub(super) use state::{Audit, OnStoreLoss, Redis, Replay};
pub(super) use threats::Threats;
pub(super) use throttle::{Limit, RouteThrottle, Throttle};
pub(super) use tls_client::TlsClient;
pub(super) use token_endpoint::{NewToken, TokenEndpoint};
pub(super) use traces::{Traceparent, Traces};

/// The configuration of a gateway. Relative paths start from the folder of this file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Where messages arrive.
    #[schemars(length(min = 1))]
    pub(super) listener: Vec<Listener>,
    /// Where health and metrics are asked for. Without it they are not to be had.
    #[serde(default)]
    pub(super) admin: Option<Admin>,
    /// Who we are, and how much we take on.
    pub(super) gateway: Gateway,
    /// How used messages are remembered.
    #[serde(default)]
    pub(super) replay: Replay,
    /// How much an address may ask for.
    #[serde(default)]
    pub(super) throttle: Throttle,
    /// What was decided, in a chain of records. Without it there is the log only.
    #[serde(default)]
    pub(super) audit: Option<Audit>,
    /// What came, as it came. Without it no message is kept.
    #[serde(default)]
    pub(super) message_archive: Option<MessageArchive>,
    /// Files whose content is fetched in the background.
    #[serde(default)]
    pub(super) fetch: Vec<Fetch>,
    /// Who is told where the time of requests went.
    #[serde(default)]
    pub(super) traces: Option<Traces>,
    /// What is behind the gateway, and who may reach it.
    #[schemars(length(min = 1))]
    pub(super) route: Vec<Route>,
    /// Where clients exchange assertions for tokens.
    #[serde(default)]
    pub(super) token_endpoint: Vec<TokenEndpoint>,
}

/// The address for operators.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    /// IP address and port of /healthz, /readyz and /metrics, which need no authentication.
    pub(super) address: String,
    /// Whether `address` may be one that other machines reach: they read health and metrics. Orders are taken from this machine only.
    #[serde(default)]
    pub(super) open: bool,
}

/// Who the gateway is to its partners, and how much it takes on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateway {
    /// PEM file: the certificate that answers are signed with. Not needed if `key` is PKCS#12, or its token has it.
    #[serde(default)]
    pub(super) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file, or PKCS#11 URI: the key of the certificate, not readable by everybody.
    pub(super) key: PathBuf,
    /// File with the password of the key.
    #[serde(default)]
    pub(super) key_password_file: Option<PathBuf>,
    /// Threads that serve; as many as there are processors if it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 512))]
    pub(super) workers: Option<u16>,
    /// Connections at a time.
    #[serde(default = "connections")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) connections: u32,
    /// Messages at a time; what is more is told to come back later.
    #[serde(default = "messages")]
    #[schemars(range(min = 1, max = 100_000))]
    pub(super) messages: u32,
    /// Seconds that a client has for the body of a request. It must also send 1 KiB a second. As long it may take nothing of its answer, from the next start on.
    #[serde(default = "body_seconds")]
    #[schemars(range(min = 1, max = 600))]
    pub(super) body_seconds: u16,
    /// The folder where long attachments wait, in files without names; that of the system if it is not said.
    #[serde(default)]
    pub(super) spool_folder: Option<PathBuf>,
    /// Bytes of all attachments that wait at a time.
    #[serde(default = "spool_bytes")]
    #[schemars(range(min = 1_048_576))]
    pub(super) spool_bytes: u64,
    /// How often to look whether this file or one that it names has changed, in seconds, and to take it on if it is good; 0 for
    /// never. At SIGHUP it is taken on in any case.
    #[serde(default)]
    #[schemars(range(min = 0, max = 3600))]
    pub(super) watch_seconds: u16,
    /// Seconds that messages in work have when the gateway is told to stop.
    #[serde(default = "drain_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub(super) drain_seconds: u16,
}

fn connections() -> u32 {
    10_000
}

fn messages() -> u32 {
    256
}

fn body_seconds() -> u16 {
    30
}

fn spool_bytes() -> u64 {
    1 << 30
}

fn drain_seconds() -> u16 {
    30
}

/// One path of the gateway, and the backend behind it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    /// The path of the URL, as "/orders".
    pub(super) path: String,
    /// The URLs that a message may be addressed to by `wsa:To`, as its senders write them; any, if none is given.
    #[serde(default)]
    pub(super) addresses: Vec<String>,
    /// What may be asked for. Action, WS-Addressing action and signed body must all name the same operation.
    #[schemars(length(min = 1))]
    pub(super) operation: Vec<Operation>,
    /// Who may ask for what, and when. With rules, a message has to fit one of them; without, everybody who is trusted may ask for
    /// everything at any time.
    #[serde(default)]
    pub(super) allow: Vec<Allow>,
    /// Which certificate a client has to show in TLS.
    #[serde(default)]
    pub(super) client_certificate: ClientCertificate,
    /// The bearer token that a request must bring.
    #[serde(default)]
    pub(super) bearer: Option<Bearer>,
    /// "strict", "saml-sso" or "bsp11", or the path of a policy in TOML.
    #[serde(default = "policy")]
    pub(super) policy: String,
    /// What single partners may use that the policy refuses, each until a date.
    #[serde(default)]
    pub(super) exception: Vec<Exception>,
    /// Whether libxmlsec1 and samael have to agree about each message. For programs built with `second_opinion`.
    #[serde(default)]
    pub(super) second_opinion: SecondOpinion,
    /// Whose signatures count. Left out only where a bearer token stands for them.
    #[serde(default)]
    pub(super) trust: Option<Trust>,
    /// Our keys for what is encrypted to us, several while an old one is being replaced. Without one, a message with something
    /// encrypted is refused.
    #[serde(default)]
    pub(super) decryption: Vec<Decryption>,
    /// The users of UsernameTokens. Without them a message with one is refused.
    #[serde(default)]
    pub(super) users: Option<Users>,
    /// Whether messages may have attachments, as MTOM or SOAP with Attachments.
    #[serde(default)]
    pub(super) attachments: Attachments,
    /// Header blocks with mustUnderstand that the backend understands, as "{urn:example}Session".
    #[serde(default)]
    pub(super) understands: Vec<String>,
    /// URIs of actors (roles in SOAP 1.2) that the gateway plays, besides that of the last receiver.
    #[serde(default)]
    pub(super) actors: Vec<String>,
    /// The schemas that the bodies of messages must be valid against. For programs built with `xsd`.
    #[serde(default)]
    pub(super) schema: Option<Schema>,
    /// What becomes of threats: a mode for each rule that is not to do what it does by itself.
    #[serde(default)]
    pub(super) threats: Threats,
    /// Where verified messages go.
    pub(super) backend: Backend,
    /// HTTP headers for the backend, with what was verified. A value that was not verified makes no header.
    #[serde(default)]
    pub(super) identity: BTreeMap<String, Fact>,
    /// A JSON Web Token for the backend, about the sender.
    #[serde(default)]
    pub(super) jwt: Option<Jwt>,
    /// What becomes of the Security header that a message was verified by: "strip" it, "keep" it for a backend that verifies again, or replace it.
    #[serde(default)]
    pub(super) security_header: SecurityHeader,
    /// How answers are written.
    #[serde(default)]
    pub(super) answer: RouteAnswer,
    /// Whether the trace that a request says it belongs to counts.
    #[serde(default)]
    pub(super) traceparent: Traceparent,
    /// How much may be asked for.
    #[serde(default)]
    pub(super) throttle: RouteThrottle,
    /// Limits lower than those of the product; `attachment_bytes` may be higher, up to 1 GiB.
    #[serde(default)]
    pub(super) limits: Limits,
}

fn policy() -> String {
    "strict".to_owned()
}

/// Something that may be asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    /// The SOAPAction, or the action of SOAP 1.2. Without it a message that names an action is refused.
    #[serde(default)]
    pub(super) action: Option<String>,
    /// The action of WS-Addressing, where it is not `action`. The backend gets `action` all the same, or none.
    #[serde(default)]
    pub(super) addressing_action: Option<String>,
    /// The element in the body, as "{urn:example:orders}PlaceOrder".
    pub(super) body: String,
    /// Whether it does no more when it is asked for twice. Only then is a message sent to another server that the first may have got.
    #[serde(default)]
    pub(super) idempotent: bool,
    /// Whether nothing is answered: the backend may say 200, 202 or 204 with nothing, even where its answers must be signed.
    #[serde(default)]
    pub(super) one_way: bool,
}

/// Which certificate a client has to show in TLS.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ClientCertificate {
    /// None, or any that the listener takes.
    #[default]
    Any,
    /// The one whose key signed the message.
    Signer,
}

/// Whose signatures count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Trust {
    /// Certificate authorities, and whom of those that they certify is meant.
    #[serde(default)]
    pub(super) anchor: Vec<Anchor>,
    /// Files with certificates that are trusted as themselves.
    #[serde(default)]
    pub(super) pins: Vec<PathBuf>,
    /// Files with certificates that may help to build a path, and are trusted for nothing.
    #[serde(default)]
    pub(super) untrusted: Vec<PathBuf>,
    /// Files with certificate revocation lists.
    #[serde(default)]
    pub(super) crls: Vec<PathBuf>,
    /// When a certificate must be known not to be revoked.
    #[serde(default)]
    pub(super) revocation: Revocation,
    /// Who issues SAML assertions.
    #[serde(default)]
    pub(super) saml: Option<Saml>,
}

/// A certificate authority. It needs a `subject` or a `san`: trusting everybody that it certifies is never meant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Anchor {
    /// File with the certificate.
    pub(super) file: PathBuf,
    /// Subjects of signers, as "CN=orders-*,O=Partner,C=DE"; a leading "*," stands for further parts.
    #[serde(default)]
    pub(super) subject: Vec<String>,
    /// Subject alternative names of signers, as "dns:*.partner.example", "uri:urn:partner:*", "email:" or "ip:".
    #[serde(default)]
    pub(super) san: Vec<String>,
}

/// When a certificate must be known not to be revoked.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Revocation {
    /// Where it names a source of revocation, or `crls` has a list of its issuer.
    #[default]
    WherePromised,
    /// Always.
    Always,
}

/// Who issues SAML assertions, and for whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Saml {
    /// Files with SAML metadata of identity providers. Others may speak if an anchor certifies them.
    #[serde(default)]
    pub(super) metadata: Vec<PathBuf>,
    /// File with the certificate that must have signed the metadata, which was then fetched: each file must have a validUntil of at
    /// most 30 days, and its cacheDuration counts from when it was written.
    #[serde(default)]
    pub(super) metadata_signer: Option<PathBuf>,
    /// The audience that assertions must be meant for.
    pub(super) audience: String,
    /// The URL that bearer assertions must be sent to, as their Recipient has it.
    #[serde(default)]
    pub(super) recipient: Option<String>,
}

/// A key for what is encrypted to us. It may be that of the gateway.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decryption {
    /// PEM file: the certificate that partners encrypt to. Not needed if `key` is PKCS#12, or its token has it.
    #[serde(default)]
    pub(super) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file, or PKCS#11 URI: the key of the certificate, RSA or EC, not readable by everybody.
    pub(super) key: PathBuf,
    /// File with the password of the key.
    #[serde(default)]
    pub(super) key_password_file: Option<PathBuf>,
}
