//! How far a job is: a bar on a terminal, a line now and then elsewhere.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::batch::source::{Ended, Item, PassedOver, Reading, Sink, Source, Stamp, walk};
use crate::batch::{Copies, Counts, Observer, Row, Summary, Written};
use crate::cli::console::Console;
use crate::cli::exit::Stop;

/// How often a line is written where there is no terminal.
const QUIET: Duration = Duration::from_secs(30);

/// Counts, and tells.
pub(super) struct Progress<'c> {
    console: &'c mut Console,
    bar: ProgressBar,
    is_drawn: bool,
    total: Arc<Total>,
    read: u64,
    counted: Counted,
    before: u64,
    started: Instant,
    told: Instant,
}

/// What was counted.
pub(super) struct Counted {
    pub(super) summary: Summary,
    /// The first failure to note one stays.
    pub(super) copies: io::Result<Copies>,
}

/// The bytes of all sources, while they are being added up.
#[derive(Default)]
struct Total {
    bytes: AtomicU64,
    is_whole: AtomicBool,
}

impl<'c> Progress<'c> {
    /// Starts; on a terminal with a thread that adds up how much there is to do.
    pub(super) fn start(
        sources: &[Source],
        reading: &Reading,
        console: &'c mut Console,
    ) -> Result<Self, Stop> {
        let counted = Counted {
            summary: Summary::default(),
            copies: Copies::new().map(Ok).map_err(Stop::failed)?,
        };
        let is_drawn = io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        let total = Arc::new(Total::default());
        if is_drawn {
            let (sources, reading, total) = (sources.to_vec(), reading.clone(), Arc::clone(&total));
            thread::spawn(move || total.count(&sources, &reading));
        }
        Ok(Self {
            console,
            bar,
            is_drawn,
            total,
            read: 0,
            counted,
            before: 0,
            started: Instant::now(),
            told: Instant::now(),
        })
    }

    /// Ends the display. What was counted, and how many of that this process judged.
    pub(super) fn finish(self) -> (Counted, u64) {
        self.bar.finish_and_clear();
        let judged = self.counted.summary.all.total().saturating_sub(self.before);
        (self.counted, judged)
    }

    /// One line: how many, how fast, with which verdicts.
    fn line(&self) -> String {
        let Counts {
            passed,
            failed,
            indeterminate,
        } = self.counted.summary.all;
        let count = self.counted.summary.all.total();
        let seconds = self.started.elapsed().as_secs().max(1);
        let rate = count
            .saturating_sub(self.before)
            .checked_div(seconds)
            .unwrap_or(0);
        format!("{count} messages, {rate}/s: {passed} passed, {failed} failed, {indeterminate} indeterminate")
    }

    fn draw(&mut self) {
        let message = self.line();
        if self.total.is_whole.load(Ordering::Relaxed) && self.bar.length().is_none() {
            self.bar.set_length(self.total.bytes.load(Ordering::Relaxed));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left") {
                self.bar.set_style(style);
            }
        } else if self.bar.length().is_none()
            && let Ok(style) = ProgressStyle::with_template("{spinner} {msg}")
        {
            self.bar.set_style(style);
        }
        self.bar.set_position(self.read);
        self.bar.set_message(message);
    }
}

impl Observer for Progress<'_> {
    fn written(&mut self, row: &Row, line: u64, was: Written) {
        self.counted.summary.add(row);
        if let Ok(copies) = &mut self.counted.copies
            && let Err(error) = copies.note(row, line)
        {
            self.counted.copies = Err(error);
        }
        if was == Written::Before {
            self.before = self.before.saturating_add(1);
        }
    }

    fn passed_over(&mut self, counts: BTreeMap<PassedOver, u64>) {
        self.counted.summary.passed_over = counts;
    }

    fn advanced(&mut self, bytes: u64) {
        self.read = self.read.saturating_add(bytes);
    }

    fn tick(&mut self) {
        let every = if self.is_drawn {
            Duration::from_millis(200)
        } else {
            QUIET
        };
        if self.told.elapsed() < every {
            return;
        }
        self.told = Instant::now();
        if self.is_drawn {
            self.draw();
        } else {
            let line = self.line();
            self.console.note(&format!("{line}\n"));
        }
    }
}

impl Total {
    fn count(&self, sources: &[Source], reading: &Reading) {
        let mut counting = Counting(self);
        if walk(sources, reading, &mut counting).is_ok() {
            self.is_whole.store(true, Ordering::Relaxed);
        }
    }
}

/// Adds up the lengths of files.
struct Counting<'t>(&'t Total);

impl Sink for Counting<'_> {
    fn wants(&mut self, _: &str, _: Stamp) -> bool {
        false
    }

    fn take(&mut self, _: Item) -> Result<(), Ended> {
        Ok(())
    }

    fn passed_over(&mut self, _: PassedOver) {}

    fn advanced(&mut self, bytes: u64) {
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn opens(&self) -> bool {
        false
    }
}
