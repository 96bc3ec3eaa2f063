//! Gateways in processes of their own, which can be killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A process that runs until it is dropped.
pub(crate) struct Process {
    child: Child,
    /// Its address without TLS.
    pub(crate) plain: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts `sealgate serve` with the configuration `file`; what it says if it does not serve.
    pub(crate) fn start(file: &Path) -> Result<Self, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealgate"));
        command
            .arg("serve")
            .arg("--config")
            .arg(file)
            .args(["--log", "json"]);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Result<Self, String> {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let plain = loop {
            let Some(Ok(line)) = lines.next() else {
                let _ = child.wait();
                return Err(said.join("\n"));
            };
            match line.strip_prefix("listening on http://") {
                Some(address) => break address.parse().unwrap(),
                None => said.push(line),
            }
        };
        let log = Arc::new(Mutex::new(said));
        let further = Arc::clone(&log);
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .for_each(|line| further.lock().unwrap().push(line));
        });
        Ok(Self { child, plain, log })
    }

    /// The code that the log has for an incident. The log may come after the answer.
    pub(crate) fn code(&self, incident: &str) -> String {
        for _ in 0..200 {
            let log = self.log.lock().unwrap().clone();
            let entries = log
                .iter()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
            let mut fields = entries.map(|entry| entry["fields"].clone());
            let found = fields.find(|fields| fields["incident"] == incident && fields["code"].is_string());
            if let Some(found) = found {
                return found["code"].as_str().unwrap().to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("nothing is logged about {incident}");
    }

    /// As `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
