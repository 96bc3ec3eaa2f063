use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use cryptoki::context::Pkcs11;
use cryptoki::session::Session;
use cryptoki::slot::Slot;
use zeroize::Zeroizing;

use super::calls::{Calls, Missed};
use super::connection::{Connection, Handles, Login};
use super::error::{Error, Failure};
use super::key::Key;
use super::module::Module;
use super::pace::Pace;
use super::places::{Place, Places};
use super::refusal;
use super::upkeep::tend;
use super::uri::TokenName;
use crate::crypto::{Turn, Unavailable};

/// How long a call of a token may take from when it begins: what takes longer has lost it. What nobody was promised waits as long at most to begin.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How long a token may take to be found again, with all its keys.
const CONNECTING: Duration = Duration::from_secs(15);

/// How long sessions may take to be closed when nobody needs them any more.
const CLOSING: Duration = Duration::from_secs(1);

/// A token, as long as somebody has a key in it.
pub(super) struct Token {
    module: Arc<Module>,
    name: TokenName,
    pin: Zeroizing<String>,
    /// Whether the token has ever said that the PIN is right.
    pin_is_checked: AtomicBool,
    state: Mutex<State>,
    /// What was lost, to be closed by nobody who is waited for.
    lost: Mutex<Vec<Arc<Connection>>>,
    /// Held while a connection is being made; another where that has hung.
    connecting: Mutex<Arc<Mutex<()>>>,
    /// The keys in use, which prove themselves whenever it has been gone.
    keys: Mutex<Vec<Weak<Key>>>,
    calls: Calls,
    places: Places,
}

enum State {
    There(Arc<Connection>),
    /// Why, and whether trying again can help.
    Lost(String, Retry),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Retry {
    Soon,
    Never,
}

/// What a token is like at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What its label or serial number says.
    pub token: String,
    /// Why it is lost, if it is.
    pub lost: Option<String>,
}

/// All tokens that were ever used, those without keys too until the next is added.
static TOKENS: Mutex<Vec<Weak<Token>>> = Mutex::new(Vec::new());

/// What the tokens with keys in use are like.
pub fn conditions() -> Vec<Condition> {
    let tokens = lock(&TOKENS).clone();
    let in_use = tokens
        .iter()
        .filter_map(Weak::upgrade)
        .filter(|token| token.has_keys());
    let mut conditions: Vec<Condition> = in_use.map(|token| token.condition()).collect();
    // One of the same name that is lost counts.
    conditions.sort_by(|one, other| (&one.token, &other.lost).cmp(&(&other.token, &one.lost)));
    conditions.dedup_by(|later, first| later.token == first.token);
    conditions
}

impl Token {
    /// The token of that name, logged in: the one in use already if there is one.
    pub(super) fn of(module: &Arc<Module>, name: &TokenName, pin: &str) -> Result<Arc<Self>, Error> {
        let same = |token: &Arc<Self>| {
            Arc::ptr_eq(&token.module, module) && token.name == *name && *token.pin == pin
        };
        let found = lock(&TOKENS).iter().filter_map(Weak::upgrade).find(same);
        let token = match found {
            Some(token) => token,
            None => Self::start(module, name, pin)?,
        };
        token.connect()?;
        Ok(token)
    }

    fn start(module: &Arc<Module>, name: &TokenName, pin: &str) -> Result<Arc<Self>, Error> {
        let unstarted = |error: std::io::Error| Error::Refused(error.to_string());
        let token = Arc::new(Self {
            module: Arc::clone(module),
            name: name.clone(),
            pin: Zeroizing::new(pin.to_owned()),
            pin_is_checked: AtomicBool::new(false),
            state: Mutex::new(State::Lost("it was never there".to_owned(), Retry::Never)),
            lost: Mutex::default(),
            connecting: Mutex::default(),
            keys: Mutex::default(),
            calls: Calls::start().map_err(unstarted)?,
            places: Places::default(),
        });
        let weak = Arc::downgrade(&token);
        let thread = std::thread::Builder::new().name("token".to_owned());
        thread.spawn(move || tend(&weak)).map_err(unstarted)?;
        let mut tokens = lock(&TOKENS);
        tokens.retain(|token| token.strong_count() > 0);
        tokens.push(Arc::downgrade(&token));
        Ok(token)
    }

    /// From now on `key` proves itself whenever the token has been gone.
    pub(super) fn keep(&self, key: &Arc<Key>) {
        let mut keys = lock(&self.keys);
        keys.retain(|key| key.strong_count() > 0);
        keys.push(Arc::downgrade(key));
    }

    /// The keys in use.
    pub(super) fn keys(&self) -> Vec<Arc<Key>> {
        lock(&self.keys).iter().filter_map(Weak::upgrade).collect()
    }

    fn has_keys(&self) -> bool {
        lock(&self.keys).iter().any(|key| key.strong_count() > 0)
    }

