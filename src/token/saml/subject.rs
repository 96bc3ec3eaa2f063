use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::assertion::Version;
use super::error::Error;
use super::error::ErrorKind;
use super::schema;
use super::schema::OtherAttributes;
use super::schema::Sequence;
use crate::xml::Element;
use crate::xml::Namespace;

const SUBJECT: &str = "SAML Core §2.4.1";
const NAME_ID: &str = "SAML Core §2.2.2";
const CONFIRMATION: &str = "SAML Core §2.4.1.1";
const CONFIRMATION_DATA: &str = "SAML Core §2.4.1.2";

/// Whom the statements are about (SAML Core §2.4.1).
#[derive(Clone)]
pub struct Subject<'d> {
    /// The `saml:Subject` element.
    pub element: Element<'d>,
    /// Who it is.
    pub identifier: Option<Identifier<'d>>,
    /// How the one who presents the assertion may show that it is theirs to present.
    pub confirmations: Vec<SubjectConfirmation<'d>>,
}

/// What names a subject.
#[derive(Clone)]
pub enum Identifier<'d> {
    /// A name (SAML Core §2.2.3).
    NameId(NameId<'d>),
    /// A name, encrypted (SAML Core §2.2.4).
    Encrypted(Element<'d>),
    /// An identifier of somebody's own type (SAML Core §2.2.1).
    BaseId(Element<'d>),
}

/// A name with what qualifies it (SAML Core §2.2.2); Issuers have this type too.
#[derive(Clone)]
pub struct NameId<'d> {
    /// The element that holds it.
    pub element: Element<'d>,
    /// The name, as written: white space is part of it.
    pub value: Cow<'d, str>,
    /// The URI of its format.
    pub format: Option<Cow<'d, str>>,
    /// The domain that qualifies it.
    pub name_qualifier: Option<Cow<'d, str>>,
    /// The service provider that further qualifies it.
    pub sp_name_qualifier: Option<Cow<'d, str>>,
    /// The name that the service provider knows it by.
    pub sp_provided_id: Option<Cow<'d, str>>,
}

/// One way to show that an assertion is presented by whom it is for (SAML Core §2.4.1.1).
#[derive(Clone)]
pub struct SubjectConfirmation<'d> {
    /// The `saml:SubjectConfirmation` element.
    pub element: Element<'d>,
    /// Which way.
    pub method: Method<'d>,
    /// Who may present it, if not the subject.
    pub identifier: Option<Identifier<'d>>,
    /// What limits it.
    pub data: Option<SubjectConfirmationData<'d>>,
}

/// A confirmation method (SAML Profiles §3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Method<'d> {
    /// Whoever has the assertion may present it.
    Bearer,
    /// Whoever shows that they hold the key.
    HolderOfKey,
    /// Whoever the relying party lets vouch for others.
    SenderVouches,
    /// A method that we do not know, by its URI.
    Other(Cow<'d, str>),
}

/// What limits a confirmation (SAML Core §2.4.1.2).
#[derive(Clone)]
pub struct SubjectConfirmationData<'d> {
    /// The `saml:SubjectConfirmationData` element.
    pub element: Element<'d>,
    /// Not before this time.
    pub not_before: Option<DateTime<Utc>>,
    /// Before this time.
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// The URI where it may be presented.
    pub recipient: Option<Cow<'d, str>>,
    /// The ID of the request that it answers.
    pub in_response_to: Option<Cow<'d, str>>,
    /// The network address that it may be presented from.
    pub address: Option<Cow<'d, str>>,
    /// The `ds:KeyInfo` elements that name the keys of holder-of-key (SAML Core §2.4.1.3).
    pub key_infos: Vec<Element<'d>>,
}

impl<'d> Subject<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        schema::attributes(element, &[], OtherAttributes::Refused, SUBJECT)?;
        let mut children = schema::sequence(element, SUBJECT)?;
        let identifier = Identifier::take(&mut children)?;
        let confirmations = children
            .many(Namespace::SAML2, "SubjectConfirmation")
            .map(SubjectConfirmation::read)
            .collect::<Result<Vec<_>, _>>()?;
        children.end()?;
        if identifier.is_none() && confirmations.is_empty() {
            return Err(Error::new(element, SUBJECT, ErrorKind::MissingElement("NameID")));
        }
        Ok(Self {
            element,
            identifier,
            confirmations,
        })
    }
}

impl<'d> Identifier<'d> {
    /// The identifier at the head of `children`.
    pub(super) fn take<I: Iterator<Item = Element<'d>>>(
        children: &mut Sequence<'d, I>,
    ) -> Result<Option<Self>, Error> {
        if let Some(element) = children.optional(Namespace::SAML2, "NameID") {
            return Ok(Some(Self::NameId(NameId::read(element)?)));
        }
        if let Some(element) = children.optional(Namespace::SAML2, "EncryptedID") {
            return Ok(Some(Self::Encrypted(element)));
        }
        Ok(children.optional(Namespace::SAML2, "BaseID").map(Self::BaseId))
    }
}

