//! The `sealgate` command.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    sealgate::cli::run(env::args_os())
}
