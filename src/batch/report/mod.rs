//! The reports of a job that has ended, for people and for other programs. All are made from the journal, so they depend on nothing
//! but the archive and the options.

mod csv;
mod html;
mod junit;
mod parquet;
mod sarif;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::thread;

use super::copies::Copy;
use super::journal::Journal;
use super::row::Row;
use super::summary::Summary;
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
}

/// Where a report is written.
type Out<'o> = dyn Write + Send + 'o;

/// Writes every report into `folder`, each by a thread.
///
/// # Errors
/// A report cannot be written.
pub fn write(
    folder: &Path,
    journal: &Journal,
    summary: &Summary,
    copies: &[Copy],
    about: &About,
) -> io::Result<()> {
    type Report<'r> = (&'r str, Box<dyn Fn(&mut Out<'_>) -> io::Result<()> + Send + 'r>);
    let reports: [Report<'_>; 7] = [
        ("summary.json", Box::new(|out| json(summary, about, out))),
        (
            "summary.html",
            Box::new(|out| html::write(summary, about, &mut journal.rows()?, out)),
        ),
        (
            "results.csv",
            Box::new(|out| csv::write(&mut journal.rows()?, out)),
        ),
        (
            "junit.xml",
            Box::new(|out| junit::write(summary, &mut journal.rows()?, out)),
        ),
        (
            "results.sarif",
            Box::new(|out| sarif::write(summary, about, &mut journal.rows()?, out)),
        ),
        (
            "results.parquet",
            Box::new(|out| parquet::write(&mut journal.rows()?, out)),
        ),
        ("copies.csv", Box::new(|out| csv::write_copies(copies, out))),
    ];
    thread::scope(|scope| {
        let writing =
            reports.map(|(name, report)| scope.spawn(move || replace(&folder.join(name), &*report)));
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

/// Writes a file beside `path` and puts it there when it is whole.
fn replace(path: &Path, report: &dyn Fn(&mut Out<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut out = BufWriter::with_capacity(1 << 16, File::create(&part)?);
    report(&mut out)?;
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_data()?;
    std::fs::rename(part, path)
}

fn json(summary: &Summary, about: &About, out: &mut dyn Write) -> io::Result<()> {
    let mut object = serde_json::json!({
        "job": about.job,
        "policy": about.policy,
        "at": about.at,
        "version": about.version,
    });
    if let (Some(object), serde_json::Value::Object(counted)) = (object.as_object_mut(), summary.json()) {
        object.extend(counted);
    }
    serde_json::to_writer_pretty(&mut *out, &object)?;
    out.write_all(b"\n")
}

/// The rows that did not pass.
fn refused<'r>(rows: &'r mut dyn Iterator<Item = Row>) -> impl Iterator<Item = Row> + 'r {
    rows.filter(|row| row.verdict != super::row::Verdict::Passed)
}
