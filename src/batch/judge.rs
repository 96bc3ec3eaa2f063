use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::validation_report::{Reporting, Subject};
use crate::verifier::{self, Answer, Kind, Outcome, Reason, Verifier};

use super::row::{Row, Verdict, cut};
use super::run::Judged;
use super::source::{self, Body, Item, Stamp};
use super::validation_reports::Packed;

/// The most characters that reports show of a name, and of what is said of a message. The result has them whole.
const LONGEST_NAME: usize = 256;
const LONGEST_MESSAGE: usize = 1_024;

/// The verdict on one message, as results and reports have it. A defect of this program that it shows makes it unreadable, and costs no
/// other message.
/// With `reporting` it is also written as a validation report.
pub fn judge(verifier: &Verifier, reporting: Option<&Reporting>, item: Item) -> Judged {
    let answer = catch_unwind(AssertUnwindSafe(|| answer(verifier, item.body))).unwrap_or_else(|_| {
        let error = io::Error::other("judging it failed, which is a defect of this program");
        Answer::unread(Outcome::unreadable(&error))
    });
    let result = answer.line(&item.path);
    let report = reporting.map(|reporting| {
        let subject = Subject {
            source: &item.path,
            sha256: answer.sha256.as_deref(),
            kind: answer.kind,
        };
        let report = || reporting.report(&subject, &answer.outcome);
        let report = catch_unwind(AssertUnwindSafe(report)).map_err(|_| {
            io::Error::other("a validation report was not written, which is a defect of this program")
        })?;
        Packed::of(&item.path, &report)
    });
    let report = report.transpose();
    let row = row(answer, item.path, item.stamp);
    Judged { row, result, report }
}

fn answer(verifier: &Verifier, body: Body) -> Answer {
    match body {
        Body::Unreadable(error) => Answer::unread(Outcome::unreadable(&error)),
        Body::TooLong => Answer::unread(Outcome::refused(Reason::too_long(verifier.limit()))),
        Body::TooMany(most) => Answer::unread(Outcome::refused(Reason::too_many(most))),
        Body::Bytes(bytes) => verifier.verify_bytes(bytes),
        Body::Remote(mut remote) => verifier.verify(&mut remote.0),
        Body::File(path) => match source::open(&path) {
            Ok(mut file) => verifier.verify(&mut file),
            Err(error) => Answer::unread(Outcome::unreadable(&error)),
        },
    }
}

/// What reports count of an answer.
fn row(answer: Answer, source: String, stamp: Stamp) -> Row {
    let judged_at = answer.judged_at();
    let signer = answer.signature().and_then(|signature| signature.signer.clone());
    let (signer, signer_sha256) = signer
        .map(|signer| (cut(signer.subject, LONGEST_NAME), signer.sha256))
        .unzip();
    let reason = answer.outcome.verdict.err();
    let findings = answer.outcome.findings;
    Row {
        source,
        stamp,
        sha256: answer.sha256,
        bytes: answer.bytes,
        kind: answer.kind.map(Kind::name).map(str::to_owned),
        verdict: match reason.as_ref().map(|reason| reason.verdict) {
            None => Verdict::Passed,
            Some(verifier::Verdict::Failed) => Verdict::Failed,
            Some(verifier::Verdict::Indeterminate) => Verdict::Indeterminate,
            Some(verifier::Verdict::Unreadable) => Verdict::Unreadable,
        },
        stage: reason.as_ref().and_then(|reason| reason.stage).map(str::to_owned),
        code: reason.as_ref().map(|reason| reason.code.to_owned()),
        position: reason
            .as_ref()
            .and_then(|reason| reason.position)
            .map(|at| (at.line, at.column)),
        message: reason.map(|reason| cut(reason.message, LONGEST_MESSAGE)),
        judged_at,
        signer,
        signer_sha256,
        legacy: findings.legacy,
        warnings: findings
            .warnings
            .iter()
            .map(|warning| (*warning).to_owned())
            .collect(),
    }
}
