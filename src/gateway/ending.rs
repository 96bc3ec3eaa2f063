//! The end of what is kept of messages, in its time: a disk that hangs ends no less.

use std::io;
use std::time::Duration;

use futures_util::future::join;

use super::shared::Shared;

/// How long audit log and message archive have to end, and how long after a second signal.
pub(super) const TO_END: Duration = Duration::from_secs(20);
pub(super) const IN_HASTE: Duration = Duration::from_secs(3);

/// Ends what is kept of messages, after `limit` at most. The threads that served may still share it when the process ends.
///
/// # Errors
///
/// The end of the audit log is not signed: whoever cuts it off may not be found out.
pub(super) async fn end_records(shared: &Shared, limit: Duration) -> io::Result<()> {
    let audit = async {
        match &shared.audit {
            Some(log) => log.end(limit).await,
            None => Ok(()),
        }
    };
    let archive = async {
        match &shared.archive {
            Some(archive) => archive.end(limit).await,
            None => Ok(()),
        }
    };
    let (audit, archive) = join(audit, archive).await;
    if let Err(error) = archive {
        tracing::warn!(code = "archive.not_ended", reason = %error, "there are not files of all messages yet; the next start makes them");
    }
    audit.map_err(|error| {
        tracing::error!(code = "audit.not_ended", reason = %error, "the end of the audit log is not signed");
        io::Error::other(format!("the end of the audit log is not signed: {error}"))
    })
}
