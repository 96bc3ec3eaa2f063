//! Who asks for too much, and is told when to come back.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;
use tokio::runtime::Handle;

use super::kinds::{By, Throttles};
use super::shared::Shared;
use crate::crypto::Turn;
use crate::inbound::Unused;
use crate::policy::saml::Claims;
use crate::throttle::{
    AddressLimits, Budget, Count, Counted, Limit, NotEntered, Pass, Payment, RouteLimits, TooMuch, Used,
    What, network, site,
};
use crate::trust::MessageBearer;

/// Who asked for too much, of what, and when they may come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crowded {
    pub(super) code: &'static str,
    pub(super) wait: Duration,
}

/// Lets a request from `peer` in.
pub(super) async fn by_address(
    shared: &Shared,
    limits: &AddressLimits,
    peer: Option<SocketAddr>,
) -> Result<Option<Pass>, Crowded> {
    let names = Names::of_address(limits, peer);
    let now = Utc::now();
    names.own(&shared.throttles, now)?;
    names.together(shared, Count::Yes, Payment::Before).await?;
    Ok(names.pass(&shared.throttles, now)?.pop())
}

/// Lets a request to the route at `path` in, as far as that depends on what its messages have used up: it is not yet known who sent it.
pub(super) fn by_route(throttles: &Throttles, path: &str, limits: &RouteLimits) -> Result<(), Crowded> {
    let route = RouteLimits {
        route: Limit {
            cost: limits.route.cost,
            bytes: limits.route.bytes,
            ..Limit::default()
        },
        ..RouteLimits::default()
    };
    Names::new(path, &route, [None, None, None]).paid(throttles)
}

/// Notes what a message of `peer` has used up. Nobody waits for the others to know.
pub(super) fn spent(shared: &Shared, limits: &AddressLimits, peer: Option<SocketAddr>, used: Used) {
    let names = Names::of_address(limits, peer);
    names.spent(&shared.throttles, used);
    let (_, all) = names.counted(Payment::Now(used), |_| None);
    let limits = shared.limits.as_ref().filter(|_| !all.is_empty());
    // Also asked while a thread ends and drops what it had begun.
    if let (Some(limits), Ok(thread)) = (limits, Handle::try_current()) {
        thread.spawn(limits.pay(all));
    }
}

/// When a message of `peer` to the route at `path` is decrypted, of which nobody knows yet who sent it: each site has its turns, or where an address speaks for many, each route.
pub(super) fn turn(shared: &Shared, limits: &AddressLimits, peer: Option<SocketAddr>, path: &str) -> Turn {
    let address = peer
        .map(|peer| peer.ip())
        .filter(|address| !limits.exempts(*address));
    let caller = address.map(site).ok_or(path);
    Turn::Of(shared.throttles.of(By::Address).number(&caller))
}

/// The names that a verified message counts for on its route, each with its limit.
pub(super) struct Names(Vec<Named>);

type Named = (By, String, Limit);

