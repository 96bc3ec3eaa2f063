//! Test suites of others, which lie beside the project in `../shared/corpora`, or in the folder that `SEALGATE_CORPORA` names.

#![allow(clippy::print_stdout, reason = "why a test is skipped is for whoever runs it")]

use std::path::{Path, PathBuf};

/// The folder of all suites; `None`, and a line that says so, where there is none.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("SEALGATE_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "the suites of others are skipped: {} is absent; set SEALGATE_CORPORA to the folder that holds them",
        folder.display()
    );
    None
}
