use memchr::memchr;

/// `json` with U+FFFD for each half of a surrogate pair that stands alone, as in a text that was cut short: readers of JSON need not take
/// one (RFC 8259 §8.2). All else stays at its place.
pub(crate) fn without_lone_surrogates(json: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = memchr(b'\\', rest).and_then(|at| rest.split_at_checked(at)) {
        written.extend_from_slice(before);
        let next = escape.get(6..).unwrap_or_default();
        let (kept, length) = match (half(escape), half(next)) {
            (Some(Half::High), Some(Half::Low)) => (escape, 12),
            (Some(_), _) => (br"\ufffd".as_slice(), 6),
            // What is behind it begins no escape.
            (None, _) => (escape, 2),
        };
        written.extend_from_slice(kept.get(..length).unwrap_or(kept));
        rest = escape.get(length..).unwrap_or_default();
    }
    written.extend_from_slice(rest);
    written
}

/// Of a surrogate pair.
enum Half {
    High,
    Low,
}

/// Which half the escape is that `json` begins with.
fn half(json: &[u8]) -> Option<Half> {
    let digits = json.strip_prefix(br"\u")?.get(..4)?;
    match u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()? {
        0xd800..=0xdbff => Some(Half::High),
        0xdc00..=0xdfff => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_a_whole_one_is_not() {
        for (json, written) in [
            (r#""a\ud83dx""#, r#""a\ufffdx""#),
            (r#""\uDE00""#, r#""\ufffd""#),
            (r#""\ud83d\ud83d\ude00\ude00""#, r#""\ufffd\ud83d\ude00\ufffd""#),
            (r#""\\ud83d\n\"\u00e4""#, r#""\\ud83d\n\"\u00e4""#),
            (r#""\\\ud83d""#, r#""\\\ufffd""#),
            (r"\ud83", r"\ud83"),
            (r"\", r"\"),
            ("", ""),
        ] {
            assert_eq!(
                without_lone_surrogates(json.as_bytes()),
                written.as_bytes(),
                "{json}"
            );
        }
    }
}
