//! What a message says, hidden, and its structure kept.

use std::collections::BTreeMap;

use super::hide::{Lengths, text};
use crate::xml::Namespace;

/// Attributes that say what an element is called, on whatever element.
const IDS: [&str; 6] = ["Id", "ID", "id", "AssertionID", "ResponseID", "RequestID"];
/// Attributes of elements of security that say how something is done.
const MEANS: [&str; 4] = ["Algorithm", "PrefixList", "ValueType", "EncodingType"];
/// Elements of security whose text says how something is done.
const KEPT: [&str; 2] = ["HMACOutputLength", "SaltLength"];
/// Elements whose text may be what another element is called.
const REFERRING: [&str; 2] = ["KeyIdentifier", "AssertionIDRef"];
/// Namespaces of elements of security.
const SECURITY: [Namespace; 10] = [
    Namespace::DS,
    Namespace::DSIG11,
    Namespace::DSIG_MORE,
    Namespace::EXC_C14N,
    Namespace::XENC,
    Namespace::XENC11,
    Namespace::WSSE,
    Namespace::WSSE11,
    Namespace::WSU,
    Namespace::WSC,
];

/// Hides what is said, everywhere in the same way.
pub(super) struct Mask<'i> {
    pub(super) lengths: Lengths,
    /// Attributes that are IDs besides, by their local names.
    id_attributes: &'i [String],
    /// What was called so is now called by a number.
    numbers: BTreeMap<String, usize>,
    /// Digests, in base64, and those that stand for them.
    pub(super) digests: BTreeMap<String, String>,
}

/// The elements that are open where a piece begins.
#[derive(Default)]
pub(super) struct Open(Vec<Element>);

struct Element {
    /// Prefixes and the namespaces that it declares for them.
    declared: Vec<(String, String)>,
    local: String,
    is_of_security: bool,
}

impl<'i> Mask<'i> {
    pub(super) const fn new(lengths: Lengths, id_attributes: &'i [String]) -> Self {
        Self {
            lengths,
            id_attributes,
            numbers: BTreeMap::new(),
            digests: BTreeMap::new(),
        }
    }

    /// `xml`, a document or canonical octets or text, with everything hidden that stands in text, in values of attributes, in comments and in
    /// processing instructions. Names, namespaces, algorithms, white space and the forms of references stay; IDs are numbered, where they
    /// are referred to as well. So what was the same before is the same after it, and what differed in form still does.
    pub(super) fn masked(&mut self, xml: &str) -> String {
        self.piece(xml, &mut Open::default())
    }

    /// The same of a piece that begins where `open` are open, which become those where it ends.
    pub(super) fn piece(&mut self, xml: &str, open: &mut Open) -> String {
        let mut masked = String::with_capacity(xml.len());
        let mut rest = xml;
        while !rest.is_empty() {
            let (piece, after) = match rest.find('<') {
                Some(0) => rest.split_at(markup(rest)),
                Some(place) => rest.split_at(place),
                None => (rest, ""),
            };
            rest = after;
            if !piece.starts_with('<') {
                self.text(piece, open.0.last(), &mut masked);
            } else if piece.starts_with("<?xml ") {
                masked.push_str(piece);
            } else if let Some((before, inside, close)) = inside(piece) {
                masked.push_str(if piece.starts_with("<?") { "<?x" } else { before });
                text(inside, self.lengths, &mut masked);
                masked.push_str(close);
            } else if piece.starts_with("</") {
                masked.push_str(piece);
                open.0.pop();
            } else {
                self.tag(piece, open, &mut masked);
            }
        }
        masked
    }

    fn text(&self, plain: &str, within: Option<&Element>, masked: &mut String) {
        let is_one_of = |names: &[&str]| within.is_some_and(|within| names.contains(&within.local.as_str()));
        let number = self.numbers.get(plain.trim()).filter(|_| is_one_of(&REFERRING));
        let digest = self
            .digests
            .get(plain.trim())
            .filter(|_| is_one_of(&["DigestValue"]));
        if let Some(other) = number.map(|number| called(*number)).or_else(|| digest.cloned()) {
            masked.push_str(&plain.replace(plain.trim(), &other));
        } else if within.is_some_and(|within| within.is_of_security) && is_one_of(&KEPT) {
            masked.push_str(plain);
        } else {
            text(plain, self.lengths, masked);
        }
    }

