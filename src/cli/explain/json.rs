use serde_json::{Value, json};

use crate::cli::report::Report;
use crate::cli::source::Source;
use crate::crypto::encode_base64;
use crate::explain::{Explanation, Finding, ReferenceExplanation, SignatureExplanation};
use crate::verifier::{Reason, escaped};

use super::Verdict;
use crate::xml::Position;

/// One line of JSON, ended. Where there are several signatures, what stands at the top is of the first that does not hold.
pub(super) fn render(source: &Source, explanation: &Explanation, verdict: Verdict) -> String {
    let signatures = &explanation.signatures;
    let main = signatures
        .iter()
        .find(|signature| !signature.holds())
        .or(signatures.first());
    let references: Vec<Value> = signatures
        .iter()
        .flat_map(|signature| &signature.references)
        .map(reference)
        .collect();
    let object = json!({
        "source": source.typed(),
        "verdict": verdict.name(),
        "trusted": false,
        "references": references,
        "signature_value": main.map(value),
        "signatures": signatures.iter().map(signature).collect::<Vec<_>>(),
        "not_decrypted": explanation.undecrypted.as_ref().map(|why| json!({"code": why.code, "message": why.message})),
    });
    escaped(&object.to_string()) + "\n"
}

/// The same of a document whose signatures cannot be read.
pub(super) fn refused(source: &Source, reason: &Reason) -> String {
    let object = json!({
        "source": source.typed(),
        "verdict": Verdict::Failed.name(),
        "code": reason.code,
        "message": reason.message,
        "position": reason.position.map(position),
        "references": [],
        "signature_value": null,
        "signatures": [],
    });
    escaped(&object.to_string()) + "\n"
}

/// The same of an input that could not be read, with what other commands say of it.
pub(super) fn unreadable(report: &Report) -> String {
    let mut object = report.outcome.object(&report.source.typed());
    object.insert("references".to_owned(), json!([]));
    object.insert("signature_value".to_owned(), Value::Null);
    escaped(&Value::Object(object).to_string()) + "\n"
}

fn position(position: Position) -> Value {
    json!({"line": position.line, "column": position.column})
}

fn reference(explained: &ReferenceExplanation) -> Value {
    json!({
        "uri": explained.uri,
        "element": explained.element,
        "form": explained.form.name(),
        "digest_algorithm": explained.digest_algorithm,
        "ok": explained.is_match(),
        "expected": encode_base64(&explained.expected),
        "actual": explained.actual.as_deref().map(encode_base64),
        "causes": causes(&explained.causes),
    })
}

fn value(signature: &SignatureExplanation) -> Value {
    json!({
        "ok": signature.value.holds(),
        "causes": causes(&signature.value.causes),
    })
}

fn signature(explained: &SignatureExplanation) -> Value {
    json!({
        "element": explained.path,
        "form": explained.form.name(),
        "position": position(explained.position),
        "algorithm": explained.value.algorithm,
        "ok": explained.holds(),
        "key": explained.value.key,
        "keys_tried": explained.value.tried,
        "references": explained.references.iter().map(|reference| &reference.uri).collect::<Vec<_>>(),
        "signature_value": value(explained),
    })
}

fn causes(findings: &[Finding]) -> Vec<Value> {
    let each = findings.iter().map(|finding| {
        json!({
            "cause": finding.cause.name(),
            "detail": finding.detail,
            "certainty": finding.certainty.name(),
            "group": finding.group,
        })
    });
    each.collect()
}
