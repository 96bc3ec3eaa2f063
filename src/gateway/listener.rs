//! Sockets that listen.

use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::time::Duration;

use rustix::net::sockopt::set_tcp_user_timeout;
use socket2::Domain;
use socket2::Protocol;
use socket2::Socket;
use socket2::Type;

/// Connections that wait to be accepted, at most.
const BACKLOG: i32 = 1024;

/// Listens on `address`. A connection over which a client takes nothing of what is written to it ends after `unread`.
///
/// # Errors
///
/// What the system says, with the address.
pub(super) fn bind(address: SocketAddr, unread: Duration) -> io::Result<TcpListener> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"));
    let listen = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A restarted gateway finds its port still waiting for the last segments of old connections.
        socket.set_reuse_address(true)?;
        // Connections have it from their listener.
        set_tcp_user_timeout(&socket, u32::try_from(unread.as_millis()).unwrap_or(u32::MAX))?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        socket.set_nonblocking(true)?;
        Ok(TcpListener::from(socket))
    };
    listen().map_err(named)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn an_address_is_taken_once() {
        let one = bind("127.0.0.1:0".parse().unwrap(), Duration::from_secs(1)).unwrap();
        let address = one.local_addr().unwrap();
        assert_ne!(address.port(), 0);
        let again = bind(address, Duration::from_secs(1)).unwrap_err();
        assert!(
            again
                .to_string()
                .starts_with(&format!("cannot listen on {address}: ")),
            "{again}"
        );
    }
}
