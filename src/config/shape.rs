use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::DeInteger;
use toml::de::DeTable;
use toml::de::DeValue;

use super::problem::KeyPath;
use super::problem::Source;

/// How deep a value may be, which is deeper than any key that exists.
const DEEPEST: usize = 16;

/// Compares the file with its schema and notes every difference, where reading it into types would stop at the
/// first one.
pub(super) fn check(schema: &Value, tree: &Spanned<DeTable<'_>>, source: &mut Source<'_>) {
    let shape = Shape { root: schema };
    shape.table(
        schema,
        tree.get_ref(),
        tree.span(),
        &KeyPath::default(),
        source,
        DEEPEST,
    );
}

struct Shape<'s> {
    root: &'s Value,
}

impl<'s> Shape<'s> {
    fn value(
        &self,
        schema: &'s Value,
        value: &Spanned<DeValue<'_>>,
        path: &KeyPath,
        source: &mut Source<'_>,
        deeper: usize,
    ) {
        let Some(deeper) = deeper.checked_sub(1) else {
            source.problem_at(value.span(), path, "is nested too deeply", "write it flat");
            return;
        };
        let schema = self.resolve(schema);
        if let Some(choices) = choices(schema) {
            return self.choice(choices, value, path, source, deeper);
        }
        let wanted = schema.get("type").and_then(Value::as_str).unwrap_or("string");
        match (wanted, value.get_ref()) {
            ("object", DeValue::Table(table)) => {
                self.table(schema, table, value.span(), path, source, deeper);
            }
            ("array", DeValue::Array(list)) => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                if u64::try_from(list.len()).is_ok_and(|length| length < least) {
                    source.problem_at(
                        value.span(),
                        path,
                        "is empty",
                        format!("it needs at least {least}"),
                    );
                }
                let Some(items) = schema.get("items") else { return };
                for (index, item) in list.iter().enumerate() {
                    self.value(items, item, &path.entry(index), source, deeper);
                }
            }
            ("integer", DeValue::Integer(number)) => integer(schema, number, value.span(), path, source),
            ("string", DeValue::Datetime(_)) if is_date(schema) => {}
            ("string", DeValue::String(_)) if !is_date(schema) => {}
            ("boolean", DeValue::Boolean(_)) => {}
            (_, found) => source.problem_at(
                value.span(),
                path,
                format!("is {}", with_article(found.type_str())),
                format!("write {}", describe(schema)),
            ),
        }
    }

    fn table(
        &self,
        schema: &'s Value,
        table: &DeTable<'_>,
        span: Range<usize>,
        path: &KeyPath,
        source: &mut Source<'_>,
        deeper: usize,
    ) {
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema
            .get("additionalProperties")
            .filter(|schema| schema.is_object());
        for (key, value) in table {
            let name: &str = key.get_ref();
            match known.and_then(|known| known.get(name)).or(others) {
                Some(inner) => self.value(inner, value, &path.key(name), source, deeper),
                None => {
                    let keys = known
                        .into_iter()
                        .flat_map(|known| known.keys().map(String::as_str));
                    let instead = instead_of(name, keys);
                    source.problem_at(
                        key.span(),
                        &path.key(name),
                        "is not a key that exists here",
                        instead,
                    );
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(name) {
                let wanted = known.and_then(|known| known.get(name));
                let description = wanted.map(|schema| describe(self.resolve(schema)));
                let instead = format!("add {}", description.unwrap_or_default());
                source.problem_at(span.clone(), &path.key(name), "is missing", instead);
            }
        }
    }

    fn choice(
        &self,
        choices: Vec<&'s Value>,
        value: &Spanned<DeValue<'_>>,
        path: &KeyPath,
        source: &mut Source<'_>,
        deeper: usize,
    ) {
        let choices: Vec<&Value> = choices.into_iter().map(|choice| self.resolve(choice)).collect();
        // A table can be only a choice that is one: that of which it has a key, or the first. It says itself what is wrong with it.
        let tables = choices.iter().filter_map(|choice| {
            let keys = choice.get("properties").and_then(Value::as_object)?;
            Some((*choice, keys))
        });
        let tables: Vec<_> = tables.collect();
        if let DeValue::Table(found) = value.get_ref() {
            let mut has_its_key = tables
                .iter()
                .filter(|(_, keys)| keys.keys().any(|key| found.contains_key(key.as_str())));
            if let Some((table, _)) = has_its_key.next().or(tables.first()) {
                return self.table(table, found, value.span(), path, source, deeper);
            }
        }
        let words = choices.iter().flat_map(|choice| self.words(choice));
        let words: Vec<&str> = words.collect();
        let found = value.get_ref().as_str();
        if found.is_some_and(|found| words.contains(&found)) {
            return;
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let mut instead = format!("write {}", quoted.join(", "));
        for (table, _) in &tables {
            instead = format!("{instead}, or {}", describe(table));
        }
        let what = found.map_or_else(
            || format!("is {}", with_article(value.get_ref().type_str())),
            |found| format!("is {found:?}"),
        );
        source.problem_at(value.span(), path, what, instead);
    }

    /// The words that a choice allows.
    fn words(&self, schema: &'s Value) -> Vec<&'s str> {
        if let Some(word) = schema.get("const").and_then(Value::as_str) {
            return vec![word];
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return words.iter().filter_map(Value::as_str).collect();
        }
        let inner = schema.get("oneOf").and_then(Value::as_array);
        let inner = inner.into_iter().flatten().map(|choice| self.resolve(choice));
        inner
            .filter_map(|choice| choice.get("const").and_then(Value::as_str))
            .collect()
    }

    /// What a schema refers to, or itself.
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
        pointer
            .and_then(|pointer| self.root.pointer(pointer))
            .unwrap_or(schema)
    }
}

fn choices(schema: &Value) -> Option<Vec<&Value>> {
    if schema.get("enum").is_some() || schema.get("const").is_some() {
        return Some(vec![schema]);
    }
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    Some(choices.as_array()?.iter().collect())
}

fn integer(
    schema: &Value,
    number: &DeInteger<'_>,
    span: Range<usize>,
    path: &KeyPath,
    source: &mut Source<'_>,
) {
    let value = i64::from_str_radix(number.as_str(), number.radix());
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let least = bound("minimum").unwrap_or(i64::MIN);
    let most = bound("maximum").unwrap_or(i64::MAX);
    if !value.is_ok_and(|value| (least..=most).contains(&value)) {
        source.problem_at(
            span,
            path,
            format!("is {}", number.as_str()),
            format!("write {}", describe(schema)),
        );
    }
}

/// TOML has dates of its own, which editors show to JSON schemas as strings of that format.
fn is_date(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("date")
}

/// What a schema asks for, in words.
fn describe(schema: &Value) -> String {
    let description = schema.get("description").and_then(Value::as_str);
    let about = description.map_or_else(String::new, |text| {
        let first = text.split("\n\n").next().unwrap_or(text);
        format!(": {}", first.trim_end_matches('.').replace('\n', " "))
    });
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let kind = match schema.get("type").and_then(Value::as_str) {
        Some("integer") => match (bound("minimum"), bound("maximum")) {
            (Some(least), Some(most)) => format!("a number from {least} to {most}"),
            (Some(least), None) => format!("a number from {least} to {}", i64::MAX),
            _ => "a number".to_owned(),
        },
        Some("array") => "a list".to_owned(),
        Some("object") => "a table".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        _ if is_date(schema) => "a date without quotes".to_owned(),
        _ => "a text in quotes".to_owned(),
    };
    format!("{kind}{about}")
}

fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {name}")
}

/// The key that was probably meant, or all that there are.
fn instead_of<'k>(name: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    let closest = known.clone().map(|key| (edits(name, key), key)).min();
    match closest {
        Some((edits, key)) if edits <= 2 => format!("did you mean {key}?"),
        Some(_) => format!("keys here are {}", known.collect::<Vec<_>>().join(", ")),
        None => "remove it".to_owned(),
    }
}

