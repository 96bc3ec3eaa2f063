use super::{SignerSearch, finding};
use crate::crypto::{Certificate, VerifyingKey};
use crate::dsig;
use crate::dsig::{Covered, ReferenceOutcome, Signature};
use crate::inbound::findings::{Claim, Findings, RevokedFinding, SignatureFinding};
use crate::rejection::Rejection;
use crate::trust;
use crate::trust::{Attested, Owner, Signer};

impl SignerSearch<'_> {
    /// Verifies `signature` with whichever of `candidates` is trusted and made it; `carried` may help to build a path.
    ///
    /// # Errors
    /// The reason of the candidate that came furthest.
    pub(super) fn by_candidates<'d>(
        &self,
        signature: &Signature<'d>,
        candidates: &[Certificate],
        carried: &[Certificate],
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let mut furthest: Option<Rejection> = None;
        let mut outcomes = Vec::new();
        let mut undecided = None;
        for candidate in candidates {
            findings.note_claim(|| Some(Claim::Certificate(candidate.clone())));
            let path = match self.trust.path(candidate, carried, self.at, &self.paths) {
                Ok(path) => path,
                Err(error) => {
                    let is_tried = undecided.is_none() && findings.are_read();
                    let tried = is_tried.then(|| self.despite(&error, signature, candidate));
                    match tried.flatten() {
                        None => {
                            furthest.get_or_insert(error.into());
                        }
                        Some((Err(broken), digested)) if digested.is_empty() => {
                            furthest = Some(broken.into())
                        }
                        Some((verified, digested)) => {
                            let why = verified.err().map_or_else(|| error.into(), Rejection::from);
                            // Another certificate of the same key may be trusted.
                            undecided = Some((candidate, digested, why));
                        }
                    }
                    continue;
                }
            };
            let owner = Owner::Certified(path);
            if let Err(error) = self.check_partner(&owner, findings) {
                furthest.get_or_insert(error.into());
                continue;
            }
            outcomes.clear();
            match dsig::verify(signature, &owner.key(), self.rules, &mut outcomes) {
                Err(error) if outcomes.is_empty() => furthest = Some(error.into()),
                verified => return self.conclude(signature, verified, owner, &outcomes, findings),
            }
        }
        // Not proved: who it would be if it were.
        let mut signer = candidates.first();
        outcomes.clear();
        if let Some((candidate, digested, why)) = undecided {
            signer = Some(candidate);
            outcomes = digested;
            furthest = Some(why);
        }
        findings.note_signature(|| SignatureFinding {
            signer: signer.map(Signer::from),
            certificate: signer.cloned(),
            revoked: furthest
                .as_ref()
                .and_then(|rejection| self.revoked(rejection, candidates, carried)),
            ..finding(signature, &outcomes, None)
        });
        Err(furthest.unwrap_or_else(|| trust::Error::from(trust::Refusal::NoAnchor).into()))
    }

    /// What `signature` is with the key of `candidate`, of which `error` only says that a revocation is not known: to know of it would not
    /// mend what is broken. Only for who reads why: nothing else comes of it (T74).
    fn despite<'d>(
        &self,
        error: &trust::Error,
        signature: &Signature<'d>,
        candidate: &Certificate,
    ) -> Option<(Result<Covered<'d>, dsig::Error>, Vec<ReferenceOutcome<'d>>)> {
        let trust::Refusal::RevocationUnknown { .. } = error.refusal() else {
            return None;
        };
        let key = VerifyingKey::Public(candidate.public_key().clone());
        let mut outcomes = Vec::new();
        let verified = dsig::verify(signature, &key, self.rules, &mut outcomes);
        Some((verified, outcomes))
    }

    /// The certificate that `rejection` says was revoked: of those that a path was looked for with.
    fn revoked(
        &self,
        rejection: &Rejection,
        candidates: &[Certificate],
        carried: &[Certificate],
    ) -> Option<RevokedFinding> {
        let Rejection::Trust(error) = rejection else {
            return None;
        };
        let trust::Refusal::Revoked {
            sha256,
            since,
            reason,
            by,
            ..
        } = error.refusal()
        else {
            return None;
        };
        let mut known = candidates.iter().chain(carried).chain(self.trust.certificates());
        let certificate = known.find(|certificate| certificate.sha256() == sha256)?;
        Some(RevokedFinding {
            certificate: certificate.clone(),
            since: *since,
            reason: *reason,
            by: by.clone(),
        })
    }
}
