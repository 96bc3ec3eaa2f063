//! The one who writes the log.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::time::Instant;

use chrono::Utc;
use serde_json::json;

use super::checkpoint::Checkpoint;
use super::ends::ends;
use super::ends::exported;
use super::ends::gone;
use super::entry::hexadecimal;
use super::export::Export;
use super::frame::Chain;
use super::frame::inside;
use super::log::NotRecorded;
use super::log::Settings;
use super::recover::recover;
use super::segment;
use crate::crypto::SigningKey;
use crate::crypto::random_bytes;
use crate::durable;
use crate::durable::Segment;
use crate::worker::Work;

/// Records and time between two checkpoints.
const CHECKPOINT_RECORDS: u64 = 1000;
const CHECKPOINT_TIME: Duration = Duration::from_secs(60);

/// How long nothing is tried after something failed.
const PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    export: Option<Export>,
    key: SigningKey,
    segment_bytes: u64,
    id: String,
    /// Up to the last record that is known to be on the disk.
    chain: Chain,
    /// `None` where the next record begins another one.
    segment: Option<Segment>,
    /// Whether the last segment may have records that do not count.
    abandoned: bool,
    /// The number of the last record of the last checkpoint, and when that was.
    checked: u64,
    checked_at: Instant,
    /// While nothing can be recorded: when to try again.
    try_again: Option<Instant>,
    /// While this is open and locked, nobody else writes.
    _lock: File,
}

impl Writer {
    pub(super) fn open(settings: &Settings) -> io::Result<Self> {
        let lock = durable::lock(&settings.folder)?;
        let (found, torn) = recover(&settings.folder)?;
        let id = match &found {
            Some(found) => found.id.clone(),
            None => hexadecimal(&random_bytes(16).map_err(io::Error::other)?),
        };
        let mut writer = Self {
            folder: settings.folder.clone(),
            export: settings.export.clone().map(Export::start).transpose()?,
            key: settings.signer.key().clone().into(),
            segment_bytes: settings.segment_bytes,
            id,
            chain: Chain::new(),
            segment: None,
            abandoned: false,
            checked: 0,
            checked_at: Instant::now(),
            try_again: None,
            _lock: lock,
        };
        let mut first = Vec::new();
        for torn in torn {
            tracing::warn!(bytes = torn.bytes, "the audit log ended in no whole record");
            let members = json!({"kind": "recovered", "time": now(), "dropped": torn});
            first.push(members.to_string());
        }
        if let Some(found) = found {
            writer.segment = Some(Segment::open(&found.path, found.length)?);
            writer.chain = found.chain;
            writer.checked = writer.chain.seq;
            writer.warn(settings.export.as_deref())?;
        } else if let Some(Checkpoint { chain, last, .. }) = known(gone(settings))? {
            tracing::warn!(code = "audit.begins_anew", log = chain, last, folder = %settings.folder.display(), "the audit log begins anew: checkpoints speak of another one by the same key, which is not there");
            let members =
                json!({"kind": "begun_anew", "time": now(), "before": {"chain": chain, "last": last}});
            first.push(members.to_string());
        }
        // What was before is signed now, and a log that cannot be written to is found out at start.
        writer.append(first.iter().map(|json| inside(json)), Sign::Now)?;
        Ok(writer)
    }

    /// Tells of a log that is not all there, as far as it and the checkpoints in `export` say.
    fn warn(&self, export: Option<&Path>) -> io::Result<()> {
        let folder = self.folder.display();
        let found = ends(&self.folder)?;
        if let Some(first) = found.begins.filter(|first| *first > 1) {
            tracing::warn!(code = "audit.begins_later", first, folder = %folder, "the audit log does not begin with its first record: what came before it should be archived");
        }
        if let Some(record) = found.gap {
            tracing::warn!(code = "audit.gap", record, folder = %folder, "the audit log is not whole before this record; see `sealgate audit verify`");
        }
        let exported = export.map(|export| known(exported(export, &self.id)));
        if let Some(last) = exported.transpose()?.flatten()
            && self.chain.seq <= last
        {
            tracing::warn!(code = "audit.ends_early", last = self.chain.seq, checkpoint = last, folder = %folder, "the audit log ends before its last checkpoint; see `sealgate audit verify`");
        }
        Ok(())
    }

