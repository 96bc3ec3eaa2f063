//! Where assertions are exchanged for tokens.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::check;
use super::checked::TokenEndpoint;
use super::ends::CertificateUse;
use super::files::IdentityFiles;
use super::minted;
use super::policy;
use super::problem::KeyPath;
use super::problem::Source;
use super::published;
use super::published::Published;
use super::route;
use super::throttle;
use super::trust;
use super::typed;
use crate::crypto::Identity;
use crate::mint::JwtMinter;
use crate::mint::JwtTerms;
use crate::policy::saml::ExpectedRequest;
use crate::policy::saml::RelyingParty;
use crate::trust::Revocation;

/// Checks all token endpoints of `config`, whose gateway is `gateway`. `None` if anything is wrong, which is then noted.
pub(super) fn check_all(
    config: &typed::Config,
    gateway: Option<&Identity>,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Vec<TokenEndpoint>> {
    let endpoints = &config.token_endpoint;
    let mut checked = Vec::new();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let path = KeyPath::default().key("token_endpoint").entry(index);
        let before = endpoints.iter().take(index).flat_map(paths);
        let taken: Vec<&String> = before.chain(config.route.iter().flat_map(route::paths)).collect();
        let own = endpoint.keys_path.iter().filter(|keys| **keys == endpoint.path);
        let keys = endpoint.keys_path.iter().filter(|keys| taken.contains(keys));
        let twice = std::iter::once(&endpoint.path)
            .filter(|path| taken.contains(path))
            .map(|path| ("path", path));
        for (key, twice) in twice.chain(own.chain(keys).map(|keys| ("keys_path", keys))) {
            source.problem(
                &path.key(key),
                format!("is the path of a route or another endpoint: {twice:?}"),
                "give each its own path",
            );
        }
        checked.extend(check(endpoint, gateway, &path, now, source));
    }
    (checked.len() == endpoints.len()).then_some(checked)
}

/// The paths that `endpoint` takes.
fn paths(endpoint: &typed::TokenEndpoint) -> impl Iterator<Item = &String> {
    std::iter::once(&endpoint.path).chain(&endpoint.keys_path)
}

fn check(
    endpoint: &typed::TokenEndpoint,
    gateway: Option<&Identity>,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<TokenEndpoint> {
    let at_path = route::check_path(&endpoint.path, &path.key("path"), source);
    let policy = policy::check(&endpoint.policy, &path.key("policy"), source);
    let at_trust = path.key("trust");
    let trust = trust::check(&endpoint.trust, policy.as_ref(), now, &at_trust, source);
    let party = party(&endpoint.trust, &at_trust, source);
    let minter = minter(&endpoint.token, gateway, &path.key("token"), now, source);
    let typed = Published {
        keys_path: endpoint.keys_path.as_deref(),
        further_keys: &endpoint.further_keys,
    };
    let keys = published::check(typed, minter.as_ref().map(JwtMinter::certificate), path, source);
    let mut policy = policy?;
    if endpoint.trust.revocation == typed::Revocation::Always {
        policy.certificates.revocation = Revocation::Required;
    }
    let (trust, issuers) = trust?;
    Some(TokenEndpoint {
        path: at_path?,
        policy,
        trust,
        issuers,
        party: party?,
        minter: minter?,
        keys: keys?,
        throttle: throttle::route(&endpoint.throttle),
        threats: endpoint.threats.modes(),
    })
}

/// What assertions must name: the endpoint as audience and as recipient (RFC 7522 §3), and no request that they would answer.
fn party(trust: &typed::Trust, path: &KeyPath, source: &mut Source<'_>) -> Option<RelyingParty> {
    let path = path.key("saml");
    let Some(saml) = &trust.saml else {
        source.problem(&path, "is missing", "add a table with audience and recipient");
        return None;
    };
    if saml.recipient.is_none() {
        source.problem(
            &path.key("recipient"),
            "is missing",
            "write the URL of this endpoint",
        );
        return None;
    }
    Some(RelyingParty {
        audience: Some(saml.audience.clone()),
        recipient: saml.recipient.clone(),
        request: ExpectedRequest::Unsolicited,
        resolution: ExpectedRequest::NotSaid,
    })
}

fn minter(
    token: &typed::NewToken,
    gateway: Option<&Identity>,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<JwtMinter> {
    let at_claims = path.key("claims");
    let claims = token
        .claims
        .iter()
        .map(|(name, fact)| (at_claims.key(name), fact));
    let mut known = true;
    for (key, fact) in std::iter::once((path.key("subject"), &token.subject)).chain(claims) {
        if !fact.is_of_assertion() {
            source.problem(
                &key,
                "is what no assertion proves",
                "write saml-name-id, saml-issuer or a table: A SAML attribute",
            );
            known = false;
        }
    }
    let own = match &token.key {
        Some(key) => {
            let files = IdentityFiles {
                table: path.clone(),
                certificate: token.certificate.as_deref(),
                key,
                password: token.key_password_file.as_deref(),
                purpose: CertificateUse::TokenEndpoint,
            };
            Some(check::signing_identity(&files, now, source)?)
        }
        None => None,
    };
    let terms = JwtTerms {
        issuer: token.issuer.clone(),
        audience: token.audience.clone(),
        life: TimeDelta::seconds(token.seconds.into()),
        subject: token.subject.clone(),
        claims: minted::facts(&token.claims),
    };
    minted::jwt_minter(terms, own.as_ref().or(gateway)?, path, source).filter(|_| known)
}
