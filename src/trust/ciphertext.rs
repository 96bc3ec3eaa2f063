use std::ops::Range;

use crate::c14n::{self, Canonicalization, Meanings, Octets};
use crate::crypto::{DigestValue, Unavailable};
use crate::dsig::{AttachmentScope, Covered};
use crate::trust::{Attested, Owner};
use crate::xml::{Document, Element};
use crate::xmlenc::{Moved, Moves};

/// What somebody whom we trust signed of a document that is about to be decrypted. It owns what it says, as the document will be no
/// more, and opens nothing by itself: [`carry`](Self::carry) finds it again in the document that takes its place.
///
/// Made only of [`Attested`].
///
/// ```compile_fail
/// let forged = sealgate::trust::CiphertextCovered { nodes: vec![], owner: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "what was signed before decryption is not seen afterwards"]
pub struct CiphertextCovered {
    owner: Owner,
    value: Vec<u8>,
    signed_info: DigestValue,
    signature: Range<usize>,
    nodes: Vec<Node>,
    attachments: Vec<(String, AttachmentScope)>,
}

/// An element that was digested, by its bytes in the document before.
#[derive(Debug)]
struct Node {
    apex: Range<usize>,
    except: Option<Range<usize>>,
    form: Option<Canonicalization>,
}

/// An attachment that was encrypted and is so no more.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecryptedAttachment {
    /// Its Content-ID.
    pub id: String,
    /// What of it was encrypted.
    pub scope: AttachmentScope,
    /// The EncryptedData that says so, by its bytes in the document before.
    pub data: Range<usize>,
}

impl CiphertextCovered {
    /// The part of `proof` that needs no document.
    ///
    /// # Errors
    /// The cryptography is not available.
    pub fn new(proof: Attested<'_>) -> Result<Self, Unavailable> {
        let covered = proof.covered();
        let nodes = covered.digested().map(|digested| Node {
            apex: digested.apex.span(),
            except: digested.except.map(|except| except.span()),
            form: digested.form.cloned(),
        });
        Ok(Self {
            value: covered.value().to_vec(),
            signed_info: covered.signed_info_digest()?,
            signature: covered.signature().span(),
            nodes: nodes.collect(),
            attachments: covered.attachments().to_vec(),
            owner: proof.into_owner(),
        })
    }

    /// Whether it covers the element at the bytes `element` of the document before.
    pub fn covers(&self, element: &Range<usize>) -> bool {
        let within = |around: &Range<usize>| around.start <= element.start && element.end <= around.end;
        self.nodes
            .iter()
            .any(|node| within(&node.apex) && !node.except.as_ref().is_some_and(within))
    }

    /// Whether it covers the attachment with this Content-ID, as it was received.
    pub fn covers_attachment(&self, id: &str) -> bool {
        self.attachments.iter().any(|(covered, _)| covered == id)
    }

    /// Finds what it covers in `document`, which decryption made of the one before, as `moves` has it. What was a part of ciphertext is
    /// covered no more, nor is the plaintext of an attachment if only its ciphertext is covered, and not what says how it is read: with
    /// another Type or MimeType the same ciphertext is something else.
    pub fn carry<'d>(
        self,
        moves: &Moves,
        document: &'d Document,
        decrypted: &[DecryptedAttachment],
    ) -> Option<Carried<'d>> {
        let Moved::Element(signature) = moves.find(&self.signature, document) else {
            return None;
        };
        let attachments = self.attachments.iter().filter_map(|(id, scope)| {
            match decrypted.iter().find(|decrypted| decrypted.id == *id) {
                None => Some((id.clone(), *scope)),
                Some(decrypted) if !self.covers(&decrypted.data) => None,
                // Its header was a part of the ciphertext.
                Some(decrypted) if decrypted.scope == AttachmentScope::Complete => {
                    Some((id.clone(), AttachmentScope::Complete))
                }
                Some(_) => Some((id.clone(), *scope)),
            }
        });
        let attachments = attachments.collect();
        let mut carried = Carried {
            owner: self.owner,
            value: self.value,
            signed_info: self.signed_info,
            signature,
            nodes: Vec::new(),
            contents: Vec::new(),
            attachments,
        };
        for node in self.nodes {
            match moves.find(&node.apex, document) {
                Moved::Element(apex) => carried.nodes.push(CarriedNode {
                    apex,
                    except: node.except.is_some().then_some(signature),
                    form: node.form,
                }),
                Moved::Content(around) => carried.contents.push(around),
                Moved::Gone => {}
            }
        }
        Some(carried)
    }
}

