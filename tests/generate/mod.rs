//! Makes documents: well-formed ones that use all that XML has, and broken ones from those.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "shared by several test programs, which may panic and do not all use everything"
)]

pub(crate) mod change;

/// Pseudo-random numbers that are the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// A number from the environment, by which a long run sets how much is tried.
pub(crate) fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// What namespaces are called.
#[derive(Clone, Copy)]
pub(crate) enum NamespaceNames {
    /// Anything.
    Any,
    /// Only URIs, of characters that need no escape.
    Plain,
}

/// A document that is well-formed, namespaces included, and has no DOCTYPE.
pub(crate) fn document(random: &mut Random, names: NamespaceNames) -> String {
    let mut writer = Writer {
        namespaces: match names {
            NamespaceNames::Any => NAMESPACES,
            NamespaceNames::Plain => &NAMESPACES[ODD..],
        },
        out: String::new(),
        scopes: vec![(String::new(), String::new())],
        left: 1 + random.below(24),
        ids: 0,
    };
    if random.chance(3) {
        writer.out.push('\u{feff}');
    }
    if random.chance(20) {
        writer.out.push_str(random.pick(DECLARATIONS));
    }
    writer.beside(random);
    writer.element(random, 0);
    writer.beside(random);
    writer.out
}

const DECLARATIONS: &[&str] = &[
    "<?xml version=\"1.0\"?>",
    "<?xml version='1.0' encoding='UTF-8'?>",
    "<?xml version=\"1.0\" encoding=\"utf-8\" standalone='yes' ?>\r\n",
];
const SPACES: &[&str] = &[" ", " ", " ", "\n", "\t", "\r\n", "  ", "\r", " \n\t "];
const PREFIXES: &[&str] = &["a", "b", "c", "A", "a-b", "soap", "ä", "z1", "_"];
const LOCALS: &[&str] = &[
    "a",
    "b",
    "Body",
    "item",
    "Z",
    "a.b-c",
    "é",
    "名",
    "𐐷x",
    "_",
    "long-name-of-an-element",
];
/// So many of the names are no URI as they stand.
const ODD: usize = 5;
const NAMESPACES: &[&str] = &[
    "http://example.com/?a=1&amp;b=2",
    "urn:q:&quot;x&quot;",
    "urn:tab:&#9;",
    "urn:&#xe9;",
    "urn:high:𐐷",
    "urn:a",
    "urn:b",
    "urn:A",
    "http://example.com/ns",
    "http://example.com/ns/",
    "urn:apos:'",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "urn:zz",
];
/// Pieces of character content.
const TEXTS: &[&str] = &[
    "text",
    "x",
    "1",
    " ",
    "\n",
    "\t",
    "\r\n",
    "\r",
    "é",
    "名前",
    "𐐷",
    "\u{10fffd}",
    "\u{85}",
    "\u{2028}",
    "\u{a0}",
    "\"",
    "'",
    "]",
    "]]",
    "a>b",
    "&gt;",
    "&lt;",
    "&amp;",
    "&quot;",
    "&apos;",
    "&#13;",
    "&#xD;",
    "&#xd;",
    "&#10;",
    "&#9;",
    "&#x20;",
    "&#65;",
    "&#x1F600;",
    "&#x10FFFF;",
    "&#xE9;",
    "&amp;lt;",
    "=",
    "/",
    "\u{feff}",
    "\u{200d}",
    "\u{fffd}",
    "\u{7f}",
    "more text that is longer than eight bytes, so that it is read in runs",
];
const CDATAS: &[&str] = &[
    "",
    "x",
    "<a>&amp;</a>",
    "]]",
    "]",
    "\r\n",
    ">",
    "a\rb",
    "&#13;",
    "\"'",
    "<!-- -->",
    "é𐐷",
];
const COMMENTS: &[&str] = &[
    "", " c ", "<a/>", "&amp;", "a-b", "\r\n x", "]]>", "?>", "é𐐷", ">",
];
const INSTRUCTIONS: &[&str] = &[
    "<?p?>",
    "<?p ?>",
    "<?p  a='1' ?>",
    "<?xml-x y?>",
    "<?p &amp;<a>?>",
    "<?é\r\nx\ry?>",
    "<?p ??>",
    "<?p ]]> -- ?>",
];

