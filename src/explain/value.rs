use super::explanation::{Cause, Certainty, Finding, ValueExplanation};
use super::forms::Subject;
use super::keys::{Candidates, KeysAtHand, NamedKey};
use super::prefixes::{FEW, MANY};
use super::search::{Effort, Search, Undone};
use super::{additions, namespaces, prefixes, structure, textual};
use crate::algorithm::{DigestAlgorithm, EcdsaValues, SignatureAlgorithm, SignatureScheme};
use crate::crypto::{self, VerifyingKey, decode_base64, encode_base64};
use crate::dsig::{Signature, verify_value};

/// Why the value of `signature` does not hold, if it does not.
pub(super) fn explain(signature: &Signature<'_>, keys: &KeysAtHand, effort: &mut Effort) -> ValueExplanation {
    let candidates = Candidates::of(signature, keys);
    let octets = Subject::element(signature.signed_info)
        .octets(&signature.canonicalization)
        .unwrap_or_default();
    let all = || candidates.meant.iter().chain(&candidates.others);
    let mut explanation = ValueExplanation {
        algorithm: signature.method.uri(),
        key: None,
        tried: all().map(|named| named.name.clone()).collect(),
        octets,
        causes: Vec::new(),
        origin: Origin::Meant,
    };
    let holds = |named: &&NamedKey| holds(signature, &named.key, &explanation.octets, &signature.value);
    if let Some(named) = candidates.meant.iter().find(holds) {
        explanation.key = Some(named.name.clone());
    } else if all().next().is_some() {
        (explanation.causes, explanation.origin) =
            search(signature, &candidates, &explanation.octets, effort);
    }
    explanation
}

/// How a value came about, as far as that was found out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// The key that the signature means made it over this SignedInfo; or nobody knows.
    Meant,
    /// By another method.
    Method(SignatureAlgorithm),
    /// By another key, or it is no value by any that is at hand.
    OtherKey,
    /// It was encoded in another way.
    Encoded(Encoding),
    /// Over these octets.
    Over(Vec<u8>),
    /// Over another SignedInfo, which nothing of this one leads to.
    Elsewhere,
    /// It has this length, and should have another.
    Length(usize),
}

/// Encodings of a value in other stacks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    Der,
    Reversed,
    Base64,
    Hexadecimal,
}

impl Encoding {
    const fn detail(self) -> &'static str {
        match self {
            Self::Der => "it is in ASN.1 DER, where XML Signature has the two numbers one after the other",
            Self::Reversed => "its bytes stand in reverse order",
            Self::Base64 => "it is encoded in base64 twice",
            Self::Hexadecimal => "it is encoded in hexadecimal, and that in base64",
        }
    }
}

/// What an operation with a public key costs, in bytes looked at.
const KEY_OPERATION: usize = 64 << 10;

/// With the message's own SignatureMethod.
fn holds(signature: &Signature<'_>, key: &VerifyingKey, octets: &[u8], value: &[u8]) -> bool {
    verify_value(signature, key, octets, value, EcdsaValues::FullLength).is_ok()
}

