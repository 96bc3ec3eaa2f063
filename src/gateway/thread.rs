//! Where work is done that keeps a thread for a while: other connections wait for a thread that serves.

use actix_web::web;

use super::report::Report;
use crate::soap::Fault;

/// Up to so many octets are judged, and sealed, where they arrived: that takes less time than handing them to another thread and
/// back is worth. Longer ones would keep the other connections of this thread waiting.
pub(super) const DONE_HERE: usize = 64 * 1024;

/// Which thread does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thread {
    /// The one that serves.
    Serving,
    /// One that may take long, or wait for others.
    Another,
}

impl Thread {
    /// The one that serves, for what is done soon.
    pub(super) const fn serving_if(soon: bool) -> Self {
        if soon { Self::Serving } else { Self::Another }
    }

    /// What `work` gives, done by this thread.
    pub(super) async fn does<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
        report: &Report<'_>,
    ) -> Result<T, Fault> {
        match self {
            Self::Serving => Ok(work()),
            Self::Another => web::block(work).await.map_err(|_| report.panicked()),
        }
    }
}
