use super::error::Error;
use super::error::ErrorKind;
use super::expected::check_answers;
use super::expected::check_reached;
use super::party::RelyingParty;
use super::party::Rules;
use super::party::Way;
use super::time::Clock;
use crate::crypto::PublicKey;
use crate::policy::Confirmation;
use crate::token::held_keys;
use crate::token::saml::Assertion;
use crate::token::saml::Method;
use crate::token::saml::Subject;
use crate::token::saml::SubjectConfirmation;
use crate::token::saml::SubjectConfirmationData;
use crate::token::saml::Version;

/// What the one who presents an assertion has shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presenter<'p> {
    /// The keys that it has used: of signatures that hold over the message, of its TLS certificate.
    pub keys: &'p [PublicKey],
    /// Whether it vouches for the assertion.
    pub vouching: Vouching,
}

/// Whether one signature, of a key that may vouch for others, covers the assertion and the Body (T99).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Vouching {
    /// No.
    #[default]
    No,
    /// Yes.
    AssertionAndBody,
}

/// The confirmation that held, and what was not compared for it.
pub(super) struct Confirmed<'a, 'd> {
    pub(super) confirmation: &'a SubjectConfirmation<'d>,
    pub(super) warnings: Vec<&'static str>,
}

/// One of the subject's confirmations must be of a method that the policy allows and hold in full (T100).
///
/// If none does, the error is that of the first whose method is allowed.
pub(super) fn confirm<'a, 'd>(
    assertion: &Assertion<'d>,
    subject: &'a Subject<'d>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    presenter: Presenter<'_>,
    clock: Clock,
) -> Result<Confirmed<'a, 'd>, Error> {
    let mut first = None;
    for confirmation in &subject.confirmations {
        let Some(method) = allowed(&confirmation.method, rules) else {
            continue;
        };
        let mut warnings = Vec::new();
        let checked = match (assertion.version, method) {
            (Version::V1_1, Confirmation::Bearer) => check_bearer_of_1(assertion),
            _ => check(
                confirmation,
                method,
                rules,
                party,
                presenter,
                clock,
                &mut warnings,
            ),
        };
        match checked {
            Ok(()) => {
                return Ok(Confirmed {
                    confirmation,
                    warnings,
                });
            }
            Err(error) => {
                first.get_or_insert(error);
            }
        }
    }
    Err(first.unwrap_or_else(|| {
        let methods = subject.confirmations.iter().map(|found| &found.method);
        let found: Vec<String> = methods
            .map(|method| method.uri_in(assertion.version).to_owned())
            .collect();
        if found.is_empty() {
            return Error::new(subject.element, ErrorKind::NoConfirmation);
        }
        let allowed = rules.confirmations().iter();
        let allowed = allowed.map(|method| method.name().to_owned()).collect();
        Error::new(
            assertion.element,
            ErrorKind::ConfirmationMethod { found, allowed },
        )
    }))
}

fn allowed(method: &Method<'_>, rules: &Rules<'_>) -> Option<Confirmation> {
    let method = match method {
        Method::Bearer => Confirmation::Bearer,
        Method::HolderOfKey => Confirmation::HolderOfKey,
        Method::SenderVouches => Confirmation::SenderVouches,
        Method::Other(_) => return None,
    };
    rules.confirmations().contains(&method).then_some(method)
}

fn check(
    confirmation: &SubjectConfirmation<'_>,
    method: Confirmation,
    rules: &Rules<'_>,
    party: &RelyingParty,
    presenter: Presenter<'_>,
    clock: Clock,
    warnings: &mut Vec<&'static str>,
) -> Result<(), Error> {
    let data = confirmation.data.as_ref();
    let needed = |name| {
        let kind = ErrorKind::ConfirmationData(name);
        data.ok_or_else(|| Error::new(confirmation.element, kind))
    };
    match method {
        Confirmation::Bearer => check_bearer(needed("bearer")?, rules, party, warnings)?,
        Confirmation::HolderOfKey => is_holder_of_key(needed("holder-of-key")?, presenter.keys)?,
        Confirmation::SenderVouches => is_vouched_for(confirmation, presenter.vouching)?,
    }
    let Some(data) = data else {
        return Ok(());
    };
    clock.is_within(data.element, data.not_before, data.not_on_or_after)?;
    if method != Confirmation::Bearer {
        // What bearer must say, the others may.
        if data.recipient.is_some() {
            check_reached(
                data.element,
                "Recipient",
                data.recipient.as_deref(),
                rules,
                party,
                warnings,
            )?;
        }
        if data.in_response_to.is_some() {
            check_answers(
                data.element,
                data.in_response_to.as_deref(),
                &party.request,
                rules,
                warnings,
            )?;
        }
    }
    Ok(())
}

