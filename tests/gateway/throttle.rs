//! Who asks for too much is told when to come back, and costs nobody else.

use std::io::Write;

use chrono::Utc;
use sealgate::soap::Version;

use crate::attachments;
use crate::backend::{Backend, Behaviour, orders, placed};
use crate::client::{Answer, connect, post, read, send};
use crate::gateway::{Gateway, configuration, logged_code, prepared};
use crate::message::{Message, PLACE};
use crate::process::Process;
use crate::redis::Redis;
use crate::reload::{metric, replace};
use crate::site::wait_until;

fn throttled(backend: &Backend, top: &str, route: &str) -> Gateway {
    let text = configuration(&format!("http://{}/legacy", backend.address));
    Gateway::configured(&with_limits(text, top, route))
}

fn with_limits(text: String, top: &str, route: &str) -> String {
    let text = text.replace("[[route]]\n", &format!("{top}\n\n[[route]]\n"));
    text.replace("[route.backend]\n", &format!("{route}\n\n[route.backend]\n"))
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
    // At once: it has paid soon.
    let good = by(&gateway, "alice");
    assert_eq!((good.status, backend.bytes()), (503, 0));
    assert_eq!(logged_code(refused.incident()), "limit.address_cost");
}

#[test]
fn a_signer_pays_for_its_messages_and_for_no_copies() {
    let backend = orders();
    let gateway = throttled(&backend, "", "[route.throttle]\nsigner_cost_milliseconds = 50");
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    assert_eq!(send(gateway.plain(), &message).status, 200);
    let copy = || send(gateway.plain(), &message).status;
    wait_until("the message is paid for, however long it took", || copy() == 500);
    assert!((0..300).all(|_| copy() == 500));
    assert_eq!(by(&gateway, "alice").status, 200);
    let gateway = throttled(&backend, "", "[route.throttle]\nsigner_cost_milliseconds = 1");
    let mut answers = (0..300).map(|_| by(&gateway, "alice"));
    let refused = answers.find(|answer| answer.status == 503).unwrap();
    assert_eq!(logged_code(refused.incident()), "limit.signer_cost");
    assert!(retry_after(&refused) >= 1);
    assert_eq!(by(&gateway, "bob").status, 200);
}

/// An order of more than so many bytes.
fn long(item: &str) -> String {
    let message = Message {
        body: PLACE.replace("bolt M8", &item.repeat(15_000)),
        ..Message::default()
    };
    post(Version::Soap11, "urn:place", &message.signed())
}

#[test]
fn bytes_are_paid_for_by_whom_they_come_from() {
    let backend = orders();
    for (top, route, code) in [
        (
            "[throttle]\naddress_bytes_per_minute = 30000",
            "",
            "limit.address_bytes",
        ),
        ("", "route_bytes_per_minute = 30000", "limit.route_bytes"),
        ("", "signer_bytes_per_minute = 30000", "limit.signer_bytes"),
    ] {
        let gateway = throttled(&backend, top, &format!("[route.throttle]\n{route}"));
        let first = long("x");
        assert_eq!(send(gateway.plain(), &first).status, 200, "{code}");
        // Copies cost their signer nothing.
        if code == "limit.signer_bytes" {
            assert!((0..3).all(|_| send(gateway.plain(), &first).status == 500));
        }
        let next = by(&gateway, "alice");
        assert_eq!(next.status, 200, "{code}");
        assert_eq!(send(gateway.plain(), &long("y")).status, 200, "{code}");
        let refused = by(&gateway, "alice");
        assert_eq!(
            (refused.status, logged_code(refused.incident()).as_str()),
            (503, code)
        );
        // Some 44,000 bytes, of which those of a minute may be owed.
        assert!((10..=45).contains(&retry_after(&refused)), "{code} {refused:?}");
        let other = by(&gateway, "bob").status;
        assert_eq!(other == 200, code == "limit.signer_bytes", "{code}");
    }
}

