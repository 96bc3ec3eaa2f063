//! A proof of trust for one time is made one for another.

use chrono::{DateTime, Utc};
use sealgate::trust::VerifiedPath;

fn moved(path: VerifiedPath, at: DateTime<Utc>) -> VerifiedPath {
    VerifiedPath { at, ..path }
}

fn main() {}
