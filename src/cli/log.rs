//! The log of a command that serves: to standard error, and never so much of one kind that the rest is not found.

mod json;
mod lines;
mod stderr;

use std::backtrace::Backtrace;
use std::backtrace::BacktraceStatus;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt::Debug;
use std::hash::Hash;
use std::hash::Hasher;
use std::io;
use std::panic;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use chrono::SecondsFormat;
use chrono::Utc;
use serde_json::Value;
use serde_json::json;
use tracing::Event;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::layer::Filter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::args::LogFormat;
use super::exit::Stop;
use json::JsonLines;
use lines::Lines;
use stderr::Waiting;

/// Kinds of lines that are counted at a time. There are a few hundred; what is beyond is of one kind.
const KINDS: usize = 4096;

/// The name of all that there is no room for.
const OTHERS: u64 = 0;

/// How often it is told what was left out.
const TURN: Duration = Duration::from_secs(1);

/// So long the end of the process waits for who reads the log, and so long what panics does.
const END: Duration = Duration::from_secs(2);
const PANIC: Duration = Duration::from_millis(100);

/// A log of which nothing waits to be written once this is dropped, if it is read.
pub(super) struct Log(Lines);

/// Logs to standard error, at the level that RUST_LOG says. Of the lines of one kind, which are those of one place in the program with one
/// code, `most` are written a second, or all if that is 0; then a line says how many were not.
///
/// # Errors
///
/// There is a log already, or no thread.
pub(super) fn start(format: LogFormat, most: u32) -> Result<Log, Stop> {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let (gathered, mut writer) = Lines::to(Waiting(io::stderr()));
    let lines = tracing_subscriber::fmt::layer().with_writer(gathered.clone());
    let flood = Flood::new(most);
    let registry = tracing_subscriber::registry().with(level);
    let started = match format {
        LogFormat::Json => {
            let lines = lines.json().event_format(JsonLines::new());
            registry.with(lines.with_filter(flood.clone())).try_init()
        }
        LogFormat::Text => registry
            .with(lines.with_ansi(false).with_filter(flood.clone()))
            .try_init(),
    };
    started.map_err(Stop::failed)?;
    tell_panics(gathered.clone(), format);
    let (log, thread) = (
        Log(gathered.clone()),
        thread::Builder::new().name("log".to_owned()),
    );
    let thread = thread.spawn(move || {
        let mut turned = Instant::now();
        loop {
            writer.write(TURN.saturating_sub(turned.elapsed()));
            if turned.elapsed() >= TURN {
                turned = Instant::now();
                flood.turn().into_iter().for_each(LeftOut::tell);
                tell_lost(&gathered);
            }
        }
    });
    thread.map_err(Stop::failed)?;
    Ok(log)
}

/// A line as of a log in JSON, with an error's `fields`, for what is told where there is no log, or not by way of it.
pub(super) fn line(fields: &Value) -> String {
    let timestamp = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    let line = json!({"timestamp": timestamp, "level": "ERROR", "fields": fields, "target": "sealgate::cli"});
    format!("{line}\n")
}

/// Says how many lines there was no room for, or could not be written.
fn tell_lost(lines: &Lines) {
    let lost = lines.lost();
    if lost > 0 {
        tracing::warn!(
            code = "log.lost",
            lines = lost,
            "lines were lost, as nobody read them"
        );
    }
}

/// What is said of a panic stands behind what was logged before it, and stands there too if nothing comes after it. It is no line of the log, as it may be
/// about that, but goes its way: whoever panics waits for no reader longer than for others.
fn tell_panics(lines: Lines, format: LogFormat) {
    panic::set_hook(Box::new(move |panicked| {
        let thread = thread::current();
        let name = thread.name().unwrap_or("<unnamed>");
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
        let backtrace = backtrace.map(|backtrace| backtrace.to_string());
        let backtrace = backtrace.unwrap_or_default();
        lines.push(&match format {
            LogFormat::Json => {
                let what = panicked.to_string();
                line(&json!({"message": "a thread panicked", "thread": name, "reason": what, "backtrace": backtrace}))
            }
            LogFormat::Text => format!("\nthread '{name}' {panicked}\n{backtrace}"),
        });
        lines.flush(PANIC);
    }));
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.end(END);
        tell_lost(&self.0);
    }
}

