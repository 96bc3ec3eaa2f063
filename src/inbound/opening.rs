//! What is encrypted to us is decrypted before a message is judged, and what signatures said of the ciphertext is kept.

use super::Gate;
use super::assertion;
use super::assertion::Issued;
use super::coverage::{Covering, coverage};
use super::findings::Findings;
use super::gate::Judging;
use super::loose_names::LooseNames;
use super::receiver::{Receiver, holder};
use crate::dsig::{Reference, Signature, Target};
use crate::policy::{Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::soap::{Envelope, QName};
use crate::trust::{Attested, Carried, CiphertextCovered};
use crate::wss;
use crate::wss::EncryptedParts;
use crate::xml::{Document, Element, Namespace};
use crate::xmlenc;
use crate::xmlenc::{KeyLengths, Moves, Unauthenticated};

/// What is known of a message from before it was decrypted.
#[derive(Debug, Default)]
pub(super) struct Before {
    covered: Vec<CiphertextCovered>,
    moves: Moves,
}

impl Before {
    /// What was signed then, in the document that took its place.
    pub(super) fn carry(self, document: &Document) -> Vec<Carried<'_>> {
        let Self { covered, moves } = self;
        let carried = covered
            .into_iter()
            .filter_map(|covered| covered.carry(&moves, document));
        carried.collect()
    }
}

impl Gate {
    /// The message as it is to be judged: with plaintext where something was encrypted to us.
    ///
    /// Signatures over ciphertext are verified first, on the message as it was received, as they hold for nothing else (T78, T81). Which
    /// these are nobody says, so whatever does not hold yet is left for afterwards, where every signature has to hold.
    ///
    /// # Errors
    /// A header block that must be understood and is not; what cannot be decrypted, or cannot stand where it stood.
    pub(super) fn open(
        &self,
        envelope: Envelope,
        judging: Judging<'_>,
        findings: &mut Findings,
    ) -> Result<(Envelope, Before), Rejection> {
        let Some(parts) = EncryptedParts::find(&envelope, &self.roles)? else {
            envelope.check_understood(&self.roles, &self.understood)?;
            return Ok((envelope, Before::default()));
        };
        let understood = [self.understood.as_slice(), &[encrypted_header()]].concat();
        envelope.check_understood(&self.roles, &understood)?;
        let proofs = self.over_ciphertext(&envelope, &parts, judging, findings)?;
        let mut loose = LooseNames::default();
        for proof in &proofs {
            self.policy.second_opinion.of_signature(proof.covered())?;
            refuse_hidden(proof, &parts)?;
            loose.note(proof, &parts.data);
        }
        findings.note_coverage(|| {
            let subtrees = proofs.iter().flat_map(|proof| proof.covered().subtrees());
            let covered: Vec<_> = subtrees
                .map(|(element, except)| Covering { element, except })
                .collect();
            let signatures: Vec<_> = proofs.iter().map(|proof| proof.covered().signature()).collect();
            coverage(envelope.root(), &covered, &signatures)
        });
        let covered = proofs.into_iter().map(CiphertextCovered::new);
        let covered: Vec<CiphertextCovered> = covered.collect::<Result<_, _>>()?;
        let receiver = Receiver::new(&self.keyring, parts.data.iter().chain(&parts.keys), &covered);
        let rules = xmlenc::Rules {
            permitted: &self.policy.encryption,
            limits: &self.policy.limits,
            unauthenticated: Unauthenticated::WhereSigned,
            key_lengths: KeyLengths::Exact,
            id_attributes: &[],
        };
        let decrypted = xmlenc::decrypt_parts(envelope.into_document(), &receiver, &rules)?;
        loose.refuse(&decrypted)?;
        let moves = decrypted.moves;
        let envelope = Envelope::from_document(decrypted.document)?;
        Ok((envelope, Before { covered, moves }))
    }

    /// The signatures that trusted keys made over ciphertext of `parts`, and that hold as the message was received.
    fn over_ciphertext<'d>(
        &self,
        envelope: &'d Envelope,
        parts: &EncryptedParts<'d>,
        judging: Judging<'d>,
        findings: &mut Findings,
    ) -> Result<Vec<Attested<'d>>, Rejection> {
        let header = wss::Header::read(envelope, &self.roles, &self.policy.limits)?;
        let Ok(search) = self.search(&header, judging) else {
            // Its time is encrypted.
            return Ok(Vec::new());
        };
        let mut proofs = Vec::new();
        let noted = findings.signatures.len();
        let issued = assertion::read(&header, &self.policy)?;
        let issued = issued.and_then(|read| {
            assertion::by_its_issuer(read, &search, &self.issuers, &mut Vec::new(), findings).ok()
        });
        if !issued
            .as_ref()
            .is_some_and(|issued| issued.covers_any(&parts.data))
        {
            findings.signatures.truncate(noted);
        }
        for element in header.signatures() {
            let noted = findings.signatures.len();
            let signature = self.read_signature(element, &header, judging.attachments, findings);
            let proof = signature.and_then(|signature| {
                if !is_over_ciphertext(&signature, &parts.data) {
                    return Ok(None);
                }
                let proof = self.attested(&signature, &header, issued.as_ref(), &search, findings)?;
                Ok(Some(proof))
            });
            match proof {
                Ok(Some(proof)) => proofs.push(proof),
                Ok(None) | Err(_) => findings.signatures.truncate(noted),
            }
        }
        let issuers = issued.filter(|issued| issued.covers_any(&parts.data));
        proofs.extend(issuers.and_then(Issued::into_attested));
        Ok(proofs)
    }
}

/// Whether `signature` can hold only before decryption, if it holds: all that it refers to is there, and there is ciphertext in it.
fn is_over_ciphertext(signature: &Signature<'_>, data: &[Element<'_>]) -> bool {
    let mut over = false;
    let of_elements = |reference: &&Reference<'_>| !matches!(reference.target, Target::Attachment(_));
    for reference in signature.references.iter().filter(of_elements) {
        let Some(element) = reference.resolve() else {
            return false;
        };
        let mut data = data.iter();
        over |= data.any(|data| data.is_within(element) || element.is_within(*data));
    }
    over
}

/// Refuses a signature over something in ciphertext, or in what holds it, that is neither: when the plaintext stands there it is gone, and
/// its absence would look like the sender's wish (T17).
fn refuse_hidden(proof: &Attested<'_>, parts: &EncryptedParts<'_>) -> Result<(), Unmet> {
    for element in proof.covered().elements() {
        let is_hidden = |data: &Element<'_>| {
            let place = holder(*data);
            element.is_within(place) && element != place && element != *data
        };
        if parts.data.iter().any(is_hidden) {
            return Err(Unmet::at(element, UnmetKind::SignedElsewhere(element.path())));
        }
    }
    Ok(())
}

/// The header block that is there only to hold another one in its encrypted form (WSS 1.1 §9.3).
fn encrypted_header() -> QName {
    QName {
        namespace: Namespace::WSSE11.uri().to_owned(),
        local: "EncryptedHeader".to_owned(),
    }
}
