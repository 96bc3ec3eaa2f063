//! Archives: every kind of source, the same results however many threads there are and however often the process is killed, and
//! reports that nothing in a message can script.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test may panic"
)]

#[path = "batch/browser.rs"]
mod browser;
#[path = "batch/world.rs"]
mod world;
#[path = "batch/years.rs"]
mod years;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use world::World;

#[test]
fn an_archive_comes_out_as_it_was_made() {
    let world = World::of(200);
    let out = world.folder.path().join("out");
    let output = world.verify(&out, &["--threads", "2"], &[world.archive()]);
    assert_eq!(output.code, 1, "{}", output.text);
    let results = results(&out);
    assert_eq!(results.len(), 200);
    for (source, verdict, code) in world.expected() {
        let path = world.archive().join(&source).to_string_lossy().into_owned();
        let result = &results[&path];
        assert_eq!(result["verdict"], *verdict, "{source}: {result}");
        assert_eq!(result["code"].as_str().unwrap_or(""), code, "{source}: {result}");
    }
    let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["messages"], 200);
    assert_eq!(summary["verdicts"]["passed"], 140);
    assert_eq!(summary["verdicts"]["indeterminate"], 10);
    assert_eq!(summary["kinds"]["saml"]["passed"], 10);
    assert_eq!(summary["kinds"]["xml"]["indeterminate"], 10);
    let causes = summary["causes"].as_array().unwrap();
    let count = |code: &str| {
        causes
            .iter()
            .filter(|cause| cause["code"] == code)
            .map(|cause| cause["count"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(count("dsig.digest_mismatch"), 10, "{causes:#?}");
    assert!(
        causes.len() < 12,
        "one line a cause, not a line a message: {causes:#?}"
    );
}

/// The same bytes, whatever the number of threads; and a job that is done is not done again.
#[test]
fn threads_change_nothing() {
    let world = World::of(300);
    fs::write(world.archive().join(".hidden"), "").unwrap();
    let begun = world.folder.path().join("begun");
    world.verify(&begun, &["--validation-reports"], &[world.archive()]);
    let outs = ["1", "3", "16"].map(|threads| {
        let out = world.folder.path().join(threads);
        begin_as(&begun, &out);
        let options = ["--validation-reports", "--threads", threads];
        world.verify(&out, &options, &[world.archive()]);
        let written = reports(&out);
        world.verify(&out, &options, &[world.archive()]);
        assert_eq!(reports(&out), written);
        written
    });
    assert!(outs[0].len() > 6);
    assert_eq!(outs[0], outs[1]);
    assert_eq!(outs[0], outs[2]);
}

/// Each entry is a report that is valid by our schema and says what the result says, also of what cannot be read and of names that lead elsewhere.
#[test]
fn a_validation_report_of_each_message_is_in_one_zip_archive() {
    let world = World::of(100);
    let folder = world.folder.path();
    fs::write(world.archive().join("0 \u{1b}<&'\".xml"), "").unwrap();
    std::os::unix::net::UnixListener::bind(world.archive().join("socket")).unwrap();
    let out = folder.join("out");
    let output = world.verify(&out, &["--validation-reports"], &["archive/../archive".into()]);
    assert_eq!(output.code, 3, "{}", output.text);
    let unpacked = folder.join("unpacked");
    let unpack = "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])";
    let mut python = Command::new("python3");
    python
        .args(["-c", unpack])
        .arg(out.join("validation-reports.zip"));
    assert!(python.arg(&unpacked).status().unwrap().success());
    let results = results(&out);
    assert_eq!(results.len(), 102);
    let mut xmllint = Command::new("xmllint");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/validation-report.xsd");
    xmllint.args(["--noout", "--nonet", "--schema", schema]);
    for (source, result) in &results {
        let name = source.replace("..", "%2E%2E").replace('\u{1b}', "%1B");
        let name = name.replace('<', "%3C").replace('"', "%22");
        let report = unpacked.join(format!("{name}.report.xml"));
        let text = fs::read_to_string(&report).unwrap_or_else(|error| panic!("{name}: {error}"));
        let code = result["code"].as_str();
        let said = code.map(|code| format!("<Value>{code}</Value>"));
        assert!(said.is_none_or(|said| text.contains(&said)), "{source}");
        let main = match result["verdict"].as_str().unwrap() {
            "passed" => "total-passed",
            "failed" => "total-failed",
            _ => "indeterminate",
        };
        let main = format!(
            "    <SignatureValidationStatus>\n      <MainIndication>urn:etsi:019102:mainindication:{main}<"
        );
        assert!(text.contains(&main), "{source}: {text}");
        xmllint.arg(report);
    }
    let output = xmllint.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Without the option it is another job, and has none.
    assert_eq!(world.verify(&out, &[], &["archive/../archive".into()]).code, 2);
}

/// Every form of source holds the same messages, so it gives the same verdicts.
#[test]
fn every_kind_of_source_gives_the_same_verdicts() {
    let world = World::of(40);
    let archive = world.archive();
    let folder = world.folder.path();
    let names: Vec<String> = world.expected().into_iter().map(|(source, ..)| source).collect();
    let shell = |script: &str| {
        let ran = Command::new("bash")
            .args(["-euc", script])
            .current_dir(folder)
            .status()
            .unwrap();
        assert!(ran.success(), "{script}");
    };
    shell(
        "tar -cf a.tar -C archive . && tar --format=pax -czf b.tgz -C archive . && find archive -name '*.xml' | sort > list.txt",
    );
    shell(
        "python3 -c 'import zipfile,os,sys
with zipfile.ZipFile(\"c.zip\",\"w\",zipfile.ZIP_DEFLATED) as z:
  for n in sorted(os.listdir(\"archive/0000\")): z.write(\"archive/0000/\"+n, \"0000/\"+n)'",
    );
    let message = |name: &String| fs::read_to_string(archive.join(name)).unwrap();
    let lines: String = names
        .iter()
        .map(|name| format!("{}\n", serde_json::json!({"name": name, "soap": message(name)})))
        .collect();
    fs::write(folder.join("d.jsonl"), lines).unwrap();
    let quoted = |name: &String| format!("{name},\"{}\"\r\n", message(name).replace('"', "\"\""));
    fs::write(
        folder.join("e.csv"),
        format!("name,soap\r\n{}", names.iter().map(quoted).collect::<String>()),
    )
    .unwrap();
    shell("python3 -c 'import json,base64
for line in open(\"d.jsonl\"):
  o=json.loads(line); print(json.dumps({\"soap\": base64.b64encode(o[\"soap\"].encode()).decode()}))' > f.jsonl");
    let messages: Vec<String> = names.iter().map(message).collect();
    write_parquet(&folder.join("g.parquet"), &messages);
    let carried = |message: &String| serde_json::json!({"mimeType": "text/xml", "text": message});
    let entries: Vec<Value> = messages
        .iter()
        .map(|message| serde_json::json!({"request": {"postData": carried(message)}}))
        .collect();
    let har = serde_json::json!({"log": {"version": "1.2", "entries": entries}});
    fs::write(folder.join("h.har"), har.to_string()).unwrap();
    let posted = |message: &String| {
        let (head, length) = (
            "POST / HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length",
            message.len(),
        );
        format!("{head}: {length}\r\n\r\n{message}\n")
    };
    fs::write(
        folder.join("i.http"),
        messages.iter().map(posted).collect::<String>(),
    )
    .unwrap();
    let sources = [
        "archive",
        "archive/*/*.xml",
        "@list.txt",
        "a.tar",
        "b.tgz",
        "c.zip",
        "d.jsonl",
        "e.csv",
        "f.jsonl",
        "g.parquet",
        "h.har",
        "i.http",
    ];
    let verdicts = sources.map(|source| {
        let out = folder.join(format!("out-{}", source.replace(['/', '*'], "_")));
        world.verify(&out, &["--column", "soap"], &[Path::new(source).to_owned()]);
        let lines = fs::read_to_string(out.join("results.jsonl")).unwrap();
        let mut verdicts: Vec<String> = lines
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                format!("{} {} {}", line["sha256"], line["verdict"], line["code"])
            })
            .collect();
        verdicts.sort();
        (source, verdicts)
    });
    assert_eq!(verdicts[0].1.len(), 40);
    for (source, found) in &verdicts[1..] {
        assert_eq!(found, &verdicts[0].1, "{source}");
    }
}

/// A slice of B17; `make kills` is the whole of it. SEALGATE_KILLS and SEALGATE_KILL_MESSAGES say how many.
#[test]
fn a_job_that_is_killed_ends_as_one_that_is_not() {
    let number =
        |name: &str, otherwise: u64| std::env::var(name).map_or(otherwise, |value| value.parse().unwrap());
    let (kills, messages) = (
        number("SEALGATE_KILLS", 12),
        number("SEALGATE_KILL_MESSAGES", 600),
    );
    let world = World::of(messages);
    let archive = world.archive();
    let whole = world.folder.path().join("whole");
    let started = Instant::now();
    let options = ["--validation-reports"];
    world.verify(&whole, &options, std::slice::from_ref(&archive));
    let takes = started.elapsed();
    let killed = world.folder.path().join("killed");
    let (mut seed, mut left, mut longest) = (0x9e37_79b9_7f4a_7c15_u64, kills, Duration::ZERO);
    let mut rounds = 0;
    while left > 0 {
        let out = killed.join(rounds.to_string());
        rounds += 1;
        begin_as(&whole, &out);
        // Until it is done before it can be killed; then from the beginning again.
        while left > 0 {
            let mut child = world
                .command(&out, &options, std::slice::from_ref(&archive))
                .spawn()
                .unwrap();
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let most = u64::try_from(takes.as_micros()).unwrap() / 4 + 40_000;
            std::thread::sleep(Duration::from_micros(seed % most));
            let is_done = child.try_wait().unwrap().is_some();
            child.kill().unwrap();
            child.wait().unwrap();
            if is_done {
                break;
            }
            left -= 1;
        }
        let output = world.verify(&out, &options, std::slice::from_ref(&archive));
        assert_eq!(output.code, 1, "{}", output.text);
        assert_eq!(reports(&out), reports(&whole), "round {rounds}");
        // Nothing is left to be judged: this is what finding the place takes.
        let again = Instant::now();
        world.verify(&out, &options, std::slice::from_ref(&archive));
        longest = longest.max(again.elapsed());
        fs::remove_dir_all(&out).unwrap();
    }
    println!(
        "{kills} kills in {rounds} rounds over {messages} messages; the whole takes {takes:?}, going on at its end {longest:?}"
    );
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[test]
fn an_interrupted_job_says_how_it_goes_on() {
    let world = World::of(4_000);
    let out = world.folder.path().join("out");
    let child = world
        .command(&out, &["--threads", "1"], &[world.archive()])
        .spawn()
        .unwrap();
    let results = out.join("results.jsonl");
    let begun = Instant::now();
    while fs::metadata(&results).map_or(0, |metadata| metadata.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is written");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = rustix::process::Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("the same command goes on from there"), "{told}");
    assert!(!out.join("summary.json").exists());
    let ran = |line: usize| runs(&out).remove(line);
    assert_eq!(
        (&ran(0)["event"], &ran(0)["threads"]),
        (&"began".into(), &1.into())
    );
    assert_eq!(
        (&ran(1)["event"], &ran(1)["done"]),
        (&"ended".into(), &false.into())
    );
    let lines = fs::read_to_string(&results).unwrap();
    assert!(lines.ends_with('\n') && lines.lines().count() < 4_000);
    assert_eq!(world.verify(&out, &[], &[world.archive()]).code, 1);
    let whole = fs::read_to_string(&results).unwrap();
    assert!(whole.starts_with(&lines));
    assert_eq!(runs(&out).len(), 4);
    let count = |line: usize| ran(line)["judged"].as_u64().unwrap();
    assert_eq!((count(1) + count(3), &ran(3)["done"]), (4_000, &true.into()));
    assert!(ran(3)["at"].as_str() > ran(0)["at"].as_str());
    assert_eq!(whole.lines().count(), 4_000);
}

#[test]
fn an_archive_that_changed_is_judged_anew_from_there() {
    let world = World::of(60);
    let out = world.folder.path().join("out");
    world.verify(&out, &[], &[world.archive()]);
    let name = |number: usize| world.archive().join(&world.expected()[number].0);
    let good = fs::read(name(0)).unwrap();
    fs::write(name(4), &good).unwrap();
    fs::remove_file(name(50)).unwrap();
    world.verify(&out, &[], &[world.archive()]);
    let results = results(&out);
    assert_eq!(results.len(), 59);
    assert_eq!(results[&*name(4).to_string_lossy()]["verdict"], "passed");
    let copies = fs::read_to_string(out.join("copies.csv")).unwrap();
    assert_eq!(copies.lines().count(), 2, "{copies}");
    assert!(
        copies.contains("0000004") && copies.contains("0000000"),
        "{copies}"
    );
}

/// A certificate that was revoked in the middle of the year: of the CRLs of that year the one of the time counts, and where one is
/// missing nothing is decided.
#[test]
fn the_crl_of_the_time_decides() {
    let world = World::of(200);
    let folder = world.folder.path();
    let script = r#"
        serial=$(openssl x509 -in keys/alpha.pem -noout -serial | cut -d= -f2)
        start=$(openssl x509 -in keys/ca.pem -noout -startdate | cut -d= -f2)
        at() { date -u -d "$start + $1 days" +%y%m%d%H%M%SZ; }
        printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ndefault_md=sha256\ncertificate=keys/ca.pem\nprivate_key=keys/ca.key.pem\n' > ca.cnf
        mkdir crls
        crl() { openssl ca -config ca.cnf -gencrl -crl_lastupdate $(at $1) -crl_nextupdate $(at $2) -out crls/$1.pem 2>>openssl.log; }
        : > index.txt
        crl 0 100
        printf 'R\t%s\t%s\t%s\tunknown\t/CN=alpha\n' $(at 3650) $(at 180) $serial > index.txt
        crl 200 400
    "#;
    let ran = Command::new("bash")
        .args(["-euc", script])
        .current_dir(folder)
        .status()
        .unwrap();
    assert!(
        ran.success(),
        "{}",
        fs::read_to_string(folder.join("openssl.log")).unwrap()
    );
    let out = folder.join("out");
    world.verify(&out, &["--crl", "crls"], &[world.archive()]);
    let results = results(&out);
    let mut counts = BTreeMap::new();
    for (source, ..) in world
        .expected()
        .iter()
        .filter(|(source, ..)| source.ends_with("-rsa.xml"))
    {
        let number: u32 = source[5..12].parse().unwrap();
        let day = number * 360 / 200;
        let result = &results[&*world.archive().join(source).to_string_lossy()];
        let expected = match day {
            0..99 => ("passed", None),
            101..179 => ("indeterminate", Some("trust.revocation_unknown")),
            // The later list says so of the time before it, too.
            181.. => ("failed", Some("trust.revoked")),
            _ => continue,
        };
        assert_eq!(
            (result["verdict"].as_str().unwrap(), result["code"].as_str()),
            expected,
            "day {day}: {result}"
        );
        *counts.entry(expected.0).or_insert(0) += 1;
    }
    assert!(
        counts.len() == 3 && counts.values().all(|count| *count > 5),
        "{counts:?}"
    );
}

/// A job that read its own results would find more of them each time.
#[test]
fn what_a_job_writes_is_none_of_its_messages() {
    let world = World::of(20);
    let folder = world.folder.path();
    let out = world.archive().join("report");
    let count = |sources: &[&str]| {
        let sources: Vec<_> = sources.iter().map(Into::into).collect();
        let output = world.verify(&out, &[], &sources);
        let results = fs::read_to_string(out.join("results.jsonl")).unwrap_or_default();
        fs::remove_dir_all(&out).unwrap();
        (output.code, results.lines().count(), output.text)
    };
    for (source, is_met) in [
        ("archive", true),
        ("archive/**", true),
        ("archive/../archive/*/*", true),
        ("archive/0000", false),
    ] {
        fs::create_dir(&out).unwrap();
        fs::write(out.join("earlier.xml"), "<a/>").unwrap();
        let (code, messages, text) = count(&[source]);
        assert_eq!((code, messages), (1, 20), "{source}: {text}");
        assert_eq!(
            text.contains("passed over: 1 folders of results\n"),
            is_met,
            "{text}"
        );
    }
    for source in [
        "archive/report/earlier.xml",
        "archive/report",
        "archive/report/*",
        "link.xml",
    ] {
        fs::create_dir(&out).unwrap();
        let earlier = out.join("earlier.xml");
        fs::write(&earlier, "<a/>").unwrap();
        let _ = std::os::unix::fs::symlink(&earlier, folder.join("link.xml"));
        let (code, _, text) = count(&["archive", source]);
        assert_eq!(code, 2, "{source}: {text}");
        assert!(text.contains(source) && text.contains("--out"), "{text}");
    }
    fs::write(folder.join("list"), "archive/report/results.jsonl\n").unwrap();
    fs::create_dir(folder.join("links")).unwrap();
    std::os::unix::fs::symlink(out.join("results.jsonl"), folder.join("links/1")).unwrap();
    for source in ["@list", "links", "links/*"] {
        let (code, messages, text) = count(&["archive/0000", source]);
        assert_eq!((code, messages), (3, 21), "{source}: {text}");
        assert!(text.contains("where the results are written"), "{source}: {text}");
    }
}

/// An auditor sees of everything that was named what became of it.
#[test]
fn what_is_passed_over_is_counted_by_its_reason() {
    let world = World::of(20);
    let (folder, out) = (world.folder.path(), world.folder.path().join("out"));
    let pack = "mkdir -p x/y && cp archive/0000/*.xml x/y && printf '\\0\\5\\26\\7\\0\\2\\0\\0' > x/._y && tar -cf all.tar x";
    let packed = Command::new("bash")
        .args(["-euc", pack])
        .current_dir(folder)
        .status();
    assert!(packed.unwrap().success());
    fs::create_dir(world.archive().join(".svn")).unwrap();
    fs::write(world.archive().join(".hidden.xml"), "<a/>").unwrap();
    fs::write(
        world.archive().join("page.http"),
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    )
    .unwrap();
    let output = world.verify(&out, &[], &[world.archive(), folder.join("all.tar")]);
    let words = "2 hidden files or folders, 2 folders in archives, 1 files in which macOS keeps attributes, 1 bodies of HTTP that are no messages";
    assert!(output.text.contains("40 messages: "), "{}", output.text);
    assert!(
        output.text.contains(&format!("passed over: {words}\n")),
        "{}",
        output.text
    );
    let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    let counts =
        serde_json::json!({"hidden": 2, "results": 0, "folder": 2, "apple_double": 1, "other_content": 1});
    assert_eq!(summary["passed_over"], counts);
    let page = fs::read_to_string(out.join("summary.html")).unwrap();
    assert!(page.contains(&format!(
        "<p class=\"about\">Passed over in the sources: {words}.</p>"
    )));
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let world = World::of(20);
    let folder = world.folder.path();
    let good = world.archive().join(&world.expected()[0].0);
    let run = |out: &str, options: &[&str], source: &Path| {
        world.verify(&folder.join(out), options, &[source.to_owned()])
    };
    assert_eq!(run("good", &[], &good).code, 0);
    assert_eq!(run("all", &[], &world.archive()).code, 1);
    let missing = run("missing", &[], Path::new("nothing-here.xml"));
    assert_eq!(missing.code, 3);
    assert!(missing.text.contains("input.unreadable"), "{}", missing.text);
    let other = run("good", &["--policy", "bsp11"], &good);
    assert_eq!(other.code, 2, "{}", other.text);
    assert!(other.text.contains("(other --policy)"), "{}", other.text);
    let other = run(
        "good",
        &["--untrusted", "keys/ca.pem", "--id-attr", "x"],
        &world.archive(),
    );
    let differs = "(other --id-attr, --untrusted, sources)";
    assert!(other.code == 2 && other.text.contains(differs), "{}", other.text);
    fs::write(folder.join("long.xml"), " ".repeat(3 << 20)).unwrap();
    let long = run("long", &[], Path::new("long.xml"));
    assert_eq!(long.code, 1);
    assert!(long.text.contains("limit.bytes"), "{}", long.text);
    fs::write(folder.join("broken.tar"), "no tar").unwrap();
    assert_eq!(run("broken", &[], Path::new("broken.tar")).code, 3);
    // Nothing was refused, and nothing was judged.
    fs::create_dir(folder.join("none")).unwrap();
    let none = run("empty", &[], Path::new("none"));
    assert_eq!(none.code, 0);
    assert!(none.text.contains("nothing was judged"), "{}", none.text);
}

/// The verdict of a batch is that of the command for one file.
#[test]
fn a_batch_says_what_the_other_commands_say() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let cases = fixtures.join("attacks");
    let folder = tempfile::tempdir().unwrap();
    let mut messages = Vec::new();
    for threat in fs::read_dir(&cases).unwrap() {
        for case in fs::read_dir(threat.unwrap().path()).unwrap() {
            let message = case.unwrap().path().join("message.xml");
            if message.is_file() {
                messages.push(message);
            }
        }
    }
    messages.sort();
    messages.truncate(150);
    let list = folder.path().join("list");
    fs::write(
        &list,
        messages
            .iter()
            .map(|path| format!("{}\n", path.display()))
            .collect::<String>(),
    )
    .unwrap();
    let options = ["--trust", "keys/ca.pem", "--at", "2026-11-24T00:00:30Z"];
    let run = |arguments: &[&str], sources: &[std::path::PathBuf]| {
        let output = Command::new(env!("CARGO_BIN_EXE_sealgate"))
            .args(arguments)
            .args(options)
            .args(sources)
            .current_dir(&fixtures)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let out = folder.path().join("out");
    run(
        &[
            "batch",
            "verify",
            "--out",
            out.to_str().unwrap(),
            "--list",
            list.to_str().unwrap(),
        ],
        &[],
    );
    let batch = results(&out);
    let mut compared = 0;
    for (kind, command) in [
        ("soap", &["verify"][..]),
        ("saml", &["saml", "verify"]),
        ("xml", &["dsig", "verify"]),
    ] {
        let of_kind: Vec<_> = messages
            .iter()
            .filter(|path| batch[&*path.to_string_lossy()]["kind"] == kind)
            .cloned()
            .collect();
        if of_kind.is_empty() {
            continue;
        }
        let told = run(&[command, &["--format", "json"]].concat(), &of_kind);
        for line in told.lines() {
            let one: Value = serde_json::from_str(line).unwrap();
            let many = &batch[one["source"].as_str().unwrap()];
            for (field, value) in one.as_object().unwrap() {
                assert_eq!(&many[field], value, "{field} of {many}");
            }
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

/// Rows without content cost nothing in a file, and as much as others in the reports.
#[test]
fn a_file_that_asks_for_more_results_than_its_bytes_explain_is_not_read_on() {
    use parquet::data_type::{ByteArray, ByteArrayType};
    const ROWS: usize = 300_000;
    let world = World::of(20);
    let schema = parquet::schema::parser::parse_message_type("message m { OPTIONAL BYTE_ARRAY message; }");
    let path = world.folder.path().join("empty.parquet");
    let file = fs::File::create(&path).unwrap();
    let (schema, properties) = (std::sync::Arc::new(schema.unwrap()), std::sync::Arc::default());
    let mut writer = parquet::file::writer::SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let none: [ByteArray; 0] = [];
    column
        .typed::<ByteArrayType>()
        .write_batch(&none, Some(&[0; ROWS]), None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    assert!(fs::metadata(&path).unwrap().len() < 16_000);
    let out = world.folder.path().join("out");
    let output = world.verify(&out, &[], &[path, world.archive()]);
    assert_eq!(output.code, 3, "{}", output.text);
    assert!(output.text.contains("limit.archive"), "{}", output.text);
    let results = fs::read_to_string(out.join("results.jsonl")).unwrap();
    let lines: Vec<&str> = results.lines().collect();
    // Those that it may have, the line that says so, and all that comes after it.
    let first = lines
        .iter()
        .position(|line| line.contains("limit.archive"))
        .unwrap();
    assert!((100_000..101_000).contains(&first), "{first}");
    assert_eq!(lines.len(), first + 1 + 20);
    let again = world.verify(
        &out,
        &[],
        &[world.folder.path().join("empty.parquet"), world.archive()],
    );
    assert_eq!(again.code, 3);
    assert_eq!(fs::read_to_string(out.join("results.jsonl")).unwrap(), results);
}

/// Begins a job as if the one in `begun` had been killed after it had begun: what its reports say of that time is the same.
fn begin_as(begun: &Path, out: &Path) {
    let journal = fs::read_to_string(begun.join("journal.jsonl")).unwrap();
    fs::create_dir_all(out).unwrap();
    fs::write(
        out.join("journal.jsonl"),
        journal.split_inclusive('\n').next().unwrap(),
    )
    .unwrap();
}

/// When processes began and ended.
fn runs(out: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(out.join("runs.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The results by source.
fn results(out: &Path) -> BTreeMap<String, Value> {
    let lines = fs::read_to_string(out.join("results.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            (line["source"].as_str().unwrap().to_owned(), line)
        })
        .collect()
}

/// Everything in the folder but the journal, which says when it started, and when processes worked.
fn reports(out: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| !path.ends_with("journal.jsonl") && !path.ends_with("runs.jsonl"))
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                fs::read(path).unwrap(),
            )
        })
        .collect()
}

/// A Parquet file with a column `soap`, in row groups of seven.
fn write_parquet(path: &Path, messages: &[String]) {
    use parquet::data_type::{ByteArray, ByteArrayType};
    let schema =
        parquet::schema::parser::parse_message_type("message m { REQUIRED BYTE_ARRAY soap (UTF8); }");
    let file = fs::File::create(path).unwrap();
    let mut writer = parquet::file::writer::SerializedFileWriter::new(
        file,
        std::sync::Arc::new(schema.unwrap()),
        std::sync::Arc::default(),
    )
    .unwrap();
    for messages in messages.chunks(7) {
        let mut group = writer.next_row_group().unwrap();
        let values: Vec<ByteArray> = messages.iter().map(|message| message.as_str().into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}
