use super::data;
use super::error::{Error, ErrorKind};
use super::write::{self, EncryptedKeyText};
use crate::algorithm::{DataEncryptionAlgorithm, DigestAlgorithm, KeyWrapAlgorithm};
use crate::crypto::{
    CipherError, Oaep, PublicKey, Secret, Unavailable, agree_anew, concat_kdf, encrypt_data, encrypt_oaep,
    random_bytes, wrap_key,
};
use crate::xml::{Document, Element, is_ncname};

/// Whom something is encrypted to, and how the key gets there.
#[derive(Clone, Debug)]
pub enum Recipient<'r> {
    /// Encrypted to an RSA key.
    Transport {
        /// The recipient's key.
        key: &'r PublicKey,
        /// With these parameters.
        oaep: Oaep,
    },
    /// Wrapped with a key that is agreed on with an EC key: ECDH-ES with a key made for this one message, ConcatKDF over SHA-256, AES key
    /// wrap with 256 bits.
    Agreement {
        /// The recipient's key.
        key: &'r PublicKey,
    },
    /// Wrapped with a secret of 128, 192 or 256 bits that both sides know.
    Secret(&'r Secret),
}

/// What of an element is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Portion {
    /// The element itself.
    Element,
    /// What stands between its tags.
    Content,
}

/// A key for one document, made at random, that encrypts parts of it and goes along encrypted.
#[derive(Debug)]
pub struct SessionKey {
    algorithm: DataEncryptionAlgorithm,
    secret: Secret,
    /// The ID of the EncryptedKey.
    id: String,
}

impl SessionKey {
    /// A new key for `algorithm`.
    ///
    /// # Errors
    /// The random generator fails.
    pub fn new(algorithm: DataEncryptionAlgorithm) -> Result<Self, Error> {
        let secret = Secret::random(algorithm.key_size()).map_err(unavailable)?;
        let id = new_id("EncryptedKey")?;
        Ok(Self {
            algorithm,
            secret,
            id,
        })
    }

    /// The ID that [`encrypted_key`](Self::encrypted_key) carries.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text of an EncryptedData with a portion of `element`, which declares its prefixes, and its new ID. `key_info` is what
    /// its KeyInfo holds, with prefixes declared.
    ///
    /// The plaintext declares every prefix that is bound at `element`, so that it can be read by itself.
    ///
    /// # Errors
    /// The crypto library fails.
    pub fn encrypt(
        &self,
        element: Element<'_>,
        portion: Portion,
        key_info: &str,
    ) -> Result<(String, String), Error> {
        let (kind, plaintext) = match portion {
            Portion::Element => (data::ELEMENT, write::standalone(element)),
            Portion::Content => (data::CONTENT, write::standalone_content(element)),
        };
        let ciphertext = encrypt_data(self.algorithm, &self.secret, plaintext.as_bytes())
            .map_err(|error| Error::at(element, ErrorKind::Cipher(error)))?;
        let id = new_id("EncryptedData")?;
        let text = write::encrypted_data(&id, kind, self.algorithm, key_info, &ciphertext);
        Ok((text, id))
    }

