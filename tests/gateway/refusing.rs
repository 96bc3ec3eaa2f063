//! Bad messages: the backend gets nothing, the peer learns nothing, the operator learns everything.

use chrono::{TimeDelta, Utc};
use sealgate::soap::Version;

use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{Answer, post, request, send, send_tls};
use crate::gateway::{Gateway, logged, logged_code};
use crate::message::{Message, PLACE, assertion};

/// A message that must be refused, and the code under which the log has it.
struct Bad {
    message: String,
    action: &'static str,
    code: &'static str,
}

fn bad(message: String, code: &'static str) -> Bad {
    Bad {
        message,
        action: "urn:place",
        code,
    }
}

/// Messages that each fail another check.
fn all(version: Version) -> Vec<Bad> {
    let good = Message {
        version,
        ..Message::default()
    };
    let signed = good.signed();
    let wrapped = signed
        .replace(
            "<s:Header>",
            "<s:Header><w:Wrapper xmlns:w=\"urn:w\"><s:Body wsu:Id=\"body\">",
        )
        .replace(
            "<wsse:Security",
            &format!("{PLACE}</s:Body></w:Wrapper><wsse:Security"),
        );
    let wrapped = wrapped.replacen(
        "<s:Body wsu:Id=\"body\"><o:PlaceOrder",
        "<s:Body wsu:Id=\"other\"><o:PlaceOrder",
        1,
    );
    let token = |from: &str, to: &str| signed.replace(from, to);
    vec![
        bad(token(">100<", ">999<"), "dsig.digest_mismatch"),
        bad(good.unsigned().replace("SIGNATURE", ""), "dsig.missing"),
        bad(wrapped, "policy.unsigned_header"),
        bad(
            Message {
                signer: "mallory",
                ..good.clone()
            }
            .signed(),
            "trust.untrusted",
        ),
        bad(
            Message {
                signer: "erin",
                ..good.clone()
            }
            .signed(),
            "trust.untrusted",
        ),
        bad(
            Message {
                signer: "carol",
                ..good.clone()
            }
            .signed(),
            "trust.constraint",
        ),
        bad(
            Message {
                created: Utc::now() - TimeDelta::minutes(10),
                ..good.clone()
            }
            .signed(),
            "wss.timestamp_expired",
        ),
        bad(
            Message {
                created: Utc::now() + TimeDelta::minutes(10),
                ..good.clone()
            }
            .signed(),
            "wss.timestamp_future",
        ),
        bad(
            Message {
                unsigned_headers: "<x:Admin xmlns:x=\"urn:x\">yes</x:Admin>".to_owned(),
                ..good.clone()
            }
            .signed(),
            "policy.unsigned_header",
        ),
        bad(
            Message {
                body: PLACE.replace("PlaceOrder", "DeleteOrders"),
                ..good.clone()
            }
            .signed(),
            "policy.operation_unknown",
        ),
        bad(
            Message {
                body: PLACE.replace("urn:example:orders", "urn:other"),
                ..good.clone()
            }
            .signed(),
            "policy.operation_unknown",
        ),
        bad(
            Message {
                body: PLACE.repeat(2),
                ..good.clone()
            }
            .signed(),
            "policy.operation_unknown",
        ),
        bad(
            Message {
                body: String::new(),
                ..good.clone()
            }
            .signed(),
            "policy.operation_unknown",
        ),
        bad(
            good.clone().with_addressing("Action", "urn:cancel").signed(),
            "policy.action_mismatch",
        ),
        Bad {
            action: "urn:cancel",
            ..bad(signed.clone(), "policy.action_mismatch")
        },
        Bad {
            action: "urn:else",
            ..bad(signed.clone(), "policy.action_mismatch")
        },
        bad(
            Message {
                assertion: Some(assertion("bob", "https://gateway.example/orders", "r")),
                ..good.clone()
            }
            .signed(),
            "dsig.key_mismatch",
        ),
        bad(
            Message {
                assertion: Some(assertion("alice", "https://other.example/", "r")),
                ..good.clone()
            }
            .signed(),
            "saml.audience",
        ),
        bad(
            good.clone()
                .with_addressing("ReplyTo", "<a:Address>http://attacker.example/</a:Address>")
                .signed(),
            "soap.reply_to",
        ),
    ]
}

