use super::expression::Assertion;
use super::names::{CXF, is_security_policy};
use super::reading::{Outcome, Reading, narrowed};
use crate::algorithm::{
    CanonicalizationAlgorithm as Canonicalization, DataCipher, DigestAlgorithm as Digest, KeyTransport, Set,
    SetMember, SignatureAlgorithm as Signature, TransformAlgorithm as Transform,
};
use crate::policy::Part;

/// A row of the table of algorithm suites (WS-SecurityPolicy 1.3 §6.1), as far as a policy can tell. The signature of all of
/// them is `rsa-sha1`; stacks write `rsa-sha256` where the digest is SHA-256.
struct Suite {
    signatures: Vec<Signature>,
    digest: Digest,
    cipher: DataCipher,
    transports: Vec<KeyTransport>,
}

/// Permits of the algorithms that the policy permits those of the suite. SHA-1 that the policy forbids is SHA-256 then.
pub(super) fn read<'d>(reading: &mut Reading<'d>, property: &Assertion<'d>) {
    reading.check_parameters(property, &[]);
    let mut canonicalization = Canonicalization::Exclusive;
    for option in &property.nested {
        let element = option.element;
        if let Some(suite) = suite(element.namespace(), element.local_name()) {
            apply(reading, option, &suite);
            continue;
        }
        match element.local_name() {
            _ if !is_security_policy(element.namespace()) => reading.unknown(option),
            "InclusiveC14N" => {
                canonicalization = Canonicalization::Inclusive10;
                canonicalize(reading, option, canonicalization);
            }
            "InclusiveC14N11" => {
                canonicalization = Canonicalization::Inclusive11;
                canonicalize(reading, option, canonicalization);
            }
            "STRTransform10"
                if reading
                    .policy
                    .algorithms
                    .transforms
                    .contains(Transform::StrTransform) =>
            {
                reading.leaf(option, Outcome::Noted, "the STR-Transform is permitted");
            }
            "STRTransform10" => reading.leaf(option, Outcome::NotPermitted, "the STR-Transform"),
            "XPath10" | "XPathFilter20" | "AbsXPath" => {
                let detail = "signed parts are found by their place, never by what the message names";
                reading.leaf(option, Outcome::Noted, detail);
            }
            _ => reading.unknown(option),
        }
    }
    if canonicalization == Canonicalization::Exclusive {
        only(reading, canonicalization);
    }
}

fn suite(namespace: &str, name: &str) -> Option<Suite> {
    let aes = ["Basic256", "Basic192", "Basic128"];
    let aes = aes.iter().find_map(|prefix| name.strip_prefix(prefix));
    if namespace == CXF {
        return suite_of_cxf(name, aes);
    }
    if !is_security_policy(namespace) {
        return None;
    }
    let (cipher, rest) = match aes {
        Some(rest) => (DataCipher::AesCbc, rest),
        None => (DataCipher::TripleDesCbc, name.strip_prefix("TripleDes")?),
    };
    let (digest, signatures, rest) = match rest.strip_prefix("Sha256") {
        Some(rest) => (Digest::Sha256, WITH_SHA256.to_vec(), rest),
        None => (Digest::Sha1, vec![Signature::RsaSha1], rest),
    };
    let transport = match rest {
        "" => KeyTransport::RsaOaepMgf1p,
        "Rsa15" => KeyTransport::Rsa15,
        _ => return None,
    };
    Some(Suite {
        signatures,
        digest,
        cipher,
        transports: vec![transport],
    })
}

/// What is signed with where the digest is SHA-256.
const WITH_SHA256: [Signature; 2] = [Signature::RsaSha256, Signature::RsaSha1];

/// A suite of CXF's own: AES in GCM and SHA-256. `aes` is what follows on the size of the cipher's key.
fn suite_of_cxf(name: &str, aes: Option<&str>) -> Option<Suite> {
    use KeyTransport::{RsaOaepMgf1p, RsaOaepSha256, RsaOaepSha256Mgf1Sha1};
    let transports = match aes {
        Some("GCM") => vec![RsaOaepMgf1p],
        // The digest of OAEP is not in the name; where its mask generation function is not either, that is of SHA-1.
        Some("GCMSha256") => vec![RsaOaepMgf1p, RsaOaepSha256Mgf1Sha1],
        Some("GCMSha256MgfSha256") => vec![RsaOaepSha256],
        // What the service is configured with is in no WSDL: these are the defaults.
        None if name == "CustomAlgorithmSuite" => vec![RsaOaepMgf1p, RsaOaepSha256Mgf1Sha1, RsaOaepSha256],
        _ => return None,
    };
    Some(Suite {
        signatures: WITH_SHA256.to_vec(),
        digest: Digest::Sha256,
        cipher: DataCipher::AesGcm,
        transports,
    })
}

