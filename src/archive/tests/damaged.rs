use super::*;
use crate::durable::frame;

/// Where the file of `journal` is published.
fn file_of(folder: &Path, journal: &Path) -> PathBuf {
    let name = journal.file_name().unwrap().to_string_lossy();
    folder.join(name.replace("journal", "messages").replace(".log", ".parquet"))
}

fn damage(journal: &Path) {
    let mut octets = fs::read(journal).unwrap();
    let place = octets.len() / 2;
    octets[place] ^= 1;
    fs::write(journal, octets).unwrap();
}

#[test]
fn a_journal_that_is_damaged_is_set_aside_and_what_is_before_it_is_kept() {
    let (folder, journal) = killed(6);
    damage(&journal);
    drop(Archive::open(&settings(folder.path())).unwrap());
    let read = messages(folder.path()).len();
    assert!((1..6).contains(&read), "{read}");
    assert_eq!(files(&folder.path().join(".journal"), ".damaged").len(), 1);
}

#[test]
fn a_record_of_an_unknown_kind_is_damage_and_no_message() {
    let (folder, journal) = killed(6);
    let mut octets = fs::read(&journal).unwrap();
    let mut rest = octets.as_slice();
    let mut last = Vec::new();
    while let Some((record, more)) = frame::first(rest, 1 << 20).unwrap() {
        (last, rest) = (record.to_vec(), more);
    }
    last[0] = b'X';
    octets.extend(frame::head(&[&last]).unwrap());
    octets.extend(last);
    fs::write(&journal, octets).unwrap();
    drop(Archive::open(&settings(folder.path())).unwrap());
    assert_eq!(messages(folder.path()).len(), 6);
    assert_eq!(files(&folder.path().join(".journal"), ".damaged").len(), 1);
}

#[test]
fn a_journal_whose_file_is_there_is_only_removed() {
    let (folder, journal) = killed(6);
    let file = file_of(folder.path(), &journal);
    fs::write(&file, "whole").unwrap();
    drop(Archive::open(&settings(folder.path())).unwrap());
    assert_eq!(fs::read(file).unwrap(), b"whole");
    assert!(!journal.exists());
}

#[test]
fn a_damaged_journal_whose_file_is_there_is_still_set_aside() {
    let (folder, journal) = killed(6);
    damage(&journal);
    let octets = fs::read(&journal).unwrap();
    let file = file_of(folder.path(), &journal);
    fs::write(&file, "whole").unwrap();
    drop(Archive::open(&settings(folder.path())).unwrap());
    assert_eq!(fs::read(file).unwrap(), b"whole");
    assert!(!journal.exists());
    assert_eq!(fs::read(journal.with_extension("damaged")).unwrap(), octets);
}
