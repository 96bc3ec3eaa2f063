use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// The bearer token (a JSON Web Token) that a request must bring in `Authorization`, over TLS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Bearer {
    /// The `iss` of its issuer.
    #[schemars(length(min = 1))]
    pub(in crate::config) issuer: String,
    /// The `aud` that it must be meant for.
    #[schemars(length(min = 1))]
    pub(in crate::config) audience: String,
    /// File with the issuer's keys, a JWK Set. With `watch_seconds` a new one is taken on.
    pub(in crate::config) jwks: PathBuf,
    /// The algorithms that it may be signed with: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA.
    #[serde(default = "algorithms")]
    #[schemars(length(min = 1))]
    pub(in crate::config) algorithms: Vec<String>,
    /// The `typ` that it must have; "JWT", "at+jwt" or none if it is not said.
    #[serde(default)]
    pub(in crate::config) token_type: Option<String>,
    /// Whether it stands for the signatures that a message would need. Then each counts for one message, and nobody vouches for what that says.
    #[serde(default)]
    pub(in crate::config) message_security: MessageSecurity,
    /// Whether it must be bound to the certificate of the client (RFC 8705 §3).
    #[serde(default)]
    pub(in crate::config) certificate_bound: CertificateBound,
    /// How many seconds the clocks may differ.
    #[serde(default = "skew_seconds")]
    #[schemars(range(min = 0, max = 300))]
    pub(in crate::config) skew_seconds: u16,
}

/// Whether a message must prove something itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum MessageSecurity {
    /// It must, and the token comes beside it.
    #[default]
    Required,
    /// The token stands for it: `trust` and all that is about signatures is left out, and the backend gets the whole message as it was read.
    ReplacedByToken,
}

/// Whether a token must be bound to the certificate of the client.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum CertificateBound {
    /// It may be, and then counts for that client only.
    #[default]
    Optional,
    /// It must be.
    Required,
}

fn algorithms() -> Vec<String> {
    ["RS256", "PS256", "ES256"].map(str::to_owned).to_vec()
}

fn skew_seconds() -> u16 {
    60
}
