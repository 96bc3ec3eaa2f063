//! A load generator. Requests were made before, so that making them is no part of what is measured.

#![allow(
    clippy::as_conversions,
    reason = "rates and shares of a measurement need no last digit"
)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The HTTP status; 0 where there was no whole answer.
    pub(crate) status: u16,
    /// From when it should have been sent to the end of the answer, so that one who waits for a connection is not forgotten.
    pub(crate) took: Duration,
    /// From when it was sent.
    pub(crate) answered: Duration,
    /// Whether the answer says when to come again.
    pub(crate) told: bool,
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arrivals {
    /// Each connection sends its next one when it has the answer to the last.
    Closed,
    /// So many a second, at equal distances.
    Steady(f64),
    /// So many a second, each independent of all others (Poisson).
    Random(f64),
}

/// Sends `requests` over so many connections, until they or `time` are at their end.
pub(crate) fn send_all(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    arrivals: Arrivals,
    time: Duration,
) -> Vec<Outcome> {
    let due = schedule(requests.len(), arrivals);
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::with_capacity(requests.len()));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                let mut connection = None;
                let mut own = Vec::new();
                while begun.elapsed() < time {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(request) = requests.get(number) else {
                        break;
                    };
                    let should = due.get(number).copied().unwrap_or_else(|| begun.elapsed());
                    std::thread::sleep(should.saturating_sub(begun.elapsed()));
                    let sent = begun.elapsed();
                    let answer = exchange(&mut connection, address, request);
                    let (status, told) = answer.unwrap_or((0, false));
                    let at = begun.elapsed();
                    let (took, answered) = (at.saturating_sub(should), at.saturating_sub(sent));
                    own.push(Outcome {
                        status,
                        took,
                        answered,
                        told,
                    });
                }
                outcomes.lock().unwrap().extend(own);
            });
        }
    });
    outcomes.into_inner().unwrap()
}

/// When each request should be sent; nothing where that is when a connection is free.
fn schedule(requests: usize, arrivals: Arrivals) -> Vec<Duration> {
    // An LCG of Knuth: any will do, and this one is the same each time.
    let mut state = 1_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 11) as f64 + 1.0) / (1_u64 << 53) as f64
    };
    let mut at = 0.0;
    let mut after = |distance: f64| {
        let due = Duration::from_secs_f64(at);
        at += distance;
        due
    };
    match arrivals {
        Arrivals::Closed => Vec::new(),
        Arrivals::Steady(rate) => (0..requests).map(|_| after(1.0 / rate)).collect(),
        Arrivals::Random(rate) => (0..requests).map(|_| after(-random().ln() / rate)).collect(),
    }
}

/// Sends one request over the connection, or over a new one: the status of the answer, and whether it says when to come again.
fn exchange(
    connection: &mut Option<TcpStream>,
    address: SocketAddr,
    request: &[u8],
) -> io::Result<(u16, bool)> {
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            stream
        }
    };
    stream.write_all(request)?;
    let mut bytes = Vec::with_capacity(8192);
    let mut buffer = [0; 8192];
    loop {
        let read = stream.read(&mut buffer)?;
        bytes.extend_from_slice(&buffer[..read]);
        let head = Head::of(&bytes);
        if let Some(head) = head.filter(|head| bytes.len() >= head.whole) {
            if head.stays {
                *connection = Some(stream);
            }
            return Ok((head.status, head.told));
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The head of an answer.
struct Head {
    status: u16,
    told: bool,
    /// Octets of the whole answer.
    whole: usize,
    /// Whether the connection can be used again.
    stays: bool,
}

impl Head {
    fn of(bytes: &[u8]) -> Option<Self> {
        let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
        let text = std::str::from_utf8(bytes.get(..end)?).ok()?;
        let value = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once(": "));
            let mut values = lines.filter(|(other, _)| other.eq_ignore_ascii_case(name));
            values.next().map(|(_, value)| value)
        };
        let length = value("content-length").map_or(Ok(0), str::parse::<usize>);
        Some(Self {
            status: text.get(9..12)?.parse().ok()?,
            whole: end + 4 + length.ok()?,
            told: value("retry-after").is_some(),
            stays: value("connection") != Some("close"),
        })
    }
}

/// The time that so many of a hundred took at most.
pub(crate) fn percentile(times: impl IntoIterator<Item = Duration>, of_100: f64) -> Duration {
    let mut took: Vec<Duration> = times.into_iter().collect();
    took.sort_unstable();
    let index = (took.len() as f64 * of_100 / 100.0) as usize;
    took.get(index.min(took.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

pub(crate) fn with_status(outcomes: &[Outcome], status: u16) -> usize {
    outcomes.iter().filter(|outcome| outcome.status == status).count()
}
