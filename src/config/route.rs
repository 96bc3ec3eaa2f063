use std::sync::Arc;

use chrono::DateTime;
use chrono::Utc;

use super::answer;
use super::authorization;
use super::backend;
use super::bearer;
use super::checked::GuardedRoute;
use super::checked::PublishedKeys;
use super::checked::SignedAnswers;
use super::checked::TakesAttachments;
use super::ends::CertificateUse;
use super::exception;
use super::files;
use super::files::IdentityFiles;
use super::minted;
use super::policy;
use super::problem::KeyPath;
use super::problem::Source;
use super::published;
use super::published::Published;
use super::schemas;
use super::throttle;
use super::trust;
use super::typed;
use super::users;
use super::whole;
use crate::crypto::Ability;
use crate::crypto::Identity;
use crate::crypto::KeyKind;
use crate::crypto::PrivateKey;
use crate::inbound::Keyring;
use crate::inbound::SenderHeader;
use crate::policy::Destination;
use crate::policy::Operation;
use crate::policy::Operations;
use crate::policy::Policy;
use crate::policy::saml::ExpectedRequest;
use crate::policy::saml::RelyingParty;
use crate::relay::HeaderNameError;
use crate::relay::IdentityHeaders;
use crate::relay::Route;
use crate::relay::TokenHeader;
use crate::relay::Told;
use crate::second_opinion::SecondOpinion;
use crate::soap::QName;
use crate::soap::Roles;
use crate::soap::is_addressing_action;
use crate::trace::Parent;
use crate::trust::Issuers;
use crate::trust::Revocation;
use crate::trust::TrustSources;

/// Checks all routes. `None` if anything is wrong, which is then noted.
pub(super) fn check_all(
    routes: &[typed::Route],
    signer: Option<&Identity>,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Vec<GuardedRoute>> {
    let mut checked = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let path = KeyPath::default().key("route").entry(index);
        if routes.iter().take(index).any(|other| other.path == route.path) {
            source.problem(
                &path.key("path"),
                format!("is the path of another route: {:?}", route.path),
                "give each route its own path",
            );
        }
        let keys_path = route.jwt.as_ref().and_then(|jwt| jwt.keys_path.as_ref());
        let others = routes.iter().map(|route| &route.path);
        let mut taken = others.chain(routes.iter().take(index).flat_map(paths));
        if let Some(keys) = keys_path.filter(|keys| taken.any(|other| other == *keys)) {
            source.problem(
                &path.key("jwt").key("keys_path"),
                format!("is the path of a route or of other keys: {keys:?}"),
                "give each its own path",
            );
        }
        checked.extend(check(route, signer, &path, now, source));
    }
    (checked.len() == routes.len()).then_some(checked)
}

/// The paths that `route` takes.
pub(super) fn paths(route: &typed::Route) -> impl Iterator<Item = &String> {
    let keys = route.jwt.as_ref().and_then(|jwt| jwt.keys_path.as_ref());
    std::iter::once(&route.path).chain(keys)
}

