//! The canonical form of a part (SwA Profile 1.1 §5.4): what a signature over it is about.

use crate::soap::media_type::MediaType;

/// The fields that are part of what Attachment-Complete signs, in the order in which they are.
const SIGNED: [&str; 5] = [
    "Content-Description",
    "Content-Disposition",
    "Content-ID",
    "Content-Location",
    "Content-Type",
];

/// The header in canonical form, a line each without its end. `None` where the profile lets two readers differ: with comments,
/// encoded words (RFC 2047), also where they may not stand, encoded parameters (RFC 2231), or a backslash or quotes in quotes.
pub(super) fn lines(fields: &[(String, String)]) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for name in SIGNED {
        let Some((_, value)) = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) else {
            continue;
        };
        if value.contains("=?") {
            return None;
        }
        let value = match name {
            // White space counts here, but for that at the end.
            "Content-Description" => value.trim_end_matches([' ', '\t']).to_owned(),
            "Content-Disposition" | "Content-Type" => with_parameters(value)?,
            _ => unquoted(value)?,
        };
        lines.push(format!("{name}:{value}"));
    }
    Some(lines)
}

/// A value without parameters: white space does not count.
fn unquoted(value: &str) -> Option<String> {
    let kept = value.replace([' ', '\t'], "");
    (!kept.contains(['(', ')', '"', '\\'])).then_some(kept)
}

/// A value with parameters: what is written in any case is in lower case, and parameters are sorted and quoted.
fn with_parameters(value: &str) -> Option<String> {
    // A disposition is read as the media types are, which have a slash more.
    let value = value.trim_matches([' ', '\t']);
    let (essence, rest) = value.split_at_checked(value.find(';').unwrap_or(value.len()))?;
    let media_type = if essence.contains('/') {
        MediaType::parse_in_one_way(value)?
    } else {
        MediaType::parse_in_one_way(&format!("x/{essence}{rest}"))?
    };
    let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
    let mut parameters: Vec<&(String, String)> = media_type.parameters().iter().collect();
    parameters.sort();
    let mut line = essence;
    for (name, value) in parameters {
        if value.contains(['"', '\\']) {
            return None;
        }
        let value = match name.as_str() {
            "charset" | "type" => value.to_ascii_lowercase(),
            _ => value.clone(),
        };
        line.push_str(&format!(";{name}=\"{value}\""));
    }
    Some(line)
}

/// Text in which every line ends in CRLF, whatever it ended in (RFC 2049 §4; S/MIME, RFC 8551 §3.1.1), piece by piece.
#[derive(Debug, Default)]
pub(super) struct LineEnds {
    /// The last octet was CR, and its CRLF has been given.
    after_cr: bool,
}

impl LineEnds {
    /// The next octets, with their ends of lines.
    pub(super) fn convert(&mut self, octets: &[u8]) -> Vec<u8> {
        let mut converted = Vec::with_capacity(octets.len().saturating_add(octets.len() / 16));
        for octet in octets {
            match octet {
                b'\n' if self.after_cr => {}
                b'\r' | b'\n' => converted.extend_from_slice(b"\r\n"),
                _ => converted.push(*octet),
            }
            self.after_cr = *octet == b'\r';
        }
        converted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(fields: &[(&str, &str)]) -> Option<String> {
        let owned = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        lines(&owned.collect::<Vec<_>>()).map(|lines| lines.join("\n"))
    }

    #[test]
    fn fields_are_sorted_and_written_in_one_way() {
        let fields = [
            (
                "content-type",
                " Text/Plain;\tName=\"A b\"; CHARSET=UTF-8 ; format=flowed",
            ),
            ("Content-Id", "  <a@x>"),
            ("CONTENT-DISPOSITION", " Attachment ; filename=\"A.txt\" "),
            ("Content-Description", "  An  order \t"),
            ("Content-Location", " http://x/ a"),
            ("X-Other", "y"),
            ("Content-Transfer-Encoding", "binary"),
        ];
        let lines = [
            "Content-Description:  An  order",
            "Content-Disposition:attachment;filename=\"A.txt\"",
            "Content-ID:<a@x>",
            "Content-Location:http://x/a",
            "Content-Type:text/plain;charset=\"utf-8\";format=\"flowed\";name=\"A b\"",
        ];
        assert_eq!(canonical(&fields).as_deref(), Some(lines.join("\n").as_str()));
    }

    #[test]
    fn what_readers_would_write_in_different_ways_has_no_form() {
        for field in [
            ("Content-Type", "text/plain (a comment)"),
            ("Content-Type", "text/plain; name=\"a\\\"b\""),
            ("Content-Type", "image/png; name=\"scan\\.png\""),
            ("Content-Disposition", "attachment; filename=\"\\note 1.txt\""),
            ("Content-Disposition", "attachment; filename*=UTF-8''a"),
            (
                "Content-Disposition",
                "attachment; filename=\"=?utf-8?q?a.exe?=\"",
            ),
            ("Content-Disposition", "attachment; filename==?utf-8?q?a.exe?="),
            ("Content-Type", "image/png; name=\"=?utf-8?q?a.exe?=\""),
            ("Content-Location", " =?utf-8?q?a?="),
            ("Content-Description", " =?utf-8?q?a?="),
            ("Content-ID", " <a(b)@x>"),
        ] {
            assert_eq!(canonical(&[field]), None, "{field:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn lines_end_in_crlf_however_the_text_comes(text in "[ab\r\n]{0,24}", cut in 0_usize..24) {
            let whole = LineEnds::default().convert(text.as_bytes());
            let (first, second) = text.split_at(cut.min(text.len()));
            let mut pieces = LineEnds::default();
            let joined = [pieces.convert(first.as_bytes()), pieces.convert(second.as_bytes())].concat();
            proptest::prop_assert_eq!(&joined, &whole);
            let expected = text.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
            proptest::prop_assert_eq!(whole, expected.into_bytes());
        }
    }
}
