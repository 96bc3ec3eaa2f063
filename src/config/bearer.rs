use chrono::TimeDelta;

use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::algorithm::SignatureAlgorithm;
use crate::fetch::Origin;
use crate::trust::BearerRules;
use crate::trust::Binding;
use crate::trust::KeysAge;
use crate::trust::Stands;
use crate::trust::TokenKeys;

/// The greatest JWK Set, in bytes.
const JWKS_BYTES: u64 = 1 << 20;

/// Whose bearer tokens a route takes, if it asks for them. `None` if anything is wrong, which is then noted.
pub(super) fn check(
    bearer: Option<&typed::Bearer>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<BearerRules>> {
    let Some(bearer) = bearer else {
        return Some(None);
    };
    let (keys, age) = keys(bearer, &path.key("jwks"), source).unzip();
    let mut algorithms = Vec::new();
    for (index, name) in bearer.algorithms.iter().enumerate() {
        match SignatureAlgorithm::from_jws_name(name) {
            Some(algorithm) => algorithms.push(algorithm),
            None => source.problem(
                &path.key("algorithms").entry(index),
                format!("is {name:?}"),
                "write a signature algorithm of JWS with a public key, as \"RS256\" or \"ES256\"",
            ),
        }
    }
    let complete = algorithms.len() == bearer.algorithms.len();
    let verify = |keys: &TokenKeys| algorithms.iter().any(|algorithm| keys.verify(*algorithm));
    if complete && !source.is_to_come(&bearer.jwks) && keys.as_ref().is_some_and(|keys| !verify(keys)) {
        source.problem(
            &path.key("jwks"),
            format!(
                "has no key for any of the algorithms: {}",
                bearer.algorithms.join(", ")
            ),
            "give the JWK Set of the issuer, and the algorithms that it signs with",
        );
    }
    Some(Some(BearerRules {
        issuer: bearer.issuer.clone(),
        audience: bearer.audience.clone(),
        algorithms: complete.then_some(algorithms)?,
        kind: bearer.token_type.clone(),
        stands: match bearer.message_security {
            typed::MessageSecurity::Required => Stands::Beside,
            typed::MessageSecurity::ReplacedByToken => Stands::ForMessage,
        },
        binding: match bearer.certificate_bound {
            typed::CertificateBound::Optional => Binding::Optional,
            typed::CertificateBound::Required => Binding::Required,
        },
        skew: TimeDelta::seconds(bearer.skew_seconds.into()),
        keys: keys?,
        age: age.flatten(),
    }))
}

/// The keys of the issuer, and how long they count if they are fetched.
fn keys(
    bearer: &typed::Bearer,
    key: &KeyPath,
    source: &mut Source<'_>,
) -> Option<(TokenKeys, Option<KeysAge>)> {
    let text = source.read(&bearer.jwks, JWKS_BYTES);
    let text = text.map_err(|error| files::unreadable(source, key, &bearer.jwks, &error));
    let text = text.ok()?;
    let keys = text.as_ref().map(|text| TokenKeys::read(&text.bytes));
    let keys = keys.unwrap_or_else(|| Ok(TokenKeys::default()));
    let mut age = None;
    if let Some(fetch) = source.fetch_of(&bearer.jwks).cloned() {
        if let Origin::Issuer { issuer, .. } = &fetch.origin
            && *issuer != bearer.issuer
        {
            let what = format!("has the keys of another issuer: {issuer:?}");
            source.problem(key, what, "write the same issuer in bearer and in fetch");
        }
        source.fetching.keys.push(fetch.file);
        age = text.map(|text| KeysAge {
            seen: text.at,
            most: TimeDelta::from_std(fetch.max_age).unwrap_or(TimeDelta::MAX),
        });
    }
    let keys = keys.map_err(|error| {
        let what = format!("cannot be used: {}: {error}", bearer.jwks.display());
        source.problem(key, what, "give the JWK Set of the issuer");
    });
    Some((keys.ok()?, age))
}
