//! HAR, as browsers and proxies record HTTP: of each entry what the request and the response carried.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, Read};

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::carried::{self, Carried};
use super::{Container, Ended, Name, PassedOver, Sink, broken, column};
use crate::crypto::decode_base64;
use crate::har::{Content, Entry, PostData, Told};

/// Hands on the messages of each entry; entries are counted from 1.
pub(super) fn each(
    input: &mut dyn BufRead,
    container: &Container<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    // An entry has two bodies and what surrounds them.
    let most = column::longest(container.reading.limit).saturating_mul(3);
    let left = Cell::new(most);
    let mut reading = Entries {
        container,
        sink,
        left: &left,
        most,
        ended: None,
    };
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    let mut deserializer = serde_json::Deserializer::from_reader(Limited { input, left: &left });
    let read = Object(&["log", "entries"], &mut reading).deserialize(&mut deserializer);
    let read = read.and_then(|()| deserializer.end());
    if let Some(ended) = reading.ended {
        return Err(ended);
    }
    read.map_err(|error| broken(&format!("it is no HAR: {error}")).into())
}

/// Reads no more than is left for an entry.
struct Limited<'i> {
    input: &'i mut dyn BufRead,
    left: &'i Cell<usize>,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        match self.left.get().checked_sub(count) {
            Some(left) => self.left.set(left),
            None => return Err(broken("an entry is too long")),
        }
        Ok(count)
    }
}

struct Entries<'e, 'c> {
    container: &'e Container<'c>,
    sink: &'e mut dyn Sink,
    left: &'e Cell<usize>,
    most: usize,
    ended: Option<Ended>,
}

impl Entries<'_, '_> {
    fn offer(&mut self, number: u64, entry: Told<Entry<String>>) -> Result<(), Ended> {
        let (request, response) = match entry {
            // Only what cannot be read of an entry is told, and the others are read.
            Told::Nothing | Told::Odd => (Told::Odd, Told::Nothing),
            Told::Value(entry) => {
                let request = match entry.request {
                    Told::Nothing | Told::Odd => Told::Odd,
                    Told::Value(request) => request.post_data.map(Recorded::from),
                };
                let response = entry.response.and_then(|response| response.content);
                (request, response.map(Recorded::from))
            }
        };
        let limit = self.container.reading.limit;
        for (part, body) in [("request", request), ("response", response)] {
            let carried = match body {
                Told::Nothing => Carried::Nothing,
                Told::Odd => Carried::Message(Err(broken("the entry is not as HAR has it"))),
                Told::Value(body) => body.carried(limit),
            };
            match carried {
                Carried::Message(message) => {
                    let name = Name::Part(number, part);
                    self.container.offer('#', name, self.sink, || message)?;
                }
                Carried::Other => self.sink.passed_over(PassedOver::OtherContent),
                Carried::Nothing => {}
            }
        }
        Ok(())
    }
}

/// The value that these names lead to, each once; what is beside them is passed over.
struct Object<'o, 'e, 'c>(&'o [&'static str], &'o mut Entries<'e, 'c>);

impl<'de> DeserializeSeed<'de> for Object<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.0.is_empty() {
            deserializer.deserialize_seq(self)
        } else {
            deserializer.deserialize_map(self)
        }
    }
}

