use super::error::Error;
use super::error::ErrorKind;
use super::protocol;
use super::protocol::Kind;
use super::protocol::Message;
use super::protocol::Status;
use super::saml1;
use crate::xml::Element;
use crate::xml::Namespace;

const RESPONSE: &str = "SAML Core §3.3.3";

/// A `samlp:Response` (SAML Core §3.3.3).
#[derive(Clone)]
pub struct Response<'d> {
    /// What every message has.
    pub message: Message<'d>,
    /// How the request went.
    pub status: Status<'d>,
    /// The assertion in it, not read yet.
    pub content: Content<'d>,
}

/// The one assertion of a Response.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Content<'d> {
    /// None.
    Nothing,
    /// A `saml:Assertion`.
    Assertion(Element<'d>),
    /// A `saml:EncryptedAssertion`.
    EncryptedAssertion(Element<'d>),
}

impl<'d> Response<'d> {
    /// Reads the `samlp:Response` element, of SAML 2.0 or 1.1 as its namespace says.
    ///
    /// # Errors
    /// The first thing that saml-schema-protocol-2.0 does not have; another version; more than one assertion
    /// (T03, T10), though the schema has room for them.
    pub fn read(element: Element<'d>) -> Result<Self, Error> {
        if element.is(Namespace::SAMLP1, "Response") {
            return saml1::response(element);
        }
        protocol::check_name(element, "Response", "a SAML 2.0 Response", RESPONSE)?;
        let (message, mut children) = Message::read(element, Kind::Response, &[])?;
        let status = Status::take(&mut children)?;
        let mut content = Content::Nothing;
        let mut count = 0_usize;
        while let Some(found) = Content::take(|local| children.optional(Namespace::SAML2, local)) {
            content = found;
            count = count.saturating_add(1);
        }
        children.end()?;
        if count > 1 {
            return Err(Error::new(
                element,
                RESPONSE,
                ErrorKind::MultipleAssertions(count),
            ));
        }
        Ok(Self {
            message,
            status,
            content,
        })
    }
}

impl<'d> Content<'d> {
    fn take(mut next: impl FnMut(&str) -> Option<Element<'d>>) -> Option<Self> {
        next("Assertion")
            .map(Self::Assertion)
            .or_else(|| next("EncryptedAssertion").map(Self::EncryptedAssertion))
    }
}
