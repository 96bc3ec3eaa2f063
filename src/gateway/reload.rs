//! A new configuration takes the place of the old one while the gateway serves: at once and whole, or not at all.
//!
//! The file is read and checked as at start. What was verified of late is then tried on it. Only then do requests that begin meet it;
//! those in work end under the configuration that they began with.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use actix_web::rt::signal::unix::SignalKind;
use actix_web::rt::signal::unix::signal;
use actix_web::web;
use chrono::Utc;

use super::Hangup;
use super::recent::Trial;
use super::refresh;
use super::shared::Shared;
use super::snapshot::Candidate;
use crate::archive;
use crate::audit;
use crate::config;
use crate::config::Checked;
use crate::config::Problems;
use crate::crypto::TlsServer;
use crate::crypto::TlsSwitch;
use crate::fetch;
use crate::fetch::Fetch;
use crate::fetch::FetchError;
use crate::fetch::Fetched;
use crate::fetch::FetchedCopy;
use crate::hsm;
use crate::replay;
use crate::trace;
use crate::trust::OlderMetadata;
use crate::trust::ReplayStore;

/// Replaces the configuration.
pub(super) struct Reloader {
    shared: web::Data<Shared>,
    replay: Arc<ReplayStore>,
    fixed: Fixed,
    /// The TLS sides of the listeners, in order.
    tls: Vec<Option<TlsSwitch>>,
    /// One at a time.
    state: Mutex<State>,
}

struct State {
    /// The file of the configuration in use.
    file: PathBuf,
    /// All files that it is made of, its own among them.
    files: Vec<PathBuf>,
    watch: Option<Duration>,
    /// What stands in the file of the configuration.
    text: String,
    fetches: Vec<Fetch>,
    fetched: Fetched,
    /// Files of what is fetched that were there when something was missing in what came. Where one is not any more, the operator has removed it.
    there: HashSet<PathBuf>,
}

impl State {
    /// Whether `copy` may take the place of what is known. What is missing in it may be, once the operator has removed the file that has it.
    fn check(&mut self, fetch: &Fetch, copy: &FetchedCopy) -> Result<(), FetchError> {
        let known = self.fetched.get(&fetch.file).map(|known| &known.bytes);
        let checked = fetch::check(&copy.bytes, known, copy.at.time());
        let Err(FetchError::Missing(_)) = &checked else {
            return checked;
        };
        match fs::metadata(&fetch.file) {
            Ok(_) => {
                self.there.insert(fetch.file.clone());
                checked
            }
            Err(error) if error.kind() == ErrorKind::NotFound && self.there.contains(&fetch.file) => {
                fetch::check_what_is_there(&copy.bytes, known, copy.at.time())
            }
            Err(_) => checked,
        }
    }
}

/// What a gateway keeps as long as it runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fixed {
    listeners: Vec<(SocketAddr, bool)>,
    admin: Option<SocketAddr>,
    workers: usize,
    connections: usize,
    drain: Duration,
    replay: replay::Settings,
    limits: Option<Arc<replay::Server>>,
    audit: Option<audit::Settings>,
    archive: Option<archive::Settings>,
    traces: Option<trace::Settings>,
}

/// A configuration took the place of another.
#[derive(Debug)]
pub(super) struct Replaced {
    /// Counts configurations, from 1.
    pub(super) number: u64,
    /// What became of recent messages.
    pub(super) trials: Vec<Trial>,
}

/// Why the configuration stays as it was.
#[derive(Debug)]
pub(super) enum ReloadError {
    /// The new one cannot work.
    Problems(Problems),
    /// It changes what takes a restart: these keys.
    Restart(Vec<&'static str>),
    /// On this route, metadata that was fetched is older than what is in use (T108).
    Metadata(String, OlderMetadata),
    /// It refuses, on some route, everything that was good.
    Recent(Vec<Trial>),
}

/// What a configuration says of more than messages.
pub(super) struct Around {
    fixed: Fixed,
    state: State,
    tls: Vec<Option<TlsServer>>,
}

impl Around {
    /// Takes it out of `config`.
    pub(super) fn take(config: &mut Checked) -> Self {
        let listeners = config.listeners.iter();
        let fixed = Fixed {
            listeners: listeners.map(|one| (one.address, one.tls.is_some())).collect(),
            admin: config.admin,
            workers: config.load.workers,
            connections: config.load.connections,
            drain: config.load.drain,
            replay: config.replay.clone(),
            limits: config.limits.clone(),
            audit: config.audit.clone(),
            archive: config.archive.clone(),
            traces: config.traces.clone(),
        };
        let listeners = std::mem::take(&mut config.listeners);
        Self {
            fixed,
            state: State {
                file: std::mem::take(&mut config.file),
                files: std::mem::take(&mut config.files),
                watch: config.watch,
                text: std::mem::take(&mut config.text),
                fetches: std::mem::take(&mut config.fetches),
                fetched: std::mem::take(&mut config.fetched),
                there: HashSet::new(),
            },
            tls: listeners.into_iter().map(|listener| listener.tls).collect(),
        }
    }
}

impl Fixed {
    /// The keys whose values differ.
    fn changed(&self, other: &Self) -> Vec<&'static str> {
        let differ = [
            ("listener", self.listeners != other.listeners),
            ("admin.address", self.admin != other.admin),
            ("gateway.workers", self.workers != other.workers),
            ("gateway.connections", self.connections != other.connections),
            ("gateway.drain_seconds", self.drain != other.drain),
            ("replay", self.replay != other.replay),
            ("throttle.redis", self.limits != other.limits),
            ("audit", self.audit != other.audit),
            ("message_archive", self.archive != other.archive),
            ("traces", self.traces != other.traces),
        ];
        differ
            .into_iter()
            .filter(|(_, differ)| *differ)
            .map(|(key, _)| key)
            .collect()
    }
}

