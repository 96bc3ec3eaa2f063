use crate::crypto::random_bytes;
use crate::inbound::{DecryptionRules, Findings, Keyring, Received, decrypt_document, decrypt_message};
use crate::soap::Version;
use crate::soap::attachment::{Attachment, Attachments};
use crate::verifier::Reason;
use crate::verifier::entity::NoMessage;
use crate::verifier::setup::Keys;
use crate::xml;
use crate::xmlenc::Plaintext;

use super::args::DecryptArguments;
use super::console::Console;
use super::exit::{Exit, Stop};
use super::inputs;
use super::report::Report;

/// As much of an attachment is written at a time, in bytes.
const PIECE: usize = 64 * 1024;

/// `sealgate decrypt`: the document with what was encrypted in it on standard output, the verdict beside it. It is UTF-8, or ISO-8859-1 if it
/// came in that. Of a message with attachments,
/// all of it, as MIME.
pub(crate) fn run(arguments: DecryptArguments, console: &mut Console) -> Result<Exit, Stop> {
    let policy = inputs::policy(&arguments.policy)?;
    let keys = arguments.keys.files(&arguments.password).keys()?;
    let report = match arguments.file.received(None, &policy.limits) {
        Err(NoMessage::Unreadable(error)) => Report::unreadable(arguments.file, &error),
        Err(why) => Report::refused(arguments.file, Reason::from(&why)),
        Ok(received) => match &keys {
            Keys::Unusable(error) => Report::refused(arguments.file, Reason::from(error)),
            Keys::Usable(keyring) => {
                let rules = DecryptionRules {
                    policy: &policy,
                    id_attributes: &arguments.ids.id_attributes,
                };
                match decrypt(received, keyring, &rules, console) {
                    Ok(()) => Report::of(arguments.file, Ok(()), Findings::default()),
                    Err(reason) => Report::refused(arguments.file, reason),
                }
            }
        },
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}

fn decrypt(
    received: Received,
    keyring: &Keyring,
    rules: &DecryptionRules<'_>,
    console: &mut Console,
) -> Result<(), Reason> {
    if received.attachments.is_empty() {
        let decrypted = decrypt_document(received.bytes.clone(), keyring, rules);
        match decrypted.map_err(|rejection| Reason::from(&rejection))? {
            Plaintext::Document(decrypted) => {
                let text = std::str::from_utf8(decrypted.document.bytes()).ok();
                match text.and_then(|text| xml::in_encoding_of(&received.bytes, text)) {
                    Some(octets) => console.print(octets),
                    None => console.print(decrypted.document.bytes()),
                }
            }
            Plaintext::Octets(octets) => console.print(octets),
        }
        return Ok(());
    }
    let decrypted = decrypt_message(received.bytes, &received.attachments, keyring, rules);
    let decrypted = decrypted.map_err(|rejection| Reason::from(&rejection))?;
    let version = received.version.unwrap_or(Version::Soap11);
    write(
        version,
        decrypted.document.bytes(),
        &decrypted.attachments,
        console,
    )
}

/// SOAP with Attachments, after the header that a message in a file has.
fn write(
    version: Version,
    envelope: &[u8],
    attachments: &Attachments,
    console: &mut Console,
) -> Result<(), Reason> {
    let random = random_bytes(16).map_err(|error| Reason::unreadable(&std::io::Error::other(error)))?;
    let boundary: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
    let media_type = version.media_type();
    console.print(format!(
        "Content-Type: multipart/related; type=\"{media_type}\"; boundary=\"{boundary}\"\r\n\r\n\
         --{boundary}\r\nContent-Type: {media_type}; charset=UTF-8\r\n\r\n"
    ));
    console.print(envelope);
    for attachment in attachments.iter() {
        console.print(format!("\r\n--{boundary}\r\n{}\r\n", header(attachment)));
        let mut piece = vec![0; PIECE];
        let mut offset = 0_u64;
        while offset < attachment.length() {
            let read = attachment.read_at(offset, &mut piece);
            let count = read.map_err(|error| Reason::unreadable(&error))?;
            let octets = piece.get(..count).filter(|octets| !octets.is_empty());
            let octets =
                octets.ok_or_else(|| Reason::unreadable(&std::io::ErrorKind::UnexpectedEof.into()))?;
            console.print(octets);
            offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
    }
    console.print(format!("\r\n--{boundary}--\r\n"));
    Ok(())
}

/// The canonical lines of its header, or what nothing is said by.
fn header(attachment: &Attachment) -> String {
    let id = [
        format!("Content-ID:<{}>", attachment.id()),
        "Content-Type:application/octet-stream".to_owned(),
    ];
    let lines = attachment.header().unwrap_or(&id);
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
