use std::time::Duration;
use std::time::Instant;

use super::health::HealthCheck;
use super::server::Breaker;
use super::server::Server;
use super::server::Status;
use super::server::Turn;
use crate::crypto::TlsClient;

/// Where the verified messages of a route go: servers that all say the same, and how each of them is.
#[derive(Clone, Debug)]
pub struct Backend {
    pub(super) servers: Vec<Server>,
    pub(super) tls: Option<TlsClient>,
    pub(super) patience: Patience,
    pub(super) breaker: Breaker,
    pub(super) check: Option<HealthCheck>,
}

/// How long a backend is waited for, and how much it may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The time to connect; with TLS, once more for the handshake.
    pub connect: Duration,
    /// The time to the head of the answer, from the first try to connect or from the last piece of a long request that was taken.
    pub first_byte: Duration,
    /// The time between two pieces of the answer.
    pub idle: Duration,
    /// The time from the first try, of the first server, to the end of the answer.
    pub answer: Duration,
    /// The greatest answer in bytes.
    pub answer_bytes: usize,
}

/// Why there can be no such backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// The URL is not of the form `http://host/path` or `https://host/path`.
    Url,
    /// An `https:` backend, and nobody to trust.
    TlsMissing,
    /// Certificates, and no `https:`.
    TlsUnused,
    /// Two servers have this name.
    Name,
}

impl Backend {
    /// The backend that `servers` are, reached with `tls` if their URLs begin with `https:`.
    ///
    /// # Errors
    ///
    /// The number of the server, from 0, that does not fit `tls` or has the name of another.
    pub fn new(
        servers: Vec<Server>,
        tls: Option<TlsClient>,
        patience: Patience,
        breaker: Breaker,
        check: Option<HealthCheck>,
    ) -> Result<Self, (usize, BackendError)> {
        for (index, server) in servers.iter().enumerate() {
            match (server.url.scheme_str(), &tls) {
                (Some("http"), None) | (Some("https"), Some(_)) => {}
                (Some("http"), Some(_)) => return Err((index, BackendError::TlsUnused)),
                (Some("https"), None) => return Err((index, BackendError::TlsMissing)),
                _ => return Err((index, BackendError::Url)),
            }
            if servers.iter().take(index).any(|other| other.name == server.name) {
                return Err((index, BackendError::Name));
            }
        }
        Ok(Self {
            servers,
            tls,
            patience,
            breaker,
            check,
        })
    }

    /// Servers that were of `other` too, by name and URL, go on as they were there.
    pub fn go_on_as(&mut self, other: &Self) {
        for server in &mut self.servers {
            let same = |one: &&Server| one.name == server.name && one.url == server.url;
            if let Some(before) = other.servers.iter().find(same) {
                server.go_on_as(before);
            }
        }
    }

    /// How its servers are, in the order of the configuration.
    pub fn status(&self) -> Vec<Status> {
        self.servers.iter().map(Server::status).collect()
    }

    /// Whether its servers are looked after without messages.
    pub fn is_checked(&self) -> bool {
        self.check.is_some()
    }

    /// Who gets the next message, or the next try of one: not a server of `tried`, none that is down, none whose breaker is open. The others
    /// take turns by their weights, as evenly as weights allow (smooth weighted round robin).
    pub(super) fn choose(&self, tried: &[usize], now: Instant) -> Option<Turn<'_>> {
        let mut left: Vec<_> = self.servers.iter().enumerate().collect();
        left.retain(|(index, server)| !tried.contains(index) && server.may_be_asked(now));
        let all: i64 = left.iter().map(|(_, server)| i64::from(server.weight)).sum();
        let mut first: Vec<_> = left
            .into_iter()
            .map(|(index, server)| (server.credit(i64::from(server.weight)), index, server))
            .collect();
        // Stable: of those with the same credit the first.
        first.sort_by_key(|(credit, _, _)| std::cmp::Reverse(*credit));
        let turn = first
            .into_iter()
            .find_map(|(_, index, server)| server.turn(index, self.breaker, now))?;
        turn.server.credit(0_i64.saturating_sub(all));
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::relay::Change;
    use crate::relay::Condition;
    use crate::relay::Thresholds;

    const OPEN: Duration = Duration::from_secs(5);

    fn server(url: &str) -> Result<Server, BackendError> {
        Server::new(None, url, 1)
    }

