use std::fmt;

use crate::soap::NotUnderstood;
use crate::soap::Version;
use crate::xml;
use crate::xml::Element;
use crate::xml::Limit;
use crate::xml::Position;
use crate::xml::quoted;

/// Why bytes are no SOAP message that we read, or its transport says something else than it does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    position: Option<Position>,
}

/// What is wrong. Names and values are as the message has them.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No acceptable XML.
    Xml(xml::Error),
    /// The root is no Envelope; its name.
    NotAnEnvelope(String),
    /// An Envelope of neither SOAP version; its namespace.
    Version(String),
    /// There is no Body.
    BodyMissing,
    /// There are two Bodies.
    MultipleBodies,
    /// There are two Headers.
    MultipleHeaders,
    /// The Header stands after the Body.
    HeaderOrder,
    /// An element that may not stand in an Envelope; its name.
    UnexpectedElement(String),
    /// An Envelope inside the Envelope.
    NestedEnvelope,
    /// Text where only elements may stand.
    Text,
    /// A header block without namespace; its name.
    UnqualifiedHeader(String),
    /// An encodingStyle on Envelope, Header or Body.
    EncodingStyle,
    /// A mustUnderstand that is no truth value of that version.
    MustUnderstandValue(String),
    /// Header blocks for us that must be understood and are not.
    NotUnderstood(Vec<NotUnderstood>),
    /// A WS-Addressing header that cannot be read in one way only; its name, and why.
    Addressing(String, &'static str),
    /// A WS-Addressing header that stands twice; its name.
    AddressingDuplicate(String),
    /// Headers of two versions of WS-Addressing.
    AddressingMixed,
    /// A ReplyTo or FaultTo that wants the answer sent somewhere else; the address.
    ReplyTo(String),
    /// A SOAPAction or action parameter that is no URI in quotes.
    Action(String),
    /// A Content-Type that is none of SOAP.
    ContentType(String),
    /// A Content-Type of this version, and an Envelope of the other.
    OtherVersion(Version),
    /// A charset other than UTF-8.
    Charset(String),
    /// A multipart body that cannot be taken apart in one way only, and why.
    Multipart(&'static str),
    /// The header of a part is not as it must be, and why.
    PartHeader(&'static str),
    /// A part that has parts itself.
    NestedMultipart,
    /// A Content-Transfer-Encoding that is not read.
    TransferEncoding(String),
    /// A Content-ID that is malformed, missing or used twice; and which of these.
    ContentId(String, &'static str),
    /// The first part is not the envelope that was announced, and why.
    RootPart(&'static str),
    /// An `xop:Include` that stands for nothing in this message, or where none may stand; and why.
    XopInclude {
        /// What is wrong.
        why: &'static str,
        /// Its href.
        href: Option<String>,
    },
    /// More than is allowed.
    Limit(Limit, u32),
    /// Attachments cannot be kept, which says nothing about the message; why.
    Spool(String),
}

impl Error {
    pub(super) fn at(kind: ErrorKind, element: Element<'_>) -> Self {
        Self {
            kind,
            position: Some(element.position()),
        }
    }

    pub(super) fn at_position(kind: ErrorKind, position: Position) -> Self {
        Self {
            kind,
            position: Some(position),
        }
    }

    pub(super) fn of_transport(kind: ErrorKind) -> Self {
        Self { kind, position: None }
    }

    pub(super) fn of_limit(limit: Limit, allowed: u32) -> Self {
        Self::of_transport(ErrorKind::Limit(limit, allowed))
    }

    pub(super) fn of_spool(error: &std::io::Error) -> Self {
        Self::of_transport(ErrorKind::Spool(error.to_string()))
    }

    /// Whether it is our own trouble, and says nothing about the message.
    pub fn is_ours(&self) -> bool {
        matches!(self.kind, ErrorKind::Spool(_))
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where; nowhere if it is about the transport.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The stable code: `soap.<reason>`, or the code of the XML error.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Xml(error) => error.code(),
            ErrorKind::NotAnEnvelope(_) => "soap.not_an_envelope",
            ErrorKind::Version(_) => "soap.version",
            ErrorKind::BodyMissing => "soap.body_missing",
            ErrorKind::MultipleBodies => "soap.multiple_bodies",
            ErrorKind::MultipleHeaders => "soap.multiple_headers",
            ErrorKind::HeaderOrder => "soap.header_order",
            ErrorKind::UnexpectedElement(_) => "soap.unexpected_element",
            ErrorKind::NestedEnvelope => "soap.nested_envelope",
            ErrorKind::Text => "soap.text",
            ErrorKind::UnqualifiedHeader(_) => "soap.unqualified_header",
            ErrorKind::EncodingStyle => "soap.encoding_style",
            ErrorKind::MustUnderstandValue(_) | ErrorKind::NotUnderstood(_) => "soap.must_understand",
            ErrorKind::Addressing(..) => "soap.addressing",
            ErrorKind::AddressingDuplicate(_) => "soap.addressing_duplicate",
            ErrorKind::AddressingMixed => "soap.addressing_mixed",
            ErrorKind::ReplyTo(_) => "soap.reply_to",
            ErrorKind::Action(_) => "soap.action",
            ErrorKind::ContentType(_) | ErrorKind::OtherVersion(_) => "soap.content_type",
            ErrorKind::Charset(_) => "soap.charset",
            ErrorKind::Multipart(_) => "soap.multipart",
            ErrorKind::PartHeader(_) => "soap.part_header",
            ErrorKind::NestedMultipart => "soap.nested_multipart",
            ErrorKind::TransferEncoding(_) => "soap.transfer_encoding",
            ErrorKind::ContentId(..) => "soap.content_id",
            ErrorKind::RootPart(_) => "soap.root_part",
            ErrorKind::XopInclude { .. } => "soap.xop_include",
            ErrorKind::Limit(limit, _) => limit.code(),
            ErrorKind::Spool(_) => "soap.spool",
        }
    }

    /// The clause that it breaks.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match &self.kind {
            ErrorKind::Xml(error) => return error.clause(),
            ErrorKind::NotAnEnvelope(_) => "SOAP 1.1 §4.1; SOAP 1.2 Part 1 §5.1",
            ErrorKind::Version(_) => "SOAP 1.1 §4.1.2; SOAP 1.2 Part 1 §5.4.7",
            ErrorKind::BodyMissing
            | ErrorKind::MultipleBodies
            | ErrorKind::MultipleHeaders
            | ErrorKind::HeaderOrder
            | ErrorKind::UnexpectedElement(_)
            | ErrorKind::Text => "SOAP 1.1 §4; SOAP 1.2 Part 1 §5.1",
            ErrorKind::UnqualifiedHeader(_) => "SOAP 1.1 §4.2; SOAP 1.2 Part 1 §5.2.1",
            ErrorKind::EncodingStyle => "SOAP 1.2 Part 1 §5.1.1; Basic Profile 1.1 R1005",
            ErrorKind::MustUnderstandValue(_) => "SOAP 1.1 §4.2.3; SOAP 1.2 Part 1 §5.2.3",
            ErrorKind::NotUnderstood(_) => "SOAP 1.1 §4.2.3; SOAP 1.2 Part 1 §2.4",
            ErrorKind::Addressing(..) | ErrorKind::AddressingDuplicate(_) => "WS-Addressing 1.0 Core §3.2",
            ErrorKind::AddressingMixed => "WS-Addressing 1.0 SOAP Binding §3.2",
            ErrorKind::Action(_) => "SOAP 1.1 §6.1.1; SOAP 1.2 Part 2 §6.5",
            ErrorKind::ContentType(_) | ErrorKind::OtherVersion(_) => "SOAP 1.1 §6; SOAP 1.2 Part 2 §7.1.4",
            ErrorKind::Multipart(_) => "RFC 2046 §5.1.1",
            ErrorKind::PartHeader(_) => "RFC 2046 §5.1; RFC 2045 §3",
            ErrorKind::NestedMultipart => "SOAP with Attachments §3",
            ErrorKind::TransferEncoding(_) => "RFC 2045 §6",
            ErrorKind::ContentId(..) => "RFC 2392 §2; RFC 2045 §7",
            ErrorKind::RootPart(_) => "RFC 2387 §3; XOP 1.0 §4.1",
            ErrorKind::XopInclude { .. } => "XOP 1.0 §3.2, §4.1",
            ErrorKind::NestedEnvelope
            | ErrorKind::ReplyTo(_)
            | ErrorKind::Charset(_)
            | ErrorKind::Limit(..)
            | ErrorKind::Spool(_) => return None,
        })
    }
}

