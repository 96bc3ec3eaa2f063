use std::time::SystemTime;

use chrono::{DateTime, NaiveDateTime, TimeDelta};

use super::*;
use crate::crypto::{Crl, OcspResponse};
use crate::trust::ClearedBy;

fn name(time: DateTime<Utc>) -> String {
    time.format("messages-%Y%m%dT%H%M%S%.6fZ.parquet").to_string()
}

/// As if it had been used 33 days ago.
fn age(path: &Path) {
    let old = SystemTime::now() - Duration::from_secs(33 * 24 * 3600);
    fs::File::open(path).unwrap().set_modified(old).unwrap();
}

#[test]
fn files_are_removed_when_their_time_is_over_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let names = [
        "messages-20200101T000000.000000Z.parquet",
        "messages-29990101T000000.000000Z.parquet",
        "messages-20200101.parquet",
        "orders-20200101T000000.000000Z.parquet",
    ];
    names
        .iter()
        .for_each(|name| fs::write(folder.path().join(name), "").unwrap());
    drop(Archive::open(&settings(folder.path())).unwrap());
    assert_eq!(files(folder.path(), ".parquet").len(), 4);
    let mut settings = settings(folder.path());
    settings.life = Some(TimeDelta::days(30));
    drop(Archive::open(&settings).unwrap());
    let left = files(folder.path(), ".parquet");
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!folder.path().join(names[0]).exists());
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
fn a_file_is_there_until_the_youngest_message_that_may_be_in_it_is_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.life = Some(TimeDelta::days(1));
    settings.file_age = Duration::from_secs(3600);
    let ago = |minutes| name(Utc::now() - TimeDelta::days(1) - TimeDelta::minutes(minutes));
    let (stays, goes) = (ago(59), ago(61));
    for name in [&stays, &goes] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    drop(Archive::open(&settings).unwrap());
    assert_eq!(files(folder.path(), ".parquet"), [folder.path().join(stays)]);
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
    fs::create_dir(proofs.join("0.crl")).unwrap();
    fs::write(folder.path().join("messages-20200102T000000.000000Z.parquet"), "").unwrap();
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
