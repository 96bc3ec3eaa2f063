//! Digests.

use std::fmt::{self, Write as _};
use std::sync::LazyLock;

use openssl::md::Md;
use openssl::md::MdRef;
use openssl::md_ctx::MdCtx;

use crate::algorithm::DigestAlgorithm;

/// The longest digest in bytes.
const MAX_SIZE: usize = 64;

/// The crypto library could not do what was asked, which says nothing about the message: a provider without the
/// algorithm, or no memory. Or the token did not that holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(Failure);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    Library { what: &'static str, detail: String },
    Token(String),
}

impl Unavailable {
    pub(super) fn new(what: &'static str, detail: impl fmt::Display) -> Self {
        Self(Failure::Library {
            what,
            detail: detail.to_string(),
        })
    }

    /// The token that holds a key did not use it; why.
    pub(crate) fn of_token(detail: impl fmt::Display) -> Self {
        Self(Failure::Token(detail.to_string()))
    }

    /// The code where a token holds the key, which may be back soon.
    pub(crate) const TOKEN: &str = "crypto.token_unavailable";

    /// `crypto.unavailable`, or `crypto.token_unavailable`.
    pub fn code(&self) -> &'static str {
        match &self.0 {
            Failure::Library { .. } => "crypto.unavailable",
            Failure::Token(_) => Self::TOKEN,
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Failure::Library { what, detail } => {
                write!(f, "the crypto library cannot compute {what}: {detail}")
            }
            Failure::Token(detail) => write!(f, "the token that holds our key does not use it: {detail}"),
        }
    }
}

impl std::error::Error for Unavailable {}

/// The digest of `bytes`.
///
/// # Errors
///
/// [`Unavailable`] when the crypto library has no such digest.
pub fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Result<DigestValue, Unavailable> {
    let mut digester = Digester::new(algorithm);
    digester.update(bytes);
    digester.finish()
}

/// Computes a digest from octets that come piece by piece.
///
/// Every call costs some tens of nanoseconds: hand it runs of bytes, not single ones.
pub struct Digester {
    /// The first failure stays: what comes after it changes nothing, and [`finish`](Self::finish) tells it.
    state: Result<MdCtx, Unavailable>,
}

impl Digester {
    /// Begins a digest. A failure of the crypto library is reported by [`finish`](Self::finish).
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self {
            state: begin(algorithm),
        }
    }

    /// Takes further octets.
    pub fn update(&mut self, octets: &[u8]) {
        #[cfg(test)]
        counted::add(octets.len());
        if let Ok(context) = &mut self.state
            && let Err(error) = context.digest_update(octets)
        {
            self.state = Err(Unavailable::new("a digest", error));
        }
    }

    /// The digest of all octets taken.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the crypto library failed anywhere since [`new`](Self::new).
    pub fn finish(self) -> Result<DigestValue, Unavailable> {
        let mut bytes = [0; MAX_SIZE];
        let length = self
            .state?
            .digest_final(&mut bytes)
            .map_err(|error| Unavailable::new("a digest", error))?;
        Ok(DigestValue { bytes, length })
    }
}

/// How many octets this thread has digested: what tests compare before and after work that must not be done.
#[cfg(test)]
pub(crate) mod counted {
    use std::cell::Cell;

    thread_local!(static OCTETS: Cell<usize> = const { Cell::new(0) });

    pub(super) fn add(octets: usize) {
        OCTETS.set(OCTETS.get().wrapping_add(octets));
    }

    pub(crate) fn octets() -> usize {
        OCTETS.get()
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").finish_non_exhaustive()
    }
}

/// A computed digest.
#[derive(Clone, Copy)]
pub struct DigestValue {
    bytes: [u8; MAX_SIZE],
    length: usize,
}

impl DigestValue {
    /// The bytes, as many as [`DigestAlgorithm::size`] says.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Whether `expected` is this digest, all of it, in a time that does not tell where they differ (T75).
    pub fn matches(&self, expected: &[u8]) -> bool {
        constant_time_eq(self.as_bytes(), expected)
    }
}

impl AsRef<[u8]> for DigestValue {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for DigestValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .try_for_each(|digit| f.write_char(digit))
    }
}

/// Whether two byte strings are the same, in a time that depends on their lengths only. Two empty ones are not:
/// nothing here may be proved by nothing.
pub(super) fn constant_time_eq(one: &[u8], other: &[u8]) -> bool {
    !one.is_empty() && one.len() == other.len() && openssl::memcmp::eq(one, other)
}

