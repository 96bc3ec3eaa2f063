use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{GateArguments, IdArguments};

#[derive(Debug, Subcommand)]
pub(crate) enum BatchCommand {
    Verify(Box<BatchVerifyArguments>),
}

/// Judge every message of an archive on all cores, and write results and reports into a folder
///
/// SOURCE is a file, a folder, a pattern as 'in/**/*.xml', or @FILE with a path a line. Files are messages, or hold many: .tar, .zip, .jsonl,
/// .csv, .parquet, .har, .http, and all but .zip and .parquet (or one message) in .gz or .zst. SOAP messages, SAML documents and other XML with signatures are told apart and
/// judged as by verify, saml verify and dsig verify. The same command again goes on where it ended.
#[derive(Args, Debug)]
pub(crate) struct BatchVerifyArguments {
    /// Where results and reports are written
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: PathBuf,
    /// A file with a path a line (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) list: Vec<PathBuf>,
    /// The column of JSON Lines, CSV and Parquet that holds the message, as it is or in base64
    #[arg(long, value_name = "NAME", default_value = "message")]
    pub(crate) column: String,
    /// The column of Parquet by which a message is called; by the number of its row without it
    #[arg(long, value_name = "NAME")]
    pub(crate) name_column: Option<String>,
    /// Also write a validation report in XML by ETSI TS 119 102-2 for each message, into validation-reports.zip
    #[arg(long)]
    pub(crate) validation_reports: bool,
    /// On how many threads; as many as there are cores without it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    #[command(flatten)]
    pub(crate) gate: GateArguments,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    /// The archive
    #[arg(required_unless_present = "list", value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,
}
