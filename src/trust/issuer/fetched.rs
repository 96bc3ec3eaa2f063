use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::Holds;
use super::IssuerError;
use crate::token::saml::Metadata;

/// The longest that fetched metadata may hold from now: a signature that was once made must not count for ever.
const LONGEST: TimeDelta = TimeDelta::days(30);

/// Until when metadata counts that was fetched at `fetched` and is judged at `at`: until its validUntil, which it must have and
/// which is at most 30 days away, and no longer than its cacheDuration after it was fetched (T108; SAML Metadata §2.3.1). That its
/// signature holds is another's to check.
///
/// # Errors
/// `trust.metadata_endless`, `trust.metadata_too_long`, `trust.metadata_expired`.
pub fn check_fetched(
    metadata: &Metadata<'_>,
    fetched: DateTime<Utc>,
    at: DateTime<Utc>,
) -> Result<Holds, IssuerError> {
    let valid_until = metadata.valid_until.ok_or(IssuerError::Endless)?;
    let latest = at.checked_add_signed(LONGEST).unwrap_or(at);
    if valid_until > latest {
        return Err(IssuerError::TooLong { valid_until, latest });
    }
    let ends = [
        ("validUntil", Some(valid_until)),
        (
            "cacheDuration",
            metadata
                .cache_duration
                .and_then(|duration| duration.after(fetched)),
        ),
    ];
    for (what, end) in ends {
        if let Some(ended) = end.filter(|end| *end <= at) {
            return Err(IssuerError::Stale { what, ended, at });
        }
    }
    let ends = ends.into_iter().filter_map(|(_, end)| end);
    Ok(Holds {
        valid_until,
        end: ends.min().unwrap_or(valid_until),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::token::datetime;
    use crate::xml::{Document, Limits};

    fn checked(attributes: &str, at: &str) -> Result<String, &'static str> {
        let text = format!(
            "<EntitiesDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' {attributes}><EntityDescriptor entityID='a'/></EntitiesDescriptor>"
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let metadata = Metadata::read(document.root()).unwrap();
        let fetched = datetime::parse("2026-11-20T00:00:00Z").unwrap();
        let end = check_fetched(&metadata, fetched, datetime::parse(at).unwrap()).map(|holds| holds.end);
        end.map(|end| end.to_rfc3339()).map_err(|error| {
            assert!(!error.to_string().is_empty());
            error.code()
        })
    }

    #[test]
    fn fetched_metadata_says_until_when_it_holds_and_that_is_soon() {
        let now = "2026-11-26T00:00:00Z";
        assert_eq!(checked("", now), Err("trust.metadata_endless"));
        assert_eq!(checked("cacheDuration='P1D'", now), Err("trust.metadata_endless"));
        let until = |end: &str| checked(&format!("validUntil='{end}'"), now);
        assert_eq!(
            until("2026-12-26T00:00:00Z"),
            Ok("2026-12-26T00:00:00+00:00".to_owned())
        );
        assert_eq!(until("2026-12-26T00:00:01Z"), Err("trust.metadata_too_long"));
        assert_eq!(
            until("2026-11-26T00:00:01Z"),
            Ok("2026-11-26T00:00:01+00:00".to_owned())
        );
        assert_eq!(until("2026-11-26T00:00:00Z"), Err("trust.metadata_expired"));
    }

    #[test]
    fn it_counts_no_longer_than_it_may_be_kept() {
        let kept = |duration: &str| {
            let attributes = format!("validUntil='2026-12-01T00:00:00Z' cacheDuration='{duration}'");
            checked(&attributes, "2026-11-26T00:00:00Z")
        };
        assert_eq!(kept("P6DT1S"), Ok("2026-11-26T00:00:01+00:00".to_owned()));
        assert_eq!(kept("P6D"), Err("trust.metadata_expired"));
        assert_eq!(kept("P1M"), Ok("2026-12-01T00:00:00+00:00".to_owned()));
    }
}
