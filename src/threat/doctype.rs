/// Where the document types of HTML are, which e-mails name and nobody fetches.
const KNOWN: [&[u8]; 3] = [
    b"http://www.w3.org/",
    b"https://www.w3.org/",
    b"about:legacy-compat",
];

/// How much of a declaration is looked at.
const LONGEST: usize = 1024;

/// Whether the value has a document type declaration with an external subset, which whoever parses the value may fetch.
pub(super) fn names_another_document(value: &str) -> bool {
    const START: &[u8] = b"<!doctype";
    let bytes = value.as_bytes();
    memchr::memmem::find_iter(bytes, b"<!").any(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        let rest = rest.get(..LONGEST).unwrap_or(rest);
        rest.split_at_checked(START.len())
            .is_some_and(|(start, rest)| start.eq_ignore_ascii_case(START) && has_external_subset(rest))
    })
}

/// Of a declaration after its first word: `name SYSTEM "address"` or `name PUBLIC "identifier" "address"`.
fn has_external_subset(declaration: &[u8]) -> bool {
    let name = declaration.trim_ascii_start();
    let in_name = |byte: &&u8| !byte.is_ascii_whitespace() && !b"[<>".contains(byte);
    let length = name.iter().take_while(in_name).count();
    let after = name.get(length..).unwrap_or_default().trim_ascii_start();
    let Some((keyword, after)) = after.split_at_checked(b"system".len()) else {
        return false;
    };
    let address = if keyword.eq_ignore_ascii_case(b"system") {
        quoted(after)
    } else if keyword.eq_ignore_ascii_case(b"public") {
        quoted(after).and_then(|(_, after)| quoted(after))
    } else {
        return false;
    };
    address.is_some_and(|(address, _)| {
        let address = address.to_ascii_lowercase();
        !KNOWN.iter().any(|known| address.starts_with(known))
    })
}

/// The literal that it begins with, and what follows.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (quote, text) = text.trim_ascii_start().split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = memchr::memchr(*quote, text).unwrap_or(text.len());
    let (literal, after) = text.split_at_checked(end)?;
    Some((literal, after.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn external_subsets_are_found_but_for_those_of_html() {
        for value in [
            "<!DOCTYPE a SYSTEM \"http://evil.example/x.dtd\"><a/>",
            "<?xml version='1.0'?><!doctype a system 'file:///x' [<!ELEMENT a ANY>]><a/>",
            "x <!DOCTYPE a\n PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN'\n 'http://evil.example/x.dtd'>",
            "<!DOCTYPE a PUBLIC\"x\"\"//evil.example/x.dtd\">",
            "<!DOCTYPE html><!DOCTYPE a SYSTEM \"x.dtd\">",
            "<!DOCTYPE a SYSTEM \"http://evil.example/never-closed",
        ] {
            assert!(names_another_document(value), "{value}");
        }
        for value in [
            "<!DOCTYPE html><p>mail</p>",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">",
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">",
            "<!DOCTYPE html SYSTEM 'about:legacy-compat'>",
            "<!DOCTYPE a [<!ELEMENT a ANY>]><a/>",
            "<!DOCTYPE",
            "the SYSTEM \"works\" <!-- doctype -->",
        ] {
            assert!(!names_another_document(value), "{value}");
        }
    }
}
