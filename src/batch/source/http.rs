//! HTTP as it was written down: requests and responses one after the other, with lines `From …` between them as in an mbox or without.

use std::io::{self, BufRead};

use super::carried::{self, Carried};
use super::json_lines::{Line, line};
use super::{Container, Ended, Name, PassedOver, Sink, broken};

/// The longest line of a header, and the most lines.
const MAX_LINE: usize = 64 << 10;
const MAX_LINES: usize = 1_000;

/// Hands on the body of each that carries a message. All are counted from 1, also those that carry none.
pub(super) fn each(
    input: &mut dyn BufRead,
    container: &Container<'_>,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    let limit = container.reading.limit;
    let mut bytes = Vec::new();
    for number in 1_u64.. {
        let Some(head) = Head::read(input, &mut bytes)? else {
            break;
        };
        let body = head.body(input, limit)?;
        let (media_type, encoding) = (head.content_type.as_deref(), head.content_encoding.as_deref());
        match carried::message(media_type, encoding, body, limit) {
            Carried::Message(body) => container.offer('#', Name::Place(number), sink, || body)?,
            Carried::Other => sink.passed_over(PassedOver::OtherContent),
            Carried::Nothing => {}
        }
    }
    Ok(())
}

/// What a header says of the body.
struct Head {
    length: Length,
    content_type: Option<String>,
    content_encoding: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Length {
    None,
    Octets(u64),
    Chunked,
    /// It goes on until the next line `From …`, or the end.
    Open,
}

impl Head {
    /// The next header, if there is one.
    fn read(input: &mut dyn BufRead, bytes: &mut Vec<u8>) -> io::Result<Option<Self>> {
        let start = loop {
            let Some(start) = header_line(input, bytes)? else {
                return Ok(None);
            };
            if !start.is_empty() && !start.starts_with("From ") {
                break start.to_owned();
            }
        };
        let is_response = start.starts_with("HTTP/");
        if !is_response && !start.ends_with(" HTTP/1.1") && !start.ends_with(" HTTP/1.0") {
            return Err(broken("neither a request nor a response of HTTP begins here"));
        }
        let mut parts = start.split(' ');
        let status = parts.nth(1).unwrap_or_default();
        let is_status = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
        let has_three_parts = !status.is_empty() && parts.count() == 1;
        if !(if is_response { is_status } else { has_three_parts }) {
            return Err(broken(
                "the first line of a header of HTTP can be read in two ways",
            ));
        }
        let is_empty = !is_response || status.starts_with('1') || matches!(status, "204" | "304");
        let mut head = Self {
            length: if is_empty { Length::None } else { Length::Open },
            content_type: None,
            content_encoding: None,
        };
        let mut framed = None;
        for _ in 0..MAX_LINES {
            let Some(field) = header_line(input, bytes)? else {
                return Err(broken("a header of HTTP has no end"));
            };
            if field.is_empty() {
                head.length = framed.unwrap_or(head.length);
                return Ok(Some(head));
            }
            let (name, value) = field
                .split_once(':')
                .ok_or_else(|| broken("a line of a header of HTTP has no name"))?;
            let value = value.trim();
            let length = match name.to_ascii_lowercase().as_str() {
                "content-length" => Length::Octets(
                    Some(value)
                        .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
                        .and_then(|value| value.parse().ok())
                        .ok_or_else(|| broken("a Content-Length that is no number"))?,
                ),
                "transfer-encoding" if value.eq_ignore_ascii_case("chunked") => Length::Chunked,
                "transfer-encoding" => return Err(broken("a Transfer-Encoding other than chunked")),
                "content-type" => {
                    only(&mut head.content_type, value)?;
                    continue;
                }
                "content-encoding" => {
                    only(&mut head.content_encoding, value)?;
                    continue;
                }
                _ => continue,
            };
            // Where readers may differ on where a message ends, they read others.
            if framed.replace(length).is_some_and(|before| before != length) {
                return Err(broken("a header of HTTP gives two lengths"));
            }
        }
        Err(broken("a header of HTTP is too long"))
    }

