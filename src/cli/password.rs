use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::crypto::Secret;
use crate::trust::{Passwords, with_hash, with_secret};
use crate::verifier::UserFiles;

use super::args::{PasswordUserArguments, UserArguments};
use super::console::{Console, Tone};
use super::exit::{Exit, Stop};
use super::inputs;

/// The longest password, as a UsernameToken takes it.
const LONGEST: usize = 1024;

/// `sealgate password add`: a user in the files that are named, with the password on standard input.
pub(crate) fn add(arguments: &PasswordUserArguments, console: &mut Console) -> Result<Exit, Stop> {
    let UserArguments {
        user_hashes,
        user_secrets,
        ..
    } = &arguments.users;
    if user_hashes.is_none() && user_secrets.is_none() {
        return Err(Stop::usage(
            "name a file: --user-hashes, or --user-secrets with its key",
        ));
    }
    let password = from_standard_input()?;
    let name = &arguments.name;
    // Both are made before one is written.
    let hashes = match user_hashes {
        Some(path) => {
            let written = with_hash(&existing("user-hashes", path)?, name, &password);
            let written = written.map_err(|error| inputs::unusable("user-hashes", &error))?;
            Some((path, Zeroizing::new(written)))
        }
        None => None,
    };
    let secrets = match (user_secrets, UserFiles::from(&arguments.users).key()?) {
        (Some(path), Some(key)) => {
            let written = with_secret(&existing("user-secrets", path)?, &key, name, &password);
            let written = written.map_err(|error| inputs::unusable("user-secrets", &error))?;
            Some((path, Zeroizing::new(written)))
        }
        _ => None,
    };
    for (path, text) in hashes.iter().chain(&secrets) {
        replace(path, text).map_err(|error| Stop::failed(format_args!("{}: {error}", path.display())))?;
        console.note(&format!("{} is in {}\n", name.escape_debug(), path.display()));
    }
    Ok(Exit::Passed)
}

/// `sealgate password check`: whether the password on standard input is the user's, by every file that is named.
pub(crate) fn check(arguments: &PasswordUserArguments, console: &mut Console) -> Result<Exit, Stop> {
    let users = UserFiles::from(&arguments.users).passwords()?;
    if users.is_empty() {
        return Err(Stop::usage(
            "name a file: --user-hashes, or --user-secrets with its key",
        ));
    }
    let password = from_standard_input()?;
    let right = is_right(&users, &arguments.users, &arguments.name, &password)?;
    let (tone, word, exit) = if right {
        (Tone::Good, "right", Exit::Passed)
    } else {
        (Tone::Bad, "wrong, or no such user", Exit::Refused)
    };
    let word = console.style().paint(tone, word);
    console.print(format!("{word}\n"));
    Ok(exit)
}

fn is_right(
    users: &Passwords,
    arguments: &UserArguments,
    name: &str,
    password: &Secret,
) -> Result<bool, Stop> {
    let mut right = true;
    if arguments.user_hashes.is_some() {
        right &= told(users.verify_text(name, password))?;
    }
    if arguments.user_secrets.is_some() {
        right &= told(users.verify_secret(name, password))?;
    }
    Ok(right)
}

fn told<T>(verified: Result<T, crate::trust::PasswordError>) -> Result<bool, Stop> {
    use crate::trust::PasswordError;
    match verified {
        Ok(_) => Ok(true),
        Err(PasswordError::Wrong | PasswordError::NoPasswords) => Ok(false),
        Err(error @ PasswordError::Unavailable(_)) => Err(Stop::failed(error)),
    }
}

/// The first line of standard input. A password that is an argument is everybody's who may list processes.
fn from_standard_input() -> Result<Secret, Stop> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(2 * LONGEST));
    let most = u64::try_from(2 * LONGEST).unwrap_or(u64::MAX);
    let read = std::io::stdin().take(most).read_to_end(&mut bytes);
    read.map_err(|error| Stop::failed(format_args!("standard input: {error}")))?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.len() > LONGEST || std::str::from_utf8(line).is_err() {
        return Err(Stop::usage(
            "standard input: a password is a line of 1 to 1,024 bytes of UTF-8",
        ));
    }
    Ok(Secret::new(line.to_vec()))
}

/// The text of a file that is to be written again; a new one has none.
fn existing(option: &'static str, path: &Path) -> Result<Zeroizing<String>, Stop> {
    if path.exists() {
        inputs::text(option, path)
    } else {
        Ok(Zeroizing::new(String::new()))
    }
}

/// Writes a file whole or not at all, for its owner only or as it was before.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    if let Ok(before) = fs::metadata(path) {
        let mode = before.permissions().mode() & 0o770;
        file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
