//! A proof is copied, to be spent twice.

use sealgate::trust::Attested;

fn copy<'d>(attested: &Attested<'d>) -> Attested<'d> {
    attested.clone()
}

fn main() {
    let _ = copy;
}
