use std::time::SystemTime;

use chrono::{DateTime, NaiveDateTime, TimeDelta};

use super::*;
use crate::crypto::{Crl, OcspResponse};
use crate::trust::ClearedBy;

/// As if it had been written 33 days ago.
fn age(path: &Path) {
    let old = SystemTime::now() - Duration::from_secs(33 * 24 * 3600);
    fs::File::open(path).unwrap().set_modified(old).unwrap();
}

fn days_ago(days: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::days(days)
}

/// Makes the file of a journal that began at `begun`, with messages that came at these times.
fn file(folder: &Path, begun: DateTime<Utc>, received: &[DateTime<Utc>]) -> PathBuf {
    let other = tempfile::tempdir().unwrap();
    let archive = Archive::open(&settings(other.path())).unwrap();
    let rows = received.iter().map(|received| {
        let mut row = row(1);
        row.facts.received = *received;
        row
    });
    assert!(keep(&archive, rows).iter().all(Result::is_ok));
    drop(archive);
    let path = name::of_packed(folder, begun);
    fs::copy(&files(other.path(), ".parquet")[0], &path).unwrap();
    path
}

/// The files that are left when an archive whose messages live 30 days was open.
fn left(folder: &Path) -> Vec<PathBuf> {
    let mut settings = settings(folder);
    settings.life = Some(TimeDelta::days(30));
    drop(Archive::open(&settings).unwrap());
    files(folder, ".parquet")
}

#[test]
fn files_are_removed_when_their_youngest_message_is_too_old_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let of = |begun, received: &[_]| file(folder.path(), begun, received);
    let goes = of(days_ago(33), &[days_ago(32), days_ago(31)]);
    let mut stay = vec![
        // However long its journal went on, and in whatever order the messages came.
        of(days_ago(34), &[days_ago(29), days_ago(33)]),
        of(days_ago(35), &[days_ago(35), days_ago(29)]),
        of(days_ago(29), &[days_ago(29)]),
        // The clock was wrong when it came.
        of(days_ago(36), &[days_ago(-3000)]),
        // What has another name is not of the archive.
        folder.path().join("messages-20200101.parquet"),
        folder.path().join("messages-20200101T000000.000000Z-1.parquet"),
        folder.path().join("orders-20200101T000000.000000Z.parquet"),
    ];
    for path in &stay[4..] {
        fs::copy(&goes, path).unwrap();
    }
    // The clock was wrong when its journal began, but not when its messages came.
    let ahead = of(days_ago(-3000), &[days_ago(31)]);
    drop(Archive::open(&settings(folder.path())).unwrap());
    assert!(goes.exists() && ahead.exists());
    stay.sort();
    assert_eq!(left(folder.path()), stay);
}

#[test]
fn what_cannot_be_read_is_as_young_as_when_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let whole = file(folder.path(), days_ago(33), &[days_ago(33)]);
    let octets = fs::read(&whole).unwrap();
    fs::remove_file(whole).unwrap();
    let named = |days| name::of_packed(folder.path(), days_ago(days));
    let (old, young, empty, others) = (named(34), named(35), named(36), named(37));
    for path in [&old, &young] {
        fs::write(path, &octets[..octets.len() - 9]).unwrap();
    }
    fs::write(&empty, "").unwrap();
    // Another program may have other columns.
    let mut rewritten = octets.clone();
    let writer = memchr::memmem::rfind(&octets, b"sealgate").unwrap();
    rewritten[writer..writer + 8].copy_from_slice(b"parquet2");
    fs::write(&others, rewritten).unwrap();
    age(&old);
    assert_eq!(left(folder.path()), [others, empty, young]);
}

#[test]
fn damaged_journals_are_kept_no_longer_than_messages() {
    let (folder, journal) = killed(1);
    let (young, old) = (
        journal.with_extension("damaged"),
        journal.with_file_name("journal-20200101T000000.000000Z.damaged"),
    );
    let others = journal.with_file_name("saved.damaged");
    for path in [&young, &old, &others] {
        fs::copy(&journal, path).unwrap();
    }
    age(&old);
    age(&others);
    drop(Archive::open(&settings(folder.path())).unwrap());
    assert!(old.exists());
    left(folder.path());
    assert_eq!(
        files(&folder.path().join(".journal"), ".damaged"),
        [young, others]
    );
}

#[test]
fn what_a_dead_process_had_half_made_is_removed_at_the_start() {
    let (folder, journal) = killed(1);
    fs::remove_file(&journal).unwrap();
    let proofs = folder.path().join(".revocation");
    fs::create_dir(&proofs).unwrap();
    let others = journal.with_file_name("saved.parquet");
    for path in [&journal.with_extension("parquet"), &proofs.join(".new"), &others] {
        fs::write(path, "PAR1").unwrap();
    }
    let _archive = Archive::open(&settings(folder.path())).unwrap();
    assert_eq!(files(&folder.path().join(".journal"), ".parquet"), [others]);
    assert_eq!(files(&proofs, ""), Vec::<PathBuf>::new());
}

