#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
use super::super::row::test_row;
use super::*;

fn job(name: &str) -> Identity {
    Identity::new(name.to_owned(), [("a name".to_owned(), name.to_owned())])
}

fn sources(journal: &Journal) -> Vec<String> {
    journal.rows().unwrap().map(|row| row.source).collect()
}

fn write(journal: &Journal, names: &[&str]) {
    let mut replay = journal.replay().unwrap();
    while replay.take().is_some() {}
    let mut writer = journal.append(&replay).unwrap();
    for name in names {
        let report = Packed::of(name, name).unwrap();
        writer
            .append(test_row(name), format!("{name}\n").as_bytes(), Some(&report))
            .unwrap();
    }
    writer.commit().unwrap();
}

#[test]
fn whatever_is_cut_off_what_is_left_are_whole_results() {
    let whole = tempfile::tempdir().unwrap();
    let journal = Journal::open(whole.path(), &job("job"), Utc::now()).unwrap();
    write(&journal.with_validation_reports().unwrap(), &["a", "b", "c"]);
    let read = |name: &str| fs::read(whole.path().join(name)).unwrap();
    let (journal, results) = (read("journal.jsonl"), read("results.jsonl"));
    let reports = read(validation_reports::FILE);
    let header = journal.iter().position(|byte| *byte == b'\n').unwrap();
    for end in header..=journal.len() {
        let (all, reported) = (results.len(), reports.len());
        for (result_end, report_end) in [(0, 0), (3, reported), (all, 50), (all, reported)] {
            let folder = tempfile::tempdir().unwrap();
            let started = &journal[..end];
            fs::write(folder.path().join("journal.jsonl"), started).unwrap();
            fs::write(folder.path().join("results.jsonl"), &results[..result_end]).unwrap();
            fs::write(
                folder.path().join(validation_reports::FILE),
                &reports[..report_end],
            )
            .unwrap();
            let Ok(journal) = Journal::open(folder.path(), &job("job"), Utc::now()) else {
                assert_eq!(
                    end, header,
                    "only a journal that has no header is refused, with results or reports beside it"
                );
                continue;
            };
            let journal = journal.with_validation_reports().unwrap();
            let before = sources(&journal);
            assert_eq!(before.as_slice(), ["a", "b", "c"].get(..before.len()).unwrap());
            let rest: Vec<&str> = ["a", "b", "c"].into_iter().skip(before.len()).collect();
            write(&journal, &rest);
            assert_eq!(sources(&journal), ["a", "b", "c"]);
            assert_eq!(fs::read(folder.path().join("results.jsonl")).unwrap(), results);
            let written = fs::read(folder.path().join(validation_reports::FILE)).unwrap();
            assert_eq!(written, reports);
        }
    }
}

/// A changed line, with the checksum that it would have.
fn sealed(line: &str) -> String {
    let Some((content, _)) = line.rsplit_once(",\"") else {
        return line.to_owned();
    };
    let mut crc = flate2::Crc::new();
    crc.update(content.as_bytes());
    format!("{content},\"{:08x}\"]", crc.sum())
}

#[test]
fn no_octet_of_a_journal_can_be_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), &job("job"), Utc::now()).unwrap();
    write(&journal, &["a", "bb", "ccc"]);
    let path = folder.path().join("journal.jsonl");
    let written = fs::read(&path).unwrap();
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &written).collect();
    let changed = |place: usize, bit: u8| {
        let mut changed = written.clone();
        changed[place] ^= bit;
        changed
    };
    for (place, bit) in (0..written.len()).flat_map(|place| [(place, 1), (place, 4), (place, 0x80)]) {
        let changed = changed(place, bit);
        if place <= ends[0] {
            // Nothing is opened by what is not the header that was written.
            let header = line::read_header::<Header>(&changed[..=ends[0]]);
            assert!(!matches!(header, Ok(Some(_))), "{place}");
            continue;
        }
        fs::write(&path, &changed).unwrap();
        let mut replay = journal.replay().unwrap();
        let read = std::iter::from_fn(|| replay.take()).count();
        let before = ends.iter().skip(1).filter(|end| **end < place).count();
        assert_eq!(read, before, "{place}");
        // The last line may be torn, and without the end of the one before it that is in it.
        let is_last = place >= ends[2];
        assert_eq!(journal.append(&replay).is_ok(), is_last, "{place}");
        fs::write(folder.path().join("results.jsonl"), "a\nbb\nccc\n").unwrap();
    }
}

