#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    reason = "a test may panic"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::{Field, RowAccessor};
use bytes::Bytes;
use chrono::Utc;
use tempfile::TempDir;

use super::*;

mod damaged;
mod retention;

fn settings(folder: &Path) -> Settings {
    Settings {
        folder: folder.to_owned(),
        keep: Keep::All,
        message_bytes: 1 << 20,
        file_bytes: 1 << 20,
        file_age: Duration::from_secs(600),
        life: None,
        free_bytes: 0,
        on_loss: OnLoss::Refuse,
    }
}

fn row(number: usize) -> Row {
    let passed = !number.is_multiple_of(3);
    Row {
        facts: Facts {
            received: Utc::now(),
            incident: format!("{number:016x}"),
            route: "/orders".to_owned(),
            verdict: if passed { Verdict::Passed } else { Verdict::Refused },
            stage: (!passed).then(|| "signature".to_owned()),
            code: (!passed).then(|| "dsig.missing".to_owned()),
            kept: Kept::Whole,
            media_type: "text/xml".to_owned(),
            soap_action: None,
            operation: passed.then(|| "{urn:a}B".to_owned()),
            signer: passed.then(|| "CN=alice".to_owned()),
            signer_sha256: None,
            legacy: if passed {
                vec!["sha1".to_owned()]
            } else {
                Vec::new()
            },
            bytes: 5,
            sha256: "00".to_owned(),
        },
        chain: if passed {
            vec![Bytes::from_static(b"leaf"), Bytes::from_static(b"anchor")]
        } else {
            Vec::new()
        },
        cleared_by: Vec::new(),
        message: format!("<m{number}/>").into(),
    }
}

fn keep(archive: &Archive, rows: impl Iterator<Item = Row>) -> Vec<Result<(), NotKept>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(futures_util::future::join_all(rows.map(|row| archive.keep(row))))
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    files.sort();
    files
}

/// The messages in all files, with how many certificates each has.
fn messages(folder: &Path) -> Vec<(String, usize)> {
    let mut all = Vec::new();
    for path in files(folder, ".parquet") {
        let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let message = String::from_utf8_lossy(row.get_bytes(16).unwrap().data()).into_owned();
            let is_list = matches!(row.get_column_iter().nth(12), Some((_, Field::ListInternal(_))));
            assert!(is_list);
            let passed = row.get_string(3).unwrap() == "passed";
            assert_eq!(row.get_list(17).unwrap().len(), usize::from(passed));
            all.push((message, row.get_list(12).unwrap().len()));
        }
    }
    all
}

/// An archive that a process left as if it had been killed: journals and no files.
fn killed(rows: usize) -> (TempDir, PathBuf) {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let archive = Archive::open(&settings(other.path())).unwrap();
    assert!(keep(&archive, (0..rows).map(row)).iter().all(Result::is_ok));
    let working = folder.path().join(".journal");
    fs::create_dir(&working).unwrap();
    let journals = files(&other.path().join(".journal"), ".log");
    let journal = working.join(journals[0].file_name().unwrap());
    fs::copy(&journals[0], &journal).unwrap();
    (folder, journal)
}

#[test]
fn rows_are_in_files_when_the_archive_ends_and_nobody_else_may_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut short = settings(folder.path());
    short.file_bytes = 2_000;
    let archive = Archive::open(&short).unwrap();
    for some in 0..10 {
        assert!(
            keep(&archive, (some * 10..some * 10 + 10).map(row))
                .iter()
                .all(Result::is_ok)
        );
    }
    assert_eq!(archive.told().rows, 100);
    drop(archive);
    let made = files(folder.path(), ".parquet");
    assert!(made.len() > 3, "{made:?}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert!(made.iter().all(|path| mode(path) == 0o600));
    assert_eq!(mode(&folder.path().join(".journal")), 0o700);
    assert!(files(&folder.path().join(".journal"), ".log").is_empty());
    let expected: Vec<_> = (0_usize..100)
        .map(|number| {
            (
                format!("<m{number}/>"),
                if number.is_multiple_of(3) { 0 } else { 2 },
            )
        })
        .collect();
    assert_eq!(messages(folder.path()), expected);
    let reader = SerializedFileReader::new(fs::File::open(&made[0]).unwrap()).unwrap();
    let said = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(
        said.iter()
            .any(|said| said.key == MARK && said.value.as_deref() == Some(MARKED))
    );
}

