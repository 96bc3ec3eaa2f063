use std::io;
use std::io::Write;
use std::mem;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::thread;
use std::thread::ThreadId;
use std::time::Duration;
use std::time::Instant;

use tracing_subscriber::fmt::MakeWriter;

/// How long lines wait for others, so that one write is for many of them.
const GATHERED: Duration = Duration::from_millis(10);

/// So many bytes wait at most. With half as many nothing is waited for.
const MOST: usize = 512 * 1024;

/// Lines on their way to somebody who may take their time. Who logs never waits: what there is no room for is counted. None is lost if the process ends
/// with [`end`](Self::end), and they are read.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    /// There is something to write.
    came: Condvar,
    /// Something was written.
    went: Condvar,
    /// Who writes.
    writer: OnceLock<ThreadId>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// Octets that ever came, and that have gone.
    came: u64,
    gone: u64,
    /// Lines that were not taken, or could not be written.
    lost: u64,
    /// Somebody waits for what is in it.
    is_urgent: bool,
    /// Once it is over: until when each line is waited for.
    ends: Option<Instant>,
}

/// Writes them.
pub(super) struct Writer {
    shared: Arc<Shared>,
    to: Box<dyn Write + Send>,
    taken: Vec<u8>,
}

/// What one line is written to.
pub(super) struct Line<'l>(&'l Shared);

impl Lines {
    /// Lines that go `to` somebody, who is waited for by the thread of the [`Writer`] and by nobody else.
    pub(super) fn to(to: impl Write + Send + 'static) -> (Self, Writer) {
        let shared = Arc::new(Shared::default());
        let writer = Writer {
            shared: Arc::clone(&shared),
            to: Box::new(to),
            taken: Vec::new(),
        };
        (Self(shared), writer)
    }

    /// Adds a text to them.
    pub(super) fn push(&self, text: &str) {
        self.0.push(text.as_bytes());
    }

    /// Waits until all that is there is written, for so long at most.
    pub(super) fn flush(&self, most: Duration) {
        if self.0.writer.get() != Some(&thread::current().id()) {
            self.0
                .flush(held(&self.0.queue), Instant::now().checked_add(most));
        }
    }

    /// Waits until all is written, for so long at most, and from now on for each line as well as long as that is not over: the process may end at any time.
    pub(super) fn end(&self, most: Duration) {
        let ends = Instant::now().checked_add(most);
        let mut queue = held(&self.0.queue);
        queue.ends = ends;
        self.0.flush(queue, ends);
    }

    /// How many lines were lost since this was asked last.
    pub(super) fn lost(&self) -> u64 {
        mem::take(&mut held(&self.0.queue).lost)
    }
}

impl Shared {
    fn push(&self, line: &[u8]) {
        let mut queue = held(&self.queue);
        let before = queue.waiting.len();
        let after = before.saturating_add(line.len());
        // Who writes says few things, and among them how many lines are lost.
        if before > 0 && after > MOST && self.writer.get() != Some(&thread::current().id()) {
            queue.lost = queue.lost.saturating_add(1);
            return;
        }
        queue.waiting.extend_from_slice(line);
        queue.came = queue.came.saturating_add(wide(line.len()));
        if before == 0 || after >= MOST / 2 {
            self.came.notify_all();
        }
        if let ends @ Some(_) = queue.ends {
            self.flush(queue, ends);
        }
    }

    fn flush(&self, mut queue: MutexGuard<'_, Queue>, until: Option<Instant>) {
        queue.is_urgent = true;
        self.came.notify_all();
        let all = queue.came;
        let left = until.map_or(Duration::MAX, |until| {
            until.saturating_duration_since(Instant::now())
        });
        drop(
            self.went
                .wait_timeout_while(queue, left, |queue| queue.gone < all),
        );
    }

    /// Waits while `still`, for so long at most.
    fn wait<'q>(
        &self,
        queue: MutexGuard<'q, Queue>,
        most: Duration,
        still: impl FnMut(&mut Queue) -> bool,
    ) -> MutexGuard<'q, Queue> {
        let waited = self.came.wait_timeout_while(queue, most, still);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Writer {
    /// Writes what waits, within [`GATHERED`] of the time when it began to wait. Returns after `most` at the latest if there is nothing, so that the thread
    /// can do something else too; it is always the same.
    pub(super) fn write(&mut self, most: Duration) {
        let shared = &self.shared;
        shared.writer.get_or_init(|| thread::current().id());
        let queue = held(&shared.queue);
        let queue = shared.wait(queue, most, |queue| queue.waiting.is_empty());
        if queue.waiting.is_empty() {
            return;
        }
        let mut queue = shared.wait(queue, GATHERED, |queue| {
            !queue.is_urgent && queue.waiting.len() < MOST / 2
        });
        queue.is_urgent = false;
        mem::swap(&mut self.taken, &mut queue.waiting);
        drop(queue);
        let unwritten = written(&mut *self.to, &self.taken);
        let mut queue = held(&shared.queue);
        queue.gone = queue.gone.saturating_add(wide(self.taken.len()));
        queue.lost = queue.lost.saturating_add(unwritten);
        self.taken.clear();
        shared.went.notify_all();
    }
}

