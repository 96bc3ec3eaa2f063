use std::io;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use redis::Cmd;
use redis::Value;

use super::Budget;
use super::Limit;
use super::TooMuch;
use super::Used;
use super::What;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::digest;
use crate::replay::{Connection, OnLoss, OpenError, Server};
use crate::worker::{Work, Worker};

/// How long a message waits for its count (B26).
const PATIENCE: Duration = Duration::from_millis(240);

/// How long nothing is tried after something failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Lets one of each name in, or none: nothing, or of which name there was too much, whether in a short time (1), in a day (2) or of what is owed (3),
/// and after how many microseconds it may be tried again. Requests count where ARGV[1] is 1. Then come four for each name. For requests: `r`, the microseconds
/// that one uses up (0 for no rate), those that may be used up at once, and how many a day has (-1 for any number). For a budget: `b`, the
/// microseconds in which what was used up is paid for, which are owed from now on whatever becomes of the rest, those that may be owed (-1 for any number), and those that are owed at most. Time is
/// the server's. Where it went back, a bucket is full and no more than full, no new day begins, and nothing is paid meanwhile.
const ENTER: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local new = {}
for i = 1, #KEYS do
  local a, b, c = tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
  if ARGV[4 * i - 2] == 'b' then
    local known = redis.call('HMGET', KEYS[i], 'owed', 'at')
    local paid = math.max(now - (tonumber(known[2]) or now), 0)
    local owed = math.max((tonumber(known[1]) or 0) - paid, 0)
    if not (owed <= c) then owed = c end
    if a > 0 then
      owed = math.min(owed + a, c)
      redis.call('HSET', KEYS[i], 'owed', string.format('%.0f', owed), 'at', string.format('%.0f', now))
      redis.call('EXPIRE', KEYS[i], math.ceil(owed / 1000000) + 1)
    end
    if b >= 0 and owed > b then return {i, 3, owed - b} end
  else
    local known = redis.call('HMGET', KEYS[i], 'until', 'day', 'today')
    local till = math.max(math.min(tonumber(known[1]) or 0, now + b), now)
    local day, today = math.floor(now / 86400000000), 0
    if (tonumber(known[2]) or -1) >= day then day, today = tonumber(known[2]), tonumber(known[3]) or 0 end
    if c >= 0 and today >= c then return {i, 2, (day + 1) * 86400000000 - now} end
    if a > 0 then
      till = till + a
      if till > now + b then return {i, 1, till - now - b} end
    end
    new[i] = {till, day, today + 1, c}
  end
end
if ARGV[1] ~= '1' then return {0} end
for i, it in pairs(new) do
  local till, day, today, daily = unpack(it)
  redis.call('HSET', KEYS[i], 'until', string.format('%.0f', till), 'day', day, 'today', string.format('%.0f', today))
  local seconds = math.ceil((till - now) / 1000000) + 1
  if daily >= 0 then seconds = math.max(seconds, 172800) end
  redis.call('EXPIRE', KEYS[i], seconds)
end
return {0}";

/// Rates, quotas and budgets of several gateways together, at a Redis. How many there are at the same time is each gateway's own.
#[derive(Debug)]
pub struct SharedLimits {
    counting: Worker<Counting>,
    on_loss: OnLoss,
}

/// Somebody who is counted, and what they may ask for.
#[derive(Clone, Debug)]
pub struct Counted {
    name: Vec<u8>,
    by: Measure,
}

#[derive(Clone, Copy, Debug)]
enum Measure {
    Requests(Limit),
    /// What of it is asked, and what is paid from it.
    Budget(Budget, Payment),
}

/// What a budget has to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// It has to have paid for those before.
    Before,
    /// It pays for this one, whatever it owes.
    Now(Used),
}

/// Whether what is asked for is also counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// It is.
    Yes,
    /// It is only found out whether there is room.
    No,
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEntered {
    /// Of the name with this number, from 0, there was too much.
    TooMuch(usize, TooMuch),
    /// Nobody knows, and nobody is let in then.
    Unavailable,
}

