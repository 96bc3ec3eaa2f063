use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::audit;
use crate::audit::{Broken, Checkpoint, Evidence, Intact, Record};
use crate::batch::report::is_formula;
use crate::crypto::Certificate;
use crate::verifier::escaped;
use crate::xml::is_invisible;

use super::args::{
    AuditExportArguments, AuditFilter, AuditShowArguments, AuditVerifyArguments, ExportFormat, RecordKind,
};
use super::console::{Console, Tone};
use super::exit::{Exit, Stop};
use super::report::{Format, plain};

/// The columns of CSV: members of a record, and of its members.
const COLUMNS: [&str; 23] = [
    "seq",
    "time",
    "kind",
    "incident",
    "route",
    "peer",
    "code",
    "status",
    "operation",
    "signer/subject",
    "signer/sha256",
    "user",
    "saml/issuer",
    "saml/subject",
    "saml/assertion_id",
    "received/sha256",
    "forwarded/sha256",
    "prev",
    "threats",
    "legacy",
    "bearer",
    "token",
    "client",
];

/// `sealgate audit verify`: a log, against itself and what was kept elsewhere.
pub(crate) fn verify(arguments: &AuditVerifyArguments, console: &mut Console) -> Result<Exit, Stop> {
    let mut evidence = Evidence::default();
    for path in &arguments.certificate {
        let found = Certificate::from_pem_bundle(&read(path)?).map_err(Stop::usage)?;
        evidence.certificates.extend(found);
    }
    evidence.from = arguments.from;
    for path in checkpoint_files(arguments, console)? {
        let lines = read(&path)?;
        let lines = lines
            .split(|octet| *octet == b'\n')
            .filter(|line| !line.is_empty());
        for line in lines {
            let checkpoint: Checkpoint =
                serde_json::from_slice(line).map_err(|error| unreadable(&path, &error))?;
            evidence.checkpoints.push(checkpoint);
        }
    }
    let folder = &arguments.folder;
    let verified = audit::verify(folder, &evidence).map_err(|error| unreadable(folder, &error))?;
    let text = match arguments.output.format {
        Format::Json => escaped(&as_json(folder, &verified).to_string()) + "\n",
        Format::Text => as_text(&verified, &evidence, console),
    };
    console.print(text);
    Ok(match verified {
        Ok(_) => Exit::Passed,
        Err(_) => Exit::Refused,
    })
}

/// The files that are named, and for each folder the one in it with checkpoints of this log.
fn checkpoint_files(arguments: &AuditVerifyArguments, console: &mut Console) -> Result<Vec<PathBuf>, Stop> {
    let mut files = Vec::new();
    for path in &arguments.checkpoints {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let chain = audit::chain(&arguments.folder).map_err(|error| unreadable(&arguments.folder, &error))?;
        // It becomes part of a path.
        let chain = chain.filter(|chain| chain.bytes().all(|octet| octet.is_ascii_hexdigit()));
        let own = chain.map(|chain| path.join(Checkpoint::file_name(&chain)));
        let Some(own) = own.filter(|own| own.is_file()) else {
            return Err(unreadable(path, &"there are no checkpoints of this log"));
        };
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        for entry in entries {
            let other = entry.map_err(|error| unreadable(path, &error))?.path();
            // Whoever has put another log in the place of one would be found out by that one's.
            if other != own && other.extension().is_some_and(|end| end == "jsonl") {
                console.note(&format!("not of this log: {}\n", plain(&other.to_string_lossy())));
            }
        }
        files.push(own);
    }
    Ok(files)
}

fn as_json(folder: &Path, verified: &Result<Intact, Broken>) -> Value {
    match verified {
        Ok(intact) => json!({
            "source": folder,
            "verdict": "passed",
            "chain": intact.chain,
            "records": intact.records,
            "archived": intact.archived,
            "segments": intact.segments,
            "checkpoints": intact.checkpoints,
            "after_last_checkpoint": intact.unsigned,
        }),
        Err(broken) => json!({
            "source": folder,
            "verdict": "failed",
            "record": broken.record,
            "file": broken.file,
            "message": broken.to_string(),
        }),
    }
}