impl<'de> Visitor<'de> for Object<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("a list of entries"),
            [name, ..] => write!(f, "an object with one {name:?}"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self([wanted, inner @ ..], entries) = self else {
            return Ok(());
        };
        let mut found = Found::No;
        while let Some(key) = map.next_key::<String>()? {
            if key != *wanted {
                map.next_value::<IgnoredAny>()?;
            } else if found == Found::Yes {
                return Err(serde::de::Error::custom(format!("{wanted:?} is there twice")));
            } else {
                map.next_value_seed(Object(inner, entries))?;
                found = Found::Yes;
            }
        }
        match found {
            Found::Yes => Ok(()),
            Found::No => Err(serde::de::Error::custom(format!("{wanted:?} is not there"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let entries = self.1;
        let mut number = 0_u64;
        while let Some(entry) = list.next_element()? {
            number = number.saturating_add(1);
            entries.left.set(entries.most);
            if let Err(ended) = entries.offer(number, entry) {
                entries.ended = Some(ended);
                return Err(serde::de::Error::custom("it was not read on"));
            }
        }
        Ok(())
    }
}

#[derive(PartialEq)]
enum Found {
    Yes,
    No,
}

/// A body as it was recorded.
struct Recorded {
    mime_type: Told<String>,
    text: Told<String>,
    encoding: Told<String>,
}

impl From<Content<String>> for Recorded {
    fn from(content: Content<String>) -> Self {
        Self {
            mime_type: content.mime_type,
            text: content.text,
            encoding: content.encoding,
        }
    }
}

impl From<PostData> for Recorded {
    fn from(mut post: PostData) -> Self {
        let (text, encoding) = match (post.has_text(), post.form_of_params()) {
            (false, Told::Value(form)) => (Told::Value(form), Told::Nothing),
            (false, Told::Odd) => (Told::Odd, Told::Nothing),
            (true, _) | (false, Told::Nothing) => (post.text, post.encoding),
        };
        Self {
            mime_type: post.mime_type,
            text,
            encoding,
        }
    }
}

impl Recorded {
    /// What it is.
    fn carried(self, limit: u32) -> Carried {
        let mime_type = self.mime_type.value();
        let mime_type = mime_type.as_deref();
        match bytes(self.text, self.encoding) {
            Ok(bytes) => carried::message(mime_type, None, bytes, limit),
            Err(error) if carried::may_be_message(mime_type) => Carried::Message(Err(error)),
            Err(_) => Carried::Other,
        }
    }
}

/// The body, as it was sent.
fn bytes(text: Told<String>, encoding: Told<String>) -> io::Result<Vec<u8>> {
    let text = match text {
        Told::Nothing => return Ok(Vec::new()),
        Told::Odd => return Err(broken("the body is no text")),
        Told::Value(text) => text,
    };
    match encoding {
        Told::Nothing => Ok(text.into_bytes()),
        Told::Value(name) if name.is_empty() => Ok(text.into_bytes()),
        Told::Value(name) if name == "base64" => {
            decode_base64(&text).map_err(|_| broken("the body is no base64"))
        }
        Told::Value(_) | Told::Odd => Err(broken("the body is in an encoding other than base64")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Taken;
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let (taken, ended) = Taken::of(30, |container, sink| each(&mut text.as_bytes(), container, sink));
        let mut told: Vec<String> = taken
            .into_iter()
            .map(|(path, body)| format!("{path} {body}"))
            .collect();
        told.extend(match ended {
            Err(Ended::Broken(error)) => Some(error.to_string().chars().take(14).collect()),
            _ => None,
        });
        told
    }

    #[test]
    fn requests_and_responses_of_entries_are_messages_if_they_are_xml() {
        let text = r#"{"log": {"version": "1.2", "entries": [
            {"request": {"method": "POST", "postData": {"mimeType": "text/xml", "text": "<a/>"}},
             "response": {"content": {"mimeType": "application/soap+xml", "encoding": "base64", "text": "PGIvPg=="}}},
            {"request": {"method": "GET"}, "response": {"content": {"mimeType": "text/html", "text": "<html>"}}},
            {"request": {"postData": {"mimeType": "application/x-www-form-urlencoded", "text": "SAMLResponse=PH"}}},
            {"request": {"postData": {"mimeType": "text/xml", "text": "<aaaaaaaaaaaaaaaaaaaaaaaaaaaaa/>"}},
             "response": {"content": {"mimeType": "text/xml", "encoding": "base64", "text": "?"}}}
        ]}}"#;
        assert_eq!(
            told(text),
            [
                "c#1.request <a/>",
                "c#1.response <b/>",
                "c#3.request SAMLResponse=PH",
                "c#4.request too long",
                "c#4.response unreadable: the body is no base64"
            ]
        );
    }

    #[test]
    fn bodies_that_are_no_messages_are_counted() {
        let text = r#"{"log": {"entries": [
            {"request": {"method": "GET"}, "response": {"content": {"mimeType": "text/html", "text": "<html>"}}},
            {"request": {"postData": {"mimeType": "image/png", "text": 1}}, "response": {"content": {"mimeType": "text/html", "text": ""}}},
            {"request": {"postData": {"mimeType": "application/x-www-form-urlencoded", "text": "x=1"}}},
            {"request": {"postData": {"mimeType": "text/xml", "text": "<a/>"}}}
        ]}}"#;
        let (taken, _) =
            Taken::with_passed_over(30, |container, sink| each(&mut text.as_bytes(), container, sink));
        assert_eq!((taken.0.len(), taken.1), (1, vec!["other_content"; 3]));
    }

    #[test]
    fn a_form_may_be_given_by_its_fields_alone() {
        let form = r#"{"log": {"entries": [
            {"request": {"postData": {"mimeType": "application/x-www-form-urlencoded", "text": "",
                "params": [{"name": "SAMLResponse", "value": "PH+/ "}, {"name": "a"}]}}},
            {"request": {"postData": {"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "x", "value": "y"}]}}}
        ]}}"#;
        let read = ["c#1.request SAMLResponse=PH%2B%2F%20&a="];
        assert_eq!(told(form), read);
        assert_eq!(told(&format!("\u{feff}{form}")), read);
    }

    #[test]
    fn an_odd_entry_is_told_and_the_others_are_read() {
        let good = r#"{"request": {"postData": {"mimeType": "text/xml", "text": "<a/>", "params": null}}, "response": null}"#;
        let odd = "unreadable: the entry is not as HAR has it";
        for (entry, expected) in [
            ("{}", vec![format!("c#1.request {odd}")]),
            ("7", vec![format!("c#1.request {odd}")]),
            (r#"{"request": ["x"]}"#, vec![format!("c#1.request {odd}")]),
            (
                r#"{"request": {"postData": "x"}}"#,
                vec![format!("c#1.request {odd}")],
            ),
            (
                r#"{"request": {}, "response": {"content": []}}"#,
                vec![format!("c#1.response {odd}")],
            ),
            (
                r#"{"request": {}, "response": {"content": {"text": 1}}}"#,
                vec!["c#1.response unreadable: the body is no text".to_owned()],
            ),
            (
                r#"{"request": {"postData": null}, "response": {"content": {"mimeType": "image/png", "text": 1}}}"#,
                vec![],
            ),
        ] {
            let all = told(&format!(r#"{{"log": {{"entries": [{entry}, {good}]}}}}"#));
            let expected: Vec<String> = expected
                .into_iter()
                .chain(["c#2.request <a/>".to_owned()])
                .collect();
            assert_eq!(all, expected, "{entry}");
        }
    }

    #[test]
    fn a_body_in_an_unknown_encoding_is_not_read_as_it_stands() {
        let of = |mime_type: &str, encoding: &str| {
            told(&format!(
                r#"{{"log": {{"entries": [{{"request": {{}}, "response": {{"content": {{"mimeType": "{mime_type}", "encoding": "{encoding}", "text": "<a/>"}}}}}}]}}}}"#
            ))
        };
        assert_eq!(
            of("text/xml", "quoted-printable"),
            ["c#1.response unreadable: the body is in an encoding other than base64"]
        );
        assert_eq!(of("text/xml", ""), ["c#1.response <a/>"]);
        assert_eq!(of("image/png", "base64"), [""; 0]);
    }

    #[test]
    fn what_is_no_recording_is_an_error() {
        for text in ["", "[]", "{}", "{\"log\": {}}", "{\"log\": {\"entries\": {}}}"] {
            assert_eq!(told(text), ["it is no HAR: "[..14].to_owned()], "{text}");
        }
        let twice = r#"{"log": {"entries": [], "entries": []}}"#;
        assert_eq!(told(twice).len(), 1);
        // What never ends is not kept.
        let long = format!("{{\"log\": {{\"entries\": [{{\"x\": \"{}\"", "x".repeat(1 << 20));
        assert_eq!(told(&long).len(), 1);
    }
}
