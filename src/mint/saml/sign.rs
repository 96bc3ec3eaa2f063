use bytes::Bytes;

use super::Error;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::Permitted;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::SigningKey;
use crate::dsig;
use crate::dsig::Keep;
use crate::dsig::Objects;
use crate::dsig::OctetSignature;
use crate::dsig::Place;
use crate::dsig::ReferenceToSign;
use crate::dsig::Rules;
use crate::dsig::Signature;
use crate::dsig::SignatureRequest;
use crate::dsig::sign_octets;
use crate::dsig::x509_data;
use crate::policy::saml::ErrorKind as PolicyErrorKind;
use crate::token::saml;
use crate::token::saml::ArtifactResponse;
use crate::token::saml::Assertion;
use crate::token::saml::Content;
use crate::token::saml::ErrorKind;
use crate::token::saml::MessageParameter;
use crate::token::saml::Metadata;
use crate::token::saml::ProtocolMessage;
use crate::token::saml::Response;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;

const CLAUSE: &str = "SAML Core §5.4.2";

/// What of a document is signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SamlPart {
    /// The message, assertion or metadata at its root.
    Document,
    /// The assertion in the Response at its root.
    Assertion,
    /// The assertion, and then the Response around it.
    Both,
}

/// Signs SAML documents.
#[derive(Debug)]
pub struct SamlSigner {
    /// Our key.
    pub key: SigningKey,
    /// The algorithm of its signatures.
    pub method: SignatureAlgorithm,
    /// Our certificate and its path, which enveloped signatures send along; empty for none.
    pub certificates: Vec<Certificate>,
}

impl SamlSigner {
    /// The SAML document `xml` with signatures over `part`: after the Issuer, of metadata and Responses of SAML 1.1 before
    /// everything else, in assertions of SAML 1.1 after everything else (SAML Core §5.4).
    ///
    /// # Errors
    /// [`Error`]: it is no SAML document that we read; it is signed already; there is no such part, or it has no ID.
    pub fn sign(&self, xml: Bytes, part: SamlPart) -> Result<String, Error> {
        let inner = match part {
            SamlPart::Document => xml,
            SamlPart::Assertion | SamlPart::Both => self.sign_part(xml, assertion_of)?.into(),
        };
        match part {
            SamlPart::Assertion => Ok(String::from_utf8_lossy(&inner).into_owned()),
            SamlPart::Document | SamlPart::Both => self.sign_part(inner, |root| Ok(root)),
        }
    }

