use std::fmt;

use super::limits::Limit;
use super::text::quoted;

/// A place in the input, counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The place of byte `offset` of `input`; past the end, the place after the last character.
    pub fn of(input: &[u8], offset: usize) -> Self {
        let before = input.get(..offset).unwrap_or(input);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
        let line = memchr::memchr_iter(b'\n', before).count();
        let characters = before
            .get(line_start..)
            .unwrap_or_default()
            .iter()
            .filter(|byte| **byte & 0xc0 != 0x80)
            .count();
        let from_one = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1);
        Self {
            line: from_one(line),
            column: from_one(characters),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Why bytes are no acceptable document, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    kind: ErrorKind,
    position: Position,
}

/// What made the bytes unacceptable.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no element.
    Empty,
    /// Not UTF-8, or declared to be something else.
    Encoding(&'static str),
    /// `version` is not 1.0.
    Version,
    /// The XML declaration is not as XML 1.0 §2.8 has it.
    Declaration(&'static str),
    /// There is a DOCTYPE.
    Doctype,
    /// A character that XML 1.0 §2.2 does not allow, by its code point.
    ForbiddenCharacter(u32),
    /// Not well-formed.
    Malformed(&'static str),
    /// An end tag that does not match its start tag.
    MismatchedTag {
        /// The name of the start tag.
        expected: String,
    },
    /// A reference to an entity that is not predefined, or to a character that is not allowed.
    Reference(String),
    /// A prefix without declaration.
    UnboundPrefix(String),
    /// Namespaces 1.0 §3: `xml` and `xmlns` are bound for good, and a prefix cannot be undeclared.
    ReservedPrefix(String),
    /// Two attributes of one element have the same expanded name.
    DuplicateAttribute(String),
    /// There is something after the root element.
    TrailingContent,
    /// Two elements carry the same ID.
    DuplicateId(String),
    /// An element whose ID could be read in more than one way.
    AmbiguousId(String),
    /// An element where only text may stand.
    ElementInText(String),
    /// More than is allowed.
    Limit {
        /// Of what.
        limit: Limit,
        /// How many are allowed.
        allowed: u64,
    },
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, position: Position) -> Self {
        Self { kind, position }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where it was noticed.
    pub fn position(&self) -> Option<Position> {
        Some(self.position)
    }

    /// The stable code, `xml.<reason>` or `limit.<what>`.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Empty => "xml.empty",
            ErrorKind::Encoding(_) => "xml.encoding",
            ErrorKind::Version => "xml.version",
            ErrorKind::Declaration(_) => "xml.declaration",
            ErrorKind::Doctype => "xml.dtd",
            ErrorKind::ForbiddenCharacter(_) => "xml.forbidden_character",
            ErrorKind::Malformed(_) => "xml.malformed",
            ErrorKind::MismatchedTag { .. } => "xml.mismatched_tag",
            ErrorKind::Reference(_) => "xml.reference",
            ErrorKind::UnboundPrefix(_) => "xml.unbound_prefix",
            ErrorKind::ReservedPrefix(_) => "xml.reserved_prefix",
            ErrorKind::DuplicateAttribute(_) => "xml.duplicate_attribute",
            ErrorKind::TrailingContent => "xml.trailing_content",
            ErrorKind::DuplicateId(_) => "xml.duplicate_id",
            ErrorKind::AmbiguousId(_) => "xml.ambiguous_id",
            ErrorKind::ElementInText(_) => "xml.element_in_text",
            ErrorKind::Limit { limit, .. } => limit.code(),
        }
    }

    /// The clause that the input breaks.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match &self.kind {
            ErrorKind::Empty | ErrorKind::TrailingContent => "XML 1.0 §2.1",
            ErrorKind::Encoding(_) => "XML 1.0 §4.3.3",
            ErrorKind::Version | ErrorKind::Declaration(_) => "XML 1.0 §2.8",
            ErrorKind::Doctype => "SOAP 1.1 §3; SOAP 1.2 Part 1 §5",
            ErrorKind::ForbiddenCharacter(_) => "XML 1.0 §2.2",
            ErrorKind::Malformed(_) => "XML 1.0 §2",
            ErrorKind::MismatchedTag { .. } => "XML 1.0 §3",
            ErrorKind::Reference(_) => "XML 1.0 §4.1",
            ErrorKind::UnboundPrefix(_) => "Namespaces 1.0 §5",
            ErrorKind::ReservedPrefix(_) => "Namespaces 1.0 §3",
            ErrorKind::DuplicateAttribute(_) => "Namespaces 1.0 §6.3",
            ErrorKind::DuplicateId(_) | ErrorKind::AmbiguousId(_) => "XML Signature §4.4.3.3",
            ErrorKind::ElementInText(_) | ErrorKind::Limit { .. } => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ErrorKind::Empty => f.write_str("the input has no element"),
            ErrorKind::Encoding(what) => write!(f, "the input is not plain UTF-8: {what}"),
            ErrorKind::Version => f.write_str("only XML version 1.0 is read"),
            ErrorKind::Declaration(what) => write!(f, "the XML declaration is wrong: {what}"),
            ErrorKind::Doctype => f.write_str("a DOCTYPE is refused, whatever it declares"),
            ErrorKind::ForbiddenCharacter(code) => write!(f, "U+{code:04X} is not allowed in XML"),
            ErrorKind::Malformed(what) => write!(f, "not well-formed: {what}"),
            ErrorKind::MismatchedTag { expected } => {
                write!(f, "this end tag should close {}", quoted(expected))
            }
            ErrorKind::Reference(name) => {
                write!(
                    f,
                    "{} refers to nothing that XML predefines or allows",
                    quoted(name)
                )
            }
            ErrorKind::UnboundPrefix(prefix) => write!(f, "the prefix {} is not declared", quoted(prefix)),
            ErrorKind::ReservedPrefix(what) => {
                write!(
                    f,
                    "{} rebinds a reserved prefix or namespace, or undeclares a prefix",
                    quoted(what)
                )
            }
            ErrorKind::DuplicateAttribute(name) => write!(f, "the attribute {} stands twice", quoted(name)),
            ErrorKind::TrailingContent => f.write_str("something follows the root element"),
            ErrorKind::DuplicateId(id) => write!(f, "the ID {} is carried by two elements", quoted(id)),
            ErrorKind::AmbiguousId(name) => {
                write!(
                    f,
                    "the attribute {} leaves open which ID the element has",
                    quoted(name)
                )
            }
            ErrorKind::ElementInText(name) => {
                write!(f, "the element {} stands where only text may", quoted(name))
            }
            ErrorKind::Limit { limit, allowed } => write!(f, "more than {allowed} {limit}"),
        }
    }
}

impl std::error::Error for Error {}

/// An error at a byte offset, before its line and column are known.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) kind: ErrorKind,
}

pub(super) type Scanned<T> = Result<T, Box<Fault>>;

/// Refuses the byte at `at`.
#[cold]
#[inline(never)]
pub(super) fn refuse<T>(at: usize, kind: ErrorKind) -> Scanned<T> {
    Err(Box::new(Fault { at, kind }))
}

/// Refuses the byte at `at` as not well-formed.
#[cold]
#[inline(never)]
pub(super) fn malformed<T>(at: usize, what: &'static str) -> Scanned<T> {
    refuse(at, ErrorKind::Malformed(what))
}
