//! Signatures by a key that came encrypted to us, as the symmetric binding of WS-SecurityPolicy has them (WSS 1.1 §7.7).
//!
//! Our certificate is public, so anybody can make such a key and sign with it: the signature shows that the parts of the message belong
//! together, and nothing about who put them there. What it covers counts as signed by whoever signed the `ds:Signature` itself with a
//! key of their own, an endorsing signature (WS-SecurityPolicy 1.3 §8.3): with it they signed the digests of all parts. A signature over
//! the EncryptedKey endorses nothing: whoever reads one such key, as every other receiver of it does, could go on signing with it. A
//! password or an assertion in the message endorses nothing either.

use super::Gate;
use super::findings::Findings;
use super::receiver::Receiver;
use super::signer::{SignerSearch, finding};
use crate::dsig::Signature;
use crate::policy::{Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::trust::Attested;
use crate::wss;
use crate::xml::Element;
use crate::xmlenc;
use crate::xmlenc::{KeyLengths, Unauthenticated};

/// The signatures of `header`, those first that may endorse others.
pub(super) fn after_endorsing<'d>(header: &wss::Header<'d>) -> Vec<Element<'d>> {
    let mut all: Vec<Element<'_>> = header.signatures().collect();
    all.sort_by_key(|element| wss::is_by_encrypted_key(*element, header));
    all
}

impl Gate {
    /// Verifies `signature` with the secret in `key`, an EncryptedKey of the header, if one of the `others` endorses it. No key of ours is
    /// used for one that nobody does.
    ///
    /// # Errors
    /// Nobody endorses it, or two do; the key cannot be decrypted; the signature does not hold.
    pub(super) fn endorsed<'d>(
        &self,
        signature: &Signature<'d>,
        key: Element<'d>,
        search: &SignerSearch<'_>,
        others: &[&Attested<'d>],
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let mut endorsing = others.iter().filter(|other| other.may_endorse(signature.element));
        let refused = match (endorsing.next(), endorsing.next()) {
            (Some(by), None) => {
                let rules = xmlenc::Rules {
                    permitted: &self.policy.encryption,
                    limits: &self.policy.limits,
                    unauthenticated: Unauthenticated::Refused,
                    key_lengths: KeyLengths::Exact,
                    id_attributes: &[],
                };
                let receiver = Receiver {
                    keyring: &self.keyring,
                    recipient: None,
                    ours: &[],
                    covered: &[],
                    turn: search.turn,
                };
                let secrets = xmlenc::decrypt_mac_key(key, &receiver, &rules)?;
                return search.by_endorsement(signature, &secrets, by, findings);
            }
            (None, _) => Unmet::at(signature.element, UnmetKind::NotEndorsed),
            (Some(_), Some(second)) => {
                Unmet::at(second.covered().signature(), UnmetKind::SeveralBodySignatures)
            }
        };
        findings.note_signature(|| finding(signature, &[], None));
        Err(refused.into())
    }
}