/// The digest implementation of the crypto library, fetched once in the life of the process.
pub(super) fn message_digest(algorithm: DigestAlgorithm) -> Result<&'static MdRef, Unavailable> {
    static FETCHED: LazyLock<Vec<(DigestAlgorithm, Option<Md>)>> = LazyLock::new(|| {
        let fetch = |&algorithm| (algorithm, Md::fetch(None, library_name(algorithm), None).ok());
        DigestAlgorithm::ALL.iter().map(fetch).collect()
    });
    let found = FETCHED.iter().find(|(other, _)| *other == algorithm);
    let md = found.and_then(|(_, md)| md.as_ref());
    md.map(|md| &**md)
        .ok_or_else(|| Unavailable::new(algorithm.name(), "no provider has it"))
}

fn begin(algorithm: DigestAlgorithm) -> Result<MdCtx, Unavailable> {
    let md = message_digest(algorithm)?;
    let mut context = MdCtx::new().map_err(|error| Unavailable::new("a digest", error))?;
    context
        .digest_init(md)
        .map_err(|error| Unavailable::new("a digest", error))?;
    Ok(context)
}

fn library_name(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Sha1 => "SHA1",
        DigestAlgorithm::Sha224 => "SHA2-224",
        DigestAlgorithm::Sha256 => "SHA2-256",
        DigestAlgorithm::Sha384 => "SHA2-384",
        DigestAlgorithm::Sha512 => "SHA2-512",
        DigestAlgorithm::Sha3_224 => "SHA3-224",
        DigestAlgorithm::Sha3_256 => "SHA3-256",
        DigestAlgorithm::Sha3_384 => "SHA3-384",
        DigestAlgorithm::Sha3_512 => "SHA3-512",
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]
    use super::*;

    /// FIPS 180-4 and FIPS 202: the digests of "abc", first eight bytes.
    const ABC: [(DigestAlgorithm, &str); 9] = [
        (DigestAlgorithm::Sha1, "a9993e364706816a"),
        (DigestAlgorithm::Sha224, "23097d223405d822"),
        (DigestAlgorithm::Sha256, "ba7816bf8f01cfea"),
        (DigestAlgorithm::Sha384, "cb00753f45a35e8b"),
        (DigestAlgorithm::Sha512, "ddaf35a193617aba"),
        (DigestAlgorithm::Sha3_224, "e642824c3f8cf24a"),
        (DigestAlgorithm::Sha3_256, "3a985da74fe225b2"),
        (DigestAlgorithm::Sha3_384, "ec01498288516fc9"),
        (DigestAlgorithm::Sha3_512, "b751850b1a57168a"),
    ];

    #[test]
    fn every_digest_is_the_one_of_its_standard() {
        assert_eq!(ABC.len(), DigestAlgorithm::ALL.len());
        for (algorithm, expected) in ABC {
            let value = digest(algorithm, b"abc").unwrap();
            assert_eq!(value.as_bytes().len(), algorithm.size());
            assert_eq!(format!("{value:?}")[..16], *expected, "{algorithm}");
        }
    }

    #[test]
    fn pieces_give_the_same_digest_as_the_whole() {
        let mut digester = Digester::new(DigestAlgorithm::Sha256);
        for piece in ["a", "", "b", "c"] {
            digester.update(piece.as_bytes());
        }
        let whole = digest(DigestAlgorithm::Sha256, b"abc").unwrap();
        assert!(digester.finish().unwrap().matches(whole.as_bytes()));
    }

    #[test]
    fn only_the_whole_digest_matches() {
        let value = digest(DigestAlgorithm::Sha256, b"abc").unwrap();
        let mut changed = value.as_bytes().to_vec();
        assert!(value.matches(&changed));
        changed[31] ^= 1;
        assert!(!value.matches(&changed));
        assert!(!value.matches(&value.as_bytes()[..31]));
        assert!(!value.matches(&[]));
        assert!(!constant_time_eq(&[], &[]));
    }

    #[test]
    fn a_failed_library_gives_no_digest() {
        let mut digester = Digester {
            state: Err(Unavailable::new("sha256", "no provider has it")),
        };
        digester.update(b"abc");
        assert_eq!(digester.finish().unwrap_err().code(), "crypto.unavailable");
    }
}
