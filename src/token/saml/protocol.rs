use std::borrow::Cow;

use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::error::ErrorKind;
use super::schema;
use super::schema::OtherAttributes;
use super::schema::Sequence;
use super::signature;
use super::signature::EnvelopedSignature;
use super::subject::NameId;
use crate::xml::Element;
use crate::xml::Namespace;

const REQUEST: &str = "SAML Core §3.2.1";
const RESPONSE: &str = "SAML Core §3.2.2";
const STATUS: &str = "SAML Core §3.2.2.1";

/// What every protocol message begins with (SAML Core §3.2).
#[derive(Clone)]
pub struct Message<'d> {
    /// The element of the message.
    pub element: Element<'d>,
    /// Its ID.
    pub id: Cow<'d, str>,
    /// When it was issued.
    pub issue_instant: DateTime<Utc>,
    /// Where it was sent to.
    pub destination: Option<Cow<'d, str>>,
    /// The ID of the request that it answers; requests have none.
    pub in_response_to: Option<Cow<'d, str>>,
    /// Who issued it.
    pub issuer: Option<NameId<'d>>,
    /// The Signature in it.
    pub signature: Option<EnvelopedSignature<'d>>,
}

/// How a request went (SAML Core §3.2.2.1).
#[derive(Clone)]
pub struct Status<'d> {
    /// The URIs of its codes, the outermost first; there is at least one.
    pub codes: Vec<Cow<'d, str>>,
    /// What the responder says to people.
    pub message: Option<Cow<'d, str>>,
}

/// Which of the two kinds of message it is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Kind {
    Request,
    Response,
}

impl<'d> Message<'d> {
    /// Reads what the message `element` begins with, and gives the children that follow.
    ///
    /// `more` are the attributes that its own type has.
    pub(super) fn read(
        element: Element<'d>,
        kind: Kind,
        more: &[&str],
    ) -> Result<(Self, Sequence<'d, impl Iterator<Item = Element<'d>>>), Error> {
        let clause = match kind {
            Kind::Request => REQUEST,
            Kind::Response => RESPONSE,
        };
        schema::version(element, clause)?;
        let mut names = vec!["ID", "Version", "IssueInstant", "Destination", "Consent"];
        if kind == Kind::Response {
            names.push("InResponseTo");
        }
        names.extend_from_slice(more);
        schema::attributes(element, &names, OtherAttributes::Refused, clause)?;
        let signature = EnvelopedSignature::find(element, clause)?;
        let mut children = schema::sequence_of(element, signature::unsigned_children(element), clause)?;
        let issuer = children.optional(Namespace::SAML2, "Issuer");
        // Extensions take any XML and are never searched (T07).
        children.optional(Namespace::SAMLP, "Extensions");
        let message = Self {
            element,
            id: schema::id(element, clause)?,
            issue_instant: schema::required_time(element, "IssueInstant", clause)?,
            destination: element.attribute("Destination"),
            in_response_to: element.attribute("InResponseTo"),
            issuer: issuer.map(NameId::read).transpose()?,
            signature,
        };
        Ok((message, children))
    }
}

impl<'d> Status<'d> {
    pub(super) const SUCCESS: &'static str = "urn:oasis:names:tc:SAML:2.0:status:Success";

    /// Whether its outermost code says that the request succeeded.
    pub fn is_success(&self) -> bool {
        self.codes.first().is_some_and(|code| code == Self::SUCCESS)
    }

    pub(super) fn take<I: Iterator<Item = Element<'d>>>(
        children: &mut Sequence<'d, I>,
    ) -> Result<Self, Error> {
        let element = children.required(Namespace::SAMLP, "Status")?;
        schema::attributes(element, &[], OtherAttributes::Refused, STATUS)?;
        let mut children = schema::sequence(element, STATUS)?;
        let code = children.required(Namespace::SAMLP, "StatusCode")?;
        let message = children.optional(Namespace::SAMLP, "StatusMessage");
        // StatusDetail takes any XML and is never searched (T09).
        children.optional(Namespace::SAMLP, "StatusDetail");
        children.end()?;
        let message = message.map(|message| schema::plain_text(message, STATUS));
        Ok(Self {
            codes: status_codes(code)?,
            message: message.transpose()?,
        })
    }
}

/// The codes from `outermost` inwards; each may hold one more.
fn status_codes(outermost: Element<'_>) -> Result<Vec<Cow<'_, str>>, Error> {
    let mut codes = Vec::new();
    let mut next = Some(outermost);
    while let Some(code) = next {
        schema::attributes(code, &["Value"], OtherAttributes::Refused, STATUS)?;
        codes.push(schema::required_attribute(code, "Value", STATUS)?);
        let mut children = schema::sequence(code, STATUS)?;
        next = children.optional(Namespace::SAMLP, "StatusCode");
        children.end()?;
    }
    Ok(codes)
}

/// Checks that `element` is the protocol message called `local`.
pub(super) fn check_name(
    element: Element<'_>,
    local: &str,
    expected: &'static str,
    clause: &'static str,
) -> Result<(), Error> {
    if element.is(Namespace::SAMLP, local) {
        return Ok(());
    }
    let kind = if element.namespace_id() == Namespace::SAMLP1 {
        ErrorKind::Version("1.x".to_owned())
    } else {
        ErrorKind::NotExpected {
            found: element.name().to_owned(),
            expected,
        }
    };
    Err(Error::new(element, clause, kind))
}
