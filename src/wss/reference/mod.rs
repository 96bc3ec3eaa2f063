//! `wsse:SecurityTokenReference` (WSS 1.1 §7).

mod embedded;
pub(super) mod key_identifier;

use crate::algorithm::DigestAlgorithm;
use crate::token::X509Hint;
use crate::token::field;
use crate::token::x509::ValueType;
use crate::token::x509::X509Token;
use crate::token::x509_data;
use crate::wss::Deviation;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::xml::Element;
use crate::xml::Namespace;
use crate::xml::is_ncname;

/// A `wsse:SecurityTokenReference` as read (WSS 1.1 §7). It points at one token, in this message or known beforehand;
/// nothing is fetched and no reference is followed to another (T72).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenReference<'d> {
    element: Element<'d>,
    token_type: Option<String>,
    pointer: Pointer<'d>,
}

/// How it points.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Pointer<'d> {
    /// A direct reference `#id` to a token in the same header (§7.2).
    Direct {
        /// The ID, without `#`.
        id: String,
        /// The kind of token that it says is there.
        value_type: Option<String>,
    },
    /// The SubjectKeyIdentifier of a certificate (X.509 Token Profile §3.2.1).
    SubjectKeyIdentifier(Vec<u8>),
    /// SHA-1 of a certificate (§7.3).
    ThumbprintSha1([u8; 20]),
    /// SHA-1 of the ciphertext of an EncryptedKey (§7.3).
    EncryptedKeySha1([u8; 20]),
    /// The certificate itself, in DER, as some stacks write it.
    Certificate(bytes::Bytes),
    /// The ID of a SAML assertion (SAML Token Profile §3.4).
    SamlId {
        /// The version of the assertion.
        version: SamlVersion,
        /// Its ID.
        id: String,
    },
    /// `ds:X509Data`: issuer and serial number (X.509 Token Profile §3.2.3), or more.
    X509Data(X509Hint),
    /// The token stands inside (§7.4).
    Embedded(EmbeddedToken<'d>),
}

impl Pointer<'_> {
    /// What it says about a certificate; nothing if it leads elsewhere.
    pub(crate) fn described(&self) -> Option<X509Hint> {
        let mut hint = X509Hint::default();
        match self {
            Self::SubjectKeyIdentifier(identifier) => hint.subject_key_identifiers.push(identifier.clone()),
            Self::ThumbprintSha1(thumbprint) => {
                hint.digests.push((DigestAlgorithm::Sha1, thumbprint.to_vec()));
            }
            Self::Certificate(der) => hint.certificates.push(der.clone()),
            Self::X509Data(data) => hint = data.clone(),
            Self::Embedded(EmbeddedToken::X509(token)) => hint = token.hint(),
            Self::Direct { .. }
            | Self::SamlId { .. }
            | Self::EncryptedKeySha1(_)
            | Self::Embedded(EmbeddedToken::Assertion(..)) => return None,
        }
        Some(hint)
    }
}

/// The kind of token that an EncryptedKey is (WSS 1.1 §7.3).
pub(super) const ENCRYPTED_KEY: &str =
    "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#EncryptedKey";

/// A version of SAML.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SamlVersion {
    /// SAML 1.1.
    Saml11,
    /// SAML 2.0.
    Saml20,
}

/// A token inside a reference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EmbeddedToken<'d> {
    /// A BinarySecurityToken.
    X509(X509Token<'d>),
    /// An assertion, not read yet.
    Assertion(SamlVersion, Element<'d>),
}

impl SamlVersion {
    /// The version of the assertion `element`.
    pub(super) fn of(element: Element<'_>) -> Option<Self> {
        if element.is(Namespace::SAML2, "Assertion") {
            Some(Self::Saml20)
        } else if element.is(Namespace::SAML1, "Assertion") {
            Some(Self::Saml11)
        } else {
            None
        }
    }

    /// The TokenType of such assertions (SAML Token Profile 1.1 §3.4).
    pub const fn token_type(self) -> &'static str {
        match self {
            Self::Saml11 => "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1",
            Self::Saml20 => "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV2.0",
        }
    }

    /// The ValueType of a KeyIdentifier that is the ID of such an assertion.
    pub const fn identifier_type(self) -> &'static str {
        match self {
            Self::Saml11 => "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID",
            Self::Saml20 => "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLID",
        }
    }
}

