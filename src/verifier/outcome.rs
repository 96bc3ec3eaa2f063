use std::io;

use chrono::SecondsFormat;
use serde_json::{Map, Value};

use crate::inbound::{Findings, SignatureFinding};
use crate::rejection::Rejection;

use super::kind::Kind;
use super::object::{self, Object};
use super::reason::Reason;

/// What became of one input.
#[derive(Debug)]
pub struct Outcome {
    /// The verdict, with the reason where it is a refusal.
    pub verdict: Result<(), Reason>,
    /// What was seen on the way.
    pub findings: Findings,
}

/// What a [`Verifier`](super::Verifier) says of one message.
#[derive(Debug)]
pub struct Answer {
    /// The verdict, and what was seen.
    pub outcome: Outcome,
    /// What it was taken for, where it came so far.
    pub kind: Option<Kind>,
    /// SHA-256 of its bytes as given, in hexadecimal digits, where all were read.
    pub sha256: Option<String>,
    /// How many bytes were read.
    pub bytes: u64,
}

impl Outcome {
    /// Of an input that could not be read.
    pub fn unreadable(error: &io::Error) -> Self {
        Self::refused(Reason::unreadable(error))
    }

    /// Of an input that was refused before anything else could be seen.
    pub fn refused(reason: Reason) -> Self {
        Self {
            verdict: Err(reason),
            findings: Findings::default(),
        }
    }

    /// Of an input that was judged. A refusal needed no exceptions.
    pub fn of(verdict: Result<(), Rejection>, mut findings: Findings) -> Self {
        if verdict.is_err() {
            findings.legacy.clear();
        }
        Self {
            verdict: verdict.map_err(|rejection| Reason::from(&rejection)),
            findings,
        }
    }

    /// The result object of an input called `source`, its members in the order of the contract: `source`, `verdict`, `stage`, `code`,
    /// `message`, `position`, `clause`, `signatures`, `covered`, `not_covered`, `claims`, `legacy`, `warnings`.
    pub fn object(&self, source: &str) -> Map<String, Value> {
        object::map(&Object::of_outcome(source, self))
    }

    /// The same as a line of JSON, ended.
    pub(crate) fn line(&self, source: &str) -> String {
        object::line(&Object::of_outcome(source, self))
    }
}

impl Answer {
    /// Nothing was read of the message.
    pub fn unread(outcome: Outcome) -> Self {
        Self {
            outcome,
            kind: None,
            sha256: None,
            bytes: 0,
        }
    }

    /// As of when it was judged, as RFC 3339 has it; none where that was never known.
    pub fn judged_at(&self) -> Option<String> {
        let judged_at = self.outcome.findings.judged_at?;
        Some(judged_at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }

    /// The first trusted signature with a signer, or the first of a signer who is not trusted.
    pub fn signature(&self) -> Option<&SignatureFinding> {
        let signatures = self.outcome.findings.signatures.iter();
        let signed = signatures.filter(|found| found.signer.is_some());
        signed.min_by_key(|found| !found.trusted)
    }

    /// The result object of a message called `source`: that of its [`Outcome`], and `sha256`, `kind`, `judged_at`.
    pub fn object(&self, source: &str) -> Map<String, Value> {
        object::map(&Object::of_answer(source, self))
    }

    /// The same as a line of JSON, ended.
    pub(crate) fn line(&self, source: &str) -> String {
        object::line(&Object::of_answer(source, self))
    }
}
