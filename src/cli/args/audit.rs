use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::OutputArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    Verify(AuditVerifyArguments),
    Show(AuditShowArguments),
    Export(AuditExportArguments),
}

/// Read a log and say whether it is as it was written; 1 and the first bad record if not
#[derive(Args, Debug)]
pub(crate) struct AuditVerifyArguments {
    /// PEM file: the certificate that checkpoints are signed with; may be repeated. Without it no signature is checked
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Vec<PathBuf>,
    /// File of checkpoints that were kept elsewhere; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoints: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The folder of the log
    pub(crate) folder: PathBuf,
}

/// Print records for people, one a line
#[derive(Args, Debug)]
pub(crate) struct AuditShowArguments {
    #[command(flatten)]
    pub(crate) filter: AuditFilter,
    /// The folder of the log
    pub(crate) folder: PathBuf,
}

/// Print records for programs
#[derive(Args, Debug)]
pub(crate) struct AuditExportArguments {
    /// How
    #[arg(long, value_enum, default_value = "jsonl")]
    pub(crate) format: ExportFormat,
    #[command(flatten)]
    pub(crate) filter: AuditFilter,
    /// The folder of the log
    pub(crate) folder: PathBuf,
}

/// How records are exported.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// JSON Lines, as they were recorded
    Jsonl,
    /// CSV, a line a record about a request
    Csv,
}

/// Which records.
#[derive(Args, Debug)]
pub(crate) struct AuditFilter {
    /// Only about this incident
    #[arg(long, value_name = "ID")]
    pub(crate) incident: Option<String>,
    /// Only of this route
    #[arg(long, value_name = "PATH")]
    pub(crate) route: Option<String>,
    /// Only of this kind: accepted, answered, refused, failed, checkpoint, …
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// Only with this code
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Only from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<chrono::DateTime<chrono::Utc>>,
    /// Only before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<chrono::DateTime<chrono::Utc>>,
}
