use std::fs;
use std::path::PathBuf;

use super::{Format, Report};
use crate::cli::args::{OutputArguments, ValidationReportArguments};
use crate::cli::console::Console;
use crate::cli::exit::Stop;
use crate::cli::source::Source;
use crate::policy::Policy;
use crate::validation_report::{Reporting, Subject};
use crate::verifier::{At, Kind};

/// Where results go.
pub(crate) struct Results {
    pub(super) format: Format,
    validation_report: Option<(PathBuf, Kind, Reporting)>,
}

impl Results {
    /// To standard output alone.
    pub(crate) fn printed(format: Format) -> Self {
        Self {
            format,
            validation_report: None,
        }
    }

    /// As `output` and `validation_report` say, of `files` that are judged as a `kind` by `policy`, as of `at`.
    ///
    /// # Errors
    /// A validation report is asked for, which is of one message, and there are several.
    pub(crate) fn of(
        output: &OutputArguments,
        validation_report: ValidationReportArguments,
        files: &[Source],
        kind: Kind,
        policy: &Policy,
        at: At,
    ) -> Result<Self, Stop> {
        let Some(path) = validation_report.validation_report else {
            return Ok(Self::printed(output.format));
        };
        if files.len() > 1 {
            return Err(Stop::usage(
                "--validation-report is of one message: name one file, or judge them all by batch verify --validation-reports",
            ));
        }
        Ok(Self {
            format: output.format,
            validation_report: Some((path, kind, Reporting::new(policy, at))),
        })
    }

    /// Writes `report` to where it is wanted.
    ///
    /// # Errors
    /// The validation report cannot be written.
    pub(super) fn write(&self, report: &Report, console: &mut Console) -> Result<(), Stop> {
        report.print(self.format, console);
        let Some((path, kind, reporting)) = &self.validation_report else {
            return Ok(());
        };
        let subject = Subject {
            source: &report.source.typed(),
            sha256: report.sha256.as_deref(),
            kind: Some(*kind),
        };
        let text = reporting.report(&subject, &report.outcome);
        fs::write(path, text).map_err(|error| {
            Stop::failed(format_args!(
                "--validation-report: {}: {error}",
                path.to_string_lossy()
            ))
        })
    }
}
