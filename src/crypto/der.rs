//! A strict, bounded reader of DER (X.690) for what the crypto library does not show us: extensions as they
//! stand, name encodings, both signature algorithms. It never recurses and copies nothing.

use chrono::DateTime;
use chrono::NaiveDate;
use chrono::Utc;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
/// All of a NULL.
pub(crate) const NULL: &[u8] = &[0x05, 0x00];
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// What made bytes no DER; the text says which rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed(pub(crate) &'static str);

pub(crate) type Result<T> = std::result::Result<T, Malformed>;

/// The tag of a context-specific primitive value `[number]`.
pub(crate) const fn context(number: u8) -> u8 {
    0x80 | number
}

/// The tag of a context-specific constructed value `[number]`.
pub(crate) const fn context_constructed(number: u8) -> u8 {
    0xa0 | number
}

/// One value: its tag, its contents, and all its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) contents: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

/// Reads one value after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The contents of the one SEQUENCE that `bytes` is, with nothing after it.
    pub(crate) fn whole_sequence(bytes: &'a [u8]) -> Result<Self> {
        let mut outer = Self::new(bytes);
        let inner = outer.sequence()?;
        outer.finish()?;
        Ok(inner)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next value, if there is one.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value: low tag number, definite length in its shortest form (X.690 §10.1).
    pub(crate) fn element(&mut self) -> Result<Element<'a>> {
        let all = self.rest;
        let [tag, first, ..] = *all else {
            return Err(Malformed("a value is cut off"));
        };
        if tag & 0x1f == 0x1f {
            return Err(Malformed("a tag number above 30"));
        }
        let after_tag = all.get(2..).unwrap_or_default();
        let (length, header) = match first {
            0..=0x7f => (usize::from(first), 2_usize),
            0x81..=0x84 => {
                let count = usize::from(first & 0x7f);
                let digits = after_tag.get(..count).ok_or(Malformed("a length is cut off"))?;
                let length = digits.iter().try_fold(0_usize, |sum, digit| {
                    sum.checked_mul(256)
                        .and_then(|sum| sum.checked_add(usize::from(*digit)))
                });
                let length = length.ok_or(Malformed("a length is too great"))?;
                let shortest = if count == 1 {
                    length >= 0x80
                } else {
                    digits.first() != Some(&0)
                };
                if !shortest {
                    return Err(Malformed("a length is not in its shortest form"));
                }
                (length, count.saturating_add(2))
            }
            _ => return Err(Malformed("an indefinite or oversized length")),
        };
        let end = header
            .checked_add(length)
            .ok_or(Malformed("a length is too great"))?;
        let (bytes, rest) = all.split_at_checked(end).ok_or(Malformed("a value is cut off"))?;
        self.rest = rest;
        Ok(Element {
            tag,
            contents: bytes.get(header..).unwrap_or_default(),
            bytes,
        })
    }

    /// The contents of the next value, which has to carry `tag`.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8]> {
        if self.peek() == Some(tag) {
            Ok(self.element()?.contents)
        } else {
            Err(Malformed("a value of another type than expected"))
        }
    }

    /// The contents of the next value, if it carries `tag`.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>> {
        if self.peek() == Some(tag) {
            Ok(Some(self.element()?.contents))
        } else {
            Ok(None)
        }
    }

    pub(crate) fn sequence(&mut self) -> Result<Self> {
        Ok(Self::new(self.expect(SEQUENCE)?))
    }

    /// BOOLEAN DEFAULT FALSE. An explicit FALSE is not DER but common and unambiguous, so it is read.
    pub(crate) fn boolean_default_false(&mut self, tag: u8) -> Result<bool> {
        match self.optional(tag)? {
            None | Some([0x00]) => Ok(false),
            Some([0xff]) => Ok(true),
            Some(_) => Err(Malformed("a BOOLEAN is neither 00 nor FF")),
        }
    }

    pub(crate) fn integer(&mut self) -> Result<&'a [u8]> {
        let contents = self.expect(INTEGER)?;
        check_integer(contents)?;
        Ok(contents)
    }

    pub(crate) fn oid(&mut self) -> Result<&'a [u8]> {
        let contents = self.expect(OID)?;
        check_oid(contents)?;
        Ok(contents)
    }

    /// A Time of RFC 5280 §4.1.2.5: UTC with seconds, without fraction.
    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>> {
        let element = self.element()?;
        match element.tag {
            UTC_TIME => utc_time(element.contents),
            GENERALIZED_TIME => generalized_time(element.contents),
            _ => Err(Malformed("a value of another type than Time")),
        }
    }

    /// Whether a Time comes next.
    pub(crate) fn at_time(&self) -> bool {
        matches!(self.peek(), Some(UTC_TIME | GENERALIZED_TIME))
    }

    /// Nothing may be left.
    pub(crate) const fn finish(self) -> Result<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Malformed("bytes after the end of a value"))
        }
    }
}

