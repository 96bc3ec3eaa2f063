//! Who asks for too much, and is told when to come back.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;

use crate::inbound::Unused;
use crate::throttle::{AddressLimits, Limit, Pass, RouteLimits, Throttle, TooMuch, What, network};

/// So much may be owed of what verification cost.
const OWED: Duration = Duration::from_secs(2);

/// Who asked for too much, of what, and when they may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded {
    pub(super) code: &'static str,
    pub(super) wait: Duration,
}

/// By what somebody is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum By {
    Address,
    Route,
    Signer,
    Issuer,
    Subject,
}

/// The name that the cost of an address stands under.
const COST: &str = "cost";

/// Lets a request from `peer` in.
pub(super) fn by_address(
    throttle: &Arc<Throttle>,
    limits: &AddressLimits,
    peer: Option<SocketAddr>,
) -> Result<Option<Pass>, Crowded> {
    let Some(address) = peer.map(|peer| network(peer.ip())) else {
        return Ok(None);
    };
    if limits.cost.is_some() {
        let owes = throttle.owes(&(COST, address), OWED);
        owes.map_err(|too_much| Crowded {
            code: "limit.address_cost",
            wait: too_much.wait,
        })?;
    }
    let entered = enter(throttle, By::Address, &address, &limits.requests, Utc::now());
    entered.map_err(|too_much| Crowded::of(By::Address, too_much))
}

/// Notes what verification for `peer` cost.
pub(super) fn spent(throttle: &Throttle, limits: &AddressLimits, peer: Option<SocketAddr>, time: Duration) {
    if let (Some(budget), Some(peer)) = (limits.cost, peer) {
        let address: IpAddr = network(peer.ip());
        throttle.spent(&(COST, address), time, budget);
    }
}

/// The names that a verified message counts for on its route, each with its limit.
pub(super) struct Names(Vec<(By, String, Limit)>);

impl Names {
    pub(super) fn of(unused: &Unused, path: &str, limits: &RouteLimits) -> Self {
        let sender = unused.sender();
        let certificate = sender.certificate.as_ref().map(|signer| signer.sha256.clone());
        let user = sender.user.as_ref().map(|user| format!("user {user}"));
        let claims = unused.claims();
        let subject =
            claims.and_then(|claims| Some(format!("{} {}", claims.issuer, claims.name_id.as_ref()?.value)));
        // The key that an assertion lends to its subject is that subject's.
        let held = sender.holder_of_key.as_ref().and(subject.clone());
        let signer = certificate.or_else(|| sender.entity.clone()).or(user).or(held);
        let issuer = claims.map(|claims| claims.issuer.clone());
        let all = [
            (By::Route, Some(String::new()), limits.route),
            (By::Signer, signer, limits.signer),
            (By::Issuer, issuer, limits.issuer),
            (By::Subject, subject, limits.subject),
        ];
        let limited = all.into_iter().filter(|(_, _, limit)| *limit != Limit::default());
        let named = limited.filter_map(|(by, name, limit)| Some((by, format!("{path} {}", name?), limit)));
        Self(named.collect())
    }

    /// Whether the message may come in. It counts for nothing yet, as it may be a copy that somebody else sent.
    pub(super) fn may_enter(&self, throttle: &Throttle, now: DateTime<Utc>) -> Result<(), Crowded> {
        self.0.iter().try_for_each(|(by, name, limit)| {
            let asked = throttle.would_enter(&(by, name), limit, day(now));
            asked.map_err(|too_much| Crowded::of(*by, too_much))
        })
    }

    /// Lets the message in.
    pub(super) fn enter(&self, throttle: &Arc<Throttle>, now: DateTime<Utc>) -> Result<Vec<Pass>, Crowded> {
        let entered = self.0.iter().map(|(by, name, limit)| {
            let entered = enter(throttle, *by, name, limit, now);
            entered.map_err(|too_much| Crowded::of(*by, too_much))
        });
        Ok(entered
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .collect())
    }
}

fn enter(
    throttle: &Arc<Throttle>,
    by: By,
    name: &impl std::hash::Hash,
    limit: &Limit,
    now: DateTime<Utc>,
) -> Result<Option<Pass>, TooMuch> {
    if *limit == Limit::default() {
        return Ok(None);
    }
    throttle.enter(&(by, name), limit, day(now)).map(Some)
}

fn day(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(86_400)
}

impl Crowded {
    fn of(by: By, too_much: TooMuch) -> Self {
        let code = match (by, too_much.what) {
            (By::Address, What::Rate) => "limit.address_rate",
            (By::Address, What::Concurrent) => "limit.address_concurrent",
            (By::Address, What::Daily) => "limit.address_daily",
            (By::Route, What::Rate) => "limit.route_rate",
            (By::Route, What::Concurrent) => "limit.route_concurrent",
            (By::Route, What::Daily) => "limit.route_daily",
            (By::Signer, What::Rate) => "limit.signer_rate",
            (By::Signer, What::Concurrent) => "limit.signer_concurrent",
            (By::Signer, What::Daily) => "limit.signer_daily",
            (By::Issuer, What::Rate) => "limit.issuer_rate",
            (By::Issuer, What::Concurrent) => "limit.issuer_concurrent",
            (By::Issuer, What::Daily) => "limit.issuer_daily",
            (By::Subject, What::Rate) => "limit.subject_rate",
            (By::Subject, What::Concurrent) => "limit.subject_concurrent",
            (By::Subject, What::Daily) => "limit.subject_daily",
        };
        let wait = too_much.wait;
        Self { code, wait }
    }

    /// Whether it was found out before anything was read.
    pub(super) fn is_early(code: &str) -> bool {
        matches!(
            code,
            "limit.address_rate"
                | "limit.address_concurrent"
                | "limit.address_daily"
                | "limit.address_cost"
                | "limit.address_threats"
        )
    }
}
