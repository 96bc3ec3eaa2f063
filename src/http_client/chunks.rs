use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use memchr::memchr;

use super::error::Error;
use super::head::MOST;
use super::head::field;
use super::head::is_text;
use super::head::no_crlf;

/// The longest line with the size of a chunk; extensions, which say nothing that we know, stand there too.
const LINE: usize = 1024;

/// How far a chunked body is read (RFC 9112 §7.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Chunks {
    /// Before the size of a chunk.
    #[default]
    Size,
    /// Before so many octets of a chunk.
    Data(u64),
    /// Before the CRLF after a chunk.
    DataEnd,
    /// In the trailer, so many octets of which are read.
    Trailer(usize),
    /// At the end.
    End,
}

/// What can be taken of a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Octets of its content.
    Piece(Bytes),
    /// Nothing until more has come.
    Nothing,
    /// Nothing any more.
    End,
}

impl Chunks {
    /// Takes what can be taken of `buffer`.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Result<Taken, Error> {
        loop {
            match self {
                Self::End => return Ok(Taken::End),
                Self::Data(left) => {
                    let piece = content(left, buffer);
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    match piece {
                        Some(piece) => return Ok(Taken::Piece(piece)),
                        None => return Ok(Taken::Nothing),
                    }
                }
                Self::DataEnd => {
                    let come = buffer.len().min(2);
                    if buffer.get(..come) != b"\r\n".get(..come) {
                        return Err(Error::broken("a chunk does not end where it said"));
                    }
                    if come < 2 {
                        return Ok(Taken::Nothing);
                    }
                    buffer.advance(come);
                    *self = Self::Size;
                }
                Self::Size => {
                    let Some(line) = line(buffer, LINE)? else {
                        return Ok(Taken::Nothing);
                    };
                    let size = size(&line).ok_or_else(|| Error::broken("a chunk says no size"))?;
                    *self = if size == 0 {
                        Self::Trailer(0)
                    } else {
                        Self::Data(size)
                    };
                }
                Self::Trailer(read) => {
                    let left = MOST.saturating_sub(*read);
                    let Some(line) = line(buffer, left)? else {
                        return Ok(Taken::Nothing);
                    };
                    if line.is_empty() {
                        *self = Self::End;
                    } else {
                        field(&line)?;
                        *read = read.saturating_add(line.len()).saturating_add(2);
                    }
                }
            }
        }
    }
}

/// Takes octets of content from `buffer`, of which so many are `left`.
pub(super) fn content(left: &mut u64, buffer: &mut BytesMut) -> Option<Bytes> {
    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
    *left = left.saturating_sub(u64::try_from(most).unwrap_or(u64::MAX));
    (most > 0).then(|| buffer.split_to(most).freeze())
}

/// Takes a line, without the CRLF that it ends in, of fewer than `most` octets.
fn line(buffer: &mut BytesMut, most: usize) -> Result<Option<BytesMut>, Error> {
    let Some(at) = memchr(b'\n', buffer).filter(|at| *at < most) else {
        let too_long = buffer.len() >= most;
        return if too_long {
            Err(Error::broken("a line between chunks is too long"))
        } else {
            Ok(None)
        };
    };
    let mut line = buffer.split_to(at.saturating_add(1));
    let length = line.strip_suffix(b"\r\n").ok_or_else(no_crlf)?.len();
    line.truncate(length);
    Ok(Some(line))
}

/// The size of a chunk: 1 to 16 hexadecimal digits, which is a number of 64 bits. An extension may follow.
fn size(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
    let (digits, extension) = line.split_at_checked(digits)?;
    let is_extension = extension.is_empty() || extension.trim_ascii_start().starts_with(b";");
    if !is_extension || !is_text(extension) || digits.len() > 16 {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;

    /// The content of `body`, which comes in pieces of so many octets, and what is left after its end.
    fn read(body: &[u8], pieces: usize) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let (mut chunks, mut buffer) = (Chunks::default(), BytesMut::new());
        let (mut content, mut coming) = (Vec::new(), body.chunks(pieces));
        loop {
            match chunks.take(&mut buffer)? {
                Taken::Piece(piece) => content.extend_from_slice(&piece),
                Taken::End => {
                    let left = coming.flatten().copied();
                    return Ok((content, buffer.iter().copied().chain(left).collect()));
                }
                Taken::Nothing => match coming.next() {
                    Some(more) => buffer.extend_from_slice(more),
                    None => return Err(Error::broken("cut")),
                },
            }
        }
    }

    #[test]
    fn a_body_is_the_same_however_it_comes() {
        let body = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
        for pieces in 1..=body.len() {
            let (content, left) = read(body, pieces).unwrap();
            assert_eq!(
                (content.as_slice(), left.as_slice()),
                (b"abc0123456789".as_slice(), b"rest".as_slice())
            );
        }
        for cut in 0..body.len() - 4 {
            assert!(read(&body[..cut], 7).is_err(), "{cut}");
        }
    }
}
