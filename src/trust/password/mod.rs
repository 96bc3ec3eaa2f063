//! Whether somebody who brings a user's name knows the user's password.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::algorithm::DataEncryptionAlgorithm;
use crate::crypto::CipherError;
use crate::crypto::PasswordHash;
use crate::crypto::Secret;
use crate::crypto::Unavailable;
use crate::crypto::decode_base64;
use crate::crypto::decrypt_data;
use crate::crypto::derive_username_key;
use crate::crypto::encode_base64;
use crate::crypto::encrypt_data;
use crate::crypto::is_password_digest;
use crate::token::username::Derivation;
use crate::xml::quoted;

/// The first line of a file of secrets.
const SECRETS: &str = "sealgate-secrets-1";
/// The bytes of the key of a file of secrets.
const SECRETS_KEY: usize = 32;

/// The users that the operator knows: for passwords that are sent, salted hashes; for digests and derived keys, which nobody can check
/// otherwise, the passwords.
#[derive(Debug, Default)]
pub struct Passwords {
    hashes: Option<Users<PasswordHash>>,
    secrets: Option<Users<Secret>>,
}

/// What is kept of each user, and what is compared for all who do not exist.
#[derive(Debug)]
struct Users<T> {
    known: BTreeMap<String, T>,
    decoy: T,
}

impl<T> Users<T> {
    /// What is to be compared for `name`, and whether it can be right.
    fn of(&self, name: &str) -> (&T, bool) {
        let known = self.known.get(name);
        (known.unwrap_or(&self.decoy), known.is_some())
    }
}

/// Proof that somebody knows a user's password. Made only by [`Passwords`].
///
/// ```compile_fail
/// let forged = sealgate::trust::VerifiedUser { name: "root".to_owned() };
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedUser {
    name: String,
}

/// A key that only somebody who knows a user's password can make.
#[derive(Clone, Debug, PartialEq)]
pub struct UserKey {
    user: VerifiedUser,
    key: Secret,
}

/// Why a password proves nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PasswordError {
    /// There is no such user, or the password is another; which of the two is told to nobody.
    Wrong,
    /// The operator has named no passwords that it could be compared with.
    NoPasswords,
    /// The cryptography is not available.
    Unavailable(Unavailable),
}

/// A file of users cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PasswordFileError {
    /// A line is no user with a hash or password; its number, from 1.
    Line(usize),
    /// A user stands there twice.
    Twice(String),
    /// The name cannot stand in a file.
    Name,
    /// The file has not been written by us, or was changed, or the key is another.
    Secrets,
    /// The key has not 32 bytes.
    KeyLength(usize),
    /// The cryptography is not available.
    Unavailable(Unavailable),
}

impl Passwords {
    /// Users by the text of a file of hashes, one `name:hash` a line, and of one of secrets with its key. Without either nobody is
    /// known.
    ///
    /// # Errors
    /// [`PasswordFileError`] for what is no such file.
    pub fn new(hashes: Option<&str>, secrets: Option<(&str, &Secret)>) -> Result<Self, PasswordFileError> {
        let hashes = hashes.map(|text| {
            let known = read_hashes(text)?;
            let dearest = known.values().max_by_key(|hash| hash.cost());
            let decoy = PasswordHash::decoy(dearest)?;
            Ok::<_, PasswordFileError>(Users { known, decoy })
        });
        let secrets = secrets.map(|(text, key)| {
            let known = read_secrets(text, key)?;
            let decoy = Secret::random(16)?;
            Ok::<_, PasswordFileError>(Users { known, decoy })
        });
        Ok(Self {
            hashes: hashes.transpose()?,
            secrets: secrets.transpose()?,
        })
    }

