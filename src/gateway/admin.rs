//! What operators ask: is it alive, is it ready, how is it going.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web;

use super::shared::Shared;

/// The routes of the admin listener.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
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

fn text(response: HttpResponse, text: String) -> HttpResponse {
    let mut response = response.set_body(text).map_into_boxed_body();
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
    );
    response
}
