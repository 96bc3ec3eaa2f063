//! Why a gateway takes on no new work, for who sends it there and for who watches.

use chrono::Utc;

use super::reload::Reloader;
use super::shared::Shared;
use crate::archive::Archive;
use crate::audit::Log;
use crate::hsm;
use crate::throttle::SharedLimits;

/// A reason not to be ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotReady {
    /// It has been told to stop.
    Stopping,
    /// Not every thread serves yet.
    Starting,
    /// What was used cannot be remembered.
    ReplayStore,
    /// Who asks for too much cannot be told.
    SharedLimits,
    /// Nothing can be recorded.
    AuditLog,
    /// A token with keys of ours is lost.
    Token,
    /// No message can be kept.
    MessageArchive,
}

impl NotReady {
    /// All of them; the first that holds is told.
    pub(super) const ALL: [Self; 7] = [
        Self::Stopping,
        Self::Starting,
        Self::ReplayStore,
        Self::SharedLimits,
        Self::AuditLog,
        Self::Token,
        Self::MessageArchive,
    ];

    /// As metrics have it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::Starting => "starting",
            Self::ReplayStore => "replay_store",
            Self::SharedLimits => "shared_limits",
            Self::AuditLog => "audit_log",
            Self::Token => "token",
            Self::MessageArchive => "message_archive",
        }
    }

    /// As who asks is told.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Stopping => "stopping\n",
            Self::Starting => "starting\n",
            Self::ReplayStore => "the store of uses refuses\n",
            Self::SharedLimits => "the shared limits refuse\n",
            Self::AuditLog => "the audit log refuses\n",
            Self::Token => "a token with keys of ours is lost\n",
            Self::MessageArchive => "the message archive refuses\n",
        }
    }

    /// Whether it is so.
    pub(super) fn holds(self, shared: &Shared, reloader: &Reloader) -> bool {
        match self {
            Self::Stopping => shared.is_stopping(),
            Self::Starting => !shared.is_stopping() && !shared.is_ready(),
            Self::ReplayStore => reloader.replay().refuses(Utc::now()),
            Self::SharedLimits => shared.limits.as_ref().is_some_and(SharedLimits::refuses),
            Self::AuditLog => shared.audit.as_ref().is_some_and(Log::refuses),
            Self::Token => hsm::conditions().iter().any(|token| token.lost.is_some()),
            Self::MessageArchive => shared.archive.as_ref().is_some_and(Archive::refuses),
        }
    }
}

/// Tells the metrics what keeps the gateway from work, and which of its stores can be used, those too without which it goes on.
pub(super) fn note(shared: &Shared, reloader: &Reloader) {
    for reason in NotReady::ALL {
        shared
            .metrics
            .not_ready(reason.name(), reason.holds(shared, reloader));
    }
    let stores = [
        (
            NotReady::ReplayStore,
            Some(reloader.replay().is_available(Utc::now())),
        ),
        (
            NotReady::SharedLimits,
            shared.limits.as_ref().map(SharedLimits::is_available),
        ),
        (
            NotReady::AuditLog,
            shared.audit.as_ref().map(|log| !log.refuses()),
        ),
        (
            NotReady::MessageArchive,
            shared.archive.as_ref().map(Archive::is_available),
        ),
    ];
    for (store, available) in stores {
        if let Some(available) = available {
            shared.metrics.store(store.name(), available);
        }
    }
}
