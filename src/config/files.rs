use std::fs;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use chrono::DateTime;
use chrono::Utc;
use zeroize::Zeroizing;

use super::ends::CertificateUse;
use super::problem::KeyPath;
use super::problem::Source;
use crate::crypto::Ability;
use crate::crypto::Certificate;
use crate::crypto::Identity;
use crate::crypto::Pkcs12;
use crate::crypto::Pkcs12Error;
use crate::crypto::PrivateKey;
use crate::crypto::PrivateKeyError;
use crate::hsm;
use crate::hsm::TokenKeyUri;
use crate::hsm::UriError;
use crate::trust::TrustSources;

/// The greatest file of a key or password.
const SECRET_BYTES: u64 = 1 << 20;

/// Everybody, in the permissions of a file.
const OTHERS: u32 = 0o007;

/// The files of a key with its certificate, as one table of the configuration names them.
pub(super) struct IdentityFiles<'t> {
    /// The table.
    pub(super) table: KeyPath,
    pub(super) certificate: Option<&'t Path>,
    pub(super) key: &'t Path,
    pub(super) password: Option<&'t Path>,
    /// What it is for.
    pub(super) purpose: CertificateUse,
}

/// Loads a key with its certificates, which must hold at `now`. What is wrong is noted, and gives `None`.
pub(super) fn identity(
    files: &IdentityFiles<'_>,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Identity> {
    let password = match files.password {
        Some(path) => Some(password(path, &files.table.key("key_password_file"), source)?),
        None => None,
    };
    let at_key = files.table.key("key");
    if let Some(uri) = TokenKeyUri::parse(files.key) {
        return in_token(uri, files, now, source);
    }
    let bytes = secret(files.key, &at_key, source)?;
    let (key, contained) = if Certificate::is_pkcs12(&bytes) {
        let password = password.as_deref().map_or("", String::as_str);
        let identity = Pkcs12::open(&bytes, password).and_then(|opened| opened.identity());
        let identity = identity.map_err(|error| {
            let instead = match error {
                Pkcs12Error::SeveralKeys(_) => "give a PKCS#12 file with one key and its certificate, or PEM",
                Pkcs12Error::Key(PrivateKeyError::Missing) | Pkcs12Error::NoCertificate => {
                    "give a PKCS#12 file with a key and its certificate"
                }
                Pkcs12Error::Malformed
                | Pkcs12Error::Password
                | Pkcs12Error::Unsupported(_)
                | Pkcs12Error::Certificate(_)
                | Pkcs12Error::Key(_) => "give a PKCS#12 file, and its password in key_password_file",
            };
            wrong(source, &at_key, files.key, &error, instead);
        });
        identity.ok()?
    } else {
        let key = PrivateKey::from_pem(&bytes, password.as_deref().map(|password| password.as_bytes()));
        let key = key.map_err(|error| {
            let instead = if error == PrivateKeyError::PasswordNeeded {
                "name a file with its password in key_password_file"
            } else {
                "give a private key as PEM or PKCS#12"
            };
            wrong(source, &at_key, files.key, &error, instead);
        });
        (key.ok()?, Vec::new())
    };
    let at_certificate = files.table.key("certificate");
    let chain = match files.certificate {
        Some(path) => certificates(path, &at_certificate, source)?,
        None if contained.is_empty() => {
            source.problem(
                &at_certificate,
                "is missing",
                "name the PEM file of the key's certificate",
            );
            return None;
        }
        None => contained,
    };
    joined(chain, key, files, now, source)
}

/// As [`identity`], of a key that stays in its token.
fn in_token(
    uri: Result<TokenKeyUri, UriError>,
    files: &IdentityFiles<'_>,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Identity> {
    let at_key = files.table.key("key");
    let uri = uri.map_err(|error| {
        let instead = "write pkcs11:token=…;object=…?module-path=/…&pin-source=file:/…";
        source.problem(&at_key, error.to_string(), instead);
    });
    let uri = uri.ok()?;
    if files.password.is_some() {
        source.problem(
            &files.table.key("key_password_file"),
            "has no meaning for a key in a token",
            "name the file with its PIN in pin-source",
        );
        return None;
    }
    let given = match files.certificate {
        Some(path) => certificates(path, &files.table.key("certificate"), source)?,
        None => Vec::new(),
    };
    let pin = password(uri.pin_file(), &at_key, source)?;
    let loaded = hsm::load(&uri, &pin, given.first()).map_err(|error| {
        source.problem(&at_key, format!("cannot be used: {error}"), error.instead());
    });
    let loaded = loaded.ok()?;
    let chain = if given.is_empty() {
        loaded.certificate.into_iter().collect()
    } else {
        given
    };
    if chain.is_empty() {
        source.problem(
            &files.table.key("certificate"),
            "is missing, and the token has none",
            "name the PEM file of the key's certificate",
        );
        return None;
    }
    joined(chain, loaded.key, files, now, source)
}

