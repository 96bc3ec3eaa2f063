//! A flood of refusals leaves a log that can be read.

use std::path::Path;
use std::process::Command;

use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{post, send};
use crate::gateway::{configuration, prepared};
use crate::process::Process;

/// A gateway whose log has `most` lines of one kind a second.
fn serve(file: &Path, most: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
    command
        .arg("serve")
        .arg("--config")
        .arg(file)
        .args(["--log-lines", most]);
    Process::spawn(command).unwrap()
}

#[test]
fn the_log_counts_what_it_leaves_out() {
    const FLOOD: usize = 300;
    let (_folder, file) = prepared(&configuration(&format!("http://{}/", orders().address)));
    let process = serve(&file, "10");
    let bad = post(Version::Soap11, "urn:place", "<a/>");
    for _ in 0..FLOOD {
        assert_eq!(send(process.plain, &bad).status, 500);
    }
    let text = |line: &serde_json::Value| line["fields"]["message"].as_str().unwrap_or_default().to_owned();
    let (mut written, mut left_out) = (0, 0);
    for _ in 0..200 {
        let lines = process.lines();
        written = lines
            .iter()
            .filter(|line| text(line) == "message refused")
            .count();
        let counted = lines
            .iter()
            .filter(|line| text(line) == "lines of one kind were left out");
        left_out = counted
            .filter(|line| line["fields"]["left_out_code"] == "soap.not_an_envelope")
            .map(|line| usize::try_from(line["fields"]["lines"].as_u64().unwrap()).unwrap())
            .sum();
        if written + left_out == FLOOD {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(written + left_out, FLOOD, "{written} and {left_out}");
    assert!(left_out > 0, "{written}");
}
