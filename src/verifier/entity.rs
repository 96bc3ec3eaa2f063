use std::io::Read;
use std::sync::Arc;

use bytes::{Buf, Bytes};

use crate::inbound::Received;
use crate::rejection::Rejection;
use crate::soap;
use crate::soap::attachment::{Carried, Package, content_type_of};
use crate::spool::TemporaryFiles;
use crate::xml::Limits;

use super::reason::Reason;

/// Why there is no message.
pub(crate) enum NoMessage {
    /// The input could not be read.
    Unreadable(std::io::Error),
    /// It is refused before it can be judged.
    Refused(Rejection),
}

impl From<std::io::Error> for NoMessage {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<soap::Error> for NoMessage {
    fn from(error: soap::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// The longest header of a file.
const LONGEST_HEAD: usize = 16 * 1024;
/// As much is read at a time.
const PIECE: usize = 64 * 1024;

impl From<&NoMessage> for Reason {
    fn from(why: &NoMessage) -> Self {
        match why {
            NoMessage::Unreadable(error) => Self::unreadable(error),
            NoMessage::Refused(rejection) => Self::from(rejection),
        }
    }
}

/// A message from its bytes, as [`read`] has it. Those of XML alone are not copied.
pub(crate) fn of_bytes(bytes: Bytes, field: Option<&str>, limits: &Limits) -> Result<Received, NoMessage> {
    if field.is_none() && !has_head(&bytes) {
        return Ok(Received::from(bytes));
    }
    read(&mut bytes.reader(), field, limits)
}

/// A message as it is read: XML, or what its media type says. That is `field`, or stands in a header at its beginning, as mail and
/// traces of HTTP have it. Long attachments wait in temporary files.
pub(crate) fn read(
    input: &mut dyn Read,
    field: Option<&str>,
    limits: &Limits,
) -> Result<Received, NoMessage> {
    let mut start = vec![0; LONGEST_HEAD];
    let mut held = 0;
    while let Some(rest) = start.get_mut(held..).filter(|rest| !rest.is_empty()) {
        let count = input.read(rest)?;
        if count == 0 {
            break;
        }
        held = held.saturating_add(count);
    }
    start.truncate(held);
    let (head, body) = match (field, head_end(&start)) {
        (Some(field), _) => (Some(field.to_owned()), 0),
        (None, Some(end)) => {
            let head = start.get(..end).unwrap_or_default();
            (Some(content_type_of(head)?), end.saturating_add(4))
        }
        (None, None) if held < LONGEST_HEAD => return Ok(Received::from(Bytes::from(start))),
        (None, None) => (None, 0),
    };
    let body = start.get(body..).unwrap_or_default();
    let whole = |input: &mut dyn Read| -> Result<Bytes, NoMessage> {
        let most = u64::from(limits.bytes).saturating_add(1);
        let mut bytes = Vec::new();
        Read::chain(body, input).take(most).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    };
    let Some(head) = head else {
        return Ok(Received::from(whole(input)?));
    };
    let carried = Carried::parse(&head)?;
    let action = carried.action().map(str::to_owned);
    let version = Some(carried.version());
    let Carried::Package(related) = carried else {
        return Ok(Received {
            action,
            version,
            ..Received::from(whole(input)?)
        });
    };
    let mut package = Package::new(related, limits, Arc::new(TemporaryFiles::default()));
    package.push(body)?;
    let mut piece = vec![0; PIECE];
    loop {
        let count = input.read(&mut piece)?;
        if count == 0 {
            break;
        }
        package.push(piece.get(..count).unwrap_or_default())?;
    }
    let packaged = package.finish()?;
    Ok(Received {
        action,
        version,
        attachments: packaged.attachments,
        ..Received::from(packaged.envelope)
    })
}

/// Whether `bytes` begin with a header, and are not a message of XML alone.
pub(super) fn has_head(bytes: &[u8]) -> bool {
    head_end(bytes.get(..LONGEST_HEAD).unwrap_or(bytes)).is_some()
}

/// Where the header of an input ends that begins with one. No XML begins like that.
fn head_end(start: &[u8]) -> Option<usize> {
    let begins = |name: &[u8]| {
        let found = start.get(..name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    if begins(b"content-type:") || begins(b"mime-version:") {
        memchr::memmem::find(start, b"\r\n\r\n")
    } else {
        None
    }
}
