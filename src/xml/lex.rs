//! The inner loops of the scanner: eight bytes at a time in a `u64`, so that short tokens end without
//! a mispredicted branch, and `memchr` for text that proves long.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// What ended a run, and whether something special stood before its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Run {
    /// Offset of the byte that ends the run, or the input's length.
    pub(super) end: usize,
    /// Whether a byte that needs a second look stood before.
    pub(super) special: bool,
}

/// The eight bytes at `at`, the first one lowest; zeros after the end.
#[inline(always)]
pub(super) fn load8(input: &[u8], at: usize) -> u64 {
    match input.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => load_tail(input, at),
    }
}

/// The first eight of `length` bytes at `at`, zeros after their end, as a number that orders as they do: of two that are not the
/// same, the lower one comes first.
#[inline(always)]
pub(super) fn leading(input: &[u8], at: usize, length: usize) -> u64 {
    (load8(input, at) & bits_of(length)).swap_bytes()
}

/// The bits of the first `length` bytes of a word.
#[inline(always)]
pub(super) fn bits_of(length: usize) -> u64 {
    BYTES_BELOW.get(length).copied().unwrap_or(u64::MAX)
}

#[cold]
fn load_tail(input: &[u8], at: usize) -> u64 {
    let mut chunk = [0u8; 8];
    for (to, from) in chunk.iter_mut().zip(input.get(at..).unwrap_or_default()) {
        *to = *from;
    }
    u64::from_le_bytes(chunk)
}

/// High bit set where the byte is `byte`; nothing false below the first true one.
#[inline(always)]
fn equal(value: u64, byte: u8) -> u64 {
    let x = value ^ LOW.wrapping_mul(u64::from(byte));
    x.wrapping_sub(LOW) & !x & HIGH
}

/// High bit set where an ASCII byte is below 0x20.
#[inline(always)]
fn control(value: u64) -> u64 {
    !(value & !HIGH).wrapping_add(LOW.wrapping_mul(0x60)) & !value & HIGH
}

/// Bits below the lowest set one; all of them if none is set.
#[inline(always)]
pub(super) fn below(mask: u64) -> u64 {
    mask.wrapping_sub(1) & !mask
}

/// The byte of the lowest mark, of which there is one.
#[inline(always)]
pub(super) fn first(mask: u64) -> usize {
    usize::try_from(mask.trailing_zeros() >> 3).unwrap_or(0)
}

/// The byte of the highest mark, of which there is one.
#[inline(always)]
pub(super) fn last(mask: u64) -> usize {
    let bit = 63_u32.wrapping_sub(mask.leading_zeros());
    usize::try_from(bit >> 3).unwrap_or(0)
}

/// High bit set where a byte ends a name as names usually end: white space and other controls, `/`, and `<`, `=`, `>` or `?`.
/// None of them may stand in a name. Nothing false below the first true one.
#[inline(always)]
pub(super) fn name_stop(value: u64) -> u64 {
    let blank = !(value & !HIGH).wrapping_add(LOW.wrapping_mul(0x5f)) & !value & HIGH;
    blank | equal(value | LOW.wrapping_mul(0x03), 0x3f) | equal(value, b'/')
}

/// High bit set where an ASCII byte may not stand in a name.
#[inline(always)]
pub(super) fn no_name(value: u64) -> u64 {
    let low = value & !HIGH;
    // High bit set where a byte of seven bits is `least` or more: nothing is carried into the next one.
    let from =
        |bytes: u64, least: u8| bytes.wrapping_add(LOW.wrapping_mul(u64::from(0x80_u8.wrapping_sub(least))));
    let letters = low | LOW.wrapping_mul(0x20);
    let letter = from(letters, b'a') & !from(letters, b'{');
    let mark = from(low, b'-') & !from(low, b';') & from(low ^ LOW.wrapping_mul(u64::from(b'/')), 1);
    let underscore = !from(low ^ LOW.wrapping_mul(u64::from(b'_')), 1);
    !(letter | mark | underscore | value) & HIGH
}

/// High bit set where the byte is a colon.
#[inline(always)]
pub(super) fn colons(value: u64) -> u64 {
    let unlike = value ^ LOW.wrapping_mul(u64::from(b':'));
    !((unlike & !HIGH).wrapping_add(!HIGH) | unlike) & HIGH
}

/// High bit set where the byte is part of a character that is not ASCII.
#[inline(always)]
pub(super) fn not_ascii(value: u64) -> u64 {
    value & HIGH
}

/// Whether `byte` ends a name as names usually end.
#[inline(always)]
pub(super) const fn is_name_stop(byte: u8) -> bool {
    byte <= 0x20 || matches!(byte, b'/' | b'<' | b'=' | b'>' | b'?')
}

/// The bytes of `value` below the first one that `mask` marks, zeros after them, and their number.
#[inline(always)]
pub(super) fn before(value: u64, mask: u64) -> (u64, usize) {
    if mask == 0 {
        return (value, 8);
    }
    (value & (below(mask) >> 7), first(mask))
}

/// Whether the `length` bytes at `one` and at `other` are the same, and within the input.
#[inline(always)]
pub(super) fn same(input: &[u8], one: usize, other: usize, length: usize) -> bool {
    let mut done = 0usize;
    while done.wrapping_add(8) <= length {
        if load8(input, one.wrapping_add(done)) != load8(input, other.wrapping_add(done)) {
            return false;
        }
        done = done.wrapping_add(8);
    }
    let rest = length.wrapping_sub(done);
    let unlike = load8(input, one.wrapping_add(done)) ^ load8(input, other.wrapping_add(done));
    let last = one.max(other).wrapping_add(length);
    unlike & bits_of(rest) == 0 && last <= input.len()
}

