//! Certificate revocation lists (RFC 5280 §5), read as strictly as certificates.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use chrono::Utc;
use openssl::sha;
use openssl::x509::X509Crl;

use crate::crypto::Certificate;
use crate::crypto::CertificateError;
use crate::crypto::CertificateSignature;
use crate::crypto::Fingerprint;
use crate::crypto::Name;
use crate::crypto::PublicKey;
use crate::crypto::certificate::signature_bits;
use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;
use crate::crypto::drop_library_errors;
use crate::crypto::extensions::ExtensionError;
use crate::crypto::extensions::RawExtension;
use crate::crypto::extensions::full_names;
use crate::crypto::general_name::GeneralName;
use crate::crypto::in_use::InUse;
use crate::crypto::pem;

/// A certificate revocation list. Cheap to clone.
///
/// Reading one says nothing about who signed it.
#[derive(Clone)]
pub struct Crl(Arc<Inner>);

struct Inner {
    sha256: Fingerprint,
    issuer: Name,
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    signature: CertificateSignature,
    /// Of certificates of its issuer.
    entries: HashMap<Box<[u8]>, Revoked>,
    extensions: Extensions,
    doubtful: Doubtful,
    library: X509Crl,
}

/// Routes, and configurations that follow each other, read the same CRLs, and one of a million entries takes hundreds of megabytes.
static CRLS: InUse<Inner> = InUse::new();

/// A certificate that a CRL lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// Since when it counts as revoked: its revocationDate, or its invalidityDate where that is earlier (RFC 5280 §5.3.2).
    pub since: DateTime<Utc>,
    /// The name of the CRLReason, if one is given (RFC 5280 §5.3.1).
    pub reason: Option<&'static str>,
}

/// What a CRL can say about a certificate of its issuer that it does not list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// It covers the certificate: not to be listed means not to be revoked.
    Covers,
    /// It covers others; why.
    Elsewhere(&'static str),
}

#[derive(Debug, Default)]
struct Extensions {
    delta: bool,
    unknown_critical: bool,
    distribution: Option<IssuingDistributionPoint>,
    /// authorityKeyIdentifier and issuingDistributionPoint, as they stand there.
    part: Vec<u8>,
    /// cRLNumber in DER.
    number: Option<Vec<u8>>,
}

/// RFC 5280 §5.2.5.
#[derive(Debug)]
struct IssuingDistributionPoint {
    /// Full names in DER; `None` if the field is absent.
    names: Option<Vec<Box<[u8]>>>,
    limits: Vec<Limit>,
}

/// What a CRL says that it does not cover.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Limit {
    OnlyUsers,
    OnlyCas,
    OnlySomeReasons,
    Indirect,
    OnlyAttributes,
}

/// What its entries hold that nothing here processes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Doubtful {
    /// An unknown critical extension of an entry.
    entry: bool,
    /// Entries of other issuers.
    indirect: bool,
}

impl Crl {
    /// The most bytes that a CRL may have.
    pub const MAX_BYTES: usize = 8 * 1024 * 1024;

