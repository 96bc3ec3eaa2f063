use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::cli::args::PolicyImportArguments;
use crate::cli::console::{Console, Style, Tone};
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs;
use crate::cli::report::{Format, plain};
use crate::cli::source::Source;
use crate::cli::toml_text;
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
    let kept = least_open(&imported);
    let outcome = outcome(&imported, &kept, arguments)?;
    match format {
        Format::Json => console.print(json_line(arguments, &sources, &imported, &kept, &outcome)),
        Format::Text => {
            let style = console.note_style();
            console.note(&text(&sources, &imported, &kept, &outcome, style));
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

/// The codes of a WSDL that states several policies, and of one of which something is not held.
const SEVERAL: &str = "wsdl.several_policies";
const NOT_HELD: &str = "wsdl.not_held";

/// Why there is no policy.
struct Refused {
    code: &'static str,
    message: String,
}

/// Of the alternatives of each request those that leave least open: one that leaves open all that another does, and more, is passed
/// over. A service takes messages of any alternative, so asking for fewer of them loosens nothing.
fn least_open(imported: &[Imported]) -> Vec<&Imported> {
    // The alternatives of a request are numbered from 1 and stand together.
    let is_same_request = |one: &Imported, next: &Imported| {
        one.port == next.port && one.operation == next.operation && one.alternative < next.alternative
    };
    let mut kept = Vec::new();
    for alternatives in imported.chunk_by(is_same_request) {
        let open: Vec<BTreeSet<&Entry>> = alternatives.iter().map(open).collect();
        let leaves_more = |one: &BTreeSet<&Entry>| {
            open.iter()
                .any(|other| other.len() < one.len() && other.is_subset(one))
        };
        let with_open = alternatives.iter().zip(&open);
        kept.extend(
            with_open
                .filter(|(_, open)| !leaves_more(open))
                .map(|(one, _)| one),
        );
    }
    kept
}

fn open(imported: &Imported) -> BTreeSet<&Entry> {
    let entries = imported.entries.iter();
    entries.filter(|entry| entry.outcome.is_open()).collect()
}

/// The one policy as TOML, below what of the statement it does not hold or does not permit.
fn outcome(
    imported: &[Imported],
    kept: &[&Imported],
    arguments: &PolicyImportArguments,
) -> Result<Result<String, Refused>, Stop> {
    let policies = different(kept);
    let [policy] = policies.as_slice() else {
        return Ok(Err(Refused {
            code: SEVERAL,
            message: "there are several policies: choose with --port, --operation and --alternative"
                .to_owned(),
        }));
    };
    let entries = entries(kept);
    let open = entries.iter().filter(|entry| entry.outcome.is_open()).count();
    if open > 0 && !arguments.partial {
        let mut message = format!(
            "{open} of what is stated would restrict messages and is not held; --partial writes the policy without"
        );
        if has_alternatives(imported) {
            message.push_str(", --alternative chooses what is stated");
        }
        let code = NOT_HELD;
        return Ok(Err(Refused { code, message }));
    }
    let mut text = String::new();
    let told = |entry: &&Entry| entry.outcome.is_open() || entry.outcome == Outcome::NotPermitted;
    for entry in entries.into_iter().filter(told) {
        let assertion = plain(&entry.assertion);
        text.push_str(&format!(
            "# {}: {assertion}: {}\n",
            entry.outcome,
            plain(&entry.detail)
        ));
    }
    text.push_str(&toml_text::document(*policy)?);
    Ok(Ok(text))
}

fn different<'i>(kept: &[&'i Imported]) -> Vec<&'i Policy> {
    let mut policies: Vec<&Policy> = Vec::new();
    for one in kept {
        if !policies.contains(&&one.policy) {
            policies.push(&one.policy);
        }
    }
    policies
}

/// What became of each assertion, once where it was the same in several policies.
fn entries<'i>(kept: &[&'i Imported]) -> Vec<&'i Entry> {
    let mut entries: Vec<&Entry> = kept.iter().flat_map(|one| &one.entries).collect();
    entries.sort();
    entries.dedup();
    entries
}

/// Whether a request has another alternative than its first.
fn has_alternatives(imported: &[Imported]) -> bool {
    let mut numbers = imported.iter().map(|one| one.alternative);
    let first = numbers.next();
    numbers.any(|number| Some(number) != first)
}

fn text(
    sources: &[Source],
    imported: &[Imported],
    kept: &[&Imported],
    outcome: &Result<String, Refused>,
    style: Style,
) -> String {
    let mut text = String::new();
    if different(kept).len() == 1 {
        for entry in entries(kept) {
            text.push_str(&line(sources, entry, style));
        }
        if kept.len() < imported.len() {
            let numbers: BTreeSet<usize> = kept.iter().map(|one| one.alternative).collect();
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let numbers = numbers.join(", ");
            text.push_str(&format!(
                "taken of the alternatives: {numbers}, which leave least open\n"
            ));
        }
    }
    if let Err(refused) = outcome {
        let word = style.paint(Tone::Bad, "failed");
        text.push_str(&format!("{word}  {}  {}\n", refused.code, refused.message));
        if refused.code == SEVERAL || has_alternatives(imported) {
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

/// How each policy is chosen, which are the same, and what is stated: those that are passed over too.
fn choices(imported: &[Imported]) -> String {
    let all: Vec<&Imported> = imported.iter().collect();
    let policies = different(&all);
    let mut text = String::new();
    for one in imported {
        let number = policies.iter().position(|policy| **policy == one.policy);
        let number = number.unwrap_or_default().saturating_add(1);
        let (port, operation, alternative) = (plain(&one.port), plain(&one.operation), one.alternative);
        let protection = match one.protection.as_slice() {
            [] => "no binding".to_owned(),
            names => plain(&names.join(", ")),
        };
        let open = match open(one).len() {
            0 => String::new(),
            count => format!("; {count} not held"),
        };
        text.push_str(&format!(
            "    policy {number}: --port {port} --operation {operation} --alternative {alternative}  {protection}{open}\n"
        ));
    }
    text
}

fn json_line(
    arguments: &PolicyImportArguments,
    sources: &[Source],
    imported: &[Imported],
    kept: &[&Imported],
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
            "protection": one.protection,
            "whole": one.is_whole(),
            "policy": toml_text::document(&one.policy).ok(),
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
        ("assertions", entries(kept).iter().map(assertion).collect()),
        (
            "choices",
            imported.iter().map(choice).collect::<Vec<Value>>().into(),
        ),
    ];
    object.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    format!("{}\n", escaped(&Value::Object(object).to_string()))
}
