//! The audit log: whatever is done to a file of it is found out, and by which record.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::Utc;
use sealgate::audit::{
    Broken, Checkpoint, Entry, Evidence, Intact, Kind, Log, Octets, Settings, records, verify,
};
use sealgate::crypto::{Certificate, Identity, PrivateKey};
use tempfile::TempDir;

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/keys");

fn identity(name: &str) -> Identity {
    let key = fs::read(format!("{KEYS}/{name}.key.pem")).unwrap();
    Identity::new(certificates(name), PrivateKey::from_pem(&key, None).unwrap()).unwrap()
}

fn certificates(name: &str) -> Vec<Certificate> {
    Certificate::from_pem_bundle(&fs::read(format!("{KEYS}/{name}.pem")).unwrap()).unwrap()
}

/// A folder with a log in `log` and exported checkpoints in `export`.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("log")).unwrap();
        fs::create_dir(folder.path().join("export")).unwrap();
        Self { folder }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn settings(&self, segment_bytes: u64) -> Settings {
        Settings {
            folder: self.log(),
            export: Some(self.folder.path().join("export")),
            signer: identity("alice"),
            segment_bytes,
        }
    }

    /// Opens the log, writes so many records about messages, and closes it.
    fn write(&self, messages: usize, segment_bytes: u64) {
        Self::record(&Log::open(&self.settings(segment_bytes)).unwrap(), messages);
    }

    fn record(log: &Log, messages: usize) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let entries = (0..messages).map(|number| {
            let mut entry = Entry::new(
                Kind::Refused,
                Utc::now(),
                format!("{number:016x}"),
                "/orders",
                Some("127.0.0.1:4711".to_owned()),
            );
            entry.code = Some("dsig.missing");
            entry.received = Some(Octets::of(number.to_string().as_bytes()));
            entry
        });
        let entries: Vec<Entry> = entries.collect();
        // Some at once, as a gateway does.
        for some in entries.chunks(7) {
            let recorded = some.iter().map(|entry| log.record(entry));
            let recorded = runtime.block_on(futures_util::future::join_all(recorded));
            assert!(recorded.iter().all(Result::is_ok));
        }
    }

    /// The checkpoints that were exported.
    fn exported(&self) -> Vec<Checkpoint> {
        let file = fs::read_dir(self.folder.path().join("export")).unwrap().next();
        let text = fs::read_to_string(file.unwrap().unwrap().path()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn evidence(&self) -> Evidence {
        Evidence {
            certificates: certificates("alice"),
            checkpoints: self.exported(),
            from: None,
        }
    }

    /// As [`verified`](Self::verified), of a log whose records before `from` are archived.
    fn verified_from(&self, from: u64) -> Result<Intact, Broken> {
        let from = Some(from);
        let evidence = Evidence {
            from,
            ..self.evidence()
        };
        verify(&self.log(), &evidence).unwrap()
    }

    fn verified(&self) -> Result<Intact, Broken> {
        verify(&self.log(), &self.evidence()).unwrap()
    }

    fn segments(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.log())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files
            .filter(|path| path.extension().is_some_and(|end| end == "log"))
            .collect();
        files.sort();
        files
    }

    fn read(&self) -> Vec<serde_json::Value> {
        let mut all = Vec::new();
        records(&self.log(), |record| {
            all.push(record.json.clone());
            Ok(())
        })
        .unwrap();
        all
    }
}

/// Where each record of a segment stands, its head included.
fn frames(octets: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < octets.len() {
        let length = u32::from_be_bytes(octets[at..at + 4].try_into().unwrap());
        let end = at + 8 + usize::try_from(length).unwrap();
        found.push(at..end);
        at = end;
    }
    found
}

fn framed(json: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(json);
    let length = u32::try_from(json.len()).unwrap();
    [&length.to_be_bytes()[..], &crc.sum().to_be_bytes(), json].concat()
}

#[test]
fn a_log_is_whole_and_goes_on_where_it_ended() {
    let world = World::new();
    world.write(10, 1 << 20);
    world.write(10, 1 << 20);
    let intact = world.verified().unwrap();
    // A header, and a checkpoint at each start and at each end.
    assert_eq!((intact.records, intact.segments, intact.checkpoints), (25, 1, 4));
    assert_eq!(intact.unsigned, 0);
    let read = world.read();
    assert_eq!(read.len(), 25);
    assert_eq!(read[0]["kind"], "segment");
    assert_eq!(read[2]["received"]["bytes"], 1);
    let another = verify(
        &world.log(),
        &Evidence {
            certificates: certificates("bob"),
            ..Evidence::default()
        },
    );
    let broken = another.unwrap().unwrap_err();
    assert!(broken.what.contains("wrong signature"), "{broken}");
}

