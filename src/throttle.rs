//! How much anybody may ask for: by address before anything is read, and by who it turned out to be.
//!
//! Rates are those of a leaky bucket (GCRA): a time for each name, and nothing that grows with the number of requests. Names are forgotten when
//! they have no effect any more; where there are too many at a time, those go that have asked for little of their day, and those that are not known share one bucket
//! for each kind of limit, so that an attacker with many addresses takes room only from other addresses that nobody has met. Time is that of a clock that never goes back (T150).
//!
//! Several gateways may count rates, quotas and budgets together, at a Redis: [`SharedLimits`]. Each counts for itself too, and asks the others
//! only about what would be let in by its own count, so that a flood at one reaches neither the Redis nor the rest.

mod budget;
mod range;
mod shared;

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hash::Hash;
use std::hash::RandomState;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use chrono::Utc;

pub use budget::Budget;
pub use budget::Used;
pub use range::AddressRange;
pub use shared::Count;
pub use shared::Counted;
pub use shared::NotEntered;
pub use shared::Payment;
pub use shared::SharedLimits;

/// Names that are known at a time, each at about 60 bytes.
const NAMES: usize = 100_000;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Parts of the table, each with a lock of its own.
const PARTS: usize = 16;

/// How often at most a full part is searched for names without effect.
const SEARCH: Duration = Duration::from_secs(1);

/// What one name may ask for. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// How often.
    pub rate: Option<Rate>,
    /// How many at the same time.
    pub concurrent: Option<u32>,
    /// How many in a day of UTC.
    pub daily: Option<u64>,
    /// The time of verification that a second pays for; two seconds of it may be owed.
    pub cost: Option<Duration>,
    /// The bytes of messages that a minute pays for; a minute of them may be owed.
    pub bytes: Option<u64>,
}

/// What an address may ask for, before anything is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressLimits {
    /// Requests.
    pub requests: Limit,
    /// The time of verification that a second pays for; two seconds of it may be owed.
    pub cost: Option<Duration>,
    /// The bytes of messages that a minute pays for; a minute of them may be owed.
    pub bytes: Option<u64>,
    /// Addresses of those who speak for many, as balancers do: they are not counted.
    pub exempt: Vec<AddressRange>,
}

impl AddressLimits {
    /// Whether `address` is not counted.
    pub fn exempts(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|range| range.holds(address))
    }
}

/// What may be asked of a route, by whom it was found to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteLimits {
    /// By all together.
    pub route: Limit,
    /// By each signer.
    pub signer: Limit,
    /// By those whose assertions one issuer made.
    pub issuer: Limit,
    /// By each subject of assertions.
    pub subject: Limit,
}

/// How often something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time that one uses up.
    pub interval: Duration,
    /// How many may come at once.
    pub burst: u32,
}

/// What was too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch {
    /// Of what.
    pub what: What,
    /// After which time it may be tried again.
    pub wait: Duration,
}

/// Of what there was too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Requests in a short time.
    Rate,
    /// Requests at the same time.
    Concurrent,
    /// Requests in a day.
    Daily,
    /// The time that verification takes.
    Cost,
    /// Bytes of messages.
    Bytes,
}

/// Who asked for how much.
#[derive(Debug)]
pub struct Throttle {
    begun: Instant,
    names: RandomState,
    parts: [Mutex<Part>; PARTS],
    capacity: usize,
}

#[derive(Debug, Default)]
struct Part {
    known: HashMap<u64, Known>,
    searched: Option<Duration>,
    /// The day of UTC on which somebody asked last.
    day: i64,
}

/// What is known of a name.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// When all that it asked for is used up, since the beginning.
    until: Duration,
    running: u32,
    day: i64,
    today: u64,
}

/// A request that was let in. It is over when this is dropped.
#[derive(Debug)]
#[must_use = "who is let in is there until this is dropped"]
pub struct Pass {
    throttle: Arc<Throttle>,
    name: u64,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::with_capacity(NAMES)
    }
}

