use std::path::PathBuf;

use clap::Args;

use crate::cli::exit::Stop;

/// See it work: makes keys, starts a legacy backend and the gateway, and sends good and bad messages through
#[derive(Args, Debug)]
pub(crate) struct DemoArguments {
    /// End after the table, with 0 only if every outcome is the expected one
    #[arg(long)]
    pub(crate) once: bool,
    /// Where keys, configuration and messages are written; a new folder for temporary files without it
    #[arg(long, value_name = "FOLDER")]
    pub(crate) dir: Option<PathBuf>,
    /// Instead, write an archive of N good and bad messages into a folder, to try batch verify on
    #[arg(long, num_args = 2, value_names = ["N", "FOLDER"], conflicts_with_all = ["once", "dir"])]
    archive: Option<Vec<String>>,
}

/// An archive that is to be made.
#[derive(Debug)]
pub(crate) struct ArchiveArgument {
    pub(crate) messages: u32,
    pub(crate) folder: PathBuf,
}

impl DemoArguments {
    /// What `--archive` says.
    pub(crate) fn archive(&self) -> Result<Option<ArchiveArgument>, Stop> {
        let Some([messages, folder]) = self.archive.as_deref() else {
            return Ok(None);
        };
        let messages = messages.parse().ok().filter(|count| *count <= 10_000_000);
        let messages = messages.ok_or_else(|| Stop::usage("--archive: N is no number up to 10000000"))?;
        Ok(Some(ArchiveArgument {
            messages,
            folder: folder.into(),
        }))
    }
}
