//! Bounded, strict XML: bytes in, one arena of elements out.
//!
//! A [`Document`] is XML 1.0 and Namespaces in XML 1.0 in full, UTF-8 only, without a DOCTYPE, with
//! every ID unique and within every [`Limits`]. It keeps the bytes as they came and refers to them by
//! offset, so what is verified, digested and relayed are the same bytes. Nothing here recurses.
//!
//! The scanner is our own because strictness, namespaces, positions and the already-canonical marks
//! are then one pass; quick-xml is its oracle in the tests.

mod arena;
mod attributes;
mod build;
mod document;
mod element;
mod element_text;
mod error;
mod ids;
mod known;
mod lex;
mod limits;
mod names;
mod namespace;
mod prefixes;
mod prolog;
mod scan;
mod split;
mod text;
mod transcode;

pub use document::Document;
pub use element::{Attribute, Declaration, Element};
pub use error::{Error, ErrorKind, Position};
pub use limits::{Limit, Limits};
pub use names::is_ncname;
pub use namespace::Namespace;
pub use split::{Split, SplitNames};
pub use text::{Text, escape_attribute, escape_text, quoted};
pub use transcode::{Encoding, in_encoding_of, to_utf8, utf16_to_utf8};

pub(crate) use arena::{AttributeRecord, Break, BreakKind, index};
pub(crate) use attributes::compare;
pub(crate) use text::{escaped_markup, is_all, is_invisible, plain, reference};

#[cfg(test)]
mod tests;
