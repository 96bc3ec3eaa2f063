//! `sealgate policy`: policies as TOML, shown, inferred from messages, imported from WSDLs, and what two messages differ in.

mod diff;
mod import;
mod infer;

use super::args::PolicyShowArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::inputs;
use super::toml_text;

pub(super) use diff::diff;
pub(super) use import::import;
pub(super) use infer::infer;

/// `sealgate policy show`: the policy as TOML, which `--policy` and a route take again.
pub(crate) fn show(arguments: &PolicyShowArguments, console: &mut Console) -> Result<Exit, Stop> {
    let policy = inputs::policy(&arguments.policy)?;
    console.print(toml_text::document(&policy)?);
    Ok(Exit::Passed)
}
