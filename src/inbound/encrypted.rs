use std::ops::Range;

use super::Keyring;
use super::coverage::{Covering, coverage};
use super::findings::Findings;
use super::loose_names::LooseNames;
use super::receiver::{Receiver, holder};
use crate::algorithm::{DataEncryptionAlgorithm, EncryptionRules, KeyTransportAlgorithm, KeyWrapAlgorithm};
use crate::crypto::Turn;
use crate::policy::{Part, Policy, Profile, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::trust::{Attested, Carried, CiphertextCovered, DecryptedAttachment};
use crate::xml::{Document, Element, Namespace};
use crate::xmlenc;
use crate::xmlenc::{EncryptedAttachment, KeyLengths, Moves, Unauthenticated};

/// What of a document is encrypted to us, and what was signed of the document as it is.
pub(super) struct Encrypted {
    ours: Vec<Range<usize>>,
    covered: Vec<CiphertextCovered>,
    loose: LooseNames,
    /// Whether there is ciphertext in the document itself.
    in_document: bool,
}

/// Who decrypts, and what they may.
#[derive(Clone, Copy)]
pub(super) struct Decryption<'k> {
    pub(super) keyring: &'k Keyring,
    pub(super) policy: &'k Policy,
    /// The name that a key for us carries as its Recipient, if we have one.
    pub(super) recipient: Option<&'k str>,
    /// When, where others hold a key for us.
    pub(super) turn: Turn,
}

/// What is known of a document from before it was decrypted.
#[derive(Debug, Default)]
pub(super) struct Before {
    covered: Vec<CiphertextCovered>,
    moves: Moves,
    /// The attachments that were encrypted.
    attachments: Vec<DecryptedAttachment>,
}

impl Before {
    /// The same where these attachments were encrypted too.
    pub(super) fn with(self, attachments: &[EncryptedAttachment]) -> Self {
        let attachments = attachments.iter().map(|encrypted| DecryptedAttachment {
            id: encrypted.id.clone(),
            scope: encrypted.scope,
            data: encrypted.data.clone(),
        });
        Self {
            attachments: attachments.collect(),
            ..self
        }
    }

    /// The Content-IDs of the attachments that were encrypted.
    pub(super) fn attachments(&self) -> Vec<String> {
        self.attachments
            .iter()
            .map(|decrypted| decrypted.id.clone())
            .collect()
    }

    /// Whether anything was encrypted to us.
    pub(super) fn is_decrypted(&self) -> bool {
        !self.moves.replaced().is_empty() || !self.attachments.is_empty()
    }

    /// Whether `element`, of the document with the plaintext, was encrypted, or a part of it was.
    pub(super) fn encrypted(&self, element: Element<'_>) -> bool {
        let span = element.span();
        let mut replaced = self.moves.replaced().iter();
        replaced.any(|replaced| replaced.now.start < span.end && span.start < replaced.now.end)
    }

    /// What was signed then, in the document that took its place.
    pub(super) fn carry(self, document: &Document) -> Vec<Carried<'_>> {
        let Self {
            covered,
            moves,
            attachments,
        } = self;
        let carried = covered
            .into_iter()
            .filter_map(|covered| covered.carry(&moves, document, &attachments));
        carried.collect()
    }

    /// The bytes of the document that took its place that were encrypted.
    pub(super) fn plaintexts(&self) -> Vec<Range<usize>> {
        let replaced = self.moves.replaced().iter();
        replaced.map(|replaced| replaced.now.clone()).collect()
    }
}

