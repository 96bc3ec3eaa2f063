use chrono::DateTime;
use chrono::Utc;

use super::authorization::signer;
use super::problem::KeyPath;
use super::problem::Source;
use super::problem::Stage;
use super::typed;
use crate::policy::Exception;
use crate::policy::Policy;
use crate::trust::Issuers;
use crate::trust::Partner;

/// The exceptions of a route whose messages otherwise have to be as `policy` says. What is wrong is noted, and so is what ends soon.
pub(super) fn check(
    exceptions: &[typed::Exception],
    policy: &Policy,
    issuers: &Issuers,
    now: DateTime<Utc>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Vec<Exception> {
    let mut checked = Vec::new();
    for (index, typed) in exceptions.iter().enumerate() {
        let path = path.entry(index);
        let partner = partner(typed, issuers, &path, source);
        let policy = granting(typed, policy, &path.key("allow"), source);
        if typed.reason.trim().is_empty() {
            let instead = "say why, as \"their new system signs with SHA-256 from March on\"";
            source.problem(&path.key("reason"), "is empty", instead);
        }
        let (Some(partner), Some(policy)) = (partner, policy) else {
            continue;
        };
        let exception = Exception {
            partner,
            allow: typed.allow.clone(),
            reason: typed.reason.clone(),
            until: typed.until,
            policy,
        };
        if is_in_time(&exception, now, &path.key("until"), source) {
            checked.push(exception);
        }
    }
    checked
}

/// What the keys of a route may have to decrypt: by `policy`, and by all that its exceptions grant.
pub(super) fn widest(exceptions: &[typed::Exception], policy: &Policy) -> Policy {
    let grants = exceptions.iter().flat_map(|exception| &exception.allow);
    grants.fold(policy.clone(), |policy, grant| {
        policy.granting(*grant).unwrap_or(policy)
    })
}

fn partner(
    typed: &typed::Exception,
    issuers: &Issuers,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Partner> {
    let signers = signer(&typed.subject, &typed.san, path, source)?;
    let unknown = |issuer: &&String| !issuers.entity_ids().any(|known| known == issuer.as_str());
    if let Some(issuer) = typed.issuer.iter().find(unknown) {
        source.problem(
            &path.key("issuer"),
            format!("is in no metadata of this route: {issuer:?}"),
            "name an entityID of trust.saml.metadata; who signs with a certificate is named by subject or san",
        );
        return None;
    }
    let partner = Partner::new(signers, typed.issuer.clone());
    if partner.is_none() {
        let instead = "add whom it is for: subject, san or issuer";
        source.problem(path, "is for everybody", instead);
    }
    partner
}

/// The policy with everything that is granted.
fn granting(
    typed: &typed::Exception,
    policy: &Policy,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Policy> {
    let mut granting = policy.clone();
    for (index, grant) in typed.allow.iter().enumerate() {
        match granting.granting(*grant) {
            Some(policy) => granting = policy,
            None => {
                let what = format!(
                    "cannot be granted beyond the policy {:?}: {}",
                    policy.name,
                    grant.name()
                );
                let instead = "remove it, or take a policy that it fits: nonces, one with digest-or-text-over-tls, as bsp11";
                source.problem(&path.entry(index), what, instead);
                return None;
            }
        }
    }
    Some(granting)
}

/// Whether it holds at `now`. One that does not is wrong, unless the configuration was in use before its end.
fn is_in_time(exception: &Exception, now: DateTime<Utc>, path: &KeyPath, source: &mut Source<'_>) -> bool {
    let days = exception.days_left(now);
    if !exception.holds(now) {
        if source.stage != Stage::InUse {
            let what = format!("is over: {}", exception.until);
            source.problem(
                path,
                what,
                "remove the exception, or agree on another day with the partner",
            );
        }
        return false;
    }
    if days < Exception::NOTICE_DAYS {
        let what = match days {
            0 => "ends today".to_owned(),
            1 => "ends in 1 day".to_owned(),
            _ => format!("ends in {days} days"),
        };
        let what = format!("{what}, with {}, for {}", exception.until, exception.partner);
        let instead =
            "after that day this configuration cannot be used, and the gateway refuses what was granted";
        source.warning(path, what, instead);
    }
    true
}
