//! What is encrypted to us in a SOAP message is decrypted before the message is judged, and what signatures said of the ciphertext is kept.

use super::Gate;
use super::assertion;
use super::assertion::Issued;
use super::encrypted::{Before, Decryption, Encrypted, note_legacy_encryption};
use super::encrypted_attachment;
use super::endorsed::after_endorsing;
use super::findings::{Findings, SignatureFinding};
use super::judging::Judging;
use crate::dsig::{Signature, Target};
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::soap::{Envelope, QName};
use crate::trust::Attested;
use crate::wss;
use crate::wss::EncryptedParts;
use crate::xml::Namespace;

impl Gate {
    /// The message as it is to be judged, and what stands beside it: with plaintext where something was encrypted to us.
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
    ) -> Result<(Envelope, Before, Attachments), Rejection> {
        let policy = judging.policy;
        let parts = EncryptedParts::find(&envelope, &self.roles)?;
        if !self.keyring.is_empty() {
            wss::refuse_unlisted(&envelope, &self.roles, parts.as_ref())?;
        }
        let Some(parts) = parts else {
            envelope.check_understood(&self.roles, &self.understood)?;
            return Ok((envelope, Before::default(), judging.attachments.clone()));
        };
        self.weigh_deviations(&parts.deviations, findings)?;
        let understood = [self.understood.as_slice(), &[encrypted_header()]].concat();
        envelope.check_understood(&self.roles, &understood)?;
        let (proofs, about) = self.over_ciphertext(&envelope, &parts, judging, findings)?;
        note_legacy_encryption(parts.attachments.iter(), findings);
        let encrypted = Encrypted::new(&parts.data, &parts.keys, proofs, policy, findings)?;
        let decryption = Decryption {
            keyring: &self.keyring,
            policy,
            recipient: None,
            turn: judging.turn,
        };
        let attached = encrypted.attachments(envelope.document(), &parts.attachments, decryption)?;
        let (document, before) = encrypted.decrypt(envelope.into_document(), decryption)?;
        let envelope = Envelope::from_document(document)?;
        let attachments = encrypted_attachment::decrypted(judging.attachments, &attached, policy)?;
        // The others are looked at again.
        findings.signatures = about;
        Ok((envelope, before.with(&attached), attachments))
    }

    /// The signatures that trusted keys made over ciphertext of `parts`, and that hold as the message was received; and what is found of
    /// them, while `findings` has what is found of all.
    fn over_ciphertext<'d>(
        &self,
        envelope: &'d Envelope,
        parts: &EncryptedParts<'d>,
        judging: Judging<'d>,
        findings: &mut Findings,
    ) -> Result<(Vec<Attested<'d>>, Vec<SignatureFinding>), Rejection> {
        let header = wss::Header::read(envelope, &self.roles, &judging.policy.limits)?;
        let (mut proofs, mut about) = (Vec::new(), Vec::new());
        // As of the time of the verdict: what is decrypted brings no other one, as a header has one Timestamp and a receiver one header.
        let Ok(search) = self.search(&header, judging) else {
            // Its time is encrypted.
            return Ok((proofs, about));
        };
        let issued = assertion::read(&header, judging.policy)?;
        let issued = issued.and_then(|read| {
            assertion::by_its_issuer(read, &search, &self.issuers, &mut Vec::new(), findings).ok()
        });
        let by_issuer = issued
            .as_ref()
            .is_some_and(|issued| issued.covers_any(&parts.data));
        if by_issuer {
            about.clone_from(&findings.signatures);
        }
        // Those over none of it, which may endorse one that is.
        let mut endorsing = Vec::new();
        let any_endorsed = header
            .signatures()
            .any(|element| wss::is_by_encrypted_key(element, &header));
        for element in after_endorsing(&header) {
            let signature = self.read_signature(element, &header, judging.attachments, findings);
            let Ok(signature) = signature else {
                continue;
            };
            let is_over = is_over_ciphertext(&signature, parts);
            if !is_over && !any_endorsed {
                continue;
            }
            let others: Vec<&Attested<'_>> = proofs.iter().chain(&endorsing).collect();
            match self.attested(&signature, &header, issued.as_ref(), &search, &others, findings) {
                Ok(proof) if is_over => {
                    proofs.push(proof);
                    about.extend(findings.signatures.last().cloned());
                }
                Ok(proof) => endorsing.push(proof),
                Err(_) => {}
            }
        }
        let issuer = issued.filter(|_| by_issuer);
        proofs.extend(issuer.and_then(Issued::into_attested));
        Ok((proofs, about))
    }
}

/// Whether `signature` may hold only before decryption, if it holds: all that it refers to is there, and there is ciphertext in it, or an
/// attachment is that.
fn is_over_ciphertext(signature: &Signature<'_>, parts: &EncryptedParts<'_>) -> bool {
    let mut over = false;
    for reference in &signature.references {
        if matches!(reference.target, Target::Attachment(_)) {
            over |= !parts.attachments.is_empty();
            continue;
        }
        let Some(element) = reference.resolve() else {
            return false;
        };
        let mut data = parts.data.iter();
        over |= data.any(|data| data.is_within(element) || element.is_within(*data));
    }
    over
}

/// The header block that is there only to hold another one in its encrypted form (WSS 1.1 §9.3).
fn encrypted_header() -> QName {
    QName {
        namespace: Namespace::WSSE11.uri().to_owned(),
        local: "EncryptedHeader".to_owned(),
    }
}
