//! OCSP responses (RFC 6960 §4.2), read as strictly as certificates.

use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use chrono::Utc;
use openssl::sha;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::CertificateError;
use crate::crypto::CertificateSignature;
use crate::crypto::Fingerprint;
use crate::crypto::PublicKey;
use crate::crypto::certificate::signature_bits;
use crate::crypto::crl;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;
use crate::crypto::digest;
use crate::crypto::drop_library_errors;
use crate::crypto::extensions::RawExtension;
use crate::crypto::verify::verifies_certificate;

/// What a responder said of certificates. Cheap to clone.
///
/// Reading one says nothing about who signed it.
#[derive(Clone)]
pub struct OcspResponse(Arc<Inner>);

struct Inner {
    sha256: Fingerprint,
    der: Box<[u8]>,
    produced_at: DateTime<Utc>,
    answers: Vec<OcspAnswer>,
    certificates: Vec<Certificate>,
    /// An extension of the response, or of an answer, that is critical and not processed.
    unknown_critical: bool,
    algorithm: CertificateSignature,
    signed: Box<[u8]>,
    signature: Box<[u8]>,
}

/// What a responder said of one certificate.
#[derive(Clone, Debug)]
pub struct OcspAnswer {
    hash: Option<DigestAlgorithm>,
    issuer_name: Box<[u8]>,
    issuer_key: Box<[u8]>,
    serial: Box<[u8]>,
    status: OcspStatus,
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
}

/// The state of a certificate (RFC 6960 §2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OcspStatus {
    /// It is not revoked.
    Good,
    /// It is.
    Revoked {
        /// Since when.
        since: DateTime<Utc>,
        /// The name of the CRLReason, if one is given.
        reason: Option<&'static str>,
    },
    /// The responder does not know it.
    Unknown,
}

impl OcspResponse {
    /// The most bytes that a response may have.
    pub const MAX_BYTES: usize = 1024 * 1024;
    /// The most certificates that one may carry.
    const MAX_CERTIFICATES: usize = 8;

    /// Whether `der` begins as a response, and neither as a CRL nor as a certificate.
    pub fn is_one(der: &[u8]) -> bool {
        Reader::new(der)
            .element()
            .is_ok_and(|whole| whole.tag == der::SEQUENCE && whole.contents.first() == Some(&der::ENUMERATED))
    }

    /// Reads one response in DER and nothing after it.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] says which rule the bytes break; a response that says that there is no answer is none.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > Self::MAX_BYTES {
            return Err(CertificateError::TooLong {
                bytes: der.len(),
                limit: Self::MAX_BYTES,
            });
        }
        let mut response = Reader::whole_sequence(der)?;
        if response.expect(der::ENUMERATED)? != [0] {
            return Err(CertificateError::Malformed("the responder gave no answer"));
        }
        let mut bytes = Reader::whole_sequence(response.expect(der::context_constructed(0))?)?;
        response.finish()?;
        if bytes.oid()? != BASIC {
            return Err(CertificateError::Malformed("an OCSP response of an unknown type"));
        }
        let mut basic = Reader::whole_sequence(bytes.expect(der::OCTET_STRING)?)?;
        bytes.finish()?;
        let data = basic.element()?;
        let algorithm = CertificateSignature::read(basic.expect(der::SEQUENCE)?)?;
        let signature = basic.expect(der::BIT_STRING)?;
        signature_bits(signature)?;
        let certificates = match basic.optional(der::context_constructed(0))? {
            None => Vec::new(),
            Some(list) => certificates(Reader::whole_sequence(list)?)?,
        };
        basic.finish()?;
        let data_read = Data::read(Reader::whole_sequence(data.bytes)?)?;
        Ok(Self(Arc::new(Inner {
            sha256: sha::sha256(der),
            der: der.into(),
            produced_at: data_read.produced_at,
            answers: data_read.answers,
            certificates,
            unknown_critical: data_read.unknown_critical,
            algorithm,
            signed: data.bytes.into(),
            signature: signature.get(1..).unwrap_or_default().into(),
        })))
    }

    /// Its DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of its DER.
    pub fn sha256(&self) -> &Fingerprint {
        &self.0.sha256
    }

    /// When it was signed.
    pub fn produced_at(&self) -> DateTime<Utc> {
        self.0.produced_at
    }

    /// What it says.
    pub fn answers(&self) -> &[OcspAnswer] {
        &self.0.answers
    }

    /// The certificates that came with it, one of which may be the signer's.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0.certificates
    }

    /// Whether it has a critical extension that is not processed.
    pub fn has_unknown_critical_extension(&self) -> bool {
        self.0.unknown_critical
    }

    /// The algorithm of the signature on it.
    pub fn signature_algorithm(&self) -> &CertificateSignature {
        &self.0.algorithm
    }

    /// Whether `key` made the signature on it. RSASSA-PSS is not read here.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let holds =
            self.0.algorithm.algorithm().is_some_and(|algorithm| {
                verifies_certificate(algorithm, key, &self.0.signed, &self.0.signature)
            });
        if !holds {
            drop_library_errors();
        }
        holds
    }
}

