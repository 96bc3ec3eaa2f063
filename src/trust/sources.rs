//! Reading what the operator trusts, at start: PEM, DER, folders, PKCS#12.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use crate::crypto::Certificate;
use crate::crypto::CertificateError;
use crate::crypto::Crl;
use crate::crypto::Fingerprint;
use crate::crypto::OcspResponse;
use crate::crypto::Pkcs12;
use crate::crypto::Pkcs12Error;
use crate::trust::Anchor;
use crate::trust::Constraint;
use crate::trust::Period;
use crate::trust::TrustStore;
use crate::trust::revocation::Records;
use crate::trust::revocation::answers_for_others;

/// Collects trust, helpful certificates and CRLs; [`build`](Self::build) makes a [`TrustStore`] of them.
#[derive(Debug, Default)]
pub struct TrustSources {
    pins: Vec<Certificate>,
    anchors: Vec<Anchor>,
    untrusted: Vec<Certificate>,
    crls: Vec<Crl>,
    answers: Vec<OcspResponse>,
    periods: HashMap<Fingerprint, Vec<Period>>,
}

/// SAML metadata that was found among the files given as trust. Reading it is another's work.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// The file it came from.
    pub path: PathBuf,
    /// What stands in it.
    pub bytes: Vec<u8>,
}

/// Why a file of the operator's cannot be used.
#[derive(Debug)]
pub struct LoadError {
    path: PathBuf,
    why: Why,
}

#[derive(Debug)]
enum Why {
    Io(io::Error),
    TooLong,
    Nothing(&'static str),
    PasswordNeeded,
    NotSigned,
    Certificate(CertificateError),
    Pkcs12(Pkcs12Error),
}

/// What kind of file bytes are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Pem,
    Pkcs12,
    Der,
    Xml,
    Unknown,
}

impl TrustSources {
    /// The most bytes that a file given as trust may have; enough for the metadata of a federation.
    pub const MAX_FILE: u64 = 128 * 1024 * 1024;

    /// The most bytes that a file of CRLs may have: one of the greatest as PEM, or several.
    pub const MAX_CRL_FILE: u64 = 16 * 1024 * 1024;

    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Trusts one certificate: a CA as an anchor for those whom `constraint` allows (everybody without one), any other as a pin. A pin
    /// is its own narrowest constraint and has no use for another.
    pub fn trust(&mut self, certificate: Certificate, constraint: Option<&Constraint>) {
        self.trust_during(certificate, constraint, Period::ALWAYS);
    }

    /// Trusts one certificate likewise, during `period` only; given several times, during any of its periods.
    pub fn trust_during(
        &mut self,
        certificate: Certificate,
        constraint: Option<&Constraint>,
        period: Period,
    ) {
        self.periods
            .entry(*certificate.sha256())
            .or_default()
            .push(period);
        if certificate.is_ca() {
            self.anchors.push(Anchor::new(certificate, constraint.cloned()));
        } else {
            self.pins.push(certificate);
        }
    }

    /// Trusts what stands in a file, or in the files of a folder: PEM, DER, PKCS#12 with `password`. SAML metadata found there
    /// is handed back.
    ///
    /// Of a folder, files that are none of these, hidden files and folders inside are passed over; a certificate that cannot
    /// be read is an error wherever it stands.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if a file cannot be read or used, or holds nothing to trust.
    pub fn trust_path(
        &mut self,
        path: &Path,
        password: Option<&str>,
        constraint: Option<&Constraint>,
    ) -> Result<Vec<Metadata>, LoadError> {
        let (certificates, metadata) = read_path(path, password)?;
        certificates
            .into_iter()
            .for_each(|certificate| self.trust(certificate, constraint));
        Ok(metadata)
    }

    /// Trusts what stands in a file or folder likewise, during `period` only.
    ///
    /// # Errors
    ///
    /// [`LoadError`] as [`trust_path`](Self::trust_path), and if it holds SAML metadata, which says itself until when it holds.
    pub fn trust_path_during(
        &mut self,
        path: &Path,
        password: Option<&str>,
        period: Period,
    ) -> Result<(), LoadError> {
        for certificate in certificates_alone(path, password)? {
            self.trust_during(certificate, None, period);
        }
        Ok(())
    }

    /// Trusts the certificates in bytes that came from somewhere else than a file: PEM, DER, or PKCS#12 with `password`. `name` is
    /// what an error calls them.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if they cannot be read or hold no certificate.
    pub fn trust_bytes(
        &mut self,
        name: &str,
        bytes: &[u8],
        password: Option<&str>,
        constraint: Option<&Constraint>,
    ) -> Result<(), LoadError> {
        let found = contents(bytes, password).and_then(|found| match found {
            Contents::Certificates(found) if !found.is_empty() => Ok(found),
            Contents::Certificates(_) | Contents::Metadata | Contents::Unknown => {
                Err(Why::Nothing("no certificate in it"))
            }
        });
        let found = found.map_err(|why| LoadError {
            path: name.into(),
            why,
        })?;
        found
            .into_iter()
            .for_each(|certificate| self.trust(certificate, constraint));
        Ok(())
    }

