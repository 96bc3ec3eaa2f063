use serde_json::{Map, Value, json};

use crate::cli::args::PolicyImportArguments;
use crate::cli::console::{Console, Style, Tone};
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs;
use crate::cli::report::{Format, plain};
use crate::cli::source::Source;
use crate::cli::wsdl;
use crate::policy::Policy;
use crate::verifier::escaped;
use crate::wsdl::{Entry, Imported, Outcome, Wanted};

/// `sealgate policy import`: a policy tightened by what a WSDL states, as TOML on standard output, and on standard error what became
/// of each assertion. What would restrict and is not held is a refusal, unless it is asked for.
pub(crate) fn import(arguments: &PolicyImportArguments, console: &mut Console) -> Result<Exit, Stop> {
    let base = inputs::policy(&arguments.policy)?;
    let format = arguments.output.format;
    let wanted = Wanted {
        alternative: arguments.alternative,
        ..wsdl::wanted(&arguments.wsdl)
    };
    let imported = match wsdl::read(&arguments.wsdl, |wsdl| wsdl.policies(&base, &wanted)) {
        Ok(imported) => imported,
        Err(report) => {
            wsdl::refused(&report, format, console);
            return Ok(report.exit());
        }
    };
    let sources = wsdl::sources(&arguments.wsdl);
    let outcome = outcome(&imported, arguments)?;
    match format {
        Format::Json => console.print(json_line(arguments, &sources, &imported, &outcome)),
        Format::Text => {
            let style = console.note_style();
            console.note(&text(&sources, &imported, &outcome, style));
            if let Ok(policy) = &outcome {
                console.print(policy);
            }
        }
    }
    Ok(if outcome.is_ok() {
        Exit::Passed
    } else {
        Exit::Refused
    })
}

/// The code of a WSDL that states several policies.
const SEVERAL: &str = "wsdl.several_policies";

/// Why there is no policy.
struct Refused {
    code: &'static str,
    message: String,
}

/// The one policy as TOML.
fn outcome(
    imported: &[Imported],
    arguments: &PolicyImportArguments,
) -> Result<Result<String, Refused>, Stop> {
    let policies = different(imported);
    let ([policy], open) = (policies.as_slice(), open(imported)) else {
        return Ok(Err(Refused {
            code: SEVERAL,
            message: "there are several policies: choose with --port, --operation and --alternative"
                .to_owned(),
        }));
    };
    if !open.is_empty() && !arguments.partial {
        let message = format!(
            "{} of what is stated would restrict messages and is not held; --partial writes the policy without",
            open.len()
        );
        return Ok(Err(Refused {
            code: "wsdl.not_held",
            message,
        }));
    }
    let mut text = String::new();
    for entry in open {
        let assertion = plain(&entry.assertion);
        text.push_str(&format!(
            "# {}: {assertion}: {}\n",
            entry.outcome,
            plain(&entry.detail)
        ));
    }
    text.push_str(&toml::to_string(policy).map_err(Stop::failed)?);
    Ok(Ok(text))
}

fn different(imported: &[Imported]) -> Vec<&Policy> {
    let mut policies: Vec<&Policy> = Vec::new();
    for one in imported {
        if !policies.contains(&&one.policy) {
            policies.push(&one.policy);
        }
    }
    policies
}

/// What became of each assertion, once where it was the same in several policies.
fn entries(imported: &[Imported]) -> Vec<&Entry> {
    let mut entries: Vec<&Entry> = imported.iter().flat_map(|one| &one.entries).collect();
    entries.sort();
    entries.dedup();
    entries
}

fn open(imported: &[Imported]) -> Vec<&Entry> {
    let mut entries = entries(imported);
    entries.retain(|entry| entry.outcome.is_open());
    entries
}

fn text(
    sources: &[Source],
    imported: &[Imported],
    outcome: &Result<String, Refused>,
    style: Style,
) -> String {
    let mut text = String::new();
    if different(imported).len() == 1 {
        for entry in entries(imported) {
            text.push_str(&line(sources, entry, style));
        }
    }
    if let Err(refused) = outcome {
        let word = style.paint(Tone::Bad, "failed");
        text.push_str(&format!("{word}  {}  {}\n", refused.code, refused.message));
        if refused.code == SEVERAL {
            text.push_str(&choices(imported));
        }
    }
    text
}

fn line(sources: &[Source], entry: &Entry, style: Style) -> String {
    let tone = match entry.outcome {
        Outcome::Taken => Tone::Good,
        Outcome::Noted => Tone::Faint,
        Outcome::NotPermitted => Tone::Doubtful,
        Outcome::NotEnforced | Outcome::NotUnderstood => Tone::Bad,
    };
    let word = style.paint(tone, &format!("{:<14}", entry.outcome.to_string()));
    let assertion = style.paint(Tone::Strong, &plain(&entry.assertion));
    let file = sources
        .get(entry.place.file)
        .map(ToString::to_string)
        .unwrap_or_default();
    let position = entry.place.position;
    format!(
        "{word}  {assertion}  {file}:{position}\n    {}\n",
        plain(&entry.detail)
    )
}

/// How each policy is chosen, and which are the same.
fn choices(imported: &[Imported]) -> String {
    let policies = different(imported);
    let mut text = String::new();
    for one in imported {
        let number = policies.iter().position(|policy| **policy == one.policy);
        let number = number.unwrap_or_default().saturating_add(1);
        let (port, operation, alternative) = (plain(&one.port), plain(&one.operation), one.alternative);
        text.push_str(&format!(
            "    policy {number}: --port {port} --operation {operation} --alternative {alternative}\n"
        ));
    }
    text
}

fn json_line(
    arguments: &PolicyImportArguments,
    sources: &[Source],
    imported: &[Imported],
    outcome: &Result<String, Refused>,
) -> String {
    let refused = outcome.as_ref().err();
    let mut object = Map::new();
    let assertion = |entry: &&Entry| {
        let position = entry.place.position;
        json!({
            "file": sources.get(entry.place.file).map(Source::typed),
            "position": {"line": position.line, "column": position.column},
            "assertion": entry.assertion,
            "outcome": entry.outcome,
            "detail": entry.detail,
        })
    };
    let choice = |one: &Imported| {
        json!({
            "port": one.port,
            "operation": one.operation,
            "alternative": one.alternative,
            "whole": one.is_whole(),
            "policy": toml::to_string(&one.policy).ok(),
        })
    };
    let facts = [
        ("source", arguments.wsdl.file.typed().into()),
        (
            "verdict",
            if refused.is_none() { "passed" } else { "failed" }.into(),
        ),
        ("stage", refused.map(|_| "wsdl").into()),
        ("code", refused.map(|refused| refused.code).into()),
        ("message", refused.map(|refused| refused.message.as_str()).into()),
        ("policy", outcome.as_ref().ok().map(String::as_str).into()),
        ("assertions", entries(imported).iter().map(assertion).collect()),
        (
            "choices",
            imported.iter().map(choice).collect::<Vec<Value>>().into(),
        ),
    ];
    object.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    format!("{}\n", escaped(&Value::Object(object).to_string()))
}
