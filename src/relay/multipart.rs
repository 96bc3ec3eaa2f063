use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use crate::crypto::Unavailable;
use crate::crypto::random_bytes;
use crate::inbound::VerifiedAttachment;
use crate::soap::Version;

/// A verified message with its attachments, as the backend gets it: SOAP with Attachments in `multipart/related`, with a boundary
/// that nobody could have put into a part.
#[derive(Debug)]
pub(super) struct Multipart {
    content_type: String,
    pieces: VecDeque<Piece>,
    length: u64,
}

#[derive(Debug)]
enum Piece {
    Octets(Bytes),
    /// The content of an attachment, from an offset on.
    Content(VerifiedAttachment, u64),
}

/// The lines of a signed header that the backend gets. What others say is of no use to it, or would have it look elsewhere.
const PASSED_ON: [&str; 3] = ["Content-Disposition:", "Content-ID:", "Content-Type:"];
/// As much of an attachment is in memory at a time.
const PIECE: usize = 64 * 1024;

impl Multipart {
    /// `envelope`, of the media type `root`, and `attachments`.
    ///
    /// # Errors
    /// There are no random numbers.
    pub(super) fn new(
        version: Version,
        action: Option<&str>,
        root: &str,
        envelope: Bytes,
        attachments: &[VerifiedAttachment],
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
        for attachment in attachments {
            multipart.write(format!("\r\n--{boundary}\r\n{}\r\n", header(attachment)).into());
            multipart.length = multipart.length.saturating_add(attachment.length());
            multipart.pieces.push_back(Piece::Content(attachment.clone(), 0));
        }
        multipart.write(format!("\r\n--{boundary}--\r\n").into());
        Ok(multipart)
    }

    fn write(&mut self, octets: Bytes) {
        let more = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(more);
        self.pieces.push_back(Piece::Octets(octets));
    }

    pub(super) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// Octets of all of it.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Its octets, piece by piece.
    pub(super) fn into_stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        try_unfold(self.pieces, |mut pieces| async move {
            loop {
                match pieces.pop_front() {
                    None => return Ok(None),
                    Some(Piece::Octets(octets)) => return Ok(Some((octets, pieces))),
                    Some(Piece::Content(attachment, offset)) if offset >= attachment.length() => {}
                    Some(Piece::Content(attachment, offset)) => {
                        let octets = read(attachment.clone(), offset).await?;
                        let read = u64::try_from(octets.len()).unwrap_or(u64::MAX);
                        pieces.push_front(Piece::Content(attachment, offset.saturating_add(read)));
                        return Ok(Some((octets, pieces)));
                    }
                }
            }
        })
    }
}

/// The header of a part: what was signed of it, or what says nothing.
fn header(attachment: &VerifiedAttachment) -> String {
    let signed = attachment.header().iter();
    let mut lines: Vec<&str> = signed
        .map(String::as_str)
        .filter(|line| PASSED_ON.iter().any(|name| line.starts_with(name)))
        .collect();
    let id = format!("Content-ID:<{}>", attachment.id());
    if lines.is_empty() {
        lines.extend([id.as_str(), "Content-Type:application/octet-stream"]);
    }
    lines.push("Content-Transfer-Encoding:binary");
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

/// Octets of an attachment from `offset` on. They may come from a disk, so another thread waits for them.
async fn read(attachment: VerifiedAttachment, offset: u64) -> io::Result<Bytes> {
    let read = tokio::task::spawn_blocking(move || {
        let mut piece = vec![0; PIECE];
        let count = attachment.read_at(offset, &mut piece)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(count);
        Ok(piece.into())
    });
    read.await.map_err(io::Error::other)?
}
