//! Our scanner sees what quick-xml sees: the same elements, names, namespaces, attributes, texts, comments and processing
//! instructions, in every document that both call well-formed. We accept nothing that it refuses; what only it accepts is listed
//! here, with the reason.
//!
//! `SEALGATE_ORACLE_DOCUMENTS` says how many documents are made (10,000), as many again are broken ones;
//! `SEALGATE_SEED` where to begin; `SEALGATE_CORPORA` where more documents are (`../shared/corpora`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

mod generate;
mod suites;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use generate::{NamespaceNames, Random, document, mutate, setting};
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{NamespaceResolver, PrefixDeclaration, QName, ResolveResult};
use quick_xml::reader::NsReader;
use sealgate::algorithm::CanonicalizationAlgorithm;
use sealgate::xml::{Document, ErrorKind, Limits};

/// What quick-xml accepts and we refuse: our code, for `xml.malformed` with what it says, and why quick-xml is laxer.
const LAXER: &[(&str, &str)] = &[
    (
        "<! starts a comment or a CDATA section",
        "it takes DOCTYPE in small letters, too",
    ),
    ("/ without > in a start tag", "it skips a / between attributes"),
    ("< in an attribute value", "it ends values at quotes only"),
    ("]]> in text", "it ends text at < and & only"),
    (
        "a CDATA section outside the root element",
        "it has no rules for what stands beside the root element",
    ),
    (
        "a colon in the target of a processing instruction",
        "it does not look at targets",
    ),
    (
        "a name has two colons",
        "it splits names at the first colon and looks no further",
    ),
    (
        "a name starts with a character that cannot start one",
        "it does not look at the characters of names",
    ),
    (
        "a name was expected",
        "it does not look at the characters of names",
    ),
    (
        "an attribute needs a name, = and a value",
        "it does not look at the characters of names",
    ),
    (
        "an attribute's value needs quotes",
        "it takes more for the name of an attribute",
    ),
    (
        "text before the root element",
        "it has no rules for what stands beside the root element",
    ),
    (
        "white space is missing after the target of a processing instruction",
        "it does not look at targets",
    ),
    (
        "white space is missing in the XML declaration",
        "it does not look at the form of the declaration",
    ),
    (
        "white space, / or > was expected in a start tag",
        "it needs no space between attributes, nor after names",
    ),
    ("limit", "limits are ours"),
    ("xml.ambiguous_id", "it knows no IDs"),
    (
        "xml.declaration",
        "it does not look at the form of the declaration",
    ),
    ("xml.dtd", "it passes on a DOCTYPE unread"),
    (
        "xml.duplicate_attribute",
        "it compares names as written, not namespaces",
    ),
    ("xml.duplicate_id", "it knows no IDs"),
    (
        "xml.encoding",
        "it is given text, and does not look at what that is declared to be",
    ),
    ("xml.forbidden_character", "it takes every character everywhere"),
    (
        "xml.reference",
        "it resolves a reference to any character but NUL",
    ),
    (
        "xml.reserved_prefix",
        "it undeclares prefixes, as Namespaces 1.1 does, and knows nothing of xml:xmlns",
    ),
    (
        "xml.trailing_content",
        "it has no rules for what stands beside the root element",
    ),
    ("xml.unbound_prefix", "it resolves xmlns as a prefix of elements"),
    ("xml.version", "it reads every version"),
];

#[test]
fn generated_documents_are_read_alike() {
    let mut tally = Tally::default();
    let first = setting("SEALGATE_SEED", 1);
    let count = setting("SEALGATE_ORACLE_DOCUMENTS", 10_000);
    for seed in first..first + count {
        let mut random = Random::new(seed);
        let good = document(&mut random, NamespaceNames::Any);
        tally.compare(good.as_bytes(), &format!("seed {seed}"));
        tally.compare(&mutate(&good, &mut random), &format!("seed {seed}, broken"));
    }
    tally.finish();
    assert!(
        u64::try_from(tally.alike).unwrap() >= count,
        "what is made is well-formed"
    );
}

#[test]
fn fixtures_and_corpora_are_read_alike() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut tally = Tally::default();
    let mut waiting: Vec<_> = suites::folder().into_iter().chain([fixtures]).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            tally.compare(&fs::read(&path).unwrap(), &path.display().to_string());
        }
    }
    tally.finish();
    assert!(tally.alike > 300, "the fixtures are there");
}

#[derive(Default)]
struct Tally {
    alike: usize,
    refused: usize,
    /// By class.
    only_peer: BTreeMap<&'static str, usize>,
    /// What is not listed, with the first document of each kind.
    unexplained: BTreeMap<String, String>,
}

