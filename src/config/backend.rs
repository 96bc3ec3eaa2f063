use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;

use super::problem::KeyPath;
use super::problem::Source;
use super::tls_client;
use super::typed;
use crate::relay::Ask;
use crate::relay::Backend;
use crate::relay::BackendError;
use crate::relay::Breaker;
use crate::relay::HealthCheck;
use crate::relay::Patience;
use crate::relay::Server;
use crate::relay::Thresholds;

/// Checks who answers. `None` if anything is wrong, which is then noted.
pub(super) fn check(
    backend: &typed::Backend,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Backend> {
    let servers = servers(backend, path, source);
    let tls = tls_client::check(&backend.tls, path, now, source)?;
    let health = backend.health.as_ref();
    let health = health.map(|health| self::health(health, &path.key("health"), source).ok_or(()));
    let breaker = Breaker {
        failures: backend.breaker.failures,
        open: seconds(backend.breaker.open_seconds),
    };
    let health = health.transpose().ok()?;
    let checked = Backend::new(servers?, tls, patience(backend), breaker, health);
    checked
        .map_err(|(index, error)| refused(backend, index, error, path, source))
        .ok()
}

fn servers(backend: &typed::Backend, path: &KeyPath, source: &mut Source<'_>) -> Option<Vec<Server>> {
    let alone = backend.url.iter().map(|url| Server::new(None, url, 1));
    let several = backend.server.iter();
    let several = several.map(|server| Server::new(server.name.as_deref(), &server.url, server.weight));
    let all: Vec<_> = alone.chain(several).collect();
    match (&backend.url, backend.server.as_slice()) {
        (None, []) => {
            source.problem(
                &path.key("url"),
                "is missing",
                "write a URL, as \"http://127.0.0.1:9000/orders\"",
            );
            return None;
        }
        (Some(_), [_, ..]) => {
            let what = "stands beside servers, which have URLs of their own";
            source.problem(&path.key("url"), what, "make it a server, too");
            return None;
        }
        _ => {}
    }
    for (index, server) in all.iter().enumerate() {
        if let Err(error) = server {
            refused(backend, index, *error, path, source);
        }
    }
    all.into_iter().collect::<Result<_, _>>().ok()
}

fn patience(backend: &typed::Backend) -> Patience {
    let or_answer = |number: Option<u16>| seconds(number.unwrap_or(backend.answer_seconds));
    Patience {
        connect: seconds(backend.connect_seconds),
        first_byte: or_answer(backend.first_byte_seconds),
        idle: or_answer(backend.idle_seconds),
        answer: seconds(backend.answer_seconds),
        answer_bytes: usize::try_from(backend.answer_bytes).unwrap_or(usize::MAX),
    }
}

fn health(health: &typed::Health, path: &KeyPath, source: &mut Source<'_>) -> Option<HealthCheck> {
    let ask = match &health.path {
        None => Some(Ask::Connection),
        Some(path) => Ask::get(path),
    };
    if ask.is_none() {
        let what = format!("is {:?}", health.path.as_deref().unwrap_or_default());
        source.problem(&path.key("path"), what, "write the path of a URL, as \"/health\"");
    }
    Some(HealthCheck {
        ask: ask?,
        every: seconds(health.interval_seconds),
        time: seconds(health.answer_seconds),
        thresholds: Thresholds {
            unhealthy: health.unhealthy,
            healthy: health.healthy,
        },
    })
}

/// Notes what is wrong with the server `index`, which is the only one or one of several.
fn refused(
    backend: &typed::Backend,
    index: usize,
    error: BackendError,
    path: &KeyPath,
    source: &mut Source<'_>,
) {
    let server = backend.server.get(index);
    let table = server.map_or_else(|| path.clone(), |_| path.key("server").entry(index));
    let url = server.map(|server| &server.url).or(backend.url.as_ref());
    let (path, what, instead) = match error {
        BackendError::Url => (
            table.key("url"),
            format!("is {:?}", url.map(String::as_str).unwrap_or_default()),
            "write a URL, as \"http://127.0.0.1:9000/orders\"",
        ),
        BackendError::TlsMissing => (
            path.key("ca"),
            "is missing".to_owned(),
            "name the files of who issues the backend's certificate",
        ),
        BackendError::TlsUnused => (
            table.key("url"),
            "has no use for certificates".to_owned(),
            "write https:, or remove ca, certificate and key",
        ),
        BackendError::Name => (
            table.key("name"),
            "is that of another server".to_owned(),
            "give each server a name of its own",
        ),
    };
    source.problem(&path, what, instead);
}

fn seconds(number: u16) -> Duration {
    Duration::from_secs(u64::from(number))
}
