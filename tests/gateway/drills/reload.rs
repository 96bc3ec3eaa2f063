//! B20: reloads under load, bad ones too. No message is lost, each is judged by one configuration, and who is trusted no more is out within a second.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use sealgate::soap::Version;

use super::{row, setting, under_load, whole, with_status};
use crate::backend::orders;
use crate::client::{post, request, send};
use crate::gateway::{configuration, prepared};
use crate::message::Message;
use crate::process::Process;

fn ask(gateway: &Process, method: &str, path: &str) -> (u16, String) {
    let answer = send(gateway.admin, &request(method, path, &[], ""));
    (answer.status, answer.body)
}

#[test]
fn reloads_under_load_lose_nothing_and_mix_nothing() {
    let reloads = setting("RELOADS", 10, 100);
    let pause = Duration::from_millis(u64::try_from(setting("PAUSE", 50, 1000)).unwrap());
    // What the first configuration sends to the one backend is marked "one", and what the other sends to the other, "two".
    let backends = [("one", orders()), ("two", orders())];
    let texts = [0, 1].map(|number: usize| {
        let (mark, backend) = &backends[number];
        configuration(&format!("http://{}/{mark}", backend.address))
            .replace("x-signer-subject", &format!("x-{mark}"))
    });
    let (folder, file) = prepared(&texts[0]);
    let gateway = Process::start(&file).unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("sealgate.toml"), text).unwrap();
    let mut bad = 0;
    let ((), sent) = under_load(&gateway, 3, || {
        for number in 1..=reloads {
            std::thread::sleep(pause);
            if number % 5 == 0 {
                write(["[[", "", "[gateway]\nkey = 1"][number / 5 % 3]);
                assert_eq!(ask(&gateway, "POST", "/reload").0, 409);
                bad += 1;
            } else {
                write(&texts[number % 2]);
                assert_eq!(ask(&gateway, "POST", "/reload").0, 200);
            }
        }
    });
    assert_eq!(with_status(&sent, 200), sent.len());
    let kept = format!("sealgate_reloads_total{{outcome=\"kept\"}} {bad}");
    let metrics = ask(&gateway, "GET", "/metrics").1;
    assert!(metrics.lines().any(|line| line == kept), "{kept} in {metrics}");
    for (mark, backend) in &backends {
        for got in backend.got() {
            let path = got.head.split(' ').nth(1).unwrap();
            assert_eq!(path, format!("/{mark}"));
            assert_eq!(got.headers(&format!("x-{mark}")).len(), 1, "{}", got.head);
        }
    }
    let [one, two] = [0, 1].map(|number: usize| backends[number].1.got().len());
    assert!(one > 0 && two > 0);
    let slowest = (0..reloads.div_ceil(10))
        .map(|_| out(&gateway, &texts[0], &write))
        .max()
        .unwrap();
    row(
        "B20, `make drill-reload`",
        &format!(
            "{reloads} reloads, {bad} of them bad and kept out; {} messages, none lost, {one} by one configuration and {two} by the other, none mixed; who is trusted no more was out {:.0} ms after SIGHUP at most",
            sent.len(),
            slowest.as_secs_f64() * 1e3,
        ),
    );
    if whole() {
        assert!(slowest <= Duration::from_secs(1), "{slowest:?}");
    }
}

/// How long alice is still let in after a reload that does not trust her, while she sends all the time.
fn out(gateway: &Process, text: &str, write: &impl Fn(&str)) -> Duration {
    let by = |signer| {
        let message = Message {
            signer,
            ..Message::default()
        };
        send(
            gateway.plain,
            &post(Version::Soap11, "urn:place", &message.signed()),
        )
        .status
    };
    write(text);
    assert_eq!(ask(gateway, "POST", "/reload").0, 200);
    assert_eq!(by("alice"), 200);
    write(&text.replace("\"O=Example,CN=alice\", ", ""));
    let begun = Instant::now();
    gateway.signal(Signal::HUP);
    while by("alice") != 500 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "alice is still trusted"
        );
    }
    let took = begun.elapsed();
    assert_eq!(by("bob"), 200);
    took
}