impl<'d> NameId<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        const NAMES: &[&str] = &["Format", "NameQualifier", "SPNameQualifier", "SPProvidedID"];
        schema::attributes(element, NAMES, OtherAttributes::Refused, NAME_ID)?;
        Ok(Self {
            element,
            value: schema::text(element, NAME_ID)?,
            format: element.attribute("Format"),
            name_qualifier: element.attribute("NameQualifier"),
            sp_name_qualifier: element.attribute("SPNameQualifier"),
            sp_provided_id: element.attribute("SPProvidedID"),
        })
    }
}

impl<'d> SubjectConfirmation<'d> {
    fn read(element: Element<'d>) -> Result<Self, Error> {
        schema::attributes(element, &["Method"], OtherAttributes::Refused, CONFIRMATION)?;
        let method = schema::required_attribute(element, "Method", CONFIRMATION)?;
        let mut children = schema::sequence(element, CONFIRMATION)?;
        let identifier = Identifier::take(&mut children)?;
        let data = children.optional(Namespace::SAML2, "SubjectConfirmationData");
        children.end()?;
        Ok(Self {
            element,
            method: Method::from_uri(method),
            identifier,
            data: data.map(SubjectConfirmationData::read).transpose()?,
        })
    }
}

impl<'d> Method<'d> {
    const BEARER: &'static str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    const HOLDER_OF_KEY: &'static str = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key";
    const SENDER_VOUCHES: &'static str = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches";
    const BEARER_1: &'static str = "urn:oasis:names:tc:SAML:1.0:cm:bearer";
    const HOLDER_OF_KEY_1: &'static str = "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key";
    const SENDER_VOUCHES_1: &'static str = "urn:oasis:names:tc:SAML:1.0:cm:sender-vouches";

    fn from_uri(uri: Cow<'d, str>) -> Self {
        match uri.as_ref() {
            Self::BEARER => Self::Bearer,
            Self::HOLDER_OF_KEY => Self::HolderOfKey,
            Self::SENDER_VOUCHES => Self::SenderVouches,
            _ => Self::Other(uri),
        }
    }

    /// The method that SAML 1.1 names by `uri` (SAML 1.1 Bindings and Profiles §5).
    pub(super) fn from_uri_of_1(uri: Cow<'d, str>) -> Self {
        match uri.as_ref() {
            Self::BEARER_1 => Self::Bearer,
            Self::HOLDER_OF_KEY_1 => Self::HolderOfKey,
            Self::SENDER_VOUCHES_1 => Self::SenderVouches,
            _ => Self::Other(uri),
        }
    }

    /// The URI that names it in an assertion of `version`.
    pub(crate) fn uri_in(&self, version: Version) -> &str {
        match (version, self) {
            (Version::V1_1, Self::Bearer) => Self::BEARER_1,
            (Version::V1_1, Self::HolderOfKey) => Self::HOLDER_OF_KEY_1,
            (Version::V1_1, Self::SenderVouches) => Self::SENDER_VOUCHES_1,
            (Version::V1_1, Self::Other(_)) | (Version::V2_0, _) => self.uri(),
        }
    }

    /// The URI that names it in SAML 2.0.
    pub fn uri(&self) -> &str {
        match self {
            Self::Bearer => Self::BEARER,
            Self::HolderOfKey => Self::HOLDER_OF_KEY,
            Self::SenderVouches => Self::SENDER_VOUCHES,
            Self::Other(uri) => uri,
        }
    }
}

impl<'d> SubjectConfirmationData<'d> {
    fn read(element: Element<'d>) -> Result<Self, Error> {
        const NAMES: &[&str] = &[
            "NotBefore",
            "NotOnOrAfter",
            "Recipient",
            "InResponseTo",
            "Address",
        ];
        schema::attributes(element, NAMES, OtherAttributes::Foreign, CONFIRMATION_DATA)?;
        // The schema takes any XML here; a key is all that has a meaning to us.
        let mut children = schema::sequence(element, CONFIRMATION_DATA)?;
        let key_infos = children.many(Namespace::DS, "KeyInfo").collect();
        children.end()?;
        Ok(Self {
            element,
            not_before: schema::time(element, "NotBefore", CONFIRMATION_DATA)?,
            not_on_or_after: schema::time(element, "NotOnOrAfter", CONFIRMATION_DATA)?,
            recipient: element.attribute("Recipient"),
            in_response_to: element.attribute("InResponseTo"),
            address: element.attribute("Address"),
            key_infos,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_named_as_its_version_names_it() {
        let of = |version: &str, name: &str| format!("urn:oasis:names:tc:SAML:{version}:cm:{name}");
        for name in ["bearer", "holder-of-key", "sender-vouches", "other"] {
            let (old, new) = (of("1.0", name), of("2.0", name));
            assert_eq!(
                Method::from_uri_of_1(old.as_str().into()).uri_in(Version::V1_1),
                old
            );
            assert_eq!(Method::from_uri(new.as_str().into()).uri_in(Version::V2_0), new);
        }
    }
}