impl Reloader {
    /// For the gateway of `shared`, whose configuration also said `around`.
    pub(super) fn new(shared: web::Data<Shared>, replay: Arc<ReplayStore>, around: Around) -> Self {
        shared.note_configuration();
        for fetch in &around.state.fetches {
            if let Some(copy) = around.state.fetched.get(&fetch.file) {
                shared.metrics.fetched(&fetch.name, copy.at.time());
            }
        }
        let tls = around.tls.into_iter().map(|tls| tls.map(TlsSwitch::new));
        Self {
            shared,
            replay,
            fixed: around.fixed,
            tls: tls.collect(),
            state: Mutex::new(around.state),
        }
    }

    /// The TLS sides of the listeners, in order.
    pub(super) fn tls(&self) -> &[Option<TlsSwitch>] {
        &self.tls
    }

    /// Reads the configuration again, as somebody has asked for: PINs that tokens refused are tried again.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub(super) fn reload_as_asked(&self) -> Result<Replaced, ReloadError> {
        hsm::forget_refused_pins();
        let manager = self.shared.manager.as_deref();
        if let Some(manager) = manager {
            manager.reloading();
        }
        let result = self.reload();
        if let Some(manager) = manager {
            manager.ready();
        }
        result
    }

    /// Reads the configuration again. This blocks: for what it wants to be fetched and has no copy of; then, while no other configuration is taken
    /// on, for files, for tokens, up to half a minute a key, and until a few messages have been judged.
    ///
    /// # Errors
    ///
    /// [`ReloadError`]: why everything is as it was.
    pub(super) fn reload(&self) -> Result<Replaced, ReloadError> {
        let (file, known) = {
            let state = self.state();
            (state.file.clone(), state.fetched.clone())
        };
        let mut fetched = refresh::first(&file, &known);
        let mut state = self.state();
        // What was taken on meanwhile is newer.
        fetched.put_all(&state.fetched);
        let result = self.replace(&mut state, config::load_with(&file, Utc::now(), &fetched));
        self.report(&result);
        result
    }

    /// Takes on `copy`, which was fetched, in the configuration as it was last taken on: what somebody has begun to write since counts for nothing.
    /// This blocks as [`reload`](Self::reload) does.
    ///
    /// # Errors
    ///
    /// [`FetchError`]: why what was in use stays so.
    pub(super) fn take_on(&self, fetch: &Fetch, copy: FetchedCopy) -> Result<(), FetchError> {
        let mut state = self.state();
        let is_it = |one: &&Fetch| one.file == fetch.file && one.origin == fetch.origin;
        if !state.fetches.iter().any(|one| is_it(&one)) {
            return Ok(());
        }
        state.check(fetch, &copy)?;
        let known = state.fetched.get(&fetch.file);
        let is_same = known.is_some_and(|known| known.bytes == copy.bytes);
        if let Some(known) = known.filter(|_| is_same && !fetch::is_metadata(&copy.bytes)) {
            known.at.again(copy.at.time());
            self.note_fetched(fetch, &copy, true);
            return Ok(());
        }
        let mut fetched = state.fetched.clone();
        fetched.put(fetch.file.clone(), copy.clone());
        let read = config::read_again(&state.file, &state.text, copy.at.time(), &fetched);
        let result = self.replace(&mut state, read);
        self.report(&result);
        result.map_err(|kept| FetchError::Refused(kept.code(), kept.to_string()))?;
        tracing::info!(
            file = fetch.name,
            bytes = copy.bytes.len(),
            "what was fetched is taken on"
        );
        // Whoever removed the file has let go of what was missing now, and of nothing that will be.
        state.there.remove(&fetch.file);
        self.note_fetched(fetch, &copy, false);
        Ok(())
    }

    /// Tells that `copy` is in use, and keeps it for the next start if that is not so yet.
    fn note_fetched(&self, fetch: &Fetch, copy: &FetchedCopy, is_kept: bool) {
        self.shared.metrics.fetched(&fetch.name, copy.at.time());
        if is_kept && fetch::keep_longer(&fetch.file, copy.at.time()).is_ok() {
            return;
        }
        if let Err(error) = fetch::keep(&fetch.file, &copy.bytes) {
            self.shared.metrics.not_fetched(&fetch.name, "fetch.not_kept");
            tracing::warn!(code = "fetch.not_kept", file = fetch.name, reason = %error, "what was fetched is not kept");
        }
    }

    fn report(&self, result: &Result<Replaced, ReloadError>) {
        if let Some(manager) = &self.shared.manager {
            let status = self.shared.status();
            manager.status(&match result {
                Ok(_) => status,
                Err(kept) => format!("{status}; another was not taken on: {}", kept.code()),
            });
        }
        match result {
            Ok(replaced) => {
                self.shared.metrics.reload("replaced");
                self.shared.note_configuration();
                tracing::info!(configuration = replaced.number, "configuration replaced");
                for trial in replaced.trials.iter().filter(|trial| !trial.refused.is_empty()) {
                    tracing::warn!(configuration = replaced.number, route = trial.route, "{trial}");
                }
            }
            Err(kept) => {
                self.shared.metrics.reload("kept");
                tracing::error!(code = kept.code(), reason = %kept, "configuration not replaced: the old one stays");
            }
        }
    }

    fn replace(&self, state: &mut State, read: Result<Checked, Problems>) -> Result<Replaced, ReloadError> {
        let mut checked = read.map_err(ReloadError::Problems)?;
        let load = checked.load;
        let warnings = std::mem::take(&mut checked.warnings);
        let around = Around::take(&mut checked);
        let changed = self.fixed.changed(&around.fixed);
        if !changed.is_empty() {
            return Err(ReloadError::Restart(changed));
        }
        let current = self.shared.current();
        let mut candidate = Candidate::new(checked);
        if let Some((route, older)) = candidate.older_metadata(&current) {
            return Err(ReloadError::Metadata(route, older));
        }
        candidate.go_on_as(&current);
        let trials = candidate.try_on(&current);
        if trials.iter().any(Trial::speaks_against) {
            return Err(ReloadError::Recent(trials));
        }
        let number = current.number.saturating_add(1);
        for (switch, tls) in self.tls.iter().zip(around.tls) {
            if let (Some(switch), Some(tls)) = (switch, tls) {
                switch.replace(tls);
            }
        }
        super::warn(&warnings);
        self.shared
            .replace(candidate.into_snapshot(number, &self.replay), load);
        let there = std::mem::take(&mut state.there);
        *state = around.state;
        state.there = there;
        Ok(Replaced { number, trials })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is fetched.
    pub(super) fn fetches(&self) -> Vec<Fetch> {
        self.state().fetches.clone()
    }

    /// Notes that nothing good came.
    pub(super) fn not_fetched(&self, fetch: &Fetch, error: &FetchError) {
        self.shared.metrics.not_fetched(&fetch.name, error.code());
        tracing::warn!(code = error.code(), file = fetch.name, reason = %error, "nothing good was fetched: the old stays");
    }

    /// What remembers used messages, whatever the configuration.
    pub(super) fn replay(&self) -> &ReplayStore {
        &self.replay
    }

    /// How often to look whether files have changed, if at all, and which.
    pub(super) fn watched(&self) -> Option<(Duration, Vec<PathBuf>)> {
        let state = self.state();
        state.watch.map(|every| (every, state.files.clone()))
    }
}