/// Lets no more than so many lines of one kind through, from one [`turn`](Self::turn) to the next.
#[derive(Clone)]
struct Flood {
    most: u32,
    kinds: Arc<Mutex<HashMap<u64, Kind>>>,
}

struct Kind {
    line: &'static Metadata<'static>,
    code: Option<String>,
    written: u32,
    left_out: u64,
}

/// How many lines of a kind were not written.
#[derive(Debug, PartialEq, Eq)]
struct LeftOut {
    line: &'static str,
    code: Option<String>,
    lines: u64,
}

impl Flood {
    fn new(most: u32) -> Self {
        Self {
            most,
            kinds: Arc::default(),
        }
    }

    /// Whether a line of that place with that code is written.
    fn lets(&self, line: &'static Metadata<'static>, code: Option<String>) -> bool {
        if self.most == 0 {
            return true;
        }
        let mut hasher = DefaultHasher::new();
        (line.callsite(), &code).hash(&mut hasher);
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let name = hasher.finish();
        let room = kinds.len() < KINDS || kinds.contains_key(&name);
        let name = if room { name } else { OTHERS };
        let kind = kinds.entry(name).or_insert(Kind {
            line,
            code,
            written: 0,
            left_out: 0,
        });
        if kind.written < self.most {
            kind.written = kind.written.saturating_add(1);
            return true;
        }
        kind.left_out = kind.left_out.saturating_add(1);
        false
    }

    /// Begins to count anew; what was left out until now.
    fn turn(&self) -> Vec<LeftOut> {
        let kinds = std::mem::take(&mut *self.kinds.lock().unwrap_or_else(PoisonError::into_inner));
        let kinds = kinds.into_values().filter(|kind| kind.left_out > 0);
        kinds
            .map(|kind| LeftOut {
                line: kind.line.name(),
                code: kind.code,
                lines: kind.left_out,
            })
            .collect()
    }
}

impl LeftOut {
    fn tell(self) {
        let Self { line, code, lines } = self;
        tracing::warn!(
            line,
            left_out_code = code,
            lines,
            "lines of one kind were left out"
        );
    }
}

impl<S: Subscriber> Filter<S> for Flood {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let mut code = Code(None);
        event.record(&mut code);
        self.lets(event.metadata(), code.0)
    }
}

/// The code of a line, if it has one.
struct Code(Option<String>);

impl Visit for Code {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "code" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_of_a_kind_are_written_and_the_others_are_counted() {
        let flood = Flood::new(3);
        let found = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&found);
        let counted = tracing_subscriber::registry().with(Count(lines).with_filter(flood.clone()));
        tracing::subscriber::with_default(counted, || {
            for number in 0..10 {
                let code = if number % 2 == 0 {
                    "dsig.missing"
                } else {
                    "xml.syntax"
                };
                tracing::warn!(code, "refused");
            }
            tracing::warn!("something else");
        });
        assert_eq!(found.lock().map(|found| found.len()).ok(), Some(7));
        let left: Vec<_> = flood
            .turn()
            .into_iter()
            .map(|one| (one.code, one.lines))
            .collect();
        assert_eq!(left.len(), 2);
        for code in ["dsig.missing", "xml.syntax"] {
            assert!(left.contains(&(Some(code.to_owned()), 2)), "{left:?}");
        }
        assert_eq!(flood.turn(), []);
    }

    #[test]
    fn nothing_is_left_out_where_nobody_asked_for_it() {
        let found = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&found);
        let counted = tracing_subscriber::registry().with(Count(lines).with_filter(Flood::new(0)));
        tracing::subscriber::with_default(counted, || {
            (0..100).for_each(|_| tracing::warn!("the same"));
        });
        assert_eq!(found.lock().map(|found| found.len()).ok(), Some(100));
    }

    /// Notes what is written.
    struct Count(Arc<Mutex<Vec<&'static str>>>);

    impl<S: Subscriber> Layer<S> for Count {
        fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event.metadata().name());
        }
    }
}
