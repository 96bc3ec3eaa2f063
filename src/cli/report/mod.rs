//! What a command found out about one input, for people ([`text`]) and for programs ([`json`]).

mod hint;
mod json;
mod outline;
mod text;
pub(crate) mod tree;

use bytes::Bytes;

use crate::crypto::KeyError;
use crate::inbound::Findings;
use crate::rejection;
use crate::rejection::Rejection;
use crate::soap::QName;
use crate::xml;
use crate::xml::Position;

use super::console::{Console, Style};
use super::exit::{Exit, Stop};
use super::source::{Source, distinct};

pub(crate) use json::{escaped, line, object};
pub(crate) use outline::outline;

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
    /// The verdict, with the reason where it is a refusal.
    pub(crate) outcome: Result<(), Reason>,
    /// What was seen on the way.
    pub(crate) findings: Findings,
}

/// Why an input did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Whether more information could change it.
    pub(crate) verdict: Verdict,
    /// The stage that refused; none where the input could not be read at all.
    pub(crate) stage: Option<&'static str>,
    /// The stable code.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
    /// Where in the input.
    pub(crate) position: Option<Position>,
    /// The clause of the standard that it rests on.
    pub(crate) clause: Option<&'static str>,
}

/// The verdicts of an input that did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A check was broken.
    Failed,
    /// It could not be decided.
    Indeterminate,
    /// Nothing was judged, as the input could not be read, or its attachments not kept.
    Unreadable,
}

impl Report {
    /// An input that could not be read.
    pub(crate) fn unreadable(source: Source, error: &std::io::Error) -> Self {
        Self::refused(source, Reason::unreadable(error))
    }

    /// An input that was refused before anything else could be seen.
    pub(crate) fn refused(source: Source, reason: Reason) -> Self {
        Self {
            source,
            outcome: Err(reason),
            findings: Findings::default(),
        }
    }

    /// An input that was judged. A refusal needed no exceptions.
    pub(crate) fn of(source: Source, verdict: Result<(), Rejection>, mut findings: Findings) -> Self {
        if verdict.is_err() {
            findings.legacy.clear();
        }
        Self {
            source,
            outcome: verdict.map_err(|rejection| Reason::from(&rejection)),
            findings,
        }
    }

    /// How this input lets the command end.
    pub(crate) fn exit(&self) -> Exit {
        match &self.outcome {
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
            Format::Json => json::render(self),
        }
    }
}

impl Reason {
    /// The input could not be read.
    pub(crate) fn unreadable(error: &std::io::Error) -> Self {
        Self {
            verdict: Verdict::Unreadable,
            stage: None,
            code: "input.unreadable",
            message: format!("the input could not be read: {error}"),
            position: None,
            clause: None,
        }
    }
}

impl From<&Rejection> for Reason {
    fn from(rejection: &Rejection) -> Self {
        Self {
            verdict: match (rejection, rejection.verdict()) {
                (Rejection::Soap(error), _) if error.is_ours() => Verdict::Unreadable,
                (_, rejection::Verdict::Failed) => Verdict::Failed,
                (_, rejection::Verdict::Indeterminate) => Verdict::Indeterminate,
            },
            stage: Some(rejection.stage().name()),
            code: rejection.code(),
            message: rejection.to_string(),
            position: rejection.position(),
            clause: rejection.clause(),
        }
    }
}

impl From<&KeyError> for Reason {
    fn from(error: &KeyError) -> Self {
        Self {
            verdict: Verdict::Failed,
            stage: Some("token"),
            code: error.code(),
            message: error.to_string(),
            position: None,
            clause: error.clause(),
        }
    }
}

impl From<&xml::Error> for Reason {
    fn from(error: &xml::Error) -> Self {
        Self {
            verdict: Verdict::Failed,
            stage: Some("xml"),
            code: error.code(),
            message: error.to_string(),
            position: error.position(),
            clause: error.clause(),
        }
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
    format: Format,
    console: &mut Console,
    judge: impl Fn(Source, Bytes) -> Report,
) -> Result<Exit, Stop> {
    each_unread(sources, format, console, |source| match source.read(limit) {
        Err(error) => Report::unreadable(source, &error),
        Ok(bytes) => judge(source, bytes),
    })
}

/// As [`each`], where the judge reads the sources.
pub(crate) fn each_unread(
    sources: Vec<Source>,
    format: Format,
    console: &mut Console,
    judge: impl Fn(Source) -> Report,
) -> Result<Exit, Stop> {
    distinct(&sources)?;
    let mut exit = Exit::Passed;
    for source in sources {
        let report = judge(source);
        exit = exit.max(report.exit());
        report.print(format, console);
    }
    Ok(exit)
}

/// A value from an input, with control and invisible characters escaped, so that it cannot move the cursor of a
/// terminal or forge a line (T138).
pub(crate) fn plain(value: &str) -> String {
    let quoted = xml::quoted(value);
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    // Quotes and backslashes are no danger without quotes around them, and names are full of them.
    inside
        .unwrap_or_default()
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_as_they_are_unless_they_would_move_the_cursor() {
        assert_eq!(plain(r#"CN="a, b"\,c"#), r#"CN="a, b"\,c"#);
        assert_eq!(plain("a\u{1b}[2Jb\n"), r"a\u{1b}[2Jb\n");
    }
}
