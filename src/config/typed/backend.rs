//! Who answers, as it is typed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Decryption;
use super::TlsClient;
use super::Trust;
use super::policy;

/// Where verified messages go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Backend {
    /// The URL, "http:" or "https:". Without it there are servers.
    #[serde(default)]
    pub(in crate::config) url: Option<String>,
    /// Servers that all say the same, in place of the one URL.
    #[serde(default)]
    pub(in crate::config) server: Vec<Server>,
    /// Seconds to connect; with TLS, as many again for the handshake.
    #[serde(default = "connect_seconds")]
    #[schemars(range(min = 1, max = 60))]
    pub(in crate::config) connect_seconds: u16,
    /// Seconds to the head of the answer; as `answer_seconds` if it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) first_byte_seconds: Option<u16>,
    /// Seconds between two pieces of the answer; as `answer_seconds` if it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) idle_seconds: Option<u16>,
    /// Seconds to the end of the answer, whichever server it came from in the end.
    #[serde(default = "answer_seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) answer_seconds: u16,
    /// The greatest answer in bytes.
    #[serde(default = "answer_bytes")]
    #[schemars(range(min = 1, max = 67_108_864))]
    pub(in crate::config) answer_bytes: u32,
    /// Messages for this backend at a time; what is more is told to come back later. If it is not said: where there are several routes, half of
    /// those of the gateway.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub(in crate::config) messages: Option<u32>,
    /// When a server that fails is left alone.
    #[serde(default)]
    pub(in crate::config) breaker: Breaker,
    /// How servers are looked after; by what becomes of messages only, if it is not said.
    #[serde(default)]
    pub(in crate::config) health: Option<Health>,
    /// TLS.
    #[serde(flatten)]
    pub(in crate::config) tls: TlsClient,
    /// For a backend that signs its answers: what they must prove. Without it an answer with a Security header is refused.
    #[serde(default)]
    pub(in crate::config) answer: Option<Answer>,
}

/// One of several servers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Server {
    /// The URL, "http:" or "https:".
    pub(in crate::config) url: String,
    /// Its name in logs and metrics; host and port if it is not said.
    #[serde(default)]
    pub(in crate::config) name: Option<String>,
    /// How many of the messages it gets, in proportion to the weights of the others.
    #[serde(default = "weight")]
    #[schemars(range(min = 1, max = 1000))]
    pub(in crate::config) weight: u16,
}

fn weight() -> u16 {
    1
}

/// When a server that fails is left alone: the circuit breaker opens.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Breaker {
    /// After so many messages in a row that it did not answer.
    #[serde(default = "failures")]
    #[schemars(range(min = 1, max = 10_000))]
    pub(in crate::config) failures: u32,
    /// For so many seconds. Then one message at a time tries it again.
    #[serde(default = "open_seconds")]
    #[schemars(range(min = 1, max = 600))]
    pub(in crate::config) open_seconds: u16,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures: failures(),
            open_seconds: open_seconds(),
        }
    }
}

fn failures() -> u32 {
    5
}

fn open_seconds() -> u16 {
    5
}

/// How servers are looked after, whether or not there are messages for them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Health {
    /// The path of the URL that is asked for with GET, where a status from 200 to 299 is good. Without it a connection is.
    #[serde(default)]
    pub(in crate::config) path: Option<String>,
    /// How often, in seconds.
    #[serde(default = "interval_seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) interval_seconds: u16,
    /// Seconds for the answer.
    #[serde(default = "health_seconds")]
    #[schemars(range(min = 1, max = 60))]
    pub(in crate::config) answer_seconds: u16,
    /// After so many bad checks in a row the server is down and gets no messages.
    #[serde(default = "threshold")]
    #[schemars(range(min = 1, max = 100))]
    pub(in crate::config) unhealthy: u16,
    /// After so many good ones it is up again.
    #[serde(default = "threshold")]
    #[schemars(range(min = 1, max = 100))]
    pub(in crate::config) healthy: u16,
}

fn interval_seconds() -> u16 {
    2
}

fn health_seconds() -> u16 {
    1
}

fn threshold() -> u16 {
    2
}

/// What the answers of a backend that signs them must prove. They have no attachments, and are not empty unless the operation is one-way.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Answer {
    /// "strict", "saml-sso" or "bsp11", or the path of a policy in TOML.
    #[serde(default = "policy")]
    pub(in crate::config) policy: String,
    /// Whose signatures count.
    pub(in crate::config) trust: Trust,
    /// Our keys for what is encrypted to us.
    #[serde(default)]
    pub(in crate::config) decryption: Vec<Decryption>,
}

fn connect_seconds() -> u16 {
    2
}

fn answer_seconds() -> u16 {
    30
}

fn answer_bytes() -> u32 {
    10 << 20
}