#[test]
fn a_journal_of_the_form_without_checksums_is_another_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let header = "{\"job\":\"job\",\"parts\":{},\"started\":\"2026-01-01T00:00:00Z\"}\n";
    fs::write(folder.path().join("journal.jsonl"), header).unwrap();
    let refused = Journal::open(folder.path(), &job("job"), Utc::now()).unwrap_err();
    let told = refused.to_string();
    assert!(
        told.contains("(other form of the journal): name another folder"),
        "{told}"
    );
}

#[test]
fn damage_with_whole_lines_behind_it_is_no_torn_end() {
    let damaged = |line: usize, change: &dyn Fn(&str) -> String| {
        let folder = tempfile::tempdir().unwrap();
        write(
            &Journal::open(folder.path(), &job("job"), Utc::now()).unwrap(),
            &["a", "bb", "ccc"],
        );
        let path = folder.path().join("journal.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().enumerate();
        let lines = lines.map(|(number, text)| {
            if number == line {
                sealed(&change(text))
            } else {
                text.to_owned()
            }
        });
        fs::write(&path, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        let results = fs::read(folder.path().join("results.jsonl")).unwrap();
        let journal = Journal::open(folder.path(), &job("job"), Utc::now()).unwrap();
        let mut replay = journal.replay().unwrap();
        while replay.take().is_some() {}
        let refused = journal.append(&replay).err();
        let is_left = fs::read(folder.path().join("results.jsonl")).unwrap() == results;
        assert_eq!(refused.is_some(), is_left, "what is refused stays as it is");
        refused.map(|error| error.kind())
    };
    let end = |to: &'static str| move |line: &str| to.to_owned() + &line[2..];
    let nothing = |_: &str| "no line".to_owned();
    // Where results end: 2, 5, 9.
    let changes: [&dyn Fn(&str) -> String; 4] = [&end("[9"), &end("[1"), &end("[64"), &nothing];
    for change in changes {
        assert_eq!(damaged(2, change), Some(io::ErrorKind::InvalidData));
    }
    // The last one may be torn, but its result may not end within a line.
    assert_eq!(damaged(3, &nothing), None);
    assert_eq!(damaged(3, &end("[64")), None);
    assert_eq!(damaged(3, &end("[7")), Some(io::ErrorKind::InvalidData));
}

#[test]
fn no_link_is_followed_out_of_the_folder() {
    for name in ["results.jsonl", "journal.jsonl", validation_reports::FILE] {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = folder.path().join("elsewhere");
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(name)).unwrap();
        let opened =
            Journal::open(folder.path(), &job("job"), Utc::now()).and_then(Journal::with_validation_reports);
        assert!(matches!(opened, Err(JournalError::Io(..))), "{name}");
        assert!(!elsewhere.exists(), "{name}");
    }
}

#[test]
fn a_folder_is_one_jobs_and_one_processes() {
    let folder = tempfile::tempdir().unwrap();
    let now = Utc::now();
    let journal = Journal::open(folder.path(), &job("job"), now).unwrap();
    assert!(matches!(
        Journal::open(folder.path(), &job("job"), now),
        Err(JournalError::InUse)
    ));
    drop(journal);
    assert!(matches!(
        Journal::open(folder.path(), &job("other"), now),
        Err(JournalError::OtherJob(_))
    ));
    let told = Journal::open(folder.path(), &job("other"), now)
        .unwrap_err()
        .to_string();
    assert!(told.contains("(other a name)"), "{told}");
    let later = now + chrono::TimeDelta::hours(1);
    assert_eq!(
        Journal::open(folder.path(), &job("job"), later)
            .unwrap()
            .started(),
        now
    );
    for name in ["results.jsonl", validation_reports::FILE] {
        let foreign = tempfile::tempdir().unwrap();
        fs::write(foreign.path().join(name), "{}").unwrap();
        assert!(matches!(
            Journal::open(foreign.path(), &job("job"), now),
            Err(JournalError::OtherJob(_))
        ));
    }
}