/// What a signature over the document before decryption covers, in the document after it.
#[derive(Debug)]
#[must_use = "who signed decides nothing by itself"]
pub struct Carried<'d> {
    owner: Owner,
    value: Vec<u8>,
    signed_info: DigestValue,
    signature: Element<'d>,
    nodes: Vec<CarriedNode<'d>>,
    contents: Vec<Element<'d>>,
    attachments: Vec<(String, AttachmentScope)>,
}

#[derive(Debug)]
struct CarriedNode<'d> {
    apex: Element<'d>,
    except: Option<Element<'d>>,
    form: Option<Canonicalization>,
}

/// Proof that somebody whom we trust signed parts of a document: as it is, or before it was decrypted.
#[derive(Debug)]
#[must_use = "who signed decides nothing by itself"]
pub enum Signed<'d> {
    /// These nodes.
    Attested(Attested<'d>),
    /// These nodes, or the ciphertext that they came from.
    Carried(Carried<'d>),
}

impl<'d> Signed<'d> {
    /// The `ds:Signature`.
    pub fn signature(&self) -> Element<'d> {
        match self {
            Self::Attested(proof) => proof.covered().signature(),
            Self::Carried(proof) => proof.signature,
        }
    }

    /// The proof about this document, with whose key it was, if it is one.
    pub fn attested(&self) -> Option<&Attested<'d>> {
        match self {
            Self::Attested(proof) => Some(proof),
            Self::Carried(_) => None,
        }
    }

    /// The proof about this document, if it is one.
    pub fn covered(&self) -> Option<&Covered<'d>> {
        match self {
            Self::Attested(proof) => Some(proof.covered()),
            Self::Carried(_) => None,
        }
    }

    /// The SignatureValue, decoded.
    pub fn value(&self) -> &[u8] {
        match self {
            Self::Attested(proof) => proof.covered().value(),
            Self::Carried(proof) => &proof.value,
        }
    }

    /// Who signed it.
    pub fn owner(&self) -> &Owner {
        match self {
            Self::Attested(proof) => proof.owner(),
            Self::Carried(proof) => &proof.owner,
        }
    }

    /// As [`Covered::signed_info_digest`](crate::dsig::Covered::signed_info_digest).
    ///
    /// # Errors
    /// The cryptography is not available.
    pub fn signed_info_digest(&self) -> Result<DigestValue, Unavailable> {
        match self {
            Self::Attested(proof) => proof.covered().signed_info_digest(),
            Self::Carried(proof) => Ok(proof.signed_info),
        }
    }

    /// The signed elements, in the order of the References.
    pub fn elements(&self) -> Vec<Element<'d>> {
        match self {
            Self::Attested(proof) => proof.covered().elements().collect(),
            Self::Carried(proof) => proof.nodes.iter().map(|node| node.apex).collect(),
        }
    }

    /// The elements of whose content, and nothing else, the ciphertext was signed.
    pub fn contents(&self) -> &[Element<'d>] {
        match self {
            Self::Attested(_) => &[],
            Self::Carried(proof) => &proof.contents,
        }
    }

    /// The signed subtrees, each with the enveloped signature that was left out of it.
    pub fn subtrees(&self) -> Vec<(Element<'d>, Option<Element<'d>>)> {
        match self {
            Self::Attested(proof) => proof.covered().subtrees().collect(),
            Self::Carried(proof) => proof.nodes.iter().map(|node| (node.apex, node.except)).collect(),
        }
    }

    /// As [`Covered::attachments`].
    pub fn attachments(&self) -> &[(String, AttachmentScope)] {
        match self {
            Self::Attested(proof) => proof.covered().attachments(),
            Self::Carried(proof) => &proof.attachments,
        }
    }

    /// Whether `element` is itself what a Reference resolved to, or was encrypted in it.
    pub fn signs(&self, element: Element<'d>) -> bool {
        match self {
            Self::Attested(proof) => proof.signs(element),
            Self::Carried(proof) => proof.nodes.iter().any(|node| node.apex == element),
        }
    }

    /// Whether `element` is in a signed subtree, and not in the signature that was left out of it.
    pub fn covers(&self, element: Element<'d>) -> bool {
        match self {
            Self::Attested(proof) => proof.covered().covers(element),
            Self::Carried(proof) => proof.nodes.iter().any(|node| {
                element.is_within(node.apex) && !node.except.is_some_and(|except| element.is_within(except))
            }),
        }
    }

    /// What prefixes mean in the octets of `element`, as [`take_octets`](Self::take_octets) gives them.
    pub fn meanings(&self, element: Element<'d>) -> Option<Meanings<'d>> {
        match self {
            Self::Attested(proof) => proof.covered().meanings(element),
            Self::Carried(proof) => {
                let form = proof.form(element)?;
                Some(Meanings::new(element, form.clone()))
            }
        }
    }

    /// The octets that were digested for `element`, as [`Covered::take_octets`](crate::dsig::Covered::take_octets) has them. Of
    /// an element with ciphertext in it, the same canonical form of it with the plaintext.
    pub fn take_octets(&mut self, element: Element<'d>) -> Option<Octets> {
        match self {
            Self::Attested(proof) => proof.take_octets(element),
            Self::Carried(proof) => {
                let mut octets = Vec::with_capacity(element.span().len());
                c14n::element(element, proof.form(element)?, None, &mut octets).ok()?;
                Some(octets.into())
            }
        }
    }
}