/// The contents of an INTEGER as a small non-negative number.
pub(crate) fn small_integer(contents: &[u8]) -> Result<u32> {
    check_integer(contents)?;
    if is_negative(contents) {
        return Err(Malformed("a negative number"));
    }
    contents
        .iter()
        .try_fold(0_u32, |sum, byte| {
            sum.checked_mul(256)
                .and_then(|sum| sum.checked_add(u32::from(*byte)))
        })
        .ok_or(Malformed("a number is too great"))
}

/// The bits of a named BIT STRING, bit 0 first, up to 16 of them; checks the padding (X.690 §11.2).
pub(crate) fn named_bits(contents: &[u8]) -> Result<u16> {
    let Some((unused, bits)) = contents.split_first() else {
        return Err(Malformed("an empty BIT STRING"));
    };
    if *unused > 7 || (bits.is_empty() && *unused != 0) || bits.len() > 2 {
        return Err(Malformed("a BIT STRING of wrong length"));
    }
    let mask = 1_u8.checked_shl(u32::from(*unused)).unwrap_or(0).wrapping_sub(1);
    if bits.last().is_some_and(|byte| byte & mask != 0) {
        return Err(Malformed("a BIT STRING with padding bits set"));
    }
    let high = bits.first().copied().unwrap_or(0);
    let low = bits.get(1).copied().unwrap_or(0);
    Ok(u16::from_be_bytes([high, low]))
}

/// Checks that `contents` are those of a BIT STRING (X.690 §8.6.2).
pub(crate) fn check_bits(contents: &[u8]) -> Result<()> {
    match contents {
        [0] | [0..=7, _, ..] => Ok(()),
        _ => Err(Malformed("a BIT STRING of wrong length")),
    }
}

/// The contents of an OID in dotted form. Components beyond 64 bits end the text with `?`.
pub(crate) fn dotted(contents: &[u8]) -> String {
    let mut components = Vec::new();
    let mut value = Some(0_u64);
    for byte in contents {
        value = value
            .and_then(|value| value.checked_mul(128))
            .and_then(|value| value.checked_add(u64::from(byte & 0x7f)));
        if byte & 0x80 == 0 {
            match value {
                Some(first) if components.is_empty() => {
                    let root = (first / 40).min(2);
                    components.push(root.to_string());
                    components.push(first.saturating_sub(root.saturating_mul(40)).to_string());
                }
                Some(value) => components.push(value.to_string()),
                None => components.push("?".to_owned()),
            }
            value = Some(0);
        }
    }
    components.join(".")
}

/// The contents of the OID that `text` writes in dotted form.
pub(crate) fn from_dotted(text: &str) -> Option<Vec<u8>> {
    let numbers = text
        .split('.')
        .map(|part| part.parse::<u64>().ok())
        .collect::<Option<Vec<_>>>()?;
    let [root, second, rest @ ..] = numbers.as_slice() else {
        return None;
    };
    if *root > 2 || (*root < 2 && *second >= 40) {
        return None;
    }
    let mut contents = Vec::new();
    push_base128(&mut contents, root.checked_mul(40)?.checked_add(*second)?);
    for number in rest {
        push_base128(&mut contents, *number);
    }
    Some(contents)
}

