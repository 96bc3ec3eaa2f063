use std::io;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use redis::Cmd;
use redis::Value;

use super::Limit;
use super::TooMuch;
use super::What;
use crate::algorithm::DigestAlgorithm;
use crate::crypto::digest;
use crate::replay::{Connection, OnLoss, OpenError, Server};
use crate::worker::{Work, Worker};

/// How long a message waits for its count (B26).
const PATIENCE: Duration = Duration::from_millis(240);

/// How long nothing is tried after something failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Lets one of each name in, or none: nothing, or of which name there was too much, whether in a short time (1) or in a day (2), and after how many
/// microseconds it may be tried again. It counts where ARGV[1] is 1. Then come, for each name, the microseconds that one uses up (0 for
/// no rate), those that may be used up at once, and how many a day has (-1 for any number). Time is the server's. Where it went back, a
/// bucket is full and no more than full, and no new day begins.
const ENTER: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local new = {}
for i = 1, #KEYS do
  local interval, burst, daily = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  local known = redis.call('HMGET', KEYS[i], 'until', 'day', 'today')
  local till = math.max(math.min(tonumber(known[1] or 0), now + burst), now)
  local day, today = math.floor(now / 86400000000), 0
  if tonumber(known[2] or -1) >= day then day, today = tonumber(known[2]), tonumber(known[3]) end
  if daily >= 0 and today >= daily then return {i, 2, (day + 1) * 86400000000 - now} end
  if interval > 0 then
    till = till + interval
    if till > now + burst then return {i, 1, till - now - burst} end
  end
  new[i] = {till, day, today + 1, daily}
end
if ARGV[1] ~= '1' then return {0} end
for i = 1, #KEYS do
  local till, day, today, daily = unpack(new[i])
  redis.call('HSET', KEYS[i], 'until', string.format('%.0f', till), 'day', day, 'today', string.format('%.0f', today))
  local seconds = math.ceil((till - now) / 1000000) + 1
  if daily >= 0 then seconds = math.max(seconds, 172800) end
  redis.call('EXPIRE', KEYS[i], seconds)
end
return {0}";

/// Rates and quotas of several gateways together, at a Redis. How many there are at the same time is each gateway's own.
#[derive(Debug)]
pub struct SharedLimits {
    counting: Worker<Counting>,
    on_loss: OnLoss,
}

/// Somebody who is counted, and what they may ask for.
#[derive(Clone, Debug)]
pub struct Counted {
    name: Vec<u8>,
    limit: Limit,
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
    /// Somebody with this name, whom `limit` says something of that gateways can share. `None` if it says nothing of that.
    pub fn new(name: &str, limit: Limit) -> Option<Self> {
        let shared = limit.rate.is_some() || limit.daily.is_some();
        // Names are of any length, and may be nobody else's business.
        let hash = shared.then(|| digest(DigestAlgorithm::Sha256, name.as_bytes()).ok())??;
        Some(Self {
            name: hash.as_bytes().to_vec(),
            limit,
        })
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
            let rate = one.limit.rate;
            let interval = rate.map_or(0, |rate| rate.interval.as_micros().max(1));
            let burst = rate.map_or(0, |rate| interval.saturating_mul(rate.burst.max(1).into()));
            let daily = one
                .limit
                .daily
                .map_or(-1, |daily| i64::try_from(daily).unwrap_or(i64::MAX));
            command
                .arg(interval.to_string())
                .arg(burst.to_string())
                .arg(daily);
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
        let answers = told.into_iter().map(answer).collect::<io::Result<_>>()?;
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

    fn tick(&mut self) {
        if self.refuses() {
            self.work(&[]);
        }
    }

    fn refuses(&self) -> bool {
        self.session.is_none()
    }
}

/// What the answer of the script means.
fn answer(told: Value) -> io::Result<Result<(), NotEntered>> {
    let unexpected = || io::Error::new(io::ErrorKind::InvalidData, "an answer that makes no sense");
    if let Value::ServerError(error) = told {
        return Err(io::Error::other(error.to_string()));
    }
    let Value::Array(told) = told else {
        return Err(unexpected());
    };
    let (number, what, wait) = match told.as_slice() {
        [Value::Int(0)] => return Ok(Ok(())),
        [Value::Int(number), Value::Int(1), Value::Int(wait)] => (number, What::Rate, wait),
        [Value::Int(number), Value::Int(2), Value::Int(wait)] => (number, What::Daily, wait),
        _ => return Err(unexpected()),
    };
    let number = usize::try_from(*number)
        .ok()
        .and_then(|number| number.checked_sub(1));
    let wait = Duration::from_micros(u64::try_from(*wait).map_err(|_| unexpected())?);
    let too_much = TooMuch { what, wait };
    Ok(Err(NotEntered::TooMuch(number.ok_or_else(unexpected)?, too_much)))
}
