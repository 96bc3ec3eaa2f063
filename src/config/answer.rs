use std::collections::BTreeSet;

use chrono::DateTime;
use chrono::Utc;

use super::check;
use super::ends::CertificateUse;
use super::files::IdentityFiles;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::algorithm::DataEncryptionAlgorithm;
use crate::algorithm::DigestAlgorithm;
use crate::algorithm::MaskGeneration;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::Identity;
use crate::crypto::Oaep;
use crate::crypto::SigningKey;
use crate::crypto::sign;
use crate::outbound::AnswerEncryption;
use crate::outbound::AnswerForm;
use crate::outbound::CertificateName;
use crate::outbound::SignedHeaders;
use crate::outbound::SignerReference;

/// The least that answers are signed of, whatever a route says.
const LEAST: [(typed::SignedPart, &str); 2] = [
    (typed::SignedPart::Body, "the Body"),
    (typed::SignedPart::Timestamp, "the Timestamp"),
];

/// How the answers of a route are written.
pub(super) struct Answers {
    pub(super) form: AnswerForm,
    /// Who signs them, if not the gateway.
    pub(super) signer: Option<Identity>,
}

/// How the answers of `route` are written, which `gateway` signs if nobody else is said to. `None` if it cannot work, which is noted.
pub(super) fn check(
    route: &typed::Route,
    gateway: Option<&Identity>,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Answers> {
    let answer = &route.answer;
    let path = path.key("answer");
    let signed = signed_headers(answer.signed.as_ref(), &path.key("signed"), source);
    let own = own_signer(answer, &path, now, source)?;
    let signer = own.as_ref().or(gateway);
    let algorithm = algorithm(answer, signer, &path, source)?;
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
        let what = "is what the certificate that signs answers does not have";
        source.problem(&path.key("key_reference"), what, "write \"token\"");
        return None;
    }
    if answer.encryption.is_some() && route.attachments == typed::Attachments::Signed {
        let what = "is for the Body only, and answers may have attachments here";
        let instead = "leave out encryption, or set attachments = \"refused\"";
        source.problem(&path.key("encryption"), what, instead);
        return None;
    }
    Some(Answers {
        form: AnswerForm {
            signer: reference,
            algorithm,
            signed: signed?,
            encryption: answer.encryption.as_ref().map(encryption),
        },
        signer: own,
    })
}

/// Which header blocks are signed, where the list of `parts` has everything that must be.
fn signed_headers(
    parts: Option<&BTreeSet<typed::SignedPart>>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<SignedHeaders> {
    let Some(parts) = parts else {
        return Some(SignedHeaders::All);
    };
    let missing = LEAST.into_iter().find(|(part, _)| !parts.contains(part));
    if let Some((_, name)) = missing {
        let what = format!("leaves {name} of answers unsigned");
        source.problem(path, what, "write [\"body\", \"timestamp\"] at least");
        return None;
    }
    Some(if parts.contains(&typed::SignedPart::Headers) {
        SignedHeaders::All
    } else if parts.contains(&typed::SignedPart::Addressing) {
        SignedHeaders::Addressing
    } else {
        SignedHeaders::RelatesTo
    })
}

/// Who signs the answers of the route alone; `Some(None)` if nobody is said to, `None` if that is wrong.
fn own_signer(
    answer: &typed::RouteAnswer,
    path: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Option<Identity>> {
    let Some(key) = &answer.key else {
        let orphans = [
            ("certificate", answer.certificate.is_some()),
            ("key_password_file", answer.key_password_file.is_some()),
        ];
        let orphan = orphans.into_iter().find(|(_, is_there)| *is_there);
        if let Some((orphan, _)) = orphan {
            source.problem(
                &path.key(orphan),
                "has no meaning without key",
                "name the key, too",
            );
            return None;
        }
        return Some(None);
    };
    let files = IdentityFiles {
        table: path.clone(),
        certificate: answer.certificate.as_deref(),
        key,
        password: answer.key_password_file.as_deref(),
        purpose: CertificateUse::Signing,
    };
    check::signing_identity(&files, now, source).map(Some)
}

/// What signs, where it is said; where that or the key is of the route, something has been signed so.
fn algorithm(
    answer: &typed::RouteAnswer,
    signer: Option<&Identity>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<SignatureAlgorithm>> {
    let said = answer.algorithm.map(typed::AnswerSignature::algorithm);
    let Some(signer) = signer.filter(|_| said.is_some() || answer.key.is_some()) else {
        return Some(said);
    };
    let key = SigningKey::from(signer.key().clone());
    let at = path.key(if said.is_some() { "algorithm" } else { "key" });
    let Some(method) = said.or_else(|| key.default_algorithm()) else {
        source.problem(&at, "signs no messages", "give an RSA, EC or Ed25519 key");
        return None;
    };
    // A token need not have every mechanism that is for its kind of key, and tells only when it is asked.
    if let Err(error) = sign(method, &key, b"an answer") {
        let what = format!("cannot sign answers: {error}");
        source.problem(&at, what, "take an algorithm and a key that fit");
        return None;
    }
    Some(said)
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
