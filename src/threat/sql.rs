//! Whether a value, put between the quotes of an SQL string, or in the place of a number, would end it and go on in SQL.
//!
//! A quote ends the string if it is the first, third, … of its kind: two are one quote in the string, or words in quotes. So names as O'Brien and
//! quotations are passed by, and what follows has to be SQL.

mod condition;
mod statement;

use std::sync::LazyLock;

use memchr::memmem::Finder;

use condition::{calls, is_condition, number};
use statement::{is_statement, selects};

/// What nobody writes but to attack a database.
const TELLING: [&str; 6] = [
    "xp_cmdshell '",
    "xp_cmdshell(",
    "from information_schema.",
    "waitfor delay '",
    "into outfile '",
    "into dumpfile '",
];

/// Functions that nobody calls but for that; of one without arguments, people write.
const CALLED: [&str; 4] = [
    "pg_sleep(",
    "load_file(",
    "dbms_pipe.receive_message(",
    "utl_http.request(",
];

/// They are made ready once: that takes longer than to look through a value.
static FIND_TELLING: LazyLock<[Finder<'static>; 6]> = LazyLock::new(|| TELLING.map(Finder::new));
static FIND_CALLED: LazyLock<[Finder<'static>; 4]> = LazyLock::new(|| CALLED.map(Finder::new));

/// Letters that some databases take for a quote where they turn Unicode into a code page.
const OTHER_QUOTES: [char; 3] = ['\u{02b9}', '\u{02bc}', '\u{ff07}'];

/// How a clause of a query begins.
const CLAUSES: [&str; 4] = ["order by ", "group by ", "having ", "procedure "];

/// How an expression goes on after a string.
const WORDS: [&str; 9] = [
    "or ", "or(", "and ", "and(", "xor ", "limit ", "rlike ", "like ", "between ",
];

/// The most of a value that is looked at from one place.
const WINDOW: usize = 256;

/// Whether it would.
pub(super) fn goes_on_in_sql(value: &str) -> bool {
    let plain = plain(value);
    let text = plain.as_str();
    FIND_TELLING
        .iter()
        .any(|telling| telling.find(text.as_bytes()).is_some())
        || FIND_CALLED.iter().any(|called| is_called(text, called))
        || after_quotes(text, '\'')
        || after_quotes(text, '"')
        || after_number(text)
}

/// Whether a function is called, with an argument.
fn is_called(text: &str, function: &Finder<'_>) -> bool {
    function.find_iter(text.as_bytes()).any(|at| {
        let end = at.saturating_add(function.needle().len());
        let argument = text.get(end..).unwrap_or_default();
        !argument
            .trim_start_matches(' ')
            .trim_start_matches('.')
            .starts_with(')')
    })
}

/// Whether there is a letter that some databases take for a quote.
pub(super) fn has_other_quote(value: &str) -> bool {
    value.contains(OTHER_QUOTES)
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
                let quote = OTHER_QUOTES.contains(&first);
                plain.push(if quote { '\'' } else { first.to_ascii_lowercase() });
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
    let text = text.trim_start_matches([' ', '-', '+', '(']);
    number(text).is_some_and(|(_, after)| is_sql(after, After::Number))
}

/// What was ended. Prose may well follow a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    String,
    Number,
}

/// Whether what follows the end of a string or number goes on in SQL.
fn is_sql(text: &str, ended: After) -> bool {
    let after = text.trim_start_matches([')', ' ']);
    if let Some(statement) = after.strip_prefix(';') {
        return is_statement(statement.trim_start());
    }
    let comment = after.strip_prefix("--").or_else(|| after.strip_prefix('#'));
    if let Some(comment) = comment {
        return ended == After::String && is_end_of_comment(comment);
    }
    let operand = after.trim_start_matches(['-', '+', '*', '/', '%', '^', '|', '&', ' ']);
    if operand.len() < after.len() && calls(operand) {
        return true;
    }
    if let Some(rest) = after.strip_prefix("union") {
        return selects(rest);
    }
    // "L'or" is French.
    let tight = text.starts_with("or");
    if ends_in_comment(after) {
        let begins = |words: &[&str]| words.iter().any(|word| after.starts_with(word));
        if begins(&CLAUSES) || ended == After::String && !tight && begins(&WORDS) {
            return true;
        }
    }
    let words = ["or", "and", "xor", "||", "&&"];
    let condition = words.iter().find_map(|word| after.strip_prefix(word));
    condition.is_some_and(|condition| is_condition(condition, ended, tight))
}

/// Whether the value ends soon, and with the start of a comment, which hides what a query has after it.
fn ends_in_comment(text: &str) -> bool {
    text.len() <= WINDOW
        && ["--", "#"].iter().any(|start| {
            text.rsplit_once(start)
                .is_some_and(|(_, comment)| is_end_of_comment(comment))
        })
}

/// Whether nothing follows the start of a comment but what makes it one.
fn is_end_of_comment(comment: &str) -> bool {
    let comment = comment.get(..8).unwrap_or(comment);
    comment.chars().all(|c| matches!(c, ' ' | '-' | '+'))
}

/// As much of the text as is looked at.
fn window(text: &str) -> &str {
    let mut end = text.len().min(WINDOW);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
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
            "1 OR 1=1",
            "x' OR true--",
            "x' or true",
            "x' or not false -- ",
            "1 or true--",
            "1/**/OR/**/1=1",
            "x'/**/UNION/**/SELECT/**/a/**/FROM/**/b",
            "x'union(select(1),2)",
            "1 uNiOn/*x*/SeLeCt password from users",
            "1e0union select 1,2",
            "1.5 or 1=1",
            "(1) or 1=1",
            "x' or 0x41=0x41",
            "x' or 1.0=1",
            "x' or -1=-1",
            "x' or 1 between 1 and 2",
            "x' or 1 in (1)",
            "x' or 1 is not null",
            "x' or username='admin",
            "x' or u.name like '%",
            "x' or exists(select 1)",
            "x' and (select 1)=1",
            "x'||(select password from users)||'",
            "x' and ascii(substring((select 1),1,1))>64",
            "x' order by 3--",
            "1 order by 3-- -",
            "x' having 1=1#",
            "x' or email is not null--",
            "x' and id>0-- -",
            "x' xor 1=1",
            "xʼ or 1=1",
            "x＇ or ＇1＇=＇1",
            "x'; update users set admin=1",
            "x'; insert into users values (1)",
            "x'; create user eve",
            "x'; grant all to eve",
            "x'; execute immediate 'x'",
            "x ' or 1=1",
            "load_file('/etc/passwd')",
            "1 or id=id",
            "1 or u.id = u.id--",
            "1 and not id=id",
            "x' or id=id",
            "'-sleep(5)-'",
            "x'+sleep(5)+'",
            "1-sleep(5)",
            "1 or 2>1",
            "1 or 1<2",
            "1 or 2<>3",
            "1 or 2 != 3",
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
            "The students' union select candidates from all faculties",
            "The workers' union select committee met",
            "L'or 18 = 750",
            "l'or pur = 18 carats",
            "d'or et d'argent",
            "Oʼzbekiston or 1",
            "0 or false, 1 or true",
            "1 or true",
            "1 or 2 # or so",
            "1 or 2 -- whichever",
            "the boys' or 6 of the girls",
            "the parents' and guardians' names",
            "the customers' order by 5 pm",
            "2 and 3 = 5",
            "1 and 1 = 2",
            "3; select a date",
            "the boss'; create a plan",
            "the clients'; insert into the slot",
            "5' or 6' tall",
            "12 order by date",
            "dogs' like bones",
            "1. Or: see below",
            "3.5 and more",
            "1 or id=it",
            "1 or a = ab",
            "1 or 2>=3",
            "1 or 3<2",
            "information_schema.tables is a view",
            "pg_sleep() and load_file( ) are functions",
            "xp_cmdshell is off",
            "5 - 3 - asleep (7)",
        ] {
            assert!(!goes_on_in_sql(value), "{value}");
        }
    }

    #[test]
    fn work_is_linear_in_the_value() {
        for unit in ["' or '", "/*", "/*!", "*/", "' ", "'(", "') ", "'or(", "union "] {
            let long = unit.repeat((1_usize << 18).div_ceil(unit.len()));
            let started = std::time::Instant::now();
            goes_on_in_sql(&long);
            let took = started.elapsed();
            assert!(took < std::time::Duration::from_secs(2), "{unit}: {took:?}");
        }
    }
}
