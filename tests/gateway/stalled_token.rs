//! A token whose module does not return, or not for long.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{Answer, post, request, send, send_tls};
use crate::encrypted::sealed;
use crate::exchange;
use crate::hsm::{Token, configured};
use crate::message::Message;
use crate::replay::order;
use crate::site::wait_until;
use crate::wrapped_module::wrapped_uri;

#[test]
fn nobody_waits_for_a_module_that_does_not_return() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (key, stalled) = (wrapped_uri(&token, "gateway"), token.path("stalled"));
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    let ask = || {
        let message = post(Version::Soap11, "urn:place", &Message::default().signed());
        let begun = Instant::now();
        (send(gateway.plain, &message), begun.elapsed())
    };
    let ready = || send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 200;
    assert_eq!(ask().0.status, 200);

    std::fs::write(&stalled, "").unwrap();
    let (answer, waited) = ask();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        waited < sealgate::hsm::PATIENCE + Duration::from_secs(3),
        "{waited:?}"
    );
    assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
    assert!(!ready());
    // From now on nobody waits at all, however many there are.
    for _ in 0..10 {
        let (answer, waited) = ask();
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(waited < Duration::from_secs(2), "{waited:?}");
    }

    std::fs::remove_file(&stalled).unwrap();
    wait_until("the token answers again", ready);
    assert_eq!(ask().0.status, 200);
}

#[test]
fn calls_that_never_return_keep_no_later_ones_waiting() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (key, hung) = (wrapped_uri(&token, "gateway"), token.path("hung"));
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    let ready = || send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 200;
    let ask = || send(gateway.plain, &order()).status;
    std::fs::write(&hung, "").unwrap();
    std::thread::scope(|scope| {
        // As many as are made at once.
        let asked = [(); 4].map(|()| scope.spawn(ask));
        // And one to find the token again.
        let all_hang = || std::fs::metadata(&hung).unwrap().len() > 4;
        wait_until("they hang", all_hang);
        std::fs::remove_file(&hung).unwrap();
        for asked in asked {
            assert_eq!(asked.join().unwrap(), 503);
        }
    });
    wait_until("the token answers again", ready);
    for _ in 0..4 {
        assert_eq!(ask(), 200);
    }
}

#[test]
fn answers_are_signed_before_anything_is_decrypted_and_whatever_waits_for_that() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (key, stalled) = (wrapped_uri(&token, "gateway"), token.path("stalled"));
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    std::fs::write(&stalled, "").unwrap();
    let nobodys = post(
        Version::Soap11,
        "urn:place",
        &sealed(&Message::default().signed()),
    );
    std::thread::scope(|scope| {
        // More than are made at once and wait.
        let decrypted: Vec<_> = (0..72)
            .map(|_| scope.spawn(|| send(gateway.plain, &nobodys).status))
            .collect();
        wait_until("no more may wait", || {
            decrypted.iter().any(|asked| asked.is_finished())
        });
        let honest = scope.spawn(|| send(gateway.plain, &order()));
        backend.wait_for(1);
        std::thread::sleep(Duration::from_millis(200));
        assert!(!honest.is_finished());
        std::fs::remove_file(&stalled).unwrap();
        let answer = honest.join().unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    });
}

#[test]
fn nothing_of_a_message_is_used_up_whose_answer_could_not_be_signed_in_time() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (key, stalled) = (wrapped_uri(&token, "gateway"), token.path("stalled"));
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    // A slow token.
    for _ in 0..3 {
        std::fs::write(&stalled, "").unwrap();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| send(gateway.plain, &order()).status);
            std::thread::sleep(Duration::from_millis(2500));
            std::fs::remove_file(&stalled).unwrap();
            assert_eq!(asked.join().unwrap(), 200);
        });
    }
    std::fs::write(&stalled, "").unwrap();
    let messages: Vec<String> = (0..20).map(|_| order()).collect();
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asked: Vec<_> = messages
            .iter()
            .map(|message| scope.spawn(|| send(gateway.plain, message)))
            .collect();
        wait_until("there is no place", || {
            asked.iter().any(|asked| asked.is_finished())
        });
        std::thread::sleep(Duration::from_millis(500));
        std::fs::remove_file(&stalled).unwrap();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let refused = messages
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.status != 200);
    let refused: Vec<_> = refused.collect();
    assert!(!refused.is_empty());
    assert_eq!(backend.got().len(), 3 + 20 - refused.len());
    for (message, answer) in refused {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
        assert_eq!(send(gateway.plain, message).status, 200);
    }
}

