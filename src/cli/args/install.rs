use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Print a script that has a shell complete commands, options and their values
///
/// For bash it goes into /usr/share/bash-completion/completions/sealgate, for zsh into a folder of $fpath as _sealgate, for fish into
/// ~/.config/fish/completions/sealgate.fish.
#[derive(Args, Debug)]
pub(crate) struct CompletionsArguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Write a page for man(1) for each command into a folder
#[derive(Args, Debug)]
pub(crate) struct ManArguments {
    /// The folder, which is made if it is not there
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}
