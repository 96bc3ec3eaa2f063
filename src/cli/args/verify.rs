use clap::Args;

use super::{
    ContentTypeArguments, DecryptionKeyPaths, JudgingArguments, OutputArguments, PartyArguments, ThreatMode,
    TrustArguments, UserArguments, ValidationReportArguments,
};
use crate::cli::source::Source;

/// Judge SOAP messages as the gateway would judge them
#[derive(Args, Debug)]
pub(crate) struct MessageVerifyArguments {
    #[command(flatten)]
    pub(crate) verify: VerifyArguments,
    #[command(flatten)]
    pub(crate) validation_report: ValidationReportArguments,
}

/// What SOAP messages are judged by, and the messages.
#[derive(Args, Debug)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) gate: GateArguments,
    /// What the transport says the messages are for: SOAPAction, or the action of SOAP 1.2's media type
    #[arg(long, value_name = "URI")]
    pub(crate) action: Option<String>,
    #[command(flatten)]
    pub(crate) content_type: ContentTypeArguments,
    /// The request that the messages answer: they must confirm its signatures, and relate to its MessageID
    #[arg(long, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) request: Option<Source>,
    /// What becomes of threats in what was signed
    #[arg(long, value_name = "MODE", value_enum, default_value_t = ThreatMode::Gateway)]
    pub(crate) threats: ThreatMode,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The messages
    #[arg(required = true, value_name = "FILE", value_parser = Source::parser())]
    pub(crate) files: Vec<Source>,
}

/// What a SOAP message is judged by.
#[derive(Args, Debug)]
pub(crate) struct GateArguments {
    #[command(flatten)]
    pub(crate) trust: TrustArguments,
    #[command(flatten)]
    pub(crate) judging: JudgingArguments,
    #[command(flatten)]
    pub(crate) party: PartyArguments,
    #[command(flatten)]
    pub(crate) keys: DecryptionKeyPaths,
    #[command(flatten)]
    pub(crate) users: UserArguments,
    /// A further actor or role that we play (repeatable)
    #[arg(long, value_name = "URI")]
    pub(crate) role: Vec<String>,
    /// The messages came over TLS, so that nobody else could read them
    #[arg(long)]
    pub(crate) tls: bool,
}
