use super::statement::is_subquery;
use super::{After, is_end_of_comment};

/// Functions that ask, or wait, for whoever cannot see the answer.
const FUNCTIONS: [&str; 11] = [
    "sleep(",
    "benchmark(",
    "exists(select",
    "exists (select",
    "extractvalue(",
    "updatexml(",
    "ascii(",
    "substring(",
    "substr(",
    "randomblob(",
    "@@version",
];

/// Constants that are words.
const NAMED: [&str; 3] = ["true", "false", "null"];

/// Whether it is a condition on constants, one that compares a column with a string, or one that asks or waits. `tight` is one that stands at
/// the quote without a space.
pub(super) fn is_condition(text: &str, ended: After, tight: bool) -> bool {
    // No word that only begins with "or".
    if text.starts_with(|c: char| c.is_alphabetic()) {
        return false;
    }
    let text = text.trim_start_matches([' ', '(', '!', '~', '-', '+']);
    let text = text.strip_prefix("not ").unwrap_or(text);
    if calls(text) || is_subquery(text) || is_column_and_itself(text) {
        return true;
    }
    let Some((left, rest)) = constant(text) else {
        return ended == After::String && !tight && is_column_and_string(text);
    };
    let rest = rest.trim_start_matches([' ', ')']);
    if let Some(comment) = rest.strip_prefix("--").or_else(|| rest.strip_prefix('#')) {
        return ended == After::String || is_end_of_comment(comment);
    }
    if rest.is_empty() {
        return ended == After::String && NAMED.contains(&left);
    }
    let Some(right) = compared(rest) else {
        return ended == After::String && is_predicate(rest);
    };
    let right = right.trim_start_matches([' ', '(', '-', '+']);
    let is_number = left.starts_with(|c: char| c.is_ascii_digit());
    if ended == After::Number || tight && is_number {
        // "1 or 2 = 3" may be prose.
        return constant(right).is_some_and(|(right, _)| right == left || holds(left, rest, right));
    }
    right.starts_with(['\'', '"']) || constant(right).is_some() || is_subquery(right)
}

/// Whether it calls a function that asks or waits.
pub(super) fn calls(text: &str) -> bool {
    FUNCTIONS.iter().any(|function| text.starts_with(function))
}

/// Whether numbers are compared by `compared`, which begins with the operator, and not as equal; and the comparison holds.
fn holds(left: &str, compared: &str, right: &str) -> bool {
    let (Ok(left), Ok(right)) = (left.parse::<f64>(), right.parse::<f64>()) else {
        return false;
    };
    let length = compared
        .len()
        .saturating_sub(compared.trim_start_matches(['=', '<', '>', '!']).len());
    match compared.get(..length) {
        Some("<") => left < right,
        Some(">") => left > right,
        Some("<=") => left <= right,
        Some(">=") => left >= right,
        Some("<>" | "!=") => left != right,
        _ => false,
    }
}

/// Whether a column is compared with itself, as in `id=id`.
fn is_column_and_itself(text: &str) -> bool {
    let text = super::window(text);
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let column = |text: &str| text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let (left, rest) = text.split_at_checked(column(text)).unwrap_or_default();
    let Some(right) = rest.trim_start().strip_prefix('=').map(str::trim_start) else {
        return false;
    };
    left.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && right.get(..column(right)) == Some(left)
}

/// Whether a column's name is compared with a string.
fn is_column_and_string(text: &str) -> bool {
    let rest = super::window(text);
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    rest.len() < text.len()
        && compared(rest.trim_start()).is_some_and(|right| right.trim_start().starts_with(['\'', '"']))
}

/// What stands after an operator that compares.
fn compared(rest: &str) -> Option<&str> {
    let right = rest.trim_start_matches(['=', '<', '>', '!']);
    if right.len() < rest.len() {
        return Some(right);
    }
    let words = ["like ", "rlike ", "regexp "];
    words.iter().find_map(|word| rest.strip_prefix(word))
}

/// Whether a predicate on constants follows: `between 1 and 2`, `in (1)`, `is not null`.
fn is_predicate(rest: &str) -> bool {
    let starts = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '\'');
    if let Some(rest) = rest.strip_prefix("between ") {
        return starts(rest);
    }
    if let Some(rest) = rest.strip_prefix("in (").or_else(|| rest.strip_prefix("in(")) {
        return starts(rest) || is_subquery(rest);
    }
    let rest = rest.strip_prefix("is ").unwrap_or_default();
    let rest = rest.strip_prefix("not ").unwrap_or(rest);
    NAMED.iter().any(|named| rest.starts_with(named))
}

/// The number, string or named constant that `text` begins with, and what follows.
fn constant(text: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 64;
    let first = text.bytes().next()?;
    if matches!(first, b'\'' | b'"') {
        let mut inside = text.bytes().skip(1).take(LONGEST);
        let length = inside.position(|byte| byte == first)?.saturating_add(2);
        return text.split_at_checked(length);
    }
    let named = NAMED.iter().find_map(|named| {
        let (word, rest) = text.split_at_checked(named.len())?;
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        (word == *named && ends).then_some((word, rest))
    });
    named.or_else(|| number(text))
}

/// The number that `text` begins with, as `1`, `0x41`, `1.5` or `1e0`, and what follows.
pub(super) fn number(text: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 64;
    let digits = |text: &str| {
        let digits = text.bytes().take(LONGEST).take_while(u8::is_ascii_digit);
        digits.count()
    };
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        let digits = hexadecimal.bytes().take(LONGEST);
        let length = digits.take_while(u8::is_ascii_hexdigit).count();
        return text.split_at_checked(length.saturating_add(2));
    }
    let mut length = digits(text);
    if length == 0 {
        return None;
    }
    for mark in ['.', 'e'] {
        let more = text.get(length..).and_then(|rest| rest.strip_prefix(mark));
        // "1." is a number, "1e" is none.
        if let Some(more) = more.map(digits).filter(|more| *more > 0 || mark == '.') {
            length = length.saturating_add(1).saturating_add(more);
        }
    }
    text.split_at_checked(length)
}
