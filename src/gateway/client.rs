//! Who is at the other end of a connection.

use std::any::Any;

use actix_tls::accept::openssl::TlsStream;
use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

use crate::crypto::Fingerprint;
use crate::crypto::client_certificate;

/// The certificate that a client has shown, by its SHA-256.
struct Shown(Fingerprint);

/// Notes which certificate the client of a new connection has shown.
pub(super) fn note(connection: &dyn Any, known: &mut Extensions) {
    let stream = connection.downcast_ref::<TlsStream<TcpStream>>();
    if let Some(shown) = stream.and_then(|stream| client_certificate(stream.ssl())) {
        known.insert(Shown(shown));
    }
}

/// SHA-256 of the certificate that the client of `request` has shown.
pub(super) fn certificate(request: &HttpRequest) -> Option<Fingerprint> {
    request.conn_data::<Shown>().map(|shown| shown.0)
}