    fn sign_part(
        &self,
        xml: Bytes,
        part: impl for<'d> Fn(Element<'d>) -> Result<Element<'d>, saml::Error>,
    ) -> Result<String, Error> {
        let document = Document::parse(xml, &Limits::metadata())?;
        read(document.root())?;
        let element = part(document.root())?;
        let without = |found| saml::Error::new(element, CLAUSE, found);
        if element
            .ancestors()
            .chain([element])
            .any(|one| one.child(Namespace::DS, "Signature").is_some())
        {
            return Err(without(ErrorKind::AlreadySigned).into());
        }
        let id = element
            .id()
            .ok_or_else(|| without(ErrorKind::MissingAttribute("ID")))?;
        let request = SignatureRequest {
            method: self.method,
            digest_algorithm: DigestAlgorithm::Sha256,
            references: vec![ReferenceToSign {
                element,
                id: Some(id.into_owned()),
                enveloped: true,
            }],
            key_info: x509_data(&self.certificates),
            id: None,
        };
        let signature = dsig::sign(&request, &self.key)?;
        let signed = dsig::put(&signature, element, place(element));
        self.check(&signed, part)?;
        Ok(signed)
    }

    /// It is read as before, and what stands in the part is a signature of ours over all of it.
    fn check(
        &self,
        signed: &str,
        part: impl for<'d> Fn(Element<'d>) -> Result<Element<'d>, saml::Error>,
    ) -> Result<(), Error> {
        let limits = Limits::metadata();
        let document = Document::parse(signed.to_owned().into(), &limits)?;
        read(document.root())?;
        let element = part(document.root())?;
        let found = element
            .child(Namespace::DS, "Signature")
            .ok_or(Error::NotVerified)?;
        let signature = Signature::read(found, Objects::Refused, &limits)?;
        let rules = Rules {
            permitted: &Permitted::strict(),
            limits: &limits,
            keep: Keep::Nothing,
        };
        let covered = dsig::verify(&signature, &self.key.verifying_key(), rules, &mut Vec::new())?;
        if covered.signs(element) {
            Ok(())
        } else {
            Err(Error::NotVerified)
        }
    }

    /// The protocol message `xml` in a query string of HTTP-Redirect, with a signature over that (SAML Bindings §3.4.4.1).
    ///
    /// # Errors
    /// [`Error`]: it is no protocol message that we read and that may go this way, or it is signed inside.
    pub fn redirect(&self, xml: Bytes, relay_state: Option<&str>) -> Result<String, Error> {
        let document = Document::parse(xml, &Limits::metadata())?;
        let root = document.root();
        read(root)?;
        if root.is(Namespace::SAMLP, "Response") {
            return Err(crate::policy::saml::Error::new(root, PolicyErrorKind::ResponseByRedirect).into());
        }
        let parameter = parameter_of(root)?;
        if root.child(Namespace::DS, "Signature").is_some() {
            return Err(saml::Error::new(root, "SAML Bindings §3.4.4.1", ErrorKind::AlreadySigned).into());
        }
        let xml = document.bytes();
        let algorithm = self.method.uri();
        let octets =
            saml::query_string(xml, parameter, relay_state, Some(algorithm)).map_err(Error::Deflate)?;
        let value = sign_octets(self.method, &self.key, octets.as_bytes())?;
        let written = saml::signed_query_string(&octets, &value);
        let read = saml::decode(written.clone().into()).map_err(|_| Error::NotVerified)?;
        let signature = read
            .query
            .and_then(|query| query.signature)
            .ok_or(Error::NotVerified)?;
        let octets = OctetSignature {
            algorithm: &signature.algorithm,
            value: &signature.value,
            octets: &signature.octets,
        };
        octets.verify(&self.key.verifying_key(), &Permitted::strict())?;
        if read.xml == *xml {
            Ok(written)
        } else {
            Err(Error::NotVerified)
        }
    }

    /// As [`sign`](Self::sign), in the form of HTTP-POST (SAML Bindings §3.5.4).
    ///
    /// # Errors
    /// As [`sign`](Self::sign); it is no protocol message.
    pub fn form(&self, xml: Bytes, part: SamlPart, relay_state: Option<&str>) -> Result<String, Error> {
        let signed = self.sign(xml, part)?;
        let document = Document::parse(signed.into(), &Limits::metadata())?;
        let parameter = parameter_of(document.root())?;
        Ok(saml::form(document.bytes(), parameter, relay_state))
    }
}

/// Reads the document at `root` as we read what others send. Only the structure is asked, not what it says.
fn read(root: Element<'_>) -> Result<(), saml::Error> {
    match (root.namespace_id(), root.local_name()) {
        (Namespace::SAML2 | Namespace::SAML1, _) => Assertion::read(root).map(drop),
        (Namespace::MD, _) => Metadata::read(root).map(drop),
        (Namespace::SAMLP, "ArtifactResponse") => ArtifactResponse::read(root).map(drop),
        (Namespace::SAMLP | Namespace::SAMLP1, "Response") => match Response::read(root)?.content {
            Content::Assertion(assertion) => Assertion::read(assertion).map(drop),
            Content::EncryptedAssertion(_) | Content::Nothing => Ok(()),
        },
        _ => match ProtocolMessage::read(root)? {
            Some(_) => Ok(()),
            None => Err(not_expected(
                root,
                "a SAML protocol message, assertion or metadata",
            )),
        },
    }
}

/// The parameter of a form or query string for the message `root`.
fn parameter_of(root: Element<'_>) -> Result<MessageParameter, saml::Error> {
    match root.namespace_id() {
        Namespace::SAMLP | Namespace::SAMLP1 => Ok(MessageParameter::of(root.local_name())),
        _ => Err(not_expected(root, "a SAML protocol message")),
    }
}

fn assertion_of(root: Element<'_>) -> Result<Element<'_>, saml::Error> {
    match Response::read(root)?.content {
        Content::Assertion(assertion) => Ok(assertion),
        Content::EncryptedAssertion(_) | Content::Nothing => {
            let kind = ErrorKind::MissingElement("Assertion");
            Err(saml::Error::new(root, CLAUSE, kind))
        }
    }
}

fn not_expected(root: Element<'_>, expected: &'static str) -> saml::Error {
    let kind = ErrorKind::NotExpected {
        found: root.name().to_owned(),
        expected,
    };
    saml::Error::new(root, CLAUSE, kind)
}

/// Where the schema of `parent` has its Signature.
fn place(parent: Element<'_>) -> Place<'_> {
    let issuer = parent
        .first_child()
        .filter(|child| child.is(Namespace::SAML2, "Issuer"));
    match (parent.namespace_id(), issuer) {
        (Namespace::SAML1, _) => Place::Last,
        (_, Some(issuer)) => Place::After(issuer),
        (_, None) => Place::First,
    }
}
