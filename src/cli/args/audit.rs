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
    /// File of checkpoints that were kept elsewhere, or their folder, for those of this log; may be repeated
    #[arg(long, value_name = "PATH")]
    pub(crate) checkpoints: Vec<PathBuf>,
    /// The log may begin with this record, as those before it are archived: they are not read, and the rest must fit a checkpoint that was kept elsewhere
    #[arg(long, value_name = "RECORD", requires_all = ["certificate", "checkpoints"], value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from: Option<u64>,
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
    /// CSV, a line a record, whatever its kind
    Csv,
}

/// The kinds of records.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum RecordKind {
    /// A message was verified, and may go to its backend
    Accepted,
    /// Its answer was signed, and may go to the client
    Answered,
    /// A message was refused
    Refused,
    /// The backend or the gateway failed
    Failed,
    /// A signature over all before it
    Checkpoint,
    /// A file begins
    Segment,
    /// The log began though there had been another one
    BegunAnew,
    /// What a crash tore was set aside
    Recovered,
}

impl RecordKind {
    /// As records have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Checkpoint => "checkpoint",
            Self::Segment => "segment",
            Self::BegunAnew => "begun_anew",
            Self::Recovered => "recovered",
        }
    }
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
    /// Only of this kind
    #[arg(long, value_enum)]
    pub(crate) kind: Option<RecordKind>,
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
