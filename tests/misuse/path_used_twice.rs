//! One proof of trust is kept for a second message.

use sealgate::trust::VerifiedPath;

fn spend(_: VerifiedPath) {}

fn twice(path: VerifiedPath) {
    spend(path.clone());
    spend(path);
}

fn main() {}
