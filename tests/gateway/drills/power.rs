//! B19: power loss. A library between a gateway and the system notes every write and every sync of the audit log and of the store of uses; for
//! each of these moments the files are made anew as a disk would have them that lost its power then, and a gateway goes on with them.
//!
//! Simulated is a disk that loses what was not synced: all of it, or any of it, in sectors of 512 octets; names of files that were made or removed, as
//! long as their folder was not synced; and a disk that lost nothing. Not simulated are disks that lie about syncs, syncs that fail, and the
//! journal of a file system.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use redb::{ReadableDatabase, ReadableTableMetadata, TableDefinition};
use sealgate::audit::{Log, Settings, records};
use sealgate::crypto::{Identity, PrivateKey};

use super::{row, setting, shim};
use crate::audit::{audited, body, is_whole};
use crate::client::{send, try_send};
use crate::message::{KEYS, certificate};
use crate::process::{Process, program};
use crate::replay::{SETTLED, order};
use crate::sink::Sink;

const USES: TableDefinition<'_, [u8; 16], i64> = TableDefinition::new("uses");

/// What happened, in the order of the trace.
enum Note {
    Created(String),
    Written {
        name: String,
        offset: usize,
        octets: Vec<u8>,
    },
    Cut {
        name: String,
        length: usize,
    },
    /// A file, or a folder.
    Synced(String),
    Removed(String),
    /// A client was told of an answer to the message with this SHA-256.
    Told(String),
}

/// What a disk had of what was not synced.
#[derive(Clone, Copy)]
enum Kept {
    Nothing,
    /// Any of it, by this number.
    Some(u64),
    All,
}

#[test]
fn what_a_client_was_told_is_there_after_a_power_loss() {
    let sink = Sink::start();
    let (folder, file) = audited(sink.address, 100_000);
    let library = shim(include_str!("power.c"), folder.path());
    let beside = tempfile::tempdir().unwrap();
    let trace = beside.path().join("trace");
    let mut command = Command::new(program());
    command.args(["serve", "--log", "json", "--config"]).arg(&file);
    command
        .env("LD_PRELOAD", library)
        .env("POWER_FOLDER", folder.path())
        .env("POWER_TRACE", &trace);
    let mut gateway = Process::spawn(command).unwrap();
    std::thread::sleep(SETTLED);
    let told = told_of(&gateway, &trace, setting("MESSAGES", 12, 200));
    gateway.kill();
    let notes = read(&fs::read(&trace).unwrap());
    let moments = setting("MOMENTS", 12, usize::MAX).min(notes.len());
    let again = setting("AGAIN", 1, 40);
    let (mut tried, mut sent, mut torn) = (0, 0, 0);
    for moment in 1..=moments {
        let at = notes.len() * moment / moments;
        let told_then: Vec<&str> = notes[..at]
            .iter()
            .filter_map(|note| {
                if let Note::Told(sha256) = note {
                    Some(sha256.as_str())
                } else {
                    None
                }
            })
            .collect();
        let seed = u64::try_from(at).unwrap();
        for kept in [
            Kept::Nothing,
            Kept::Some(seed),
            Kept::Some(seed + 1_000_003),
            Kept::All,
        ] {
            let world = tempfile::tempdir().unwrap();
            make(&notes[..at], kept, world.path());
            torn += has_all(world.path(), &told_then);
            tried += 1;
        }
        if moment % moments.div_ceil(again) == 0 && !told_then.is_empty() {
            sent += nothing_again(&file, &notes[..at], &told_then, &told);
        }
    }
    let writes = notes
        .iter()
        .filter(|note| matches!(note, Note::Written { .. }))
        .count();
    let syncs = notes
        .iter()
        .filter(|note| matches!(note, Note::Synced(_)))
        .count();
    assert!(syncs > 10 && !told.is_empty());
    row(
        "B19, `make drill-power`",
        &format!(
            "{} answers told in {writes} writes and {syncs} syncs; {tried} power losses at {moments} of these moments: every answer told was in the log, whose end was torn {torn} times, and its use in the store; {sent} messages sent again to gateways that went on, none accepted",
            told.len(),
        ),
    );
}

