//! The figures, each with its bar.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use rustix::time::{ClockId, clock_gettime};
use sealgate::algorithm::DigestAlgorithm;
use sealgate::crypto::{Digester, encode_base64};
use sealgate::policy::{Policy, Profile};
use serde_json::Value;
use tempfile::TempDir;

use crate::UNDER_TEST;
use crate::bare::Bare;
use crate::gateway::{configuration, prepared};
use crate::load::{Arrivals, Outcome, percentile, send_all, with_status};
use crate::message::{KEYS, Message};
use crate::process::{Process, program, time_of};
use crate::sink::Sink;

/// How many messages a run has, of which the first tenth is not counted: what is asked for the first time takes longer.
const MESSAGES: usize = 6000;

/// Octets of a message.
const OCTETS: usize = 6600;

/// Clients at a time, each with a connection.
const CLIENTS: usize = 16;

/// Seconds that the clocks of clients may be ahead.
const SKEW: u32 = 300;

/// Longer than any run may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Speed of a process that answers requests.
struct Speed {
    /// Processor time of each.
    each: Duration,
    /// Requests a second, by the clock on the wall.
    rate: f64,
    /// The share of the core that it had.
    busy: f64,
}

impl Speed {
    /// Of `process`, while it is asked as `arrivals` says.
    fn of(process: u32, address: SocketAddr, requests: &[Vec<u8>], arrivals: Arrivals) -> Self {
        let rest = warmed(address, requests, CLIENTS);
        let (begun, before) = (Instant::now(), time_of(process));
        ask(address, rest, CLIENTS, arrivals);
        let (wall, used) = (begun.elapsed().as_secs_f64(), time_of(process) - before);
        Self {
            each: used / u32::try_from(rest.len()).unwrap(),
            rate: rest.len() as f64 / wall,
            busy: used.as_secs_f64() / wall,
        }
    }

    /// Requests that a core answers in a second.
    fn per_core(&self) -> f64 {
        1.0 / self.each.as_secs_f64()
    }
}

/// What became of `requests`, all of which are answered.
fn ask(address: SocketAddr, requests: &[Vec<u8>], clients: usize, arrivals: Arrivals) -> Vec<Outcome> {
    let outcomes = send_all(address, requests, clients, arrivals, PATIENCE);
    assert_eq!(with_status(&outcomes, 200), requests.len());
    outcomes
}

/// What is left of `requests` after those that are not counted.
fn warmed(address: SocketAddr, requests: &[Vec<u8>], clients: usize) -> &[Vec<u8>] {
    let (first, rest) = requests.split_at(requests.len() / 10);
    ask(address, first, clients, Arrivals::Closed);
    rest
}

/// Messages that no gateway has seen, which may be sent to each gateway once.
fn messages() -> Vec<Vec<u8>> {
    // Those are refused that are older than a gateway, and the last of them is started some minutes from now.
    let created = Utc::now() + TimeDelta::seconds(i64::from(SKEW) - 10);
    let items = |number: usize, count: usize| {
        let items = "<o:Item no=\"1\" status=\"open\"><o:Sku scheme=\"GTIN\">5822900001</o:Sku><o:Quantity>100</o:Quantity></o:Item>";
        let items = items.repeat(count);
        format!(
            "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Number>{number:08}</o:Number>{items}</o:PlaceOrder>"
        )
    };
    let message = |number, count| Message {
        body: items(number, count),
        created,
        ..Message::default()
    };
    let (one, two) = (message(0, 1).signed().len(), message(0, 2).signed().len());
    let count = 1 + (OCTETS - one) / (two - one);
    let make = |number| post(&message(number, count).signed());
    (0..MESSAGES).map(make).collect()
}

