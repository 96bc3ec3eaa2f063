//! A token whose module does not return, or not for long.

use std::time::{Duration, Instant};

use sealgate::soap::Version;

use crate::backend::orders;
use crate::client::{post, request, send};
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
            // A thread that waits for the token hears no backend meanwhile, which may then be what has not answered in time.
            let status = asked.join().unwrap();
            assert!([503, 504].contains(&status), "{status}");
        }
    });
    wait_until("the token answers again", ready);
    for _ in 0..4 {
        assert_eq!(ask(), 200);
    }
}
