//! `sealgate explain`: why did this message fail?

mod json;
mod redact;
mod text;

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use bytes::Bytes;

use crate::crypto::{PublicKey, Secret, VerifyingKey};
use crate::explain::{Effort, Explanation, KeysAtHand, explain};
use crate::token::saml;
use crate::verifier::Reason;
use crate::xml::Limits;

use super::args::ExplainArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::inputs;
use super::report::{Format, Report};
use super::source::distinct;

/// Explains each input in turn.
pub(crate) fn run(arguments: ExplainArguments, console: &mut Console) -> Result<Exit, Stop> {
    distinct(&arguments.files)?;
    if arguments.redact.is_some() && arguments.files.len() > 1 {
        return Err(Stop::usage("--redact: one document makes a case"));
    }
    let keys = keys(&arguments)?;
    let limits = Limits::archive();
    let format = arguments.output.format;
    let field = arguments.content_type.content_type.as_deref();
    let mut exit = Exit::Passed;
    let is_one = arguments.files.len() == 1;
    for (number, source) in (1_usize..).zip(arguments.files) {
        let received = source.received(field, &limits).map_err(|why| Reason::from(&why));
        let explanation = received.and_then(|received| {
            let (bytes, ids) = (decoded(received.bytes), &arguments.ids.id_attributes);
            let explanation = explain(bytes.clone(), &received.attachments, &keys, ids, Effort::DEFAULT);
            explanation
                .map(|explanation| (bytes, explanation))
                .map_err(|rejection| Reason::from(&rejection))
        });
        let (bytes, explanation) = match explanation {
            Ok(explained) => explained,
            Err(reason) => {
                let page = json::refused(&source, &reason);
                let report = Report::refused(source, reason);
                exit = exit.max(report.exit());
                match format {
                    Format::Json if report.exit() == Exit::Refused => console.print(page),
                    Format::Json => console.print(json::unreadable(&report)),
                    Format::Text => report.print(format, console),
                }
                continue;
            }
        };
        if let Some(folder) = &arguments.octets {
            // Octets of another document are not written over.
            let folder = if is_one {
                folder
            } else {
                &folder.join(number.to_string())
            };
            write_octets(folder, &explanation)?;
        }
        if let Some(folder) = &arguments.redact {
            let case = redact::case(bytes, &explanation, &arguments.ids.id_attributes)?;
            redact::write(folder, &case)?;
        }
        let verdict = Verdict::of(&explanation);
        exit = exit.max(if verdict == Verdict::Passed {
            Exit::Passed
        } else {
            Exit::Refused
        });
        let page = match format {
            Format::Text => text::render(&source, &explanation, verdict, console.style()),
            Format::Json => json::render(&source, &explanation, verdict),
        };
        console.print(page);
        console.flush();
    }
    Ok(exit)
}

/// What is said of a document in one word. It is about mathematics, not about trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    /// Nothing is broken, and no key is at hand to say whether the rest holds: the value, or what was encrypted.
    Indeterminate,
}

impl Verdict {
    fn of(explanation: &Explanation) -> Self {
        let signatures = &explanation.signatures;
        let without_key = |value: &crate::explain::ValueExplanation| value.tried.is_empty();
        if explanation.holds() {
            Self::Passed
        } else if (!signatures.is_empty() || explanation.undecrypted.is_some())
            && signatures.iter().all(|signature| {
                (signature.value.holds() || without_key(&signature.value))
                    && signature
                        .references
                        .iter()
                        .all(|reference| reference.is_match() || reference.is_encrypted())
            })
        {
            Self::Indeterminate
        } else {
            Self::Failed
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Indeterminate => "indeterminate",
        }
    }
}

fn keys(arguments: &ExplainArguments) -> Result<KeysAtHand, Stop> {
    let trust = inputs::trust(&arguments.trust)?;
    let given = if let Some(path) = &arguments.public_key {
        let key = PublicKey::from_pem(&inputs::file("public-key", path)?);
        Some(VerifyingKey::from(
            key.map_err(|error| inputs::unusable("public-key", &error))?,
        ))
    } else if let Some(path) = &arguments.hmac_key {
        let secret = Secret::new(inputs::file("hmac-key", path)?.to_vec());
        Some(VerifyingKey::Hmac(secret))
    } else {
        None
    };
    Ok(KeysAtHand {
        given,
        certificates: trust.store.certificates().to_vec(),
        keyring: arguments.keys.files(&arguments.trust.password).keyring()?,
    })
}

/// A SAML message may come as a binding encodes it; anything else is taken as it is.
fn decoded(bytes: Bytes) -> Bytes {
    saml::decode(bytes.clone()).map_or(bytes, |decoded| decoded.xml)
}

fn write_octets(folder: &Path, explanation: &Explanation) -> Result<(), Stop> {
    let unusable = |error: std::io::Error| inputs::unusable("octets", &error);
    fs::create_dir_all(folder).map_err(unusable)?;
    for (number, signature) in (1_usize..).zip(&explanation.signatures) {
        let file = folder.join(format!("signature-{number}-signed-info"));
        write_private(&file, &signature.value.octets).map_err(unusable)?;
        for (place, reference) in (1_usize..).zip(&signature.references) {
            let file = folder.join(format!("signature-{number}-reference-{place}"));
            write_private(&file, &reference.octets).map_err(unusable)?;
        }
    }
    Ok(())
}

/// Writes what may have been decrypted, for nobody else to read.
fn write_private(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // It may have been there.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(octets)
}
