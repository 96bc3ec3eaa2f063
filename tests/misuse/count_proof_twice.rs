//! One signature is counted as two people's.

use sealgate::dsig::Covered;
use sealgate::trust::{Owner, attest};

fn count<'d>(covered: Covered<'d>, alice: Owner, bob: Owner) {
    let by_alice = attest(covered, alice);
    let by_bob = attest(covered, bob);
    drop((by_alice, by_bob));
}

fn main() {
    let _ = count;
}
