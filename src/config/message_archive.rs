use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chrono::TimeDelta;

use super::checked::GuardedRoute;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::archive::{Keep, OnLoss, Settings};
use crate::policy::UsernameToken;

/// Where messages are kept. `None` if it cannot work, which is noted.
pub(super) fn check(
    archive: &typed::MessageArchive,
    routes: &[GuardedRoute],
    source: &mut Source<'_>,
) -> Option<Settings> {
    let table = KeyPath::default().key("message_archive");
    let folder = source.folder().join(&archive.folder);
    let at_folder = table.key("folder");
    let Some(metadata) = folder.metadata().ok().filter(std::fs::Metadata::is_dir) else {
        source.problem(&at_folder, "is no folder", "make the folder");
        return None;
    };
    if metadata.permissions().mode() & 0o077 != 0 {
        source.problem(
            &at_folder,
            "is open to others than its owner, and what senders sent will be in it",
            "chmod 700",
        );
        return None;
    }
    let has_text = |route: &&GuardedRoute| {
        let takes_text = matches!(
            route.policy.username_token,
            UsernameToken::DigestOrTextOverTls | UsernameToken::NonceOptionalOverTls
        );
        takes_text && !route.passwords.is_empty()
    };
    if archive.passwords == typed::KeptPasswords::Refuse
        && let Some(route) = routes.iter().find(has_text)
    {
        source.problem(
            &table,
            format!(
                "would keep the passwords that messages to {} bring as they are",
                route.route.path
            ),
            "give that route a policy with username_token = \"digest\", or set passwords = \"keep\"",
        );
        return None;
    }
    let minutes = u64::from(archive.file_minutes).saturating_mul(60);
    Some(Settings {
        folder,
        keep: match archive.keep {
            typed::KeptMessages::All => Keep::All,
            typed::KeptMessages::Passed => Keep::Passed,
            typed::KeptMessages::Refused => Keep::Refused,
        },
        message_bytes: usize::try_from(archive.message_bytes).unwrap_or(usize::MAX),
        file_bytes: archive.file_bytes.into(),
        file_age: Duration::from_secs(minutes),
        life: archive.days.map(|days| TimeDelta::days(days.into())),
        free_bytes: archive.free_bytes,
        on_loss: match archive.on_loss {
            typed::OnArchiveLoss::Refuse => OnLoss::Refuse,
            typed::OnArchiveLoss::Warn => OnLoss::Warn,
        },
    })
}
