//! Private keys.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use openssl::error::ErrorStack;
use openssl::md_ctx::MdCtx;
use openssl::pkey::PKey;
use openssl::pkey::PKeyRef;
use openssl::pkey::Private;
use openssl::pkey_ctx::PkeyCtx;
use zeroize::Zeroizing;

use super::Ability;
use super::Curve;
use super::HeldKey;
use super::KeyError;
use super::KeyKind;
use super::PublicKey;
use super::Secret;
use super::Turn;
use super::Unavailable;
use super::held_key::Reserved;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::MaskGeneration;
use crate::algorithm::SignatureScheme;

/// Why a private key could not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateKeyError {
    /// The key is encrypted and no password was given.
    PasswordNeeded,
    /// Not a private key in a form that is read here, or the password is wrong.
    Unreadable(String),
    /// The file holds no private key.
    Missing,
    /// A private key of a kind that is not supported, or unusable.
    Key(KeyError),
    /// The parts of the key contradict each other.
    Inconsistent,
}

impl PrivateKeyError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PasswordNeeded => "config.key_password_needed",
            Self::Unreadable(_) => "config.key_unreadable",
            Self::Missing => "config.key_missing",
            Self::Key(error) => error.code(),
            Self::Inconsistent => "config.key_inconsistent",
        }
    }
}

impl fmt::Display for PrivateKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PasswordNeeded => f.write_str("the private key is encrypted and no password was given"),
            Self::Unreadable(why) => {
                write!(
                    f,
                    "the private key cannot be read, or the password is wrong: {why}"
                )
            }
            Self::Missing => f.write_str("there is no private key in it"),
            Self::Key(error) => error.fmt(f),
            Self::Inconsistent => f.write_str("the parts of the private key contradict each other"),
        }
    }
}

impl std::error::Error for PrivateKeyError {}

/// A private key. Cheap to clone; the crypto library overwrites it when the last clone goes, and it is never shown (T152). One that
/// others hold for us was never here.
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>, Turn);

struct Inner {
    key: Place,
    public: PublicKey,
    /// What keys are made of that stand for those which RSA 1.5 did not decrypt.
    rejection_secret: Secret,
    /// What has signed by that scheme and will again: to set it up takes as long as to digest some KiB.
    ready: Mutex<Option<(SignatureScheme, PkeyCtx<Private>)>>,
}

enum Place {
    Here(PKey<Private>),
    Held(Box<dyn HeldKey>),
}

/// Whether the label of a PEM block is that of a private key, of whatever kind.
fn is_private_key(block: &[u8]) -> bool {
    let mut lines = block.split(|byte| matches!(byte, b'\n' | b'\r'));
    let label = lines.next().unwrap_or_default();
    label.trim_ascii_end().ends_with(b"PRIVATE KEY-----")
}

impl PrivateKey {
    /// Reads the first private key of a PEM text: PKCS#8, plain or encrypted with `password`, or the older forms of
    /// RSA and EC keys.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError`] if there is none, the password is wrong or missing, or the key is unusable.
    pub fn from_pem(pem: &[u8], password: Option<&[u8]>) -> Result<Self, PrivateKeyError> {
        let mut asked = false;
        // Without a callback the library would ask on the terminal.
        let key = PKey::private_key_from_pem_callback(pem, |buffer| {
            asked = true;
            let copied = password.and_then(|password| {
                buffer.get_mut(..password.len())?.copy_from_slice(password);
                Some(password.len())
            });
            copied.ok_or_else(ErrorStack::get)
        });
        match key {
            Ok(key) => Self::from_openssl(key),
            Err(_) if asked && password.is_none() => Err(PrivateKeyError::PasswordNeeded),
            Err(error) => Err(PrivateKeyError::Unreadable(first_reason(&error))),
        }
    }

