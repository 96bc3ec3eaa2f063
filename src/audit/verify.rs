use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::checkpoint::Checkpoint;
use super::folder;
use super::folder::Read;
use super::frame::Chain;
use super::segment;
use crate::crypto::Certificate;

/// What a log is held against, beside itself.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Whose keys sign checkpoints. Without them no signature is checked.
    pub certificates: Vec<Certificate>,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<Checkpoint>,
    /// The number of a record with which the log may begin, as all before it is archived: then one of `checkpoints`, with a good signature, must
    /// speak of what is left. `None`: it begins with record 1.
    pub from: Option<u64>,
}

/// A log that is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intact {
    /// Which log.
    pub chain: String,
    /// How many records it has, without those that are archived.
    pub records: u64,
    /// How many records come before its first segment, of which nothing was read.
    pub archived: u64,
    /// How many segments.
    pub segments: usize,
    /// How many checkpoints in it have a good signature; of unknown value where no certificate was given.
    pub checkpoints: u64,
    /// How many records follow the last checkpoint, which nobody has signed.
    pub unsigned: u64,
}

/// The first record that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its number.
    pub record: u64,
    /// Where it stands, or should.
    pub file: Option<PathBuf>,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, file, what } = self;
        write!(f, "record {record}")?;
        if let Some(file) = file {
            write!(f, " in {}", file.display())?;
        }
        write!(f, " {what}")
    }
}

/// Reads the log in `folder` and nothing else, and holds it against `evidence`.
///
/// # Errors
///
/// What the system says when something cannot be read.
pub fn verify(folder: &Path, evidence: &Evidence) -> io::Result<Result<Intact, Broken>> {
    let mut walk = Walk {
        evidence,
        chain: Chain::new(),
        intact: Intact::default(),
        matched: vec![false; evidence.checkpoints.len()],
        signed: 0,
    };
    let mut segments = segment::list(folder)?.into_iter().peekable();
    while let Some((first, path)) = segments.next() {
        let read = folder::read(first, path)?;
        let next = match segments.peek() {
            Some((first, path)) => Some(folder::read(*first, path.clone())?),
            None => None,
        };
        if let Err(broken) = walk.segment(&read, next.as_ref()) {
            return Ok(Err(broken));
        }
    }
    Ok(walk.end())
}

struct Walk<'e> {
    evidence: &'e Evidence,
    chain: Chain,
    intact: Intact,
    matched: Vec<bool>,
    /// The number of the last record that a checkpoint speaks of.
    signed: u64,
}

