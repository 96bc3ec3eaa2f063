use std::time::Duration;

use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::throttle::{AddressLimits, AddressRange, Limit, Rate, RouteLimits};

/// What an address may ask for. What is no address is noted.
pub(super) fn address(throttle: &typed::Throttle, source: &mut Source<'_>) -> AddressLimits {
    let path = KeyPath::default().key("throttle").key("exempt");
    let mut exempt = Vec::new();
    for (index, text) in throttle.exempt.iter().enumerate() {
        match AddressRange::parse(text) {
            Some(range) => exempt.push(range),
            None => source.problem(
                &path.entry(index),
                format!("is {text:?}"),
                "write an address, or a network as \"10.1.0.0/16\"",
            ),
        }
    }
    AddressLimits {
        exempt,
        requests: limit(throttle.address),
        cost: throttle
            .address_cost_milliseconds
            .map(|milliseconds| Duration::from_millis(milliseconds.into())),
        bytes: throttle.address_bytes_per_minute,
    }
}

/// What may be asked of a route.
pub(super) fn route(throttle: &typed::RouteThrottle) -> RouteLimits {
    RouteLimits {
        route: with_budgets(
            throttle.route,
            throttle.route_cost_milliseconds,
            throttle.route_bytes_per_minute,
        ),
        signer: with_budgets(
            throttle.signer,
            throttle.signer_cost_milliseconds,
            throttle.signer_bytes_per_minute,
        ),
        issuer: with_budgets(
            throttle.issuer,
            throttle.issuer_cost_milliseconds,
            throttle.issuer_bytes_per_minute,
        ),
        subject: with_budgets(
            throttle.subject,
            throttle.subject_cost_milliseconds,
            throttle.subject_bytes_per_minute,
        ),
    }
}

fn with_budgets(typed: Option<typed::Limit>, milliseconds: Option<u16>, bytes: Option<u64>) -> Limit {
    Limit {
        cost: milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.into())),
        bytes,
        ..limit(typed)
    }
}

fn limit(typed: Option<typed::Limit>) -> Limit {
    let typed = typed.unwrap_or_default();
    let rate = typed.per_minute.and_then(|per_minute| {
        let interval = Duration::from_secs(60).checked_div(per_minute)?;
        let second = per_minute.div_ceil(60);
        let burst = typed.burst.unwrap_or(second);
        Some(Rate { interval, burst })
    });
    Limit {
        rate,
        concurrent: typed.concurrent,
        daily: typed.per_day,
        cost: None,
        bytes: None,
    }
}
