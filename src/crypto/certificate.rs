//! X.509 certificates, read strictly (RFC 5280 §4.1, §4.2).
//!
//! The structure is read here, byte by byte, as the crypto library reads more than DER, shows less than decisions need, and
//! takes ten times as long; the library is left the mathematics of the signature.

use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use chrono::Utc;
use openssl::sha;
use openssl::x509::X509;

use crate::crypto::CertificateError;
use crate::crypto::CertificateSignature;
use crate::crypto::GeneralName;
use crate::crypto::KeyUsage;
use crate::crypto::Name;
use crate::crypto::NameConstraints;
use crate::crypto::PublicKey;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;
use crate::crypto::drop_library_errors;
use crate::crypto::extensions::CrlSources;
use crate::crypto::extensions::Extensions;
use crate::crypto::extensions::OcspSource;
use crate::crypto::extensions::Subject;
use crate::crypto::pem;
use crate::crypto::verify::verifies_certificate;

/// The most bytes of a serial number: 20 octets and a sign (RFC 5280 §4.1.2.2).
const MAX_SERIAL: usize = 21;

/// SHA-256 of a certificate's DER: its identity.
pub type Fingerprint = [u8; 32];

/// An X.509 certificate. Cheap to clone; two are equal if their DER is.
///
/// Reading one says that it is well-formed and can be understood in one way only. It says nothing about whether
/// anybody trusts it, whether it is valid now, or whether its signature holds.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Box<[u8]>,
    sha256: Fingerprint,
    sha1: [u8; 20],
    serial: Box<[u8]>,
    serial_decimal: String,
    subject: Name,
    issuer: Name,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    key: PublicKey,
    signature: CertificateSignature,
    extensions: Extensions,
}

impl Certificate {
    /// The most bytes that a certificate may have.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The most certificates in a PKIPath, and in a path to an anchor: signer and anchor counted.
    pub const MAX_PATH: usize = 6;

