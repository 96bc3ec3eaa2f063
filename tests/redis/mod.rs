//! A real Redis, on a free port of this machine, with nothing but what the test says.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server that runs until it is dropped.
pub(crate) struct Redis {
    child: Child,
    arguments: Vec<String>,
    pub(crate) port: u16,
    _folder: TempDir,
}

impl Redis {
    /// Starts one with further `arguments`.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        // None of those that the system gives to whoever asks for any.
        static NEXT: AtomicU16 = AtomicU16::new(25_000);
        let mut ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed));
        let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
        let port = ports.find(is_free).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let usual = [
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            folder.path().to_str().unwrap(),
        ];
        let mut all: Vec<String> = usual
            .iter()
            .chain(arguments)
            .map(|&text| text.to_owned())
            .collect();
        let own_port = if arguments.contains(&"--tls-port") {
            "--tls-port"
        } else {
            "--port"
        };
        if own_port == "--tls-port" {
            all.retain(|text| text != "--tls-port");
            all.extend(["--port", "0"].map(str::to_owned));
        }
        all.extend([own_port.to_owned(), port.to_string()]);
        let child = spawn(&all, port);
        Self {
            child,
            arguments: all,
            port,
            _folder: folder,
        }
    }

    /// Ends it at once, and starts another process with the same folder and port.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.child = spawn(&self.arguments, self.port);
    }

    /// Ends it at once.
    pub(crate) fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Runs `redis-cli`, and gives what it says.
    pub(crate) fn cli(&self, arguments: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(arguments)
            .output();
        String::from_utf8(output.unwrap().stdout)
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Stops the process where it is, or lets it go on.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(arguments: &[String], port: u16) -> Child {
    let mut command = Command::new("redis-server");
    let mut child = command.args(arguments).stdout(Stdio::null()).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "redis-server ended");
        assert!(Instant::now() < until, "redis-server does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}
