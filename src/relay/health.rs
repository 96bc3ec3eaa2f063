use std::time::Duration;
use std::time::Instant;

use http::Uri;
use http::uri::PathAndQuery;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Client;
use super::server::Change;
use super::server::Server;
use crate::http_client::Body;
use crate::http_client::HttpClient;
use crate::http_client::Request;
use crate::http_client::Times;
use crate::http_client::port;

/// How servers are looked after, whether or not there are messages for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked.
    pub ask: Ask,
    /// How often.
    pub every: Duration,
    /// How long an answer may take.
    pub time: Duration,
    /// How often in a row until it counts.
    pub thresholds: Thresholds,
}

/// What a health check asks of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A connection.
    Connection,
    /// A status from 200 to 299 for a GET of this path.
    Get(PathAndQuery),
}

/// After how many checks in a row the condition of a server changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Failed ones, until it is down.
    pub unhealthy: u16,
    /// Those that held, until it is up again.
    pub healthy: u16,
}

impl Ask {
    /// A GET of `path`; `None` if it is no path.
    pub fn get(path: &str) -> Option<Self> {
        let parsed = path.parse().ok().filter(|_| path.starts_with('/'));
        parsed.map(Self::Get)
    }
}

impl Client {
    /// Looks after the servers of which it is time to: each with what changed by it.
    ///
    /// A check takes its time at most; the next is not before the interval has passed.
    pub async fn look(&self, now: Instant) -> Vec<(String, Change)> {
        let Some(check) = &self.backend.check else {
            return Vec::new();
        };
        let due = self
            .backend
            .servers
            .iter()
            .filter(|server| server.is_due(check.every, now));
        let asked = due.map(|server| async move {
            let held = timeout(check.time, self.holds(server, check)).await;
            let change = server.checked(held.unwrap_or(false), check.thresholds)?;
            Some((server.name.clone(), change))
        });
        let changes = futures_util::future::join_all(asked).await;
        changes.into_iter().flatten().collect()
    }

    async fn holds(&self, server: &Server, check: &HealthCheck) -> bool {
        match &check.ask {
            Ask::Connection => {
                let host = server.url.host().unwrap_or_default();
                let host = host.trim_start_matches('[').trim_end_matches(']');
                TcpStream::connect((host, port(&server.url))).await.is_ok()
            }
            Ask::Get(path) => {
                let mut parts = server.url.clone().into_parts();
                parts.path_and_query = Some(path.clone());
                let Ok(url) = Uri::from_parts(parts) else {
                    return false;
                };
                let get = Request {
                    method: "GET",
                    uri: &url,
                    fields: Vec::new(),
                    body: Body::None,
                };
                let client = HttpClient::closing(check.time, self.backend.tls.clone());
                let answer = client.send(get, Times::of(check.time)).await;
                answer.is_ok_and(|answer| (200..300).contains(&answer.status))
            }
        }
    }
}