    /// Appends records, and a checkpoint where it is time for one, and returns when they are on the disk.
    fn append<'m>(&mut self, members: impl Iterator<Item = &'m str>, sign: Sign) -> io::Result<()> {
        let mut octets = Vec::new();
        let mut chain = self.chain.clone();
        let mut segment = match self.segment.take() {
            Some(segment) => segment,
            None => {
                let segment = segment::create(&self.folder, chain.seq.saturating_add(1))?;
                durable::sync_folder(&self.folder)?;
                let header = json!({"kind": "segment", "time": now(), "chain": self.id, "format": 1, "abandons": self.abandoned});
                let header = header.to_string();
                chain.append(inside(&header), &mut octets)?;
                // Until this is written, the file may hold what does not count.
                self.abandoned = true;
                segment
            }
        };
        for members in members {
            chain.append(members, &mut octets)?;
        }
        let due = chain.seq.saturating_sub(self.checked) >= CHECKPOINT_RECORDS
            || self.checked_at.elapsed() >= CHECKPOINT_TIME;
        let checkpoint = if sign == Sign::Now || due {
            let checkpoint = Checkpoint::sign(&self.id, &chain, Utc::now(), &self.key)?;
            checkpoint.append_to(&mut chain, &mut octets)?;
            Some(checkpoint)
        } else {
            None
        };
        self.abandoned = true;
        segment.append([octets.as_slice()])?;
        self.abandoned = false;
        if segment.length < self.segment_bytes {
            self.segment = Some(segment);
        }
        self.chain = chain;
        if let Some(checkpoint) = checkpoint {
            self.checked = self.chain.seq;
            self.checked_at = Instant::now();
            // The log has it already, so that an export which fails or hangs costs no message.
            if let Some(export) = &self.export {
                export.add(checkpoint);
            }
        }
        Ok(())
    }
}

/// Whether a checkpoint is wanted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Now,
    WhenDue,
}

impl Work for Writer {
    /// The members of a record, without braces.
    type Job = String;
    type Done = Result<(), NotRecorded>;

    fn work(&mut self, jobs: &[String]) -> Vec<Self::Done> {
        let all = |done: Self::Done| jobs.iter().map(|_| done).collect();
        if self.try_again.is_some_and(|then| Instant::now() < then) {
            return all(Err(NotRecorded));
        }
        match self.append(jobs.iter().map(String::as_str), Sign::WhenDue) {
            Ok(()) => {
                self.try_again = None;
                all(Ok(()))
            }
            Err(error) => {
                tracing::error!(code = "audit.unavailable", reason = %error, folder = %self.folder.display(), "nothing can be recorded");
                self.try_again = Instant::now().checked_add(PAUSE);
                all(Err(NotRecorded))
            }
        }
    }

    fn refuses(&self) -> bool {
        self.try_again.is_some()
    }

    fn tick(&mut self) {
        if let Some(export) = &self.export {
            export.look();
        }
        if self.refuses() {
            // Nothing but the beginning of a segment, which is told where it fails.
            self.work(&[]);
        }
        let open = self.chain.seq > self.checked;
        if open && self.checked_at.elapsed() >= CHECKPOINT_TIME && !self.refuses() {
            // One that fails is told with the next record.
            let _ = self.append(std::iter::empty(), Sign::Now);
        }
    }

    /// What was recorded since the last checkpoint is signed.
    fn end(&mut self) -> io::Result<()> {
        if self.chain.seq > self.checked {
            self.append(std::iter::empty(), Sign::Now)?;
        }
        Ok(())
    }
}

/// What exported checkpoints say. Where they do not answer, nobody knows, which is told.
fn known<T>(said: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match said {
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            tracing::error!(code = "audit.unchecked", reason = %error, "the exported checkpoints cannot be read: nobody knows whether the audit log is all there");
            Ok(None)
        }
        said => said,
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
