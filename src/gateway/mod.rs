//! The web server: the only module that knows one.
//!
//! [`start`] takes a checked configuration and gives a [`Running`] gateway, which serves until it is told to stop.

mod accepted;
mod admin;
mod archived;
mod arrival;
mod attended;
mod bearer;
mod body;
mod budget;
mod crowd;
mod client;
mod connections;
mod ending;
mod exchange;
mod form;
mod handler;
mod hangup;
mod health;
mod kinds;
mod listener;
mod lists;
mod load;
mod metered;
mod metrics;
mod parts;
mod pending;
mod published;
mod readiness;
mod recent;
mod refresh;
mod reload;
mod reply;
mod report;
mod server;
mod service_manager;
mod shared;
mod snapshot;
mod thread;
mod threats;
mod traced;
mod traces;
mod watch;
mod watchdog;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web;
use chrono::DateTime;
use chrono::DurationRound;
use chrono::TimeDelta;
use chrono::Utc;

use crate::archive::Archive;
use crate::audit;
use crate::config::{Checked, Problem};
use crate::replay;
use crate::throttle::SharedLimits;
use connections::Connections;
pub use hangup::Hangup;
pub use refresh::first as fetch_first;
use reload::Around;
use reload::Reloader;
use server::Sockets;
pub use service_manager::ServiceManager;
use shared::{Records, Shared};
use snapshot::Candidate;
use traces::Traces;

/// Whether SIGTERM and SIGINT stop the gateway, and SIGHUP has it take on its configuration.
#[derive(Clone, Debug)]
pub enum Signals {
    /// They do: the first lets messages in work end, a second one does not.
    Heeded {
        /// A SIGHUP that came while it was starting counts.
        hangup: Hangup,
        /// Who started the process and sends them, if that wants to be told.
        manager: Option<Arc<ServiceManager>>,
    },
    /// They are somebody else's business.
    Ignored,
}

/// A gateway that serves, on threads of its own. Dropping it does not stop it.
#[derive(Debug)]
pub struct Running {
    addresses: Vec<SocketAddr>,
    urls: Vec<String>,
    admin: Option<SocketAddr>,
    stopper: Stopper,
    thread: JoinHandle<io::Result<()>>,
}

/// Stops a gateway, from any thread.
#[derive(Clone)]
pub struct Stopper {
    shared: web::Data<Shared>,
    server: ServerHandle,
}

