//! What was signed and then encrypted is explained as it was signed, where there is a key for it.

use bytes::Bytes;

use super::explanation::{Cause, Certainty, Finding, Form, ReferenceExplanation, Undecrypted};
use super::forms::Subject;
use super::keys::brought_along;
use super::search::Effort;
use super::{KeysAtHand, attachment, outermost, read, reference};
use crate::dsig::{Reference, Signature, Target};
use crate::inbound::{Covering, DecryptedMessage, DecryptionRules, decrypt_message};
use crate::policy::Profile;
use crate::rejection::Rejection;
use crate::soap::attachment::Attachments;
use crate::xml::{Document, Element, Namespace};
use crate::xmlenc::{Moved, is_of_attachment};

/// So many recipients are told.
const NAMES: usize = 4;

/// A message as it was received, and as it is when it is decrypted.
pub(super) struct Message<'m> {
    pub(super) document: &'m Document,
    pub(super) attachments: &'m Attachments,
    pub(super) opening: &'m Opening,
}

/// What decrypting a message came to.
pub(super) enum Opening {
    /// Nothing in it is encrypted.
    Unneeded,
    Decrypted(Box<DecryptedMessage>),
    Refused(Undecrypted),
}

impl Opening {
    /// Decrypts `document`, which was read from `input`. Nobody is answered, so every algorithm may be used.
    pub(super) fn of(
        document: &Document,
        input: Bytes,
        attachments: &Attachments,
        keys: &KeysAtHand,
        id_attributes: &[String],
    ) -> Self {
        if encrypted(document).next().is_none() {
            return Self::Unneeded;
        }
        let policy = Profile::ArchiveVerify.policy();
        let rules = DecryptionRules {
            policy: &policy,
            id_attributes,
        };
        match decrypt_message(input, attachments, &keys.keyring, &rules) {
            Ok(decrypted) => Self::Decrypted(Box::new(decrypted)),
            Err(rejection) => Self::Refused(Undecrypted {
                code: rejection.code(),
                message: format!("{rejection}{}", certified(document)),
            }),
        }
    }
}

/// A signature, in each form of the message in which it is there.
pub(super) struct Found<'m> {
    /// In the form that has them all.
    pub(super) signature: Signature<'m>,
    pub(super) received: Option<Signature<'m>>,
}