    /// Reads one CRL in DER and nothing after it.
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
        let sha256 = sha::sha256(der);
        match CRLS.find(&sha256) {
            Some(read) => Ok(Self(read)),
            None => Ok(Self(CRLS.share(sha256, Self::read(der, sha256)?))),
        }
    }

    fn read(der: &[u8], sha256: Fingerprint) -> Result<Inner, CertificateError> {
        let mut list = Reader::whole_sequence(der)?;
        let mut tbs = list.sequence()?;
        let outer_algorithm = list.expect(der::SEQUENCE)?;
        signature_bits(list.expect(der::BIT_STRING)?)?;
        list.finish()?;

        let version_2 = match tbs.optional(der::INTEGER)? {
            None => false,
            Some([1]) => true,
            Some(_) => return Err(CertificateError::Version),
        };
        let algorithm = tbs.expect(der::SEQUENCE)?;
        if algorithm != outer_algorithm {
            return Err(CertificateError::AlgorithmsDiffer);
        }
        let issuer = Name::from_der(tbs.element()?.bytes)?;
        let this_update = tbs.time()?;
        let next_update = if tbs.at_time() { Some(tbs.time()?) } else { None };
        let mut doubtful = Doubtful::default();
        let entries = match tbs.optional(der::SEQUENCE)? {
            None => HashMap::new(),
            Some(entries) => read_entries(Reader::new(entries), &issuer, &mut doubtful)?,
        };
        let extensions = match tbs.optional(der::context_constructed(0))? {
            None => Extensions::default(),
            Some(_) if !version_2 => return Err(CertificateError::Version),
            Some(list) => Extensions::read(Reader::whole_sequence(list)?)?,
        };
        tbs.finish()?;
        let unreadable = |_| CertificateError::Malformed("the crypto library cannot read it");
        Ok(Inner {
            sha256,
            issuer,
            this_update,
            next_update,
            signature: CertificateSignature::read(algorithm)?,
            entries,
            extensions,
            doubtful,
            library: X509Crl::from_der(der).map_err(unreadable)?,
        })
    }

    /// Reads all CRLs in a PEM text, which may hold other things between them; none is an empty list.
    ///
    /// # Errors
    ///
    /// The first block that is no CRL, or text that is no PEM.
    pub fn from_pem_bundle(text: &[u8]) -> Result<Vec<Self>, CertificateError> {
        pem::blocks(text, &["X509 CRL"])?
            .iter()
            .map(|der| Self::from_der(der))
            .collect()
    }

    /// SHA-256 of its DER.
    pub fn sha256(&self) -> &Fingerprint {
        &self.0.sha256
    }

    /// Its DER. `None` if the crypto library cannot write it.
    pub fn der(&self) -> Option<Vec<u8>> {
        let der = self.0.library.to_der();
        if der.is_err() {
            drop_library_errors();
        }
        der.ok()
    }

    /// Who issued it.
    pub fn issuer_name(&self) -> &Name {
        &self.0.issuer
    }

    /// From when it counts.
    pub fn this_update(&self) -> DateTime<Utc> {
        self.0.this_update
    }

    /// From when it no longer counts. RFC 5280 §5.1.2.5 asks for it; a CRL without one never counts.
    pub fn next_update(&self) -> Option<DateTime<Utc>> {
        self.0.next_update
    }

    /// The algorithm of the signature on it.
    pub fn signature_algorithm(&self) -> &CertificateSignature {
        &self.0.signature
    }

    /// Whether the key of `issuer` made the signature on it.
    pub fn is_signed_by(&self, issuer: &PublicKey) -> bool {
        let holds = self.0.library.verify(issuer.openssl()).unwrap_or(false);
        if !holds {
            drop_library_errors();
        }
        holds
    }

    /// Whether it only says what has changed since another (RFC 5280 §5.2.4).
    pub fn is_delta(&self) -> bool {
        self.0.extensions.delta
    }

    /// Whether it may list certificates of other issuers.
    pub fn is_indirect(&self) -> bool {
        self.0.doubtful.indirect
            || self
                .0
                .extensions
                .distribution
                .as_ref()
                .is_some_and(|distribution| distribution.limits.contains(&Limit::Indirect))
    }

    /// Its authorityKeyIdentifier and issuingDistributionPoint, as they stand there: what tells the CRLs of one issuer apart that are current
    /// at the same time.
    pub fn part(&self) -> &[u8] {
        &self.0.extensions.part
    }

    /// Its cRLNumber in DER, and before that how long it is: what is greater is later (RFC 5280 §5.2.3).
    pub fn number(&self) -> Option<(usize, Vec<u8>)> {
        let number = self.0.extensions.number.clone();
        number.map(|der| (der.len(), der))
    }

    /// Its entry for a certificate of its issuer, found by serial number.
    pub fn entry(&self, certificate: &Certificate) -> Option<Revoked> {
        self.0.entries.get(certificate.serial_bytes()).copied()
    }

    /// How many certificates of its issuer it lists.
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Whether it lists none.
    pub fn is_empty(&self) -> bool {
        self.0.entries.is_empty()
    }

    /// Why not to be listed means nothing for any certificate, if so (RFC 5280 §5.2, §5.3, §6.3.3 (b)).
    pub fn covers_none(&self) -> Option<&'static str> {
        if self.0.extensions.unknown_critical {
            return Some("it has a critical extension that is not processed");
        }
        if self.0.doubtful.entry {
            return Some("an entry has a critical extension that is not processed");
        }
        let mut limits = self
            .0
            .extensions
            .distribution
            .iter()
            .flat_map(|point| &point.limits);
        limits.find_map(|limit| match limit {
            Limit::OnlyUsers | Limit::OnlyCas => None,
            Limit::OnlySomeReasons => Some("it is for some reasons only"),
            Limit::Indirect => Some("it is indirect"),
            Limit::OnlyAttributes => Some("it is for attribute certificates"),
        })
    }

    /// Whether not to be listed means anything for `certificate`, which its issuer issued (RFC 5280 §5.2.5, §6.3.3 (b)).
    pub fn scope(&self, certificate: &Certificate) -> Scope {
        if let Some(why) = self.covers_none() {
            return Scope::Elsewhere(why);
        }
        let Some(distribution) = &self.0.extensions.distribution else {
            return Scope::Covers;
        };
        let fits_point = |names: &Vec<Box<[u8]>>| {
            let known = &certificate.crl_sources().full_names;
            names.iter().any(|name| known.contains(name))
        };
        for limit in &distribution.limits {
            match limit {
                Limit::OnlyUsers if certificate.is_ca() => return Scope::Elsewhere("it is not for CAs"),
                Limit::OnlyCas if !certificate.is_ca() => return Scope::Elsewhere("it is for CAs only"),
                Limit::OnlyUsers
                | Limit::OnlyCas
                | Limit::OnlySomeReasons
                | Limit::Indirect
                | Limit::OnlyAttributes => {}
            }
        }
        if distribution
            .names
            .as_ref()
            .is_some_and(|names| !fits_point(names))
        {
            return Scope::Elsewhere("it is for another distribution point");
        }
        Scope::Covers
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (issuer, this_update, count) = (self.0.issuer.as_str(), self.0.this_update, self.0.entries.len());
        write!(f, "Crl({issuer}, {this_update}, {count} entries)")
    }
}