    /// Reads one certificate in DER and nothing after it.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] says which rule the bytes break.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > Self::MAX_BYTES {
            return Err(CertificateError::TooLong {
                bytes: der.len(),
                limit: Self::MAX_BYTES,
            });
        }
        let mut certificate = Reader::whole_sequence(der)?;
        let tbs = Tbs::read(certificate.sequence()?)?;
        let outer_algorithm = certificate.expect(der::SEQUENCE)?;
        signature_bits(certificate.expect(der::BIT_STRING)?)?;
        certificate.finish()?;
        if outer_algorithm != tbs.algorithm {
            return Err(CertificateError::AlgorithmsDiffer);
        }
        Ok(Self(Arc::new(Inner {
            sha256: sha::sha256(der),
            sha1: sha::sha1(der),
            serial: tbs.serial.into(),
            serial_decimal: der::decimal(tbs.serial),
            subject: tbs.subject,
            issuer: tbs.issuer,
            not_before: tbs.not_before,
            not_after: tbs.not_after,
            key: PublicKey::from_der(tbs.key)?,
            signature: CertificateSignature::read(tbs.algorithm)?,
            extensions: tbs.extensions,
            der: der.into(),
        })))
    }

    /// Reads all certificates in a PEM text, which may hold other things between them; none is an empty list.
    ///
    /// # Errors
    ///
    /// The first block that is no certificate, or text that is no PEM.
    pub fn from_pem_bundle(pem: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let blocks = pem::blocks(pem, &["CERTIFICATE", "X509 CERTIFICATE"])?;
        blocks.iter().map(|der| Self::from_der(der)).collect()
    }

    /// Whether bytes begin as a PKCS#12 file does: a SEQUENCE with the version 3 (RFC 7292 §4).
    pub fn is_pkcs12(bytes: &[u8]) -> bool {
        let version = |bytes| Reader::new(bytes).sequence().and_then(|mut file| file.integer());
        // Java and NSS write it with indefinite lengths.
        version(bytes) == Ok(&[3]) || bytes.starts_with(&[0x30, 0x80, 0x02, 0x01, 0x03])
    }

    /// Reads a PKIPath (X.509 §9.1): the certificate nearest to the anchor first, the signer's last.
    ///
    /// # Errors
    ///
    /// If it is no DER sequence of certificates, empty, or longer than [`MAX_PATH`](Self::MAX_PATH).
    pub fn from_pki_path(der: &[u8]) -> Result<Vec<Self>, CertificateError> {
        let parts = Self::split_pki_path(der)?;
        parts.into_iter().map(Self::from_der).collect()
    }

    /// The certificates of a PKIPath, each in DER and not yet read, for callers that remember certificates.
    ///
    /// # Errors
    ///
    /// As [`from_pki_path`](Self::from_pki_path), certificates not looked at.
    pub fn split_pki_path(der: &[u8]) -> Result<Vec<&[u8]>, CertificateError> {
        let mut reader = Reader::whole_sequence(der)?;
        let mut path = Vec::new();
        while !reader.is_empty() && path.len() < Self::MAX_PATH {
            path.push(reader.element()?.bytes);
        }
        if path.is_empty() || !reader.is_empty() {
            Err(CertificateError::PathLength {
                limit: Self::MAX_PATH,
            })
        } else {
            Ok(path)
        }
    }

    /// The certificates of a PKCS#7 SignedData (RFC 2315 §9.1), each in DER and not yet read, in the order in which they stand there,
    /// which means nothing. It may have no content and no signers: nothing in it is signed.
    ///
    /// # Errors
    ///
    /// As [`split_pki_path`](Self::split_pki_path), and for a SignedData that holds anything but certificates and CRLs.
    pub fn split_pkcs7(der: &[u8]) -> Result<Vec<&[u8]>, CertificateError> {
        const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
        let mut info = Reader::whole_sequence(der)?;
        if info.oid()? != SIGNED_DATA {
            return Err(Malformed("the PKCS#7 is no SignedData").into());
        }
        let mut data = Reader::whole_sequence(info.expect(der::context_constructed(0))?)?;
        info.finish()?;
        data.integer()?;
        let digests = data.expect(der::SET)?;
        let mut content = data.sequence()?;
        content.oid()?;
        let certificates = data.optional(der::context_constructed(0))?.unwrap_or_default();
        data.optional(der::context_constructed(1))?;
        let signers = data.expect(der::SET)?;
        data.finish()?;
        if !content.is_empty() || !digests.is_empty() || !signers.is_empty() {
            return Err(Malformed("the PKCS#7 has content or signers").into());
        }
        let mut reader = Reader::new(certificates);
        let mut found = Vec::new();
        while !reader.is_empty() && found.len() < Self::MAX_PATH {
            found.push(reader.element()?.bytes);
        }
        if found.is_empty() || !reader.is_empty() {
            Err(CertificateError::PathLength {
                limit: Self::MAX_PATH,
            })
        } else {
            Ok(found)
        }
    }

    /// The certificate in PEM.
    pub fn to_pem(&self) -> String {
        let base64 = super::encode_base64(self.der());
        let lines = base64.as_bytes().chunks(64).map(String::from_utf8_lossy);
        let lines: Vec<_> = lines.collect();
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join("\n")
        )
    }

    /// All its bytes, as they were read.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of its DER.
    pub fn sha256(&self) -> &Fingerprint {
        &self.0.sha256
    }

    /// SHA-1 of its DER, as `#ThumbprintSHA1` names it (WSS 1.1 §7.3). It selects candidates and proves nothing.
    pub fn sha1_thumbprint(&self) -> &[u8; 20] {
        &self.0.sha1
    }

    /// subjectKeyIdentifier (RFC 5280 §4.2.1.2), if there is one.
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_identifier.as_deref()
    }

    /// SHA-1 of the key's bits: the identifier of method (1) in RFC 5280 §4.2.1.2, by which stacks name certificates that have no
    /// subjectKeyIdentifier.
    pub fn computed_key_identifier(&self) -> Option<[u8; 20]> {
        self.key_bits().map(sha::sha1)
    }

    /// The bits of subjectPublicKey, which keys are named by the hash of.
    pub(in crate::crypto) fn key_bits(&self) -> Option<&[u8]> {
        let mut spki = Reader::whole_sequence(self.public_key().spki()).ok()?;
        spki.sequence().ok()?;
        let (_, bits) = spki.expect(der::BIT_STRING).ok()?.split_first()?;
        Some(bits)
    }

    /// The keyIdentifier of authorityKeyIdentifier (RFC 5280 §4.2.1.1), if there is one.
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_identifier.as_deref()
    }

    /// The subject as RFC 4514 writes it.
    pub fn subject(&self) -> &str {
        self.0.subject.as_str()
    }

    /// The subject.
    pub fn subject_name(&self) -> &Name {
        &self.0.subject
    }

    /// The issuer as RFC 4514 writes it.
    pub fn issuer(&self) -> &str {
        self.0.issuer.as_str()
    }

    /// The issuer.
    pub fn issuer_name(&self) -> &Name {
        &self.0.issuer
    }

    /// The serial number in decimal; with a minus sign if it is negative, as some issuers' were.
    pub fn serial(&self) -> &str {
        &self.0.serial_decimal
    }

    /// Whether the serial number is positive, as RFC 5280 §4.1.2.2 asks.
    pub fn has_positive_serial(&self) -> bool {
        !der::is_negative(&self.0.serial) && *self.0.serial != [0]
    }

    /// The serial number as the contents of its INTEGER.
    pub fn serial_bytes(&self) -> &[u8] {
        &self.0.serial
    }

    /// The key that it binds to its subject.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.key
    }

    /// The first second of its validity.
    pub fn not_before(&self) -> DateTime<Utc> {
        self.0.not_before
    }

    /// The last second of its validity, which is part of it (RFC 5280 §4.1.2.5).
    pub fn not_after(&self) -> DateTime<Utc> {
        self.0.not_after
    }

    /// Whether it is a CA: basicConstraints with cA=TRUE (RFC 5280 §4.2.1.9).
    pub fn is_ca(&self) -> bool {
        self.0
            .extensions
            .basic_constraints
            .is_some_and(|constraints| constraints.subject == Subject::Ca)
    }

    /// How many certificates of further CAs may stand below it, if it is a CA that limits that.
    pub fn path_length(&self) -> Option<u32> {
        self.0
            .extensions
            .basic_constraints
            .and_then(|constraints| constraints.path_length)
    }

    /// Whether subject and issuer are the same name (RFC 5280 §6.1: self-issued, which is not self-signed).
    pub fn is_self_issued(&self) -> bool {
        self.0.subject == self.0.issuer
    }

    /// keyUsage, if there is one.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.0.extensions.key_usage
    }

    /// The purposes in extendedKeyUsage as OIDs, if there is one (RFC 5280 §4.2.1.12).
    pub fn extended_key_usage(&self) -> Option<&[String]> {
        self.0.extensions.extended_key_usage.as_deref()
    }

    /// subjectAltName; empty if there is none.
    pub fn subject_alternative_names(&self) -> &[GeneralName] {
        &self.0.extensions.subject_alternative_names
    }

    /// nameConstraints, if there are any.
    pub fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.extensions.name_constraints.as_ref()
    }

    /// OIDs of critical extensions that nothing here processes: no path may use the certificate (RFC 5280 §4.2).
    pub fn unknown_critical_extensions(&self) -> &[String] {
        &self.0.extensions.unknown_critical
    }

    /// The algorithm of the signature on it.
    pub fn signature_algorithm(&self) -> &CertificateSignature {
        &self.0.signature
    }

    /// Whether it names a CRL or an OCSP responder, and so promises that its revocation can be known.
    pub fn names_revocation_source(&self) -> bool {
        self.0.extensions.crl_sources.points > 0 || self.0.extensions.ocsp == OcspSource::Named
    }

    /// Whether its issuer vouches for it as a responder of OCSP for as long as it is valid (RFC 6960 §4.2.2.2.1, id-pkix-ocsp-nocheck).
    pub fn needs_no_check(&self) -> bool {
        self.0.extensions.no_check
    }

    /// Whether the key of `issuer` made the signature on it. Names, dates and algorithms are not looked at.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let holds = match (self.signature_algorithm().algorithm(), self.signed_parts()) {
            (Some(algorithm), Some((signed, value))) => {
                verifies_certificate(algorithm, issuer, signed, value)
            }
            // RSASSA-PSS with its parameters, and what only old certificates are signed with.
            _ => X509::from_der(self.der()).is_ok_and(|x509| x509.verify(issuer.openssl()).unwrap_or(false)),
        };
        if !holds {
            drop_library_errors();
        }
        holds
    }

    /// What is signed, and the value of the signature.
    fn signed_parts(&self) -> Option<(&[u8], &[u8])> {
        let mut certificate = Reader::whole_sequence(self.der()).ok()?;
        let signed = certificate.element().ok()?.bytes;
        certificate.element().ok()?;
        let (_, value) = certificate.expect(der::BIT_STRING).ok()?.split_first()?;
        Some((signed, value))
    }

    pub(crate) fn crl_sources(&self) -> &CrlSources {
        &self.0.extensions.crl_sources
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.sha256 == other.0.sha256
    }
}

