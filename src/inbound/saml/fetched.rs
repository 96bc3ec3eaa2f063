use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::SamlContext;
use super::metadata::signed_by_anyone;
use crate::inbound::AsOf;
use crate::inbound::Findings;
use crate::inbound::Keyring;
use crate::policy::Policy;
use crate::policy::saml::RelyingParty;
use crate::rejection::Rejection;
use crate::token::saml;
use crate::token::saml::Metadata;
use crate::trust::Holds;
use crate::trust::Issuers;
use crate::trust::TrustStore;
use crate::trust::check_fetched;
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::Split;

/// How metadata that was fetched is judged.
#[derive(Clone, Copy, Debug)]
pub struct FetchedContext<'c> {
    /// What a signature and the path to its key must be. Its limits are for messages, and do not count.
    pub policy: &'c Policy,
    /// Who may have signed it.
    pub signer: &'c TrustStore,
    /// When it was fetched.
    pub fetched: DateTime<Utc>,
    /// As of when.
    pub at: DateTime<Utc>,
}

/// Adds to `issuers` the entities of metadata that was fetched: its root must be signed, and say until when it holds, which is not
/// for long (T108). None of them holds longer.
///
/// The signature is over the whole, so all of it stands in one tree until it is verified; the entities are then read one by one
/// from the same octets.
///
/// # Errors
/// It cannot be read; the signature does not hold or is nobody's; what [`check_fetched`] and [`Issuers::add`] refuse.
pub fn add_fetched(
    issuers: &mut Issuers,
    metadata: Bytes,
    context: &FetchedContext<'_>,
) -> Result<(), Rejection> {
    let holds = verify(metadata.clone(), context)?;
    Ok(issuers.add_until(metadata, Some(holds))?)
}

/// Until when it holds.
fn verify(bytes: Bytes, context: &FetchedContext<'_>) -> Result<Holds, Rejection> {
    let mut policy = context.policy.clone();
    policy.limits = Limits::metadata();
    let document = Document::parse(bytes.clone(), &policy.limits)?;
    let root = document.root();
    let metadata = Metadata::read(root)?;
    let saml = SamlContext {
        policy: &policy,
        trust: context.signer,
        issuers: &Issuers::new(),
        party: &RelyingParty::default(),
        keyring: &Keyring::new(),
        as_of: AsOf::Time(context.at),
    };
    // Whoever it is, the operator named them for this alone.
    let _ = signed_by_anyone(root, &metadata, context.at, &saml, &mut Findings::unread())?;
    let holds = check_fetched(&metadata, context.fetched, context.at)?;
    check_same_entities(&metadata, &Metadata::split(bytes)?)?;
    Ok(holds)
}

