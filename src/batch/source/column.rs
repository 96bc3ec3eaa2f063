//! The value of a column: a message as it is, or in base64.

use bytes::Bytes;

use crate::crypto::decode_base64;

use super::Body;
use super::carried::carries_saml;

/// The message that a value of a column holds, as it is or in base64, if it has no more than `limit` bytes. No document begins as base64 does, so what can be decoded to one was encoded.
pub fn message(value: Vec<u8>, limit: u32) -> Body {
    let bytes = match decoded(&value) {
        Some(decoded) => decoded,
        None => value,
    };
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= u64::from(limit)) {
        Body::Bytes(Bytes::from(bytes))
    } else {
        Body::TooLong
    }
}

fn decoded(value: &[u8]) -> Option<Vec<u8>> {
    let first = value.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !first.is_ascii_alphanumeric() && !matches!(first, b'+' | b'/') {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let decoded = decode_base64(text).ok()?;
    let begins_as_one = |start: &[u8]| decoded.starts_with(start);
    let is_message = [b"<".as_slice(), b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]
        .into_iter()
        .any(begins_as_one)
        || decoded.trim_ascii_start().starts_with(b"<")
        || is_header(&decoded)
        || is_query(&decoded);
    is_message.then_some(decoded)
}

/// Whether it is a query string, or a URL with one, with a message of SAML in it. What is deflated has other characters.
fn is_query(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    let query = memchr::memchr(b'?', bytes).and_then(|end| bytes.get(end.saturating_add(1)..));
    bytes.iter().all(u8::is_ascii_graphic) && carries_saml(query.unwrap_or(bytes))
}

/// Whether it begins with the header of a message of several parts.
fn is_header(bytes: &[u8]) -> bool {
    let start = bytes.get(..13).unwrap_or_default();
    start.eq_ignore_ascii_case(b"content-type:") || start.eq_ignore_ascii_case(b"mime-version:")
}

/// So many columns are told by their names.
pub(super) const MOST_TOLD: usize = 20;
/// The most characters that are told of a name.
const LONGEST_TOLD: usize = 64;

/// What a file has instead of the column that was asked for: these, and so many others.
pub(super) fn there_are<N: AsRef<str>>(names: impl Iterator<Item = N>, mut others: usize) -> String {
    let mut told = Vec::new();
    for name in names {
        if told.len() < MOST_TOLD {
            let name: String = name.as_ref().chars().take(LONGEST_TOLD).collect();
            told.push(format!("{name:?}"));
        } else {
            others = others.saturating_add(1);
        }
    }
    let told = told.join(", ");
    match others {
        0 if told.is_empty() => "there is none".to_owned(),
        0 => format!("there are {told}"),
        others => format!("there are {told} and {others} others"),
    }
}

/// The most bytes that the value of a message of `limit` bytes may take, escaped or in base64.
pub(super) fn longest(limit: u32) -> usize {
    usize::try_from(limit)
        .unwrap_or(usize::MAX)
        .saturating_mul(2)
        .saturating_add(64 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::encode_base64;

    fn text(value: &str) -> String {
        match message(value.as_bytes().to_vec(), 100) {
            Body::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            other @ (Body::TooLong
            | Body::TooMany(_)
            | Body::File(_)
            | Body::Remote(_)
            | Body::Unreadable(_)) => {
                format!("{other:?}")
            }
        }
    }

    #[test]
    fn what_columns_there_are_is_told_within_bounds() {
        assert_eq!(there_are(["a", "b\n"].iter(), 0), "there are \"a\", \"b\\n\"");
        assert_eq!(there_are([""; 0].iter(), 0), "there is none");
        let many = there_are(std::iter::repeat_n("x".repeat(1_000), 30), 1);
        assert!(many.len() < 1_500 && many.ends_with("and 11 others"), "{many}");
    }

    #[test]
    fn base64_of_a_message_is_decoded_and_nothing_else() {
        assert_eq!(text("<a/>"), "<a/>");
        assert_eq!(text(" <a/>"), " <a/>");
        assert_eq!(text("PGEvPg=="), "<a/>");
        assert_eq!(text("PGEv\nPg=="), "<a/>");
        assert_eq!(text("AAAA"), "AAAA");
        for query in [
            "SAMLRequest=a&Signature=b",
            "RelayState=a&SAMLResponse=b",
            "https://a/?x=1&SAMLRequest=a",
        ] {
            assert_eq!(text(query), query);
            assert_eq!(text(&encode_base64(query.as_bytes())), query);
        }
        for other in ["xSAMLRequest=a", "SAMLRequest=a b", "SAMLRequest=\0"] {
            let encoded = encode_base64(other.as_bytes());
            assert_eq!(text(&encoded), encoded);
        }
        assert_eq!(text("Content-Type: text/xml"), "Content-Type: text/xml");
        assert_eq!(text(&"x".repeat(101)), "TooLong");
    }
}