impl Eq for Certificate {}

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.sha256.hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Certificate({}, serial {}, sha256 ",
            self.subject(),
            self.serial()
        )?;
        self.0
            .sha256
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// The signed part of a certificate.
struct Tbs<'a> {
    serial: &'a [u8],
    algorithm: &'a [u8],
    issuer: Name,
    not_before: DateTime<Utc>,
    not_after: DateTime<Utc>,
    subject: Name,
    /// SubjectPublicKeyInfo.
    key: &'a [u8],
    extensions: Extensions,
}

impl<'a> Tbs<'a> {
    fn read(mut tbs: Reader<'a>) -> Result<Self, CertificateError> {
        let version = match tbs.optional(der::context_constructed(0))? {
            None => 1_u8,
            Some([der::INTEGER, 1, 1]) => 2,
            Some([der::INTEGER, 1, 2]) => 3,
            Some(_) => return Err(CertificateError::Version),
        };
        let serial = tbs.integer()?;
        if serial.len() > MAX_SERIAL {
            return Err(CertificateError::Serial);
        }
        let algorithm = tbs.expect(der::SEQUENCE)?;
        let issuer = Name::from_der(tbs.element()?.bytes)?;
        let mut validity = tbs.sequence()?;
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.finish()?;
        let subject = Name::from_der(tbs.element()?.bytes)?;
        let key = tbs.element()?.bytes;
        let issuer_unique = tbs.optional(der::context(1))?;
        let subject_unique = tbs.optional(der::context(2))?;
        for bits in [issuer_unique, subject_unique].into_iter().flatten() {
            der::check_bits(bits)?;
        }
        let extensions = tbs.optional(der::context_constructed(3))?;
        tbs.finish()?;
        let unique_fits = version >= 2 || (issuer_unique.is_none() && subject_unique.is_none());
        let extensions_fit = version >= 3 || extensions.is_none();
        if !unique_fits || !extensions_fit {
            return Err(CertificateError::Version);
        }
        if issuer.is_empty() {
            return Err(CertificateError::Malformed("the issuer has no name"));
        }
        let extensions = extensions.map(Reader::whole_sequence).transpose()?;
        let extensions = extensions.map(Extensions::read).transpose()?.unwrap_or_default();
        Ok(Self {
            serial,
            algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            key,
            extensions,
        })
    }
}

/// A signature is whole octets.
pub(crate) const fn signature_bits(contents: &[u8]) -> der::Result<()> {
    match contents {
        [0, _, ..] => Ok(()),
        _ => Err(Malformed("the signature is empty or not whole octets")),
    }
}
