//! The Security header that is handed on to a backend that verifies for itself.
//!
//! What was verified is used, and nothing else: the header is written anew of its signatures and of the items that they prove, around it stand the header
//! blocks and the Body in the octets that were digested, and what comes of it is judged again, by the same rules, before anybody gets it.

use bytes::Bytes;

use super::encrypted::Before;
use super::findings::Findings;
use super::gate::{Gate, Seen, Weighed};
use super::judging::Judging;
use super::message::Relayable;
use crate::algorithm::CanonicalizationAlgorithm;
use crate::c14n;
use crate::crypto::Certificate;
use crate::policy::{NotKept, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::soap::{Envelope, Roles};
use crate::token::x509::{ValueType, X509Token, base64_of};
use crate::trust::{Owner, Signed};
use crate::wss;
use crate::wss::Item;
use crate::xml::{Element, Namespace};

/// What becomes of the Security header by which a message was verified.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SenderHeader {
    /// Nobody gets it.
    #[default]
    TakenOut,
    /// It goes with the message, to be verified again; a message is refused of whose header more than what was proven would have to go.
    Kept,
}

impl Gate {
    /// The envelope with the Security header of `envelope`, for whoever verifies again what `relayable` holds. `encrypted` says whether anything
    /// was encrypted to us.
    ///
    /// # Errors
    /// `policy.security_header`: something in the header was not proven, or it does not hold any more where only what was proven is
    /// around it.
    pub(super) fn keep_header<'d>(
        &self,
        envelope: &'d Envelope,
        weighed: &mut Weighed<'d>,
        relayable: &Relayable,
        judging: Judging<'_>,
        encrypted: bool,
    ) -> Result<Bytes, Rejection> {
        let header = wss::Header::read(envelope, &self.roles, &self.policy.limits)?;
        let refuse = |why| Unmet::at(header.element(), UnmetKind::NotKept(why));
        if encrypted {
            return Err(refuse(NotKept::Encrypted).into());
        }
        check_role(envelope, &header)?;
        let proven = Proven::of(weighed);
        let mut security = Vec::new();
        for item in header.items() {
            let element = item.element();
            match weighed.admitted.take_octets(element) {
                Some(octets) => security.extend(octets.to_vec()),
                None => security.extend(proven.unsigned(item, &header, weighed)?),
            }
        }
        let bytes = Bytes::from(written(envelope, &header, &security, relayable));
        let again = |rejection: &Rejection| refuse(NotKept::Again(rejection.code()));
        let written = Envelope::parse(bytes.clone(), &self.policy.limits);
        let written = written.map_err(|error| again(&error.into()))?;
        let mut findings = Findings::unread();
        let mut seen = Seen::default();
        let judged = self.weigh(&written, Before::default(), judging, &mut findings, &mut seen);
        let judged = judged.map_err(|rejection| again(&rejection))?;
        // Whose it is and what was signed came out the same.
        if Proven::of(&judged).values != proven.values {
            return Err(refuse(NotKept::Again("dsig.signature_mismatch")).into());
        }
        Ok(bytes)
    }
}

/// A header for another receiver than the last is not for the backend.
fn check_role(envelope: &Envelope, header: &wss::Header<'_>) -> Result<(), Unmet> {
    let mut blocks = envelope.header_blocks();
    let other = blocks
        .find(|block| block.element() == header.element() && !block.targets(&Roles::default()))
        .and_then(|block| block.role());
    other.map_or(Ok(()), |role| {
        let why = NotKept::Role(role.into_owned());
        Err(Unmet::at(header.element(), UnmetKind::NotKept(why)))
    })
}

