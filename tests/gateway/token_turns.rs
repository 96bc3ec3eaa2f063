//! Who waits for a token when many do.

use std::cell::Cell;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use sealgate::soap::Version;
use socket2::{Domain, Socket, Type};

use crate::backend::{Backend, Behaviour, PLACED, http, orders};
use crate::client::{Answer, post, read, request, send, send_tls};
use crate::encrypted::sealed;
use crate::exchange::bearer_form_of;
use crate::gateway::configuration;
use crate::hsm::{Token, configured};
use crate::message::Message;
use crate::process::Process;
use crate::replay::order;
use crate::site::wait_until;
use crate::stalled_token::one_thread;
use crate::wrapped_module::wrapped_uri;

/// As many as a token has room for, in calls and waiting.
const ROOM: u8 = 4 + 64;

/// What `request` gets that comes from 127.0.`from`.
pub(crate) fn send_from(from: [u8; 2], gateway: SocketAddr, request: &str) -> Answer {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let own = Ipv4Addr::new(127, 0, from[0], from[1]);
    socket.bind(&SocketAddr::from((own, 0)).into()).unwrap();
    socket.connect(&gateway.into()).unwrap();
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    read(&mut stream).unwrap()
}

pub(crate) fn encrypted(signer: &'static str) -> String {
    let message = Message {
        signer,
        ..Message::default()
    };
    post(Version::Soap11, "urn:place", &sealed(&message.signed()))
}

/// Sends more that nobody trusted has signed than a stalled token has room for, from 127.0.1.`by(n)`, and what `honest` says when it is full; then the token goes on.
fn during_a_flood(
    token: &Token,
    gateway: &Process,
    by: impl Fn(u8) -> u8,
    honest: impl FnOnce() -> Answer + Send,
) -> Answer {
    let (stalled, message) = (token.path("stalled"), encrypted("pinned"));
    std::fs::write(&stalled, "").unwrap();
    std::thread::scope(|scope| {
        let flood: Vec<_> = (0..ROOM + 4)
            .map(|number| {
                let (from, message) = ([1, by(number)], &message);
                scope.spawn(move || send_from(from, gateway.plain, message).status)
            })
            .collect();
        wait_until("no more may wait", || {
            flood.iter().any(|asked| asked.is_finished())
        });
        let honest = scope.spawn(honest);
        std::thread::sleep(Duration::from_millis(500));
        let waits = !honest.is_finished();
        std::fs::remove_file(&stalled).unwrap();
        let answer = honest.join().unwrap();
        assert!(waits, "{answer:?}");
        answer
    })
}

