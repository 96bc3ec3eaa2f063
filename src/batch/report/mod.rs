//! The reports of a job that has ended, for people and for other programs. All are made from the journal, so they depend on nothing
//! but the archive and the options.

mod csv;
mod html;
mod junit;
mod parquet;
mod sarif;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use chrono::{DateTime, SecondsFormat, Utc};

pub(crate) use csv::is_formula;

use super::copies::Found;
use super::journal::Journal;
use super::row::Row;
use super::summary::Summary;
use crate::trust::Signer;
use crate::xml::escaped_markup as escaped;

/// What reports say of a job beside its messages.
#[derive(Clone, Debug)]
pub struct About {
    /// The identity of the job.
    pub job: String,
    /// By which policy.
    pub policy: String,
    /// As of when, as it was asked.
    pub at: String,
    /// The version of this program.
    pub version: &'static str,
    /// When the job began.
    pub began: DateTime<Utc>,
    /// The sources as they were named.
    pub sources: Vec<String>,
    /// Whom it trusted: CAs and pins.
    pub trusted: Vec<Signer>,
    /// How many CRLs it had.
    pub crls: usize,
    /// How many OCSP responses it had.
    pub ocsp_responses: usize,
    /// The metadata as it was named.
    pub metadata: Vec<String>,
}

impl About {
    /// When the job began, as RFC 3339 has it.
    fn began(&self) -> String {
        self.began.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

#[cfg(test)]
impl About {
    /// A job of which everything is called so.
    fn test(name: &str) -> Self {
        let name = name.to_owned();
        Self {
            job: name.clone(),
            policy: name.clone(),
            at: name.clone(),
            version: "1",
            began: DateTime::UNIX_EPOCH,
            sources: vec![name.clone()],
            trusted: vec![Signer {
                subject: name.clone(),
                issuer: name.clone(),
                serial: name.clone(),
                sha256: name.clone(),
            }],
            crls: 1,
            ocsp_responses: 1,
            metadata: vec![name],
        }
    }
}

/// Where a report is written.
type Out<'o> = dyn Write + Send + 'o;

/// The messages of a job, in order.
type Rows<'r> = dyn Iterator<Item = Arc<Row>> + 'r;

/// What writes a report.
type Report<'r> = Box<dyn Fn(&mut Rows<'_>, &mut Out<'_>) -> io::Result<()> + Send + 'r>;

/// Rows that are handed to the reports at a time.
const AT_ONCE: usize = 256;

/// Writes every report into `folder`, each by a thread. The journal is read once for all of them.
///
/// # Errors
/// The journal cannot be read, or a report cannot be written.
pub fn write(
    folder: &Path,
    journal: &Journal,
    summary: &Summary,
    copies: &Found,
    about: &About,
) -> io::Result<()> {
    let reports: [(&str, Report<'_>); 7] = [
        ("summary.json", Box::new(|_, out| json(summary, about, out))),
        (
            "summary.html",
            Box::new(|rows, out| html::write(summary, about, rows, out)),
        ),
        ("results.csv", Box::new(|rows, out| csv::write(rows, out))),
        (
            "junit.xml",
            Box::new(|rows, out| junit::write(summary, rows, out)),
        ),
        (
            "results.sarif",
            Box::new(|rows, out| sarif::write(summary, about, rows, out)),
        ),
        ("results.parquet", Box::new(|rows, out| parquet::write(rows, out))),
        (
            "copies.csv",
            Box::new(|_, out| csv::write_copies(copies.each(journal)?, out)),
        ),
    ];
    let rows = journal.rows()?;
    thread::scope(|scope| {
        let writing = reports.into_iter().map(|(name, report)| {
            let (sender, rows) = sync_channel(2);
            let path = folder.join(name);
            (sender, scope.spawn(move || replace(&path, &*report, rows)))
        });
        let (senders, writing): (Vec<_>, Vec<_>) = writing.unzip();
        hand_on(rows, senders);
        writing.into_iter().try_for_each(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| {
                Err(io::Error::other(
                    "a report was not written, which is a defect of this program",
                ))
            })
        })
    })
}

/// Hands all `rows` to each report that still wants any.
fn hand_on(rows: impl Iterator<Item = Row>, mut reports: Vec<SyncSender<Vec<Arc<Row>>>>) {
    let mut rows = rows.map(Arc::new).fuse();
    while !reports.is_empty() {
        let next: Vec<_> = rows.by_ref().take(AT_ONCE).collect();
        if next.is_empty() {
            return;
        }
        reports.retain(|report| report.send(next.clone()).is_ok());
    }
}

/// Writes a file beside `path` and puts it there when it is whole.
fn replace(
    path: &Path,
    report: &dyn Fn(&mut Rows<'_>, &mut Out<'_>) -> io::Result<()>,
    rows: Receiver<Vec<Arc<Row>>>,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    // What is there was left behind, or is a link that somebody put there.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = BufWriter::with_capacity(1 << 16, File::create_new(&part)?);
    report(&mut rows.into_iter().flatten(), &mut out)?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_data()?;
    fs::rename(part, path)
}

fn json(summary: &Summary, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let mut object = serde_json::json!({
        "job": about.job,
        "policy": about.policy,
        "at": about.at,
        "version": about.version,
        "began": about.began(),
        "sources": about.sources,
        "trusted": about.trusted,
        "crls": about.crls,
        "ocsp_responses": about.ocsp_responses,
        "metadata": about.metadata,
    });
    if let (Some(object), serde_json::Value::Object(counted)) = (object.as_object_mut(), summary.json()) {
        object.extend(counted);
    }
    serde_json::to_writer_pretty(&mut *out, &object)?;
    out.write_all(b"\n")
}

/// The rows that did not pass.
fn refused<'r>(rows: &'r mut Rows<'_>) -> impl Iterator<Item = Arc<Row>> + 'r {
    rows.filter(|row| row.verdict != super::row::Verdict::Passed)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let [report, part, other] = ["a", "a.part", "other"].map(|name| folder.path().join(name));
        fs::write(&other, "precious").unwrap();
        std::os::unix::fs::symlink(&other, part).unwrap();
        let (_, rows) = sync_channel(1);
        replace(&report, &|_, out| out.write_all(b"new"), rows).unwrap();
        assert_eq!(fs::read_to_string(other).unwrap(), "precious");
        assert_eq!(fs::read_to_string(report).unwrap(), "new");
    }
}