    /// Reads every private key of a PEM text likewise.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), of the first key that cannot be read.
    pub fn all_from_pem(pem: &[u8], password: Option<&[u8]>) -> Result<Vec<Self>, PrivateKeyError> {
        let begins: Vec<usize> = memchr::memmem::find_iter(pem, b"-----BEGIN ").collect();
        let ends = begins.iter().skip(1).copied().chain([pem.len()]);
        let blocks = begins.iter().zip(ends);
        // One at a time: of several the library passes over those that it does not know.
        let blocks = blocks.filter_map(|(begin, end)| pem.get(*begin..end));
        let keys: Vec<Self> = blocks
            .filter(|block| is_private_key(block))
            .map(|block| Self::from_pem(block, password))
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            // It says why there is none.
            return Self::from_pem(pem, password).map(|key| vec![key]);
        }
        Ok(keys)
    }

    /// Makes a new RSA key of 2048, 3072 or 4096 bits.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError`] if the crypto library cannot make one.
    pub fn generate_rsa(bits: u32) -> Result<Self, PrivateKeyError> {
        let key = openssl::rsa::Rsa::generate(bits).and_then(PKey::from_rsa);
        Self::from_openssl(key.map_err(|error| PrivateKeyError::Unreadable(first_reason(&error)))?)
    }

    /// Makes a new key on `curve`.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError`] if the crypto library cannot make one.
    pub fn generate_ec(curve: Curve) -> Result<Self, PrivateKeyError> {
        let key = PKey::ec_gen(&curve.to_string());
        Self::from_openssl(key.map_err(|error| PrivateKeyError::Unreadable(first_reason(&error)))?)
    }

    /// The key as the library has read it, checked.
    pub(super) fn from_openssl(key: PKey<Private>) -> Result<Self, PrivateKeyError> {
        let spki = key
            .public_key_to_der()
            .map_err(|error| PrivateKeyError::Unreadable(first_reason(&error)))?;
        let public = PublicKey::from_der(&spki).map_err(PrivateKeyError::Key)?;
        if !is_consistent(&key, &public).unwrap_or(false) {
            return Err(PrivateKeyError::Inconsistent);
        }
        let der = key.private_key_to_der().map(Zeroizing::new);
        let der = der.map_err(|error| PrivateKeyError::Unreadable(first_reason(&error)))?;
        let rejection_secret = Secret::new(openssl::sha::sha256(&der).to_vec());
        Ok(Self(
            Arc::new(Inner {
                key: Place::Here(key),
                public,
                rejection_secret,
                ready: Mutex::default(),
            }),
            Turn::default(),
        ))
    }

    /// A key that stays where it is, whose public half is `public`: the caller knows that it is. What stands for keys that RSA 1.5
    /// did not decrypt is made of `rejection_secret`.
    pub(crate) fn held(key: Box<dyn HeldKey>, public: PublicKey, rejection_secret: Secret) -> Self {
        Self(
            Arc::new(Inner {
                key: Place::Held(key),
                public,
                rejection_secret,
                ready: Mutex::default(),
            }),
            Turn::default(),
        )
    }

    /// The same key, which decrypts when it is that `turn`, where others hold it for us.
    #[must_use]
    pub fn in_turn(self, turn: Turn) -> Self {
        Self(self.0, turn)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.0.public
    }

    /// Whether others hold it for us: each use of it is waited for then, for seconds where they do not answer.
    pub fn is_held(&self) -> bool {
        matches!(self.0.key, Place::Held(_))
    }

    /// Whether whoever holds it is there, as far as that is known.
    ///
    /// # Errors
    /// The token that holds it is lost.
    pub fn available(&self) -> Result<(), Unavailable> {
        match &self.0.key {
            Place::Held(key) => key.available(),
            Place::Here(_) => Ok(()),
        }
    }

    /// A signature or decryption that can be made in time, kept for whoever has this.
    ///
    /// # Errors
    /// The token that holds it is lost, or has promised as many as it can make.
    pub fn reserve(&self) -> Result<Reserved, Unavailable> {
        match &self.0.key {
            Place::Held(key) => key.reserve(),
            Place::Here(_) => Ok(Reserved::default()),
        }
    }

    /// Whether that can be done with it.
    pub fn can(&self, ability: Ability) -> bool {
        let kind = self.0.public.kind();
        match (ability, &self.0.key) {
            (_, Place::Held(key)) => key.can(ability),
            (Ability::Sign, Place::Here(_)) => !matches!(kind, KeyKind::Dsa { .. }),
            (Ability::DecryptOaep(..) | Ability::DecryptRaw, Place::Here(_)) => {
                matches!(kind, KeyKind::Rsa { .. })
            }
            (Ability::Agree, Place::Here(_)) => matches!(kind, KeyKind::Ec(_)),
        }
    }

    /// Whether anything that is encrypted to it can be decrypted.
    pub fn decrypts(&self) -> bool {
        match self.0.public.kind() {
            KeyKind::Rsa { .. } => DigestAlgorithm::ALL.iter().any(|&digest| {
                MaskGeneration::ALL
                    .iter()
                    .any(|&mask| self.decrypts_oaep(digest, mask))
            }),
            KeyKind::Ec(_) => self.can(Ability::Agree),
            KeyKind::Dsa { .. } | KeyKind::Ed25519 => false,
        }
    }

    /// Whether what is encrypted with RSAES-OAEP over `digest` and `mask` can be.
    pub fn decrypts_oaep(&self, digest: DigestAlgorithm, mask: MaskGeneration) -> bool {
        self.can(Ability::DecryptRaw) || self.can(Ability::DecryptOaep(digest, mask))
    }

    /// The key as the library has it.
    ///
    /// # Errors
    /// It is held elsewhere.
    pub(super) fn openssl(&self) -> Result<&PKeyRef<Private>, Unavailable> {
        match &self.0.key {
            Place::Here(key) => Ok(key),
            Place::Held(_) => Err(Unavailable::of_token("it never leaves the token")),
        }
    }

    /// Who holds it, if it is not here.
    pub(super) fn holder(&self) -> Option<&dyn HeldKey> {
        match &self.0.key {
            Place::Here(_) => None,
            Place::Held(key) => Some(&**key),
        }
    }

    /// When its holder is asked to decrypt.
    pub(super) const fn turn(&self) -> Turn {
        self.1
    }

    /// Hands out what is set up to sign by `scheme`, if it is there and nobody else has it.
    pub(super) fn take_ready(&self, scheme: SignatureScheme) -> Option<PkeyCtx<Private>> {
        let mut ready = self.0.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, context) = ready.take_if(|(other, _)| *other == scheme)?;
        Some(context)
    }

    /// Keeps what has signed by `scheme` for the next time.
    pub(super) fn put_ready(&self, scheme: SignatureScheme, context: PkeyCtx<Private>) {
        *self.0.ready.lock().unwrap_or_else(PoisonError::into_inner) = Some((scheme, context));
    }

    pub(super) fn rejection_secret(&self) -> &Secret {
        &self.0.rejection_secret
    }

    /// The key as PKCS#8 in PEM, encrypted with nothing: for keys that a demonstration makes.
    ///
    /// # Errors
    ///
    /// [`PrivateKeyError`] if the crypto library cannot write it.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, PrivateKeyError> {
        let unreadable = |error: Unavailable| PrivateKeyError::Unreadable(error.to_string());
        let pem = self.openssl().map_err(unreadable)?.private_key_to_pem_pkcs8();
        pem.map(Into::into)
            .map_err(|error| PrivateKeyError::Unreadable(first_reason(&error)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.0.public)
    }
}

