use crate::cli::args::DsigVerifyArguments;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs::{self, Keys};
use crate::cli::report::{self, Destination, Report, Results};
use crate::inbound::document::{DocumentRules, judge_document};
use crate::verifier::Kind;

/// `sealgate dsig verify`: mathematics, and whose keys.
pub(in crate::cli) fn run(mut arguments: DsigVerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let validation_report = std::mem::take(&mut arguments.validation_report);
    let destination = Destination::of(validation_report, &arguments.files)?;
    let policy = inputs::judging_policy(&arguments.judging)?;
    let keys = Keys::of(&arguments)?;
    let results = Results::of(
        &arguments.output,
        destination,
        Kind::Xml,
        &policy,
        arguments.judging.at,
    )?;
    let id_attributes = arguments.ids.id_attributes;
    report::each(
        arguments.files,
        policy.limits.bytes,
        &results,
        console,
        |source, bytes| {
            let keys = match keys.as_document_keys() {
                Ok(keys) => keys,
                Err(reason) => return Report::refused(source, reason),
            };
            let rules = DocumentRules {
                policy: &policy,
                keys,
                id_attributes: &id_attributes,
            };
            let judgement = judge_document(bytes, &rules);
            Report::of(source, judgement.verdict, judgement.findings)
        },
    )
}
