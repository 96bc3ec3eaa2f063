//! What is installed beside the program: pages of the manual and completions of shells, as man(1) and bash have them; the unit of systemd; and
//! what an image for containers has.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    reason = "a test may panic, and says why it is skipped"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const SEALGATE: &str = env!("CARGO_BIN_EXE_sealgate");

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `sealgate` prints, which must end well.
fn sealgate(arguments: &[&str]) -> String {
    let output = Command::new(SEALGATE).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Every command, as its help names it: "saml verify".
fn commands() -> Vec<String> {
    let mut left = vec![String::new()];
    let mut found = Vec::new();
    while let Some(command) = left.pop() {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = sealgate(&words);
        let listed = help.split_once("Commands:\n").map_or("", |(_, rest)| rest);
        let listed = listed.lines().take_while(|line| !line.is_empty());
        // Lines that go on are indented further.
        let names = listed.filter_map(|line| {
            line.strip_prefix("  ")?
                .split(' ')
                .next()
                .filter(|name| !name.is_empty())
        });
        left.extend(names.map(|name| format!("{command} {name}").trim().to_owned()));
        found.push(command);
    }
    found
}

/// The options in a help text: `--trust`. What explains them stands after two blanks, or is indented further.
fn options(help: &str) -> BTreeSet<&str> {
    let listed = help.lines().filter_map(|line| {
        let option = line.trim_start();
        let is_one = option.starts_with('-') && line.len() - option.len() <= 6;
        option.split("  ").next().filter(|_| is_one)
    });
    let words = listed.flat_map(|option| option.split([' ', ',']));
    words.filter(|word| word.starts_with("--")).collect()
}

/// The page of `file` as a terminal shows it, in long lines and without overstriking.
fn rendered(file: &Path) -> String {
    let output = Command::new("groff")
        .args([
            "-ww",
            "-Kutf8",
            "-man",
            "-Tutf8",
            "-P-cbou",
            "-rLL=1000n",
            "-rHY=0",
        ])
        .arg(file)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{}: {complaints}",
        file.display()
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_command_has_a_page_with_every_option_that_renders_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("man1");
    sealgate(&["man", folder.to_str().unwrap()]);
    let mut pages: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let commands = commands();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let name = format!("sealgate {command}").trim().replace(' ', "-");
        assert!(pages.remove(&format!("{name}.1")), "no page {name}");
        let page = rendered(&folder.join(format!("{name}.1")));
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = sealgate(&words);
        for option in options(&help) {
            let is_in_page = page.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with('-') && line.split([' ', ',']).any(|word| word == option)
            });
            assert!(is_in_page, "{name}: no {option} in\n{page}");
        }
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"] {
            assert!(
                page.lines().any(|line| line == section),
                "{name}: no {section} in\n{page}"
            );
        }
        let title = format!("{name} - ");
        assert!(page.contains(&title), "{name}: no '{title}' in\n{page}");
    }
    assert!(pages.is_empty(), "pages of no command: {pages:?}");
}

#[test]
fn pages_are_not_written_over_what_is_no_folder() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let output = Command::new(SEALGATE)
        .arg("man")
        .arg(file.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

/// What bash offers after `words`, of which the last is what was begun.
fn offered(words: &[&str]) -> BTreeSet<String> {
    let script = r#"
        source <("$PROGRAM" completions bash) || exit 1
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
        completes=$(complete -p sealgate) || exit 1
        [[ $completes =~ -F\ ([^ ]+) ]] || exit 1
        previous=""
        [ $# -lt 2 ] || previous=${@: -2:1}
        "${BASH_REMATCH[1]}" sealgate "${@: -1}" "$previous"
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash"])
        .args(words)
        .env("PROGRAM", SEALGATE)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && complaints.is_empty(),
        "{words:?}: {complaints}"
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    let set = |words: &[&str]| -> BTreeSet<String> { words.iter().map(|word| (*word).to_owned()).collect() };
    assert_eq!(offered(&["sealgate", "ser"]), set(&["serve"]));
    assert_eq!(offered(&["sealgate", "config", "c"]), set(&["check"]));
    assert_eq!(offered(&["sealgate", "verify", "--form"]), set(&["--format"]));
    assert_eq!(
        offered(&["sealgate", "verify", "--format", ""]),
        set(&["json", "text"])
    );
    assert_eq!(
        offered(&["sealgate", "dsig", "sign", "--algorithm", "ed"]),
        set(&["ed25519"])
    );
}

#[test]
fn completions_for_every_shell_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sealgate(&["completions", shell]);
        for command in commands() {
            let last = command.split(' ').next_back().unwrap_or_default();
            assert!(script.contains(last), "{shell}: {command}");
        }
    }
}