impl SharedLimits {
    /// Connects to `server`.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: it does not answer, or forgets what it has no room for.
    pub fn open(server: Arc<Server>) -> Result<Self, OpenError> {
        let on_loss = server.on_loss;
        let session = Session::open(&server).map_err(|error| server.unusable("the shared limits", &error))?;
        let counting = Counting {
            server,
            session: Some(session),
            try_again: Instant::now(),
        };
        let counting =
            Worker::start("limits", counting).map_err(|error| OpenError::new(error.to_string()))?;
        Ok(Self { counting, on_loss })
    }

    /// Whether nobody would be let in, as of late.
    pub fn refuses(&self) -> bool {
        self.on_loss == OnLoss::Reject && self.counting.refuses()
    }

    /// Whether the server answers, as of late.
    pub fn is_available(&self) -> bool {
        !self.counting.refuses()
    }

    /// Has budgets pay, as far as the server answers; who asks next is told if it does not. What this gives has to be awaited, but nothing need wait for it.
    pub fn pay(&self, all: Vec<Counted>) -> impl Future<Output = ()> + Send + use<> {
        let told = self.counting.ask((all, Count::No), PATIENCE);
        async move {
            let _: Option<Result<(), NotEntered>> = told.await;
        }
    }

    /// Lets one of each of `all` in, or none.
    ///
    /// # Errors
    ///
    /// [`NotEntered`]; while the server does not answer only where that is asked for, as everybody is else let in.
    pub async fn enter(&self, all: Vec<Counted>, count: Count) -> Result<(), NotEntered> {
        if all.is_empty() {
            return Ok(());
        }
        let told = self.counting.ask((all, count), PATIENCE).await;
        match told.unwrap_or(Err(NotEntered::Unavailable)) {
            Err(NotEntered::Unavailable) if self.on_loss == OnLoss::Local => Ok(()),
            told => told,
        }
    }
}

impl Counted {
    /// Requests of somebody with this name, of which `limit` says something that gateways can share. `None` if it says nothing of that.
    pub fn requests(name: &str, limit: Limit) -> Option<Self> {
        let is_shared = limit.rate.is_some() || limit.daily.is_some();
        is_shared.then(|| Self::new(name, Measure::Requests(limit)))?
    }

    /// What somebody with this name uses up of `budget`. `None` where there is no hash of a name.
    pub fn budget(name: &str, budget: Budget, payment: Payment) -> Option<Self> {
        let name = format!("{} {name}", budget.name());
        Self::new(&name, Measure::Budget(budget, payment))
    }

    /// Names are of any length, and may be nobody else's business.
    fn new(name: &str, by: Measure) -> Option<Self> {
        let hash = digest(DigestAlgorithm::Sha256, name.as_bytes()).ok()?;
        let name = hash.as_bytes().to_vec();
        Some(Self { name, by })
    }

    /// What the script is told of it.
    fn arguments(&self) -> [String; 4] {
        let microseconds = |time: Duration| time.as_micros().to_string();
        match self.by {
            Measure::Requests(limit) => {
                let interval = limit.rate.map_or(0, |rate| rate.interval.as_micros().max(1));
                let burst = limit.rate.map_or(0, |rate| rate.burst.max(1).into());
                let daily = limit.daily.map_or("-1".to_owned(), |daily| daily.to_string());
                let burst = interval.saturating_mul(burst).to_string();
                ["r".to_owned(), interval.to_string(), burst, daily]
            }
            Measure::Budget(budget, payment) => {
                let (pays, owed) = match payment {
                    Payment::Before => ("0".to_owned(), microseconds(budget.owed())),
                    // Nothing is so little that it costs nothing.
                    Payment::Now(used) => (
                        microseconds(budget.pays(used).max(Duration::from_micros(1))),
                        "-1".to_owned(),
                    ),
                };
                ["b".to_owned(), pays, owed, microseconds(budget.most())]
            }
        }
    }

    /// Of what there is too much where the script says `number`.
    const fn what(&self, number: i64) -> Option<What> {
        match (self.by, number) {
            (Measure::Requests(_), 1) => Some(What::Rate),
            (Measure::Requests(_), 2) => Some(What::Daily),
            (Measure::Budget(budget, _), 3) => Some(budget.what()),
            (Measure::Requests(_) | Measure::Budget(..), _) => None,
        }
    }
}

