use std::fmt::Write as _;
use std::io;

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;
use serde_json::{Map, Value};

use crate::inbound::{Coverage, CoverageLine, ReferenceFinding, SignatureFinding};
use crate::trust::Signer;
use crate::xml::{self, is_all, is_invisible};

use super::kind::Kind;
use super::outcome::{Answer, Outcome};
use super::reason::Verdict;

/// What became of an input, its members in the order of the contract.
#[derive(Serialize)]
pub(super) struct Object<'o> {
    source: &'o str,
    verdict: &'static str,
    stage: Option<&'static str>,
    code: Option<&'static str>,
    message: Option<&'o str>,
    position: Option<Position>,
    clause: Option<&'static str>,
    signatures: Signatures<'o>,
    covered: Paths<'o>,
    not_covered: Paths<'o>,
    claims: Option<&'o Value>,
    legacy: &'o [String],
    warnings: &'o [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage_omitted: Option<usize>,
    /// These are told of messages; null is what is not known of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<Option<&'o str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<Option<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    judged_at: Option<Option<String>>,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// Each as a [`Signature`].
struct Signatures<'o>(&'o [SignatureFinding]);

#[derive(Serialize)]
struct Signature<'o> {
    algorithm: &'o str,
    canonicalization: &'o str,
    trusted: bool,
    signer: Option<&'o Signer>,
    references: &'o [ReferenceFinding],
}

impl Serialize for Signatures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|found| Signature {
            algorithm: &found.algorithm,
            canonicalization: &found.canonicalization,
            trusted: found.trusted,
            signer: found.signer.as_ref(),
            references: &found.references,
        }))
    }
}

/// The paths of those lines that are covered so.
struct Paths<'o>(&'o [CoverageLine], Coverage);

impl Serialize for Paths<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lines = self.0.iter().filter(|line| line.covered == self.1);
        serializer.collect_seq(lines.map(|line| &line.path))
    }
}

impl<'o> Object<'o> {
    /// Of an input called `source`.
    pub(super) fn of_outcome(source: &'o str, outcome: &'o Outcome) -> Self {
        let (reason, findings) = (outcome.verdict.as_ref().err(), &outcome.findings);
        Self {
            source,
            verdict: match reason.map(|reason| reason.verdict) {
                None => "passed",
                Some(Verdict::Failed) => "failed",
                Some(Verdict::Indeterminate | Verdict::Unreadable) => "indeterminate",
            },
            stage: reason.and_then(|reason| reason.stage),
            code: reason.map(|reason| reason.code),
            message: reason.map(|reason| reason.message.as_str()),
            position: reason.and_then(|reason| reason.position).map(Position::from),
            clause: reason.and_then(|reason| reason.clause),
            signatures: Signatures(&findings.signatures),
            covered: Paths(&findings.coverage, Coverage::Covered),
            not_covered: Paths(&findings.coverage, Coverage::NotCovered),
            claims: findings.claims.as_ref(),
            legacy: &findings.legacy,
            warnings: &findings.warnings,
            coverage_omitted: Some(findings.coverage_omitted).filter(|omitted| *omitted > 0),
            sha256: None,
            kind: None,
            judged_at: None,
        }
    }

    /// Of a message called `source`.
    pub(super) fn of_answer(source: &'o str, answer: &'o Answer) -> Self {
        Self {
            sha256: Some(answer.sha256.as_deref()),
            kind: Some(answer.kind.map(Kind::name)),
            judged_at: Some(answer.judged_at()),
            ..Self::of_outcome(source, &answer.outcome)
        }
    }
}

impl From<xml::Position> for Position {
    fn from(xml::Position { line, column }: xml::Position) -> Self {
        Self { line, column }
    }
}

/// For programs.
pub(super) fn map(object: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(object) {
        Ok(Value::Object(map)) => map,
        // These are objects, and whatever is in them has a form in JSON.
        _ => Map::new(),
    }
}

/// As a line, ended, with every invisible character escaped as [`escaped`] does it.
pub(super) fn line(object: &impl Serialize) -> String {
    let mut line = Vec::with_capacity(USUAL);
    let mut serializer = serde_json::Serializer::with_formatter(&mut line, Visible);
    // Neither can writing to memory fail, nor have these objects what JSON has not.
    let _ = object.serialize(&mut serializer);
    line.push(b'\n');
    String::from_utf8(line).unwrap_or_default()
}

/// Bytes of a line about a message with one signature.
const USUAL: usize = 4 << 10;

/// JSON without a character that a terminal obeys.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if is_all(fragment, |byte| matches!(byte, b' '..=b'~')) {
            writer.write_all(fragment.as_bytes())
        } else {
            writer.write_all(escaped(fragment).as_bytes())
        }
    }
}

/// `json` with every invisible character escaped, so that no terminal obeys a value from a message (T138). They stand in strings
/// only, where an escape means the same.
pub(crate) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if !is_invisible(character) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped_and_mean_the_same() {
        let value = Value::from("a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{200b}\u{e0041}é\"\u{1f511}");
        for written in [escaped(&value.to_string()), line(&value)] {
            let written = written.trim_end_matches('\n');
            assert!(
                written.chars().all(|character| !is_invisible(character)),
                "{written}"
            );
            assert!(written.contains("é\\\"\u{1f511}"), "{written}");
            assert_eq!(serde_json::from_str::<Value>(written).ok().as_ref(), Some(&value));
        }
    }
}