#[test]
fn a_disk_that_is_full_of_what_is_old_does_not_hinder_the_start() {
    let folder = tempfile::tempdir().unwrap();
    file(folder.path(), days_ago(33), &[days_ago(32)]);
    let mut settings = settings(folder.path());
    settings.life = Some(TimeDelta::days(30));
    // There is no room for anything, and yet there was for what has to come first.
    settings.free_bytes = u64::MAX;
    let error = Archive::open(&settings).unwrap_err();
    assert!(error.to_string().contains("of the disk are free"), "{error}");
    assert_eq!(files(folder.path(), ".parquet"), Vec::<PathBuf>::new());
}

#[test]
fn what_cleared_certificates_is_there_once_and_as_long_as_messages_that_needed_it() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/keys");
    let pem = fs::read(keys.join("ca.crl.pem")).unwrap();
    let crl = Crl::from_pem_bundle(&pem).unwrap().remove(0);
    let der = fs::read(keys.join("crl-named.ocsp.der")).unwrap();
    let ocsp = OcspResponse::from_der(&der).unwrap();
    let cleared = |by| Row {
        cleared_by: by,
        ..row(1)
    };
    let both = || cleared(vec![ClearedBy::Crl(crl.clone()), ClearedBy::Ocsp(ocsp.clone())]);
    let proofs = folder.path().join(".revocation");
    for _ in 0..2 {
        let archive = Archive::open(&settings(folder.path())).unwrap();
        assert_eq!(keep(&archive, (0..2).map(|_| both())), [Ok(()), Ok(())]);
        drop(archive);
        assert_eq!(fs::read_dir(&proofs).unwrap().count(), 2);
    }
    assert_eq!(fs::read(&files(&proofs, ".ocsp")[0]).unwrap(), der);
    let kept = fs::read(&files(&proofs, ".crl")[0]).unwrap();
    assert_eq!(Crl::from_der(&kept).unwrap().sha256(), crl.sha256());
    // One that is needed again is young again; the other goes when its time is over.
    files(&proofs, "").iter().for_each(|path| age(path));
    let archive = Archive::open(&settings(folder.path())).unwrap();
    let needed = cleared(vec![ClearedBy::Crl(crl.clone())]);
    assert_eq!(keep(&archive, std::iter::once(needed)), [Ok(())]);
    drop(archive);
    let mut settings = settings(folder.path());
    settings.life = Some(TimeDelta::days(30));
    drop(Archive::open(&settings).unwrap());
    assert_eq!(
        (files(&proofs, ".crl").len(), files(&proofs, ".ocsp").len()),
        (1, 0)
    );
}

#[test]
fn a_journal_takes_rows_no_longer_than_its_time_however_they_come() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.file_age = Duration::from_millis(500);
    let archive = Archive::open(&settings).unwrap();
    // At first none for longer than that, and then so many that the thread never waits for one.
    std::thread::sleep(Duration::from_millis(600));
    let begun = Utc::now();
    for number in 0..14 {
        assert_eq!(keep(&archive, std::iter::once(row(number))), [Ok(())]);
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(archive);
    let made = files(folder.path(), ".parquet");
    assert!(made.len() > 1, "{made:?}");
    let first = made[0].file_name().unwrap().to_string_lossy().into_owned();
    let first = NaiveDateTime::parse_from_str(&first, "messages-%Y%m%dT%H%M%S%.6fZ.parquet").unwrap();
    assert!(first.and_utc() >= begun, "{first} {begun}");
    assert_eq!(messages(folder.path()).len(), 14);
}

#[test]
fn a_journal_becomes_a_file_when_it_is_old_though_nothing_more_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.file_age = Duration::from_millis(100);
    let archive = Archive::open(&settings).unwrap();
    assert_eq!(keep(&archive, std::iter::once(row(1))), [Ok(())]);
    let is_made = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        !files(folder.path(), ".parquet").is_empty()
    });
    assert!(is_made);
}

#[test]
fn what_cannot_be_removed_keeps_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    drop(Archive::open(&settings(folder.path())).unwrap());
    let proofs = folder.path().join(".revocation");
    // A folder is no file that can be removed.
    let stuck = folder.path().join("messages-20200101T000000.000000Z.parquet");
    fs::create_dir(&stuck).unwrap();
    age(&stuck);
    fs::create_dir(proofs.join("0.crl")).unwrap();
    file(folder.path(), days_ago(33), &[days_ago(33)]);
    for number in 1..20 {
        fs::write(proofs.join(format!("{number}.crl")), "").unwrap();
    }
    files(&proofs, ".crl").iter().for_each(|path| age(path));
    let mut settings = settings(folder.path());
    settings.life = Some(TimeDelta::days(30));
    drop(Archive::open(&settings).unwrap());
    assert_eq!(files(folder.path(), ".parquet"), [stuck]);
    assert_eq!(files(&proofs, ".crl"), [proofs.join("0.crl")]);
}