    /// Whether nobody's password could be compared.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_none() && self.secrets.is_none()
    }

    /// Compares a password that was sent with the user's hash.
    ///
    /// # Errors
    /// [`PasswordError`]; somebody who does not exist takes as long as somebody who does.
    pub fn verify_text(&self, name: &str, password: &Secret) -> Result<VerifiedUser, PasswordError> {
        let users = self.hashes.as_ref().ok_or(PasswordError::NoPasswords)?;
        let (hash, known) = users.of(name);
        user(name, hash.is_of(password)? && known)
    }

    /// Compares a PasswordDigest with what the user's password makes of `nonce` and `created`.
    ///
    /// # Errors
    /// As [`verify_text`](Self::verify_text).
    pub fn verify_digest(
        &self,
        name: &str,
        digest: &[u8; 20],
        nonce: &[u8],
        created: &str,
    ) -> Result<VerifiedUser, PasswordError> {
        let users = self.secrets.as_ref().ok_or(PasswordError::NoPasswords)?;
        let (secret, known) = users.of(name);
        user(name, is_password_digest(digest, nonce, created, secret)? && known)
    }

    /// Compares `password` with the one in the file of secrets.
    ///
    /// # Errors
    /// As [`verify_text`](Self::verify_text).
    pub fn verify_secret(&self, name: &str, password: &Secret) -> Result<VerifiedUser, PasswordError> {
        let users = self.secrets.as_ref().ok_or(PasswordError::NoPasswords)?;
        let (secret, known) = users.of(name);
        user(name, secret == password && known)
    }

    /// The key that the user's password makes by `derivation`; for somebody who does not exist, a key that nobody has.
    ///
    /// # Errors
    /// As [`verify_text`](Self::verify_text), but never [`PasswordError::Wrong`]: that shows when the key verifies nothing.
    pub fn derive(&self, name: &str, derivation: &Derivation) -> Result<UserKey, PasswordError> {
        let users = self.secrets.as_ref().ok_or(PasswordError::NoPasswords)?;
        let (secret, _) = users.of(name);
        let key = derive_username_key(secret, &derivation.salt, derivation.iterations)?;
        let user = VerifiedUser {
            name: name.to_owned(),
        };
        Ok(UserKey { user, key })
    }
}

fn user(name: &str, right: bool) -> Result<VerifiedUser, PasswordError> {
    right
        .then(|| VerifiedUser {
            name: name.to_owned(),
        })
        .ok_or(PasswordError::Wrong)
}

impl VerifiedUser {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl UserKey {
    /// Whose it is, if something verifies with it.
    pub fn user(&self) -> &VerifiedUser {
        &self.user
    }

    /// The key.
    pub fn key(&self) -> &Secret {
        &self.key
    }
}

/// The text of a file of hashes with the user `name` in it, who is added or gets another password.
///
/// # Errors
/// `text` is no such file, or `name` cannot stand in one.
pub fn with_hash(text: &str, name: &str, password: &Secret) -> Result<String, PasswordFileError> {
    check_name(name)?;
    read_hashes(text)?;
    let beginning = format!("{name}:$");
    let others = text.lines().filter(|line| !line.starts_with(&beginning));
    let mut written: String = others.map(|line| format!("{line}\n")).collect();
    written.push_str(&format!("{name}:{}\n", PasswordHash::new(password)?));
    Ok(written)
}

/// The text of a file of secrets with the user `name` in it, who is added or gets another password. An empty `text` begins one.
///
/// # Errors
/// `text` is no such file or has another key, or `name` cannot stand in one.
pub fn with_secret(
    text: &str,
    key: &Secret,
    name: &str,
    password: &Secret,
) -> Result<String, PasswordFileError> {
    check_name(name)?;
    let mut secrets = if text.is_empty() {
        BTreeMap::new()
    } else {
        read_secrets(text, key)?
    };
    secrets.insert(name.to_owned(), password.clone());
    let mut plain = Zeroizing::new(Vec::new());
    for (name, secret) in &secrets {
        let line = Zeroizing::new(format!("{name}:{}\n", encode_base64(secret.expose())));
        plain.extend_from_slice(line.as_bytes());
    }
    check_key(key)?;
    let sealed = encrypt_data(DataEncryptionAlgorithm::Aes256Gcm, key, &plain)?;
    Ok(format!("{SECRETS}\n{}\n", encode_base64(&sealed)))
}

/// A name without what would make it two lines or a comment.
fn check_name(name: &str) -> Result<(), PasswordFileError> {
    let fits = !name.is_empty() && !name.starts_with('#') && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or(PasswordFileError::Name)
}

/// `name:hash` a line; empty lines and those that begin with `#` count for nothing.
fn read_hashes(text: &str) -> Result<BTreeMap<String, PasswordHash>, PasswordFileError> {
    let mut hashes = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = || PasswordFileError::Line(index.saturating_add(1));
        // A hash has no colon, a name may.
        let (name, hash) = line.rsplit_once(':').ok_or_else(bad)?;
        check_name(name).map_err(|_| bad())?;
        let hash = PasswordHash::parse(hash).map_err(|_| bad())?;
        if hashes.insert(name.to_owned(), hash).is_some() {
            return Err(PasswordFileError::Twice(name.to_owned()));
        }
    }
    Ok(hashes)
}

