use chrono::DateTime;
use chrono::Utc;

use super::audience::Compared;
use super::audience::check_audience;
use super::claims::Claims;
use super::confirmation::Presenter;
use super::confirmation::confirm;
use super::error::Error;
use super::error::ErrorKind;
use super::expected::note;
use super::message::check_issuer_format;
use super::party::RelyingParty;
use super::party::Rules;
use super::party::Way;
use super::time::Clock;
use crate::crypto::Unavailable;
use crate::token::saml::Assertion;
use crate::token::saml::Method;
use crate::token::saml::OneTimeUse;
use crate::trust::ReplayKey;
use crate::trust::ReplayKind;

/// An assertion that holds, for us, now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// What it says.
    pub claims: Claims,
    /// What a replay store needs, to notice a second use.
    pub usage: AssertionUse,
    /// Names of what was not compared, as nobody said with what.
    pub warnings: Vec<&'static str>,
}

/// The use of an assertion (T101). Whoever lets something happen because of it records this first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AssertionUse {
    issuer: String,
    id: String,
    /// When it was issued.
    pub issued: DateTime<Utc>,
    /// Until when its use must be remembered: its end and the skew. `None` if nothing ends it.
    pub until: Option<DateTime<Utc>>,
    /// Whether the issuer asks that it be used once. Bearer assertions are used once anyway.
    pub one_time_use: OneTimeUse,
}

impl AssertionUse {
    /// What it is remembered by: issuer and ID (T44).
    ///
    /// # Errors
    /// [`Unavailable`] when the crypto library has no SHA-256.
    pub fn key(&self) -> Result<ReplayKey, Unavailable> {
        ReplayKey::new(
            ReplayKind::Assertion,
            self.issuer.as_bytes(),
            &[self.id.as_bytes()],
        )
    }
}

/// Judges an assertion that a trusted key has signed, or that somebody vouches for.
///
/// # Errors
/// The first rule that is broken.
pub fn judge_assertion(
    assertion: &Assertion<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    presenter: Presenter<'_>,
    now: DateTime<Utc>,
) -> Result<Accepted, Error> {
    let clock = Clock::new(rules, now);
    check_issuer_format(&assertion.issuer)?;
    check_conditions(assertion, clock)?;
    let mut warnings = Vec::new();
    if check_audience(assertion, rules, party)? == Compared::No {
        note(&mut warnings, "audience_not_compared");
    }
    check_sessions(assertion, clock)?;
    let no_subject = || Error::new(assertion.element, ErrorKind::NoConfirmation);
    let subject = assertion.subject.as_ref().ok_or_else(no_subject)?;
    let confirmed = confirm(assertion, subject, rules, party, presenter, clock)?;
    for warning in confirmed.warnings {
        note(&mut warnings, warning);
    }
    let confirmation = confirmed.confirmation;
    check_authn(assertion, &confirmation.method, rules)?;
    check_assertion_life(assertion, rules)?;
    let conditions = assertion.conditions.as_ref();
    let ends = [
        conditions.and_then(|conditions| conditions.not_on_or_after),
        confirmation.data.as_ref().and_then(|data| data.not_on_or_after),
    ];
    let ends = ends.into_iter().flatten().min();
    let usage = AssertionUse {
        issuer: assertion.issuer.value.clone().into_owned(),
        id: assertion.id.clone().into_owned(),
        issued: assertion.issue_instant,
        until: ends.and_then(|end| end.checked_add_signed(rules.skew)),
        one_time_use: conditions.map_or(OneTimeUse::NotAsked, |conditions| conditions.one_time_use),
    };
    Ok(Accepted {
        claims: Claims::of(assertion, confirmation, ends)?,
        usage,
        warnings,
    })
}

/// Times and conditions hold (T95, T102). A condition that is not understood could be any (SAML Core §2.5.1.1).
fn check_conditions(assertion: &Assertion<'_>, clock: Clock) -> Result<(), Error> {
    clock.has_begun(assertion.element, "IssueInstant", assertion.issue_instant)?;
    let Some(conditions) = &assertion.conditions else {
        return Ok(());
    };
    if let Some(unknown) = conditions.unknown.first() {
        let name = unknown.attribute_ns(crate::xml::Namespace::XSI, "type");
        let name = name.unwrap_or_default().into_owned();
        return Err(Error::new(*unknown, ErrorKind::UnknownCondition(name)));
    }
    clock.is_within(
        conditions.element,
        conditions.not_before,
        conditions.not_on_or_after,
    )
}

/// No session that it speaks of has ended (SAML Core §2.7.2).
fn check_sessions(assertion: &Assertion<'_>, clock: Clock) -> Result<(), Error> {
    for statement in &assertion.authn_statements {
        if let Some(end) = statement.session_not_on_or_after {
            clock.has_not_ended(statement.element, "SessionNotOnOrAfter", end)?;
        }
    }
    Ok(())
}

/// Single sign-on rests on an AuthnStatement (SAML Profiles §4.1.4.2).
fn check_authn(assertion: &Assertion<'_>, method: &Method<'_>, rules: &Rules<'_>) -> Result<(), Error> {
    let needed = rules.way == Way::Response && *method == Method::Bearer;
    if needed && assertion.authn_statements.is_empty() {
        return Err(Error::new(assertion.element, ErrorKind::NoAuthnStatement));
    }
    Ok(())
}

/// Where the policy limits lives, an assertion says when it ends, and that is soon enough after it was issued (T96).
fn check_assertion_life(assertion: &Assertion<'_>, rules: &Rules<'_>) -> Result<(), Error> {
    let Some(allowed) = rules.max_life() else {
        return Ok(());
    };
    let conditions = assertion.conditions.as_ref();
    let at = conditions.map_or(assertion.element, |conditions| conditions.element);
    let Some(ends) = conditions.and_then(|conditions| conditions.not_on_or_after) else {
        return Err(Error::new(at, ErrorKind::NoEnd));
    };
    let life = ends.signed_duration_since(assertion.issue_instant);
    if life > allowed {
        return Err(Error::new(at, ErrorKind::LifeTooLong { life, allowed }));
    }
    Ok(())
}
