use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::{
    BindingName, DecryptionKeyPaths, JudgingArguments, KeyArguments, MetadataArguments, OutputArguments,
    PartyArguments, SamlPartName, SigningAlgorithmName, TrustArguments, ValidationReportArguments,
};
use crate::cli::source::Source;
use crate::verifier::At;

#[derive(Debug, Subcommand)]
pub(crate) enum SamlCommand {
    Verify(Box<SamlVerifyArguments>),
    Sign(SamlSignArguments),
    Trace(Box<SamlTraceArguments>),
}

/// Judge SAML assertions, protocol messages and metadata, as XML, base64 or base64 of deflate, in a SOAP Body, a URL or a form
#[derive(Args, Debug)]
pub(crate) struct SamlVerifyArguments {
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) judging: JudgingArguments,
    #[command(flatten)]
    pub(crate) party: PartyArguments,
    #[command(flatten)]
    pub(crate) keys: DecryptionKeyPaths,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    #[command(flatten)]
    pub(crate) validation_report: ValidationReportArguments,
    /// The documents
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

/// Sign a SAML message, assertion or metadata, where its schema has the signature, to standard output
///
/// The document is read as strictly as saml verify reads it.
#[derive(Args, Debug)]
pub(crate) struct SamlSignArguments {
    #[command(flatten)]
    pub(crate) key: KeyArguments,
    /// The signature algorithm; without it, the one that fits the key
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<SigningAlgorithmName>,
    /// What is signed
    #[arg(long, value_enum, default_value = "document")]
    pub(crate) part: SamlPartName,
    /// How it will be sent: as XML without it
    #[arg(long, value_enum)]
    pub(crate) binding: Option<BindingName>,
    /// The RelayState that goes with it; a query string signs it too
    #[arg(long, value_name = "TEXT", requires = "binding", value_parser = relay_state)]
    pub(crate) relay_state: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The document
    #[arg(value_parser = Source::parser())]
    pub(crate) file: Source,
}

/// Follow a login that a browser recorded, and say where it breaks
///
/// FILE is a HAR file, which the network view of every browser saves, or an export of SAML-tracer. Of it only the SAML messages are
/// read; cookies, passwords and pages are neither kept nor shown.
#[derive(Args, Debug)]
pub(crate) struct SamlTraceArguments {
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) metadata: MetadataArguments,
    #[command(flatten)]
    pub(crate) keys: DecryptionKeyPaths,
    /// The audience that assertions have to name; without it, whoever issued the request that they answer
    #[arg(long, value_name = "URI")]
    pub(crate) audience: Option<String>,
    /// An identity provider may begin a login
    #[arg(long)]
    pub(crate) allow_unsolicited: bool,
    /// What must be proven: strict, saml-sso, bsp11, legacy-2004, archive-verify, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) policy: String,
    /// As of when; without it, as of when each message was sent
    #[arg(long, value_name = "TIME", value_parser = given_time)]
    pub(crate) at: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The recordings
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

fn given_time(typed: &str) -> Result<DateTime<Utc>, String> {
    match typed.parse()? {
        At::Now => Ok(Utc::now()),
        At::Time(time) => Ok(time),
        At::Message => Err("without --at, each is judged as of when it was sent".to_owned()),
    }
}

/// SAML Bindings §3.4.3, §3.5.3.
fn relay_state(typed: &str) -> Result<String, String> {
    match typed.len() {
        0..=80 => Ok(typed.to_owned()),
        _ => Err("it may have no more than 80 bytes".to_owned()),
    }
}
