//! Who asks for too much is told when to come back, and costs nobody else.

use sealgate::soap::Version;

use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{Answer, post, send};
use crate::gateway::{Gateway, configuration, logged_code};
use crate::message::Message;

fn throttled(backend: &Backend, top: &str, route: &str) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let text = text.replace("[[route]]\n", &format!("{top}\n\n[[route]]\n"));
    let text = text.replace("[route.backend]\n", &format!("{route}\n\n[route.backend]\n"));
    Gateway::configured(&text)
}

fn by(gateway: &Gateway, signer: &'static str) -> Answer {
    let message = Message {
        signer,
        ..Message::default()
    };
    send(
        gateway.plain(),
        &post(Version::Soap11, "urn:place", &message.signed()),
    )
}

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[test]
fn an_address_that_asks_too_often_is_refused_before_its_message_is_read() {
    let backend = orders();
    let gateway = throttled(
        &backend,
        "[throttle]\naddress = { per_minute = 2, burst = 3 }",
        "",
    );
    for _ in 0..3 {
        assert_eq!(by(&gateway, "alice").status, 200);
    }
    let refused = by(&gateway, "alice");
    assert_eq!(
        (refused.status, logged_code(refused.incident())),
        (503, "limit.address_rate".to_owned())
    );
    assert!((20..=30).contains(&retry_after(&refused)), "{refused:?}");
    let metrics = send(
        gateway.admin(),
        &crate::client::request("GET", "/metrics", &[], ""),
    )
    .body;
    assert!(
        metrics.contains("sealgate_step_seconds_count{route=\"/orders\",step=\"receive\"} 3"),
        "{metrics}"
    );
    assert!(metrics.contains("code=\"limit.address_rate\"} 1"), "{metrics}");
}

#[test]
fn an_address_whose_messages_cost_too_much_waits_until_it_has_paid() {
    let backend = orders();
    let gateway = throttled(&backend, "[throttle]\naddress_cost_milliseconds = 1", "");
    let mut answers = (0..300).map(|_| by(&gateway, "mallory"));
    let refused = answers.find(|answer| answer.status == 503).unwrap();
    assert_eq!(logged_code(refused.incident()), "limit.address_cost");
    let good = by(&gateway, "alice");
    assert_eq!((good.status, backend.bytes()), (503, 0));
}

#[test]
fn one_signer_that_sends_too_much_takes_nothing_from_another() {
    let backend = orders();
    let gateway = throttled(&backend, "", "[route.throttle]\nsigner = { per_day = 2 }");
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.plain(), &message).status, 200);
    // Copies are refused as such, and use nothing up.
    for _ in 0..3 {
        let copy = send(gateway.plain(), &message);
        assert_eq!(logged_code(copy.incident()), "replay.message");
    }
    assert_eq!(by(&gateway, "alice").status, 200);
    let refused = by(&gateway, "alice");
    assert_eq!(
        (refused.status, logged_code(refused.incident())),
        (503, "limit.signer_daily".to_owned())
    );
    assert_eq!(retry_after(&refused), 3600);
    assert_eq!(by(&gateway, "bob").status, 200);
    assert_eq!(backend.got().len(), 3);
}

#[test]
fn a_route_takes_so_many_at_the_same_time() {
    let late = Behaviour::Late(std::time::Duration::from_millis(800), placed(false));
    let backend = Backend::start(late);
    let gateway = throttled(&backend, "", "[route.throttle]\nroute = { concurrent = 2 }");
    std::thread::scope(|scope| {
        let two = [
            scope.spawn(|| by(&gateway, "alice")),
            scope.spawn(|| by(&gateway, "bob")),
        ];
        backend.wait_for(2);
        let refused = by(&gateway, "alice");
        assert_eq!(
            (refused.status, logged_code(refused.incident())),
            (503, "limit.route_concurrent".to_owned())
        );
        for answer in two {
            assert_eq!(answer.join().unwrap().status, 200);
        }
    });
    assert_eq!(by(&gateway, "alice").status, 200);
}
