//! How much may be asked for, as it is typed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::state::Redis;

/// How much an address may ask for, before anything of a message is read. All of an IPv6 /64 are one address.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Throttle {
    /// Requests.
    #[serde(default)]
    pub(in crate::config) address: Option<Limit>,
    /// Milliseconds of verification in each second that an address may cost. Two seconds of it may be owed.
    #[serde(default)]
    #[schemars(range(min = 1, max = 60_000))]
    pub(in crate::config) address_cost_milliseconds: Option<u16>,
    /// Bytes of messages in each minute that an address may send, whatever is found out about them. Those of a minute may be owed.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) address_bytes_per_minute: Option<u64>,
    /// Addresses that are not counted, nor shut out for threats, as "10.1.2.3" or "10.1.0.0/16": balancers, behind which all clients have one address.
    #[serde(default)]
    pub(in crate::config) exempt: Vec<String>,
    /// A Redis where several gateways count rates, quotas, cost and bytes together, those of routes too. What happens at the same time
    /// each counts for itself.
    #[serde(default)]
    pub(in crate::config) redis: Option<Redis>,
}

/// How much may be asked for. What is more is told when to come back.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Limit {
    /// Requests a minute.
    #[serde(default)]
    #[schemars(range(min = 1, max = 60_000_000))]
    pub(in crate::config) per_minute: Option<u32>,
    /// How many of them may come at once; those of a second, if it is not said.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) burst: Option<u32>,
    /// Requests at the same time.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) concurrent: Option<u32>,
    /// Requests in a day of UTC. What was asked for is forgotten when the gateway ends, unless `throttle.redis` remembers it.
    #[serde(default)]
    pub(in crate::config) per_day: Option<u64>,
}

/// How much may be asked of a route, by whom a message was found to be from. A refused message counts for nothing.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RouteThrottle {
    /// By all together.
    #[serde(default)]
    pub(in crate::config) route: Option<Limit>,
    /// Milliseconds of verification in each second that all messages to the route may cost. Two seconds of it may be owed.
    #[serde(default)]
    #[schemars(range(min = 1, max = 60_000))]
    pub(in crate::config) route_cost_milliseconds: Option<u16>,
    /// Bytes of messages in each minute that all may send to the route. Those of a minute may be owed.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) route_bytes_per_minute: Option<u64>,
    /// By each signer.
    #[serde(default)]
    pub(in crate::config) signer: Option<Limit>,
    /// Milliseconds of verification in each second that the messages of one signer may cost. Two seconds of it may be owed.
    #[serde(default)]
    #[schemars(range(min = 1, max = 60_000))]
    pub(in crate::config) signer_cost_milliseconds: Option<u16>,
    /// Bytes of messages in each minute that one signer may send. Those of a minute may be owed.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) signer_bytes_per_minute: Option<u64>,
    /// By those whose assertions one issuer made.
    #[serde(default)]
    pub(in crate::config) issuer: Option<Limit>,
    /// Milliseconds of verification in each second that the messages with assertions of one issuer may cost. Two seconds of it may be owed.
    #[serde(default)]
    #[schemars(range(min = 1, max = 60_000))]
    pub(in crate::config) issuer_cost_milliseconds: Option<u16>,
    /// Bytes of messages in each minute that all with assertions of one issuer may send. Those of a minute may be owed.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) issuer_bytes_per_minute: Option<u64>,
    /// By each subject of assertions.
    #[serde(default)]
    pub(in crate::config) subject: Option<Limit>,
    /// Milliseconds of verification in each second that the messages about one subject of assertions may cost. Two seconds of it may be owed.
    #[serde(default)]
    #[schemars(range(min = 1, max = 60_000))]
    pub(in crate::config) subject_cost_milliseconds: Option<u16>,
    /// Bytes of messages in each minute that may be sent about one subject of assertions. Those of a minute may be owed.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(in crate::config) subject_bytes_per_minute: Option<u64>,
}
