use std::borrow::Cow;

use super::attachment::AttachmentScope;
use super::covered::{Covered, CoveredNode, Form};
use super::error::{Error, ErrorKind, not_permitted};
use super::reference::{Reference, Target};
use super::signature::Signature;
use super::transform::Processing;
use crate::algorithm::{DigestAlgorithm, EcdsaValues, HmacTruncation, Permitted, TransformAlgorithm};
use crate::c14n::{self, Buffered, Canonicalization, Counted, Kept};
use crate::crypto::{
    DigestValue, Digester, KeyKind, VerifyError, VerifyingKey, decode_base64, verify_and_digest, verify_pss,
    verify_truncated_hmac,
};
use crate::xml::{Element, Limit, Limits};

/// What a signature may use, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'r> {
    /// Algorithms, transforms, reference forms and key lengths.
    pub permitted: &'r Permitted,
    /// References, transforms, prefixes and digested octets.
    pub limits: &'r Limits,
    /// Whether the digested octets are wanted afterwards.
    pub keep: Keep,
}

/// Whether digested octets are kept beside their digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Keep {
    /// They are not.
    Nothing,
    /// They are, for [`Covered::take_octets`].
    Octets,
}

/// What came of one Reference, for reports. Proves nothing.
#[derive(Clone, Debug)]
pub struct ReferenceOutcome<'d> {
    /// The `URI`.
    pub uri: String,
    /// The element it resolved to; none if it is to an attachment.
    pub element: Option<Element<'d>>,
    /// The digest algorithm.
    pub digest_algorithm: DigestAlgorithm,
    /// The digest that was signed.
    pub expected: Vec<u8>,
    /// The digest that was computed.
    pub actual: DigestValue,
}

impl ReferenceOutcome<'_> {
    /// Whether the digests are equal.
    pub fn is_match(&self) -> bool {
        self.actual.matches(&self.expected)
    }
}

/// Core validation (XML Signature §3.2) of `signature` with `key`, in the order that gives an attacker the least: what it
/// claims to use against `rules`, then the value over SignedInfo, then the references. Each reference that was
/// digested is noted in `outcomes`; a bad value causes none.
///
/// # Errors
/// The first thing that is not allowed or does not hold. All references are digested before a mismatch is told, so that
/// `outcomes` has them all.
pub fn verify<'d>(
    signature: &Signature<'d>,
    key: &VerifyingKey,
    rules: Rules<'_>,
    outcomes: &mut Vec<ReferenceOutcome<'d>>,
) -> Result<Covered<'d>, Error> {
    check_permitted(signature, rules.permitted)?;
    strength(key, rules.permitted).map_err(|kind| Error::at(signature.element, kind))?;
    let sha256 = check_value(signature, key, rules.permitted)?;
    let mut budget = digest_budget(signature, rules.limits);
    let mut nodes = Vec::with_capacity(signature.references.len());
    let mut attachments = Vec::new();
    let first = outcomes.len();
    for reference in &signature.references {
        let (node, actual) = match (&reference.target, &reference.transforms.processing) {
            (Target::Attachment(id), Processing::Attachment(scope)) => {
                attachments.push((id.clone(), *scope));
                (None, attachment_digest(reference, *scope)?)
            }
            _ => {
                let (node, actual) = digest(signature, reference, &mut budget, rules)?;
                (Some(node), actual)
            }
        };
        outcomes.push(ReferenceOutcome {
            uri: reference.uri.clone(),
            element: node.as_ref().map(|node| node.apex),
            digest_algorithm: reference.digest_algorithm,
            expected: reference.digest_value.clone(),
            actual,
        });
        nodes.extend(node);
    }
    let compared = outcomes
        .get(first..)
        .unwrap_or_default()
        .iter()
        .zip(&signature.references);
    for (outcome, reference) in compared {
        if !outcome.is_match() {
            let kind = ErrorKind::DigestMismatch {
                uri: outcome.uri.clone(),
                expected: outcome.expected.clone(),
                actual: outcome.actual.as_bytes().to_vec(),
            };
            return Err(Error::at(reference.element, kind));
        }
    }
    Ok(Covered {
        signature: signature.element,
        method: signature.method,
        value: signature.value.clone(),
        key: key.clone(),
        signed_info: (signature.signed_info, signature.canonicalization.clone()),
        signed_info_sha256: sha256,
        nodes,
        attachments,
    })
}

