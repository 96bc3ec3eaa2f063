use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

use super::error;

/// A C library that speaks to tokens. A process has each once, and keeps it.
#[derive(Debug)]
pub(super) struct Module {
    path: PathBuf,
    library: RwLock<Pkcs11>,
}

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

fn initialize(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Somebody else in this process uses it.
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        begun => begun,
    }
}