    /// Adds a certificate that may help to find a key or to build a path, and is trusted for nothing.
    pub fn untrusted(&mut self, certificate: Certificate) {
        self.untrusted.push(certificate);
    }

    /// Adds the certificates of a file or folder likewise.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if a file cannot be read or used, or holds no certificate.
    pub fn untrusted_path(&mut self, path: &Path, password: Option<&str>) -> Result<(), LoadError> {
        self.untrusted.extend(certificates_alone(path, password)?);
        Ok(())
    }

    /// Adds a CRL.
    pub fn crl(&mut self, crl: Crl) {
        self.crls.push(crl);
    }

    /// Adds an OCSP response.
    pub fn ocsp(&mut self, response: OcspResponse) {
        self.answers.push(response);
    }

    /// Adds the CRLs of a file, PEM or DER, or the OCSP response in DER, or those of the files of a folder. Other files in a folder are passed over,
    /// but none that may well hold CRLs: who is thought not to be revoked then is trusted.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if a file cannot be read or holds none, and of a folder if there is a folder in it or a file that is compressed.
    pub fn crl_path(&mut self, path: &Path) -> Result<(), LoadError> {
        for file in files(path, Deeper::Refused)? {
            let bytes = read(&file, Self::MAX_CRL_FILE)?;
            if let Some(what) = compressed(&bytes) {
                let why = Why::Nothing(what);
                return Err(LoadError { path: file, why });
            }
            match self.crl_bytes(&file, &bytes) {
                Err(LoadError {
                    why: Why::Nothing(_), ..
                }) if file != path => {}
                added => added?,
            }
        }
        Ok(())
    }

    /// Adds the CRLs in bytes that stand for the file `path`, PEM or DER, or the OCSP response in DER.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if they hold none.
    pub fn crl_bytes(&mut self, path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
        let failed = |why| LoadError {
            path: path.to_owned(),
            why,
        };
        if OcspResponse::is_one(bytes) {
            let response = OcspResponse::from_der(bytes);
            self.ocsp(response.map_err(|error| failed(Why::Certificate(error)))?);
            return Ok(());
        }
        self.crls.extend(crls(bytes).map_err(failed)?);
        Ok(())
    }

    /// As [`crl_bytes`](Self::crl_bytes), of what came from an address: whoever answers there must not choose which of them is in use. A CRL must be signed
    /// with the key of its issuer, an OCSP response with that of a CA, or of a responder that came with it and that a CA certified for that; of
    /// CAs whose certificates were given before. Whether it counts is judged when it is used.
    ///
    /// # Errors
    ///
    /// [`LoadError`] if they hold none, or one that is not signed so.
    pub fn fetched_crl(&mut self, path: &Path, bytes: &[u8]) -> Result<(), LoadError> {
        let mut fetched = Self::new();
        fetched.crl_bytes(path, bytes)?;
        let all_signed = fetched.crls.iter().all(|crl| self.signed_list(crl))
            && fetched
                .answers
                .iter()
                .all(|response| self.signed_response(response));
        if !all_signed {
            return Err(LoadError {
                path: path.to_owned(),
                why: Why::NotSigned,
            });
        }
        self.crls.extend(fetched.crls);
        self.answers.extend(fetched.answers);
        Ok(())
    }

    fn signed_list(&self, crl: &Crl) -> bool {
        let mut issuers = self
            .authorities()
            .filter(|issuer| issuer.subject_name() == crl.issuer_name());
        issuers.any(|issuer| crl.is_signed_by(issuer.public_key()))
    }

    fn signed_response(&self, response: &OcspResponse) -> bool {
        let certified = |responder: &&Certificate| {
            let mut issuers = self.authorities();
            answers_for_others(responder) && issuers.any(|issuer| responder.is_signed_by(issuer.public_key()))
        };
        let brought = response.certificates().iter().filter(certified);
        let mut signers = self.authorities().chain(brought);
        signers.any(|signer| response.is_signed_by(signer.public_key()))
    }

    fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        let anchors = self.anchors.iter().map(Anchor::certificate);
        anchors.chain(&self.untrusted).filter(|known| known.is_ca())
    }

    /// The store of all this. One without anchors and pins refuses everything.
    pub fn build(self) -> TrustStore {
        let authorities: Vec<Certificate> = self.authorities().cloned().collect();
        let records = Records::of(self.crls, self.answers, authorities.iter());
        TrustStore::new(self.pins, self.anchors, self.untrusted, records, self.periods)
    }
}