/// Starts a gateway, and returns when it serves, which the service manager is told then.
///
/// What was used before it started may have been used in the life of an earlier one, and is refused (T149). As many senders
/// write whole seconds, it starts with a second: this takes a little more than one at most.
///
/// # Errors
///
/// What the system says when an address cannot be listened on, or there can be no threads; why there is no store of uses, or no audit log or message archive.
pub fn start(config: Checked, signals: Signals) -> io::Result<Running> {
    let sockets = Sockets::bind(&config)?;
    let addresses = sockets.addresses()?;
    let admin = sockets.admin_address()?;
    let load = config.load;
    let urls: Vec<String> = addresses
        .iter()
        .zip(&config.listeners)
        .map(|(address, listener)| match &listener.tls {
            Some(_) => format!("https://{address}"),
            None => format!("http://{address}"),
        })
        .collect();
    let mut config = config;
    warn(&config.warnings);
    let around = Around::take(&mut config);
    // First, as it makes room on a disk on which all of them may be.
    let archive = config.archive.as_ref().map(Archive::open).transpose();
    let archive = archive.map_err(io::Error::other)?;
    let since = next_second(Utc::now());
    let replay = replay::open(&config.replay, since, Utc::now()).map_err(io::Error::other)?;
    let replay = Arc::new(replay);
    let limits = config.limits.take().map(SharedLimits::open).transpose();
    let limits = limits.map_err(io::Error::other)?;
    let audit = config.audit.as_ref().map(audit::Log::open).transpose();
    let traces = config.traces.take();
    let manager = match &signals {
        Signals::Heeded { manager, .. } => manager.clone(),
        Signals::Ignored => None,
    };
    let first = Candidate::new(config).into_snapshot(1, &replay);
    let audit = audit.map_err(io::Error::other)?;
    let traces = traces.map(Traces::new);
    let shared = web::Data::new(Shared::new(
        first,
        load,
        Connections::new(&addresses),
        Records { audit, archive },
        limits,
        traces,
        manager,
    ));
    let reloader = web::Data::new(Reloader::new(shared.clone(), replay, around));
    sleep_until(since.checked_add_signed(COARSE_CLOCK).unwrap_or(since));
    let (started, starting) = mpsc::channel();
    let for_thread = shared.clone();
    let thread = std::thread::Builder::new()
        .name("sealgate".to_owned())
        .spawn(move || server::run(sockets, for_thread, reloader, load, signals, &started))?;
    let Ok(server) = starting.recv() else {
        return Err(joined(thread).err().unwrap_or_else(did_not_start));
    };
    while !shared.is_ready() {
        if thread.is_finished() {
            return Err(joined(thread).err().unwrap_or_else(did_not_start));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let admin_url = admin.map(|admin| format!("http://{admin}"));
    tracing::info!(addresses = urls.join(" "), admin = admin_url, "serving");
    if let Some(manager) = &shared.manager {
        manager.ready();
        manager.status(&shared.status());
    }
    Ok(Running {
        addresses,
        urls,
        admin,
        stopper: Stopper { shared, server },
        thread,
    })
}

/// Tells of what will be wrong with a configuration soon.
fn warn(warnings: &[Problem]) {
    for warning in warnings {
        tracing::warn!(code = "config.ends_soon", key = warning.key, "{warning}");
    }
}

fn did_not_start() -> io::Error {
    io::Error::other("the web server did not start")
}

impl Running {
    /// The addresses that it listens on, in the order of the configuration, with the ports that were free.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The same as URLs: `https:` where there is TLS.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The address for operators.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// What stops it.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Tells it to stop, and waits until messages in work have ended or their time is over.
    ///
    /// # Errors
    ///
    /// What made it end otherwise.
    pub fn stop(self) -> io::Result<()> {
        self.stopper.stop();
        self.wait()
    }

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// What made it end otherwise than by being told to stop.
    pub fn wait(self) -> io::Result<()> {
        joined(self.thread)
    }
}

impl Stopper {
    /// Tells the gateway to stop: it is not ready any more, takes no new connections, and lets messages in work end.
    pub fn stop(&self) {
        attended::stop(self.server.clone(), self.shared.clone());
    }
}

impl std::fmt::Debug for Stopper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stopper").finish_non_exhaustive()
    }
}

fn joined(thread: JoinHandle<io::Result<()>>) -> io::Result<()> {
    thread
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the web server panicked")))
}

/// How far the time that a sender on the same machine reads may lie behind ours: `time(2)` and `CLOCK_REALTIME_COARSE` give the last tick
/// of the kernel, which is up to 10 ms ago, and more where the machine is a guest that was not run. A sender of whole seconds would
/// take it for the second before.
const COARSE_CLOCK: TimeDelta = TimeDelta::milliseconds(50);

fn next_second(now: DateTime<Utc>) -> DateTime<Utc> {
    let second = TimeDelta::seconds(1);
    let begun = now.duration_trunc(second).unwrap_or(now);
    begun.checked_add_signed(second).unwrap_or(now)
}

/// Sleeps until the clock of the system, which is the one that messages are judged by, has reached `time`.
fn sleep_until(time: DateTime<Utc>) {
    let left = time
        .signed_duration_since(Utc::now())
        .to_std()
        .unwrap_or(Duration::ZERO);
    std::thread::sleep(left.min(Duration::from_secs(2)));
}