    /// A start tag.
    fn tag(&mut self, tag: &str, open: &mut Open, masked: &mut String) {
        let attributes = attributes(tag);
        let name = tag.trim_start_matches('<');
        let name = name
            .split(|end: char| end.is_whitespace() || matches!(end, '>' | '/'))
            .next()
            .unwrap_or_default();
        let declared = attributes.iter().filter_map(|attribute| {
            let prefix = match attribute.name {
                "xmlns" => "",
                other => other.strip_prefix("xmlns:")?,
            };
            Some((prefix.to_owned(), attribute.value.to_owned()))
        });
        let declared = declared.collect();
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        open.0.push(Element {
            declared,
            local: local.to_owned(),
            is_of_security: false,
        });
        let is_of_security = open
            .namespace(prefix)
            .is_some_and(|uri| Namespace::known(uri).is_some_and(|namespace| SECURITY.contains(&namespace)));
        if let Some(element) = open.0.last_mut() {
            element.is_of_security = is_of_security;
        }
        let mut done = 0;
        for attribute in &attributes {
            masked.push_str(tag.get(done..attribute.start).unwrap_or_default());
            self.value(attribute, is_of_security, masked);
            done = attribute.start.saturating_add(attribute.value.len());
        }
        masked.push_str(tag.get(done..).unwrap_or_default());
        if tag.ends_with("/>") {
            open.0.pop();
        }
    }

    fn value(&mut self, attribute: &Attribute<'_>, is_of_security: bool, masked: &mut String) {
        let (name, value) = (attribute.name, attribute.value);
        let local = name.rsplit(':').next().unwrap_or_default();
        let is_declaration = name == "xmlns" || name.starts_with("xmlns:") || name == "xml:space";
        if is_declaration || (is_of_security && MEANS.contains(&local)) {
            masked.push_str(value);
        } else if IDS.contains(&local) || self.id_attributes.iter().any(|known| known == local) {
            masked.push_str(&self.number(value));
        } else if let Some(fragment) = value
            .strip_prefix('#')
            .filter(|_| is_of_security && local == "URI")
        {
            masked.push('#');
            self.fragment(fragment, masked);
        } else {
            text(value, self.lengths, masked);
        }
    }

    /// What a Reference in this document refers to.
    fn fragment(&mut self, fragment: &str, masked: &mut String) {
        let of_pointer = fragment.strip_prefix("xpointer(id(").and_then(|rest| {
            let (quote, rest) = rest.split_at_checked(1)?;
            Some((quote, rest.strip_suffix("))")?.strip_suffix(quote)?))
        });
        match of_pointer {
            _ if fragment == "xpointer(/)" => masked.push_str(fragment),
            Some((quote, id)) => {
                let id = self.number(id);
                masked.push_str(&format!("xpointer(id({quote}{id}{quote}))"));
            }
            None => masked.push_str(&self.number(fragment)),
        }
    }

    fn number(&mut self, id: &str) -> String {
        if id.is_empty() {
            return String::new();
        }
        let next = self.numbers.len().saturating_add(1);
        called(*self.numbers.entry(id.to_owned()).or_insert(next))
    }
}

fn called(number: usize) -> String {
    format!("id-{number}")
}

impl Open {
    /// What the prefix stands for here.
    fn namespace(&self, prefix: &str) -> Option<&str> {
        let mut declared = self
            .0
            .iter()
            .rev()
            .flat_map(|element| element.declared.iter().rev());
        declared
            .find(|(declared, _)| declared == prefix)
            .map(|(_, uri)| uri.as_str())
    }
}

struct Attribute<'t> {
    name: &'t str,
    value: &'t str,
    /// Where in the tag the value starts.
    start: usize,
}

/// The length of the markup at the start of `xml`.
fn markup(xml: &str) -> usize {
    let ends = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
    for (open, close) in ends {
        if let Some(after) = xml.strip_prefix(open) {
            let length = after
                .find(close)
                .map(|place| place.saturating_add(open.len()).saturating_add(close.len()));
            return length.unwrap_or(xml.len());
        }
    }
    let mut quote = None;
    for (place, character) in xml.char_indices() {
        match (quote, character) {
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            (None, '>') => return place.saturating_add(1),
            (None | Some(_), _) => {}
        }
    }
    xml.len()
}

/// Comments, CDATA sections and processing instructions, in three pieces.
fn inside(markup: &str) -> Option<(&str, &str, &str)> {
    let (open, close) = if markup.starts_with("<!--") {
        (4, "-->")
    } else if markup.starts_with("<![CDATA[") {
        (9, "]]>")
    } else if let Some(after) = markup.strip_prefix("<?") {
        let target = after.find(|end: char| end.is_whitespace() || end == '?');
        (target.unwrap_or(after.len()).saturating_add(2), "?>")
    } else {
        return None;
    };
    let end = markup
        .strip_suffix(close)
        .map_or(markup.len(), str::len)
        .max(open);
    Some((markup.get(..open)?, markup.get(open..end)?, markup.get(end..)?))
}

