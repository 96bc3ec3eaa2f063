//! Rust source as the tests that read it need it: files, and tokens with their lines and the modules they stand in.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "shared by several test programs, each using a part; a test may panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of this package.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder`, sorted, without those in folders that hold what was built or fetched.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if ["target", "build", ".git", "node_modules", "__pycache__"].contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The Rust files below `folder`, sorted.
pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    found
}

/// `path` as seen from the package, for people.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(package()).unwrap_or(path).display().to_string()
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An identifier or keyword.
    Word(String),
    /// `::`
    PathSeparator,
    /// Any other character of punctuation.
    Mark(char),
    /// The inside of a string literal, as written.
    Text(String),
    /// A number, a character or a lifetime: nothing that names something.
    Other,
}

/// A token of Rust, with where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The inline modules around it, outermost first.
    pub(crate) inside: Vec<String>,
}

impl Token {
    /// The identifier or keyword, if it is one.
    pub(crate) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            Kind::PathSeparator | Kind::Mark(_) | Kind::Text(_) | Kind::Other => None,
        }
    }
}

/// Reads `source` without its comments.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = scan(source);
    mark_inline_modules(&mut tokens);
    tokens
}

fn scan(source: &str) -> Vec<Token> {
    let text: Vec<char> = source.chars().collect();
    let at = |index: usize| text.get(index).copied().unwrap_or('\0');
    let mut tokens = Vec::new();
    let (mut index, mut line) = (0, 1);
    while index < text.len() {
        let start = index;
        let kind = match at(index) {
            '/' if at(index + 1) == '/' => {
                index = find(&text, index, |rest| rest[0] == '\n');
                None
            }
            '/' if at(index + 1) == '*' => {
                index = end_of_block_comment(&text, index);
                None
            }
            character if character.is_whitespace() => {
                index += 1;
                None
            }
            _ if raw_string_hashes(&text, index).is_some() => {
                let (open, hashes) = raw_string_hashes(&text, index).unwrap();
                let close: Vec<char> = std::iter::once('"')
                    .chain(std::iter::repeat_n('#', hashes))
                    .collect();
                let end = find(&text, open, |rest| rest.starts_with(&close));
                index = (end + close.len()).min(text.len());
                Some(Kind::Text(text[open..end].iter().collect()))
            }
            'b' | 'c' if at(index + 1) == '"' => {
                index += 1;
                None
            }
            '"' => {
                let end = end_of_string(&text, index + 1);
                index = (end + 1).min(text.len());
                Some(Kind::Text(text[start + 1..end].iter().collect()))
            }
            '\'' => {
                index = end_of_quote(&text, index);
                Some(Kind::Other)
            }
            character if character.is_ascii_digit() => {
                index = find(&text, index, |rest| {
                    !(rest[0].is_alphanumeric() || rest[0] == '_')
                });
                Some(Kind::Other)
            }
            character if character.is_alphabetic() || character == '_' => {
                index = find(&text, index, |rest| {
                    !(rest[0].is_alphanumeric() || rest[0] == '_')
                });
                Some(Kind::Word(text[start..index].iter().collect()))
            }
            ':' if at(index + 1) == ':' => {
                index += 2;
                Some(Kind::PathSeparator)
            }
            character => {
                index += 1;
                Some(Kind::Mark(character))
            }
        };
        if let Some(kind) = kind {
            tokens.push(Token {
                kind,
                line,
                inside: Vec::new(),
            });
        }
        line += text[start..index]
            .iter()
            .filter(|character| **character == '\n')
            .count();
    }
    tokens
}

/// The first index from `from` where `wanted` holds for what follows, or the end.
fn find(text: &[char], from: usize, wanted: impl Fn(&[char]) -> bool) -> usize {
    (from..text.len())
        .find(|index| wanted(&text[*index..]))
        .unwrap_or(text.len())
}

fn end_of_block_comment(text: &[char], from: usize) -> usize {
    let (mut index, mut depth) = (from, 0);
    while index < text.len() {
        if text[index..].starts_with(&['/', '*']) {
            depth += 1;
            index += 2;
        } else if text[index..].starts_with(&['*', '/']) {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += 1;
        }
    }
    index
}

/// Where the inside of a raw string that begins at `from` begins, and how many hashes close it.
fn raw_string_hashes(text: &[char], from: usize) -> Option<(usize, usize)> {
    let mut index = from;
    if matches!(text.get(index), Some('b' | 'c')) {
        index += 1;
    }
    if text.get(index) != Some(&'r') {
        return None;
    }
    let open = find(text, index + 1, |rest| rest[0] != '#');
    (text.get(open) == Some(&'"')).then_some((open + 1, open - index - 1))
}

fn end_of_string(text: &[char], from: usize) -> usize {
    let mut index = from;
    while index < text.len() && text[index] != '"' {
        index += if text[index] == '\\' { 2 } else { 1 };
    }
    index.min(text.len())
}

/// The end of a character, or of a lifetime.
fn end_of_quote(text: &[char], from: usize) -> usize {
    if text.get(from + 1) == Some(&'\\') {
        return (find(text, from + 3, |rest| rest[0] == '\'') + 1).min(text.len());
    }
    if text.get(from + 2) == Some(&'\'') {
        return from + 3;
    }
    find(text, from + 1, |rest| {
        !(rest[0].is_alphanumeric() || rest[0] == '_')
    })
}

fn mark_inline_modules(tokens: &mut [Token]) {
    let mut open: Vec<Option<String>> = Vec::new();
    let mut named: Option<String> = None;
    for index in 0..tokens.len() {
        match tokens[index].kind.clone() {
            Kind::Mark('{') => open.push(named.take()),
            Kind::Mark('}') => drop(open.pop()),
            Kind::Word(word) if word == "mod" => {
                named = tokens.get(index + 1).and_then(Token::word).map(str::to_owned);
            }
            Kind::Mark(';') => named = None,
            Kind::Word(_) | Kind::PathSeparator | Kind::Mark(_) | Kind::Text(_) | Kind::Other => {}
        }
        tokens[index].inside = open.iter().flatten().cloned().collect();
    }
}