fn as_text(verified: &Result<Intact, Broken>, evidence: &Evidence, console: &Console) -> String {
    match verified {
        Ok(intact) => {
            let word = console.style().paint(Tone::Good, "whole");
            let signed = if evidence.certificates.is_empty() {
                "their signatures were not checked: give --certificate"
            } else {
                "all with a good signature"
            };
            let archived = match intact.archived {
                0 => String::new(),
                last => format!("; records 1 to {last} were not read: --from says that they are archived"),
            };
            format!(
                "{word}  {} records in {} files; {} checkpoints, {signed}; {} records after the last one{archived}\n",
                intact.records, intact.segments, intact.checkpoints, intact.unsigned
            )
        }
        Err(broken) => format!("{}  {broken}\n", console.style().paint(Tone::Bad, "broken")),
    }
}

/// `sealgate audit show`: records for people.
pub(crate) fn show(arguments: &AuditShowArguments, console: &mut Console) -> Result<Exit, Stop> {
    each(&arguments.folder, &arguments.filter, |record| {
        // A log may have been written by anybody, and whoever sent a message wrote some of the values (T138).
        let column = |name: &str| plain(&column(&record.json, name));
        let facts = [
            "code",
            "status",
            "client",
            "operation",
            "signer/subject",
            "user",
            "saml/subject",
            "bearer",
            "token",
            "threats",
            "legacy",
            "peer",
        ];
        let facts = facts.map(column);
        let facts: Vec<&str> = facts
            .iter()
            .map(String::as_str)
            .filter(|fact| !fact.is_empty())
            .collect();
        console.print(format!(
            "{:>8}  {}  {:<10}  {:<16}  {}  {}\n",
            column("seq"),
            column("time"),
            column("kind"),
            column("incident"),
            column("route"),
            facts.join("  ")
        ));
    })
}

/// `sealgate audit export`: records for programs.
pub(crate) fn export(arguments: &AuditExportArguments, console: &mut Console) -> Result<Exit, Stop> {
    if arguments.format == ExportFormat::Csv {
        console.print(format!("{}\r\n", COLUMNS.join(",")));
    }
    each(&arguments.folder, &arguments.filter, |record| {
        match arguments.format {
            ExportFormat::Jsonl => console.print(escaped(&record.json.to_string()) + "\n"),
            ExportFormat::Csv => {
                let columns = COLUMNS.map(|name| quoted(&column(&record.json, name)));
                console.print(format!("{}\r\n", columns.join(",")));
            }
        }
    })
}

fn each(folder: &Path, filter: &AuditFilter, mut print: impl FnMut(&Record)) -> Result<Exit, Stop> {
    let read = audit::records(folder, |record| {
        if matches(record, filter) {
            print(record);
        }
        Ok(())
    });
    read.map_err(|error| unreadable(folder, &error))?;
    Ok(Exit::Passed)
}

fn matches(record: &Record, filter: &AuditFilter) -> bool {
    let is = |name: &str, wanted: Option<&str>| wanted.is_none() || record.text(name) == wanted;
    let time = record
        .text("time")
        .and_then(|time| time.parse::<DateTime<Utc>>().ok());
    is("incident", filter.incident.as_deref())
        && is("route", filter.route.as_deref())
        && is("kind", filter.kind.map(RecordKind::name))
        && is("code", filter.code.as_deref())
        && filter
            .since
            .is_none_or(|since| time.is_some_and(|time| time >= since))
        && filter
            .until
            .is_none_or(|until| time.is_some_and(|time| time < until))
}

/// A member of a record as text; nothing, if there is none.
fn column(record: &Value, name: &str) -> String {
    let found = name.split('/').try_fold(record, |value, part| value.get(part));
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            names.join(" ")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// A field of CSV (RFC 4180) that stays in its line and moves no cursor. One that a spreadsheet would compute is told to be a text.
fn quoted(field: &str) -> String {
    let mut text = String::from(if is_formula(field) { "\"'" } else { "\"" });
    for character in field.chars() {
        match character {
            '"' => text.push_str("\"\""),
            character if is_invisible(character) => text.extend(character.escape_unicode()),
            character => text.push(character),
        }
    }
    text.push('"');
    text
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    std::fs::read(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &impl std::fmt::Display) -> Stop {
    Stop::failed(format!("{}: {error}", path.display()))
}