struct Writer {
    namespaces: &'static [&'static str],
    out: String,
    /// What prefixes mean, the newest last; the default is the empty prefix.
    scopes: Vec<(String, String)>,
    left: usize,
    ids: usize,
}

impl Writer {
    fn namespace(&self, prefix: &str) -> &str {
        let found = self.scopes.iter().rev().find(|(bound, _)| bound == prefix);
        found.map_or("", |(_, namespace)| namespace)
    }

    fn bound_prefix(&self, random: &mut Random) -> Option<String> {
        let bound: Vec<&str> = self
            .scopes
            .iter()
            .map(|(prefix, _)| prefix.as_str())
            .filter(|prefix| !prefix.is_empty())
            .collect();
        (!bound.is_empty()).then(|| random.pick(&bound).to_owned())
    }

    fn beside(&mut self, random: &mut Random) {
        while random.chance(25) {
            match random.below(3) {
                0 => self.out.push_str(random.pick(SPACES)),
                1 => self.comment(random),
                _ => self.out.push_str(random.pick(INSTRUCTIONS)),
            }
        }
    }

    fn comment(&mut self, random: &mut Random) {
        self.out.push_str("<!--");
        self.out.push_str(random.pick(COMMENTS));
        self.out.push_str("-->");
    }

    fn element(&mut self, random: &mut Random, depth: usize) {
        self.left = self.left.saturating_sub(1);
        let scope = self.scopes.len();
        let mut attributes = self.declarations(random);
        let prefix = match self.bound_prefix(random) {
            Some(prefix) if random.chance(55) => prefix,
            _ => String::new(),
        };
        let name = qualified(&prefix, random.pick(LOCALS));
        self.attributes(random, &mut attributes);
        for at in (1..attributes.len()).rev() {
            attributes.swap(at, random.below(at + 1));
        }
        self.out.push('<');
        self.out.push_str(&name);
        for (name, value) in attributes {
            let quote = if value.contains('"') || random.chance(15) && !value.contains('\'') {
                "'"
            } else {
                "\""
            };
            let value = if quote == "'" {
                value.replace('\'', "&apos;")
            } else {
                value
            };
            let equals = if random.chance(6) { " = " } else { "=" };
            self.out.push_str(if random.chance(80) {
                " "
            } else {
                random.pick(SPACES)
            });
            self.out.extend([&name, equals, quote, &value, quote]);
        }
        if random.chance(8) {
            self.out.push_str(random.pick(SPACES));
        }
        if random.chance(15) {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            self.content(random, depth);
            self.out.push_str("</");
            self.out.push_str(&name);
            if random.chance(6) {
                self.out.push_str(random.pick(SPACES));
            }
            self.out.push('>');
        }
        self.scopes.truncate(scope);
    }

    /// Namespace declarations, not two for one prefix; they are in scope at once.
    fn declarations(&mut self, random: &mut Random) -> Vec<(String, String)> {
        let mut written: Vec<(String, String)> = Vec::new();
        while random.chance(35) {
            let prefix = if random.chance(35) {
                ""
            } else {
                random.pick(PREFIXES)
            };
            let name = if prefix.is_empty() {
                "xmlns".to_owned()
            } else {
                format!("xmlns:{prefix}")
            };
            if written.iter().any(|(taken, _)| *taken == name) {
                continue;
            }
            let namespace = match random.below(10) {
                0 | 1 if prefix.is_empty() => String::new(),
                // What it is already.
                2 | 3 if !self.namespace(prefix).is_empty() => self.namespace(prefix).to_owned(),
                _ => random.pick(self.namespaces).to_owned(),
            };
            written.push((name, namespace.clone()));
            self.scopes.push((prefix.to_owned(), namespace));
        }
        if random.chance(2) {
            written.push((
                "xmlns:xml".to_owned(),
                "http://www.w3.org/XML/1998/namespace".to_owned(),
            ));
        }
        written
    }