/// Nothing is computed for a signature that uses what the policy does not allow.
fn check_permitted(signature: &Signature<'_>, permitted: &Permitted) -> Result<(), Error> {
    let refuse = |element, kind| Err(Error::at(element, kind));
    if !permitted.signatures.contains(signature.method) {
        return refuse(signature.signed_info, not_permitted(signature.method));
    }
    let canonicalization = signature.canonicalization.algorithm;
    if !permitted.canonicalizations.contains(canonicalization) {
        let kind = ErrorKind::AlgorithmNotPermitted(canonicalization.uri().to_owned());
        return refuse(signature.signed_info, kind);
    }
    if let Some(bits) = signature.output_length
        && permitted.hmac_truncation == HmacTruncation::Refused
    {
        return refuse(signature.signed_info, ErrorKind::OutputLength(bits));
    }
    if let Some(parameters) = signature.pss_parameters {
        let mut digests = [parameters.digest, parameters.mask_digest].into_iter();
        if let Some(digest) = digests.find(|digest| !permitted.digests.contains(*digest)) {
            let kind = ErrorKind::AlgorithmNotPermitted(digest.uri().to_owned());
            return refuse(signature.signed_info, kind);
        }
        if !permitted.pss_salts.allow(parameters) {
            let what = format!("a salt of {} bytes", parameters.salt_length);
            return refuse(signature.signed_info, ErrorKind::PssParameters(what));
        }
    }
    for reference in &signature.references {
        if !permitted.references.contains(reference.target.form()) {
            let kind = ErrorKind::ReferenceForm(Some(reference.uri.clone()));
            return refuse(reference.element, kind);
        }
        if !permitted.digests.contains(reference.digest_algorithm) {
            let kind = ErrorKind::AlgorithmNotPermitted(reference.digest_algorithm.uri().to_owned());
            return refuse(reference.element, kind);
        }
        let implied = match &reference.transforms.processing {
            Processing::Canonical(form) | Processing::StrTransform(form) => {
                Some(TransformAlgorithm::Canonicalization(form.algorithm))
            }
            Processing::Base64 | Processing::Attachment(_) => None,
        };
        let listed = reference.transforms.listed.iter().copied();
        if let Some(transform) = listed
            .chain(implied)
            .find(|transform| !permitted.transforms.contains(*transform))
        {
            let kind = ErrorKind::Transform(format!("the policy does not allow {}", transform.uri()));
            return refuse(reference.element, kind);
        }
    }
    Ok(())
}

/// A key is as long as it must be.
pub(super) fn strength(key: &VerifyingKey, permitted: &Permitted) -> Result<(), ErrorKind> {
    let VerifyingKey::Public(public) = key else {
        return Ok(());
    };
    match public.kind() {
        KeyKind::Rsa { bits } | KeyKind::Dsa { bits } if bits < permitted.rsa_min_bits => {
            let least = permitted.rsa_min_bits;
            Err(ErrorKind::WeakKey { bits, least })
        }
        KeyKind::Rsa { .. } | KeyKind::Dsa { .. } | KeyKind::Ec(_) | KeyKind::Ed25519 => Ok(()),
    }
}

/// Why a value does not verify.
pub(super) fn value_error(error: VerifyError) -> ErrorKind {
    if let VerifyError::Unavailable(error) = error {
        ErrorKind::Unavailable(error)
    } else {
        ErrorKind::Value(error)
    }
}

/// Gives the SHA-256 of the canonical SignedInfo, where the value is over that.
fn check_value(
    signature: &Signature<'_>,
    key: &VerifyingKey,
    permitted: &Permitted,
) -> Result<Option<DigestValue>, Error> {
    let mut octets = Vec::with_capacity(signature.signed_info.span().len());
    canonicalize(
        signature.signed_info,
        &signature.canonicalization,
        None,
        &mut octets,
        signature.element,
    )?;
    let result = verify_value(signature, key, &octets, &signature.value, permitted.ecdsa_values);
    let digest = result.map_err(|error| Error::at(signature.element, value_error(error)))?;
    let is_sha256 = signature.method.digest() == Some(DigestAlgorithm::Sha256);
    Ok(digest.filter(|_| is_sha256))
}

