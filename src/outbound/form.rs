use bytes::Bytes;

use super::error::Error;
use super::relates_to::addressing_version;
use super::relates_to::is_relates_to;
use super::seal::random;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Certificate;
use crate::crypto::KeyKind;
use crate::crypto::Oaep;
use crate::soap::Envelope;
use crate::wss;
use crate::wss::write::EncryptionPlan;
use crate::wss::write::Ids;
use crate::wss::write::KeyToken;
use crate::wss::write::RecipientName;
use crate::xml::Element;
use crate::xml::Limits;
use crate::xmlenc::Recipient;
use crate::xmlenc::SessionKey;

/// How the answers of a route are written.
#[derive(Clone, Debug, Default)]
pub struct AnswerForm {
    /// How their signatures name our certificate.
    pub signer: SignerReference,
    /// What signs them; what the key signs by itself, if it is not said.
    pub algorithm: Option<SignatureAlgorithm>,
    /// Which of their header blocks are signed. The Body, the Timestamp and each SignatureConfirmation are in any case.
    pub signed: SignedHeaders,
    /// Whether and how their bodies are encrypted.
    pub encryption: Option<AnswerEncryption>,
}

/// The header blocks of an answer that are signed, of those for the sender of the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignedHeaders {
    /// All.
    #[default]
    All,
    /// Those of WS-Addressing.
    Addressing,
    /// `wsa:RelatesTo` alone, which binds the answer to its request (T119).
    RelatesTo,
}

/// How a signature names the certificate of its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignerReference {
    /// The certificate goes along, in a BinarySecurityToken.
    #[default]
    Token,
    /// By something that the receiver knows.
    Known(CertificateName),
}

/// What names a certificate to who knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// Its SHA-1.
    Thumbprint,
    /// Its SubjectKeyIdentifier, which it must have.
    SubjectKeyIdentifier,
    /// Its issuer and serial number.
    IssuerSerial,
}

/// How the bodies of answers are encrypted to the certificates that signed the requests.
#[derive(Clone, Debug)]
pub struct AnswerEncryption {
    /// With what the content of the Body is.
    pub algorithm: DataEncryptionAlgorithm,
    /// How the key for that is encrypted to an RSA key. To an EC key it is wrapped with one that is agreed on.
    pub oaep: Oaep,
    /// How the receiver learns which of its keys is meant.
    pub reference: CertificateName,
}

impl SignedHeaders {
    pub(super) fn contain(self, block: Element<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Addressing => addressing_version(block).is_some(),
            Self::RelatesTo => is_relates_to(block),
        }
    }
}

impl SignerReference {
    pub(super) fn token(self, certificate: &Certificate) -> KeyToken<'_> {
        match self {
            Self::Token => KeyToken::X509v3(certificate),
            Self::Known(CertificateName::Thumbprint) => KeyToken::Thumbprint(certificate),
            Self::Known(CertificateName::SubjectKeyIdentifier) => KeyToken::SubjectKeyIdentifier(certificate),
            Self::Known(CertificateName::IssuerSerial) => KeyToken::IssuerSerial(certificate),
        }
    }
}

impl CertificateName {
    /// Whether `certificate` can be named so.
    pub fn names(self, certificate: &Certificate) -> bool {
        match self {
            Self::Thumbprint | Self::IssuerSerial => true,
            Self::SubjectKeyIdentifier => certificate.subject_key_identifier().is_some(),
        }
    }

    fn of(self, certificate: &Certificate) -> RecipientName<'_> {
        match self {
            Self::Thumbprint => RecipientName::Thumbprint(certificate),
            Self::SubjectKeyIdentifier => RecipientName::SubjectKeyIdentifier(certificate),
            Self::IssuerSerial => RecipientName::IssuerSerial(certificate),
        }
    }
}

impl AnswerEncryption {
    /// The `requester`, the certificate that signed a request, if something can be encrypted to it.
    ///
    /// # Errors
    ///
    /// [`Error::NoRecipient`]: there is none; its key usage forbids it (RFC 5280 §4.2.1.3), or its key is of a kind that nothing is encrypted to; it lacks
    /// the identifier that should name it.
    pub(super) fn recipient<'r>(&self, requester: Option<&'r Certificate>) -> Result<&'r Certificate, Error> {
        let certificate = requester.ok_or(Error::NoRecipient("no certificate signed the request"))?;
        let usage = certificate.key_usage();
        let (kind, allowed) = match certificate.public_key().kind() {
            KeyKind::Rsa { .. } => (true, usage.is_none_or(|usage| usage.enciphers_keys())),
            KeyKind::Ec(_) => (true, usage.is_none_or(|usage| usage.agrees_on_keys())),
            KeyKind::Dsa { .. } | KeyKind::Ed25519 => (false, false),
        };
        if !kind {
            return Err(Error::NoRecipient(
                "nothing can be encrypted to a key of that kind",
            ));
        }
        if !allowed {
            return Err(Error::NoRecipient(
                "the key usage of the certificate does not have it",
            ));
        }
        if !self.reference.names(certificate) {
            return Err(Error::NoRecipient("the certificate has no SubjectKeyIdentifier"));
        }
        Ok(certificate)
    }

    /// `signed` with the content of its Body encrypted to `requester`.
    pub(super) fn encrypted(&self, signed: Bytes, requester: Option<&Certificate>) -> Result<Bytes, Error> {
        let requester = self.recipient(requester)?;
        let envelope = Envelope::parse(signed, &Limits::archive()).map_err(Error::NoEnvelope)?;
        let key = requester.public_key();
        let plan = EncryptionPlan {
            role: None,
            recipient: match key.kind() {
                KeyKind::Ec(_) => Recipient::Agreement { key },
                KeyKind::Rsa { .. } | KeyKind::Dsa { .. } | KeyKind::Ed25519 => Recipient::Transport {
                    key,
                    oaep: self.oaep.clone(),
                },
            },
            name: self.reference.of(requester),
            parts: vec![envelope.body()],
        };
        let session = SessionKey::new(self.algorithm).map_err(Error::Encryption)?;
        let text = wss::write::encrypt(&envelope, &plan, &session, &mut Ids::new(random()?));
        text.map(Bytes::from).map_err(Error::Written)
    }
}
