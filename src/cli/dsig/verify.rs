use crate::inbound::document::{DocumentRules, judge_document};

use crate::cli::args::DsigVerifyArguments;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs::{self, Keys};
use crate::cli::report::Report;
use crate::cli::source::distinct;

/// `sealgate dsig verify`: mathematics, and whose keys.
pub(in crate::cli) fn run(arguments: DsigVerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    distinct(&arguments.files)?;
    let policy = inputs::policy(&arguments.judging.policy)?;
    let keys = Keys::of(&arguments)?;
    let mut exit = Exit::Passed;
    for source in arguments.files {
        let report = match source.read(policy.limits.bytes) {
            Err(error) => Report::unreadable(source, &error),
            Ok(bytes) => match keys.as_document_keys() {
                Err(reason) => Report::refused(source, reason),
                Ok(keys) => {
                    let rules = DocumentRules {
                        policy: &policy,
                        keys,
                        id_attributes: &arguments.ids.id_attributes,
                    };
                    let judgement = judge_document(bytes, &rules);
                    Report::of(source, judgement.verdict, judgement.findings)
                }
            },
        };
        exit = exit.max(report.exit());
        report.print(arguments.output.format, console);
    }
    Ok(exit)
}