    /// The body; behind `limit` bytes it is cut off, and read to its end.
    fn body(&self, input: &mut dyn BufRead, limit: u32) -> io::Result<Vec<u8>> {
        let mut kept = Kept {
            bytes: Vec::new(),
            most: usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1),
        };
        match self.length {
            Length::None => {}
            Length::Octets(count) => kept.read(input, count)?,
            Length::Chunked => kept.chunks(input)?,
            Length::Open => kept.until_from(input)?,
        }
        Ok(kept.bytes)
    }
}

/// Keeps a value that does not differ from one that was there.
fn only(kept: &mut Option<String>, value: &str) -> io::Result<()> {
    match kept.replace(value.to_owned()) {
        Some(before) if before != value => Err(broken(
            "a header of HTTP gives two types or encodings of its body",
        )),
        Some(_) | None => Ok(()),
    }
}

struct Kept {
    bytes: Vec<u8>,
    most: usize,
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let room = self.most.saturating_sub(self.bytes.len());
        self.bytes.extend(bytes.iter().take(room));
    }

    fn read(&mut self, input: &mut dyn BufRead, count: u64) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let held = input.fill_buf()?;
            if held.is_empty() {
                return Err(broken("a body of HTTP is cut off"));
            }
            let piece = held.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.add(held.get(..piece).unwrap_or_default());
            input.consume(piece);
            left = left.saturating_sub(u64::try_from(piece).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn chunks(&mut self, input: &mut dyn BufRead) -> io::Result<()> {
        let mut bytes = Vec::new();
        let damaged = || broken("a chunk of a body of HTTP is damaged");
        loop {
            let size = header_line(input, &mut bytes)?.ok_or_else(damaged)?;
            let digits = size.split(';').next().unwrap_or_default().trim();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(damaged());
            }
            let size = u64::from_str_radix(digits, 16).map_err(|_| damaged())?;
            self.read(input, size)?;
            if size == 0 {
                break;
            }
            if header_line(input, &mut bytes)? != Some("") {
                return Err(damaged());
            }
        }
        // Trailers.
        for _ in 0..MAX_LINES {
            if header_line(input, &mut bytes)?.is_none_or(str::is_empty) {
                return Ok(());
            }
        }
        Err(damaged())
    }

    fn until_from(&mut self, input: &mut dyn BufRead) -> io::Result<()> {
        let mut is_line_start = true;
        loop {
            let held = input.fill_buf()?;
            if held.is_empty() || (is_line_start && held.starts_with(b"From ")) {
                return Ok(());
            }
            let end = memchr::memchr(b'\n', held);
            let piece = end.map_or(held.len(), |end| end.saturating_add(1));
            self.add(held.get(..piece).unwrap_or_default());
            input.consume(piece);
            is_line_start = end.is_some();
        }
    }
}

