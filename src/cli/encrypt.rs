use bytes::Bytes;

use crate::algorithm::DigestAlgorithm;
use crate::algorithm::EncryptionRules;
use crate::algorithm::MaskGeneration;
use crate::crypto::{Certificate, KeyKind, Oaep, Secret, encode_base64, random_bytes};
use crate::policy::Policy;
use crate::rejection::Rejection;
use crate::soap::{Envelope, QName, Version};
use crate::verifier::Reason;
use crate::wss;
use crate::wss::write::{EncryptionPlan, Ids, RecipientName};
use crate::xml::{Document, Element, Limits, escape_text};
use crate::xmlenc;
use crate::xmlenc::{Portion, Recipient, SessionKey};

use super::args::{EncryptArguments, KeyTransportName, RecipientReferenceName};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::inputs::{file, policy, unusable};
use super::report::{Report, no_such_element, no_such_id};

/// `sealgate encrypt`: the document, with parts of it encrypted, on standard output.
pub(crate) fn run(arguments: EncryptArguments, console: &mut Console) -> Result<Exit, Stop> {
    let names = names(&arguments.elements)?;
    let to = To::of(&arguments)?;
    to.check(&arguments, &policy(&arguments.policy)?)?;
    let report = match arguments.file.read(Limits::archive().bytes) {
        Err(error) => Report::unreadable(arguments.file, &error),
        Ok(bytes) => match encrypt(bytes, &arguments, &names, &to) {
            Ok(encrypted) => {
                console.print(encrypted);
                return Ok(Exit::Passed);
            }
            Err(reason) => Report::refused(arguments.file, reason),
        },
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}

fn names(typed: &[String]) -> Result<Vec<QName>, Stop> {
    let read = |typed: &String| {
        QName::parse(typed).ok_or_else(|| unusable("element", &"a name is {namespace}local, or local"))
    };
    typed.iter().map(read).collect()
}

/// Whom it is encrypted to.
enum To {
    Certificate(Box<Certificate>, Oaep),
    Secret(Secret, Option<String>),
}

impl To {
    fn of(arguments: &EncryptArguments) -> Result<Self, Stop> {
        let recipient = &arguments.recipient;
        if let Some(path) = &recipient.to {
            let certificates = Certificate::from_pem_bundle(&file("to", path)?);
            let certificates = certificates.map_err(|error| unusable("to", &error))?;
            let none = || unusable("to", &"there is no certificate in it");
            let certificate = certificates.into_iter().next().ok_or_else(none)?;
            return Ok(Self::Certificate(
                Box::new(certificate),
                oaep(arguments.key_transport),
            ));
        }
        let Some(named) = &recipient.secret_key else {
            return Err(Stop::usage(
                "a recipient is needed: --to PATH or --secret-key FILE",
            ));
        };
        let secret = Secret::new(file("secret-key", &named.path)?.to_vec());
        Ok(Self::Secret(secret, named.name.clone()))
    }

    /// Whether the recipient's policy lets it be decrypted.
    fn check(&self, arguments: &EncryptArguments, policy: &Policy) -> Result<(), Stop> {
        let rules: &EncryptionRules = &policy.encryption;
        let not_allowed = |option, name: &str| {
            let why = format!("the policy {} does not allow {name}", policy.name);
            Err(unusable(option, &why))
        };
        if !rules.permits_data(arguments.algorithm.0) {
            return not_allowed("algorithm", arguments.algorithm.0.name());
        }
        match self {
            Self::Certificate(certificate, oaep) => match certificate.public_key().kind() {
                KeyKind::Rsa { .. } if !rules.permits_oaep(oaep.digest, oaep.mask) => {
                    not_allowed("key-transport", &format!("{} with {}", oaep.digest, oaep.mask))
                }
                KeyKind::Ec(_) if !rules.permits_ecdh_es(DigestAlgorithm::Sha256) => {
                    not_allowed("to", "ECDH-ES, which EC keys need")
                }
                KeyKind::Rsa { .. } | KeyKind::Ec(_) | KeyKind::Dsa { .. } | KeyKind::Ed25519 => Ok(()),
            },
            Self::Secret(..) => Ok(()),
        }
    }

    fn recipient(&self) -> Recipient<'_> {
        match self {
            Self::Secret(secret, _) => Recipient::Secret(secret),
            Self::Certificate(certificate, oaep) => {
                let key = certificate.public_key();
                match key.kind() {
                    KeyKind::Ec(_) => Recipient::Agreement { key },
                    KeyKind::Rsa { .. } | KeyKind::Dsa { .. } | KeyKind::Ed25519 => Recipient::Transport {
                        key,
                        oaep: oaep.clone(),
                    },
                }
            }
        }
    }

    /// As a message names it.
    fn name(&self, reference: RecipientReferenceName) -> RecipientName<'_> {
        match self {
            Self::Secret(_, Some(name)) => RecipientName::Secret(name),
            Self::Secret(_, None) => RecipientName::Unnamed,
            Self::Certificate(certificate, _) => match reference {
                RecipientReferenceName::Thumbprint => RecipientName::Thumbprint(certificate),
                RecipientReferenceName::Ski => RecipientName::SubjectKeyIdentifier(certificate),
                RecipientReferenceName::IssuerSerial => RecipientName::IssuerSerial(certificate),
            },
        }
    }

    /// The content of a KeyInfo of a document that is not SOAP.
    fn key_info(&self) -> String {
        match self {
            Self::Certificate(certificate, _) => format!(
                "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
                encode_base64(certificate.der())
            ),
            Self::Secret(_, name) => name.as_ref().map_or_else(String::new, |name| {
                format!("<ds:KeyName>{}</ds:KeyName>", escape_text(name))
            }),
        }
    }
}

