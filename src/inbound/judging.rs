use chrono::{DateTime, Utc};

use super::Findings;
use super::answer::Request;
use crate::crypto::Turn;
use crate::dsig::Keep;
use crate::policy::{Policy, Transport, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::trust::Partner;
use crate::wss;

/// As of when a message is judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AsOf {
    /// A time: now, or one that the operator names.
    Time(DateTime<Utc>),
    /// When its own signed Timestamp says it was made.
    Message,
}

impl AsOf {
    /// Says in `findings` where a verdict by `policy` turned on the age of the message, and where that is only what a refused message says.
    pub(super) fn note_age(self, policy: &Policy, refused: Option<&Rejection>, findings: &mut Findings) {
        let (Self::Message, Some(signed)) = (self, findings.judged_at) else {
            return;
        };
        match refused {
            None if policy.passed_for_its_age(&findings.legacy) => findings.warn("legacy_by_age"),
            Some(refused) if policy.was_too_late(refused.code(), signed) => findings.warn("legacy_too_late"),
            None | Some(_) => {}
        }
        if refused.is_some() && findings.signed_time.is_none() {
            findings.warn("time_not_signed");
        }
    }
}

/// How a message is judged.
#[derive(Clone, Copy)]
pub(super) struct Judging<'m> {
    pub(super) as_of: AsOf,
    pub(super) keep: Keep,
    pub(super) transport: Transport,
    pub(super) attachments: &'m Attachments,
    pub(super) request: Option<&'m Request>,
    /// When it is decrypted, where others hold the key for us.
    pub(super) turn: Turn,
    /// What it must prove. Limits, BSP rules and forms of key references are those of the gate in any case.
    pub(super) policy: &'m Policy,
    /// Whose signatures count, if not those of everybody who is trusted.
    pub(super) partner: Option<&'m Partner>,
}

impl<'m> Judging<'m> {
    /// The same with `attachments` as they are after decryption.
    pub(super) fn of<'a>(self, attachments: &'a Attachments) -> Judging<'a>
    where
        'm: 'a,
    {
        Judging { attachments, ..self }
    }
}

/// The time that the message says it was made; whether that was signed is asked later.
pub(super) fn claimed_time(header: &wss::Header<'_>) -> Result<DateTime<Utc>, Unmet> {
    let timestamp = header.timestamp();
    timestamp
        .map(|timestamp| timestamp.created())
        .ok_or_else(|| Unmet::at(header.element(), UnmetKind::NoMessageTime))
}
