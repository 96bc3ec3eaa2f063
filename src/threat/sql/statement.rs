use super::{ends_in_comment, window};

/// What is made, changed and removed in a database.
const OBJECTS: [&str; 13] = [
    "table ",
    "database ",
    "schema ",
    "view ",
    "index ",
    "user ",
    "role ",
    "login ",
    "procedure ",
    "function ",
    "trigger ",
    "column ",
    "or replace ",
];

/// How what is run begins.
const RUN: [&str; 8] = ["xp_", "sp_", "master", "immediate", "(", "'", "@", "dbms_"];

/// Whether it is a statement that might stand after another, and no prose that begins alike.
pub(super) fn is_statement(text: &str) -> bool {
    let text = window(text);
    let telling = [
        "delete from ",
        "truncate ",
        "shutdown",
        "declare @",
        "waitfor ",
        "exec(",
    ];
    if telling.iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let Some((verb, rest)) = text.split_once(' ') else {
        return false;
    };
    match verb {
        "drop" | "create" | "alter" => OBJECTS.iter().any(|object| rest.starts_with(object)),
        "insert" => {
            rest.starts_with("into ") && ["(", "values", "select "].iter().any(|form| rest.contains(form))
        }
        "update" => rest.contains(" set "),
        "grant" => rest.contains(" to "),
        "exec" | "execute" => RUN.iter().any(|run| rest.starts_with(run)),
        "select" => is_selected(rest),
        _ => false,
    }
}

/// Whether a SELECT follows a UNION.
pub(super) fn selects(after_union: &str) -> bool {
    if !after_union.starts_with([' ', '(']) {
        return false;
    }
    let text = after_union.trim_start_matches([' ', '(']);
    let words = ["all", "distinct"];
    let text = words
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .unwrap_or(text);
    is_subquery(text.trim_start_matches([' ', '(']))
}

/// Whether it is a SELECT, and no sentence that begins with the word.
pub(super) fn is_subquery(text: &str) -> bool {
    text.strip_prefix("select")
        .is_some_and(|columns| !columns.starts_with(|c: char| c.is_alphanumeric()) && is_selected(columns))
}

/// Whether it may be the columns of a SELECT and no prose.
fn is_selected(text: &str) -> bool {
    let text = window(text.trim_start());
    let after_word = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    text.starts_with(|c: char| c.is_ascii_digit() || "'\"*@(".contains(c))
        || text.starts_with("null")
        || after_word.len() < text.len() && after_word.starts_with([',', '('])
        || after_word.strip_prefix(" from ").is_some_and(is_source)
        || ends_in_comment(text)
}

/// Whether it is the name of a table with what may follow one.
fn is_source(text: &str) -> bool {
    let after = text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_.$".contains(c));
    let after = after.trim_start();
    after.is_empty()
        || after.starts_with([',', ')', ';', '#', '\''])
        || ["--", "where ", "limit "]
            .iter()
            .any(|word| after.starts_with(word))
}
