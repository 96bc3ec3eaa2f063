use super::explanation::Cause;
use super::search::Undone;

/// The same characters in other encodings.
pub(super) fn encodings(canonical: &str) -> impl Iterator<Item = Undone> {
    let utf16 = |of: fn(u16) -> [u8; 2]| canonical.encode_utf16().flat_map(of).collect::<Vec<u8>>();
    let marked = |mark: [u8; 2], octets: &[u8]| [&mark, octets].concat();
    let (little, big) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    let narrow: Option<Vec<u8>> = canonical
        .chars()
        .map(|character| u8::try_from(u32::from(character)).ok())
        .collect();
    // What was UTF-8 and was read as ISO 8859-1 on the way.
    let unread = narrow
        .clone()
        .filter(|octets| std::str::from_utf8(octets).is_ok());
    let reread: String = canonical.bytes().map(char::from).collect();
    let question = canonical.replace(|character: char| !character.is_ascii(), "?");
    let beyond_ascii = !canonical.is_ascii();
    let undone = |detail: &str, octets: Vec<u8>| Undone::new(Cause::CharacterEncoding, detail, octets);
    let narrow = narrow.map(|octets| undone("the signer digested ISO 8859-1, and not UTF-8", octets));
    let unread = unread.map(|octets| {
        undone(
            "texts are UTF-8 that was read as ISO 8859-1 and encoded once more on the way",
            octets,
        )
    });
    let always = [
        undone(
            "the signer digested UTF-16 (little endian), and not UTF-8",
            little.clone(),
        ),
        undone(
            "the signer digested UTF-16 (little endian, with its mark), and not UTF-8",
            marked([0xff, 0xfe], &little),
        ),
        undone(
            "the signer digested UTF-16 (big endian), and not UTF-8",
            big.clone(),
        ),
        undone(
            "the signer digested UTF-16 (big endian, with its mark), and not UTF-8",
            marked([0xfe, 0xff], &big),
        ),
    ];
    let beyond = [
        undone(
            "the signer read UTF-8 as ISO 8859-1 and encoded it once more",
            reread.into_bytes(),
        ),
        undone(
            "the signer digested ASCII, with a question mark for each other character",
            question.into_bytes(),
        ),
    ];
    always.into_iter().chain(
        narrow
            .into_iter()
            .chain(unread)
            .chain(beyond)
            .filter(move |_| beyond_ascii),
    )
}
