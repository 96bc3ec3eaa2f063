use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::row::{Row, Verdict};
use super::super::summary::Summary;
use super::{About, Rows, refused};

/// SARIF 2.1.0: a result for each message that did not pass, by the rule that is its code.
pub(super) fn write(
    summary: &Summary,
    about: &About,
    rows: &mut Rows<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let causes = summary.causes();
    let mut codes: Vec<&str> = causes.iter().map(|cause| cause.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes
        .iter()
        .map(|code| json!({"id": code, "name": code}))
        .collect();
    let driver = json!({
        "name": "sealgate",
        "version": about.version,
        "rules": rules,
    });
    write!(
        out,
        "{{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{{\"driver\":{driver}}},\"results\":["
    )?;
    for (place, row) in refused(rows).enumerate() {
        let separator = if place > 0 { ",\n" } else { "\n" };
        write!(out, "{separator}{}", result(&row, &codes))?;
    }
    writeln!(out, "\n]}}]}}")
}

fn result(row: &Row, codes: &[&str]) -> Value {
    let code = row.code.as_deref().unwrap_or_default();
    let mut location = json!({"artifactLocation": {"uri": uri(&row.source)}});
    if let (Some((line, column)), Some(location)) = (row.position, location.as_object_mut()) {
        location.insert(
            "region".to_owned(),
            json!({"startLine": line, "startColumn": column}),
        );
    }
    json!({
        "ruleId": code,
        "ruleIndex": codes.binary_search(&code).ok(),
        "level": if row.verdict == Verdict::Failed { "error" } else { "warning" },
        "message": {"text": row.message},
        "locations": [{"physicalLocation": location}],
        "properties": {"verdict": row.verdict.name(), "sha256": row.sha256, "judged_at": row.judged_at},
    })
}

/// The path as a relative reference, with everything that means something in a URI escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::super::row::test_row;
    use super::*;

    #[test]
    fn each_refusal_is_a_result() {
        let refusal = |source: &str, verdict| Row {
            verdict,
            code: Some("a.b".to_owned()),
            message: Some("why \"not\"".to_owned()),
            position: Some((3, 4)),
            ..test_row(source)
        };
        let rows = [
            test_row("good"),
            refusal("a b#1", Verdict::Failed),
            refusal("c", Verdict::Indeterminate),
        ];
        let mut summary = Summary::default();
        rows.iter().for_each(|row| summary.add(row));
        let about = About::test("x");
        let mut out = Vec::new();
        write(&summary, &about, &mut rows.into_iter().map(Into::into), &mut out).unwrap();
        let read: Value = serde_json::from_slice(&out).unwrap();
        let results = read.pointer("/runs/0/results").unwrap().as_array().unwrap();
        assert_eq!(results.len(), 2);
        let at = |path: &str| {
            read.pointer(&format!("/runs/0/results/0/{path}"))
                .unwrap()
                .clone()
        };
        assert_eq!(
            at("locations/0/physicalLocation/artifactLocation/uri"),
            "a%20b%231"
        );
        assert_eq!(at("locations/0/physicalLocation/region/startLine"), 3);
        assert_eq!(at("ruleIndex"), 0);
        assert_eq!(at("level"), "error");
    }
}
