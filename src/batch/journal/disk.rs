use std::fs::File;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Forces what was written to the disk, for machines that lose power.
pub(super) struct Disk {
    /// The results before the journal, which says that they are there.
    files: Arc<[File]>,
    /// A thread that does it, while more is written.
    syncing: Option<JoinHandle<io::Result<()>>>,
    begun: Instant,
}

impl Disk {
    /// How often.
    const EVERY: Duration = Duration::from_secs(1);

    /// Of the files that are there, in this order.
    ///
    /// # Errors
    /// The process has too many open files.
    pub(super) fn of(files: [Option<&File>; 3]) -> io::Result<Self> {
        let files: io::Result<_> = files.into_iter().flatten().map(File::try_clone).collect();
        Ok(Self {
            files: files?,
            syncing: None,
            begun: Instant::now(),
        })
    }

    /// Begins where it is time, and the last time is over.
    ///
    /// # Errors
    /// What was written the last time did not reach the disk.
    pub(super) fn sync_now_and_then(&mut self) -> io::Result<()> {
        if self.begun.elapsed() < Self::EVERY
            || self.syncing.as_ref().is_some_and(|thread| !thread.is_finished())
        {
            return Ok(());
        }
        self.wait()?;
        let files = Arc::clone(&self.files);
        let syncing = thread::Builder::new().spawn(move || sync(&files))?;
        self.syncing = Some(syncing);
        self.begun = Instant::now();
        Ok(())
    }

    /// Waits until all is there.
    ///
    /// # Errors
    /// It did not reach the disk.
    pub(super) fn sync(mut self) -> io::Result<()> {
        self.wait()?;
        sync(&self.files)
    }

    fn wait(&mut self) -> io::Result<()> {
        let ended = self.syncing.take().map(JoinHandle::join);
        ended.unwrap_or(Ok(Ok(()))).unwrap_or_else(|_| {
            Err(io::Error::other(
                "the results were not forced to the disk, which is a defect of this program",
            ))
        })
    }
}

fn sync(files: &[File]) -> io::Result<()> {
    files.iter().try_for_each(File::sync_data)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn what_does_not_reach_the_disk_is_told() {
        // A device that cannot be synced.
        let null = File::open("/dev/null").unwrap();
        let due = || Disk {
            begun: Instant::now().checked_sub(Disk::EVERY).unwrap(),
            ..Disk::of([Some(&null), None, None]).unwrap()
        };
        let mut disk = due();
        disk.sync_now_and_then().unwrap();
        disk.wait().unwrap_err();
        let mut disk = due();
        disk.sync_now_and_then().unwrap();
        while !disk.syncing.as_ref().unwrap().is_finished() {
            thread::yield_now();
        }
        disk.begun = due().begun;
        disk.sync_now_and_then().unwrap_err();
        Disk::of([None, Some(&null), None]).unwrap().sync().unwrap_err();
        let mut disk = due();
        disk.sync_now_and_then().unwrap();
        disk.files = Arc::new([]);
        disk.sync().unwrap_err();
    }
}