/// What a peer can see of an answer, without what must differ.
fn seen(answer: &Answer) -> Answer {
    let mut seen = answer.clone();
    seen.headers.retain(|(name, _)| name != "date");
    seen.body = answer.body.replace(answer.incident(), "IIIIIIIIIIIIIIII");
    seen
}

#[test]
fn faults_are_the_same_for_every_reason_and_the_backend_gets_no_byte() {
    for (version, status) in [(Version::Soap11, 500), (Version::Soap12, 400)] {
        let backend = Backend::start(Behaviour::Bytes(placed(version == Version::Soap12)));
        let gateway = Gateway::before(backend.address);
        let mut before: Option<Answer> = None;
        for (number, bad) in all(version).into_iter().enumerate() {
            let request = post(version, bad.action, &bad.message);
            let answer = match number % 2 {
                0 => send(gateway.plain(), &request),
                _ => send_tls(gateway.tls(), None, &request).unwrap(),
            };
            assert_eq!(answer.status, status, "{}: {answer:?}", bad.code);
            let codes: Vec<_> = logged(answer.incident())
                .iter()
                .filter_map(|entry| entry["code"].as_str().map(str::to_owned))
                .collect();
            assert_eq!(codes, [bad.code], "{number}: {:?}", logged(answer.incident()));
            let now = seen(&answer);
            assert_eq!(before.get_or_insert_with(|| now.clone()), &now, "{}", bad.code);
        }
        assert_eq!(backend.bytes(), 0);
    }
}

#[test]
fn a_fault_holds_a_code_and_an_incident_and_nothing_of_the_message() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().signed().replace(">100<", ">999<");
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    let incident = answer.incident();
    assert_eq!(
        answer.body,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>\
             <soap:Fault><faultcode xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">wsse:FailedCheck</faultcode>\
             <faultstring>The message was refused. Incident {incident}.</faultstring></soap:Fault></soap:Body></soap:Envelope>"
        )
    );
    let other = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_ne!(other.incident(), incident);
}

#[test]
fn the_log_has_the_whole_reason_under_the_incident() {
    let gateway = Gateway::before(orders().address);
    let message = Message::default().signed().replace(">100<", ">999<");
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    let entries = logged(answer.incident());
    let [entry] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert_eq!(entry["message"], "message refused");
    assert_eq!(entry["route"], "/orders");
    assert_eq!(entry["stage"], "dsig");
    assert_eq!(entry["clause"], "XML Signature §3.2.1");
    assert_eq!(entry["bytes"], message.len());
    assert_eq!(entry["sha256"].as_str().unwrap().len(), 64);
    assert!(entry["position"].as_str().unwrap().starts_with("1:"), "{entry}");
    assert!(
        entry["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{entry}"
    );
    assert!(entry["reason"].as_str().unwrap().contains("body"), "{entry}");
}

#[test]
fn a_message_is_relayed_once_however_often_and_fast_it_comes() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let request = post(Version::Soap11, "urn:place", &Message::default().signed());
    let address = gateway.plain();
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| send(address, &request)))
            .collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    let (passed, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((passed.len(), refused.len()), (1, 99));
    assert!(
        refused
            .iter()
            .all(|answer| logged_code(answer.incident()) == "replay.message")
    );
    assert_eq!(backend.got().len(), 1);
}

#[test]
fn a_refused_copy_does_not_use_up_the_message() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().signed();
    for (version, action, code) in [
        (Version::Soap11, "urn:cancel", "policy.action_mismatch"),
        (Version::Soap12, "urn:place", "soap.content_type"),
    ] {
        let answer = send(gateway.plain(), &post(version, action, &message));
        assert_eq!(logged_code(answer.incident()), code);
    }
    let answer = send(gateway.plain(), &post(Version::Soap11, "urn:place", &message));
    assert_eq!(answer.status, 200);
    assert_eq!(backend.got().len(), 1);
}