#[test]
fn an_attachment_counts_by_what_came_of_it_and_not_by_what_was_signed() {
    let backend = orders();
    let commented = format!("<a><!--{}--></a>", "x".repeat(60_000));
    let part = (
        "Content-ID: <note@x>\r\nContent-Type: text/xml",
        commented.as_str(),
    );
    let signs = [("note@x", "Content", "<a></a>")];
    for (top, route, code) in [
        (
            "[throttle]\naddress_bytes_per_minute = 30000",
            "",
            "limit.address_bytes",
        ),
        ("", "route_bytes_per_minute = 30000", "limit.route_bytes"),
        ("", "signer_bytes_per_minute = 30000", "limit.signer_bytes"),
    ] {
        let gateway = attachments::configured(&backend, "bsp11", "", |text| {
            with_limits(text, top, &format!("[route.throttle]\n{route}"))
        });
        let post = || {
            let signed = attachments::signed(&Message::default(), &signs);
            attachments::post_soap11(&gateway, &signed, &[part])
        };
        assert_eq!(post().status, 200, "{code}");
        assert_eq!(logged_code(post().incident()), code);
    }
}

#[test]
fn an_address_pays_for_what_never_becomes_a_message() {
    let backend = orders();
    let junk = "x".repeat(300_000);
    let soap = "Content-Type: text/xml\r\nSOAPAction: \"urn:place\"";
    let related = "Content-Type: multipart/related; type=\"text/xml\"; boundary=b-1";
    let chunk = format!("{:x}\r\n{junk}\r\n", junk.len());
    for (code, head, body) in [
        (
            "limit.bytes",
            format!("{soap}\r\nTransfer-Encoding: chunked"),
            chunk.repeat(5),
        ),
        (
            "http.broken",
            format!("{soap}\r\nContent-Length: 300001"),
            junk.clone(),
        ),
        (
            "http.too_slow",
            format!("{soap}\r\nContent-Length: 300001"),
            junk.clone(),
        ),
        (
            "soap.multipart",
            format!("{related}\r\nContent-Length: 300000"),
            junk.clone(),
        ),
    ] {
        let gateway = attachments::configured(&backend, "bsp11", "", |text| {
            let text = text.replace("workers = 2", "workers = 2\nbody_seconds = 1");
            with_limits(text, "[throttle]\naddress_bytes_per_minute = 100000", "")
        });
        let mut stream = connect(gateway.plain());
        let head = format!("POST /orders HTTP/1.1\r\nHost: g\r\n{head}\r\n\r\n");
        // What is too long is not read to its end.
        let _ = stream.write_all((head + &body).as_bytes());
        if code == "http.broken" {
            drop(stream);
            let pays = |_| {
                std::thread::sleep(std::time::Duration::from_millis(100));
                by(&gateway, "alice").status == 503
            };
            // Which by themselves are within the budget.
            assert!((0..5).any(pays));
        } else {
            assert_eq!(logged_code(read(&mut stream).unwrap().incident()), code);
        }
        let refused = by(&gateway, "alice");
        assert_eq!((refused.status, code), (503, code));
        assert_eq!(logged_code(refused.incident()), "limit.address_bytes", "{code}");
    }
}

