use crate::c14n;
use crate::c14n::Canonicalization;
use crate::verifier::{Reason, Verdict};
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::to_utf8;

use super::args::C14nArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::report::{Report, no_such_id};

/// `sealgate c14n`: canonical octets on standard output, or why there are none.
pub(crate) fn run(arguments: C14nArguments, console: &mut Console) -> Result<Exit, Stop> {
    let method = method(&arguments)?;
    let limits = Limits::archive();
    let report = match arguments.file.read(limits.bytes) {
        Err(error) => Report::unreadable(arguments.file, &error),
        Ok(bytes) => {
            let document = to_utf8(bytes)
                .and_then(|bytes| Document::parse_with_ids(bytes, &limits, &arguments.ids.id_attributes));
            let octets = document
                .map_err(|error| Reason::from(&error))
                .and_then(|document| canonicalize(&document, &method, arguments.id.as_deref()));
            match octets {
                Ok(octets) => {
                    console.print(octets);
                    return Ok(Exit::Passed);
                }
                Err(reason) => Report::refused(arguments.file, reason),
            }
        }
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}

fn method(arguments: &C14nArguments) -> Result<Canonicalization, Stop> {
    let algorithm = arguments.algorithm.0;
    let typed = arguments.prefixes.as_deref().unwrap_or_default();
    if !typed.is_empty() && !algorithm.is_exclusive() {
        return Err(Stop::usage(format_args!(
            "--prefixes belongs to exclusive canonicalization, not to {algorithm}"
        )));
    }
    let name = |token: &str| match token {
        "#default" => String::new(),
        prefix => prefix.to_owned(),
    };
    Ok(Canonicalization {
        algorithm,
        prefixes: typed.split_ascii_whitespace().map(name).collect(),
    })
}

fn canonicalize(document: &Document, method: &Canonicalization, id: Option<&str>) -> Result<Vec<u8>, Reason> {
    let mut octets = Vec::with_capacity(document.bytes().len());
    let done = match id {
        None => c14n::document(document, method, None, &mut octets),
        Some(id) => match document.element_by_id(id) {
            Some(element) => c14n::element(element, method, None, &mut octets),
            None => return Err(no_such_id(id)),
        },
    };
    match done {
        Ok(()) => Ok(octets),
        Err(error) => Err(Reason {
            verdict: Verdict::Failed,
            stage: Some("xml"),
            code: error.code(),
            message: error.to_string(),
            position: error.position(),
            clause: error.clause(),
        }),
    }
}
