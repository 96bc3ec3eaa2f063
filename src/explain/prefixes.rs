//! Prefixes that were renamed.

use std::collections::HashSet;

use super::explanation::Cause;
use super::markup::{Piece, rewritten};
use super::namespaces::{DECLARATIONS, Declaration, declared, written_name};
use super::search::{Changes, Undone};
use super::structure::{Written, attributes, start_tags};
use crate::xml::{Document, quoted};

/// Prefixes that stacks write for any namespace.
const PREFIXES: &[&str] = &[
    "", "ns0", "ns1", "ns2", "ns3", "ns4", "ns5", "ns", "tns", "o", "p", "n", "n1", "a", "b", "m", "t", "q1",
    "v1", "typ", "urn", "web", "s", "u", "e", "S", "soap", "soapenv", "SOAP-ENV", "env", "soap12", "wsu",
    "wsse", "ds", "dsig", "saml", "saml2", "samlp", "saml2p",
];

/// Prefixes that stacks write for these.
const CUSTOMARY: &[(&str, &[&str])] = &[
    (
        "http://schemas.xmlsoap.org/soap/envelope/",
        &["soap", "soapenv", "s", "S", "SOAP-ENV", "env", "e"],
    ),
    (
        "http://www.w3.org/2003/05/soap-envelope",
        &["soap", "soapenv", "s", "S", "SOAP-ENV", "env", "e", "soap12"],
    ),
    (
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
        &["wsu", "u"],
    ),
    (
        "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
        &["wsse", "o"],
    ),
    ("http://www.w3.org/2005/08/addressing", &["wsa", "a"]),
    ("http://www.w3.org/2000/09/xmldsig#", &["ds", "dsig", ""]),
    ("http://www.w3.org/2001/10/xml-exc-c14n#", &["ec", ""]),
    ("urn:oasis:names:tc:SAML:2.0:assertion", &["saml", "saml2", ""]),
    ("urn:oasis:names:tc:SAML:2.0:protocol", &["samlp", "saml2p", ""]),
    ("http://www.w3.org/2001/XMLSchema-instance", &["xsi"]),
    ("http://www.w3.org/2001/XMLSchema", &["xs", "xsd"]),
];

/// The most ways in which several prefixes are renamed at once, and where something else happened too.
pub(super) const MANY: usize = 4096;
pub(super) const FEW: usize = 128;

/// With each prefix as other stacks write it, or as the document does elsewhere.
pub(super) fn renamed<'t>(canonical: &'t str, document: &Document) -> Changes<'t> {
    let there = declarations(canonical);
    let elsewhere = elsewhere(&there, document);
    let taken: Vec<String> = there.iter().map(|(prefix, _)| prefix.clone()).collect();
    let renames = there.into_iter().flat_map(move |(old, namespace)| {
        let mut news = likely(&namespace, &elsewhere);
        news.extend(general(&namespace));
        let mut seen = HashSet::new();
        news.retain(|new| seen.insert(new.clone()));
        news.retain(|new| !taken.contains(new));
        news.into_iter().map(move |new| (old.clone(), new))
    });
    Box::new(renames.map(move |(old, new)| undone(canonical, &[(old.as_str(), new.as_str())])))
}

/// With two or more prefixes renamed, as where a program numbers them all, in `most` ways.
pub(super) fn renamed_together<'t>(canonical: &'t str, document: &Document, most: usize) -> Changes<'t> {
    let there = declarations(canonical);
    let elsewhere = elsewhere(&there, document);
    let lists = there.into_iter().map(|(old, namespace)| {
        let mut news = likely(&namespace, &elsewhere);
        if news.iter().all(|new| *new == old) {
            news = general(&namespace).collect();
        }
        news.retain(|new| *new != old);
        news.insert(0, old.clone());
        (old, news)
    });
    let mut lists: Vec<(String, Vec<String>)> = lists.collect();
    let count = |lists: &[(String, Vec<String>)]| {
        let lengths = lists.iter().map(|(_, news)| news.len());
        lengths.fold(1_usize, usize::saturating_mul)
    };
    while count(&lists) > most {
        let longest = lists.iter_mut().max_by_key(|(_, news)| news.len());
        if let Some((_, news)) = longest {
            news.pop();
        }
    }
    Box::new((0..count(&lists)).filter_map(move |number| {
        let mut rest = number;
        let mut renames: Vec<(&str, &str)> = Vec::new();
        for (old, news) in &lists {
            let new = news.get(rest.checked_rem(news.len())?)?;
            rest = rest.checked_div(news.len())?;
            if renames.iter().any(|(_, other)| *other == new) {
                return None;
            }
            renames.push((old.as_str(), new.as_str()));
        }
        renames.retain(|(old, new)| old != new);
        (renames.len() > 1).then(|| undone(canonical, &renames))
    }))
}

/// The prefixes that are declared, each with the first namespace that it stands for.
fn declarations(canonical: &str) -> Vec<Declaration> {
    let mut there: Vec<Declaration> = Vec::new();
    for (_, tag) in start_tags(canonical) {
        for declared in attributes(tag).filter(Written::is_declaration) {
            let is_new = !there.iter().any(|(known, _)| known == declared.prefix());
            if there.len() < DECLARATIONS && is_new {
                there.push((declared.prefix().to_owned(), declared.value.to_owned()));
            }
        }
    }
    there
}