/// An INTEGER in decimal digits, with a sign if it is negative.
pub(crate) fn decimal(contents: &[u8]) -> String {
    let negative = is_negative(contents);
    // Little-endian groups of nine digits; contents are at most a few dozen bytes long.
    let mut groups: Vec<u64> = vec![0];
    for byte in contents {
        // The magnitude of a negative number is its complement and one.
        let mut carry = u64::from(if negative { !*byte } else { *byte });
        for group in &mut groups {
            let value = group.wrapping_mul(256).wrapping_add(carry); // < 10^9 · 256 + 256
            *group = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut carry = u64::from(negative);
    for group in &mut groups {
        let value = group.wrapping_add(carry);
        *group = value % 1_000_000_000;
        carry = value / 1_000_000_000;
    }
    if carry > 0 {
        groups.push(carry);
    }
    let mut text = String::new();
    if negative {
        text.push('-');
    }
    for (index, group) in groups.iter().rev().enumerate() {
        text.push_str(&if index == 0 {
            group.to_string()
        } else {
            format!("{group:09}")
        });
    }
    text
}

/// Whether the contents of an INTEGER are a negative number.
pub(crate) fn is_negative(contents: &[u8]) -> bool {
    contents.first().is_some_and(|byte| byte & 0x80 != 0)
}

fn push_base128(contents: &mut Vec<u8>, number: u64) {
    let mut shift = 63_u32;
    let mut started = false;
    loop {
        let digit = u8::try_from(number.checked_shr(shift).unwrap_or(0) & 0x7f).unwrap_or(0);
        started |= digit != 0 || shift == 0;
        if started {
            contents.push(if shift == 0 { digit } else { digit | 0x80 });
        }
        let Some(next) = shift.checked_sub(7) else { break };
        shift = next;
    }
}

fn check_integer(contents: &[u8]) -> Result<()> {
    match contents {
        [] => Err(Malformed("an empty INTEGER")),
        [0x00, next, ..] if next & 0x80 == 0 => Err(Malformed("an INTEGER is not in its shortest form")),
        [0xff, next, ..] if next & 0x80 != 0 => Err(Malformed("an INTEGER is not in its shortest form")),
        _ => Ok(()),
    }
}

fn check_oid(contents: &[u8]) -> Result<()> {
    let ends = contents.last().is_some_and(|byte| byte & 0x80 == 0);
    let mut at_start = true;
    for byte in contents {
        if at_start && *byte == 0x80 {
            return Err(Malformed("an OBJECT IDENTIFIER is not in its shortest form"));
        }
        at_start = byte & 0x80 == 0;
    }
    if ends {
        Ok(())
    } else {
        Err(Malformed("an OBJECT IDENTIFIER is cut off"))
    }
}

fn utc_time(contents: &[u8]) -> Result<DateTime<Utc>> {
    let [y1, y2, rest @ ..] = contents else {
        return Err(Malformed("a UTCTime is cut off"));
    };
    let year = two_digits(*y1, *y2)?;
    // RFC 5280 §4.1.2.5.1: 50 and above is the twentieth century.
    let century: u32 = if year >= 50 { 1900 } else { 2000 };
    date_time(century.wrapping_add(year), rest)
}

fn generalized_time(contents: &[u8]) -> Result<DateTime<Utc>> {
    let [y1, y2, y3, y4, rest @ ..] = contents else {
        return Err(Malformed("a GeneralizedTime is cut off"));
    };
    let year = two_digits(*y1, *y2)?
        .wrapping_mul(100)
        .wrapping_add(two_digits(*y3, *y4)?);
    date_time(year, rest)
}

fn date_time(year: u32, rest: &[u8]) -> Result<DateTime<Utc>> {
    let [m1, m2, d1, d2, h1, h2, n1, n2, s1, s2, b'Z'] = rest else {
        return Err(Malformed("a time without seconds, or not in UTC"));
    };
    i32::try_from(year)
        .ok()
        .and_then(|year| {
            let month = two_digits(*m1, *m2).ok()?;
            let day = two_digits(*d1, *d2).ok()?;
            NaiveDate::from_ymd_opt(year, month, day)
        })
        .and_then(|date| {
            let hour = two_digits(*h1, *h2).ok()?;
            let minute = two_digits(*n1, *n2).ok()?;
            date.and_hms_opt(hour, minute, two_digits(*s1, *s2).ok()?)
        })
        .map(|time| time.and_utc())
        .ok_or(Malformed("no such date or time"))
}

fn two_digits(tens: u8, ones: u8) -> Result<u32> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        let value = u32::from(tens & 0x0f)
            .wrapping_mul(10)
            .wrapping_add(u32::from(ones & 0x0f));
        Ok(value)
    } else {
        Err(Malformed("a time with other characters than digits"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]

    use super::*;

    fn reads(bytes: &[u8]) -> bool {
        Reader::new(bytes).element().is_ok()
    }

    #[test]
    fn lengths_have_one_form() {
        assert!(reads(&[0x04, 0x01, 0x00]));
        assert!(!reads(&[0x04, 0x81, 0x01, 0x00]), "long form of a short length");
        assert!(!reads(&[0x30, 0x80, 0x00, 0x00]), "indefinite");
        assert!(!reads(&[0x04, 0x02, 0x00]), "cut off");
        assert!(
            !reads(&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff]),
            "longer than the input"
        );
        assert!(!reads(&[0x04, 0x85, 0, 0, 0, 0, 1, 0]), "five digits");
        assert!(!reads(&[0x1f, 0x01, 0x00]), "high tag number");
        assert!(!reads(&[0x04]));
        let mut long = vec![0x04, 0x82, 0x00, 0x80];
        long.extend([0; 128]);
        assert!(!reads(&long), "leading zero digit");
    }

    #[test]
    fn oids_go_to_dotted_form_and_back() {
        for text in [
            "2.5.4.3",
            "1.2.840.113549.1.9.1",
            "0.9.2342.19200300.100.1.25",
            "2.999.18446744073709551615",
        ] {
            let contents = from_dotted(text).unwrap();
            assert_eq!(dotted(&contents), text);
            assert!(check_oid(&contents).is_ok());
        }
        assert!(check_oid(&[0x55, 0x80, 0x01]).is_err());
        assert!(check_oid(&[0x55, 0x81]).is_err());
        assert!(check_oid(&[]).is_err());
        assert_eq!(from_dotted("1.40"), None);
        assert_eq!(from_dotted("1"), None);
    }

    #[test]
    fn serial_numbers_are_written_in_decimal() {
        assert_eq!(decimal(&[0]), "0");
        assert_eq!(decimal(&[0x00, 0xff]), "255");
        assert_eq!(decimal(&[0x3b, 0x9a, 0xca, 0x00]), "1000000000");
        let long = openssl::bn::BigNum::from_slice(&[0x7f; 20]).unwrap();
        assert_eq!(decimal(&[0x7f; 20]), long.to_dec_str().unwrap().to_string());
        assert_eq!(decimal(&[0xff]), "-1");
        assert_eq!(decimal(&[0x80, 0x00]), "-32768");
        assert_eq!(decimal(&[0xc4, 0x65, 0x36, 0x00]), "-1000000000");
    }

    #[test]
    fn times_are_utc_with_seconds() {
        let utc = |text: &str| utc_time(text.as_bytes()).map(|time| time.to_rfc3339());
        assert_eq!(utc("491231235959Z").unwrap(), "2049-12-31T23:59:59+00:00");
        assert_eq!(utc("500101000000Z").unwrap(), "1950-01-01T00:00:00+00:00");
        for wrong in [
            "4912312359Z",
            "491231235959+0100",
            "491331235959Z",
            "491231236059Z",
            "49123123595 Z",
            "",
        ] {
            assert!(utc(wrong).is_err(), "{wrong}");
        }
        let general = |text: &str| generalized_time(text.as_bytes()).map(|time| time.to_rfc3339());
        assert_eq!(general("99991231235959Z").unwrap(), "9999-12-31T23:59:59+00:00");
        assert!(general("20200101000000.5Z").is_err());
    }

    #[test]
    fn bit_strings_have_clean_padding() {
        assert_eq!(named_bits(&[0x07, 0x80]), Ok(0x8000));
        assert_eq!(named_bits(&[0x00]), Ok(0));
        assert!(named_bits(&[0x07, 0x81]).is_err());
        assert!(named_bits(&[0x08, 0x00]).is_err());
        assert!(named_bits(&[]).is_err());
    }
}
