//! An archive to try `batch verify` on: messages of a year, good and bad, whose verdicts are known.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::algorithm::{DataEncryptionAlgorithm, DigestAlgorithm, MaskGeneration};
use crate::cli::args::ArchiveArgument;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::report::plain;
use crate::crypto::{Oaep, random_bytes};
use crate::dsig::{ReferenceToSign, SignatureRequest, sign, x509_data};
use crate::soap::{Envelope, Version};
use crate::wss::write::{EncryptionPlan, Ids, RecipientName, encrypt};
use crate::xml::{Document, Limits};
use crate::xmlenc::{Recipient, SessionKey};

use super::message::{self, Signing};
use super::saml::{self, Confirmation};
use super::world::{self, Party, World};

/// Messages in one folder.
const IN_A_FOLDER: u32 = 1_000;

/// What a message is, and what must become of it as of its own time, by the policy `strict`.
#[derive(Clone, Copy)]
enum Kind {
    Rsa,
    Ec,
    Soap12,
    Encrypted,
    Saml,
    Tampered,
    Wrapped,
    Foreign,
    BeforeItsCertificate,
    PlainXml,
    CutOff,
}

/// One in twenty each, but for the good ones.
const MIX: [Kind; 20] = [
    Kind::Rsa,
    Kind::Ec,
    Kind::Ec,
    Kind::Soap12,
    Kind::Tampered,
    Kind::Ec,
    Kind::Rsa,
    Kind::Encrypted,
    Kind::Ec,
    Kind::Wrapped,
    Kind::Ec,
    Kind::Saml,
    Kind::Rsa,
    Kind::Foreign,
    Kind::Ec,
    Kind::BeforeItsCertificate,
    Kind::Ec,
    Kind::PlainXml,
    Kind::Soap12,
    Kind::CutOff,
];

/// Writes the archive, the keys, what must come out, and how to see that.
pub(super) fn make(archive: &ArchiveArgument, console: &mut Console) -> Result<Exit, Stop> {
    let folder = &archive.folder;
    // Certificates are good for a year; the messages are of the past one.
    let start = Utc::now()
        .checked_sub_signed(TimeDelta::days(364))
        .unwrap_or_default();
    let world = World::make(start)?;
    fs::create_dir_all(folder).map_err(|error| world::failed(folder, &error))?;
    world.write(folder)?;
    let mut expected = "source,verdict,code\n".to_owned();
    for (number, kind) in (0..archive.messages).zip(MIX.into_iter().cycle()) {
        let share = i64::from(number)
            .saturating_mul(360 * 86_400)
            .checked_div(archive.messages.into());
        let created = start
            .checked_add_signed(TimeDelta::seconds(share.unwrap_or(0)))
            .unwrap_or(start);
        let name = format!("{:04}/{number:07}-{}.xml", number / IN_A_FOLDER, kind.name());
        let path = folder.join("archive").join(&name);
        if number % IN_A_FOLDER == 0
            && let Some(parent) = path.parent()
        {
            fs::create_dir_all(parent).map_err(|error| world::failed(parent, &error))?;
        }
        fs::write(&path, kind.message(&world, number, created)?)
            .map_err(|error| world::failed(&path, &error))?;
        let (verdict, code) = kind.expected();
        let _ = writeln!(expected, "{name},{verdict},{code}");
    }
    let path = folder.join("expected.csv");
    fs::write(&path, expected).map_err(|error| world::failed(&path, &error))?;
    console.print(next(folder, archive.messages));
    Ok(Exit::Passed)
}

