use clap::CommandFactory;

use super::args::{Arguments, CompletionsArguments};
use super::console::Console;
use super::exit::Exit;

/// `sealgate completions`: a script for a shell, which completes commands, options and their values.
pub(crate) fn run(arguments: &CompletionsArguments, console: &mut Console) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "sealgate",
        &mut script,
    );
    console.print(script);
    Exit::Passed
}
