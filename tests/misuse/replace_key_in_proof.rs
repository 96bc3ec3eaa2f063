//! What one key signed is passed off as signed by another.

use sealgate::crypto::VerifyingKey;
use sealgate::dsig::Covered;

fn replace<'d>(mut covered: Covered<'d>, trusted: VerifyingKey) -> Covered<'d> {
    covered.key = trusted;
    covered
}

fn main() {
    let _ = replace;
}
