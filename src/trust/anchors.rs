//! What the operator trusts, and how a reference in a message finds it.

use std::collections::HashMap;

use crate::algorithm::DigestAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::CertificateError;
use crate::crypto::Crl;
use crate::crypto::Fingerprint;
use crate::crypto::Name;
use crate::crypto::NameKey;
use crate::crypto::OcspResponse;
use crate::crypto::digest;
use crate::trust::Constraint;
use crate::trust::Period;
use crate::trust::cache::Cache;
use crate::trust::revocation::Records;

/// A CA that is trusted, for some signers or for all that it certifies.
#[derive(Clone, Debug)]
pub struct Anchor {
    certificate: Certificate,
    constraint: Option<Constraint>,
}

impl Anchor {
    pub(super) const fn new(certificate: Certificate, constraint: Option<Constraint>) -> Self {
        Self {
            certificate,
            constraint,
        }
    }

    /// The CA.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whom it is trusted for; `None` is everybody.
    pub const fn constraint(&self) -> Option<&Constraint> {
        self.constraint.as_ref()
    }
}

/// Anchors, pins, helpful certificates, CRLs and OCSP responses: everything that decides whether a certificate is trusted. Made by
/// [`TrustSources`](crate::trust::TrustSources), never changed afterwards, shared between threads.
///
/// It remembers certificates that it has parsed and paths that it has verified, bounded, for as long as it lives;
/// what is remembered never changes an answer.
#[derive(Debug)]
pub struct TrustStore {
    anchors: Vec<Anchor>,
    anchors_by_subject: HashMap<Name, Vec<usize>>,
    /// Pins, anchors and untrusted certificates, each once, in this order.
    known: Vec<Certificate>,
    known_by_sha256: HashMap<Fingerprint, Standing>,
    untrusted_by_subject: HashMap<Name, Vec<Certificate>>,
    index: Index,
    records: Records,
    /// When pins and anchors are trusted.
    periods: HashMap<Fingerprint, Vec<Period>>,
    pub(super) cache: Cache,
}

/// How the store regards a certificate that it knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Standing {
    Pin,
    Anchor,
    Untrusted,
}

