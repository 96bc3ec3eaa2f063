use clap::{Args, Subcommand};

use super::UserArguments;

#[derive(Debug, Subcommand)]
pub(crate) enum PasswordCommand {
    /// Add a user, or give them another password, which is the first line of standard input
    Add(PasswordUserArguments),
    /// Compare a password, the first line of standard input, with the user's; 1 if it is another
    Check(PasswordUserArguments),
}

#[derive(Args, Debug)]
pub(crate) struct PasswordUserArguments {
    #[command(flatten)]
    pub(crate) users: UserArguments,
    /// The user
    #[arg(value_name = "USER")]
    pub(crate) name: String,
}
