//! What the service manager that started this process is told: sd_notify(3), sd_watchdog_enabled(3).

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use rustix::time::ClockId;
use rustix::time::clock_gettime;

/// How long a manager that does not read may keep us waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// Beyond the time for messages in work: what it takes to end.
const TO_END: Duration = Duration::from_secs(30);

/// The service manager that started this process, as systemd is one, and wants to be told how it is.
#[derive(Debug)]
pub struct ServiceManager {
    socket: UnixDatagram,
    address: SocketAddr,
    watchdog: Option<Duration>,
    /// Whether it was told that the process ends: nothing that comes late may say that it serves.
    is_told_of_end: Mutex<bool>,
}

impl ServiceManager {
    /// The one that the environment names in NOTIFY_SOCKET, a path or, after an `@`, an abstract name; `None` if there is none. It wants signs
    /// of life every WATCHDOG_USEC microseconds, where WATCHDOG_PID does not mean another process.
    ///
    /// # Errors
    ///
    /// The address is of another kind, or the system gives no socket.
    pub fn of_process() -> io::Result<Option<Self>> {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(Some(Self {
            socket,
            address: address(&name)?,
            watchdog: watchdog(
                env::var("WATCHDOG_USEC").ok().as_deref(),
                env::var("WATCHDOG_PID").ok().as_deref(),
            ),
            is_told_of_end: Mutex::new(false),
        }))
    }

    /// In which time it wants to hear at least once that the process is alive, if at all.
    pub(super) const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The gateway serves, at first or again.
    pub(super) fn ready(&self) {
        self.tell_unless_ending("READY=1");
    }

    /// The gateway begins to take on its configuration.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let microseconds = u64::try_from(now.tv_nsec).unwrap_or(0) / 1000;
        let since_boot = seconds.saturating_mul(1_000_000).saturating_add(microseconds);
        self.tell_unless_ending(&format!("RELOADING=1\nMONOTONIC_USEC={since_boot}"));
    }

    /// The gateway ends, and lets messages in work go on for `drain`.
    pub(super) fn stopping(&self, drain: Duration) {
        let mut is_told = self.is_told_of_end.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut *is_told, true) {
            let time = drain.saturating_add(TO_END).as_micros();
            self.tell(&format!(
                "STOPPING=1\nSTATUS=Stopping: messages in work end\nEXTEND_TIMEOUT_USEC={time}"
            ));
        }
    }

    /// How it is, in a line for people.
    pub(super) fn status(&self, status: &str) {
        self.tell_unless_ending(&format!("STATUS={status}"));
    }

    /// The process is alive.
    pub(super) fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    fn tell_unless_ending(&self, state: &str) {
        let is_told = self.is_told_of_end.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_told {
            self.tell(state);
        }
    }

    fn tell(&self, state: &str) {
        if let Err(error) = self.socket.send_to_addr(state.as_bytes(), &self.address) {
            tracing::warn!(code = "internal.service_manager", reason = %error, "the service manager is not told");
        }
    }
}

fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        [b'/', ..] => SocketAddr::from_pathname(name),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "NOTIFY_SOCKET is neither an absolute path nor an abstract name",
        )),
    }
}

fn watchdog(microseconds: Option<&str>, process: Option<&str>) -> Option<Duration> {
    let is_ours = process.is_none_or(|process| process.parse() == Ok(std::process::id()));
    let period = microseconds.filter(|_| is_ours)?.parse().ok()?;
    (period > 0).then(|| Duration::from_micros(period))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_address_is_a_path_or_an_abstract_name() {
        let path = address(OsStr::new("/run/notify")).unwrap();
        assert_eq!(path.as_pathname().unwrap().to_str(), Some("/run/notify"));
        let name = address(OsStr::new("@notify")).unwrap();
        assert_eq!(name.as_abstract_name(), Some(b"notify".as_slice()));
        for other in ["notify", "vsock:2:1234", "./notify"] {
            assert!(address(OsStr::new(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn signs_of_life_are_for_whom_they_are_asked_of() {
        let ours = std::process::id().to_string();
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(Some("1000000"), None), second);
        assert_eq!(watchdog(Some("1000000"), Some(&ours)), second);
        for (period, process) in [
            (None, None),
            (Some("0"), None),
            (Some("often"), None),
            (Some("1000000"), Some("1")),
            (Some("1000000"), Some("")),
        ] {
            assert_eq!(watchdog(period, process), None, "{period:?} {process:?}");
        }
    }
}