impl Walk<'_> {
    fn segment(&mut self, read: &Read, next: Option<&Read>) -> Result<(), Broken> {
        let broken = |record: u64, what: &str| Broken {
            record,
            file: Some(read.path.clone()),
            what: what.to_owned(),
        };
        let is_first = self.intact.segments == 0;
        let from = self.evidence.from.filter(|_| is_first).unwrap_or_default();
        if (1..from).contains(&read.begins.seq) {
            self.chain.clone_from(&read.begins);
            self.intact.archived = read.begins.seq;
        }
        let expected = self.chain.seq.saturating_add(1);
        if read.begins.seq != self.chain.seq {
            let expected = expected.max(from);
            return Err(broken(expected, "is missing, with all before this segment"));
        }
        if read.length == 0 && next.is_none() {
            // It was just begun when the gateway ended.
            return Ok(());
        }
        if read.records.is_empty() {
            return Err(broken(expected, read.stopped.as_deref().unwrap_or("is missing")));
        }
        if read.begins.hash != self.chain.hash {
            return Err(broken(expected, "does not follow the record before it"));
        }
        if self.intact.segments > 0 && read.chain != self.intact.chain {
            return Err(broken(expected, "belongs to another log"));
        }
        let kept = &self.evidence.checkpoints;
        if is_first && !kept.iter().all(|kept| kept.lets_begin_after(&self.chain)) {
            return Err(broken(
                expected,
                "does not follow what a checkpoint elsewhere speaks of",
            ));
        }
        read.chain.clone_into(&mut self.intact.chain);
        self.intact.segments = self.intact.segments.saturating_add(1);
        // What was written after the last record that counts was told to nobody.
        let counts = match next {
            Some(next) if next.abandons => next.begins.seq,
            Some(_) | None => u64::MAX,
        };
        for (record, chain, _) in &read.records {
            if chain.seq > counts {
                return Ok(());
            }
            if record.text("kind") == Some("checkpoint") {
                let checkpoint: Option<Checkpoint> = serde_json::from_value(record.json.clone()).ok();
                self.checkpoint(checkpoint.as_ref())
                    .map_err(|what| broken(chain.seq, what))?;
            }
            self.chain.clone_from(chain);
            self.elsewhere().map_err(|what| broken(chain.seq, what))?;
        }
        match &read.stopped {
            Some(what) if self.chain.seq < counts => Err(broken(self.chain.seq.saturating_add(1), what)),
            Some(_) | None => Ok(()),
        }
    }

    /// A checkpoint in the log speaks of the record before it.
    fn checkpoint(&mut self, checkpoint: Option<&Checkpoint>) -> Result<(), &'static str> {
        let checkpoint = checkpoint.ok_or("is no checkpoint")?;
        if checkpoint.last != self.chain.seq || checkpoint.hash != self.chain.hash {
            return Err("is a checkpoint of something else");
        }
        if checkpoint.chain != self.intact.chain {
            return Err("is a checkpoint of another log");
        }
        let certificates = &self.evidence.certificates;
        if !certificates.is_empty() && !checkpoint.is_signed_by(certificates) {
            return Err("is a checkpoint with a wrong signature");
        }
        self.intact.checkpoints = self.intact.checkpoints.saturating_add(1);
        self.signed = self.chain.seq.saturating_add(1);
        Ok(())
    }

    /// Holds the chain against the checkpoints that were kept elsewhere.
    fn elsewhere(&mut self) -> Result<(), &'static str> {
        for (checkpoint, matched) in self.evidence.checkpoints.iter().zip(&mut self.matched) {
            if checkpoint.last == self.chain.seq {
                if checkpoint.hash != self.chain.hash || checkpoint.chain != self.intact.chain {
                    return Err("is another one than a checkpoint elsewhere says");
                }
                *matched = true;
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<Intact, Broken> {
        let archived = self.intact.archived;
        self.intact.records = self.chain.seq.saturating_sub(archived);
        self.intact.unsigned = self.chain.seq.saturating_sub(self.signed);
        let certificates = &self.evidence.certificates;
        let kept = self.evidence.checkpoints.iter().zip(&self.matched);
        let mut vouched = archived == 0;
        for (checkpoint, matched) in kept {
            let is_signed = checkpoint.is_signed_by(certificates);
            // What it speaks of, it speaks of with all that came before, and so of the beginning.
            vouched |= is_signed && *matched;
            let what = if !certificates.is_empty() && !is_signed {
                "has a checkpoint elsewhere with a wrong signature".to_owned()
            } else if checkpoint.last <= archived {
                if checkpoint.chain == self.intact.chain {
                    continue;
                }
                "has a checkpoint elsewhere of another log".to_owned()
            } else if !matched || self.chain.seq == checkpoint.last {
                // It stands in the log itself, after what it speaks of.
                let last = checkpoint.last;
                format!("is missing: a checkpoint elsewhere speaks of record {last}")
            } else {
                continue;
            };
            return Err(Broken {
                record: self.chain.seq.saturating_add(1),
                file: None,
                what,
            });
        }
        if self.intact.segments == 0 {
            return Err(Broken {
                record: self.evidence.from.unwrap_or(1),
                file: None,
                what: "is missing: there is no segment".to_owned(),
            });
        }
        if !vouched {
            return Err(Broken {
                record: archived.saturating_add(1),
                file: None,
                what:
                    "begins the log, and no checkpoint elsewhere with a good signature speaks of what is left"
                        .to_owned(),
            });
        }
        Ok(self.intact)
    }
}
