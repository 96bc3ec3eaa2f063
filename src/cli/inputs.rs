//! What arguments name, read and checked: trust, keys, policies. A file that cannot be used is a wrong command (exit
//! code 2), not a refused input.

use std::path::Path;

use chrono::DateTime;
use chrono::Utc;
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::KeyError;
use crate::crypto::Pkcs12;
use crate::crypto::PrivateKey;
use crate::crypto::PublicKey;
use crate::crypto::Secret;
use crate::crypto::SigningKey;
use crate::crypto::VerifyingKey;
use crate::inbound::document::DocumentKeys;
use crate::policy::Policy;
use crate::verifier::setup::{self, Trust, TrustFiles};
use crate::verifier::{At, Reason};

use super::args::{
    DsigVerifyArguments, JudgingArguments, MetadataArguments, OwnKeyPaths, PartyArguments, PasswordArguments,
    TrustArguments,
};
use super::exit::Stop;

/// Reads everything that `arguments` name as trust.
pub(crate) fn trust(arguments: &TrustArguments) -> Result<Trust, Stop> {
    Ok(TrustFiles::from(arguments).read()?)
}

/// What inputs are judged by, and whom to trust for it, with the metadata that a relying party of SAML knows.
pub(crate) fn policy_and_trust(
    judging: &JudgingArguments,
    trust: &TrustArguments,
    party: &PartyArguments,
) -> Result<(Policy, Trust), Stop> {
    let policy = judging_policy(judging)?;
    let trust = trust_with_metadata(trust, &party.metadata, &policy, judging.at.time())?;
    Ok((policy, trust))
}

/// As [`trust`], with the metadata that a relying party of SAML knows, judged as of `at`, or now.
pub(crate) fn trust_with_metadata(
    arguments: &TrustArguments,
    metadata: &MetadataArguments,
    policy: &Policy,
    at: Option<DateTime<Utc>>,
) -> Result<Trust, Stop> {
    let files = TrustFiles::from(arguments);
    Ok(files.with_metadata(&metadata.into(), policy, at)?)
}

/// The policy that inputs are judged by.
pub(crate) fn judging_policy(arguments: &JudgingArguments) -> Result<Policy, Stop> {
    Ok(setup::judging_policy(
        &arguments.policy,
        arguments.second_opinion(),
        &arguments.legacy_before,
        arguments.at,
    )?)
}

/// The policy of this name, or in this file.
pub(crate) fn policy(typed: &str) -> Result<Policy, Stop> {
    Ok(setup::policy(typed)?)
}

/// Where the keys come from that a document is checked with.
pub(crate) enum Keys {
    Trusted(Box<Trust>, At),
    Given(VerifyingKey),
    Embedded,
    /// A key of a kind that no algorithm here takes: nothing verifies with it.
    Unusable(KeyError),
}

impl Keys {
    /// What `arguments` say.
    pub(crate) fn of(arguments: &DsigVerifyArguments) -> Result<Self, Stop> {
        if let Some(path) = &arguments.public_key {
            return match PublicKey::from_pem(&file("public-key", path)?) {
                Ok(key) => Ok(Self::Given(key.into())),
                Err(error @ KeyError::Malformed(_)) => Err(unusable("public-key", &error)),
                Err(error) => Ok(Self::Unusable(error)),
            };
        }
        if let Some(path) = &arguments.hmac_key {
            let secret = Secret::new(file("hmac-key", path)?.to_vec());
            return Ok(Self::Given(VerifyingKey::Hmac(secret)));
        }
        if arguments.embedded_key {
            return Ok(Self::Embedded);
        }
        let trust = trust(&arguments.trust)?;
        Ok(Self::Trusted(Box::new(trust), arguments.judging.at))
    }

    /// The same, as the judgement takes them.
    ///
    /// # Errors
    /// The key cannot be used.
    pub(crate) fn as_document_keys(&self) -> Result<DocumentKeys<'_>, Reason> {
        Ok(match self {
            Self::Trusted(trust, at) => DocumentKeys::Trusted(&trust.store, at.as_of()),
            Self::Given(key) => DocumentKeys::Given(key),
            Self::Embedded => DocumentKeys::Embedded,
            Self::Unusable(error) => return Err(Reason::from(error)),
        })
    }
}

/// The key that we sign with, and who it is.
pub(crate) struct OwnKey {
    pub(crate) key: SigningKey,
    /// Our certificate first, then the path that was given with it; empty for a key without certificate.
    pub(crate) certificates: Vec<Certificate>,
}

impl OwnKey {
    /// What the arguments name.
    pub(crate) fn of(paths: &OwnKeyPaths, password: &PasswordArguments) -> Result<Self, Stop> {
        let Some(path) = &paths.key else {
            return Err(Stop::usage("a key is needed: --key PATH"));
        };
        let given = match &paths.cert {
            Some(path) => {
                let given = Certificate::from_pem_bundle(&file("cert", path)?);
                Some(given.map_err(|error| unusable("cert", &error))?)
            }
            None => None,
        };
        let first = given.as_deref().and_then(<[Certificate]>::first);
        if let Some(found) = setup::in_token(path, first) {
            let found = found?;
            return Self::joined(
                found.key,
                given.unwrap_or_else(|| found.certificate.into_iter().collect()),
            );
        }
        let password = self::password(password)?;
        let password = password.as_deref();
        let bytes = file("key", path)?;
        let (key, certificates) = if bytes.first() == Some(&0x30) {
            let password = password.map_or("", String::as_str);
            let identity = Pkcs12::open(&bytes, password).and_then(|opened| opened.identity());
            identity.map_err(|error| unusable("key", &error))?
        } else {
            let key = PrivateKey::from_pem(&bytes, password.map(|password| password.as_bytes()));
            (key.map_err(|error| unusable("key", &error))?, Vec::new())
        };
        Self::joined(key, given.unwrap_or(certificates))
    }

    /// The key, of which the first of `certificates` is.
    fn joined(key: PrivateKey, certificates: Vec<Certificate>) -> Result<Self, Stop> {
        if let Some(own) = certificates.first()
            && own.public_key() != key.public()
        {
            return Err(unusable("cert", &"the first certificate is not that of the key"));
        }
        Ok(Self {
            key: key.into(),
            certificates,
        })
    }

    /// A shared secret.
    pub(crate) fn of_secret(path: &Path) -> Result<Self, Stop> {
        let secret = Secret::new(file("hmac-key", path)?.to_vec());
        Ok(Self {
            key: SigningKey::Hmac(secret),
            certificates: Vec::new(),
        })
    }

    /// The algorithm that fits the key.
    pub(crate) fn default_algorithm(&self) -> Result<SignatureAlgorithm, Stop> {
        let none = || unusable("key", &"keys of this kind are verified with, but sign nothing");
        self.key.default_algorithm().ok_or_else(none)
    }
}

/// The first line of the password file.
fn password(arguments: &PasswordArguments) -> Result<Option<Zeroizing<String>>, Stop> {
    let path = arguments.password_file.as_deref();
    Ok(path.map(setup::password).transpose()?)
}

/// The text of a file that an option names.
pub(crate) fn text(option: &'static str, path: &Path) -> Result<Zeroizing<String>, Stop> {
    Ok(setup::text(option, path)?)
}

/// A file that an option names.
pub(crate) fn file(option: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Stop> {
    Ok(setup::read(option, path)?)
}

/// What an option names cannot be used.
pub(crate) fn unusable(option: &str, why: &dyn std::fmt::Display) -> Stop {
    Stop::usage(format_args!("--{option}: {why}"))
}
