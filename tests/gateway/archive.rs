//! The message archive: what came is in it as it came, whatever happens to the gateway, and `batch verify` judges it as the gateway did.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use rustix::process::Signal;
use sealgate::soap::Version;
use serde_json::Value;
use tempfile::TempDir;

use crate::attachments::{multipart, signed};
use crate::backend::orders;
use crate::client::{post, request, send};
use crate::fetch::revoking;
use crate::gateway::{configuration, prepared};
use crate::message::Message;
use crate::process::{Process, program};
use crate::site::wait_until;

/// A configuration with an archive in `messages`.
pub(crate) fn archiving(further: &str, policy: &str, backend: std::net::SocketAddr) -> (TempDir, PathBuf) {
    let text = configuration(&format!("http://{backend}/legacy"));
    let route = format!("path = \"/orders\"\nattachments = \"signed\"\npolicy = \"{policy}\"\n");
    let text = text.replace("path = \"/orders\"\n", &route);
    let crls = "[route.trust]\ncrls = [\"now.crl\"]\n[route.trust.saml]";
    let text = text.replace("[route.trust.saml]", crls);
    let archive = format!("[message_archive]\nfolder = \"messages\"\nfree_bytes = 0\n{further}\n[[route]]\n");
    let (folder, file) = prepared(&text.replacen("[[route]]\n", &archive, 1));
    fs::write(folder.path().join("now.crl"), revoking(1, 1, &[])).unwrap();
    let messages = folder.path().join("messages");
    fs::create_dir(&messages).unwrap();
    fs::set_permissions(&messages, fs::Permissions::from_mode(0o700)).unwrap();
    (folder, file)
}

const FIELD: &str = "multipart/related; type=\"text/xml\"; boundary=b-1; start=\"<root@x>\"";

/// A message with an attachment that is signed as `signed` and is `sent`.
fn with_attachment(octets: &str, sent: &str) -> String {
    let envelope = signed(&Message::default(), &[("scan%40x", "Content", octets)]);
    let part = ("Content-ID: <scan@x>\r\nContent-Type: image/png", sent);
    let headers = [("Content-Type", FIELD), ("SOAPAction", "\"urn:place\"")];
    let body = multipart("text/xml; charset=utf-8", &envelope, &[part]);
    request("POST", "/orders", &headers, &body)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder.join("messages")).unwrap();
    let mut all: Vec<PathBuf> = all.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|end| end == "parquet"));
    all.sort();
    all
}

/// Every row as the columns have it, by its incident.
fn rows(folder: &Path) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for file in files(folder) {
        let reader = SerializedFileReader::new(fs::File::open(file).unwrap()).unwrap();
        for row in reader.get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let columns = row.get_column_iter();
            let columns: Value = columns
                .map(|(name, field)| (name.clone(), shown(field)))
                .collect();
            all.insert(columns["incident"].as_str().unwrap().to_owned(), columns);
        }
    }
    all
}

fn shown(field: &Field) -> Value {
    if let Field::Str(text) = field {
        text.as_str().into()
    } else if let Field::ListInternal(list) = field {
        list.elements().iter().map(shown).collect()
    } else if *field == Field::Null {
        Value::Null
    } else {
        field.to_string().into()
    }
}

/// Starts a gateway, which makes files of what the one before it left, and waits until they have so many rows.
fn all_in_files(file: &Path, count: usize) -> Process {
    let gateway = Process::start(file).unwrap();
    let folder = file.parent().unwrap();
    wait_until("all rows in files", || rows(folder).len() == count);
    gateway
}

/// What `batch verify` says of the archive in `folder`, by incident.
fn judged(folder: &Path) -> BTreeMap<String, Value> {
    let output = Command::new(program())
        .args([
            "batch", "verify", "--trust", "ca.pem", "--policy", "bsp11", "--at", "message",
        ])
        .args(["--crl", "messages/.revocation"])
        .args(["--name-column", "incident", "--out", "report", "messages"])
        .current_dir(folder)
        .output()
        .unwrap();
    let results = fs::read_to_string(folder.join("report/results.jsonl"));
    let results = results.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let lines = results
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|line| {
            let source = line["source"].as_str().unwrap();
            (source.rsplit_once('#').unwrap().1.to_owned(), line)
        })
        .collect()
}

