use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use redis::Cmd;
use redis::Value;
use zeroize::Zeroizing;

use super::OpenError;
use super::connection::Connection;
use super::milliseconds;
use super::time;
use super::worker::Wanted;
use crate::crypto::TlsClient;
use crate::trust::{ReplayError, ReplayReason};
use crate::worker::Work;

/// How long nothing is tried after something failed.
const PAUSE: Duration = Duration::from_millis(500);

/// Begins a generation of the store, or tells the one that there is: the server's process, and from when on all uses are known, in milliseconds.
/// Senders write whole seconds, and their clocks may be ahead. A gateway whose clock is further ahead of the server's than the allowed skew begins none:
/// it would have all others wait until its time has come.
const BEGIN: &str = "
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local ahead = tonumber(ARGV[2]) - now
if ahead > tonumber(ARGV[3]) + 1000 then
  return redis.error_reply('CLOCK this clock is ' .. string.format('%.0f', ahead) .. ' ms ahead of that of the server')
end
local known = redis.call('HGET', KEYS[1], 'generation')
if known and string.find(known, ARGV[1] .. ':', 1, true) == 1 then return known end
now = math.max(now, tonumber(ARGV[2]))
local since = math.floor(now / 1000) * 1000 + 1000 + tonumber(ARGV[3])
local generation = ARGV[1] .. ':' .. string.format('%.0f', since)
redis.call('HSET', KEYS[1], 'generation', generation)
return generation";

/// Records all uses or none: 0; the number of one that was used before; -1 where the generation is another; -2, where a use ended before
/// what may have been removed, and when that was. Entries outlive their end by the skew and a second, as the clocks of gateways differ.
const RECORD: &str = "
local store = redis.call('HMGET', KEYS[1], 'generation', 'clock', 'latest')
if store[1] ~= ARGV[1] then return {-1} end
local skew = tonumber(ARGV[2])
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local clock = tonumber(store[2] or 0)
local latest = tonumber(store[3] or 0)
local ended = math.min(math.max(now, clock) - skew, latest)
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then return {i - 1} end
  if tonumber(ARGV[i + 1]) <= ended then return {-2, ended} end
end
local last = latest
for i = 2, #KEYS do
  local till = tonumber(ARGV[i + 1])
  redis.call('SET', KEYS[i], '', 'PXAT', string.format('%.0f', till + skew + 1000))
  last = math.max(last, till)
end
if last > latest then redis.call('HSET', KEYS[1], 'latest', string.format('%.0f', last + 1000)) end
if now > clock + 1000 then redis.call('HSET', KEYS[1], 'clock', string.format('%.0f', now)) end
return {0}";

/// A Redis that remembers uses.
#[derive(PartialEq, Eq)]
pub struct Server {
    /// Its name or IP address, as its certificate has it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS.
    pub tls: Option<TlsClient>,
    /// The user, if it is not the default one.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<Zeroizing<String>>,
    /// The number of the database.
    pub database: u16,
    /// What the names of all keys begin with.
    pub prefix: String,
    /// How long it may take to connect, and to answer.
    pub time: Duration,
    /// What becomes of messages while it does not answer.
    pub on_loss: OnLoss,
}

/// What becomes of messages while the shared store does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// They are told to come back later.
    #[default]
    Reject,
    /// Each gateway remembers for itself, so that a message may be used once at each.
    Local,
}

/// Without the password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("user", &self.user)
            .field("database", &self.database)
            .field("prefix", &self.prefix)
            .field("time", &self.time)
            .field("on_loss", &self.on_loss)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// Connects, and says who we are.
    ///
    /// # Errors
    ///
    /// Why that was not possible; that the server forgets what it has no room for.
    pub(crate) fn connect(&self) -> io::Result<Connection> {
        let mut connection = Connection::open(&self.host, self.port, self.tls.as_ref(), self.time)?;
        if let Some(password) = &self.password {
            let mut command = redis::cmd("AUTH");
            command.arg(self.user.as_deref().into_iter().collect::<Vec<_>>());
            connection.ask(command.arg(password.as_str()))?;
        }
        if self.database != 0 {
            connection.ask(redis::cmd("SELECT").arg(self.database))?;
        }
        let policy = fact(&mut connection, "memory", "maxmemory_policy")?;
        if policy != "noeviction" {
            let what = format!(
                "it forgets what it has no room for: its maxmemory-policy is {policy}, and must be noeviction"
            );
            return Err(io::Error::other(what));
        }
        Ok(connection)
    }

    /// That it cannot be used for `what`.
    pub(crate) fn unusable(&self, what: &str, error: &io::Error) -> OpenError {
        let Self { host, port, .. } = self;
        OpenError(format!("{what}, redis at {host}:{port}, cannot be used: {error}"))
    }
}