/// The next line without its end; none behind the last.
fn header_line<'b>(input: &mut dyn BufRead, bytes: &'b mut Vec<u8>) -> io::Result<Option<&'b str>> {
    match line(input, MAX_LINE, bytes)? {
        Line::End => Ok(None),
        Line::TooLong => Err(broken("a line of a header of HTTP is too long")),
        Line::Whole => {
            let text = bytes.strip_suffix(b"\r").unwrap_or(bytes);
            let text =
                std::str::from_utf8(text).map_err(|_| broken("a line of a header of HTTP is no text"))?;
            Ok(Some(text))
        }
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
            Err(Ended::Broken(error)) => Some(error.to_string()),
            _ => None,
        });
        told
    }

    #[test]
    fn requests_and_responses_are_read_one_after_the_other() {
        let text = concat!(
            "From gate Mon Nov 23 2026\n",
            "POST /orders HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/soap+xml\r\n\r\n",
            "3;x=y\r\n<b>\r\n4\r\n</b>\r\n0\r\nTrailer: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            "HTTP/1.1 304 Not Modified\r\nContent-Type: text/xml\r\n\r\n",
            "HTTP/1.1 200 OK\nContent-Type: text/xml\n\n<c>\n From </c>\nFrom gate Mon Nov 23 2026\n",
            "POST /acs HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 19\r\n\r\nx=1&SAMLResponse=PH",
            "POST /acs HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\nx=1",
            "POST / HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: 31\r\n\r\n<aaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",
            "POST / HTTP/1.0\r\nContent-Length: 4\r\n\r\n<d/>",
        );
        assert_eq!(
            told(text),
            [
                "c#1 <a/>",
                "c#2 <b></b>",
                "c#6 <c>\n From </c>\n",
                "c#7 x=1&SAMLResponse=PH",
                "c#9 too long",
                "c#10 <d/>"
            ]
        );
    }

    #[test]
    fn bodies_that_are_no_messages_are_counted() {
        let text = concat!(
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
            "POST / HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>",
            "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\ntext",
        );
        let (taken, _) =
            Taken::with_passed_over(30, |container, sink| each(&mut text.as_bytes(), container, sink));
        assert_eq!((taken.0.len(), taken.1), (1, vec!["other_content"; 2]));
    }

    #[test]
    fn what_can_be_read_in_two_ways_ends_the_file() {
        let post = |fields: &str| {
            told(&format!(
                "POST / HTTP/1.1\r\nContent-Type: text/xml\r\n{fields}\r\n\r\n<a/>"
            ))
        };
        assert_eq!(post("Content-Length: 4"), ["c#1 <a/>"]);
        assert_eq!(post("Content-Length: 4\r\ncontent-length: 4"), ["c#1 <a/>"]);
        let lengths = ["a header of HTTP gives two lengths"];
        assert_eq!(post("Content-Length: 4\r\nContent-Length: 3"), lengths);
        assert_eq!(post("Content-Length: 4\r\nTransfer-Encoding: chunked"), lengths);
        for length in ["+x", "+4", "", "4, 4"] {
            assert_eq!(
                post(&format!("Content-Length: {length}")),
                ["a Content-Length that is no number"]
            );
        }
        let types = ["a header of HTTP gives two types or encodings of its body"];
        assert_eq!(post("Content-Length: 4\r\nContent-Type: text/plain"), types);
        assert_eq!(
            post("Content-Encoding: gzip\r\nContent-Length: 4\r\nContent-Encoding: identity"),
            types
        );
        assert_eq!(post("Content-Length: 4\r\ncontent-type: text/xml"), ["c#1 <a/>"]);
        for start in [
            "POST  / HTTP/1.1",
            "POST /  HTTP/1.1",
            "POST / x HTTP/1.1",
            "POST HTTP/1.1",
            "HTTP/1.1  200 OK",
            "HTTP/1.1 20 OK",
        ] {
            assert_eq!(
                told(&format!(
                    "{start}\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>"
                )),
                ["the first line of a header of HTTP can be read in two ways"],
                "{start}"
            );
        }
        assert_eq!(post("Content-Length: 5"), ["a body of HTTP is cut off"]);
        assert_eq!(
            post("Transfer-Encoding: gzip"),
            ["a Transfer-Encoding other than chunked"]
        );
        assert_eq!(
            post("Transfer-Encoding: chunked"),
            ["a chunk of a body of HTTP is damaged"]
        );
        assert_eq!(post("Content-Encoding: br\r\nContent-Length: 4").len(), 1);
        assert_eq!(
            told("<a/>"),
            ["neither a request nor a response of HTTP begins here"]
        );
        assert_eq!(
            told("GET / HTTP/1.1\r\nHost"),
            ["a line of a header of HTTP has no name"]
        );
        assert_eq!(told("GET / HTTP/1.1\r\n"), ["a header of HTTP has no end"]);
        assert_eq!(told(""), [""; 0]);
    }
}