#[test]
fn what_came_is_kept_whatever_happens_and_judged_again_as_it_was() {
    let backend = orders();
    let (folder, file) = archiving("", "bsp11", backend.address);
    let mut gateway = Process::start(&file).unwrap();
    let good = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.plain, &good).status, 200);
    let changed = Message::default().signed().replace("bolt", "nut!");
    let refused = send(gateway.plain, &post(Version::Soap11, "urn:place", &changed));
    assert_eq!(refused.status, 500, "{refused:?}");
    assert_eq!(send(gateway.plain, &with_attachment("one", "one")).status, 200);
    // Nothing that was answered is lost by that.
    gateway.kill();
    assert_eq!(files(folder.path()).len(), 0);
    let mut gateway = Process::start(&file).unwrap();
    wait_until("a file of what was left", || files(folder.path()).len() == 1);
    let swapped = send(gateway.plain, &with_attachment("one", "two"));
    assert_eq!(swapped.status, 500, "{swapped:?}");
    let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
    for line in [
        "sealgate_archive_rows_total 1\n",
        "sealgate_archive_files_total 1\n",
        "sealgate_archive_failures_total 0\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());

    let _gateway = all_in_files(&file, 4);
    let (rows, judged) = (rows(folder.path()), judged(folder.path()));
    assert!(rows.keys().eq(judged.keys()), "{rows:?} {judged:?}");
    for (incident, row) in &rows {
        let again = &judged[incident];
        let as_before = if row["verdict"] == "passed" {
            "passed"
        } else {
            "failed"
        };
        assert_eq!(again["verdict"], as_before, "{row} {again}");
        assert_eq!(again["code"], row["code"], "{row} {again}");
        assert_eq!(row["route"], "/orders");
        assert_eq!(row["soap_action"], "urn:place");
    }
    let passed = rows.values().filter(|row| row["verdict"] == "passed");
    for row in passed {
        assert_eq!(row["signer"], "O=Example,CN=alice");
        assert_eq!(row["operation"], "{urn:example:orders}PlaceOrder");
        assert_eq!(row["chain"].as_array().unwrap().len(), 2);
        // The CRL that was needed is there once, and is one that a judge can be given.
        let revocation = row["revocation"].as_array().unwrap();
        assert_eq!(revocation.len(), 1, "{row}");
        let kept = folder
            .path()
            .join("messages/.revocation")
            .join(revocation[0].as_str().unwrap());
        assert_eq!(
            fs::read(kept).unwrap(),
            fs::read(folder.path().join("now.crl")).unwrap()
        );
    }
    let proofs = fs::read_dir(folder.path().join("messages/.revocation")).unwrap();
    assert_eq!(proofs.count(), 1);
    assert_eq!(
        rows[refused.incident()]["stage"],
        judged[refused.incident()]["stage"]
    );
    assert_eq!(rows[swapped.incident()]["media_type"], FIELD);
}

#[test]
fn what_is_too_long_is_kept_in_part_and_not_judged_as_if_it_were_whole() {
    let backend = orders();
    let (folder, file) = archiving("message_bytes = 20000", "bsp11", backend.address);
    let mut gateway = Process::start(&file).unwrap();
    let long = "x".repeat(20_000);
    assert_eq!(send(gateway.plain, &with_attachment(&long, &long)).status, 200);
    let body = format!("<!--{long}-->{}", Message::default().signed());
    send(gateway.plain, &post(Version::Soap11, "urn:place", &body));
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());
    let _gateway = all_in_files(&file, 2);
    let (rows, judged) = (rows(folder.path()), judged(folder.path()));
    let mut kept: Vec<_> = rows.values().map(|row| row["kept"].as_str().unwrap()).collect();
    kept.sort_unstable();
    assert_eq!(kept, ["envelope", "nothing"]);
    assert_eq!(judged.len(), 2);
    for (incident, row) in rows {
        assert_eq!(row["message"].is_null(), row["kept"] == "nothing");
        assert_eq!(judged[&incident]["verdict"], "indeterminate", "{judged:?}");
        let why = judged[&incident]["message"].as_str().unwrap();
        assert!(why.contains("too long for the message archive"), "{why}");
    }
}