fn read_secrets(text: &str, key: &Secret) -> Result<BTreeMap<String, Secret>, PasswordFileError> {
    check_key(key)?;
    let mut lines = text.lines();
    let (Some(SECRETS), Some(sealed), None) = (lines.next(), lines.next(), lines.next()) else {
        return Err(PasswordFileError::Secrets);
    };
    let sealed = decode_base64(sealed).map_err(|_| PasswordFileError::Secrets)?;
    let plain = Zeroizing::new(decrypt_data(DataEncryptionAlgorithm::Aes256Gcm, key, &sealed)?);
    let plain = std::str::from_utf8(&plain).map_err(|_| PasswordFileError::Secrets)?;
    let mut secrets = BTreeMap::new();
    for line in plain.lines() {
        let (name, secret) = line.rsplit_once(':').ok_or(PasswordFileError::Secrets)?;
        let secret = decode_base64(secret).map_err(|_| PasswordFileError::Secrets)?;
        secrets.insert(name.to_owned(), Secret::new(secret));
    }
    Ok(secrets)
}

fn check_key(key: &Secret) -> Result<(), PasswordFileError> {
    (key.len() == SECRETS_KEY)
        .then_some(())
        .ok_or(PasswordFileError::KeyLength(key.len()))
}

impl PasswordError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "trust.password",
            Self::NoPasswords => "trust.no_passwords",
            Self::Unavailable(error) => error.code(),
        }
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong => f.write_str("there is no such user, or the password is another"),
            Self::NoPasswords => {
                f.write_str("no users were given whose passwords could be compared with the UsernameToken")
            }
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PasswordError {}

impl From<Unavailable> for PasswordError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl fmt::Display for PasswordFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number} is no name, a colon, and a hash of a password"),
            Self::Twice(name) => write!(f, "the user {} stands there twice", quoted(name)),
            Self::Name => f.write_str(
                "a user's name is not empty, has no control characters, and does not begin with #",
            ),
            Self::Secrets => f.write_str("no file of secrets, or changed, or made with another key"),
            Self::KeyLength(length) => write!(
                f,
                "the key has {length} bytes where {SECRETS_KEY} are needed, as openssl rand -out FILE {SECRETS_KEY} makes them"
            ),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PasswordFileError {}

impl From<Unavailable> for PasswordFileError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<CipherError> for PasswordFileError {
    fn from(error: CipherError) -> Self {
        match error {
            CipherError::Unavailable(error) => Self::Unavailable(error),
            CipherError::KeyLength { .. } | CipherError::Failed | CipherError::Recipient => Self::Secrets,
        }
    }
}

#[cfg(test)]
mod tests;
