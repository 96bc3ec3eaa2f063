//! Messages as the bindings of a browser carry them; what [`decode`](super::decode) reads.

use std::io;
use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::query;
use super::query::MessageParameter;
use crate::crypto::encode_base64;

/// The form of HTTP-POST, as `application/x-www-form-urlencoded`, that carries `xml` (SAML Bindings §3.5.4).
pub fn form(xml: &[u8], parameter: MessageParameter, relay_state: Option<&str>) -> String {
    query::written(parameter, &encode_base64(xml), relay_state, None)
}

/// The query string of HTTP-Redirect that carries `xml`, as far as it is signed: up to the SigAlg `algorithm`, or without one
/// (SAML Bindings §3.4.4.1).
///
/// # Errors
/// What writing to memory can fail with.
pub fn query_string(
    xml: &[u8],
    parameter: MessageParameter,
    relay_state: Option<&str>,
    algorithm: Option<&str>,
) -> io::Result<String> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(xml)?;
    let message = encode_base64(&encoder.finish()?);
    Ok(query::written(parameter, &message, relay_state, algorithm))
}

/// `octets`, of [`query_string`], with the signature `value` over them.
pub fn signed_query_string(octets: &str, value: &[u8]) -> String {
    format!(
        "{octets}&Signature={}",
        query::percent_encoded(&encode_base64(value))
    )
}