/// How to verify it.
fn next(folder: &Path, messages: u32) -> String {
    let folder = plain(&folder.to_string_lossy());
    format!(
        "{messages} messages are in {folder}/archive; what must become of each as of its own time is in {folder}/expected.csv\n\n\
         sealgate batch verify --trust {folder}/keys/ca.pem --metadata {folder}/keys/idp-metadata.xml \\\n  \
         --audience {} --recipient {} --allow-unsolicited \\\n  \
         --key {folder}/keys/gateway.key.pem --cert {folder}/keys/gateway.pem --at message \\\n  \
         --out {folder}/report {folder}/archive\n",
        saml::AUDIENCE,
        saml::RECIPIENT
    )
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ec => "ec",
            Self::Soap12 => "soap12",
            Self::Encrypted => "encrypted",
            Self::Saml => "saml",
            Self::Tampered => "tampered",
            Self::Wrapped => "wrapped",
            Self::Foreign => "foreign",
            Self::BeforeItsCertificate => "too-early",
            Self::PlainXml => "plain-xml",
            Self::CutOff => "cut-off",
        }
    }

    const fn expected(self) -> (&'static str, &'static str) {
        match self {
            Self::Rsa | Self::Ec | Self::Soap12 | Self::Encrypted | Self::Saml => ("passed", ""),
            Self::Tampered => ("failed", "dsig.digest_mismatch"),
            Self::Wrapped => ("failed", "policy.body_not_signed"),
            Self::Foreign => ("failed", "trust.untrusted"),
            Self::BeforeItsCertificate => ("failed", "trust.not_yet_valid"),
            // Nothing says when it was signed.
            Self::PlainXml => ("indeterminate", "policy.no_message_time"),
            Self::CutOff => ("failed", "xml.malformed"),
        }
    }

    fn message(self, world: &World, number: u32, created: DateTime<Utc>) -> Result<String, Stop> {
        let item = format!("bolt M8, lot {number}");
        let order = |version| message::order(version, &item, number);
        let signed = |version, signer: &Party, created| {
            message::signed(&order(version), signer, &Signing::Certificate, created)
        };
        let good = || signed(Version::Soap11, &world.beta, created);
        match self {
            Self::Rsa => signed(Version::Soap11, &world.alpha, created),
            Self::Ec => good(),
            Self::Soap12 => signed(Version::Soap12, &world.beta, created),
            Self::Encrypted => encrypted(&good()?, &world.gateway),
            Self::Saml => {
                let id = format!("_a{number}");
                let assertion = saml::assertion(&id, Confirmation::Bearer, created);
                saml::signed(&assertion, &id, &world.identity_provider)
            }
            Self::Tampered => Ok(good()?.replacen("bolt M8", "gold bar", 1)),
            Self::Wrapped => message::with_wrapped_body(&good()?),
            Self::Foreign => signed(Version::Soap11, &world.stranger, created),
            Self::BeforeItsCertificate => {
                let before = created
                    .checked_sub_signed(TimeDelta::days(400))
                    .unwrap_or(created);
                signed(Version::Soap11, &world.alpha, before)
            }
            Self::PlainXml => plain_xml(&item, &world.beta),
            Self::CutOff => {
                let good = good()?;
                Ok(good.get(..good.len() / 2).unwrap_or_default().to_owned())
            }
        }
    }
}

/// The content of the Body encrypted to `recipient`.
fn encrypted(signed: &str, recipient: &Party) -> Result<String, Stop> {
    let envelope = Envelope::parse(signed.to_owned().into(), &Limits::default()).map_err(Stop::failed)?;
    let key = SessionKey::new(DataEncryptionAlgorithm::Aes256Gcm).map_err(Stop::failed)?;
    let oaep = Oaep {
        digest: DigestAlgorithm::Sha256,
        mask: MaskGeneration::Mgf1Sha256,
        label: Vec::new(),
    };
    let plan = EncryptionPlan {
        role: None,
        recipient: Recipient::Transport {
            key: recipient.certificate.public_key(),
            oaep,
        },
        name: RecipientName::Thumbprint(&recipient.certificate),
        parts: vec![envelope.body()],
    };
    let mut random = [0; 16];
    random.copy_from_slice(&random_bytes(16).map_err(Stop::failed)?);
    encrypt(&envelope, &plan, &key, &mut Ids::new(random)).map_err(Stop::failed)
}

/// An order that is no SOAP, with a signature in it.
fn plain_xml(item: &str, signer: &Party) -> Result<String, Stop> {
    const END: &str = "</o:Order>";
    let order = format!(
        "<o:Order xmlns:o=\"urn:example:orders\" xml:id=\"order\"><o:Item>{}</o:Item>{END}",
        crate::xml::escape_text(item)
    );
    let document = Document::parse(order.clone().into(), &Limits::default()).map_err(Stop::failed)?;
    let key = signer.signing_key();
    let request = SignatureRequest {
        method: key
            .default_algorithm()
            .ok_or_else(|| Stop::failed("no algorithm fits"))?,
        digest_algorithm: DigestAlgorithm::Sha256,
        references: vec![ReferenceToSign {
            element: document.root(),
            id: Some("order".to_owned()),
            enveloped: true,
        }],
        key_info: x509_data(std::slice::from_ref(&signer.certificate)),
        id: None,
    };
    let signature = sign(&request, &key).map_err(Stop::failed)?;
    Ok(order.replacen(END, &format!("{signature}{END}"), 1))
}
