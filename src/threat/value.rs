use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::rule::Rule;
use super::{script, sql};

/// What gives a value away wherever it stands in it, whatever the case of its letters.
const ANYWHERE: [(&str, Rule); 26] = [
    ("${jndi:", Rule::ExpressionInjection),
    ("${lower:", Rule::ExpressionInjection),
    ("${upper:", Rule::ExpressionInjection),
    ("${env:", Rule::ExpressionInjection),
    ("${sys:", Rule::ExpressionInjection),
    ("${script:", Rule::ExpressionInjection),
    ("${::-", Rule::ExpressionInjection),
    ("%{(#", Rule::ExpressionInjection),
    ("${t(java.", Rule::ExpressionInjection),
    ("#{t(java.", Rule::ExpressionInjection),
    ("://169.254.169.254", Rule::RequestForgery),
    ("://[fd00:ec2::254]", Rule::RequestForgery),
    ("://metadata.google.internal", Rule::RequestForgery),
    ("<!entity", Rule::EmbeddedEntity),
    ("../../", Rule::PathTraversal),
    ("..//..", Rule::PathTraversal),
    ("..\\..\\", Rule::PathTraversal),
    ("%2e%2e%2f", Rule::PathTraversal),
    ("%2e%2e/", Rule::PathTraversal),
    ("..%2f", Rule::PathTraversal),
    ("%2e%2e%5c", Rule::PathTraversal),
    ("..%5c", Rule::PathTraversal),
    ("..%c0%af", Rule::PathTraversal),
    ("%252e%252e", Rule::PathTraversal),
    ("../etc/", Rule::PathTraversal),
    ("/web-inf/", Rule::PathTraversal),
];

/// What gives a value away that begins with it.
const AT_THE_START: [(&str, Rule); 9] = [
    ("file:///", Rule::RequestForgery),
    ("gopher://", Rule::RequestForgery),
    ("dict://", Rule::RequestForgery),
    ("jar:http", Rule::RequestForgery),
    ("jar:file:", Rule::RequestForgery),
    ("netdoc:", Rule::RequestForgery),
    ("php://", Rule::RequestForgery),
    ("expect://", Rule::RequestForgery),
    ("phar://", Rule::RequestForgery),
];

/// The automaton of [`ANYWHERE`]; nothing, if it could not be built, which a test denies.
static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let patterns = ANYWHERE.iter().map(|(pattern, _)| pattern);
    let mut builder = AhoCorasickBuilder::new();
    builder.ascii_case_insensitive(true).build(patterns).ok()
});

/// Tells the rules that apply to a value.
pub(super) fn look_at(value: &str, mut tell: impl FnMut(Rule)) {
    if !value.bytes().any(is_suspicious) {
        return;
    }
    let matches = FINDER.iter().flat_map(|finder| finder.find_iter(value));
    for found in matches {
        if let Some((_, rule)) = ANYWHERE.get(found.pattern().as_usize()) {
            tell(*rule);
        }
    }
    let trimmed = value.trim_start();
    for (start, rule) in AT_THE_START {
        let begins = trimmed.get(..start.len());
        if begins.is_some_and(|begins| begins.eq_ignore_ascii_case(start)) {
            tell(rule);
        }
    }
    if script::is_run(value) {
        tell(Rule::ScriptPattern);
    }
    if sql::goes_on_in_sql(value) {
        tell(Rule::SqlPattern);
    }
}

/// Whether it belongs to some pattern. Words, numbers and base64 have none of these, and are passed by.
const fn is_suspicious(byte: u8) -> bool {
    matches!(
        byte,
        b'\'' | b'"' | b'<' | b'(' | b'.' | b'%' | b':' | b'{' | b';' | b',' | b'*' | b'-' | b'@'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(value: &str) -> Vec<Rule> {
        let mut rules = Vec::new();
        look_at(value, |rule| rules.push(rule));
        rules.dedup();
        rules
    }

    #[test]
    fn attacks_are_told_by_their_names() {
        assert!(FINDER.is_some());
        for (value, rule) in [
            ("${jndi:ldap://evil.example/a}", Rule::ExpressionInjection),
            (
                "${${lower:j}ndi:ldap://evil.example/a}",
                Rule::ExpressionInjection,
            ),
            ("${${::-j}${::-n}di:x}", Rule::ExpressionInjection),
            ("%{(#a=1)}", Rule::ExpressionInjection),
            ("http://169.254.169.254/latest/meta-data/", Rule::RequestForgery),
            (" FILE:///etc/passwd", Rule::RequestForgery),
            ("gopher://127.0.0.1:6379/_FLUSHALL", Rule::RequestForgery),
            (
                "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                Rule::EmbeddedEntity,
            ),
            ("<!DOCTYPE a [<!ENTITY\tx 'y'>]><a>&x;</a>", Rule::EmbeddedEntity),
            ("../../../etc/passwd", Rule::PathTraversal),
            ("..//..//..//var/log", Rule::PathTraversal),
            ("..\\..\\windows\\win.ini", Rule::PathTraversal),
            ("a/%2E%2E%2Fb", Rule::PathTraversal),
            ("../etc/shadow", Rule::PathTraversal),
            ("<script>alert(1)</script>", Rule::ScriptPattern),
            ("x' or 1=1 --", Rule::SqlPattern),
        ] {
            assert_eq!(rules(value), [rule], "{value}");
        }
    }

    #[test]
    fn every_pattern_is_found_and_begins_with_what_is_suspicious_or_holds_it() {
        for (pattern, rule) in ANYWHERE {
            assert!(
                rules(&format!("word {pattern} word")).contains(&rule),
                "{pattern}"
            );
        }
        for (pattern, rule) in AT_THE_START {
            assert!(rules(pattern).contains(&rule), "{pattern}");
            assert!(!rules(&format!("word {pattern}")).contains(&rule), "{pattern}");
        }
    }

    #[test]
    fn what_people_and_programs_write_is_no_threat() {
        for harmless in [
            "",
            "O'Brien",
            "O'Brien & Sons (Dublin); Attn: Mr. O'Neill",
            "select a date",
            "Please select a date from the list; drop me a line, or update the table of contents.",
            "The union selected a chair. All union members, select from these: 1, 2 or 3.",
            "rock 'n' roll or jazz",
            "'either' or 'or'",
            "He said: \"yes\" or \"no\" = maybe",
            "1 or 2 = 3?",
            "-- Kind regards",
            "'Kind regards' --",
            "5 - 3 = 2; 7 -- 8",
            "JavaScript: The Good Parts (2008)",
            "on Monday = closed; a < b and b > c",
            "<b>bold</b> and <a href=\"https://example.org/?on=1\">a link</a>",
            "<!DOCTYPE html><html><body><p>mail</p></body></html>",
            "../images/logo.png",
            "and so on.../or so",
            "C:\\Program Files\\x",
            "https://example.org/a/b.html?x=1&y=%20z",
            "file: see attachment",
            "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
            "2026-11-24T00:00:00.000Z",
            "100 % of ${amount} and {name}",
            "It costs 5' 3\" or so; (see table 3)",
            "Robert; delete from the list what you don't need",
            "D'or, 1 = one; L'Oréal",
            "MIIB+zCCAWSgAwIBAgIBADANBgkqhkiG9w0BAQUFADAv/==",
        ] {
            assert_eq!(rules(harmless), [], "{harmless}");
        }
    }
}
