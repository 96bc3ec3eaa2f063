//! A long document taken apart into the like parts that it is made of, so that each can be read by itself.
//!
//! Only tags are looked for. What is not well-formed is found when the parts are read: each is read strictly, and so is what
//! is left without them.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "offsets within the input plus lengths of tokens found there"
)]

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::error::{Error, ErrorKind, Position, Scanned, malformed, refuse};

/// The most groups around a part.
const MAX_DEPTH: usize = 100;

/// A document of parts, in groups that may stand in groups.
#[derive(Clone)]
pub struct Split {
    input: Bytes,
    groups: Vec<Group>,
    parts: Vec<Part>,
}

#[derive(Clone)]
struct Group {
    open: Range<usize>,
    parent: Option<usize>,
}

#[derive(Clone)]
struct Part {
    span: Range<usize>,
    /// The innermost group that it is in; none for the root.
    group: Option<usize>,
}

/// The names of what a document is made of, without prefixes. Namespaces are for whoever reads the parts.
#[derive(Clone, Copy, Debug)]
pub struct SplitNames {
    /// Of the groups.
    pub group: &'static str,
    /// Of the parts.
    pub part: &'static str,
}

impl Split {
    /// Takes `input` apart: its root is a part, or a group of parts and groups. What else stands in a group is no part.
    ///
    /// # Errors
    /// `xml.malformed` where no tags can be told apart; `xml.dtd`; `limit.depth` where groups stand too deep.
    pub fn new(input: Bytes, names: SplitNames) -> Result<Self, Error> {
        match find(&input, names) {
            Ok((groups, parts)) => Ok(Self { input, groups, parts }),
            Err(fault) => Err(Error::new(fault.kind, Position::of(&input, fault.at))),
        }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether part `number` is the root, and not in a group.
    pub fn is_root(&self, number: usize) -> bool {
        self.parts.get(number).is_some_and(|part| part.group.is_none())
    }

    /// Where part `number` stands in the input.
    pub fn span(&self, number: usize) -> Range<usize> {
        self.parts
            .get(number)
            .map(|part| part.span.clone())
            .unwrap_or_default()
    }

    /// The place where part `number` starts.
    pub fn position(&self, number: usize) -> Position {
        Position::of(&self.input, self.span(number).start)
    }

    /// The document with part `number` and no other: the part as it stands, in the tags of its groups.
    pub fn part(&self, number: usize) -> Bytes {
        let Some(part) = self.parts.get(number) else {
            return Bytes::new();
        };
        if part.group.is_none() {
            return self.input.clone();
        }
        let mut opens = Vec::new();
        let mut next = part.group.and_then(|group| self.groups.get(group));
        while let Some(group) = next {
            opens.push(self.at(&group.open));
            next = group.parent.and_then(|parent| self.groups.get(parent));
        }
        let mut written = Vec::with_capacity(part.span.len() + 1024);
        opens
            .iter()
            .rev()
            .for_each(|open| written.extend_from_slice(open));
        written.extend_from_slice(self.at(&part.span));
        for open in opens {
            written.extend_from_slice(b"</");
            written.extend_from_slice(name(open.get(1..).unwrap_or_default()));
            written.push(b'>');
        }
        written.into()
    }

    /// The document with an empty comment for each part, so that nothing comes together that stood apart; one that is a part itself
    /// as it is.
    pub fn rest(&self) -> Bytes {
        if self.groups.is_empty() {
            return self.input.clone();
        }
        let mut rest = Vec::new();
        let mut at = 0;
        for part in &self.parts {
            rest.extend_from_slice(self.at(&(at..part.span.start)));
            rest.extend_from_slice(b"<!---->");
            at = part.span.end;
        }
        rest.extend_from_slice(self.at(&(at..self.input.len())));
        rest.into()
    }

    fn at(&self, range: &Range<usize>) -> &[u8] {
        self.input.get(range.clone()).unwrap_or_default()
    }
}

/// Not the whole input.
impl fmt::Debug for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bytes, parts) = (self.input.len(), self.parts.len());
        f.debug_struct("Split")
            .field("bytes", &bytes)
            .field("parts", &parts)
            .finish()
    }
}