impl Tally {
    fn compare(&mut self, bytes: &[u8], whence: &str) {
        let shown = || format!("{whence}:\n{}", String::from_utf8_lossy(bytes));
        let ours = Document::parse(Bytes::copy_from_slice(bytes), &Limits::archive());
        match (ours, Reading::by_peer(bytes)) {
            (Ok(document), Ok(peer)) => {
                let ours = Reading::by_us(&document);
                if ours.elements != peer.elements {
                    self.note(
                        format!("we see\n{:#?}\nquick-xml\n{:#?}", ours.elements, peer.elements),
                        shown(),
                    );
                } else if ours.canonical.is_some() && ours.canonical != peer.canonical {
                    self.note(
                        format!("we write\n{:?}\nquick-xml\n{:?}", ours.canonical, peer.canonical),
                        shown(),
                    );
                }
                self.alike += 1;
            }
            (Err(_), Err(_)) => self.refused += 1,
            (Err(error), Ok(_)) => {
                let class = if let ErrorKind::Malformed(what) = error.kind() {
                    what
                } else if error.code().starts_with("limit.") {
                    "limit"
                } else {
                    error.code()
                };
                match LAXER.iter().find(|(listed, _)| *listed == class) {
                    Some((listed, _)) => *self.only_peer.entry(listed).or_default() += 1,
                    None => self.note(format!("only quick-xml accepts, as we say {class}"), shown()),
                }
            }
            (Ok(_), Err(error)) => self.note(format!("only we accept, as quick-xml says {error}"), shown()),
        }
    }

    fn note(&mut self, what: String, document: String) {
        self.unexplained.entry(what).or_insert(document);
    }

    /// Prints the figures; fails where something is not explained.
    fn finish(&self) {
        println!(
            "{} documents read alike, {} refused by both",
            self.alike, self.refused
        );
        for (class, count) in &self.only_peer {
            println!("{count:>8} only by us refused: {class}");
        }
        let shown: Vec<String> = self
            .unexplained
            .iter()
            .take(12)
            .map(|(what, document)| format!("{what}\n{document}"))
            .collect();
        assert!(
            shown.is_empty(),
            "{} differences:\n{}",
            self.unexplained.len(),
            shown.join("\n----\n")
        );
    }
}

/// An element as a reader sees it.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    namespace: String,
    name: String,
    /// Namespace, name as written and value.
    attributes: Vec<(String, String, String)>,
    declarations: Vec<(String, String)>,
    /// The character content and whether it was interrupted, where there are no elements inside.
    text: Option<(String, bool)>,
}

/// All that a document says.
struct Reading {
    /// In document order.
    elements: Vec<Seen>,
    /// Inclusive canonicalization with comments, which has everything else; `None` if there is none.
    canonical: Option<String>,
}

impl Reading {
    fn by_us(document: &Document) -> Self {
        let seen = document.root().descendants().map(|element| Seen {
            namespace: element.namespace().to_owned(),
            name: element.name().to_owned(),
            attributes: element
                .attributes()
                .map(|attribute| {
                    let value = attribute.value().into_owned();
                    (
                        attribute.namespace().to_owned(),
                        attribute.name().to_owned(),
                        value,
                    )
                })
                .collect(),
            declarations: element
                .declarations()
                .map(|declaration| {
                    (
                        declaration.prefix().to_owned(),
                        declaration.namespace().to_owned(),
                    )
                })
                .collect(),
            text: element
                .text()
                .ok()
                .map(|text| (text.value.into_owned(), text.interrupted)),
        });
        let mut octets = Vec::new();
        let method = CanonicalizationAlgorithm::Inclusive10WithComments.into();
        let done = sealgate::c14n::document(document, &method, None, &mut octets);
        Self {
            elements: seen.collect(),
            canonical: done.ok().map(|()| String::from_utf8(octets).unwrap()),
        }
    }

    fn by_peer(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut reader = NsReader::from_str(text);
        reader.config_mut().check_comments = true;
        let mut peer = Peer::default();
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            if matches!(event, Event::Eof) {
                break;
            }
            peer.event(&event, reader.resolver())?;
        }
        if !peer.open.is_empty() || peer.elements.is_empty() {
            return Err("the document ends early".to_owned());
        }
        Ok(Self {
            elements: peer.elements,
            canonical: Some(peer.canonical),
        })
    }
}

/// Collects what quick-xml tells, and writes it canonically in the simplest way (Canonical XML 1.0 §2).
#[derive(Default)]
struct Peer {
    elements: Vec<Seen>,
    /// Open elements, and how many declarations were in scope outside.
    open: Vec<(usize, usize)>,
    scope: Vec<(String, String)>,
    canonical: String,
}

