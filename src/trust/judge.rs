//! The checks of one path, from its anchor downwards (RFC 5280 §6.1.3 to §6.1.5).

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::crypto::Certificate;
use crate::crypto::KeyKind;
use crate::crypto::SignatureHash;
use crate::trust::Anchor;
use crate::trust::DsaKeys;
use crate::trust::Error;
use crate::trust::NoPath;
use crate::trust::PathRules;
use crate::trust::Period;
use crate::trust::Refusal;
use crate::trust::Revocation;
use crate::trust::Sha1Signatures;
use crate::trust::Signer;
use crate::trust::TrustStore;
use crate::trust::Warning;
use crate::trust::name_constraints;
use crate::trust::path::Work;
use crate::trust::revocation::ClearedBy;
use crate::trust::revocation::Status;
use crate::trust::window::Window;

/// Purposes that fit a signature on content.
const PURPOSES: [&str; 6] = [
    "2.5.29.37.0",             // anyExtendedKeyUsage (RFC 5280 §4.2.1.12)
    "1.3.6.1.5.5.7.3.36",      // documentSigning (RFC 9336)
    "1.3.6.1.4.1.311.10.3.12", // documentSigning, as Microsoft named it first
    "1.3.6.1.5.5.7.3.4",       // emailProtection
    "1.3.6.1.5.5.7.3.3",       // codeSigning
    "1.3.6.1.5.5.7.3.2",       // clientAuth
];

/// What was found about a path, and for which times it holds.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) leaf: Certificate,
    /// Above the leaf, the anchor last.
    pub(super) issuers: Vec<Certificate>,
    pub(super) signer: Signer,
    pub(super) cleared_by: Vec<ClearedBy>,
    pub(super) warnings: Vec<Warning>,
    pub(super) legacy: Vec<&'static str>,
    pub(super) window: Window,
}

impl Facts {
    fn new(leaf: &Certificate) -> Self {
        Self {
            leaf: leaf.clone(),
            issuers: Vec::new(),
            signer: Signer::from(leaf),
            cleared_by: Vec::new(),
            warnings: Vec::new(),
            legacy: Vec::new(),
            window: Window::ALWAYS,
        }
    }

    fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn needed(&mut self, exception: &'static str) {
        if !self.legacy.contains(&exception) {
            self.legacy.push(exception);
        }
    }
}

/// A pin that signed: identity, which the caller has compared, dates and key size.
pub(super) fn pin(
    leaf: &Certificate,
    store: &TrustStore,
    at: DateTime<Utc>,
    rules: &PathRules,
) -> Result<Facts, Error> {
    let mut facts = Facts::new(leaf);
    period(leaf, store, at, &mut facts)?;
    dates(leaf, at, &mut facts)?;
    key_size(leaf, rules, &mut facts)?;
    Ok(facts)
}

/// An anchor that signed: as a pin, and as its constraint says.
pub(super) fn anchor_as_signer(
    anchor: &Anchor,
    store: &TrustStore,
    at: DateTime<Utc>,
    rules: &PathRules,
) -> Result<Facts, Error> {
    let mut facts = pin(anchor.certificate(), store, at, rules)?;
    constraint(anchor, anchor.certificate(), &mut facts)?;
    Ok(facts)
}

/// A path: `below` from the leaf to the certificate that `anchor` would have issued.
pub(super) fn path(
    below: &[&Certificate],
    anchor: &Anchor,
    store: &TrustStore,
    at: DateTime<Utc>,
    rules: &PathRules,
    work: &mut Work,
) -> Result<Facts, Error> {
    let Some((leaf, intermediates)) = below.split_first() else {
        return Err(Error::from(Refusal::NoAnchor));
    };
    let mut facts = Facts::new(leaf);
    period(anchor.certificate(), store, at, &mut facts)?;
    dates(anchor.certificate(), at, &mut facts)?;
    key_size(anchor.certificate(), rules, &mut facts)?;

    let mut issuer = anchor.certificate();
    let mut unused = below;
    while let Some((certificate, still_below)) = unused.split_last() {
        may_issue(issuer, cas_in(unused))?;
        signature(certificate, issuer, rules, work, &mut facts)?;
        dates(certificate, at, &mut facts)?;
        key_size(certificate, rules, &mut facts)?;
        if !certificate.has_positive_serial() {
            let (subject, serial) = (certificate.subject().to_owned(), certificate.serial().to_owned());
            return Err(Error::from(Refusal::SerialNumber { subject, serial }));
        }
        critical_extensions(certificate)?;
        facts.issuers.insert(0, issuer.clone());
        issuer = certificate;
        unused = still_below;
    }

    name_constraints::check(below, anchor.certificate(), work)?;
    key_usage(leaf)?;
    for certificate in below {
        extended_key_usage(certificate)?;
    }
    constraint(anchor, leaf, &mut facts)?;
    let above = intermediates.iter().copied().chain([anchor.certificate()]);
    for (certificate, issuer) in below.iter().zip(above) {
        revocation(certificate, issuer, store, at, rules, &mut facts)?;
    }
    Ok(facts)
}