const REASONS: [&str; 11] = [
    "unspecified",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "unused",
    "removeFromCRL",
    "privilegeWithdrawn",
    "aACompromise",
];

/// The entries of certificates that `issuer` issued, by serial number: those before the first certificateIssuer, and those after one
/// that names it (RFC 5280 §5.3.3).
fn read_entries(
    mut reader: Reader<'_>,
    issuer: &Name,
    doubtful: &mut Doubtful,
) -> Result<HashMap<Box<[u8]>, Revoked>, CertificateError> {
    let mut entries = HashMap::new();
    let mut is_own = true;
    while !reader.is_empty() {
        let mut entry = reader.sequence()?;
        let serial: Box<[u8]> = entry.integer()?.into();
        let since = entry.time()?;
        let mut revoked = Revoked { since, reason: None };
        if !entry.is_empty() {
            let mut list = entry.sequence()?;
            let mut seen: Vec<&[u8]> = Vec::new();
            while !list.is_empty() {
                let extension = RawExtension::read(&mut list)?;
                if seen.contains(&extension.oid) {
                    return Err(CertificateError::DuplicateExtension(der::dotted(extension.oid)));
                }
                seen.push(extension.oid);
                match extension.oid {
                    [0x55, 0x1d, 0x15] => revoked.reason = Some(reason(extension.value)?),
                    [0x55, 0x1d, 0x1d] => {
                        doubtful.indirect = true;
                        let names = GeneralName::read_all(Reader::whole_sequence(extension.value)?)?;
                        is_own = names.contains(&GeneralName::Directory(issuer.clone()));
                    }
                    // Since when the key was in other hands.
                    [0x55, 0x1d, 0x18] => revoked.since = since.min(invalidity_date(extension.value)?),
                    // holdInstructionCode changes nothing.
                    [0x55, 0x1d, 0x17] => {}
                    _ => doubtful.entry |= extension.critical,
                }
            }
        }
        entry.finish()?;
        if !is_own {
            continue;
        }
        // Listed twice, the earlier date counts, and a reason that stays.
        let kept = entries.entry(serial).or_insert(revoked);
        kept.since = kept.since.min(revoked.since);
        if matches!(kept.reason, Some("certificateHold" | "removeFromCRL")) {
            kept.reason = revoked.reason;
        }
    }
    Ok(entries)
}

