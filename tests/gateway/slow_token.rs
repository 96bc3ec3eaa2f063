//! A token that works the whole time, and takes its time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::backend::{Backend, orders};
use crate::client::{Answer, request, send};
use crate::hsm::{Token, configured};
use crate::process::Process;
use crate::replay::order;
use crate::token_turns::{encrypted, send_from};
use crate::wrapped_module::wrapped_uri;

/// Has each signature take that many milliseconds from now on.
fn signs_in(token: &Token, milliseconds: u32) {
    std::fs::write(token.path("signing"), (milliseconds / 2).to_string()).unwrap();
}

fn is_ready(gateway: &Process) -> bool {
    send(gateway.admin, &request("GET", "/readyz", &[], "")).status == 200
}

fn was_never_lost(gateway: &Process) -> bool {
    let lost = "a token with keys of ours is lost";
    gateway
        .lines()
        .iter()
        .all(|line| line["fields"]["message"] != lost)
}

/// Sends `count` orders at once: how many got an answer. All others have not been used up, and no backend has acted on them.
fn answered(gateway: &Process, backend: &Backend, count: usize) -> usize {
    let before = backend.got().len();
    let messages: Vec<String> = (0..count).map(|_| order()).collect();
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asked: Vec<_> = messages
            .iter()
            .map(|message| scope.spawn(|| send(gateway.plain, message)))
            .collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let (done, refused): (Vec<_>, Vec<_>) = messages
        .iter()
        .zip(&answers)
        .partition(|(_, answer)| answer.status == 200);
    assert_eq!(backend.got().len() - before, done.len());
    for (_, answer) in &refused {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
    }
    assert!(is_ready(gateway) && was_never_lost(gateway));
    if let Some((message, _)) = refused.first() {
        assert_eq!(send(gateway.plain, message).status, 200);
    }
    done.len()
}

#[test]
fn ciphertexts_of_nobody_have_no_token_declared_lost_that_works() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let key = wrapped_uri(&token, "gateway");
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    // The last of as many as wait begin shortly before five seconds are over, and end after.
    std::fs::write(token.path("decrypting"), "300").unwrap();
    let message = encrypted("pinned");
    let ended = AtomicBool::new(false);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let flood: Vec<_> = (0..60)
            .map(|number| {
                let (gateway, message) = (gateway.plain, &message);
                scope.spawn(move || send_from([1, number], gateway, message).status)
            })
            .collect();
        let ready = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                assert!(is_ready(&gateway));
                assert_eq!(send(gateway.plain, &order()).status, 200);
                std::thread::sleep(Duration::from_millis(500));
            }
        });
        let statuses = flood.into_iter().map(|asked| asked.join().unwrap()).collect();
        ended.store(true, Ordering::Relaxed);
        ready.join().unwrap();
        statuses
    });
    assert!(was_never_lost(&gateway));
    // Some were begun, and nobody trusts who has signed them; for others it was too late.
    assert!(statuses.contains(&500) && statuses.contains(&503), "{statuses:?}");
}

#[test]
fn no_more_is_promised_because_what_nobody_was_promised_is_quick() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let key = wrapped_uri(&token, "gateway");
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    signs_in(&token, 600);
    for _ in 0..2 {
        assert_eq!(answered(&gateway, &backend, 1), 1);
    }
    let message = encrypted("pinned");
    for number in 0..20 {
        assert_eq!(send_from([1, number], gateway.plain, &message).status, 500);
    }
    let answered = answered(&gateway, &backend, 40);
    // 2.5 s at 0.6 s each, four at once; the first are done before the last come.
    assert!((4..40).contains(&answered), "{answered}");
}

#[test]
fn the_first_burst_after_the_start_is_promised_no_more_than_the_proof_has_shown() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let key = wrapped_uri(&token, "gateway");
    // All have come before the first is done.
    signs_in(&token, 2000);
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let answered = answered(&gateway.unwrap(), &backend, 40);
    assert!((4..40).contains(&answered), "{answered}");
}

#[test]
fn what_was_promised_is_kept_by_a_token_that_turns_slow() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let key = wrapped_uri(&token, "gateway");
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    for _ in 0..2 {
        assert_eq!(answered(&gateway, &backend, 1), 1);
    }
    signs_in(&token, 1600);
    // More than are made in five seconds.
    let answered = answered(&gateway, &backend, 24);
    assert!(answered > 12, "{answered}");
}