/// The CAs among the certificates below one, which are all but the leaf; self-issued ones do not count (RFC 5280 §6.1.4 (l)).
fn cas_in(below: &[&Certificate]) -> usize {
    below
        .iter()
        .skip(1)
        .filter(|certificate| !certificate.is_self_issued())
        .count()
}

/// Whether a certificate may stand above another (RFC 5280 §6.1.4 (k) to (o)).
fn may_issue(issuer: &Certificate, cas_below: usize) -> Result<(), Error> {
    let subject = || issuer.subject().to_owned();
    if !issuer.is_ca() {
        return Err(Error::from(Refusal::NotACa { subject: subject() }));
    }
    critical_extensions(issuer)?;
    if let Some(found) = issuer.key_usage().filter(|usage| !usage.signs_certificates()) {
        return Err(Error::from(Refusal::KeyUsage {
            subject: subject(),
            found,
            needed: "keyCertSign",
        }));
    }
    match issuer.path_length() {
        Some(allowed) if usize::try_from(allowed).is_ok_and(|allowed| cas_below > allowed) => {
            Err(Error::from(Refusal::PathLength {
                subject: subject(),
                allowed,
                found: cas_below,
            }))
        }
        _ => Ok(()),
    }
}

fn signature(
    certificate: &Certificate,
    issuer: &Certificate,
    rules: &PathRules,
    work: &mut Work,
    facts: &mut Facts,
) -> Result<(), Error> {
    let algorithm = certificate.signature_algorithm();
    match (algorithm.hash(), rules.sha1) {
        (SignatureHash::Strong, _) => {}
        (SignatureHash::Sha1, Sha1Signatures::Allowed) => facts.needed("certificate-sha1"),
        (SignatureHash::Sha1, Sha1Signatures::Refused) | (SignatureHash::Refused, _) => {
            let (subject, algorithm) = (certificate.subject().to_owned(), algorithm.name().to_owned());
            return Err(Error::from(Refusal::WeakSignature { subject, algorithm }));
        }
    }
    if work.is_signed_by(certificate, issuer)? {
        return Ok(());
    }
    Err(Error::from(Refusal::Untrusted {
        subject: certificate.subject().to_owned(),
        issuer: certificate.issuer().to_owned(),
        why: NoPath::SignatureMismatch,
    }))
}

/// Both ends of validity belong to it, as whole seconds (RFC 5280 §4.1.2.5; T139).
fn dates(certificate: &Certificate, at: DateTime<Utc>, facts: &mut Facts) -> Result<(), Error> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    let subject = || certificate.subject().to_owned();
    if at < not_before {
        return Err(Error::from(Refusal::NotYetValid {
            subject: subject(),
            not_before,
            at,
        }));
    }
    let end = not_after
        .checked_add_signed(TimeDelta::seconds(1))
        .unwrap_or(not_after);
    if at >= end {
        return Err(Error::from(Refusal::Expired {
            subject: subject(),
            not_after,
            at,
        }));
    }
    facts.window.cut(at, not_before);
    facts.window.cut(at, end);
    Ok(())
}

/// Whether the operator trusts it at that time.
fn period(
    trusted: &Certificate,
    store: &TrustStore,
    at: DateTime<Utc>,
    facts: &mut Facts,
) -> Result<(), Error> {
    let periods = store.periods(trusted);
    if !periods.iter().any(|period| period.contains(at)) {
        return Err(Error::from(Refusal::NotTrustedThen {
            subject: trusted.subject().to_owned(),
            periods: periods.to_vec(),
            at,
        }));
    }
    let ends = periods.iter().flat_map(Period::ends);
    ends.for_each(|end| facts.window.cut(at, end));
    Ok(())
}

