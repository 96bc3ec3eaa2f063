//! By what somebody is counted, and where.

use std::sync::Arc;

use crate::throttle::Throttle;

/// By what somebody is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum By {
    Address,
    Route,
    Signer,
    Issuer,
    Subject,
}

/// Who asked for how much, those of each kind in a table of their own: however many addresses come, signers who are known keep their places.
#[derive(Debug, Default)]
pub(super) struct Throttles {
    addresses: Arc<Throttle>,
    routes: Arc<Throttle>,
    signers: Arc<Throttle>,
    issuers: Arc<Throttle>,
    subjects: Arc<Throttle>,
}

impl By {
    /// What its names begin with where several gateways count together.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Route => "route",
            Self::Signer => "signer",
            Self::Issuer => "issuer",
            Self::Subject => "subject",
        }
    }
}

impl Throttles {
    /// Where those are counted who are counted `by` that.
    pub(super) const fn of(&self, by: By) -> &Arc<Throttle> {
        match by {
            By::Address => &self.addresses,
            By::Route => &self.routes,
            By::Signer => &self.signers,
            By::Issuer => &self.issuers,
            By::Subject => &self.subjects,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;

    use super::*;
    use crate::throttle::{Limit, Rate};

    #[test]
    fn no_kind_takes_places_of_another() {
        let few = || Arc::new(Throttle::with_capacity(16));
        let throttles = Throttles {
            addresses: few(),
            routes: few(),
            signers: few(),
            issuers: few(),
            subjects: few(),
        };
        let rate = Rate {
            interval: Duration::from_secs(100),
            burst: 1,
        };
        let limit = Limit {
            rate: Some(rate),
            ..Limit::default()
        };
        let enters = |by: By, name: &str| {
            let entered = throttles.of(by).enter(&(by, name), &limit, DateTime::UNIX_EPOCH);
            entered.is_ok()
        };
        let all = [By::Address, By::Route, By::Signer, By::Issuer, By::Subject];
        for by in all {
            // Each of the first two has a place of its own, whatever came before.
            assert!(enters(by, "one") && enters(by, "two"), "{by:?}");
            let mut strangers = (0..1000).map(|number| enters(by, &number.to_string()));
            assert!(strangers.any(|entered| !entered));
        }
    }
}
