//! What a service manager is told: sd_notify(3), with a socket as systemd has it.

use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};
use sealgate::soap::Version;
use tempfile::TempDir;

use crate::backend::orders;
use crate::client::{post, send};
use crate::gateway::{configuration, prepared};
use crate::message::Message;
use crate::process::Process;
use crate::site::nobody;

/// The socket of a service manager.
struct Manager {
    socket: UnixDatagram,
    name: String,
}

impl Manager {
    /// At a path in `folder`.
    fn in_folder(folder: &TempDir) -> Self {
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self::of(socket, path.to_str().unwrap().to_owned())
    }

    /// With an abstract name.
    fn abstract_name(folder: &TempDir) -> Self {
        let name = format!("sealgate-test{}", folder.path().display());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
        Self::of(UnixDatagram::bind_addr(&address).unwrap(), format!("@{name}"))
    }

    fn of(socket: UnixDatagram, name: String) -> Self {
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { socket, name }
    }

    /// What it is told next.
    fn next(&self) -> String {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    /// What it was told and has not read yet.
    fn rest(&self) -> Vec<String> {
        self.socket.set_nonblocking(true).unwrap();
        let mut bytes = [0; 4096];
        let mut rest = Vec::new();
        loop {
            match self.socket.recv(&mut bytes) {
                Ok(length) => rest.push(String::from_utf8(bytes[..length].to_vec()).unwrap()),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    return rest;
                }
            }
        }
    }

    fn start(&self, file: &std::path::Path) -> Result<Process, String> {
        Process::start_with(file, &[("NOTIFY_SOCKET", &self.name)])
    }
}

/// A configuration for a port that is free, and the address.
fn at_free_port() -> (String, SocketAddr) {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let address = nobody();
    (text.replacen("127.0.0.1:0", &address.to_string(), 1), address)
}

fn order(address: SocketAddr) -> u16 {
    let message = post(Version::Soap11, "urn:place", &Message::default().signed());
    send(address, &message).status
}

fn microseconds() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

#[test]
fn a_gateway_is_ready_when_it_serves_reloads_when_asked_to_and_says_that_it_stops() {
    let (text, address) = at_free_port();
    let (folder, file) = prepared(&text);
    let manager = Manager::abstract_name(&folder);
    let mut process = std::thread::scope(|scope| {
        let starting = scope.spawn(|| manager.start(&file));
        assert_eq!(manager.next(), "READY=1");
        // It listens, and has read keys and trust.
        assert_eq!(order(address), 200);
        starting.join().unwrap().unwrap()
    });
    assert_eq!(manager.next(), "STATUS=Serving, configuration 1");

    for (text, status) in [
        (text.clone(), "STATUS=Serving, configuration 2"),
        (
            text.replace("ca.pem", "missing.pem"),
            "STATUS=Serving, configuration 2; another was not taken on: config.problems",
        ),
    ] {
        fs::write(&file, text).unwrap();
        let asked = microseconds();
        process.signal(Signal::HUP);
        let reloading = manager.next();
        let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=");
        let since: i64 = since.unwrap().parse().unwrap();
        assert!((asked..=microseconds()).contains(&since), "{since}");
        assert_eq!(manager.next(), status);
        assert_eq!(manager.next(), "READY=1");
        assert_eq!(order(address), 200);
    }

    process.signal(Signal::TERM);
    // Its five seconds for messages in work, and thirty to end.
    let stopping = "STOPPING=1\nSTATUS=Stopping: messages in work end\nEXTEND_TIMEOUT_USEC=35000000";
    assert_eq!(manager.next(), stopping);
    assert!(process.ended());
    assert_eq!(manager.rest(), [""; 0]);
}

#[test]
fn a_gateway_that_cannot_start_is_never_ready() {
    let (text, address) = at_free_port();
    let (folder, file) = prepared(&text.replace("ca.pem", "missing.pem"));
    let manager = Manager::in_folder(&folder);
    assert!(manager.start(&file).is_err());
    fs::write(&file, text).unwrap();
    let taken = TcpListener::bind(address).unwrap();
    assert!(manager.start(&file).is_err());
    assert_eq!(manager.rest(), [""; 0]);
    drop(taken);
    let _process = manager.start(&file).unwrap();
    assert_eq!(manager.next(), "READY=1");
}

#[test]
fn signs_of_life_come_as_often_as_they_are_asked_for() {
    let (text, _) = at_free_port();
    let (folder, file) = prepared(&text);
    let manager = Manager::in_folder(&folder);
    let variables = [
        ("NOTIFY_SOCKET", manager.name.as_str()),
        ("WATCHDOG_USEC", "3000000"),
    ];
    let _process = Process::start_with(&file, &variables).unwrap();
    let told: Vec<String> = (0..6).map(|_| manager.next()).collect();
    let signs = told.iter().filter(|state| *state == "WATCHDOG=1").count();
    assert!(signs >= 4, "{told:?}");
}

#[test]
fn who_cannot_be_told_is_told_to_the_operator() {
    let (folder, file) = prepared(&at_free_port().0);
    let refused = Process::start_with(&file, &[("NOTIFY_SOCKET", "vsock:2:1234")])
        .err()
        .unwrap();
    assert!(refused.contains("NOTIFY_SOCKET is neither"), "{refused}");
    drop(folder);
}
