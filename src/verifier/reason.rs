use std::io;

use crate::crypto::KeyError;
use crate::rejection;
use crate::rejection::Rejection;
use crate::xml;
use crate::xml::Position;

/// Why an input did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Whether more information could change it.
    pub verdict: Verdict,
    /// The stage that refused; none where the input could not be read at all.
    pub stage: Option<&'static str>,
    /// The stable code.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// Where in the input.
    pub position: Option<Position>,
    /// The clause of the standard that it rests on.
    pub clause: Option<&'static str>,
}

/// The verdicts of an input that did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A check was broken.
    Failed,
    /// It could not be decided.
    Indeterminate,
    /// Nothing was judged, as the input could not be read, or its attachments not kept.
    Unreadable,
}

impl Reason {
    /// The input could not be read.
    pub fn unreadable(error: &io::Error) -> Self {
        Self {
            verdict: Verdict::Unreadable,
            stage: None,
            code: "input.unreadable",
            message: format!("the input could not be read: {error}"),
            position: None,
            clause: None,
        }
    }

    /// The input has more bytes than `limit`, and was not read.
    pub fn too_long(limit: u32) -> Self {
        Self {
            verdict: Verdict::Failed,
            stage: Some("xml"),
            code: "limit.bytes",
            message: format!("more than {limit} bytes"),
            position: None,
            clause: None,
        }
    }

    /// A file holds more than `most` messages, which its bytes do not explain. Nothing is known of the others, as where a file
    /// cannot be read.
    pub fn too_many(most: u64) -> Self {
        Self {
            verdict: Verdict::Unreadable,
            stage: None,
            code: "limit.archive",
            message: format!(
                "more than {most} messages, which the bytes of the file do not explain; the others were not read"
            ),
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
