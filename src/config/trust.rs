use std::path::Path;

use chrono::DateTime;
use chrono::Utc;

use super::ends;
use super::ends::CertificateUse;
use super::files;
use super::problem::KeyPath;
use super::problem::{Source, Stage};
use super::typed;
use crate::crypto::Certificate;
use crate::inbound::FetchedContext;
use crate::inbound::add_fetched;
use crate::policy::Policy;
use crate::policy::Profile;
use crate::rejection::Rejection;
use crate::trust::Constraint;
use crate::trust::ConstraintError;
use crate::trust::Issuers;
use crate::trust::TrustSources;
use crate::trust::TrustStore;

/// Loads whom a route trusts. `None` if anything is wrong or nobody is trusted (T62), which is then noted.
pub(super) fn check(
    trust: &typed::Trust,
    policy: Option<&Policy>,
    now: DateTime<Utc>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<(TrustStore, Issuers)> {
    let mut checking = Checking {
        sources: TrustSources::new(),
        complete: true,
        source,
    };
    for (index, anchor) in trust.anchor.iter().enumerate() {
        checking.anchor(anchor, &path.key("anchor").entry(index));
    }
    for (index, pin) in trust.pins.iter().enumerate() {
        checking.pin(pin, &path.key("pins").entry(index));
    }
    for (index, file) in trust.untrusted.iter().enumerate() {
        if !files::is_readable(file, &path.key("untrusted").entry(index), checking.source) {
            checking.complete = false;
            continue;
        }
        let full = checking.source.ask(file);
        let added = checking.sources.untrusted_path(&full, None);
        checking.note(
            added,
            &path.key("untrusted").entry(index),
            "give certificates as PEM or DER",
        );
    }
    for (index, file) in trust.crls.iter().enumerate() {
        checking.crls(file, &path.key("crls").entry(index));
    }
    let issuers = checking.issuers(trust.saml.as_ref(), policy, now, &path.key("saml"));
    let Checking {
        sources, complete, ..
    } = checking;
    let store = sources.build();
    // A gateway that serves looks at those in use, and tells of each once.
    if source.stage == Stage::Examined {
        let rules = policy.map_or_else(|| Profile::Strict.policy().path_rules(), Policy::path_rules);
        for due in store.crl_ends(now, &rules).due {
            ends::warn_of_crl(&due, &path.key("crls"), source);
        }
    }
    let asked = trust.anchor.len().saturating_add(trust.pins.len());
    let metadata = trust.saml.iter().flat_map(|saml| &saml.metadata);
    let is_to_come = metadata.into_iter().any(|file| source.is_to_come(file));
    if asked == 0 && issuers.is_empty() && complete && !is_to_come {
        source.problem(
            path,
            "names nobody whose signatures count",
            "add an anchor, pins, or the metadata of an identity provider",
        );
        return None;
    }
    complete.then_some((store, issuers))
}

struct Checking<'a, 't> {
    sources: TrustSources,
    complete: bool,
    source: &'a mut Source<'t>,
}

impl Checking<'_, '_> {
    fn anchor(&mut self, anchor: &typed::Anchor, path: &KeyPath) {
        let constraint = Constraint::new(&anchor.subject, &anchor.san);
        let certificates = files::certificates(&anchor.file, &path.key("file"), self.source);
        let constraint = match constraint {
            Ok(constraint) => Some(constraint),
            Err(ConstraintError::Empty) => {
                self.wrong(
                    path,
                    "trusts everybody that this CA certifies".to_owned(),
                    "add subject or san, as subject = [\"CN=orders-*,O=Partner,C=DE\"]",
                );
                None
            }
            Err(ConstraintError::Pattern(pattern)) => {
                let key = if anchor.subject.contains(&pattern) {
                    "subject"
                } else {
                    "san"
                };
                let instead = "write subjects as \"CN=orders-*,O=Partner,C=DE\" or \"*,O=Partner,C=DE\", and names as \"dns:*.partner.example\"";
                self.wrong(
                    &path.key(key),
                    format!("is no pattern, or fits everybody: {pattern:?}"),
                    instead,
                );
                None
            }
        };
        let (Some(constraint), Some(certificates)) = (constraint, certificates) else {
            self.complete = false;
            return;
        };
        self.source
            .ends(CertificateUse::Anchor, &path.key("file"), &certificates);
        for certificate in certificates {
            if certificate.is_ca() {
                self.sources.trust(certificate, Some(&constraint));
            } else {
                let what = format!("is no CA: {}", certificate.subject());
                self.wrong(
                    &path.key("file"),
                    what,
                    "list the file under pins to trust this certificate alone",
                );
            }
        }
    }

    fn crls(&mut self, file: &Path, path: &KeyPath) {
        let added = if self.source.fetch_of(file).is_some() {
            match self.source.read(file, TrustSources::MAX_CRL_FILE) {
                Ok(Some(copy)) => self.sources.fetched_crl(file, &copy.bytes),
                Ok(None) => return,
                Err(error) => {
                    files::unreadable(self.source, path, file, &error);
                    self.complete = false;
                    return;
                }
            }
        } else if files::is_readable(file, path, self.source) {
            let full = self.source.ask(file);
            self.sources.crl_path(&full)
        } else {
            self.complete = false;
            return;
        };
        self.note(
            added,
            path,
            "give certificate revocation lists as PEM or DER, and the certificates of who issues those that are fetched",
        );
    }

    fn pin(&mut self, file: &Path, path: &KeyPath) {
        let Some(certificates) = files::certificates(file, path, self.source) else {
            self.complete = false;
            return;
        };
        self.source.ends(CertificateUse::Pinned, path, &certificates);
        let (authorities, pins): (Vec<_>, Vec<_>) = certificates.into_iter().partition(Certificate::is_ca);
        for authority in authorities {
            let what = format!("is a CA: {}", authority.subject());
            self.wrong(
                path,
                what,
                "list the file under anchor, with the subject or san of the signers that are meant",
            );
        }
        pins.into_iter().for_each(|pin| self.sources.trust(pin, None));
    }

    fn issuers(
        &mut self,
        saml: Option<&typed::Saml>,
        policy: Option<&Policy>,
        now: DateTime<Utc>,
        path: &KeyPath,
    ) -> Issuers {
        let mut issuers = Issuers::new();
        let Some(saml) = saml else {
            return issuers;
        };
        let policy = policy.cloned().unwrap_or_else(|| Profile::Strict.policy());
        let signer = saml.metadata_signer.as_deref();
        let signer = match signer.map(|file| self.metadata_signer(file, &path.key("metadata_signer"))) {
            Some(None) => return issuers,
            found => found.flatten(),
        };
        for (index, file) in saml.metadata.iter().enumerate() {
            let path = path.key("metadata").entry(index);
            if signer.is_none() && self.source.fetch_of(file).is_some() {
                let instead = "name who signs it in metadata_signer";
                self.wrong(
                    &path,
                    "is fetched, and nobody is named who signs it".to_owned(),
                    instead,
                );
                continue;
            }
            let added = match (self.source.read(file, TrustSources::MAX_FILE), &signer) {
                (Err(error), _) => {
                    files::unreadable(self.source, &path, file, &error);
                    self.complete = false;
                    continue;
                }
                (Ok(None), _) => continue,
                (Ok(Some(copy)), None) => issuers.add(copy.bytes).map_err(Rejection::from),
                (Ok(Some(copy)), Some(signer)) => {
                    let context = FetchedContext {
                        policy: &policy,
                        signer,
                        fetched: copy.at.time(),
                        at: now,
                    };
                    add_fetched(&mut issuers, copy.bytes, &context)
                }
            };
            self.note(added, &path, "give SAML metadata of identity providers");
        }
        issuers
    }

    /// Whoever may have signed metadata; `None` if the file is of no use, which is then noted.
    fn metadata_signer(&mut self, file: &Path, path: &KeyPath) -> Option<TrustStore> {
        let certificates = files::certificates(file, path, self.source);
        self.complete &= certificates.is_some();
        let named = certificates.as_deref().unwrap_or_default();
        self.source.ends(CertificateUse::MetadataSigner, path, named);
        let mut signer = TrustSources::new();
        certificates?.into_iter().for_each(|one| signer.trust(one, None));
        Some(signer.build())
    }

    fn note<E: std::error::Error>(&mut self, result: Result<(), E>, path: &KeyPath, instead: &str) {
        if let Err(error) = result {
            self.wrong(path, format!("cannot be used: {error}"), instead);
        }
    }

    fn wrong(&mut self, path: &KeyPath, what: String, instead: &str) {
        self.source.problem(path, what, instead);
        self.complete = false;
    }
}
