use std::collections::HashMap;

use serde_json::{Map, Value};

use super::schema::schema;

const INTRODUCTION: &str = "\
# Configuration

Every key of the file that `sealgate serve` reads, in TOML, made from the same types as the reader (`sealgate config reference`). Relative paths
start from the folder of the file. A key that is not listed is refused. `sealgate config init` prints a file to start from,
`sealgate config check` says all that is wrong in one, and `sealgate config schema` prints the same as a JSON Schema.
";

/// The configuration for readers, in Markdown: each table and each value of a kind of its own, with where it stands; of each key what it may be, its
/// default, and what it does.
pub fn reference() -> String {
    let schema = schema();
    let mut reader = Reader {
        kinds: schema.get("$defs").and_then(Value::as_object),
        places: HashMap::new(),
        order: Vec::new(),
    };
    let root = Place {
        path: String::new(),
        is_list: false,
    };
    for (kind, place) in uses(&schema, &root) {
        reader.visit(kind, place);
    }
    let mut text = format!("{INTRODUCTION}\n## The file\n\n{}", described(&schema));
    for kind in &reader.order {
        let places = reader.places.get(kind).map(Vec::as_slice).unwrap_or_default();
        if let Some(of_kind) = reader.kinds.and_then(|kinds| kinds.get(*kind)) {
            let is_table = properties(of_kind).next().is_some();
            let at: Vec<String> = places.iter().map(|place| place.shown(is_table)).collect();
            text.push_str(&format!(
                "\n## {kind}\n\nAt {}.\n\n{}",
                at.join(", "),
                described(of_kind)
            ));
        }
    }
    text
}

/// Where something stands in a file.
#[derive(Clone)]
struct Place {
    path: String,
    is_list: bool,
}

impl Place {
    fn inside(&self, key: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            path: format!("{}{dot}{key}", self.path),
            is_list: false,
        }
    }

    /// A table by its head, as it stands in a file.
    fn shown(&self, is_table: bool) -> String {
        match (is_table, self.is_list) {
            (false, _) => format!("`{}`", self.path),
            (true, false) => format!("`[{}]`", self.path),
            (true, true) => format!("`[[{}]]`", self.path),
        }
    }
}

struct Reader<'s> {
    kinds: Option<&'s Map<String, Value>>,
    places: HashMap<&'s str, Vec<Place>>,
    /// As a reader meets them who reads from above.
    order: Vec<&'s str>,
}

impl<'s> Reader<'s> {
    fn visit(&mut self, kind: &'s str, place: Place) {
        let Some(of_kind) = self.kinds.and_then(|kinds| kinds.get(kind)) else {
            return;
        };
        if !self.places.contains_key(kind) {
            self.order.push(kind);
        }
        let inside = uses(of_kind, &place);
        self.places.entry(kind).or_default().push(place);
        for (kind, place) in inside {
            self.visit(kind, place);
        }
    }
}

/// The kinds that what stands at `place` is made of, and where.
fn uses<'s>(schema: &'s Value, place: &Place) -> Vec<(&'s str, Place)> {
    if let Some(kind) = kind(schema) {
        return vec![(kind, place.clone())];
    }
    let of_items = schema.get("items").into_iter().flat_map(|items| {
        let mut place = place.clone();
        place.is_list = true;
        uses(items, &place)
    });
    let of_keys = properties(schema).flat_map(|(key, value)| uses(value, &place.inside(key)));
    let of_names = schema
        .get("additionalProperties")
        .filter(|others| others.is_object());
    let of_names = of_names
        .into_iter()
        .flat_map(|value| uses(value, &place.inside("NAME")));
    let of_alternatives = alternatives(schema).flat_map(|one| uses(one, place));
    of_items
        .chain(of_keys)
        .chain(of_names)
        .chain(of_alternatives)
        .collect()
}

fn kind(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/")
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let among = ["oneOf", "anyOf"]
        .into_iter()
        .filter_map(|key| schema.get(key)?.as_array());
    among.flatten()
}