/// A reference to a key, as a message makes it.
#[derive(Clone, Copy, Debug)]
pub enum KeyHint<'a> {
    /// The certificate itself, from the message: a BinarySecurityToken or X509Certificate.
    Certificate(&'a Certificate),
    /// A subject key identifier (WSS X.509 Token Profile 1.1 §3.2.1, X509SKI). Certificates without that extension
    /// are found by SHA-1 of their key.
    SubjectKeyIdentifier(&'a [u8]),
    /// SHA-1 of a certificate (WSS 1.1 §7.3).
    Sha1Thumbprint(&'a [u8]),
    /// Any digest of a certificate (XML Signature 1.1 §4.5.4.1, X509Digest).
    Digest(DigestAlgorithm, &'a [u8]),
    /// X509IssuerSerial: the issuer as some stack wrote it, the serial number in decimal.
    IssuerSerial {
        /// X509IssuerName.
        issuer: &'a str,
        /// X509SerialNumber.
        serial: &'a str,
    },
    /// X509SubjectName, as some stack wrote it.
    SubjectName(&'a str),
    /// KeyName: a common name or a whole subject.
    KeyName(&'a str),
}

impl TrustStore {
    /// The most certificates that a reference may mean. Each costs a path and a verification.
    pub const MAX_CANDIDATES: usize = 16;

    pub(super) fn new(
        pins: Vec<Certificate>,
        anchors: Vec<Anchor>,
        untrusted: Vec<Certificate>,
        records: Records,
        periods: HashMap<Fingerprint, Vec<Period>>,
    ) -> Self {
        let mut store = Self {
            anchors_by_subject: HashMap::new(),
            known: Vec::new(),
            known_by_sha256: HashMap::new(),
            untrusted_by_subject: HashMap::new(),
            index: Index::default(),
            records,
            periods,
            cache: Cache::new(),
            anchors,
        };
        for pin in pins {
            store.know(pin, Standing::Pin);
        }
        for (position, anchor) in store.anchors.iter().enumerate() {
            let subject = anchor.certificate.subject_name().clone();
            store
                .anchors_by_subject
                .entry(subject)
                .or_default()
                .push(position);
        }
        let anchors: Vec<Certificate> = store
            .anchors
            .iter()
            .map(|anchor| anchor.certificate.clone())
            .collect();
        for anchor in anchors {
            store.know(anchor, Standing::Anchor);
        }
        for certificate in untrusted {
            if store.know(certificate.clone(), Standing::Untrusted) {
                let subject = certificate.subject_name().clone();
                store
                    .untrusted_by_subject
                    .entry(subject)
                    .or_default()
                    .push(certificate);
            }
        }
        store
    }

    /// Adds a certificate that is not known yet; whether it was.
    fn know(&mut self, certificate: Certificate, standing: Standing) -> bool {
        let fingerprint = *certificate.sha256();
        if self.known_by_sha256.contains_key(&fingerprint) {
            return false;
        }
        self.known_by_sha256.insert(fingerprint, standing);
        self.index.add(self.known.len(), &certificate);
        self.known.push(certificate);
        true
    }

    /// Whether nothing at all is trusted. Everything is refused then (`trust.no_anchor`).
    pub fn is_empty(&self) -> bool {
        self.known_by_sha256
            .values()
            .all(|standing| *standing == Standing::Untrusted)
    }

    /// The CAs that are trusted.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The CAs that are trusted for everybody they certify: an error in a gateway's configuration (T147).
    pub fn unconstrained_cas(&self) -> impl Iterator<Item = &Certificate> {
        self.anchors
            .iter()
            .filter(|anchor| anchor.constraint.is_none())
            .map(Anchor::certificate)
    }

    /// Certificates that are trusted for themselves alone.
    pub fn pins(&self) -> impl Iterator<Item = &Certificate> {
        self.known.iter().filter(|certificate| self.is_pin(certificate))
    }

    /// Every certificate that is known, trusted or not.
    pub fn certificates(&self) -> &[Certificate] {
        &self.known
    }

    /// The CRLs that were given.
    pub fn revocation_lists(&self) -> impl Iterator<Item = &Crl> {
        self.records.crls()
    }

    /// The OCSP responses that were given.
    pub fn ocsp_responses(&self) -> impl Iterator<Item = &OcspResponse> {
        self.records.responses()
    }

    /// Whether exactly this certificate is trusted for itself.
    pub fn is_pin(&self, certificate: &Certificate) -> bool {
        self.known_by_sha256.get(certificate.sha256()) == Some(&Standing::Pin)
    }

    /// Whether exactly this certificate is a CA that is trusted.
    pub fn is_anchor(&self, certificate: &Certificate) -> bool {
        self.known_by_sha256.get(certificate.sha256()) == Some(&Standing::Anchor)
    }

    /// When a pin or an anchor is trusted.
    pub fn periods(&self, certificate: &Certificate) -> &[Period] {
        let periods = self.periods.get(certificate.sha256());
        periods.map(Vec::as_slice).unwrap_or_default()
    }

    /// The certificates that a reference may mean: out of pins, anchors and untrusted certificates, in this order, at most
    /// [`MAX_CANDIDATES`](Self::MAX_CANDIDATES). None of them is trusted before [`path`](Self::path) says so.
    ///
    /// A certificate from the message stands for itself and for no other that shares its names, serial number or identifiers
    /// (T65); by any other reference, only certificates that the operator gave are found.
    pub fn candidates(&self, hint: &KeyHint<'_>) -> Vec<Certificate> {
        let found: Vec<&Certificate> = match *hint {
            KeyHint::Certificate(certificate) => vec![certificate],
            KeyHint::SubjectKeyIdentifier(identifier) => {
                self.at(self.index.by_key_identifier.get(identifier))
            }
            KeyHint::Sha1Thumbprint(thumbprint) => self.at(self.index.by_sha1.get(thumbprint)),
            KeyHint::Digest(algorithm, value) => {
                let fits = |certificate: &&Certificate| {
                    digest(algorithm, certificate.der()).is_ok_and(|digest| digest.matches(value))
                };
                self.known.iter().filter(fits).collect()
            }
            KeyHint::IssuerSerial { issuer, serial } => {
                let Some(issuer) = NameKey::read(issuer) else {
                    return Vec::new();
                };
                let with_serial = self.at(self.index.by_serial.get(plain_decimal(serial)));
                let issued = |certificate: &&Certificate| NameKey::from(certificate.issuer_name()) == issuer;
                with_serial.into_iter().filter(issued).collect()
            }
            KeyHint::SubjectName(subject) => self.named(subject),
            KeyHint::KeyName(name) => match self.index.by_common_name.get(name) {
                Some(positions) => self.at(Some(positions)),
                None => self.named(name),
            },
        };
        found.into_iter().take(Self::MAX_CANDIDATES).cloned().collect()
    }

    /// Reads a certificate out of a message, or recalls it if the same bytes were read before.
    ///
    /// # Errors
    ///
    /// [`CertificateError`], as [`Certificate::from_der`].
    pub fn certificate(&self, der: &[u8]) -> Result<Certificate, CertificateError> {
        self.cache.certificate(der)
    }

    /// Forgets certificates, paths and signatures that were remembered, for measurements of what they cost.
    pub fn forget(&self) {
        self.cache.forget();
        self.records.forget();
    }

    pub(super) fn anchors_named(&self, subject: &Name) -> impl Iterator<Item = &Anchor> {
        let positions = self
            .anchors_by_subject
            .get(subject)
            .map(Vec::as_slice)
            .unwrap_or_default();
        positions
            .iter()
            .filter_map(|position| self.anchors.get(*position))
    }

    pub(super) fn untrusted_named(&self, subject: &Name) -> impl Iterator<Item = &Certificate> {
        self.untrusted_by_subject
            .get(subject)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
    }

    pub(super) const fn records(&self) -> &Records {
        &self.records
    }

    fn named(&self, subject: &str) -> Vec<&Certificate> {
        let key = NameKey::read(subject);
        self.at(key.and_then(|key| self.index.by_subject.get(&key)))
    }

    fn at(&self, positions: Option<&Vec<usize>>) -> Vec<&Certificate> {
        let positions = positions.map(Vec::as_slice).unwrap_or_default();
        positions
            .iter()
            .filter_map(|position| self.known.get(*position))
            .collect()
    }
}

/// Positions in the list of known certificates, by everything that a reference may say.
#[derive(Debug, Default)]
struct Index {
    by_key_identifier: HashMap<Box<[u8]>, Vec<usize>>,
    by_sha1: HashMap<Box<[u8]>, Vec<usize>>,
    by_serial: HashMap<String, Vec<usize>>,
    by_subject: HashMap<NameKey, Vec<usize>>,
    by_common_name: HashMap<String, Vec<usize>>,
}

impl Index {
    fn add(&mut self, position: usize, certificate: &Certificate) {
        let computed = certificate.computed_key_identifier();
        let identifier = certificate
            .subject_key_identifier()
            .or(computed.as_ref().map(<[u8; 20]>::as_slice));
        if let Some(identifier) = identifier {
            self.by_key_identifier
                .entry(identifier.into())
                .or_default()
                .push(position);
        }
        self.by_sha1
            .entry(certificate.sha1_thumbprint().as_slice().into())
            .or_default()
            .push(position);
        self.by_serial
            .entry(certificate.serial().to_owned())
            .or_default()
            .push(position);
        self.by_subject
            .entry(NameKey::from(certificate.subject_name()))
            .or_default()
            .push(position);
        for name in certificate.subject_name().common_names() {
            let positions = self.by_common_name.entry(name.to_owned()).or_default();
            if positions.last() != Some(&position) {
                positions.push(position);
            }
        }
    }
}

/// xsd:integer allows white space around it, a plus sign and leading zeros.
fn plain_decimal(serial: &str) -> &str {
    let serial = serial.trim_matches([' ', '\t', '\r', '\n']);
    let digits = serial.strip_prefix('+').unwrap_or(serial).trim_start_matches('0');
    if digits.is_empty() && !serial.is_empty() {
        "0"
    } else {
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::plain_decimal;

    #[test]
    fn a_serial_number_is_known_however_it_is_written() {
        for (written, plain) in [
            ("12", "12"),
            (" +0012\n", "12"),
            ("-12", "-12"),
            ("0", "0"),
            ("000", "0"),
            ("+0", "0"),
            ("", ""),
            (" ", ""),
        ] {
            assert_eq!(plain_decimal(written), plain, "{written:?}");
        }
    }
}