impl Names {
    fn of_address(limits: &AddressLimits, peer: Option<SocketAddr>) -> Self {
        let limit = Limit {
            cost: limits.cost,
            bytes: limits.bytes,
            ..limits.requests
        };
        let counted = peer
            .map(|peer| peer.ip())
            .filter(|address| limit != Limit::default() && !limits.exempts(*address));
        let named = counted.map(|address| (By::Address, network(address).to_string(), limit));
        Self(named.into_iter().collect())
    }

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
        self.own(&shared.throttles, now)?;
        self.together(shared, Count::No, Payment::Before).await
    }

    /// Notes here what the message has used up.
    fn spent(&self, throttles: &Throttles, used: Used) {
        for ((by, name, _), budget) in self.budgets() {
            let throttle = throttles.of(*by);
            throttle.spent(&((budget, by), name), budget.pays(used), budget.most());
        }
    }

    /// Whether all have paid for what their messages used up.
    fn paid(&self, throttles: &Throttles) -> Result<(), Crowded> {
        self.budgets().try_for_each(|((by, name, _), budget)| {
            let owes = throttles.of(*by).owes(&((budget, by), name), budget.owed());
            owes.map_err(|TooMuch { wait, .. }| {
                let what = budget.what();
                Crowded::of(*by, TooMuch { what, wait })
            })
        })
    }

    fn budgets(&self) -> impl Iterator<Item = (&Named, Budget)> {
        self.0.iter().flat_map(|named| {
            let budgets = named.2.budgets();
            budgets.map(move |budget| (named, budget))
        })
    }

    /// Whether it may by what this gateway alone has counted.
    fn own(&self, throttles: &Throttles, now: DateTime<Utc>) -> Result<(), Crowded> {
        self.paid(throttles)?;
        self.0.iter().try_for_each(|(by, name, limit)| {
            let asked = throttles.of(*by).would_enter(&(by, name), limit, now);
            asked.map_err(|too_much| Crowded::of(*by, too_much))
        })
    }

    /// Lets the message in, which has used up so much. A copy that somebody else sent costs its sender nothing.
    pub(super) async fn enter(
        &self,
        shared: &Shared,
        now: DateTime<Utc>,
        used: Used,
    ) -> Result<Vec<Pass>, Crowded> {
        self.spent(&shared.throttles, used);
        self.together(shared, Count::Yes, Payment::Now(used)).await?;
        self.pass(&shared.throttles, now)
    }

    /// Lets it in here.
    fn pass(&self, throttles: &Throttles, now: DateTime<Utc>) -> Result<Vec<Pass>, Crowded> {
        let entered = self.0.iter().map(|(by, name, limit)| {
            let entered = throttles.of(*by).enter(&(by, name), limit, now);
            entered.map_err(|too_much| Crowded::of(*by, too_much))
        });
        entered.collect()
    }

    /// What of it all gateways count that share their limits, and for whom; budgets first, which pay whatever becomes of the rest.
    fn counted(
        &self,
        payment: Payment,
        requests: impl Fn(&Named) -> Option<Counted>,
    ) -> (Vec<(&Named, Option<Budget>)>, Vec<Counted>) {
        let concerned = |budget: Budget| match payment {
            Payment::Before => true,
            Payment::Now(used) => !budget.pays(used).is_zero(),
        };
        let budgets = self.budgets().filter(|(_, budget)| concerned(*budget));
        let budgets = budgets.filter_map(|(named, budget)| {
            let counted = Counted::budget(&together(named), budget, payment)?;
            Some(((named, Some(budget)), counted))
        });
        let requests = self
            .0
            .iter()
            .filter_map(|named| Some(((named, None), requests(named)?)));
        budgets.chain(requests).unzip()
    }

    /// Whether it may by what all gateways have counted that share their limits.
    async fn together(&self, shared: &Shared, count: Count, payment: Payment) -> Result<(), Crowded> {
        let Some(limits) = &shared.limits else {
            return Ok(());
        };
        let (whose, all) = self.counted(payment, |named| Counted::requests(&together(named), named.2));
        limits.enter(all, count).await.map_err(|refused| match refused {
            NotEntered::TooMuch(number, too_much) => {
                let Some(((by, name, _), budget)) = whose.get(number) else {
                    return Crowded::of(By::Route, too_much);
                };
                if let Some(budget) = budget {
                    // The next one need not be asked about.
                    let owed = budget.owed().saturating_add(too_much.wait).min(budget.most());
                    let throttle = shared.throttles.of(*by);
                    throttle.owes_at_least(&((budget, by), name), owed);
                }
                Crowded::of(*by, too_much)
            }
            NotEntered::Unavailable => Crowded {
                code: "limit.store_unavailable",
                wait: Duration::from_secs(1),
            },
        })
    }
}

/// What somebody is called where several gateways count together.
fn together((by, name, _): &Named) -> String {
    format!("{} {name}", by.name())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_of_what_was_not_used_up_are_not_asked_to_pay() {
        let limits = AddressLimits {
            cost: Some(Duration::from_secs(1)),
            bytes: Some(1000),
            ..AddressLimits::default()
        };
        let names = Names::of_address(&limits, Some(SocketAddr::from(([127, 0, 0, 1], 1))));
        let pay = |payment| names.counted(payment, |_| None).1.len();
        let used = |time, bytes| {
            let time = Duration::from_secs(time);
            Payment::Now(Used { time, bytes })
        };
        let paying = [used(0, 0), used(1, 0), used(0, 1), used(1, 1), Payment::Before].map(pay);
        assert_eq!(paying, [0, 1, 1, 2, 2]);
    }
}
