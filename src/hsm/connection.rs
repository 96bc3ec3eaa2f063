use std::sync::Mutex;

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as ModuleError, RvError};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::error::{Error, Failure};
use super::token::lock;

/// A login, and sessions that nobody uses at present.
pub(super) struct Connection {
    pub(super) slot: Slot,
    pub(super) login: Login,
    idle: Mutex<Vec<Session>>,
    handles: Mutex<Vec<([u8; 32], ObjectHandle)>>,
    /// As long as a session is open, all are logged in.
    _logged_in: Mutex<Session>,
}

/// Whether the token has looked at the PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// It has, and takes it.
    Checked,
    /// It has not: all sessions of a process are logged in together, and another of them was.
    Shared,
}

impl Connection {
    /// Logs in to the token in `slot`.
    pub(super) fn open(library: &Pkcs11, slot: Slot, pin: &str) -> Result<Self, Error> {
        let session = library.open_ro_session(slot)?;
        let login = match session.login(UserType::User, Some(&AuthPin::from(pin))) {
            Ok(()) => Login::Checked,
            Err(ModuleError::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Login::Shared,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            slot,
            login,
            idle: Mutex::default(),
            handles: Mutex::default(),
            _logged_in: Mutex::new(session),
        })
    }

    /// Does `work` in a session that nobody else uses.
    pub(super) fn in_session<T>(
        &self,
        library: &Pkcs11,
        work: impl FnOnce(&Session, &Handles<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let idle = lock(&self.idle).pop();
        let session = match idle {
            Some(session) => session,
            None => library.open_ro_session(self.slot)?,
        };
        let done = work(&session, &Handles(&self.handles));
        // After an error nobody knows what state it is in.
        if done.is_ok() {
            lock(&self.idle).push(session);
        }
        done
    }
}

/// Where the keys are that were found.
pub(super) struct Handles<'c>(&'c Mutex<Vec<([u8; 32], ObjectHandle)>>);

impl Handles<'_> {
    /// Where the key is whose public half has this digest, and which `find` finds.
    pub(super) fn of(
        &self,
        name: [u8; 32],
        find: impl FnOnce() -> Result<ObjectHandle, Failure>,
    ) -> Result<ObjectHandle, Failure> {
        let known = lock(self.0)
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, handle)| *handle);
        if let Some(handle) = known {
            return Ok(handle);
        }
        let handle = find()?;
        lock(self.0).push((name, handle));
        Ok(handle)
    }
}
