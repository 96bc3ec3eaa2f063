use crate::soap::Error;
use crate::soap::ErrorKind;
use crate::soap::media_type::{MediaType, is_name};

use super::canonical;

/// What the header of a part says (RFC 2045 §3).
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Content-Type as written, unfolded.
    pub(super) written_type: String,
    /// The same, taken apart.
    pub(super) media_type: MediaType,
    /// Content-ID without its brackets.
    pub(super) id: Option<String>,
    /// The header in canonical form, line by line; `None` if it has none that all readers would agree on.
    pub(super) canonical: Option<Vec<String>>,
}

/// Fields of one part, at most.
const MOST_FIELDS: usize = 32;
/// The longest Content-ID.
const LONGEST_ID: usize = 256;

impl Head {
    /// Reads the lines before the empty one.
    ///
    /// # Errors
    /// What is no header of printable ASCII in lines that end in CRLF, a field twice, no Content-Type, a Content-ID that is no
    /// `<id>`, a transfer encoding that changes bytes, a part that has parts.
    pub(super) fn read(block: &[u8]) -> Result<Self, Error> {
        let fields = fields(block)?;
        let find = |name: &str| {
            let mut found = fields
                .iter()
                .filter(|(known, _)| known.eq_ignore_ascii_case(name));
            found.next().map(|(_, value)| value.as_str())
        };
        let refused = |why| Error::of_transport(ErrorKind::PartHeader(why));
        let written_type = find("Content-Type").ok_or_else(|| refused("it has no Content-Type"))?;
        let written_type = written_type.trim_matches([' ', '\t']);
        let media_type =
            MediaType::parse(written_type).ok_or_else(|| refused("its Content-Type is malformed"))?;
        if media_type.essence().starts_with("multipart/") || media_type.essence().starts_with("message/") {
            return Err(Error::of_transport(ErrorKind::NestedMultipart));
        }
        if let Some(encoding) = find("Content-Transfer-Encoding") {
            let encoding = encoding.trim_matches([' ', '\t']);
            // Of the others, what is signed and what another reader makes of it may differ.
            if !["binary", "8bit", "7bit"]
                .iter()
                .any(|known| encoding.eq_ignore_ascii_case(known))
            {
                return Err(Error::of_transport(ErrorKind::TransferEncoding(
                    encoding.to_owned(),
                )));
            }
        }
        let id = find("Content-ID").map(|written| {
            let written = written.trim_matches([' ', '\t']);
            let bare = written.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
            let id = bare.filter(|bare| is_id(bare)).map(str::to_owned);
            id.ok_or_else(|| Error::of_transport(ErrorKind::ContentId(written.to_owned(), "it is no <id>")))
        });
        Ok(Self {
            written_type: written_type.to_owned(),
            canonical: canonical::lines(&fields),
            media_type,
            id: id.transpose()?,
        })
    }
}

/// The Content-Type in the header of a message, its lines without the empty one.
///
/// # Errors
/// What is no header of printable ASCII in lines that end in CRLF, a field twice, no Content-Type.
pub fn content_type_of(head: &[u8]) -> Result<String, Error> {
    let missing = || Error::of_transport(ErrorKind::PartHeader("it has no Content-Type"));
    let found = fields(head)?
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("Content-Type"));
    let (_, value) = found.ok_or_else(missing)?;
    Ok(value.trim_matches([' ', '\t']).to_owned())
}

/// The Content-ID that a `start` parameter names, in its brackets or, as some stacks write it, without.
pub(super) fn content_id(written: &str) -> Option<String> {
    let bare = written.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let id = bare.unwrap_or(written);
    is_id(id).then(|| id.to_owned())
}

/// Whether this is a Content-ID: printable, and nothing in it that a reader could take apart.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()\"\\,;%".contains(&byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain)
}

