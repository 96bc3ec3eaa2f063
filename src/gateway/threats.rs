//! What is refused, by the names of threats, and who is shut out for going on and on.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;

use super::crowd::Crowded;
use crate::threat::{Kind, Mode, Modes, Rule};
use crate::throttle::{Limit, Rate, Throttle, network};

/// So many refusals by one rule that come from one address in a minute are no burst yet.
const BURST: Limit = Limit {
    rate: Some(Rate {
        interval: Duration::from_secs(6),
        burst: 10,
    }),
    concurrent: None,
    daily: None,
    cost: None,
    bytes: None,
};

/// For so long an address is shut out that goes on.
const SHUT_OUT: Duration = Duration::from_secs(60);

/// Watches the refusals of one route.
pub(super) struct Watch<'r> {
    /// Counts apart from what throttles, so that refusals take no room from those who are throttled.
    counts: &'r Arc<Throttle>,
    route: &'r str,
    modes: Option<&'r Modes>,
    address: Option<IpAddr>,
}

impl<'r> Watch<'r> {
    pub(super) fn new(
        counts: &'r Arc<Throttle>,
        route: &'r str,
        modes: Option<&'r Modes>,
        peer: Option<SocketAddr>,
    ) -> Self {
        Self {
            counts,
            route,
            modes,
            address: peer.map(|peer| network(peer.ip())),
        }
    }

    /// What `rule` does on this route.
    pub(super) fn mode(&self, rule: Rule) -> Mode {
        self.modes.map_or(Mode::Observe, |modes| modes.of(rule))
    }

    /// Whether a request may come in, or its address was shut out.
    pub(super) fn may_enter(&self) -> Result<(), Crowded> {
        let Some(address) = self.address.filter(|_| self.modes.is_some_and(Modes::shut_out)) else {
            return Ok(());
        };
        let owed = self.counts.owes(&(self.route, address), Duration::ZERO);
        owed.map_err(|too_much| Crowded {
            code: "limit.address_threats",
            wait: too_much.wait,
        })
    }

    /// Notes a refusal with `code`, and tells the rule that it is to be named by.
    pub(super) fn refused(&self, code: &str) -> Option<Rule> {
        let rule = Rule::of_refusal(code)?;
        let burst = self.address.filter(|address| {
            let name = ((rule, self.route), address);
            self.counts.enter(&name, &BURST, DateTime::UNIX_EPOCH).is_err()
        });
        if let Some(address) = burst.filter(|_| self.mode(rule) == Mode::Block) {
            let name = (self.route, address);
            // Once, whatever else of it is in work.
            if self.counts.owes(&name, Duration::ZERO).is_ok() {
                self.counts.spent(&name, SHUT_OUT, SHUT_OUT);
            }
        }
        (burst.is_some() || rule.kind() == Kind::Refusal).then_some(rule)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const WRAPPED: &str = "policy.body_not_signed";

    fn watch<'r>(counts: &'r Arc<Throttle>, route: &'r str, modes: &'r Modes, peer: &str) -> Watch<'r> {
        Watch::new(counts, route, Some(modes), Some(peer.parse().unwrap()))
    }

    #[test]
    fn a_refusal_is_named_each_time_and_a_burst_from_the_eleventh_on() {
        let (counts, modes) = (Arc::default(), Modes::default());
        let watch = watch(&counts, "/", &modes, "192.0.2.7:1");
        let named = |code| {
            (0..12)
                .map(|_| watch.refused(code))
                .filter(Option::is_some)
                .count()
        };
        assert_eq!(named(WRAPPED), 12);
        assert_eq!(named("trust.password"), 2);
        assert_eq!(named("wss.timestamp_expired"), 0);
        assert_eq!(watch.may_enter(), Ok(()));
    }

    #[test]
    fn who_goes_on_is_shut_out_where_the_rule_blocks_and_nobody_else() {
        let (counts, observed) = (Arc::default(), Modes::default());
        let blocked = Modes::new([(Rule::SignatureWrapping, Mode::Block)].into());
        let at = |modes, peer| watch(&counts, "/a", modes, peer);
        let attacker = at(&blocked, "192.0.2.7:1");
        let refused = |times, code| (0..times).filter_map(|_| attacker.refused(code)).count();
        assert_eq!((refused(10, WRAPPED), refused(20, "trust.password")), (10, 10));
        assert_eq!(attacker.may_enter(), Ok(()));
        attacker.refused(WRAPPED);
        let crowded = attacker.may_enter().unwrap_err();
        assert_eq!(crowded.code, "limit.address_threats");
        assert!(
            crowded.wait > Duration::from_secs(50) && crowded.wait <= SHUT_OUT,
            "{crowded:?}"
        );
        assert_eq!(attacker.refused(WRAPPED), Some(Rule::SignatureWrapping));
        assert!(attacker.may_enter().unwrap_err().wait <= SHUT_OUT);
        assert!(at(&blocked, "192.0.2.7:2").may_enter().is_err());
        assert_eq!(at(&blocked, "192.0.2.8:1").may_enter(), Ok(()));
        assert_eq!(watch(&counts, "/b", &blocked, "192.0.2.7:1").may_enter(), Ok(()));
        assert_eq!(at(&observed, "192.0.2.7:1").may_enter(), Ok(()));
    }
}