impl LoadError {
    /// Stable code of the refusal.
    pub const fn code(&self) -> &'static str {
        "config.trust_unreadable"
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file system, and not the contents, is the reason.
    pub const fn is_io(&self) -> bool {
        matches!(self.why, Why::Io(_))
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.why {
            Why::Io(error) => error.fmt(f),
            Why::TooLong => f.write_str("the file is too long"),
            Why::Nothing(what) => f.write_str(what),
            Why::NotSigned => f.write_str("it is not signed by a CA whose certificate was given"),
            Why::PasswordNeeded => f.write_str("the PKCS#12 file needs a password and none was given"),
            Why::Certificate(error) => error.fmt(f),
            Why::Pkcs12(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}

fn crls(bytes: &[u8]) -> Result<Vec<Crl>, Why> {
    let crls = match kind(bytes) {
        Kind::Pem => Crl::from_pem_bundle(bytes),
        Kind::Der | Kind::Pkcs12 => Crl::from_der(bytes).map(|crl| vec![crl]),
        Kind::Xml | Kind::Unknown => Ok(Vec::new()),
    };
    match crls.map_err(Why::Certificate)? {
        crls if crls.is_empty() => Err(Why::Nothing("no CRL and no OCSP response in it")),
        crls => Ok(crls),
    }
}

fn read_path(path: &Path, password: Option<&str>) -> Result<(Vec<Certificate>, Vec<Metadata>), LoadError> {
    let mut certificates = Vec::new();
    let mut metadata = Vec::new();
    for file in files(path, Deeper::PassedOver)? {
        let bytes = read(&file, TrustSources::MAX_FILE)?;
        match contents(&bytes, password) {
            Ok(Contents::Certificates(found)) => certificates.extend(found),
            Ok(Contents::Metadata) => metadata.push(Metadata { path: file, bytes }),
            Ok(Contents::Unknown) => {}
            Err(why) => return Err(LoadError { path: file, why }),
        }
    }
    if certificates.is_empty() && metadata.is_empty() {
        return Err(LoadError {
            path: path.to_owned(),
            why: Why::Nothing("no certificate in it"),
        });
    }
    Ok((certificates, metadata))
}

/// The certificates of a path that holds no metadata.
fn certificates_alone(path: &Path, password: Option<&str>) -> Result<Vec<Certificate>, LoadError> {
    let (certificates, metadata) = read_path(path, password)?;
    match metadata.into_iter().next() {
        None => Ok(certificates),
        Some(metadata) => Err(LoadError {
            path: metadata.path,
            why: Why::Nothing("SAML metadata, where a certificate should be"),
        }),
    }
}

/// What a file given as trust holds.
enum Contents {
    Certificates(Vec<Certificate>),
    Metadata,
    Unknown,
}

fn contents(bytes: &[u8], password: Option<&str>) -> Result<Contents, Why> {
    let certificates = match kind(bytes) {
        Kind::Pem => Certificate::from_pem_bundle(bytes).map_err(Why::Certificate)?,
        Kind::Der => vec![Certificate::from_der(bytes).map_err(Why::Certificate)?],
        Kind::Pkcs12 => {
            let password = password.ok_or(Why::PasswordNeeded)?;
            let store = Pkcs12::open(bytes, password).map_err(Why::Pkcs12)?;
            store.certificates().map_err(Why::Pkcs12)?
        }
        Kind::Xml => return Ok(Contents::Metadata),
        Kind::Unknown => return Ok(Contents::Unknown),
    };
    Ok(Contents::Certificates(certificates))
}

/// What a folder in a folder is.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Deeper {
    PassedOver,
    Refused,
}

/// The file itself, or the visible files of a folder in the order of their names.
fn files(path: &Path, deeper: Deeper) -> Result<Vec<PathBuf>, LoadError> {
    let failed = |error| LoadError {
        path: path.to_owned(),
        why: Why::Io(error),
    };
    if !path.metadata().map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && entry.path().is_file() {
            files.push(entry.path());
        }
        if !hidden && entry.path().is_dir() && deeper == Deeper::Refused {
            return Err(LoadError {
                path: entry.path(),
                why: Why::Nothing("a folder in a folder is not read: name it by itself"),
            });
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let failed = |error| LoadError {
        path: path.to_owned(),
        why: Why::Io(error),
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    let read = file
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(read).is_ok_and(|read| read <= limit) {
        Ok(bytes)
    } else {
        Err(LoadError {
            path: path.to_owned(),
            why: Why::TooLong,
        })
    }
}

/// What is wrong with compressed bytes.
fn compressed(bytes: &[u8]) -> Option<&'static str> {
    let begins: [&[u8]; 5] = [
        b"\x1f\x8b",
        b"\x28\xb5\x2f\xfd",
        b"BZh",
        b"\xfd7zXZ",
        b"PK\x03\x04",
    ];
    let is_compressed = begins.iter().any(|begin| bytes.starts_with(begin));
    is_compressed.then_some("a compressed file is not read: unpack it")
}

fn kind(bytes: &[u8]) -> Kind {
    let text = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    if bytes.first() == Some(&0x30) {
        if Certificate::is_pkcs12(bytes) {
            Kind::Pkcs12
        } else {
            Kind::Der
        }
    } else if text.first() == Some(&b'<') {
        Kind::Xml
    } else if text.windows(11).any(|window| window == b"-----BEGIN ") {
        Kind::Pem
    } else {
        Kind::Unknown
    }
}