/// What the document declares for the same namespaces under other prefixes.
fn elsewhere(there: &[Declaration], document: &Document) -> Vec<Declaration> {
    let mut found = Vec::new();
    for declaration in declared(document) {
        let is_of_one = there.iter().any(|(_, namespace)| *namespace == declaration.1);
        if is_of_one
            && found.len() < DECLARATIONS
            && !there.contains(&declaration)
            && !found.contains(&declaration)
        {
            found.push(declaration);
        }
    }
    found
}

/// The prefixes that `namespace` has elsewhere, and those that it has by custom.
fn likely(namespace: &str, elsewhere: &[Declaration]) -> Vec<String> {
    let same = elsewhere.iter().filter(|(_, name)| name == namespace);
    let mut likely: Vec<String> = same.map(|(prefix, _)| prefix.clone()).collect();
    let customary = CUSTOMARY.iter().filter(|(name, _)| *name == namespace);
    for prefix in customary.flat_map(|(_, prefixes)| *prefixes) {
        if !likely.iter().any(|known| known == prefix) {
            likely.push((*prefix).to_owned());
        }
    }
    likely
}

/// The prefixes that people make of the last word of `namespace`, and those that stacks write for any.
fn general(namespace: &str) -> impl Iterator<Item = String> + use<> {
    let mut words = namespace.rsplit(|character: char| !character.is_ascii_alphabetic());
    let word = words.find(|word| !word.is_empty()).unwrap_or_default();
    let word = word.to_ascii_lowercase();
    let own = [1, 3, word.len()].map(|length| word.get(..length).unwrap_or_default().to_owned());
    let own = own.into_iter().filter(|own| !own.is_empty());
    own.chain(PREFIXES.iter().map(|prefix| (*prefix).to_owned()))
}

/// With prefixes renamed: each with its name here, and the one that it had.
fn undone(canonical: &str, renames: &[(&str, &str)]) -> Undone {
    let shown = |prefix: &str| match prefix {
        "" => "the default namespace".to_owned(),
        prefix => format!("the prefix {}", quoted(prefix)),
    };
    let details = renames.iter().map(|(old, new)| {
        let (is, was) = (shown(old), shown(new));
        format!("what has {is} here had {was} where it was signed")
    });
    let details: Vec<String> = details.collect();
    let octets = with_prefixes(canonical, renames);
    Undone::new(Cause::PrefixRenamed, details.join(", and "), octets)
}

fn with_prefixes(canonical: &str, renames: &[(&str, &str)]) -> String {
    rewritten(canonical, |piece, out| match piece {
        Piece::Start(tag) => start_tag_with_prefixes(tag, renames, out),
        Piece::End(tag) => {
            let name = tag
                .strip_prefix("</")
                .and_then(|rest| rest.strip_suffix('>'))
                .unwrap_or_default();
            out.extend(["</", &name_with_prefix(name, renames), ">"]);
        }
        Piece::Text(_) | Piece::Other(_) => out.push_str(piece.as_str()),
    })
}

fn start_tag_with_prefixes(tag: &str, renames: &[(&str, &str)], out: &mut String) {
    let name_end = tag.find([' ', '>']).unwrap_or(tag.len());
    let name = tag.get(1..name_end).unwrap_or_default();
    out.extend(["<", &name_with_prefix(name, renames)]);
    let mut declarations: Vec<(&str, &str)> = Vec::new();
    let mut others = String::new();
    for written in attributes(tag) {
        let value = written.value;
        if written.is_declaration() {
            let prefix = written.prefix();
            // An empty declaration only says that there is no default namespace.
            let new = new_prefix(prefix, renames).filter(|_| !value.is_empty());
            declarations.push((new.unwrap_or(prefix), value));
        } else {
            // A name without prefix is in no namespace, so the default one cannot be meant.
            let name = if written.name.contains(':') {
                name_with_prefix(written.name, renames)
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

fn name_with_prefix(name: &str, renames: &[(&str, &str)]) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    match new_prefix(prefix, renames) {
        None => name.to_owned(),
        Some("") => local.to_owned(),
        Some(new) => format!("{new}:{local}"),
    }
}

fn new_prefix<'r>(prefix: &str, renames: &[(&'r str, &'r str)]) -> Option<&'r str> {
    let rename = renames.iter().find(|(old, _)| *old == prefix);
    rename.map(|(_, new)| *new)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Limits;

    #[test]
    fn prefixes_are_renamed_at_once_and_may_change_places() {
        let text = "<b:x xmlns:a=\"urn:1\" xmlns:b=\"urn:2\" a:y=\"\"><a:z></a:z></b:x>";
        assert_eq!(
            with_prefixes(text, &[("a", "b"), ("b", "a")]),
            "<a:x xmlns:a=\"urn:2\" xmlns:b=\"urn:1\" b:y=\"\"><b:z></b:z></a:x>"
        );
    }

    #[test]
    fn many_prefixes_are_not_renamed_in_all_combinations() {
        let count = |prefixes: usize| {
            let declarations: String = (0..prefixes)
                .map(|at| format!(" xmlns:p{at:02}=\"urn:{at}\""))
                .collect();
            let text = format!("<a{declarations}></a>");
            let document = Document::parse(text.clone().into(), &Limits::archive()).unwrap();
            renamed_together(&text, &document, FEW).count()
        };
        assert!((1..=FEW).contains(&count(3)), "{}", count(3));
        assert!(count(40) <= FEW, "{}", count(40));
    }
}
