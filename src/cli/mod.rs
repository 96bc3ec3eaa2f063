//! The commands, one file each. Arguments as typed are in `args`; what a command found out about an input is a
//! `report`; how a process ends is an `exit`.

mod args;
mod audit;
mod batch;
mod bench;
mod c14n;
mod completions;
mod config;
mod console;
mod decrypt;
mod demo;
mod dsig;
mod encrypt;
mod exit;
mod explain;
mod inputs;
mod inspect;
mod log;
mod man;
mod partner;
mod password;
mod policy;
mod report;
mod route;
mod saml;
mod serve;
mod sign;
mod source;
mod toml_text;
mod verify;
mod wsdl;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use signal_hook::low_level::exit;

use args::{
    Arguments, AuditCommand, BatchCommand, Command, ConfigCommand, DsigCommand, LogFormat, PasswordCommand,
    PolicyCommand, RouteCommand, SamlCommand,
};
use console::{Console, Tone};
use exit::{Exit, Stop};

use crate::hsm;

/// Runs the command that `arguments` ask for, the name of the program first, on this process's standard streams.
///
/// The exit code is 0 if all inputs passed, 1 if at least one was refused, 2 if the command or its configuration is
/// wrong, 3 if an input could not be read or the machine failed.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let code = code(arguments);
    if !hsm::end() {
        // A call of a token goes on, in libraries that an exit as usual would take away under it.
        let _ = io::stdout().flush();
        exit(code.into());
    }
    ExitCode::from(code)
}

fn code(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let typed: Vec<OsString> = arguments.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&typed) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() && logs_json(&typed) => {
            Console::of_process().note(&why_it_ended(error.to_string().trim_end()));
            return Stop::usage(error).code();
        }
        Err(error) => {
            // Nothing is left to be done if even this cannot be written.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    let mut console = Console::of_process();
    let tells_json =
        matches!(&arguments.command, Command::Serve(arguments) if arguments.log == LogFormat::Json);
    let ended = dispatch(arguments.command, &mut console);
    if let Err(stop) = &ended
        && tells_json
    {
        console.note(&why_it_ended(&stop.to_string()));
    } else if let Err(stop) = &ended {
        let word = console.note_style().paint(Tone::Bad, "error:");
        console.note(&format!("{word} {stop}\n"));
    }
    let code = match ended {
        Ok(exit) => exit.into(),
        Err(stop) => stop.code(),
    };
    match console.finish() {
        Ok(()) => code,
        Err(error) => {
            let mut console = Console::of_process();
            console.note(&format!("error: standard output: {error}\n"));
            Exit::Failed.into()
        }
    }
}

/// Whether what was typed, of which the first is the name of the program, asks for a gateway and not for a log in text, whatever is wrong with it.
fn logs_json(typed: &[OsString]) -> bool {
    let mut options = typed.iter().skip(2).zip(typed.iter().skip(3));
    let is_text = |(option, value): (&OsString, &OsString)| option == "--log" && value == "text";
    typed.get(1).is_some_and(|command| command == "serve")
        && !options.any(is_text)
        && !typed.iter().any(|option| option == "--log=text")
}

/// The last line of a log in JSON.
fn why_it_ended(reason: &str) -> String {
    log::line(&json!({"message": "the gateway has ended", "reason": reason}))
}

fn dispatch(command: Command, console: &mut Console) -> Result<Exit, Stop> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments, console),
        Command::Serve(arguments) => serve::run(&arguments, console),
        Command::Verify(arguments) => verify::run(*arguments, console),
        Command::Saml(SamlCommand::Verify(arguments)) => saml::verify(*arguments, console),
        Command::Saml(SamlCommand::Trace(arguments)) => saml::trace(*arguments, console),
        Command::Saml(SamlCommand::Sign(arguments)) => saml::sign(arguments, console),
        Command::Sign(arguments) => sign::run(arguments, console),
        Command::Encrypt(arguments) => encrypt::run(arguments, console),
        Command::Decrypt(arguments) => decrypt::run(arguments, console),
        Command::Bench(arguments) => bench::run(&arguments, console),
        Command::C14n(arguments) => c14n::run(arguments, console),
        Command::Explain(arguments) => explain::run(arguments, console),
        Command::Inspect(arguments) => inspect::run(arguments, console),
        Command::Dsig(DsigCommand::Verify(arguments)) => dsig::verify(arguments, console),
        Command::Dsig(DsigCommand::Sign(arguments)) => dsig::sign(arguments, console),
        Command::Batch(BatchCommand::Verify(arguments)) => batch::run(&arguments, console),
        Command::Config(ConfigCommand::Check(arguments)) => Ok(config::check(&arguments, console)),
        Command::Config(ConfigCommand::Explain(arguments)) => partner::explain(&arguments, console),
        Command::Config(ConfigCommand::Schema) => Ok(config::schema(console)),
        Command::Config(ConfigCommand::Reference) => Ok(config::reference(console)),
        Command::Config(ConfigCommand::Init) => Ok(config::init(console)),
        Command::Policy(PolicyCommand::Show(arguments)) => policy::show(&arguments, console),
        Command::Policy(PolicyCommand::Infer(arguments)) => policy::infer(*arguments, console),
        Command::Policy(PolicyCommand::Import(arguments)) => policy::import(&arguments, console),
        Command::Policy(PolicyCommand::Diff(arguments)) => policy::diff(&arguments, console),
        Command::Route(RouteCommand::Import(arguments)) => route::import(&arguments, console),
        Command::Audit(AuditCommand::Verify(arguments)) => audit::verify(&arguments, console),
        Command::Audit(AuditCommand::Show(arguments)) => audit::show(&arguments, console),
        Command::Audit(AuditCommand::Export(arguments)) => audit::export(&arguments, console),
        Command::Password(PasswordCommand::Add(arguments)) => password::add(&arguments, console),
        Command::Password(PasswordCommand::Check(arguments)) => password::check(&arguments, console),
        Command::Completions(arguments) => Ok(completions::run(&arguments, console)),
        Command::Man(arguments) => man::run(&arguments, console),
    }
}
