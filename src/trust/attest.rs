use std::fmt;

use crate::c14n::Octets;
use crate::crypto::{Certificate, PublicKey, VerifyingKey};
use crate::dsig::Covered;
use crate::token::HeldKey;
use crate::trust::{Signed, Signer, UserKey, VerifiedPath};
use crate::xml::Element;

/// Proof that somebody whom we trust signed these nodes. Made only here: the one place where keys meet identities.
#[derive(Debug)]
#[must_use = "who signed decides nothing by itself"]
pub struct Attested<'d> {
    covered: Covered<'d>,
    owner: Owner,
}

/// Whose key it is, and how we know.
#[derive(Debug)]
pub enum Owner {
    /// The subject of a certificate that leads to an anchor, or is one or a pin.
    Certified(VerifiedPath),
    /// A SAML entity whose metadata we were given.
    Entity(EntityKey),
    /// The subject of a SAML assertion: a trusted issuer says that this key is theirs.
    Subject(ConfirmationKey),
    /// Somebody who knows a user's password.
    User(UserKey),
}

/// A key that the metadata we were given binds to a SAML entity.
#[derive(Clone, Debug, PartialEq)]
pub struct EntityKey {
    entity: String,
    key: PublicKey,
    certificate: Option<Certificate>,
}

impl EntityKey {
    /// `held` is `entity`'s, says metadata that the operator named.
    pub(in crate::trust) fn new(entity: String, held: HeldKey) -> Self {
        Self {
            entity,
            key: held.key,
            certificate: held.certificate,
        }
    }

    /// The entityID.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The certificate in which the metadata has the key, if it has it in one.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }
}

/// A key of which an assertion that a trusted issuer signed says that its subject holds it (SAML Profiles §3.1).
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmationKey {
    key: PublicKey,
    assertion_id: String,
}

impl ConfirmationKey {
    /// `key` is confirmed by `assertion`, which `proof` covers; `None` if it does not.
    ///
    /// The caller read `key` and `assertion_id` from the very element `assertion`.
    pub fn new<'d>(
        proof: &Signed<'d>,
        assertion: Element<'d>,
        assertion_id: &str,
        key: PublicKey,
    ) -> Option<Self> {
        let issuer_signed = matches!(proof.owner(), Owner::Certified(_) | Owner::Entity(_));
        (issuer_signed && proof.covers(assertion)).then(|| Self {
            key,
            assertion_id: assertion_id.to_owned(),
        })
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The ID of the assertion.
    pub fn assertion_id(&self) -> &str {
        &self.assertion_id
    }
}

impl Owner {
    /// The public key; a user has none.
    pub fn public_key(&self) -> Option<&PublicKey> {
        match self {
            Self::Certified(path) => Some(path.key()),
            Self::Entity(entity) => Some(&entity.key),
            Self::Subject(subject) => Some(&subject.key),
            Self::User(_) => None,
        }
    }

    /// What their signatures are verified with.
    pub fn key(&self) -> VerifyingKey {
        match self {
            Self::Certified(path) => path.key().clone().into(),
            Self::Entity(entity) => entity.key.clone().into(),
            Self::Subject(subject) => subject.key.clone().into(),
            Self::User(user) => VerifyingKey::Hmac(user.key().clone()),
        }
    }

    /// What tells them from all others, for the memory of what was used.
    pub fn identity(&self) -> Vec<u8> {
        match self {
            Self::Certified(path) => path.key().spki_sha256().to_vec(),
            Self::Entity(entity) => entity.key.spki_sha256().to_vec(),
            Self::Subject(subject) => subject.key.spki_sha256().to_vec(),
            Self::User(user) => [b"user:", user.user().name().as_bytes()].concat(),
        }
    }

    /// The certificate, where there is one.
    pub fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Certified(path) => Some(path.certificate()),
            Self::Entity(_) | Self::Subject(_) | Self::User(_) => None,
        }
    }

    /// The certificate's names, where there is a certificate.
    pub fn signer(&self) -> Option<&Signer> {
        match self {
            Self::Certified(path) => Some(path.signer()),
            Self::Entity(_) | Self::Subject(_) | Self::User(_) => None,
        }
    }
}

/// The signature was made with another key than the trusted one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OtherKey(());

impl fmt::Display for OtherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature was made with another key than the one that is trusted")
    }
}

impl std::error::Error for OtherKey {}