/// What the signatures of a message were trusted by.
struct Proven {
    /// The certificates of all paths.
    certificates: Vec<Certificate>,
    /// The keys of SAML entities.
    keys: Vec<[u8; 32]>,
    /// The values of the signatures, each with whose it is.
    values: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Proven {
    fn of(weighed: &Weighed<'_>) -> Self {
        let mut proven = Self {
            certificates: Vec::new(),
            keys: Vec::new(),
            values: Vec::new(),
        };
        for proof in proofs(weighed) {
            let owner = proof.owner();
            match owner {
                Owner::Certified(path) => {
                    proven.certificates.push(path.certificate().clone());
                    proven.certificates.extend(path.issuers().iter().cloned());
                }
                Owner::Entity(entity) => proven.keys.push(entity.key().spki_sha256()),
                Owner::Subject(_) | Owner::User(_) => {}
            }
            proven.values.push((proof.value().to_vec(), owner.identity()));
        }
        proven
    }

    /// The canonical octets of `item`, which the signature over the Body does not cover.
    ///
    /// # Errors
    /// It says anything that was not needed to verify the message.
    fn unsigned(
        &self,
        item: &Item<'_>,
        header: &wss::Header<'_>,
        weighed: &Weighed<'_>,
    ) -> Result<Vec<u8>, Unmet> {
        let element = item.element();
        let refuse = |why| Err(Unmet::at(element, UnmetKind::NotKept(why)));
        match item {
            Item::Signature(_) => {
                let mut signatures = weighed.admitted.signatures();
                let made = signatures.find(|proof| proof.signature() == element);
                self.check_signature(element, made.map(Signed::owner))?;
            }
            // Its issuer signed it, all but the signature itself.
            Item::Saml2Assertion(_) | Item::Saml1Assertion(_) => {
                let issuer = weighed.presented.as_ref().and_then(|presented| presented.proof());
                match issuer.filter(|proof| proof.signs(element)) {
                    Some(proof) => self.check_signature(proof.signature(), Some(proof.owner()))?,
                    None => return refuse(NotKept::NotSigned(element.path())),
                }
            }
            Item::X509Token(token) => self.check_token(token)?,
            // The STR-Transform signs what it stands for.
            Item::TokenReference(_) => {
                let meant = wss::dereference(element, header, &mut Vec::new());
                let main = weighed.admitted.main();
                let signed = |token: &Element<'_>| main.is_some_and(|main| main.signs(*token));
                if !meant.is_ok_and(|token| signed(&token)) {
                    return refuse(NotKept::NotSigned(element.path()));
                }
                self.check_reference(element, Described::Followed)?;
            }
            Item::Encryption(_) => return refuse(NotKept::Encrypted),
            Item::Timestamp(_) | Item::SignatureConfirmation(_) | Item::UsernameToken(_) => {
                return refuse(NotKept::NotSigned(element.path()));
            }
        }
        let mut octets = Vec::new();
        let form = CanonicalizationAlgorithm::Inclusive10.into();
        // Comments are left out; "<?" is nothing but the start of an instruction there.
        let canonical = c14n::element(element, &form, None, &mut octets);
        if canonical.is_err() || octets.windows(2).any(|two| two == b"<?") {
            return refuse(NotKept::Instruction);
        }
        Ok(octets)
    }

    /// A ds:Signature holds; what it says of its key is needed only as far as it leads to that key.
    fn check_signature(&self, signature: Element<'_>, owner: Option<&Owner>) -> Result<(), Unmet> {
        let Some(key_info) = signature.child(Namespace::DS, "KeyInfo") else {
            return Ok(());
        };
        if let Some(second) = key_info.children().nth(1) {
            return Err(not_needed(second));
        }
        let described = match owner {
            // Metadata said whose key it is, and nobody asked what it is called here.
            Some(Owner::Entity(_)) | None => Described::Ignored,
            Some(Owner::Certified(_) | Owner::Subject(_) | Owner::User(_)) => Described::Followed,
        };
        self.check_reference(key_info, described)
    }

    /// `root`, a KeyInfo or SecurityTokenReference that nobody signed, has nothing in it but certificates of a path that was trusted, or one way to
    /// the key, if that was `described`.
    fn check_reference(&self, root: Element<'_>, described: Described) -> Result<(), Unmet> {
        let (mut carries, mut description) = (false, None);
        for element in root.descendants() {
            let mut attributes = element.attributes();
            let known = [Namespace::NONE, Namespace::WSU, Namespace::WSSE11];
            if attributes.any(|attribute| !known.contains(&attribute.namespace_id())) {
                return Err(not_needed(element));
            }
            match (element.namespace_id(), element.local_name()) {
                (Namespace::DS, "KeyInfo" | "X509Data" | "X509IssuerName" | "X509SerialNumber")
                | (Namespace::WSSE, "SecurityTokenReference" | "Reference") => {}
                (Namespace::DS, "X509Certificate") => {
                    carries = true;
                    if !base64_of(element).is_ok_and(|der| self.knows(&der)) {
                        return Err(not_known(element));
                    }
                }
                (Namespace::DS, "X509IssuerSerial" | "X509SKI" | "X509SubjectName")
                | (Namespace::DSIG11, "X509Digest")
                | (Namespace::WSSE, "KeyIdentifier") => description = Some(element),
                _ => return Err(not_needed(element)),
            }
        }
        match description {
            // Which of the two counts, readers need not agree.
            Some(element) if carries || described == Described::Ignored => Err(not_needed(element)),
            Some(_) | None => Ok(()),
        }
    }

    /// A token that nobody signed has nothing in it but certificates of a path that was trusted.
    fn check_token(&self, token: &X509Token<'_>) -> Result<(), Unmet> {
        let of_certificates = matches!(token.value_type(), ValueType::X509v3 | ValueType::X509PkiPathV1);
        if of_certificates && token.certificates().iter().all(|der| self.knows(der)) {
            return Ok(());
        }
        Err(not_known(token.element()))
    }

    fn knows(&self, der: &[u8]) -> bool {
        let of_path = self.certificates.iter().any(|known| known.der() == der);
        of_path
            || Certificate::from_der(der)
                .is_ok_and(|found| self.keys.contains(&found.public_key().spki_sha256()))
    }
}

/// Whether what a signature says of its key led to the key.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Described {
    Followed,
    Ignored,
}