    /// The text of the EncryptedKey for `recipient`, which declares its prefixes. `key_info` is what says who that is, `references` are
    /// the IDs of what is encrypted with the key.
    ///
    /// # Errors
    /// [`CipherError::Recipient`] for a key that nothing is encrypted to, [`CipherError::KeyLength`] for a secret that wraps nothing.
    pub fn encrypted_key(
        &self,
        recipient: &Recipient<'_>,
        key_info: &str,
        references: &[String],
    ) -> Result<String, Error> {
        let nowhere = |error| Error::nowhere(ErrorKind::Cipher(error));
        let mut text = EncryptedKeyText {
            id: &self.id,
            method: String::new(),
            key_info: key_info.to_owned(),
            ciphertext: Vec::new(),
            references,
        };
        match recipient {
            Recipient::Transport { key, oaep } => {
                text.ciphertext = encrypt_oaep(key, oaep, &self.secret).map_err(nowhere)?;
                text.method = write::oaep_method(oaep);
            }
            Recipient::Agreement { key } => {
                let (shared, originator) = agree_anew(key).map_err(nowhere)?;
                let wrapped = concat_kdf(KDF_DIGEST, &shared, ALGORITHM_ID, WRAP.key_size())
                    .and_then(|agreed| wrap_key(WRAP, &agreed, &self.secret));
                text.ciphertext = wrapped.map_err(nowhere)?;
                text.method = write::wrap_method(WRAP);
                text.key_info = write::agreement(&originator, KDF_DIGEST, ALGORITHM_ID, key_info);
            }
            Recipient::Secret(secret) => {
                let wrap = wrap_for(secret).map_err(nowhere)?;
                text.ciphertext = wrap_key(wrap, secret, &self.secret).map_err(nowhere)?;
                text.method = write::wrap_method(wrap);
            }
        }
        Ok(text.write())
    }
}

/// Encrypts portions of a document that is not SOAP: the key goes in the first, to which the others refer.
///
/// # Errors
/// [`ErrorKind::Target`] for portions that lie within each other; as [`SessionKey::encrypted_key`].
pub fn encrypt(
    document: &Document,
    targets: &[(Element<'_>, Portion)],
    key: &SessionKey,
    recipient: &Recipient<'_>,
    key_info: &str,
) -> Result<String, Error> {
    let mut targets = targets.to_vec();
    targets.sort_by_key(|(element, _)| element.span().start);
    check_apart(&targets)?;
    let mut key_info = key.encrypted_key(recipient, key_info, &[])?;
    let source = document.as_str();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    for (element, portion) in targets {
        let (text, _) = key.encrypt(element, portion, &key_info)?;
        let (start, end, replacement) = write::replacement(element, portion, &text);
        out.push_str(source.get(at..start).unwrap_or_default());
        out.push_str(&replacement);
        at = end;
        key_info = write::retrieval(key.id());
    }
    out.push_str(source.get(at..).unwrap_or_default());
    Ok(out)
}

/// Checks that none of `targets`, in document order, lies within another, and that there is one.
pub(crate) fn check_apart(targets: &[(Element<'_>, Portion)]) -> Result<(), Error> {
    for pair in targets.windows(2) {
        if let [(outer, _), (inner, _)] = pair
            && inner.is_within(*outer)
        {
            let what = "it lies within another part that is to be encrypted";
            return Err(Error::at(*inner, ErrorKind::Target(what)));
        }
    }
    Ok(())
}

const WRAP: KeyWrapAlgorithm = KeyWrapAlgorithm::Aes256;
const KDF_DIGEST: DigestAlgorithm = DigestAlgorithm::Sha256;
/// What the derived key is for (NIST SP 800-56A §5.8.1.2).
const ALGORITHM_ID: &[u8] = WRAP.uri().as_bytes();

/// The AES key wrap that takes a secret of this length.
fn wrap_for(secret: &Secret) -> Result<KeyWrapAlgorithm, CipherError> {
    let all = [KeyWrapAlgorithm::Aes128, KeyWrapAlgorithm::Aes192, WRAP];
    let fitting = all.into_iter().find(|wrap| wrap.key_size() == secret.len());
    fitting.ok_or(CipherError::KeyLength {
        expected: WRAP.key_size(),
        actual: secret.len(),
    })
}

/// An ID that nobody else has given.
pub(crate) fn new_id(name: &str) -> Result<String, Error> {
    let random = random_bytes(16).map_err(unavailable)?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = format!("{name}-{random}");
    debug_assert!(is_ncname(&id), "a name, a hyphen and digits");
    Ok(id)
}

fn unavailable(error: Unavailable) -> Error {
    Error::nowhere(ErrorKind::Cipher(CipherError::Unavailable(error)))
}
