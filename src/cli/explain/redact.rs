//! A case for a partner, as files.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use crate::cli::exit::Stop;
use crate::cli::inputs;
use crate::crypto::encode_base64;
use crate::explain::{Effort, Explanation, RedactedCase, redact};

/// What stays in the case, and what does not.
const README: &str = "\
A message whose signature does not hold, without what it said. See why:

    sealgate explain --public-key key.pem message.xml

As they were: names of elements and attributes, namespaces, IDs and references to them (#...), names of algorithms, PrefixLists,
lengths, white space, line ends, punctuation, the forms of references to characters, and which reference or value fails for
which cause.

Hidden: every letter (X, x, or é where it is not ASCII) and every digit (0) of texts, other attributes, comments and processing
instructions, so also of certificates, tokens, times and names.

Made anew: every digest and every signature value, with a key that nobody has any more. key.pem is its public half.
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
    let files = [
        ("message.xml", case.message.as_str()),
        ("key.pem", &pem),
        ("README.txt", README),
    ];
    for (name, content) in files {
        fs::write(folder.join(name), content).map_err(unusable)?;
    }
    Ok(())
}