fn not_needed(element: Element<'_>) -> Unmet {
    Unmet::at(element, UnmetKind::NotKept(NotKept::NotNeeded(element.path())))
}

fn not_known(element: Element<'_>) -> Unmet {
    Unmet::at(element, UnmetKind::NotKept(NotKept::Certificate(element.path())))
}

/// The signatures of the header, and that of the assertion's issuer.
fn proofs<'w, 'd>(weighed: &'w Weighed<'d>) -> impl Iterator<Item = &'w Signed<'d>> {
    let issuer = weighed.presented.as_ref().and_then(|presented| presented.proof());
    weighed.admitted.signatures().chain(issuer)
}

/// An envelope with `security` in its Security header. It has the prefixes of the old one, which forms of canonicalization that are not exclusive
/// digest with every part.
fn written(envelope: &Envelope, header: &wss::Header<'_>, security: &[u8], relayable: &Relayable) -> Vec<u8> {
    let soap = envelope.version().namespace().uri();
    let (root, element) = (envelope.root().prefix(), header.element().prefix());
    let named = |prefix: &str, local: &str| match prefix {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    };
    let declared = |prefix: &str, namespace: &str| match prefix {
        "" => format!("xmlns=\"{namespace}\""),
        prefix => format!("xmlns:{prefix}=\"{namespace}\""),
    };
    // An attribute has its namespace by a prefix only.
    let (understand, more) = match root {
        "" => ("soap", format!(" xmlns:soap=\"{soap}\"")),
        prefix => (prefix, String::new()),
    };
    let start = format!(
        "<{} {}><{}><{} {}{more} {understand}:mustUnderstand=\"1\">",
        named(root, "Envelope"),
        declared(root, soap),
        named(root, "Header"),
        named(element, "Security"),
        declared(element, Namespace::WSSE.uri()),
    );
    let end = format!("</{}>", named(root, "Envelope"));
    let mut pieces = vec![start.as_bytes(), security];
    let middle = format!("</{}>", named(element, "Security"));
    pieces.push(middle.as_bytes());
    pieces.extend(relayable.headers().iter().flat_map(|octets| octets.pieces()));
    let header_end = format!("</{}>", named(root, "Header"));
    pieces.push(header_end.as_bytes());
    pieces.extend(relayable.body().pieces());
    pieces.push(end.as_bytes());
    pieces.concat()
}
