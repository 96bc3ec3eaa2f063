//! Old algorithms that are taken of messages of their time.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::exception::Grant;
use super::rules::Policy;

/// An old algorithm that a policy takes of messages that were signed before a time, and of no others. It counts only where a message is
/// judged as of its own signed time, as an archive is: never on a gateway.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatedGrant {
    /// What is taken: something that a signature or its certificates use.
    pub allow: Grant,
    /// The time before which a message has to have been signed.
    #[serde(deserialize_with = "deserialize_time")]
    pub signed_before: DateTime<Utc>,
}

/// `NAME=TIME`, as `sha1=2016-01-01T00:00:00Z`.
impl FromStr for DatedGrant {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let (name, time) = typed.split_once('=').ok_or("not of the form NAME=TIME")?;
        let allow = Grant::ALL.into_iter().find(|grant| grant.name() == name);
        let allow = allow
            .filter(|grant| !grant.refusals().is_empty())
            .ok_or_else(|| {
                let dated = Grant::ALL.iter().filter(|grant| !grant.refusals().is_empty());
                let names: Vec<&str> = dated.map(|grant| grant.name()).collect();
                format!("{name:?} is none of {}", names.join(", "))
            })?;
        Ok(Self {
            allow,
            signed_before: read_time(time)?,
        })
    }
}

fn read_time(typed: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(typed);
    let time = time.map_err(|_| format!("{typed:?} is no time as 2016-01-01T00:00:00Z (RFC 3339)"))?;
    Ok(time.to_utc())
}

fn deserialize_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let typed = String::deserialize(deserializer)?;
    read_time(&typed).map_err(D::Error::custom)
}

impl fmt::Display for DatedGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.signed_before.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        write!(f, "{}={time}", self.allow.name())
    }
}

impl Grant {
    /// The codes that refuse signatures for want of it; none where it is not about signatures, so that their age says nothing of it.
    pub(super) const fn refusals(self) -> &'static [&'static str] {
        match self {
            Self::Sha1 | Self::RsaSha1 | Self::C14n10 => &["dsig.algorithm_not_permitted"],
            Self::CertificateSha1 => &["trust.weak_signature"],
            Self::CertificateRsa1024 => &["trust.weak_key", "dsig.weak_key"],
            Self::Rsa15
            | Self::TripleDesCbc
            | Self::TimestampUnsigned
            | Self::TimestampOptional
            | Self::UsernameTokenNoNonce
            | Self::Utf16 => &[],
        }
    }
}

impl Policy {
    /// What it asks of a message that says that it was signed at `time`. Whoever asks has to refuse the message if it did not sign that.
    pub fn of_age(&self, time: DateTime<Utc>) -> Cow<'_, Self> {
        let mut policy = Cow::Borrowed(self);
        for dated in self.legacy.iter().filter(|dated| time < dated.signed_before) {
            if let Some(wider) = policy.granting(dated.allow) {
                policy = Cow::Owned(wider);
            }
        }
        policy
    }

    /// Whether a message that needed `legacy` passed for its age alone.
    pub fn passed_for_its_age(&self, legacy: &[String]) -> bool {
        self.legacy.iter().any(|dated| {
            let is_needed = legacy.iter().any(|name| name == dated.allow.name());
            is_needed && self.granting(dated.allow).is_some_and(|wider| wider != *self)
        })
    }

    /// Whether a message that was refused with `code`, and signed at `time`, was signed too late for what would have been taken before.
    pub fn was_too_late(&self, code: &str, time: DateTime<Utc>) -> bool {
        let past = self.legacy.iter().filter(|dated| dated.signed_before <= time);
        past.into_iter()
            .any(|dated| dated.allow.refusals().contains(&code))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::DigestAlgorithm;
    use crate::policy::{PolicyError, Profile};

    fn dated(typed: &str) -> Policy {
        Policy {
            legacy: vec![typed.parse().unwrap()],
            ..Profile::Strict.policy()
        }
    }

    #[test]
    fn a_grant_is_typed_with_its_end() {
        let shown = |typed: &str| typed.parse().map(|dated: DatedGrant| dated.to_string());
        let end = "certificate-rsa-1024=2014-01-01T01:00:00+01:00";
        assert_eq!(
            shown(end).as_deref(),
            Ok("certificate-rsa-1024=2014-01-01T00:00:00Z")
        );
        for refused in ["", "sha1", "sha1=2016", "md5=2016-01-01T00:00:00Z"] {
            assert!(shown(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn what_is_granted_ends_with_its_time() {
        let policy = dated("sha1=2016-01-01T00:00:00Z");
        let takes = |time: &str| {
            let policy = policy.of_age(time.parse().unwrap());
            policy.algorithms.digests.contains(DigestAlgorithm::Sha1)
        };
        assert!(takes("2015-12-31T23:59:59Z"));
        assert!(!takes("2016-01-01T00:00:00Z"));
        assert!(!policy.algorithms.digests.contains(DigestAlgorithm::Sha1));
    }

    #[test]
    fn only_what_signatures_use_has_an_age() {
        for grant in Grant::ALL {
            let policy = Policy {
                legacy: vec![DatedGrant {
                    allow: grant,
                    signed_before: DateTime::UNIX_EPOCH,
                }],
                ..Profile::Strict.policy()
            };
            let typed = policy.legacy.first().map(DatedGrant::to_string).unwrap();
            let is_dated = !grant.refusals().is_empty();
            assert_eq!(typed.parse::<DatedGrant>().is_ok(), is_dated, "{typed}");
            let checked = policy.check();
            assert_eq!(checked.is_ok(), is_dated, "{typed}");
            assert!(is_dated || checked == Err(PolicyError::Legacy(grant)));
        }
    }

    #[test]
    fn a_policy_with_dates_is_written_in_toml_with_times_of_rfc_3339_alone() {
        let policy = dated("rsa-sha1=2016-01-01T00:00:00Z");
        let text = toml::to_string(&policy).unwrap();
        assert_eq!(toml::from_str::<Policy>(&text).unwrap(), policy);
        for no_time in ["-2016-01-01T00:00:00Z", "+12016-01-01T00:00:00Z", "2016-01-01"] {
            let refused = toml::from_str::<Policy>(&text.replace("2016-01-01T00:00:00Z", no_time));
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains(&format!("{no_time:?} is no time")), "{refused}");
            assert!(format!("sha1={no_time}").parse::<DatedGrant>().is_err());
        }
    }
}