/// A tag.
struct Tag {
    span: Range<usize>,
    kind: TagKind,
}

#[derive(PartialEq)]
enum TagKind {
    Start,
    Empty,
    End,
}

fn find(input: &[u8], names: SplitNames) -> Scanned<(Vec<Group>, Vec<Part>)> {
    let (mut groups, mut parts): (Vec<Group>, Vec<Part>) = (Vec::new(), Vec::new());
    let mut open: Option<usize> = None;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tag) = next(input, at)? {
        at = tag.span.end;
        if tag.kind == TagKind::End {
            open = open
                .and_then(|group| groups.get(group))
                .and_then(|group| group.parent);
            depth = depth.saturating_sub(1);
            continue;
        }
        let local = local(input.get(tag.span.start + 1..).unwrap_or_default());
        if tag.kind == TagKind::Start && local == names.group.as_bytes() {
            depth += 1;
            if depth > MAX_DEPTH {
                let allowed = 100;
                let limit = super::Limit::Depth;
                return refuse(tag.span.start, ErrorKind::Limit { limit, allowed });
            }
            groups.push(Group {
                open: tag.span,
                parent: open,
            });
            open = Some(groups.len() - 1);
            continue;
        }
        let start = tag.span.start;
        at = end_of(input, tag)?;
        if local == names.part.as_bytes() {
            parts.push(Part {
                span: start..at,
                group: open,
            });
        }
    }
    Ok((groups, parts))
}

/// Where the element ends whose start tag is `tag`.
fn end_of(input: &[u8], tag: Tag) -> Scanned<usize> {
    let start = tag.span.start;
    let mut depth = usize::from(tag.kind == TagKind::Start);
    let mut at = tag.span.end;
    while depth > 0 {
        let Some(tag) = next(input, at)? else {
            return malformed(start, "an element has no end");
        };
        at = tag.span.end;
        match tag.kind {
            TagKind::Start => depth += 1,
            TagKind::Empty => {}
            TagKind::End => depth -= 1,
        }
    }
    Ok(at)
}

/// The first tag after `at`; comments, CDATA sections and processing instructions are passed over.
fn next(input: &[u8], mut at: usize) -> Scanned<Option<Tag>> {
    loop {
        let rest = input.get(at..).unwrap_or_default();
        let Some(before) = memchr::memchr(b'<', rest) else {
            return Ok(None);
        };
        let start = at + before;
        let rest = input.get(start..).unwrap_or_default();
        let end_with = |end: &[u8]| match memchr::memmem::find(rest, end) {
            Some(length) => Ok(start + length + end.len()),
            None => malformed(start, "the input ends inside a tag"),
        };
        at = match rest {
            [_, b'/', ..] => {
                return Ok(Some(Tag {
                    span: start..end_with(b">")?,
                    kind: TagKind::End,
                }));
            }
            [_, b'!', b'-', b'-', ..] => end_with(b"-->")?,
            [_, b'!', b'[', ..] => end_with(b"]]>")?,
            [_, b'!', b'D', ..] => return refuse(start, ErrorKind::Doctype),
            [_, b'!', ..] => return malformed(start, "<! starts a comment or a CDATA section"),
            [_, b'?', ..] => end_with(b"?>")?,
            _ => return start_tag(input, start).map(Some),
        };
    }
}

