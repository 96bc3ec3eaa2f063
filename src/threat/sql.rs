//! Whether a value, put between the quotes of an SQL string, or in the place of a number, would end it and go on in SQL.
//!
//! A quote ends the string if it is the first, third, … of its kind: two are one quote in the string, or words in quotes. So names as O'Brien and
//! quotations are passed by, and what follows has to be SQL.

/// What nobody writes but to attack a database.
const TELLING: [&str; 6] = [
    "xp_cmdshell",
    "information_schema.",
    "waitfor delay '",
    "pg_sleep(",
    "into outfile '",
    "into dumpfile '",
];

/// How a statement begins that stands after another.
const STATEMENTS: [&str; 15] = [
    "drop ",
    "truncate ",
    "alter ",
    "create ",
    "delete from ",
    "insert into ",
    "update ",
    "exec ",
    "exec(",
    "execute ",
    "shutdown",
    "declare @",
    "select ",
    "grant ",
    "waitfor ",
];

/// Whether it would.
pub(super) fn goes_on_in_sql(value: &str) -> bool {
    let plain = plain(value);
    let text = plain.as_str();
    TELLING
        .iter()
        .any(|telling| memchr::memmem::find(text.as_bytes(), telling.as_bytes()).is_some())
        || after_quotes(text, '\'')
        || after_quotes(text, '"')
        || after_number(text)
}

/// In small letters, with one space for white space and comments, which separate words alike. What MySQL runs of a comment (`/*!`) is kept.
fn plain(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let skipped = match rest.strip_prefix("/*") {
            Some(run) if run.starts_with('!') => {
                Some(run.trim_start_matches(|c: char| c == '!' || c.is_ascii_digit()))
            }
            Some(comment) => Some(comment.split_once("*/").map_or("", |(_, after)| after)),
            None if first.is_whitespace() => Some(rest.trim_start()),
            None => rest.strip_prefix("*/"),
        };
        match skipped {
            Some(after) => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
                rest = after;
            }
            None => {
                plain.push(first.to_ascii_lowercase());
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    plain
}

/// Whether SQL follows a quote that ends a string.
fn after_quotes(text: &str, quote: char) -> bool {
    // After the first, third, … quote.
    let ends = text.match_indices(quote).step_by(2);
    ends.filter_map(|(at, _)| text.get(at.saturating_add(1)..))
        .any(|after| is_sql(after, After::String))
}

/// Whether SQL follows a number that the value begins with.
fn after_number(text: &str) -> bool {
    let number = text.trim_start().trim_start_matches('-');
    let after = number.trim_start_matches(|c: char| c.is_ascii_digit());
    after.len() < number.len() && is_sql(after, After::Number)
}

/// What was ended. Prose may well follow a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    String,
    Number,
}

/// Whether what follows the end of a string or number goes on in SQL.
fn is_sql(after: &str, ended: After) -> bool {
    let after = after.trim_start_matches([')', ' ']);
    if let Some(statement) = after.strip_prefix(';') {
        let statement = statement.trim_start();
        return STATEMENTS.iter().any(|start| statement.starts_with(start));
    }
    let comment = after.strip_prefix("--").or_else(|| after.strip_prefix('#'));
    if let Some(comment) = comment {
        return ended == After::String && comment.trim_start().is_empty();
    }
    if let Some(rest) = after.strip_prefix("union ") {
        return selects(rest, ended);
    }
    let words = ["or", "and", "||", "&&"];
    let condition = words.iter().find_map(|word| after.strip_prefix(word));
    condition.is_some_and(|condition| is_condition(condition, ended))
}

fn selects(text: &str, ended: After) -> bool {
    let distinct = ["all ", "distinct "];
    let text = distinct
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    let Some(columns) = text.trim_start_matches(['(', ' ']).strip_prefix("select") else {
        return false;
    };
    match ended {
        After::String => !columns.starts_with(char::is_alphanumeric),
        After::Number => are_columns(columns.trim_start()),
    }
}

/// Whether it may be the columns of a SELECT and no prose.
fn are_columns(text: &str) -> bool {
    let after_word = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    text.starts_with(|c: char| c.is_ascii_digit() || "'\"*@(".contains(c))
        || text.starts_with("null")
        || after_word.len() < text.len() && after_word.starts_with([',', '('])
}

