use std::fs;
use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::args::{Arguments, ManArguments};
use super::console::Console;
use super::exit::{Exit, Stop};

/// `sealgate man`: a page for man(1) for each command.
pub(crate) fn run(arguments: &ManArguments, console: &mut Console) -> Result<Exit, Stop> {
    let folder = &arguments.folder;
    let complaint = |error: io::Error| Stop::failed(format_args!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(complaint)?;
    let pages = pages().map_err(complaint)?;
    for page in &pages {
        fs::write(folder.join(&page.file), &page.text).map_err(complaint)?;
    }
    console.note(&format!("{} pages in {}\n", pages.len(), folder.display()));
    Ok(Exit::Passed)
}

struct Page {
    file: String,
    text: Vec<u8>,
}

/// The page of the program and those of its commands, each group before what is in it.
fn pages() -> io::Result<Vec<Page>> {
    let mut program = Arguments::command();
    program.build();
    // The head of each page has it.
    let source = format!("sealgate {}", env!("CARGO_PKG_VERSION"));
    let mut left = vec![(program.version(None), Vec::new())];
    let mut pages = Vec::new();
    while let Some((command, related)) = left.pop() {
        let mut text = Vec::new();
        let man = Man::new(command.clone())
            .source(source.as_str())
            .manual("Sealgate");
        man.render(&mut text)?;
        text.extend(further_sections(&command, &related).into_bytes());
        pages.push(Page {
            file: man.get_filename(),
            text,
        });
        let name = page_name(&command);
        let siblings: Vec<String> = command.get_subcommands().map(page_name).collect();
        for inner in command.get_subcommands() {
            let is_leaf = !inner.has_subcommands();
            // Those of the program are listed in its own page.
            let others = siblings.iter().filter(|_| name != "sealgate");
            let others = others.filter(|sibling| **sibling != page_name(inner)).cloned();
            let mut related: Vec<String> = [name.clone()].into_iter().chain(others).collect();
            if is_leaf {
                let near = goes_with(&page_name(inner)).iter().map(|near| (*near).to_owned());
                related.extend(near);
            }
            left.push((inner.clone(), related));
        }
    }
    Ok(pages)
}

fn page_name(command: &Command) -> String {
    command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned()
}

/// What the arguments do not tell: how the command ends, what it heeds, and where to read on.
fn further_sections(command: &Command, related: &[String]) -> String {
    let name = page_name(command);
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in exit_status(&name) {
        labelled(&mut roff, code, meaning);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (variable, meaning) in environment(&name) {
        labelled(&mut roff, variable, meaning);
    }
    if !related.is_empty() {
        roff.control("SH", ["SEE ALSO"]);
        let pieces = related.iter().enumerate().flat_map(|(index, page)| {
            let comma = if index == 0 { "" } else { ", " };
            [roman(comma), bold(page.as_str()), roman("(1)")]
        });
        roff.text(pieces.collect::<Vec<_>>());
    }
    roff.to_roff()
}

fn labelled(roff: &mut Roff, label: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(label)]);
    roff.text([roman(text)]);
}

/// How a command ends; see [`Exit`].
fn exit_status(name: &str) -> &'static [(&'static str, &'static str)] {
    match name {
        "sealgate-serve" => &[
            ("0", "It was told to stop, by SIGTERM or SIGINT."),
            ("2", "The command or the configuration is wrong."),
            (
                "3",
                "The machine failed: an address is taken, or a store of uses, audit log or archive cannot be used.",
            ),
        ],
        "sealgate-config-check" => &[
            ("0", "The configuration and all that it names are right."),
            ("2", "They are not, or the command is wrong."),
        ],
        "sealgate-config-schema"
        | "sealgate-config-reference"
        | "sealgate-config-init"
        | "sealgate-completions"
        | "sealgate-man" => &[
            ("0", "It is written."),
            ("2", "The command is wrong."),
            ("3", "It could not be written."),
        ],
        _ => &[
            ("0", "All inputs passed."),
            (
                "1",
                "At least one was refused; and what the description of a command says is 1.",
            ),
            ("2", "The command or its configuration is wrong."),
            (
                "3",
                "An input could not be read, or the machine failed. Of several inputs the worst counts: 3, then 1, then 0.",
            ),
        ],
    }
}

/// The variables that a command heeds.
fn environment(name: &str) -> &'static [(&'static str, &'static str)] {
    const COLOURS: (&str, &str) = ("NO_COLOR", "Set to anything, no colours on a terminal.");
    match name {
        "sealgate-serve" => &[
            (
                "RUST_LOG",
                "How much is logged: a level (error, warn, info, debug, trace), or levels by module.",
            ),
            (
                "NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID",
                "Where and how often a service manager wants to be told how the gateway is, as sd_notify(3) says.",
            ),
            COLOURS,
        ],
        _ => &[COLOURS],
    }
}

/// Commands that are used together.
fn goes_with(name: &str) -> &'static [&'static str] {
    match name {
        "sealgate-verify" => &[
            "sealgate-explain",
            "sealgate-inspect",
            "sealgate-policy-show",
            "sealgate-batch-verify",
        ],
        "sealgate-saml-verify" | "sealgate-dsig-verify" => &["sealgate-explain", "sealgate-batch-verify"],
        "sealgate-batch-verify" => &["sealgate-verify", "sealgate-saml-verify", "sealgate-dsig-verify"],
        "sealgate-explain" => &["sealgate-verify", "sealgate-inspect", "sealgate-c14n"],
        "sealgate-inspect" => &["sealgate-verify", "sealgate-explain"],
        "sealgate-serve" => &[
            "sealgate-config-check",
            "sealgate-config-init",
            "sealgate-audit-verify",
            "sealgate-password-add",
        ],
        "sealgate-config-check" | "sealgate-config-init" | "sealgate-password-add" => &["sealgate-serve"],
        "sealgate-route-import" => &["sealgate-policy-import", "sealgate-config-check"],
        "sealgate-encrypt" => &["sealgate-decrypt"],
        "sealgate-decrypt" => &["sealgate-encrypt"],
        "sealgate-sign" | "sealgate-bench" => &["sealgate-verify"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_pages_refer_to_is_a_page() {
        let pages = pages().unwrap();
        let has = |name: &str| pages.iter().any(|page| page.file == format!("{name}.1"));
        for page in &pages {
            let name = page.file.strip_suffix(".1").unwrap();
            for related in goes_with(name) {
                assert!(has(related), "{name}: {related}");
            }
        }
    }
}
