//! A client that writes exactly what it is told, and reads what comes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use openssl::ssl::{SslConnector, SslMethod, SslStream};
use sealgate::soap::Version;

use crate::message::KEYS;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The incident of a fault.
    pub(crate) fn incident(&self) -> &str {
        let (_, after) = self
            .body
            .split_once("Incident ")
            .unwrap_or_else(|| panic!("{self:?}"));
        &after[..16]
    }
}

/// A request whose headers and body are given.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A message on its usual way: POST to /orders, with the media type of its version and an action.
pub(crate) fn post(version: Version, action: &str, body: &str) -> String {
    post_with(version, action, body, &[])
}

pub(crate) fn post_with(version: Version, action: &str, body: &str, further: &[(&str, &str)]) -> String {
    let quoted = format!("\"{action}\"");
    let soap12 = format!("application/soap+xml; charset=utf-8; action=\"{action}\"");
    let mut headers = match version {
        Version::Soap11 => vec![
            ("Content-Type", "text/xml; charset=utf-8"),
            ("SOAPAction", quoted.as_str()),
        ],
        Version::Soap12 => vec![("Content-Type", soap12.as_str())],
    };
    headers.extend(further);
    request("POST", "/orders", &headers, body)
}

/// Sends a request and takes the answer.
pub(crate) fn send(address: SocketAddr, request: &str) -> Answer {
    try_send(address, request).unwrap()
}

pub(crate) fn try_send(address: SocketAddr, request: &str) -> io::Result<Answer> {
    try_send_octets(address, request.as_bytes())
}

pub(crate) fn try_send_octets(address: SocketAddr, request: &[u8]) -> io::Result<Answer> {
    let mut stream = try_connect(address)?;
    // Who refuses early may close before everything was written.
    let _ = stream.write_all(request);
    read(&mut stream)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    try_connect(address).unwrap()
}

fn try_connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// Sends a request over TLS, trusting the CA of the fixtures, with the certificate of `own` if any.
pub(crate) fn send_tls(address: SocketAddr, own: Option<&str>, request: &str) -> io::Result<Answer> {
    let mut stream = connect_tls(address, own)?;
    stream.write_all(request.as_bytes())?;
    read(&mut stream)
}

pub(crate) fn connect_tls(address: SocketAddr, own: Option<&str>) -> io::Result<SslStream<TcpStream>> {
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_ca_file(format!("{KEYS}/ca.pem")).unwrap();
    if let Some(own) = own {
        connector
            .set_certificate_chain_file(format!("{KEYS}/{own}.pem"))
            .unwrap();
        connector
            .set_private_key_file(format!("{KEYS}/{own}.key.pem"), openssl::ssl::SslFiletype::PEM)
            .unwrap();
    }
    let stream = connector.build().connect("gateway.example", connect(address));
    stream.map_err(|error| io::Error::other(error.to_string()))
}

/// Reads one answer, by its Content-Length or to the end of the connection.
pub(crate) fn read(stream: &mut impl Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        if let Some(answer) = parse(&bytes, false) {
            return Ok(answer);
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            // A peer that closes with unread input resets the connection, after its answer.
            Err(_) if parse(&bytes, true).is_some() => break,
            Err(error) => return Err(error),
        }
    }
    parse(&bytes, true)
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} bytes", bytes.len())))
}

fn parse(bytes: &[u8], ended: bool) -> Option<Answer> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse::<usize>().ok());
    let complete = length.map_or(ended, |length| body.len() >= length);
    complete.then(|| Answer {
        status,
        headers,
        body: body.to_owned(),
    })
}