/// Counts at a server.
#[derive(Debug)]
struct Counting {
    server: Arc<Server>,
    session: Option<Session>,
    try_again: Instant,
}

#[derive(Debug)]
struct Session {
    connection: Connection,
    script: String,
}

impl Session {
    fn open(server: &Server) -> io::Result<Self> {
        let mut connection = server.connect()?;
        let script = connection.load(ENTER)?;
        Ok(Self { connection, script })
    }

    fn command(&self, prefix: &str, all: &[Counted], count: Count) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.script).arg(all.len());
        for one in all {
            command.arg([prefix.as_bytes(), b":limit:", &one.name].concat());
        }
        command.arg(u8::from(count == Count::Yes));
        for one in all {
            command.arg(&one.arguments());
        }
        command
    }
}

impl Counting {
    fn try_enter(&mut self, jobs: &[(Vec<Counted>, Count)]) -> io::Result<Vec<Result<(), NotEntered>>> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.server)?,
        };
        let prefix = &self.server.prefix;
        let commands: Vec<Cmd> = jobs
            .iter()
            .map(|(all, count)| session.command(prefix, all, *count))
            .collect();
        let told = session.connection.ask_all(&commands)?;
        let answers = jobs.iter().zip(told).map(|((all, _), told)| answer(all, told));
        let answers = answers.collect::<io::Result<_>>()?;
        self.session = Some(session);
        Ok(answers)
    }
}

impl Work for Counting {
    type Job = (Vec<Counted>, Count);
    type Done = Result<(), NotEntered>;

    fn work(&mut self, jobs: &[Self::Job]) -> Vec<Self::Done> {
        let nobody = || jobs.iter().map(|_| Err(NotEntered::Unavailable)).collect();
        if self.session.is_none() && Instant::now() < self.try_again {
            return nobody();
        }
        self.try_enter(jobs).unwrap_or_else(|error| {
            tracing::error!(code = "limit.store_unavailable", reason = %error, "nothing can be counted");
            self.try_again = Instant::now().checked_add(PAUSE).unwrap_or_else(Instant::now);
            nobody()
        })
    }

    /// Has a name of nobody pay next to nothing: whether there is still an answer, and room, by the script that everybody needs.
    fn tick(&mut self) {
        let nobody = Counted::budget("", Budget::Bytes(u64::MAX), Payment::Now(Used::default()));
        self.work(&[(nobody.into_iter().collect(), Count::No)]);
    }

    fn refuses(&self) -> bool {
        self.session.is_none()
    }
}

/// What the answer of the script about `all` means.
fn answer(all: &[Counted], told: Value) -> io::Result<Result<(), NotEntered>> {
    let unexpected = || io::Error::new(io::ErrorKind::InvalidData, "an answer that makes no sense");
    if let Value::ServerError(error) = told {
        return Err(io::Error::other(error.to_string()));
    }
    let Value::Array(told) = told else {
        return Err(unexpected());
    };
    let (number, what, wait) = match told.as_slice() {
        [Value::Int(0)] => return Ok(Ok(())),
        [Value::Int(number), Value::Int(what), Value::Int(wait)] => (number, *what, wait),
        _ => return Err(unexpected()),
    };
    let number = usize::try_from(*number)
        .ok()
        .and_then(|number| number.checked_sub(1));
    let wait = Duration::from_micros(u64::try_from(*wait).map_err(|_| unexpected())?);
    let entry = number.and_then(|number| Some((number, all.get(number)?.what(what)?)));
    let (number, what) = entry.ok_or_else(unexpected)?;
    Ok(Err(NotEntered::TooMuch(number, TooMuch { what, wait })))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn nothing_that_was_used_up_is_too_little_to_be_counted() {
        let used = Used {
            bytes: 1,
            ..Used::default()
        };
        let pays = |payment| {
            let counted = Counted::budget("alice", Budget::Bytes(u64::MAX), payment);
            let [_, pays, ..] = counted.unwrap().arguments();
            pays
        };
        assert_eq!(
            (pays(Payment::Now(used)), pays(Payment::Before)),
            ("1".to_owned(), "0".to_owned())
        );
    }
}