impl From<xml::Error> for Error {
    fn from(error: xml::Error) -> Self {
        let position = error.position();
        Self {
            kind: ErrorKind::Xml(error),
            position,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Xml(error) => error.fmt(f),
            ErrorKind::NotAnEnvelope(name) => write!(f, "the root is {}, no SOAP Envelope", quoted(name)),
            ErrorKind::Version(namespace) => {
                write!(
                    f,
                    "an Envelope in the namespace {} is of no SOAP version that is read",
                    quoted(namespace)
                )
            }
            ErrorKind::BodyMissing => f.write_str("the Envelope has no Body"),
            ErrorKind::MultipleBodies => f.write_str("the Envelope has two Bodies"),
            ErrorKind::MultipleHeaders => f.write_str("the Envelope has two Headers"),
            ErrorKind::HeaderOrder => f.write_str("the Header stands after the Body"),
            ErrorKind::UnexpectedElement(name) => {
                write!(
                    f,
                    "{} stands in the Envelope, where only Header and Body may",
                    quoted(name)
                )
            }
            ErrorKind::NestedEnvelope => f.write_str("an Envelope stands inside the Envelope"),
            ErrorKind::Text => f.write_str("text stands where only elements may"),
            ErrorKind::UnqualifiedHeader(name) => {
                write!(f, "the header block {} is in no namespace", quoted(name))
            }
            ErrorKind::EncodingStyle => {
                f.write_str("an encodingStyle on Envelope, Header or Body changes what all of it means")
            }
            ErrorKind::MustUnderstandValue(value) => {
                write!(
                    f,
                    "mustUnderstand is {}, no truth value of this SOAP version",
                    quoted(value)
                )
            }
            ErrorKind::NotUnderstood(names) => {
                f.write_str("must be understood and is not:")?;
                names
                    .iter()
                    .take(SHOWN)
                    .try_for_each(|name| write!(f, " {name}"))?;
                if names.len() > SHOWN {
                    f.write_str(" …")
                } else {
                    Ok(())
                }
            }
            ErrorKind::Addressing(name, why) => write!(f, "{} cannot be read: {why}", quoted(name)),
            ErrorKind::AddressingDuplicate(name) => write!(f, "{} stands twice", quoted(name)),
            ErrorKind::AddressingMixed => f.write_str("there are headers of two versions of WS-Addressing"),
            ErrorKind::ReplyTo(address) => {
                write!(
                    f,
                    "the answer is wanted at {}, and answers go back to the sender only",
                    quoted(address)
                )
            }
            ErrorKind::Action(value) => write!(f, "the action {} is no URI in quotes", quoted(value)),
            ErrorKind::ContentType(value) => write!(f, "the Content-Type {} is none of SOAP", quoted(value)),
            ErrorKind::OtherVersion(named) => write!(
                f,
                "the Content-Type is {}, and the Envelope is of the other SOAP version",
                named.media_type()
            ),
            ErrorKind::Charset(value) => {
                write!(f, "the charset is {}, and only utf-8 is read", quoted(value))
            }
            ErrorKind::Multipart(why) => write!(f, "the parts of the message cannot be told apart: {why}"),
            ErrorKind::PartHeader(why) => write!(f, "the header of a part cannot be read: {why}"),
            ErrorKind::NestedMultipart => f.write_str("a part of the message has parts itself"),
            ErrorKind::TransferEncoding(encoding) => write!(
                f,
                "the Content-Transfer-Encoding is {}; binary, 8bit and 7bit are read",
                quoted(encoding)
            ),
            ErrorKind::ContentId(id, why) => write!(f, "the Content-ID {} cannot be used: {why}", quoted(id)),
            ErrorKind::RootPart(why) => write!(f, "the first part is not the announced envelope: {why}"),
            ErrorKind::XopInclude { why, href: None } => {
                write!(f, "an xop:Include cannot be resolved: {why}")
            }
            ErrorKind::XopInclude {
                why,
                href: Some(href),
            } => write!(f, "an xop:Include cannot be resolved: {why}: {}", quoted(href)),
            ErrorKind::Limit(limit, allowed) => write!(f, "more than {allowed} {limit}"),
            ErrorKind::Spool(why) => write!(f, "attachments cannot be kept: {why}"),
        }
    }
}

/// How many names a message for people shows.
const SHOWN: usize = 8;

impl std::error::Error for Error {}