#[test]
fn what_cannot_be_kept_goes_no_further_unless_that_is_said() {
    for (on_loss, status) in [("refuse", 503), ("warn", 200)] {
        let backend = orders();
        let further = format!("on_loss = \"{on_loss}\"\nfile_bytes = 65536\nmessage_bytes = 100000");
        let (folder, file) = archiving(&further, "strict", backend.address);
        let gateway = Process::start(&file).unwrap();
        // The journal ends with this one, of which a file may be made in the folder meanwhile, and for the next there is no folder.
        let long = "x".repeat(70_000);
        send(gateway.plain, &post(Version::Soap11, "urn:place", &long));
        let journals = folder.path().join("messages/.journal");
        wait_until("the folder is gone", || fs::remove_dir_all(&journals).is_ok());
        let order = post(Version::Soap11, "urn:place", &Message::default().signed());
        let answer = send(gateway.plain, &order);
        assert_eq!(answer.status, status, "{on_loss} {answer:?}");
        assert_eq!(backend.got().len(), usize::from(status == 200));
        let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
        let not_ready = usize::from(status == 503);
        for line in [
            "sealgate_store_available{store=\"message_archive\"} 0".to_owned(),
            format!("sealgate_not_ready{{reason=\"message_archive\"}} {not_ready}"),
        ] {
            assert!(metrics.lines().any(|one| one == line), "{line} in {metrics}");
        }
        if status == 503 {
            assert_eq!(gateway.code(answer.incident()), "archive.unavailable");
            let ready = send(gateway.admin, &request("GET", "/readyz", &[], ""));
            assert_eq!(
                (ready.status, ready.body.as_str()),
                (503, "the message archive refuses\n")
            );
            // Nor is a refusal told of which nothing is kept.
            let refused = send(gateway.plain, &post(Version::Soap11, "urn:place", "<a/>"));
            assert_eq!(refused.status, 503, "{refused:?}");
        }
    }
}

#[test]
fn folders_that_others_read_and_passwords_are_no_configuration() {
    let check = |file: &Path| {
        let mut command = Command::new(program());
        let output = command.args(["config", "check"]).arg(file).output().unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout),
        )
    };
    let backend = orders();
    let (folder, file) = archiving("", "strict", backend.address);
    assert!(check(&file).0, "{}", check(&file).1);
    fs::set_permissions(folder.path().join("messages"), fs::Permissions::from_mode(0o750)).unwrap();
    let (good, told) = check(&file);
    assert!(!good && told.contains("open to others than its owner"), "{told}");
    fs::remove_dir(folder.path().join("messages")).unwrap();
    assert!(check(&file).1.contains("is no folder"));

    for (further, expected) in [("", false), ("passwords = \"keep\"", true)] {
        let (_folder, file) = archiving(further, "bsp11", backend.address);
        let text = fs::read_to_string(&file).unwrap();
        let text = text.replace(
            "[route.backend]",
            "[route.users]\nhashes = \"users.hashes\"\n\n[route.backend]",
        );
        fs::write(&file, text).unwrap();
        let (good, told) = check(&file);
        assert_eq!(good, expected, "{told}");
        assert_eq!(told.contains("would keep the passwords"), !expected, "{told}");
    }
}

#[test]
fn a_name_that_is_still_to_come_is_told_of_once_and_followed_by_none() {
    let backend = orders();
    let (folder, file) = archiving("file_minutes = 1", "strict", backend.address);
    let ahead = folder
        .path()
        .join("messages/messages-29990101T000000.000000Z.parquet");
    fs::write(&ahead, "").unwrap();
    let mut gateway = Process::start(&file).unwrap();
    let message = post(Version::Soap11, "urn:place", "<a/>");
    // A disk may be slow for a moment.
    wait_until("a message kept", || send(gateway.plain, &message).status != 503);
    gateway.signal(Signal::TERM);
    assert!(gateway.ended());
    let told = |line: &&Value| line["fields"]["code"] == "archive.clock";
    assert_eq!(gateway.lines().iter().filter(told).count(), 1);
    let files = files(folder.path());
    assert_eq!((files.len(), &files[1]), (2, &ahead));
    let now = chrono::Utc::now().format("messages-%Y%m%dT%H%M%S.").to_string();
    assert!(
        files[0].file_name().unwrap().to_str().unwrap() < now.as_str(),
        "{files:?}"
    );
}

#[test]
fn what_is_old_is_removed_before_anything_else_is_opened() {
    let backend = orders();
    let (first, file) = archiving("", "strict", backend.address);
    let uses = first.path().join("uses.redb");
    let both = format!("[replay]\nfile = {uses:?}\n\n[message_archive]\ndays = 1\n");
    let with_uses = |file: &Path| {
        let text = fs::read_to_string(file).unwrap();
        fs::write(file, text.replace("[message_archive]\n", &both)).unwrap();
    };
    with_uses(&file);
    let _gateway = Process::start(&file).unwrap();
    let (second, file) = archiving("", "strict", backend.address);
    with_uses(&file);
    let old = second
        .path()
        .join("messages/messages-20200101T000000.000000Z.parquet");
    fs::write(&old, "").unwrap();
    let written = std::time::SystemTime::now() - std::time::Duration::from_secs(2 * 86_400);
    fs::File::open(&old).unwrap().set_modified(written).unwrap();
    let told = Process::start(&file).err().unwrap();
    assert!(told.contains("uses.redb"), "{told}");
    assert!(!old.exists());
}
