//! WSDLs as commands read them: the file itself, and those that it imports if they are named.

use crate::verifier::{Reason, Verdict};

use super::args::WsdlArguments;
use super::console::Console;
use super::report::{Format, Report};
use super::source::Source;
use crate::wsdl::{Error, Wanted, Wsdl};
use crate::xml::Limits;

/// The WSDL first, then what it imports: the order in which places count them.
pub(crate) fn sources(arguments: &WsdlArguments) -> Vec<Source> {
    let imports = arguments.import.iter().map(|path| Source::File(path.clone()));
    std::iter::once(arguments.file.clone()).chain(imports).collect()
}

/// What `reads` gets out of the files, or the report of the one that cannot be read.
pub(crate) fn read<T>(
    arguments: &WsdlArguments,
    reads: impl FnOnce(&Wsdl) -> Result<T, Error>,
) -> Result<T, Box<Report>> {
    let sources = sources(arguments);
    let mut contents = Vec::new();
    for source in &sources {
        let bytes = source.read(Limits::archive().bytes);
        let bytes = bytes.map_err(|error| Report::unreadable(source.clone(), &error))?;
        contents.push((source.to_string(), bytes));
    }
    let mut contents = contents.into_iter();
    let (_, first) = contents.next().unwrap_or_default();
    let read = Wsdl::read(first, contents).and_then(|wsdl| reads(&wsdl));
    read.map_err(|error| {
        let file = error.place().map_or(0, |place| place.file);
        let source = sources.get(file).unwrap_or(&arguments.file).clone();
        Box::new(Report::refused(source, Reason::from(&error)))
    })
}

/// Writes why nothing can be read: for people beside the document that there is not.
pub(crate) fn refused(report: &Report, format: Format, console: &mut Console) {
    match format {
        Format::Json => report.print(format, console),
        Format::Text => report.note(format, console),
    }
}

/// What was asked for by name.
pub(crate) fn wanted(arguments: &WsdlArguments) -> Wanted {
    Wanted {
        port: arguments.port.clone(),
        operation: arguments.operation.clone(),
        alternative: None,
    }
}

impl From<&Error> for Reason {
    fn from(error: &Error) -> Self {
        Self {
            verdict: Verdict::Failed,
            stage: Some(if error.code().starts_with("wsdl.") {
                "wsdl"
            } else {
                "xml"
            }),
            code: error.code(),
            message: error.to_string(),
            position: error.place().map(|place| place.position),
            clause: error.clause(),
        }
    }
}
