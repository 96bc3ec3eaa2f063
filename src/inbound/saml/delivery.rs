use crate::policy::saml::Way;
use crate::rejection::Rejection;
use crate::soap::Envelope;
use crate::soap::Version;
use crate::token::saml;
use crate::token::saml::ErrorKind;
use crate::token::saml::QueryString;
use crate::xml::Document;
use crate::xml::Element;

/// A message, and what it came in.
#[derive(Clone, Copy)]
pub(super) struct Delivery<'d> {
    /// The root of the document, nowhere in which anything else may be hidden.
    pub(super) root: Element<'d>,
    /// The message.
    pub(super) message: Element<'d>,
    /// How it came.
    pub(super) way: Way,
    /// What stood beside it in a query string.
    pub(super) query: Option<&'d QueryString>,
}

/// A document, checked to be an envelope if it looks like one.
pub(super) enum Carrier {
    /// The message itself.
    Bare(Document),
    /// The message itself, from a query string (SAML Bindings §3.4).
    Query(Document, Box<QueryString>),
    /// A SOAP envelope around it (SAML Bindings §3.2).
    Soap(Envelope),
}

impl Carrier {
    /// # Errors
    /// An envelope that is none.
    pub(super) fn new(document: Document, query: Option<QueryString>) -> Result<Self, Rejection> {
        if let Some(query) = query {
            return Ok(Self::Query(document, Box::new(query)));
        }
        if Version::of(document.root().namespace_id()).is_none() {
            return Ok(Self::Bare(document));
        }
        Ok(Self::Soap(Envelope::from_document(document)?))
    }

    /// Nothing but the message has to be understood: no header block is read here.
    ///
    /// # Errors
    /// `soap.must_understand`.
    pub(super) fn check_headers(&self) -> Result<(), Rejection> {
        match self {
            Self::Bare(_) | Self::Query(..) => Ok(()),
            Self::Soap(envelope) => Ok(envelope.check_nothing_to_understand()?),
        }
    }

    /// The document.
    pub(super) fn document(&self) -> &Document {
        match self {
            Self::Bare(document) | Self::Query(document, _) => document,
            Self::Soap(envelope) => envelope.document(),
        }
    }

    /// The document, and what stood beside it in a query string.
    pub(super) fn into_parts(self) -> (Document, Option<QueryString>) {
        match self {
            Self::Bare(document) => (document, None),
            Self::Query(document, query) => (document, Some(*query)),
            Self::Soap(envelope) => (envelope.into_document(), None),
        }
    }

    /// The root of the document.
    pub(super) fn root(&self) -> Element<'_> {
        self.document().root()
    }

    /// The message in it.
    ///
    /// # Errors
    /// The Body holds nothing, or more than the message (SAML Bindings §3.2.2.1).
    pub(super) fn delivery(&self) -> Result<Delivery<'_>, Rejection> {
        let root = self.root();
        let (message, way, query) = match self {
            Self::Bare(_) => (root, Way::Response, None),
            Self::Query(_, query) => (root, Way::Redirect, Some(query.as_ref())),
            Self::Soap(envelope) => (only_child(envelope.body())?, Way::BackChannel, None),
        };
        Ok(Delivery {
            root,
            message,
            way,
            query,
        })
    }
}

fn only_child(body: Element<'_>) -> Result<Element<'_>, saml::Error> {
    const CLAUSE: &str = "SAML Bindings §3.2.2.1";
    let mut children = body.children();
    let missing = || saml::Error::new(body, CLAUSE, ErrorKind::MissingElement("SAML message"));
    let only = children.next().ok_or_else(missing)?;
    match children.next() {
        None => Ok(only),
        Some(second) => {
            let kind = ErrorKind::UnexpectedElement(second.name().to_owned());
            Err(saml::Error::new(second, CLAUSE, kind))
        }
    }
}
