use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::ends::CertificateEnds;
use super::ends::Named;
use super::fetch::Fetching;
use crate::crypto::PublicKey;
use crate::hsm::without_pin;
use crate::xml::Position;

/// Something that is wrong with a configuration, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// Where in the file, if it could be read at all.
    pub position: Option<Position>,
    /// The key, as `route[1].backend.url`; entries of lists are counted from 1. Empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub instead: String,
}

/// Everything that is wrong with a configuration, in the order of the file. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `None` if there is no problem.
    pub(super) fn new(mut problems: Vec<Problem>) -> Option<Self> {
        problems.sort_by_key(|problem| problem.position);
        (!problems.is_empty()).then_some(Self(problems))
    }

    /// A single problem with the file as a whole.
    pub(super) fn one(file: &Path, position: Option<Position>, what: String, instead: &str) -> Self {
        Self(vec![Problem {
            file: file.to_owned(),
            position,
            key: String::new(),
            what,
            instead: instead.to_owned(),
        }])
    }

    /// The problems.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(position) = self.position {
            write!(f, ":{position}")?;
        }
        f.write_str(": ")?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}; {}", self.what, self.instead)
    }
}

/// The way to a value in a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Entry(usize),
}

impl KeyPath {
    /// The value of `key` in the table here.
    pub(super) fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// Entry `index` (from 0) of the list here.
    pub(super) fn entry(&self, index: usize) -> Self {
        self.with(Step::Entry(index))
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = |key: &str| {
            !key.is_empty()
                && key
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        };
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Entry(index) => write!(f, "[{}]", index.saturating_add(1))?,
                Step::Key(key) => {
                    let dot = if number > 0 { "." } else { "" };
                    if bare(key) {
                        write!(f, "{dot}{key}")?;
                    } else {
                        write!(f, "{dot}{key:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a configuration is in use already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is to be taken on.
    New,
    /// It is to be looked at alone: what is fetched at the start may not be there yet.
    Examined,
    /// It was taken on, and nothing but time has passed since, and files that are fetched have come.
    InUse,
}

/// A configuration file as it was read, and what has been found wrong with it so far.
pub(super) struct Source<'t> {
    file: &'t Path,
    text: &'t str,
    tree: &'t Spanned<DeTable<'t>>,
    pub(super) problems: Vec<Problem>,
    /// What is not wrong yet.
    pub(super) warnings: Vec<Problem>,
    /// What is right, and worth knowing.
    pub(super) notes: Vec<Problem>,
    /// Whether it is in use already.
    pub(super) stage: Stage,
    /// Every file or folder that has been asked for.
    asked: Vec<PathBuf>,
    /// What of it is fetched.
    pub(super) fetching: Fetching,
    /// When certificates cease to hold.
    pub(super) ends: CertificateEnds,
    pub(super) named: Vec<Named>,
    /// The private keys that were loaded, by where they are named.
    pub(super) keys: Vec<(KeyPath, PublicKey)>,
}

impl<'t> Source<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str, tree: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            file,
            text,
            tree,
            problems: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            stage: Stage::New,
            asked: vec![file.to_owned()],
            fetching: Fetching::default(),
            ends: CertificateEnds::new(),
            named: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// The folder that relative paths start from.
    pub(super) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The file.
    pub(super) fn file(&self) -> &'t Path {
        self.file
    }

    /// What stands in the file.
    pub(super) fn text(&self) -> &str {
        self.text
    }

    /// Where the file or folder is that the configuration calls `path`, to be read. It is one of [`asked`](Self::asked) from now on.
    pub(super) fn ask(&mut self, path: &Path) -> PathBuf {
        let full = self.folder().join(path);
        self.asked.push(full.clone());
        full
    }

    /// The configuration's own file, and all that were asked for.
    pub(super) fn asked(&self) -> &[PathBuf] {
        &self.asked
    }

    /// Notes that the value at `path` is wrong: `what` it is, and what to write `instead`.
    pub(super) fn problem(&mut self, path: &KeyPath, what: impl Into<String>, instead: impl Into<String>) {
        let span = self.span(path);
        self.problem_at(span, path, what, instead);
    }

    /// As [`problem`](Self::problem), at bytes `span` of the file.
    pub(super) fn problem_at(
        &mut self,
        span: Range<usize>,
        path: &KeyPath,
        what: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let problem = self.described(span, path, what.into(), instead.into());
        self.problems.push(problem);
    }

    /// Notes that the value at `path` will be wrong: `what` it is, and `instead` what will follow.
    pub(super) fn warning(&mut self, path: &KeyPath, what: String, instead: &str) {
        let warning = self.described(self.span(path), path, what, instead.to_owned());
        self.warnings.push(warning);
    }

    /// Notes `what` the value at `path` is, which is right, and `then` what follows.
    pub(super) fn note(&mut self, path: &KeyPath, what: String, then: &str) {
        let note = self.described(self.span(path), path, what, then.to_owned());
        self.notes.push(note);
    }

    fn described(&self, span: Range<usize>, path: &KeyPath, what: String, instead: String) -> Problem {
        Problem {
            file: self.file.to_owned(),
            position: Some(Position::of(self.text.as_bytes(), span.start)),
            key: path.to_string(),
            what: without_pin(what),
            instead: without_pin(instead),
        }
    }

    pub(super) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// The bytes of the value at `path`, or of the closest value around it that is there.
    fn span(&self, path: &KeyPath) -> Range<usize> {
        let mut span = 0..0;
        let mut steps = path.0.iter();
        let Some(Step::Key(first)) = steps.next() else {
            return span;
        };
        let Some((key, mut value)) = self.tree.get_ref().get_key_value(first.as_str()) else {
            return span;
        };
        span = key.span();
        for step in steps {
            let next = match (step, value.get_ref()) {
                (Step::Key(key), DeValue::Table(table)) => table
                    .get_key_value(key.as_str())
                    .map(|(key, value)| (key.span(), value)),
                (Step::Entry(index), DeValue::Array(list)) => {
                    list.get(*index).map(|value| (value.span(), value))
                }
                _ => None,
            };
            let Some((found, inner)) = next else {
                return span;
            };
            (span, value) = (found, inner);
        }
        span
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_problem_names_file_line_key_and_what_would_be_right() {
        let text = "a = 1\n\n[[b]]\nc = [1, 2]\n[[b]]\n  c = [\n    3,\n    4]\n";
        let tree = DeTable::parse(text).unwrap();
        let mut source = Source::new(Path::new("x/s.toml"), text, &tree);
        let list = KeyPath::default().key("b").entry(1).key("c");
        source.problem(&list.entry(1), "is 4", "write 5");
        source.problem(&list.key("missing"), "is missing", "add it");
        source.problem(&KeyPath::default().key("a b"), "is unknown", "remove it");
        let problems = Problems::new(source.into_problems()).unwrap();
        assert_eq!(
            problems.to_string(),
            "x/s.toml:1:1: \"a b\": is unknown; remove it\n\
             x/s.toml:6:3: b[2].c.missing: is missing; add it\n\
             x/s.toml:8:5: b[2].c[2]: is 4; write 5"
        );
    }

    #[test]
    fn no_problem_shows_a_pin() {
        let tree = DeTable::parse("").unwrap();
        let mut source = Source::new(Path::new("s.toml"), "", &tree);
        let what = "cannot be read: /etc/pkcs11:token=t?pin-value=4711: No such file";
        source.problem(&KeyPath::default(), what, "name a file");
        let problems = Problems::new(source.into_problems()).unwrap().to_string();
        assert!(
            problems.contains("pin-value=…") && !problems.contains("4711"),
            "{problems}"
        );
    }
}
