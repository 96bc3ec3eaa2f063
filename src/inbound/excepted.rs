//! What the policy of a gate refused, judged by the exceptions of whoever may have signed it.

use chrono::{DateTime, Utc};

use super::Gate;
use super::findings::Findings;
use super::received::Received;
use super::unused::Unused;
use crate::policy::{Exception, Grant};
use crate::rejection::Rejection;

/// As many exceptions judge a message: anybody can say that they are a partner, and nothing that is said is proved before.
const MOST: usize = 3;

impl Gate {
    /// Whether an exception of whoever may have signed takes what the policy `refused`; `findings` are those of that.
    ///
    /// Each is a judgement of its own, in which only signatures of its partner count from the first to the last: what it grants is granted to nobody else,
    /// and no key of ours decrypts for them what the policy does not allow. What has to be granted must all stand in one exception,
    /// one of the first three that fit whoever may have signed.
    ///
    /// # Errors
    /// What was refused; of a message that the partner signed, what the exception refuses.
    pub(super) fn examine_excepted(
        &self,
        findings: &Findings,
        mut refused: Rejection,
        received: &Received,
        now: DateTime<Utc>,
    ) -> Result<Unused, Rejection> {
        let readable = self.readable(&refused, received, now);
        let claims = readable.as_ref().unwrap_or(findings).claims_of();
        let fitting = self.exceptions.iter().filter(|exception| {
            exception.holds(now) && claims.iter().any(|claim| claim.is_of(&exception.partner))
        });
        for exception in fitting.take(MOST) {
            let partner = &exception.partner;
            let mut findings = Findings::unread();
            let received = received.clone();
            match self.examine_by(&exception.policy, Some(partner), received, now, &mut findings) {
                Ok(unused) => return Ok(unused),
                Err(error) if findings.has_signer() => refused = error,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    /// What is found in a message that the policy `refused` for its encoding, where an exception takes that: who may have signed it is not known
    /// before it can be read. Whatever comes of it, nobody takes the message for that.
    fn readable(&self, refused: &Rejection, received: &Received, now: DateTime<Utc>) -> Option<Findings> {
        let takes = |exception: &Exception| exception.holds(now) && exception.allow.contains(&Grant::Utf16);
        if refused.code() != "xml.encoding" || !self.exceptions.iter().any(takes) {
            return None;
        }
        let policy = self.policy.granting(Grant::Utf16)?;
        let mut findings = Findings::with_claims();
        drop(self.examine_by(&policy, None, received.clone(), now, &mut findings));
        Some(findings)
    }
}
