//! Threats are named, and what a route blocks is refused.

use sealgate::soap::Version;
use serde_json::Value;

use crate::backend::{Backend, orders};
use crate::client::{Answer, post, request, send};
use crate::gateway::{Gateway, configuration, logged, logged_code};
use crate::message::Message;

fn gateway(backend: &Backend, threats: &str) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let threats = format!("[route.threats]\n{threats}\n\n[route.backend]\n");
    Gateway::configured(&text.replace("[route.backend]\n", &threats))
}

fn order(item: &str) -> String {
    let body = format!("<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Item>{item}</o:Item></o:PlaceOrder>");
    let message = Message {
        body,
        ..Message::default()
    };
    message.signed()
}

fn place(gateway: &Gateway, message: &str) -> Answer {
    send(gateway.plain(), &post(Version::Soap11, "urn:place", message))
}

fn metrics(gateway: &Gateway) -> String {
    send(gateway.admin(), &request("GET", "/metrics", &[], "")).body
}

/// What the log says of the threats in a request.
fn told(incident: &str) -> Vec<(String, String)> {
    let lines = logged(incident);
    let threats = lines.iter().filter(|line| line["message"] == "threat");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    threats
        .map(|line| (text(&line["threat"]), text(&line["mode"])))
        .collect()
}

#[test]
fn content_is_refused_where_the_route_blocks_it_and_relayed_and_counted_where_it_observes() {
    let backend = orders();
    let blocking = gateway(&backend, "sql_pattern = \"block\"");
    let refused = place(&blocking, &order("bolt' or '1'='1"));
    assert_eq!(
        (refused.status, logged_code(refused.incident()).as_str()),
        (500, "threat.sql_pattern")
    );
    assert!(refused.body.contains("FailedCheck"), "{}", refused.body);
    assert!(!refused.body.contains("sql"), "{}", refused.body);
    let expected = ("threat.sql_pattern".to_owned(), "block".to_owned());
    assert_eq!(told(refused.incident()), [expected]);
    assert!(backend.got().is_empty());
    let line = "sealgate_threats_total{route=\"/orders\",rule=\"sql_pattern\",mode=\"block\"} 1";
    assert!(metrics(&blocking).contains(line));
    assert_eq!(place(&blocking, &order("O'Brien's bolts")).status, 200);

    let observing = gateway(&backend, "external_inclusion = \"observe\"");
    let include = "<i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"x\"/>";
    assert_eq!(place(&observing, &order("bolt' or '1'='1")).status, 200);
    assert_eq!(place(&observing, &order(include)).status, 200);
    assert_eq!(backend.got().len(), 3);
    for rule in ["sql_pattern", "external_inclusion"] {
        let line = format!("sealgate_threats_total{{route=\"/orders\",rule=\"{rule}\",mode=\"observe\"}} 1");
        assert!(metrics(&observing).contains(&line), "{rule}");
    }
    let by_itself = gateway(&backend, "");
    let refused = place(&by_itself, &order(include));
    assert_eq!(logged_code(refused.incident()), "threat.external_inclusion");
}

#[test]
fn a_refusal_has_the_name_of_its_threat_and_who_goes_on_is_shut_out() {
    let backend = orders();
    let gateway = gateway(&backend, "doubled_envelope = \"block\"");
    let good = Message::default().signed();
    let doubled = good.replace("</s:Envelope>", "<s:Body/></s:Envelope>");
    for _ in 0..11 {
        let refused = place(&gateway, &doubled);
        assert_eq!(logged_code(refused.incident()), "soap.multiple_bodies");
        let expected = ("threat.doubled_envelope".to_owned(), "block".to_owned());
        assert_eq!(told(refused.incident()), [expected]);
    }
    let shut_out = place(&gateway, &good);
    assert_eq!(
        (shut_out.status, logged_code(shut_out.incident()).as_str()),
        (503, "limit.address_threats")
    );
    let wait: u64 = shut_out.header("retry-after").unwrap().parse().unwrap();
    assert!((50..=60).contains(&wait), "{wait}");
    assert!(backend.got().is_empty());
}

#[test]
fn a_message_that_comes_again_and_again_is_a_burst_and_stays_refused() {
    let backend = orders();
    let gateway = gateway(&backend, "");
    let message = Message::default().signed();
    assert_eq!(place(&gateway, &message).status, 200);
    for time in 1..=12 {
        let refused = place(&gateway, &message);
        assert_eq!(logged_code(refused.incident()), "replay.message");
        assert_eq!(told(refused.incident()).len(), usize::from(time > 10), "{time}");
    }
    let line = "sealgate_threats_total{route=\"/orders\",rule=\"replay_burst\",mode=\"observe\"} 2";
    assert!(metrics(&gateway).contains(line));
}