#[test]
fn a_gateway_that_ends_during_a_call_takes_nothing_away_under_it() {
    for (calls, cleans_up) in [("hung", false), ("none", true)] {
        let (token, backend) = (Token::new(&["gateway"]), orders());
        let key = wrapped_uri(&token, "gateway");
        let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
        let mut gateway = gateway.unwrap();
        std::fs::write(token.path(calls), "").unwrap();
        let expected = if cleans_up { 200 } else { 503 };
        assert_eq!(send(gateway.plain, &order()).status, expected);
        gateway.signal(Signal::TERM);
        assert!(gateway.ended());
        assert_eq!(token.path("unloaded").exists(), cleans_up);
    }
}

/// Routes whose messages need the token, each for something else, a token endpoint that does, and `/bills`, which has a key in a file; all
/// on one thread.
pub(crate) fn one_thread(backend: SocketAddr, key: &str) -> String {
    let text = configured(backend, key).replace("workers = 2", "workers = 1");
    let (head, route) = text.split_once("[[route]]").unwrap();
    let (before, decryption) = route.split_once("[[route.decryption]]").unwrap();
    let (_, after) = decryption.split_once("\n\n").unwrap();
    let own = "[route.answer]\ncertificate = \"alice.pem\"\nkey = \"alice.key.pem\"\n\n";
    let jwt =
        "[route.jwt]\nissuer = \"urn:us\"\naudience = \"urn:backend\"\nsubject = \"signer-subject\"\n\n";
    let vouched = "[route.security_header.replace.assertion]\nissuer = \"urn:us\"\naudience = \"urn:backend\"\n\
                   subject = \"signer-subject\"\n\n";
    let decryption = format!("[[route.decryption]]{decryption}").replace(after, "");
    let routes = [
        ("/answered", String::new()),
        ("/decrypted", format!("{own}{decryption}")),
        ("/jwt", format!("{own}{jwt}")),
        ("/vouched", format!("{own}{vouched}")),
        ("/bills", own.to_owned()),
    ];
    let routes = routes.map(|(path, more)| {
        let before = before.replace("\"/orders\"", &format!("{path:?}"));
        format!("[[route]]{before}{more}{after}\n")
    });
    format!("{head}{}{}", exchange::ENDPOINT, routes.concat())
}

#[test]
fn who_waits_for_a_token_keeps_nobody_else_of_the_same_thread_waiting() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let (key, stalled) = (wrapped_uri(&token, "gateway"), token.path("stalled"));
    let (_folder, gateway) = token.gateway(&one_thread(backend.address, &key));
    let gateway = gateway.unwrap();
    let order = |path: &str, message: &str| {
        let message = post(Version::Soap11, "urn:place", message).replacen("/orders", path, 1);
        send(gateway.plain, &message)
    };
    let signed = || Message::default().signed();
    let form = exchange::bearer_form();
    let grant = || {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        send_tls(gateway.tls(), None, &request("POST", "/token", &headers, &form)).unwrap()
    };
    let waiting: [(&str, &(dyn Fn() -> Answer + Sync)); 5] = [
        ("an answer is sealed", &|| order("/answered", &signed())),
        ("a message is decrypted", &|| {
            order("/decrypted", &sealed(&signed()))
        }),
        ("a JWT is signed", &|| order("/jwt", &signed())),
        ("an assertion is signed", &|| order("/vouched", &signed())),
        ("a token is given", &grant),
    ];
    for (what, ask) in waiting {
        std::fs::write(&stalled, "").unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(ask);
            let calls = || std::fs::metadata(&stalled).unwrap().len();
            wait_until(what, || calls() > 0);
            // Should that have been the look whether the token is still there.
            std::thread::sleep(Duration::from_millis(200));
            let begun = Instant::now();
            let other = order("/bills", &signed());
            let (waited, still) = (begun.elapsed(), !waits.is_finished());
            std::fs::remove_file(&stalled).unwrap();
            assert_eq!(other.status, 200, "while {what}: {other:?}");
            assert!(
                still && waited < Duration::from_secs(2),
                "while {what}: {waited:?}"
            );
            let answer = waits.join().unwrap();
            assert_eq!(answer.status, 200, "{what}: {answer:?}");
        });
    }
}