/// RFC 5280 §5.3.2.
fn invalidity_date(value: &[u8]) -> der::Result<DateTime<Utc>> {
    let mut reader = Reader::new(value);
    let date = reader.time()?;
    reader.finish()?;
    Ok(date)
}

/// The name of a CRLReason.
pub(in crate::crypto) fn reason(value: &[u8]) -> der::Result<&'static str> {
    let mut reader = Reader::new(value);
    let number = der::small_integer(reader.expect(der::ENUMERATED)?)?;
    reader.finish()?;
    let name = usize::try_from(number)
        .ok()
        .and_then(|number| REASONS.get(number));
    name.copied().ok_or(Malformed("an unknown CRLReason"))
}

impl Extensions {
    fn read(mut reader: Reader<'_>) -> Result<Self, CertificateError> {
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        while !reader.is_empty() {
            let extension = RawExtension::read(&mut reader)?;
            if seen.contains(&extension.oid) {
                return Err(CertificateError::DuplicateExtension(der::dotted(extension.oid)));
            }
            seen.push(extension.oid);
            if let [0x55, 0x1d, 0x23 | 0x1c] = extension.oid {
                extensions.part.extend([extension.oid, extension.value].concat());
            }
            match extension.oid {
                // authorityKeyIdentifier, issuerAltName: the key itself decides.
                [0x55, 0x1d, 0x23 | 0x12] => {}
                [0x55, 0x1d, 0x14] => extensions.number = Some(extension.value.to_vec()),
                [0x55, 0x1d, 0x1b] => extensions.delta = true,
                [0x55, 0x1d, 0x1c] => {
                    let read = IssuingDistributionPoint::read(extension.value);
                    let malformed = |Malformed(why)| ExtensionError::Malformed {
                        oid: der::dotted(extension.oid),
                        why,
                    };
                    extensions.distribution = Some(read.map_err(malformed)?);
                }
                _ => extensions.unknown_critical |= extension.critical,
            }
        }
        Ok(extensions)
    }
}

impl IssuingDistributionPoint {
    fn read(value: &[u8]) -> der::Result<Self> {
        let mut reader = Reader::whole_sequence(value)?;
        let name = reader.optional(der::context_constructed(0))?;
        let names = name.map(|name| full_names(Some(name))).transpose()?;
        let mut limits = Vec::new();
        let mut limit = |applies: bool, limit| {
            if applies {
                limits.push(limit)
            }
        };
        limit(reader.boolean_default_false(der::context(1))?, Limit::OnlyUsers);
        limit(reader.boolean_default_false(der::context(2))?, Limit::OnlyCas);
        limit(
            reader.optional(der::context(3))?.is_some(),
            Limit::OnlySomeReasons,
        );
        limit(reader.boolean_default_false(der::context(4))?, Limit::Indirect);
        limit(
            reader.boolean_default_false(der::context(5))?,
            Limit::OnlyAttributes,
        );
        reader.finish()?;
        Ok(Self { names, limits })
    }
}
