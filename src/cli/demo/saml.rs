use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::algorithm::DigestAlgorithm;
use crate::cli::exit::Stop;
use crate::crypto::Certificate;
use crate::crypto::encode_base64;
use crate::dsig::{ReferenceToSign, SignatureRequest, sign};
use crate::xml::Document;
use crate::xml::Limits;
use crate::xml::Namespace;
use crate::xml::escape_attribute;
use crate::xml::escape_text;

use super::world::Party;

/// The identity provider's entityID.
pub(super) const ISSUER: &str = "https://idp.example/saml";
/// What it calls the gateway.
pub(super) const AUDIENCE: &str = "https://orders.example/";
/// Where bearer assertions may be sent.
pub(super) const RECIPIENT: &str = "https://orders.example/orders";

/// How the subject of an assertion is confirmed.
#[derive(Clone, Copy)]
pub(super) enum Confirmation<'c> {
    /// Whoever has the key of this certificate.
    HolderOfKey(&'c Certificate),
    /// Whoever a trusted partner vouches for.
    SenderVouches,
    /// Whoever brings it.
    Bearer,
}

/// An assertion about carol, not signed.
pub(super) fn assertion(id: &str, confirmation: Confirmation<'_>, now: DateTime<Utc>) -> String {
    let (issued, ends) = (
        time(now),
        time(now.checked_add_signed(TimeDelta::minutes(5)).unwrap_or(now)),
    );
    let method = match confirmation {
        Confirmation::HolderOfKey(_) => "holder-of-key",
        Confirmation::SenderVouches => "sender-vouches",
        Confirmation::Bearer => "bearer",
    };
    let data = match confirmation {
        Confirmation::HolderOfKey(certificate) => {
            format!(
                "<saml2:SubjectConfirmationData>{}</saml2:SubjectConfirmationData>",
                key_info(certificate)
            )
        }
        Confirmation::SenderVouches => String::new(),
        Confirmation::Bearer => format!(
            "<saml2:SubjectConfirmationData NotOnOrAfter=\"{ends}\" Recipient=\"{}\"></saml2:SubjectConfirmationData>",
            escape_attribute(RECIPIENT)
        ),
    };
    format!(
        "<saml2:Assertion xmlns:saml2=\"{}\" ID=\"{}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
         <saml2:Issuer>{}</saml2:Issuer><saml2:Subject><saml2:NameID>carol@example.com</saml2:NameID>\
         <saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:{method}\">{data}</saml2:SubjectConfirmation>\
         </saml2:Subject><saml2:Conditions NotBefore=\"{issued}\" NotOnOrAfter=\"{ends}\"><saml2:AudienceRestriction>\
         <saml2:Audience>{}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement \
         AuthnInstant=\"{issued}\"><saml2:AuthnContext><saml2:AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext>\
         </saml2:AuthnStatement><saml2:AttributeStatement><saml2:Attribute Name=\"role\"><saml2:AttributeValue>buyer\
         </saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion>",
        Namespace::SAML2.uri(),
        escape_attribute(id),
        escape_text(ISSUER),
        escape_text(AUDIENCE),
    )
}

/// The same, signed by `issuer` at the place that SAML has for it.
pub(super) fn signed(assertion: &str, id: &str, issuer: &Party) -> Result<String, Stop> {
    const PLACE: &str = "</saml2:Issuer>";
    let document = Document::parse(assertion.to_owned().into(), &Limits::default()).map_err(Stop::failed)?;
    let key = issuer.signing_key();
    let request = SignatureRequest {
        method: key
            .default_algorithm()
            .ok_or_else(|| Stop::failed("no algorithm fits"))?,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: document.root(),
            id: Some(id.to_owned()),
            enveloped: true,
        }],
        key_info: String::new(),
        id: None,
    };
    let signature = sign(&request, &key).map_err(Stop::failed)?;
    Ok(assertion.replacen(PLACE, &format!("{PLACE}{signature}"), 1))
}

/// The metadata that says which key is the identity provider's.
pub(super) fn metadata(identity_provider: &Party) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{}\" entityID=\"{}\"><md:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor use=\"signing\">{}\
         </md:KeyDescriptor><md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" \
         Location=\"https://idp.example/sso\"/></md:IDPSSODescriptor></md:EntityDescriptor>\n",
        Namespace::MD.uri(),
        escape_attribute(ISSUER),
        key_info(&identity_provider.certificate)
    )
}

fn key_info(certificate: &Certificate) -> String {
    format!(
        "<ds:KeyInfo xmlns:ds=\"{}\"><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
        Namespace::DS.uri(),
        encode_base64(certificate.der())
    )
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