impl Peer {
    fn event(&mut self, event: &Event<'_>, resolver: &NamespaceResolver) -> Result<(), String> {
        match event {
            Event::Start(start) => self.start(start, resolver)?,
            Event::Empty(start) => {
                self.start(start, resolver)?;
                self.end();
            }
            Event::End(_) => self.end(),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                let text = match character {
                    Some(character) => character.to_string(),
                    None => resolve_predefined_entity(reference)
                        .ok_or("an entity that is not predefined")?
                        .to_owned(),
                };
                self.text(&text);
            }
            Event::Comment(comment) => {
                let content = comment.xml10_content();
                self.markup(&format!("<!--{content}-->"));
            }
            Event::PI(instruction) => {
                let space = [' ', '\t', '\r', '\n'];
                let data = instruction.content().trim_start_matches(space);
                let data = data.replace("\r\n", "\n").replace('\r', "\n");
                let space = if data.is_empty() { "" } else { " " };
                self.markup(&format!("<?{}{space}{data}?>", instruction.target()));
            }
            Event::Decl(_) | Event::DocType(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn start(&mut self, start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<(), String> {
        let outside = self.scope.len();
        let mut seen = Seen {
            namespace: name_of(resolver.resolve_element(start.name()).0)?,
            name: start.name().0.to_owned(),
            text: Some((String::new(), false)),
            ..Seen::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?
                .into_owned();
            match attribute.key.as_namespace_binding() {
                Some(PrefixDeclaration::Default) => seen.declarations.push((String::new(), value)),
                Some(PrefixDeclaration::Named(prefix)) => seen.declarations.push((prefix.to_owned(), value)),
                None => {
                    let namespace = name_of(resolver.resolve_attribute(attribute.key).0)?;
                    seen.attributes
                        .push((namespace, attribute.key.0.to_owned(), value));
                }
            }
        }
        let mut tag: Vec<(String, String)> = seen.declarations.clone();
        tag.retain(|(prefix, namespace)| prefix != "xml" && self.namespace(prefix) != namespace);
        tag.sort();
        self.scope.extend(seen.declarations.iter().cloned());
        self.canonical.push('<');
        self.canonical.push_str(&seen.name);
        for (prefix, namespace) in &tag {
            let colon = if prefix.is_empty() { "" } else { ":" };
            self.canonical += &format!(" xmlns{colon}{prefix}=\"{}\"", escaped_value(namespace));
        }
        let mut sorted = seen.attributes.clone();
        sorted.sort_by_key(|(namespace, name, _)| {
            let local = name.split_once(':').map_or(name.as_str(), |(_, local)| local);
            (namespace.clone(), local.to_owned())
        });
        for (_, name, value) in &sorted {
            self.canonical += &format!(" {name}=\"{}\"", escaped_value(value));
        }
        self.canonical.push('>');
        if let Some((parent, _)) = self.open.last() {
            self.elements[*parent].text = None;
        }
        self.open.push((self.elements.len(), outside));
        self.elements.push(seen);
        Ok(())
    }

    fn namespace(&self, prefix: &str) -> &str {
        let found = self.scope.iter().rev().find(|(bound, _)| bound == prefix);
        found.map_or("", |(_, namespace)| namespace)
    }

    fn end(&mut self) {
        if let Some((element, outside)) = self.open.pop() {
            self.scope.truncate(outside);
            self.canonical += &format!("</{}>", self.elements[element].name);
        }
    }

    fn text(&mut self, text: &str) {
        let Some((element, _)) = self.open.last() else {
            // White space, or something that we refuse.
            return;
        };
        if let Some((whole, _)) = &mut self.elements[*element].text {
            whole.push_str(text);
        }
        for character in text.chars() {
            match character {
                '&' => self.canonical.push_str("&amp;"),
                '<' => self.canonical.push_str("&lt;"),
                '>' => self.canonical.push_str("&gt;"),
                '\r' => self.canonical.push_str("&#xD;"),
                other => self.canonical.push(other),
            }
        }
    }

    /// A comment or a processing instruction; beside the root element on a line of its own.
    fn markup(&mut self, written: &str) {
        let line_ends = match (self.open.last(), self.elements.is_empty()) {
            (Some((element, _)), _) => {
                if let Some((_, interrupted)) = &mut self.elements[*element].text {
                    *interrupted = true;
                }
                ("", "")
            }
            (None, true) => ("", "\n"),
            (None, false) => ("\n", ""),
        };
        self.canonical += &format!("{}{written}{}", line_ends.0, line_ends.1);
    }
}

fn name_of(resolved: ResolveResult<'_>) -> Result<String, String> {
    match resolved {
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Bound(namespace) => {
            // It keeps them as written.
            let written = Attribute {
                key: QName("xmlns"),
                value: namespace.0.into(),
            };
            let normalized = written.normalized_value(XmlVersion::Implicit1_0);
            Ok(normalized.map_err(|error| error.to_string())?.into_owned())
        }
        ResolveResult::Unknown(prefix) => Err(format!("unknown prefix {prefix}")),
    }
}

fn escaped_value(value: &str) -> String {
    let mut out = String::new();
    for character in value.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#x9;"),
            '\n' => out.push_str("&#xA;"),
            '\r' => out.push_str("&#xD;"),
            other => out.push(other),
        }
    }
    out
}
