//! The configuration of a gateway: as typed, then checked; what cannot work is found at start, never later.
//!
//! The file is compared with its own JSON schema first, which finds all that is misspelt at once, then read into types, then
//! checked: files are loaded, names understood, and what would be unsafe is refused, as a route that trusts nobody (T62), a CA that is
//! trusted for everybody (T147), or a key that everybody may read (T154).

mod answer;
mod audit;
mod authorization;
mod backend;
mod bearer;
mod check;
mod checked;
mod ends;
mod exception;
mod fetch;
mod files;
mod message_archive;
mod minted;
mod policy;
mod problem;
mod published;
mod reference;
mod replay;
mod route;
mod schema;
mod schemas;
mod shape;
mod throttle;
mod tls_client;
mod token_endpoint;
mod traces;
mod trust;
mod typed;
mod users;
mod whole;

#[cfg(test)]
mod tests;

use std::path::Path;

use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use toml::de::DeTable;

use crate::fetch::Fetch;
use crate::fetch::Fetched;

pub use checked::Checked;
pub use checked::Examined;
pub use checked::GuardedRoute;
pub use checked::Listener;
pub use checked::Load;
pub use checked::PublishedKeys;
pub use checked::SignedAnswers;
pub use checked::TakesAttachments;
pub use checked::TokenEndpoint;
pub use ends::CertificateEnds;
pub use ends::CertificateUse;
pub use problem::Problem;
pub use problem::Problems;
pub use reference::reference;
pub use schema::schema;

/// A configuration to start from, with comments.
pub fn init() -> &'static str {
    include_str!("init.toml")
}

/// The greatest file of a configuration.
const FILE_BYTES: u64 = 16 << 20;

/// Reads and checks a configuration file as of `now`.
///
/// # Errors
///
/// [`Problems`]: everything that was found wrong, each with its place and what would be right.
pub fn load(file: &Path, now: DateTime<Utc>) -> Result<Checked, Problems> {
    load_with(file, now, &Fetched::default())
}

/// As [`load`], of a configuration that is to be looked at alone: what the gateway fetches at its start need not be there yet.
///
/// # Errors
///
/// [`Problems`], as of [`load`].
pub fn examine(file: &Path, now: DateTime<Utc>) -> Result<Examined, Problems> {
    let text = text_of(file)?;
    let (checked, notes) = read_as(file, &text, now, &Fetched::default(), problem::Stage::Examined)?;
    Ok(Examined {
        listeners: checked.listeners.len(),
        routes: checked.routes.len(),
        warnings: checked.warnings,
        notes,
    })
}

/// As [`load`]; what was `fetched` stands for its files, whatever is in them.
///
/// # Errors
///
/// [`Problems`], as of [`load`].
pub fn load_with(file: &Path, now: DateTime<Utc>, fetched: &Fetched) -> Result<Checked, Problems> {
    read_with(file, &text_of(file)?, now, fetched)
}

/// What the configuration in `file` wants to be fetched; nothing, where that cannot be told.
pub fn fetches(file: &Path) -> Vec<Fetch> {
    let fetches = || {
        let text = text_of(file).ok()?;
        let tree = DeTable::parse(&text).ok()?;
        let typed = toml::Deserializer::parse(&text)
            .and_then(typed::Config::deserialize)
            .ok()?;
        let mut source = problem::Source::new(file, &text, &tree);
        fetch::check(&typed.fetch, &mut source);
        Some(source.fetching.all)
    };
    fetches().unwrap_or_default()
}

fn text_of(file: &Path) -> Result<String, Problems> {
    let bytes = files::read(file, FILE_BYTES).map_err(|error| {
        let what = format!("cannot be read: {error}");
        Problems::one(
            file,
            None,
            what,
            "name a configuration; `sealgate config init` prints one",
        )
    })?;
    String::from_utf8(bytes)
        .map_err(|_| Problems::one(file, None, "is not UTF-8".to_owned(), "write it in UTF-8"))
}

/// Checks the configuration `text`, which stands in `file`, as of `now`.
///
/// # Errors
///
/// [`Problems`], as of [`load`].
pub fn read(file: &Path, text: &str, now: DateTime<Utc>) -> Result<Checked, Problems> {
    read_with(file, text, now, &Fetched::default())
}

/// As [`read`]; what was `fetched` stands for its files, whatever is in them.
///
/// # Errors
///
/// [`Problems`], as of [`load`].
pub fn read_with(
    file: &Path,
    text: &str,
    now: DateTime<Utc>,
    fetched: &Fetched,
) -> Result<Checked, Problems> {
    read_as(file, text, now, fetched, problem::Stage::New).map(|(checked, _)| checked)
}

/// As [`read_with`], of a configuration that is in use: an exception whose last day has passed since is left out, so that it keeps nobody from
/// taking on what was fetched. It counts for nothing in any case.
///
/// # Errors
///
/// [`Problems`], as of [`load`].
pub fn read_again(
    file: &Path,
    text: &str,
    now: DateTime<Utc>,
    fetched: &Fetched,
) -> Result<Checked, Problems> {
    read_as(file, text, now, fetched, problem::Stage::InUse).map(|(checked, _)| checked)
}

/// The configuration, and what is worth knowing of it.
fn read_as(
    file: &Path,
    text: &str,
    now: DateTime<Utc>,
    fetched: &Fetched,
    stage: problem::Stage,
) -> Result<(Checked, Vec<Problem>), Problems> {
    let tree = DeTable::parse(text).map_err(|error| malformed(file, text, &error))?;
    let mut source = problem::Source::new(file, text, &tree);
    source.fetching.known = fetched.clone();
    source.stage = stage;
    shape::check(&schema(), &tree, &mut source);
    if let Some(problems) = Problems::new(std::mem::take(&mut source.problems)) {
        return Err(problems);
    }
    let typed = toml::Deserializer::parse(text).and_then(typed::Config::deserialize);
    let typed = typed.map_err(|error| malformed(file, text, &error))?;
    let checked = check::check(&typed, now, &mut source);
    let notes = std::mem::take(&mut source.notes);
    match (checked, Problems::new(source.into_problems())) {
        (Some(checked), None) => Ok((checked, notes)),
        (_, Some(problems)) => Err(problems),
        (None, None) => Err(Problems::one(
            file,
            None,
            "cannot be used".to_owned(),
            "report this as a bug",
        )),
    }
}

fn malformed(file: &Path, text: &str, error: &toml::de::Error) -> Problems {
    let position = error
        .span()
        .map(|span| crate::xml::Position::of(text.as_bytes(), span.start));
    Problems::one(
        file,
        position,
        error.message().to_owned(),
        "write TOML, as `sealgate config init` prints it",
    )
}
