//! What is encrypted to us in a SAML document is decrypted before the document is judged (SAML Core §2.2.4, §2.3.4, §2.7.3.2).

use super::Kind;
use super::SamlContext;
use super::delivery::Carrier;
use super::message::MessageRead;
use super::signed::Layer;
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
) -> Result<(Carrier, Before), Rejection> {
    let data = encrypted_parts(carrier.root());
    if data.is_empty() || context.keyring.is_empty() {
        return Ok((carrier, Before::default()));
    }
    let (proofs, about) = over_ciphertext(&carrier, &data, context, findings)?;
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
    };
    let (document, query) = carrier.into_parts();
    let (document, before) = encrypted.decrypt(document, decryption)?;
    // The others are looked at again.
    findings.signatures = about;
    Ok((Carrier::new(document, query)?, before))
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

/// The signatures over some of `data` that hold for the document as it came; and what is found of them, while `findings` has what is
/// found of all.
fn over_ciphertext<'d>(
    carrier: &'d Carrier,
    data: &[Element<'d>],
    context: &SamlContext<'_>,
    findings: &mut Findings,
) -> Result<(Vec<Attested<'d>>, Vec<SignatureFinding>), Rejection> {
    let (delivery, kind) = super::delivered(carrier, context)?;
    let (layers, at) = match kind {
        Kind::Message => {
            let read = MessageRead::of(&delivery, context)?;
            let at = read.at(context)?;
            (read.layers, at)
        }
        Kind::Assertion => {
            let assertion = Assertion::read(delivery.root)?;
            let rules = Rules::new(context.policy, Way::Alone);
            let layer = Layer::of_assertion(&assertion, Issuers::ASSERTING, &rules, context)?;
            (vec![layer], context.at(assertion.issue_instant))
        }
        Kind::Metadata => return Ok(Default::default()),
    };
    let policy = context.policy_of_age(at);
    let context = &context.by(&policy);
    let (mut proofs, mut about) = (Vec::new(), Vec::new());
    for layer in layers {
        let is_over = data.iter().any(|data| data.is_within(layer.element));
        let Some(placed) = layer.placed.as_ref().filter(|_| is_over) else {
            continue;
        };
        if let Ok(proof) = layer.verify(placed, at, context, findings) {
            proofs.push(proof);
            about.extend(findings.signatures.last().cloned());
        }
    }
    Ok((proofs, about))
}
