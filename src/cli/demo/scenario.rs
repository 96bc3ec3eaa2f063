use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::exit::Stop;
use crate::soap::Version;

use super::message::{self, Signing};
use super::saml::{self, Confirmation};
use super::world::World;

/// The action that the messages are really for.
pub(super) const PLACE: &str = "urn:example:orders:place";
/// Another action of the same service.
const CANCEL: &str = "urn:example:orders:cancel";

/// A message, how it is sent, and what must become of it.
pub(super) struct Step {
    /// What it is, for people.
    pub(super) name: &'static str,
    /// The message.
    pub(super) message: String,
    /// What the transport says it is for.
    pub(super) action: &'static str,
    pub(super) version: Version,
    pub(super) transport: Transport,
    pub(super) path: &'static str,
    /// The code of the refusal; `None` if it must pass.
    pub(super) expected: Option<&'static str>,
}

/// How a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Http,
    Tls,
}

impl Step {
    fn new(name: &'static str, message: String, expected: Option<&'static str>) -> Self {
        Self {
            name,
            message,
            action: PLACE,
            version: Version::Soap11,
            transport: Transport::Http,
            path: "/orders",
            expected,
        }
    }

    fn soap12(self) -> Self {
        Self {
            version: Version::Soap12,
            ..self
        }
    }

    fn over_tls(self) -> Self {
        Self {
            transport: Transport::Tls,
            ..self
        }
    }
}

/// All messages, in the order in which they are sent.
pub(super) fn steps(world: &World, now: DateTime<Utc>) -> Result<Vec<Step>, Stop> {
    let mut steps = good(world, now)?;
    let first = steps.first().map(|step| step.message.clone()).unwrap_or_default();
    steps.extend(bad(world, now, first)?);
    Ok(steps)
}

fn good(world: &World, now: DateTime<Utc>) -> Result<Vec<Step>, Stop> {
    let order = |version| message::order(version, "bolt M8", 100);
    let (soap11, soap12) = (order(Version::Soap11), order(Version::Soap12));
    let issuer = &world.identity_provider;
    let holder = saml::assertion(
        "_holder",
        Confirmation::HolderOfKey(&world.carol.certificate),
        now,
    );
    let holder = saml::signed(&holder, "_holder", issuer)?;
    let holder = Signing::AssertionKey {
        assertion: &holder,
        id: "_holder",
    };
    let vouched = saml::assertion("_vouched", Confirmation::SenderVouches, now);
    let vouched = saml::signed(&vouched, "_vouched", issuer)?;
    let vouched = Signing::Vouching {
        assertion: &vouched,
        id: "_vouched",
    };
    let bearer = saml::signed(
        &saml::assertion("_bearer", Confirmation::Bearer, now),
        "_bearer",
        issuer,
    )?;
    let bearer = Signing::Bringing { assertion: &bearer };
    let signed = |envelope, signer, signing| message::signed(envelope, signer, signing, now);
    Ok(vec![
        Step::new(
            "X.509, SOAP 1.1, RSA",
            signed(&soap11, &world.alpha, &Signing::Certificate)?,
            None,
        ),
        Step::new(
            "X.509, SOAP 1.2, ECDSA",
            signed(&soap12, &world.beta, &Signing::Certificate)?,
            None,
        )
        .soap12()
        .over_tls(),
        Step::new(
            "SAML holder-of-key",
            signed(&soap12, &world.carol, &holder)?,
            None,
        )
        .soap12()
        .over_tls(),
        Step::new(
            "SAML sender-vouches",
            signed(&soap11, &world.alpha, &vouched)?,
            None,
        ),
        Step {
            path: "/orders-sso",
            ..Step::new("SAML bearer", signed(&soap11, &world.beta, &bearer)?, None).over_tls()
        },
    ])
}

fn bad(world: &World, now: DateTime<Utc>, first: String) -> Result<Vec<Step>, Stop> {
    let soap11 = message::order(Version::Soap11, "bolt M8", 100);
    let signed = |signer, signing, created| message::signed(&soap11, signer, &signing, created);
    let fresh = || signed(&world.alpha, Signing::Certificate, now);
    let hour_ago = now.checked_sub_signed(TimeDelta::hours(1)).unwrap_or(now);
    let old = signed(&world.alpha, Signing::Certificate, hour_ago)?;
    let step = Step::new;
    Ok(vec![
        step(
            "a changed Body",
            fresh()?.replacen(">100<", ">999<", 1),
            Some("dsig.digest_mismatch"),
        ),
        step(
            "a wrapped Body",
            message::with_wrapped_body(&fresh()?)?,
            Some("policy.body_not_signed"),
        )
        .over_tls(),
        step(
            "a moved Timestamp",
            message::with_moved_timestamp(&old, now)?,
            Some("policy.timestamp_not_signed"),
        ),
        step("an expired message", old, Some("wss.timestamp_expired")).over_tls(),
        step("a replay of the first one", first, Some("replay.message")),
        step(
            "a stranger's certificate",
            signed(&world.stranger, Signing::Certificate, now)?,
            Some("trust.untrusted"),
        )
        .over_tls(),
        step(
            "a self-supplied key",
            signed(&world.stranger, Signing::BareKey, now)?,
            Some("dsig.key_value"),
        ),
        step("an unsigned message", soap11.clone(), Some("wss.header_missing")).over_tls(),
        Step {
            action: CANCEL,
            ..step("a spoofed SOAPAction", fresh()?, Some("policy.action_mismatch"))
        },
        step("a DOCTYPE bomb", message::bomb(&fresh()?), Some("xml.dtd")).over_tls(),
    ])
}
