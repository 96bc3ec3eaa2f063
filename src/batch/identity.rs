use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What makes a job this one: everything that decides its verdicts, hashed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Identity {
    /// The hash of all.
    pub job: String,
    /// The start of a hash of each, by what it is called for people.
    #[serde(default)]
    parts: BTreeMap<String, String>,
}

impl Identity {
    /// Of hashes in hexadecimal digits.
    pub fn new(job: String, parts: impl IntoIterator<Item = (String, String)>) -> Self {
        /// Nobody has a reason to forge one: that of all decides.
        const DIGITS: usize = 16;
        let start = |hash: &str| hash.chars().take(DIGITS).collect();
        let parts = parts.into_iter().map(|(name, hash)| (name, start(&hash)));
        Self {
            job,
            parts: parts.collect(),
        }
    }

    /// What is other in `other`.
    pub(super) fn differs_in(&self, other: &Self) -> Vec<String> {
        let names = self
            .parts
            .iter()
            .filter(|(name, hash)| other.parts.get(*name) != Some(hash));
        names.map(|(name, _)| name.clone()).collect()
    }
}
