//! Who asks for too much, and is told when to come back.

use std::hash::Hash;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;

use super::shared::Shared;
use crate::inbound::{Received, Unused};
use crate::policy::saml::Claims;
use crate::soap::attachment::Attachment;
use crate::throttle::{
    AddressLimits, Count, Counted, Limit, NotEntered, Pass, RouteLimits, Throttle, TooMuch, What, network,
};
use crate::trust::MessageBearer;

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

/// The bytes of so long may be owed.
const BYTES_OWED: Duration = Duration::from_secs(60);

/// The names that what somebody's messages cost, and how long they were, stand under.
const COST: &str = "cost";
const BYTES: &str = "bytes";

/// What a message has used up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    /// The time of its verification.
    pub(super) time: Duration,
    /// Its bytes.
    pub(super) bytes: u64,
}

/// Bytes of the envelope and of what stands beside it.
pub(super) fn size(received: &Received) -> u64 {
    let parts = received.attachments.iter().map(Attachment::length);
    let envelope = u64::try_from(received.bytes.len()).unwrap_or(u64::MAX);
    parts.fold(envelope, u64::saturating_add)
}

/// Whether `name` has paid for the bytes that it sent.
fn bytes_paid(throttle: &Throttle, name: &impl Hash, by: By) -> Result<(), Crowded> {
    let owes = throttle.owes(name, BYTES_OWED);
    owes.map_err(|TooMuch { wait, .. }| {
        Crowded::of(
            by,
            TooMuch {
                what: What::Bytes,
                wait,
            },
        )
    })
}

/// Lets a request from `peer` in.
pub(super) async fn by_address(
    shared: &Shared,
    limits: &AddressLimits,
    peer: Option<SocketAddr>,
) -> Result<Option<Pass>, Crowded> {
    let counted = peer
        .map(|peer| peer.ip())
        .filter(|address| !limits.exempts(*address));
    let Some(address) = counted.map(network) else {
        return Ok(None);
    };
    if limits.cost.is_some() {
        let owes = shared.throttle.owes(&(COST, address), OWED);
        owes.map_err(|too_much| Crowded::of(By::Address, too_much))?;
    }
    if limits.bytes.is_some() {
        bytes_paid(&shared.throttle, &(BYTES, address), By::Address)?;
    }
    if limits.requests == Limit::default() {
        return Ok(None);
    }
    let names = Names(vec![(By::Address, address.to_string(), limits.requests)]);
    let now = Utc::now();
    names.own(&shared.throttle, now)?;
    Ok(names.enter(shared, now).await?.pop())
}

/// Lets a request to the route at `path` in, as far as that depends on what its messages have used up: it is not yet known who sent it.
pub(super) fn by_route(throttle: &Throttle, path: &str, limits: &RouteLimits) -> Result<(), Crowded> {
    let route = RouteLimits {
        route: Limit {
            cost: limits.route.cost,
            bytes: limits.route.bytes,
            ..Limit::default()
        },
        ..RouteLimits::default()
    };
    Names::new(path, &route, [None, None, None]).paid(throttle)
}

