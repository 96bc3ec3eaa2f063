//! Prefixes that were renamed, and declarations that were put in, taken out or moved.

use super::explanation::Cause;
use super::markup::{Piece, rewritten};
use super::search::{Changes, Undone};
use super::structure::{Written, attributes, start_tags, without};
use crate::xml::{Document, Element, quoted};

/// What `canonical` would be without each of the changes of prefixes and declarations that tools make. `document` is what it comes
/// from: its declarations are the ones that somebody may have moved.
pub(super) fn changes<'t>(canonical: &'t str, document: &Document) -> Changes<'t> {
    let known = known(canonical, document);
    let declared = removed(canonical)
        .chain(added(canonical, known))
        .chain(hoisted(canonical));
    Box::new(declared.chain(renamed(canonical)))
}

/// A declaration: prefix and namespace name.
type Declaration = (String, String);

/// The most declarations that are tried in other places, and the most of which all subsets are.
const DECLARATIONS: usize = 24;
const SUBSETS: usize = 8;

/// Declarations that stacks are known to add.
const WELL_KNOWN: &[(&str, &str)] = &[
    ("xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("xsd", "http://www.w3.org/2001/XMLSchema"),
    ("xs", "http://www.w3.org/2001/XMLSchema"),
    ("soap", "http://schemas.xmlsoap.org/soap/envelope/"),
    ("soapenv", "http://schemas.xmlsoap.org/soap/envelope/"),
    (
        "wsu",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    ),
    (
        "wsse",
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    ),
    ("ds", "http://www.w3.org/2000/09/xmldsig#"),
];

fn known(canonical: &str, document: &Document) -> Vec<Declaration> {
    let mut known: Vec<Declaration> = Vec::new();
    let of_document = document.root().descendants().flat_map(Element::declarations);
    let of_document = of_document.map(|declaration| {
        (
            declaration.prefix().to_owned(),
            declaration.namespace().to_owned(),
        )
    });
    let well_known = WELL_KNOWN
        .iter()
        .map(|(prefix, name)| ((*prefix).to_owned(), (*name).to_owned()));
    let apex = start_tags(canonical).next().map_or("", |(_, tag)| tag);
    let there: Vec<&str> = attributes(apex)
        .filter(Written::is_declaration)
        .map(|declared| declared.name)
        .collect();
    for declaration in of_document.chain(well_known) {
        let name = written_name(&declaration.0);
        if known.len() < DECLARATIONS && !known.contains(&declaration) && !there.contains(&name.as_str()) {
            known.push(declaration);
        }
    }
    known
}

fn written_name(prefix: &str) -> String {
    if prefix.is_empty() {
        "xmlns".to_owned()
    } else {
        format!("xmlns:{prefix}")
    }
}

fn shown(prefix: &str) -> String {
    if prefix.is_empty() {
        "of the default namespace".to_owned()
    } else {
        format!("of the prefix {}", quoted(prefix))
    }
}

/// Without declarations: each one, the empty ones, and those of the first tag in each combination.
fn removed(canonical: &str) -> impl Iterator<Item = Undone> {
    let mut all = Vec::new();
    for (at, tag) in start_tags(canonical) {
        let declarations = attributes(tag).filter(Written::is_declaration);
        all.extend(declarations.map(|declared| {
            let range = at.saturating_add(declared.range.start)..at.saturating_add(declared.range.end);
            (at, range, declared.prefix().to_owned(), declared.value.is_empty())
        }));
    }
    let of_first: Vec<_> = all
        .iter()
        .filter(|(at, ..)| *at == 0)
        .take(SUBSETS)
        .cloned()
        .collect();
    let empty: Vec<_> = all
        .iter()
        .filter(|(.., empty)| *empty)
        .map(|(_, range, ..)| range.clone())
        .collect();
    let single = all.into_iter().map(move |(_, range, prefix, _)| {
        let detail = format!(
            "the declaration {} was put in after signing, or moved",
            shown(&prefix)
        );
        Undone::new(Cause::NamespaceDeclaration, detail, without(canonical, &[range]))
    });
    let empty = (!empty.is_empty()).then(|| {
        let detail = "declarations xmlns=\"\" were put in after signing";
        Undone::new(Cause::NamespaceDeclaration, detail, without(canonical, &empty))
    });
    let subsets = (1_usize..1 << of_first.len()).map(move |chosen| {
        let is_chosen = |place: &usize| chosen >> place & 1 == 1;
        let chosen = of_first.iter().enumerate().filter(|(place, _)| is_chosen(place));
        let (prefixes, ranges): (Vec<_>, Vec<_>) = chosen
            .map(|(_, (_, range, prefix, _))| (shown(prefix), range.clone()))
            .unzip();
        let detail = format!("declarations were put in after signing: {}", prefixes.join(", "));
        Undone::new(Cause::NamespaceDeclaration, detail, without(canonical, &ranges))
    });
    single.chain(empty).chain(subsets)
}

/// With further declarations in the first tag: each one, all, and pairs.
fn added(canonical: &str, known: Vec<Declaration>) -> impl Iterator<Item = Undone> {
    let mut sets: Vec<Vec<Declaration>> = known.iter().map(|one| vec![one.clone()]).collect();
    sets.push(known.clone());
    for (place, one) in known.iter().enumerate() {
        sets.extend(
            known
                .iter()
                .skip(place.saturating_add(1))
                .map(|other| vec![one.clone(), other.clone()]),
        );
    }
    sets.into_iter().map(move |set| {
        let octets = set.iter().fold(canonical.to_owned(), |text, declaration| {
            with_declaration(&text, declaration)
        });
        let names: Vec<String> = set.iter().map(|(prefix, _)| shown(prefix)).collect();
        let detail = format!(
            "a declaration {} was in scope where it was signed",
            names.join(" and one ")
        );
        Undone::new(Cause::NamespaceDeclaration, detail, octets)
    })
}

/// The first tag with a declaration at its place: by prefix, the default namespace first.
fn with_declaration(canonical: &str, (prefix, namespace): &Declaration) -> String {
    let tag = start_tags(canonical).next().map_or("", |(_, tag)| tag);
    let name_end = tag.find([' ', '>']).unwrap_or(tag.len());
    let smaller =
        attributes(tag).filter(|declared| declared.is_declaration() && declared.prefix() < prefix.as_str());
    let at = smaller
        .map(|declared| declared.range.end)
        .last()
        .unwrap_or(name_end);
    let (before, after) = canonical.split_at_checked(at).unwrap_or((canonical, ""));
    format!("{before} {}=\"{namespace}\"{after}", written_name(prefix))
}

/// With each declaration of inner elements at the first tag instead.
fn hoisted(canonical: &str) -> impl Iterator<Item = Undone> {
    let mut inner: Vec<Declaration> = Vec::new();
    for (_, tag) in start_tags(canonical).skip(1) {
        for declared in attributes(tag).filter(Written::is_declaration) {
            let declaration = (declared.prefix().to_owned(), declared.value.to_owned());
            if inner.len() < DECLARATIONS && !inner.contains(&declaration) {
                inner.push(declaration);
            }
        }
    }
    inner.into_iter().map(move |declaration| {
        let written = format!(" {}=\"{}\"", written_name(&declaration.0), declaration.1);
        let moved = with_declaration(&canonical.replace(&written, ""), &declaration);
        let detail = format!(
            "the declaration {} stood at the signed element itself where it was signed",
            shown(&declaration.0)
        );
        Undone::new(Cause::NamespaceDeclaration, detail, moved)
    })
}

/// Prefixes that stacks write.
const PREFIXES: &[&str] = &[
    "", "soap", "soapenv", "SOAP-ENV", "S", "s", "env", "e", "soap12", "wsu", "wsse", "u", "o", "ds", "dsig",
    "saml", "saml2", "samlp", "saml2p", "ns", "ns0", "ns1", "ns2", "ns3", "ns4", "ns5", "tns", "n", "n1",
    "a", "b", "p", "q1", "m", "t", "v1", "typ", "urn", "web",
];

/// With each prefix as other stacks write it.
fn renamed(canonical: &str) -> impl Iterator<Item = Undone> {
    let mut there: Vec<String> = Vec::new();
    for (_, tag) in start_tags(canonical) {
        for declared in attributes(tag).filter(Written::is_declaration) {
            if there.len() < DECLARATIONS && !there.iter().any(|known| known == declared.prefix()) {
                there.push(declared.prefix().to_owned());
            }
        }
    }
    let pairs = there.clone().into_iter().flat_map(move |old| {
        let there = there.clone();
        let free = PREFIXES
            .iter()
            .filter(move |new| !there.iter().any(|known| known == *new));
        free.map(move |new| (old.clone(), *new))
    });
    pairs.map(move |(old, new)| {
        let was = if new.is_empty() {
            "the default namespace".to_owned()
        } else {
            format!("the prefix {}", quoted(new))
        };
        let is = if old.is_empty() {
            "the default namespace".to_owned()
        } else {
            format!("the prefix {}", quoted(&old))
        };
        let detail = format!("what has {is} here had {was} where it was signed");
        Undone::new(Cause::PrefixRenamed, detail, with_prefix(canonical, &old, new))
    })
}

fn with_prefix(canonical: &str, old: &str, new: &str) -> String {
    rewritten(canonical, |piece, out| match piece {
        Piece::Start(tag) => start_tag_with_prefix(tag, old, new, out),
        Piece::End(tag) => {
            let name = tag
                .strip_prefix("</")
                .and_then(|rest| rest.strip_suffix('>'))
                .unwrap_or_default();
            out.extend(["</", &name_with_prefix(name, old, new), ">"]);
        }
        Piece::Text(_) | Piece::Other(_) => out.push_str(piece.as_str()),
    })
}

fn start_tag_with_prefix(tag: &str, old: &str, new: &str, out: &mut String) {
    let name_end = tag.find([' ', '>']).unwrap_or(tag.len());
    let name = tag.get(1..name_end).unwrap_or_default();
    out.extend(["<", &name_with_prefix(name, old, new)]);
    let mut declarations: Vec<(&str, &str)> = Vec::new();
    let mut others = String::new();
    for written in attributes(tag) {
        let value = written.value;
        if written.is_declaration() {
            let prefix = written.prefix();
            // An empty declaration only says that there is no default namespace.
            let is_renamed = prefix == old && !value.is_empty();
            declarations.push((if is_renamed { new } else { prefix }, value));
        } else {
            // A name without prefix is in no namespace, so the default one cannot be meant.
            let is_prefixed = written.name.contains(':') && !old.is_empty();
            let name = if is_prefixed {
                name_with_prefix(written.name, old, new)
            } else {
                written.name.to_owned()
            };
            others.extend([" ", &name, "=\"", value, "\""]);
        }
    }
    declarations.sort_unstable();
    for (prefix, value) in declarations {
        out.extend([" ", &written_name(prefix), "=\"", value, "\""]);
    }
    out.extend([others.as_str(), ">"]);
}

fn name_with_prefix(name: &str, old: &str, new: &str) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    match (prefix == old, new.is_empty()) {
        (false, _) => name.to_owned(),
        (true, true) => local.to_owned(),
        (true, false) => format!("{new}:{local}"),
    }
}
