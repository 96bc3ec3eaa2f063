use std::path::Path;

use zeroize::Zeroizing;

use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::crypto::Secret;
use crate::policy::Part;
use crate::policy::Policy;
use crate::policy::UsernameToken;
use crate::trust::Passwords;

/// Loads the users of a route. `None` if anything is wrong, which is then noted; without files nobody is known.
pub(super) fn check(
    users: Option<&typed::Users>,
    policy: Option<&Policy>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Passwords> {
    let Some(users) = users else {
        if policy.is_some_and(|policy| policy.signed.contains(&Part::UsernameToken)) {
            source.problem(
                path,
                "is missing, and the policy asks for a UsernameToken",
                "name the files that sealgate password add writes",
            );
            return None;
        }
        return Some(Passwords::default());
    };
    if users.hashes.is_none() && users.secrets.is_none() {
        source.problem(
            path,
            "names no file",
            "name hashes, or secrets with secrets_key, as sealgate password add writes them",
        );
        return None;
    }
    if policy.is_some_and(takes_none) {
        source.problem(
            path,
            "is of no use: the policy takes no UsernameToken",
            "remove it, or write a policy with username_token",
        );
        return None;
    }
    if users.hashes.is_some() && policy.is_some_and(|policy| policy.username_token == UsernameToken::Digest) {
        source.problem(
            &path.key("hashes"),
            "is of no use: the policy takes no password that is sent as it is, and no digest can be compared with a hash",
            "name secrets with secrets_key, or take a policy with username_token = \"digest-or-text-over-tls\", as bsp11",
        );
        return None;
    }
    let hashes = users.hashes.as_deref();
    let hashes = hashes.map(|file| text(file, &path.key("hashes"), source));
    let secrets = match (&users.secrets, &users.secrets_key) {
        (Some(file), Some(key)) => {
            let text = text(file, &path.key("secrets"), source);
            let key = files::secret(key, &path.key("secrets_key"), source);
            let pair = text.zip(key.map(|bytes| Secret::new(bytes.to_vec())));
            Some(pair)
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            source.problem(
                path,
                "has secrets without secrets_key, or the other way round",
                "name both",
            );
            return None;
        }
    };
    // All files are read before one that failed counts, so that each is told.
    let hashes = hashes.map_or(Some(None), |read| read.map(Some))?;
    let secrets = secrets.map_or(Some(None), |read| read.map(Some))?;
    let loaded = Passwords::new(
        hashes.as_deref().map(String::as_str),
        secrets.as_ref().map(|(text, key)| (text.as_str(), key)),
    );
    loaded
        .map_err(|error| {
            let instead = "give files that sealgate password add has written";
            source.problem(path, format!("cannot be used: {error}"), instead);
        })
        .ok()
}

fn takes_none(policy: &Policy) -> bool {
    matches!(
        policy.username_token,
        UsernameToken::Refuse | UsernameToken::Ignore
    )
}

/// A text that not everybody may read.
fn text(file: &Path, key: &KeyPath, source: &mut Source<'_>) -> Option<Zeroizing<String>> {
    let bytes = files::secret(file, key, source)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Some(Zeroizing::new(text.to_owned())),
        Err(_) => {
            source.problem(
                key,
                "is no text",
                "give a file that sealgate password add has written",
            );
            None
        }
    }
}
