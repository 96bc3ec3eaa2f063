//! Arguments as the library takes what they name.

use super::{
    DecryptionKeyPaths, GateArguments, JudgingArguments, MetadataArguments, PasswordArguments,
    TrustArguments, UserArguments,
};
use crate::policy::Transport;
use crate::second_opinion::SecondOpinion;
use crate::verifier::{KeyFiles, MetadataFiles, Setup, TrustFiles, UserFiles};

impl From<&TrustArguments> for TrustFiles {
    fn from(arguments: &TrustArguments) -> Self {
        Self {
            trust: arguments.trust.clone(),
            during: arguments
                .trust_during
                .iter()
                .map(|during| (during.period, during.path.clone()))
                .collect(),
            untrusted: arguments.untrusted.clone(),
            crl: arguments.crl.clone(),
            password_file: arguments.password.password_file.clone(),
        }
    }
}

impl From<&MetadataArguments> for MetadataFiles {
    fn from(arguments: &MetadataArguments) -> Self {
        Self {
            metadata: arguments.metadata.clone(),
            signer: arguments.metadata_signer.clone(),
        }
    }
}

impl From<&UserArguments> for UserFiles {
    fn from(arguments: &UserArguments) -> Self {
        Self {
            hashes: arguments.user_hashes.clone(),
            secrets: arguments.user_secrets.clone(),
            secrets_key: arguments.user_secrets_key.clone(),
        }
    }
}

impl DecryptionKeyPaths {
    /// With the password of the key.
    pub(crate) fn files(&self, password: &PasswordArguments) -> KeyFiles {
        let secret_keys = self.secret_key.iter();
        KeyFiles {
            keys: self.key.clone(),
            certs: self.cert.clone(),
            password_file: password.password_file.clone(),
            secret_keys: secret_keys
                .map(|named| (named.name.clone(), named.path.clone()))
                .collect(),
        }
    }
}

impl JudgingArguments {
    /// Whether another implementation has to agree.
    pub(crate) fn second_opinion(&self) -> SecondOpinion {
        if self.second_opinion {
            SecondOpinion::Required
        } else {
            SecondOpinion::NotAsked
        }
    }
}

impl GateArguments {
    /// What carried the messages.
    pub(crate) const fn transport(&self) -> Transport {
        if self.tls {
            Transport::Tls
        } else {
            Transport::Unprotected
        }
    }
}

impl From<&GateArguments> for Setup {
    fn from(arguments: &GateArguments) -> Self {
        Self {
            policy: arguments.judging.policy.clone(),
            legacy_before: arguments.judging.legacy_before.clone(),
            second_opinion: arguments.judging.second_opinion(),
            trust: (&arguments.trust).into(),
            metadata: (&arguments.party.metadata).into(),
            party: arguments.party.relying_party(),
            keys: arguments.keys.files(&arguments.trust.password),
            users: (&arguments.users).into(),
            roles: arguments.role.clone(),
            transport: arguments.transport(),
            id_attributes: Vec::new(),
            at: arguments.judging.at,
        }
    }
}
