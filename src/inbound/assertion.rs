//! A SAML assertion in a Security header.

use chrono::{DateTime, Utc};

use super::findings::Findings;
use super::issuer::{by_issuer, check_key_info};
use super::saml::check_for_others;
use super::signer::SignerSearch;
use crate::crypto::PublicKey;
use crate::dsig::{Objects, Signature};
use crate::policy::saml::{
    Accepted, Presenter, RelyingParty, Rules, Vouching, Way, check_signature_place, check_text,
    judge_assertion,
};
use crate::policy::{Policy, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::token::held_keys;
use crate::token::saml::{Assertion, Method};
use crate::trust::{Attested, Carried, ConfirmationKey, Issuers, Owner, Signed, Use};
use crate::wss;
use crate::wss::Item;
use crate::xml::Element;

/// An assertion, with the proof of its issuer's signature where it has one.
pub(super) struct Issued<'d> {
    assertion: Assertion<'d>,
    proof: Option<Signed<'d>>,
    keys: Vec<ConfirmationKey>,
}

impl<'d> Issued<'d> {
    /// Its issuer's signature.
    pub(super) fn proof(&self) -> Option<&Signed<'d>> {
        self.proof.as_ref()
    }

    /// Whether its issuer signed one of `elements`.
    pub(super) fn covers_any(&self, elements: &[Element<'d>]) -> bool {
        let proof = self.proof.as_ref();
        proof.is_some_and(|proof| elements.iter().any(|element| proof.covers(*element)))
    }

    /// Its issuer's signature, if it was verified on this document.
    pub(super) fn into_attested(self) -> Option<Attested<'d>> {
        match self.proof? {
            Signed::Attested(proof) => Some(proof),
            Signed::Carried(_) => None,
        }
    }
}

/// An assertion that holds for the one who sent the message.
pub(super) struct Presented<'d> {
    /// The assertion.
    pub(super) element: Element<'d>,
    /// What it says, and its use.
    pub(super) accepted: Accepted,
    proof: Option<Signed<'d>>,
}

impl<'d> Presented<'d> {
    /// Its issuer's signature.
    pub(super) fn proof(&self) -> Option<&Signed<'d>> {
        self.proof.as_ref()
    }
}

/// What a presented assertion is judged by.
#[derive(Clone, Copy)]
pub(super) struct Judged<'g> {
    pub(super) policy: &'g Policy,
    /// Whose keys are whose.
    pub(super) issuers: &'g Issuers,
    pub(super) party: &'g RelyingParty,
}

/// Reads the one assertion of `header`.
///
/// # Errors
/// There are two; it is not as its schema has it; a text in it can be read in two ways.
pub(super) fn read<'d>(
    header: &wss::Header<'d>,
    policy: &Policy,
) -> Result<Option<Assertion<'d>>, Rejection> {
    let mut found = header.items().iter().filter_map(|item| match item {
        Item::Saml2Assertion(element) | Item::Saml1Assertion(element) => Some(*element),
        Item::Timestamp(_)
        | Item::X509Token(_)
        | Item::Signature(_)
        | Item::TokenReference(_)
        | Item::SignatureConfirmation(_)
        | Item::UsernameToken(_)
        | Item::Encryption(_) => None,
    });
    let Some(element) = found.next() else {
        return Ok(None);
    };
    if let Some(second) = found.next() {
        return Err(Unmet::at(second, UnmetKind::SeveralAssertions).into());
    }
    check_text(element, &Rules::new(policy, Way::Soap))?;
    check_for_others(element)?;
    Ok(Some(Assertion::read(element)?))
}

/// Verifies the signature that the assertion's issuer made, before anything in it is believed; unless it is among `carried`, those
/// that were verified before decryption.
///
/// # Errors
/// It is not its issuer's, or does not sign the assertion itself.
pub(super) fn by_its_issuer<'d>(
    assertion: Assertion<'d>,
    search: &SignerSearch<'_>,
    issuers: &Issuers,
    carried: &mut Vec<Carried<'d>>,
    findings: &mut Findings,
) -> Result<Issued<'d>, Rejection> {
    let Some(enveloped) = assertion.signature else {
        return Ok(Issued {
            assertion,
            proof: None,
            keys: Vec::new(),
        });
    };
    let before = carried
        .iter()
        .position(|carried| carried.signature() == enveloped.element);
    let proof = match before {
        Some(place) => Signed::Carried(carried.swap_remove(place)),
        None => {
            let signature = Signature::read(enveloped.element, Objects::Refused, search.rules.limits)?;
            check_key_info(&signature)?;
            let issuer = assertion.issuer.value.clone();
            let proof = by_issuer(search, issuers, &signature, &issuer, Issuers::ASSERTING, findings)?;
            Signed::Attested(proof)
        }
    };
    if !proof.signs(assertion.element) {
        return Err(Unmet::at(enveloped.element, UnmetKind::AssertionNotSigned).into());
    }
    let mut keys = Vec::new();
    for data in confirmations_by_key(&assertion) {
        let held = held_keys(data)?;
        for one in held {
            keys.extend(ConfirmationKey::new(
                &proof,
                assertion.element,
                &assertion.id,
                one.key,
            ));
        }
    }
    Ok(Issued {
        assertion,
        proof: Some(proof),
        keys,
    })
}