/// Uses at a server.
#[derive(Debug)]
pub(super) struct UseServer {
    server: Arc<Server>,
    skew: TimeDelta,
    session: Option<Session>,
    /// Whether it has no room.
    full: bool,
    /// Until when it answers that it takes nothing, in milliseconds since 1970.
    refusing: Arc<AtomicI64>,
    try_again: Instant,
}

/// What is known of a server while a connection lasts.
#[derive(Debug)]
struct Session {
    connection: Connection,
    /// Which process of the server this is: another one may have lost what this one was told.
    process: String,
    record: String,
    generation: String,
    since: DateTime<Utc>,
}

impl UseServer {
    /// Connects to `server`.
    pub(super) fn open(server: Arc<Server>, skew: TimeDelta, now: DateTime<Utc>) -> Result<Self, OpenError> {
        let session = Session::open(&server, skew, now);
        let session = session.map_err(|error| server.unusable("the store of uses", &error))?;
        let refusing = AtomicI64::new(session.since.timestamp_millis());
        Ok(Self {
            server,
            skew,
            session: Some(session),
            full: false,
            refusing: Arc::new(refusing),
            try_again: Instant::now(),
        })
    }

    /// Until when it answers that it takes nothing, in milliseconds since 1970. It may take something, or not answer, after that.
    pub(super) fn refusing(&self) -> Arc<AtomicI64> {
        Arc::clone(&self.refusing)
    }

    /// Notes what the server had room for.
    fn note(&mut self, wanted: &[Wanted], answers: &[Result<(), ReplayError>]) {
        for (_, answer) in wanted
            .iter()
            .zip(answers)
            .filter(|(wanted, _)| !wanted.uses.is_empty())
        {
            match answer {
                Ok(()) => self.full = false,
                Err(error) if *error.reason() == ReplayReason::Full => self.full = true,
                Err(_) => {}
            }
        }
        let until = match &self.session {
            Some(_) if self.full => i64::MAX,
            Some(session) => session.since.timestamp_millis(),
            None => i64::MIN,
        };
        self.refusing.store(until, Ordering::Relaxed);
    }

    fn try_record(&mut self, wanted: &[Wanted]) -> io::Result<Vec<Result<(), ReplayError>>> {
        let now = wanted.first().map_or_else(Utc::now, |first| first.now);
        let mut session = match self.session.take() {
            Some(session) => session,
            None => Session::open(&self.server, self.skew, now)?,
        };
        let mut answers = session.record(&self.server, self.skew, wanted)?;
        if answers.iter().any(Option::is_none) {
            session.begin(&self.server, self.skew, now)?;
            for (answer, wanted) in answers
                .iter_mut()
                .zip(wanted)
                .filter(|(answer, _)| answer.is_none())
            {
                let again = session.record(&self.server, self.skew, std::slice::from_ref(wanted))?;
                *answer = again.into_iter().next().flatten();
            }
        }
        self.session = Some(session);
        let told = |(answer, wanted): (Option<_>, &Wanted)| answer.unwrap_or(Err(wanted.unavailable()));
        Ok(answers.into_iter().zip(wanted).map(told).collect())
    }
}

impl Work for UseServer {
    type Job = Wanted;
    type Done = Result<(), ReplayError>;

    fn work(&mut self, wanted: &[Wanted]) -> Vec<Result<(), ReplayError>> {
        let nobody = || wanted.iter().map(|wanted| Err(wanted.unavailable())).collect();
        if self.session.is_none() && Instant::now() < self.try_again {
            return nobody();
        }
        let answers = self.try_record(wanted).unwrap_or_else(|error| {
            tracing::error!(code = "replay.store_unavailable", reason = %error, "uses cannot be recorded");
            self.try_again = Instant::now().checked_add(PAUSE).unwrap_or_else(Instant::now);
            nobody()
        });
        self.note(wanted, &answers);
        answers
    }

    fn tick(&mut self) {
        if self.full {
            let room = self
                .session
                .as_mut()
                .map(|session| session.has_room(&self.server));
            // Where there is no answer, what follows finds that out.
            self.full = !matches!(room, Some(Ok(true)));
        }
        self.work(&[Wanted::nothing()]);
    }

    fn refuses(&self) -> bool {
        let is_new = |session: &Session| Utc::now() < session.since;
        self.full || self.session.as_ref().is_none_or(is_new)
    }
}

impl Session {
    fn open(server: &Server, skew: TimeDelta, now: DateTime<Utc>) -> io::Result<Self> {
        let mut connection = server.connect()?;
        let process = fact(&mut connection, "server", "run_id")?;
        let record = connection.load(RECORD)?;
        let mut session = Self {
            connection,
            process,
            record,
            generation: String::new(),
            since: DateTime::<Utc>::MAX_UTC,
        };
        session.begin(server, skew, now)?;
        Ok(session)
    }