/// What is read one by one is what was verified.
fn check_same_entities(verified: &Metadata<'_>, split: &Split) -> Result<(), saml::Error> {
    let spans = verified.entities.iter().map(|entity| entity.element.span());
    match spans.eq((0..split.len()).map(|number| split.span(number))) {
        true => Ok(()),
        false => Err(saml::Error::no_entity(verified.element)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use std::path::Path;

    use super::*;
    use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
    use crate::crypto::{PrivateKey, SigningKey};
    use crate::dsig::{Place, ReferenceToSign, SignatureRequest, put, sign};
    use crate::policy::Profile;
    use crate::token::datetime;
    use crate::trust::TrustSources;

    fn keys(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/keys")
            .join(name)
    }

    /// An aggregate with the identity provider of the fixtures, signed with the key of `signer`.
    fn aggregate(attributes: &str, signer: &str) -> String {
        let idp = std::fs::read_to_string(keys("idp-metadata.xml")).unwrap();
        let (_, idp) = idp.split_once("?>").unwrap();
        let text = format!(
            "<md:EntitiesDescriptor xmlns:md='urn:oasis:names:tc:SAML:2.0:metadata' ID='_f' {attributes}>{idp}<md:EntityDescriptor entityID='urn:b'/></md:EntitiesDescriptor>"
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let key = std::fs::read(keys(&format!("{signer}.key.pem"))).unwrap();
        let request = SignatureRequest {
            method: SignatureAlgorithm::RsaSha256,
            digest_algorithm: DigestAlgorithm::Sha256,
            references: vec![ReferenceToSign {
                element: document.root(),
                id: Some("_f".to_owned()),
                enveloped: true,
            }],
            key_info: String::new(),
            id: None,
        };
        let key = SigningKey::from(PrivateKey::from_pem(&key, None).unwrap());
        put(&sign(&request, &key).unwrap(), document.root(), Place::First)
    }

    fn added(text: &str, at: &str) -> Result<Issuers, &'static str> {
        let mut signer = TrustSources::new();
        signer.trust_path(&keys("pinned.pem"), None, None).unwrap();
        let context = FetchedContext {
            policy: &Profile::Strict.policy(),
            signer: &signer.build(),
            fetched: datetime::parse("2026-11-20T00:00:00Z").unwrap(),
            at: datetime::parse(at).unwrap(),
        };
        let mut issuers = Issuers::new();
        match add_fetched(&mut issuers, text.to_owned().into(), &context) {
            Ok(()) => Ok(issuers),
            Err(rejection) => {
                assert!(issuers.is_empty());
                Err(rejection.code())
            }
        }
    }

    const NOW: &str = "2026-11-24T00:00:00Z";
    const SOON: &str = "validUntil='2026-11-30T00:00:00Z' cacheDuration='P5D'";

    #[test]
    fn fetched_metadata_counts_if_the_federation_signed_it_and_for_as_long_as_it_says() {
        let issuers = added(&aggregate(SOON, "pinned"), NOW).unwrap();
        let keys = |at: &str| {
            let keys = issuers.keys(
                "https://idp.example/saml",
                Issuers::ASSERTING,
                datetime::parse(at).unwrap(),
            );
            keys.map(|keys| keys.len()).map_err(|error| error.code())
        };
        assert_eq!(keys("2026-11-24T23:59:59Z"), Ok(1));
        // By its cacheDuration.
        assert_eq!(keys("2026-11-25T00:00:00Z"), Err("trust.metadata_expired"));
    }

    #[test]
    fn entities_that_were_not_verified_are_not_read() {
        let text = aggregate(SOON, "pinned");
        let document = Document::parse(text.clone().into(), &Limits::default()).unwrap();
        let verified = Metadata::read(document.root()).unwrap();
        let same =
            |other: String| check_same_entities(&verified, &Metadata::split(other.into()).unwrap()).is_ok();
        assert!(same(text.clone()));
        assert!(!same(text.replace("'urn:b'", "'urn:bb'")));
        assert!(!same(text.replace("<md:EntityDescriptor entityID='urn:b'/>", "")));
    }

    #[test]
    fn fetched_metadata_that_nobody_vouches_for_or_that_has_ended_is_refused() {
        let code = |text: &str, at: &str| added(text, at).map_or_else(|code| code, |_| "added");
        let good = aggregate(SOON, "pinned");
        assert_eq!(code(&aggregate(SOON, "mallory"), NOW), "dsig.signature_mismatch");
        assert_eq!(
            code(&good.replace("'urn:b'", "'urn:c'"), NOW),
            "dsig.digest_mismatch"
        );
        assert_eq!(code(&good, "2026-11-25T00:00:00Z"), "trust.metadata_expired");
        assert_eq!(code(&aggregate("", "pinned"), NOW), "trust.metadata_endless");
        let long = "validUntil='2027-11-24T00:00:00Z'";
        assert_eq!(code(&aggregate(long, "pinned"), NOW), "trust.metadata_too_long");
        let start = good.find("<ds:Signature").unwrap();
        let (before, signature) = good.split_at(start);
        let (signature, after) = signature.split_at(signature.find("<md:EntityDescriptor").unwrap());
        assert_eq!(code(&format!("{before}{after}"), NOW), "dsig.missing");
        // A signed part does not vouch for the whole.
        let around = format!(
            "<md:EntitiesDescriptor xmlns:md='urn:oasis:names:tc:SAML:2.0:metadata' {SOON}>{good}</md:EntitiesDescriptor>"
        );
        assert_eq!(code(&around, NOW), "dsig.missing");
        assert!(signature.starts_with("<ds:Signature"));
    }
}
