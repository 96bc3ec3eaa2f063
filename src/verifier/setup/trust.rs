use std::fs;
use std::mem;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::inbound::{FetchedContext, add_fetched};
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::trust::{Issuers, Period, TrustSources, TrustStore};

use super::file::{Unusable, password, read_up_to, unread};

/// Whom to trust.
#[derive(Clone, Debug, Default)]
pub struct TrustFiles {
    /// Anchors: PEM bundles, DER certificates, folders of them, PKCS#12 trust stores, SAML metadata.
    pub trust: Vec<PathBuf>,
    /// Certificates that may help to find a key or to build a path, trusted for nothing.
    pub untrusted: Vec<PathBuf>,
    /// Anchors that count during a period only, in files likewise but for metadata.
    pub during: Vec<(Period, PathBuf)>,
    /// Certificate revocation lists and OCSP responses.
    pub crl: Vec<PathBuf>,
    /// The password of PKCS#12 files, on the first line of this file.
    pub password_file: Option<PathBuf>,
}

/// Whose keys are whose in SAML.
#[derive(Clone, Debug, Default)]
pub struct MetadataFiles {
    /// SAML metadata.
    pub metadata: Vec<PathBuf>,
    /// The certificate that must have signed each of them.
    pub signer: Option<PathBuf>,
}

/// What the operator trusts.
pub(crate) struct Trust {
    /// Certificates and CRLs.
    pub(crate) store: TrustStore,
    /// SAML entities whose metadata was named.
    pub(crate) issuers: Issuers,
}

impl TrustFiles {
    /// Reads all of it.
    pub(crate) fn read(&self) -> Result<Trust, Unusable> {
        let password = self.password_file.as_deref().map(password).transpose()?;
        let password = password.as_deref().map(String::as_str);
        let mut sources = TrustSources::new();
        let mut metadata = Vec::new();
        for path in &self.trust {
            let found = sources.trust_path(path, password, None);
            metadata.extend(found.map_err(|error| Unusable::new("trust", error))?);
        }
        for (period, path) in &self.during {
            let read = sources.trust_path_during(path, password, *period);
            read.map_err(|error| Unusable::new("trust-during", error))?;
        }
        for path in &self.untrusted {
            let read = sources.untrusted_path(path, password);
            read.map_err(|error| Unusable::new("untrusted", error))?;
        }
        for path in &self.crl {
            sources
                .crl_path(path)
                .map_err(|error| Unusable::new("crl", error))?;
        }
        let mut issuers = Issuers::new();
        for found in metadata {
            let added = issuers.add(found.bytes.into()).map_err(Rejection::from);
            added.map_err(|why| Unusable::refused("trust", &found.path, &why))?;
        }
        Ok(Trust {
            store: sources.build(),
            issuers,
        })
    }

    /// With the metadata that a relying party of SAML knows, judged as of `at`, or now.
    pub(crate) fn with_metadata(
        &self,
        files: &MetadataFiles,
        policy: &Policy,
        at: Option<DateTime<Utc>>,
    ) -> Result<Trust, Unusable> {
        const OPTION: &str = "metadata";
        let mut trust = self.read()?;
        let signer = files.signer.as_deref().map(metadata_signer).transpose()?;
        for path in &files.metadata {
            // It is long and no secret: not copied.
            let bytes = mem::take(&mut *read_up_to(OPTION, path, TrustSources::MAX_FILE)?).into();
            let added = match &signer {
                None => trust.issuers.add(bytes).map_err(Rejection::from),
                Some(signer) => {
                    let context = FetchedContext {
                        policy,
                        signer,
                        fetched: written(OPTION, path)?,
                        at: at.unwrap_or_else(Utc::now),
                    };
                    add_fetched(&mut trust.issuers, bytes, &context)
                }
            };
            added.map_err(|why| Unusable::refused(OPTION, path, &why))?;
        }
        Ok(trust)
    }
}

fn metadata_signer(path: &Path) -> Result<TrustStore, Unusable> {
    const OPTION: &str = "metadata-signer";
    let mut sources = TrustSources::new();
    let found = sources.trust_path(path, None, None);
    let found = found.map_err(|error| Unusable::new(OPTION, error))?;
    match found.as_slice() {
        [] => Ok(sources.build()),
        [_, ..] => Err(Unusable::new(
            OPTION,
            "SAML metadata, where a certificate should be",
        )),
    }
}

/// When the file was last written.
fn written(option: &'static str, path: &Path) -> Result<DateTime<Utc>, Unusable> {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    written
        .map(DateTime::from)
        .map_err(|error| unread(option, path, &error))
}
