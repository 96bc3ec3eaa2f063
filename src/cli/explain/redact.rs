//! A case for a partner, as files.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use crate::cli::exit::Stop;
use crate::cli::inputs;
use crate::crypto::encode_base64;
use crate::explain::{Effort, Explanation, Lengths, RedactedCase, redact};

/// What stays in the case, and what does not, but for the lengths of words.
const README: &str = "\
A message whose signature does not hold, without what it said. See why:

    sealgate explain --public-key key.pem message.xml

As they were: names of elements and attributes, namespaces, algorithms, types and PrefixLists of elements of WS-Security, XML
Signature and XML Encryption, HMACOutputLength and SaltLength, xml:space, white space, line ends, byte order marks, the characters
< > & and quotes, the forms of references to characters, whether a character is of ASCII, and which reference or value fails for
which cause.

Hidden: every other character (x, or é where it is not of ASCII) of texts, values of attributes, comments and processing instructions
and their targets, so also of certificates, tokens, times and names.

Numbered: IDs, and references to them (id-1, id-2, ...).

Made anew: every digest and every signature value, with a key that nobody has any more. key.pem is its public half.
";

const SHORT: &str = "\
How long words were is hidden: several such characters are one.
";
const LONG: &str = "\
How long words were stays, as the failure does not show otherwise: each such character is one.
";

/// The case of a document.
pub(super) fn case(
    bytes: Bytes,
    explanation: &Explanation,
    id_attributes: &[String],
) -> Result<RedactedCase, Stop> {
    let case = redact(bytes, explanation, id_attributes, Effort::DEFAULT);
    case.map_err(|error| Stop::failed(format_args!("--redact: {error}")))
}

/// Writes it, and what there is to say about it.
pub(super) fn write(folder: &Path, case: &RedactedCase) -> Result<(), Stop> {
    let unusable = |error: std::io::Error| inputs::unusable("redact", &error);
    fs::create_dir_all(folder).map_err(unusable)?;
    let base64 = encode_base64(case.key.spki());
    let lines = base64.as_bytes().chunks(64).map(String::from_utf8_lossy);
    let lines: Vec<_> = lines.collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    );
    let readme = format!(
        "{README}\n{}",
        match case.lengths {
            Lengths::Hidden => SHORT,
            Lengths::Kept => LONG,
        }
    );
    let files = [
        ("message.xml", case.message.as_str()),
        ("key.pem", &pem),
        ("README.txt", &readme),
    ];
    for (name, content) in files {
        fs::write(folder.join(name), content).map_err(unusable)?;
    }
    Ok(())
}
