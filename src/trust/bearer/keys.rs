use std::fmt;

use serde_json::Map;
use serde_json::Value;

use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Curve;
use crate::crypto::KeyKind;
use crate::crypto::PublicKey;
use crate::crypto::decode_base64_url;
use crate::token::jwt::json;

/// The keys that an issuer of tokens signs with: a JWK Set (RFC 7517 §5). By default there are none, and no token is good.
#[derive(Clone, Debug, Default)]
pub struct TokenKeys(Vec<TokenKey>);

#[derive(Clone, Debug)]
struct TokenKey {
    id: Option<String>,
    algorithm: Option<String>,
    key: PublicKey,
}

/// Why a JWK Set cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKeysError {
    /// It is no JSON object with a list `keys`, or a name stands twice.
    Malformed,
    /// Something in the list is no JSON object, by its number from 1.
    NoObject(usize),
    /// A key to verify with cannot be read, by its number from 1; RSA keys have at least 2048 bits.
    Key(usize),
    /// A key that is not public: whoever publishes it has lost it (RFC 7517 §9.2).
    Private(usize),
    /// It has the `kid` of another.
    Twice(usize),
    /// There is no public key to verify signatures with, or more than 64.
    Number,
}

/// Members that only a private or secret key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// The most keys.
const MOST: usize = 64;
const MIN_RSA_BITS: u32 = 2048;
/// A SubjectPublicKeyInfo of Ed25519 (RFC 8410 §4) up to the key itself.
const ED25519: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

impl TokenKeys {
    /// Reads a JWK Set. Keys for encryption, and of kinds and on curves that are not known here, are left out (RFC 7517 §5).
    ///
    /// # Errors
    /// [`TokenKeysError`].
    pub fn read(octets: &[u8]) -> Result<Self, TokenKeysError> {
        let set = json(octets).map_err(|_| TokenKeysError::Malformed)?;
        let keys = set.get("keys").and_then(Value::as_array);
        let mut read: Vec<TokenKey> = Vec::new();
        for (number, jwk) in (1..).zip(keys.ok_or(TokenKeysError::Malformed)?) {
            let jwk = jwk.as_object().ok_or(TokenKeysError::NoObject(number))?;
            if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
                return Err(TokenKeysError::Private(number));
            }
            if !verifies(jwk) || !is_known(jwk) {
                continue;
            }
            let key = TokenKey {
                id: text(jwk, "kid").map(str::to_owned),
                algorithm: text(jwk, "alg").map(str::to_owned),
                key: public_key(jwk).ok_or(TokenKeysError::Key(number))?,
            };
            if key.id.is_some() && read.iter().any(|other| other.id == key.id) {
                return Err(TokenKeysError::Twice(number));
            }
            read.push(key);
        }
        if read.is_empty() || read.len() > MOST {
            return Err(TokenKeysError::Number);
        }
        Ok(Self(read))
    }

    /// Whether a token signed with `algorithm` may hold.
    pub fn verify(&self, algorithm: SignatureAlgorithm) -> bool {
        self.0.iter().any(|key| key.may(algorithm))
    }

    /// The key called `id` if it may be used with `algorithm`; without a name the only one that may.
    pub(super) fn find(&self, id: Option<&str>, algorithm: SignatureAlgorithm) -> Option<&PublicKey> {
        let mut found = self
            .0
            .iter()
            .filter(|key| (id.is_none() || key.id.as_deref() == id) && key.may(algorithm));
        let first = found.next()?;
        found.next().is_none().then_some(&first.key)
    }
}

impl TokenKey {
    /// A key is for its algorithm, and a curve for its digest (RFC 7518 §3.4).
    fn may(&self, algorithm: SignatureAlgorithm) -> bool {
        let named = self.algorithm.as_deref();
        let fits = match self.key.kind() {
            KeyKind::Ec(Curve::P256) => algorithm == SignatureAlgorithm::EcdsaSha256,
            KeyKind::Ec(Curve::P384) => algorithm == SignatureAlgorithm::EcdsaSha384,
            KeyKind::Ec(Curve::P521) => algorithm == SignatureAlgorithm::EcdsaSha512,
            KeyKind::Rsa { .. } | KeyKind::Ed25519 => self.key.kind().family() == algorithm.family(),
            KeyKind::Dsa { .. } => false,
        };
        fits && named.is_none_or(|named| algorithm.jws_name() == Some(named))
    }
}

fn text<'j>(jwk: &'j Map<String, Value>, name: &str) -> Option<&'j str> {
    jwk.get(name).and_then(Value::as_str)
}

/// Whether it is a public key to verify signatures with.
fn verifies(jwk: &Map<String, Value>) -> bool {
    let operations = jwk.get("key_ops").and_then(Value::as_array);
    jwk.get("use").is_none_or(|purpose| purpose == "sig")
        && operations.is_none_or(|operations| operations.iter().any(|one| one == "verify"))
}

/// Whether it is a key of a kind, and on a curve, that signatures are verified with here.
fn is_known(jwk: &Map<String, Value>) -> bool {
    matches!(
        (text(jwk, "kty"), text(jwk, "crv")),
        (Some("RSA"), _) | (Some("EC"), Some("P-256" | "P-384" | "P-521")) | (Some("OKP"), Some("Ed25519"))
    )
}

fn public_key(jwk: &Map<String, Value>) -> Option<PublicKey> {
    let octets = |name: &str| decode_base64_url(text(jwk, name)?).ok();
    let key = match (text(jwk, "kty")?, text(jwk, "crv")) {
        ("RSA", _) => PublicKey::from_modulus_exponent(&octets("n")?, &octets("e")?).ok()?,
        ("EC", Some(name)) => {
            let (curve, length) = match name {
                "P-256" => (Curve::P256, 32),
                "P-384" => (Curve::P384, 48),
                "P-521" => (Curve::P521, 66),
                _ => return None,
            };
            let (x, y) = (octets("x")?, octets("y")?);
            if x.len() != length || y.len() != length {
                return None;
            }
            PublicKey::from_ec_point(curve, &[&[4][..], &x, &y].concat()).ok()?
        }
        ("OKP", Some("Ed25519")) => {
            let key = octets("x").filter(|key| key.len() == 32)?;
            PublicKey::from_der(&[&ED25519[..], &key].concat()).ok()?
        }
        _ => return None,
    };
    match key.kind() {
        KeyKind::Rsa { bits } if bits < MIN_RSA_BITS => None,
        KeyKind::Rsa { .. } | KeyKind::Ec(_) | KeyKind::Dsa { .. } | KeyKind::Ed25519 => Some(key),
    }
}

impl fmt::Display for TokenKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str(
                "it is no JWK Set: a JSON object with a list \"keys\", in which no name stands twice",
            ),
            Self::NoObject(number) => write!(f, "key {number} is no JSON object"),
            Self::Key(number) => write!(
                f,
                "key {number} is no point of its curve, cannot be read, or is an RSA key of less than 2048 bits"
            ),
            Self::Private(number) => write!(f, "key {number} is a private or secret key"),
            Self::Twice(number) => write!(f, "key {number} has the kid of another"),
            Self::Number => f.write_str("it has no public key to verify signatures with, or more than 64"),
        }
    }
}

impl std::error::Error for TokenKeysError {}
