use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::SamlContext;
use super::query;
use crate::crypto::Turn;
use crate::dsig;
use crate::dsig::Covered;
use crate::dsig::Objects;
use crate::dsig::Signature;
use crate::inbound::Covering;
use crate::inbound::Findings;
use crate::inbound::SignerSearch;
use crate::inbound::by_issuer;
use crate::inbound::check_key_info;
use crate::policy::saml::Error;
use crate::policy::saml::ErrorKind;
use crate::policy::saml::Rules;
use crate::policy::saml::check_signature_place;
use crate::rejection::Rejection;
use crate::second_opinion;
use crate::second_opinion::SecondOpinion;
use crate::token::saml::Assertion;
use crate::token::saml::EnvelopedSignature;
use crate::token::saml::Message;
use crate::token::saml::QuerySignature;
use crate::token::saml::Role;
use crate::trust::Attested;
use crate::trust::Carried;
use crate::trust::Signed;
use crate::xml::Element;
use crate::xml::Namespace;

/// The signatures of a document that a trusted key has made.
#[derive(Debug, Default)]
pub(super) struct Signatures<'d> {
    signed: Vec<Signed<'d>>,
    /// Those that were verified before decryption and whose element has not been met yet.
    carried: Vec<Carried<'d>>,
    /// The message that the signature of its query string covers.
    in_query: Option<Element<'d>>,
}

impl<'d> Signatures<'d> {
    /// None yet but those that were verified before decryption.
    pub(super) fn after(carried: Vec<Carried<'d>>) -> Self {
        Self {
            carried,
            ..Self::default()
        }
    }

    /// Whether one of them covers all of `element`.
    pub(super) fn cover(&self, element: Element<'d>) -> bool {
        let in_query = self.in_query.is_some_and(|message| element.is_within(message));
        in_query || self.signed.iter().any(|one| one.covers(element))
    }

    /// Verifies the signature of the query string that held `message` and nothing else.
    ///
    /// # Errors
    /// The message has no issuer; it does not hold.
    pub(super) fn verify_query(
        &mut self,
        signature: &QuerySignature,
        message: &Layer<'d>,
        at: DateTime<Utc>,
        context: &SamlContext<'_>,
        findings: &mut Findings,
    ) -> Result<(), Rejection> {
        query::verify(signature, message.issuer()?, message.roles, at, context, findings)?;
        self.in_query = Some(message.element);
        Ok(())
    }

    /// Verifies the signatures of `layers`, from the outside in, each with a key of its own issuer.
    ///
    /// # Errors
    /// There is none, which `unsigned` tells; one has no issuer; one does not hold.
    pub(super) fn verify(
        &mut self,
        layers: &[Layer<'d>],
        unsigned: impl FnOnce() -> Error,
        at: DateTime<Utc>,
        context: &SamlContext<'_>,
        findings: &mut Findings,
    ) -> Result<(), Rejection> {
        for layer in layers {
            let Some(placed) = &layer.placed else {
                continue;
            };
            let signature = placed.signature.element;
            let known = self
                .carried
                .iter()
                .position(|carried| carried.signature() == signature);
            let signed = match known {
                Some(place) => Signed::Carried(self.carried.swap_remove(place)),
                None => Signed::Attested(layer.verify(placed, at, context, findings)?),
            };
            self.add(placed.check(signed)?);
        }
        if self.signed.is_empty() && self.in_query.is_none() {
            return Err(unsigned().into());
        }
        Ok(())
    }

    pub(super) fn add(&mut self, signed: Signed<'d>) {
        self.signed.push(signed);
    }

    pub(super) fn elements(&self) -> Vec<Element<'d>> {
        self.signed.iter().map(Signed::signature).collect()
    }

    /// Whether other implementations agree about all of them, where that is `asked`. Those over ciphertext were asked about while it
    /// stood there.
    pub(super) fn second_opinion(&self, asked: SecondOpinion) -> Result<(), second_opinion::Error> {
        if self.in_query.is_some() {
            asked.of_query_string()?;
        }
        let mut covered: Vec<&Covered<'d>> = self.signed.iter().filter_map(Signed::covered).collect();
        covered
            .iter()
            .try_for_each(|covered| asked.of_signature(covered))?;
        // Of one around a Response, samael would speak of the Response.
        covered.retain(|covered| covered.elements().any(is_response_or_assertion));
        asked.of_saml(&covered)
    }

    /// What they cover.
    pub(super) fn coverings(&self) -> impl Iterator<Item = Covering<'d>> {
        let in_query = self.in_query.map(|element| Covering {
            element,
            except: None,
        });
        let enveloped = self.signed.iter().flat_map(|one| {
            let signature = one.signature();
            one.elements().into_iter().map(move |element| Covering {
                element,
                except: signature.is_within(element).then_some(signature),
            })
        });
        enveloped.chain(in_query)
    }
}

