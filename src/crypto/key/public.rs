//! Public keys.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use openssl::bn::BigNum;
use openssl::bn::BigNumContext;
use openssl::bn::BigNumRef;
use openssl::dsa::Dsa;
use openssl::ec::Asn1Flag;
use openssl::ec::EcGroup;
use openssl::ec::EcKey;
use openssl::ec::EcPoint;
use openssl::ec::EcPointRef;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::Id;
use openssl::pkey::PKey;
use openssl::pkey::PKeyRef;
use openssl::pkey::Public;
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Rsa;

use super::Curve;
use super::KeyError;
use super::KeyKind;
use super::spki::Spki;
use crate::algorithm::SignatureAlgorithm;

/// The longest RSA modulus and DSA p in bits; a longer one only costs time.
const MAX_BITS: u32 = 16_384;
/// The longest RSA exponent in bits (FIPS 186-5 §A.1.1): the time of a verification grows with it.
const MAX_EXPONENT_BITS: i32 = 256;

/// The first byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;

/// A public key. Cheap to clone. Two are equal if their SubjectPublicKeyInfo is.
///
/// Reading one checks what makes it a usable key at all (exponent, curve, point); whether it is long enough is for a policy
/// to say, from [`kind`](Self::kind).
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    key: PKey<Public>,
    kind: KeyKind,
    spki: Vec<u8>,
    spki_sha256: [u8; 32],
    /// The order that r and s of a signature are below, big-endian: n of a curve, q of DSA; empty for the others.
    order: Vec<u8>,
    /// Contexts that have verified before with this key: making one costs a sixth of an RSA verification.
    contexts: Mutex<Vec<(SignatureAlgorithm, PkeyCtx<Public>)>>,
}

