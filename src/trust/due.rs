use std::collections::HashMap;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use crate::crypto::Crl;

/// A CRL that soon ceases to count, or has, with none in its place that counts for longer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CrlDue {
    /// Who issued it.
    pub issuer: String,
    /// From when it no longer counts (RFC 5280 §5.1.2.5).
    pub next_update: DateTime<Utc>,
}

/// The longest time before its nextUpdate that a CRL is told of.
const NOTICE: TimeDelta = TimeDelta::days(30);

/// Those of `crls` of which less than a tenth of their time and less than 30 days are left at `now`: the next one should be there
/// by then. Of the CRLs of one issuer for the same certificates the last one counts.
pub fn crls_due<'c>(crls: impl Iterator<Item = &'c Crl>, now: DateTime<Utc>) -> Vec<CrlDue> {
    let mut last: HashMap<_, (DateTime<Utc>, &Crl)> = HashMap::new();
    for crl in crls {
        let Some(next) = crl.next_update() else { continue };
        let same = (crl.issuer_name(), crl.part(), crl.is_delta());
        let known = last.entry(same).or_insert((next, crl));
        if next > known.0 {
            *known = (next, crl);
        }
    }
    let due = last.into_values().filter(|(next, crl)| {
        let life = next.signed_duration_since(crl.this_update());
        let tenth = life.checked_div(10).unwrap_or_default();
        next.signed_duration_since(now) < tenth.min(NOTICE)
    });
    let mut due: Vec<CrlDue> = due
        .map(|(next_update, crl)| CrlDue {
            issuer: crl.issuer_name().as_str().to_owned(),
            next_update,
        })
        .collect();
    due.sort_by(|one, other| (one.next_update, &one.issuer).cmp(&(other.next_update, &other.issuer)));
    due.dedup();
    due
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn the_last_list_of_an_issuer_is_due_when_a_tenth_of_its_time_is_left() {
        let list = |name: &str| {
            let file = format!("{}/fixtures/keys/{name}", env!("CARGO_MANIFEST_DIR"));
            let lists = Crl::from_pem_bundle(&std::fs::read(file).unwrap());
            lists.unwrap().remove(0)
        };
        // Until 1 July 2026, and from 1 November until 1 January.
        let (stale, current) = (list("ca-stale.crl.pem"), list("ca.crl.pem"));
        let due = |crls: &[&Crl], time: &str| {
            let due = crls_due(crls.iter().copied(), time.parse().unwrap());
            due.iter()
                .map(|due| due.next_update.to_rfc3339())
                .collect::<Vec<_>>()
        };
        let end = "2027-01-01T00:00:00+00:00";
        for lists in [[&stale, &current], [&current, &stale]] {
            assert!(due(&lists, "2026-11-28T00:00:00Z").is_empty());
            assert!(due(&lists, "2026-12-25T21:00:00Z").is_empty());
            assert_eq!(due(&lists, "2026-12-25T22:00:00Z"), [end]);
            assert_eq!(due(&lists, "2027-02-01T00:00:00Z"), [end]);
        }
        assert_eq!(
            due(&[&stale], "2026-11-28T00:00:00Z"),
            ["2026-07-01T00:00:00+00:00"]
        );
    }
}
