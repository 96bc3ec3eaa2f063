use super::explanation::Cause;
use super::search::Undone;

/// The same characters in other encodings.
pub(super) fn encodings(canonical: &str) -> impl Iterator<Item = Undone> {
    let utf16 = |of: fn(u16) -> [u8; 2]| canonical.encode_utf16().flat_map(of).collect::<Vec<u8>>();
    let marked = |mark: [u8; 2], octets: &[u8]| [&mark, octets].concat();
    let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    let question = canonical.replace(|character: char| !character.is_ascii(), "?");
    let beyond_ascii = !canonical.is_ascii();
    let undone = |detail: String, octets: Vec<u8>| Undone::new(Cause::CharacterEncoding, detail, octets);
    let always = [
        ("UTF-16 (little endian)", little.clone()),
        (
            "UTF-16 (little endian, with its mark)",
            marked([0xff, 0xfe], &little),
        ),
        ("UTF-16 (big endian)", big.clone()),
        ("UTF-16 (big endian, with its mark)", marked([0xfe, 0xff], &big)),
    ];
    let always = always
        .into_iter()
        .map(move |(name, octets)| undone(format!("the signer digested {name}, and not UTF-8"), octets));
    let narrow = Narrow::ALL.into_iter().filter(move |_| beyond_ascii);
    let narrow = narrow.flat_map(move |narrow| {
        let name = narrow.name();
        let octets = narrow.octets(canonical);
        // Octets that are UTF-8 are not likely to be anything else.
        let is_utf8 = octets
            .as_deref()
            .is_some_and(|octets| std::str::from_utf8(octets).is_ok());
        let detail = if is_utf8 {
            format!("texts are UTF-8 that was read as {name} and encoded once more on the way")
        } else {
            format!("the signer digested {name}, and not UTF-8")
        };
        let reread: String = canonical.bytes().map(|byte| narrow.character(byte)).collect();
        let again = format!("the signer read UTF-8 as {name} and encoded it once more");
        let octets = octets.map(|octets| undone(detail, octets));
        octets.into_iter().chain([undone(again, reread.into_bytes())])
    });
    let question = undone(
        "the signer digested ASCII, with a question mark for each other character".to_owned(),
        question.into_bytes(),
    );
    always.chain(narrow).chain(beyond_ascii.then_some(question))
}

/// Encodings of one octet a character.
#[derive(Clone, Copy)]
enum Narrow {
    Latin1,
    Windows1252,
}

/// What Windows-1252 has from 0x80 to 0x9F, where ISO 8859-1 has controls. What it does not define stays a control, as decoders have it.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Narrow {
    const ALL: [Self; 2] = [Self::Latin1, Self::Windows1252];

    const fn name(self) -> &'static str {
        match self {
            Self::Latin1 => "ISO 8859-1",
            Self::Windows1252 => "Windows-1252",
        }
    }

    fn character(self, octet: u8) -> char {
        let own = octet.checked_sub(0x80).map(usize::from);
        match (self, own.and_then(|place| WINDOWS_1252.get(place))) {
            (Self::Windows1252, Some(own)) => *own,
            _ => char::from(octet),
        }
    }

    /// `text` in this encoding, if it has all its characters.
    fn octets(self, text: &str) -> Option<Vec<u8>> {
        let octet = |character: char| {
            if character.is_ascii() {
                return u8::try_from(character).ok();
            }
            let own = WINDOWS_1252.iter().position(|own| *own == character);
            match (self, own) {
                (Self::Windows1252, Some(place)) => u8::try_from(place).ok()?.checked_add(0x80),
                _ => u8::try_from(character).ok(),
            }
        };
        text.chars().map(octet).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_octet_is_a_character_and_that_the_octet() {
        for narrow in Narrow::ALL {
            for octet in 0..=u8::MAX {
                let character = narrow.character(octet).to_string();
                assert_eq!(narrow.octets(&character), Some(vec![octet]), "{}", narrow.name());
            }
        }
        assert_eq!(Narrow::Latin1.octets("€"), None);
        assert_eq!(Narrow::Windows1252.character(0x80), '€');
        assert_eq!(Narrow::Windows1252.character(0x9f), 'Ÿ');
    }
}
