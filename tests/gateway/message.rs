//! Messages as a partner's stack would sign them.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::{self, Certificate, PrivateKey, SigningKey, encode_base64};
use sealgate::dsig::{ReferenceToSign, SignatureRequest, sign};
use sealgate::soap::Version;
use sealgate::xml::{Document, Limits, Namespace};

pub(crate) const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const PROFILE: &str = "http://docs.oasis-open.org/wss/oasis-wss-SwAProfile-1.1#";

pub(crate) const PLACE: &str = "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Item>bolt M8</o:Item><o:Quantity>100</o:Quantity></o:PlaceOrder>";

pub(crate) fn certificate(name: &str) -> Certificate {
    let pem = std::fs::read(format!("{KEYS}/{name}.pem")).unwrap();
    Certificate::from_pem_bundle(&pem).unwrap().remove(0)
}

pub(crate) fn key(name: &str) -> SigningKey {
    let pem = std::fs::read(format!("{KEYS}/{name}.key.pem")).unwrap();
    PrivateKey::from_pem(&pem, None).unwrap().into()
}

/// A message to be signed. The defaults are those of a good one.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) version: Version,
    /// Whose key signs and whose certificate goes along.
    pub(crate) signer: &'static str,
    pub(crate) body: String,
    /// Signed header blocks, each with `wsu:Id="header-N"` where `@ID` stands.
    pub(crate) headers: Vec<String>,
    pub(crate) unsigned_headers: String,
    pub(crate) created: DateTime<Utc>,
    /// An assertion to be carried, and whether the message is signed with the key that it confirms.
    pub(crate) assertion: Option<String>,
    /// A signed UsernameToken with `wsu:Id="username"`.
    pub(crate) username_token: Option<String>,
    pub(crate) digest: DigestAlgorithm,
}

impl Default for Message {
    fn default() -> Self {
        Self {
            version: Version::Soap11,
            signer: "alice",
            body: PLACE.to_owned(),
            headers: Vec::new(),
            unsigned_headers: String::new(),
            created: Utc::now(),
            assertion: None,
            username_token: None,
            digest: DigestAlgorithm::Sha256,
        }
    }
}

impl Message {
    pub(crate) fn soap12() -> Self {
        Self {
            version: Version::Soap12,
            ..Self::default()
        }
    }

    /// With a signed WS-Addressing header.
    pub(crate) fn with_addressing(mut self, name: &str, value: &str) -> Self {
        let namespace = Namespace::WSA.uri();
        self.headers.push(format!(
            "<a:{name} xmlns:a=\"{namespace}\" @ID>{value}</a:{name}>"
        ));
        self
    }

    /// The text of the message without a signature; `SIGNATURE` stands where one belongs.
    pub(crate) fn unsigned(&self) -> String {
        let headers = self.headers.iter().enumerate();
        let headers: String = headers
            .map(|(number, header)| header.replace("@ID", &format!("wsu:Id=\"header-{number}\"")))
            .collect();
        let certificate = encode_base64(certificate(self.signer).der());
        let token = match &self.assertion {
            Some(assertion) => assertion.clone(),
            None => format!(
                "<wsse:BinarySecurityToken wsu:Id=\"token\" ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\" \
                 EncodingType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary\">{certificate}</wsse:BinarySecurityToken>"
            ),
        };
        let username = self.username_token.as_deref().unwrap_or_default();
        format!(
            "<s:Envelope xmlns:s=\"{}\" xmlns:wsse=\"{}\" xmlns:wsu=\"{}\"><s:Header>{headers}{}<wsse:Security \
             s:mustUnderstand=\"1\"><wsu:Timestamp wsu:Id=\"timestamp\"><wsu:Created>{}</wsu:Created><wsu:Expires>{}</wsu:Expires>\
             </wsu:Timestamp>{username}{token}SIGNATURE</wsse:Security></s:Header><s:Body wsu:Id=\"body\">{}</s:Body></s:Envelope>",
            self.version.namespace().uri(),
            Namespace::WSSE.uri(),
            Namespace::WSU.uri(),
            self.unsigned_headers,
            time(self.created),
            time(self.created + TimeDelta::minutes(5)),
            self.body,
        )
    }

