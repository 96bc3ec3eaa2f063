use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::hsm::without_pin;
use crate::rejection::Rejection;
use crate::xml::{Position, plain};

/// The most bytes that a file of ours may have: keys, passwords, policies.
const MAX_FILE: u64 = 1 << 20;

/// Why something that an operator names cannot be used.
#[derive(Clone, Debug)]
pub struct Unusable {
    option: &'static str,
    what: String,
    code: &'static str,
    position: Option<Position>,
}

impl Unusable {
    /// What the option `option` names cannot be used.
    pub(crate) fn new(option: &'static str, what: impl fmt::Display) -> Self {
        Self {
            option,
            what: without_pin(what.to_string()),
            code: "configuration.unusable",
            position: None,
        }
    }

    /// It was refused as a message is.
    pub(super) fn refused(option: &'static str, path: &Path, why: &Rejection) -> Self {
        let shown = plain(&path.to_string_lossy());
        let position = why.position();
        let place = position.map_or_else(String::new, |position| format!(":{position}"));
        Self {
            code: why.code(),
            position,
            ..Self::new(option, format_args!("{shown}{place}: {why}"))
        }
    }

    /// It is no TOML, or does not say what it has to.
    pub(super) fn in_toml(option: &'static str, text: &str, error: &toml::de::Error) -> Self {
        let position = error.span().map(|span| Position::of(text.as_bytes(), span.start));
        Self {
            position,
            ..Self::new(option, error)
        }
    }

    /// The name of the option on the command line, without its dashes.
    pub fn option(&self) -> &'static str {
        self.option
    }

    /// A stable code: that of the refusal where a file was refused as a message is, else `configuration.unusable`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Where in the file, where that is known.
    pub fn position(&self) -> Option<Position> {
        self.position
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unusable {}

/// A file that an option names.
pub(crate) fn read(option: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    read_up_to(option, path, MAX_FILE)
}

/// The text of a file that an option names.
pub(crate) fn text(option: &'static str, path: &Path) -> Result<Zeroizing<String>, Unusable> {
    let bytes = read(option, path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Unusable::new(option, "the file is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// The first line of a file with a password.
pub(crate) fn password(path: &Path) -> Result<Zeroizing<String>, Unusable> {
    let text = text("password-file", path)?;
    let line = text.split('\n').next().unwrap_or_default();
    Ok(Zeroizing::new(line.strip_suffix('\r').unwrap_or(line).to_owned()))
}

pub(super) fn read_up_to(
    option: &'static str,
    path: &Path,
    most: u64,
) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let mut bytes = Zeroizing::new(Vec::new());
    let opened = fs::File::open(path).map_err(|error| unread(option, path, &error))?;
    let mut limited = opened.take(most.saturating_add(1));
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| unread(option, path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        let shown = plain(&path.to_string_lossy());
        return Err(Unusable::new(
            option,
            format_args!("{shown}: the file is too long"),
        ));
    }
    Ok(bytes)
}

/// The file at `path` cannot be read.
pub(super) fn unread(option: &'static str, path: &Path, error: &io::Error) -> Unusable {
    let shown = plain(&path.to_string_lossy());
    Unusable::new(option, format_args!("{shown}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_complaint_shows_a_pin() {
        let said = Unusable::new("user-hashes", "pkcs11:token=t?pin-value=4711: No such file");
        assert_eq!(said.to_string(), "pkcs11:token=t?pin-value=…");
    }
}
