use super::{Destination, Format, Report};
use crate::cli::args::OutputArguments;
use crate::cli::console::Console;
use crate::cli::exit::Stop;
use crate::policy::Policy;
use crate::validation_report::{Reporting, Subject};
use crate::verifier::{At, Kind};

/// Where results go.
pub(crate) struct Results {
    pub(super) format: Format,
    validation_report: Option<(Destination, Kind, Reporting)>,
}

impl Results {
    /// As `output` says, and a validation report to `destination`, of a message that is judged as a `kind` by `policy`, as of `at`.
    ///
    /// # Errors
    /// The policy cannot be named in a validation report.
    pub(crate) fn of(
        output: &OutputArguments,
        destination: Option<Destination>,
        kind: Kind,
        policy: &Policy,
        at: At,
    ) -> Result<Self, Stop> {
        let validation_report = match destination {
            Some(destination) => {
                let reporting = Reporting::new(policy, at).map_err(Stop::failed)?;
                Some((destination, kind, reporting))
            }
            None => None,
        };
        Ok(Self {
            format: output.format,
            validation_report,
        })
    }

    /// Writes `report` to where it is wanted.
    ///
    /// # Errors
    /// The validation report cannot be written.
    pub(super) fn write(&self, report: &Report, console: &mut Console) -> Result<(), Stop> {
        report.print(self.format, console);
        let Some((destination, kind, reporting)) = &self.validation_report else {
            return Ok(());
        };
        let subject = Subject {
            source: &report.source.typed(),
            sha256: report.sha256.as_deref(),
            kind: Some(*kind),
        };
        destination.write(&reporting.report(&subject, &report.outcome))
    }
}