    /// The text of the message, signed.
    pub(crate) fn signed(&self) -> String {
        let unsigned = self.unsigned();
        let mut ids = vec!["timestamp".to_owned(), "body".to_owned()];
        ids.extend((0..self.headers.len()).map(|number| format!("header-{number}")));
        ids.extend(self.username_token.iter().map(|_| "username".to_owned()));
        let key_info = match self.assertion {
            Some(_) => {
                "<w:SecurityTokenReference xmlns:w=\"WSSE\" xmlns:x=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\" \
                        x:TokenType=\"http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0\">\
                        <w:Reference URI=\"#assertion\"/></w:SecurityTokenReference>"
            }
            None => {
                "<w:SecurityTokenReference xmlns:w=\"WSSE\"><w:Reference URI=\"#token\" \
                     ValueType=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3\"/></w:SecurityTokenReference>"
            }
        };
        let key_info = key_info.replace("WSSE", Namespace::WSSE.uri());
        let signature = signature(
            &unsigned.replace("SIGNATURE", ""),
            &ids,
            self.signer,
            &key_info,
            false,
            self.digest,
        );
        unsigned.replace("SIGNATURE", &signature)
    }

    /// The same, whose signature covers attachments too: of each its Content-ID, Content or Complete, and its digest.
    pub(crate) fn signed_with(&self, attachments: &[(&str, &str, String)]) -> String {
        let text = self.signed();
        let references: String = attachments
            .iter()
            .map(|(id, transform, value)| {
                format!(
                    "<ds:Reference URI=\"cid:{id}\"><ds:Transforms><ds:Transform Algorithm=\"{PROFILE}Attachment-{transform}-Signature-Transform\"></ds:Transform>\
                     </ds:Transforms><ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>",
                    DigestAlgorithm::Sha256.uri(),
                )
            })
            .collect();
        let (before, rest) = text.split_once("<ds:SignedInfo>").unwrap();
        let (info, rest) = rest.split_once("</ds:SignedInfo>").unwrap();
        let (_, after) = rest.split_once("</ds:SignatureValue>").unwrap();
        let info = format!("{info}{references}</ds:SignedInfo>");
        let key = key(self.signer);
        let canonical = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{info}");
        let value = crypto::sign(key.default_algorithm().unwrap(), &key, canonical.as_bytes()).unwrap();
        format!(
            "{before}<ds:SignedInfo>{info}<ds:SignatureValue>{}</ds:SignatureValue>{after}",
            encode_base64(&value)
        )
    }
}

/// An assertion of the identity provider in the fixtures, whose subject confirms itself with the key of `holder`.
pub(crate) fn assertion(holder: &str, audience: &str, role: &str) -> String {
    let now = Utc::now();
    let certificate = encode_base64(certificate(holder).der());
    let unsigned = format!(
        "<saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"assertion\" IssueInstant=\"{issued}\" Version=\"2.0\">\
         <saml2:Issuer>https://idp.example/saml</saml2:Issuer>SIGNATURE<saml2:Subject><saml2:NameID>Zoë@example.com</saml2:NameID>\
         <saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"><saml2:SubjectConfirmationData>\
         <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </saml2:SubjectConfirmationData></saml2:SubjectConfirmation></saml2:Subject>\
         <saml2:Conditions NotBefore=\"{issued}\" NotOnOrAfter=\"{ends}\"><saml2:AudienceRestriction><saml2:Audience>{audience}</saml2:Audience>\
         </saml2:AudienceRestriction></saml2:Conditions><saml2:AttributeStatement><saml2:Attribute Name=\"role\">\
         <saml2:AttributeValue>{role}</saml2:AttributeValue><saml2:AttributeValue>reader</saml2:AttributeValue></saml2:Attribute>\
         </saml2:AttributeStatement></saml2:Assertion>",
        issued = time(now),
        ends = time(now + TimeDelta::minutes(5)),
    );
    signed_assertion(&unsigned, "idp")
}

/// The assertion `unsigned` with the signature of `signer` where `SIGNATURE` stands.
pub(crate) fn signed_assertion(unsigned: &str, signer: &str) -> String {
    let (_, id) = unsigned.split_once(" ID=\"").unwrap();
    let (id, _) = id.split_once('"').unwrap();
    let ids = [id.to_owned()];
    let text = unsigned.replace("SIGNATURE", "");
    let signature = signature(&text, &ids, signer, "", true, DigestAlgorithm::Sha256);
    unsigned.replace("SIGNATURE", &signature)
}

fn signature(
    text: &str,
    ids: &[String],
    signer: &str,
    key_info: &str,
    enveloped: bool,
    digest_algorithm: DigestAlgorithm,
) -> String {
    let document = Document::parse(text.to_owned().into(), &Limits::archive()).unwrap();
    let key = key(signer);
    let references = ids.iter().map(|id| ReferenceToSign {
        element: document.element_by_id(id).unwrap(),
        id: Some(id.clone()),
        enveloped,
    });
    let request = SignatureRequest {
        method: key.default_algorithm().unwrap(),
        digest_algorithm,
        references: references.collect(),
        key_info: key_info.to_owned(),
        id: None,
    };
    sign(&request, &key).unwrap()
}

pub(crate) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
