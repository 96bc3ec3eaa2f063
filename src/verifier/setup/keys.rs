use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::crypto::{
    Certificate, KeyError, Pkcs12, Pkcs12Error, PrivateKey, PrivateKeyError, PublicKey, Secret,
};
use crate::hsm::{self, TokenKey, TokenKeyUri};
use crate::inbound::{Keyring, NamedSecret};
use crate::xml::plain;

use super::file::{Unusable, password, read};

/// Our keys for what is encrypted to us.
#[derive(Clone, Debug, Default)]
pub struct KeyFiles {
    /// Our private keys: PEM or PKCS#12, with any number of them, or a PKCS#11 URI in the place of a path.
    pub keys: Vec<PathBuf>,
    /// Their certificates, to tell what is encrypted to them; or the public key or certificate of a sender whom a document only names.
    pub certs: Vec<PathBuf>,
    /// The password of the keys, on the first line of this file.
    pub password_file: Option<PathBuf>,
    /// Bytes of shared keys, each for its KeyName, or without one for all.
    pub secret_keys: Vec<(Option<String>, PathBuf)>,
}

/// What the files come to.
pub(crate) enum Keys {
    Usable(Keyring),
    /// A private key of a kind that no algorithm here takes: nothing decrypts with it.
    Unusable(KeyError),
}

impl KeyFiles {
    /// Reads every key for a judgement: one that decrypts nothing cannot be used.
    pub(crate) fn keyring(&self) -> Result<Keyring, Unusable> {
        match self.keys()? {
            Keys::Usable(keyring) => Ok(keyring),
            Keys::Unusable(error) => Err(Unusable::new("key", error)),
        }
    }

    /// Reads every key.
    pub(crate) fn keys(&self) -> Result<Keys, Unusable> {
        let mut keyring = Keyring::new();
        for (name, path) in &self.secret_keys {
            let secret = Secret::new(read("secret-key", path)?.to_vec());
            keyring.add_secret(NamedSecret {
                name: name.clone(),
                secret,
            });
        }
        let mut own = Vec::new();
        let mut certificates = Vec::new();
        for (place, path) in self.keys.iter().enumerate() {
            match self.private(place, path)? {
                Err(error) => return Ok(Keys::Unusable(error)),
                Ok((keys, brought)) => {
                    own.extend(keys);
                    certificates.extend(brought);
                }
            }
        }
        for path in &self.certs {
            let bytes = read("cert", path)?;
            if let Ok(other) = PublicKey::from_pem(&bytes) {
                keyring.add_originator(other);
                continue;
            }
            let given = Certificate::from_pem_bundle(&bytes);
            let given = given.map_err(|error| Unusable::new("cert", error))?;
            let is_own = |one: &Certificate| own.iter().any(|key| one.public_key() == key.public());
            if let Some(first) = given.first()
                && !given.iter().any(is_own)
            {
                keyring.add_originator(first.public_key().clone());
            }
            certificates.extend(given);
        }
        for key in own {
            keyring.add_private(key, &certificates);
        }
        Ok(Keys::Usable(keyring))
    }

    /// The first certificate that was given for the key at that place, or for them all.
    fn own_certificate(&self, place: usize) -> Option<Certificate> {
        let path = self.certs.get(place).or(self.certs.first())?;
        let bytes = read("cert", path).ok()?;
        Certificate::from_pem_bundle(&bytes).ok()?.into_iter().next()
    }

    /// The private keys at `path`, with the certificates that came with them.
    fn private(&self, place: usize, path: &Path) -> Result<Result<Own, KeyError>, Unusable> {
        const OPTION: &str = "key";
        if let Some(found) = in_token(path, self.own_certificate(place).as_ref()) {
            let TokenKey { key, certificate } = found?;
            return Ok(Ok((vec![key], certificate.into_iter().collect())));
        }
        if path.is_dir() {
            let shown = plain(&path.to_string_lossy());
            let what = format!("{shown}: a folder; name each file with keys by an option of its own");
            return Err(Unusable::new(OPTION, what));
        }
        let password: Option<Zeroizing<String>> = self.password_file.as_deref().map(password).transpose()?;
        let password = password.as_deref();
        let bytes = read(OPTION, path)?;
        let found = if bytes.first() == Some(&0x30) {
            let password = password.map_or("", String::as_str);
            Pkcs12::open(&bytes, password).and_then(|opened| {
                // Certificates only help to tell what is encrypted to the keys.
                Ok((opened.keys()?, opened.certificates().unwrap_or_default()))
            })
        } else {
            let keys = PrivateKey::all_from_pem(&bytes, password.map(|password| password.as_bytes()));
            keys.map(|keys| (keys, Vec::new())).map_err(Pkcs12Error::Key)
        };
        match found {
            Ok(own) => Ok(Ok(own)),
            Err(Pkcs12Error::Key(PrivateKeyError::Key(error @ KeyError::Unsupported(_)))) => Ok(Err(error)),
            // Without the words about a file of certificates, where it is none.
            Err(Pkcs12Error::Key(error)) => Err(Unusable::new(OPTION, error)),
            Err(error) => Err(Unusable::new(OPTION, error)),
        }
    }
}

/// The key in a token that `path` names, if it is a URI and no path. Its public half is that of what the token has of the same CKA_ID,
/// or of `certificate`.
pub(crate) fn in_token(path: &Path, certificate: Option<&Certificate>) -> Option<Result<TokenKey, Unusable>> {
    let uri = TokenKeyUri::parse(path)?;
    let load = |uri: TokenKeyUri| {
        let pin = password(uri.pin_file())?;
        let loaded = match hsm::load(&uri, &pin, None) {
            Err(hsm::Error::NoPublicHalf) if certificate.is_some() => hsm::load(&uri, &pin, certificate),
            loaded => loaded,
        };
        loaded.map_err(|error| Unusable::new("key", error))
    };
    Some(uri.map_err(|error| Unusable::new("key", error)).and_then(load))
}

type Own = (Vec<PrivateKey>, Vec<Certificate>);