    fn try_backend(servers: Vec<Server>) -> Result<Backend, (usize, BackendError)> {
        let second = Duration::from_secs(1);
        let patience = Patience {
            connect: second,
            first_byte: second,
            idle: second,
            answer: second,
            answer_bytes: 1,
        };
        let breaker = Breaker {
            failures: 3,
            open: OPEN,
        };
        Backend::new(servers, None, patience, breaker, None)
    }

    /// A backend of servers with these names and weights.
    fn backend(servers: &[(&str, u16)]) -> Backend {
        let servers = servers.iter();
        let servers = servers.map(|(name, weight)| Server::new(Some(name), "http://a/", *weight).unwrap());
        try_backend(servers.collect()).unwrap()
    }

    /// The names of the servers that get the next messages, all of which are answered.
    fn answered(backend: &Backend, messages: usize, now: Instant) -> String {
        let mut names = String::new();
        for _ in 0..messages {
            let turn = backend.choose(&[], now).unwrap();
            names.push_str(turn.server.name());
            turn.answered();
        }
        names
    }

    /// Has the next messages fail, and says what changed.
    fn fail(backend: &Backend, messages: usize, now: Instant) -> Vec<Option<Change>> {
        let failed = (0..messages).map(|_| backend.choose(&[], now).unwrap().failed(now));
        failed.collect()
    }

    fn conditions(backend: &Backend) -> Vec<Condition> {
        backend.status().iter().map(|status| status.condition).collect()
    }

