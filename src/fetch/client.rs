use std::time::Duration;

use awc::error::ConnectError;
use awc::error::SendRequestError;
use awc::http::StatusCode;
use awc::http::header;
use bytes::Bytes;
use bytes::BytesMut;
use futures_util::StreamExt;
use tokio::time::timeout;

use super::Address;
use super::Fetch;
use super::FetchError;
use super::Origin;
use super::discovery;
use crate::crypto::TlsClient;

/// The time to connect, and once more for the TLS handshake.
const CONNECT: Duration = Duration::from_secs(5);

/// The time for an answer, from the first try to connect to its end.
const ALL: Duration = Duration::from_secs(30);

/// The greatest configuration of an issuer, in bytes.
const CONFIGURATION_BYTES: usize = 256 << 10;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its bytes.
    pub bytes: Bytes,
    /// How long it is fresh, says its Cache-Control (RFC 9111 §5.2.2).
    pub fresh: Option<Duration>,
}

/// Fetches `fetch` once, with GET: no redirect is followed, no proxy heeded, nothing decompressed.
///
/// # Errors
/// [`FetchError`]: it did not come whole, in time, and as it should be.
pub async fn get(fetch: &Fetch) -> Result<Answer, FetchError> {
    let tls = fetch.tls.as_ref();
    match &fetch.origin {
        Origin::Address(address) => get_from(address, tls, fetch.bytes).await,
        Origin::Issuer {
            issuer,
            configuration,
        } => {
            let told = get_from(configuration, tls, CONFIGURATION_BYTES).await?;
            let keys = discovery::keys_address(&told.bytes, issuer, configuration)?;
            get_from(&keys, tls, fetch.bytes).await
        }
    }
}

async fn get_from(address: &Address, tls: Option<&TlsClient>, most: usize) -> Result<Answer, FetchError> {
    let whole = timeout(ALL, whole(address, tls, most)).await;
    whole.unwrap_or(Err(FetchError::Timeout))
}

async fn whole(address: &Address, tls: Option<&TlsClient>, most: usize) -> Result<Answer, FetchError> {
    let request = client(tls)
        .get(address.uri())
        .timeout(ALL)
        .no_decompress()
        .force_close()
        .insert_header((header::ACCEPT, "*/*"));
    let mut response = request.send().await.map_err(not_sent)?;
    if response.status() != StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let headers = response.headers();
    let mut codings = headers.get_all(header::CONTENT_ENCODING);
    if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(FetchError::ContentEncoding);
    }
    let length = headers.get(header::CONTENT_LENGTH);
    let length: Option<usize> = length.and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_none() && !headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(FetchError::Broken("it does not say where it ends".to_owned()));
    }
    let fresh = fresh(headers);
    let mut bytes = BytesMut::new();
    while let Some(piece) = response.next().await {
        let piece = piece.map_err(|error| FetchError::Broken(error.to_string()))?;
        if bytes.len().saturating_add(piece.len()) > most {
            return Err(FetchError::TooLarge(most));
        }
        bytes.extend_from_slice(&piece);
    }
    // awc takes the end of a connection for the end of an answer.
    if length.is_some_and(|length| length != bytes.len()) {
        return Err(FetchError::Broken("it ended early".to_owned()));
    }
    let bytes = bytes.freeze();
    Ok(Answer { bytes, fresh })
}

/// How long an answer is fresh: not at all with `no-store` or `no-cache`, else as `max-age` says, less its Age.
fn fresh(headers: &header::HeaderMap) -> Option<Duration> {
    let values = headers.get_all(header::CACHE_CONTROL);
    let text: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    let directives = text.iter().flat_map(|value| value.split(','));
    let directives: Vec<String> = directives.map(|one| one.trim().to_ascii_lowercase()).collect();
    if directives
        .iter()
        .any(|one| one == "no-store" || one == "no-cache")
    {
        return Some(Duration::ZERO);
    }
    let seconds = directives.iter().find_map(|one| {
        let value = one.strip_prefix("max-age=")?;
        value.trim_matches('"').parse::<u64>().ok()
    })?;
    let age = headers.get(header::AGE);
    let age = age.and_then(|age| age.to_str().ok()?.trim().parse::<u64>().ok());
    Some(Duration::from_secs(seconds.saturating_sub(age.unwrap_or(0))))
}

fn client(tls: Option<&TlsClient>) -> awc::Client {
    let mut connector = awc::Connector::new().timeout(CONNECT).handshake_timeout(CONNECT);
    if let Some(tls) = tls {
        connector = connector.openssl(tls.connector());
    }
    awc::ClientBuilder::new()
        .connector(connector)
        .no_default_headers()
        .disable_redirects()
        .finish()
}

fn not_sent(error: SendRequestError) -> FetchError {
    let text = error.to_string();
    match error {
        SendRequestError::Timeout | SendRequestError::Connect(ConnectError::Timeout) => FetchError::Timeout,
        SendRequestError::Connect(_) => FetchError::Unreachable(text),
        SendRequestError::Url(_)
        | SendRequestError::Send(_)
        | SendRequestError::Response(_)
        | SendRequestError::Http(_)
        | SendRequestError::H2(_)
        | SendRequestError::TunnelNotSupported
        | SendRequestError::Body(_)
        | SendRequestError::Custom(..)
        | _ => FetchError::Broken(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_fresh_as_long_as_it_says() {
        let fresh = |fields: &[(&'static str, &'static str)]| {
            let mut headers = header::HeaderMap::new();
            for (name, value) in fields {
                let name = header::HeaderName::from_static(name);
                headers.append(name, header::HeaderValue::from_static(value));
            }
            super::fresh(&headers).map(|fresh| fresh.as_secs())
        };
        assert_eq!(fresh(&[]), None);
        assert_eq!(fresh(&[("cache-control", "public, Max-Age=300")]), Some(300));
        assert_eq!(
            fresh(&[("cache-control", "max-age=300"), ("age", "100")]),
            Some(200)
        );
        assert_eq!(
            fresh(&[("cache-control", "max-age=300"), ("age", "400")]),
            Some(0)
        );
        assert_eq!(fresh(&[("cache-control", "no-store, max-age=300")]), Some(0));
        assert_eq!(fresh(&[("cache-control", "no-cache")]), Some(0));
        assert_eq!(
            fresh(&[("cache-control", "private"), ("cache-control", "max-age=7")]),
            Some(7)
        );
        assert_eq!(fresh(&[("cache-control", "max-age=x")]), None);
    }
}
