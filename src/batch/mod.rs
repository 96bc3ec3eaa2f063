//! An archive: messages out of files and containers, judged on all cores, each once, and what became of them.
//!
//! One thread walks the sources ([`source`]) and hands messages to workers through a window that bounds how many are under way; the
//! results are put back into the order of the sources and appended to a journal, so that a process that is killed loses nothing
//! that was written and another goes on behind it; the reports ([`report`]) are made from it. How a
//! message is judged is the [verifier](crate::verifier)'s: nothing here decides.

mod copies;
mod identity;
mod journal;
mod judge;
mod queue;
mod row;
mod run;
pub mod report;
pub mod source;
mod summary;
mod validation_reports;
mod work_log;

pub use copies::{Copies, Copy, Found};
pub use identity::Identity;
pub use journal::{Journal, JournalError};
pub use judge::judge;
pub use row::{Row, Verdict};
pub use run::{Judged, Observer, Run, RunError, Stopped, Written};
pub use summary::{Cause, Counts, Summary};
pub use validation_reports::Packed;
pub use work_log::WorkLog;