fn described(schema: &Value) -> String {
    let mut text = format!("{}\n\n", explanation(schema));
    if properties(schema).next().is_some() {
        text.push_str("| key | value | default | |\n|---|---|---|---|\n");
    }
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |key: &str| required.is_some_and(|keys| keys.iter().any(|one| one == key));
    for (key, value) in properties(schema) {
        let default = match value.get("default") {
            Some(default) => format!("`{default}`"),
            None if is_required(key) => "required".to_owned(),
            None => String::new(),
        };
        text.push_str(&format!(
            "| `{key}` | {} | {default} | {} |\n",
            allowed(value),
            explanation(value)
        ));
    }
    for one in alternatives(schema) {
        text.push_str(&format!("- {}: {}\n", allowed(one), explanation(one)));
    }
    text
}

/// What a value may be.
fn allowed(schema: &Value) -> String {
    if let Some(kind) = kind(schema) {
        return format!("[{kind}](#{})", kind.to_lowercase());
    }
    if let Some(only) = schema.get("const") {
        return format!("`{only}`");
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        return values.join(" or ");
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => {
            let items = schema.get("items").map_or_else(String::new, allowed);
            let least = if schema.get("minItems").is_some() {
                ", not empty"
            } else {
                ""
            };
            format!("list of {items}{least}")
        }
        Some("integer") => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(least), Some(most)) => format!("{least} to {most}"),
            (Some(least), None) => format!("{least} or more"),
            _ => "whole number".to_owned(),
        },
        Some("boolean") => "`true` or `false`".to_owned(),
        Some("object") => match schema
            .get("additionalProperties")
            .filter(|others| others.is_object())
        {
            Some(value) => format!("table of names, each with {}", allowed(value)),
            None => {
                let keys: Vec<String> = properties(schema)
                    .map(|(key, value)| format!("`{key}`, {}", allowed(value)))
                    .collect();
                format!("table with {}", keys.join(", "))
            }
        },
        Some("string") => "text".to_owned(),
        other => other.unwrap_or_default().to_owned(),
    }
}

/// The description, in one line, with what means something to Markdown escaped outside of code.
fn explanation(schema: &Value) -> String {
    let text = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut escaped = String::new();
    let mut is_code = false;
    for character in text.chars() {
        is_code ^= character == '`';
        match character {
            '\n' => escaped.push(' '),
            '|' => escaped.push_str("\\|"),
            '[' | ']' | '<' | '>' | '*' if !is_code => escaped.extend(['\\', character]),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_reference_in_the_manual_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/configuration.md");
        if std::env::var_os("SEALGATE_WRITE_SCHEMAS").is_some() {
            std::fs::write(path, reference()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            kept == reference(),
            "src/manual/configuration.md is out of date: SEALGATE_WRITE_SCHEMAS=1 cargo test --lib config::reference"
        );
    }

    #[test]
    fn every_key_of_the_schema_is_in_it_and_says_what_it_does() {
        let text = reference();
        let schema = schema();
        let kinds = schema.get("$defs").and_then(Value::as_object).unwrap();
        for (kind, of_kind) in kinds.iter().chain([(&"The file".to_owned(), &schema)]) {
            let section = text.split(&format!("\n## {kind}\n")).nth(1).unwrap();
            let section = section.split("\n## ").next().unwrap();
            for (key, value) in properties(of_kind) {
                let row = section
                    .lines()
                    .find(|line| line.starts_with(&format!("| `{key}` | ")));
                let row = row.unwrap_or_default();
                assert!(!row.is_empty() && !row.contains("|  |  |"), "{kind}: {key}");
                assert!(row.contains(&explanation(value)), "{row}");
            }
        }
        for told in [
            "| `drain_seconds` | 0 to 3600 | `30` |",
            "At `[[listener]]`.",
            "At `[replay.redis]`, `[throttle.redis]`.",
            "- `\"not-asked\"`: They are not asked.",
        ] {
            assert!(text.contains(told), "{told}");
        }
    }
}
