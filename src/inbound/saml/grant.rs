use bytes::Bytes;
use chrono::DateTime;
use chrono::Utc;

use super::Carrier;
use super::SamlContext;
use super::Signatures;
use super::VerifiedSaml;
use super::decide;
use super::not_supported;
use crate::inbound::Findings;
use crate::policy::Unmet;
use crate::policy::UnmetKind;
use crate::policy::saml::Claims;
use crate::rejection::Rejection;
use crate::trust::FirstUse;
use crate::trust::ReplayStore;
use crate::trust::Use;
use crate::xml::Document;
use crate::xml::Namespace;

/// An assertion that holds for us, now, and that somebody exchanges for the first time. Only [`UnusedGrant::first_use`] makes one.
///
/// ```compile_fail
/// let forged = sealgate::inbound::GrantedAssertion { claims: todo!() };
/// ```
#[derive(Debug)]
#[must_use = "an assertion that nobody exchanges"]
pub struct GrantedAssertion {
    claims: Claims,
    _first_use: FirstUse,
}

/// An assertion that holds, if it was not used before, which nobody has asked yet.
#[derive(Debug)]
#[must_use = "nobody has asked whether it was used before"]
pub struct UnusedGrant {
    claims: Claims,
    usage: Use,
}

/// Judges `xml`, a SAML 2.0 assertion by itself that somebody brings to exchange it (RFC 7522 §3, RFC 8693 §2.1): its own signature covers it, it is
/// meant for us as audience and recipient, and it says until when.
///
/// # Errors
/// It is anything else, a Response with an assertion too; the first check that does not hold.
pub fn examine_grant(xml: Bytes, context: &SamlContext<'_>) -> Result<UnusedGrant, Rejection> {
    let carrier = Carrier::new(Document::parse(xml, &context.policy.limits)?, None)?;
    let root = carrier.root();
    if !root.is(Namespace::SAML2, "Assertion") {
        return Err(not_supported(root));
    }
    let mut findings = Findings::unread();
    match decide(&carrier, context, &mut Signatures::default(), &mut findings)? {
        VerifiedSaml::Assertion { claims, usage } => {
            let endless = || Unmet::at(root, UnmetKind::EndlessAssertion);
            let usage = Use {
                key: usage.key()?,
                issued: usage.issued,
                until: usage.until.ok_or_else(endless)?,
            };
            Ok(UnusedGrant { claims, usage })
        }
        VerifiedSaml::Message(_) | VerifiedSaml::Metadata(_) => Err(not_supported(root)),
    }
}

impl UnusedGrant {
    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Asks `store`, and waits for its answer.
    ///
    /// # Errors
    /// It was used before, here or in a message, or nobody can tell.
    pub async fn first_use(
        self,
        store: &ReplayStore,
        now: DateTime<Utc>,
    ) -> Result<GrantedAssertion, Rejection> {
        Ok(GrantedAssertion {
            claims: self.claims,
            _first_use: store.first_use(vec![self.usage], now).await?,
        })
    }
}

impl GrantedAssertion {
    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}
