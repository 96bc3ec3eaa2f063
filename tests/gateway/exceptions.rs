//! What operators see of a partner with an exception.

use std::fs;

use sealgate::algorithm::DigestAlgorithm;
use sealgate::soap::Version;

use crate::audit::{audited, recorded};
use crate::backend::orders;
use crate::client::{post, request, send};
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