fn key_size(certificate: &Certificate, rules: &PathRules, facts: &mut Facts) -> Result<(), Error> {
    let key = certificate.public_key().kind();
    if let Some(minimum) = weakness(key, rules) {
        return Err(Error::from(Refusal::WeakKey {
            subject: certificate.subject().to_owned(),
            key,
            minimum,
        }));
    }
    match key {
        KeyKind::Dsa { .. } => facts.needed("certificate-dsa"),
        KeyKind::Rsa { bits } if bits < 2048 => facts.needed("certificate-rsa-1024"),
        KeyKind::Rsa { .. } | KeyKind::Ec(_) | KeyKind::Ed25519 => {}
    }
    Ok(())
}

/// Where a key is too weak: how many bits are asked of its kind, if its kind is allowed.
pub(super) fn weakness(key: KeyKind, rules: &PathRules) -> Option<Option<u32>> {
    let minimum = match (key, rules.dsa) {
        (KeyKind::Ec(_) | KeyKind::Ed25519, _) => return None,
        (KeyKind::Rsa { .. }, _) => Some(rules.rsa_min_bits),
        (KeyKind::Dsa { .. }, DsaKeys::AtLeast(minimum)) => Some(minimum),
        (KeyKind::Dsa { .. }, DsaKeys::Refused) => None,
    };
    minimum
        .is_none_or(|minimum| key.bits() < minimum)
        .then_some(minimum)
}

fn critical_extensions(certificate: &Certificate) -> Result<(), Error> {
    let oids = certificate.unknown_critical_extensions();
    if oids.is_empty() {
        return Ok(());
    }
    Err(Error::from(Refusal::CriticalExtension {
        subject: certificate.subject().to_owned(),
        oids: oids.to_vec(),
    }))
}

fn key_usage(leaf: &Certificate) -> Result<(), Error> {
    match leaf.key_usage().filter(|usage| !usage.signs_content()) {
        None => Ok(()),
        Some(found) => Err(Error::from(Refusal::KeyUsage {
            subject: leaf.subject().to_owned(),
            found,
            needed: "digitalSignature or nonRepudiation",
        })),
    }
}

fn extended_key_usage(certificate: &Certificate) -> Result<(), Error> {
    match certificate.extended_key_usage() {
        Some(found) if !found.iter().any(|purpose| PURPOSES.contains(&purpose.as_str())) => {
            let subject = certificate.subject().to_owned();
            Err(Error::from(Refusal::ExtendedKeyUsage {
                subject,
                found: found.to_vec(),
            }))
        }
        _ => Ok(()),
    }
}

fn constraint(anchor: &Anchor, leaf: &Certificate, facts: &mut Facts) -> Result<(), Error> {
    match anchor.constraint() {
        None => facts.warn(Warning::UnconstrainedCa),
        Some(constraint) if constraint.allows(leaf) => {}
        Some(constraint) => {
            return Err(Error::from(Refusal::Constraint {
                anchor: anchor.certificate().subject().to_owned(),
                subject: leaf.subject().to_owned(),
                names: leaf
                    .subject_alternative_names()
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                wanted: constraint.to_string(),
            }));
        }
    }
    Ok(())
}

fn revocation(
    certificate: &Certificate,
    issuer: &Certificate,
    store: &TrustStore,
    at: DateTime<Utc>,
    rules: &PathRules,
    facts: &mut Facts,
) -> Result<(), Error> {
    let (subject, serial) = (certificate.subject().to_owned(), certificate.serial().to_owned());
    let why = match store
        .records()
        .status(certificate, issuer, at, rules, &mut facts.window)
    {
        Status::Good { hash, by } => {
            if !facts.cleared_by.contains(&by) {
                facts.cleared_by.push(by);
            }
            if hash != SignatureHash::Strong {
                facts.needed("certificate-sha1");
            }
            return Ok(());
        }
        Status::Revoked { since, reason, by } => {
            let issuer = certificate.issuer().to_owned();
            return Err(Error::from(Refusal::Revoked {
                subject,
                sha256: *certificate.sha256(),
                serial,
                issuer,
                since,
                reason,
                by,
                at,
            }));
        }
        Status::NotPromised if rules.revocation != Revocation::Required => return Ok(()),
        Status::NotPromised => "no CRL and no OCSP response was given".to_owned(),
        Status::Unknown { why } => why,
    };
    if rules.revocation == Revocation::Warn {
        facts.warn(Warning::RevocationUnknown);
        return Ok(());
    }
    let issuer = certificate.issuer().to_owned();
    Err(Error::from(Refusal::RevocationUnknown {
        subject,
        serial,
        issuer,
        why,
        at,
    }))
}
