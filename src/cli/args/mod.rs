//! Arguments as they are typed. What they mean is checked in [`super::inputs`].

mod audit;
mod batch;
mod demo;
mod install;
mod names;
mod password;
mod saml;
mod setup;
mod shared;
mod verify;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::source::Source;
use crate::verifier::At;

pub(super) use audit::{
    AuditCommand, AuditExportArguments, AuditFilter, AuditShowArguments, AuditVerifyArguments, ExportFormat,
    RecordKind,
};
pub(super) use batch::{BatchCommand, BatchVerifyArguments};
pub(super) use demo::{ArchiveArgument, DemoArguments};
pub(super) use install::{CompletionsArguments, ManArguments};
pub(super) use names::{
    BindingName, CanonicalizationName, DataEncryptionName, KeyReferenceName, KeyTransportName, LogFormat,
    Operation, RecipientReferenceName, SamlPartName, SigningAlgorithmName, ThreatMode,
};
pub(super) use password::{PasswordCommand, PasswordUserArguments};
pub(super) use saml::{SamlCommand, SamlSignArguments, SamlTraceArguments, SamlVerifyArguments};
pub(super) use shared::{
    ContentTypeArguments, DecryptionKeyPaths, IdArguments, JudgingArguments, KeyArguments, MetadataArguments,
    OutputArguments, OwnKeyPaths, PartyArguments, PasswordArguments, SecretKeyName, SigningArguments,
    TrustArguments, UserArguments, ValidationReportArguments,
};
pub(super) use verify::{GateArguments, MessageVerifyArguments, VerifyArguments};

/// Verifies SOAP messages, XML signatures and SAML assertions; relays only what was verified.
///
/// FILE may be - for standard input. Exit codes: 0 all inputs passed, 1 at least one was refused, 2 the command or
/// its configuration is wrong, 3 an input could not be read or the machine failed.
#[derive(Debug, Parser)]
#[command(
    name = "sealgate",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArguments),
    Serve(ServeArguments),
    Verify(Box<MessageVerifyArguments>),
    Sign(SignArguments),
    Encrypt(EncryptArguments),
    Decrypt(DecryptArguments),
    C14n(C14nArguments),
    Inspect(InspectArguments),
    Explain(ExplainArguments),
    Bench(BenchArguments),
    /// SAML documents by themselves
    #[command(subcommand)]
    Saml(SamlCommand),
    /// XML Signature, without SOAP or SAML meaning
    #[command(subcommand)]
    Dsig(DsigCommand),
    /// Archives
    #[command(subcommand)]
    Batch(BatchCommand),
    /// The gateway's configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What messages must prove
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The gateway's routes
    #[command(subcommand)]
    Route(RouteCommand),
    /// What a gateway has decided
    #[command(subcommand)]
    Audit(AuditCommand),
    /// The users of UsernameTokens and their passwords
    #[command(subcommand)]
    Password(PasswordCommand),
    Completions(CompletionsArguments),
    Man(ManArguments),
}

/// How many of these messages this machine handles: each is judged again and again from its bytes
#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    /// What is done to each
    #[arg(long, value_enum, default_value = "verify")]
    pub(crate) operation: Operation,
    /// How long, for each file
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = seconds)]
    pub(crate) seconds: f64,
    /// On how many threads
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: u16,
    /// Forget certificates and paths before each message; a gateway remembers them
    #[arg(long)]
    pub(crate) cold: bool,
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) judging: JudgingArguments,
    #[command(flatten)]
    pub(crate) party: PartyArguments,
    #[command(flatten)]
    pub(crate) own: OwnKeyPaths,
    #[command(flatten)]
    pub(crate) signing: SigningArguments,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) content_type: ContentTypeArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The messages
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

