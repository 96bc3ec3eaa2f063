//! Any XML document with signatures in it, judged as mathematics: do they hold, whose keys made them, what do they
//! cover? There is no WS-Security or SAML meaning here, and nothing that passes can be relayed.
//!
//! Every signature that is not itself content of another one has to hold. Objects are allowed, as they are how a
//! signature envelops what it signs; a Manifest in one is signed content and not followed.

mod key;

use bytes::Bytes;

use super::signer::{finding, note_legacy_algorithms};
use super::{AsOf, Covering, Findings, Judgement, coverage};
use crate::crypto::VerifyingKey;
use crate::dsig;
use crate::dsig::{Covered, ErrorKind, Objects, Rules, Signature};
use crate::policy::Part;
use crate::policy::Policy;
use crate::policy::Unmet;
use crate::policy::UnmetKind;
use crate::rejection::Rejection;
use crate::trust::Signer;
use crate::trust::TrustStore;
use crate::wss;
use crate::xml;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limit;
use crate::xml::Namespace;

/// How a document is judged.
#[derive(Clone, Copy, Debug)]
pub struct DocumentRules<'r> {
    /// Algorithms, forms of reference, key lengths, limits, and what certificates must be.
    pub policy: &'r Policy,
    /// Where keys come from.
    pub keys: DocumentKeys<'r>,
    /// Attribute names that are of type ID in this document, besides those that always are.
    pub id_attributes: &'r [String],
}

/// Where the keys come from that signatures are checked with.
#[derive(Clone, Copy, Debug)]
pub enum DocumentKeys<'r> {
    /// From certificates that are trusted at that time. No document says in a form that is read here when it was signed, so
    /// as of its own time none can be judged.
    Trusted(&'r TrustStore, AsOf),
    /// The operator named the key.
    Given(&'r VerifyingKey),
    /// From KeyInfo, as it stands there. Whoever made the document chose it, so it makes nothing trusted.
    Embedded,
}

/// Judges every signature in `input`; the verdict is the first reason against one of them.
pub fn judge_document(input: Bytes, rules: &DocumentRules<'_>) -> Judgement<()> {
    let mut findings = Findings::default();
    let verdict = read(input, rules).and_then(|document| judge(&document, rules, &mut findings));
    if verdict.is_err() {
        // No verdict needed them.
        findings.legacy.clear();
    }
    Judgement { verdict, findings }
}

fn read(input: Bytes, rules: &DocumentRules<'_>) -> Result<Document, Rejection> {
    // Only what is meant for archives asks for nothing in particular.
    let is_archive = rules.policy.signed.contains(&Part::Anything);
    let input = if is_archive { xml::to_utf8(input)? } else { input };
    let document = Document::parse_with_ids(input, &rules.policy.limits, rules.id_attributes)?;
    Ok(document)
}

fn judge(document: &Document, rules: &DocumentRules<'_>, findings: &mut Findings) -> Result<(), Rejection> {
    let allowed = rules.policy.limits.signatures;
    let most = usize::from(allowed);
    let signatures: Vec<Element<'_>> = signatures(document.root()).take(most.saturating_add(1)).collect();
    if signatures.is_empty() {
        return Err(Unmet::nowhere(UnmetKind::NoSignature).into());
    }
    if let Some(element) = signatures.get(most) {
        let kind = ErrorKind::Limit {
            limit: Limit::Signatures,
            allowed: allowed.into(),
        };
        return Err(dsig::Error::at(*element, kind).into());
    }
    let mut covered = Vec::new();
    let mut proofs = Ok(Vec::new());
    for element in &signatures {
        match (
            judge_signature(*element, rules, findings, &mut covered),
            &mut proofs,
        ) {
            (Ok(proof), Ok(proofs)) => proofs.push(proof),
            (Err(error), Ok(_)) => proofs = Err(error),
            (_, Err(_)) => {}
        }
    }
    (findings.coverage, findings.coverage_omitted) = coverage(document.root(), &covered, &signatures);
    for proof in proofs? {
        rules.policy.second_opinion.of_signature(&proof)?;
    }
    Ok(())
}

/// The signatures that are not content of another one.
fn signatures(root: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    let is_signature = |element: &Element<'_>| element.is(Namespace::DS, "Signature");
    root.descendants().filter(move |element| {
        is_signature(element) && !element.ancestors().any(|above| is_signature(&above))
    })
}

fn judge_signature<'d>(
    element: Element<'d>,
    rules: &DocumentRules<'_>,
    findings: &mut Findings,
    covered: &mut Vec<Covering<'d>>,
) -> Result<Covered<'d>, Rejection> {
    let mut signature = Signature::read(element, Objects::Allowed, &rules.policy.limits)?;
    signature.find_tokens(|reference| Ok::<_, Rejection>(wss::dereference_in_document(reference)))?;
    match rules.keys {
        DocumentKeys::Trusted(_, AsOf::Message) => {
            findings.signatures.push(finding(&signature, &[], None));
            Err(Unmet::nowhere(UnmetKind::NoMessageTime).into())
        }
        DocumentKeys::Trusted(store, AsOf::Time(at)) => {
            findings.judged_at = Some(at);
            let attested = key::trusted(&signature, store, at, rules, findings)?;
            note_covered(&signature, attested.covered(), findings, covered);
            Ok(attested.into_covered())
        }
        DocumentKeys::Given(key) => {
            let proof = verify(&signature, key, rules, findings)?;
            if let Some(found) = findings.signatures.last_mut() {
                found.trusted = true;
            }
            note_covered(&signature, &proof, findings, covered);
            Ok(proof)
        }
        DocumentKeys::Embedded => {
            let held = key::embedded(&signature)?;
            // What such a key covers is not reported as covered.
            findings.warnings.push("embedded_key");
            let proof = verify(&signature, &held.key.into(), rules, findings);
            if let (Some(found), Some(certificate)) = (findings.signatures.last_mut(), held.certificate) {
                found.signer = Some(Signer::from(&certificate));
                found.certificate = Some(certificate);
            }
            proof
        }
    }
}

fn verify<'d>(
    signature: &Signature<'d>,
    key: &VerifyingKey,
    rules: &DocumentRules<'_>,
    findings: &mut Findings,
) -> Result<Covered<'d>, Rejection> {
    let mut outcomes = Vec::new();
    let verified = dsig::verify(signature, key, rules.signatures(), &mut outcomes);
    findings.signatures.push(finding(signature, &outcomes, None));
    note_legacy_algorithms(signature, findings);
    Ok(verified?)
}

impl<'r> DocumentRules<'r> {
    fn signatures(&self) -> Rules<'r> {
        Rules {
            permitted: &self.policy.algorithms,
            limits: &self.policy.limits,
            keep: dsig::Keep::Nothing,
        }
    }
}

/// Notes what a trusted signature covers.
fn note_covered<'d>(
    signature: &Signature<'d>,
    proof: &Covered<'d>,
    findings: &mut Findings,
    covered: &mut Vec<Covering<'d>>,
) {
    for reference in &signature.references {
        let Some(element) = reference.resolve() else {
            continue;
        };
        if proof.signs(element) {
            let enveloped = reference.transforms.enveloped && signature.element.is_within(element);
            let except = enveloped.then_some(signature.element);
            covered.push(Covering { element, except });
        } else {
            findings.warn("only_text_covered");
        }
    }
}

#[cfg(test)]
mod tests;
