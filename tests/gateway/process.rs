//! Gateways in processes of their own, which can be killed and measured.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The program: the one that was built with the tests, or what `SEALGATE_BINARY` names, as a release build.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("SEALGATE_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_sealgate").into(), PathBuf::from)
}

/// Where a gateway says that it serves.
pub(crate) struct Serving {
    pub(crate) plain: Option<SocketAddr>,
    pub(crate) tls: Option<SocketAddr>,
    pub(crate) admin: Option<SocketAddr>,
}

impl Serving {
    /// What a `line` of the log says of it, if it is the one that does.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let fields = Some(&line["fields"]).filter(|fields| fields["message"] == "serving")?;
        let address = |urls: &str, scheme| {
            let mut urls = urls.split(' ').filter_map(|url| url.strip_prefix(scheme));
            urls.next().map(|address| address.parse().unwrap())
        };
        let urls = fields["addresses"].as_str()?;
        Some(Self {
            plain: address(urls, "http://"),
            tls: address(urls, "https://"),
            admin: address(fields["admin"].as_str().unwrap_or_default(), "http://"),
        })
    }
}

/// A process that runs until it is dropped.
pub(crate) struct Process {
    child: Child,
    /// Its address without TLS.
    pub(crate) plain: SocketAddr,
    /// Its address for operators.
    pub(crate) admin: SocketAddr,
    tls: Option<SocketAddr>,
    log: Arc<Mutex<Vec<String>>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `sealgate serve` with the configuration `file`; what it says if it does not serve.
    pub(crate) fn start(file: &Path) -> Result<Self, String> {
        Self::spawn(Self::command(Command::new(program()), file))
    }

    /// Starts it with further variables in its environment.
    pub(crate) fn start_with(file: &Path, variables: &[(&str, &str)]) -> Result<Self, String> {
        let mut command = Self::command(Command::new(program()), file);
        command.envs(variables.iter().copied());
        Self::spawn(command)
    }

    /// Starts it on one core of this machine.
    pub(crate) fn pinned(file: &Path, core: usize) -> Result<Self, String> {
        let mut command = Command::new("taskset");
        command.args(["-c", &core.to_string()]).arg(program());
        Self::spawn(Self::command(command, file))
    }

    fn command(mut command: Command, file: &Path) -> Command {
        command
            .arg("serve")
            .arg("--config")
            .arg(file)
            .args(["--log", "json"]);
        command
    }

    /// Starts it, and sends `signal` as soon as that does not end it any more.
    pub(crate) fn asked_while_it_starts(file: &Path, signal: Signal) -> Result<Self, String> {
        let mut command = Self::command(Command::new(program()), file);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let is_caught = || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
            caught >> (signal.as_raw() - 1) & 1 == 1
        };
        while !is_caught() {
            std::thread::sleep(Duration::from_millis(1));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        Self::serving(child)
    }

    pub(crate) fn spawn(mut command: Command) -> Result<Self, String> {
        Self::serving(command.stderr(Stdio::piped()).spawn().unwrap())
    }

    fn serving(mut child: Child) -> Result<Self, String> {
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let serving = loop {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.wait();
                return Err(said.join("\n"));
            };
            let serving = Serving::of(&line);
            said.push(line);
            if let Some(serving) = serving {
                break serving;
            }
        };
        let log = Arc::new(Mutex::new(said));
        let further = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| further.lock().unwrap().push(line));
        });
        Ok(Self {
            child,
            plain: serving.plain.unwrap(),
            admin: serving.admin.unwrap(),
            tls: serving.tls,
            log,
            reader: Some(reader),
        })
    }

    /// The log so far.
    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        let log = self.said();
        let parsed = log.iter().map(|line| serde_json::from_str(line).ok());
        parsed.flatten().collect()
    }

    /// The lines that are `wanted`, as soon as there are `count` of them. The log may come after what it tells of.
    pub(crate) fn lines_of(
        &self,
        count: usize,
        wanted: impl Fn(&serde_json::Value) -> bool,
    ) -> Vec<serde_json::Value> {
        let begun = Instant::now();
        loop {
            let found: Vec<_> = self.lines().into_iter().filter(&wanted).collect();
            if found.len() >= count {
                return found;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", self.lines());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The lines on its standard error so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Its address with TLS.
    pub(crate) fn tls(&self) -> SocketAddr {
        self.tls.unwrap()
    }

    /// The code that the log has for an incident.
    pub(crate) fn code(&self, incident: &str) -> String {
        let lines = self.lines_of(1, |line| {
            line["fields"]["incident"] == incident && line["fields"]["code"].is_string()
        });
        lines[0]["fields"]["code"].as_str().unwrap().to_owned()
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits until it ends by itself and its log is read, and tells whether that was with exit code 0.
    pub(crate) fn ended(&mut self) -> bool {
        let status = self.child.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        status.success()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processor time that it has used.
    pub(crate) fn time(&self) -> Duration {
        time_of(self.id())
    }

    /// KiB of memory: `VmRSS` now, or `VmHWM` at most.
    pub(crate) fn memory(&self, what: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
        let kib = line.unwrap().trim().strip_suffix(" kB");
        kib.unwrap().parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time that a process has used: `proc(5)`, hundredths of seconds.
pub(crate) fn time_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}
