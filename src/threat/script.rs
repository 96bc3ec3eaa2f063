/// Names of elements that run or load what they hold.
const ELEMENTS: [&str; 5] = ["script", "iframe", "object", "embed", "applet"];

/// Those of them that XHTML runs by its namespace, whatever their prefix.
const PREFIXED: [&str; 2] = ["script", "iframe"];

/// How the names of events go on after `on`: `onward` is no event.
const EVENTS: [&str; 89] = [
    "abort",
    "after",
    "anim",
    "audio",
    "aux",
    "before",
    "begin",
    "blur",
    "bounce",
    "cancel",
    "canplay",
    "cell",
    "change",
    "click",
    "close",
    "cont",
    "copy",
    "cue",
    "cut",
    "dbl",
    "drag",
    "drop",
    "duration",
    "emptied",
    "end",
    "error",
    "filter",
    "finish",
    "focus",
    "form",
    "full",
    "gotpointer",
    "hash",
    "help",
    "input",
    "invalid",
    "key",
    "lang",
    "layout",
    "load",
    "lose",
    "lostpointer",
    "media",
    "message",
    "mouse",
    "move",
    "offline",
    "online",
    "open",
    "page",
    "paste",
    "pause",
    "play",
    "pointer",
    "popstate",
    "progress",
    "property",
    "rate",
    "ready",
    "reject",
    "repeat",
    "reset",
    "resize",
    "reverse",
    "row",
    "scroll",
    "search",
    "security",
    "seek",
    "select",
    "show",
    "slot",
    "stall",
    "start",
    "stop",
    "storage",
    "submit",
    "suspend",
    "time",
    "toggle",
    "touch",
    "transition",
    "unhandled",
    "unload",
    "volume",
    "waiting",
    "webkit",
    "wheel",
    "zoom",
];

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
    }) || is_hidden_in_quotes(bytes)
        || is_address_that_runs(bytes)
}

/// Whether a tag runs something after a `<` or `>` in quotes, as `<img alt=">" onerror=…>`.
fn is_hidden_in_quotes(bytes: &[u8]) -> bool {
    let last = [b'"', b'\''].map(|quote| (quote, memchr::memrchr(quote, bytes).unwrap_or_default()));
    let mut rest = 0_usize;
    while let Some(found) = bytes.get(rest..).and_then(|bytes| memchr::memchr(b'<', bytes)) {
        let start = rest.saturating_add(found).saturating_add(1);
        let end = end_of_tag(bytes, start, last);
        if is_tag_that_runs(bytes.get(start..end).unwrap_or_default()) {
            return true;
        }
        rest = end;
    }
    false
}

/// Where the tag ends whose name is at `start`. A quote that is the last of its kind begins nothing.
fn end_of_tag(bytes: &[u8], start: usize, last: [(u8, usize); 2]) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'<' | b'>') {
            return at;
        }
        let next = at.saturating_add(1);
        let closes = last.iter().any(|(quote, last)| quote == byte && *last > at);
        let quoted = bytes.get(next..).filter(|_| closes);
        let length = quoted.and_then(|quoted| memchr::memchr(*byte, quoted));
        at = length.map_or(next, |length| next.saturating_add(length).saturating_add(1));
    }
    at
}

fn is_tag_that_runs(tag: &[u8]) -> bool {
    if !tag.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let length = tag.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let (name, attributes) = tag.split_at_checked(length).unwrap_or((tag, b""));
    is_prefixed_script(attributes)
        || ELEMENTS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
        || has_event(attributes)
        || has_address(attributes)
}

/// Whether what follows a prefix is the name of an element that XHTML runs.
fn is_prefixed_script(after_prefix: &[u8]) -> bool {
    let Some(local) = after_prefix.strip_prefix(b":") else {
        return false;
    };
    let length = local
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let local = local.get(..length).unwrap_or_default();
    PREFIXED
        .iter()
        .any(|known| local.eq_ignore_ascii_case(known.as_bytes()))
}

