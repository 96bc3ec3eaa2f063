//! Passwords: salted hashes to check them by, and keys that are derived from them.

use std::fmt;

use openssl::pkcs5::scrypt;
use zeroize::Zeroizing;

use super::DigestValue;
use super::Digester;
use super::Secret;
use super::Unavailable;
use super::digest::constant_time_eq;
use super::random_bytes;
use crate::algorithm::DigestAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// log2 of scrypt's N: with r = 8 each check takes 32 MiB for a moment.
const LOG_N: u8 = 15;
const R: u32 = 8;
const P: u32 = 3;
/// The greatest cost that is taken from a file, so that a mistyped one does not take all memory: 1 GiB.
const MOST_LOG_N: u8 = 20;
const MOST_P: u32 = 16;
const SALT: usize = 16;
const HASH: usize = 32;

/// A salted hash of a password, by scrypt (RFC 7914), written as `$scrypt$ln=15,r=8,p=3$SALT$HASH` with base64 without padding.
#[derive(Clone)]
pub struct PasswordHash {
    log_n: u8,
    p: u32,
    salt: Vec<u8>,
    hash: [u8; HASH],
}

/// The text is no `$scrypt$ln=15,r=8,p=3$SALT$HASH` with costs that are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoPasswordHash;

impl fmt::Display for NoPasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "not of the form $scrypt$ln={LOG_N},r={R},p={P}$SALT$HASH, with ln from {LOG_N} to {MOST_LOG_N} and p to {MOST_P}"
        )
    }
}

impl std::error::Error for NoPasswordHash {}

impl PasswordHash {
    /// The hash of `password` with a new salt.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] where the crypto library has no scrypt or no random numbers.
    pub fn new(password: &Secret) -> Result<Self, Unavailable> {
        let salt = random_bytes(SALT)?;
        let hash = hash(password, &salt, LOG_N, P)?;
        Ok(Self {
            log_n: LOG_N,
            p: P,
            salt,
            hash,
        })
    }

    /// A hash of nothing that anybody knows, as costly to check as `like` or as a new one: for users who do not exist, so that
    /// asking for them takes as long as asking for one who does.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] without random numbers.
    pub fn decoy(like: Option<&Self>) -> Result<Self, Unavailable> {
        let mut hash = [0; HASH];
        for (to, from) in hash.iter_mut().zip(random_bytes(HASH)?) {
            *to = from;
        }
        Ok(Self {
            log_n: like.map_or(LOG_N, |like| like.log_n),
            p: like.map_or(P, |like| like.p),
            salt: random_bytes(SALT)?,
            hash,
        })
    }

    /// Reads a hash as [`Display`](fmt::Display) writes it.
    ///
    /// # Errors
    ///
    /// [`NoPasswordHash`] for any other form, and for costs lower than those of new hashes or so high that a check would
    /// take gigabytes.
    pub fn parse(text: &str) -> Result<Self, NoPasswordHash> {
        let rest = text.strip_prefix("$scrypt$ln=").ok_or(NoPasswordHash)?;
        let mut parts = rest.split('$');
        let (Some(costs), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoPasswordHash);
        };
        let (log_n, more) = costs.split_once(",r=8,p=").ok_or(NoPasswordHash)?;
        let log_n = log_n.parse().map_err(|_| NoPasswordHash)?;
        let p = more.parse().map_err(|_| NoPasswordHash)?;
        if !(LOG_N..=MOST_LOG_N).contains(&log_n) || !(1..=MOST_P).contains(&p) {
            return Err(NoPasswordHash);
        }
        let bytes = |text: &str| STANDARD_NO_PAD.decode(text).map_err(|_| NoPasswordHash);
        let salt = bytes(salt)?;
        let hash = <[u8; HASH]>::try_from(bytes(hash)?).map_err(|_| NoPasswordHash)?;
        if salt.len() < SALT {
            return Err(NoPasswordHash);
        }
        Ok(Self { log_n, p, salt, hash })
    }

    /// Whether `password` is the one; compared in constant time.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] where the crypto library has no scrypt.
    pub fn is_of(&self, password: &Secret) -> Result<bool, Unavailable> {
        let found = hash(password, &self.salt, self.log_n, self.p)?;
        Ok(constant_time_eq(&found, &self.hash))
    }

    /// How much a check costs, to compare with others.
    pub fn cost(&self) -> u64 {
        (1_u64 << self.log_n.min(MOST_LOG_N)).saturating_mul(u64::from(self.p))
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (salt, hash) = (
            STANDARD_NO_PAD.encode(&self.salt),
            STANDARD_NO_PAD.encode(self.hash),
        );
        write!(f, "$scrypt$ln={},r={R},p={}${salt}${hash}", self.log_n, self.p)
    }
}

/// A hash is worth guessing against: it is never shown by accident.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

fn hash(password: &Secret, salt: &[u8], log_n: u8, p: u32) -> Result<[u8; HASH], Unavailable> {
    let n = 1_u64 << log_n.min(MOST_LOG_N);
    let most_memory = n
        .saturating_mul(128)
        .saturating_mul(u64::from(R))
        .saturating_add(1 << 20);
    let mut hash = [0; HASH];
    let made = scrypt(
        password.expose(),
        salt,
        n,
        R.into(),
        p.into(),
        most_memory,
        &mut hash,
    );
    made.map_err(|error| Unavailable::new("scrypt", error))?;
    Ok(hash)
}