fn post(body: &str) -> Vec<u8> {
    let head = "POST /orders HTTP/1.1\r\nHost: gateway.example\r\nContent-Type: text/xml; charset=utf-8\r\nSOAPAction: \"urn:place\"\r\n";
    format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A gateway on one core and one thread before a backend, with further lines at the top and in its route.
fn gateway(backend: SocketAddr, further: &str, route: &str, policy: &Policy) -> (Process, TempDir) {
    let text = configuration(&format!("http://{backend}/legacy"));
    let text = text.replace(
        "workers = 2",
        "workers = 1\nconnections = 20000\nbody_seconds = 600",
    );
    let text = text.replace("answer_seconds = 2", "answer_seconds = 60");
    let text = text.replace(
        "bytes = 1000000\n",
        "bytes = 1000000\nattachment_bytes = 300000000\n",
    );
    let route = format!("{further}\n[[route]]\npolicy = \"policy.toml\"\n{route}");
    let (folder, file) = prepared(&text.replace("[[route]]\n", &route));
    std::fs::create_dir(folder.path().join("log")).unwrap();
    std::fs::write(
        folder.path().join("policy.toml"),
        toml::to_string(policy).unwrap(),
    )
    .unwrap();
    (Process::pinned(&file, UNDER_TEST).unwrap(), folder)
}

/// The strict policy, for messages that were made before they are sent.
fn strict() -> Policy {
    let mut policy = Profile::Strict.policy();
    policy.clock_skew = SKEW;
    policy
}

const AUDIT: &str = "[audit]\nfolder = \"log\"\ncertificate = \"bob.pem\"\nkey = \"bob.key.pem\"\n";

/// Requests a core against what its parts predict, and how long they take where there is a fifth of it left.
pub(crate) fn speed() {
    let (requests, backend) = (messages(), Sink::start().address);
    let proxy = Bare::before(backend);
    let of_proxy = |arrivals| Speed::of(proxy.child.id(), proxy.address, &requests, arrivals);
    let bare = of_proxy(Arrivals::Closed);
    let (verify, sign) = (verify(&requests[0]), sign());
    let predicted = 1.0 / (bare.each + verify + sign).as_secs_f64();
    println!(
        "| bare proxy of actix-web and awc | {:.0} requests a core, {:.1} µs each ({:.0}/s, {:.0} % of the core) | |",
        bare.per_core(),
        bare.each.as_secs_f64() * 1e6,
        bare.rate,
        bare.busy * 100.0
    );
    println!(
        "| predicted | {predicted:.0} requests a core: that, verification {:.1} µs (`sealgate bench`), RSA-2048 signature {:.1} µs | |",
        verify.as_secs_f64() * 1e6,
        sign.as_secs_f64() * 1e6
    );
    for (name, further) in [("off", ""), ("on", AUDIT)] {
        let (process, _folder) = gateway(backend, further, "", &strict());
        let speed = Speed::of(process.id(), process.plain, &requests, Arrivals::Closed);
        println!(
            "| gateway, audit {name}, {} octets | {:.0} requests a core, {:.1} µs each ({:.0}/s, {:.0} % of the core): {:.0} % of the prediction | ≥ 85 % |",
            requests[0].len(),
            speed.per_core(),
            speed.each.as_secs_f64() * 1e6,
            speed.rate,
            speed.busy * 100.0,
            speed.per_core() / predicted * 100.0
        );
        drop(process);
        println!(
            "| bare proxy, asked as often as that gateway answers | {:.1} µs each | |",
            of_proxy(Arrivals::Steady(speed.rate)).each.as_secs_f64() * 1e6
        );
        let rate = speed.rate * 0.8;
        for (kind, arrivals) in [
            ("even", Arrivals::Steady(rate)),
            ("random", Arrivals::Random(rate)),
        ] {
            let (process, _folder) = gateway(backend, further, "", &strict());
            let rest = warmed(process.plain, &requests, CLIENTS * 4);
            let outcomes = ask(process.plain, rest, CLIENTS * 4, arrivals);
            let [p50, p99] = [50.0, 99.0]
                .map(|of| percentile(outcomes.iter().map(|one| one.took), of).as_secs_f64() * 1e3);
            println!(
                "| audit {name}, 80 % of that load, {kind} distances | p50 {p50:.2} ms, p99 {p99:.2} ms: {:.1} times | ≤ 4 times |",
                p99 / p50
            );
        }
    }
}

/// What `sealgate bench` says of verifying this message.
fn verify(request: &[u8]) -> Duration {
    let text = String::from_utf8_lossy(request);
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message.xml");
    std::fs::write(&file, body).unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, toml::to_string(&strict()).unwrap()).unwrap();
    let mut command = Command::new("taskset");
    command.args(["-c", &UNDER_TEST.to_string()]).arg(program());
    command.args(["bench", "--format", "json", "--seconds", "3"]);
    command.args(["--trust", &format!("{KEYS}/ca.pem"), "--policy"]);
    command.args([policy, file]);
    let output = command.output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    Duration::from_secs_f64(said["cpu_us_per_message"].as_f64().unwrap() / 1e6)
}

