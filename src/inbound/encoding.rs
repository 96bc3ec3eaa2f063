use bytes::Bytes;

use super::findings::Findings;
use crate::policy::{Policy, Utf16};
use crate::rejection::Rejection;
use crate::soap::Envelope;
use crate::xml::{self, Encoding, ErrorKind, Position};

/// The message in `bytes`, which are in the encoding that the transport `said`, if it said one: UTF-8, or UTF-16 where `policy` takes that, which is noted.
/// Only there does anybody decode: a reader before or behind us may take other bytes for other characters (T39).
///
/// # Errors
/// `xml.encoding` for another encoding; what [`Envelope::parse`] refuses.
pub(super) fn envelope(
    bytes: Bytes,
    said: Option<Encoding>,
    policy: &Policy,
    findings: &mut Findings,
) -> Result<Envelope, Rejection> {
    let encoding = Encoding::of(&bytes);
    if said.is_some_and(|said| said != encoding) {
        let kind = ErrorKind::Encoding("it is not in the encoding that the transport says");
        return Err(xml::Error::new(kind, Position { line: 1, column: 1 }).into());
    }
    // What is too long is for the parser to refuse, and not to be copied first.
    let is_short = u32::try_from(bytes.len()).is_ok_and(|length| length <= policy.limits.bytes);
    let bytes = if encoding == Encoding::Utf16 && policy.utf16 == Utf16::Allow && is_short {
        findings.note_legacy("utf-16");
        xml::utf16_to_utf8(bytes)?
    } else {
        bytes
    };
    Ok(Envelope::parse(bytes, &policy.limits)?)
}
