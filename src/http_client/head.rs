//! The head of an answer, as RFC 9112 §§4–6 write it and without what they let a lenient reader take as well.

use bytes::Bytes;
use bytes::BytesMut;
use memchr::memchr_iter;

use super::chunks::Chunks;
use super::error::Error;

/// The longest head in bytes, and the longest trailer.
pub(super) const MOST: usize = 64 * 1024;

/// How every head begins that we read.
const BEGINNING: &[u8] = b"HTTP/1.";

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) fields: Fields,
    /// Whether the connection can be used for another request, as far as the server says.
    pub(super) persists: bool,
    pub(super) end: End,
}

/// Where the body of an answer ends.
#[derive(Debug)]
pub(super) enum End {
    /// After so many octets.
    Length(u64),
    /// After the last chunk.
    Chunked(Chunks),
    /// Nobody knows, and this is why.
    Unknown(&'static str),
}

/// The fields of a head.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(Bytes, Bytes)>);

impl Fields {
    /// The values of a field, in order; `name` in any case.
    pub(crate) fn all<'f>(&'f self, name: &'static str) -> impl Iterator<Item = &'f [u8]> {
        let fields = self.0.iter();
        fields
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| &**value)
    }

    /// The first value of a field, if it is text.
    pub(crate) fn text(&self, name: &'static str) -> Option<&str> {
        std::str::from_utf8(self.all(name).next()?).ok()
    }

    /// Whether the body is coded in any way (RFC 9110 §8.4).
    pub(crate) fn is_coded(&self) -> bool {
        self.all("content-encoding")
            .any(|coding| !coding.eq_ignore_ascii_case(b"identity"))
    }
}

#[cfg(test)]
impl FromIterator<(&'static str, &'static str)> for Fields {
    fn from_iter<F: IntoIterator<Item = (&'static str, &'static str)>>(fields: F) -> Self {
        let fields = fields.into_iter();
        Self(fields.map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Takes the head at the beginning of `buffer` off; `None` if it has not come to its end.
pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Head>, Error> {
    let begun = buffer.len().min(BEGINNING.len());
    if buffer.get(..begun) != BEGINNING.get(..begun) {
        return Err(Error::broken("it is no HTTP/1.1"));
    }
    let mut line = 0_usize;
    for at in memchr_iter(b'\n', buffer) {
        let text = buffer.get(line..at).unwrap_or_default();
        let text = text.strip_suffix(b"\r").ok_or_else(no_crlf)?;
        if text.is_empty() {
            let octets = buffer.split_to(at.saturating_add(1)).freeze();
            return read(&octets).map(Some);
        }
        line = at.saturating_add(1);
    }
    if buffer.len() >= MOST {
        return Err(Error::broken("its head is too long"));
    }
    Ok(None)
}

/// Reads a head of lines that end in CRLF, the last of them empty.
fn read(octets: &Bytes) -> Result<Head, Error> {
    let lines = octets.split(|octet| *octet == b'\n');
    let mut lines = lines.map_while(|line| line.strip_suffix(b"\r"));
    let (is_1_1, status) = lines
        .next()
        .and_then(status)
        .ok_or_else(|| Error::broken("its first line is none of HTTP/1.1"))?;
    let mut fields = Fields::default();
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = field(line)?;
        fields.0.push((octets.slice_ref(name), octets.slice_ref(value)));
    }
    let closes = fields.all("connection").any(|value| {
        let mut options = value.split(|octet| *octet == b',');
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    });
    Ok(Head {
        status,
        persists: is_1_1 && !closes,
        end: end(is_1_1, status, &fields),
        fields,
    })
}

/// Whether a status line is of HTTP/1.1 and not of HTTP/1.0, and its status.
fn status(line: &[u8]) -> Option<(bool, u16)> {
    let rest = line.strip_prefix(BEGINNING)?;
    let (is_1_1, rest) = match rest.split_at_checked(2)? {
        (b"1 ", rest) => (true, rest),
        (b"0 ", rest) => (false, rest),
        _ => return None,
    };
    let (status, reason) = rest.split_at_checked(3)?;
    let is_reason = reason.is_empty() || (reason.starts_with(b" ") && is_text(reason));
    let status = decimal(status).filter(|status| (100..600).contains(status) && is_reason)?;
    Some((is_1_1, u16::try_from(status).ok()?))
}

/// The name and the value of a line, which is no continuation of another (RFC 9112 §§5.1, 5.2).
pub(super) fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let colon = line.iter().position(|octet| *octet == b':');
    let parts = colon.and_then(|colon| line.split_at_checked(colon));
    let (name, value) = parts.ok_or_else(|| Error::broken("a line of its head is no field"))?;
    let value = value.strip_prefix(b":").unwrap_or(value);
    if !is_name(name) || !is_text(value) {
        return Err(Error::broken("a line of its head is no field"));
    }
    Ok((name, value.trim_ascii()))
}

/// Where the body ends (RFC 9112 §6.3), of what is said once and cannot be read in another way. The end of the connection is no end, as it is also that of
/// what was cut off.
fn end(is_1_1: bool, status: u16, fields: &Fields) -> End {
    let mut lengths = fields.all("content-length");
    let mut codings = fields.all("transfer-encoding");
    let (length, coding) = (lengths.next(), codings.next());
    if lengths.next().is_some() || codings.next().is_some() {
        return End::Unknown("it says more than once where it ends");
    }
    let has_none = matches!(status, 204 | 304);
    match (length, coding) {
        (None, None) if has_none => End::Length(0),
        (None, None) => End::Unknown("it says neither its length nor that it is chunked"),
        (Some(_), Some(_)) => End::Unknown("it says both its length and that it is chunked"),
        (Some(length), None) => match decimal(length) {
            None => End::Unknown("its length is no number"),
            Some(0) => End::Length(0),
            Some(_) if status == 304 => End::Length(0),
            Some(_) if has_none => End::Unknown("it has a length, and nothing may come"),
            Some(length) => End::Length(length),
        },
        (None, Some(coding)) if is_1_1 && !has_none && coding.eq_ignore_ascii_case(b"chunked") => {
            End::Chunked(Chunks::default())
        }
        (None, Some(_)) => End::Unknown("its transfer coding is not chunked, or may not be"),
    }
}

/// A number of 1 to 19 digits, which is one of 64 bits.
fn decimal(digits: &[u8]) -> Option<u64> {
    let is_number = (1..=19).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}

/// Whether it can be the name of a field (RFC 9110 §5.6.2).
pub(super) fn is_name(octets: &[u8]) -> bool {
    let is_token = |octet: &u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(octet);
    !octets.is_empty() && octets.iter().all(is_token)
}

/// Whether there is no control in it but tabs (RFC 9110 §5.5).
pub(super) fn is_text(octets: &[u8]) -> bool {
    octets
        .iter()
        .all(|octet| *octet == b'\t' || !octet.is_ascii_control())
}

pub(super) fn no_crlf() -> Error {
    Error::broken("a line does not end in CRLF")
}
