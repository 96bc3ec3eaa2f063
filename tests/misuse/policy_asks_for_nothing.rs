//! A policy lets every message pass.

use sealgate::policy::{Policy, Profile, SignedParts};

fn lax() -> Policy {
    Policy {
        signed: SignedParts(Vec::new()),
        ..Profile::Strict.policy()
    }
}

fn main() {
    let _ = lax;
}
