use std::path::PathBuf;

use clap::Args;

use super::{KeyReferenceName, SigningAlgorithmName};
use crate::cli::report::Format;
use crate::policy::DatedGrant;
use crate::policy::saml::{ExpectedRequest, RelyingParty};
use crate::trust::Period;
use crate::verifier::At;

/// Whose keys are whose.
#[derive(Args, Debug)]
#[command(next_help_heading = "SAML")]
pub(crate) struct MetadataArguments {
    /// SAML metadata: which keys are whose (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(crate) metadata: Vec<PathBuf>,
    /// The metadata was fetched: a certificate that must have signed each file (a PEM bundle, a DER certificate). Each must have a
    /// validUntil of at most 30 days, and its cacheDuration counts from when the file was written
    #[arg(long, value_name = "PATH", requires = "metadata")]
    pub(crate) metadata_signer: Option<PathBuf>,
}

/// What a relying party of SAML knows of itself and of what it asked for.
#[derive(Args, Debug)]
#[command(next_help_heading = "SAML")]
pub(crate) struct PartyArguments {
    #[command(flatten)]
    pub(crate) metadata: MetadataArguments,
    /// The audience that assertions have to name: what the issuer calls us
    #[arg(long, value_name = "URI")]
    pub(crate) audience: Option<String>,
    /// The URL where messages reach us: the Recipient of bearer assertions, the Destination of messages
    #[arg(long, value_name = "URL")]
    pub(crate) recipient: Option<String>,
    /// The ID of the request that this answers
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// The ID of the ArtifactResolve that an ArtifactResponse answers
    #[arg(long, value_name = "ID")]
    pub(crate) resolve_id: Option<String>,
    /// It may come unasked
    #[arg(long)]
    pub(crate) allow_unsolicited: bool,
}

