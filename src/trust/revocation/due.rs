//! CRLs that soon cease to count, or do not count, and none in their place: told of by the rules by which certificates are judged.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;

use super::Records;
use super::Why;
use super::crl;
use crate::crypto::Certificate;
use crate::crypto::Crl;
use crate::crypto::Fingerprint;
use crate::crypto::Name;
use crate::trust::PathRules;
use crate::trust::TrustStore;

/// What is left of the CRLs of one issuer and key for the same certificates.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CrlDue {
    /// When they cease to count.
    pub end: CrlEnd,
    /// Who issued them.
    pub issuer: String,
}

/// When CRLs cease to count.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrlEnd {
    /// None ever counts: why.
    Never(String),
    /// None counts now; the first does from then on.
    NotYet(DateTime<Utc>),
    /// None counts now; the last did until then.
    Ended(DateTime<Utc>),
    /// One counts at any time until then (nextUpdate, RFC 5280 §5.1.2.5).
    Until(DateTime<Utc>),
}

/// How it is with the CRLs of a store at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CrlEnds {
    /// Those that do not count, or soon cease to. The first end comes first.
    pub due: Vec<CrlDue>,
    /// From when, for the first issuer, none counts; 1970 if none of one has counted so far. `None` without CRLs.
    pub first: Option<DateTime<Utc>>,
}

/// The longest time before the end that CRLs are told of.
const NOTICE: TimeDelta = TimeDelta::days(30);

impl CrlEnd {
    /// From when none counts; `None` if none has yet.
    pub const fn time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Until(time) | Self::Ended(time) => Some(*time),
            Self::NotYet(_) | Self::Never(_) => None,
        }
    }
}

impl fmt::Display for CrlEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minute = |time: &DateTime<Utc>| time.format("%Y-%m-%d %H:%M UTC").to_string();
        match self {
            Self::Until(time) => write!(f, "CRLs that count until {}, and none after them", minute(time)),
            Self::Ended(time) => write!(
                f,
                "CRLs that no longer count since {}, and none that counts now",
                minute(time)
            ),
            Self::NotYet(time) => write!(
                f,
                "CRLs that do not count before {}, and none that counts now",
                minute(time)
            ),
            Self::Never(why) => write!(
                f,
                "a CRL that never clears a certificate, and none that does: it {why}"
            ),
        }
    }
}

impl TrustStore {
    /// How it is with the CRLs at `now`. Due are those that do not count then, and those of which less than a tenth of their time and less than 30 days
    /// are left: the next one should be there by then. Only what clears certificates by `rules` is one in the place of another. Those of a key whose
    /// certificates are not valid then clear nobody's path, and are left out.
    pub fn crl_ends(&self, now: DateTime<Utc>, rules: &PathRules) -> CrlEnds {
        let ends = self.records().crl_ends(now, rules);
        let times = ends.iter().map(|(due, _)| due.end.time());
        let first = times.map(|end| end.unwrap_or(DateTime::UNIX_EPOCH)).min();
        let due: BTreeSet<CrlDue> = ends
            .into_iter()
            .filter(|(due, life)| match due.end {
                CrlEnd::Until(end) => {
                    end.signed_duration_since(now) < life.checked_div(10).unwrap_or_default().min(NOTICE)
                }
                CrlEnd::Ended(_) | CrlEnd::NotYet(_) | CrlEnd::Never(_) => true,
            })
            .map(|(due, _)| due)
            .collect();
        let due = due.into_iter().collect();
        CrlEnds { due, first }
    }
}

/// Whose key signed a CRL.
enum Signer<'r> {
    /// That of one of those CAs that are known.
    Known(&'r Certificate),
    /// That of a CA whose certificates for it are not valid at the time.
    Past,
    /// No CA of its issuer's name is known: messages may bring it.
    Unknown,
    /// None of those of its issuer's name that are known.
    Other,
}

/// The CRLs that may stand in each other's place.
#[derive(PartialEq, Eq, Hash)]
struct Place<'r> {
    issuer: &'r Name,
    key: Option<Fingerprint>,
    part: &'r [u8],
}

