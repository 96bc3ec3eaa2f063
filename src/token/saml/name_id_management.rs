use std::borrow::Cow;

use super::error::Error;
use super::error::ErrorKind;
use super::protocol;
use super::protocol::Kind;
use super::protocol::Message;
use super::schema;
use super::subject::Identifier;
use crate::xml::Element;
use crate::xml::Namespace;

const MANAGE_NAME_ID: &str = "SAML Core §3.6.1";

/// A `samlp:ManageNameIDRequest` (SAML Core §3.6.1).
#[derive(Clone)]
pub struct ManageNameIdRequest<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// Whose name it is about.
    pub identifier: Identifier<'d>,
    /// What becomes of the name.
    pub change: NameChange<'d>,
}

/// What becomes of a name (SAML Core §3.6.1).
#[derive(Clone)]
pub enum NameChange<'d> {
    /// The requester will use this one.
    NewId(Cow<'d, str>),
    /// The requester will use another one, which is encrypted.
    NewEncryptedId(Element<'d>),
    /// It is used no longer.
    Terminate,
}

impl<'d> ManageNameIdRequest<'d> {
    /// Reads the `samlp:ManageNameIDRequest` element.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        let expected = "a SAML 2.0 ManageNameIDRequest";
        protocol::check_name(element, "ManageNameIDRequest", expected, MANAGE_NAME_ID)?;
        let (message, mut children) = Message::read(element, Kind::Request, &[])?;
        let missing = |name| Error::new(element, MANAGE_NAME_ID, ErrorKind::MissingElement(name));
        let identifier = Identifier::take(&mut children)?.ok_or_else(|| missing("NameID"))?;
        let change = if let Some(new) = children.optional(Namespace::SAMLP, "NewID") {
            NameChange::NewId(schema::plain_text(new, MANAGE_NAME_ID)?)
        } else if let Some(encrypted) = children.optional(Namespace::SAMLP, "NewEncryptedID") {
            NameChange::NewEncryptedId(encrypted)
        } else {
            schema::empty(children.required(Namespace::SAMLP, "Terminate")?, MANAGE_NAME_ID)?;
            NameChange::Terminate
        };
        children.end()?;
        Ok(Self {
            message,
            identifier,
            change,
        })
    }
}
