//! What operators ask: is it alive, is it ready, how is it going; and what they order: take on the configuration as it is now.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web;
use serde_json::json;

use super::recent::Trial;
use super::reload::Reloader;
use super::shared::Shared;

/// The routes of the admin listener.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics))
        .route("/backends", web::get().to(backends))
        .route("/reload", web::post().to(reload));
}

async fn alive() -> HttpResponse {
    text(HttpResponse::Ok().finish(), "alive\n".to_owned())
}

/// Not ready before every thread serves, nor once it has been told to stop, so that no new work is sent here.
async fn ready(shared: web::Data<Shared>) -> HttpResponse {
    let (mut response, state) = match (shared.is_ready(), shared.is_stopping()) {
        (true, _) => (HttpResponse::Ok(), "ready\n"),
        (false, true) => (HttpResponse::ServiceUnavailable(), "stopping\n"),
        (false, false) => (HttpResponse::ServiceUnavailable(), "starting\n"),
    };
    text(response.finish(), state.to_owned())
}

async fn metrics(shared: web::Data<Shared>) -> HttpResponse {
    shared.note_load();
    text(HttpResponse::Ok().finish(), shared.metrics.render())
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

/// 200 with `"outcome": "replaced"`, or 409 with `"outcome": "kept"` and why.
async fn reload(request: HttpRequest, reloader: web::Data<Reloader>) -> HttpResponse {
    // A page in an operator's browser sends its origin with every POST: it has no say here.
    if request.headers().contains_key(header::ORIGIN) {
        return HttpResponse::Forbidden().finish();
    }
    let Ok(result) = web::block(move || reloader.reload()).await else {
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

fn tried(trial: &Trial) -> serde_json::Value {
    json!({
        "route": trial.route,
        "tried": trial.tried,
        "refused": trial.refused.len(),
        "codes": trial.codes(),
    })
}

fn text(response: HttpResponse, text: String) -> HttpResponse {
    let mut response = response.set_body(text).map_into_boxed_body();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}
