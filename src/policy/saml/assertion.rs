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
use super::time::check_life;
use crate::crypto::Unavailable;
use crate::token::saml::Assertion;
use crate::token::saml::Method;
use crate::token::saml::OneTimeUse;
use crate::token::saml::Subject;
use crate::token::saml::SubjectConfirmation;
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
    /// Until when its use must be remembered: until nothing could make it pass again. `None` if nothing ends it.
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
    let conditions = assertion.conditions.as_ref();
    let end = conditions.and_then(|conditions| conditions.not_on_or_after);
    check_life(
        assertion.element,
        clock,
        assertion.issue_instant,
        end,
        rules.max_life(),
    )?;
    let ends = [end, end_of(confirmation)].into_iter().flatten().min();
    let usage = AssertionUse {
        issuer: assertion.issuer.value.clone().into_owned(),
        id: assertion.id.clone().into_owned(),
        issued: assertion.issue_instant,
        until: remembered_until(assertion, subject, rules),
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
    let sso = matches!(rules.way, Way::Response | Way::Redirect | Way::BackChannel);
    let needed = sso && *method == Method::Bearer;
    if needed && assertion.authn_statements.is_empty() {
        return Err(Error::new(assertion.element, ErrorKind::NoAuthnStatement));
    }
    Ok(())
}

/// Until when a second use could pass, be it by another of the subject's confirmations: the end of the conditions, or
/// of the longest life, or of the last confirmation, and the skew.
fn remembered_until(
    assertion: &Assertion<'_>,
    subject: &Subject<'_>,
    rules: &Rules<'_>,
) -> Option<DateTime<Utc>> {
    let conditions = assertion.conditions.as_ref();
    let longest = |life| assertion.issue_instant.checked_add_signed(life);
    let confirmations = || {
        let ends: Option<Vec<_>> = subject.confirmations.iter().map(end_of).collect();
        ends?.into_iter().max()
    };
    let end = conditions
        .and_then(|conditions| conditions.not_on_or_after)
        .or_else(|| rules.max_life().and_then(longest))
        .or_else(confirmations)?;
    end.checked_add_signed(rules.skew)
}

fn end_of(confirmation: &SubjectConfirmation<'_>) -> Option<DateTime<Utc>> {
    confirmation.data.as_ref().and_then(|data| data.not_on_or_after)
}
