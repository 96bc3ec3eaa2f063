use std::fmt;

use bytes::Bytes;
use chrono::serde::ts_microseconds;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::trust::ClearedBy;

/// A message that came, and what is known of it.
#[derive(Clone)]
pub struct Row {
    /// What is known.
    pub facts: Facts,
    /// The certificates from the signer's to the anchor, in DER.
    pub chain: Vec<Bytes>,
    /// What cleared those certificates.
    pub cleared_by: Vec<ClearedBy>,
    /// The octets as they came, as far as they are kept.
    pub message: Bytes,
}

/// Without the message, which may have secrets in it.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = f.debug_struct("Row");
        row.field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// What is known of a message.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Facts {
    /// When all of it had come.
    #[serde(with = "ts_microseconds")]
    pub received: DateTime<Utc>,
    /// The name that the peer was told.
    pub incident: String,
    /// The path of the route.
    pub route: String,
    /// What was decided.
    pub verdict: Verdict,
    /// Why it did not pass: the stage.
    pub stage: Option<String>,
    /// Why it did not pass: the stable code.
    pub code: Option<String>,
    /// How much of it is here.
    pub kept: Kept,
    /// The Content-Type as it came.
    pub media_type: String,
    /// The action that the head of the request named.
    pub soap_action: Option<String>,
    /// What was asked for, where that was proven.
    pub operation: Option<String>,
    /// The subject of the certificate whose key signed it, where it is trusted.
    pub signer: Option<String>,
    /// The SHA-256 of that certificate, in lower-case hexadecimal.
    pub signer_sha256: Option<String>,
    /// What its verdict needed beyond today's practice.
    #[serde(default)]
    pub legacy: Vec<String>,
    /// How many octets the envelope has.
    pub bytes: u64,
    /// The SHA-256 of the envelope, in lower-case hexadecimal.
    pub sha256: String,
}

/// What was decided about a message.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It could go to its backend.
    Passed,
    /// It was refused.
    Refused,
    /// We failed before anything was decided.
    Undecided,
}

/// How much of a message is kept.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kept {
    /// All of it.
    Whole,
    /// Its envelope, without the attachments, which were too long.
    Envelope,
    /// Nothing: its envelope was too long.
    Nothing,
}

impl Verdict {
    /// As the column has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        }
    }
}

impl Kept {
    /// As the column has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Envelope => "envelope",
            Self::Nothing => "nothing",
        }
    }
}
