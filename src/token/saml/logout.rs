use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::protocol;
use super::protocol::Kind;
use super::protocol::Message;
use super::schema;
use super::subject::Identifier;
use crate::xml::Element;
use crate::xml::Namespace;

const LOGOUT_REQUEST: &str = "SAML Core §3.7.1";

/// A `samlp:LogoutRequest` (SAML Core §3.7.1).
#[derive(Clone)]
pub struct LogoutRequest<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// Whose sessions are to end.
    pub identifier: Identifier<'d>,
    /// Which sessions; all of them, if none is named.
    pub session_indexes: Vec<Cow<'d, str>>,
    /// Until when the request holds.
    pub not_on_or_after: Option<DateTime<Utc>>,
    /// Why.
    pub reason: Option<Cow<'d, str>>,
}

impl<'d> LogoutRequest<'d> {
    /// Reads the `samlp:LogoutRequest` element.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        let expected = "a SAML 2.0 LogoutRequest";
        protocol::check_name(element, "LogoutRequest", expected, LOGOUT_REQUEST)?;
        let (message, mut children) = Message::read(element, Kind::Request, &["Reason", "NotOnOrAfter"])?;
        let identifier = Identifier::take(&mut children)?
            .ok_or_else(|| Error::new(element, LOGOUT_REQUEST, ErrorKind::MissingElement("NameID")))?;
        let session_indexes = children
            .many(Namespace::SAMLP, "SessionIndex")
            .map(|index| schema::plain_text(index, LOGOUT_REQUEST))
            .collect::<Result<_, _>>()?;
        children.end()?;
        Ok(Self {
            message,
            identifier,
            session_indexes,
            not_on_or_after: schema::time(element, "NotOnOrAfter", LOGOUT_REQUEST)?,
            reason: element.attribute("Reason"),
        })
    }
}
