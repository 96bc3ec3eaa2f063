use std::io;

use chrono::Utc;
use tracing_subscriber::EnvFilter;

use crate::config;
use crate::fetch::Fetched;
use crate::gateway;
use crate::gateway::Signals;

use super::args::{LogFormat, ServeArguments};
use super::console::Console;
use super::exit::{Exit, Stop};

/// `sealgate serve`: the gateway, until it is told to stop.
pub(crate) fn run(arguments: &ServeArguments, console: &mut Console) -> Result<Exit, Stop> {
    log(arguments.log)?;
    let fetched = gateway::fetch_first(&arguments.config, &Fetched::default());
    let checked = config::load_with(&arguments.config, Utc::now(), &fetched).map_err(Stop::usage)?;
    let tls: Vec<bool> = checked
        .listeners
        .iter()
        .map(|listener| listener.tls.is_some())
        .collect();
    let running = gateway::start(checked, Signals::Heeded).map_err(Stop::failed)?;
    for (address, tls) in running.addresses().iter().zip(tls) {
        let scheme = if tls { "https" } else { "http" };
        console.note(&format!("listening on {scheme}://{address}\n"));
    }
    if let Some(admin) = running.admin() {
        console.note(&format!("health and metrics on http://{admin}\n"));
    }
    running.wait().map_err(Stop::failed)?;
    Ok(Exit::Passed)
}

/// Logs to standard error, at the level that RUST_LOG says.
fn log(format: LogFormat) -> Result<(), Stop> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let started = match format {
        LogFormat::Json => log.json().try_init(),
        LogFormat::Text => log.with_ansi(false).try_init(),
    };
    started.map_err(Stop::failed)
}