/// The KeyInfo elements of holder-of-key confirmations.
fn confirmations_by_key<'a, 'd>(
    assertion: &'a Assertion<'d>,
) -> impl Iterator<Item = Element<'d>> + use<'a, 'd> {
    let confirmations = assertion
        .subject
        .iter()
        .flat_map(|subject| &subject.confirmations);
    confirmations
        .filter(|confirmation| confirmation.method == Method::HolderOfKey)
        .filter_map(|confirmation| confirmation.data.as_ref())
        .flat_map(|data| data.key_infos.iter().copied())
}

/// The keys whose holder the issuer of the assertion at `element` confirms.
///
/// # Errors
/// `element` is not the assertion in the header, or its issuer did not sign it.
pub(super) fn confirmation_keys(
    issued: Option<&Issued<'_>>,
    element: Element<'_>,
) -> Result<Vec<ConfirmationKey>, Unmet> {
    match issued {
        Some(issued) if issued.assertion.element == element && issued.proof.is_some() => {
            Ok(issued.keys.clone())
        }
        _ => Err(Unmet::at(element, UnmetKind::AssertionNotSigned)),
    }
}

/// Judges the assertion for the one who made `signatures`.
///
/// # Errors
/// Nobody stands for it; a rule of SAML is broken.
pub(super) fn present<'d>(
    issued: Issued<'d>,
    signatures: &[Signed<'d>],
    body: Element<'d>,
    judged: Judged<'_>,
    at: DateTime<Utc>,
) -> Result<Presented<'d>, Rejection> {
    let Judged {
        policy,
        issuers,
        party,
    } = judged;
    let Issued { assertion, proof, .. } = issued;
    let rules = Rules::new(policy, Way::Soap);
    if let Some(enveloped) = assertion.signature {
        check_signature_place(enveloped, &rules)?;
    }
    let vouched = signatures.iter().any(|signature| {
        let signs_both = signature.signs(assertion.element) && signature.signs(body);
        signs_both && may_vouch(signature.owner(), &assertion, proof.is_some(), issuers)
    });
    if proof.is_none() && !vouched {
        return Err(Unmet::at(assertion.element, UnmetKind::AssertionNotSigned).into());
    }
    let keys: Vec<PublicKey> = signatures
        .iter()
        .filter(|signature| signature.signs(body))
        .filter_map(|signature| signature.owner().public_key().cloned())
        .collect();
    let presenter = Presenter {
        keys: &keys,
        vouching: if vouched {
            Vouching::AssertionAndBody
        } else {
            Vouching::No
        },
    };
    let mut accepted = judge_assertion(&assertion, &rules, party, presenter, at)?;
    if proof.is_none() && issuers.is_empty() {
        // Whoever vouches may say that it is of this issuer.
        accepted.warnings.push("unbound_issuer");
    }
    // Bearer and holder-of-key rest on the issuer's word, which only its signature is.
    let needs_issuer = accepted.claims.confirmation != Method::SenderVouches.uri();
    if needs_issuer && proof.is_none() {
        return Err(Unmet::at(assertion.element, UnmetKind::AssertionNotSigned).into());
    }
    Ok(Presented {
        element: assertion.element,
        accepted,
        proof,
    })
}

/// Whether `owner` may vouch that the subject of `assertion` sent the message (T99). Whoever we trust may, of what its issuer
/// signed. What no issuer signed is the voucher's own word: where metadata says whose keys are whose, nobody but the issuer
/// itself may speak in its name (T91).
fn may_vouch(owner: &Owner, assertion: &Assertion<'_>, issuer_signed: bool, issuers: &Issuers) -> bool {
    match owner {
        Owner::Subject(_) | Owner::User(_) => false,
        Owner::Entity(entity) => issuer_signed || entity.entity() == assertion.issuer.value,
        Owner::Certified(_) => issuer_signed || issuers.is_empty(),
    }
}

/// The use of the assertion, if it may be used once only: bearer assertions, and those that say so.
///
/// # Errors
/// It never ends.
pub(super) fn the_use(presented: &Presented<'_>) -> Result<Option<Use>, Rejection> {
    use crate::token::saml::OneTimeUse;
    let usage = &presented.accepted.usage;
    let bearer = presented.accepted.claims.confirmation == Method::Bearer.uri();
    if !bearer && usage.one_time_use == OneTimeUse::NotAsked {
        return Ok(None);
    }
    let Some(until) = usage.until else {
        return Err(Unmet::at(presented.element, UnmetKind::EndlessAssertion).into());
    };
    Ok(Some(Use {
        key: usage.key()?,
        issued: usage.issued,
        until,
    }))
}
