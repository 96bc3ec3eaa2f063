//! The public keys of tokens of ours.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header;
use bytes::Bytes;

/// For how long whoever took them need not ask again. A key that is to sign is published at least so long before it does.
const CACHE_CONTROL: &str = "public, max-age=300";

/// Answers a request for `keys`, a JWK Set (RFC 7517 §8.5.2). Its body, if it has one, was not read.
pub(super) fn answer(request: &HttpRequest, keys: &Bytes) -> HttpResponse {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, "GET, HEAD"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .force_close()
            .finish();
    }
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/jwk-set+json"))
        .insert_header((header::CACHE_CONTROL, CACHE_CONTROL))
        .force_close()
        .body(keys.clone())
}
