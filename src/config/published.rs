//! Where the public keys of tokens are told to those who take them.

use std::path::PathBuf;

use super::checked::PublishedKeys;
use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::route;
use crate::crypto::Certificate;
use crate::mint::JwkSet;

/// What a table says of the keys of its tokens.
pub(super) struct Published<'t> {
    pub(super) keys_path: Option<&'t str>,
    pub(super) further_keys: &'t [PathBuf],
}

/// The public keys of tokens that are signed with the key of `signer`, and the further ones that `typed` names, if they are published. `None` if
/// anything is wrong, which is then noted.
pub(super) fn check(
    typed: Published<'_>,
    signer: Option<&Certificate>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<PublishedKeys>> {
    let at_further = path.key("further_keys");
    let further = files::all_certificates(typed.further_keys, &at_further, source)?;
    let Some(keys_path) = typed.keys_path else {
        if further.is_empty() {
            return Some(None);
        }
        let what = "is published nowhere";
        source.problem(&at_further, what, "say where in keys_path");
        return None;
    };
    let at_path = route::check_path(keys_path, &path.key("keys_path"), source);
    let set = JwkSet::of(std::iter::once(signer?).chain(&further)).map_err(|subject| {
        let what = format!("has a key that signs no tokens: {subject:?}");
        source.problem(&at_further, what, "give certificates of RSA, EC or Ed25519 keys");
    });
    Some(Some(PublishedKeys {
        path: at_path?,
        set: set.ok()?.to_json().into(),
    }))
}
