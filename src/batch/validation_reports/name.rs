use crate::algorithm::DigestAlgorithm;
use crate::crypto::digest;
use crate::xml::is_invisible;

/// The most bytes of a component, as file systems have it, with what is put behind it.
const LONGEST: usize = 200;
/// The most bytes of a name.
const LONGEST_NAME: usize = 4_000;
/// What every name ends with.
const END: &str = ".report.xml";

/// The name of the entry for the message called `source`: as that is called, so that it leads to no other folder wherever it is unpacked, and no two
/// sources to one entry. What no file system may have in a name is written as in a URI; of what is too long, the beginning stays with a hash.
pub(super) fn of(source: &str) -> String {
    let name: Vec<String> = source.split('/').map(component).collect();
    let name = name.join("/");
    if name.len() > LONGEST_NAME {
        return format!("{}{END}", hash(source));
    }
    name + END
}

fn component(text: &str) -> String {
    match text {
        "" => return "%2F".to_owned(),
        "." => return "%2E".to_owned(),
        ".." => return "%2E%2E".to_owned(),
        _ => {}
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_invisible(character) || "\\:*?\"<>|%~".contains(character) {
            for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        } else {
            out.push(character);
        }
    }
    if out.len() > LONGEST {
        let end = out.floor_char_boundary(LONGEST.saturating_sub(65));
        out.truncate(end);
        out.push('~');
        out.push_str(&hash(text));
    }
    out
}

/// SHA-256, in hexadecimal digits.
fn hash(text: &str) -> String {
    let digest = digest(DigestAlgorithm::Sha256, text.as_bytes());
    digest.map_or_else(|_| "unnamed".to_owned(), |digest| format!("{digest:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entry_leads_out_of_its_folder_and_no_two_sources_to_one() {
        assert_eq!(of("in/a b.xml"), "in/a b.xml.report.xml");
        assert_eq!(of("in.tar!a/b.xml#7"), "in.tar!a/b.xml#7.report.xml");
        assert_eq!(of("/in/a"), "%2F/in/a.report.xml");
        assert_eq!(of("../../a/./b"), "%2E%2E/%2E%2E/a/%2E/b.report.xml");
        assert_eq!(of("a//b"), "a/%2F/b.report.xml");
        assert_eq!(of("c:\\a\u{1b}\n\u{202e}"), "c%3A%5Ca%1B%0A%E2%80%AE.report.xml");
        assert_eq!(of("%2F"), "%252F.report.xml");
        assert_eq!(of("s3://b/k"), "s3%3A/%2F/b/k.report.xml");
        let (one, other) = ("ü".repeat(300), format!("{}x", "ü".repeat(299)));
        assert_ne!(of(&one), of(&other));
        assert!(of(&one).len() < 255 && of(&one).starts_with("üü"));
        assert!(of(&"a/".repeat(70_000)).len() < 100);
    }
}