/// Writes `lines`; how many of them could not be.
fn written(to: &mut dyn Write, lines: &[u8]) -> u64 {
    let mut rest = lines;
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(0) => break,
            Ok(octets) => rest = rest.get(octets..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    wide(memchr::memchr_iter(b'\n', rest).count())
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

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;
    use std::sync::mpsc::Sender;
    use std::sync::mpsc::channel;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    /// Tells what is written, a piece a write, and goes on when it is let.
    struct Told(Sender<Vec<u8>>, Receiver<()>);

    impl Write for Told {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.send(octets.to_vec()).map_err(io::Error::other)?;
            // When the test is over with it, at once.
            let _ = self.1.recv();
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn log(lines: &Lines, line: &str) {
        let _ = lines.make_writer().write(line.as_bytes());
    }

    /// Lines with their writes, which wait each for a word, and the thread that makes them.
    fn told() -> (Lines, Receiver<Vec<u8>>, Sender<()>) {
        let ((told, writes), (go_on, waits)) = (channel(), channel());
        let (lines, mut writer) = Lines::to(Told(told, waits));
        thread::spawn(move || {
            loop {
                writer.write(LONG);
            }
        });
        (lines, writes, go_on)
    }

    fn next(writes: &Receiver<Vec<u8>>) -> Option<String> {
        let written = writes.recv_timeout(LONG).ok()?;
        String::from_utf8(written).ok()
    }

    #[test]
    fn many_lines_are_one_write_and_in_their_order() {
        let ((told, writes), (go_on, waits)) = (channel(), channel());
        let (lines, mut writer) = Lines::to(Told(told, waits));
        drop(go_on);
        log(&lines, "one\n");
        log(&lines, "two\n");
        writer.write(LONG);
        log(&lines, "three\n");
        writer.write(LONG);
        let written: Vec<_> = writes.try_iter().collect();
        assert_eq!(written, [b"one\ntwo\n".to_vec(), b"three\n".to_vec()]);
    }

    #[test]
    fn at_the_end_no_line_waits() {
        let (lines, writes, go_on) = told();
        drop(go_on);
        log(&lines, "one\n");
        lines.end(LONG);
        assert_eq!(writes.try_recv().ok(), Some(b"one\n".to_vec()));
        log(&lines, "two\n");
        assert_eq!(writes.try_recv().ok(), Some(b"two\n".to_vec()));
    }

    #[test]
    fn a_line_is_written_soon_though_nobody_asks_for_it() {
        let (lines, writes, go_on) = told();
        drop(go_on);
        for line in ["one\n", "two\n"] {
            log(&lines, line);
            assert_eq!(next(&writes).as_deref(), Some(line));
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_does_not_read_and_what_is_lost_is_counted() {
        let (lines, writes, go_on) = told();
        let begun = Instant::now();
        log(&lines, "first\n");
        assert_eq!(next(&writes).as_deref(), Some("first\n"));
        let line = "x".repeat(MOST / 4) + "\n";
        (0..8).for_each(|_| log(&lines, &line));
        // A line alone is taken however long it is; of eight such there is room for three.
        lines.flush(Duration::from_millis(50));
        lines.end(Duration::from_millis(50));
        log(&lines, "not waited for either\n");
        assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
        assert_eq!((lines.lost(), lines.lost()), (5, 0));
        drop(go_on);
        let rest = next(&writes).unwrap_or_default();
        assert_eq!(rest, line.repeat(3) + "not waited for either\n");
    }

    #[test]
    fn who_writes_is_heard_though_there_is_no_room() {
        let ((told, writes), (go_on, waits)) = (channel(), channel());
        let (lines, mut writer) = Lines::to(Told(told, waits));
        drop(go_on);
        writer.write(Duration::ZERO);
        log(&lines, &"x".repeat(MOST));
        log(&lines, "lines are lost\n");
        writer.write(LONG);
        assert!(next(&writes).is_some_and(|written| written.ends_with("xlines are lost\n")));
    }

    #[test]
    fn lines_that_cannot_be_written_are_lost() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
                let room = octets.len().min(mem::take(&mut self.0));
                if room == 0 {
                    Err(io::ErrorKind::StorageFull.into())
                } else {
                    Ok(room)
                }
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (lines, mut writer) = Lines::to(Full(6));
        (0..4).for_each(|_| log(&lines, "one\n"));
        writer.write(LONG);
        assert_eq!(lines.lost(), 3);
    }
}