#[test]
fn a_flood_from_one_address_leaves_others_their_share_of_a_token() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let key = wrapped_uri(&token, "gateway");
    let (_folder, gateway) = token.gateway(&configured(backend.address, &key));
    let gateway = gateway.unwrap();
    let message = encrypted("alice");
    let answer = during_a_flood(
        &token,
        &gateway,
        |_| 1,
        || send_from([0, 2], gateway.plain, &message),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[test]
fn where_an_address_speaks_for_many_a_flood_of_one_route_leaves_others_their_share() {
    let (token, backend) = (Token::new(&["gateway"]), orders());
    let key = wrapped_uri(&token, "gateway");
    let text = configured(backend.address, &key);
    let (head, route) = text.split_once("[[route]]").unwrap();
    let other = route.replacen("\"/orders\"", "\"/bills\"", 1);
    let throttle = "[throttle]\nexempt = [\"127.0.0.0/8\"]\n\n";
    let text = format!("{head}{throttle}[[route]]{route}\n[[route]]{other}");
    let (_folder, gateway) = token.gateway(&text);
    let gateway = gateway.unwrap();
    let message = encrypted("alice").replacen("/orders", "/bills", 1);
    let answer = during_a_flood(
        &token,
        &gateway,
        |number| number,
        || send(gateway.plain, &message),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// `text`, where the backend signs as `pinned` and encrypts to `key`.
fn decrypting_answers(key: &str, text: &str) -> String {
    let answer = format!(
        "[route.backend.answer.trust]\npins = [\"pinned.pem\"]\n\n\
         [[route.backend.answer.decryption]]\ncertificate = \"gateway.pem\"\nkey = {key:?}\n\n[route.identity]"
    );
    text.replace("[route.identity]", &answer)
}

/// What a backend answers that signs and encrypts: made after the gateway will have started, whose memory of messages begins then.
fn encrypted_answer(number: usize) -> Vec<u8> {
    let answer = Message {
        signer: "pinned",
        body: PLACED.replace('7', &number.to_string()),
        created: Utc::now() + TimeDelta::seconds(20),
        ..Message::default()
    };
    let kind = [("Content-Type", "text/xml; charset=utf-8")];
    http("200 OK", &kind, &sealed(&answer.signed()))
}

#[test]
fn what_a_backend_has_answered_is_decrypted_whoever_else_waits_for_the_token() {
    let token = Token::new(&["gateway"]);
    let backend = Backend::start(Behaviour::Bytes(encrypted_answer(8)));
    let key = wrapped_uri(&token, "gateway");
    let text = decrypting_answers(&key, &configured(backend.address, &key));
    let (_folder, gateway) = token.gateway(&text);
    let gateway = gateway.unwrap();
    // Everybody has had their share.
    let answer = during_a_flood(
        &token,
        &gateway,
        |number| number,
        || {
            let answer = send(gateway.plain, &order());
            assert_eq!(backend.got().len(), 1);
            answer
        },
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains(">8<"), "{answer:?}");
}

/// Sends 20 of those that `new` makes at once where `token` is slow. Some have no place and are told to come back later, which they may, as
/// nothing of them was used up.
fn some_have_no_place(token: &Token, new: impl Fn() -> String, ask: impl Fn(&str) -> Answer + Sync) {
    let (stalled, ask) = (token.path("stalled"), &ask);
    for one in [(); 3].map(|()| new()) {
        std::fs::write(&stalled, "").unwrap();
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| ask(&one).status);
            std::thread::sleep(Duration::from_millis(2500));
            std::fs::remove_file(&stalled).unwrap();
            assert_eq!(asked.join().unwrap(), 200);
        });
    }
    std::fs::write(&stalled, "").unwrap();
    let all = [(); 20].map(|()| new());
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asked: Vec<_> = all.iter().map(|one| scope.spawn(|| ask(one))).collect();
        wait_until("there is no place", || {
            asked.iter().any(|asked| asked.is_finished())
        });
        std::thread::sleep(Duration::from_millis(500));
        std::fs::remove_file(&stalled).unwrap();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let refused = all
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.status != 200);
    let refused: Vec<_> = refused.collect();
    assert!(!refused.is_empty());
    for (one, answer) in &refused {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(ask(one).status, 200);
    }
}

#[test]
fn nothing_of_a_message_is_used_up_whose_answer_could_not_be_decrypted_in_time() {
    let token = Token::new(&["gateway"]);
    let answers = (10..100).map(encrypted_answer).collect();
    let backend = Backend::start(Behaviour::InTurn(answers));
    let key = wrapped_uri(&token, "gateway");
    // Signatures are not made in the token.
    let text = configuration(&format!("http://{}/legacy", backend.address));
    let (_folder, gateway) = token.gateway(&decrypting_answers(&key, &text));
    let gateway = gateway.unwrap();
    some_have_no_place(&token, order, |order| {
        let answer = send(gateway.plain, order);
        if answer.status != 200 {
            assert_eq!(gateway.code(answer.incident()), "crypto.token_unavailable");
        }
        answer
    });
    assert_eq!(backend.got().len(), 23);
}

#[test]
fn nothing_is_used_up_of_a_message_whose_backend_could_not_be_told_of_it_in_time() {
    std::thread::scope(|scope| {
        for path in ["/jwt", "/vouched"] {
            scope.spawn(move || {
                let (token, backend) = (Token::new(&["gateway"]), orders());
                let key = wrapped_uri(&token, "gateway");
                // The time in which the backend is told counts as its own.
                let text =
                    one_thread(backend.address, &key).replace("answer_seconds = 2", "answer_seconds = 20");
                let (_folder, gateway) = token.gateway(&text);
                let gateway = gateway.unwrap();
                let new = || order().replacen("/orders", path, 1);
                some_have_no_place(&token, new, |order| send(gateway.plain, order));
                assert_eq!(backend.got().len(), 23, "{path}");
            });
        }
    });
}

#[test]
fn nor_of_an_assertion_whose_token_could_not_be_signed_in_time() {
    let token = Token::new(&["gateway"]);
    let key = wrapped_uri(&token, "gateway");
    let (_folder, gateway) = token.gateway(&one_thread(orders().address, &key));
    let gateway = gateway.unwrap();
    let ask = |form: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        send_tls(gateway.tls(), None, &request("POST", "/token", &headers, form)).unwrap()
    };
    let number = Cell::new(0);
    let new = || bearer_form_of(number.replace(number.get() + 1));
    some_have_no_place(&token, new, ask);
    // While it is lost nobody looks at what a form says.
    std::fs::write(token.path("stalled"), "").unwrap();
    assert_eq!(ask(&new()).status, 503);
    assert_eq!(ask("grant_type=none").status, 503);
}
