use std::io;
use std::io::Write;
use std::mem;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::Thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How long lines wait for others, so that one write is for many of them.
const GATHERED: Duration = Duration::from_millis(10);

/// So many bytes wait at most. Who logs when there are more writes them, and waits for whoever reads them.
const MOST: usize = 256 * 1024;

/// Lines on their way to somebody who may take their time. None is lost if the process ends with [`end`](Self::end).
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    waiting: Mutex<Vec<u8>>,
    /// Where they go, and what was taken out to be written. Held from before they are taken out, so that they stay in order.
    out: Mutex<Out>,
    /// Who gathers them.
    gatherer: OnceLock<Thread>,
    /// Whether nobody does any more.
    is_ended: AtomicBool,
}

struct Out {
    to: Box<dyn Write + Send>,
    taken: Vec<u8>,
}

/// What one line is written to.
pub(super) struct Line<'l>(&'l Shared);

impl Lines {
    pub(super) fn to(to: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            out: Mutex::new(Out {
                to: Box::new(to),
                taken: Vec::new(),
            }),
            gatherer: OnceLock::new(),
            is_ended: AtomicBool::new(false),
        }))
    }

    /// Writes what waits, on the thread that calls this and no other, within [`GATHERED`] of the time when it began to wait. Returns after `most` at
    /// the latest, so that the thread can do something else too.
    pub(super) fn gather(&self, most: Duration) {
        self.0.gatherer.get_or_init(thread::current);
        if self.0.is_empty() {
            thread::park_timeout(most);
        }
        if !self.0.is_empty() {
            thread::sleep(GATHERED);
            self.write();
        }
    }

    /// Writes all that waits.
    pub(super) fn write(&self) {
        self.0.write();
    }

    /// Writes all that waits, and from now on each line at once: the process may end at any time.
    pub(super) fn end(&self) {
        self.0.is_ended.store(true, Ordering::SeqCst);
        self.0.write();
    }
}

impl Shared {
    fn is_empty(&self) -> bool {
        held(&self.waiting).is_empty()
    }

    fn push(&self, line: &[u8]) {
        let mut waiting = held(&self.waiting);
        let is_first = waiting.is_empty();
        waiting.extend_from_slice(line);
        let is_full = waiting.len() >= MOST;
        drop(waiting);
        if is_full || self.is_ended.load(Ordering::SeqCst) {
            self.write();
        } else if is_first && let Some(gatherer) = self.gatherer.get() {
            gatherer.unpark();
        }
    }

    fn write(&self) {
        let mut out = held(&self.out);
        let Out { to, taken } = &mut *out;
        mem::swap(taken, &mut *held(&self.waiting));
        // Nobody is left to be told if nobody reads the log.
        let _ = to.write_all(taken);
        taken.clear();
    }
}

impl<'l> MakeWriter<'l> for Lines {
    type Writer = Line<'l>;

    fn make_writer(&'l self) -> Line<'l> {
        Line(&self.0)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;
    use std::sync::mpsc::Sender;
    use std::sync::mpsc::channel;
    use std::sync::mpsc::sync_channel;

    use super::*;

    /// Tells what is written, a piece a write.
    struct Told(Sender<Vec<u8>>);

    impl Write for Told {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.send(octets.to_vec()).map_err(io::Error::other)?;
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(lines: &Lines, line: &str) {
        let _ = lines.make_writer().write(line.as_bytes());
    }

    fn told() -> (Lines, Receiver<Vec<u8>>) {
        let (told, writes) = channel();
        (Lines::to(Told(told)), writes)
    }

    #[test]
    fn many_lines_are_one_write_and_in_their_order() {
        let (lines, writes) = told();
        log(&lines, "one\n");
        log(&lines, "two\n");
        assert_eq!(writes.try_recv().ok(), None);
        lines.write();
        log(&lines, "three\n");
        lines.write();
        let written: Vec<_> = writes.try_iter().collect();
        assert_eq!(written, [b"one\ntwo\n".to_vec(), b"three\n".to_vec()]);
    }

    #[test]
    fn at_the_end_no_line_waits() {
        let (lines, writes) = told();
        log(&lines, "one\n");
        lines.end();
        log(&lines, "two\n");
        let written: Vec<_> = writes.try_iter().collect();
        assert_eq!(written, [b"one\n".to_vec(), b"two\n".to_vec()]);
    }

    #[test]
    fn a_line_is_written_soon_though_nobody_asks_for_it() {
        let (lines, writes) = told();
        let gathering = lines.clone();
        thread::spawn(move || {
            loop {
                gathering.gather(Duration::from_secs(3600));
            }
        });
        for line in ["one\n", "two\n"] {
            log(&lines, line);
            let written = writes.recv_timeout(Duration::from_secs(10));
            assert_eq!(written.ok(), Some(line.as_bytes().to_vec()));
        }
    }

    #[test]
    fn who_logs_more_than_may_wait_waits_for_the_reader() {
        struct Slow(Sender<usize>, Receiver<()>);
        impl Write for Slow {
            fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
                let _ = self.0.send(octets.len());
                let _ = self.1.recv();
                Ok(octets.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let ((begun, writes), (go, reader)) = (channel(), sync_channel(0));
        let lines = Lines::to(Slow(begun, reader));
        let line = "x".repeat(MOST / 4);
        let (logs, text) = (lines.clone(), line.clone());
        let logging = thread::spawn(move || (0..8).for_each(|_| log(&logs, &text)));
        // Four lines are what may wait: the fourth is written by who logs it.
        let written = || writes.recv_timeout(Duration::from_secs(10)).ok();
        assert_eq!(written(), Some(4 * line.len()));
        assert!(!logging.is_finished());
        assert!(lines.0.is_empty());
        let _ = go.send(());
        assert_eq!(written(), Some(4 * line.len()));
        let _ = go.send(());
        assert!(logging.join().is_ok());
    }
}