/// The fields, unfolded (RFC 5322 §2.2.3): names as written, values with the white space that stood after the colon.
fn fields(block: &[u8]) -> Result<Vec<(String, String)>, Error> {
    let refused = |why| Error::of_transport(ErrorKind::PartHeader(why));
    let printable = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let text = std::str::from_utf8(block)
        .ok()
        .filter(|text| text.as_bytes().iter().all(printable));
    let text = text.ok_or_else(|| refused("it is not printable ASCII"))?;
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.split("\r\n") {
        if line.contains(['\r', '\n']) {
            return Err(refused("a line ends in CR or LF alone"));
        }
        if line.starts_with([' ', '\t']) {
            if line.trim_matches([' ', '\t']).is_empty() {
                return Err(refused("a folded line is empty"));
            }
            let (_, value) = fields
                .last_mut()
                .ok_or_else(|| refused("it begins with a folded line"))?;
            value.push_str(line);
            continue;
        }
        let (name, value) = line
            .split_once(':')
            .ok_or_else(|| refused("a line has no colon"))?;
        if !is_name(name) {
            return Err(refused("a field has no name"));
        }
        if fields.len() >= MOST_FIELDS || fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(refused("a field stands twice, or there are too many"));
        }
        fields.push((name.to_owned(), value.to_owned()));
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn read(lines: &[&str]) -> Result<Head, &'static str> {
        Head::read(lines.join("\r\n").as_bytes()).map_err(|error| error.code())
    }

    #[test]
    fn type_and_id_are_found_whatever_the_case_of_their_names() {
        let head = read(&[
            "content-TYPE: Image/PNG;",
            "\tname=a",
            "Content-Id: <a@x> ",
            "X-Other: y",
        ])
        .unwrap();
        assert_eq!(head.media_type.essence(), "image/png");
        assert_eq!(head.media_type.parameter("name"), Some("a"));
        assert_eq!(head.id.as_deref(), Some("a@x"));
        assert!(read(&["Content-Type: a/b", "Content-Transfer-Encoding: BINARY"]).is_ok());
    }

    #[test]
    fn what_readers_take_apart_in_different_ways_is_refused() {
        for lines in [
            &["Content-ID: <a>"][..],
            &["Content-Type: a/b", "content-type: c/d"],
            &["Content-Type: a"],
            &["Content-Type : a/b"],
            &[" Content-Type: a/b"],
            &["Content-Type: a/b", " "],
            &["Content-Type: a/b\nContent-ID: <a>"],
            &["Content-Type: a/b", "no colon"],
            &["Content-Type: a/b", ": a"],
            &["Content-Type: a/b", "Content-Description: \u{e9}"],
            &["Content-Type: a/b", "X: \u{1}"],
            &[""],
        ] {
            assert_eq!(read(lines).unwrap_err(), "soap.part_header", "{lines:?}");
        }
        let many: Vec<String> = (0..MOST_FIELDS).map(|number| format!("X{number}: y")).collect();
        let many: Vec<&str> = many
            .iter()
            .map(String::as_str)
            .chain(["Content-Type: a/b"])
            .collect();
        assert_eq!(read(&many).unwrap_err(), "soap.part_header");
    }

    #[test]
    fn encodings_parts_in_parts_and_odd_ids_have_their_codes() {
        for encoding in ["base64", "quoted-printable", "x", ""] {
            let field = format!("Content-Transfer-Encoding: {encoding}");
            assert_eq!(
                read(&["Content-Type: a/b", &field]).unwrap_err(),
                "soap.transfer_encoding"
            );
        }
        for nested in [
            "multipart/mixed; boundary=b",
            "MULTIPART/related",
            "message/rfc822",
        ] {
            let field = format!("Content-Type: {nested}");
            assert_eq!(read(&[&field]).unwrap_err(), "soap.nested_multipart");
        }
        let long = format!("<{}>", "a".repeat(LONGEST_ID + 1));
        for id in [
            "a@x",
            "<a",
            "<>",
            "<a b>",
            "<a%40x>",
            "<a><b>",
            "<<a>>",
            "<a(x)>",
            "<\"a\"@x>",
            &long,
        ] {
            let field = format!("Content-ID: {id}");
            assert_eq!(
                read(&["Content-Type: a/b", &field]).unwrap_err(),
                "soap.content_id",
                "{id}"
            );
        }
    }
}
