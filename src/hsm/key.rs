use std::sync::Arc;

use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::connection::Handles;
use super::error::{Error, Failure};
use super::operation;
use super::pace::Pace;
use super::token::Token;
use super::uri::ObjectName;
use crate::algorithm::{DigestAlgorithm, MaskGeneration, SignatureAlgorithm, SignatureScheme};
use crate::crypto::{
    Ability, CipherError, Curve, HeldKey, KeyKind, Oaep, PrivateKey, PublicKey, Reserved, Secret, Turn,
    Unavailable, VerifyingKey, agree, decode_oaep, digest, encrypt_oaep, verify,
};

/// What a key signs to prove itself; no message that anybody else could want signed.
const PROOF: &[u8] = b"sealgate: is this the private half";

/// A key in a token: where it is, and what shows that it is the same.
pub(super) struct Key {
    pub(super) object: ObjectName,
    pub(super) public: PublicKey,
    /// Something that it can do.
    pub(super) proof: Ability,
    pub(super) pace: Arc<Pace>,
}

/// A key in a token, to be used.
pub(super) struct KeyInToken {
    pub(super) token: Arc<Token>,
    pub(super) key: Arc<Key>,
    pub(super) abilities: Vec<Ability>,
}

/// Private keys in the token as `object` names them.
pub(super) fn find(session: &Session, object: &ObjectName) -> Result<Vec<ObjectHandle>, Failure> {
    let mut template = vec![Attribute::Class(ObjectClass::PRIVATE_KEY)];
    template.extend(object.label.clone().map(Attribute::Label));
    template.extend(object.id.clone().map(Attribute::Id));
    Ok(session.find_objects(&template)?)
}

impl Key {
    /// What may be tried with a key of this kind, what is wanted most first.
    pub(super) fn conceivable(public: &PublicKey) -> Vec<Ability> {
        let digests = [
            DigestAlgorithm::Sha256,
            DigestAlgorithm::Sha1,
            DigestAlgorithm::Sha224,
            DigestAlgorithm::Sha384,
            DigestAlgorithm::Sha512,
        ];
        let oaep = digests.into_iter().flat_map(|digest| {
            let masks = MaskGeneration::ALL.iter();
            masks.map(move |mask| Ability::DecryptOaep(digest, *mask))
        });
        match public.kind() {
            KeyKind::Rsa { .. } => [Ability::Sign, Ability::DecryptRaw]
                .into_iter()
                .chain(oaep)
                .collect(),
            KeyKind::Ec(_) => vec![Ability::Sign, Ability::Agree],
            KeyKind::Ed25519 => vec![Ability::Sign],
            KeyKind::Dsa { .. } => Vec::new(),
        }
    }

    fn handle(&self, session: &Session, handles: &Handles<'_>) -> Result<ObjectHandle, Failure> {
        handles.of(self.public.spki_sha256(), || {
            match find(session, &self.object)?.as_slice() {
                [one] => Ok(*one),
                [] => Err(Failure::Gone("it does not have the key any more".to_owned())),
                _ => Err(Failure::Gone("it has several keys of the name".to_owned())),
            }
        })
    }

    /// Shows that the token has the private half.
    pub(super) fn prove(&self, session: &Session, handles: &Handles<'_>) -> Result<(), Error> {
        let handle = self.handle(session, handles)?;
        let shown = self
            .pace
            .measure(|| shows(session, handle, &self.public, self.proof))?;
        match shown {
            true => Ok(()),
            false => Err(Error::NotProved("it is another key".to_owned())),
        }
    }
}