/// The attributes of a start tag.
fn attributes(tag: &str) -> Vec<Attribute<'_>> {
    let mut attributes = Vec::new();
    let mut start = 0_usize;
    while let Some(rest) = tag.get(start..)
        && let Some(place) = rest.find(['"', '\''])
    {
        let (before, quoted) = rest.split_at(place);
        let quote = quoted.chars().next().unwrap_or('"');
        let value = quoted.get(1..).unwrap_or_default();
        let value = value.split(quote).next().unwrap_or_default();
        let name = before.trim_end().strip_suffix('=').unwrap_or(before).trim_end();
        let name = name.rsplit(char::is_whitespace).next().unwrap_or_default();
        start = start.saturating_add(place).saturating_add(1);
        attributes.push(Attribute { name, value, start });
        start = start.saturating_add(value.len()).saturating_add(1);
    }
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECURE: &str = "xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"";

    fn masked(lengths: Lengths, xml: &str) -> String {
        Mask::new(lengths, &["Key".to_owned()]).masked(xml)
    }

    #[test]
    fn what_is_said_is_hidden_and_structure_stays() {
        let cases = [
            (
                "<a b='Bob > 7' xmlns:p=\"urn:p\">Tel. 030-1\n</a>",
                "<a b='x > x' xmlns:p=\"urn:p\">x x\n</a>",
                "<a b='xxx > x' xmlns:p=\"urn:p\">xxxx xxxxx\n</a>",
            ),
            (
                "<!--Secret--><![CDATA[a<b>1]]><?php echo 1?>",
                "<!--x--><![CDATA[x<x>x]]><?x x x?>",
                "<!--xxxxxx--><![CDATA[x<x>x]]><?x xxxx x?>",
            ),
            (
                "&lt;Mäüß☺&#233;&#xE9;&#65;&#x41;&#x6f;&#xD;",
                "&lt;xé&#233;&#xE9;&#120;&#x78;&#x78;&#xD;",
                "&lt;xéééé&#233;&#xE9;&#120;&#x78;&#x78;&#xD;",
            ),
            (
                "<?xml version=\"1.0\" encoding='UTF-8'?><a version='17' Algorithm='rsa' URI='#b'/>",
                "<?xml version=\"1.0\" encoding='UTF-8'?><a version='x' Algorithm='x' URI='x'/>",
                "<?xml version=\"1.0\" encoding='UTF-8'?><a version='xx' Algorithm='xxx' URI='xx'/>",
            ),
            ("<a><?go?></a>", "<a><?x?></a>", "<a><?x?></a>"),
            ("no markup 1 & more", "x x x & x", "xx xxxxxx x & xxxx"),
            ("&amp;lt;b&amp;it", "&amp;lt;x&amp;x", "&amp;lt;x&amp;xx"),
            ("<a b=\"12", "<a b=\"x", "<a b=\"xx"),
        ];
        for (plain, short, long) in cases {
            assert_eq!(masked(Lengths::Hidden, plain), short);
            assert_eq!(masked(Lengths::Kept, plain), long);
        }
    }

    #[test]
    fn algorithms_stay_on_elements_of_security_alone() {
        let plain = format!(
            "<o {SECURE}><d:M Algorithm='rsa' Type='t'><d:HMACOutputLength>160</d:HMACOutputLength><HMACOutputLength>160</HMACOutputLength></d:M><M Algorithm='rsa'/></o>"
        );
        let expected = format!(
            "<o {SECURE}><d:M Algorithm='rsa' Type='x'><d:HMACOutputLength>160</d:HMACOutputLength><HMACOutputLength>x</HMACOutputLength></d:M><M Algorithm='x'/></o>"
        );
        assert_eq!(masked(Lengths::Hidden, &plain), expected);
        // A prefix that stood for another namespace further in stands for its own again.
        let plain =
            format!("<d:a {SECURE} Algorithm='r'><d:b xmlns:d='u' Algorithm='r'/><d:c ValueType='r'/></d:a>");
        let expected = plain.replacen("Algorithm='r'/", "Algorithm='x'/", 1);
        assert_eq!(masked(Lengths::Hidden, &plain), expected);
    }

    #[test]
    fn ids_are_numbered_wherever_they_are_referred_to() {
        let plain = format!(
            "<o {SECURE} Id='Bob' Key='Eve'><d:R URI='#Bob'/><d:R URI=\"#xpointer(id('Eve'))\"/><d:R URI='#xpointer(/)'/><d:R URI=''/><d:R URI='cid:Bob'/><KeyIdentifier> Eve</KeyIdentifier><t>Eve</t><u ID='Eve'/></o>"
        );
        let expected = format!(
            "<o {SECURE} Id='id-1' Key='id-2'><d:R URI='#id-1'/><d:R URI=\"#xpointer(id('id-2'))\"/><d:R URI='#xpointer(/)'/><d:R URI=''/><d:R URI='x'/><KeyIdentifier> id-2</KeyIdentifier><t>x</t><u ID='id-2'/></o>"
        );
        assert_eq!(masked(Lengths::Hidden, &plain), expected);
    }
}