fn seconds(typed: &str) -> Result<f64, String> {
    match typed.parse::<f64>() {
        Ok(seconds) if (0.001..=86_400.0).contains(&seconds) => Ok(seconds),
        _ => Err("not a number of seconds between 0.001 and 86400".to_owned()),
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    Check(ConfigCheckArguments),
    Explain(ConfigExplainArguments),
    /// Print the JSON schema of the configuration
    Schema,
    /// Print every key of the configuration with its values, its default and what it does, as Markdown
    Reference,
    /// Print a configuration to start from, with comments
    Init,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    Show(PolicyShowArguments),
    /// Print the tightest policy that a good message meets, as TOML; --policy says what it starts from
    Infer(Box<VerifyArguments>),
    Import(PolicyImportArguments),
    Diff(PolicyDiffArguments),
}

/// Read a configuration and everything that it names, and say what is wrong with it
#[derive(Args, Debug)]
pub(crate) struct ConfigCheckArguments {
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The configuration
    pub(crate) file: PathBuf,
}

/// Say what a partner has to prove on each route that trusts them, and what they may use beyond that, why and until when
#[derive(Args, Debug)]
pub(crate) struct ConfigExplainArguments {
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// Their certificate, or the entityID of a SAML issuer
    #[arg(long, value_name = "FILE|ENTITYID")]
    pub(crate) partner: String,
    /// The configuration
    pub(crate) file: PathBuf,
}

/// Say what changed between a partner's last good message and another, nothing verified; 1 if anything did
#[derive(Args, Debug)]
pub(crate) struct PolicyDiffArguments {
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The message that was good
    #[arg(value_parser = Source::parser())]
    pub(crate) good: Source,
    /// The message that is not
    #[arg(value_parser = Source::parser())]
    pub(crate) bad: Source,
}

/// Print what a WSDL states with WS-SecurityPolicy as a policy, as TOML
///
/// The policy is --policy, tightened and never loosened. Standard error says what became of each assertion; 1 if there are several
/// policies to choose from, or something would restrict messages and is not held.
#[derive(Args, Debug)]
pub(crate) struct PolicyImportArguments {
    /// What it starts from: strict, saml-sso, bsp11, legacy-2004, archive-verify, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) policy: String,
    /// Only the alternative of this number, from 1
    #[arg(long, value_name = "N")]
    pub(crate) alternative: Option<usize>,
    /// Print the policy without what is not held, which it lists in comments
    #[arg(long)]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) wsdl: WsdlArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    Import(RouteImportArguments),
}

/// Print the routes of a gateway to the services of a WSDL, as TOML: paths, actions and bodies
///
/// Whom to trust and where the backend is, is yours to add. An operation that a route cannot tell by its body is said on standard error, and is 1.
#[derive(Args, Debug)]
pub(crate) struct RouteImportArguments {
    #[command(flatten)]
    pub(crate) wsdl: WsdlArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// A WSDL, and what of it is meant.
#[derive(Args, Debug)]
pub(crate) struct WsdlArguments {
    /// Only this port, or this binding that no port has
    #[arg(long, value_name = "NAME")]
    pub(crate) port: Option<String>,
    /// Only this operation
    #[arg(long, value_name = "NAME")]
    pub(crate) operation: Option<String>,
    /// A file that the WSDL imports, or that it refers to for a policy (repeatable). No other is read
    #[arg(long, value_name = "FILE")]
    pub(crate) import: Vec<PathBuf>,
    /// The WSDL 1.1
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}

/// Print a policy as TOML, to be read or to start one's own from
#[derive(Args, Debug)]
pub(crate) struct PolicyShowArguments {
    /// strict, saml-sso, bsp11, legacy-2004, archive-verify, or a TOML file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) policy: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DsigCommand {
    Verify(DsigVerifyArguments),
    Sign(DsigSignArguments),
}

/// Run the gateway
#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    /// Its configuration; `sealgate config init` prints one to start from
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// How the log is written, to standard error; RUST_LOG says how much
    #[arg(long, value_enum, default_value = "json")]
    pub(crate) log: LogFormat,
    /// How many lines of one kind, as refusals with one code, the log has a second; 0 for all
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    pub(crate) log_lines: u32,
}

/// Sign a SOAP message: its Body, its WS-Addressing headers and a Timestamp
#[derive(Args, Debug)]
pub(crate) struct SignArguments {
    #[command(flatten)]
    pub(crate) key: KeyArguments,
    #[command(flatten)]
    pub(crate) signing: SigningArguments,
    /// When the message is created: now, or a time as 2026-11-24T00:00:30Z
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub(crate) at: At,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The message
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}

/// Encrypt a document, XML or SOAP, or parts of it, to standard output
///
/// Without --id and --element, the content of the Body of a SOAP message, or all of another document.
#[derive(Args, Debug)]
pub(crate) struct EncryptArguments {
    #[command(flatten)]
    pub(crate) recipient: RecipientArguments,
    /// The cipher
    #[arg(long, value_enum, default_value = "aes256-gcm")]
    pub(crate) algorithm: DataEncryptionName,
    /// How the key is encrypted to an RSA key; to an EC key it is by ECDH-ES
    #[arg(long, value_enum, default_value = "rsa-oaep-sha256")]
    pub(crate) key_transport: KeyTransportName,
    /// Whose policy has to allow cipher and key transport: strict, saml-sso, bsp11, legacy-2004, archive-verify, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) policy: String,
    /// Encrypt the element that carries this ID (repeatable)
    #[arg(long = "id", value_name = "ID")]
    pub(crate) ids_to_encrypt: Vec<String>,
    /// Encrypt each element of this name: {namespace}local, or local (repeatable). A SOAP header goes into an EncryptedHeader
    #[arg(long = "element", value_name = "NAME")]
    pub(crate) elements: Vec<String>,
    /// Encrypt what is between the tags of these elements and not the elements, in a document that is not SOAP
    #[arg(long)]
    pub(crate) content: bool,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The document
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}

/// Whom something is encrypted to.
#[derive(Args, Debug)]
#[command(next_help_heading = "Recipient")]
pub(crate) struct RecipientArguments {
    /// The certificate of the recipient (PEM), with an RSA or EC key
    #[arg(long, value_name = "PATH")]
    pub(crate) to: Option<PathBuf>,
    /// Or the bytes of a shared key of 128, 192 or 256 bits, and the KeyName that it goes by
    #[arg(
        long,
        value_name = "[NAME=]FILE",
        conflicts_with = "to",
        required_unless_present = "to"
    )]
    pub(crate) secret_key: Option<SecretKeyName>,
    /// How a SOAP message names the certificate
    #[arg(long, value_enum, default_value = "thumbprint")]
    pub(crate) key_reference: RecipientReferenceName,
    /// The actor or role that the Security header is for; without it, the last receiver
    #[arg(long, value_name = "URI")]
    pub(crate) role: Option<String>,
}