#[test]
fn what_a_crash_leaves_becomes_a_file_wherever_the_journal_is_torn() {
    let (_folder, journal) = killed(6);
    let whole = fs::read(&journal).unwrap();
    let mut counts = Vec::new();
    for length in (0..=whole.len()).step_by(37).chain([whole.len()]) {
        let (folder, journal) = (tempfile::tempdir().unwrap(), journal.file_name().unwrap());
        fs::create_dir(folder.path().join(".journal")).unwrap();
        fs::write(folder.path().join(".journal").join(journal), &whole[..length]).unwrap();
        drop(Archive::open(&settings(folder.path())).unwrap());
        let read = messages(folder.path());
        let expected = (0..read.len()).map(|number| format!("<m{number}/>"));
        assert!(
            read.iter().map(|(message, _)| message.clone()).eq(expected),
            "{length}"
        );
        assert!(files(&folder.path().join(".journal"), ".log").is_empty());
        counts.push(read.len());
    }
    assert!(
        counts.is_sorted() && counts[0] == 0 && counts.last() == Some(&6),
        "{counts:?}"
    );
}

#[test]
fn with_too_little_room_nothing_is_written_and_messages_are_refused_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut full = settings(folder.path());
    full.free_bytes = u64::MAX;
    let error = Archive::open(&full).unwrap_err();
    assert!(error.to_string().contains("of the disk are free"), "{error}");
    for (on_loss, became) in [(OnLoss::Refuse, Err(NotKept)), (OnLoss::Warn, Ok(()))] {
        let mut settings = settings(folder.path());
        settings.on_loss = on_loss;
        settings.file_bytes = 1;
        let archive = Archive::open(&settings).unwrap();
        assert_eq!(keep(&archive, (0..1).map(row)), [Ok(())]);
        // The next row begins a journal, for which there is no folder.
        fs::rename(folder.path().join(".journal"), folder.path().join("away")).unwrap();
        assert_eq!(keep(&archive, (0..2).map(row)), [became, became]);
        // The thread tells of it when it is done with the rows.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(archive.refuses(), on_loss == OnLoss::Refuse);
        assert!(archive.told().failures >= 2);
        fs::rename(folder.path().join("away"), folder.path().join(".journal")).unwrap();
        std::thread::sleep(Duration::from_millis(250));
        assert_eq!(keep(&archive, (0..1).map(row)), [Ok(())]);
    }
}

#[test]
fn only_the_verdicts_that_are_asked_for_are_kept() {
    for (which, count) in [(Keep::All, 6), (Keep::Passed, 4), (Keep::Refused, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(folder.path());
        settings.keep = which;
        let archive = Archive::open(&settings).unwrap();
        assert!(keep(&archive, (0..6).map(row)).iter().all(Result::is_ok));
        drop(archive);
        assert_eq!(messages(folder.path()).len(), count, "{which:?}");
    }
}

#[test]
fn a_group_of_rows_ends_with_the_octets_of_everything_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let mut large = settings(folder.path());
    large.file_bytes = 1 << 30;
    let archive = Archive::open(&large).unwrap();
    let action = "a".repeat(1 << 20);
    for number in 0..40 {
        let mut row = row(number);
        row.facts.soap_action = Some(action.clone());
        assert_eq!(keep(&archive, std::iter::once(row)), [Ok(())]);
    }
    drop(archive);
    let made = files(folder.path(), ".parquet");
    let reader = SerializedFileReader::new(fs::File::open(&made[0]).unwrap()).unwrap();
    assert_eq!((made.len(), reader.metadata().num_row_groups()), (1, 2));
}

#[test]
fn one_process_writes_to_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _archive = Archive::open(&settings(folder.path())).unwrap();
    let error = Archive::open(&settings(folder.path())).unwrap_err();
    assert!(error.to_string().contains("another gateway"), "{error}");
}

#[test]
fn a_row_shows_nothing_of_its_message() {
    let shown = format!("{:?}", row(1));
    assert!(!shown.contains("<m1/>") && shown.contains("/orders"), "{shown}");
}
