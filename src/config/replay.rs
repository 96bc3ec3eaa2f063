use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::check::is_this_machine;
use super::checked::GuardedRoute;
use super::checked::TokenEndpoint;
use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::tls_client;
use super::typed;
use crate::replay::OnLoss;
use crate::replay::Place;
use crate::replay::Server;
use crate::replay::Settings;

/// How uses are remembered by a gateway with these routes and token endpoints.
pub(super) fn settings(
    replay: &typed::Replay,
    place: Place,
    routes: &[GuardedRoute],
    endpoints: &[TokenEndpoint],
) -> Option<Settings> {
    let policies = routes.iter().map(|guarded| &guarded.policy);
    let policies = policies.chain(endpoints.iter().map(|endpoint| &endpoint.policy));
    let skews = policies.map(|policy| TimeDelta::seconds(policy.clock_skew.into()));
    let bearers = routes.iter().filter_map(|guarded| guarded.bearer.as_ref());
    let skews = skews.chain(bearers.map(|bearer| bearer.skew));
    Some(Settings {
        capacity: usize::try_from(replay.capacity).ok()?,
        place,
        skew: skews.max().unwrap_or_default(),
    })
}

/// Where uses are remembered.
pub(super) fn place(replay: &typed::Replay, now: DateTime<Utc>, source: &mut Source<'_>) -> Option<Place> {
    let table = KeyPath::default().key("replay");
    match (&replay.file, &replay.redis) {
        (None, None) => Some(Place::Memory),
        (Some(path), None) => {
            let path = source.folder().join(path);
            // Without a folder in its name it stands where the gateway was started.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            if !folder.is_none_or(std::path::Path::is_dir) {
                source.problem(&table.key("file"), "stands in no folder", "make the folder");
                return None;
            }
            Some(Place::File(path))
        }
        (None, Some(redis)) => server(redis, &table.key("redis"), now, source)
            .map(Arc::new)
            .map(Place::Server),
        (Some(_), Some(_)) => {
            source.problem(&table, "has both a file and a Redis", "keep one of them");
            None
        }
    }
}

pub(super) fn server(
    redis: &typed::Redis,
    table: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Server> {
    let tls = tls_client::check(&redis.tls, table, now, source)?;
    if tls.is_none() && !is_this_machine(&redis.host) {
        let what = format!("is on another machine, and there is no TLS: {}", redis.host);
        source.problem(
            &table.key("host"),
            what,
            "name who issues its certificate in ca, or use a Redis on 127.0.0.1",
        );
        return None;
    }
    if redis.user.is_some() && redis.password_file.is_none() {
        source.problem(
            &table.key("password_file"),
            "is missing",
            "name a file with the user's password",
        );
        return None;
    }
    let password = match &redis.password_file {
        Some(path) => Some(files::password(path, &table.key("password_file"), source)?),
        None => None,
    };
    Some(Server {
        host: redis.host.clone(),
        port: redis.port,
        tls,
        user: redis.user.clone(),
        password,
        database: redis.database,
        prefix: redis.prefix.clone(),
        time: Duration::from_millis(redis.milliseconds.into()),
        on_loss: match redis.on_store_loss {
            typed::OnStoreLoss::Reject => OnLoss::Reject,
            typed::OnStoreLoss::Local => OnLoss::Local,
        },
    })
}
