//! What came, until it is in the message archive.

use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::accepted::Accepted;
use super::load::Share;
use super::metrics::Outcome;
use super::report::Report;
use crate::archive::{Facts, Kept, Row, Verdict};
use crate::audit::Octets;
use crate::crypto::Certificate;

/// A message as it came.
pub(super) struct Came {
    received: DateTime<Utc>,
    media_type: String,
    action: Option<String>,
    envelope: Octets,
    kept: Kept,
    message: Bytes,
    /// While this is there, the octets of its attachments count as held.
    _held: Option<Share>,
}

/// The body of a request as it came.
pub(super) enum Body {
    /// It is an envelope.
    Envelope,
    /// It has several parts. Without octets they were too many.
    Parts(Option<(Bytes, Share)>),
}

impl Came {
    /// The message whose envelope is `bytes`, with these `octets`, of which `most` are kept at most.
    pub(super) fn new(
        (media_type, action): (String, Option<String>),
        (bytes, octets): (&Bytes, Octets),
        body: Body,
        most: usize,
    ) -> Self {
        let (kept, message, held) = match body {
            Body::Parts(Some((whole, held))) => (Kept::Whole, whole, Some(held)),
            Body::Envelope | Body::Parts(None) if bytes.len() > most => (Kept::Nothing, Bytes::new(), None),
            Body::Envelope => (Kept::Whole, bytes.clone(), None),
            Body::Parts(None) => (Kept::Envelope, bytes.clone(), None),
        };
        Self {
            received: Utc::now(),
            media_type,
            action,
            envelope: octets,
            kept,
            message,
            _held: held,
        }
    }

    /// The row for it: that it was accepted as `accepted`, or what else `report` says.
    pub(super) fn row(self, accepted: Option<&Accepted>, report: &Report<'_>) -> Row {
        let (verdict, code) = match (accepted, report.became()) {
            (Some(_), _) => (Verdict::Passed, None),
            (None, Some((Outcome::Refused, code))) => (Verdict::Refused, Some(code)),
            (None, Some((Outcome::Failed | Outcome::Answered, code))) => (Verdict::Undecided, Some(code)),
            (None, None) => (Verdict::Undecided, None),
        };
        let message = match accepted {
            Some(Accepted::Verified(message, _)) => Some(message),
            Some(Accepted::Brought(_)) | None => None,
        };
        let operation = accepted.and_then(|accepted| match accepted {
            Accepted::Verified(message, _) => message.operation().map(ToString::to_string),
            Accepted::Brought(message) => Some(message.operation().body.to_string()),
        });
        let signer = message.and_then(|message| message.sender().certificate.as_ref());
        let chain = message.map(|message| message.chain()).into_iter().flatten();
        Row {
            chain: chain.map(Certificate::der).map(Bytes::copy_from_slice).collect(),
            cleared_by: message
                .map(|message| message.cleared_by().to_vec())
                .unwrap_or_default(),
            facts: Facts {
                received: self.received,
                incident: report.incident.to_string(),
                route: report.route().to_owned(),
                verdict,
                stage: report.stage().map(str::to_owned),
                code: code.map(str::to_owned),
                kept: self.kept,
                media_type: self.media_type,
                soap_action: self.action,
                operation,
                signer: signer.map(|signer| signer.subject.clone()),
                signer_sha256: signer.map(|signer| signer.sha256.clone()),
                legacy: message
                    .map(|message| message.legacy().to_vec())
                    .unwrap_or_default(),
                bytes: u64::try_from(self.envelope.bytes).unwrap_or(u64::MAX),
                sha256: self.envelope.sha256,
            },
            message: self.message,
        }
    }
}
