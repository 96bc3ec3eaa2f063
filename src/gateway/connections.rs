//! How many connections are open, by the listener that took them.

use std::net::SocketAddr;

use super::load::Gauge;
use super::load::Share;

/// The listeners, by the addresses that they listen on.
#[derive(Debug)]
pub(super) struct Connections(Vec<(SocketAddr, Gauge)>);

impl Connections {
    pub(super) fn new(listeners: &[SocketAddr]) -> Self {
        // Somebody else limits them.
        let unlimited = |address: &SocketAddr| (*address, Gauge::new(usize::MAX));
        Self(listeners.iter().map(unlimited).collect())
    }

    /// Counts a connection whose end here is `local`, until what this returns is dropped.
    pub(super) fn opened(&self, local: SocketAddr) -> Option<Share> {
        let at = |address: &SocketAddr| *address == local;
        let everywhere =
            |address: &SocketAddr| address.ip().is_unspecified() && address.port() == local.port();
        let found = self.0.iter().find(|(address, _)| at(address));
        let found = found.or_else(|| self.0.iter().find(|(address, _)| everywhere(address)));
        found.and_then(|(_, open)| open.take(1).ok())
    }

    /// How many are open.
    pub(super) fn open(&self) -> impl Iterator<Item = (SocketAddr, usize)> {
        self.0.iter().map(|(address, open)| (*address, open.used()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_connection_counts_for_the_listener_of_its_address_or_of_all_until_it_closes() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let listeners = ["0.0.0.0:80", "127.0.0.1:80", "[::]:443"].map(address);
        let connections = Connections::new(&listeners);
        let open = || connections.open().map(|(_, open)| open).collect::<Vec<_>>();
        let own = connections.opened(address("127.0.0.1:80"));
        let other = connections.opened(address("192.0.2.1:80"));
        let mapped = connections.opened(address("[::ffff:192.0.2.1]:443"));
        assert!(connections.opened(address("127.0.0.1:81")).is_none());
        assert_eq!(open(), [1, 1, 1]);
        drop((own, mapped));
        assert_eq!(open(), [1, 0, 0]);
        drop(other);
        assert_eq!(open(), [0, 0, 0]);
    }
}
