//! B15: clients that are there and say nothing, or an octet a second.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{alone, change, milliseconds, p99, row, setting, under_load, whole, with_status};
use crate::process::Process;
use crate::replay::{SETTLED, remembering};
use crate::sink::Sink;

/// A client that is in no hurry.
struct Slow {
    stream: TcpStream,
    begun: Instant,
    /// What it still says, the first octet in front.
    says: &'static [u8],
    closed: Option<Duration>,
}

/// A head that takes longer than anybody waits.
const HEAD: &[u8] = b"POST /orders HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: text/xml\r\nSOAPAction: \"urn:place\"\r\n";

/// A head in one piece, and the begin of a body.
const BODY: &str = "POST /orders HTTP/1.1\r\nHost: g\r\nContent-Type: text/xml\r\nSOAPAction: \"urn:place\"\r\nContent-Length: 100000\r\n\r\n";
const BODY_OCTETS: &[u8] = b"<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\">";

impl Slow {
    fn connect(gateway: &Process, says: &'static [u8]) -> Self {
        let stream = TcpStream::connect(gateway.plain).unwrap();
        Self {
            begun: Instant::now(),
            says,
            closed: None,
            stream,
        }
    }

    /// Says the next octet, and looks whether it was given up.
    fn go_on(&mut self) {
        if self.closed.is_some() {
            return;
        }
        self.stream.set_nonblocking(true).unwrap();
        let mut buffer = [0; 512];
        let (said, rest) = self.says.split_at(self.says.len().min(1));
        let gone = match self.stream.read(&mut buffer) {
            // An answer, after which nothing more is wanted.
            Ok(_) => true,
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
        };
        if gone || self.stream.write(said).is_err() {
            self.closed = Some(self.begun.elapsed());
        }
        self.says = rest;
    }
}

#[test]
fn clients_in_no_hurry_take_little_and_are_given_up_in_time() {
    let sink = Sink::start();
    let (_folder, file) = remembering(sink.address, "");
    change(&file, "workers = 2", "workers = 1\nconnections = 100000");
    let gateway = alone(&file);
    std::thread::sleep(SETTLED);
    let each = setting("CLIENTS", 50, 10_000).min(open_files().saturating_sub(400) / 2);
    let wait = Duration::from_secs(if whole() { 5 } else { 0 });
    let ((), calm) = under_load(&gateway, 2, || std::thread::sleep(wait));
    let before = gateway.memory("VmRSS");
    let idle: Vec<Slow> = (0..each).map(|_| Slow::connect(&gateway, b"")).collect();
    let mut slow: Vec<Slow> = (0..each).map(|_| Slow::connect(&gateway, HEAD)).collect();
    slow.extend(idle);
    let ended = AtomicBool::new(false);
    let ((memory, slow), crowded) = std::thread::scope(|scope| {
        let dripping = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                // A few at a time, so that this does not stand in the way of those who are in a hurry.
                let few = slow.len().div_ceil(200);
                for some in slow.chunks_mut(few) {
                    let begun = Instant::now();
                    some.iter_mut().for_each(Slow::go_on);
                    std::thread::sleep(Duration::from_millis(5).saturating_sub(begun.elapsed()));
                }
            }
            slow
        });
        let (memory, crowded) = under_load(&gateway, 2, || {
            std::thread::sleep(Duration::from_secs(4));
            gateway.memory("VmRSS")
        });
        std::thread::sleep(Duration::from_secs(8));
        ended.store(true, Ordering::Relaxed);
        ((memory, dripping.join().unwrap()), crowded)
    });
    let kib = memory.saturating_sub(before) as f64 / (2 * each) as f64;
    let (first, last) = closings(&slow);
    drop(slow);
    let mut bodies: Vec<Slow> = (0..each / 50)
        .map(|_| Slow::connect(&gateway, BODY_OCTETS))
        .collect();
    for slow in &mut bodies {
        slow.stream.write_all(BODY.as_bytes()).unwrap();
    }
    for _ in 0..8 {
        bodies.iter_mut().for_each(Slow::go_on);
        std::thread::sleep(Duration::from_secs(1));
    }
    let (first_body, last_body) = closings(&bodies);
    assert_eq!(with_status(&calm, 200), calm.len());
    assert_eq!(with_status(&crowded, 200), crowded.len());
    row(
        "B15, `make drill-idle`",
        &format!(
            "{each} idle and {each} slow clients: {kib:.1} KiB each; closed after {:.1} to {:.1} s; {} slow bodies given up after {:.1} to {:.1} s; p99 of others {} before, {} during",
            first.as_secs_f64(),
            last.as_secs_f64(),
            bodies.len(),
            first_body.as_secs_f64(),
            last_body.as_secs_f64(),
            milliseconds(p99(&calm)),
            milliseconds(p99(&crowded)),
        ),
    );
    if whole() {
        assert!(kib <= 16.0, "{kib} KiB");
        // A client looks once a second, which is its own second.
        assert!(
            first >= Duration::from_secs(9) && last <= Duration::from_secs(12),
            "{first:?} {last:?}"
        );
        assert!(
            p99(&crowded) <= p99(&calm) * 2,
            "{:?} {:?}",
            p99(&calm),
            p99(&crowded)
        );
    }
}

/// After which time the first and the last were given up, which all were.
fn closings(slow: &[Slow]) -> (Duration, Duration) {
    let left = slow.iter().filter(|one| one.closed.is_none()).count();
    assert_eq!(left, 0, "of {} not given up", slow.len());
    let times = || slow.iter().filter_map(|one| one.closed);
    (times().min().unwrap(), times().max().unwrap())
}

/// How many files this process may have open, and so its gateways.
fn open_files() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    line.unwrap().split_whitespace().next().unwrap().parse().unwrap()
}