/// An element that may be signed by itself, as it was read.
pub(super) struct Layer<'d> {
    pub(super) element: Element<'d>,
    issuer: Option<Cow<'d, str>>,
    /// In which role the issuer says such a thing.
    roles: &'static [Role],
    pub(super) placed: Option<Placed<'d>>,
}

impl<'d> Layer<'d> {
    fn issuer(&self) -> Result<&str, Error> {
        let missing = || Error::new(self.element, ErrorKind::IssuerMissing);
        self.issuer.as_deref().ok_or_else(missing)
    }

    /// Verifies `placed`, its signature, with a key of its issuer.
    ///
    /// # Errors
    /// It has no issuer; it does not hold.
    pub(super) fn verify(
        &self,
        placed: &Placed<'d>,
        at: DateTime<Utc>,
        context: &SamlContext<'_>,
        findings: &mut Findings,
    ) -> Result<Attested<'d>, Rejection> {
        let search = search(context, at);
        let (issuers, signature) = (context.issuers, &placed.signature);
        by_issuer(&search, issuers, signature, self.issuer()?, self.roles, findings)
    }

    pub(super) fn of_message(
        message: &Message<'d>,
        roles: &'static [Role],
        rules: &Rules<'_>,
        context: &SamlContext<'_>,
    ) -> Result<Self, Rejection> {
        Ok(Self {
            element: message.element,
            issuer: message.issuer.as_ref().map(|issuer| issuer.value.clone()),
            roles,
            placed: Placed::read(message.element, message.signature, rules, context)?,
        })
    }

    pub(super) fn of_assertion(
        assertion: &Assertion<'d>,
        roles: &'static [Role],
        rules: &Rules<'_>,
        context: &SamlContext<'_>,
    ) -> Result<Self, Rejection> {
        Ok(Self {
            element: assertion.element,
            issuer: Some(assertion.issuer.value.clone()),
            roles,
            placed: Placed::read(assertion.element, assertion.signature, rules, context)?,
        })
    }
}

/// A signature that was read and stands where it may, before any key has been looked for.
pub(super) struct Placed<'d> {
    /// What it should sign: its parent.
    pub(super) parent: Element<'d>,
    pub(super) signature: Signature<'d>,
}

impl<'d> Placed<'d> {
    /// Reads the signature in `parent`, if there is one.
    pub(super) fn read(
        parent: Element<'d>,
        found: Option<EnvelopedSignature<'d>>,
        rules: &Rules<'_>,
        context: &SamlContext<'_>,
    ) -> Result<Option<Self>, Rejection> {
        let Some(found) = found else {
            return Ok(None);
        };
        check_signature_place(found, rules)?;
        let signature = Signature::read(found.element, Objects::Refused, &context.policy.limits)?;
        check_key_info(&signature)?;
        check_signs_parent(&signature, parent)?;
        Ok(Some(Self { parent, signature }))
    }

    /// It signs its parent, whole.
    pub(super) fn check(&self, signed: Signed<'d>) -> Result<Signed<'d>, Rejection> {
        if !signed.signs(self.parent) {
            return Err(signs_something_else(&self.signature, self.parent).into());
        }
        Ok(signed)
    }
}

/// How a signer is looked for.
pub(super) fn search<'c>(context: &SamlContext<'c>, at: DateTime<Utc>) -> SignerSearch<'c> {
    SignerSearch {
        trust: context.trust,
        paths: context.policy.path_rules(),
        rules: dsig::Rules {
            permitted: &context.policy.algorithms,
            limits: &context.policy.limits,
            keep: dsig::Keep::Nothing,
        },
        at,
        partner: None,
        turn: Turn::default(),
    }
}

/// Nothing that counts is signed of `element`, a message or assertion.
pub(super) fn not_signed(element: Element<'_>) -> Error {
    Error::new(element, ErrorKind::NotSigned { says: None })
}

/// The one Reference is to the element that the Signature stands in (SAML Core §5.4.2; T01–T09).
fn check_signs_parent(signature: &Signature<'_>, parent: Element<'_>) -> Result<(), Error> {
    let resolved = |reference: &dsig::Reference<'_>| reference.target.resolve(parent.document());
    match signature.references.as_slice() {
        [reference] if resolved(reference) == Some(parent) => Ok(()),
        _ => Err(signs_something_else(signature, parent)),
    }
}

fn signs_something_else(signature: &Signature<'_>, parent: Element<'_>) -> Error {
    let references = signature.references.iter();
    let kind = ErrorKind::SignatureParent {
        refers_to: references.map(|reference| reference.uri.clone()).collect(),
        parent: parent.id().map(Cow::into_owned),
    };
    Error::new(signature.element, kind)
}

/// What samael is about.
fn is_response_or_assertion(element: Element<'_>) -> bool {
    element.is(Namespace::SAMLP, "Response") || element.is(Namespace::SAML2, "Assertion")
}