/// Whether it is a condition that compares constants, or runs a function that waits.
fn is_condition(text: &str, ended: After) -> bool {
    // No word that only begins with "or".
    if text.starts_with(|c: char| c.is_alphabetic()) {
        return false;
    }
    let text = text.trim_start_matches([' ', '(']);
    let text = text.strip_prefix("not ").unwrap_or(text);
    if ["sleep(", "benchmark("].iter().any(|wait| text.starts_with(wait)) {
        return true;
    }
    let Some((left, rest)) = constant(text) else {
        return false;
    };
    let rest = rest.trim_start_matches([' ', ')']);
    if rest.starts_with("--") || rest.starts_with('#') {
        return true;
    }
    let right = rest.trim_start_matches(['=', '<', '>', '!']);
    let right = if right.len() < rest.len() {
        right
    } else if let Some(right) = rest.strip_prefix("like ") {
        right
    } else {
        return false;
    };
    let right = right.trim_start_matches([' ', '(']);
    match ended {
        After::String => right.starts_with(|c: char| c.is_ascii_digit() || c == '\'' || c == '"'),
        // "1 or 2 = 3" may be prose.
        After::Number => constant(right).is_some_and(|(right, _)| right == left),
    }
}

/// The number or string that `text` begins with, and what follows.
fn constant(text: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 64;
    let length = match text.bytes().next()? {
        quote @ (b'\'' | b'"') => {
            let mut inside = text.bytes().skip(1).take(LONGEST);
            inside.position(|byte| byte == quote)?.saturating_add(2)
        }
        _ => text.bytes().take(LONGEST).take_while(u8::is_ascii_digit).count(),
    };
    text.split_at_checked(length).filter(|_| length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_string_or_number_and_goes_on_in_sql_is_found() {
        for value in [
            "' or 1=1",
            "x' OR '1'='1",
            "x' or ''='",
            "\" or \"\"=\"",
            "x')) or 1=1 --",
            "x' or 1 --",
            "x'/**/or/**/1=1#",
            "x'||1=1",
            "x' and 1 like 1",
            "x' and sleep(5)",
            "x' or not 1=2",
            "admin'--",
            "admin' #",
            "1 or 1=1",
            "-1 OR 1=1",
            "1) or (1=1",
            "1 or sleep(5)",
            "1 union select null, null",
            "1 UNION ALL SELECT username, password FROM users",
            "x' union select a from b",
            "x' union/**/distinct\nselect(1)",
            "x' /*!50000union*/ select 1",
            "Robert'); DROP TABLE Students;--",
            "1; drop table users",
            "1;exec xp_cmdshell 'dir'",
            "x'; waitfor delay '0:0:5'--",
            "x' and (select table_name from information_schema.tables)",
            "x' into outfile '/tmp/x",
            "x''' or 1=1",
        ] {
            assert!(goes_on_in_sql(value), "{value}");
        }
    }

    #[test]
    fn names_quotations_and_prose_are_not() {
        for value in [
            "O'Brien",
            "O'Brien or O'Neill",
            "'yes' or 'no'",
            "\"a\" or \"b\" = c",
            "x'' or 1=1",
            "d'oro",
            "the students' union selected",
            "2004 union select committee",
            "1 or 2 = 3",
            "1 or more",
            "3; see below",
            "(see table 3); insert into the slot",
            "the 'A'; insert into the slot",
            "5' -- tall",
            "select * from the menu",
            "drop table; delete from list",
            "12 -- 13",
        ] {
            assert!(!goes_on_in_sql(value), "{value}");
        }
    }

    #[test]
    fn work_is_linear_in_the_value() {
        for unit in ["' or '", "/*", "/*!", "*/", "' ", "'(", "') ", "'or(", "union "] {
            let long = unit.repeat((1_usize << 20).div_ceil(unit.len()));
            let started = std::time::Instant::now();
            goes_on_in_sql(&long);
            let took = started.elapsed();
            assert!(took < std::time::Duration::from_secs(2), "{unit}: {took:?}");
        }
    }
}
