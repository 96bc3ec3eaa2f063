use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Limited};
use object_store::client::{
    ClientOptions, CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, HttpClient, HttpConnector,
    HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService, Signer,
    SigningAlgorithm,
};
use object_store::{Error, Result, RetryConfig};
use reqwest::redirect::Policy;

use super::object::ANOTHER;
use crate::algorithm;
use crate::batch::source::broken;
use crate::crypto::{self, Digester, Secret};
use crate::fetch::Address;

/// How long to try to reach the store, and to wait for its next byte.
const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);
/// The most bytes of an answer that is no object: a list of 1,000 names of 1,024 bytes, each written as an escape.
const LONGEST_ANSWER: usize = 16 << 20;
/// The most bytes in which a code of an error is looked for, and of the code.
const LONGEST_ERROR: usize = 64 << 10;
const LONGEST_CODE: usize = 48;

/// What fails in passing is tried again, but nobody waits for minutes.
pub(super) fn retries() -> RetryConfig {
    RetryConfig {
        max_retries: 4,
        retry_timeout: Duration::from_secs(60),
        ..RetryConfig::default()
    }
}

/// Connects by TLS, or to the loopback; follows no redirect and asks no proxy.
#[derive(Debug)]
pub(super) struct Connector;

#[derive(Debug)]
struct Guarded(HttpClient);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| generic(Box::new(error)))?;
        Ok(HttpClient::new(Guarded(HttpClient::new(client))))
    }
}

#[async_trait::async_trait]
impl HttpService for Guarded {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        if Address::parse(&request.uri().to_string()).is_err() {
            return Err(Told::Nothing.into());
        }
        let is_list = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("list-type="));
        let answer = self.0.execute(request).await?;
        let status = answer.status();
        let (head, body) = answer.into_parts();
        if status.is_success() {
            let body = if is_list {
                at_most(LONGEST_ANSWER, body)
            } else {
                body
            };
            return Ok(HttpResponse::from_parts(head, body));
        }
        let is_told_by_kind = !is_list && KINDS.contains(&status);
        let may_pass = status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
        if is_told_by_kind || may_pass {
            // What it says beyond that may repeat a token that it was sent.
            return Ok(HttpResponse::from_parts(
                head,
                HttpResponseBody::from(Bytes::new()),
            ));
        }
        let body = at_most(LONGEST_ERROR, body).bytes().await.unwrap_or_default();
        Err(Told::Refused(status, code(&body)).into())
    }
}

/// Statuses that `object_store` has errors for.
const KINDS: [StatusCode; 5] = [
    StatusCode::NOT_MODIFIED,
    StatusCode::UNAUTHORIZED,
    StatusCode::FORBIDDEN,
    StatusCode::NOT_FOUND,
    StatusCode::PRECONDITION_FAILED,
];

fn at_most(most: usize, body: HttpResponseBody) -> HttpResponseBody {
    let body = Limited::new(body, most);
    HttpResponseBody::new(body.map_err(|error| match error.downcast::<HttpError>() {
        Ok(error) => *error,
        Err(_) => Told::TooMuch.into(),
    }))
}

/// The code of an error as S3 has it: letters, which are no credentials.
fn code(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let is_code = code.len() <= LONGEST_CODE && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| code.to_owned())
}

/// What is said of a request that does not succeed.
#[derive(Debug)]
enum Told {
    Nothing,
    TooMuch,
    Refused(StatusCode, Option<String>),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str(
                "a store is asked by https, or at an IP address of the loopback, with credentials of the environment",
            ),
            Self::TooMuch => f.write_str("the store answers with more than it was asked for"),
            Self::Refused(status, code) => {
                write!(f, "the store answers {}", status.as_u16())?;
                code.iter().try_for_each(|code| write!(f, " {code}"))
            }
        }
    }
}

impl std::error::Error for Told {}

impl From<Told> for HttpError {
    fn from(told: Told) -> Self {
        Self::new(HttpErrorKind::Unknown, told)
    }
}

/// Why something could not be read, in words that are the same each time. Those of `object_store` name addresses and durations.
pub(super) fn in_words(error: Error) -> io::Error {
    broken(match &error {
        Error::NotFound { .. } => "there is no such object",
        Error::Precondition { .. } | Error::NotModified { .. } => ANOTHER,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            "the store does not let these credentials read it"
        }
        Error::InvalidPath { .. } => "the name of an object is no path: it has an empty part, or one of dots",
        Error::Generic { .. }
        | Error::JoinError { .. }
        | Error::NotSupported { .. }
        | Error::AlreadyExists { .. }
        | Error::NotImplemented { .. }
        | Error::UnknownConfigurationKey { .. }
        | _ => return cause(&error),
    })
}

fn cause(error: &Error) -> io::Error {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(told) = cause.downcast_ref::<Told>() {
            return broken(&told.to_string());
        }
        if let Some(http) = cause.downcast_ref::<HttpError>() {
            match http.kind() {
                HttpErrorKind::Connect => return broken("the store cannot be reached"),
                HttpErrorKind::Timeout => return broken("the store does not answer in time"),
                HttpErrorKind::Request | HttpErrorKind::Interrupted => {
                    return broken("the connection to the store broke");
                }
                HttpErrorKind::Decode | HttpErrorKind::Unknown | _ => {}
            }
        }
        next = cause.source();
    }
    broken("the store does not answer as S3 does")
}

/// OpenSSL for what requests are signed with.
#[derive(Debug)]
pub(super) struct OurCrypto;

impl CryptoProvider for OurCrypto {
    fn digest(&self, _: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        Ok(Box::new(Sha256 {
            digester: Some(Digester::new(algorithm::DigestAlgorithm::Sha256)),
            value: Vec::new(),
        }))
    }

    fn hmac(&self, _: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        Ok(Box::new(HmacSha256 {
            secret: Secret::new(secret.to_vec()),
            message: Vec::new(),
            value: Vec::new(),
        }))
    }

    fn sign(&self, _: SigningAlgorithm, _: &[u8]) -> Result<Box<dyn Signer>> {
        Err(generic("S3 signs with no private key".into()))
    }
}

struct Sha256 {
    digester: Option<Digester>,
    value: Vec<u8>,
}

impl DigestContext for Sha256 {
    fn update(&mut self, data: &[u8]) {
        if let Some(digester) = &mut self.digester {
            digester.update(data);
        }
    }

    fn finish(&mut self) -> Result<&[u8]> {
        if let Some(digester) = self.digester.take() {
            let value = digester.finish().map_err(|error| generic(Box::new(error)))?;
            self.value = value.as_bytes().to_vec();
        }
        Ok(&self.value)
    }
}

/// What is signed is a few hundred bytes.
struct HmacSha256 {
    secret: Secret,
    message: Vec<u8>,
    value: Vec<u8>,
}

impl HmacContext for HmacSha256 {
    fn update(&mut self, data: &[u8]) {
        self.message.extend_from_slice(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        let value = crypto::hmac(algorithm::DigestAlgorithm::Sha256, &self.secret, &self.message);
        self.value = value.map_err(|error| generic(Box::new(error)))?;
        Ok(&self.value)
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: "S3", source }
}