impl<'m> Message<'m> {
    /// The form in which everything is that can be read.
    pub(super) fn whole(&self) -> &'m Document {
        match self.opening {
            Opening::Decrypted(decrypted) => &decrypted.document,
            Opening::Unneeded | Opening::Refused(_) => self.document,
        }
    }

    /// The signatures that are not content of another one, in document order.
    ///
    /// # Errors
    /// One cannot be read.
    pub(super) fn signatures(&self) -> Result<Vec<Found<'m>>, Rejection> {
        let mut received = Vec::new();
        for element in outermost(self.document) {
            let now = match self.opening {
                Opening::Decrypted(decrypted) => decrypted.moves.find(&element.span(), &decrypted.document),
                Opening::Unneeded | Opening::Refused(_) => Moved::Element(element),
            };
            received.push((element, now));
        }
        let found = outermost(self.whole()).map(|element| {
            let before = received.iter().find(|(_, now)| *now == Moved::Element(element));
            Ok(Found {
                signature: read(element)?,
                received: before.map(|(element, _)| read(*element)).transpose()?,
            })
        });
        found.collect()
    }

    /// Why what the reference of that number refers to is not what was signed, if it is not; and what of the whole form it covers, if it is.
    pub(super) fn explain(
        &self,
        found: &Found<'m>,
        number: usize,
        effort: &mut Effort,
    ) -> Option<(ReferenceExplanation, Option<Covering<'m>>)> {
        let whole = found.signature.references.get(number)?;
        let received = found.received.as_ref().and_then(|signature| {
            let reference = signature.references.get(number)?;
            Some((signature, reference))
        });
        if matches!(whole.target, Target::Attachment(_))
            && let Some(explained) = self.of_attachment(whole)
        {
            return Some((explained, None));
        }
        let explained = self.of_element(found, whole, received, effort);
        let subject = explained.is_match().then(|| match explained.form {
            Form::Decrypted => Subject::of(&found.signature, whole),
            Form::Received => received.and_then(|(signature, reference)| Subject::of(signature, reference)),
        });
        let covering = subject.flatten().and_then(|subject| self.covering(subject));
        Some((explained, covering))
    }

    fn of_attachment(&self, reference: &Reference<'_>) -> Option<ReferenceExplanation> {
        let received = attachment::explain(reference, self.attachments)?;
        if received.is_match() || received.is_proved() {
            return Some(received);
        }
        match self.opening {
            Opening::Decrypted(decrypted) => {
                let mut decrypted = attachment::explain(reference, &decrypted.attachments)?;
                decrypted.form = Form::Decrypted;
                Some(decrypted)
            }
            Opening::Refused(why) if encrypted(self.document).any(is_of_attachment) => {
                Some(sealed(received, why))
            }
            Opening::Refused(_) | Opening::Unneeded => Some(received),
        }
    }

    fn of_element(
        &self,
        found: &Found<'m>,
        whole: &Reference<'m>,
        received: Option<(&Signature<'m>, &Reference<'m>)>,
        effort: &mut Effort,
    ) -> ReferenceExplanation {
        if let Some((signature, reference)) = received {
            if reference::compared(signature, reference).is_match() || !self.holds_ciphertext(reference) {
                return reference::explain(signature, reference, effort);
            }
            if let Opening::Refused(why) = self.opening {
                let explained = reference::explain(signature, reference, effort);
                return if explained.is_proved() {
                    explained
                } else {
                    sealed(explained, why)
                };
            }
        }
        let mut explained = reference::explain(&found.signature, whole, effort);
        explained.form = Form::Decrypted;
        if explained.is_match() || explained.is_proved() {
            return explained;
        }
        // The ciphertext was signed, and something happened to it that has a name.
        let other = received.map(|(signature, reference)| reference::explain(signature, reference, effort));
        other.filter(ReferenceExplanation::is_proved).unwrap_or(explained)
    }

    /// Whether there is ciphertext in what `reference` of the message as it was received refers to, or that may be in ciphertext itself. A
    /// reference to ciphertext itself is about nothing else.
    fn holds_ciphertext(&self, reference: &Reference<'_>) -> bool {
        let mut data = encrypted(self.document);
        match reference.resolve() {
            Some(element) => data.any(|data| data != element && data.is_within(element)),
            None => data.next().is_some(),
        }
    }

    fn covering(&self, subject: Subject<'m>) -> Option<Covering<'m>> {
        Some(Covering {
            element: self.moved(subject.apex)?,
            except: match subject.except {
                Some(except) => Some(self.moved(except)?),
                None => None,
            },
        })
    }

    /// `element` in the whole form.
    fn moved(&self, element: Element<'m>) -> Option<Element<'m>> {
        match self.opening {
            Opening::Decrypted(decrypted) if std::ptr::eq(element.document(), self.document) => {
                match decrypted.moves.find(&element.span(), &decrypted.document) {
                    Moved::Element(element) => Some(element),
                    Moved::Content(_) | Moved::Gone => None,
                }
            }
            Opening::Decrypted(_) | Opening::Unneeded | Opening::Refused(_) => Some(element),
        }
    }
}

fn encrypted(document: &Document) -> impl Iterator<Item = Element<'_>> {
    let elements = document.root().descendants();
    elements.filter(|element| element.is(Namespace::XENC, "EncryptedData"))
}

/// Whose certificates stand beside what is encrypted, which say whose key decrypts it.
fn certified(document: &Document) -> String {
    let elements = document.root().descendants();
    let infos = elements.filter(|element| {
        let is_encrypted = |above: Element<'_>| {
            above.is(Namespace::XENC, "EncryptedKey") || above.is(Namespace::XENC, "EncryptedData")
        };
        element.is(Namespace::DS, "KeyInfo") && element.ancestors().any(is_encrypted)
    });
    let mut told: Vec<String> = Vec::new();
    for named in infos.flat_map(brought_along) {
        if told.len() < NAMES && !told.contains(&named.name) {
            told.push(named.name);
        }
    }
    match told.as_slice() {
        [] => String::new(),
        told => format!("; beside it stands {}", told.join(", and ")),
    }
}

/// The digest cannot be explained: what it is of is not known.
fn sealed(explained: ReferenceExplanation, why: &Undecrypted) -> ReferenceExplanation {
    let detail = format!(
        "it was signed and then encrypted, or changed as it is; which, cannot be said without its plaintext: {}",
        why.message
    );
    ReferenceExplanation {
        causes: vec![Finding::only(Cause::Encrypted, detail, Certainty::Likely)],
        signed: None,
        ..explained
    }
}