#[test]
fn what_a_route_owes_is_asked_before_a_message_is_read() {
    let backend = orders();
    let gateway = throttled(&backend, "", "[route.throttle]\nroute_cost_milliseconds = 1");
    let junk = post(Version::Soap11, "urn:place", "<junk");
    // It pays while the next one comes.
    let refused = (0..300).find_map(|_| {
        by(&gateway, "alice");
        Some(send(gateway.plain(), &junk)).filter(|answer| answer.status == 503)
    });
    assert_eq!(logged_code(refused.unwrap().incident()), "limit.route_cost");
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
    // Until the day is over, wherever in it this is.
    let left = 86_400 - Utc::now().timestamp().rem_euclid(86_400);
    let told = i64::try_from(retry_after(&refused)).unwrap();
    assert!((told - left).rem_euclid(86_400) < 60, "{told} and {left}");
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

/// Limits at a Redis, and a gateway that shares them.
fn sharing(backend: &Backend, redis: &Redis, on_loss: &str, address: &str, route: &str) -> Gateway {
    let port = redis.port;
    let store = format!("redis = {{ host = \"127.0.0.1\", port = {port}, on_store_loss = \"{on_loss}\" }}");
    throttled(backend, &format!("[throttle]\n{address}\n{store}"), route)
}

#[test]
fn gateways_that_share_their_limits_have_one_budget() {
    let (redis, backend) = (Redis::start(&[]), orders());
    let route = "[route.throttle]\nsigner = { per_day = 3 }\nroute = { per_minute = 6, burst = 5 }";
    let gateways = [(); 2].map(|()| sharing(&backend, &redis, "reject", "", route));
    let ask = |number: usize, signer| {
        let answer = by(&gateways[number], signer);
        match answer.status {
            200 => "answered".to_owned(),
            _ => logged_code(answer.incident()),
        }
    };
    let alice = [0, 1, 0, 1, 0].map(|number| ask(number, "alice"));
    assert_eq!(
        alice,
        [
            "answered",
            "answered",
            "answered",
            "limit.signer_daily",
            "limit.signer_daily"
        ]
    );
    // Who was refused counted for nothing, on the route neither.
    let bob = [1, 0, 1].map(|number| ask(number, "bob"));
    assert_eq!(bob, ["answered", "answered", "limit.route_rate"]);
    assert_eq!(backend.got().len(), 5);
    let refused = by(&gateways[0], "bob");
    assert!((1..=10).contains(&retry_after(&refused)), "{refused:?}");
}

#[test]
fn gateways_that_share_their_limits_pay_from_one_budget_and_once() {
    let (redis, backend) = (Redis::start(&[]), orders());
    for (address, route, code) in [
        ("address_bytes_per_minute = 30000", "", "limit.address_bytes"),
        ("", "route_bytes_per_minute = 30000", "limit.route_bytes"),
        ("", "signer_bytes_per_minute = 30000", "limit.signer_bytes"),
    ] {
        assert_eq!(redis.cli(&["flushall"]), "OK");
        let route = format!("[route.throttle]\n{route}");
        let [one, other] = [(); 2].map(|()| sharing(&backend, &redis, "reject", address, &route));
        let (first, second) = (long("x"), long("y"));
        assert_eq!(send(one.plain(), &first).status, 200, "{code}");
        let length = |message: &str| message.split_once("\r\n\r\n").unwrap().1.len();
        let mut length = length(&first) + length(&second);
        // Copies cost their signer nothing here either.
        if code == "limit.signer_bytes" {
            assert!((0..3).all(|_| send(one.plain(), &first).status == 500));
        }
        assert_eq!(send(other.plain(), &second).status, 200, "{code}");
        let owed = || {
            // Next to nothing is owed by nobody, who is asked about to find out whether the server answers.
            let most = "local most = 0 for _, key in ipairs(redis.call('KEYS', '*')) do \
                        most = math.max(most, tonumber(redis.call('HGET', key, 'owed'))) end return most";
            redis.cli(&["eval", most, "0"]).parse::<usize>().unwrap() / 2_000
        };
        // Of an address, nobody waits until that is known. A minute pays for 30,000 bytes.
        wait_until("both are owed", || (length - 10_000..=length).contains(&owed()));
        let refused = by(&one, "alice");
        assert_eq!(
            (refused.status, logged_code(refused.incident()).as_str()),
            (503, code)
        );
        length = (length - 30_000) / 500;
        let wait = usize::try_from(retry_after(&refused)).unwrap();
        assert!(wait <= length + 1 && wait + 20 >= length, "{code} {refused:?}");
        // By now it knows by itself, before it reads anything.
        let junk = post(Version::Soap11, "urn:place", "<junk");
        let unread = send(one.plain(), &junk);
        assert_eq!(unread.status == 503, code != "limit.signer_bytes", "{code}");
        assert_eq!(
            by(&one, "bob").status == 200,
            code == "limit.signer_bytes",
            "{code}"
        );
    }
}

#[test]
fn nobody_waits_longer_than_a_minute_for_one_message() {
    let (redis, backend) = (Redis::start(&[]), orders());
    let route = "[route.throttle]\nsigner_bytes_per_minute = 500";
    let [one, other] = [(); 2].map(|()| sharing(&backend, &redis, "reject", "", route));
    assert_eq!(by(&one, "alice").status, 200);
    for gateway in [&one, &other] {
        let refused = by(gateway, "alice");
        assert_eq!(logged_code(refused.incident()), "limit.signer_bytes");
        assert!((30..=60).contains(&retry_after(&refused)), "{refused:?}");
    }
}

#[test]
fn a_budget_that_was_changed_is_owed_nothing() {
    let (redis, backend) = (Redis::start(&[]), orders());
    let with = |bytes: u32, further: &str| {
        let text = configuration(&format!("http://{}/legacy", backend.address));
        let route = format!("[route.throttle]\nsigner_bytes_per_minute = {bytes}");
        with_limits(text, further, &route)
    };
    let store = format!(
        "[throttle]\nredis = {{ host = \"127.0.0.1\", port = {} }}",
        redis.port
    );
    for further in ["", &store] {
        let gateway = Gateway::configured(&with(500, further));
        assert_eq!(by(&gateway, "alice").status, 200);
        assert_eq!(by(&gateway, "alice").status, 503);
        assert_eq!(replace(&gateway, &with(500_000, further)).0, 200);
        assert_eq!(by(&gateway, "alice").status, 200, "{further}");
    }
}

#[test]
fn what_verification_costs_at_one_gateway_is_owed_at_the_other() {
    let (redis, backend) = (Redis::start(&[]), orders());
    let route = "[route.throttle]\nsigner_cost_milliseconds = 1";
    let [one, other] = [(); 2].map(|()| sharing(&backend, &redis, "reject", "", route));
    let answers = std::iter::repeat_with(|| by(&one, "alice"));
    assert!(answers.take(300).any(|answer| answer.status == 503));
    let refused = by(&other, "alice");
    assert_eq!(
        (refused.status, logged_code(refused.incident())),
        (503, "limit.signer_cost".to_owned())
    );
    assert_eq!(by(&other, "bob").status, 200);
}

#[test]
fn without_the_shared_store_nobody_knows_what_is_owed() {
    let (mut redis, backend) = (Redis::start(&[]), orders());
    for (address, route) in [
        ("address_bytes_per_minute = 30000", ""),
        ("", "[route.throttle]\nsigner_bytes_per_minute = 30000"),
    ] {
        let [strict, local] =
            ["reject", "local"].map(|on_loss| sharing(&backend, &redis, on_loss, address, route));
        redis.stop();
        let message = post(Version::Soap11, "urn:place", &Message::default().signed());
        let refused = send(strict.plain(), &message);
        assert_eq!(refused.status, 503);
        assert_eq!(logged_code(refused.incident()), "limit.store_unavailable");
        // By its own count.
        let statuses = ["x", "y", "z"].map(|item| send(local.plain(), &long(item)).status);
        assert_eq!(statuses, [200, 200, 503]);
        redis.restart();
        wait_until("the message was not used up", || {
            send(strict.plain(), &message).status == 200
        });
    }
}

#[test]
fn what_the_server_says_is_owed_keeps_nobody_out_for_longer_than_a_minute() {
    let (redis, backend) = (Redis::start(&[]), orders());
    let route = "[route.throttle]\nsigner_bytes_per_minute = 1000000";
    let gateway = sharing(&backend, &redis, "reject", "", route);
    assert_eq!(by(&gateway, "alice").status, 200);
    for junk in ["1e15", "nan", "inf", "-1e15", "junk"] {
        let all =
            "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('HSET', key, 'owed', ARGV[1]) end";
        redis.cli(&["eval", all, "0", junk]);
        let answer = by(&gateway, "alice");
        assert!(
            answer.status == 200 || retry_after(&answer) <= 60,
            "{junk}: {answer:?}"
        );
    }
}

#[test]
fn an_address_is_one_at_all_gateways_and_is_refused_before_its_message_is_read() {
    let (redis, backend) = (Redis::start(&[]), orders());
    let address = "address = { per_minute = 2, burst = 3 }";
    let gateways = [(); 2].map(|()| sharing(&backend, &redis, "reject", address, ""));
    for number in [0, 1, 0] {
        assert_eq!(by(&gateways[number], "alice").status, 200);
    }
    let refused = by(&gateways[1], "alice");
    assert_eq!(
        (refused.status, logged_code(refused.incident())),
        (503, "limit.address_rate".to_owned())
    );
}

#[test]
fn without_the_shared_store_nobody_is_let_in_unless_each_may_count_for_itself() {
    let (mut redis, backend) = (Redis::start(&[]), orders());
    let route = "[route.throttle]\nsigner = { per_day = 3 }";
    let strict = sharing(&backend, &redis, "reject", "", route);
    let local = sharing(&backend, &redis, "local", "", route);
    assert_eq!(
        (by(&strict, "alice").status, by(&local, "alice").status),
        (200, 200)
    );
    redis.stop();
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    let refused = send(strict.plain(), &message);
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(logged_code(refused.incident()), "limit.store_unavailable");
    // By its own count there is room for two more.
    let statuses = [(); 3].map(|()| by(&local, "alice").status);
    assert_eq!(statuses, [200, 200, 503]);
    for (gateway, not_ready) in [(&strict, 1), (&local, 0)] {
        let says = |line: &str| assert!(metric(gateway, line), "{line}");
        says("sealgate_store_available{store=\"shared_limits\"} 0");
        says("sealgate_store_available{store=\"replay_store\"} 1");
        says(&format!(
            "sealgate_not_ready{{reason=\"shared_limits\"}} {not_ready}"
        ));
    }
    redis.restart();
    std::thread::sleep(std::time::Duration::from_millis(700));
    // The message was not used up.
    assert_eq!(send(strict.plain(), &message).status, 200);
}

#[test]
fn a_gateway_does_not_start_without_the_store_of_its_limits() {
    let mut redis = Redis::start(&[]);
    redis.stop();
    let text = configuration("http://127.0.0.1:9/");
    let store = format!(
        "[throttle]\nredis = {{ host = \"127.0.0.1\", port = {} }}\n\n[[route]]\n",
        redis.port
    );
    let (_folder, file) = prepared(&text.replace("[[route]]\n", &store));
    let refused = Process::start(&file).err().unwrap();
    assert!(
        refused.contains("the shared limits, redis at 127.0.0.1"),
        "{refused}"
    );
}

#[test]
fn a_balancer_speaks_for_many_and_is_not_counted() {
    let backend = orders();
    let limits = "address = { per_minute = 2, burst = 1 }\naddress_cost_milliseconds = 1";
    for (exempt, status) in [("10.0.0.0/8", 503), ("127.0.0.0/8", 200)] {
        let top = format!("[throttle]\n{limits}\nexempt = [\"10.1.1.1\", \"{exempt}\"]");
        let gateway = throttled(&backend, &top, "");
        let answers: Vec<u16> = (0..30).map(|_| by(&gateway, "alice").status).collect();
        assert_eq!(answers.last(), Some(&status), "{exempt}");
    }
}

#[test]
fn a_balancer_is_not_shut_out_for_what_others_do() {
    let backend = orders();
    for (exempt, status) in [("10.0.0.0/8", 503), ("127.0.0.1", 200)] {
        let top = format!("[throttle]\nexempt = [\"{exempt}\"]");
        let gateway = throttled(&backend, &top, "[route.threats]\nstranger_key_burst = \"block\"");
        for _ in 0..15 {
            by(&gateway, "mallory");
        }
        assert_eq!(by(&gateway, "alice").status, status, "{exempt}");
    }
}
