//! What an operator names, read and checked: policies, trust, keys, users.

mod file;
mod keys;
mod trust;

use std::path::{Path, PathBuf};

use crate::crypto::Secret;
use crate::inbound::Gate;
use crate::inbound::SenderHeader;
use crate::policy::saml::RelyingParty;
use crate::policy::{DatedGrant, Policy, Profile, Transport};
use crate::second_opinion::SecondOpinion;
use crate::soap::Roles;
use crate::threat::Modes;
use crate::trust::Passwords;
use crate::xml::plain;

use super::{At, Verifier};

pub use file::Unusable;
pub use keys::KeyFiles;
pub use trust::{MetadataFiles, TrustFiles};

pub(crate) use file::{password, read, text};
pub(crate) use keys::{Keys, in_token};
pub(crate) use trust::Trust;

/// A verifier before its files are read. [`Setup::default`] asks for `strict`, trusts nobody and judges as of now.
///
/// ```
/// use sealgate::verifier::{At, Setup};
///
/// let setup = Setup {
///     policy: "archive-verify".to_owned(),
///     at: At::Message,
///     ..Setup::default()
/// };
/// let answer = setup.verifier()?.verify(&mut b"<a/>".as_slice());
/// let object = answer.object("a.xml");
/// assert_eq!(object["verdict"], "failed");
/// assert_eq!(object["code"], "dsig.missing");
/// # Ok::<(), sealgate::verifier::Unusable>(())
/// ```
#[derive(Clone, Debug)]
pub struct Setup {
    /// What must be proven: the name of a profile, or the path of a TOML file.
    pub policy: String,
    /// Which further algorithms it takes of messages signed before a time; for `at` [`At::Message`] alone.
    pub legacy_before: Vec<DatedGrant>,
    /// Whether libxmlsec1 and samael have to agree.
    pub second_opinion: SecondOpinion,
    /// Whom to trust.
    pub trust: TrustFiles,
    /// Whose keys are whose in SAML.
    pub metadata: MetadataFiles,
    /// What we are to SAML.
    pub party: RelyingParty,
    /// Our keys for what is encrypted to us.
    pub keys: KeyFiles,
    /// Users and their passwords.
    pub users: UserFiles,
    /// Further actors or roles that we play.
    pub roles: Vec<String>,
    /// What carried SOAP messages.
    pub transport: Transport,
    /// Further attribute names that are of type ID in plain XML.
    pub id_attributes: Vec<String>,
    /// As of when.
    pub at: At,
}

/// The files of users and passwords, which `sealgate password add` writes.
#[derive(Clone, Debug, Default)]
pub struct UserFiles {
    /// Users with salted hashes of their passwords.
    pub hashes: Option<PathBuf>,
    /// Users with their passwords, encrypted.
    pub secrets: Option<PathBuf>,
    /// The 32 bytes that they are encrypted with.
    pub secrets_key: Option<PathBuf>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            policy: Profile::Strict.name().to_owned(),
            legacy_before: Vec::new(),
            second_opinion: SecondOpinion::default(),
            trust: TrustFiles::default(),
            metadata: MetadataFiles::default(),
            party: RelyingParty::default(),
            keys: KeyFiles::default(),
            users: UserFiles::default(),
            roles: Vec::new(),
            transport: Transport::Unprotected,
            id_attributes: Vec::new(),
            at: At::Now,
        }
    }
}

impl Setup {
    /// Reads every file.
    ///
    /// # Errors
    /// The first that cannot be used.
    pub fn verifier(&self) -> Result<Verifier, Unusable> {
        let policy = judging_policy(&self.policy, self.second_opinion, &self.legacy_before, self.at)?;
        let trust = self
            .trust
            .with_metadata(&self.metadata, &policy, self.at.time())?;
        let gate = Gate {
            trust: trust.store,
            issuers: trust.issuers,
            passwords: self.users.passwords()?,
            keyring: self.keys.keyring()?,
            policy,
            party: self.party.clone(),
            roles: Roles::new(self.roles.clone()),
            understood: Vec::new(),
            destination: None,
            schema: None,
            threats: Some(Modes::default()),
            sender_header: SenderHeader::TakenOut,
            exceptions: Vec::new(),
            replay: None,
        };
        Ok(Verifier {
            gate,
            transport: self.transport,
            id_attributes: self.id_attributes.clone(),
            at: self.at,
        })
    }
}

/// The policy of this name, or in this file, with what it takes of old messages besides, and a second opinion if one is asked for.
pub(crate) fn judging_policy(
    named: &str,
    second_opinion: SecondOpinion,
    legacy_before: &[DatedGrant],
    at: At,
) -> Result<Policy, Unusable> {
    let mut policy = policy(named)?;
    if !legacy_before.is_empty() && at != At::Message {
        let what = "is for messages that are judged as of their own signed times: --at message";
        return Err(Unusable::new("legacy-before", what));
    }
    policy.legacy.extend(legacy_before);
    if second_opinion == SecondOpinion::Required {
        second_opinion
            .check()
            .map_err(|error| Unusable::new("second-opinion", error))?;
        policy.second_opinion = second_opinion;
    }
    Ok(policy)
}

/// The policy of this name, or in this file.
pub(crate) fn policy(named: &str) -> Result<Policy, Unusable> {
    const OPTION: &str = "policy";
    if let Some(profile) = Profile::named(named) {
        return Ok(profile.policy());
    }
    let path = Path::new(named);
    if !path.exists() {
        let names = Profile::ALL.map(Profile::name).join(", ");
        let what = format!("{}: neither a profile ({names}) nor a file", plain(named));
        return Err(Unusable::new(OPTION, what));
    }
    let text = text(OPTION, path)?;
    let policy: Policy = toml::from_str(&text).map_err(|error| Unusable::in_toml(OPTION, &text, &error))?;
    policy.check().map_err(|error| Unusable::new(OPTION, error))
}

impl UserFiles {
    /// The users whose passwords can be compared.
    pub(crate) fn passwords(&self) -> Result<Passwords, Unusable> {
        let read = |option, path: &Option<PathBuf>| path.as_ref().map(|path| text(option, path)).transpose();
        let hashes = read("user-hashes", &self.hashes)?;
        let secrets = read("user-secrets", &self.secrets)?;
        let key = self.key()?;
        let secrets = secrets.as_deref().zip(key.as_ref());
        let secrets = secrets.map(|(text, key)| (text.as_str(), key));
        let option = if secrets.is_some() {
            "user-secrets"
        } else {
            "user-hashes"
        };
        let users = Passwords::new(hashes.as_deref().map(String::as_str), secrets);
        users.map_err(|error| Unusable::new(option, error))
    }

    /// The key of the file of secrets.
    pub(crate) fn key(&self) -> Result<Option<Secret>, Unusable> {
        let path = self.secrets_key.as_ref();
        path.map(|path| Ok(Secret::new(read("user-secrets-key", path)?.to_vec())))
            .transpose()
    }
}