fn check(
    route: &typed::Route,
    signer: Option<&Identity>,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<GuardedRoute> {
    let at_path = check_path(&route.path, &path.key("path"), source);
    let operations = operations(&route.operation, &path.key("operation"), source);
    let of_kind = |is: fn(&typed::Operation) -> bool| {
        let all = route.operation.iter().filter(|operation| is(operation));
        all.filter_map(operation).collect::<Vec<_>>()
    };
    let authorization = authorization::check(route, operations.as_ref(), path, source);
    let identity = identity(route, &path.key("identity"), source);
    let bearer = bearer::check(route.bearer.as_ref(), &path.key("bearer"), source);
    let jwt = minted::jwt(route, signer, path, source);
    let keys = published_keys(route, jwt.as_ref(), path, source);
    let security = minted::security_header(route, signer, path, source);
    let answers = answer::check(route, signer, path, now, source);
    let backend = backend::check(&route.backend, &path.key("backend"), now, source);
    let policy = policy::of_route(&route.policy, &path.key("policy"), source);
    let policy = policy.map(|policy| policy::with_limits(policy, &route.limits, &path.key("limits"), source));
    let understood = understood(&route.understands, &path.key("understands"), source);
    let second_opinion = second_opinion(route.second_opinion, &path.key("second_opinion"), source);
    whole::check(route, path, source);
    let trust = match &route.trust {
        Some(trust) => trust::check(trust, policy.as_ref(), now, &path.key("trust"), source),
        None if whole::is_whole(route) => Some((TrustSources::new().build(), Issuers::new())),
        None => {
            source.problem(&path.key("trust"), "is missing", "add a table");
            None
        }
    };
    let passwords = users::check(route.users.as_ref(), policy.as_ref(), &path.key("users"), source);
    let widest = policy.as_ref();
    let widest = widest.map(|policy| exception::widest(&route.exception, policy));
    let keyring = keyring(
        &route.decryption,
        widest.as_ref(),
        &path.key("decryption"),
        now,
        source,
    );
    let answer = signed_answers(&route.backend, &path.key("backend").key("answer"), now, source);
    let schema = schemas::check(route.schema.as_ref(), &path.key("schema"), source);
    let mut policy = policy?;
    let typed_trust = route.trust.as_ref();
    if typed_trust.is_some_and(|trust| trust.revocation == typed::Revocation::Always) {
        policy.certificates.revocation = Revocation::Required;
    }
    if route.second_opinion == SecondOpinion::Required {
        policy.second_opinion = second_opinion?;
    }
    let (trust, issuers) = trust?;
    let at_exceptions = path.key("exception");
    let exceptions = exception::check(&route.exception, &policy, &issuers, now, &at_exceptions, source);
    let saml = typed_trust.and_then(|trust| trust.saml.as_ref());
    let answers = answers?;
    let party = RelyingParty {
        audience: saml.map(|saml| saml.audience.clone()),
        recipient: saml.and_then(|saml| saml.recipient.clone()),
        request: ExpectedRequest::NotSaid,
        resolution: ExpectedRequest::NotSaid,
    };
    Some(GuardedRoute {
        route: Route {
            path: at_path?,
            told: Arc::new(Told {
                identity: identity?,
                jwt: jwt?,
                security: security?,
            }),
            backend: backend?,
            idempotent: of_kind(|operation| operation.idempotent),
            one_way: of_kind(|operation| operation.one_way),
        },
        messages: route.backend.messages,
        keys: keys?,
        answer: answer?,
        bearer: bearer?,
        answer_form: answers.form,
        answer_signer: answers.signer,
        traceparent: match route.traceparent {
            typed::Traceparent::Ignored => Parent::Ignored,
            typed::Traceparent::Heeded => Parent::Heeded,
        },
        throttle: throttle::route(&route.throttle),
        attachments: match route.attachments {
            typed::Attachments::Refused => TakesAttachments::No,
            typed::Attachments::Signed => TakesAttachments::Signed,
        },
        destination: Destination {
            addresses: route.addresses.clone(),
            operations: operations?,
            authorization: authorization?,
        },
        trust,
        issuers,
        passwords: passwords?,
        keyring: keyring?,
        party,
        roles: Roles::new(route.actors.clone()),
        understood: understood?,
        schema: schema?,
        threats: route.threats.modes(),
        sender_header: match route.security_header {
            typed::SecurityHeader::Keep => SenderHeader::Kept,
            typed::SecurityHeader::Strip | typed::SecurityHeader::Replace(_) => SenderHeader::TakenOut,
        },
        policy,
        exceptions,
    })
}

/// The keys of the tokens that the backend gets, if they are published; `jwt` is what makes those.
fn published_keys(
    route: &typed::Route,
    jwt: Option<&Option<TokenHeader>>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<PublishedKeys>> {
    let Some(typed) = &route.jwt else {
        return Some(None);
    };
    let typed = Published {
        keys_path: typed.keys_path.as_deref(),
        further_keys: &typed.further_keys,
    };
    let signer = jwt.and_then(Option::as_ref).map(TokenHeader::certificate);
    published::check(typed, signer, &path.key("jwt"), source)
}

/// What answers must prove, if the backend signs them: `None` if that is wrong.
fn signed_answers(
    backend: &typed::Backend,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Option<SignedAnswers>> {
    let Some(answer) = &backend.answer else {
        return Some(None);
    };
    let policy = policy::check(&answer.policy, &path.key("policy"), source);
    let trust = trust::check(&answer.trust, policy.as_ref(), now, &path.key("trust"), source);
    let keyring = keyring(
        &answer.decryption,
        policy.as_ref(),
        &path.key("decryption"),
        now,
        source,
    );
    let mut policy = policy?;
    policy.limits.bytes = backend.answer_bytes;
    if answer.trust.revocation == typed::Revocation::Always {
        policy.certificates.revocation = Revocation::Required;
    }
    let (trust, issuers) = trust?;
    Some(Some(SignedAnswers {
        trust,
        issuers,
        keyring: keyring?,
        policy,
    }))
}

fn keyring(
    keys: &[typed::Decryption],
    policy: Option<&Policy>,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Keyring> {
    let mut keyring = Keyring::new();
    for (index, key) in keys.iter().enumerate() {
        let table = path.entry(index);
        let files = IdentityFiles {
            table: table.clone(),
            certificate: key.certificate.as_deref(),
            key: &key.key,
            password: key.key_password_file.as_deref(),
            purpose: CertificateUse::Decryption,
        };
        let identity = files::identity(&files, now, source)?;
        if let Some(what) = undecryptable(identity.key(), policy) {
            let instead = "give another key, or a policy without";
            source.problem(&table.key("key"), what, instead);
            return None;
        }
        match identity.key().public().kind() {
            KeyKind::Rsa { .. } | KeyKind::Ec(_) => {
                keyring.add_private(identity.key().clone(), identity.chain())
            }
            KeyKind::Dsa { .. } | KeyKind::Ed25519 => {
                let what = "is of a kind that nothing can be encrypted to";
                source.problem(&table.key("key"), what, "give an RSA or EC key");
                return None;
            }
        }
    }
    Some(keyring)
}

/// What a key that stays in its token does not decrypt there and should: others do all.
fn undecryptable(key: &PrivateKey, policy: Option<&Policy>) -> Option<&'static str> {
    let is_rsa = match key.public().kind() {
        KeyKind::Rsa { .. } => true,
        KeyKind::Ec(_) => false,
        KeyKind::Dsa { .. } | KeyKind::Ed25519 => return None,
    };
    if !key.decrypts() {
        return Some("is in a token that decrypts nothing with it");
    }
    let rsa_1_5 = is_rsa && policy.is_some_and(|policy| policy.encryption.permits_rsa_1_5());
    (rsa_1_5 && !key.can(Ability::DecryptRaw))
        .then_some("is in a token without CKM_RSA_X_509, and the policy allows RSA 1.5")
}

/// A path of the gateway; `None` if it is none, which is then noted.
pub(super) fn check_path(text: &str, path: &KeyPath, source: &mut Source<'_>) -> Option<String> {
    if Destination::is_path(text) {
        return Some(text.to_owned());
    }
    source.problem(
        path,
        format!("is {text:?}"),
        "write the path of a URL without escapes, as \"/orders\"",
    );
    None
}

fn operations(
    operations: &[typed::Operation],
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Operations> {
    let mut checked = Vec::new();
    for (index, operation) in operations.iter().enumerate() {
        let path = path.entry(index);
        if QName::parse(&operation.body).is_none() {
            source.problem(
                &path.key("body"),
                format!("is {:?}", operation.body),
                "write the name of an element, as \"{urn:example:orders}PlaceOrder\"",
            );
        }
        let action = operation.action.as_deref();
        let is_uri = |action: &str| {
            !action.is_empty() && action.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
        };
        if action.is_some_and(|action| !is_uri(action)) {
            source.problem(
                &path.key("action"),
                format!("is {:?}", action.unwrap_or_default()),
                "write a URI, or leave the action out",
            );
        }
        let addressing = operation.addressing_action.as_deref();
        if addressing.is_some_and(|action| !is_addressing_action(action)) {
            source.problem(
                &path.key("addressing_action"),
                format!("is {:?}", addressing.unwrap_or_default()),
                "write an IRI, or leave it out",
            );
        }
        checked.extend(self::operation(operation));
    }
    let complete = checked.len() == operations.len();
    let distinct = Operations::new(checked);
    if complete && distinct.is_none() {
        source.problem(path, "has an operation twice", "remove one of them");
    }
    distinct.filter(|_| complete)
}

fn operation(operation: &typed::Operation) -> Option<Operation> {
    Some(Operation {
        action: operation.action.clone(),
        addressing_action: operation.addressing_action.clone(),
        body: QName::parse(&operation.body)?,
    })
}

fn understood(names: &[String], path: &KeyPath, source: &mut Source<'_>) -> Option<Vec<QName>> {
    let mut understood = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match QName::parse(name).filter(|name| !name.namespace.is_empty()) {
            Some(name) => understood.push(name),
            None => source.problem(
                &path.entry(index),
                format!("is {name:?}"),
                "write the name of a header block, as \"{urn:example}Session\"",
            ),
        }
    }
    (understood.len() == names.len()).then_some(understood)
}

fn second_opinion(asked: SecondOpinion, path: &KeyPath, source: &mut Source<'_>) -> Option<SecondOpinion> {
    let checked = asked.check().map_err(|error| {
        source.problem(path, format!("cannot be had: {error}"), "or leave it out");
    });
    checked.ok().map(|()| asked)
}

fn identity(route: &typed::Route, path: &KeyPath, source: &mut Source<'_>) -> Option<IdentityHeaders> {
    let facts = route
        .identity
        .iter()
        .map(|(name, fact)| (name.clone(), fact.clone()));
    let headers = IdentityHeaders::new(facts);
    headers
        .map_err(|(name, error)| {
            let (what, instead) = match error {
                HeaderNameError::Name => ("is no name of a header", "use lower-case letters, digits and -"),
                HeaderNameError::Reserved => (
                    "means something to HTTP or SOAP",
                    "use another name, as x-signer-subject",
                ),
            };
            source.problem(&path.key(&name), what, instead);
        })
        .ok()
}