impl Records {
    /// The end of what counts in each place, and from when to when the last one that does.
    fn crl_ends(&self, now: DateTime<Utc>, rules: &PathRules) -> Vec<(CrlDue, TimeDelta)> {
        let mut places: HashMap<Place<'_>, Vec<&Crl>> = HashMap::new();
        // What clears nobody, whatever the time is, is told of where nothing else of that issuer and key was given.
        let mut useless: HashMap<(&Name, Option<Fingerprint>), String> = HashMap::new();
        for list in self.crls() {
            let issuer = list.issuer_name();
            let (key, use_of) = match self.signer(list, now) {
                Signer::Past => continue,
                Signer::Known(ca) if !crl::signs_crls(ca) => (None, Err(crl::NO_SIGNER.to_owned())),
                Signer::Known(ca) => (Some(ca.public_key().spki_sha256()), clears(list, rules)),
                Signer::Unknown => (None, clears(list, rules)),
                Signer::Other => (
                    None,
                    Err("is not signed with the key of a CA of its issuer's name that is known".to_owned()),
                ),
            };
            match use_of {
                Ok(()) => {
                    let part = list.part();
                    places.entry(Place { issuer, key, part }).or_default().push(list);
                }
                Err(why) => {
                    useless.entry((issuer, key)).or_insert(why);
                }
            }
        }
        let given: HashSet<_> = places
            .keys()
            .flat_map(|place| [(place.issuer, place.key), (place.issuer, None)])
            .collect();
        useless.retain(|known, _| !given.contains(known));
        let useless = useless
            .into_iter()
            .map(|((issuer, _), why)| (issuer, CrlEnd::Never(why), TimeDelta::zero()));
        places
            .into_iter()
            .map(|(place, lists)| {
                let (end, life) = end_of(lists, now);
                (place.issuer, end, life)
            })
            .chain(useless)
            .map(|(issuer, end, life)| {
                let issuer = issuer.as_str().to_owned();
                (CrlDue { end, issuer }, life)
            })
            .collect()
    }

    fn signer(&self, list: &Crl, at: DateTime<Utc>) -> Signer<'_> {
        let Some(named) = self.authorities.get(list.issuer_name()) else {
            return Signer::Unknown;
        };
        let signed = named.iter().filter(|ca| {
            let key = ca.public_key();
            self.memory
                .is_signed_by(list.sha256(), key, || list.is_signed_by(key))
        });
        let is_valid = |ca: &Certificate| ca.not_before() <= at && at <= ca.not_after();
        match signed.max_by_key(|ca| (is_valid(ca), crl::signs_crls(ca))) {
            None => Signer::Other,
            Some(ca) if is_valid(ca) => Signer::Known(ca),
            Some(_) => Signer::Past,
        }
    }
}

/// Why it clears no certificate, whatever the time is.
fn clears(list: &Crl, rules: &PathRules) -> Result<(), String> {
    crl::decides(list, rules)?;
    list.covers_none()
        .map_or(Ok(()), |why| Err(format!("does not decide: {why}")))
}

/// When what one of `lists` counts for ends, without a gap from `now` on, and how long the last of them counts.
fn end_of(mut lists: Vec<&Crl>, now: DateTime<Utc>) -> (CrlEnd, TimeDelta) {
    lists.sort_by_key(|list| list.this_update());
    let mut until: Option<(DateTime<Utc>, TimeDelta)> = None;
    let (mut ended, mut begins, mut never) = (None, None, String::new());
    for list in lists {
        let covered = until.map_or(now, |(end, _)| end);
        let counts = super::counts(list.this_update(), list.next_update(), covered);
        match (counts, list.next_update()) {
            (Ok(()), Some(next)) => {
                until = Some((next, next.signed_duration_since(list.this_update())));
            }
            (Err(Why::Ended(end)), _) => ended = ended.max(Some(end)),
            (Err(Why::Other(why)), _) => never = why,
            (Err(Why::NotYet), _) => begins = begins.or(Some(list.this_update())),
            (Ok(()), None) => {}
        }
    }
    match (until, ended, begins) {
        (Some((end, life)), _, _) => (CrlEnd::Until(end), life),
        (None, Some(end), _) => (CrlEnd::Ended(end), TimeDelta::zero()),
        (None, None, Some(begin)) => (CrlEnd::NotYet(begin), TimeDelta::zero()),
        (None, None, None) => (CrlEnd::Never(never), TimeDelta::zero()),
    }
}
