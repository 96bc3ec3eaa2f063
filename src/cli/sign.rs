use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};

use crate::algorithm::DigestAlgorithm;
use crate::algorithm::SignatureAlgorithm;
use crate::crypto::random_bytes;
use crate::rejection::Rejection;
use crate::soap::Envelope;
use crate::wss::write::{self, Ids, KeyToken, Plan, Understanding};
use crate::xml::Element;
use crate::xml::Limits;
use crate::xml::Namespace;

use super::args::{KeyReferenceName, SignArguments, SigningArguments};
use super::console::Console;
use super::exit::{Exit, Stop};
use super::inputs::{OwnKey, unusable};
use super::report::Report;
use crate::verifier::{At, Reason};

/// `sealgate sign`: the message on standard output with a Security header of ours, which signs its Timestamp, the Body and every
/// WS-Addressing header.
pub(crate) fn run(arguments: SignArguments, console: &mut Console) -> Result<Exit, Stop> {
    let created = match arguments.at {
        At::Now => Utc::now(),
        At::Time(time) => time,
        At::Message => {
            return Err(unusable(
                "at",
                &"a message that is to be signed has no time of its own yet",
            ));
        }
    };
    let signer = Signer::of(
        arguments.signing,
        OwnKey::of(&arguments.key.paths, &arguments.key.password)?,
    )?;
    let report = match arguments.file.read(Limits::archive().bytes) {
        Err(error) => Report::unreadable(arguments.file, &error),
        Ok(bytes) => match signer.sign(bytes, created) {
            Ok(signed) => {
                console.print(signed);
                return Ok(Exit::Passed);
            }
            Err(rejection) => Report::refused(arguments.file, Reason::from(&rejection)),
        },
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}

/// Signs SOAP messages.
pub(crate) struct Signer {
    own: OwnKey,
    method: SignatureAlgorithm,
    reference: KeyReferenceName,
    role: Option<String>,
    life: Option<TimeDelta>,
}

impl Signer {
    /// What `arguments` say, checked.
    pub(crate) fn of(arguments: SigningArguments, own: OwnKey) -> Result<Self, Stop> {
        if own.certificates.is_empty() {
            return Err(Stop::usage(
                "a SOAP message is signed with a certificate: --cert PATH",
            ));
        }
        let method = match arguments.algorithm {
            Some(name) => name.0,
            None => own.default_algorithm()?,
        };
        let life = TimeDelta::seconds(arguments.ttl.into());
        Ok(Self {
            own,
            method,
            reference: arguments.key_reference,
            role: arguments.role,
            life: (arguments.ttl > 0).then_some(life),
        })
    }

    /// The message with its header, as sent at `created`.
    pub(crate) fn sign(&self, bytes: Bytes, created: DateTime<Utc>) -> Result<Vec<u8>, Rejection> {
        let envelope = Envelope::parse(bytes, &Limits::archive())?;
        let plan = Plan {
            role: self.role.as_deref(),
            understanding: Understanding::Required,
            timestamp: Some((
                created,
                self.life
                    .map(|life| created.checked_add_signed(life).unwrap_or(created)),
            )),
            key: self.key_token(),
            confirmations: None,
            parts: parts(&envelope),
        };
        let mut random = [0; 16];
        random.copy_from_slice(&random_bytes(16)?);
        let unsigned = write::write(&envelope, &plan, &mut Ids::new(random))?;
        Ok(unsigned.sign(self.method, DigestAlgorithm::Sha256, &self.own.key)?)
    }

    fn key_token(&self) -> Option<KeyToken<'_>> {
        let certificate = self.own.certificates.first()?;
        Some(match self.reference {
            KeyReferenceName::Token => KeyToken::X509v3(certificate),
            KeyReferenceName::Path => KeyToken::X509PkiPath(&self.own.certificates),
            KeyReferenceName::Thumbprint => KeyToken::Thumbprint(certificate),
            KeyReferenceName::Ski => KeyToken::SubjectKeyIdentifier(certificate),
            KeyReferenceName::IssuerSerial => KeyToken::IssuerSerial(certificate),
        })
    }
}

/// What every profile asks for, as far as the message has it: WS-Addressing headers and the Body.
fn parts(envelope: &Envelope) -> Vec<Element<'_>> {
    let addressing = [Namespace::WSA, Namespace::WSA2004];
    let blocks = envelope.header_blocks().map(|block| block.element());
    blocks
        .filter(|block| addressing.contains(&block.namespace_id()))
        .chain([envelope.body()])
        .collect()
}