/// Notes what a message of `peer` has used up.
pub(super) fn spent(throttle: &Throttle, limits: &AddressLimits, peer: Option<SocketAddr>, used: Used) {
    let Some(peer) = peer.filter(|peer| !limits.exempts(peer.ip())) else {
        return;
    };
    let address: IpAddr = network(peer.ip());
    if let Some(budget) = limits.cost {
        throttle.spent(&(COST, address), used.time, budget);
    }
    if let Some(per_minute) = limits.bytes {
        throttle.sent(&(BYTES, address), used.bytes, per_minute);
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
        let subject = claims.and_then(subject);
        // The key that an assertion lends to its subject is that subject's.
        let held = sender.holder_of_key.as_ref().and(subject.clone());
        let signer = certificate.or_else(|| sender.entity.clone()).or(user).or(held);
        let issuer = claims.map(|claims| claims.issuer.clone());
        Self::new(path, limits, [signer, issuer, subject])
    }

    /// Those of a message that a token stands for: its subject is the signer as well.
    pub(super) fn of_bearer(bearer: &MessageBearer, path: &str, limits: &RouteLimits) -> Self {
        let subject = format!("{} {}", bearer.claims().issuer(), bearer.claims().subject());
        let (signer, issuer) = (format!("token {subject}"), bearer.claims().issuer().to_owned());
        Self::new(path, limits, [signer, issuer, subject].map(Some))
    }

    /// Those of an assertion that is exchanged: its subject is the signer as well.
    pub(super) fn of_claims(claims: &Claims, path: &str, limits: &RouteLimits) -> Self {
        let subject = subject(claims);
        Self::new(
            path,
            limits,
            [subject.clone(), Some(claims.issuer.clone()), subject],
        )
    }

    fn new(path: &str, limits: &RouteLimits, names: [Option<String>; 3]) -> Self {
        let [signer, issuer, subject] = names;
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
    pub(super) async fn may_enter(&self, shared: &Shared, now: DateTime<Utc>) -> Result<(), Crowded> {
        self.own(&shared.throttle, now)?;
        self.together(shared, Count::No).await
    }

    /// Notes what the message has used up, which counts here alone. A copy that somebody else sent costs its sender nothing.
    pub(super) fn spent(&self, throttle: &Throttle, used: Used) {
        for (by, name, limit) in &self.0 {
            if let Some(budget) = limit.cost {
                throttle.spent(&(COST, by, name), used.time, budget);
            }
            if let Some(per_minute) = limit.bytes {
                throttle.sent(&(BYTES, by, name), used.bytes, per_minute);
            }
        }
    }

    /// Whether all have paid for what their messages used up.
    fn paid(&self, throttle: &Throttle) -> Result<(), Crowded> {
        self.0.iter().try_for_each(|(by, name, limit)| {
            if limit.cost.is_some() {
                let owes = throttle.owes(&(COST, by, name), OWED);
                owes.map_err(|too_much| Crowded::of(*by, too_much))?;
            }
            match limit.bytes {
                Some(_) => bytes_paid(throttle, &(BYTES, by, name), *by),
                None => Ok(()),
            }
        })
    }

    /// Whether it may by what this gateway alone has counted.
    fn own(&self, throttle: &Throttle, now: DateTime<Utc>) -> Result<(), Crowded> {
        self.paid(throttle)?;
        self.0.iter().try_for_each(|(by, name, limit)| {
            let asked = throttle.would_enter(&(by, name), limit, now);
            asked.map_err(|too_much| Crowded::of(*by, too_much))
        })
    }

    /// Lets the message in.
    pub(super) async fn enter(&self, shared: &Shared, now: DateTime<Utc>) -> Result<Vec<Pass>, Crowded> {
        self.together(shared, Count::Yes).await?;
        let entered = self.0.iter().map(|(by, name, limit)| {
            let entered = shared.throttle.enter(&(by, name), limit, now);
            entered.map_err(|too_much| Crowded::of(*by, too_much))
        });
        entered.collect()
    }

    /// Whether it may by what all gateways have counted that share their limits.
    async fn together(&self, shared: &Shared, count: Count) -> Result<(), Crowded> {
        let Some(limits) = &shared.limits else {
            return Ok(());
        };
        let counted = |(by, name, limit): &(By, String, Limit)| {
            let counted = Counted::new(&format!("{} {name}", by.name()), *limit)?;
            Some((*by, counted))
        };
        let (by, all): (Vec<By>, Vec<Counted>) = self.0.iter().filter_map(counted).unzip();
        limits.enter(all, count).await.map_err(|refused| match refused {
            NotEntered::TooMuch(number, too_much) => {
                Crowded::of(by.get(number).copied().unwrap_or(By::Route), too_much)
            }
            NotEntered::Unavailable => Crowded {
                code: "limit.store_unavailable",
                wait: Duration::from_secs(1),
            },
        })
    }
}

impl By {
    /// What its names begin with where several gateways count together.
    const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Route => "route",
            Self::Signer => "signer",
            Self::Issuer => "issuer",
            Self::Subject => "subject",
        }
    }
}

/// Whom the assertion is about.
fn subject(claims: &Claims) -> Option<String> {
    Some(format!("{} {}", claims.issuer, claims.name_id.as_ref()?.value))
}

impl Crowded {
    fn of(by: By, too_much: TooMuch) -> Self {
        let code = match (by, too_much.what) {
            (By::Address, What::Rate) => "limit.address_rate",
            (By::Address, What::Concurrent) => "limit.address_concurrent",
            (By::Address, What::Daily) => "limit.address_daily",
            (By::Address, What::Cost) => "limit.address_cost",
            (By::Address, What::Bytes) => "limit.address_bytes",
            (By::Route, What::Rate) => "limit.route_rate",
            (By::Route, What::Concurrent) => "limit.route_concurrent",
            (By::Route, What::Daily) => "limit.route_daily",
            (By::Route, What::Cost) => "limit.route_cost",
            (By::Route, What::Bytes) => "limit.route_bytes",
            (By::Signer, What::Rate) => "limit.signer_rate",
            (By::Signer, What::Concurrent) => "limit.signer_concurrent",
            (By::Signer, What::Daily) => "limit.signer_daily",
            (By::Signer, What::Cost) => "limit.signer_cost",
            (By::Signer, What::Bytes) => "limit.signer_bytes",
            (By::Issuer, What::Rate) => "limit.issuer_rate",
            (By::Issuer, What::Concurrent) => "limit.issuer_concurrent",
            (By::Issuer, What::Daily) => "limit.issuer_daily",
            (By::Issuer, What::Cost) => "limit.issuer_cost",
            (By::Issuer, What::Bytes) => "limit.issuer_bytes",
            (By::Subject, What::Rate) => "limit.subject_rate",
            (By::Subject, What::Concurrent) => "limit.subject_concurrent",
            (By::Subject, What::Daily) => "limit.subject_daily",
            (By::Subject, What::Cost) => "limit.subject_cost",
            (By::Subject, What::Bytes) => "limit.subject_bytes",
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
                | "limit.address_bytes"
                | "limit.route_cost"
                | "limit.route_bytes"
                | "limit.address_threats"
        )
    }
}
