use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// A file whose content is fetched in the background, again and again. What comes is taken on as by a reload; what is bad changes nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Fetch {
    /// The file, as a `jwks`, `crls` or `metadata` names it. The last good copy is kept there. If there is none when the gateway starts, it is fetched first.
    pub(in crate::config) file: PathBuf,
    /// Where it is fetched from: an "https:" URL, or an "http:" URL with an IP address of the loopback. Redirects are not followed.
    #[serde(default)]
    pub(in crate::config) url: Option<String>,
    /// In place of `url`: an issuer of tokens, whose configuration (OpenID Connect Discovery) says where its keys are.
    #[serde(default)]
    pub(in crate::config) issuer: Option<String>,
    /// Files with certificates: who issues the certificate of an "https:" address.
    #[serde(default)]
    pub(in crate::config) ca: Vec<PathBuf>,
    /// How often at least, in seconds. What comes may say that it is to be sooner; after a failure it is sooner, and then rarer.
    #[serde(default = "every_seconds")]
    #[schemars(range(min = 1, max = 604_800))]
    pub(in crate::config) every_seconds: u32,
    /// For how many seconds a JWK Set counts from when it was last fetched, or seen to be the same: tokens of its issuer are refused from then on. A day, or three times
    /// `every_seconds` if that is more, if it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 2_592_000))]
    pub(in crate::config) max_age_seconds: Option<u32>,
    /// The most bytes.
    #[serde(default = "bytes")]
    #[schemars(range(min = 1024, max = 134_217_728))]
    pub(in crate::config) bytes: u32,
}

fn every_seconds() -> u32 {
    3600
}

fn bytes() -> u32 {
    16 << 20
}
