//! What is encrypted to us in a SAML document is decrypted before the document is judged (SAML Core §2.2.4, §2.3.4, §2.7.3.2).

use chrono::{DateTime, Utc};

use super::Kind;
use super::SamlContext;
use super::delivery::Carrier;
use super::message::MessageRead;
use super::signed::Layer;
use crate::crypto::Turn;
use crate::inbound::encrypted::Before;
use crate::inbound::encrypted::Decryption;
use crate::inbound::encrypted::Encrypted;
use crate::inbound::findings::Findings;
use crate::inbound::findings::SignatureFinding;
use crate::inbound::receiver::holder;
use crate::policy::saml::Rules;
use crate::policy::saml::Way;
use crate::rejection::Rejection;
use crate::token::saml::Assertion;
use crate::trust::Attested;
use crate::trust::Issuers;
use crate::xml::Element;
use crate::xml::Namespace;

/// A document that may be judged.
pub(super) struct Opened {
    pub(super) carrier: Carrier,
    /// What was proved of it as it came.
    pub(super) before: Before,
    /// The time as of which that was proved, if anything was.
    pub(super) at: Option<DateTime<Utc>>,
}

/// The document as it is to be judged: with plaintext where something was encrypted to us, if there is a key.
///
/// A Response is signed over ciphertext or plaintext, an assertion in it over plaintext mostly. What holds for ciphertext is verified
/// first, and everything else afterwards, where every signature has to hold.
///
/// # Errors
/// It is nothing that is judged; it cannot be decrypted, or what was decrypted cannot stand there.
pub(super) fn open(
    carrier: Carrier,
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Result<Opened, Rejection> {
    let data = encrypted_parts(carrier.root());
    if data.is_empty() || context.keyring.is_empty() {
        return Ok(Opened {
            carrier,
            before: Before::default(),
            at: None,
        });
    }
    let (Held { proofs, at }, about) = over_ciphertext(&carrier, &data, context, findings)?;
    let keys: Vec<Element<'_>> = data
        .iter()
        .flat_map(|data| holder(*data).descendants())
        .filter(|element| element.is(Namespace::XENC, "EncryptedKey"))
        .collect();
    let encrypted = Encrypted::new(&data, &keys, proofs, context.policy, findings)?;
    let decryption = Decryption {
        keyring: context.keyring,
        policy: context.policy,
        recipient: context.party.audience.as_deref(),
        turn: Turn::default(),
    };
    let (document, query) = carrier.into_parts();
    let (document, before) = encrypted.decrypt(document, decryption)?;
    // The others are looked at again.
    findings.signatures = about;
    let carrier = Carrier::new(document, query)?;
    Ok(Opened { carrier, before, at })
}

/// The EncryptedData of encrypted assertions, identifiers and attributes. Nothing is read in an Advice, which may be for others.
fn encrypted_parts(root: Element<'_>) -> Vec<Element<'_>> {
    let data = root
        .descendants()
        .filter(|element| element.is(Namespace::XENC, "EncryptedData") && holder(*element) != *element);
    let is_advice = |above: Element<'_>| above.is(Namespace::SAML2, "Advice");
    data.filter(|element| !element.ancestors().any(is_advice))
        .collect()
}

/// The signatures over some of `data` that hold for the document as it came, with the time as of which that is; and what is found of them,
/// while `findings` has what is found of all.
fn over_ciphertext<'d>(
    carrier: &'d Carrier,
    data: &[Element<'d>],
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Result<(Held<'d>, Vec<SignatureFinding>), Rejection> {
    let Some((layers, at)) = layers(carrier, context)? else {
        return Ok(Default::default());
    };
    let (mut held, mut about) = (Held::default(), Vec::new());
    for layer in layers.iter().filter(|layer| layer.is_over(data)) {
        if let Some(Ok(proof)) = verified(layer, at, context, findings) {
            held.proofs.push(proof);
            held.at = Some(at);
            about.extend(findings.signatures.last().cloned());
        }
    }
    Ok((held, about))
}

/// Checks that what held for the document as it came, as of `before`, holds as of `at` too: what was encrypted may say another time than
/// what stands around it, and all of a document is judged as of one.
///
/// # Errors
/// A signature that does not hold.
pub(super) fn hold_too(
    carrier: &Carrier,
    before: DateTime<Utc>,
    at: DateTime<Utc>,
    context: &SamlContext<'_>,
) -> Result<(), Rejection> {
    let data = encrypted_parts(carrier.root());
    let Some((layers, _)) = layers(carrier, context)? else {
        return Ok(());
    };
    let mut unread = Findings::unread();
    for layer in layers.iter().filter(|layer| layer.is_over(&data)) {
        if let Some(Ok(_)) = verified(layer, before, context, &mut unread) {
            verified(layer, at, context, &mut unread).transpose()?;
        }
    }
    Ok(())
}

/// What the signature of `layer` proves as of `at`, if it has one.
fn verified<'d>(
    layer: &Layer<'d>,
    at: DateTime<Utc>,
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Option<Result<Attested<'d>, Rejection>> {
    let placed = layer.placed.as_ref()?;
    let policy = context.policy_of_age(at);
    Some(layer.verify(placed, at, &context.by(&policy), findings))
}

/// What may be signed at its place, and the time that it says.
type Signable<'d> = (Vec<Layer<'d>>, DateTime<Utc>);

/// The same of the document as it came; `None` of metadata.
fn layers<'d>(carrier: &'d Carrier, context: &SamlContext<'_>) -> Result<Option<Signable<'d>>, Rejection> {
    let (delivery, kind) = super::delivered(carrier, context)?;
    Ok(match kind {
        Kind::Message => {
            let read = MessageRead::of(&delivery, context)?;
            let at = read.at(context)?;
            Some((read.layers, at))
        }
        Kind::Assertion => {
            let assertion = Assertion::read(delivery.root)?;
            let rules = Rules::new(context.policy, Way::Alone);
            let layer = Layer::of_assertion(&assertion, Issuers::ASSERTING, &rules, context)?;
            Some((vec![layer], context.at(assertion.issue_instant)))
        }
        Kind::Metadata => None,
    })
}

impl Layer<'_> {
    fn is_over(&self, data: &[Element<'_>]) -> bool {
        data.iter().any(|data| data.is_within(self.element))
    }
}

/// What holds for a document as it came.
#[derive(Default)]
struct Held<'d> {
    proofs: Vec<Attested<'d>>,
    /// The time as of which it does; `None` where nothing does.
    at: Option<DateTime<Utc>>,
}