/// Sends so many messages, several at a time, and notes which were answered: their SHA-256, and the requests.
fn told_of(gateway: &Process, trace: &Path, messages: usize) -> Vec<(String, String)> {
    let all = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..messages / 4 {
                    let request = order();
                    if !try_send(gateway.plain, &request).is_ok_and(|answer| answer.status == 200) {
                        continue;
                    }
                    let sha256 = body(&request).sha256;
                    let mut note = vec![6];
                    note.extend(u16::try_from(sha256.len()).unwrap().to_le_bytes());
                    note.extend([0; 16]);
                    note.extend(sha256.as_bytes());
                    let mut file = OpenOptions::new().append(true).open(trace).unwrap();
                    file.write_all(&note).unwrap();
                    all.lock().unwrap().push((sha256, request));
                }
            });
        }
    });
    all.into_inner().unwrap()
}

/// The notes of a trace that are about the log and the store.
fn read(mut trace: &[u8]) -> Vec<Note> {
    let mut notes = Vec::new();
    while let [what, a, b, rest @ ..] = trace {
        let number =
            |at: usize| usize::try_from(u64::from_le_bytes(rest[at..at + 8].try_into().unwrap())).unwrap();
        let (offset, length) = (number(0), number(8));
        let (name, rest) = rest[16..].split_at(usize::from(u16::from_le_bytes([*a, *b])));
        let name = String::from_utf8(name.to_vec()).unwrap();
        let (octets, rest) = rest.split_at(if *what == 2 { length } else { 0 });
        trace = rest;
        let ours = *what == 6 || name.starts_with("log") || name.starts_with("uses.redb") || name.is_empty();
        if !ours {
            continue;
        }
        notes.push(match what {
            1 => Note::Created(name),
            2 => Note::Written {
                name,
                offset,
                octets: octets.to_vec(),
            },
            3 => Note::Cut { name, length },
            4 => Note::Synced(name),
            5 => Note::Removed(name),
            _ => Note::Told(name),
        });
    }
    notes
}

/// A file on a disk.
#[derive(Clone, Default)]
struct OnDisk {
    octets: Vec<u8>,
    /// What was done to it since it was synced.
    since: Vec<Change>,
    /// Whether its name, and whether that it was removed, is known to the folder on the disk.
    named: bool,
    removed: bool,
}

#[derive(Clone)]
enum Change {
    Put(usize, Vec<u8>),
    Cut(usize),
}

impl OnDisk {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Cut(length) => self.octets.resize(length, 0),
            Change::Put(offset, octets) => {
                let end = offset + octets.len();
                if self.octets.len() < end {
                    self.octets.resize(end, 0);
                }
                self.octets[offset..end].copy_from_slice(&octets);
            }
        }
    }
}

/// The folder as it was on the disk after these notes.
fn make(notes: &[Note], kept: Kept, folder: &Path) {
    let mut files: BTreeMap<&str, OnDisk> = BTreeMap::new();
    for note in notes {
        match note {
            Note::Created(name) => {
                files.insert(name, OnDisk::default());
            }
            Note::Written { name, offset, octets } => {
                let file = files.entry(name).or_default();
                file.since.push(Change::Put(*offset, octets.clone()));
            }
            Note::Cut { name, length } => files.entry(name).or_default().since.push(Change::Cut(*length)),
            Note::Removed(name) => files.entry(name).or_default().removed = true,
            Note::Synced(name) => match files.get_mut(name.as_str()) {
                Some(file) => std::mem::take(&mut file.since)
                    .into_iter()
                    .for_each(|change| file.apply(change)),
                None => {
                    let folder = name.as_str();
                    let within =
                        |file: &&str| file.rsplit_once('/').map_or("", |(folder, _)| folder) == folder;
                    files.retain(|file, on_disk| !(within(file) && on_disk.removed));
                    files
                        .iter_mut()
                        .filter(|(file, _)| within(file))
                        .for_each(|(_, on_disk)| on_disk.named = true);
                }
            },
            Note::Told(_) => {}
        }
    }
    let mut state = if let Kept::Some(seed) = kept { seed } else { 0 };
    let mut is_kept = || match kept {
        Kept::Nothing => false,
        Kept::All => true,
        Kept::Some(_) => {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            state >> 63 == 1
        }
    };
    fs::create_dir(folder.join("log")).unwrap();
    for (name, mut file) in files {
        if !file.named && !is_kept() || file.removed && is_kept() {
            continue;
        }
        for change in std::mem::take(&mut file.since) {
            match change {
                Change::Put(offset, octets) => {
                    let mut at = offset;
                    while at < offset + octets.len() {
                        let end = ((at / 512 + 1) * 512).min(offset + octets.len());
                        if is_kept() {
                            file.apply(Change::Put(at, octets[at - offset..end - offset].to_vec()));
                        }
                        at = end;
                    }
                }
                Change::Cut(length) if is_kept() => file.apply(Change::Cut(length)),
                Change::Cut(_) => {}
            }
        }
        fs::write(folder.join(name), &file.octets).unwrap();
    }
}

