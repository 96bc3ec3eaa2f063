//! Canonical XML: the octets that are digested.
//!
//! Exclusive 1.0, inclusive 1.0 and 1.1, each with or without comments, of an element with everything
//! inside or of a whole document. Octets go straight into a [`Sink`]. Where the input is already canonical, which
//! the parser marked, runs of it are passed on as they stand.
//!
//! A canonicalization that cannot be done is an error, never an empty string.

mod apex;
mod buffer;
mod content;
mod exclusive;
mod general;
mod meaning;
mod octets;
mod qname;
mod rendered;
mod tag;
mod unlisted;

use std::fmt;

use crate::algorithm::CanonicalizationAlgorithm;
use crate::xml::{Document, Element, Position, quoted};

pub use buffer::{Buffered, Counted};
pub use meaning::Meanings;
pub use octets::{Kept, Octets};
pub use qname::uncovered_qname;
pub use unlisted::leaves_prefixes_out;

/// Takes canonical octets, in order.
pub trait Sink {
    /// Takes the next octets.
    fn put(&mut self, octets: &[u8]);

    /// The element that is left out stood between what it took and what comes. Only a sink that is written to directly is told.
    fn left_out(&mut self) {}

    /// Whether it takes no more, so that going on is of no use.
    fn is_full(&self) -> bool {
        false
    }
}

impl Sink for Vec<u8> {
    fn put(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

impl Sink for crate::crypto::Digester {
    fn put(&mut self, octets: &[u8]) {
        self.update(octets);
    }
}

/// A canonicalization method with its parameter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Canonicalization {
    /// Which one.
    pub algorithm: CanonicalizationAlgorithm,
    /// Exclusive C14N §3: prefixes that are treated as inclusive C14N treats them; empty is the default
    /// namespace (`#default`).
    pub prefixes: Vec<String>,
}

impl From<CanonicalizationAlgorithm> for Canonicalization {
    fn from(algorithm: CanonicalizationAlgorithm) -> Self {
        Self {
            algorithm,
            prefixes: Vec::new(),
        }
    }
}

/// Why there is no canonical form.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A namespace name in scope is a relative reference (Canonical XML 1.0 §1.3): other implementations
    /// fail there, and some then digest nothing.
    RelativeNamespace {
        /// The namespace name.
        namespace: String,
        /// The element that declares it.
        position: Position,
    },
    /// Everything that was to be canonicalized is left out, so nothing would be digested.
    Empty {
        /// The element that was left out.
        position: Position,
    },
    /// The sink was full before the end.
    Full,
}

impl Error {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RelativeNamespace { .. } => "xml.relative_namespace",
            Self::Empty { .. } => "dsig.empty",
            Self::Full => "limit.digested",
        }
    }

    /// Where.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::RelativeNamespace { position, .. } | Self::Empty { position } => Some(*position),
            Self::Full => None,
        }
    }

    /// The clause.
    pub fn clause(&self) -> Option<&'static str> {
        Some(match self {
            Self::RelativeNamespace { .. } => "Canonical XML 1.0 §1.3",
            Self::Empty { .. } => "XML Signature §4.4.3.2",
            Self::Full => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RelativeNamespace { namespace, .. } => {
                write!(
                    f,
                    "the namespace name {} is a relative reference",
                    quoted(namespace)
                )
            }
            Self::Empty { .. } => f.write_str("the transforms leave nothing to digest"),
            Self::Full => f.write_str("the canonical form is longer than is allowed"),
        }
    }
}

impl std::error::Error for Error {}

/// Writes the canonical form of `apex` and everything inside, without `except` (the enveloped signature), into `sink`.
///
/// ```
/// use sealgate::algorithm::CanonicalizationAlgorithm;
/// use sealgate::xml::{Document, Limits};
///
/// let document = Document::parse("<a  b='1'/>".into(), &Limits::default())?;
/// let mut octets = Vec::new();
/// let exclusive = CanonicalizationAlgorithm::Exclusive.into();
/// sealgate::c14n::element(document.root(), &exclusive, None, &mut octets)?;
/// assert_eq!(octets, b"<a b=\"1\"></a>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error`]; before the first octet, but for [`Error::Full`].
pub fn element(
    apex: Element<'_>,
    method: &Canonicalization,
    except: Option<Element<'_>>,
    sink: &mut impl Sink,
) -> Result<(), Error> {
    refuse_relative_namespaces(apex)?;
    if except.is_some_and(|except| apex.is_within(except)) {
        let position = apex.position();
        return Err(Error::Empty { position });
    }
    let is_exclusive = method.algorithm == CanonicalizationAlgorithm::Exclusive;
    let listed = is_exclusive.then(|| exclusive::listed(apex, &method.prefixes));
    match listed.flatten() {
        Some(listed) => exclusive::write(apex, &listed, except, sink),
        None => general::write(apex, method, except, general::NoDefault::Implied, sink),
    }
    if sink.is_full() { Err(Error::Full) } else { Ok(()) }
}

/// Writes the canonical form of `apex` as the STR-Transform has it (WSS 1.1 §8.3): that of [`element`], and where no default
/// namespace is declared at `apex` its start tag says so, as it is taken out of its place.
///
/// # Errors
/// As [`element`].
pub fn token(apex: Element<'_>, method: &Canonicalization, sink: &mut impl Sink) -> Result<(), Error> {
    refuse_relative_namespaces(apex)?;
    general::write(apex, method, None, general::NoDefault::Declared, sink);
    if sink.is_full() { Err(Error::Full) } else { Ok(()) }
}

/// Writes the canonical form of a whole document, with what stands beside its root element, without `except`.
///
/// # Errors
/// As [`element`].
pub fn document(
    document: &Document,
    method: &Canonicalization,
    except: Option<Element<'_>>,
    sink: &mut impl Sink,
) -> Result<(), Error> {
    refuse_relative_namespaces(document.root())?;
    let comments = method.algorithm.keeps_comments();
    content::before_root(document, comments, sink);
    element(document.root(), method, except, sink)?;
    content::after_root(document, comments, sink);
    if sink.is_full() { Err(Error::Full) } else { Ok(()) }
}

fn refuse_relative_namespaces(apex: Element<'_>) -> Result<(), Error> {
    let relative = &apex.document().arena().relative_namespaces;
    if relative.is_empty() {
        return Ok(());
    }
    let declared = apex.ancestors().chain(apex.descendants()).find_map(|element| {
        let mut declarations = apex.document().arena().declarations_of(element.number()).iter();
        declarations
            .find(|declaration| relative.contains(&declaration.namespace))
            .map(|declaration| (element, declaration.namespace))
    });
    match declared {
        Some((element, namespace)) => Err(Error::RelativeNamespace {
            namespace: apex.document().arena().namespace_name(namespace).to_owned(),
            position: element.position(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
