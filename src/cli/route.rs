use crate::verifier::escaped;

use serde::Serialize;
use serde_json::{Value, json};

use super::args::RouteImportArguments;
use super::console::{Console, Tone};
use super::exit::{Exit, Stop};
use super::report::Format;
use super::wsdl;
use crate::wsdl::{Requested, Served};

/// Routes as a configuration has them, without what no WSDL says.
#[derive(Serialize)]
struct Routes {
    route: Vec<Route>,
}

#[derive(Serialize)]
struct Route {
    path: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    addresses: Vec<String>,
    operation: Vec<Operation>,
}

#[derive(Serialize)]
struct Operation {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    addressing_action: Option<String>,
    body: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    one_way: bool,
}

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
    let routes = Routes {
        route: served
            .iter()
            .filter(|served| !served.operations.is_empty())
            .map(route)
            .collect(),
    };
    let text = toml::to_string(&routes).map_err(Stop::failed)?;
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

fn route(served: &Served) -> Route {
    Route {
        path: served.path.clone(),
        addresses: served.locations.clone(),
        operation: served.operations.iter().map(operation).collect(),
    }
}

fn operation(requested: &Requested) -> Operation {
    Operation {
        action: requested.action.clone(),
        addressing_action: requested.addressing_action.clone(),
        body: requested.body.to_string(),
        one_way: requested.one_way,
    }
}