/// Checks that `value` is the value over `octets`, in the way that the SignatureMethod of `signature` has it. The digest of `octets` that
/// was computed, where that method says which it is.
pub(crate) fn verify_value(
    signature: &Signature<'_>,
    key: &VerifyingKey,
    octets: &[u8],
    value: &[u8],
    written: EcdsaValues,
) -> Result<Option<DigestValue>, VerifyError> {
    match (signature.output_length, signature.pss_parameters) {
        (None, None) => verify_and_digest(signature.method, key, octets, &full_length(value, key, written)),
        (None, Some(parameters)) => verify_pss(parameters, key, octets, value).map(|()| None),
        (Some(bits), _) => verify_truncated_hmac(signature.method, key, octets, value, bits).map(|()| None),
    }
}

/// An ECDSA value with the leading zeros that its two numbers should have, if they may be missing.
pub(super) fn full_length<'v>(value: &'v [u8], key: &VerifyingKey, written: EcdsaValues) -> Cow<'v, [u8]> {
    let VerifyingKey::Public(public) = key else {
        return Cow::Borrowed(value);
    };
    let (KeyKind::Ec(curve), EcdsaValues::OrShorter) = (public.kind(), written) else {
        return Cow::Borrowed(value);
    };
    let half = value.len() / 2;
    let (r, s) = value.split_at_checked(half).unwrap_or_default();
    match curve.size().checked_sub(half) {
        Some(missing) if missing > 0 && r.len() == s.len() => {
            let zeros = vec![0; missing];
            Cow::Owned([&zeros, r, &zeros, s].concat())
        }
        _ => Cow::Borrowed(value),
    }
}

/// How many octets may be digested for this signature. A namespace declared once and used a hundred thousand times is
/// written as often.
fn digest_budget(signature: &Signature<'_>, limits: &Limits) -> u64 {
    let length = u64::try_from(signature.element.document().bytes().len()).unwrap_or(u64::MAX);
    length.max(64 << 10).saturating_mul(u64::from(limits.digested))
}

fn digest<'d>(
    signature: &Signature<'d>,
    reference: &Reference<'d>,
    budget: &mut u64,
    rules: Rules<'_>,
) -> Result<(CoveredNode<'d>, DigestValue), Error> {
    let mut digester = Digester::new(reference.digest_algorithm);
    let document = signature.element.document().bytes();
    let mut kept = Kept::new(&mut digester, (rules.keep == Keep::Octets).then_some(document));
    let mut counted = Counted::new(&mut kept, *budget);
    let node = write(signature, reference, &mut counted, rules.limits)?;
    *budget = counted.left();
    let octets = kept.finish();
    let actual = digester
        .finish()
        .map_err(|error| Error::at(reference.element, ErrorKind::Unavailable(error)))?;
    Ok((CoveredNode { octets, ..node }, actual))
}

fn attachment_digest(reference: &Reference<'_>, scope: AttachmentScope) -> Result<DigestValue, Error> {
    let unknown = || ErrorKind::ReferenceForm(Some(reference.uri.clone()));
    let found = reference.attachment.ok_or_else(unknown);
    let digest = found.and_then(|attachment| {
        let digest = attachment.digest(scope, reference.digest_algorithm);
        digest.map_err(ErrorKind::Attachment)
    });
    digest.map_err(|kind| Error::at(reference.element, kind))
}

fn capacity(reference: &Reference<'_>) -> usize {
    let apex = reference.resolve();
    apex.map_or(0, |apex| apex.span().len().saturating_add(512))
}

/// What `reference` digests, for people who ask why it does not match. It proves nothing.
///
/// # Errors
/// There is nothing to digest.
pub(crate) fn octets(
    signature: &Signature<'_>,
    reference: &Reference<'_>,
    limits: &Limits,
) -> Result<Vec<u8>, Error> {
    let mut octets = Vec::with_capacity(capacity(reference));
    let mut counted = Counted::new(&mut octets, digest_budget(signature, limits));
    write(signature, reference, &mut counted, limits)?;
    Ok(octets)
}

