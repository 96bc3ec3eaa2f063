//! Checkpoints are kept elsewhere as well, on a thread of its own: what hangs there, as the disk of another machine may, keeps no record waiting.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoint::Checkpoint;

/// How many wait at most. The newest speaks of all that the others do, so that the oldest is left out.
const WAITING: usize = 16;

/// One that takes longer is told of.
const HANGS: Duration = Duration::from_secs(10);

/// How long the last ones are waited for.
const LAST: Duration = Duration::from_secs(2);

/// Exports checkpoints to a folder.
#[derive(Debug)]
pub(super) struct Export {
    folder: PathBuf,
    queue: Arc<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Checkpoint>,
    /// Since when one is being exported.
    busy: Option<Instant>,
    /// Whether it was told that this one hangs.
    told: bool,
    /// Nothing follows.
    ended: bool,
}

impl Export {
    /// Exports to `folder` from now on.
    pub(super) fn start(folder: PathBuf) -> io::Result<Self> {
        let queue = Arc::default();
        let (to, waiting) = (folder.clone(), Arc::clone(&queue));
        let thread = std::thread::Builder::new().name("audit-export".to_owned());
        // Nobody waits for its end, which may never come.
        thread.spawn(move || run(&to, &waiting))?;
        Ok(Self { folder, queue })
    }

    /// Has `checkpoint` exported, soon.
    pub(super) fn add(&self, checkpoint: Checkpoint) {
        let mut state = self.queue.state();
        if state.waiting.len() >= WAITING {
            state.waiting.pop_front();
        }
        state.waiting.push_back(checkpoint);
        drop(state);
        self.queue.changed.notify_all();
    }

    /// Tells once of an export that hangs.
    pub(super) fn look(&self) {
        let mut state = self.queue.state();
        let hangs = state.busy.is_some_and(|since| since.elapsed() >= HANGS);
        if hangs && !state.told {
            state.told = true;
            self.hangs(HANGS);
        }
    }

    fn hangs(&self, time: Duration) {
        let reason = format!("there is no answer after {} s", time.as_secs());
        tracing::error!(code = "audit.export", reason, folder = %self.folder.display(), "a checkpoint was not exported");
    }
}

/// The last ones are waited for, and told of if they hang.
impl Drop for Export {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state.ended = true;
        self.queue.changed.notify_all();
        let is_at_work = |state: &mut State| state.busy.is_some() || !state.waiting.is_empty();
        let waited = self.queue.changed.wait_timeout_while(state, LAST, is_at_work);
        let (_state, time) = waited.unwrap_or_else(PoisonError::into_inner);
        if time.timed_out() {
            self.hangs(LAST);
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one, when there is one; `None` if none follows.
    fn next(&self) -> Option<Checkpoint> {
        let idle = |state: &mut State| state.waiting.is_empty() && !state.ended;
        let waited = self.changed.wait_while(self.state(), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let next = state.waiting.pop_front();
        state.busy = next.is_some().then(Instant::now);
        state.told = false;
        next
    }

    fn done(&self) {
        self.state().busy = None;
        self.changed.notify_all();
    }
}

fn run(folder: &std::path::Path, queue: &Queue) {
    while let Some(checkpoint) = queue.next() {
        if let Err(error) = checkpoint.export(folder) {
            tracing::error!(code = "audit.export", reason = %error, folder = %folder.display(), "a checkpoint was not exported");
        }
        queue.done();
    }
}