impl OcspAnswer {
    /// Whether it is about `certificate`, which `issuer` issued (RFC 6960 §4.1.1).
    pub fn is_about(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let fits = |value: &[u8], expected: &[u8]| {
            let digest = self.hash.and_then(|hash| digest(hash, value).ok());
            digest.is_some_and(|digest| digest.as_bytes() == expected)
        };
        *self.serial == *certificate.serial_bytes()
            && fits(certificate.issuer_name().der(), &self.issuer_name)
            && issuer.key_bits().is_some_and(|bits| fits(bits, &self.issuer_key))
    }

    /// The serial number of the certificate, as DER has it.
    pub fn serial_bytes(&self) -> &[u8] {
        &self.serial
    }

    /// What it says.
    pub fn status(&self) -> OcspStatus {
        self.status
    }

    /// From when it counts.
    pub fn this_update(&self) -> DateTime<Utc> {
        self.this_update
    }

    /// From when it no longer counts.
    pub fn next_update(&self) -> Option<DateTime<Utc>> {
        self.next_update
    }
}

impl fmt::Debug for OcspResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (produced_at, count) = (self.0.produced_at, self.0.answers.len());
        write!(f, "OcspResponse({produced_at}, {count} answers)")
    }
}

/// id-pkix-ocsp-basic
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

fn certificates(mut list: Reader<'_>) -> Result<Vec<Certificate>, CertificateError> {
    let mut certificates = Vec::new();
    while !list.is_empty() {
        if certificates.len() >= OcspResponse::MAX_CERTIFICATES {
            return Err(CertificateError::Malformed(
                "too many certificates in an OCSP response",
            ));
        }
        certificates.push(Certificate::from_der(list.element()?.bytes)?);
    }
    Ok(certificates)
}

/// ResponseData.
struct Data {
    produced_at: DateTime<Utc>,
    answers: Vec<OcspAnswer>,
    unknown_critical: bool,
}

impl Data {
    fn read(mut data: Reader<'_>) -> Result<Self, CertificateError> {
        if data.optional(der::context_constructed(0))?.is_some() {
            // Version 1 is the default, which DER leaves out.
            return Err(CertificateError::Version);
        }
        // Who signed is found by trying: a name or a hash of a key is a hint.
        let responder = data.element()?.tag;
        if responder != der::context_constructed(1) && responder != der::context_constructed(2) {
            return Err(CertificateError::Malformed(
                "an OCSP responder of an unknown kind",
            ));
        }
        let produced_at = generalized(&mut data)?;
        let mut list = data.sequence()?;
        let mut answers = Vec::new();
        let mut unknown_critical = false;
        while !list.is_empty() {
            let (answer, is_critical) = answer(list.sequence()?)?;
            answers.push(answer);
            unknown_critical |= is_critical;
        }
        unknown_critical |= has_critical(data.optional(der::context_constructed(1))?)?;
        data.finish()?;
        if answers.is_empty() {
            return Err(CertificateError::Malformed("an OCSP response without an answer"));
        }
        Ok(Self {
            produced_at,
            answers,
            unknown_critical,
        })
    }
}

