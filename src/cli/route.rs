use crate::verifier::escaped;

use serde_json::{Value, json};

use super::args::RouteImportArguments;
use super::console::{Console, Tone};
use super::exit::{Exit, Stop};
use super::report::Format;
use super::toml_text::string;
use super::wsdl;
use crate::wsdl::{Requested, Served};

/// `sealgate route import`: the routes to the services of a WSDL, as TOML, and on standard error the operations that are in none.
pub(crate) fn import(arguments: &RouteImportArguments, console: &mut Console) -> Result<Exit, Stop> {
    let format = arguments.output.format;
    let wanted = wsdl::wanted(&arguments.wsdl);
    let served = match wsdl::read(&arguments.wsdl, |wsdl| wsdl.served(&wanted)) {
        Ok(served) => served,
        Err(report) => {
            wsdl::refused(&report, format, console);
            return Ok(report.exit());
        }
    };
    let routes = served.iter().filter(|served| !served.operations.is_empty());
    let text = routes.map(route).collect::<Vec<_>>().join("\n");
    let sources = wsdl::sources(&arguments.wsdl);
    let unclear: Vec<_> = served.iter().flat_map(|served| &served.unclear).collect();
    let exit = if unclear.is_empty() {
        Exit::Passed
    } else {
        Exit::Refused
    };
    match format {
        Format::Text => {
            for (place, why) in unclear {
                let file = sources
                    .get(place.file)
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let word = console.note_style().paint(Tone::Bad, "not clear");
                console.note(&format!("{word}  {file}:{}  {why}\n", place.position));
            }
            console.print(text);
        }
        Format::Json => {
            let unclear = unclear.into_iter().map(|(place, why)| {
                let position = place.position;
                json!({
                    "file": sources.get(place.file).map(super::source::Source::typed),
                    "position": {"line": position.line, "column": position.column},
                    "message": why,
                })
            });
            let object = json!({
                "source": arguments.wsdl.file.typed(),
                "verdict": if exit == Exit::Passed { "passed" } else { "failed" },
                "routes": text,
                "unclear": unclear.collect::<Vec<Value>>(),
            });
            console.print(format!("{}\n", escaped(&object.to_string())));
        }
    }
    Ok(exit)
}

/// A route as a configuration has it, in TOML, without what no WSDL says.
fn route(served: &Served) -> String {
    let mut text = format!("[[route]]\npath = {}\n", string(&served.path));
    if !served.locations.is_empty() {
        let addresses: Vec<_> = served.locations.iter().map(|location| string(location)).collect();
        text.push_str(&format!("addresses = [{}]\n", addresses.join(", ")));
    }
    for operation in &served.operations {
        text.push_str(&self::operation(operation));
    }
    text
}

fn operation(requested: &Requested) -> String {
    let mut text = "\n[[route.operation]]\n".to_owned();
    let actions = [
        ("action", &requested.action),
        ("addressing_action", &requested.addressing_action),
    ];
    for (key, action) in actions {
        if let Some(action) = action {
            text.push_str(&format!("{key} = {}\n", string(action)));
        }
    }
    text.push_str(&format!("body = {}\n", string(&requested.body.to_string())));
    if requested.one_way {
        text.push_str("one_way = true\n");
    }
    text
}