/// Joins what a key signed to whose key it is, consuming the weaker proof.
///
/// # Errors
/// [`OtherKey`] if the two are about different keys.
pub fn attest(covered: Covered<'_>, owner: Owner) -> Result<Attested<'_>, OtherKey> {
    if *covered.key() == owner.key() {
        Ok(Attested { covered, owner })
    } else {
        Err(OtherKey(()))
    }
}

/// What `by` says of a signature that its owner signed, and did not make: that what `covered` proves is theirs to say.
///
/// `covered` was verified with the key in an EncryptedKey, which proves that the parts of the message belong together and not who put them
/// there. Whoever signs the `ds:Signature` itself, by a key of their own, signs the digests in it. `None` if `by` does not sign the signature
/// that made `covered`, or was not made with a key pair.
pub fn endorse<'d>(covered: Covered<'d>, by: &Attested<'d>) -> Option<Attested<'d>> {
    let owner = match &by.owner {
        Owner::Certified(path) => Owner::Certified(path.again()),
        Owner::Entity(entity) => Owner::Entity(entity.clone()),
        Owner::Subject(subject) => Owner::Subject(subject.clone()),
        Owner::User(_) => return None,
    };
    let is_mac = matches!(covered.key(), VerifyingKey::Hmac(_));
    (is_mac && by.may_endorse(covered.signature())).then_some(Attested { covered, owner })
}

impl<'d> Attested<'d> {
    /// Whether it was made with a key pair and signs `signature`, another one: asked before anything is computed for that.
    pub fn may_endorse(&self, signature: Element<'d>) -> bool {
        matches!(self.covered.key(), VerifyingKey::Public(_)) && self.covered.endorses(signature)
    }

    /// What was signed.
    pub fn covered(&self) -> &Covered<'d> {
        &self.covered
    }

    /// The same without whose key it was: the weaker proof.
    pub fn into_covered(self) -> Covered<'d> {
        self.covered
    }

    /// Whose key it was, without what was signed: the document is no more.
    pub(in crate::trust) fn into_owner(self) -> Owner {
        self.owner
    }

    /// The octets that were digested for `element`, as [`Covered::take_octets`] has them.
    pub fn take_octets(&mut self, element: Element<'d>) -> Option<Octets> {
        self.covered.take_octets(element)
    }

    /// Who signed it.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// Whether `element` is itself what a Reference resolved to.
    pub fn signs(&self, element: Element<'d>) -> bool {
        self.covered.signs(element)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::{DigestAlgorithm, Permitted, SignatureAlgorithm};
    use crate::crypto::{Curve, PrivateKey, Secret, SigningKey};
    use crate::dsig::{Keep, Objects, ReferenceToSign, Rules, Signature, SignatureRequest, sign, verify};
    use crate::xml::{Document, Limits, Namespace};

    fn key() -> SigningKey {
        SigningKey::Private(PrivateKey::generate_ec(Curve::P256).unwrap())
    }

    fn entity(key: &SigningKey) -> Owner {
        let VerifyingKey::Public(public) = key.verifying_key() else {
            unreachable!("a private key has a public one");
        };
        Owner::Entity(EntityKey::new(
            "https://idp.example".to_owned(),
            HeldKey {
                key: public,
                certificate: None,
            },
        ))
    }

    fn parse(text: &str) -> Document {
        Document::parse(text.to_owned().into(), &Limits::default()).unwrap()
    }

    /// `a` with its `b` signed by `key`, and not its `c`.
    fn signed(key: &SigningKey) -> Document {
        parse(&with_signature(
            "<a><b xml:id=\"b\"><d></d></b><c></c></a>",
            "b",
            key,
        ))
    }

    /// `text`, an `a`, with a signature by `key` over its `part`; signatures are called `s0` and on.
    fn with_signature(text: &str, part: &str, key: &SigningKey) -> String {
        let document = parse(text);
        let request = SignatureRequest {
            method: match key {
                SigningKey::Private(_) => SignatureAlgorithm::EcdsaSha256,
                SigningKey::Hmac(_) => SignatureAlgorithm::HmacSha256,
            },
            digest_algorithm: DigestAlgorithm::Sha256,
            references: vec![ReferenceToSign {
                element: document.element_by_id(part).unwrap(),
                id: Some(part.to_owned()),
                enveloped: false,
            }],
            key_info: String::new(),
            id: Some(format!("s{}", text.matches("<ds:Signature ").count())),
        };
        let signature = sign(&request, key).unwrap();
        text.replace("</a>", &format!("{signature}</a>"))
    }

    /// What the first signature proves.
    fn covered<'d>(document: &'d Document, key: &SigningKey) -> Covered<'d> {
        covered_by(document, 0, key)
    }

    fn covered_by<'d>(document: &'d Document, number: usize, key: &SigningKey) -> Covered<'d> {
        let limits = Limits::default();
        let signatures = [SignatureAlgorithm::EcdsaSha256, SignatureAlgorithm::HmacSha256];
        let permitted = Permitted {
            signatures: signatures.into_iter().collect(),
            ..Permitted::strict()
        };
        let elements = document.root().children();
        let signature = elements
            .filter(|element| element.is(Namespace::DS, "Signature"))
            .nth(number)
            .unwrap();
        let signature = Signature::read(signature, Objects::Refused, &limits).unwrap();
        let rules = Rules {
            permitted: &permitted,
            limits: &limits,
            keep: Keep::Octets,
        };
        verify(&signature, &key.verifying_key(), rules, &mut Vec::new()).unwrap()
    }

    #[test]
    fn a_signature_is_nobodys_whose_key_did_not_make_it() {
        let (ours, other) = (key(), key());
        let document = signed(&ours);
        assert_eq!(
            attest(covered(&document, &ours), entity(&other)).unwrap_err(),
            OtherKey(())
        );
        let mut proof = attest(covered(&document, &ours), entity(&ours)).unwrap();
        let b = document.element_by_id("b").unwrap();
        assert!(proof.signs(b));
        assert_eq!(
            proof.take_octets(b).unwrap().to_vec(),
            b"<b xml:id=\"b\"><d></d></b>"
        );
        assert_ne!(entity(&ours).identity(), entity(&other).identity());
        assert!(!entity(&ours).identity().is_empty());
    }

    #[test]
    fn a_mac_is_endorsed_only_by_whose_key_pair_signs_it() {
        let mac = SigningKey::Hmac(Secret::new(vec![7; 32]));
        let (alice, bob) = (key(), key());
        let whose = |first: &SigningKey, signed: &str| {
            let text = with_signature("<a><b xml:id=\"b\"></b></a>", "b", first);
            // The second is over the first, or over what that signed too.
            let document = parse(&with_signature(&text, signed, &alice));
            let by = attest(covered_by(&document, 1, &alice), entity(&alice)).unwrap();
            let endorsed = endorse(covered_by(&document, 0, first), &by)?;
            assert!(endorsed.signs(document.element_by_id("b").unwrap()));
            Some(endorsed.owner().identity())
        };
        assert_eq!(whose(&mac, "s0"), Some(entity(&alice).identity()));
        assert_eq!(whose(&mac, "b"), None);
        assert_eq!(whose(&bob, "s0"), None, "what Bob signed is his word");
    }

    #[test]
    fn what_was_endorsed_endorses_nothing_itself() {
        let [one, other] = [7, 8].map(|octet| SigningKey::Hmac(Secret::new(vec![octet; 32])));
        let alice = key();
        let text = with_signature("<a><b xml:id=\"b\"></b></a>", "b", &one);
        let text = with_signature(&text, "s0", &other);
        let document = parse(&with_signature(&text, "s1", &alice));
        let by = attest(covered_by(&document, 2, &alice), entity(&alice)).unwrap();
        let endorsed = endorse(covered_by(&document, 1, &other), &by).unwrap();
        assert!(endorse(covered_by(&document, 0, &one), &endorsed).is_none());
    }

    #[test]
    fn a_key_is_confirmed_only_in_what_an_issuer_signed() {
        let issuer = key();
        let document = signed(&issuer);
        let (VerifyingKey::Public(confirmed), root) = (key().verifying_key(), document.root()) else {
            unreachable!("a private key has a public one");
        };
        let [b, c, _] = root.children().collect::<Vec<_>>().try_into().unwrap();
        let confirm = |owner: Owner, element| {
            let proof = Signed::Attested(attest(covered(&document, &issuer), owner).unwrap());
            ConfirmationKey::new(&proof, element, "_1", confirmed.clone())
        };
        let known = confirm(entity(&issuer), b).unwrap();
        assert_eq!(known.assertion_id(), "_1");
        assert_eq!(confirm(entity(&issuer), c), None);
        // Who holds a key that an assertion confirms cannot confirm another one with it.
        let VerifyingKey::Public(same) = issuer.verifying_key() else {
            unreachable!("a private key has a public one");
        };
        let subject = Owner::Subject(ConfirmationKey {
            key: same,
            assertion_id: "_0".to_owned(),
        });
        assert_eq!(confirm(subject, b), None);
    }
}
