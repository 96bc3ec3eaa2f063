//! Who is at the other end of a connection.

use std::any::Any;

use actix_tls::accept::openssl::TlsStream;
use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;

use super::connections::Connections;
use crate::crypto::Fingerprint;
use crate::crypto::client_certificate;

/// The certificate that a client has shown, by its SHA-256.
struct Shown(Fingerprint);

/// Notes which certificate the client of a new connection has shown, and that the connection is open as long as it is `known`.
pub(super) fn note(connections: &Connections, connection: &dyn Any, known: &mut Extensions) {
    let secure = connection.downcast_ref::<TlsStream<TcpStream>>();
    if let Some(shown) = secure.and_then(|stream| client_certificate(stream.ssl())) {
        known.insert(Shown(shown));
    }
    let plain = secure.map(|stream| stream.get_ref());
    let plain = plain.or_else(|| connection.downcast_ref::<TcpStream>());
    let local = plain.and_then(|stream| stream.local_addr().ok());
    if let Some(open) = local.and_then(|local| connections.opened(local)) {
        known.insert(open);
    }
}

/// SHA-256 of the certificate that the client of `request` has shown.
pub(super) fn certificate(request: &HttpRequest) -> Option<Fingerprint> {
    request.conn_data::<Shown>().map(|shown| shown.0)
}
