use bytes::Bytes;

use super::error::Error;
use crate::xml::Document;
use crate::xml::Element;
use crate::xml::Namespace;

/// What is put into a document. Nothing that stands there is removed.
pub(super) struct Edits<'d> {
    document: &'d Document,
    /// Where, what to leave out from there on (the slash of an empty tag), and what to put there.
    edits: Vec<(usize, usize, String)>,
}

/// Prefixes that are tried for attributes that are put in.
const PREFIXES: [&str; 6] = ["wsu", "wsu1", "wsu2", "wsu3", "wsu4", "wsu5"];

impl<'d> Edits<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self {
            document,
            edits: Vec::new(),
        }
    }

    /// The ID of `element`; if it has none it gets `new`.
    pub(super) fn id_of(&mut self, element: Element<'d>, new: &str) -> Result<String, Error> {
        if let Some(id) = element.id() {
            return Ok(id.into_owned());
        }
        let wsu = Namespace::WSU.uri();
        // A prefix that means something else here may be in use by an attribute, or further inside.
        let usable = |prefix: &&&str| element.namespace_of(prefix).is_none_or(|bound| bound == wsu);
        let prefix = PREFIXES.iter().find(usable).ok_or(Error::Prefixes)?;
        let declaration = match element.namespace_of(prefix) {
            Some(_) => String::new(),
            None => format!(" xmlns:{prefix}=\"{wsu}\""),
        };
        let name_start = element.span().start.saturating_add(1);
        let name_end = name_start.saturating_add(element.name().len());
        self.edits
            .push((name_end, 0, format!("{declaration} {prefix}:Id=\"{new}\"")));
        Ok(new.to_owned())
    }

    /// Puts `content` before everything else in `element`.
    pub(super) fn prepend(&mut self, element: Element<'d>, content: &str) {
        let bytes = self.document.bytes();
        let end = element.span().end;
        let slash = end.saturating_sub(2);
        if bytes.get(slash..end) == Some(b"/>") {
            self.edits
                .push((slash, 2, format!(">{content}</{}>", element.name())));
        } else {
            self.edits
                .push((element.content_span().start, 0, content.to_owned()));
        }
    }

    /// Puts `content` after everything else in `element`, which is not written as an empty tag.
    pub(super) fn append(&mut self, element: Element<'d>, content: &str) {
        self.edits
            .push((element.content_span().end, 0, content.to_owned()));
    }

    /// The document with everything put in.
    pub(super) fn apply(mut self) -> Bytes {
        self.edits.sort_by_key(|(at, _, _)| *at);
        let bytes = self.document.bytes();
        let added: usize = self.edits.iter().map(|(_, _, text)| text.len()).sum();
        let mut written = Vec::with_capacity(bytes.len().saturating_add(added));
        let mut copied = 0;
        for (at, left_out, text) in &self.edits {
            written.extend_from_slice(bytes.get(copied..*at).unwrap_or_default());
            written.extend_from_slice(text.as_bytes());
            copied = at.saturating_add(*left_out);
        }
        written.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        written.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Limits;

    fn parse(text: &str) -> Document {
        Document::parse(text.to_owned().into(), &Limits::default()).unwrap()
    }

    /// The document with an ID for its root's last child.
    fn with_id(text: &str) -> String {
        let document = parse(text);
        let mut edits = Edits::new(&document);
        let last = document.root().children().last().unwrap();
        let id = edits.id_of(last, "new").unwrap();
        let written = edits.apply();
        let read = Document::parse(written.clone(), &Limits::default()).unwrap();
        assert_eq!(read.element_by_id(&id), read.root().children().last());
        String::from_utf8(written.to_vec()).unwrap()
    }

    #[test]
    fn an_element_gets_an_id_and_nothing_else_changes_its_meaning() {
        let wsu = Namespace::WSU.uri();
        assert_eq!(
            with_id("<a><b >x</b></a>"),
            format!("<a><b xmlns:wsu=\"{wsu}\" wsu:Id=\"new\" >x</b></a>")
        );
        assert_eq!(
            with_id("<a><b/></a>"),
            format!("<a><b xmlns:wsu=\"{wsu}\" wsu:Id=\"new\"/></a>")
        );
        let bound = format!("<a xmlns:wsu='{wsu}'><b>x</b></a>");
        assert_eq!(
            with_id(&bound),
            format!("<a xmlns:wsu='{wsu}'><b wsu:Id=\"new\">x</b></a>")
        );
        let other = "<a xmlns:wsu='urn:x'><b wsu:c='1'/></a>";
        assert_eq!(
            with_id(other),
            format!("<a xmlns:wsu='urn:x'><b xmlns:wsu1=\"{wsu}\" wsu1:Id=\"new\" wsu:c='1'/></a>")
        );
        let has_one = format!("<a xmlns:u='{wsu}'><b u:Id='own'/></a>");
        assert_eq!(with_id(&has_one), has_one);
        let xml_id = "<a><b xml:id='own'/></a>";
        assert_eq!(with_id(xml_id), xml_id);
    }

    #[test]
    fn without_a_prefix_nothing_is_put_in() {
        let declared: String = PREFIXES
            .iter()
            .map(|prefix| format!(" xmlns:{prefix}='urn:x'"))
            .collect();
        let document = parse(&format!("<a{declared}/>"));
        let refused = Edits::new(&document).id_of(document.root(), "new");
        assert_eq!(refused, Err(Error::Prefixes));
    }

    #[test]
    fn content_is_put_first_and_last_also_into_empty_tags() {
        for (text, expected) in [
            ("<a>x</a>", "<a><n/>x</a>"),
            ("<a></a>", "<a><n/></a>"),
            ("<a/>", "<a><n/></a>"),
            ("<p:a xmlns:p='urn:p' />", "<p:a xmlns:p='urn:p' ><n/></p:a>"),
            (
                "<?xml version='1.0'?>\n<a b='/'>\u{e9}</a>\n",
                "<?xml version='1.0'?>\n<a b='/'><n/>\u{e9}</a>\n",
            ),
        ] {
            let document = parse(text);
            let mut edits = Edits::new(&document);
            edits.prepend(document.root(), "<n/>");
            assert_eq!(edits.apply(), expected, "{text}");
        }
        let document = parse("<a><b/>x</a>");
        let mut edits = Edits::new(&document);
        edits.append(document.root(), "<n/>");
        edits.prepend(document.root(), "<m/>");
        assert_eq!(edits.apply(), "<a><m/><b/>x<n/></a>");
    }
}
