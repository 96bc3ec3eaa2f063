use crate::inbound::{DecryptionRules, Findings, decrypt_document};
use crate::xmlenc::Plaintext;

use super::args::DecryptArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::inputs;
use super::keyring::{self, Keys};
use super::report::{Reason, Report};

/// `sealgate decrypt`: the document with what was encrypted in it on standard output, the verdict beside it.
pub(crate) fn run(arguments: DecryptArguments, console: &mut Console) -> Result<Exit, Stop> {
    let policy = inputs::policy(&arguments.policy)?;
    let keys = keyring::keys(&arguments.keys, &arguments.password)?;
    let report = match arguments.file.read(policy.limits.bytes) {
        Err(error) => Report::unreadable(arguments.file, &error),
        Ok(bytes) => match &keys {
            Keys::Unusable(error) => Report::refused(arguments.file, Reason::from(error)),
            Keys::Usable(keyring) => {
                let rules = DecryptionRules {
                    policy: &policy,
                    id_attributes: &arguments.ids.id_attributes,
                };
                let decrypted = decrypt_document(bytes, keyring, &rules);
                let verdict = decrypted.map(|plaintext| match plaintext {
                    Plaintext::Document(decrypted) => console.print(decrypted.document.bytes()),
                    Plaintext::Octets(octets) => console.print(octets),
                });
                Report::of(arguments.file, verdict, Findings::default())
            }
        },
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}