#[test]
fn an_export_that_hangs_keeps_nothing_waiting() {
    let world = World::new();
    let log = Log::open(&world.settings(1 << 20)).unwrap();
    World::record(&log, 1);
    let export = world.folder.path().join("export");
    let until = Instant::now() + Duration::from_secs(10);
    let exported = loop {
        let file = fs::read_dir(&export).unwrap().next();
        if let Some(Ok(file)) = file.filter(|_| !world.exported().is_empty()) {
            break file.path();
        }
        assert!(Instant::now() < until);
    };
    // Whoever opens it to write waits for somebody who reads.
    fs::remove_file(&exported).unwrap();
    assert!(Command::new("mkfifo").arg(&exported).status().unwrap().success());
    let begun = Instant::now();
    World::record(&log, 2100);
    drop(log);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    let evidence = Evidence {
        certificates: certificates("alice"),
        ..Evidence::default()
    };
    let intact = verify(&world.log(), &evidence).unwrap().unwrap();
    assert_eq!((intact.checkpoints, intact.unsigned), (4, 0));
}

#[test]
fn files_follow_each_other() {
    let world = World::new();
    world.write(40, 2000);
    let intact = world.verified().unwrap();
    assert!(intact.segments > 5, "{intact:?}");
    fs::remove_file(&world.segments()[2]).unwrap();
    let broken = world.verified().unwrap_err();
    assert!(broken.what.contains("is missing"), "{broken}");
}

#[test]
fn only_one_writes() {
    let world = World::new();
    let _log = Log::open(&world.settings(1 << 20)).unwrap();
    let refused = Log::open(&world.settings(1 << 20)).unwrap_err().to_string();
    assert!(refused.contains("another gateway"), "{refused}");
}

/// `SEALGATE_AUDIT_RECORDS` says of how many; what takes time grows with its square.
#[test]
fn every_change_of_every_record_is_found_out() {
    let wanted = std::env::var("SEALGATE_AUDIT_RECORDS").map_or(60, |count| count.parse().unwrap());
    let world = World::new();
    world.write(wanted, 8000);
    world.verified().unwrap();
    let mut seq = 0;
    let mut tried = 0;
    for path in world.segments() {
        let good = fs::read(&path).unwrap();
        let frames = frames(&good);
        for (index, frame) in frames.iter().enumerate() {
            seq += 1;
            let mut try_it = |changed: Vec<u8>, expected: u64, what: &str| {
                fs::write(&path, &changed).unwrap();
                match world.verified() {
                    // A checkpoint elsewhere may name the very record, where the chain names the one that does not follow it.
                    Err(broken) => assert!(
                        broken.record == expected || broken.record == seq,
                        "{what} at {seq}: {broken}"
                    ),
                    Ok(_) => panic!("{what} at {seq} was not found out"),
                }
                tried += 1;
            };
            let (before, rest) = good.split_at(frame.start);
            let after = &rest[frame.len()..];
            let mut flipped = good.clone();
            flipped[frame.start + frame.len() / 2] ^= 1;
            try_it(flipped, seq, "a flipped bit");
            // With the right CRC: the next record, or the checkpoint over the last one, does not follow.
            let json = String::from_utf8(good[frame.start + 8..frame.end].to_vec()).unwrap();
            let rewritten = json.replace("dsig.missing", "dsig.mistake");
            if rewritten != json {
                let changed = [before, &framed(rewritten.as_bytes()), after].concat();
                try_it(changed, seq + 1, "another content");
            }
            let missing = [before, after].concat();
            try_it(missing, seq, "a record that was removed");
            let twice = [before, &good[frame.clone()], &good[frame.clone()], after].concat();
            try_it(twice, seq + 1, "a record that was put in");
            if let Some(next) = frames.get(index + 1) {
                let swapped = [
                    before,
                    &good[next.clone()],
                    &good[frame.clone()],
                    &good[next.end..],
                ]
                .concat();
                try_it(swapped, seq, "two records that were swapped");
            }
            try_it(before.to_vec(), seq, "an end that was cut off");
            try_it(good[..frame.end - 1].to_vec(), seq, "an end that was torn");
        }
        fs::write(&path, &good).unwrap();
    }
    world.verified().unwrap();
    assert!(tried > wanted * 6, "{tried}");
    #[allow(clippy::print_stdout, reason = "the row is what a drill is for")]
    let () = println!(
        "| B29, `make drill-tamper` | {tried} changes of {seq} records: each found out, and the record named | |"
    );
}

