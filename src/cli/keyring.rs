//! The keys that arguments name, for what was encrypted to us.

use crate::crypto::{Certificate, KeyError, Pkcs12Error, PrivateKey, PrivateKeyError, PublicKey, Secret};
use crate::inbound::{Keyring, NamedSecret};

use super::args::{DecryptionKeyPaths, PasswordArguments};
use super::exit::Stop;
use super::inputs::{file, password, unusable};

/// What the arguments come to.
pub(crate) enum Keys {
    Usable(Keyring),
    /// A private key of a kind that no algorithm here takes: nothing decrypts with it.
    Unusable(KeyError),
}

/// Reads every key that `arguments` name, for a judgement: one that decrypts nothing is a wrong command.
pub(crate) fn keyring(arguments: &DecryptionKeyPaths, password: &PasswordArguments) -> Result<Keyring, Stop> {
    match keys(arguments, password)? {
        Keys::Usable(keyring) => Ok(keyring),
        Keys::Unusable(error) => Err(unusable("--key", &error)),
    }
}

/// Reads every key that `arguments` name.
pub(crate) fn keys(arguments: &DecryptionKeyPaths, password: &PasswordArguments) -> Result<Keys, Stop> {
    let mut keyring = Keyring::new();
    for named in &arguments.secret_key {
        let secret = Secret::new(file("--secret-key", &named.path)?.to_vec());
        keyring.add_secret(NamedSecret {
            name: named.name.clone(),
            secret,
        });
    }
    let (key, mut certificates) = match private(arguments, password)? {
        None => return Ok(Keys::Usable(keyring)),
        Some(Err(error)) => return Ok(Keys::Unusable(error)),
        Some(Ok(found)) => found,
    };
    if let Some(path) = &arguments.cert {
        let bytes = file("--cert", path)?;
        if let Ok(other) = PublicKey::from_pem(&bytes) {
            keyring.add_originator(other);
        } else {
            let given = Certificate::from_pem_bundle(&bytes);
            certificates = given.map_err(|error| unusable("--cert", &error))?;
            let is_own = |one: &Certificate| one.public_key() == key.public();
            if let Some(first) = certificates.first()
                && !certificates.iter().any(is_own)
            {
                keyring.add_originator(first.public_key().clone());
            }
        }
    }
    keyring.add_private(key, &certificates);
    Ok(Keys::Usable(keyring))
}

type Own = (PrivateKey, Vec<Certificate>);

/// The private key, with the certificates that came with it.
fn private(
    arguments: &DecryptionKeyPaths,
    password: &PasswordArguments,
) -> Result<Option<Result<Own, KeyError>>, Stop> {
    let Some(path) = &arguments.key else {
        return Ok(None);
    };
    let password = self::password(password)?;
    let password = password.as_deref();
    let bytes = file("--key", path)?;
    let read = if bytes.first() == Some(&0x30) {
        let password = password.map_or("", String::as_str);
        match PrivateKey::from_pkcs12(&bytes, password) {
            Ok((key, own, others)) => Ok((key, [vec![own], others].concat())),
            // Certificates only help to tell what is encrypted to the key.
            Err(Pkcs12Error::Certificate(_) | Pkcs12Error::NoCertificate) => {
                PrivateKey::alone_from_pkcs12(&bytes, password).map(|key| (key, Vec::new()))
            }
            Err(error) => Err(error),
        }
    } else {
        let key = PrivateKey::from_pem(&bytes, password.map(|password| password.as_bytes()));
        key.map(|key| (key, Vec::new())).map_err(Pkcs12Error::Key)
    };
    match read {
        Ok(own) => Ok(Some(Ok(own))),
        Err(Pkcs12Error::Key(PrivateKeyError::Key(error @ KeyError::Unsupported(_)))) => Ok(Some(Err(error))),
        // Without the words about a file of certificates, where it is none.
        Err(Pkcs12Error::Key(error)) => Err(unusable("--key", &error)),
        Err(error) => Err(unusable("--key", &error)),
    }
}