fn search(
    signature: &Signature<'_>,
    candidates: &Candidates,
    octets: &[u8],
    effort: &mut Effort,
) -> (Vec<Finding>, Origin) {
    let method = signature.method;
    let value = &signature.value;
    let all: Vec<&NamedKey> = candidates.meant.iter().chain(&candidates.others).collect();
    let proved = |cause, detail: String, origin| {
        let finding = Finding::only(cause, detail, Certainty::Proved);
        (vec![finding], origin)
    };
    for named in &candidates.others {
        if holds(signature, &named.key, octets, value) {
            let meant: Vec<&str> = candidates.meant.iter().map(|named| named.name.as_str()).collect();
            let detail = format!(
                "it was made with {}, and the signature means {}",
                named.name,
                meant.join(" or ")
            );
            return proved(Cause::WrongKey, detail, Origin::OtherKey);
        }
    }
    for named in &all {
        for other in SignatureAlgorithm::ALL
            .iter()
            .copied()
            .filter(|other| *other != method)
        {
            if crypto::verify(other, &named.key, octets, value).is_ok() {
                let detail = format!(
                    "it was made by {}, and SignatureMethod says {}",
                    other.uri(),
                    method.uri()
                );
                return proved(Cause::HashMismatch, detail, Origin::Method(other));
            }
        }
        for (encoding, decoded) in otherwise_encoded(value, &named.key) {
            if holds(signature, &named.key, octets, &decoded) {
                let detail = encoding.detail().to_owned();
                return proved(Cause::SignatureEncoding, detail, Origin::Encoded(encoding));
            }
        }
    }
    let signed: Vec<(&NamedKey, DigestAlgorithm, Vec<u8>)> =
        all.iter().filter_map(|named| recovered(named, value)).collect();
    let is_signed = |octets: &[u8]| {
        if signed.is_empty() {
            all.iter()
                .any(|named| holds(signature, &named.key, octets, value))
        } else {
            // What an RSA value was made over can be read from it, which is much faster than to try.
            signed.iter().any(|(_, algorithm, digest)| {
                crypto::digest(*algorithm, octets).is_ok_and(|actual| actual.matches(digest))
            })
        }
    };
    // Where every attempt is an operation with each key, there are fewer.
    let each = if signed.is_empty() {
        all.len().saturating_mul(KEY_OPERATION)
    } else {
        0
    };
    let mut search = Search::new(&is_signed, each, effort);
    let Some((cause, detail)) = reserialized(&mut search, signature, octets, !signed.is_empty()) else {
        let (finding, origin) = unexplained(signature, &all, signed.first());
        return (vec![finding], origin);
    };
    let origin = search.take_signed().map_or(Origin::Elsewhere, Origin::Over);
    proved(cause, detail, origin)
}

/// SignedInfo as it may have been written before, and as it may have been; with pairs of changes where attempts are cheap.
fn reserialized(
    search: &mut Search<'_>,
    signature: &Signature<'_>,
    octets: &[u8],
    is_cheap: bool,
) -> Option<(Cause, String)> {
    // The references are searched for later, with what is left.
    search.turn(2);
    let canonical = String::from_utf8_lossy(octets);
    let subject = Subject::element(signature.signed_info);
    let document = signature.element.document();
    let raw = document
        .as_str()
        .get(signature.signed_info.span())
        .unwrap_or_default();
    let forms = || subject.in_other_forms(&signature.canonicalization, octets);
    search.each(forms());
    search.each(textual::changes(&canonical));
    search.each(
        [
            raw.to_owned(),
            raw.replace("\r\n", "\n"),
            raw.replace("\r\n", "\n").replace('\n', "\r\n"),
        ]
        .into_iter()
        .map(|raw| {
            Undone::new(
                Cause::RawBytes,
                "the signer signed SignedInfo as it stood, without canonicalization",
                raw,
            )
        }),
    );
    search.each(namespaces::changes(&canonical, document));
    search.first(prefixes::renamed_together(&canonical, document, MANY));
    if let Some(written) = search.told() {
        return Some((Cause::SignedInfoReserialized, written));
    }
    search.each(digests_replaced(signature, &canonical).into_iter());
    search.first(structure::removals(&canonical));
    search.first(additions::additions(&canonical, document));
    if let Some(changed) = search.told() {
        return Some((Cause::SignedInfoChanged, changed));
    }
    if is_cheap {
        let texts = || textual::changes(&canonical);
        search.pairs(Box::new(forms()), textual::changes);
        search.pairs(texts(), textual::changes);
        search.pairs(Box::new(forms()), |text| namespaces::changes(text, document));
        search.pairs(texts(), |text| namespaces::changes(text, document));
        search.pairs(texts(), |text| prefixes::renamed_together(text, document, FEW));
    }
    let written = search.told()?;
    Some((Cause::SignedInfoReserialized, written))
}

