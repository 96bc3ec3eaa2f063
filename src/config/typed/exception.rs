//! What one partner may use beyond the policy of a route, as it is typed.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::policy::Grant;

/// What a partner may use that the policy refuses, until a date. Everything that one message needs must stand in one exception.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Exception {
    /// Subjects of signers, as those of an anchor. Where `san` is given too, a signer has to fit one of each.
    #[serde(default)]
    pub(in crate::config) subject: Vec<String>,
    /// Subject alternative names of signers, as those of an anchor.
    #[serde(default)]
    pub(in crate::config) san: Vec<String>,
    /// EntityIDs of SAML issuers whose keys the metadata of the route has.
    #[serde(default)]
    pub(in crate::config) issuer: Vec<String>,
    /// What is granted, by the names that verdicts give in `legacy`.
    #[schemars(length(min = 1))]
    pub(in crate::config) allow: Vec<Grant>,
    /// Why, for whoever reads this later.
    pub(in crate::config) reason: String,
    /// The last day on which it holds, in UTC, as 2027-03-01.
    #[serde(deserialize_with = "date")]
    #[schemars(with = "NaiveDate")]
    pub(in crate::config) until: NaiveDate,
}

/// A date of TOML without time.
fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let datetime = toml::value::Datetime::deserialize(deserializer)?;
    let wrong = || D::Error::custom(format!("{datetime} is no date; write one as 2027-03-01"));
    let (Some(date), None) = (datetime.date, datetime.time) else {
        return Err(wrong());
    };
    let (year, month, day) = (date.year.into(), date.month.into(), date.day.into());
    NaiveDate::from_ymd_opt(year, month, day).ok_or_else(wrong)
}