    /// Attributes with different expanded names.
    fn attributes(&mut self, random: &mut Random, written: &mut Vec<(String, String)>) {
        let mut taken: Vec<(String, String)> = Vec::new();
        while random.chance(45) {
            let local = random.pick(LOCALS);
            let (prefix, namespace) = match self.bound_prefix(random) {
                Some(prefix) if random.chance(50) => {
                    let namespace = self.namespace(&prefix).to_owned();
                    (prefix, namespace)
                }
                _ => (String::new(), String::new()),
            };
            let expanded = (namespace, local.to_owned());
            if !taken.contains(&expanded) {
                written.push((qualified(&prefix, local), value(random)));
                taken.push(expanded);
            }
        }
        for name in ["xml:lang", "xml:space", "xml:base", "xml:other"] {
            if random.chance(5) {
                // libxml2 forgets an empty one, and joins others than these in ways of its own.
                let bases = ["http://a/b/c", "../d", "e/", "f", "../../g/"];
                let value = match name {
                    "xml:space" => random.pick(&["default", "preserve"]).to_owned(),
                    "xml:base" => random.pick(&bases).to_owned(),
                    _ => value(random),
                };
                written.push((name.to_owned(), value));
            }
        }
        if random.chance(4) {
            self.ids += 1;
            written.push(("xml:id".to_owned(), format!("i{}", self.ids)));
        }
    }

    fn content(&mut self, random: &mut Random, depth: usize) {
        while random.chance(70) {
            match random.below(10) {
                0..=3 => self.out.push_str(random.pick(TEXTS)),
                4 => self.comment(random),
                5 => self.out.push_str(random.pick(INSTRUCTIONS)),
                6 => {
                    self.out.push_str("<![CDATA[");
                    self.out.push_str(random.pick(CDATAS));
                    self.out.push_str("]]>");
                }
                _ if self.left > 0 && depth < 12 => self.element(random, depth + 1),
                _ => self.out.push_str(random.pick(TEXTS)),
            }
        }
    }
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() {
        local.to_owned()
    } else {
        format!("{prefix}:{local}")
    }
}

/// An attribute's value as written; never with both kinds of quotes unescaped.
fn value(random: &mut Random) -> String {
    let mut value = String::new();
    while random.chance(60) {
        value.push_str(random.pick(TEXTS));
        if random.chance(5) {
            value.push('>');
        }
    }
    value
}

/// What is put in somewhere.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{1}",
    "\u{fffd}",
    "\u{fffe}",
    "&#0;",
    "&#xFFFE;",
    "&amp;",
    "&lt",
    "&#x20;",
    "&x;",
    "]]>",
    "<!--x-->",
    "<!-- -- -->",
    "<!--->",
    "<?p?>",
    "<?xml version='1.0'?>",
    "<?p:q?>",
    "<![CDATA[x]]>",
    "<![CDATA[",
    "<!DOCTYPE a>",
    "<x/>",
    "</x>",
    "<x>",
    " x=\"1\"",
    "x='1'",
    " a='1'",
    " xml:id='i1'",
    " xmlns=\"\"",
    " xmlns=\"urn:x\"",
    " xmlns:a=\"\"",
    " xmlns:a=\"urn:x\"",
    " xmlns:xml='urn:x'",
    " xmlns:xmlns='urn:x'",
    " xml:xmlns='urn:x'",
    ":",
    "a:",
    "-",
    "=",
    "#",
    ";",
    "?",
    "!",
    "\u{feff}",
    "1",
    "é",
    "\u{b7}",
];

/// Breaks `text` a little, mostly; what comes out may still be well-formed.
pub(crate) fn mutate(text: &str, random: &mut Random) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(2) {
        let at = random.below(bytes.len() + 1).min(bytes.len());
        match random.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            3 => {
                let end = (at + random.below(20)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                drop(bytes.splice(to..to, piece));
            }
            4 => {
                let end = (at + random.below(12)).min(bytes.len());
                drop(bytes.drain(at..end));
            }
            _ => drop(bytes.splice(at..at, random.pick(PIECES).bytes())),
        }
    }
    bytes
}