/// SignedInfo with the digests that the references have now.
fn digests_replaced(signature: &Signature<'_>, canonical: &str) -> Vec<Undone> {
    let mut undone = Vec::new();
    let mut all = canonical.to_owned();
    for reference in &signature.references {
        let form = super::forms::form_of(reference);
        let octets = Subject::of(signature, reference).and_then(|subject| subject.octets(&form));
        let digest = octets.and_then(|octets| crypto::digest(reference.digest_algorithm, &octets).ok());
        let Some(digest) = digest else { continue };
        let mut texts = reference
            .element
            .descendants()
            .filter_map(|element| element.text().ok());
        let is_value = |text: &str| decode_base64(text).ok().as_ref() == Some(&reference.digest_value);
        let Some(written) = texts.find(|text| is_value(&text.value)) else {
            continue;
        };
        let actual = encode_base64(digest.as_bytes());
        let detail = format!(
            "the DigestValue of {} was replaced: what it refers to is as it was signed",
            crate::xml::quoted(&reference.uri)
        );
        undone.push(Undone::new(
            Cause::SignedInfoChanged,
            detail,
            canonical.replacen(written.value.as_ref(), &actual, 1),
        ));
        all = all.replacen(written.value.as_ref(), &actual, 1);
    }
    if undone.len() > 1 {
        undone.push(Undone::new(
            Cause::SignedInfoChanged,
            "all DigestValues were replaced",
            all,
        ));
    }
    undone
}

/// The digest that a PKCS#1 value was made over.
fn recovered<'k>(named: &'k NamedKey, value: &[u8]) -> Option<(&'k NamedKey, DigestAlgorithm, Vec<u8>)> {
    let VerifyingKey::Public(key) = &named.key else {
        return None;
    };
    let (algorithm, digest) = crypto::recover_digest(key, value)?;
    Some((named, algorithm, digest))
}

/// The value as other stacks write it.
fn otherwise_encoded(value: &[u8], key: &VerifyingKey) -> Vec<(Encoding, Vec<u8>)> {
    let mut forms = Vec::new();
    if let VerifyingKey::Public(key) = key
        && let Some(raw) = crypto::raw_signature_value(key, value)
    {
        forms.push((Encoding::Der, raw));
    }
    let reversed: Vec<u8> = value.iter().rev().copied().collect();
    forms.push((Encoding::Reversed, reversed));
    if let Ok(text) = std::str::from_utf8(value) {
        if let Ok(decoded) = decode_base64(text) {
            forms.push((Encoding::Base64, decoded));
        }
        if let Some(decoded) = from_hexadecimal(text) {
            forms.push((Encoding::Hexadecimal, decoded));
        }
    }
    forms
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// Nothing was found.
fn unexplained(
    signature: &Signature<'_>,
    all: &[&NamedKey],
    signed: Option<&(&NamedKey, DigestAlgorithm, Vec<u8>)>,
) -> (Finding, Origin) {
    let (cause, detail, origin) = if let Some((named, algorithm, digest)) = signed {
        let detail = format!(
            "{} made it over another SignedInfo, with the {} digest {}; SignedInfo was changed after signing",
            named.name,
            algorithm.name(),
            encode_base64(digest)
        );
        (Cause::SignedInfoChanged, detail, Origin::Elsewhere)
    } else if let Some(length) = lengths(signature, all).filter(|length| *length != signature.value.len()) {
        let detail = format!(
            "it has {} bytes, and the key makes values of {length}",
            signature.value.len()
        );
        (Cause::ValueDamaged, detail, Origin::Length(signature.value.len()))
    } else if matches!(signature.method.scheme(), SignatureScheme::RsaPkcs1(_)) {
        let detail = "it is no value by any key at hand: another key made it, or it was damaged";
        (Cause::WrongKey, detail.to_owned(), Origin::OtherKey)
    } else {
        let detail = "no key at hand made it over this SignedInfo: another key did, or SignedInfo was changed after signing";
        (Cause::WrongKey, detail.to_owned(), Origin::OtherKey)
    };
    (Finding::only(cause, detail, Certainty::Likely), origin)
}

/// How long the values of the first key are, in bytes.
fn lengths(signature: &Signature<'_>, all: &[&NamedKey]) -> Option<usize> {
    match (&all.first()?.key, signature.method.scheme()) {
        (VerifyingKey::Public(key), SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss(_)) => {
            let (modulus, _) = key.modulus_exponent()?;
            Some(modulus.len())
        }
        _ => None,
    }
}
