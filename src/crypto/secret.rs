//! Secrets, and random bytes.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Unavailable;
use super::digest::constant_time_eq;

/// A shared secret, such as an HMAC key. Cheap to clone; its bytes are overwritten when the last clone goes, and
/// never shown (T152).
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<Box<[u8]>>>);

impl Secret {
    /// Takes the bytes of a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        // A boxed slice made of a vector with spare room is a copy, so the vector is overwritten as well.
        let bytes = Zeroizing::new(bytes);
        Self(Arc::new(Zeroizing::new(bytes.as_slice().into())))
    }

    /// A new random secret of `length` bytes.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the random generator fails.
    pub fn random(length: usize) -> Result<Self, Unavailable> {
        random_bytes(length).map(Self::new)
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no bytes at all; such a secret verifies and signs nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes themselves: for the mathematics, never for output.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// Two secrets are equal if their bytes are, compared in constant time; an empty one equals nothing.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.expose(), other.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// As many bytes from the crypto library's random generator.
///
/// # Errors
///
/// [`Unavailable`] when the generator fails.
pub fn random_bytes(length: usize) -> Result<Vec<u8>, Unavailable> {
    let mut bytes = vec![0; length];
    openssl::rand::rand_bytes(&mut bytes).map_err(|error| Unavailable::new("random bytes", error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_a_secret() {
        assert_eq!(format!("{:?}", Secret::new(b"hunter2".to_vec())), "Secret(…)");
    }

    #[test]
    fn equal_bytes_make_equal_secrets_and_no_bytes_equal_nothing() {
        assert_eq!(Secret::new(b"one".to_vec()), Secret::new(b"one".to_vec()));
        assert_ne!(Secret::new(b"one".to_vec()), Secret::new(b"two".to_vec()));
        assert_ne!(Secret::new(Vec::new()), Secret::new(Vec::new()));
    }

    #[test]
    fn random_bytes_are_of_the_length_asked_for_and_differ() {
        assert_eq!(random_bytes(16).unwrap().len(), 16);
        assert_ne!(random_bytes(16).unwrap(), random_bytes(16).unwrap());
        assert_ne!(Secret::random(16).unwrap(), Secret::random(16).unwrap());
    }
}