/// Bearer says for whom, until when and in answer to what (T93, T94, T97; SAML Profiles §4.1.4.2).
///
/// In a SOAP message there is no request that it could answer.
fn check_bearer(
    data: &SubjectConfirmationData<'_>,
    rules: &Rules<'_>,
    party: &RelyingParty,
    warnings: &mut Vec<&'static str>,
) -> Result<(), Error> {
    if let Some(not_before) = data.not_before {
        return Err(Error::new(data.element, ErrorKind::BearerNotBefore(not_before)));
    }
    if data.not_on_or_after.is_none() {
        return Err(Error::new(data.element, ErrorKind::BearerWithoutEnd));
    }
    check_reached(
        data.element,
        "Recipient",
        data.recipient.as_deref(),
        rules,
        party,
        warnings,
    )?;
    match rules.way {
        Way::Soap => Ok(()),
        Way::Response | Way::Redirect | Way::BackChannel | Way::Alone => check_answers(
            data.element,
            data.in_response_to.as_deref(),
            &party.request,
            rules,
            warnings,
        ),
    }
}

/// Bearer in SAML 1.1 says nothing itself: until when is said by the conditions, for whom by the audience, and by the Recipient
/// of the Response if there is one (SAML 1.1 Bindings and Profiles §4.1.2).
fn check_bearer_of_1(assertion: &Assertion<'_>) -> Result<(), Error> {
    let conditions = assertion.conditions.as_ref();
    match conditions.and_then(|conditions| conditions.not_on_or_after) {
        Some(_) => Ok(()),
        None => Err(Error::new(assertion.element, ErrorKind::BearerWithoutEnd)),
    }
}

/// Whether one of `keys`, which the presenter has used, is a key that `data` names for holder-of-key (T98; SAML Profiles
/// §3.1). Whoever calls has checked that a trusted key signed `data`: the keys in it are trusted for that alone.
///
/// # Errors
/// `saml.holder_of_key` if not, or if no key can be read.
pub fn is_holder_of_key(data: &SubjectConfirmationData<'_>, keys: &[PublicKey]) -> Result<(), Error> {
    let mut unreadable = None;
    let mut named = Vec::new();
    for key_info in &data.key_infos {
        match held_keys(*key_info) {
            Ok(held) => {
                named.extend(held.iter().map(|held| fingerprint(&held.key)));
                // One key each (SAML Core §2.4.1.3): of two, other readers take another.
                let single = held
                    .first()
                    .filter(|first| held.iter().all(|one| one.key == first.key));
                if single.is_some_and(|held| keys.contains(&held.key)) {
                    return Ok(());
                }
            }
            Err(error) => unreadable = Some(error),
        }
    }
    let kind = match (unreadable, named.is_empty()) {
        (Some(error), _) => ErrorKind::HolderOfKeyInfo(Some(error)),
        (None, false) => ErrorKind::HolderOfKey {
            named,
            shown: keys.iter().map(fingerprint).collect(),
        },
        (None, true) => ErrorKind::HolderOfKeyInfo(None),
    };
    Err(Error::new(data.element, kind))
}

fn fingerprint(key: &PublicKey) -> String {
    key.spki_sha256()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether somebody who may vouches for the assertion with this sender-vouches confirmation (T99).
///
/// # Errors
/// `saml.sender_vouches` if not.
pub fn is_vouched_for(confirmation: &SubjectConfirmation<'_>, vouching: Vouching) -> Result<(), Error> {
    match vouching {
        Vouching::AssertionAndBody => Ok(()),
        Vouching::No => Err(Error::new(confirmation.element, ErrorKind::SenderVouches)),
    }
}
