//! JSON Lines: an object a line, of which one member is the message.

use std::fmt;
use std::io::{self, BufRead};

use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor};

use super::{Body, Container, Ended, Name, Sink, broken, column};

/// Hands on the message of each line; lines are counted from 1, and empty ones are nothing.
pub(super) fn each(
    input: &mut dyn BufRead,
    container: &Container<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    let most = column::longest(container.reading.limit);
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        let line = line(input, most, &mut bytes)?;
        if number == 1 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        if matches!(line, Line::End) {
            break;
        }
        if bytes.trim_ascii().is_empty() && matches!(line, Line::Whole) {
            continue;
        }
        container.offer('#', Name::Place(number), sink, || match line {
            Line::TooLong => Ok(Body::TooLong),
            Line::Whole | Line::End => {
                let value = member(&bytes, &container.reading.column)?;
                Ok(column::message(value.into_bytes(), container.reading.limit))
            }
        })?;
    }
    Ok(())
}

/// What was read.
#[derive(Clone, Copy)]
pub(super) enum Line {
    Whole,
    /// It was read to its end, and not kept.
    TooLong,
    End,
}

/// The next line, without its end, in `into`.
pub(super) fn line(input: &mut dyn BufRead, most: usize, into: &mut Vec<u8>) -> io::Result<Line> {
    into.clear();
    let mut kind = Line::End;
    loop {
        let held = input.fill_buf()?;
        if held.is_empty() {
            return Ok(kind);
        }
        let end = memchr::memchr(b'\n', held);
        let piece = held.get(..end.unwrap_or(held.len())).unwrap_or_default();
        match kind {
            Line::TooLong => {}
            Line::Whole | Line::End if into.len().saturating_add(piece.len()) > most => {
                into.clear();
                kind = Line::TooLong;
            }
            Line::Whole | Line::End => {
                into.extend_from_slice(piece);
                kind = Line::Whole;
            }
        }
        let used = end.map_or(held.len(), |end| end.saturating_add(1));
        input.consume(used);
        if end.is_some() {
            return Ok(kind);
        }
    }
}

/// The string that the member `name` of the object `json` is.
fn member(json: &[u8], name: &str) -> io::Result<String> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let found = Member(name).deserialize(&mut deserializer);
    let found = found.and_then(|value| deserializer.end().map(|()| value));
    found.map_err(|error| {
        broken(&format!(
            "the line is no JSON object with a text {name:?}: {error}"
        ))
    })
}

struct Member<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = String;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let (mut found, mut names, mut others) = (None, Vec::new(), 0_usize);
        while let Some(key) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            if key != self.0 {
                map.next_value::<IgnoredAny>()?;
                if names.len() < column::MOST_TOLD {
                    names.push(key);
                } else {
                    others = others.saturating_add(1);
                }
            } else if found.replace(map.next_value::<String>()?).is_some() {
                return Err(A::Error::custom("it is there twice"));
            }
        }
        found.ok_or_else(|| {
            let there = column::there_are(names.iter(), others);
            A::Error::custom(format_args!("it is not there; {there}"))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::super::Taken;
    use super::*;

    #[test]
    fn the_member_of_each_line_is_a_message() {
        let lines = concat!(
            "{\"id\": 1, \"message\": \"<a x=\\\"1\\\"/>\", \"more\": [{}]}\n",
            "\r\n",
            "{\"message\": \"PGEvPg==\"}\r\n",
            "{\"other\": 1}\n",
            "{\"message\": 1}\n",
            "{\"message\": \"<a/>\", \"message\": \"<b/>\"}\n",
            "{\"message\": \"12345678901\"}\n",
            "[]",
        );
        let (taken, ended) = Taken::of(10, |container, sink| each(&mut lines.as_bytes(), container, sink));
        assert!(ended.is_ok());
        let told: Vec<_> = taken
            .iter()
            .map(|(path, body)| format!("{path} {}", body.split(':').next().unwrap_or_default()))
            .collect();
        assert_eq!(
            told,
            [
                "c#1 <a x=\"1\"/>",
                "c#3 <a/>",
                "c#4 unreadable",
                "c#5 unreadable",
                "c#6 unreadable",
                "c#7 too long",
                "c#8 unreadable"
            ]
        );
    }

    #[test]
    fn what_members_there_are_instead_is_told() {
        let told = |line: &str| member(line.as_bytes(), "message").unwrap_err().to_string();
        assert!(told("{\"id\":1,\"soap\":\"\"}").contains("it is not there; there are \"id\", \"soap\""));
        assert!(told("{\"message\":[\"<a/>\"]}").contains("invalid type: sequence, expected a string"));
        let many: String = (0..30).map(|number| format!("\"{number}\":0,")).collect();
        assert!(told(&format!("{{{many}\"z\":0}}")).contains("\"19\" and 11 others"));
    }

    #[test]
    fn a_byte_order_mark_may_stand_at_the_start() {
        let lines = "\u{feff}{\"message\": \"<a/>\"}\n\u{feff}{\"message\": \"<b/>\"}";
        let (taken, _) = Taken::of(10, |container, sink| each(&mut lines.as_bytes(), container, sink));
        let is_read: Vec<_> = taken.iter().map(|(_, body)| body == "<a/>").collect();
        assert_eq!(is_read, [true, false]);
    }

    #[test]
    fn a_line_that_never_ends_is_not_kept() {
        let long = "x".repeat(column::longest(10)) + "y\n{\"message\":\"<a/>\"}";
        let (taken, _) = Taken::of(10, |container, sink| each(&mut long.as_bytes(), container, sink));
        let told: Vec<_> = taken
            .iter()
            .map(|(path, body)| format!("{path} {body}"))
            .collect();
        assert_eq!(told, ["c#1 too long", "c#2 <a/>"]);
    }
}
