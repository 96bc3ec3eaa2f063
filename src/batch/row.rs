use serde::{Deserialize, Serialize};

use super::source::Stamp;

/// What became of a message, as reports count it. The journal keeps these, so they stay short: what most have not is left out.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Row {
    /// What it is called.
    pub source: String,
    /// Which state of its file was read.
    pub stamp: Stamp,
    /// SHA-256 of the message in hexadecimal digits, where it was read.
    pub sha256: Option<String>,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// What it was taken for: `soap`, `saml` or `xml`.
    pub kind: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it did not pass: the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Why it did not pass: the stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why it did not pass, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Line and column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<(u32, u32)>,
    /// As of when it was judged, as RFC 3339 has it.
    pub judged_at: Option<String>,
    /// The first trusted signer, or who it would be: the subject of the certificate.
    pub signer: Option<String>,
    /// SHA-256 of that certificate.
    pub signer_sha256: Option<String>,
    /// Exceptions that the verdict needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<String>,
    /// True of the judgement and worth knowing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every check held.
    Passed,
    /// A check was broken.
    Failed,
    /// It could not be decided.
    Indeterminate,
    /// Nothing was judged, as it could not be read. In results this is `indeterminate`.
    Unreadable,
}

impl Verdict {
    /// As results have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Indeterminate | Self::Unreadable => "indeterminate",
        }
    }
}

/// `text`, of which no more than `most` characters are kept; what is cut off ends with an ellipsis.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most && text.chars().nth(most).is_some() {
        let end = text
            .char_indices()
            .nth(most.saturating_sub(1))
            .map_or(0, |(place, _)| place);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// For tests: a message of which nothing is known, and which passed.
#[cfg(test)]
pub(super) fn test_row(source: &str) -> Row {
    Row {
        source: source.to_owned(),
        stamp: Stamp::default(),
        sha256: None,
        bytes: 0,
        kind: None,
        verdict: Verdict::Passed,
        stage: None,
        code: None,
        message: None,
        position: None,
        judged_at: None,
        signer: None,
        signer_sha256: None,
        legacy: Vec::new(),
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_between_characters() {
        let cut = |text: &str| cut(text.to_owned(), 3);
        assert_eq!(cut("äöü"), "äöü");
        assert_eq!(cut("äöüß"), "äö…");
        assert_eq!(cut(""), "");
    }
}
