use std::fmt;

use crate::c14n::Octets;
use crate::crypto::{Certificate, PublicKey, VerifyingKey};
use crate::dsig::Covered;
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
}

impl EntityKey {
    /// `key` is `entity`'s, says metadata that the operator named.
    pub(in crate::trust) fn new(entity: String, key: PublicKey) -> Self {
        Self { entity, key }
    }

    /// The entityID.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// The key.
    pub fn key(&self) -> &PublicKey {
        &self.key
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
