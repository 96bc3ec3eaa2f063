use chrono::NaiveTime;

use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::policy::Authorization;
use crate::policy::AuthorizationRule;
use crate::policy::ClientCertificate;
use crate::policy::Hours;
use crate::policy::Operations;
use crate::soap::QName;
use crate::trust::Constraint;
use crate::trust::ConstraintError;

/// Checks who may ask for what on a route at `path`. `None` if anything is wrong, which is then noted.
pub(super) fn check(
    route: &typed::Route,
    operations: Option<&Operations>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Authorization> {
    let at = path.key("allow");
    let rules = route.allow.iter().enumerate();
    let checked: Vec<_> = rules
        .map(|(index, allow)| {
            let at = at.entry(index);
            if let Some(key) = allow.about_token().filter(|_| route.bearer.is_none()) {
                let what = "is only known where a bearer token is asked for";
                source.problem(&at.key(key), what, "add bearer to the route, or leave it out");
            }
            rule(allow, operations, &at, source)
        })
        .collect();
    Some(Authorization {
        client: match route.client_certificate {
            typed::ClientCertificate::Any => ClientCertificate::Any,
            typed::ClientCertificate::Signer => ClientCertificate::Signer,
        },
        rules: checked.into_iter().collect::<Option<_>>()?,
    })
}

fn rule(
    allow: &typed::Allow,
    operations: Option<&Operations>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<AuthorizationRule> {
    if allow.is_empty() {
        source.problem(
            path,
            "says nothing, so that everybody may do everything",
            "say who may ask for what, or leave it out",
        );
        return None;
    }
    let is_scope = |text: &String| !text.is_empty() && !text.contains(char::is_whitespace);
    if let Some(text) = allow.token_scope.iter().find(|text| !is_scope(text)) {
        let what = format!("is no scope: {text:?}");
        source.problem(&path.key("token_scope"), what, "write each scope by itself");
    }
    if allow.token_claim.iter().any(|claim| claim.name == "scope") {
        let what = "names a claim that has several values in one text";
        source.problem(&path.key("token_claim"), what, "write its scopes in token_scope");
    }
    let asked = names(&allow.operation, operations, &path.key("operation"), source);
    let signer = signer(&allow.subject, &allow.san, path, source);
    let hours = match &allow.hours {
        Some(given) => Some(hours(given, &path.key("hours"), source)?),
        None => None,
    };
    let (attributes, claims) = (allow.saml_attribute.iter(), allow.token_claim.iter());
    Some(AuthorizationRule {
        operations: asked?,
        signer: signer?,
        saml_issuers: allow.saml_issuer.clone(),
        saml_subjects: allow.saml_name_id.clone(),
        saml_attributes: attributes.map(|one| (one.name(), one.values.clone())).collect(),
        users: allow.username.clone(),
        token_subjects: allow.token_subject.clone(),
        token_scopes: allow.token_scope.clone(),
        token_claims: claims.map(|one| (one.name.clone(), one.values.clone())).collect(),
        days: allow.days.iter().map(|day| day.weekday()).collect(),
        hours,
    })
}

fn names(
    names: &[String],
    operations: Option<&Operations>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Vec<QName>> {
    let mut known = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let name = QName::parse(name);
        let of_route = |name: &QName| operations.is_none_or(|operations| operations.have(name));
        match name.filter(of_route) {
            Some(name) => known.push(name),
            None => source.problem(
                &path.entry(index),
                "is no operation of this route",
                "write the name of its element in the body, as \"{urn:example:orders}PlaceOrder\"",
            ),
        }
    }
    (known.len() == names.len()).then_some(known)
}

/// Who has to have signed, if the table at `path` asks; `None` if it says that in a way that cannot be.
pub(super) fn signer(
    subjects: &[String],
    names: &[String],
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<Constraint>> {
    match Constraint::new(subjects, names) {
        Ok(constraint) => Some(Some(constraint)),
        Err(ConstraintError::Empty) => Some(None),
        Err(ConstraintError::Pattern(pattern)) => {
            let key = if subjects.contains(&pattern) {
                "subject"
            } else {
                "san"
            };
            source.problem(
                &path.key(key),
                format!("is no pattern, or fits everybody: {pattern:?}"),
                "write subjects as \"CN=orders-*,O=Partner,C=DE\", and names as \"dns:*.partner.example\"",
            );
            None
        }
    }
}

fn hours(given: &typed::Hours, path: &KeyPath, source: &mut Source<'_>) -> Option<Hours> {
    let mut time = |text: &str, key: &str| {
        let time = NaiveTime::parse_from_str(text, "%H:%M");
        let instead = "write hours and minutes in UTC, as \"08:00\"";
        time.map_err(|_| source.problem(&path.key(key), format!("is {text:?}"), instead))
            .ok()
    };
    let (from, to) = (time(&given.from, "from"), time(&given.to, "to"));
    let hours = Hours { from: from?, to: to? };
    if hours.from == hours.to {
        source.problem(
            path,
            "begin when they end",
            "leave them out to allow the whole day",
        );
        return None;
    }
    Some(hours)
}