#[test]
fn a_message_from_before_the_gateway_started_may_have_been_used_and_is_refused() {
    let early = post(
        Version::Soap11,
        "urn:place",
        &Message {
            created: Utc::now() - TimeDelta::seconds(2),
            ..Message::default()
        }
        .signed(),
    );
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let answer = send(gateway.plain(), &early);
    assert_eq!(logged_code(answer.incident()), "replay.before_store");
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn only_post_with_a_media_type_of_soap_carries_a_message() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let message = Message::default().signed();
    let xml = [("Content-Type", "text/xml"), ("SOAPAction", "\"urn:place\"")];
    for method in [
        "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND",
    ] {
        let answer = send(gateway.plain(), &request(method, "/orders", &xml, &message));
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("POST")),
            "{method}"
        );
        assert!(answer.body.is_empty(), "{method}: {answer:?}");
    }
    for kind in [
        "application/xml",
        "text/plain",
        "application/json",
        "multipart/related; type=\"text/xml\"",
        "text/xml; charset=utf-16",
        "text/xml; charset=us-ascii",
        "text/xml, text/xml",
        "",
    ] {
        let answer = send(
            gateway.plain(),
            &request(
                "POST",
                "/orders",
                &[("Content-Type", kind), ("SOAPAction", "\"urn:place\"")],
                &message,
            ),
        );
        assert_eq!((answer.status, answer.body.as_str()), (415, ""), "{kind}");
    }
    assert_eq!(
        send(gateway.plain(), &request("POST", "/orders", &[], &message)).status,
        415
    );
    for coding in ["gzip", "deflate", "br", "gzip, identity"] {
        let coded = [xml[0], xml[1], ("Content-Encoding", coding)];
        let answer = send(gateway.plain(), &request("POST", "/orders", &coded, &message));
        assert_eq!((answer.status, answer.body.as_str()), (415, ""), "{coding}");
    }
    for path in [
        "/",
        "/orders/",
        "/Orders",
        "/orders/../orders",
        "/%6frders",
        "//orders",
    ] {
        let answer = send(gateway.plain(), &request("POST", path, &xml, &message));
        assert_eq!((answer.status, answer.body.as_str()), (404, ""), "{path}");
    }
    for twice in ["Content-Type: text/xml", "SOAPAction: \"urn:place\""] {
        let (name, value) = twice.split_once(": ").unwrap();
        let answer = send(
            gateway.plain(),
            &request("POST", "/orders", &[xml[0], xml[1], (name, value)], &message),
        );
        assert_eq!(answer.status, 400, "{twice}");
    }
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn the_media_type_and_the_envelope_are_of_one_version() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    for (header, envelope) in [
        (Version::Soap11, Version::Soap12),
        (Version::Soap12, Version::Soap11),
    ] {
        let message = Message {
            version: envelope,
            ..Message::default()
        }
        .signed();
        let answer = send(gateway.plain(), &post(header, "urn:place", &message));
        assert_eq!(answer.header("content-type"), Some(header.content_type()));
        let codes: Vec<_> = logged(answer.incident())
            .iter()
            .filter_map(|entry| entry["code"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(codes, ["soap.content_type"]);
    }
    assert_eq!(backend.bytes(), 0);
}

#[test]
fn what_is_no_envelope_is_told_in_the_words_of_soap() {
    let backend = orders();
    let gateway = Gateway::before(backend.address);
    let doctype = format!(
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>{}",
        Message::default().signed()
    );
    let unknown = Message::default()
        .signed()
        .replace("http://schemas.xmlsoap.org/soap/envelope/", "urn:soap:2");
    let understand = Message {
        unsigned_headers: "<x:Tx xmlns:x=\"urn:x\" s:mustUnderstand=\"1\"/>".to_owned(),
        ..Message::soap12()
    }
    .signed();
    for (version, message, status, fault, code) in [
        (Version::Soap11, "", 500, "soap:Client", "xml.empty"),
        (Version::Soap11, "<a", 500, "soap:Client", "xml.malformed"),
        (
            Version::Soap12,
            "<a/>",
            400,
            "soap:Sender",
            "soap.not_an_envelope",
        ),
        (Version::Soap11, doctype.as_str(), 500, "soap:Client", "xml.dtd"),
        (
            Version::Soap11,
            unknown.as_str(),
            500,
            "soap:VersionMismatch",
            "soap.version",
        ),
        (
            Version::Soap12,
            understand.as_str(),
            500,
            "soap:MustUnderstand",
            "soap.must_understand",
        ),
    ] {
        let answer = send(gateway.plain(), &post(version, "urn:place", message));
        assert_eq!(answer.status, status, "{code}: {answer:?}");
        assert!(answer.body.contains(&format!(">{fault}<")), "{code}: {answer:?}");
        assert_eq!(logged_code(answer.incident()), code);
    }
    assert_eq!(backend.bytes(), 0);
}
