//! Names that were read before in the same document. Nearly every tag repeats one, and what was found out about it
//! then, that it is a name and what its prefix is, is found by comparing a few words.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "offsets within the input, and a count of its names, plus lengths of at most 32 bytes"
)]

use super::lex::{before, bits_of, is_name_stop, load8, name_stop};
use super::names::RawName;

/// What is known of a name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// The number of its prefix.
    pub(super) prefix: u16,
    /// Whether an attribute of this name can be of type ID, or look as if.
    pub(super) may_be_id: bool,
}

/// Names longer than so many words are not kept.
const WORDS: usize = 4;
/// Where a name may be kept; another one may take its place. So many that the names of a message seldom meet.
const SLOTS: usize = 2048;
/// From how many bytes on a document repeats its names so often that it pays.
const WORTHWHILE: usize = 16 << 10;
/// How many names a message usually has.
const USUAL: usize = 64;
/// The most names that are kept.
const MOST: usize = 255;
/// After so many names that were not known it is asked whether it pays still,
const TRIED: usize = 512;
/// which it does not in a document that had a new name for every so many bytes.
const DENSE: usize = 48;

#[derive(Clone, Copy, Debug)]
struct Entry {
    words: [u64; WORDS],
    /// Which bits of the words are of the name.
    mask: [u64; WORDS],
    length: u8,
    colon: u8,
    known: Known,
}

#[derive(Debug)]
pub(super) struct KnownNames {
    /// Numbers of entries, from 1.
    slots: [u8; SLOTS],
    entries: Vec<Entry>,
    /// The entry that was found last, by number; of each entry, the one that was found after it the last time.
    last: u8,
    after: [u8; MOST + 1],
    /// How many names were looked for in vain.
    unknown: usize,
}

/// A name of at most 32 bytes, as words.
struct Words {
    words: [u64; WORDS],
    length: usize,
    slot: usize,
}

impl KnownNames {
    /// A place for the names of a document of `bytes`, if that is worth it: in a short one most names stand once.
    pub(super) fn worthwhile(bytes: usize) -> Option<Box<Self>> {
        (bytes >= WORTHWHILE).then(|| {
            Box::new(Self {
                slots: [0; SLOTS],
                entries: Vec::with_capacity(USUAL),
                last: 0,
                after: [0; MOST + 1],
                unknown: 0,
            })
        })
    }

    /// The name at `start`, if it is known.
    #[inline(always)]
    pub(super) fn find(&mut self, input: &[u8], start: usize) -> Option<RawName> {
        let entry = match self.guess(input, start) {
            Some(entry) => entry,
            None => self.search(input, start)?,
        };
        let colon = match entry.colon {
            0 => 0,
            colon => start + usize::from(colon),
        };
        Some(RawName {
            start,
            end: start + usize::from(entry.length),
            colon,
            odd: false,
            known: Some(entry.known),
        })
    }

    /// The name that came next the last time, if it stands at `start`: messages repeat names in their order, and then nothing
    /// has to be looked for.
    #[inline(always)]
    fn guess(&mut self, input: &[u8], start: usize) -> Option<Entry> {
        let number = *self.after.get(usize::from(self.last))?;
        let entry = *self.entries.get(usize::from(number).wrapping_sub(1))?;
        let window = input.get(start..)?.first_chunk::<{ WORDS * 8 }>()?;
        let unlike = (0..WORDS).fold(0, |unlike, word| {
            let difference = load8(window, word * 8) ^ entry.words.get(word).copied().unwrap_or(0);
            unlike | difference & entry.mask.get(word).copied().unwrap_or(u64::MAX)
        });
        let ends = window
            .get(usize::from(entry.length))
            .is_some_and(|byte| is_name_stop(*byte));
        if unlike != 0 || !ends {
            return None;
        }
        self.last = number;
        Some(entry)
    }

    #[inline(always)]
    fn search(&mut self, input: &[u8], start: usize) -> Option<Entry> {
        let name = words(input, start)?;
        let (number, entry) = self
            .entry(&name, name.slot)
            .or_else(|| self.entry(&name, name.slot ^ 1))?;
        if let Some(after) = self.after.get_mut(usize::from(self.last)) {
            *after = number;
        }
        self.last = number;
        Some(entry)
    }

    #[inline(always)]
    fn entry(&self, name: &Words, slot: usize) -> Option<(u8, Entry)> {
        let number = *self.slots.get(slot)?;
        let entry = self.entries.get(usize::from(number).wrapping_sub(1))?;
        let [a, b, c, d] = name.words;
        let [e, f, g, h] = entry.words;
        let unlike = (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h);
        (unlike == 0 && usize::from(entry.length) == name.length).then_some((number, *entry))
    }

    /// Whether names of the document have been repeated up to `start`, where one was looked for in vain.
    pub(super) fn pays(&mut self, start: usize) -> bool {
        self.unknown += 1;
        !self.unknown.is_multiple_of(TRIED) || start > self.unknown * DENSE
    }