/// Decrypt a document, XML or SOAP, to standard output
#[derive(Args, Debug)]
pub(crate) struct DecryptArguments {
    #[command(flatten)]
    pub(crate) keys: DecryptionKeyPaths,
    #[command(flatten)]
    pub(crate) password: PasswordArguments,
    /// Which algorithms may be used: strict, saml-sso, bsp11, legacy-2004, archive-verify, or a TOML file. Ciphers that
    /// prove nothing about what they decrypt (CBC) are for archive-verify here, as no signature is verified
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) policy: String,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The document, or a message that begins with a header of MIME
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}

/// Write the canonical form of a document, or of one element of it, to standard output
#[derive(Args, Debug)]
pub(crate) struct C14nArguments {
    /// The canonicalization method
    #[arg(long, value_enum, default_value = "exc", hide_possible_values = false)]
    pub(crate) algorithm: CanonicalizationName,
    /// Prefixes that exclusive canonicalization treats as inclusive does, separated by spaces; #default is the
    /// default namespace
    #[arg(long, value_name = "\"A B #default\"")]
    pub(crate) prefixes: Option<String>,
    /// Only the element that carries this ID
    #[arg(long)]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The document
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}

/// Why did this message fail: what was digested, and the change that would make it match
///
/// Any document with an XML Signature. Whom to trust is not asked: the keys of the message and of --trust and --untrusted are tried
#[derive(Args, Debug)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    /// The key that must have signed (PEM)
    #[arg(long, value_name = "PEM", conflicts_with = "hmac_key")]
    pub(crate) public_key: Option<PathBuf>,
    /// The bytes of this file are the shared secret of an HMAC
    #[arg(long, value_name = "FILE")]
    pub(crate) hmac_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: DecryptionKeyPaths,
    /// Write what each reference digests, and SignedInfo, to files in this folder; of several documents, each in a folder of its number
    #[arg(long, value_name = "FOLDER")]
    pub(crate) octets: Option<PathBuf>,
    /// Write a case of the same failure into this folder, which can be sent to a partner: letters and digits of texts and values are hidden
    #[arg(long, value_name = "FOLDER")]
    pub(crate) redact: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) content_type: ContentTypeArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The documents
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

/// Show what is in a message, nothing verified
#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) content_type: ContentTypeArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The messages
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

/// Judge the signatures in XML documents: whether they hold, whose they are, what they cover
#[derive(Args, Debug)]
pub(crate) struct DsigVerifyArguments {
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) judging: JudgingArguments,
    /// Check with this public key (PEM) instead of a trust path
    #[arg(long, value_name = "PEM", conflicts_with_all = ["hmac_key", "embedded_key"])]
    pub(crate) public_key: Option<PathBuf>,
    /// Check with the bytes of this file as the shared secret of an HMAC
    #[arg(long, value_name = "FILE", conflicts_with_all = ["embedded_key", "second_opinion"])]
    pub(crate) hmac_key: Option<PathBuf>,
    /// Check with the key that KeyInfo brings along, which makes nothing trusted
    #[arg(long, conflicts_with_all = ["trust", "second_opinion"])]
    pub(crate) embedded_key: bool,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) validation_report: ValidationReportArguments,
    /// The documents
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

/// Sign an XML document, or elements of it, with a signature as the last child of its root
#[derive(Args, Debug)]
pub(crate) struct DsigSignArguments {
    #[command(flatten)]
    pub(crate) key: KeyArguments,
    /// Sign with the bytes of this file as the shared secret of an HMAC
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) hmac_key: Option<PathBuf>,
    /// The signature algorithm; without it, the one that fits the key
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<SigningAlgorithmName>,
    /// Sign the element that carries this ID (repeatable); without it, the root
    #[arg(long = "id", value_name = "ID")]
    pub(crate) ids_to_sign: Vec<String>,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The document
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}