/// Masks of the lowest bytes, by their number.
const BYTES_BELOW: [u64; 8] = [
    0,
    0xff,
    0xffff,
    0xff_ffff,
    0xffff_ffff,
    0xff_ffff_ffff,
    0xffff_ffff_ffff,
    0xff_ffff_ffff_ffff,
];

/// Where `<` is; special are `&`, `>` and CR.
#[inline(always)]
pub(super) fn text(input: &[u8], start: usize) -> Run {
    let mut at = start;
    for _ in 0..8 {
        if at >= input.len() {
            return Run {
                end: input.len(),
                special: false,
            };
        }
        let value = load8(input, at);
        // `<` and `>` differ in one bit.
        let found = equal(value | LOW.wrapping_mul(0x02), b'>') | equal(value, b'&') | equal(value, b'\r');
        if found != 0 {
            let end = at.wrapping_add(first(found));
            if input.get(end) == Some(&b'<') {
                return Run { end, special: false };
            }
            return rest_of_text(input, end);
        }
        at = at.wrapping_add(8);
    }
    rest_of_text(input, at)
}

/// As [`text`], from where it proves long or special on.
#[inline(never)]
fn rest_of_text(input: &[u8], at: usize) -> Run {
    let rest = input.get(at..).unwrap_or_default();
    let length = memchr::memchr(b'<', rest).unwrap_or(rest.len());
    let run = rest.get(..length).unwrap_or_default();
    Run {
        end: at.wrapping_add(length).min(input.len()),
        special: memchr::memchr3(b'&', b'>', b'\r', run).is_some(),
    }
}

/// Where `quote`, which is `"` or `'`, is; special are `&`, `<` and control bytes.
#[inline(always)]
pub(super) fn value(input: &[u8], start: usize, quote: u8) -> Run {
    let (mut at, mut special) = (start, false);
    // Either quote differs from `&` in one bit.
    let unlike = LOW.wrapping_mul(u64::from(quote ^ b'&'));
    while at < input.len() {
        let value = load8(input, at);
        let found = equal(value | unlike, quote | b'&') | equal(value, b'<') | control(value);
        if found == 0 {
            at = at.wrapping_add(8);
            continue;
        }
        let end = at.wrapping_add(first(found));
        if input.get(end) == Some(&quote) {
            return Run { end, special };
        }
        special = true;
        at = end.wrapping_add(1);
    }
    Run {
        end: input.len(),
        special,
    }
}

/// Skips XML white space (XML 1.0 §2.3, production 3).
#[inline]
pub(super) fn skip_space(input: &[u8], mut at: usize) -> usize {
    while input.get(at).is_some_and(|byte| is_space(*byte)) {
        at = at.wrapping_add(1);
    }
    at
}

/// Whether `byte` is XML white space.
#[inline(always)]
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]
mod tests {
    use super::*;

    fn slow(input: &[u8], stop: u8, special: impl Fn(u8) -> bool) -> Run {
        let end = input.iter().position(|byte| *byte == stop).unwrap_or(input.len());
        Run {
            end,
            special: input[..end].iter().any(|byte| special(*byte)),
        }
    }

    #[test]
    fn fast_loops_agree_with_slow_ones_at_every_length() {
        let mut state = 1u64;
        for round in 0..40_000usize {
            let input: Vec<u8> = (0..round % 100)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    match state % 40 {
                        0 => b'<',
                        1 => b'&',
                        2 => b'>',
                        3 => b'"',
                        4 => b'\r',
                        5 => 0xc3,
                        6 => 0x1f,
                        7 => 0x20,
                        8 => 0x7f,
                        _ => b'a',
                    }
                })
                .collect();
            assert_eq!(
                text(&input, 0),
                slow(&input, b'<', |b| matches!(b, b'&' | b'>' | b'\r'))
            );
            let expected = slow(&input, b'"', |b| matches!(b, b'&' | b'<') || b < 0x20);
            let found = value(&input, 0, b'"');
            assert_eq!(found.end, expected.end, "{input:?}");
            assert!(
                found.special == expected.special || found.end == input.len(),
                "{input:?}"
            );
        }
    }

    #[test]
    fn names_end_where_they_usually_do() {
        for byte in 0..=255u8 {
            let stops = is_name_stop(byte);
            for place in 0..8 {
                let mut word = [b'a'; 8];
                word[place] = byte;
                let value = u64::from_le_bytes(word);
                let (kept, count) = before(value, name_stop(value));
                let expected = if stops { place } else { 8 };
                assert_eq!(count, expected, "{byte:#x} at {place}");
                word[expected..].fill(0);
                assert_eq!(kept, u64::from_le_bytes(word));
            }
        }
    }

    #[test]
    fn leading_bytes_order_as_all_bytes_do() {
        let texts: [&[u8]; 9] = [
            b"",
            b"a",
            b"ab",
            b"abcdefg",
            b"abcdefgh",
            b"abcdefgi",
            b"b",
            b"\xc3\xa9",
            b"\xff",
        ];
        for one in texts {
            for other in texts {
                let input = [one, b"zz", other, b"y"].concat();
                let leading =
                    leading(&input, 0, one.len()).cmp(&super::leading(&input, one.len() + 2, other.len()));
                assert_eq!(leading, one.cmp(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn sameness_is_of_every_byte_and_of_no_more() {
        for length in 0..40 {
            let mut input = vec![b'a'; 100];
            input[10 + length] = b'b';
            assert!(same(&input, 10, 55, length) && !same(&input, 10, 55, length + 1));
            for place in 0..length {
                let mut other = input.clone();
                other[55 + place] ^= 0x80;
                assert!(!same(&other, 10, 55, length), "{place} of {length}");
            }
        }
        assert!(same(b"abcabc", 0, 3, 3) && !same(b"ab\0ab", 0, 3, 3));
    }
}