fn start_tag(input: &[u8], start: usize) -> Scanned<Tag> {
    let mut at = start;
    loop {
        let rest = input.get(at..).unwrap_or_default();
        let Some(found) = memchr::memchr3(b'>', b'"', b'\'', rest) else {
            return malformed(start, "the input ends inside a tag");
        };
        let quote = rest.get(found).copied().unwrap_or_default();
        at += found + 1;
        if quote == b'>' {
            let kind = match input.get(at - 2) {
                Some(b'/') => TagKind::Empty,
                _ => TagKind::Start,
            };
            return Ok(Tag {
                span: start..at,
                kind,
            });
        }
        let Some(length) = memchr::memchr(quote, input.get(at..).unwrap_or_default()) else {
            return malformed(start, "an attribute's value has no end");
        };
        at += length + 1;
    }
}

/// The name that `text` begins with.
fn name(text: &[u8]) -> &[u8] {
    let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>');
    let length = text.iter().position(ends).unwrap_or(text.len());
    text.get(..length).unwrap_or_default()
}

/// That name without its prefix.
fn local(text: &[u8]) -> &[u8] {
    let name = name(text);
    let colon = memchr::memchr(b':', name).map_or(0, |colon| colon + 1);
    name.get(colon..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const NAMES: SplitNames = SplitNames {
        group: "g",
        part: "p",
    };

    fn split(text: &str) -> Result<Split, Error> {
        Split::new(text.to_owned().into(), NAMES)
    }

    fn parts(text: &str) -> Vec<String> {
        let split = split(text).unwrap();
        (0..split.len())
            .map(|number| String::from_utf8(split.part(number).to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn each_part_stands_in_the_tags_of_its_groups() {
        let text = "<?xml version='1.0'?><!-- <p/> --><m:g xmlns:m='urn:m' a='>'><x><p/></x><m:p b=\"/>\"><p/><![CDATA[</m:p>]]>\
                    </m:p>\n<m:g c='1' ><p /></m:g><m:g/><?x <p/>?><p>t</p></m:g>\n";
        assert_eq!(
            parts(text),
            [
                "<m:g xmlns:m='urn:m' a='>'><m:p b=\"/>\"><p/><![CDATA[</m:p>]]></m:p></m:g>",
                "<m:g xmlns:m='urn:m' a='>'><m:g c='1' ><p /></m:g></m:g>",
                "<m:g xmlns:m='urn:m' a='>'><p>t</p></m:g>",
            ]
        );
        let split = split(text).unwrap();
        assert_eq!(
            split.rest(),
            "<?xml version='1.0'?><!-- <p/> --><m:g xmlns:m='urn:m' a='>'><x><p/></x><!---->\n<m:g c='1' ><!----></m:g><m:g/><?x <p/>?><!----></m:g>\n"
        );
        assert_eq!(split.position(1).line, 2);
        assert_eq!(
            format!("{split:?}"),
            format!("Split {{ bytes: {}, parts: 3 }}", text.len())
        );
    }

    #[test]
    fn a_document_that_is_a_part_is_that_part() {
        let text = "<?xml version='1.0'?><m:p xmlns:m='urn:m'><p/></m:p>\n";
        assert_eq!(parts(text), [text]);
        assert_eq!(split(text).unwrap().rest(), text);
        assert!(split("<x><p/></x>").unwrap().is_empty());
    }

    #[test]
    fn what_has_no_tags_that_can_be_told_apart_is_refused() {
        for text in [
            "<g><p>",
            "<g><p",
            "<g><p a='",
            "<g><!-- ",
            "<g><![CDATA[",
            "<g><?p",
            "<g><!x>",
            "<g></",
        ] {
            assert_eq!(split(text).unwrap_err().code(), "xml.malformed", "{text}");
        }
        assert_eq!(split("<!DOCTYPE g><g/>").unwrap_err().code(), "xml.dtd");
        let deep = |depth: usize| split(&"<g>".repeat(depth)).map_or_else(|error| error.code(), |_| "split");
        assert_eq!([deep(100), deep(101)], ["split", "limit.depth"]);
        // Only reading can tell that these are nothing.
        assert_eq!(parts("</g><p/></p><p/>").len(), 2);
    }
}