/// Writes what `reference` digests.
fn write<'d>(
    signature: &Signature<'d>,
    reference: &Reference<'d>,
    counted: &mut Counted<'_, impl c14n::Sink>,
    limits: &Limits,
) -> Result<CoveredNode<'d>, Error> {
    let Some(apex) = reference.resolve() else {
        let kind = ErrorKind::ReferenceUnresolved(reference.uri.trim_start_matches('#').to_owned());
        return Err(Error::at(reference.element, kind));
    };
    // Of what stands inside the signature itself, the transform leaves nothing, and that is refused.
    let touches = signature.element.is_within(apex) || apex.is_within(signature.element);
    let enveloped = reference.transforms.enveloped && touches;
    let except = enveloped.then_some(signature.element);
    let form = match &reference.transforms.processing {
        Processing::Canonical(form) => {
            let form = dereferenced(form, reference);
            let mut buffered = Buffered::new(counted);
            let whole = matches!(reference.target, super::Target::Document(_));
            let done = if whole {
                c14n::document(apex.document(), &form, except, &mut buffered)
            } else {
                c14n::element(apex, &form, except, &mut buffered)
            };
            buffered.finish();
            done.map_err(|error| canonicalization_error(error, reference.element, limits))?;
            Some(Form::Canonical(form))
        }
        Processing::Base64 => {
            let octets = base64_content(apex, except, reference.element)?;
            c14n::Sink::put(counted, &octets);
            None
        }
        Processing::Attachment(_) => {
            // An attachment is no element, so none was resolved.
            let kind = ErrorKind::ReferenceForm(Some(reference.uri.clone()));
            return Err(Error::at(reference.element, kind));
        }
        Processing::StrTransform(_) if reference.token.is_none() => {
            let what = "STR-Transform where no tokens are known".to_owned();
            return Err(Error::at(reference.element, ErrorKind::Transform(what)));
        }
        Processing::StrTransform(form) => {
            let form = dereferenced(form, reference);
            let mut buffered = Buffered::new(counted);
            let done = c14n::token(apex, &form, &mut buffered);
            buffered.finish();
            done.map_err(|error| canonicalization_error(error, reference.element, limits))?;
            Some(Form::Token(form))
        }
    };
    // What was buffered, or decoded, may be what does not fit.
    if c14n::Sink::is_full(counted) {
        return Err(canonicalization_error(
            c14n::Error::Full,
            reference.element,
            limits,
        ));
    }
    Ok(CoveredNode {
        apex,
        except,
        form,
        octets: None,
    })
}

/// The form of a node set from which dereferencing has removed the comments.
pub(crate) fn dereferenced(form: &Canonicalization, reference: &Reference<'_>) -> Canonicalization {
    let mut form = form.clone();
    if reference.target.drops_comments() {
        form.algorithm = form.algorithm.without_comments();
    }
    form
}

/// The text of all nodes, decoded (XML Signature §6.6.2).
fn base64_content(
    apex: Element<'_>,
    except: Option<Element<'_>>,
    place: Element<'_>,
) -> Result<Vec<u8>, Error> {
    if let Some(except) = except {
        let what = "base64 of what holds the signature".to_owned();
        return Err(Error::at(except, ErrorKind::Transform(what)));
    }
    let text = apex
        .text()
        .map_err(|error| Error::at(place, ErrorKind::Xml(error)))?;
    decode_base64(&text.value).map_err(|error| Error::at(apex, ErrorKind::Encoding(error)))
}

fn canonicalize(
    apex: Element<'_>,
    form: &Canonicalization,
    except: Option<Element<'_>>,
    sink: &mut impl c14n::Sink,
    place: Element<'_>,
) -> Result<(), Error> {
    let done = c14n::element(apex, form, except, sink);
    done.map_err(|error| Error::at(place, ErrorKind::Canonicalization(error)))
}

fn canonicalization_error(error: c14n::Error, place: Element<'_>, limits: &Limits) -> Error {
    let kind = if error == c14n::Error::Full {
        ErrorKind::Limit {
            limit: Limit::Digested,
            allowed: limits.digested.into(),
        }
    } else {
        ErrorKind::Canonicalization(error)
    };
    Error::at(place, kind)
}