impl PartyArguments {
    /// As the judgement takes them.
    pub(crate) fn relying_party(&self) -> RelyingParty {
        let request = ExpectedRequest::of(self.request_id.clone());
        RelyingParty {
            audience: self.audience.clone(),
            recipient: self.recipient.clone(),
            request: if self.allow_unsolicited {
                request.or_unsolicited()
            } else {
                request
            },
            resolution: ExpectedRequest::of(self.resolve_id.clone()),
        }
    }
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Signature")]
pub(crate) struct SigningArguments {
    /// The signature algorithm; without it, the one that fits the key
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<SigningAlgorithmName>,
    /// How the receiver learns which key signed
    #[arg(long, value_enum, default_value = "token")]
    pub(crate) key_reference: KeyReferenceName,
    /// The actor or role that the Security header is for; without it, the last receiver
    #[arg(long, value_name = "URI")]
    pub(crate) role: Option<String>,
    /// After how many seconds the Timestamp expires; 0: never
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) ttl: u32,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Trust")]
pub(crate) struct TrustArguments {
    /// Trust anchors: a PEM bundle, a DER certificate, a folder of them, a PKCS#12 trust store, or SAML metadata
    /// (repeatable). A certificate that is no CA is trusted as itself and nothing else
    #[arg(long, value_name = "PATH")]
    pub(crate) trust: Vec<PathBuf>,
    /// Trust anchors likewise, for messages from one time until before another only (repeatable): 2019-01-01T00:00:00Z/2024-07-01T00:00:00Z=old-ca.pem;
    /// '..' is no end
    #[arg(long, value_name = "FROM/UNTIL=PATH")]
    pub(crate) trust_during: Vec<TrustDuring>,
    /// Certificates that may help to find a key or to build a path, trusted for nothing (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(crate) untrusted: Vec<PathBuf>,
    /// Certificate revocation lists, PEM or DER, and OCSP responses, DER, or folders of them: those that were current count (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(crate) crl: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) password: PasswordArguments,
}

/// The files of users and passwords, which `password add` writes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Users")]
pub(crate) struct UserArguments {
    /// Users with salted hashes of their passwords, for passwords that are sent as they are
    #[arg(long, value_name = "PATH")]
    pub(crate) user_hashes: Option<PathBuf>,
    /// Users with their passwords, encrypted, for PasswordDigest and derived keys
    #[arg(long, value_name = "PATH", requires = "user_secrets_key")]
    pub(crate) user_secrets: Option<PathBuf>,
    /// The key of the file of --user-secrets: 32 bytes, as `openssl rand -out PATH 32` makes them
    #[arg(long, value_name = "PATH", requires = "user_secrets")]
    pub(crate) user_secrets_key: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct PasswordArguments {
    /// The password of PKCS#12 files and private keys, on the first line of this file
    #[arg(long, value_name = "PATH")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct KeyArguments {
    #[command(flatten)]
    pub(crate) paths: OwnKeyPaths,
    #[command(flatten)]
    pub(crate) password: PasswordArguments,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Key")]
pub(crate) struct OwnKeyPaths {
    /// Our private key: PEM, PKCS#12 or a PKCS#11 URI
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Option<PathBuf>,
    /// Its certificate (PEM), and the path of it if others follow
    #[arg(long, value_name = "PATH", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
}

/// What we decrypt with.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Keys")]
pub(crate) struct DecryptionKeyPaths {
    /// Our private keys, for what is encrypted to us: PEM or PKCS#12 with any number of them, or a PKCS#11 URI (repeatable)
    #[arg(long, value_name = "PATH")]
    pub(crate) key: Vec<PathBuf>,
    /// Their certificates (PEM), to tell what is encrypted to them; or the public key (PEM) of a sender whom the document only
    /// names (repeatable)
    #[arg(long, value_name = "PATH", requires = "key")]
    pub(crate) cert: Vec<PathBuf>,
    /// The bytes of a shared key, for that KeyName or without one for all (repeatable)
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(crate) secret_key: Vec<SecretKeyName>,
}

/// What is trusted during a period.
#[derive(Clone, Debug)]
pub(crate) struct TrustDuring {
    pub(crate) period: Period,
    pub(crate) path: PathBuf,
}

impl std::str::FromStr for TrustDuring {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let (period, path) = typed.split_once('=').ok_or("not of the form FROM/UNTIL=PATH")?;
        Ok(Self {
            period: period.parse()?,
            path: path.into(),
        })
    }
}

/// A file with a shared key, and the name that it goes by.
#[derive(Clone, Debug)]
pub(crate) struct SecretKeyName {
    pub(crate) name: Option<String>,
    pub(crate) path: PathBuf,
}

impl std::str::FromStr for SecretKeyName {
    type Err = std::convert::Infallible;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        Ok(match typed.split_once('=') {
            Some((name, path)) if !name.is_empty() => Self {
                name: Some(name.to_owned()),
                path: path.into(),
            },
            _ => Self {
                name: None,
                path: typed.trim_start_matches('=').into(),
            },
        })
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Judgement")]
pub(crate) struct JudgingArguments {
    /// What must be proven: strict, saml-sso, bsp11, legacy-2004, archive-verify, or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "strict")]
    pub(crate) policy: String,
    /// As of when: now, message (its own signed time), or a time as 2026-11-24T00:00:30Z
    #[arg(long, value_name = "TIME", default_value = "now")]
    pub(crate) at: At,
    /// With --at message: take this old algorithm, though the policy refuses it, of messages signed before that time (repeatable), as
    /// sha1=2016-01-01T00:00:00Z; also rsa-sha1, c14n10, certificate-sha1, certificate-rsa-1024
    #[arg(long, value_name = "NAME=TIME")]
    pub(crate) legacy_before: Vec<DatedGrant>,
    /// libxmlsec1 and samael have to agree; for programs built with them
    #[arg(long)]
    pub(crate) second_opinion: bool,
}

#[derive(Args, Debug)]
pub(crate) struct IdArguments {
    /// A further attribute name that is of type ID in this document (repeatable)
    #[arg(long = "id-attr", value_name = "NAME")]
    pub(crate) id_attributes: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ContentTypeArguments {
    /// The Content-Type that the messages came with, as multipart/related with its parameters. A file that begins with a Content-Type
    /// or MIME-Version header says it itself
    #[arg(long, value_name = "FIELD")]
    pub(crate) content_type: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct OutputArguments {
    /// How results are written: for people, or as JSON Lines with one object an input
    #[arg(long, value_enum, default_value = "text", hide_possible_values = false)]
    pub(crate) format: Format,
}

#[derive(Args, Debug, Default)]
pub(crate) struct ValidationReportArguments {
    /// Where a validation report in XML by ETSI TS 119 102-2 is written, besides; of one input
    #[arg(long, value_name = "FILE")]
    pub(crate) validation_report: Option<PathBuf>,
}
