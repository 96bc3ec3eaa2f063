//! What operators see of a partner with an exception.

use std::fs;

use sealgate::algorithm::DigestAlgorithm;
use sealgate::soap::Version;

use crate::audit::{audited, recorded};
use crate::backend::orders;
use crate::client::{post, request, send, try_send_octets};
use crate::message::Message;
use crate::process::Process;
use crate::replay::SETTLED;

const EXCEPTION: &str = "[[route.exception]]\nsubject = [\"O=Example,CN=alice\"]\nallow = [\"sha1\"]\n\
                         reason = \"until their new system is there\"\nuntil = 2045-01-31\n\n";

#[test]
fn a_partner_with_an_exception_is_served_counted_and_recorded_and_nobody_else_is() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 1 << 20);
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("[route.backend]", &format!("{EXCEPTION}[route.backend]"));
    fs::write(&file, text).unwrap();
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    let ask = |signer, digest| {
        let message = Message {
            signer,
            digest,
            ..Message::default()
        };
        let answer = send(
            gateway.plain,
            &post(Version::Soap11, "urn:place", &message.signed()),
        );
        answer.status
    };
    assert_eq!(ask("alice", DigestAlgorithm::Sha1), 200);
    assert_eq!(ask("alice", DigestAlgorithm::Sha256), 200);
    assert_eq!(ask("bob", DigestAlgorithm::Sha1), 500);
    assert_eq!(backend.got().len(), 2);
    let records = recorded(folder.path());
    let legacy: Vec<String> = records
        .iter()
        .filter(|record| record["kind"] == "accepted")
        .map(|record| record["legacy"].to_string())
        .collect();
    assert_eq!(legacy, ["[\"sha1\"]", "null"]);
    let refused = records.iter().find(|record| record["kind"] == "refused").unwrap();
    assert_eq!(refused["code"], "dsig.algorithm_not_permitted");
    let metrics = send(gateway.admin, &request("GET", "/metrics", &[], "")).body;
    for line in [
        "sealgate_legacy_total{route=\"/orders\",name=\"sha1\"} 1\n",
        // 2045-02-01T00:00:00Z
        "sealgate_exception_ends_timestamp_seconds{route=\"/orders\"} 2369520000\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let verified = gateway.lines_of(2, |line| line["fields"]["message"] == "message verified");
    assert_eq!(verified.len(), 2, "{verified:?}");
    assert_eq!(verified[0]["fields"]["legacy"], "sha1");
    assert!(verified[1]["fields"]["legacy"].is_null());
}

#[test]
fn a_partner_may_send_utf16_where_an_exception_says_so_and_the_head_agrees() {
    let backend = orders();
    let (folder, file) = audited(backend.address, 1 << 20);
    let plain = fs::read_to_string(&file).unwrap();
    let granting = EXCEPTION.replace("sha1", "utf-16");
    let text = plain.replace("[route.backend]", &format!("{granting}[route.backend]"));
    let ask = |gateway: &Process, signer, charset: &str, mark: &str| {
        let message = Message {
            signer,
            ..Message::default()
        };
        let body: Vec<u8> = format!("{mark}{}", message.signed())
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        let head = format!(
            "POST /orders HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\nContent-Type: text/xml{charset}\r\n\
             SOAPAction: \"urn:place\"\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        try_send_octets(gateway.plain, &[head.as_bytes(), &body].concat())
            .unwrap()
            .status
    };
    let (said, mark) = ("; charset=utf-16", "\u{feff}");
    let before = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    assert_eq!(ask(&before, "alice", said, mark), 415);
    assert_eq!(ask(&before, "alice", "", mark), 500);
    drop(before);
    fs::write(&file, text).unwrap();
    let gateway = Process::start(&file).unwrap();
    std::thread::sleep(SETTLED);
    assert_eq!(ask(&gateway, "alice", said, mark), 200);
    assert_eq!(ask(&gateway, "alice", "", mark), 200);
    assert_eq!(ask(&gateway, "bob", said, mark), 500);
    assert_eq!(ask(&gateway, "alice", "; charset=utf-8", mark), 500);
    assert_eq!(ask(&gateway, "alice", said, ""), 500);
    assert_eq!(ask(&gateway, "alice", "; charset=utf-16le", mark), 415);
    let got = backend.got();
    assert_eq!(got.len(), 2);
    assert!(got.iter().all(|request| request.body.contains("bolt")));
    let records = recorded(folder.path());
    let legacy = |kind: &str| -> Vec<String> {
        let of_kind = records.iter().filter(|record| record["kind"] == kind);
        of_kind
            .map(|record| format!("{}{}", record["legacy"], record["code"]))
            .collect()
    };
    assert_eq!(legacy("accepted"), ["[\"utf-16\"]null"; 2]);
    assert!(legacy("refused").contains(&"null\"xml.encoding\"".to_owned()));
}
