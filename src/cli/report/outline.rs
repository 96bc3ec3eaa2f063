use serde_json::{Map, Value};

use super::plain;
use crate::cli::console::{Style, Tone};

/// Facts as an outline, `indent` blanks before the first level. Objects in a list are told apart by a dash.
pub(crate) fn outline(facts: &Map<String, Value>, indent: usize, style: Style) -> String {
    let mut text = String::new();
    let mut waiting: Vec<Line<'_>> = Vec::new();
    push_facts(facts, indent, &mut waiting);
    while let Some(line) = waiting.pop() {
        let indent = " ".repeat(line.indent);
        let label = match line.label {
            Label::Name(name, width) => format!("{}  ", style.paint(Tone::Faint, &format!("{name:width$}"))),
            Label::Dash => "- ".to_owned(),
            Label::DashName(name, width) => {
                format!("- {}  ", style.paint(Tone::Faint, &format!("{name:width$}")))
            }
        };
        match line.value {
            Value::Object(inner) => {
                if let Label::Name(..) = line.label {
                    text.push_str(&format!("{indent}{}\n", label.trim_end()));
                    push_facts(inner, line.indent.saturating_add(2), &mut waiting);
                } else {
                    push_dashed(inner, line.indent, &mut waiting);
                }
            }
            Value::Array(items) => {
                text.push_str(&format!("{indent}{}\n", label.trim_end()));
                let indent = line.indent.saturating_add(2);
                waiting.extend(items.iter().rev().map(|value| Line {
                    indent,
                    label: Label::Dash,
                    value,
                }));
            }
            Value::String(value) => text.push_str(&format!("{indent}{label}{}\n", plain(value))),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => {
                text.push_str(&format!("{indent}{label}{other}\n"))
            }
        }
    }
    text
}

struct Line<'v> {
    indent: usize,
    label: Label<'v>,
    value: &'v Value,
}

#[derive(Clone, Copy)]
enum Label<'v> {
    Name(&'v str, usize),
    Dash,
    DashName(&'v str, usize),
}

/// The facts of an object, one a line, names as wide as the widest.
fn push_facts<'v>(facts: &'v Map<String, Value>, indent: usize, waiting: &mut Vec<Line<'v>>) {
    let width = width(facts);
    waiting.extend(facts.iter().rev().map(|(name, value)| Line {
        indent,
        label: Label::Name(name, width),
        value,
    }));
}

/// The same, with a dash before the first.
fn push_dashed<'v>(facts: &'v Map<String, Value>, indent: usize, waiting: &mut Vec<Line<'v>>) {
    let width = width(facts);
    for (index, (name, value)) in facts.iter().enumerate().rev() {
        let (indent, label) = match index {
            0 => (indent, Label::DashName(name, width)),
            _ => (indent.saturating_add(2), Label::Name(name, width)),
        };
        waiting.push(Line { indent, label, value });
    }
}

fn width(facts: &Map<String, Value>) -> usize {
    let short = facts
        .iter()
        .filter(|(_, value)| !value.is_array() && !value.is_object());
    short.map(|(name, _)| name.len()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn lists_and_objects_are_indented() {
        let facts = serde_json::json!({
            "soap": "1.1",
            "headers": [{"name": "To", "id": "a"}, {"name": "Action\u{1b}"}],
            "body": {"content": ["x", "y"], "n": 1},
        });
        let wanted = "  soap  1.1
  headers
    - name  To
      id    a
    - name  Action\\u{1b}
  body
    content
      - x
      - y
    n  1
";
        assert_eq!(outline(facts.as_object().unwrap(), 2, Style::Plain), wanted);
    }
}
