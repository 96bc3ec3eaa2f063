/// Names of elements that run or load what they hold.
const ELEMENTS: [&str; 5] = ["script", "iframe", "object", "embed", "applet"];

/// Schemes of addresses that are run.
const SCHEMES: [&str; 2] = ["javascript:", "vbscript:"];

/// Whether a browser that gets the value as HTML, or as an address, would run something: an element that does, an attribute for an event, a
/// `javascript:` address. HTML alone is none of these.
pub(super) fn is_run(value: &str) -> bool {
    let bytes = value.as_bytes();
    memchr::memchr_iter(b'<', bytes).any(|at| {
        let after = bytes.get(at.saturating_add(1)..).unwrap_or_default();
        // Up to the next tag only, so that no byte is looked at more than a few times.
        let end = memchr::memchr2(b'<', b'>', after).unwrap_or(after.len());
        is_tag_that_runs(after.get(..end).unwrap_or_default())
    }) || is_address_that_runs(bytes)
}

fn is_tag_that_runs(tag: &[u8]) -> bool {
    if !tag.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let length = tag.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (name, attributes) = tag.split_at_checked(length).unwrap_or((tag, b""));
    ELEMENTS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        || has_event(attributes)
        || has_address(attributes)
}

/// Whether there is an attribute as `onerror=`.
fn has_event(attributes: &[u8]) -> bool {
    memchr::memchr_iter(b'=', attributes).any(|at| {
        let before = attributes.get(..at).unwrap_or_default().trim_ascii_end();
        let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic());
        let start = before.len().saturating_sub(letters.count());
        let (before, name) = before.split_at_checked(start).unwrap_or_default();
        let separates = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
        let begins = name.get(..2).is_some_and(|two| two.eq_ignore_ascii_case(b"on"));
        begins && name.len() > 4 && before.last().is_some_and(separates)
    })
}

/// Whether an attribute's value is an address that is run.
fn has_address(attributes: &[u8]) -> bool {
    memchr::memchr_iter(b'=', attributes).any(|at| {
        let value = attributes
            .get(at.saturating_add(1)..)
            .unwrap_or_default()
            .trim_ascii_start();
        let value = value
            .strip_prefix(b"\"")
            .or_else(|| value.strip_prefix(b"'"))
            .unwrap_or(value);
        scheme(value.trim_ascii_start()).is_some()
    })
}

/// Whether the whole value is an address that is run: with a call or an assignment, as titles of books have none.
fn is_address_that_runs(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let html = value
        .get(..14)
        .is_some_and(|start| start.eq_ignore_ascii_case(b"data:text/html"));
    html || scheme(value).is_some_and(|code| {
        !code.first().is_none_or(u8::is_ascii_whitespace)
            && code.iter().any(|byte| matches!(byte, b'(' | b'=' | b'`'))
    })
}

/// What follows the scheme of an address that is run.
fn scheme(value: &[u8]) -> Option<&[u8]> {
    SCHEMES.iter().find_map(|scheme| {
        let (start, rest) = value.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_would_run_is_found() {
        for value in [
            "<script>alert(1)</script>",
            "<SCRIPT src=//evil.example/x.js>",
            "a<script/x>b",
            "<img src=x onerror=alert(1)>",
            "<img src=x onerror = alert(1)>",
            "<svg/onload=alert(1)>",
            "<body\nONLOAD\n=\"x\">",
            "<img src='x'onerror='y'>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href= ' javascript:alert(1)'>x</a>",
            "<iframe src=x>",
            " JavaScript:alert(1)",
            "javascript:x=1",
            "data:text/html;base64,PHNjcmlwdD4=",
        ] {
            assert!(is_run(value), "{value}");
        }
    }

    #[test]
    fn html_that_runs_nothing_is_not() {
        for value in [
            "<p>text</p>",
            "<a href='https://example.org/?onclick=1'>x</a>",
            "<a title=\"turn on = go\">x</a>",
            "a <b; on = c",
            "< script",
            "scripts <3 onwards",
            "javascript: a language (1995)",
            "data:text/plain,x",
        ] {
            assert!(!is_run(value), "{value}");
        }
    }

    #[test]
    fn work_is_linear_in_the_value() {
        for value in [
            "<".repeat(1 << 20),
            "<a ".repeat(1 << 19),
            format!("<a {}", "onx =".repeat(1 << 18)),
        ] {
            assert!(!is_run(&value));
        }
    }
}
