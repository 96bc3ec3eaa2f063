use chrono::DateTime;
use chrono::Utc;

use super::ends::CertificateUse;
use super::files;
use super::files::IdentityFiles;
use super::problem::KeyPath;
use super::problem::Source;
use super::problem::Stage;
use super::typed;
use crate::audit;
use crate::audit::Settings;
use crate::crypto::Identity;

/// Where what was decided is recorded, and by whom, who must not be the `signer` of answers. `None` if it cannot work, which is noted.
pub(super) fn check(
    audit: &typed::Audit,
    signer: &Identity,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Settings> {
    let table = KeyPath::default().key("audit");
    let files = IdentityFiles {
        table: table.clone(),
        certificate: audit.certificate.as_deref(),
        key: &audit.key,
        password: audit.key_password_file.as_deref(),
        purpose: CertificateUse::Audit,
    };
    let identity = files::identity(&files, now, source)?;
    if !files::signs(&identity, &table, source) {
        return None;
    }
    if identity.key().public() == signer.key().public() {
        source.problem(
            &table.key("key"),
            "is the key that signs answers",
            "make a key for nothing but the audit",
        );
        return None;
    }
    let folder = source.folder().join(&audit.folder);
    let export = audit.checkpoints.as_ref();
    let export = export.map(|path| source.folder().join(path));
    let exported = export.as_ref().map(|export| audit::is_folder(export));
    for (key, is_folder) in [
        ("folder", folder.is_dir()),
        ("checkpoints", !matches!(exported, Some(Ok(false)))),
    ] {
        if !is_folder {
            source.problem(&table.key(key), "is no folder", "make the folder");
            return None;
        }
    }
    let settings = Settings {
        folder,
        export,
        signer: identity,
        segment_bytes: audit.file_bytes.into(),
    };
    // A gateway that starts says so itself.
    if source.stage == Stage::Examined {
        warn_of_checkpoints(&settings, exported.and_then(Result::err), &table, source);
    }
    Some(settings)
}

/// Warns of what exported checkpoints say, or that they say nothing for that `error`.
fn warn_of_checkpoints(
    settings: &Settings,
    error: Option<std::io::Error>,
    table: &KeyPath,
    source: &mut Source<'_>,
) {
    if let Some(error) = error {
        source.warning(
            &table.key("checkpoints"),
            format!("is not known to be a folder: {error}"),
            "find out what hangs: a gateway goes on, and nobody knows whether its log is all there",
        );
    } else if let Ok(Some(gone)) = audit::gone(settings) {
        source.warning(
            &table.key("folder"),
            format!(
                "has no record, and checkpoints speak of a log by the same key up to record {}: {}",
                gone.last, gone.chain
            ),
            "find out what became of it: a gateway that starts begins another one",
        );
    }
}

/// Notes whatever else has the key of the audit.
pub(super) fn signs_nothing_else(settings: &Settings, source: &mut Source<'_>) {
    let own = KeyPath::default().key("audit").key("key");
    let loaded = std::mem::take(&mut source.keys);
    for (path, key) in loaded {
        if path != own && key == *settings.signer.key().public() {
            source.problem(&path, "is the key of the audit", "make another key for this");
        }
    }
}
