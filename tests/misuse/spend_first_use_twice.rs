//! One first use of a message admits it twice.

use sealgate::trust::FirstUse;

fn admit(_: FirstUse) {}

fn twice(first: FirstUse) {
    admit(first);
    admit(first);
}

fn main() {
    let _ = twice;
}