fn oaep(name: KeyTransportName) -> Oaep {
    let (digest, mask) = match name {
        KeyTransportName::RsaOaepSha256 => (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha256),
        KeyTransportName::RsaOaepSha256Mgf1Sha1 => (DigestAlgorithm::Sha256, MaskGeneration::Mgf1Sha1),
        KeyTransportName::RsaOaepMgf1p => (DigestAlgorithm::Sha1, MaskGeneration::Mgf1Sha1),
    };
    Oaep {
        digest,
        mask,
        label: Vec::new(),
    }
}

fn encrypt(bytes: Bytes, arguments: &EncryptArguments, names: &[QName], to: &To) -> Result<String, Reason> {
    let limits = Limits::archive();
    let document = Document::parse_with_ids(bytes, &limits, &arguments.ids.id_attributes);
    let document = document.map_err(|error| Reason::from(&error))?;
    let refused = |rejection: Rejection| Reason::from(&rejection);
    let key = SessionKey::new(arguments.algorithm.0).map_err(|error| refused(error.into()))?;
    let root = document.root();
    let is_soap = root.local_name() == "Envelope" && Version::of(root.namespace_id()).is_some();
    if !is_soap {
        let portion = if arguments.content {
            Portion::Content
        } else {
            Portion::Element
        };
        let targets = match chosen(&document, arguments, names)?.as_slice() {
            [] => vec![(root, portion)],
            chosen => chosen.iter().map(|element| (*element, portion)).collect(),
        };
        let encrypted = xmlenc::encrypt(&document, &targets, &key, &to.recipient(), &to.key_info());
        return encrypted.map_err(|error| refused(error.into()));
    }
    let envelope = Envelope::from_document(document).map_err(|error| refused(error.into()))?;
    let mut parts = chosen(envelope.document(), arguments, names)?;
    if parts.is_empty() {
        parts.push(envelope.body());
    }
    let plan = EncryptionPlan {
        role: arguments.recipient.role.as_deref(),
        recipient: to.recipient(),
        name: to.name(arguments.recipient.key_reference),
        parts,
    };
    let mut random = [0; 16];
    let bytes = random_bytes(16).map_err(|error| refused(error.into()))?;
    random.copy_from_slice(&bytes);
    let encrypted = wss::write::encrypt(&envelope, &plan, &key, &mut Ids::new(random));
    encrypted.map_err(|error| refused(error.into()))
}

/// The elements that --id and --element name, in document order; a name inside another one's element is left to that.
fn chosen<'d>(
    document: &'d Document,
    arguments: &EncryptArguments,
    names: &[QName],
) -> Result<Vec<Element<'d>>, Reason> {
    let mut chosen = Vec::new();
    for id in &arguments.ids_to_encrypt {
        chosen.push(document.element_by_id(id).ok_or_else(|| no_such_id(id))?);
    }
    for name in names {
        let before = chosen.len();
        for element in document.root().descendants() {
            let is_named = element.namespace() == name.namespace && element.local_name() == name.local;
            if is_named && !chosen.iter().any(|other| element.is_within(*other)) {
                chosen.push(element);
            }
        }
        if chosen.len() == before {
            return Err(no_such_element(name));
        }
    }
    Ok(chosen)
}