/// What OpenSSL needs for a signature of the gateway.
fn sign() -> Duration {
    let pem = std::fs::read(format!("{KEYS}/gateway.key.pem")).unwrap();
    let key = PKey::private_key_from_pem(&pem).unwrap();
    assert_eq!(key.bits(), 2048);
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
    };
    let begun = now();
    for _ in 0..2000 {
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        signer.update(&[7; 1000]).unwrap();
        assert_eq!(signer.sign_to_vec().unwrap().len(), 256);
    }
    (now() - begun) / 2000
}

/// What a connection without work costs.
pub(crate) fn idle() {
    const CONNECTIONS: usize = 10_000;
    let (process, _folder) = gateway(Sink::start().address, "", "", &strict());
    let before = process.memory("VmRSS");
    let connect = |_| TcpStream::connect(process.plain).unwrap();
    let mut connections: Vec<TcpStream> = (0..CONNECTIONS).map(connect).collect();
    // A connection is accepted after it is there.
    std::thread::sleep(Duration::from_secs(1));
    let each = |after: usize| after.saturating_sub(before) as f64 / CONNECTIONS as f64;
    let new = each(process.memory("VmRSS"));
    let mut buffer = [0; 1024];
    for stream in &mut connections {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: g\r\n\r\n").unwrap();
    }
    for stream in &mut connections {
        assert!(stream.read(&mut buffer).unwrap() > 0);
    }
    let used = each(process.memory("VmRSS"));
    println!(
        "| memory of each of {CONNECTIONS} idle connections | {new:.1} KiB before the first request, {used:.1} KiB after it | ≤ 16 KiB |"
    );
}

/// The most memory that a gateway has while a long attachment passes.
pub(crate) fn attachment() {
    const PIECE: usize = 1 << 20;
    const PIECES: usize = 250;
    let piece = "0123456789abcdef".repeat(PIECE / 16);
    let mut policy = Profile::Bsp11.policy();
    policy.limits.attachment_bytes = 300_000_000;
    let backend = Sink::start();
    let (process, _folder) = gateway(backend.address, "", "attachments = \"signed\"\n", &policy);
    let octets = std::iter::repeat_n(piece.as_bytes(), PIECES);
    let mut digester = Digester::new(DigestAlgorithm::Sha256);
    octets.clone().for_each(|piece| digester.update(piece));
    let value = encode_base64(digester.finish().unwrap().as_bytes());
    let signed = Message::default().signed_with(&[("scan@x", "Content", value)]);
    let head = "--b-1\r\nContent-Type: text/xml\r\nContent-ID: <root@x>\r\n\r\n";
    let between = "\r\n--b-1\r\nContent-ID: <scan@x>\r\nContent-Type: image/png\r\n\r\n";
    let end = "\r\n--b-1--\r\n";
    let length = [head, &signed, between, end].map(str::len).iter().sum::<usize>() + PIECE * PIECES;
    let mut stream = TcpStream::connect(process.plain).unwrap();
    let begun = Instant::now();
    write!(
        stream,
        "POST /orders HTTP/1.1\r\nHost: g\r\nSOAPAction: \"urn:place\"\r\nContent-Length: {length}\r\nConnection: close\r\n\
         Content-Type: multipart/related; type=\"text/xml\"; boundary=b-1; start=\"<root@x>\"\r\n\r\n{head}{signed}{between}"
    )
    .unwrap();
    octets.for_each(|piece| stream.write_all(piece).unwrap());
    stream.write_all(end.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(backend.octets() > PIECE * PIECES);
    println!(
        "| a signed attachment of 250 MiB | {:.1} MiB of memory at most, {:.1} s | ≤ 64 MiB |",
        process.memory("VmHWM") as f64 / 1024.0,
        begun.elapsed().as_secs_f64()
    );
}
