use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, TryLockError};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use super::error;

/// A C library that speaks to tokens. A process has each once, and keeps it.
#[derive(Debug)]
pub(super) struct Module {
    path: PathBuf,
    library: RwLock<Pkcs11>,
}

/// How long calls may go on when the process ends.
const ENDING: Duration = Duration::from_secs(1);

/// How often it is looked whether they have ended.
const LOOK: Duration = Duration::from_millis(10);

static MODULES: Mutex<Vec<Arc<Module>>> = Mutex::new(Vec::new());

impl Module {
    /// The module at `path`, loaded if it is not yet.
    pub(super) fn at(path: &Path) -> Result<Arc<Self>, error::Error> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = modules.iter().find(|module| module.path == path) {
            return Ok(Arc::clone(loaded));
        }
        let failed = |error: Error| error::Error::Module(path.to_owned(), error.to_string());
        let library = Pkcs11::new(path).map_err(failed)?;
        initialize(&library).map_err(failed)?;
        let module = Arc::new(Self {
            path: path.to_owned(),
            library: RwLock::new(library),
        });
        modules.push(Arc::clone(&module));
        Ok(module)
    }

    /// The library, which does not begin anew as long as this is held: no session outlives it.
    pub(super) fn hold(&self) -> RwLockReadGuard<'_, Pkcs11> {
        self.library.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, end: Option<Instant>) -> bool {
        loop {
            let library = match self.library.try_write() {
                Ok(library) => library,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if end.is_none_or(|end| Instant::now() >= end) => return false,
                Err(TryLockError::WouldBlock) => {
                    std::thread::sleep(LOOK);
                    continue;
                }
            };
            // Whoever wants to make a call waits for the end of the process from now on.
            std::mem::forget(library);
            return true;
        }
    }

    /// Begins anew, as many modules find tokens only then that came back. Not while anybody holds it: a call that never returns does.
    pub(super) fn restart(&self) -> bool {
        let Ok(library) = self.library.try_write() else {
            return false;
        };
        // Whether it ended well or not, it can only begin.
        let _ = library.clone().finalize();
        initialize(&library).is_ok()
    }
}

/// Ends the use of all modules: no call of them begins any more. Says whether those that had begun have ended, too, in a time that is short:
/// some never do. As long as one goes on, nothing that it may use must be taken away, as a process does with libraries when it exits.
pub fn end() -> bool {
    let end = Instant::now().checked_add(ENDING);
    let modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    modules.iter().all(|module| module.end(end))
}

fn initialize(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Somebody else in this process uses it.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        begun => begun,
    }
}
