//! What operators ask: is it alive, is it ready, how is it going; and what they order: take on the configuration as it is now.

use std::net::SocketAddr;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::HttpResponseBuilder;
use actix_web::Route;
use actix_web::guard;
use actix_web::http::Method;
use actix_web::http::header;
use actix_web::http::header::ContentType;
use actix_web::web;
use serde_json::json;

use super::readiness;
use super::readiness::NotReady;
use super::recent::Trial;
use super::reload::Reloader;
use super::shared::Shared;

/// The routes of the admin listener.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    for (_, path, route) in all() {
        config.route(path, route);
    }
}

fn all() -> [(Method, &'static str, Route); 6] {
    [
        (Method::GET, "/healthz", read().to(alive)),
        (Method::GET, "/readyz", read().to(ready)),
        (Method::GET, "/metrics", read().to(metrics)),
        (Method::GET, "/backends", read().to(backends)),
        (Method::GET, "/openapi.json", read().to(description)),
        (Method::POST, "/reload", web::post().to(reload)),
    ]
}

/// Probes ask by GET or by HEAD.
fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// All of this, as OpenAPI has it.
const DESCRIPTION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/admin.openapi.json"));

async fn alive() -> HttpResponse {
    text(HttpResponse::Ok(), "alive\n")
}

/// Not ready before every thread serves, nor once it has been told to stop, nor while nothing can be recorded or a token is lost, so that no new work is
/// sent here.
async fn ready(shared: web::Data<Shared>, reloader: web::Data<Reloader>) -> HttpResponse {
    match NotReady::ALL
        .into_iter()
        .find(|reason| reason.holds(&shared, &reloader))
    {
        None => text(HttpResponse::Ok(), "ready\n"),
        Some(reason) => text(HttpResponse::ServiceUnavailable(), reason.text()),
    }
}

async fn metrics(shared: web::Data<Shared>, reloader: web::Data<Reloader>) -> HttpResponse {
    shared.note_load();
    readiness::note(&shared, &reloader);
    let mut response = HttpResponse::Ok();
    response.content_type("text/plain; version=0.0.4; charset=utf-8");
    response.body(shared.metrics.render())
}

/// The servers of each route, and whether they are asked.
async fn backends(shared: web::Data<Shared>) -> HttpResponse {
    let current = shared.current();
    let routes = current.places().into_iter().map(|place| {
        let servers = place.route.backend.status().into_iter().map(|server| {
            json!({
                "server": server.name,
                "condition": server.condition.name(),
                "answered": server.answered,
                "failed": server.failed,
                "opened": server.opened,
            })
        });
        json!({ "route": place.route.path, "servers": servers.collect::<Vec<_>>() })
    });
    HttpResponse::Ok().json(routes.collect::<Vec<_>>())
}

async fn description() -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::json())
        .body(DESCRIPTION)
}

/// 200 with `"outcome": "replaced"`, or 409 with `"outcome": "kept"` and why.
async fn reload(request: HttpRequest, reloader: web::Data<Reloader>) -> HttpResponse {
    // A page in an operator's browser sends its origin with every POST: it has no say here.
    if request.headers().contains_key(header::ORIGIN) || !is_from_here(request.peer_addr()) {
        return HttpResponse::Forbidden().finish();
    }
    let Ok(result) = web::block(move || reloader.reload_as_asked()).await else {
        return HttpResponse::InternalServerError().finish();
    };
    match result {
        Ok(replaced) => HttpResponse::Ok().json(json!({
            "outcome": "replaced",
            "configuration": replaced.number,
            "recent": replaced.trials.iter().map(tried).collect::<Vec<_>>(),
        })),
        Err(kept) => HttpResponse::Conflict().json(json!({
            "outcome": "kept",
            "code": kept.code(),
            "message": kept.to_string(),
            "recent": kept.trials().iter().map(tried).collect::<Vec<_>>(),
        })),
    }
}

/// Whether a peer is on this machine. An address that other machines reach is for reading.
fn is_from_here(peer: Option<SocketAddr>) -> bool {
    peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback())
}

fn tried(trial: &Trial) -> serde_json::Value {
    json!({
        "route": trial.route,
        "tried": trial.tried,
        "refused": trial.refused.len(),
        "codes": trial.codes(),
    })
}

fn text(mut response: HttpResponseBuilder, text: &'static str) -> HttpResponse {
    response.content_type(ContentType::plaintext()).body(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn orders_come_from_this_machine() {
        for (peer, here) in [
            (Some("127.0.0.1:5"), true),
            (Some("[::1]:5"), true),
            (Some("[::ffff:127.0.0.1]:5"), true),
            (Some("192.0.2.1:5"), false),
            (Some("[::ffff:192.0.2.1]:5"), false),
            (None, false),
        ] {
            assert_eq!(
                is_from_here(peer.map(|peer| peer.parse().unwrap())),
                here,
                "{peer:?}"
            );
        }
    }

    #[test]
    fn what_is_described_is_there_and_the_other_way_round() {
        let document: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document.get("paths").unwrap().as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.to_ascii_uppercase(), path.clone()));
            }
        }
        let there = all().map(|(method, path, _)| (method.to_string(), path.to_owned()));
        assert_eq!(described, BTreeSet::from(there));
    }
}
