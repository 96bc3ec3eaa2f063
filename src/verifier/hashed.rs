use std::io::{self, Read};

use crate::algorithm::DigestAlgorithm;
use crate::crypto::{self, Digester};
use crate::inbound::Received;
use crate::xml::Limits;

use super::entity::{self, NoMessage};

/// What was read of an input.
pub(crate) struct Hashed {
    /// The message.
    pub(crate) received: Result<Received, NoMessage>,
    /// SHA-256 of the bytes as given, in hexadecimal digits, where all were read.
    pub(crate) sha256: Option<String>,
    /// How many bytes were read.
    pub(crate) bytes: u64,
}

impl Hashed {
    /// Reads `input`, as [`entity::read`] does.
    pub(crate) fn read(input: &mut dyn Read, field: Option<&str>, limits: &Limits) -> Self {
        let mut hashing = Hashing {
            input,
            digester: Digester::new(DigestAlgorithm::Sha256),
            length: 0,
        };
        let received = entity::read(&mut hashing, field, limits);
        let is_whole = received.as_ref().is_ok_and(|received| {
            u32::try_from(received.bytes.len()).is_ok_and(|length| length <= limits.bytes)
        });
        let digest = is_whole.then(|| hashing.digester.finish().ok()).flatten();
        Self {
            received,
            sha256: digest.map(|digest| format!("{digest:?}")),
            bytes: hashing.length,
        }
    }
}

/// SHA-256 of a whole message, in hexadecimal digits.
pub(crate) fn sha256(message: &[u8]) -> Option<String> {
    let digest = crypto::digest(DigestAlgorithm::Sha256, message).ok()?;
    Some(format!("{digest:?}"))
}

/// Hashes what is read.
struct Hashing<'i> {
    input: &'i mut dyn Read,
    digester: Digester,
    length: u64,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.digester.update(buffer.get(..count).unwrap_or_default());
        self.length = self.length.saturating_add(u64::try_from(count).unwrap_or(0));
        Ok(count)
    }
}
