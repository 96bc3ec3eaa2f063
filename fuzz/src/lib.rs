//! The targets of `targets.rs` for libFuzzer: `make fuzz`.

#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../targets.rs"]
pub mod targets;
