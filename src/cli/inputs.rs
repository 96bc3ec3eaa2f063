//! What arguments name, read and checked: trust, keys, policies. A file that cannot be used is a wrong command (exit
//! code 2), not a refused input.

use std::fs;
use std::io::Read;
use std::mem;
use std::path::Path;

use chrono::DateTime;
use chrono::Utc;
use zeroize::Zeroizing;

use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::KeyError;
use crate::crypto::PrivateKey;
use crate::crypto::PublicKey;
use crate::crypto::Secret;
use crate::crypto::SigningKey;
use crate::crypto::VerifyingKey;
use crate::inbound::FetchedContext;
use crate::inbound::add_fetched;
use crate::inbound::document::DocumentKeys;
use crate::policy::Policy;
use crate::policy::Profile;
use crate::rejection::Rejection;
use crate::second_opinion::SecondOpinion;
use crate::trust::Issuers;
use crate::trust::Passwords;
use crate::trust::TrustSources;
use crate::trust::TrustStore;
use crate::verifier::{At, Reason};

use super::args::{
    DsigVerifyArguments, JudgingArguments, MetadataArguments, OwnKeyPaths, PartyArguments, PasswordArguments,
    TrustArguments, UserArguments,
};
use super::exit::Stop;
use super::report::plain;

/// The most bytes that a file of ours may have: keys, passwords, policies.
const MAX_FILE: u64 = 1 << 20;

/// What the operator trusts.
pub(crate) struct Trust {
    /// Certificates and CRLs.
    pub(crate) store: TrustStore,
    /// SAML entities whose metadata was named.
    pub(crate) issuers: Issuers,
}

/// Reads everything that `arguments` name as trust.
pub(crate) fn trust(arguments: &TrustArguments) -> Result<Trust, Stop> {
    let password = password(&arguments.password)?;
    let password = password.as_deref().map(String::as_str);
    let mut sources = TrustSources::new();
    let mut metadata = Vec::new();
    for path in &arguments.trust {
        let found = sources.trust_path(path, password, None);
        metadata.extend(found.map_err(|error| unusable("--trust", &error))?);
    }
    for path in &arguments.untrusted {
        let read = sources.untrusted_path(path, password);
        read.map_err(|error| unusable("--untrusted", &error))?;
    }
    for path in &arguments.crl {
        sources
            .crl_path(path)
            .map_err(|error| unusable("--crl", &error))?;
    }
    let mut issuers = Issuers::new();
    for found in metadata {
        let added = issuers.add(found.bytes.into()).map_err(Rejection::from);
        added.map_err(|why| unusable_metadata("--trust", &found.path, &why))?;
    }
    Ok(Trust {
        store: sources.build(),
        issuers,
    })
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
    const OPTION: &str = "--metadata";
    let mut trust = trust(arguments)?;
    let signer = metadata
        .metadata_signer
        .as_deref()
        .map(metadata_signer)
        .transpose()?;
    for path in &metadata.metadata {
        // It is long and no secret: not copied.
        let bytes = mem::take(&mut *read(OPTION, path, TrustSources::MAX_FILE)?).into();
        let added = match &signer {
            None => trust.issuers.add(bytes).map_err(Rejection::from),
            Some(signer) => {
                let context = FetchedContext {
                    policy,
                    signer,
                    fetched: written(OPTION, path)?,
                    at: at.unwrap_or_else(Utc::now),
                };
                add_fetched(&mut trust.issuers, bytes, &context)
            }
        };
        added.map_err(|why| unusable_metadata(OPTION, path, &why))?;
    }
    Ok(trust)
}

fn metadata_signer(path: &Path) -> Result<TrustStore, Stop> {
    let mut sources = TrustSources::new();
    let found = sources.trust_path(path, None, None);
    let found = found.map_err(|error| unusable("--metadata-signer", &error))?;
    match found.as_slice() {
        [] => Ok(sources.build()),
        [_, ..] => Err(unusable(
            "--metadata-signer",
            &"SAML metadata, where a certificate should be",
        )),
    }
}

/// When the file was last written.
fn written(option: &str, path: &Path) -> Result<DateTime<Utc>, Stop> {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    let shown = plain(&path.to_string_lossy());
    written
        .map(DateTime::from)
        .map_err(|error| unusable(option, &format_args!("{shown}: {error}")))
}

fn unusable_metadata(option: &str, path: &Path, why: &Rejection) -> Stop {
    let shown = plain(&path.to_string_lossy());
    let place = why
        .position()
        .map_or_else(String::new, |position| format!(":{position}"));
    unusable(option, &format_args!("{shown}{place}: {why}"))
}

/// The policy that inputs are judged by.
pub(crate) fn judging_policy(arguments: &JudgingArguments) -> Result<Policy, Stop> {
    let mut policy = policy(&arguments.policy)?;
    if arguments.second_opinion {
        let asked = SecondOpinion::Required;
        asked
            .check()
            .map_err(|error| unusable("--second-opinion", &error))?;
        policy.second_opinion = asked;
    }
    Ok(policy)
}