/// Whether the key at `handle` does that, and its public half undoes it.
pub(super) fn shows(
    session: &Session,
    handle: ObjectHandle,
    public: &PublicKey,
    ability: Ability,
) -> Result<bool, Error> {
    let encrypted = |digest, mask| {
        let oaep = Oaep {
            digest,
            mask,
            label: Vec::new(),
        };
        let secret = Secret::random(16)?;
        let ciphertext = encrypt_oaep(public, &oaep, &secret);
        let ciphertext = ciphertext.map_err(|error| Error::NotProved(error.to_string()))?;
        Ok::<_, Error>((oaep, secret, ciphertext))
    };
    match ability {
        Ability::Sign => {
            let algorithm = proof_algorithm(public);
            let value = match algorithm.digest() {
                None => operation::sign(session, handle, public, algorithm.scheme(), PROOF)?,
                Some(hash) => {
                    let digest = digest(hash, PROOF)?;
                    operation::sign(session, handle, public, algorithm.scheme(), digest.as_bytes())?
                }
            };
            let public = VerifyingKey::Public(public.clone());
            Ok(verify(algorithm, &public, PROOF, &value).is_ok())
        }
        Ability::DecryptRaw => {
            let (oaep, secret, ciphertext) = encrypted(DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha256)?;
            let encoded = operation::decrypt_raw(session, handle, &ciphertext)?;
            let decoded = encoded.and_then(|encoded| decode_oaep(&oaep, encoded.expose()).ok());
            Ok(decoded == Some(secret))
        }
        Ability::DecryptOaep(digest, mask) => {
            let (oaep, secret, ciphertext) = encrypted(digest, mask)?;
            Ok(operation::decrypt_oaep(session, handle, &oaep, &ciphertext)? == Some(secret))
        }
        Ability::Agree => {
            let KeyKind::Ec(curve) = public.kind() else {
                return Ok(false);
            };
            let other =
                PrivateKey::generate_ec(curve).map_err(|error| Error::NotProved(error.to_string()))?;
            let secret = agree(&other, public).map_err(|error| Error::NotProved(error.to_string()))?;
            Ok(operation::agree(session, handle, other.public())? == secret)
        }
    }
}

fn proof_algorithm(public: &PublicKey) -> SignatureAlgorithm {
    match public.kind() {
        KeyKind::Ec(Curve::P256) => SignatureAlgorithm::EcdsaSha256,
        KeyKind::Ec(Curve::P384) => SignatureAlgorithm::EcdsaSha384,
        KeyKind::Ec(Curve::P521) => SignatureAlgorithm::EcdsaSha512,
        KeyKind::Ed25519 => SignatureAlgorithm::Ed25519,
        KeyKind::Rsa { .. } | KeyKind::Dsa { .. } => SignatureAlgorithm::RsaSha256,
    }
}

impl KeyInToken {
    /// Does `work` with the key.
    fn with<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&Session, ObjectHandle, &PublicKey) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let key = Arc::clone(&self.key);
        let done = self.token.call(turn, move |session, handles| {
            let handle = key.handle(session, handles)?;
            let work = || work(session, handle, &key.public);
            match turn {
                Turn::First => key.pace.measure(work),
                Turn::Of(_) => work(),
            }
        })?;
        done.map_err(Unavailable::of_token)
    }
}

impl HeldKey for KeyInToken {
    fn available(&self) -> Result<(), Unavailable> {
        self.token.available()
    }

    fn reserve(&self) -> Result<Reserved, Unavailable> {
        Ok(Reserved::of(self.token.reserve(&self.key.pace)?))
    }

    fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }

    fn sign(&self, scheme: SignatureScheme, digest: &[u8]) -> Result<Vec<u8>, Unavailable> {
        let digest = digest.to_vec();
        self.with(Turn::First, move |session, handle, public| {
            operation::sign(session, handle, public, scheme, &digest)
        })
    }

    fn decrypt_oaep(&self, parameters: &Oaep, ciphertext: &[u8], turn: Turn) -> Result<Secret, CipherError> {
        let (parameters, ciphertext) = (parameters.clone(), ciphertext.to_vec());
        let decrypted = self.with(turn, move |session, handle, _| {
            operation::decrypt_oaep(session, handle, &parameters, &ciphertext)
        })?;
        decrypted.ok_or(CipherError::Failed)
    }

    fn decrypt_raw(&self, ciphertext: &[u8], turn: Turn) -> Result<Secret, CipherError> {
        let ciphertext = ciphertext.to_vec();
        let decrypted = self.with(turn, move |session, handle, _| {
            operation::decrypt_raw(session, handle, &ciphertext)
        })?;
        decrypted.ok_or(CipherError::Failed)
    }

    fn agree(&self, other: &PublicKey, turn: Turn) -> Result<Secret, Unavailable> {
        let other = other.clone();
        self.with(turn, move |session, handle, _| {
            operation::agree(session, handle, &other)
        })
    }
}
