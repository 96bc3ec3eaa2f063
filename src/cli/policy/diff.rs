use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::cli::args::PolicyDiffArguments;
use crate::cli::console::{Console, Style, Tone};
use crate::cli::exit::{Exit, Stop};
use crate::cli::inspect::inspect;
use crate::cli::report::{Format, plain};
use crate::cli::source::Source;
use crate::token::datetime;
use crate::verifier::escaped;

/// What every message has of its own, so that a difference means nothing.
const OWN: [&str; 6] = ["bytes", "elements", "id", "nonce", "created", "expires"];

/// `sealgate policy diff`: what changed between two messages of a partner. Nothing is verified.
pub(crate) fn diff(arguments: &PolicyDiffArguments, console: &mut Console) -> Result<Exit, Stop> {
    let mut both = Vec::new();
    for source in [&arguments.good, &arguments.bad] {
        match facts(source) {
            Ok(facts) => both.push(facts),
            Err(report) => {
                report.print(arguments.output.format, console);
                return Ok(report.exit());
            }
        }
    }
    let [good, bad] = both.as_slice() else {
        return Ok(Exit::Passed);
    };
    let differences = differences(good, bad);
    match arguments.output.format {
        Format::Json => {
            let listed = differences
                .iter()
                .map(|one| json!({"what": one.what, "good": one.good, "bad": one.bad}));
            let object = json!({
                "good": arguments.good.typed(),
                "bad": arguments.bad.typed(),
                "verified": false,
                "differences": listed.collect::<Vec<_>>(),
            });
            console.print(format!("{}\n", escaped(&object.to_string())));
        }
        Format::Text => console.print(text(arguments, &differences, console.style())),
    }
    Ok(if differences.is_empty() {
        Exit::Passed
    } else {
        Exit::Refused
    })
}

struct Difference {
    what: String,
    good: Option<String>,
    bad: Option<String>,
}

fn facts(source: &Source) -> Result<BTreeMap<String, String>, Box<crate::cli::report::Report>> {
    let found = inspect(source, None, &[])?;
    let mut facts = BTreeMap::new();
    flatten(&Value::Object(found), "message", &mut facts);
    Ok(facts)
}

/// What is said only by one, or otherwise by both.
fn differences(good: &BTreeMap<String, String>, bad: &BTreeMap<String, String>) -> Vec<Difference> {
    let names: std::collections::BTreeSet<&String> = good.keys().chain(bad.keys()).collect();
    let different = names.into_iter().filter(|name| good.get(*name) != bad.get(*name));
    different
        .map(|name| Difference {
            what: name.clone(),
            good: good.get(name).cloned(),
            bad: bad.get(name).cloned(),
        })
        .collect()
}

/// Writes each fact of `value` under a name that does not move when another is put before it. The depth is that of our own
/// descriptions.
fn flatten(value: &Value, name: &str, facts: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            if let Some(life) = life(fields) {
                facts.insert(format!("{name} › life"), life);
            }
            for (key, field) in fields.iter().filter(|(key, _)| !OWN.contains(&key.as_str())) {
                flatten(field, &format!("{name} › {key}"), facts);
            }
        }
        Value::Array(items) => {
            let labels: Vec<String> = items.iter().map(label).collect();
            if items.len() > 1 {
                facts.insert(format!("{name} › order"), labels.join(", "));
            }
            for (index, (item, label)) in items.iter().zip(&labels).enumerate() {
                let same = labels.iter().take(index).filter(|other| *other == label).count();
                let number = if same == 0 {
                    String::new()
                } else {
                    format!(" {}", same.saturating_add(1))
                };
                flatten(item, &format!("{name} › {label}{number}"), facts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            facts.insert(name.to_owned(), value.to_string());
        }
        // An ID that is referred to is made anew for each message.
        Value::String(text) if text.starts_with('#') => {
            facts.insert(name.to_owned(), "#…".to_owned());
        }
        Value::String(text) => {
            facts.insert(name.to_owned(), text.clone());
        }
    }
}

/// How long something lasts that says from when and until when.
fn life(fields: &Map<String, Value>) -> Option<String> {
    let time = |key: &str| datetime::parse(fields.get(key)?.as_str()?).ok();
    let life = time("expires")?.signed_duration_since(time("created")?);
    Some(format!("{} s", life.num_seconds()))
}

/// What an item of a list is called: what it is, before what it says.
fn label(item: &Value) -> String {
    let named = ["item", "name", "element", "kind", "at"]
        .into_iter()
        .find_map(|key| item.get(key)?.as_str());
    named.or(item.as_str()).unwrap_or("entry").to_owned()
}

fn text(arguments: &PolicyDiffArguments, differences: &[Difference], style: Style) -> String {
    let caution = style.paint(Tone::Doubtful, "nothing here is verified");
    let mut text = format!("{} → {}  {caution}\n", arguments.good, arguments.bad);
    if differences.is_empty() {
        text.push_str(
            "  no difference in form, algorithms, tokens and what is signed; contents are not compared: a digest that does not match \
             is for sealgate explain\n",
        );
    }
    for Difference { what, good, bad } in differences {
        text.push_str(&format!("  {}\n", plain(what)));
        for (sign, tone, value) in [("-", Tone::Bad, good), ("+", Tone::Good, bad)] {
            if let Some(value) = value {
                text.push_str(&format!(
                    "    {}\n",
                    style.paint(tone, &format!("{sign} {}", plain(value)))
                ));
            }
        }
    }
    text
}
