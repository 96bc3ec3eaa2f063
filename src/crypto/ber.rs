//! BER (X.690 §8) made to DER, for files whose writers do not know how long a value will be. Bounded, and without recursion.

use zeroize::Zeroizing;

use super::der::Malformed;
use super::der::OCTET_STRING;
use super::der::Reader;
use super::der::Result;

/// The most values in values.
const MAX_DEPTH: usize = 64;
/// Of a tag: the contents are values themselves.
const CONSTRUCTED: u8 = 0x20;

/// The first value of `ber`, with every length definite and in its shortest form, and OCTET STRINGs in one piece. What comes after it is not looked at.
pub(super) fn to_der(ber: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0_usize;
    loop {
        let most = open.last().map_or(ber.len(), |inner| inner.most);
        let value = if open.last().is_some_and(|inner| inner.end == Some(at)) {
            open.pop().map(Open::close).transpose()?
        } else {
            let bytes = ber.get(at..most).unwrap_or_default();
            let Header { tag, size, length } = Header::of(bytes)?;
            at = at.saturating_add(size);
            let end = length.map(|length| at.saturating_add(length));
            if end.is_some_and(|end| end > most) {
                return Err(Malformed("a value is cut off"));
            }
            match (tag, length, end) {
                (0, Some(0), _) if open.last().is_some_and(|inner| inner.end.is_none()) => {
                    open.pop().map(Open::close).transpose()?
                }
                (0, ..) => return Err(Malformed("an end of contents where nothing ends")),
                (tag, _, end) if tag & CONSTRUCTED != 0 => {
                    if open.len() >= MAX_DEPTH {
                        return Err(Malformed("too many values in values"));
                    }
                    open.push(Open {
                        tag,
                        end,
                        most: end.unwrap_or(most),
                        contents: Zeroizing::default(),
                    });
                    None
                }
                (_, _, None) => return Err(Malformed("a primitive value of indefinite length")),
                (tag, _, Some(end)) => {
                    let contents = ber.get(at..end).unwrap_or_default();
                    at = end;
                    Some(value(tag, contents)?)
                }
            }
        };
        match (value, open.last_mut()) {
            (Some(value), None) => return Ok(value),
            (Some(value), Some(outer)) => outer.contents.extend_from_slice(&value),
            (None, _) => {}
        }
    }
}

/// A constructed value that is being read.
struct Open {
    tag: u8,
    /// Where it ends; without it, at an end of contents.
    end: Option<usize>,
    /// Where nothing in it may go beyond.
    most: usize,
    /// What is in it, as DER.
    contents: Zeroizing<Vec<u8>>,
}

impl Open {
    fn close(self) -> Result<Zeroizing<Vec<u8>>> {
        if self.tag == OCTET_STRING | CONSTRUCTED {
            value(OCTET_STRING, &joined(&self.contents)?)
        } else {
            value(self.tag, &self.contents)
        }
    }
}

/// The contents of OCTET STRINGs that follow one another, together.
pub(super) fn joined(pieces: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let mut pieces = Reader::new(pieces);
    let mut whole = Zeroizing::new(Vec::new());
    while !pieces.is_empty() {
        whole.extend_from_slice(pieces.expect(OCTET_STRING)?);
    }
    Ok(whole)
}

/// The start of a value.
struct Header {
    tag: u8,
    /// How many octets it takes.
    size: usize,
    /// How many come after it; none where the end is marked.
    length: Option<usize>,
}

impl Header {
    fn of(bytes: &[u8]) -> Result<Self> {
        let [tag, first, rest @ ..] = bytes else {
            return Err(Malformed("a value is cut off"));
        };
        if tag & 0x1f == 0x1f {
            return Err(Malformed("a tag number above 30"));
        }
        let (size, length) = match first {
            0..=0x7f => (2_usize, Some(usize::from(*first))),
            0x80 => (2, None),
            _ => {
                let count = usize::from(first & 0x7f);
                let digits = rest.get(..count).ok_or(Malformed("a length is cut off"))?;
                let length = digits.iter().try_fold(0_usize, |sum, digit| {
                    sum.checked_mul(256)?.checked_add(usize::from(*digit))
                });
                let length = length.ok_or(Malformed("a length is too great"))?;
                (count.saturating_add(2), Some(length))
            }
        };
        Ok(Self {
            tag: *tag,
            size,
            length,
        })
    }
}

/// A value of DER.
pub(super) fn value(tag: u8, contents: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(contents.len()).map_err(|_| Malformed("a length is too great"))?;
    let digits = length.to_be_bytes();
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    let digits = digits.get(zeros..).unwrap_or_default();
    let mut value = Zeroizing::new(Vec::with_capacity(contents.len().saturating_add(6)));
    value.push(tag);
    match digits {
        [] => value.push(0),
        [one @ 0..=0x7f] => value.push(*one),
        digits => {
            let count = u8::try_from(digits.len()).unwrap_or(4);
            value.push(0x80 | count);
            value.extend_from_slice(digits);
        }
    }
    value.extend_from_slice(contents);
    Ok(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn der(ber: &[u8]) -> Vec<u8> {
        to_der(ber).unwrap().to_vec()
    }

    #[test]
    fn what_is_der_stays_as_it_is() {
        let long = [&[0x30, 0x82, 0x01, 0x04, 0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        for value in [&[0x30, 0][..], &[0x30, 3, 2, 1, 5], &[0x05, 0], &long] {
            assert_eq!(der(value), value);
        }
    }

    #[test]
    fn lengths_become_definite_and_strings_whole() {
        let written = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x81, 1, 7, 0x24, 4, 0x04, 2, 8, 9, 0, 0, 0xa0, 0x80, 2, 1, 5, 0,
            0, 0, 0, 99,
        ];
        assert_eq!(der(&written), [0x30, 10, 0x04, 3, 7, 8, 9, 0xa0, 3, 2, 1, 5]);
        let long = [&[0x30, 0x80, 0x04, 0x84, 0, 0, 0, 0xc8][..], &[7; 200], &[0, 0]].concat();
        assert_eq!(
            der(&long),
            [&[0x30, 0x81, 0xcb, 0x04, 0x81, 0xc8][..], &[7; 200]].concat()
        );
    }

    #[test]
    fn what_is_no_ber_is_refused() {
        for wrong in [
            &[][..],
            &[0x30],
            &[0x30, 0x80],
            &[0x30, 0x80, 0x05, 0],
            &[0x30, 2, 0x04, 1],
            &[0x30, 1, 0x05, 0],
            &[0x30, 2, 0, 0],
            &[0, 0],
            &[0x04, 0x80, 0, 0],
            &[0x3f, 0x21, 0],
            &[0x04, 0x82, 1],
            &[0x04, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x24, 3, 2, 1, 5],
            &[0x30, 0x80, 0x30, 0x02, 0x30, 0x80, 0, 0, 0, 0],
        ] {
            assert!(to_der(wrong).is_err(), "{wrong:x?}");
        }
        let deep = |depth: usize| [[0x30, 0x80].repeat(depth), [0, 0].repeat(depth)].concat();
        assert!(to_der(&deep(MAX_DEPTH)).is_ok());
        assert!(to_der(&deep(MAX_DEPTH.saturating_add(1))).is_err());
    }
}
