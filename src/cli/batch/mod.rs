//! `sealgate batch verify`: every message of an archive, judged as the other commands judge it.

mod job;
mod outcome;
mod progress;

use std::panic;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use chrono::Utc;

use super::args::BatchVerifyArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use crate::batch::report::About;
use crate::batch::source::{self, Reading, ResultsFolder};
use crate::batch::{Journal, JournalError, Run, Stopped, WorkLog, judge};
use crate::trust::{Anchor, Signer, TrustStore};
use crate::validation_report::Reporting;
use crate::verifier::{At, Setup};
use progress::Progress;

/// Judges what is left to be judged, and writes the reports.
pub(super) fn run(arguments: &BatchVerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let sources = job::sources(arguments)?;
    let job = job::identity(arguments)?;
    let setup = Setup {
        id_attributes: arguments.ids.id_attributes.clone(),
        ..Setup::from(&arguments.gate)
    };
    let mut verifier = setup.verifier()?;
    let unusable = |error| match error {
        JournalError::OtherJob(_) => Stop::usage(format_args!("--out: {error}")),
        JournalError::InUse | JournalError::Io(..) => Stop::failed(format_args!("--out: {error}")),
    };
    let mut journal = Journal::open(&arguments.out, &job, Utc::now()).map_err(unusable)?;
    if verifier.at == At::Now {
        verifier.at = At::Time(journal.started());
    }
    let mut reporting = None;
    if arguments.validation_reports {
        journal = journal.with_validation_reports().map_err(unusable)?;
        // A message may be younger than the job, so that the time of that proves nothing of it.
        reporting = Some(Reporting::new(&verifier.gate.policy, verifier.at).map_err(Stop::failed)?);
    }
    let about = About {
        policy: verifier.gate.policy.name.clone(),
        at: verifier.at.to_string(),
        version: env!("CARGO_PKG_VERSION"),
        job: job.job,
        began: journal.started(),
        sources: named(arguments.sources.iter().chain(&arguments.list)),
        trusted: trusted(&verifier.gate.trust),
        crls: verifier.gate.trust.revocation_lists().count(),
        ocsp_responses: verifier.gate.trust.ocsp_responses().count(),
        metadata: named(&arguments.gate.party.metadata.metadata),
    };
    let reading = Reading {
        limit: verifier.limit(),
        column: arguments.column.clone(),
        name: arguments.name_column.clone(),
        results: Some(ResultsFolder::at(&arguments.out).map_err(Stop::failed)?),
    };
    let stop = interruptible()?;
    tell_panics_but_those_of_files();
    let threads = workers(arguments);
    let log = WorkLog::begin(&arguments.out, Utc::now(), threads).map_err(unlogged)?;
    let mut progress = Progress::start(&sources, &reading, console)?;
    let run = Run {
        sources: &sources,
        reading: &reading,
        workers: threads,
        stop: &stop,
    };
    let ended = run.run(
        &journal,
        &|item| judge(&verifier, reporting.as_ref(), item),
        &mut progress,
    );
    let (counted, judged) = progress.finish();
    let stopped = ended.map_err(Stop::failed)?;
    let messages = counted.summary.all.total();
    let exit = match stopped {
        Stopped::Early => Err(Stop::failed(format_args!(
            "stopped after {messages} messages; the same command goes on from there"
        ))),
        Stopped::AtEnd => Ok(outcome::tell(&arguments.out, &journal, counted, &about, console)?),
    };
    log.end(Utc::now(), judged, messages, stopped).map_err(unlogged)?;
    exit
}

fn unlogged(error: std::io::Error) -> Stop {
    Stop::failed(format_args!("--out: runs.jsonl: {error}"))
}

/// As typed.
fn named<'p>(paths: impl IntoIterator<Item = &'p PathBuf>) -> Vec<String> {
    let names = paths.into_iter().map(|path| path.to_string_lossy().into_owned());
    names.collect()
}

fn trusted(store: &TrustStore) -> Vec<Signer> {
    let anchors = store.anchors().iter().map(Anchor::certificate);
    anchors.chain(store.pins()).map(Signer::from).collect()
}

fn workers(arguments: &BatchVerifyArguments) -> usize {
    let cores = || thread::available_parallelism().map_or(1, std::num::NonZero::get);
    arguments.threads.map_or_else(cores, usize::from)
}

/// What the reader of a file panics at becomes an error of that file, and is told as one.
fn tell_panics_but_those_of_files() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !source::is_guarded() {
            tell(panic);
        }
    }));
}

/// Set by SIGINT and SIGTERM; the second of them ends the process at once, which costs nothing but what is under way.
fn interruptible() -> Result<Arc<AtomicBool>, Stop> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let at_once = signal_hook::flag::register_conditional_shutdown(signal, 3, Arc::clone(&stop));
        let flag = signal_hook::flag::register(signal, Arc::clone(&stop));
        at_once.and(flag).map_err(Stop::failed)?;
    }
    stop.store(false, Ordering::Relaxed);
    Ok(stop)
}
