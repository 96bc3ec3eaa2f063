use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::rc::Weak;
use std::time::Duration;
use std::time::Instant;

use tokio::task::spawn_local;
use tokio::time::sleep;

use super::connection::Connection;

/// How long a connection without work is kept: less than the five seconds after which common servers close it, as a request
/// that meets the end of a connection is not tried again.
const IDLE: Duration = Duration::from_secs(4);

/// How many connections without work are kept to one server.
const MOST: usize = 256;

/// Connections of one thread that may be used again, by the host and port of their server.
#[derive(Clone, Default)]
pub(super) struct Pool(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    connections: HashMap<String, Vec<(Connection, Instant)>>,
    /// Whether somebody closes those that were not used for too long.
    is_swept: bool,
}

impl Pool {
    /// The connection to `server` that was used last, if nothing has come by it since.
    pub(super) fn take(&self, server: &str) -> Option<Connection> {
        let mut kept = self.0.borrow_mut();
        let connections = kept.connections.get_mut(server)?;
        while let Some((mut connection, since)) = connections.pop() {
            if since.elapsed() < IDLE && connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection to `server`, by which all of an answer has come and nothing more.
    pub(super) fn put(&self, server: &str, connection: Connection) {
        let mut kept = self.0.borrow_mut();
        let now = (connection, Instant::now());
        match kept.connections.get_mut(server) {
            Some(connections) if connections.len() >= MOST => return,
            Some(connections) => connections.push(now),
            None => {
                kept.connections.insert(server.to_owned(), vec![now]);
            }
        }
        if !kept.is_swept {
            kept.is_swept = true;
            spawn_local(sweep(Rc::downgrade(&self.0)));
        }
    }
}

/// Closes what was not used for too long, until there is nothing left.
async fn sweep(pool: Weak<RefCell<Kept>>) {
    loop {
        sleep(IDLE).await;
        let Some(kept) = pool.upgrade() else {
            return;
        };
        let mut kept = kept.borrow_mut();
        kept.connections.retain(|_, connections| {
            connections.retain(|(_, since)| since.elapsed() < IDLE);
            !connections.is_empty()
        });
        if kept.connections.is_empty() {
            kept.is_swept = false;
            return;
        }
    }
}
