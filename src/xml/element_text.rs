use std::borrow::Cow;

use super::arena::{Break, BreakKind};
use super::element::Element;
use super::error::{Error, ErrorKind};
use super::text::{Text, append_text};

impl<'d> Element<'d> {
    /// Its character content: text and CDATA joined, comments and processing instructions left out.
    ///
    /// # Errors
    /// `xml.element_in_text` if it has a child element.
    pub fn text(self) -> Result<Text<'d>, Error> {
        if let Some(child) = self.children().next() {
            let kind = ErrorKind::ElementInText(child.name().to_owned());
            return Err(Error::new(kind, child.start()));
        }
        let record = self.record();
        Ok(self.text_between(record.open_end, record.close))
    }

    /// The text that stands directly in it, without that of its child elements: all pieces joined.
    pub fn own_text(self) -> Cow<'d, str> {
        let record = self.record();
        let mut children = self.children().map(Self::record).peekable();
        if children.peek().is_none() {
            return self.text_between(record.open_end, record.close).value;
        }
        let mut value = String::new();
        let mut at = record.open_end;
        for child in children {
            value.push_str(&self.text_between(at, child.start).value);
            at = child.end;
        }
        value.push_str(&self.text_between(at, record.close).value);
        Cow::Owned(value)
    }

    /// Whether a comment or a processing instruction stands anywhere in it.
    pub(crate) fn is_interrupted(self) -> bool {
        let record = self.record();
        let breaks = &self.document().arena().breaks;
        let place = |at: u32| breaks.partition_point(|found| found.start < at);
        let inside = breaks.get(place(record.open_end)..place(record.close));
        let interrupts =
            |found: &Break| matches!(found.kind, BreakKind::Comment | BreakKind::ProcessingInstruction);
        inside.unwrap_or_default().iter().any(interrupts)
    }

    /// The characters between two places that no tag stands between.
    fn text_between(self, start: u32, end: u32) -> Text<'d> {
        let raw = self.slice(start..end);
        let breaks = &self.document().arena().breaks;
        let first = breaks.partition_point(|found| found.start < start);
        let inside = breaks
            .get(first..)
            .unwrap_or_default()
            .iter()
            .take_while(|found| found.start < end)
            .filter(|found| found.kind != BreakKind::Text);
        let mut interrupted = false;
        let mut value = String::new();
        let mut at = start;
        for found in inside {
            append_text(&mut value, self.slice(at..found.start), true);
            at = found.end;
            if found.kind == BreakKind::CData {
                let content = found.start.wrapping_add(9)..found.end.wrapping_sub(3);
                append_text(&mut value, self.slice(content), false);
            } else {
                interrupted = true;
            }
        }
        let untouched = at == start && memchr::memchr2(b'&', b'\r', raw.as_bytes()).is_none();
        let value = if untouched {
            Cow::Borrowed(raw)
        } else {
            append_text(&mut value, self.slice(at..end), true);
            Cow::Owned(value)
        };
        Text { value, interrupted }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::{Document, Limits};

    #[test]
    fn own_text_is_all_that_stands_directly_in_an_element() {
        let own = |xml: &'static str| {
            let document = Document::parse(xml.into(), &Limits::default()).unwrap();
            document.root().own_text().into_owned()
        };
        assert_eq!(own("<a>one<!-- two --> &lt;three</a>"), "one <three");
        assert_eq!(
            own("<a>1<b>no</b>2<b/><![CDATA[&3]]><b><c>no</c></b>&amp;4</a>"),
            "12&3&4"
        );
        assert_eq!(own("<a><b>no</b></a>"), "");
    }
}
