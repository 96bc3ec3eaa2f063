//! Makes files of journals, on a thread of its own.

use std::collections::VecDeque;
use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::journal::{Next, Read, Rows};
use super::keeper::Counts;
use super::name;
use super::parquet;
use super::retention::Retention;
use crate::durable;

/// How long nothing is tried after something failed, and how often what is old is looked for.
const PAUSE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_secs(60);

/// Makes files of journals.
pub(super) struct Packer {
    pub(super) folder: PathBuf,
    /// That of the journals.
    pub(super) working: PathBuf,
    pub(super) retention: Retention,
    pub(super) counts: Arc<Counts>,
    /// Journals that nobody appends to any more, the oldest first.
    pub(super) journals: VecDeque<PathBuf>,
}

impl Packer {
    /// Works until nobody can send a journal any more, and then tries what is left.
    pub(super) fn run(mut self, more: &Receiver<PathBuf>) {
        let mut looked = Instant::now();
        loop {
            if looked.elapsed() >= LOOK {
                self.retention.remove_old();
                looked = Instant::now();
            }
            let pause = if self.pack_all() { LOOK } else { PAUSE };
            match more.recv_timeout(pause) {
                Ok(journal) => self.journals.push_back(journal),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Those that came meanwhile as well, so that one that fails is not tried for each of them.
            self.journals.extend(more.try_iter());
        }
    }

    /// Whether there are files of all journals now. One that fails keeps no other waiting.
    fn pack_all(&mut self) -> bool {
        let mut failed = VecDeque::new();
        while let Some(journal) = self.journals.pop_front() {
            let packed = catch_unwind(AssertUnwindSafe(|| self.pack(&journal)));
            let packed = packed.unwrap_or_else(|_| Err(io::Error::other("a mistake of ours")));
            if let Err(error) = packed {
                self.counts.failed();
                tracing::error!(code = "archive.pack", reason = %error, journal = %journal.display(), "no file was made of a journal of messages at this attempt");
                failed.push_back(journal);
            }
        }
        self.journals = failed;
        self.journals.is_empty()
    }

    /// Makes a file of the journal at `path`, and removes that.
    fn pack(&self, path: &Path) -> io::Result<()> {
        let Some(time) = name::journal_time(path) else {
            return Ok(());
        };
        let packed = name::of_packed(&self.folder, time);
        // Where it was there before what follows, by a crash or an error, the file is whole.
        let left = if packed.exists() {
            each(path, |_| Ok(()))?
        } else {
            self.write(path, &packed)?
        };
        match left {
            Left::Nothing => fs::remove_file(path)?,
            Left::Damaged => fs::rename(path, path.with_extension("damaged"))?,
        }
        durable::sync_folder(&self.working)
    }

    fn write(&self, journal: &Path, packed: &Path) -> io::Result<Left> {
        let temporary = journal.with_extension("parquet");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        let mut writer = parquet::Writer::new(file)?;
        let mut count = 0_u64;
        let left = each(journal, |row| {
            count = count.saturating_add(1);
            writer.push(row)
        })?;
        if count == 0 {
            fs::remove_file(&temporary)?;
            return Ok(left);
        }
        writer.finish()?.sync_all()?;
        fs::rename(&temporary, packed)?;
        durable::sync_folder(&self.folder)?;
        self.counts.packed();
        Ok(left)
    }
}

/// What is in a journal beside its rows.
#[derive(Clone, Copy)]
enum Left {
    Nothing,
    Damaged,
}

/// Hands the rows of `journal` to `take`, and tells what is beside them.
fn each(journal: &Path, mut take: impl FnMut(Read) -> io::Result<()>) -> io::Result<Left> {
    let mut rows = Rows::open(journal)?;
    let (mut read, mut chainless) = (0_u64, 0_u64);
    let (mut places, mut damaged) = (0_u64, 0_u64);
    loop {
        match rows.next()? {
            Next::Row(row) => {
                read = read.saturating_add(1);
                chainless = chainless.saturating_add(row.chain.is_none().into());
                take(*row)?;
            }
            Next::Damaged(bytes) => {
                places = places.saturating_add(1);
                damaged = damaged.saturating_add(bytes);
            }
            Next::Torn(bytes) => {
                tracing::warn!(bytes, journal = %journal.display(), "a journal of messages ended in no whole row");
                break;
            }
            Next::End => break,
        }
    }
    if places == 0 && chainless == 0 {
        return Ok(Left::Nothing);
    }
    tracing::error!(code = "archive.damaged", bytes = damaged, places, rows = read, rows_without_chain = chainless, journal = %journal.display(), "a journal of messages is damaged, and set aside; its rows that are whole are kept");
    Ok(Left::Damaged)
}
