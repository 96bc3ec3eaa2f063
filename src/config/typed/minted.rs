use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::mint::Fact;

/// What becomes of the Security header that a message was verified by.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum SecurityHeader {
    /// The backend gets none: the sender's signatures go with it.
    #[default]
    Strip,
    /// The backend gets it and can verify it again; a message is refused if more than what was proven would have to go with it.
    Keep,
    /// The backend gets a new one, with a Timestamp and what is named here.
    Replace(Box<NewSecurityHeader>),
}

/// A Security header that says who the sender is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct NewSecurityHeader {
    /// A SAML 2.0 assertion, signed with the key of the gateway.
    #[serde(default)]
    pub(in crate::config) assertion: Option<NewAssertion>,
    /// A UsernameToken.
    #[serde(default)]
    pub(in crate::config) username_token: Option<NewUsernameToken>,
}

/// A SAML 2.0 assertion about the sender.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct NewAssertion {
    /// Its Issuer: the entityID by which the backend knows the gateway.
    #[schemars(length(min = 1))]
    pub(in crate::config) issuer: String,
    /// Its Audience: the backend.
    #[schemars(length(min = 1))]
    pub(in crate::config) audience: String,
    /// Which verified value is its NameID. A message without that value is refused.
    pub(in crate::config) subject: Fact,
    /// How its subject is confirmed: "sender-vouches", where the gateway signs the message together with it, or bearer with the URL
    /// of the backend.
    #[serde(default)]
    pub(in crate::config) confirmation: NewConfirmation,
    /// For how many seconds it holds; never longer than the assertion that the sender brought.
    #[serde(default = "seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) seconds: u16,
    /// Its attributes: Name, and the verified values.
    #[serde(default)]
    pub(in crate::config) attributes: BTreeMap<String, Fact>,
}

/// How the subject of an assertion is confirmed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::config) enum NewConfirmation {
    /// The gateway signs the message with it.
    #[default]
    SenderVouches,
    /// By bringing it to this URL.
    Bearer(String),
}

/// A UsernameToken about the sender.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct NewUsernameToken {
    /// Which verified value is its Username. A message without that value is refused.
    pub(in crate::config) username: Fact,
    /// File with a password that the backend knows the gateway by, sent as a PasswordDigest; without it there is no password.
    #[serde(default)]
    pub(in crate::config) password_file: Option<PathBuf>,
}

/// A JSON Web Token about the sender, signed with the key of the gateway.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Jwt {
    /// The header that carries it; "Authorization: Bearer" if it is not said.
    #[serde(default)]
    pub(in crate::config) header: Option<String>,
    /// Its `iss`.
    #[schemars(length(min = 1))]
    pub(in crate::config) issuer: String,
    /// Its `aud`: the backend.
    #[schemars(length(min = 1))]
    pub(in crate::config) audience: String,
    /// Which verified value is its `sub`. A message without that value is refused.
    pub(in crate::config) subject: Fact,
    /// For how many seconds it holds; never longer than the assertion that the sender brought.
    #[serde(default = "seconds")]
    #[schemars(range(min = 1, max = 3600))]
    pub(in crate::config) seconds: u16,
    /// Further claims: name, and the verified values.
    #[serde(default)]
    pub(in crate::config) claims: BTreeMap<String, Fact>,
    /// A path where the public keys of the tokens are published, as "/orders/keys": a JWK Set. Without it the backend gets it some other way.
    #[serde(default)]
    pub(in crate::config) keys_path: Option<String>,
    /// Files with certificates whose keys are published as well: of the next key before it signs, of the last as long as its tokens hold.
    #[serde(default)]
    pub(in crate::config) further_keys: Vec<PathBuf>,
}

fn seconds() -> u16 {
    60
}