/// The identity of the first certificate of `chain`, which must hold at `now`.
fn joined(
    chain: Vec<Certificate>,
    key: PrivateKey,
    files: &IdentityFiles<'_>,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Identity> {
    let identity = Identity::new(chain, key);
    let identity = identity
        .map_err(|error| {
            source.problem(
                &files.table.key("key"),
                error.to_string(),
                "give the key of the certificate",
            );
        })
        .ok()?;
    let key = (files.table.key("key"), identity.key().public().clone());
    source.keys.push(key);
    let at_certificate = files.table.key("certificate");
    source.ends(files.purpose, &at_certificate, identity.chain());
    holds(identity.certificate()?, now, &at_certificate, source).then_some(identity)
}

/// Whether `identity` signs; noted otherwise.
pub(super) fn signs(identity: &Identity, table: &KeyPath, source: &mut Source<'_>) -> bool {
    let signs = identity.key().can(Ability::Sign);
    if !signs {
        source.problem(
            &table.key("key"),
            "signs nothing",
            "give a key that its token signs with",
        );
    }
    signs
}

/// Whether a certificate holds at `now`; noted otherwise.
fn holds(certificate: &Certificate, now: DateTime<Utc>, path: &KeyPath, source: &mut Source<'_>) -> bool {
    let (from, to) = (certificate.not_before(), certificate.not_after());
    let holds = from <= now && now <= to;
    if !holds {
        let what = format!("is a certificate that is valid from {from} to {to}, and it is {now}");
        source.problem(path, what, "give one that is valid now");
    }
    holds
}

/// Loads the certificates of a file or folder. What is wrong is noted, and gives `None`.
pub(super) fn certificates(path: &Path, key: &KeyPath, source: &mut Source<'_>) -> Option<Vec<Certificate>> {
    let full = source.ask(path);
    let text = read(&full, TrustSources::MAX_FILE);
    let text = text.map_err(|error| unreadable(source, key, path, &error)).ok()?;
    let found = if text.first() == Some(&0x30) {
        Certificate::from_der(&text).map(|one| vec![one])
    } else {
        Certificate::from_pem_bundle(&text)
    };
    let found = found.map_err(|error| wrong(source, key, path, &error, "give certificates as PEM or DER"));
    let found = found.ok()?;
    if found.is_empty() {
        source.problem(
            key,
            format!("has no certificate in it: {}", path.display()),
            "give certificates as PEM or DER",
        );
        return None;
    }
    Some(found)
}

/// Loads certificates from several files. `None` if one of them cannot be used.
pub(super) fn all_certificates(
    paths: &[PathBuf],
    key: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Vec<Certificate>> {
    let each = |(index, path): (usize, &PathBuf)| certificates(path, &key.entry(index), source);
    // All are loaded before one that failed counts, so that each is told.
    let loaded: Vec<_> = paths.iter().enumerate().map(each).collect();
    let certificates: Option<Vec<_>> = loaded.into_iter().collect();
    certificates.map(|certificates| certificates.concat())
}

/// The bytes of a file that not everybody may read (T154). The permissions are those of the opened file, whatever links
/// lead to it.
pub(super) fn secret(path: &Path, key: &KeyPath, source: &mut Source<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let full = source.ask(path);
    let opened = open(&full).and_then(|file| Ok((file.metadata()?.permissions().mode(), file)));
    let (mode, file) = opened
        .map_err(|error| unreadable(source, key, path, &error))
        .ok()?;
    if mode & OTHERS != 0 {
        source.problem(
            key,
            format!(
                "is open to everybody: {} has the mode {:03o}",
                path.display(),
                mode & 0o777
            ),
            format!("run: chmod 600 {}", full.display()),
        );
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let read = file.take(SECRET_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(source, key, path, &error)).ok()?;
    Some(bytes)
}

/// The first line of a file that not everybody may read.
pub(super) fn password(path: &Path, key: &KeyPath, source: &mut Source<'_>) -> Option<Zeroizing<String>> {
    let bytes = secret(path, key, source)?;
    let line = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.lines().next());
    let Some(line) = line else {
        source.problem(key, "is no text", "give a file whose first line is the password");
        return None;
    };
    Some(Zeroizing::new(line.to_owned()))
}

/// Opens a file, and nothing that is none: to open a pipe would wait for somebody to write, and with that hold up every later configuration.
fn open(path: &Path) -> std::io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(std::io::Error::other("it is no regular file"))
    }
}

/// Whether there is a file or folder that can be read without waiting for somebody; noted otherwise.
pub(super) fn is_readable(path: &Path, key: &KeyPath, source: &mut Source<'_>) -> bool {
    match fs::metadata(source.folder().join(path)) {
        Ok(found) if found.is_file() || found.is_dir() => return true,
        Ok(_) => {
            let what = format!(
                "cannot be read: {}: it is neither a file nor a folder",
                path.display()
            );
            source.problem(key, what, "name a file");
        }
        Err(error) => unreadable(source, key, path, &error),
    }
    false
}

pub(super) fn read(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn unreadable(source: &mut Source<'_>, key: &KeyPath, path: &Path, error: &std::io::Error) {
    let full = source.folder().join(path).display().to_string();
    source.problem(
        key,
        format!("cannot be read: {}: {error}", path.display()),
        format!("there should be a file {full}"),
    );
}

fn wrong(source: &mut Source<'_>, key: &KeyPath, path: &Path, error: &dyn std::error::Error, instead: &str) {
    source.problem(
        key,
        format!("cannot be used: {}: {error}", path.display()),
        instead,
    );
}
