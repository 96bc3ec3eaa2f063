//! The targets of `targets/` for libFuzzer: `make fuzz`.

#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../targets/mod.rs"]
pub mod targets;