impl ReloadError {
    /// A stable code.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Problems(_) => "config.problems",
            Self::Restart(_) => "config.restart",
            Self::Metadata(..) => "config.metadata_older",
            Self::Recent(_) => "config.recent",
        }
    }

    /// How recent messages were judged, if that is why.
    pub(super) fn trials(&self) -> &[Trial] {
        match self {
            Self::Recent(trials) => trials,
            Self::Problems(_) | Self::Restart(_) | Self::Metadata(..) => &[],
        }
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problems(problems) => problems.fmt(f),
            Self::Restart(keys) => write!(f, "a restart is needed to change {}", keys.join(", ")),
            Self::Metadata(route, older) => write!(f, "{route}: {older}"),
            Self::Recent(trials) => {
                let against = trials.iter().filter(|trial| trial.speaks_against());
                let lines: Vec<_> = against.map(Trial::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

/// Reloads at each SIGHUP, and at once if one came before.
pub(super) async fn on_signal(reloader: web::Data<Reloader>, before: Hangup) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        tracing::error!(code = "internal.signals", "SIGHUP cannot be heeded");
        return;
    };
    let mut is_asked = before.came();
    while is_asked || hangup.recv().await.is_some() {
        is_asked = false;
        let reloader = reloader.clone();
        // What came of it has been logged.
        let _ = web::block(move || reloader.reload_as_asked().is_ok()).await;
    }
}