#[test]
fn records_that_were_all_written_anew_have_no_good_checkpoint() {
    let world = World::new();
    world.write(20, 1 << 20);
    let path = &world.segments()[0];
    let good = fs::read(path).unwrap();
    let (mut forged, mut prev) = (Vec::new(), String::new());
    for frame in frames(&good) {
        let mut json: serde_json::Value = serde_json::from_slice(&good[frame.start + 8..frame.end]).unwrap();
        if !prev.is_empty() {
            json["prev"] = prev.clone().into();
        }
        if json["kind"] == "checkpoint" {
            json["hash"] = prev.clone().into();
        }
        if json["incident"] == "0000000000000007" {
            json["code"] = "dsig.mistake".into();
        }
        let text = json.to_string();
        prev = Octets::of(text.as_bytes()).sha256;
        forged.extend(framed(text.as_bytes()));
    }
    fs::write(path, forged).unwrap();
    let unsigned = verify(&world.log(), &Evidence::default()).unwrap();
    assert!(unsigned.is_ok(), "the chain alone holds");
    let only_certificate = Evidence {
        checkpoints: Vec::new(),
        ..world.evidence()
    };
    let broken = verify(&world.log(), &only_certificate).unwrap().unwrap_err();
    assert_eq!(broken.record, 23, "{broken}");
    let only_checkpoints = Evidence {
        certificates: Vec::new(),
        ..world.evidence()
    };
    assert!(verify(&world.log(), &only_checkpoints).unwrap().is_err());
}

#[test]
fn what_a_crash_tore_is_set_aside_and_told() {
    let world = World::new();
    world.write(5, 1 << 20);
    let path = world.segments()[0].clone();
    let good = fs::read(&path).unwrap();
    for torn in [1, 7, 9, 100] {
        let last = good.len() - 1;
        let piece = good[..torn].to_vec();
        fs::write(&path, [&good[..], &piece].concat()).unwrap();
        assert!(last > torn);
        world.write(1, 1 << 20);
        let recovered: Vec<_> = world
            .read()
            .into_iter()
            .filter(|record| record["kind"] == "recovered")
            .collect();
        assert_eq!(recovered.len(), 1);
        assert_eq!(recovered[0]["dropped"]["bytes"], torn);
        world.verified().unwrap();
        // Back to where it was, without the checkpoints of this try.
        for file in fs::read_dir(world.log()).unwrap() {
            let file = file.unwrap().path();
            if file != path && !file.ends_with("lock") {
                assert!(file.to_str().unwrap().contains("torn-"), "{file:?}");
                assert_eq!(fs::read(&file).unwrap(), piece);
                fs::remove_file(file).unwrap();
            }
        }
        fs::write(&path, &good).unwrap();
        let kept = world.exported().len();
        cut_export(world.folder.path(), kept - 2);
        world.verified().unwrap();
    }
}

