//! A key counts because it came with the message, with no path to an anchor.

use sealgate::crypto::Certificate;
use sealgate::dsig::Covered;
use sealgate::trust::{Attested, Owner, attest};

fn trust<'d>(covered: Covered<'d>, sent_along: Certificate) -> Attested<'d> {
    attest(covered, Owner::Certified(sent_along)).unwrap()
}

fn main() {
    let _ = trust;
}