/// Whether the public half verifies what the private half signs; DSA keys, which sign nothing here, are left alone. The
/// library's own check proves that the factors are prime as well, which takes it half a second.
fn is_consistent(key: &PKeyRef<Private>, public: &PublicKey) -> Result<bool, ErrorStack> {
    const MESSAGE: &[u8] = &[0x5a; 32];
    let mut signature = Vec::new();
    match public.kind() {
        KeyKind::Rsa { .. } | KeyKind::Ec(_) => {
            let mut context = PkeyCtx::new(key)?;
            context.sign_init()?;
            context.sign_to_vec(MESSAGE, &mut signature)?;
            let mut context = PkeyCtx::new(public.openssl())?;
            context.verify_init()?;
            context.verify(MESSAGE, &signature)
        }
        KeyKind::Ed25519 => {
            let mut context = MdCtx::new()?;
            context.digest_sign_init(None, key)?;
            context.digest_sign_to_vec(MESSAGE, &mut signature)?;
            let mut context = MdCtx::new()?;
            context.digest_verify_init(None, public.openssl())?;
            context.digest_verify(MESSAGE, &signature)
        }
        KeyKind::Dsa { .. } => Ok(true),
    }
}

fn first_reason(error: &ErrorStack) -> String {
    let reason = error.errors().first().and_then(|error| error.reason());
    reason.unwrap_or("unknown reason").to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;
    use openssl::symm::Cipher;

    #[test]
    fn a_key_comes_back_from_pem() {
        let key = PrivateKey::generate_ec(Curve::P256).unwrap();
        let read = PrivateKey::from_pem(&key.to_pem().unwrap(), None).unwrap();
        assert_eq!(read.public(), key.public());
    }

    #[test]
    fn all_keys_come_back_from_pem_or_none() {
        let keys = [Curve::P256, Curve::P384].map(|curve| PrivateKey::generate_ec(curve).unwrap());
        let pem = keys.each_ref().map(|key| key.to_pem().unwrap().to_vec());
        let all = |pem: &[u8]| {
            let all = PrivateKey::all_from_pem(pem, None)?;
            Ok::<_, PrivateKeyError>(all.iter().map(|key| key.public().clone()).collect::<Vec<_>>())
        };
        let both = keys.each_ref().map(|key| key.public().clone());
        assert_eq!(all(&pem.concat()).unwrap(), both);
        let between = b"text\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".as_slice();
        assert_eq!(all(&[&pem[0], between, &pem[1]].concat()).unwrap(), both);
        let unknown = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n".as_slice();
        all(&[unknown, &pem[0]].concat()).unwrap_err();
        all(&[&pem[0], unknown].concat()).unwrap_err();
        all(between).unwrap_err();
    }

    #[test]
    fn an_encrypted_key_needs_its_password() {
        let key = PrivateKey::generate_ec(Curve::P384).unwrap();
        let pem = key
            .openssl()
            .unwrap()
            .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"secret")
            .unwrap();
        assert_eq!(
            PrivateKey::from_pem(&pem, Some(b"secret")).unwrap().public(),
            key.public()
        );
        assert_eq!(
            PrivateKey::from_pem(&pem, None).unwrap_err(),
            PrivateKeyError::PasswordNeeded
        );
        for wrong in [&b"wrong"[..], b"", &[b'x'; 5000]] {
            let error = PrivateKey::from_pem(&pem, Some(wrong)).unwrap_err();
            assert!(matches!(error, PrivateKeyError::Unreadable(_)), "{error:?}");
        }
    }

    #[test]
    fn a_key_whose_parts_contradict_each_other_is_refused() {
        let rsa = openssl::rsa::Rsa::generate(2048).unwrap();
        let own = |number: &openssl::bn::BigNumRef| number.to_owned().unwrap();
        let inconsistent = openssl::rsa::Rsa::from_private_components(
            own(rsa.n()),
            openssl::bn::BigNum::from_u32(3).unwrap(),
            own(rsa.d()),
            own(rsa.p().unwrap()),
            own(rsa.q().unwrap()),
            own(rsa.dmp1().unwrap()),
            own(rsa.dmq1().unwrap()),
            own(rsa.iqmp().unwrap()),
        );
        let rsa = inconsistent.and_then(PKey::from_rsa).unwrap();
        let group = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
        let [one, other] = [0, 1].map(|_| openssl::ec::EcKey::generate(&group).unwrap());
        let mixed =
            openssl::ec::EcKey::from_private_components(&group, one.private_key(), other.public_key());
        let ec = PKey::from_ec_key(mixed.unwrap()).unwrap();
        for key in [rsa, ec] {
            assert_eq!(
                PrivateKey::from_openssl(key).unwrap_err(),
                PrivateKeyError::Inconsistent
            );
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            &b""[..],
            b"no PEM",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(PrivateKey::from_pem(text, None).is_err());
        }
    }

    #[test]
    fn debug_output_shows_the_public_half_only() {
        let key = PrivateKey::generate_ec(Curve::P256).unwrap();
        assert_eq!(format!("{key:?}"), format!("PrivateKey({:?})", key.public()));
    }
}