/// Keeps the first `count` exported checkpoints.
fn cut_export(folder: &Path, count: usize) {
    let file = fs::read_dir(folder.join("export"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let text = fs::read_to_string(&file).unwrap();
    let kept: String = text.split_inclusive('\n').take(count).collect();
    fs::write(file, kept).unwrap();
}

#[test]
fn what_no_crash_does_stops_the_gateway() {
    let world = World::new();
    world.write(9000, 1 << 24);
    let path = &world.segments()[0];
    let mut octets = fs::read(path).unwrap();
    assert!(octets.len() > 2 << 20, "{}", octets.len());
    octets[1000] ^= 1;
    fs::write(path, &octets).unwrap();
    let refused = Log::open(&world.settings(1 << 24)).unwrap_err().to_string();
    assert!(refused.contains("which no crash leaves"), "{refused}");
    assert_eq!(fs::read(path).unwrap(), octets);
}

#[test]
fn values_of_messages_are_cut_and_escaped() {
    let route = format!("/a\u{1b}[31m\n{}", "x".repeat(10_000));
    let entry = Entry::new(Kind::Refused, Utc::now(), String::new(), &route, None);
    let json = serde_json::to_string(&entry).unwrap();
    assert!(json.len() < 700, "{json}");
    assert!(!json.contains('\u{1b}') && !json.contains('\n'), "{json}");
}

/// Moves the first `count` segments of the log to another folder, and gives the number of the first record that is left.
fn archive(world: &World, count: usize) -> u64 {
    let archive = world.folder.path().join("archive");
    fs::create_dir_all(&archive).unwrap();
    for path in &world.segments()[..count] {
        fs::rename(path, archive.join(path.file_name().unwrap())).unwrap();
    }
    world.read()[0]["seq"].as_u64().unwrap()
}

#[test]
fn a_beginning_is_left_out_only_where_it_is_said_to_be_archived_and_the_rest_is_vouched_for() {
    let world = World::new();
    world.write(30, 2000);
    world.write(30, 2000);
    let all = world.verified().unwrap().records;
    // With the start that came second, of which a checkpoint speaks.
    let from = archive(&world, 3);
    assert_eq!(world.verified().unwrap_err().record, 1);
    let intact = world.verified_from(from).unwrap();
    assert_eq!((intact.archived, intact.records), (from - 1, all - from + 1));
    assert_eq!(world.verified_from(from + 1).unwrap(), intact);
    let missing = world.verified_from(from - 1).unwrap_err();
    assert_eq!(missing.record, from - 1);
    assert!(missing.what.contains("is missing"), "{missing}");
    let broken = |change: &dyn Fn(&mut Evidence), what: &str| {
        let mut evidence = Evidence {
            from: Some(from),
            ..world.evidence()
        };
        change(&mut evidence);
        let broken = verify(&world.log(), &evidence).unwrap().unwrap_err();
        assert!(broken.what.contains(what), "{broken}");
    };
    let nobody = "no checkpoint elsewhere with a good signature";
    broken(&|evidence| evidence.certificates.clear(), nobody);
    broken(&|evidence| evidence.checkpoints.clear(), nobody);
    broken(
        &|evidence| evidence.checkpoints.retain(|one| one.last < from),
        nobody,
    );
    let other = World::new();
    other.write(1, 2000);
    broken(
        &|evidence| evidence.checkpoints.extend(other.exported().into_iter().take(1)),
        "of another log",
    );
    // More was removed than is archived.
    let later = archive(&world, 1);
    assert_eq!(world.verified_from(from).unwrap_err().record, from);
    assert!(world.verified_from(later).is_ok());
    // Another beginning is none.
    let first = world.segments()[0].clone();
    let octets = fs::read(&first).unwrap();
    let json = |frame: &Range<usize>| String::from_utf8(octets[frame.start + 8..frame.end].to_vec()).unwrap();
    let (mut forged, mut prev) = (Vec::new(), "f".repeat(64));
    for frame in &frames(&octets) {
        let mut json: serde_json::Value = serde_json::from_str(&json(frame)).unwrap();
        json["prev"] = prev.into();
        let text = json.to_string();
        prev = Octets::of(text.as_bytes()).sha256;
        forged.extend(framed(text.as_bytes()));
    }
    fs::write(&first, forged).unwrap();
    assert!(world.verified_from(later).is_err());
    fs::write(&first, octets).unwrap();
    // All together it is what it was.
    for path in fs::read_dir(world.folder.path().join("archive")).unwrap() {
        let path = path.unwrap().path();
        std::os::unix::fs::symlink(&path, world.log().join(path.file_name().unwrap())).unwrap();
    }
    assert_eq!(world.verified().unwrap().records, all);
    assert_eq!(world.verified_from(later).unwrap().archived, 0);
}

#[test]
fn the_command_takes_a_folder_of_checkpoints_and_says_what_was_not_read() {
    let world = World::new();
    world.write(30, 2000);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        let command = command.args(["audit", "verify", "log"]).args(arguments);
        let output = command.current_dir(world.folder.path()).output().unwrap();
        let text = |octets| String::from_utf8(octets).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let certificate = format!("{KEYS}/alice.pem");
    let evidence = ["--certificate", &certificate, "--checkpoints", "export"];
    let (code, told, noted) = run(&evidence);
    assert_eq!((code, noted.as_str()), (Some(0), ""), "{told}");
    assert!(!told.contains("were not read"), "{told}");
    let from = archive(&world, 2);
    assert_eq!(run(&evidence).0, Some(1));
    let said = from.to_string();
    let (code, told, _) = run(&[&evidence[..], &["--from", &said]].concat());
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains(&format!("records 1 to {} were not read", from - 1)),
        "{told}"
    );
    let (code, told, _) = run(&[&evidence[..], &["--from", &said, "--format", "json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, told["archived"].as_u64()), (Some(0), Some(from - 1)));
    for few in [&evidence[..2], &evidence[2..]] {
        let (code, _, noted) = run(&[few, &["--from", &said]].concat());
        assert_eq!(code, Some(2), "{noted}");
    }
    // Checkpoints of another log are told of, and do not stand in for its own.
    let own = fs::read_dir(world.folder.path().join("export")).unwrap().next();
    let own = own.unwrap().unwrap().path();
    let other = own.with_file_name("checkpoints-00.jsonl");
    fs::copy(&own, &other).unwrap();
    let (_, _, noted) = run(&evidence);
    assert!(
        noted.contains("not of this log: export/checkpoints-00.jsonl"),
        "{noted}"
    );
    fs::remove_file(&own).unwrap();
    let (code, _, noted) = run(&evidence);
    assert_eq!(code, Some(3));
    assert!(noted.contains("there are no checkpoints of this log"), "{noted}");
}

#[test]
fn no_value_of_a_record_forges_a_line_moves_a_cursor_or_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let forged = "eve\n       3  2026-11-28T01:00:01.000Z  accepted\r\u{1b}[2J\u{9b}31m\u{202e}";
    let record = serde_json::json!({
        "seq": 1, "prev": "", "kind": forged, "time": forged, "incident": forged, "route": forged, "user": forged,
        "saml": {"subject": " =1\u{200b}"}, "threats": [forged], "chain": forged,
    });
    let file = folder.path().join("audit-000000000001.log");
    fs::write(&file, framed(record.to_string().as_bytes())).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        let output = command
            .arg("audit")
            .args(arguments)
            .arg(folder.path())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        let obeyed = |character: &char| character.is_control() || "\u{202e}\u{200b}".contains(*character);
        let obeyed: String = told.chars().filter(obeyed).collect();
        (told, obeyed)
    };
    assert_eq!(run(&["show"]).1, "\n");
    let (csv, obeyed) = run(&["export", "--format", "csv"]);
    assert_eq!(obeyed, "\r\n\r\n");
    assert!(csv.contains(r#","' =1\u{200b}","#), "{csv}");
    assert!(csv.contains(r#","eve\u{a} "#), "{csv}");
    let (jsonl, obeyed) = run(&["export", "--format", "jsonl"]);
    assert_eq!(obeyed, "\n");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&jsonl).unwrap(), record);
    let header = serde_json::json!({"seq": 1, "prev": "0".repeat(64), "kind": "segment", "chain": forged});
    fs::write(file, framed(header.to_string().as_bytes())).unwrap();
    let (verified, obeyed) = run(&["verify", "--format", "json"]);
    assert_eq!(obeyed, "\n");
    assert!(verified.contains("\"passed\""), "{verified}");
}

#[test]
fn another_number_is_told_in_words() {
    let folder = tempfile::tempdir().unwrap();
    for (seq, told) in [
        (serde_json::json!(453), "has the number 453"),
        ("1".into(), "has no number"),
    ] {
        let record = serde_json::json!({"seq": seq, "prev": "", "kind": "segment", "chain": "ab"});
        let octets = framed(record.to_string().as_bytes());
        fs::write(folder.path().join("audit-000000000001.log"), octets).unwrap();
        let broken = verify(folder.path(), &Evidence::default()).unwrap().unwrap_err();
        assert_eq!((broken.record, broken.what.as_str()), (1, told));
    }
}

#[test]
fn another_end_of_what_is_archived_is_found_out_by_the_checkpoints_of_it() {
    let world = World::new();
    // Each segment ends with a checkpoint.
    world.write(3, 1);
    world.write(3, 1);
    let kept = world.exported();
    let at = |segment: &PathBuf| {
        let name = segment.file_stem().unwrap().to_str().unwrap();
        name.strip_prefix("audit-").unwrap().parse::<u64>().unwrap()
    };
    let segments = world.segments();
    let after = |seq: u64| segments.iter().position(|segment| at(segment) == seq);
    let spoken = kept
        .iter()
        .find(|one| after(one.last + 2).is_some())
        .unwrap()
        .clone();
    let evidence = |from: u64| Evidence {
        from: Some(from),
        ..world.evidence()
    };
    archive(&world, after(spoken.last + 2).unwrap());
    assert!(verify(&world.log(), &evidence(spoken.last + 2)).unwrap().is_ok());
    // Whoever has the key of the gateway goes on from another end, with which that one agrees.
    for (last, prev) in [
        (spoken.last, "0".repeat(64)),
        (spoken.last, spoken.hash),
        (spoken.last + 1, "0".repeat(64)),
    ] {
        for segment in world.segments() {
            fs::remove_file(segment).unwrap();
        }
        let header = serde_json::json!({
            "seq": last + 1, "prev": prev, "kind": "segment", "time": "2026-11-28T01:00:00.000Z", "chain": spoken.chain,
        });
        let name = format!("audit-{:012}.log", last + 1);
        fs::write(world.log().join(name), framed(header.to_string().as_bytes())).unwrap();
        world.write(1, 1 << 20);
        let mut evidence = evidence(last + 1);
        evidence
            .checkpoints
            .retain(|one| one.last <= spoken.last || !kept.contains(one));
        let broken = verify(&world.log(), &evidence).unwrap().unwrap_err();
        assert_eq!(broken.record, last + 1);
        assert!(
            broken
                .what
                .contains("does not follow what a checkpoint elsewhere"),
            "{broken}"
        );
    }
}

#[test]
fn what_a_crash_tore_is_told_beside_segments_without_a_record() {
    let world = World::new();
    world.write(3, 1);
    let segments = world.segments();
    let [.., before, last] = segments.as_slice() else {
        panic!("{segments:?}")
    };
    let piece = fs::read(last).unwrap()[1..].to_vec();
    fs::write(last, &piece).unwrap();
    fs::write(before, "").unwrap();
    world.write(1, 1 << 20);
    let recovered = |world: &World| {
        let read = world.read().into_iter();
        read.filter(|record| record["kind"] == "recovered")
            .map(|record| record["dropped"].clone())
            .collect::<Vec<_>>()
    };
    let told = serde_json::to_value(Octets::of(&piece)).unwrap();
    assert_eq!(recovered(&world), std::slice::from_ref(&told));
    // A log that has no record at all says so in its first one.
    let other = World::new();
    fs::write(other.log().join("audit-000000000001.log"), &piece).unwrap();
    other.write(1, 1 << 20);
    assert_eq!(recovered(&other), [told]);
}

#[test]
fn a_log_that_is_wholly_gone_is_told_of_in_the_next_one() {
    let begun_anew = |world: &World, settings: &Settings| {
        fs::remove_dir_all(world.log()).unwrap();
        fs::create_dir(world.log()).unwrap();
        drop(Log::open(settings).unwrap());
        let read = world.read().into_iter();
        let mut told = read.filter(|record| record["kind"] == "begun_anew");
        let before = told.next().map(|record| record["before"].clone());
        assert!(told.next().is_none());
        before
    };
    let world = World::new();
    world.write(3, 1 << 20);
    let last = world.exported().pop().unwrap();
    let settings = world.settings(1 << 20);
    let before = begun_anew(&world, &settings).unwrap();
    assert_eq!(before["chain"], last.chain);
    assert_eq!(before["last"], last.last);
    // It is told in the first records of a log, and those are signed.
    assert_eq!(world.read()[1]["kind"], "begun_anew");
    assert_eq!(world.read()[2]["kind"], "checkpoint");
    world.write(1, 1 << 20);
    let again = world
        .read()
        .iter()
        .filter(|record| record["kind"] == "begun_anew")
        .count();
    assert_eq!(again, 1, "not of a log that goes on");
    // What somebody else signed, and what nobody exported, says nothing.
    let signer = identity("bob");
    assert_eq!(
        begun_anew(
            &world,
            &Settings {
                signer,
                ..settings.clone()
            }
        ),
        None
    );
    assert_eq!(
        begun_anew(
            &world,
            &Settings {
                export: None,
                ..settings
            }
        ),
        None
    );
}