impl Encrypted {
    /// `data` and `keys` are ours; `proofs` are the signatures that cover some of the data and hold for the document as it is.
    ///
    /// # Errors
    /// Another implementation does not confirm a signature, where the policy asks for that; a signature covers what will be gone.
    pub(super) fn new<'d>(
        data: &[Element<'d>],
        keys: &[Element<'d>],
        proofs: Vec<Attested<'d>>,
        policy: &Policy,
        findings: &mut Findings,
    ) -> Result<Self, Rejection> {
        let mut loose = LooseNames::default();
        for proof in &proofs {
            policy.second_opinion.of_signature(proof.covered())?;
            refuse_hidden(proof, data)?;
            loose.note(proof, data);
        }
        if let Some(first) = data.first() {
            let root = first.document().root();
            findings.note_coverage(|| seen(root, &proofs));
        }
        let ours = data.iter().chain(keys);
        note_legacy_encryption(ours.clone(), findings);
        let covered = proofs.into_iter().map(CiphertextCovered::new);
        Ok(Self {
            ours: ours.map(|element| element.span()).collect(),
            covered: covered.collect::<Result<_, _>>()?,
            loose,
            in_document: !data.is_empty(),
        })
    }

    /// What decrypts the attachments that `elements` of `document` are about.
    ///
    /// # Errors
    /// Their form, or an algorithm that is not allowed; then a key that is not there.
    pub(super) fn attachments(
        &self,
        document: &Document,
        elements: &[Element<'_>],
        decryption: Decryption<'_>,
    ) -> Result<Vec<EncryptedAttachment>, xmlenc::Error> {
        let is_signed = |element: Element<'_>, id: &str| {
            let mut covered = self.covered.iter();
            covered.any(|covered| covered.covers(&element.span()) && covered.covers_attachment(id))
        };
        let rules = rules(decryption.policy);
        xmlenc::encrypted_attachments(document, elements, &self.receiver(decryption), &rules, &is_signed)
    }

    fn receiver<'r>(&'r self, decryption: Decryption<'r>) -> Receiver<'r> {
        Receiver {
            keyring: decryption.keyring,
            recipient: decryption.recipient,
            turn: decryption.turn,
            ours: &self.ours,
            covered: &self.covered,
        }
    }

    /// Puts plaintext in the place of what is ours in `document`.
    ///
    /// # Errors
    /// It cannot be decrypted, or the plaintext cannot stand there.
    pub(super) fn decrypt(
        self,
        document: Document,
        decryption: Decryption<'_>,
    ) -> Result<(Document, Before), Rejection> {
        let (document, moves) = if self.in_document {
            let receiver = self.receiver(decryption);
            let decrypted = xmlenc::decrypt_parts(document, &receiver, &rules(decryption.policy))?;
            self.loose.refuse(&decrypted)?;
            (decrypted.document, decrypted.moves)
        } else {
            (document, Moves::default())
        };
        let before = Before {
            covered: self.covered,
            moves,
            attachments: Vec::new(),
        };
        Ok((document, before))
    }
}

fn rules(policy: &Policy) -> xmlenc::Rules<'_> {
    xmlenc::Rules {
        permitted: &policy.encryption,
        limits: &policy.limits,
        unauthenticated: Unauthenticated::WhereSigned,
        // Only what is meant for archives asks for nothing in particular.
        key_lengths: if policy.signed.contains(&Part::Anything) {
            KeyLengths::OrLonger
        } else {
            KeyLengths::Exact
        },
        id_attributes: &[],
    }
}

/// Refuses a signature over something in ciphertext, or in what holds it, that is neither: when the plaintext stands there it is gone, and
/// its absence would look like the sender's wish (T17).
fn refuse_hidden<'d>(proof: &Attested<'d>, data: &[Element<'d>]) -> Result<(), Unmet> {
    for element in proof.covered().elements() {
        let is_hidden = |data: &Element<'d>| {
            let place = holder(*data);
            element.is_within(place) && element != place && element != *data
        };
        if data.iter().any(is_hidden) {
            return Err(Unmet::at(element, UnmetKind::SignedElsewhere(element.path())));
        }
    }
    Ok(())
}

/// What `proofs` cover, for a report of a document that may never be decrypted.
fn seen(root: Element<'_>, proofs: &[Attested<'_>]) -> (Vec<super::CoverageLine>, usize) {
    let subtrees = proofs.iter().flat_map(|proof| proof.covered().subtrees());
    let covered: Vec<Covering<'_>> = subtrees
        .map(|(element, except)| Covering { element, except })
        .collect();
    let signatures: Vec<Element<'_>> = proofs.iter().map(|proof| proof.covered().signature()).collect();
    coverage(root, &covered, &signatures)
}

/// Notes the algorithms of each EncryptedData and EncryptedKey that `strict` does not allow.
pub(super) fn note_legacy_encryption<'e, 'd: 'e>(
    elements: impl Iterator<Item = &'e Element<'d>>,
    findings: &mut Findings,
) {
    let strict = Profile::Strict.policy().encryption;
    elements.for_each(|element| note_legacy(*element, &strict, findings));
}

fn note_legacy(element: Element<'_>, strict: &EncryptionRules, findings: &mut Findings) {
    let method = element.child(Namespace::XENC, "EncryptionMethod");
    let Some(uri) = method.and_then(|method| method.attribute("Algorithm")) else {
        return;
    };
    if KeyWrapAlgorithm::from_uri(&uri) == Some(KeyWrapAlgorithm::TripleDes) {
        findings.note_legacy(KeyWrapAlgorithm::TripleDes.name());
    }
    match (
        DataEncryptionAlgorithm::from_uri(&uri),
        KeyTransportAlgorithm::from_uri(&uri),
    ) {
        (Some(cipher), _) if !strict.permits_data(cipher) => findings.note_legacy(cipher.name()),
        (_, Some(old @ (KeyTransportAlgorithm::RsaOaepMgf1p | KeyTransportAlgorithm::Rsa15))) => {
            findings.note_legacy(old.name());
        }
        _ => {}
    }
}
