//! A path that was verified for one time is used for another.

use chrono::{DateTime, Utc};
use sealgate::trust::VerifiedPath;

fn move_to(mut path: VerifiedPath, at: DateTime<Utc>) -> VerifiedPath {
    path.at = at;
    path
}

fn main() {
    let _ = move_to;
}
