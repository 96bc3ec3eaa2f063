use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::cli::args::ValidationReportArguments;
use crate::cli::exit::Stop;
use crate::cli::source::Source;
use crate::validation_report::BEGINNING;

/// Where a validation report is written.
#[derive(Debug)]
pub(crate) struct Destination(PathBuf);

impl Destination {
    /// What `arguments` name, for the report on the one of `files`. A report that is there is removed, so that none of another message is left where
    /// the command fails.
    ///
    /// # Errors
    /// There are several messages, or something else is there than a report: an input, a key.
    pub(crate) fn of(arguments: ValidationReportArguments, files: &[Source]) -> Result<Option<Self>, Stop> {
        let Some(path) = arguments.validation_report else {
            return Ok(None);
        };
        if files.len() > 1 {
            return Err(Stop::usage(
                "--validation-report is of one message: name one file, or judge them all by batch verify --validation-reports",
            ));
        }
        if path.as_os_str() == "-" {
            return Err(Stop::usage(
                "--validation-report: name a file, as results go to standard output",
            ));
        }
        let refused =
            |why: &dyn std::fmt::Display| format!("--validation-report: {}: {why}", path.to_string_lossy());
        if let Ok(there) = fs::metadata(&path).map(|there| (there.is_file(), (there.dev(), there.ino())))
            && there.0
        {
            let is_input = files.iter().any(|file| match file {
                Source::File(file) => {
                    fs::metadata(file).is_ok_and(|file| (file.dev(), file.ino()) == there.1)
                }
                Source::StandardInput => false,
            });
            if is_input || !is_report(&path).map_err(|error| Stop::failed(refused(&error)))? {
                return Err(Stop::usage(refused(
                    &"this file is no validation report that can be replaced",
                )));
            }
            fs::remove_file(&path).map_err(|error| Stop::failed(refused(&error)))?;
        }
        Ok(Some(Self(path)))
    }

    /// Writes `report`: a file when it is whole, a device or pipe as it is.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn write(&self, report: &str) -> Result<(), Stop> {
        self.put(report).map_err(|error| {
            Stop::failed(format_args!(
                "--validation-report: {}: {error}",
                self.0.to_string_lossy()
            ))
        })
    }

    fn put(&self, report: &str) -> io::Result<()> {
        if fs::metadata(&self.0).is_ok_and(|there| !there.is_file()) {
            return fs::write(&self.0, report);
        }
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        // As any other file: what the umask leaves of it.
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(report.as_bytes())?;
        file.persist(&self.0).map(drop).map_err(|error| error.error)
    }
}

/// Whether the file is empty or a report of ours.
fn is_report(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    let most = u64::try_from(BEGINNING.len()).unwrap_or(u64::MAX);
    File::open(path)?.take(most).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == BEGINNING.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn destination(path: &Path, message: &Path) -> Result<Option<Destination>, Stop> {
        let arguments = ValidationReportArguments {
            validation_report: Some(path.to_owned()),
        };
        Destination::of(arguments, &[Source::from(message.to_owned())])
    }

    #[test]
    fn nothing_is_replaced_but_a_report_of_another_message() {
        let folder = tempfile::tempdir().unwrap();
        let [message, key, link, report] = ["m", "k", "l", "r"].map(|name| folder.path().join(name));
        let of_another = format!("{BEGINNING} ></ValidationReport>");
        fs::write(&message, &of_another).unwrap();
        fs::write(&key, "-----BEGIN PRIVATE KEY-----").unwrap();
        std::os::unix::fs::symlink(&key, &link).unwrap();
        let hard = folder.path().join("h");
        fs::hard_link(&message, &hard).unwrap();
        for path in [&message, &key, &link, &hard] {
            let refused = destination(path, &message);
            assert!(matches!(refused, Err(Stop::Usage(_))), "{path:?}: {refused:?}");
        }
        assert_eq!(fs::read_to_string(&message).unwrap(), of_another);
        assert!(matches!(
            destination(Path::new("-"), &message),
            Err(Stop::Usage(_))
        ));
        fs::write(&report, &of_another).unwrap();
        let destination = destination(&report, &message).unwrap().unwrap();
        assert!(!report.exists(), "it is of another message");
        // A link that is put there meanwhile is replaced, and not followed.
        std::os::unix::fs::symlink(&key, &report).unwrap();
        destination.write("new").unwrap();
        assert_eq!(fs::read_to_string(&report).unwrap(), "new");
        assert!(fs::read_to_string(&key).unwrap().starts_with("-----"));
    }
}