impl<'d> Carried<'d> {
    /// The `ds:Signature`.
    pub fn signature(&self) -> Element<'d> {
        self.signature
    }

    fn form(&self, element: Element<'d>) -> Option<&Canonicalization> {
        let mut nodes = self.nodes.iter().filter(|node| node.apex == element);
        nodes.find_map(|node| node.form.as_ref())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::{CanonicalizationAlgorithm, DigestAlgorithm};
    use crate::crypto::{PublicKey, digest};
    use crate::token::HeldKey;
    use crate::trust::EntityKey;
    use crate::xml::Limits;

    fn owner() -> Owner {
        let key = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys/alice.pub.pem");
        let key = PublicKey::from_pem(&std::fs::read(key).unwrap()).unwrap();
        let held = HeldKey {
            key,
            certificate: None,
        };
        Owner::Entity(EntityKey::new("urn:a".to_owned(), held))
    }

    fn named<'d>(document: &'d Document, name: &str) -> Element<'d> {
        let mut all = document.root().descendants();
        all.find(|element| element.name() == name).unwrap()
    }

    #[test]
    fn what_stands_in_an_enveloped_signature_is_not_covered_by_it() {
        let text = "<a><s><hole/></s><b><c/></b></a>";
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let [root, signature, hole] = ["a", "s", "hole"].map(|name| named(&document, name));
        let covers = |except: Option<Element<'_>>, name: &str| {
            let proof = CiphertextCovered {
                owner: owner(),
                value: Vec::new(),
                signed_info: digest(DigestAlgorithm::Sha256, b"").unwrap(),
                signature: signature.span(),
                nodes: vec![Node {
                    apex: root.span(),
                    except: except.map(Element::span),
                    form: None,
                }],
                attachments: Vec::new(),
            };
            let element = named(&document, name);
            let before = proof.covers(&element.span());
            let carried = proof.carry(&Moves::default(), &document, &[]).unwrap();
            (before, Signed::Carried(carried).covers(element))
        };
        for name in ["a", "b", "c"] {
            assert_eq!(covers(Some(signature), name), (true, true), "{name}");
        }
        for name in ["s", "hole"] {
            assert_eq!(covers(Some(signature), name), (false, false), "{name}");
            assert_eq!(covers(None, name), (true, true), "{name}");
        }
        assert!(hole.is_within(signature));
    }

    #[test]
    fn the_plaintext_of_an_attachment_is_covered_if_what_says_how_it_is_read_is() {
        let text = "<a><d/><s/></a>";
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let [data, signature] = ["d", "s"].map(|name| named(&document, name));
        let covered = |apex: Element<'_>, signed: AttachmentScope, encrypted: AttachmentScope| {
            let attachment = |id: &str| (id.to_owned(), signed);
            let proof = CiphertextCovered {
                owner: owner(),
                value: Vec::new(),
                signed_info: digest(DigestAlgorithm::Sha256, b"").unwrap(),
                signature: signature.span(),
                nodes: vec![Node {
                    apex: apex.span(),
                    except: None,
                    form: None,
                }],
                attachments: vec![attachment("hidden"), attachment("plain")],
            };
            let decrypted = DecryptedAttachment {
                id: "hidden".to_owned(),
                scope: encrypted,
                data: data.span(),
            };
            let carried = proof.carry(&Moves::default(), &document, &[decrypted]).unwrap();
            carried.attachments
        };
        let (content, complete) = (AttachmentScope::Content, AttachmentScope::Complete);
        let both = |hidden, plain| vec![("hidden".to_owned(), hidden), ("plain".to_owned(), plain)];
        assert_eq!(
            covered(signature, content, content),
            [("plain".to_owned(), content)]
        );
        assert_eq!(covered(data, content, content), both(content, content));
        // The header was a part of the ciphertext.
        assert_eq!(covered(data, content, complete), both(complete, content));
        assert_eq!(covered(data, complete, content), both(complete, complete));
    }

    #[test]
    fn nothing_else_than_what_was_signed_is_covered_or_given_out() {
        let text = "<a xmlns:u='urn:u'><b><c/></b><d><!--e--></d><s/></a>";
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let [b, d, signature] = ["b", "d", "s"].map(|name| named(&document, name));
        let node = |apex: Element<'_>, algorithm| Node {
            apex: apex.span(),
            except: None,
            form: Some(Canonicalization::from(algorithm)),
        };
        let proof = CiphertextCovered {
            owner: owner(),
            value: Vec::new(),
            signed_info: digest(DigestAlgorithm::Sha256, b"").unwrap(),
            signature: signature.span(),
            nodes: vec![
                node(b, CanonicalizationAlgorithm::Inclusive10),
                node(d, CanonicalizationAlgorithm::ExclusiveWithComments),
            ],
            attachments: vec![("one".to_owned(), AttachmentScope::Content)],
        };
        assert!(proof.covers_attachment("one") && !proof.covers_attachment("On"));
        let mut carried = Signed::Carried(proof.carry(&Moves::default(), &document, &[]).unwrap());
        for (name, covered) in [("a", false), ("b", true), ("c", true), ("d", true), ("s", false)] {
            assert_eq!(carried.covers(named(&document, name)), covered, "{name}");
        }
        let mut octets = |name: &str| {
            let octets = carried.take_octets(named(&document, name));
            octets.map(|octets| String::from_utf8(octets.to_vec()).unwrap())
        };
        assert_eq!(octets("b").unwrap(), "<b xmlns:u=\"urn:u\"><c></c></b>");
        assert_eq!(octets("d").unwrap(), "<d><!--e--></d>");
        assert_eq!(octets("a"), None);
        assert_eq!(octets("c"), None);
    }

    #[test]
    fn what_has_no_canonical_form_is_not_given_out() {
        let document =
            Document::parse("<a><b xmlns='relative'/><s/></a>".into(), &Limits::default()).unwrap();
        let [b, signature] = ["b", "s"].map(|name| named(&document, name));
        let mut signed = Signed::Carried(Carried {
            owner: owner(),
            value: Vec::new(),
            signed_info: digest(DigestAlgorithm::Sha256, b"").unwrap(),
            signature,
            nodes: vec![CarriedNode {
                apex: b,
                except: None,
                form: Some(CanonicalizationAlgorithm::Exclusive.into()),
            }],
            contents: Vec::new(),
            attachments: Vec::new(),
        });
        assert!(signed.take_octets(b).is_none());
    }
}
