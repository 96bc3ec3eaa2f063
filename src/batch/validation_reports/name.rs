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
/// sources to one entry. What a file system may not have in a name is written as in a URI; of what is too long, the beginning stays with a hash.
pub(super) fn of(source: &str) -> String {
    let (folders, file) = source.rsplit_once('/').unzip();
    let folders = folders
        .into_iter()
        .flat_map(|folders| folders.split('/'))
        .map(folder);
    let name: Vec<String> = folders.chain([component(file.unwrap_or(source))]).collect();
    let name = name.join("/");
    if name.len() > LONGEST_NAME {
        return format!("{}{END}", hash(source));
    }
    name + END
}

/// `name`, which is as [`of`] has it, for the message at `place` among all, where another may be called so. No name of a message has
/// a `~` before a number.
pub(super) fn at_place(name: &str, place: u64) -> String {
    let name = name.strip_suffix(END).unwrap_or(name);
    format!("{name}~{place}{END}")
}

/// What names have in common that some file system takes for one, with the places behind them or without.
pub(super) fn folded(name: &str) -> String {
    let name = name.strip_suffix(END).unwrap_or(name);
    let is_place = |end: &str| end.len() <= 20 && end.bytes().all(|byte| byte.is_ascii_digit());
    let name = match name.rsplit_once('~') {
        Some((name, end)) if is_place(end) => name,
        _ => name,
    };
    name.to_lowercase()
}

/// The name of a folder, which no entry has, and which ends as Windows lets names end.
fn folder(text: &str) -> String {
    let mut name = component(text);
    let report = name.len().checked_sub(END.len());
    let is_report = report
        .and_then(|start| name.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(END));
    if is_report {
        name.insert_str(name.len().saturating_sub(4), "%2E");
        name.remove(name.len().saturating_sub(4));
    } else if let Some(last) = name.pop() {
        match last {
            '.' => name.push_str("%2E"),
            ' ' => name.push_str("%20"),
            last => name.push(last),
        }
    }
    name
}

/// Whether Windows takes a name for that of a device, whatever comes behind its first dot.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ');
    let stem = stem.to_ascii_uppercase();
    let numbered = |port: &str| {
        let number = stem.strip_prefix(port);
        number.is_some_and(|number| {
            number.chars().count() == 1 && number.contains(|digit| "0123456789¹²³".contains(digit))
        })
    };
    matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$"
    ) || numbered("COM")
        || numbered("LPT")
}

fn component(text: &str) -> String {
    match text {
        "" => return "%2F".to_owned(),
        "." => return "%2E".to_owned(),
        ".." => return "%2E%2E".to_owned(),
        _ => {}
    }
    let mut out = String::with_capacity(text.len());
    for (place, character) in text.char_indices() {
        let is_forbidden = is_invisible(character) || "\\:*?\"<>|%~".contains(character);
        if is_forbidden || (place == 0 && is_device(text)) {
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
        // Folders and entries are called differently, also where a file system does not tell cases apart.
        assert_eq!(of("g.xml.report.xml/x"), "g.xml.report%2Exml/x.report.xml");
        assert_eq!(of("g.Report.XML/x"), "g.Report%2EXML/x.report.xml");
        assert_eq!(of("CON/nul.xml"), "%43ON/%6Eul.xml.report.xml");
        assert_eq!(of("lpt1/COM10/Com²"), "%6Cpt1/COM10/%43om².report.xml");
        assert_eq!(of("a./b /c."), "a%2E/b%20/c..report.xml");
        let (one, other) = ("ü".repeat(300), format!("{}x", "ü".repeat(299)));
        assert_ne!(of(&one), of(&other));
        assert!(of(&one).len() < 255 && of(&one).starts_with("üü"));
        assert!(of(&"a/".repeat(70_000)).len() < 100);
    }

    #[test]
    fn a_name_at_its_place_folds_as_the_name_does() {
        let name = of("in/Ä.xml");
        assert_eq!(at_place(&name, 17), "in/Ä.xml~17.report.xml");
        assert_eq!(folded(&at_place(&name, 17)), folded(&name));
        assert_eq!(folded(&name), folded(&of("IN/ä.XML")));
        assert_ne!(folded(&of("a~1")), folded(&of("a")));
        assert_ne!(folded(&of(&"x".repeat(300))), folded(&of(&"x".repeat(301))));
    }
}