    fn condition(&self) -> Condition {
        Condition {
            token: self.to_string(),
            lost: match &*lock(&self.state) {
                State::There(_) => None,
                State::Lost(why, _) => Some(why.clone()),
            },
        }
    }

    /// Whether it is there, as far as that is known.
    ///
    /// # Errors
    /// It is lost, and nobody has found it again.
    pub(super) fn available(&self) -> Result<(), Unavailable> {
        match &*lock(&self.state) {
            State::There(_) => Ok(()),
            State::Lost(why, _) => Err(Unavailable::of_token(format_args!("it is lost: {why}"))),
        }
    }

    /// A place for a call of that `pace`, kept until it is dropped.
    ///
    /// # Errors
    /// It is lost, or it has promised as many as it makes in time.
    pub(super) fn reserve(&self, pace: &Arc<Pace>) -> Result<Place, Unavailable> {
        self.available()?;
        let place = self.places.reserve(pace, PATIENCE);
        place.ok_or_else(|| Unavailable::of_token("too many wait for what it has promised"))
    }

    /// Does `work` in a session, on a thread of this token.
    ///
    /// # Errors
    /// The token is lost, or is now; too many wait; nothing came in time. The inner one: it said no.
    pub(super) fn call<T: Send + 'static>(
        self: &Arc<Self>,
        turn: Turn,
        work: impl FnOnce(&Session, &Handles<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Result<T, String>, Unavailable> {
        self.available()?;
        let token = Arc::downgrade(self);
        // Without the token nobody waits.
        let done = self.calls.make(turn, PATIENCE, move || {
            token.upgrade().map(|token| token.in_session(work))
        });
        match done {
            Ok(Some(Ok(done))) => Ok(Ok(done)),
            Ok(Some(Err(Failure::Refused(why)))) => Ok(Err(why)),
            Ok(Some(Err(Failure::Gone(why)))) => {
                Err(Unavailable::of_token(format_args!("it is lost: {why}")))
            }
            Ok(None) => Err(Unavailable::of_token("nobody has a key in it any more")),
            Err(Missed::Hung) => {
                self.lose("it did not answer in time");
                Err(Unavailable::of_token("it did not answer in time"))
            }
            Err(Missed::Full) => Err(Unavailable::of_token("too many calls wait for it")),
            Err(Missed::NotBegun) => Err(Unavailable::of_token("it was busy for too long")),
            Err(Missed::Panicked) => Err(Unavailable::of_token("a call ended in a panic")),
        }
    }

    /// Does `work` in a session, here.
    pub(super) fn in_session<T>(
        &self,
        work: impl FnOnce(&Session, &Handles<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Held first, so that it is let go last: no session is closed in a library that has begun anew.
        let library = self.module.hold();
        let connection = match &*lock(&self.state) {
            State::There(connection) => Arc::clone(connection),
            State::Lost(why, _) => return Err(Failure::Gone(why.clone())),
        };
        let done = connection.in_session(&library, work);
        if let Err(Failure::Gone(why)) = &done {
            self.lose_connection(&connection, why);
        }
        done
    }

    /// The token is lost, whatever is still being done with it.
    pub(super) fn lose(&self, why: &str) {
        let _library = self.module.hold();
        let connection = match &*lock(&self.state) {
            State::There(connection) => Arc::clone(connection),
            State::Lost(..) => return,
        };
        self.lose_connection(&connection, why);
    }

    fn lose_connection(&self, lost: &Arc<Connection>, why: &str) {
        {
            let mut state = lock(&self.state);
            // A newer one may be good.
            if !matches!(&*state, State::There(current) if Arc::ptr_eq(current, lost)) {
                return;
            }
            *state = State::Lost(why.to_owned(), Retry::Soon);
        }
        lock(&self.lost).push(Arc::clone(lost));
        tracing::error!(code = Unavailable::TOKEN, token = %self, reason = why, "a token with keys of ours is lost");
    }

    /// Closes the sessions that were lost.
    pub(super) fn bury(&self) {
        let lost = std::mem::take(&mut *lock(&self.lost));
        let _library = self.module.hold();
        drop(lost);
    }

    /// Logs in, and has every key prove itself, unless the token is there. A PIN that it refused is not tried again.
    pub(super) fn connect(&self) -> Result<(), Error> {
        let connecting = Arc::clone(&lock(&self.connecting));
        let _alone = lock(&connecting);
        if matches!(&*lock(&self.state), State::There(_)) {
            return Ok(());
        }
        if let Some(error) = refusal::of(&self.module, &self.name, &self.pin) {
            *lock(&self.state) = State::Lost(error.to_string(), Retry::Never);
            return Err(error);
        }
        // As good as lost, as nobody would take calls.
        if !self.calls.are_made() {
            *lock(&self.state) = State::Lost(Error::Silent.to_string(), Retry::Soon);
            return Err(Error::Silent);
        }
        let opened = match self.open() {
            Err(error) if !error.is_final() && self.may_restart() => {
                self.bury();
                if self.module.restart() {
                    self.open()
                } else {
                    Err(error)
                }
            }
            opened => opened,
        };
        if let Ok(connection) = &opened {
            self.note_login(connection);
        }
        let mut state = lock(&self.state);
        if matches!(&*state, State::There(_)) {
            // Another try was quicker, as this one took too long.
            lock(&self.lost).extend(opened.ok().map(Arc::new));
            return Ok(());
        }
        match opened {
            Ok(connection) => {
                *state = State::There(Arc::new(connection));
                Ok(())
            }
            Err(error) => {
                let retry = if error.is_final() {
                    refusal::remember(&self.module, &self.name, &self.pin, &error);
                    Retry::Never
                } else {
                    Retry::Soon
                };
                *state = State::Lost(error.to_string(), retry);
                Err(error)
            }
        }
    }

    /// Does [`connect`](Self::connect) on a thread of this token, as that may hang too.
    pub(super) fn reconnect(self: &Arc<Self>) -> Result<(), Error> {
        let token = Arc::clone(self);
        match self.calls.make(Turn::First, CONNECTING, move || token.connect()) {
            Ok(done) => done,
            Err(missed) => {
                if missed == Missed::Hung {
                    *lock(&self.connecting) = Arc::default();
                }
                Err(Error::Silent)
            }
        }
    }

    /// Warns of a PIN that nobody knows to be right: the sessions of a process are logged in together, and only the first PIN is looked at.
    fn note_login(&self, connection: &Connection) {
        let is_known = |other: &Arc<Self>| {
            other.pin == self.pin
                && other.pin_is_checked.load(Ordering::Relaxed)
                && Arc::ptr_eq(&other.module, &self.module)
                && matches!(&*lock(&other.state), State::There(theirs) if theirs.slot == connection.slot)
        };
        let tokens = lock(&TOKENS).clone();
        if connection.login == Login::Checked
            || tokens
                .iter()
                .filter_map(Weak::upgrade)
                .any(|other| is_known(&other))
        {
            self.pin_is_checked.store(true, Ordering::Relaxed);
        } else if !self.pin_is_checked.load(Ordering::Relaxed) {
            tracing::warn!(token = %self, "the PIN of a token is not checked, as we are logged in with another: the next start needs it");
        }
    }

    fn open(&self) -> Result<Connection, Error> {
        let library = self.module.hold();
        let slot = self.slot(&library)?;
        let connection = Connection::open(&library, slot, &self.pin)?;
        for key in self.keys() {
            connection
                .in_session(&library, |session, handles| Ok(key.prove(session, handles)))
                .map_err(Error::from)??;
        }
        Ok(connection)
    }

    fn slot(&self, library: &Pkcs11) -> Result<Slot, Error> {
        let mut found = None;
        for slot in library.get_slots_with_token()? {
            // One that was pulled out since is none.
            let Ok(token) = library.get_token_info(slot) else {
                continue;
            };
            let is = |wanted: &Option<String>, said: &str| {
                wanted.as_ref().is_none_or(|wanted| wanted == said.trim_end())
            };
            let name = &self.name;
            if is(&name.label, token.label())
                && is(&name.serial, token.serial_number())
                && is(&name.manufacturer, token.manufacturer_id())
                && is(&name.model, token.model())
                && found.replace(slot).is_some()
            {
                return Err(Error::ManyTokens);
            }
        }
        found.ok_or(Error::NoToken)
    }

    /// Whether no other token of the same module would be lost by it.
    fn may_restart(&self) -> bool {
        let tokens = lock(&TOKENS).clone();
        let mut others = tokens.iter().filter_map(Weak::upgrade);
        !others.any(|other| {
            !std::ptr::eq(&*other, self)
                && Arc::ptr_eq(&other.module, &self.module)
                && matches!(&*lock(&other.state), State::There(_))
        })
    }

    /// Whether it is lost and may be found again.
    pub(super) fn is_sought(&self) -> bool {
        matches!(&*lock(&self.state), State::Lost(_, Retry::Soon))
    }
}

/// Its sessions are closed, and waited for a moment only: nobody knows how long a module takes.
impl Drop for Token {
    fn drop(&mut self) {
        let module = Arc::clone(&self.module);
        let gone = || State::Lost(String::new(), Retry::Never);
        let state = std::mem::replace(&mut *lock(&self.state), gone());
        let lost = std::mem::take(&mut *lock(&self.lost));
        let (closing, closed) = mpsc::sync_channel::<()>(1);
        let close = move || {
            let _library = module.hold();
            drop((state, lost));
            drop(closing);
        };
        if std::thread::Builder::new()
            .name("token".to_owned())
            .spawn(close)
            .is_ok()
        {
            let _ = closed.recv_timeout(CLOSING);
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.label.as_ref().or(self.name.serial.as_ref());
        f.write_str(name.map_or("", String::as_str))
    }
}

pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
