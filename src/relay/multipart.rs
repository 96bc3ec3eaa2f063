use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use crate::crypto::Unavailable;
use crate::crypto::random_bytes;
use crate::inbound::VerifiedAttachment;
use crate::soap::Version;

/// Something that stands beside an envelope.
pub(crate) trait Part: Clone + Send + 'static {
    /// Its Content-ID, without brackets.
    fn id(&self) -> &str;

    /// Lines of its header, in canonical form.
    fn header(&self) -> &[String];

    /// Whether all of these lines are passed on, to whoever verifies what was signed.
    fn is_verified_again(&self) -> bool {
        false
    }

    /// Octets of its content.
    fn length(&self) -> u64;

    /// Copies octets of its content from `offset` on, and says how many; none at its end only.
    ///
    /// # Errors
    /// They cannot be read.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
}

/// An envelope with what stands beside it, as it is sent: SOAP with Attachments in `multipart/related`, with a boundary that nobody could
/// have put into a part.
#[derive(Debug)]
pub(crate) struct Multipart<P> {
    content_type: String,
    pieces: VecDeque<Piece<P>>,
    length: u64,
}

#[derive(Debug)]
enum Piece<P> {
    Octets(Bytes),
    /// The content of a part, from an offset on.
    Content(P, u64),
}

/// The lines of a header that are passed on. What others say is of no use, or would have the receiver look elsewhere.
const PASSED_ON: [&str; 3] = ["Content-Disposition:", "Content-ID:", "Content-Type:"];
/// As much of an attachment is in memory at a time.
const PIECE: usize = 64 * 1024;

impl<P: Part> Multipart<P> {
    /// `envelope`, of the media type `root`, and `parts`.
    ///
    /// # Errors
    /// There are no random numbers.
    pub(crate) fn new(
        version: Version,
        action: Option<&str>,
        root: &str,
        envelope: Bytes,
        parts: &[P],
    ) -> Result<Self, Unavailable> {
        let random = random_bytes(16)?;
        let name: String = random.iter().map(|octet| format!("{octet:02x}")).collect();
        let boundary = format!("sealgate-{name}");
        let kind = version.media_type();
        let action = action.map_or_else(String::new, |action| format!("; action=\"{action}\""));
        let mut multipart = Self {
            content_type: format!(
                "multipart/related; boundary=\"{boundary}\"; type=\"{kind}\"; start=\"<{name}@sealgate>\"{action}"
            ),
            pieces: VecDeque::new(),
            length: 0,
        };
        multipart.write(
            format!(
                "--{boundary}\r\nContent-Type: {root}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{name}@sealgate>\r\n\r\n"
            )
            .into(),
        );
        multipart.write(envelope);
        for part in parts {
            multipart.write(format!("\r\n--{boundary}\r\n{}\r\n", header(part)).into());
            multipart.length = multipart.length.saturating_add(part.length());
            multipart.pieces.push_back(Piece::Content(part.clone(), 0));
        }
        multipart.write(format!("\r\n--{boundary}--\r\n").into());
        Ok(multipart)
    }

    fn write(&mut self, octets: Bytes) {
        let more = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(more);
        self.pieces.push_back(Piece::Octets(octets));
    }

    pub(crate) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Octets of all of it.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Its octets, piece by piece.
    pub(crate) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        try_unfold(self.pieces, |mut pieces| async move {
            loop {
                match pieces.pop_front() {
                    None => return Ok(None),
                    Some(Piece::Octets(octets)) => return Ok(Some((octets, pieces))),
                    Some(Piece::Content(part, offset)) if offset >= part.length() => {}
                    Some(Piece::Content(part, offset)) => {
                        let octets = read(part.clone(), offset).await?;
                        let read = u64::try_from(octets.len()).unwrap_or(u64::MAX);
                        pieces.push_front(Piece::Content(part, offset.saturating_add(read)));
                        return Ok(Some((octets, pieces)));
                    }
                }
            }
        })
    }
}

impl Part for VerifiedAttachment {
    fn id(&self) -> &str {
        self.id()
    }

    fn header(&self) -> &[String] {
        self.header()
    }

    fn is_verified_again(&self) -> bool {
        self.is_verified_again()
    }

    fn length(&self) -> u64 {
        self.length()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.read_at(offset, into)
    }
}

/// The header of a part: what there is of it, or what says nothing.
fn header(part: &impl Part) -> String {
    let written = part.header().iter();
    let mut lines: Vec<&str> = written
        .map(String::as_str)
        .filter(|line| part.is_verified_again() || PASSED_ON.iter().any(|name| line.starts_with(name)))
        .collect();
    let id = format!("Content-ID:<{}>", part.id());
    if lines.is_empty() {
        lines.extend([id.as_str(), "Content-Type:application/octet-stream"]);
    }
    lines.push("Content-Transfer-Encoding:binary");
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

/// Octets of a part from `offset` on. They may come from a disk, so another thread waits for them.
async fn read(part: impl Part, offset: u64) -> io::Result<Bytes> {
    let read = tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; PIECE];
        let count = part.read_at(offset, &mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(count);
        Ok(piece.into())
    });
    read.await.map_err(io::Error::other)?
}