impl Throttle {
    /// Knows at most `capacity` names at a time.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            begun: Instant::now(),
            names: RandomState::new(),
            parts: Default::default(),
            capacity: capacity.div_ceil(PARTS),
        }
    }

    /// Lets a request of `name` in, which came at `time`, if that is within `limit`. One that is not let in counts for nothing. A name is a kind of limit and who
    /// is limited: where there is no room, those who are not known share what they have of one kind.
    ///
    /// # Errors
    ///
    /// [`TooMuch`]: of what, and when it may be tried again.
    pub fn enter(
        self: &Arc<Self>,
        name: &(impl Hash, impl Hash),
        limit: &Limit,
        time: DateTime<Utc>,
    ) -> Result<Pass, TooMuch> {
        let now = self.begun.elapsed();
        let name = self.with(name, now, Some(time), |known| known.enter(limit, now, time))?;
        Ok(Pass {
            throttle: Arc::clone(self),
            name,
        })
    }

    /// Whether a request of `name` would be let in, which counts for nothing.
    ///
    /// # Errors
    ///
    /// As of [`enter`](Self::enter).
    pub fn would_enter(
        &self,
        name: &(impl Hash, impl Hash),
        limit: &Limit,
        time: DateTime<Utc>,
    ) -> Result<(), TooMuch> {
        let now = self.begun.elapsed();
        let asked = self.with(name, now, Some(time), |known| { *known }.enter(limit, now, time));
        asked.map(drop)
    }

    /// Notes that `name` owes what is paid for in `time`, but never more than in `most`: see [`owes`](Self::owes).
    pub fn spent(&self, name: &(impl Hash, impl Hash), time: Duration, most: Duration) {
        self.now_owes(name, |owed| owed.saturating_add(time).min(most));
    }

    /// Notes that `name` owes at least what is paid for in `time`.
    pub fn owes_at_least(&self, name: &(impl Hash, impl Hash), time: Duration) {
        self.now_owes(name, |owed| owed.max(time));
    }

    fn now_owes(&self, name: &(impl Hash, impl Hash), change: impl FnOnce(Duration) -> Duration) {
        let now = self.begun.elapsed();
        let _: Result<u64, TooMuch> = self.with(name, now, None, |known| {
            known.until = now.saturating_add(change(known.until.saturating_sub(now)));
            Ok(())
        });
    }

    /// Whether `name` has paid for all but what is paid for in `burst`.
    ///
    /// # Errors
    ///
    /// [`TooMuch`]: when it will have.
    pub fn owes(&self, name: &(impl Hash, impl Hash), burst: Duration) -> Result<(), TooMuch> {
        let now = self.begun.elapsed();
        let asked = self.with(name, now, None, |known| {
            let owed = known.until.saturating_sub(now);
            match owed.checked_sub(burst).filter(|wait| !wait.is_zero()) {
                Some(wait) => Err(TooMuch {
                    what: What::Cost,
                    wait,
                }),
                None => Ok(()),
            }
        });
        asked.map(drop)
    }

    /// Does something with what is known of a name, and tells under which it is.
    fn with<E>(
        &self,
        name: &(impl Hash, impl Hash),
        now: Duration,
        time: Option<DateTime<Utc>>,
        change: impl FnOnce(&mut Known) -> Result<(), E>,
    ) -> Result<u64, E> {
        let others = self.names.hash_one(&name.0);
        let mut name = self.names.hash_one(name);
        let mut part = self.part(name).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(time) = time {
            part.day = day(time);
        }
        if !part.room(name, self.capacity, now) {
            drop(part);
            name = others;
            part = self.part(name).lock().unwrap_or_else(PoisonError::into_inner);
        }
        change(part.known.entry(name).or_default()).map(|()| name)
    }

    /// A number for whoever goes by `name`, which nobody else can foresee.
    pub fn number(&self, name: &impl Hash) -> u64 {
        self.names.hash_one(name)
    }

    fn part(&self, name: u64) -> &Mutex<Part> {
        let [first, ..] = &self.parts;
        let number = usize::try_from(name.checked_rem(16).unwrap_or_default());
        number
            .ok()
            .and_then(|number| self.parts.get(number))
            .unwrap_or(first)
    }
}