    #[test]
    fn a_server_is_a_plain_url() {
        for good in [
            "http://127.0.0.1:80/orders?wsdl",
            "http://orders.example",
            "http://[::1]/",
        ] {
            assert!(server(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/orders",
            "orders.example:80",
            "http:///orders",
            "http://u:p@orders.example/",
            "http://a b/",
        ] {
            let refused = server(bad).map(|server| try_backend(vec![server]).map(|_| ()));
            assert!(
                matches!(refused, Err(BackendError::Url) | Ok(Err((0, BackendError::Url)))),
                "{bad}"
            );
        }
        for (url, error) in [
            ("https://orders.example/", BackendError::TlsMissing),
            ("ftp://orders.example/", BackendError::Url),
        ] {
            let servers = vec![server("http://a/").unwrap(), server(url).unwrap()];
            assert_eq!(try_backend(servers).unwrap_err(), (1, error));
        }
        let twice = vec![server("http://a/").unwrap(), server("http://a/b").unwrap()];
        assert_eq!(try_backend(twice).unwrap_err(), (1, BackendError::Name));
    }

    #[test]
    fn servers_take_turns_by_their_weights() {
        let now = Instant::now();
        assert_eq!(answered(&backend(&[("a", 1)]), 3, now), "aaa");
        assert_eq!(answered(&backend(&[("a", 1), ("b", 1)]), 6, now), "ababab");
        assert_eq!(answered(&backend(&[("a", 3), ("b", 1)]), 8, now), "aabaaaba");
        assert_eq!(
            answered(&backend(&[("a", 5), ("b", 1), ("c", 1)]), 7, now),
            "aabacaa"
        );
    }

    #[test]
    fn nobody_is_asked_twice_for_one_message() {
        let backend = backend(&[("a", 1), ("b", 9)]);
        let now = Instant::now();
        let first = backend.choose(&[], now).unwrap();
        assert_eq!(first.server.name(), "b");
        let second = backend.choose(&[first.index], now).unwrap();
        assert_eq!(second.server.name(), "a");
        assert!(backend.choose(&[first.index, second.index], now).is_none());
    }

    #[test]
    fn a_server_that_fails_is_left_alone_and_then_tried_by_one_message() {
        let backend = backend(&[("a", 1)]);
        let now = Instant::now();
        assert_eq!(fail(&backend, 2, now), [None, None]);
        // In a row, that is: an answer between them begins the count anew.
        answered(&backend, 1, now);
        assert_eq!(fail(&backend, 3, now), [None, None, Some(Change::Opened)]);
        assert_eq!(conditions(&backend), [Condition::Open]);
        assert!(
            backend
                .choose(&[], now + OPEN - Duration::from_millis(1))
                .is_none()
        );
        let later = now + OPEN;
        let probe = backend.choose(&[], later).unwrap();
        assert_eq!(conditions(&backend), [Condition::HalfOpen]);
        assert!(backend.choose(&[], later).is_none());
        assert_eq!(probe.failed(later), None);
        assert!(
            backend
                .choose(&[], later + OPEN - Duration::from_millis(1))
                .is_none()
        );
        let probe = backend.choose(&[], later + OPEN).unwrap();
        assert_eq!(probe.answered(), Some(Change::Closed));
        assert_eq!(fail(&backend, 2, later), [None, None]);
        let status = backend.status();
        let [status] = status.as_slice() else {
            unreachable!()
        };
        assert_eq!((status.answered, status.failed, status.opened), (2, 8, 1));
    }

    #[test]
    fn of_many_messages_at_once_one_tries_a_server_that_failed() {
        let backend = backend(&[("a", 1)]);
        let later = Instant::now() + OPEN;
        for _ in 0..100 {
            fail(&backend, 3, later - OPEN);
            let turns: Vec<_> = std::thread::scope(|scope| {
                let asked = [(); 8].map(|()| scope.spawn(|| backend.choose(&[], later)));
                asked
                    .into_iter()
                    .filter_map(|asked| asked.join().unwrap())
                    .collect()
            });
            assert_eq!(turns.len(), 1);
            turns.into_iter().for_each(|turn| {
                turn.answered();
            });
        }
    }

    #[test]
    fn a_try_whose_end_nobody_knows_leaves_room_for_another() {
        let backend = backend(&[("a", 1)]);
        let now = Instant::now();
        fail(&backend, 3, now);
        let later = Instant::now() + OPEN;
        drop(backend.choose(&[], later).unwrap());
        assert!(backend.choose(&[], later).is_some());
    }

    #[test]
    fn what_was_sent_before_a_server_failed_does_not_count_after() {
        let backend = backend(&[("a", 1)]);
        let now = Instant::now();
        let [good, bad] = [(); 2].map(|()| backend.choose(&[], now).unwrap());
        fail(&backend, 3, now);
        assert_eq!(good.answered(), None);
        assert_eq!(bad.failed(now + OPEN), None);
        assert_eq!(conditions(&backend), [Condition::Open]);
        assert!(backend.choose(&[], now + OPEN).is_some());
    }

    #[test]
    fn servers_that_are_left_alone_leave_their_part_to_others() {
        let backend = backend(&[("a", 1), ("b", 1)]);
        let now = Instant::now();
        for _ in 0..3 {
            backend.choose(&[1], now).unwrap().failed(now);
        }
        assert_eq!(answered(&backend, 3, now), "bbb");
    }

    #[test]
    fn checks_in_a_row_take_a_server_out_and_in() {
        let backend = backend(&[("a", 1), ("b", 1)]);
        let now = Instant::now();
        let thresholds = Thresholds {
            unhealthy: 2,
            healthy: 3,
        };
        let a = backend.servers.first().unwrap();
        let mut check = |held| a.checked(held, thresholds);
        let bad = [false, true, false, false, false].map(&mut check);
        assert_eq!(bad, [None, None, None, Some(Change::Down), None]);
        assert_eq!(answered(&backend, 3, now), "bbb");
        let good = [true, true, false, true, true, true].map(&mut check);
        assert_eq!(good, [None, None, None, None, None, Some(Change::Up)]);
        assert!(answered(&backend, 3, now).contains('a'));
    }

    #[test]
    fn servers_that_stay_go_on_as_they_were() {
        let old = backend(&[("a", 1), ("b", 1)]);
        let now = Instant::now();
        for _ in 0..3 {
            old.choose(&[1], now).unwrap().failed(now);
        }
        let mut new = backend(&[("c", 1), ("a", 7)]);
        new.go_on_as(&old);
        assert_eq!(conditions(&new), [Condition::Closed, Condition::Open]);
        let elsewhere = Server::new(Some("a"), "http://b/", 1).unwrap();
        let mut moved = try_backend(vec![elsewhere]).unwrap();
        moved.go_on_as(&old);
        assert_eq!(conditions(&moved), [Condition::Closed]);
    }

    #[test]
    fn who_looks_after_a_server_is_one() {
        let backend = backend(&[("a", 1)]);
        let server = backend.servers.first().unwrap();
        let now = Instant::now();
        let every = Duration::from_secs(2);
        let due = [0, 0, 1, 2, 2].map(|seconds| server.is_due(every, now + Duration::from_secs(seconds)));
        assert_eq!(due, [true, false, false, true, false]);
    }
}
