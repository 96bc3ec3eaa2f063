use std::sync::Arc;

use chrono::Utc;

use crate::config;
use crate::fetch::Fetched;
use crate::gateway;
use crate::gateway::Hangup;
use crate::gateway::ServiceManager;
use crate::gateway::Signals;

use super::args::{LogFormat, ServeArguments};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::log;

/// `sealgate serve`: the gateway, until it is told to stop.
pub(crate) fn run(arguments: &ServeArguments, console: &mut Console) -> Result<Exit, Stop> {
    let hangup = Hangup::heeded().map_err(Stop::failed)?;
    let manager = ServiceManager::of_process().map_err(Stop::failed)?;
    let _log = log::start(arguments.log, arguments.log_lines)?;
    let fetched = gateway::fetch_first(&arguments.config, &Fetched::default());
    let checked = config::load_with(&arguments.config, Utc::now(), &fetched).map_err(Stop::usage)?;
    let manager = manager.map(Arc::new);
    let running = gateway::start(checked, Signals::Heeded { hangup, manager }).map_err(Stop::failed)?;
    // In JSON the line that it serves says the same.
    if arguments.log == LogFormat::Text {
        for url in running.urls() {
            console.note(&format!("listening on {url}\n"));
        }
        if let Some(admin) = running.admin() {
            console.note(&format!("health and metrics on http://{admin}\n"));
        }
    }
    running.wait().map_err(Stop::failed)?;
    Ok(Exit::Passed)
}