/// How many characters to change, add or remove to turn one word into another (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    if one.len().abs_diff(other.len()) > 2 || one.len() > 64 {
        return usize::MAX;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut next = vec![index.saturating_add(1)];
        for (pair, b) in row.windows(2).zip(&other) {
            let [diagonal, above] = *pair else { continue };
            let changed = diagonal.saturating_add(usize::from(a != *b));
            let left = next.last().copied().unwrap_or_default();
            next.push(changed.min(above.saturating_add(1)).min(left.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::path::Path;

    use super::super::problem::Problems;
    use super::super::schema;
    use super::*;

    fn problems(text: &str) -> String {
        let tree = DeTable::parse(text).unwrap();
        let mut source = Source::new(Path::new("s.toml"), text, &tree);
        check(&schema(), &tree, &mut source);
        Problems::new(source.into_problems()).map_or_else(String::new, |problems| problems.to_string())
    }

    const GOOD: &str = r#"
[[listener]]
address = "127.0.0.1:0"
tls = { certificate = "c.pem", key = "k.pem", clients = "required", client_ca = ["ca.pem"] }
[gateway]
certificate = "g.pem"
key = "g.key.pem"
workers = 2
[[route]]
path = "/orders"
operation = [{ action = "urn:place", body = "{urn:orders}Place" }]
[[route.trust.anchor]]
file = "ca.pem"
subject = ["CN=x"]
[route.backend]
url = "http://127.0.0.1:1/"
[route.identity]
x-subject = "signer-subject"
x-role = { saml_attribute = "role" }
[route.limits]
depth = 10
"#;

    #[test]
    fn a_file_of_the_right_shape_has_no_problems() {
        assert_eq!(problems(GOOD), "");
    }

    #[test]
    fn a_threat_rule_or_mode_that_does_not_exist_is_told() {
        let with = |line: &str| problems(&format!("{GOOD}[route.threats]\n{line}\n"));
        assert_eq!(with("sql_pattern = \"block\""), "");
        assert!(with("sql_patern = \"block\"").contains("did you mean sql_pattern?"));
        assert!(with("sql_pattern = \"off\"").contains("write \"observe\", \"block\""));
    }

    #[test]
    fn a_number_too_large_for_toml_is_told_where_numbers_end() {
        let bad = format!("{GOOD}[throttle]\naddress_bytes_per_minute = 18446744073709551615\n");
        let said = problems(&bad);
        assert!(
            said.contains("write a number from 1 to 9223372036854775807: "),
            "{said}"
        );
    }

    #[test]
    fn every_difference_is_told_with_what_would_be_right() {
        let bad = GOOD
            .replace("path =", "pth =")
            .replace("\"required\"", "\"always\"")
            .replace("workers = 2", "workers = 0")
            .replace("depth = 10", "depth = \"10\"")
            .replace("[\"CN=x\"]", "\"CN=x\"")
            .replace("\"signer-subject\"", "\"subject\"")
            .replace("saml_attribute", "attribute")
            .replace("url =", "colour =");
        let expected = "\
s.toml:4:57: listener[1].tls.clients: is \"always\"; write \"not-asked\", \"optional\", \"required\"
s.toml:8:11: gateway.workers: is 0; write a number from 1 to 512: Threads that serve; as many as there are \
processors if it is not said
s.toml:9:1: route[1].path: is missing; add a text in quotes: The path of the URL, as \"/orders\"
s.toml:10:1: route[1].pth: is not a key that exists here; did you mean path?
s.toml:14:11: route[1].trust.anchor[1].subject: is a string; write a list: Subjects of signers, as \
\"CN=orders-*,O=Partner,C=DE\"; a leading \"*,\" stands for further parts
s.toml:16:1: route[1].backend.colour: is not a key that exists here; keys here are url, server, \
connect_seconds, first_byte_seconds, idle_seconds, answer_seconds, answer_bytes, messages, breaker, health, ca, certificate, key, key_password_file, answer
s.toml:18:13: route[1].identity.x-subject: is \"subject\"; write \"signer-subject\", \"signer-san\", \"signer-issuer\", \
\"signer-serial\", \"signer-sha256\", \"saml-issuer\", \"saml-name-id\", \"username\", \"token-subject\", \"token-issuer\", or a table: A SAML attribute, \
or a table: A claim of a bearer token: a text, or a list of texts
s.toml:19:10: route[1].identity.x-role.saml_attribute: is missing; add a text in quotes: Its Name
s.toml:19:12: route[1].identity.x-role.attribute: is not a key that exists here; keys here are \
saml_attribute, name_format
s.toml:21:9: route[1].limits.depth: is a string; write a number from 0 to 65535: Depth of the deepest element; \
the root has depth 1";
        assert_eq!(problems(&bad), expected);
    }

    #[test]
    fn what_is_missing_at_the_top_is_told_too() {
        let all = problems("");
        assert!(
            all.contains("s.toml:1:1: listener: is missing; add a list"),
            "{all}"
        );
        assert!(
            all.contains("s.toml:1:1: gateway: is missing; add a table"),
            "{all}"
        );
        let empty = problems("listener = []\nroute = []\n[gateway]\ncertificate = \"\"\nkey = \"\"\n");
        assert!(
            empty.contains("s.toml:1:12: listener: is empty; it needs at least 1"),
            "{empty}"
        );
    }

    #[test]
    fn words_that_are_close_are_meant() {
        for (name, key, distance) in [
            ("polcy", "policy", 1),
            ("kye", "key", 2),
            ("a", "abc", 2),
            ("", "", 0),
        ] {
            assert_eq!(edits(name, key), distance, "{name} {key}");
        }
    }
}