/// Whether `program` is at hand; says so if it is not.
fn is_at_hand(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        println!("skipped: {program} is not installed");
    }
    there
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_leaves_little_to_whoever_breaks_in() {
    if !is_at_hand("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    sealgate(&["man", pages.join("man1").to_str().unwrap()]);
    let text = fs::read_to_string(package().join("packaging/sealgate.service")).unwrap();
    assert!(text.contains("ExecStart=/usr/bin/sealgate serve --config /etc/sealgate/sealgate.toml\n"));
    let unit = folder.path().join("sealgate.service");
    fs::write(&unit, text.replace("/usr/bin/sealgate", SEALGATE)).unwrap();
    let analyze = |arguments: &[&str]| {
        let mut command = Command::new("systemd-analyze");
        command.args(arguments).arg(&unit).env("MANPATH", &pages);
        command.output().unwrap()
    };
    let verified = analyze(&["verify"]);
    let complaints = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success() && complaints.is_empty(), "{complaints}");
    // Ten times its exposure, of 10.0 for a unit without limits.
    let exposed = analyze(&["security", "--offline=true", "--threshold=15"]);
    assert!(
        exposed.status.success(),
        "{}",
        String::from_utf8_lossy(&exposed.stdout)
    );
}

const IN_CONTAINER: &str = r#"
[[listener]]
address = "127.0.0.1:0"

[admin]
address = "127.0.0.1:0"

[gateway]
certificate = "gateway.pem"
key = "gateway.key.pem"

[[route]]
path = "/orders"
operation = [{ action = "urn:place", body = "{urn:example:orders}PlaceOrder" }]

[route.trust]
pins = ["alice.pem"]

[route.backend]
url = "http://localhost:9/"

[replay]
file = "/var/lib/sealgate/replay.redb"
"#;

/// The user of the image.
const USER: u32 = 65532;

#[test]
fn the_gateway_serves_in_the_root_of_its_image_which_has_nothing_else() {
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can change the root of a process");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("image");
    let script = package().join("packaging/root");
    let made = Command::new(script).arg(SEALGATE).arg(&root).status().unwrap();
    assert!(made.success());
    let programs: Vec<_> = fs::read_dir(root.join("usr/bin")).unwrap().collect();
    assert_eq!(programs.len(), 1, "{programs:?}");

    let configuration = root.join("etc/sealgate");
    fs::write(configuration.join("sealgate.toml"), IN_CONTAINER).unwrap();
    for name in ["gateway.pem", "gateway.key.pem", "alice.pem"] {
        let file = configuration.join(name);
        fs::copy(package().join("fixtures/keys").join(name), &file).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        chown(&file, Some(USER), Some(USER)).unwrap();
    }
    chown(root.join("var/lib/sealgate"), Some(USER), Some(USER)).unwrap();

    let mut child = Command::new("chroot")
        .arg(format!("--userspec={USER}:{USER}"))
        .arg(&root)
        .args([
            "/usr/bin/sealgate",
            "serve",
            "--config",
            "/etc/sealgate/sealgate.toml",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let admin = lines.find_map(|line| {
        let told: Option<serde_json::Value> = serde_json::from_str(&line).ok();
        let url = told.and_then(|told| Some(told.pointer("/fields/admin")?.as_str()?.to_owned()));
        said.push(line);
        url?.strip_prefix("http://").map(str::to_owned)
    });
    let admin = admin.unwrap_or_else(|| panic!("{said:?}"));
    // Its store of uses is new, and refuses as long as clocks may differ; that it lives is asked here.
    let mut connection = TcpStream::connect(admin).unwrap();
    connection
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(root.join("var/lib/sealgate/replay.redb").exists());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
}