impl<'d> TokenReference<'d> {
    /// Reads `element`.
    ///
    /// # Errors
    /// `wss.token_reference` for anything but one pointer of a form that is read; the error of an embedded token.
    pub(crate) fn read(element: Element<'d>, deviations: &mut Vec<Deviation>) -> Result<Self, Error> {
        const EXACTLY_ONE: &str = "BSP 1.1 R3061";
        unadorned(element, &["Usage"])?;
        if element.stray_text().is_some() {
            return Err(Error::reference(element, "text stands in it", EXACTLY_ONE));
        }
        let mut children = element.children();
        let child = match (children.next(), children.next()) {
            (Some(child), None) => child,
            (None, _) => return Err(Error::reference(element, "it is empty", EXACTLY_ONE)),
            (Some(_), Some(second)) => {
                return Err(Error::reference(second, "it points at two things", EXACTLY_ONE));
            }
        };
        let pointer = match (child.namespace_id(), child.local_name()) {
            (Namespace::WSSE, "Reference") => direct(child)?,
            (Namespace::WSSE, "KeyIdentifier") => key_identifier::read(child, deviations)?,
            (Namespace::WSSE, "Embedded") => Pointer::Embedded(embedded::read(child, deviations)?),
            (Namespace::DS, "X509Data") => Pointer::X509Data(x509_data(child).map_err(Error::identifier)?),
            (Namespace::DS, "KeyName") => {
                return Err(Error::reference(
                    child,
                    "a KeyName is no reference to a token",
                    "BSP 1.1 R3027",
                ));
            }
            _ => {
                let why = "it points in a way that is not read";
                return Err(Error::reference_value(child, why, "WSS 1.1 §7.1", child.name()));
            }
        };
        let token_type = element.attribute_ns(Namespace::WSSE11, "TokenType");
        let reference = Self {
            element,
            token_type: token_type.map(std::borrow::Cow::into_owned),
            pointer,
        };
        reference.check_token_type()?;
        Ok(reference)
    }

    /// Where the TokenType already contradicts the pointer. What a direct reference points at is checked when it is followed.
    fn check_token_type(&self) -> Result<(), Error> {
        match &self.pointer {
            Pointer::Direct { .. } => Ok(()),
            Pointer::SamlId { version, .. } | Pointer::Embedded(EmbeddedToken::Assertion(version, _)) => {
                self.says(&[version.token_type()])
            }
            Pointer::Embedded(EmbeddedToken::X509(token)) => self.says(&[token.value_type().uri()]),
            Pointer::EncryptedKeySha1(_) => self.says(&[ENCRYPTED_KEY]),
            Pointer::SubjectKeyIdentifier(_)
            | Pointer::ThumbprintSha1(_)
            | Pointer::Certificate(_)
            | Pointer::X509Data(_) => self.says(&[
                ValueType::X509v3.uri(),
                ValueType::X509PkiPathV1.uri(),
                ValueType::Pkcs7.uri(),
            ]),
        }
    }

    /// Checks that the TokenType, if there is one, is among `kinds`.
    pub(super) fn says(&self, kinds: &[&str]) -> Result<(), Error> {
        match &self.token_type {
            Some(token_type) if !kinds.contains(&token_type.as_str()) => {
                let why = "its TokenType is not that of the token";
                Err(Error::reference_value(
                    self.element,
                    why,
                    "WSS 1.1 §7.1",
                    token_type,
                ))
            }
            _ => Ok(()),
        }
    }

    /// The element it was read from.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// The kind of token that it says it points at.
    pub fn token_type(&self) -> Option<&str> {
        self.token_type.as_deref()
    }

    /// How it points.
    pub fn pointer(&self) -> &Pointer<'d> {
        &self.pointer
    }
}

fn direct<'d>(element: Element<'d>) -> Result<Pointer<'d>, Error> {
    unadorned(element, &["URI", "ValueType"])?;
    empty(element)?;
    let Some(uri) = element.attribute("URI") else {
        return Err(Error::reference(element, "there is no URI", "BSP 1.1 R3062"));
    };
    let id = uri.strip_prefix('#').filter(|id| is_ncname(id));
    let Some(id) = id else {
        let why = "the URI is none of this message";
        return Err(Error::reference_value(element, why, "WSS 1.1 §7.2", &uri));
    };
    let value_type = element.attribute("ValueType");
    Ok(Pointer::Direct {
        id: id.to_owned(),
        value_type: value_type.map(std::borrow::Cow::into_owned),
    })
}

fn unadorned(element: Element<'_>, allowed: &[&str]) -> Result<(), Error> {
    match field::unwanted_attribute(element, allowed) {
        Some(attribute) => {
            let kind = ErrorKind::Attribute(attribute.name().to_owned());
            Err(Error::at_position(kind, attribute.position()))
        }
        None => Ok(()),
    }
}

fn empty(element: Element<'_>) -> Result<(), Error> {
    if element.children().next().is_some() || element.stray_text().is_some() {
        return Err(Error::reference(
            element,
            "a Reference is not empty",
            "WSS 1.1 §7.2",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
