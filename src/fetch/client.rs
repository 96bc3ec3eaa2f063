use std::time::Duration;

use bytes::Bytes;

use super::Address;
use super::Fetch;
use super::FetchError;
use super::Origin;
use super::discovery;
use crate::crypto::TlsClient;
use crate::http_client::Body;
use crate::http_client::Error;
use crate::http_client::Fields;
use crate::http_client::HttpClient;
use crate::http_client::Request;
use crate::http_client::Times;

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
    let request = Request {
        method: "GET",
        uri: address.uri(),
        fields: vec![("accept", "*/*".to_owned())],
        body: Body::None,
    };
    let client = HttpClient::closing(CONNECT, tls.cloned());
    let mut answer = client.send(request, Times::of(ALL)).await?;
    if answer.status != 200 {
        return Err(FetchError::Status(answer.status));
    }
    if answer.fields.is_coded() {
        return Err(FetchError::ContentEncoding);
    }
    let bytes = answer.whole(most).await?;
    let fresh = fresh(&answer.fields);
    Ok(Answer { bytes, fresh })
}

impl From<Error> for FetchError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unreachable(reason) => Self::Unreachable(reason),
            Error::ConnectTimeout | Error::Timeout => Self::Timeout,
            Error::Broken(reason) => Self::Broken(reason),
            Error::TooLarge(most) => Self::TooLarge(most),
        }
    }
}

/// How long an answer is fresh: not at all with `no-store` or `no-cache`, else as `max-age` says, less its Age.
fn fresh(fields: &Fields) -> Option<Duration> {
    let values = fields.all("cache-control");
    let text: Vec<&str> = values
        .filter_map(|value| std::str::from_utf8(value).ok())
        .collect();
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
    let age = fields.text("age").and_then(|age| age.parse::<u64>().ok());
    Some(Duration::from_secs(seconds.saturating_sub(age.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_answer_is_fresh_as_long_as_it_says() {
        let fresh = |fields: &[(&'static str, &'static str)]| {
            super::fresh(&fields.iter().copied().collect()).map(|fresh| fresh.as_secs())
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