fn apply<'d>(reading: &mut Reading<'d>, option: &Assertion<'d>, suite: &Suite) {
    let mut refused = Vec::new();
    let algorithms = &mut reading.policy.algorithms;
    let mut signatures = suite.signatures.clone();
    if reading.symmetric {
        signatures.push(Signature::HmacSha1);
        if suite.digest != Digest::Sha1 {
            signatures.push(Signature::HmacSha256);
        }
    }
    let asked = suite.signatures.first().copied().unwrap_or(Signature::RsaSha1);
    if !narrow(&mut algorithms.signatures, &signatures, Signature::RsaSha256) {
        refused.push(asked.name().to_owned());
    }
    if !narrow(&mut algorithms.digests, &[suite.digest], Digest::Sha256) {
        refused.push(suite.digest.name().to_owned());
    }
    let encryption = &mut reading.policy.encryption;
    let (transports, held) = narrowed(&encryption.key_transport, &suite.transports);
    encryption.key_transport = transports;
    if !held {
        refused.extend(names(&suite.transports));
    }
    let (ciphers, held) = narrowed(&encryption.data, &[suite.cipher]);
    encryption.data = ciphers;
    if !held {
        refused.extend(names(&[suite.cipher]));
    }
    if suite.cipher != DataCipher::AesGcm && held {
        reading.suite_in_cbc = Some(option.element);
    }
    let signatures = algorithms
        .signatures
        .iter()
        .map(Signature::name)
        .collect::<Vec<_>>()
        .join(", ");
    let digests = algorithms
        .digests
        .iter()
        .map(Digest::name)
        .collect::<Vec<_>>()
        .join(", ");
    let ciphers = names(&encryption.data).join(", ");
    let detail =
        format!("signatures {signatures}; digests {digests}; encryption {ciphers}, keys of any length");
    reading.leaf(option, Outcome::Taken, detail);
    if !refused.is_empty() {
        let detail = format!("{} forbids {}", reading.base, refused.join(", "));
        reading.say(option.element, Outcome::NotPermitted, detail);
    }
}

/// Says what of a suite in CBC no message may have: CBC is decrypted only below a signature over the ciphertext and its key (T78).
pub(super) fn check_order(reading: &mut Reading<'_>) {
    let Some(suite) = reading
        .suite_in_cbc
        .filter(|_| !reading.policy.encrypted.is_empty())
    else {
        return;
    };
    let detail = if !reading.encrypts_first {
        "CBC over what was signed before: it is decrypted only where the signature covers EncryptedData and EncryptedKey; \
         with a suite of AES in GCM, or EncryptBeforeSigning and a signed EncryptedKey, messages pass"
    } else if reading.policy.encrypted.contains(&Part::Signature) {
        "CBC over a signature, which cannot cover its own ciphertext: with a suite of AES in GCM messages pass"
    } else {
        "CBC below an EncryptedKey that is not signed: the signature has to cover it as it covers EncryptedData"
    };
    reading.say(suite, Outcome::NotPermitted, detail);
}

/// Keeps of `set` what is `wanted`; if that is nothing, `instead`, and false.
fn narrow<T: SetMember>(set: &mut Set<T>, wanted: &[T], instead: T) -> bool {
    let kept: Set<T> = wanted
        .iter()
        .copied()
        .filter(|member| set.contains(*member))
        .collect();
    if kept.is_empty() {
        if set.contains(instead) {
            *set = Set::EMPTY.with(instead);
        }
        return false;
    }
    *set = kept;
    true
}

fn canonicalize(reading: &mut Reading<'_>, option: &Assertion<'_>, method: Canonicalization) {
    if only(reading, method) {
        reading.leaf(option, Outcome::Taken, format_args!("canonicalization {method}"));
    } else {
        reading.leaf(
            option,
            Outcome::NotPermitted,
            format_args!("canonicalization {method}"),
        );
    }
}

/// Permits no other canonicalization than `method`, if that is permitted; false if not.
fn only(reading: &mut Reading<'_>, method: Canonicalization) -> bool {
    let algorithms = &mut reading.policy.algorithms;
    let as_transform = Transform::Canonicalization(method);
    if !algorithms.canonicalizations.contains(method) || !algorithms.transforms.contains(as_transform) {
        return false;
    }
    algorithms.canonicalizations = Set::EMPTY.with(method);
    let stays = |transform: &Transform| {
        *transform == as_transform || !matches!(transform, Transform::Canonicalization(_))
    };
    algorithms.transforms = algorithms.transforms.iter().filter(stays).collect();
    true
}

/// The names in a policy.
fn names<T: serde::Serialize>(algorithms: &[T]) -> Vec<String> {
    let name = |algorithm| serde_json::to_value(algorithm).ok()?.as_str().map(str::to_owned);
    algorithms.iter().filter_map(name).collect()
}