/// The policy of this name, or in this file.
pub(crate) fn policy(typed: &str) -> Result<Policy, Stop> {
    if let Some(profile) = Profile::named(typed) {
        return Ok(profile.policy());
    }
    let path = Path::new(typed);
    if !path.exists() {
        let names = Profile::ALL.map(Profile::name).join(", ");
        return Err(Stop::usage(format_args!(
            "--policy {}: neither a profile ({names}) nor a file",
            plain(typed)
        )));
    }
    let bytes = file("--policy", path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable("--policy", &"the file is not UTF-8"))?;
    let policy: Policy = toml::from_str(text).map_err(|error| unusable("--policy", &error))?;
    policy.check().map_err(|error| unusable("--policy", &error))
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
            return match PublicKey::from_pem(&file("--public-key", path)?) {
                Ok(key) => Ok(Self::Given(key.into())),
                Err(error @ KeyError::Malformed(_)) => Err(unusable("--public-key", &error)),
                Err(error) => Ok(Self::Unusable(error)),
            };
        }
        if let Some(path) = &arguments.hmac_key {
            let secret = Secret::new(file("--hmac-key", path)?.to_vec());
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
        let password = self::password(password)?;
        let password = password.as_deref();
        let bytes = file("--key", path)?;
        let (key, mut certificates) = if bytes.first() == Some(&0x30) {
            let password = password.map_or("", String::as_str);
            let (key, certificate, others) =
                PrivateKey::from_pkcs12(&bytes, password).map_err(|error| unusable("--key", &error))?;
            (key, [vec![certificate], others].concat())
        } else {
            let key = PrivateKey::from_pem(&bytes, password.map(|password| password.as_bytes()));
            (key.map_err(|error| unusable("--key", &error))?, Vec::new())
        };
        if let Some(path) = &paths.cert {
            let given = Certificate::from_pem_bundle(&file("--cert", path)?);
            certificates = given.map_err(|error| unusable("--cert", &error))?;
        }
        if let Some(own) = certificates.first()
            && own.public_key() != key.public()
        {
            return Err(unusable(
                "--cert",
                &"the first certificate is not that of the key",
            ));
        }
        Ok(Self {
            key: key.into(),
            certificates,
        })
    }

    /// A shared secret.
    pub(crate) fn of_secret(path: &Path) -> Result<Self, Stop> {
        let secret = Secret::new(file("--hmac-key", path)?.to_vec());
        Ok(Self {
            key: SigningKey::Hmac(secret),
            certificates: Vec::new(),
        })
    }

    /// The algorithm that fits the key.
    pub(crate) fn default_algorithm(&self) -> Result<SignatureAlgorithm, Stop> {
        let none = || unusable("--key", &"keys of this kind are verified with, but sign nothing");
        self.key.default_algorithm().ok_or_else(none)
    }
}

/// The first line of the password file.
pub(crate) fn password(arguments: &PasswordArguments) -> Result<Option<Zeroizing<String>>, Stop> {
    let Some(path) = &arguments.password_file else {
        return Ok(None);
    };
    let bytes = file("--password-file", path)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text =
        std::str::from_utf8(line).map_err(|_| unusable("--password-file", &"the file is not UTF-8"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// The users whose passwords can be compared.
pub(crate) fn passwords(arguments: &UserArguments) -> Result<Passwords, Stop> {
    let hashes = arguments.user_hashes.as_ref();
    let hashes = hashes.map(|path| text("--user-hashes", path)).transpose()?;
    let secrets = arguments.user_secrets.as_ref();
    let secrets = secrets.map(|path| text("--user-secrets", path)).transpose()?;
    let key = secrets_key(arguments)?;
    let secrets = secrets.as_deref().zip(key.as_ref());
    let secrets = secrets.map(|(text, key)| (text.as_str(), key));
    let users = Passwords::new(hashes.as_deref().map(String::as_str), secrets);
    users.map_err(|error| unusable("--user-hashes, --user-secrets", &error))
}

/// The key of the file of secrets.
pub(crate) fn secrets_key(arguments: &UserArguments) -> Result<Option<Secret>, Stop> {
    let path = arguments.user_secrets_key.as_ref();
    path.map(|path| Ok(Secret::new(file("--user-secrets-key", path)?.to_vec())))
        .transpose()
}

/// The text of a file that an option names.
pub(crate) fn text(option: &str, path: &Path) -> Result<Zeroizing<String>, Stop> {
    let bytes = file(option, path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| unusable(option, &"the file is not UTF-8"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A file that an option names.
pub(crate) fn file(option: &str, path: &Path) -> Result<Zeroizing<Vec<u8>>, Stop> {
    read(option, path, MAX_FILE)
}

fn read(option: &str, path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, Stop> {
    let shown = plain(&path.to_string_lossy());
    let failed = |error| unusable(option, &format_args!("{shown}: {error}"));
    let mut bytes = Zeroizing::new(Vec::new());
    let opened = fs::File::open(path).map_err(failed)?;
    let mut limited = opened.take(most.saturating_add(1));
    limited.read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(unusable(option, &format_args!("{shown}: the file is too long")));
    }
    Ok(bytes)
}

/// What an option names cannot be used.
pub(crate) fn unusable(option: &str, why: &dyn std::fmt::Display) -> Stop {
    Stop::usage(format_args!("{option}: {why}"))
}
