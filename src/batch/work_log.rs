//! When processes worked at a job: the only file of a job that is another each time.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::fs::OFlags;
use serde_json::{Value, json};

use super::run::Stopped;

/// `runs.jsonl`: a line when a process begins and one when it ends. Of one that was killed there is no end.
///
/// Reports are the same bytes however a job went, so none of them can say how long it took.
#[derive(Debug)]
pub struct WorkLog(File);

impl WorkLog {
    /// That of the job in `folder`, whose [`Journal`](super::Journal) is open. A process begins now, at `now` and with so many threads.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn begin(folder: &Path, now: DateTime<Utc>, threads: usize) -> io::Result<Self> {
        let flags = i32::try_from(OFlags::NOFOLLOW.bits()).map_err(io::Error::other)?;
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .custom_flags(flags)
            .open(folder.join("runs.jsonl"))?;
        let mut log = Self(file);
        log.append(&json!({"event": "began", "at": shown(now), "threads": threads}))?;
        Ok(log)
    }

    /// The process ends, at `now`, and has `stopped`: it `judged` so many messages, and with those of processes before it so many `messages`
    /// have a result. Where it came to the end, the reports are written.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn end(mut self, now: DateTime<Utc>, judged: u64, messages: u64, stopped: Stopped) -> io::Result<()> {
        self.append(&json!({
            "event": "ended",
            "at": shown(now),
            "judged": judged,
            "messages": messages,
            "done": stopped == Stopped::AtEnd,
        }))?;
        self.0.sync_data()
    }

    fn append(&mut self, event: &Value) -> io::Result<()> {
        self.0.write_all(format!("{event}\n").as_bytes())
    }
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
