use std::fmt;

use super::CipherError;
use super::Oaep;
use super::PublicKey;
use super::Secret;
use super::Unavailable;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::MaskGeneration;
use crate::algorithm::SignatureScheme;

/// A private key that stays where it is: others hold it, and use it for us.
pub trait HeldKey: Send + Sync {
    /// Whether its holder is there, as far as that is known: nobody is asked.
    ///
    /// # Errors
    /// It is known to be gone.
    fn available(&self) -> Result<(), Unavailable>;

    /// A signature or decryption that its holder can make in time, kept for whoever has this.
    ///
    /// # Errors
    /// The holder is known to be gone, or has promised as many as it can make.
    fn reserve(&self) -> Result<Reserved, Unavailable>;

    /// Whether its holder does that with it.
    fn can(&self, ability: Ability) -> bool;

    /// The signature of `digest` by `scheme`; for Ed25519 that of a message. ECDSA as raw r‖s.
    ///
    /// # Errors
    /// The holder does not.
    fn sign(&self, scheme: SignatureScheme, digest: &[u8]) -> Result<Vec<u8>, Unavailable>;

    /// What was encrypted with RSAES-OAEP by those parameters, which the holder [can](Self::can), when it is that `turn`.
    ///
    /// # Errors
    /// [`CipherError::Failed`] whatever is wrong with it, and nothing else that depends on it.
    fn decrypt_oaep(&self, parameters: &Oaep, ciphertext: &[u8], turn: Turn) -> Result<Secret, CipherError>;

    /// `ciphertext` to the private exponent, as long as the modulus.
    ///
    /// # Errors
    /// As [`decrypt_oaep`](Self::decrypt_oaep).
    fn decrypt_raw(&self, ciphertext: &[u8], turn: Turn) -> Result<Secret, CipherError>;

    /// The secret shared with `other`, a key on the same curve: the x coordinate, as long as the field.
    ///
    /// # Errors
    /// The holder does not.
    fn agree(&self, other: &PublicKey, turn: Turn) -> Result<Secret, Unavailable>;
}

/// Whose turn it is to have something decrypted, where more wait for the holder of a key than it can serve at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It comes before all others: it is of what was begun, and cannot be taken back.
    First,
    /// That of whoever goes by this number. They take turns, however much each of them asks for.
    Of(u64),
}

/// Where nobody has to be told from others.
impl Default for Turn {
    fn default() -> Self {
        Self::Of(0)
    }
}

/// A use of a private key that is kept for whoever has this, until it is dropped.
#[derive(Default)]
pub struct Reserved(#[expect(dead_code, reason = "it is there to be dropped")] Option<Box<dyn Send>>);

impl Reserved {
    /// Kept by `place`.
    pub fn of(place: impl Send + 'static) -> Self {
        Self(Some(Box::new(place)))
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").finish_non_exhaustive()
    }
}

/// What can be done with a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// It signs.
    Sign,
    /// It decrypts what was encrypted with RSAES-OAEP over this digest and mask.
    DecryptOaep(DigestAlgorithm, MaskGeneration),
    /// It raises to its exponent: every padding of RSA is read by that.
    DecryptRaw,
    /// It agrees on a secret with another key of its curve.
    Agree,
}
