//! TOML as commands print it: no character in it is one that a terminal obeys (T138).

use serde::Serialize;

use super::exit::Stop;
use crate::xml::is_invisible;

/// `value`, a table, as TOML.
///
/// # Errors
/// [`Stop`] where TOML has no form for it.
pub(crate) fn document(value: &impl Serialize) -> Result<String, Stop> {
    let mut marked = toml::Value::try_from(value).map_err(Stop::failed)?;
    let replaced = mark(&mut marked);
    if replaced.is_empty() {
        return toml::to_string(value).map_err(Stop::failed);
    }
    let text = toml::to_string(&marked).map_err(Stop::failed)?;
    let begins = format!("\"{MARK}");
    let mut pieces = text.split(&begins);
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (index, rest) = piece.split_once('"').unwrap_or_default();
        let original = index.parse().ok().and_then(|index: usize| replaced.get(index));
        written.push_str(&string(original.map_or("", String::as_str)));
        written.push_str(rest);
    }
    Ok(written)
}

/// What stands, with a number, for a string that has invisible characters. No other string does then.
const MARK: char = '\u{200b}';

/// Puts marks in the place of strings with invisible characters, which it gives in the order of their numbers.
fn mark(value: &mut toml::Value) -> Vec<String> {
    let (mut replaced, mut left) = (Vec::new(), vec![value]);
    while let Some(value) = left.pop() {
        match value {
            toml::Value::String(text) if text.contains(is_invisible) => {
                let marked = format!("{MARK}{}", replaced.len());
                replaced.push(std::mem::replace(text, marked));
            }
            toml::Value::Array(values) => left.extend(values),
            toml::Value::Table(table) => left.extend(table.iter_mut().map(|(_, value)| value)),
            toml::Value::String(_)
            | toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_) => {}
        }
    }
    replaced
}

/// `text` as a basic string.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            _ if is_invisible(character) => out.push_str(&format!("\\U{:08x}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[derive(Serialize)]
    struct Table {
        signed: Vec<&'static str>,
        name: &'static str,
        inner: Vec<Inner>,
    }

    #[derive(Serialize)]
    struct Inner {
        action: &'static str,
        most: u32,
    }

    #[test]
    fn what_is_written_is_read_as_it_was_and_nothing_in_it_is_invisible() {
        let table = Table {
            signed: vec![
                "\u{9b}2J",
                "a\n[b]",
                "\u{200b}0\"'\\",
                "'\u{202e}\u{1b}'",
                "a \"b\" é",
            ],
            name: "\u{200b}1",
            inner: vec![Inner {
                action: "\u{e0041}",
                most: 1,
            }],
        };
        let text = document(&table).unwrap();
        assert!(
            !text.contains(|character| character != '\n' && is_invisible(character)),
            "{text:?}"
        );
        assert_eq!(
            text.lines().filter(|line| line.starts_with("[b]")).count(),
            0,
            "{text}"
        );
        let read: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(read, toml::Table::try_from(&table).unwrap());
    }

    #[test]
    fn what_has_nothing_invisible_is_written_as_ever() {
        let inner = Inner {
            action: "urn:\"é\"",
            most: 1,
        };
        assert_eq!(document(&inner).unwrap(), toml::to_string(&inner).unwrap());
    }
}