/// Opens the log, which has the answers of all of these, and the store, which has as many uses. Gives how many ends of the log were torn.
fn has_all(folder: &Path, told: &[&str]) -> usize {
    let key = fs::read(format!("{KEYS}/bob.key.pem")).unwrap();
    let key = PrivateKey::from_pem(&key, None).unwrap();
    let settings = Settings {
        folder: folder.join("log"),
        export: None,
        signer: Identity::new(vec![certificate("bob")], key).unwrap(),
        segment_bytes: 100_000,
    };
    drop(Log::open(&settings).unwrap_or_else(|error| panic!("{error}")));
    fs::copy(format!("{KEYS}/bob.pem"), folder.join("bob.pem")).unwrap();
    is_whole(folder);
    let (mut accepted, mut answered, mut torn) = (BTreeMap::new(), HashSet::new(), 0);
    records(&folder.join("log"), |record| {
        let incident = record.text("incident").unwrap_or_default().to_owned();
        match record.text("kind") {
            Some("accepted") => {
                let sha256 = record.json["received"]["sha256"].as_str().unwrap().to_owned();
                accepted.insert(sha256, incident);
            }
            Some("answered") => {
                answered.insert(incident);
            }
            Some("recovered") => torn += 1,
            _ => {}
        }
        Ok(())
    })
    .unwrap();
    for sha256 in told {
        let incident = accepted.get(*sha256);
        assert!(
            incident.is_some_and(|incident| answered.contains(incident)),
            "{sha256} is not in the log"
        );
    }
    // A store whose making was cut off has nothing to lose: a gateway tells that it is damaged, and does not start.
    if let Ok(database) = redb::Database::create(folder.join("uses.redb")) {
        let reading = database.begin_read().unwrap();
        let uses = reading.open_table(USES).map_or(0, |table| table.len().unwrap());
        assert!(
            uses >= u64::try_from(told.len()).unwrap(),
            "{uses} uses of {}",
            told.len()
        );
    } else {
        assert!(told.is_empty(), "the store cannot be opened");
    }
    torn
}

/// Starts a gateway on what was left, which accepts none of these again. Gives how many were sent.
fn nothing_again(file: &Path, notes: &[Note], told: &[&str], requests: &[(String, String)]) -> usize {
    let world = tempfile::tempdir().unwrap();
    make(notes, Kept::Nothing, world.path());
    for entry in fs::read_dir(file.parent().unwrap()).unwrap() {
        let from = entry.unwrap().path();
        let to = world.path().join(from.file_name().unwrap());
        if from
            .extension()
            .is_some_and(|end| end == "pem" || end == "toml" || end == "xml")
        {
            fs::copy(&from, &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    fs::create_dir(world.path().join("export")).unwrap();
    let gateway = Process::start(&world.path().join("sealgate.toml")).unwrap();
    let before = requests
        .iter()
        .filter(|(sha256, _)| told.contains(&sha256.as_str()));
    let mut sent = 0;
    for (_, request) in before {
        let answer = send(gateway.plain, request);
        assert_eq!(answer.status, 500, "{answer:?}");
        sent += 1;
    }
    sent
}
