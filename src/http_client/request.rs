use std::io;
use std::pin::Pin;

use bytes::Bytes;
use bytes::BytesMut;
use futures_util::Stream;
use http::Uri;

use super::error::Error;
use super::head::is_name;
use super::head::is_text;

/// A request to a server.
pub(crate) struct Request<'r> {
    /// Its method: GET or POST.
    pub(crate) method: &'static str,
    /// Whom it asks for what.
    pub(crate) uri: &'r Uri,
    /// Its fields, but for Host, Content-Length and Connection.
    pub(crate) fields: Vec<(&'r str, String)>,
    /// What it carries.
    pub(crate) body: Body,
}

/// The body of a request.
pub(crate) enum Body {
    /// None.
    None,
    /// These octets.
    Octets(Bytes),
    /// As many octets as `length` says, piece by piece.
    Pieces {
        length: u64,
        pieces: Pin<Box<dyn Stream<Item = io::Result<Bytes>>>>,
    },
}

/// As much of a body goes into one write with the head.
const TOGETHER: usize = 32 * 1024;

impl Request<'_> {
    /// The head, with the body if that is short; and what is left of the body.
    pub(super) fn written(self, closing: bool) -> Result<(Bytes, Body), Error> {
        let mut head = String::with_capacity(512);
        let path = match self.uri.path() {
            "" => "/",
            path => path,
        };
        head.extend([self.method, " ", path]);
        if let Some(query) = self.uri.query() {
            head.extend(["?", query]);
        }
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        head.extend([" HTTP/1.1\r\nhost: ", host, "\r\n"]);
        for (name, value) in &self.fields {
            if !is_name(name.as_bytes()) || !is_text(value.as_bytes()) {
                return Err(Error::broken("a field of the request cannot be written"));
            }
            head.extend([*name, ": ", value, "\r\n"]);
        }
        let length = match &self.body {
            Body::None => None,
            Body::Octets(octets) => Some(u64::try_from(octets.len()).unwrap_or(u64::MAX)),
            Body::Pieces { length, .. } => Some(*length),
        };
        if let Some(length) = length {
            head.extend(["content-length: ", &length.to_string(), "\r\n"]);
        }
        if closing {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        Ok(match self.body {
            Body::Octets(octets) if octets.len() <= TOGETHER => {
                let mut first = BytesMut::from(head.as_bytes());
                first.extend_from_slice(&octets);
                (first.freeze(), Body::None)
            }
            body @ (Body::None | Body::Octets(_) | Body::Pieces { .. }) => (head.into(), body),
        })
    }
}

/// The port of a server.
pub(crate) fn port(uri: &Uri) -> u16 {
    let usual = if uri.scheme_str() == Some("https") {
        443
    } else {
        80
    };
    uri.port_u16().unwrap_or(usual)
}