/// As many contexts wait for their next use; the memory of a key stays bounded.
const MAX_IDLE_CONTEXTS: usize = 8;

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7): exactly that, nothing after it, DER and not BER (T43).
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what is wrong with the bytes or with the key.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        match Spki::read(der)? {
            // What was read so strictly is the one encoding of the key.
            Spki::Rsa { modulus, exponent } => Ok(Self::new(rsa(modulus, exponent)?, der.to_vec())),
            Spki::Ec { curve, point } if point.first() == Some(&UNCOMPRESSED) => {
                Ok(Self::new(ec(curve, point)?, der.to_vec()))
            }
            Spki::Ec { curve, point } => Self::from_checked(ec(curve, point)?),
            Spki::Other => {
                let key = PKey::public_key_from_der(der).map_err(malformed)?;
                if key.public_key_to_der().map_err(malformed)? != der {
                    return Err(KeyError::Malformed("it is not DER".to_owned()));
                }
                Self::from_openssl(&key)
            }
        }
    }

    /// Reads one PEM block, `PUBLIC KEY` or `RSA PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says what is wrong with the text or with the key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        const PKCS1: &[u8] = b"-----BEGIN RSA PUBLIC KEY-----";
        let key = if pem.windows(PKCS1.len()).any(|window| window == PKCS1) {
            Rsa::public_key_from_pem_pkcs1(pem).and_then(PKey::from_rsa)
        } else {
            PKey::public_key_from_pem(pem)
        };
        Self::from_openssl(&*key.map_err(malformed)?)
    }

    /// The RSA key of an RSAKeyValue: modulus and exponent, big-endian (XML Signature 1.1 §4.5.2.2).
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the numbers make no usable key.
    pub fn from_modulus_exponent(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        Self::from_checked(rsa(modulus, exponent)?)
    }

    /// The key of an ECKeyValue: an uncompressed point, 0x04 and both coordinates (XML Signature 1.1 §4.5.2.3).
    ///
    /// # Errors
    ///
    /// [`KeyError`] if it is no point of the curve.
    pub fn from_ec_point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        if point.first() != Some(&UNCOMPRESSED) {
            return Err(KeyError::Point);
        }
        Self::from_checked(ec(curve, point)?)
    }

    /// The key of a DSAKeyValue: p, q, g and y, big-endian (XML Signature 1.1 §4.5.2.1).
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the numbers make no usable key.
    pub fn from_dsa_parameters(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let key = Dsa::from_public_components(number(p)?, number(q)?, number(g)?, number(y)?);
        Self::from_openssl(&*key.and_then(PKey::from_dsa).map_err(malformed)?)
    }

    /// The key as the library has read it, for instance from a file, checked as every other.
    pub(in crate::crypto) fn from_openssl(key: &PKeyRef<Public>) -> Result<Self, KeyError> {
        Self::from_checked(match key.id() {
            Id::RSA => checked_rsa(&key.rsa().map_err(malformed)?)?,
            Id::EC => checked_ec(&key.ec_key().map_err(malformed)?)?,
            Id::DSA => checked_dsa(&key.dsa().map_err(malformed)?)?,
            Id::ED25519 => checked_ed25519(key)?,
            other => return Err(KeyError::Unsupported(kind_name(other))),
        })
    }

    fn from_checked(checked: Checked) -> Result<Self, KeyError> {
        let spki = checked.key.public_key_to_der().map_err(malformed)?;
        Ok(Self::new(checked, spki))
    }

    fn new(Checked { key, kind, order }: Checked, spki: Vec<u8>) -> Self {
        Self(Arc::new(Inner {
            key,
            kind,
            spki_sha256: openssl::sha::sha256(&spki),
            spki,
            order,
            contexts: Mutex::default(),
        }))
    }

    /// What kind of key it is, and how strong.
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// Its SubjectPublicKeyInfo in DER, a point uncompressed.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// SHA-256 of [`spki`](Self::spki).
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.0.spki_sha256
    }

    /// Modulus and exponent, big-endian without leading zeros; `None` if it is not an RSA key.
    pub fn modulus_exponent(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let rsa = self.0.key.rsa().ok()?;
        Some((rsa.n().to_vec(), rsa.e().to_vec()))
    }

    /// Its curve and point, uncompressed as an ECKeyValue has it; `None` if it is not an EC key.
    pub fn ec_point(&self) -> Option<(Curve, &[u8])> {
        let KeyKind::Ec(curve) = self.0.kind else {
            return None;
        };
        // It is what the SubjectPublicKeyInfo ends with.
        let length = curve.size().saturating_mul(2).saturating_add(1);
        let start = self.0.spki.len().checked_sub(length)?;
        Some((curve, self.0.spki.get(start..)?))
    }

    pub(in crate::crypto) fn openssl(&self) -> &PKeyRef<Public> {
        &self.0.key
    }

    /// The order that r and s are below, big-endian; empty where there is none.
    pub(in crate::crypto) fn order(&self) -> &[u8] {
        &self.0.order
    }

    /// A context that waits for its next use with this algorithm.
    pub(in crate::crypto) fn take_context(&self, algorithm: SignatureAlgorithm) -> Option<PkeyCtx<Public>> {
        let mut idle = self.0.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        let index = idle.iter().position(|(other, _)| *other == algorithm)?;
        Some(idle.swap_remove(index).1)
    }

    /// Keeps a context that has just verified, for its next use.
    pub(in crate::crypto) fn keep_context(&self, algorithm: SignatureAlgorithm, context: PkeyCtx<Public>) {
        let mut idle = self.0.contexts.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE_CONTEXTS {
            idle.push((algorithm, context));
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl std::hash::Hash for PublicKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.spki_sha256.hash(state);
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, spki sha256 ", self.0.kind)?;
        self.0
            .spki_sha256
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

struct Checked {
    key: PKey<Public>,
    kind: KeyKind,
    order: Vec<u8>,
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Checked, KeyError> {
    let key = Rsa::from_public_components(number(modulus)?, number(exponent)?);
    checked_rsa(&key.map_err(malformed)?)
}

/// The key of a point as SEC 1 §2.3.3 writes it, uncompressed or compressed.
fn ec(curve: Curve, point: &[u8]) -> Result<Checked, KeyError> {
    // The library would also take the hybrid form and the point at infinity.
    if !matches!(point.first(), Some(&UNCOMPRESSED | 2 | 3)) {
        return Err(KeyError::Point);
    }
    let group = EcGroup::from_curve_name(curve.nid()).map_err(malformed)?;
    let mut context = BigNumContext::new().map_err(malformed)?;
    let point = EcPoint::from_bytes(&group, point, &mut context).map_err(|_| KeyError::Point)?;
    checked_point(curve, &point)
}

fn checked_rsa(rsa: &Rsa<Public>) -> Result<Checked, KeyError> {
    let bits = odd_bits(rsa.n())?;
    let exponent = rsa.e();
    let is_one = exponent.num_bits() < 2;
    if !is_odd(exponent) || is_one || exponent.num_bits() > MAX_EXPONENT_BITS {
        return Err(KeyError::Exponent);
    }
    let key = PKey::from_rsa(rsa.clone()).map_err(malformed)?;
    Ok(Checked {
        key,
        kind: KeyKind::Rsa { bits },
        order: Vec::new(),
    })
}

fn checked_ec(key: &EcKey<Public>) -> Result<Checked, KeyError> {
    let group = key.group();
    if group.asn1_flag() != Asn1Flag::NAMED_CURVE {
        return Err(KeyError::ExplicitCurve);
    }
    let curve = match group.curve_name() {
        Some(Nid::X9_62_PRIME256V1) => Curve::P256,
        Some(Nid::SECP384R1) => Curve::P384,
        Some(Nid::SECP521R1) => Curve::P521,
        Some(other) => {
            return Err(KeyError::Curve(
                other.short_name().unwrap_or("unknown").to_owned(),
            ));
        }
        None => return Err(KeyError::ExplicitCurve),
    };
    checked_point(curve, key.public_key())
}

/// The key of a point, made from the name of its curve, so that one key has one encoding.
fn checked_point(curve: Curve, point: &EcPointRef) -> Result<Checked, KeyError> {
    let group = EcGroup::from_curve_name(curve.nid()).map_err(malformed)?;
    let mut context = BigNumContext::new().map_err(malformed)?;
    // The cofactor of these curves is 1: a point of the curve that is not infinity has the whole order.
    if point.is_infinity(&group) || !point.is_on_curve(&group, &mut context).map_err(malformed)? {
        return Err(KeyError::Point);
    }
    let mut order = BigNum::new().map_err(malformed)?;
    group.order(&mut order, &mut context).map_err(malformed)?;
    let key = EcKey::from_public_key(&group, point).and_then(PKey::from_ec_key);
    Ok(Checked {
        key: key.map_err(malformed)?,
        kind: KeyKind::Ec(curve),
        order: order.to_vec(),
    })
}

fn checked_dsa(dsa: &Dsa<Public>) -> Result<Checked, KeyError> {
    let (Some(p), Some(q), Some(g)) = (dsa.p_opt(), dsa.q_opt(), dsa.g_opt()) else {
        return Err(KeyError::Parameter);
    };
    let bits = odd_bits(p)?;
    odd_bits(q)?;
    let in_group = |number: &BigNumRef| number.num_bits() > 1 && number.ucmp(p).is_lt();
    if !in_group(q) || !in_group(g) || !in_group(dsa.pub_key()) {
        return Err(KeyError::Parameter);
    }
    let order = q.to_vec();
    let key = PKey::from_dsa(dsa.clone()).map_err(malformed)?;
    Ok(Checked {
        key,
        kind: KeyKind::Dsa { bits },
        order,
    })
}

fn checked_ed25519(key: &PKeyRef<Public>) -> Result<Checked, KeyError> {
    let raw = key.raw_public_key().map_err(malformed)?;
    let key = PKey::public_key_from_raw_bytes(&raw, Id::ED25519).map_err(malformed)?;
    Ok(Checked {
        key,
        kind: KeyKind::Ed25519,
        order: Vec::new(),
    })
}

/// Length of an odd number in bits.
fn odd_bits(number: &BigNumRef) -> Result<u32, KeyError> {
    let bits = u32::try_from(number.num_bits()).unwrap_or(u32::MAX);
    if bits > MAX_BITS || !is_odd(number) || number.is_negative() {
        return Err(KeyError::Parameter);
    }
    Ok(bits)
}

fn is_odd(number: &BigNumRef) -> bool {
    number.is_bit_set(0)
}

/// A big-endian number.
fn number(bytes: &[u8]) -> Result<BigNum, KeyError> {
    BigNum::from_slice(bytes).map_err(malformed)
}

fn malformed(error: ErrorStack) -> KeyError {
    let reason = error.errors().first().and_then(|error| error.reason());
    KeyError::Malformed(reason.unwrap_or("unknown reason").to_owned())
}

fn kind_name(id: Id) -> String {
    let name = Nid::from_raw(id.as_raw()).long_name();
    name.unwrap_or("unknown").to_owned()
}
