use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::RouteThrottle;
use super::Threats;
use super::Trust;
use crate::mint::Fact;

/// A path where clients exchange a SAML 2.0 assertion for a JSON Web Token (RFC 7522, RFC 8693), over TLS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct TokenEndpoint {
    /// The path of the URL, as "/token".
    pub(in crate::config) path: String,
    /// "strict", "saml-sso" or "bsp11", or the path of a policy in TOML: what it says of assertions, certificates and algorithms.
    #[serde(default = "super::policy")]
    pub(in crate::config) policy: String,
    /// Whose assertions count. `saml.audience` is how their issuers call this endpoint, `saml.recipient` its URL; both must be there.
    pub(in crate::config) trust: Trust,
    /// A path where the public keys of the tokens are published, as "/token/keys": a JWK Set. Without it whoever takes the tokens gets it some other way.
    #[serde(default)]
    pub(in crate::config) keys_path: Option<String>,
    /// Files with certificates whose keys are published as well: of the next key before it signs, of the last as long as its tokens hold.
    #[serde(default)]
    pub(in crate::config) further_keys: Vec<PathBuf>,
    /// What a client gets.
    pub(in crate::config) token: NewToken,
    /// How much may be asked for. The signer of an assertion is its subject.
    #[serde(default)]
    pub(in crate::config) throttle: RouteThrottle,
    /// What becomes of threats: of those that are refusals.
    #[serde(default)]
    pub(in crate::config) threats: Threats,
}

/// A JSON Web Token about the subject of an assertion.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct NewToken {
    /// PEM file: the certificate of `key`. Not needed if that is PKCS#12.
    #[serde(default)]
    pub(in crate::config) certificate: Option<PathBuf>,
    /// PEM or PKCS#12 file, or PKCS#11 URI: the key that signs, not readable by everybody; that of the gateway, if it is not said.
    #[serde(default)]
    pub(in crate::config) key: Option<PathBuf>,
    /// File with the password of the key.
    #[serde(default)]
    pub(in crate::config) key_password_file: Option<PathBuf>,
    /// Its `iss`.
    #[schemars(length(min = 1))]
    pub(in crate::config) issuer: String,
    /// Its `aud`: who takes it.
    #[schemars(length(min = 1))]
    pub(in crate::config) audience: String,
    /// Which verified value is its `sub`. An assertion without that value is refused.
    #[serde(default = "name_id")]
    pub(in crate::config) subject: Fact,
    /// For how many seconds it holds; never longer than the assertion.
    #[serde(default = "seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) seconds: u16,
    /// Further claims: name, and the verified values.
    #[serde(default)]
    pub(in crate::config) claims: BTreeMap<String, Fact>,
}

fn name_id() -> Fact {
    Fact::Named(crate::mint::NamedFact::SamlNameId)
}

fn seconds() -> u16 {
    300
}
