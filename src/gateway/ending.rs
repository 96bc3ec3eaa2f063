//! The end of what is kept of messages, in its time: a disk that hangs ends no less.

use std::io;
use std::time::Duration;

use chrono::Utc;
use futures_util::future::{join, join_all};

use super::report::ABANDONED;
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
    give_up(shared).await;
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

/// Tells of messages that are still in work, and records that of those that were accepted.
async fn give_up(shared: &Shared) {
    let abandoned = shared.pending.give_up();
    if abandoned.is_empty() {
        return;
    }
    tracing::warn!(
        code = ABANDONED,
        messages = abandoned.len(),
        "the gateway ends with messages in work, which are not answered"
    );
    let Some(log) = &shared.audit else { return };
    let mut entries: Vec<_> = abandoned.into_iter().flatten().collect();
    for entry in &mut entries {
        entry.time = Utc::now();
    }
    let recorded = join_all(entries.iter().map(|entry| log.record(entry))).await;
    for (entry, _) in entries
        .iter()
        .zip(recorded)
        .filter(|(_, recorded)| recorded.is_err())
    {
        tracing::error!(
            code = "audit.unavailable",
            incident = entry.incident,
            "not recorded"
        );
    }
}
