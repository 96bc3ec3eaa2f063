//! B11: what somebody sends whom nobody trusts costs little, and no signature's digest is made of it: 10 MiB, of which nothing is read where their length is said, and as much as is read of anybody.

use std::process::Command;
use std::time::Duration;

use sealgate::policy::Profile;
use sealgate::soap::Version;

use super::{milliseconds, row, setting, shim, whole};
use crate::backend::orders;
use crate::client::{post, send};
use crate::message::Message;
use crate::process::{Process, program};
use crate::replay::{SETTLED, remembering};

/// More than any route takes, and as much as one takes.
const OCTETS: [usize; 2] = [10 << 20, 2_090_000];

#[test]
fn what_nobody_trusted_has_sent_costs_little() {
    let backend = orders();
    let (folder, file) = remembering(backend.address, "");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("bytes = 1000000\n", "")).unwrap();
    let mut policy = Profile::Strict.policy();
    policy.clock_skew = 1;
    std::fs::write(
        folder.path().join("brisk.toml"),
        toml::to_string(&policy).unwrap(),
    )
    .unwrap();
    let library = shim(include_str!("junk.c"), folder.path());
    let count = folder.path().join("count");
    let mut command = Command::new(program());
    command.args(["serve", "--log", "json", "--config"]).arg(&file);
    command.env("LD_PRELOAD", library).env("JUNK_COUNT", &count);
    let gateway = Process::spawn(command).unwrap();
    std::thread::sleep(SETTLED);
    let good = Message::default();
    assert_eq!(
        send(gateway.plain, &post(Version::Soap11, "urn:place", &good.signed())).status,
        200
    );
    let counted = || std::fs::read_to_string(&count).unwrap();
    assert!(
        counted().contains('d') && counted().contains('s') && counted().contains('v'),
        "{}",
        counted()
    );
    let times = setting("TIMES", 1, 20);
    let (mut dearest, mut most, mut sent) = (Duration::ZERO, 0, 0);
    for (name, body) in OCTETS.into_iter().flat_map(junk) {
        for _ in 0..times {
            let (known, before) = (counted().len(), gateway.time());
            let answer = send(gateway.plain, &post(Version::Soap11, "urn:place", &body));
            assert_eq!(answer.status, 500, "{name}: {answer:?}");
            dearest = dearest.max(gateway.time() - before);
            let asked = counted().split_off(known);
            // The log names what was refused by its SHA-256, certificates have their fingerprints taken, and a path is looked for from that of a
            // stranger; no reference is digested.
            assert!(!asked.contains(['s', 'k']), "{name}: {asked}");
            let numbers = asked.split(|mark: char| !mark.is_ascii_digit());
            let octets: usize = numbers.filter_map(|number| number.parse::<usize>().ok()).sum();
            let beyond = octets.saturating_sub(body.len());
            assert!(
                beyond < 20_000,
                "{name}: {octets} octets digested of {}",
                body.len()
            );
            most = most.max(beyond);
            sent += 1;
        }
    }
    row(
        "B11, `make drill-junk`",
        &format!(
            "{sent} messages of 10 MiB and of 2 MB, of nobody and of a stranger: {} of processor time at most; each digested once at most, for the log, and {most} octets of certificates at most; no private key used",
            milliseconds(dearest),
        ),
    );
    assert_eq!(backend.got().len(), 1);
    if whole() {
        assert!(dearest <= Duration::from_millis(100), "{dearest:?}");
    }
}

/// Messages of so many octets that no trusted key signed.
fn junk(octets: usize) -> [(&'static str, String); 4] {
    let fill = |piece: &str| piece.repeat((octets - 6000) / piece.len());
    let of = |signer, body: String| Message {
        signer,
        body,
        ..Message::default()
    };
    let order = |fill: String| format!("<o:PlaceOrder xmlns:o=\"urn:example:orders\">{fill}</o:PlaceOrder>");
    let unsigned = of("alice", order(fill("<o:Item>bolt M8</o:Item>")));
    [
        ("no XML", fill("<<<<>>>>")),
        ("one text", of("mallory", order(fill("junk "))).signed()),
        (
            "many elements",
            of(
                "mallory",
                order(fill("<o:Item no=\"1\">bolt M8, galvanized, with a nut</o:Item>")),
            )
            .signed(),
        ),
        ("no signature", unsigned.unsigned().replace("SIGNATURE", "")),
    ]
}
