use super::journal::{Next, Rows};
use super::record::Mark;
use super::*;

/// Where the file of `journal` is published.
fn file_of(folder: &Path, journal: &Path) -> PathBuf {
    name::of_packed(folder, name::journal_time(journal).unwrap())
}

fn damage(journal: &Path) {
    let mut octets = fs::read(journal).unwrap();
    let place = octets.len() / 2;
    octets[place] ^= 1;
    fs::write(journal, octets).unwrap();
}

/// Where each record of a journal begins.
fn records(journal: &Path) -> Vec<usize> {
    let octets = fs::read(journal).unwrap();
    let mark = octets[..16].to_vec();
    memchr::memmem::find_iter(&octets, &mark).collect()
}

/// What is read of `octets` in the place of a journal: its messages with their chains, and the octets that are damaged or torn.
fn read(journal: &Path, octets: &[u8]) -> (Vec<(Bytes, Option<usize>)>, u64, u64) {
    fs::write(journal, octets).unwrap();
    let mut all = Rows::open(journal).unwrap();
    let (mut rows, mut damaged, mut torn) = (Vec::new(), 0, 0);
    loop {
        match all.next().unwrap() {
            Next::Row(row) => rows.push((row.message, row.chain.map(|chain| chain.len()))),
            Next::Damaged(octets) => damaged += octets,
            Next::Torn(octets) => torn += octets,
            Next::End => return (rows, damaged, torn),
        }
    }
}

/// A record of that mark.
fn under(mark: Mark, content: &[u8]) -> Vec<u8> {
    [mark.head(&[content]).unwrap().as_slice(), content].concat()
}

#[test]
fn one_changed_octet_costs_one_record_and_is_never_taken_for_a_crash() {
    let (_folder, journal) = killed(6);
    let whole = fs::read(&journal).unwrap();
    let begins = records(&journal);
    // Two certificates, and six messages.
    assert_eq!(begins.len(), 8);
    let (rows, ..) = read(&journal, &whole);
    let is_in_head = |place: &usize| begins.iter().any(|begin| (*begin..begin + 28).contains(place));
    for place in (0..whole.len()).filter(|place| is_in_head(place) || place.is_multiple_of(11)) {
        let mut changed = whole.clone();
        changed[place] ^= 1 << (place % 8);
        let (left, damaged, torn) = read(&journal, &changed);
        let record = begins.partition_point(|begin| *begin <= place) - 1;
        let end = begins.get(record + 1).copied().unwrap_or(whole.len());
        assert_eq!(
            (damaged, torn),
            ((end - begins[record]) as u64, 0),
            "{place} of {begins:?}"
        );
        let without_chain = left.iter().filter(|(_, chain)| chain.is_none()).count();
        let messages = |rows: &[(Bytes, _)]| {
            rows.iter()
                .map(|(message, _)| message.clone())
                .collect::<Vec<_>>()
        };
        let mut expected = messages(&rows);
        // The first row has no certificates, and so its record is the first of all.
        let number = [Some(0), None, None, Some(1), Some(2), Some(3), Some(4), Some(5)][record];
        number.map(|number| expected.remove(number));
        assert_eq!(messages(&left), expected, "{place}");
        assert_eq!(without_chain, if number.is_none() { 4 } else { 0 }, "{place}");
    }
}

#[test]
fn damage_in_the_middle_leaves_the_rows_on_both_sides_and_the_journal() {
    // The second octet of a length, by which the record would end behind the file; a piece of a record; zeros across records; no mark in the name.
    let harms: [(&str, usize); 4] = [("length", 5), ("content", 5), ("zeros", 3), ("name", 0)];
    for (harm, kept) in harms {
        let (folder, mut journal) = killed(6);
        let begins = records(&journal);
        let mut octets = fs::read(&journal).unwrap();
        match harm {
            "length" => octets[begins[4] + 17] ^= 1,
            "content" => octets[begins[4] + 40] ^= 1,
            "zeros" => octets[begins[4] + 40..begins[6] + 40].fill(0),
            _ => {
                let name = journal.file_name().unwrap().to_str().unwrap();
                let name = format!("{}.log", name.rsplit_once('-').unwrap().0);
                fs::remove_file(&journal).unwrap();
                journal = journal.with_file_name(name);
            }
        }
        fs::write(&journal, &octets).unwrap();
        drop(Archive::open(&settings(folder.path())).unwrap());
        let read = messages(folder.path());
        assert_eq!(read.len(), kept, "{harm}: {read:?}");
        assert!(kept == 0 || read.last().unwrap().0 == "<m5/>", "{harm}: {read:?}");
        let aside = journal.with_extension("damaged");
        assert!(fs::read(aside).unwrap() == octets, "{harm}");
    }
}

#[test]
fn what_a_sender_wrote_is_no_record_behind_damage_either() {
    let (_folder, journal) = killed(2);
    let octets = fs::read(&journal).unwrap();
    let begins = records(&journal);
    let (first, rest) = octets.split_at(begins[1]);
    let (own, guessed) = (
        name::mark(&journal).unwrap(),
        Mark::read(&"7".repeat(32)).unwrap(),
    );
    for (mark, rows) in [(guessed, 1), (own, 2)] {
        // The row of a message that has a record in it.
        let mut harmed = under(
            own,
            &[&first[28..], under(mark, &first[28..]).as_slice()].concat(),
        );
        harmed[17] ^= 1;
        let (read, damaged, torn) = read(&journal, &[&harmed, rest].concat());
        assert_eq!((read.len(), torn), (rows, 0));
        assert_eq!(damaged == harmed.len() as u64, rows == 1);
    }
}

#[test]
fn only_what_was_written_last_is_torn() {
    let (_folder, journal) = killed(2);
    let octets = fs::read(&journal).unwrap();
    let long = under(name::mark(&journal).unwrap(), &vec![b' '; 2 * octets.len()]);
    let begun = &long[..100];
    let (rows, damaged, torn) = read(&journal, &[begun, &octets].concat());
    assert_eq!((rows.len(), damaged, torn), (2, 100, 0));
    let (rows, damaged, torn) = read(&journal, &[&octets, begun].concat());
    assert_eq!((rows.len(), damaged, torn), (2, 0, 100));
    for length in 1..28 {
        let (rows, damaged, torn) = read(&journal, &[&octets, &begun[..length]].concat());
        assert_eq!((rows.len(), damaged, torn), (2, 0, length as u64), "{length}");
    }
    let (rows, damaged, torn) = read(&journal, &[octets.as_slice(), &[0; 9]].concat());
    assert_eq!((rows.len(), damaged, torn), (2, 9, 0));
}

#[test]
fn a_record_of_an_unknown_kind_is_damage_and_no_message() {
    let (folder, journal) = killed(6);
    let mut octets = fs::read(&journal).unwrap();
    let last = records(&journal).pop().unwrap();
    let mut content = octets[last + 28..].to_vec();
    content[0] = b'X';
    octets.extend(name::mark(&journal).unwrap().head(&[&content]).unwrap());
    octets.extend(content);
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