/// A SingleResponse, and whether a critical extension of it is not processed.
fn answer(mut single: Reader<'_>) -> Result<(OcspAnswer, bool), CertificateError> {
    let mut id = single.sequence()?;
    let mut algorithm = id.sequence()?;
    let hash = hash(algorithm.oid()?);
    if !algorithm.is_empty() && algorithm.element()?.bytes != der::NULL {
        return Err(CertificateError::Malformed("a hash algorithm with parameters"));
    }
    algorithm.finish()?;
    let issuer_name = id.expect(der::OCTET_STRING)?.into();
    let issuer_key = id.expect(der::OCTET_STRING)?.into();
    let serial = id.integer()?.into();
    id.finish()?;
    let status = status(single.element()?)?;
    let this_update = generalized(&mut single)?;
    let next_update = match single.optional(der::context_constructed(0))? {
        None => None,
        Some(time) => {
            let mut reader = Reader::new(time);
            let next = generalized(&mut reader)?;
            reader.finish()?;
            Some(next)
        }
    };
    let is_critical = has_critical(single.optional(der::context_constructed(1))?)?;
    single.finish()?;
    let answer = OcspAnswer {
        hash,
        issuer_name,
        issuer_key,
        serial,
        status,
        this_update,
        next_update,
    };
    Ok((answer, is_critical))
}

fn status(choice: der::Element<'_>) -> Result<OcspStatus, CertificateError> {
    let revoked = der::context_constructed(1);
    match (choice.tag, choice.contents) {
        (tag, []) if tag == der::context(0) => Ok(OcspStatus::Good),
        (tag, []) if tag == der::context(2) => Ok(OcspStatus::Unknown),
        (tag, contents) if tag == revoked => {
            let mut info = Reader::new(contents);
            let since = generalized(&mut info)?;
            let reason = match info.optional(der::context_constructed(0))? {
                None => None,
                Some(value) => Some(crl::reason(value)?),
            };
            info.finish()?;
            Ok(OcspStatus::Revoked { since, reason })
        }
        _ => Err(CertificateError::Malformed("an unknown certificate status")),
    }
}

/// The hashes that issuers are named by.
fn hash(oid: &[u8]) -> Option<DigestAlgorithm> {
    match oid {
        [0x2b, 0x0e, 0x03, 0x02, 0x1a] => Some(DigestAlgorithm::Sha1),
        [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, last] => match last {
            1 => Some(DigestAlgorithm::Sha256),
            2 => Some(DigestAlgorithm::Sha384),
            3 => Some(DigestAlgorithm::Sha512),
            _ => None,
        },
        _ => None,
    }
}

/// Whether one of the extensions is critical. None of those of RFC 6960 §4.4 need be processed: a nonce is not asked for of an answer
/// that is kept, and the others only tell more.
fn has_critical(list: Option<&[u8]>) -> Result<bool, CertificateError> {
    let Some(list) = list else {
        return Ok(false);
    };
    let mut list = Reader::whole_sequence(list)?;
    let mut is_critical = false;
    while !list.is_empty() {
        is_critical |= RawExtension::read(&mut list)?.critical;
    }
    Ok(is_critical)
}

fn generalized(reader: &mut Reader<'_>) -> der::Result<DateTime<Utc>> {
    if reader.peek() == Some(der::GENERALIZED_TIME) {
        reader.time()
    } else {
        Err(Malformed("a time of another type than GeneralizedTime"))
    }
}