impl Part {
    /// Whether there is room for `name`, perhaps after some were forgotten.
    fn room(&mut self, name: u64, capacity: usize, now: Duration) -> bool {
        if self.known.len() < capacity || self.known.contains_key(&name) {
            return true;
        }
        let due = self
            .searched
            .is_none_or(|last| now.saturating_sub(last) >= SEARCH);
        if due {
            self.searched = Some(now);
            self.forget(now);
            if self.known.len() >= capacity {
                self.forget_least(now);
            }
        }
        self.known.len() < capacity
    }

    /// Forgets the names that have no effect.
    fn forget(&mut self, now: Duration) {
        let day = self.day;
        self.known.retain(|_, known| {
            let counts_today = known.today > 0 && known.day >= day;
            known.until > now || known.running > 0 || counts_today
        });
    }

    /// Forgets what names have had of their day that had no more of it than is usual. Otherwise a day's names would keep others out until it ends.
    fn forget_least(&mut self, now: Duration) {
        let only_today = |known: &Known| known.until <= now && known.running == 0;
        let all = || self.known.values().filter(|known| only_today(known));
        let sum = all().fold(0_u64, |sum, known| sum.saturating_add(known.today));
        let usual = u64::try_from(all().count())
            .ok()
            .and_then(|count| sum.checked_div(count));
        self.known
            .retain(|_, known| !only_today(known) || usual.is_some_and(|usual| known.today > usual));
    }
}

impl Known {
    fn enter(&mut self, limit: &Limit, now: Duration, time: DateTime<Utc>) -> Result<(), TooMuch> {
        if limit.concurrent.is_some_and(|most| self.running >= most) {
            return Err(TooMuch {
                what: What::Concurrent,
                wait: Duration::from_secs(1),
            });
        }
        let seconds = time.timestamp();
        let day = day(time);
        // A clock that goes back begins no new day.
        let (day, today) = if day > self.day {
            (day, 0)
        } else {
            (self.day, self.today)
        };
        if limit.daily.is_some_and(|most| today >= most) {
            let ends = day.saturating_add(1).saturating_mul(DAY);
            let wait = u64::try_from(ends.saturating_sub(seconds)).unwrap_or_default();
            return Err(TooMuch {
                what: What::Daily,
                wait: Duration::from_secs(wait),
            });
        }
        if let Some(rate) = limit.rate {
            let until = self.until.max(now).saturating_add(rate.interval);
            let burst = rate.interval.saturating_mul(rate.burst.max(1));
            if let Some(wait) = until
                .checked_sub(now.saturating_add(burst))
                .filter(|wait| !wait.is_zero())
            {
                return Err(TooMuch {
                    what: What::Rate,
                    wait,
                });
            }
            self.until = until;
        }
        if limit.daily.is_some() {
            (self.day, self.today) = (day, today.saturating_add(1));
        }
        self.running = self.running.saturating_add(1);
        Ok(())
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let part = self.throttle.part(self.name);
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = part.known.get_mut(&self.name) {
            known.running = known.running.saturating_sub(1);
        }
    }
}

/// The day of UTC.
const fn day(time: DateTime<Utc>) -> i64 {
    time.timestamp().div_euclid(DAY)
}

/// Whose address it is: of IPv6, whoever has it has its /64.
pub fn network(address: IpAddr) -> IpAddr {
    shortened(address, 64)
}

/// Where an address is: of IPv6, a site may have a whole /48 (RFC 6177 §2).
pub fn site(address: IpAddr) -> IpAddr {
    shortened(address, 48)
}

/// Of IPv6, the first `bits` of an address.
fn shortened(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits));
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask.unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests;
