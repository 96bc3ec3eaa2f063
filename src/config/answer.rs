use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::MaskGeneration;
use crate::crypto::Identity;
use crate::crypto::Oaep;
use crate::outbound::AnswerEncryption;
use crate::outbound::AnswerForm;
use crate::outbound::CertificateName;
use crate::outbound::SignerReference;

/// How the answers of `route` are written, which `signer` signs. `None` if it cannot work, which is noted.
pub(super) fn form(
    route: &typed::Route,
    signer: Option<&Identity>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<AnswerForm> {
    let answer = &route.answer;
    let path = path.key("answer");
    let reference = match answer.key_reference {
        typed::KeyReference::Token => SignerReference::Token,
        typed::KeyReference::Thumbprint => SignerReference::Known(CertificateName::Thumbprint),
        typed::KeyReference::Ski => SignerReference::Known(CertificateName::SubjectKeyIdentifier),
        typed::KeyReference::IssuerSerial => SignerReference::Known(CertificateName::IssuerSerial),
    };
    let certificate = signer.and_then(Identity::certificate);
    if let (SignerReference::Known(name), Some(certificate)) = (reference, certificate)
        && !name.names(certificate)
    {
        let what = "is what the certificate of the gateway does not have";
        source.problem(&path.key("key_reference"), what, "write \"token\"");
        return None;
    }
    if answer.encryption.is_some() && route.attachments == typed::Attachments::Signed {
        let what = "is for the Body only, and answers may have attachments here";
        let instead = "leave out encryption, or set attachments = \"refused\"";
        source.problem(&path.key("encryption"), what, instead);
        return None;
    }
    Some(AnswerForm {
        signer: reference,
        encryption: answer.encryption.as_ref().map(encryption),
    })
}

fn encryption(typed: &typed::Encryption) -> AnswerEncryption {
    let (digest, mask) = match typed.key_transport {
        typed::KeyTransport::RsaOaepSha256 => (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha256),
        typed::KeyTransport::RsaOaepSha256Mgf1Sha1 => (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha1),
        typed::KeyTransport::RsaOaepMgf1p => (DigestAlgorithm::Sha1, MaskGeneration::Mgf1Sha1),
    };
    AnswerEncryption {
        algorithm: match typed.algorithm {
            typed::DataEncryption::Aes128Gcm => DataEncryptionAlgorithm::Aes128Gcm,
            typed::DataEncryption::Aes192Gcm => DataEncryptionAlgorithm::Aes192Gcm,
            typed::DataEncryption::Aes256Gcm => DataEncryptionAlgorithm::Aes256Gcm,
        },
        oaep: Oaep {
            digest,
            mask,
            label: Vec::new(),
        },
        reference: match typed.recipient_reference {
            typed::RecipientReference::Thumbprint => CertificateName::Thumbprint,
            typed::RecipientReference::Ski => CertificateName::SubjectKeyIdentifier,
            typed::RecipientReference::IssuerSerial => CertificateName::IssuerSerial,
        },
    }
}