    /// Keeps a QName that was checked.
    pub(super) fn keep(&mut self, input: &[u8], name: RawName, known: Known) {
        let Some(found) = words(input, name.start).filter(|found| name.start + found.length == name.end)
        else {
            return;
        };
        let short = |length: usize| u8::try_from(length).unwrap_or(0);
        let entry = Entry {
            words: found.words,
            mask: std::array::from_fn(|word| bits_of(found.length.saturating_sub(word * 8))),
            length: short(found.length),
            colon: short(name.colon.saturating_sub(name.start)),
            known,
        };
        let is_taken = self.slots.get(found.slot).is_some_and(|number| *number != 0);
        let place = if is_taken { found.slot ^ 1 } else { found.slot };
        let Some(slot) = self.slots.get_mut(place) else {
            return;
        };
        if let Some(taken) = self.entries.get_mut(usize::from(*slot).wrapping_sub(1)) {
            *taken = entry;
        } else if self.entries.len() < MOST {
            self.entries.push(entry);
            *slot = short(self.entries.len());
        }
    }
}

/// Reads on until a byte that ends names where they are written as usual.
#[inline(always)]
fn words(input: &[u8], start: usize) -> Option<Words> {
    let mut words = [0; WORDS];
    let mut length = 0;
    let mut hash = 0u64;
    for word in &mut words {
        let value = load8(input, start + length);
        let stop = name_stop(value);
        let (kept, count) = before(value, stop);
        *word = kept;
        hash = (hash ^ kept).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        length += count;
        if stop != 0 {
            let slot = usize::try_from(hash >> 53).unwrap_or(0);
            return Some(Words { words, length, slot });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test may panic"
    )]

    use crate::xml::{Document, Error, Limits};

    /// Names, some of which are none, some of which only look alike, and some of which are too long to be kept.
    const NAMES: [&str; 24] = [
        "a",
        "ab",
        "p:a",
        "p:abcdef",
        "p:abcdefg",
        "q:abcdefg",
        "xmlns",
        "xml:lang",
        "xml:xmlns",
        "xmlns:p",
        "xml:id",
        "Id",
        "id",
        "ID",
        "p:Id",
        "AssertionID",
        "abcdefghijklmnopqrstuvwxyz:abcde",
        "abcdefghijklmnopqrstuvwxyz:abcdef",
        "abcdefghijklmnopqrstuvwxyzabcdef",
        "abcdefghijklmnopqrstuvwxyzabcdefg",
        "é",
        "p:é",
        "a:b:c",
        "1a",
    ];

    struct Choices(u64);

    impl Choices {
        fn below(&mut self, bound: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 >> 11).unwrap() % bound
        }

        /// A name; seldom one of those that make a document wrong.
        fn name(&mut self, usual: &[usize]) -> &'static str {
            match self.below(60) {
                0 => NAMES[self.below(NAMES.len())],
                _ => NAMES[usual[self.below(usual.len())]],
            }
        }

        fn document(&mut self) -> String {
            let long = "xmlns:abcdefghijklmnopqrstuvwxyz";
            let mut text = format!("<a xmlns:p='urn:p' xmlns:q='urn:q' {long}='urn:l'>");
            for number in 0..30 {
                let name = self.name(&[0, 1, 2, 3, 4, 5, 6, 16, 17, 18, 19, 20, 21]);
                text.push_str(&format!("<{name}"));
                for _ in 0..self.below(3) {
                    let name = self.name(&[0, 1, 2, 3, 4, 5, 7, 12, 15, 16, 17, 18, 19]);
                    text.push_str(&format!("{}{name}=\"{number}\"", [" ", "\n"][self.below(2)]));
                }
                if self.below(8) == 0 {
                    text.push_str(" xmlns=\"urn:d\"");
                }
                let end = self.name(&[0]);
                match self.below(40) {
                    0 => text.push_str(&format!("></{end}>")),
                    1..20 => text.push_str("/>"),
                    _ => text.push_str(&format!("></{name}>")),
                }
            }
            text + "</a>"
        }
    }

    /// What a document says, without where; or why it is none, with where.
    fn told(text: String, lines: u32) -> String {
        let at = |error: &Error| error.position().map(|at| (at.line - lines, at.column));
        let document = match Document::parse(text.into(), &Limits::default()) {
            Ok(document) => document,
            Err(error) => return format!("{} {:?}", error.code(), at(&error)),
        };
        let mut told = String::new();
        for element in document.root().descendants() {
            let record = element.record();
            let attributes: Vec<_> = element
                .attributes()
                .map(|attribute| (attribute.name(), attribute.prefix(), attribute.namespace()))
                .collect();
            let name = (
                element.name(),
                element.prefix(),
                element.namespace(),
                element.id(),
            );
            let marks = (record.canonical, record.plain, record.user, record.depth);
            told.push_str(&format!("{name:?} {marks:?} {attributes:?}\n"));
        }
        told
    }

    #[test]
    fn what_is_known_of_a_name_is_what_is_found_out_anew() {
        let padding = format!("<!--{}-->\n", "-x".repeat(super::WORTHWHILE / 2));
        let mut counts = [0; 2];
        for seed in 1u64..3_000 {
            let document = Choices(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).document();
            assert!(document.len() < super::WORTHWHILE);
            let found = told(document.clone(), 0);
            assert_eq!(told(format!("{padding}{document}"), 1), found, "{document}");
            counts[usize::from(found.starts_with('('))] += 1;
        }
        assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
    }

    #[test]
    fn more_names_than_are_kept_are_read_too() {
        let elements: String = (0..3_000)
            .map(|number| format!("<e{0} a{0}='1'></e{0}>", number % 700))
            .collect();
        let document = Document::parse(format!("<r>{elements}</r>").into(), &Limits::default()).unwrap();
        for (number, element) in document.root().children().enumerate() {
            assert_eq!(element.name(), format!("e{}", number % 700));
            assert!(element.attribute(&format!("a{}", number % 700)).is_some());
        }
    }
}