/// The PasswordDigest of WSS UsernameToken Profile 1.1 §3.1: SHA-1 of the decoded nonce, the creation time as it is written, and the
/// password. Whether it is `expected` is found out in constant time.
///
/// # Errors
///
/// [`Unavailable`] where the crypto library has no SHA-1.
pub fn is_password_digest(
    expected: &[u8; 20],
    nonce: &[u8],
    created: &str,
    password: &Secret,
) -> Result<bool, Unavailable> {
    Ok(password_digest(nonce, created, password)?.matches(expected))
}

/// The PasswordDigest of WSS UsernameToken Profile 1.1 §3.1, to be sent.
///
/// # Errors
///
/// [`Unavailable`] where the crypto library has no SHA-1.
pub fn password_digest(nonce: &[u8], created: &str, password: &Secret) -> Result<DigestValue, Unavailable> {
    let mut digester = Digester::new(DigestAlgorithm::Sha1);
    digester.update(nonce);
    digester.update(created.as_bytes());
    digester.update(password.expose());
    digester.finish()
}

/// The key of WSS UsernameToken Profile 1.1 §4: SHA-1 of password and salt, hashed again until it was hashed `iterations` times.
///
/// # Errors
///
/// [`Unavailable`] where the crypto library has no SHA-1.
pub fn derive_username_key(password: &Secret, salt: &[u8], iterations: u32) -> Result<Secret, Unavailable> {
    let mut digester = Digester::new(DigestAlgorithm::Sha1);
    digester.update(password.expose());
    digester.update(salt);
    let mut key = Zeroizing::new(digester.finish()?.as_bytes().to_vec());
    for _ in 1..iterations {
        let mut digester = Digester::new(DigestAlgorithm::Sha1);
        digester.update(&key);
        key.copy_from_slice(digester.finish()?.as_bytes());
    }
    Ok(Secret::new(key.to_vec()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_hash_is_of_one_password_and_survives_writing() {
        let hash = PasswordHash::new(&secret("right")).unwrap();
        let again = PasswordHash::parse(&hash.to_string()).unwrap();
        assert!(again.is_of(&secret("right")).unwrap());
        assert!(!again.is_of(&secret("wrong")).unwrap());
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
        let other = PasswordHash::new(&secret("right")).unwrap();
        assert_ne!(hash.to_string(), other.to_string());
        assert_eq!(PasswordHash::decoy(Some(&hash)).unwrap().cost(), hash.cost());
    }

    #[test]
    fn another_implementation_made_the_same_hash() {
        // hashlib.scrypt(b"pleaseletmein", salt=b"SodiumChlorideXX", n=2**15, r=8, p=1, dklen=32)
        let text = "$scrypt$ln=15,r=8,p=1$U29kaXVtQ2hsb3JpZGVYWA$CT+rZO0uZYCt4956JFqFMgrny5X2gBXWHzr4ETSDyPw";
        let hash = PasswordHash::parse(text).unwrap();
        assert!(hash.is_of(&secret("pleaseletmein")).unwrap());
    }

    #[test]
    fn other_forms_and_costs_are_refused() {
        let good = PasswordHash::decoy(None).unwrap().to_string();
        assert!(PasswordHash::parse(&good).is_ok());
        for (from, to) in [
            ("ln=15", "ln=14"),
            ("ln=15", "ln=21"),
            ("p=3", "p=0"),
            ("p=3", "p=17"),
            ("r=8", "r=1"),
            ("$scrypt$", "$argon2id$"),
            ("p=3$", "p=3$AA$"),
        ] {
            assert_eq!(
                PasswordHash::parse(&good.replace(from, to)).unwrap_err(),
                NoPasswordHash,
                "{to}"
            );
        }
        assert!(PasswordHash::parse(good.rsplit_once('$').unwrap().0).is_err());
    }

    #[test]
    fn a_digest_is_of_nonce_time_and_password() {
        // hashlib.sha1(bytes(range(16)) + b"2026-11-24T00:00:00Z" + b"p").digest()
        let expected: [u8; 20] = [
            0, 129, 218, 220, 32, 88, 161, 95, 198, 213, 55, 87, 28, 186, 221, 23, 156, 150, 69, 88,
        ];
        let is = |nonce: &[u8], created: &str, password: &str| {
            is_password_digest(&expected, nonce, created, &secret(password)).unwrap()
        };
        let nonce: Vec<u8> = (0..16).collect();
        assert!(is(&nonce, "2026-11-24T00:00:00Z", "p"));
        assert!(!is(&nonce, "2026-11-24T00:00:01Z", "p"));
        assert!(!is(&nonce, "2026-11-24T00:00:00Z", "q"));
        assert!(!is(b"", "2026-11-24T00:00:00Z", "p"));
    }

    #[test]
    fn a_key_is_hashed_as_often_as_the_token_says() {
        // k = hashlib.sha1(b"p" + bytes(range(1, 17))).digest(), then 999 times k = hashlib.sha1(k).digest()
        let salt: Vec<u8> = (1..=16).collect();
        let key = derive_username_key(&secret("p"), &salt, 1_000).unwrap();
        assert_eq!(
            key.expose(),
            [
                128, 190, 210, 78, 33, 32, 242, 118, 36, 35, 154, 206, 19, 239, 73, 114, 167, 74, 182, 161
            ]
        );
        let other = derive_username_key(&secret("p"), &salt, 1_001).unwrap();
        assert_ne!(key.expose(), other.expose());
    }
}
