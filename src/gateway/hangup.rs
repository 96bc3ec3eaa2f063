use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use signal_hook::consts::SIGHUP;

/// Whether SIGHUP came. From the time when this is made it does not end the process: what comes before there is something to reload is
/// heeded once there is.
#[derive(Clone, Debug)]
pub struct Hangup(Arc<AtomicBool>);

impl Hangup {
    /// Notes each SIGHUP from now on.
    ///
    /// # Errors
    ///
    /// What the system says where signals cannot be heeded.
    pub fn heeded() -> io::Result<Self> {
        let came = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(SIGHUP, Arc::clone(&came))?;
        Ok(Self(came))
    }

    /// Whether it came since this was last asked.
    pub(super) fn came(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}
