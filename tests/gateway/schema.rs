//! Bodies before the schemas of their route.

use std::net::SocketAddr;

use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{Answer, post, request, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::Message;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/xsd");

fn gateway(backend: SocketAddr, mode: &str) -> Gateway {
    let files = ["orders.xsd", "types/cancel.xsd", "types/types.xsd"];
    let files = files.map(|file| format!("\"{FOLDER}/{file}\"")).join(", ");
    let schema = format!("[route.schema]\nfiles = [{files}]\nmode = \"{mode}\"\n\n[route.backend]");
    let text = configuration(&format!("http://{backend}/legacy"));
    Gateway::configured(&text.replace("[route.backend]", &schema))
}

#[test]
fn a_body_that_is_not_valid_is_refused_or_counted() {
    let backend = orders();
    let none = "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Item>bolt</o:Item></o:PlaceOrder>";
    let invalid = || Message {
        body: none.to_owned(),
        ..Message::default()
    };
    let enforcing = gateway(backend.address, "enforce");
    let refused = place(&enforcing, &invalid().signed());
    assert_eq!(
        (refused.status, logged_code(refused.incident()).as_str()),
        (500, "policy.schema")
    );
    assert!(backend.got().is_empty());
    assert_eq!(place(&enforcing, &Message::default().signed()).status, 200);
    let observing = gateway(backend.address, "observe");
    assert_eq!(place(&observing, &invalid().signed()).status, 200);
    assert_eq!(backend.got().len(), 2);
    let metrics = send(observing.admin(), &request("GET", "/metrics", &[], "")).body;
    let line = "sealgate_invalid_bodies_total{route=\"/orders\"} 1";
    assert!(metrics.contains(line), "{metrics}");
}

fn place(gateway: &Gateway, message: &str) -> Answer {
    send(gateway.plain(), &post(Version::Soap11, "urn:place", message))
}