    /// Finds out which generation of the store this is; begins one, where there is none of this process of the server.
    fn begin(&mut self, server: &Server, skew: TimeDelta, now: DateTime<Utc>) -> io::Result<()> {
        let mut command = redis::cmd("EVAL");
        command.arg(BEGIN).arg(1).arg(store(server));
        command.arg(&self.process).arg(now.timestamp_millis());
        let generation = text(self.connection.ask(command.arg(skew.num_milliseconds()))?)?;
        let since = generation
            .rsplit_once(':')
            .and_then(|(_, since)| since.parse().ok());
        self.since = time(since.ok_or_else(unexpected)?);
        if self.generation != generation {
            tracing::warn!(since = %self.since, "the store of uses at the server: what was made before is refused");
        }
        self.generation = generation;
        Ok(())
    }

    /// Whether the server has room for anything: for a name that ends at once.
    fn has_room(&mut self, server: &Server) -> io::Result<bool> {
        let mut command = redis::cmd("SET");
        command.arg(format!("{}:room", server.prefix)).arg("");
        command.arg("PX").arg(1);
        let told = self.connection.ask_all(std::slice::from_ref(&command))?;
        Ok(matches!(told.as_slice(), [Value::Okay]))
    }

    /// An answer for each of `wanted`; `None` where the server does not know this generation any more.
    fn record(
        &mut self,
        server: &Server,
        skew: TimeDelta,
        wanted: &[Wanted],
    ) -> io::Result<Vec<Option<Result<(), ReplayError>>>> {
        let refused = |wanted: &Wanted| {
            let mut uses = wanted.uses.iter();
            uses.find_map(|one| one.check(self.since, wanted.now).err())
        };
        let checked: Vec<Option<ReplayError>> = wanted.iter().map(refused).collect();
        let asked = wanted
            .iter()
            .zip(&checked)
            .filter(|(_, refused)| refused.is_none());
        let commands: Vec<Cmd> = asked
            .map(|(wanted, _)| self.command(server, skew, wanted))
            .collect();
        let mut told = self.connection.ask_all(&commands)?.into_iter();
        let answers = checked
            .into_iter()
            .zip(wanted)
            .map(|(refused, wanted)| match refused {
                Some(refused) => Ok(Some(Err(refused))),
                None => answer(told.next(), wanted),
            });
        answers.collect()
    }

    fn command(&self, server: &Server, skew: TimeDelta, wanted: &Wanted) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.record).arg(wanted.uses.len().saturating_add(1));
        command.arg(store(server));
        for one in &wanted.uses {
            let name = [server.prefix.as_bytes(), b":", one.key.name()].concat();
            command.arg(name);
        }
        command.arg(&self.generation).arg(skew.num_milliseconds());
        for one in &wanted.uses {
            command.arg(milliseconds(one.until));
        }
        command
    }
}

/// What the answer of the script means.
fn answer(told: Option<Value>, wanted: &Wanted) -> io::Result<Option<Result<(), ReplayError>>> {
    let told = match told {
        Some(Value::Array(told)) => told,
        Some(Value::ServerError(error)) if error.code() == "OOM" => {
            return Ok(Some(Err(ReplayError::of(
                wanted.uses.first(),
                ReplayReason::Full,
            ))));
        }
        Some(Value::ServerError(error)) => return Err(io::Error::other(error.to_string())),
        _ => return Err(unexpected()),
    };
    match told.as_slice() {
        [Value::Int(0)] => Ok(Some(Ok(()))),
        [Value::Int(-1)] => Ok(None),
        [Value::Int(-2), Value::Int(forgotten)] => {
            let forgotten = time(*forgotten);
            let reason = ReplayReason::Forgotten { forgotten };
            Ok(Some(Err(ReplayError::of(wanted.uses.first(), reason))))
        }
        [Value::Int(number)] => {
            let index = usize::try_from(*number)
                .ok()
                .and_then(|number| number.checked_sub(1));
            let used = index
                .and_then(|index| wanted.uses.get(index))
                .ok_or_else(unexpected)?;
            Ok(Some(Err(used.refused(ReplayReason::Replayed))))
        }
        _ => Err(unexpected()),
    }
}

/// The key of what is known about the store itself.
fn store(server: &Server) -> String {
    format!("{}:store", server.prefix)
}

/// A fact that the server tells about itself.
fn fact(connection: &mut Connection, section: &str, name: &str) -> io::Result<String> {
    let told = text(connection.ask(redis::cmd("INFO").arg(section))?)?;
    let found = told
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let found = found.map(|value| value.trim_end().to_owned());
    found.ok_or_else(|| io::Error::other(format!("it does not tell its {name}")))
}

fn text(value: Value) -> io::Result<String> {
    if let Value::SimpleString(text) | Value::VerbatimString { text, .. } = value {
        return Ok(text);
    }
    let Value::BulkString(octets) = value else {
        return Err(unexpected());
    };
    String::from_utf8(octets).map_err(|_| unexpected())
}

fn unexpected() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an answer that makes no sense")
}