/// Whether there is an attribute as `onerror=`.
fn has_event(attributes: &[u8]) -> bool {
    memchr::memchr_iter(b'=', attributes).any(|at| {
        let before = attributes.get(..at).unwrap_or_default().trim_ascii_end();
        let letters = before.iter().rev().take_while(|byte| byte.is_ascii_alphabetic());
        let start = before.len().saturating_sub(letters.count());
        let (before, name) = before.split_at_checked(start).unwrap_or_default();
        let separates = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
        is_event(name) && before.last().is_some_and(separates)
    })
}

fn is_event(name: &[u8]) -> bool {
    let Some((b"on", event)) = name
        .split_at_checked(2)
        .map(|(on, event)| (on.to_ascii_lowercase(), event))
        .as_ref()
        .map(|(on, event)| (on.as_slice(), *event))
    else {
        return false;
    };
    EVENTS.iter().any(|known| {
        event
            .get(..known.len())
            .is_some_and(|begins| begins.eq_ignore_ascii_case(known.as_bytes()))
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

/// What follows the scheme of an address that is run. Browsers read character references in it, and pass by tabs and line ends.
fn scheme(value: &[u8]) -> Option<&[u8]> {
    SCHEMES.iter().find_map(|scheme| {
        scheme.bytes().try_fold(value, |rest, letter| {
            let (found, rest) = letter_of_address(rest)?;
            found.eq_ignore_ascii_case(&letter).then_some(rest)
        })
    })
}

/// The next letter of an address that counts, and what follows.
fn letter_of_address(text: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = text;
    loop {
        let (letter, after) = character(rest)?;
        if !matches!(letter, b'\t' | b'\n' | b'\r') {
            return Some((letter, after));
        }
        rest = after;
    }
}

/// The character that `text` begins with, which may be written as a reference, and what follows.
fn character(text: &[u8]) -> Option<(u8, &[u8])> {
    const NAMED: [(&[u8], u8); 3] = [(b"colon;", b':'), (b"Tab;", b'\t'), (b"NewLine;", b'\n')];
    const LONGEST: usize = 16;
    let (first, rest) = text.split_first()?;
    if *first != b'&' {
        return Some((*first, rest));
    }
    let named = NAMED
        .iter()
        .find_map(|(name, letter)| Some((*letter, rest.strip_prefix(*name)?)));
    if named.is_some() {
        return named;
    }
    let number = rest.strip_prefix(b"#")?;
    let hexadecimal = number.strip_prefix(b"x").or_else(|| number.strip_prefix(b"X"));
    let (number, radix) = hexadecimal.map_or((number, 10), |number| (number, 16));
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let length = number.iter().take(LONGEST).take_while(is_digit).count();
    let (digits, after) = number.split_at_checked(length)?;
    let letter = u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    Some((letter, after.strip_prefix(b";").unwrap_or(after)))
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
            "<h:script>alert(1)</h:script>",
            "<h:IFRAME src='x'/>",
            "<svg onload=alert(1)>",
            "<svg\u{c}onload=alert(1)//",
            "<svg id=x onLoad =\talert(1)>",
            "<svg><animate onbegin=alert(1) attributeName=x>",
            "<x-y onpointerover=alert(1)>",
            "<video ontimeupdate=x>",
            " JavaScript:alert(1)",
            "javascript:x=1",
            "java\tscr\nipt:alert(1)",
            "<a href='java&#115;cript:alert(1)'>x</a>",
            "<a href='&#x0006A;avascript&colon;alert(1)'>x</a>",
            "<a href=java&Tab;script:alert(1)>x</a>",
            "<img alt=\">\" src=x onerror=alert(1)>",
            "<img alt='<' src=x onerror=alert(1)>",
            "<x \"><script>alert(1)</script><y \">",
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
            "<x:description>a</x:description>",
            "<person onboarding=yes>",
            "<a onward=1 once=2 ontology=3>",
            "scripts <3 onwards",
            "javascript: a language (1995)",
            "data:text/plain,x",
            "<a href='#x'>java&#1234567890123;script:</a>",
            "<a title='>' href='https://example.org/'>x</a>",
            "3 < 4 and \"onwards = x\" > 5",
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
            "<a '".repeat(1 << 18),
            "<a '\"".repeat(1 << 18),
            format!("<a {}", "=\t".repeat(1 << 18)),
        ] {
            assert!(!is_run(&value));
        }
    }
}
