use serde::Deserialize;
use serde_json::Value;

use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use crate::algorithm::CanonicalizationAlgorithm;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::HmacTruncation;
use crate::algorithm::SignatureAlgorithm;
use crate::algorithm::TransformAlgorithm;
use crate::policy::Dsa;
use crate::policy::Part;
use crate::policy::Policy;
use crate::policy::Profile;
use crate::policy::Sha1;
use crate::policy::TimestampPresence;
use crate::trust::Revocation;
use crate::xml::Limits;

/// The greatest file of a policy.
const FILE_BYTES: u64 = 1 << 20;

const INSTEAD: &str = "write \"strict\", \"saml-sso\" or \"bsp11\", or the path of a policy in TOML";

/// As [`check`], for a route, whose partners can have exceptions: a file may not give to everybody, for ever, what an exception gives to one.
pub(super) fn of_route(name: &str, path: &KeyPath, source: &mut Source<'_>) -> Option<Policy> {
    let policy = check(name, path, source)?;
    match policy.granted().filter(|_| Profile::named(name).is_none()) {
        None => Some(policy),
        Some(grant) => {
            let grant = grant.name();
            source.problem(
                path,
                format!("gives everybody what only an exception may give: {name}: {grant}"),
                format!(
                    "take it out, and give it to whoever needs it: [[route.exception]] with subject = [\"CN=…\"], allow = [\"{grant}\"], \
                     reason = \"…\" and until = 2027-03-01"
                ),
            );
            None
        }
    }
}

/// The policy that a route names, by a profile or by a file. `None` if a gateway cannot use it, which is then noted.
pub(super) fn check(name: &str, path: &KeyPath, source: &mut Source<'_>) -> Option<Policy> {
    if let Some(profile) = Profile::named(name) {
        if !profile.suits_a_gateway() {
            source.problem(
                path,
                format!("is {name:?}, which is for the command line and batch only"),
                INSTEAD,
            );
            return None;
        }
        return Some(profile.policy());
    }
    if !name.contains(['/', '.']) {
        source.problem(path, format!("is no profile: {name:?}"), INSTEAD);
        return None;
    }
    let text = files::read(&source.ask(name.as_ref()), FILE_BYTES);
    let text = text
        .map_err(|error| files::unreadable(source, path, name.as_ref(), &error))
        .ok()?;
    let policy = read(&text).map_err(|error| {
        source.problem(
            path,
            format!("cannot be used: {name}: {error}"),
            "start from: sealgate policy show strict",
        );
    });
    let policy = policy.ok()?;
    match unfit(&policy) {
        None => Some(policy),
        Some(reason) => {
            source.problem(
                path,
                format!("lets a gateway relay what it must not: {name}: {reason}"),
                "start from: sealgate policy show strict; what one partner needs for a while is a [[route.exception]]",
            );
            None
        }
    }
}

fn read(text: &[u8]) -> Result<Policy, String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let policy = Policy::deserialize(toml::Deserializer::parse(text).map_err(|error| error.to_string())?);
    let policy = policy.map_err(|error| error.to_string())?;
    policy.check().map_err(|error| error.to_string())
}

/// What makes a policy of one's own unfit for a gateway. Weak algorithms are for the command line; what a gateway lets pass is
/// acted upon at once.
fn unfit(policy: &Policy) -> Option<&'static str> {
    let algorithms = &policy.algorithms;
    let sha1 = |method: SignatureAlgorithm| method.digest() == Some(DigestAlgorithm::Sha1);
    let canonicalizations = algorithms.canonicalizations.iter();
    let transforms = algorithms
        .transforms
        .iter()
        .filter_map(|transform| match transform {
            TransformAlgorithm::Canonicalization(algorithm) => Some(algorithm),
            TransformAlgorithm::EnvelopedSignature
            | TransformAlgorithm::Base64
            | TransformAlgorithm::StrTransform
            | TransformAlgorithm::AttachmentContent
            | TransformAlgorithm::AttachmentComplete => None,
        });
    let inclusive = |algorithm: CanonicalizationAlgorithm| {
        !algorithm.is_exclusive() && algorithm != CanonicalizationAlgorithm::Inclusive10
    };
    let body = policy.signed.contains(&Part::Body) || policy.signed.contains(&Part::Assertion);
    let reasons = [
        (!body, "it does not ask that the body is signed"),
        (
            policy.timestamp.presence == TimestampPresence::Ignored,
            "it ignores the Timestamp",
        ),
        (
            algorithms.signatures.iter().any(sha1),
            "it allows signatures with SHA-1",
        ),
        (
            algorithms.digests.contains(DigestAlgorithm::Sha1),
            "it allows digests with SHA-1",
        ),
        (
            canonicalizations.chain(transforms).any(inclusive),
            "it allows inclusive canonicalization",
        ),
        (
            algorithms.rsa_min_bits < 2048,
            "it allows RSA keys of less than 2048 bits",
        ),
        (
            algorithms.hmac_truncation != HmacTruncation::Refused,
            "it allows truncated HMAC values",
        ),
        (
            policy.certificates.sha1 == Sha1::Allow,
            "it allows certificates signed with SHA-1",
        ),
        (policy.certificates.dsa == Dsa::Allow, "it allows DSA keys"),
        (
            policy.certificates.revocation == Revocation::Warn,
            "it lets revocation that is not known pass",
        ),
        (
            !policy.legacy.is_empty(),
            "[[legacy]] is for archives: no message of a gateway is judged as of its own time",
        ),
    ];
    reasons
        .into_iter()
        .find_map(|(unfit, reason)| unfit.then_some(reason))
}

/// The policy with the lower one of each limit, but for the length of attachments. Limits above what a route may ask for are noted.
pub(super) fn with_limits(
    policy: Policy,
    limits: &Limits,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Policy {
    for (name, value, most) in pairs(limits, &highest()) {
        if value > most {
            source.problem(
                &path.key(&name),
                format!("is {value}"),
                format!("limits can be lowered only: write at most {most}"),
            );
        }
    }
    let lower = pairs(&policy.limits, limits)
        .into_iter()
        .map(|(name, one, other)| (name, Value::from(one.min(other))));
    let lower = serde_json::from_value(Value::Object(lower.collect()));
    let mut lower = lower.unwrap_or_else(|_| limits.clone());
    // Attachments are not held in memory, so a route may take longer ones.
    if limits.attachment_bytes > Limits::default().attachment_bytes {
        lower.attachment_bytes = limits.attachment_bytes;
    }
    Policy {
        limits: lower,
        ..policy
    }
}

/// What a route may ask for.
fn highest() -> Limits {
    Limits {
        attachment_bytes: 1 << 30,
        ..Limits::default()
    }
}

/// The limits of both by name.
fn pairs(one: &Limits, other: &Limits) -> Vec<(String, u64, u64)> {
    let numbers = |limits: &Limits| serde_json::to_value(limits).unwrap_or_default();
    let (one, other) = (numbers(one), numbers(other));
    let number = |limits: &Value, name: &str| limits.get(name).and_then(Value::as_u64).unwrap_or(0);
    let names = one.as_object().into_iter().flat_map(|limits| limits.keys());
    names
        .map(|name| (name.clone(), number(&one, name), number(&other, name)))
        .collect()
}
