use std::time::Duration;
use std::time::Instant;

use bytes::Bytes;
use bytes::BytesMut;

use super::chunks::Taken;
use super::chunks::content;
use super::connection::Connection;
use super::connection::later;
use super::error::Error;
use super::head::End;
use super::head::Fields;
use super::head::Head;
use super::pool::Pool;

/// An answer whose head has come. It is one once [`Answer::piece`] has said that there is no more of it.
pub(crate) struct Answer {
    /// Its status: 200 to 599.
    pub(crate) status: u16,
    /// The fields of its head.
    pub(crate) fields: Fields,
    end: End,
    /// None once it has come to its end, or cannot any more.
    connection: Option<Connection>,
    /// Where the connection is kept when the answer has come to its end, and for which server.
    keep: Option<(Pool, String)>,
    idle: Duration,
    due: Instant,
}

impl Answer {
    /// The answer that begins with `head`; each piece of it comes within `idle` after the one before, and all by `due`.
    pub(super) fn new(
        head: Head,
        connection: Connection,
        keep: Option<(Pool, String)>,
        idle: Duration,
        due: Instant,
    ) -> Self {
        let keep = keep.filter(|_| head.persists);
        Self {
            status: head.status,
            fields: head.fields,
            end: head.end,
            connection: Some(connection),
            keep,
            idle,
            due,
        }
    }

    /// The next octets of the body; none at the end that the answer said it has.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        // Whoever breaks off, by an error or by going away, leaves no connection behind.
        let Some(mut connection) = self.connection.take() else {
            return Err(Error::broken("all of it was read, or cannot be"));
        };
        let due = later(Instant::now(), self.idle).min(self.due);
        loop {
            let taken = match &mut self.end {
                End::Unknown(reason) => return Err(Error::broken(*reason)),
                End::Length(0) => Taken::End,
                End::Length(left) => {
                    let piece = content(left, &mut connection.buffer);
                    piece.map_or(Taken::Nothing, Taken::Piece)
                }
                End::Chunked(chunks) => chunks.take(&mut connection.buffer)?,
            };
            match taken {
                Taken::Piece(piece) => {
                    self.connection = Some(connection);
                    return Ok(Some(piece));
                }
                Taken::Nothing => connection.read(due).await?,
                Taken::End => {
                    if let Some((pool, server)) = self.keep.take()
                        && connection.buffer.is_empty()
                    {
                        connection.buffer = BytesMut::new();
                        pool.put(&server, connection);
                    }
                    return Ok(None);
                }
            }
        }
    }

    /// The whole body, of at most so many octets.
    pub(crate) async fn whole(&mut self, most: usize) -> Result<Bytes, Error> {
        if matches!(self.end, End::Length(length) if usize::try_from(length).map_or(true, |length| length > most))
        {
            self.connection = None;
            return Err(Error::TooLarge(most));
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if whole.len().saturating_add(piece.len()) > most {
                self.connection = None;
                return Err(Error::TooLarge(most));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}
