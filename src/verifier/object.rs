use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::inbound::Coverage;
use crate::inbound::CoverageLine;
use crate::inbound::Findings;
use crate::inbound::SignatureFinding;
use crate::xml::is_invisible;

use super::outcome::Outcome;
use super::reason::{Reason, Verdict};

/// The object of an input called `source`.
pub(super) fn object(source: &str, outcome: &Outcome) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("source".to_owned(), source.into());
    add_verdict(&mut object, outcome.verdict.as_ref().err());
    add_findings(&mut object, &outcome.findings);
    object
}

/// `object` as a line, ended.
pub(crate) fn line(object: Map<String, Value>) -> String {
    let mut line = escaped(&Value::Object(object).to_string());
    line.push('\n');
    line
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

fn add_verdict(object: &mut Map<String, Value>, reason: Option<&Reason>) {
    let verdict = match reason.map(|reason| reason.verdict) {
        None => "passed",
        Some(Verdict::Failed) => "failed",
        Some(Verdict::Indeterminate | Verdict::Unreadable) => "indeterminate",
    };
    let position = reason
        .and_then(|reason| reason.position)
        .map(|position| json!({"line": position.line, "column": position.column}));
    let facts = [
        ("verdict", verdict.into()),
        ("stage", reason.and_then(|reason| reason.stage).into()),
        ("code", reason.map(|reason| reason.code).into()),
        ("message", reason.map(|reason| reason.message.as_str()).into()),
        ("position", position.unwrap_or(Value::Null)),
        ("clause", reason.and_then(|reason| reason.clause).into()),
    ];
    object.extend(facts.map(|(name, value)| (name.to_owned(), value)));
}

fn add_findings(object: &mut Map<String, Value>, findings: &Findings) {
    let signatures: Vec<Value> = findings.signatures.iter().map(signature).collect();
    let facts = [
        ("signatures", signatures.into()),
        ("covered", paths(&findings.coverage, Coverage::Covered)),
        ("not_covered", paths(&findings.coverage, Coverage::NotCovered)),
        ("claims", findings.claims.clone().unwrap_or(Value::Null)),
        ("legacy", findings.legacy.clone().into()),
        ("warnings", findings.warnings.clone().into()),
    ];
    object.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    if findings.coverage_omitted > 0 {
        object.insert("coverage_omitted".to_owned(), findings.coverage_omitted.into());
    }
}

fn paths(lines: &[CoverageLine], wanted: Coverage) -> Value {
    lines
        .iter()
        .filter(|line| line.covered == wanted)
        .map(|line| line.path.as_str())
        .collect()
}

fn signature(finding: &SignatureFinding) -> Value {
    let signer = finding.signer.as_ref().map(|signer| {
        json!({
            "subject": signer.subject,
            "issuer": signer.issuer,
            "serial": signer.serial,
            "sha256": signer.sha256,
        })
    });
    let references: Vec<Value> = finding
        .references
        .iter()
        .map(|reference| {
            json!({
                "uri": reference.uri,
                "element": reference.element,
                "digest_algorithm": reference.digest_algorithm,
                "expected": reference.expected,
                "actual": reference.actual,
                "ok": reference.ok,
            })
        })
        .collect();
    json!({
        "algorithm": finding.algorithm,
        "canonicalization": finding.canonicalization,
        "trusted": finding.trusted,
        "signer": signer,
        "references": references,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped_and_mean_the_same() {
        let value = Value::from("a\u{1b}[2J\u{9b}\u{202e}\u{200b}\u{e0041}é\u{1f511}");
        let written = escaped(&value.to_string());
        assert!(
            written.chars().all(|character| !is_invisible(character)),
            "{written}"
        );
        assert!(written.contains("é\u{1f511}"), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).ok(), Some(value));
    }
}
