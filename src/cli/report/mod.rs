//! What a command found out about one input, for people ([`text`]) and for programs.

mod destination;
mod hint;
mod outline;
mod text;
pub(crate) mod tree;
mod validation;

use bytes::Bytes;

use crate::inbound::Findings;
use crate::rejection::Rejection;
use crate::soap::QName;
use crate::verifier::{Outcome, Reason, Verdict, hashed};
use crate::xml;

use super::console::{Console, Style};
use super::exit::{Exit, Stop};
use super::source::{Source, distinct};

pub(crate) use crate::xml::plain;
pub(crate) use destination::Destination;
pub(crate) use outline::outline;
pub(crate) use validation::Results;

/// How reports are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// JSON Lines, one object an input.
    Json,
}

/// What became of one input.
#[derive(Debug)]
pub(crate) struct Report {
    /// Where the input came from.
    pub(crate) source: Source,
    /// SHA-256 of its bytes in hexadecimal digits, where all were read.
    pub(crate) sha256: Option<String>,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

impl Report {
    /// An input that could not be read.
    pub(crate) fn unreadable(source: Source, error: &std::io::Error) -> Self {
        Self::refused(source, Reason::unreadable(error))
    }

    /// An input that was refused before anything else could be seen.
    pub(crate) fn refused(source: Source, reason: Reason) -> Self {
        Self::with(source, Outcome::refused(reason))
    }

    /// An input that was judged.
    pub(crate) fn of(source: Source, verdict: Result<(), Rejection>, findings: Findings) -> Self {
        Self::with(source, Outcome::of(verdict, findings))
    }

    fn with(source: Source, outcome: Outcome) -> Self {
        Self {
            source,
            sha256: None,
            outcome,
        }
    }

    /// How this input lets the command end.
    pub(crate) fn exit(&self) -> Exit {
        match &self.outcome.verdict {
            Ok(()) => Exit::Passed,
            Err(reason) if reason.verdict == Verdict::Unreadable => Exit::Failed,
            Err(_) => Exit::Refused,
        }
    }

    /// Writes it as the result of a command whose result it is.
    pub(crate) fn print(&self, format: Format, console: &mut Console) {
        let text = self.render(format, console.style());
        console.print(text);
        console.flush();
    }

    /// Writes it beside a document, which has standard output for itself.
    pub(crate) fn note(&self, format: Format, console: &mut Console) {
        let text = self.render(format, console.note_style());
        console.note(&text);
    }

    fn render(&self, format: Format, style: Style) -> String {
        match format {
            Format::Text => text::render(self, style),
            Format::Json => self.outcome.line(&self.source.typed()),
        }
    }
}

/// What a Reference means, for people: an element, or what was `digested` and is none, or nothing.
pub(crate) fn referred_to(element: Option<&str>, digested: bool) -> String {
    match element {
        Some(path) => plain(path),
        None if digested => "attachment".to_owned(),
        None => "resolves to nothing".to_owned(),
    }
}

/// Nothing carries the ID that an option names.
pub(crate) fn no_such_id(id: &str) -> Reason {
    let message = format!("no element carries the ID {}; see --id-attr", xml::quoted(id));
    not_found("xml.no_such_id", message)
}

/// Nothing has the name that an option names.
pub(crate) fn no_such_element(name: &QName) -> Reason {
    let message = format!("no element is called {}", xml::quoted(&name.to_string()));
    not_found("xml.no_such_element", message)
}

fn not_found(code: &'static str, message: String) -> Reason {
    Reason {
        verdict: Verdict::Failed,
        stage: Some("xml"),
        code,
        message,
        position: None,
        clause: None,
    }
}

/// Judges each source in turn, and reports each when it is judged.
pub(crate) fn each(
    sources: Vec<Source>,
    limit: u32,
    results: &Results,
    console: &mut Console,
    judge: impl Fn(Source, Bytes) -> Report,
) -> Result<Exit, Stop> {
    each_unread(sources, results, console, |source| match source.read(limit) {
        Err(error) => Report::unreadable(source, &error),
        Ok(bytes) => {
            let is_whole = u32::try_from(bytes.len()).is_ok_and(|length| length <= limit);
            let sha256 = is_whole.then(|| hashed::sha256(&bytes)).flatten();
            let report = judge(source, bytes);
            Report { sha256, ..report }
        }
    })
}

/// As [`each`], where the judge reads the sources.
pub(crate) fn each_unread(
    sources: Vec<Source>,
    results: &Results,
    console: &mut Console,
    judge: impl Fn(Source) -> Report,
) -> Result<Exit, Stop> {
    distinct(&sources)?;
    let mut exit = Exit::Passed;
    for source in sources {
        let report = judge(source);
        exit = exit.max(report.exit());
        results.write(&report, console)?;
    }
    Ok(exit)
}
