//! Who is trusted: certificates and CRLs made on the spot, each wrong in one way.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::panic,
    clippy::cloned_ref_to_slice_refs,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unnameable_types,
    unreachable_pub,
    reason = "a test may panic, and nobody else reads it"
)]

mod authority;
mod candidates;
mod certificate;
mod due;
mod fetched;
mod name_constraints;
mod ocsp;
mod path;
mod remembered;
mod revocation;
mod signer;
mod sources;
mod validity;

use authority::Party;
use authority::now;
use sealgate::crypto::Certificate;
use sealgate::crypto::Crl;
use sealgate::trust::Constraint;
use sealgate::trust::DsaKeys;
use sealgate::trust::Error;
use sealgate::trust::PathRules;
use sealgate::trust::Revocation;
use sealgate::trust::Sha1Signatures;
use sealgate::trust::TrustSources;
use sealgate::trust::TrustStore;
use sealgate::trust::VerifiedPath;

pub const STRICT: PathRules = PathRules {
    rsa_min_bits: 2048,
    dsa: DsaKeys::Refused,
    sha1: Sha1Signatures::Refused,
    revocation: Revocation::WhenPromised,
};

pub const ARCHIVE: PathRules = PathRules {
    rsa_min_bits: 1024,
    dsa: DsaKeys::AtLeast(1024),
    sha1: Sha1Signatures::Allowed,
    revocation: Revocation::Warn,
};

/// A store that trusts these certificates without constraint.
pub fn trusting(parties: &[&Party]) -> TrustStore {
    with_crls(parties, &[])
}

pub fn with_crls(parties: &[&Party], crls: &[Crl]) -> TrustStore {
    let mut sources = TrustSources::new();
    parties
        .iter()
        .for_each(|party| sources.trust(party.certificate.clone(), None));
    crls.iter().for_each(|crl| sources.crl(crl.clone()));
    sources.build()
}

pub fn trusting_for(ca: &Party, subjects: &[&str], names: &[&str]) -> TrustStore {
    let mut sources = TrustSources::new();
    let constraint = Constraint::new(subjects, names).unwrap();
    sources.trust(ca.certificate.clone(), Some(&constraint));
    sources.build()
}

pub fn judge(store: &TrustStore, leaf: &Party, others: &[&Party]) -> Result<VerifiedPath, Error> {
    store.path(&leaf.certificate, &certificates(others), now(), &STRICT)
}

/// The code of the refusal, or `passed`.
pub fn verdict(store: &TrustStore, leaf: &Party, others: &[&Party]) -> &'static str {
    code(&judge(store, leaf, others))
}

pub fn code(result: &Result<VerifiedPath, Error>) -> &'static str {
    result.as_ref().map_or_else(Error::code, |_| "passed")
}

pub fn certificates(parties: &[&Party]) -> Vec<Certificate> {
    parties.iter().map(|party| party.certificate.clone()).collect()
}
