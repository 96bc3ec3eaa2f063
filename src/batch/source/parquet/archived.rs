//! Rows of a gateway's message archive: messages as they came, with the Content-Type that tells their parts apart.

use std::io;

use parquet::file::metadata::ParquetMetaData;

use crate::archive::{MARK, MARKED};

use super::super::carried::begins_as_xml;
use super::super::{Body, broken};
use super::Column;

/// The columns that are read of an archive beside the messages.
pub(super) const MEDIA_TYPE: &str = "media_type";
pub(super) const KEPT: &str = "kept";

/// The most bytes of a media type: a gateway takes no longer heads.
const MAX_FIELD: usize = 32 << 10;

/// Whether the file says that it is one of an archive, whose columns are those that we know.
pub(super) fn is_archive(metadata: &ParquetMetaData) -> io::Result<bool> {
    let entries = metadata.file_metadata().key_value_metadata();
    let mark = entries.and_then(|entries| entries.iter().find(|entry| entry.key == MARK));
    match mark.map(|mark| mark.value.as_deref()) {
        None => Ok(false),
        Some(Some(MARKED)) => Ok(true),
        Some(_) => Err(broken("the message archive was written by another version")),
    }
}

/// What an archive says of a row.
pub(super) struct Said {
    pub(super) media_type: String,
    pub(super) kept: String,
}

impl Said {
    /// What the next row of the columns of media types and of what is kept says.
    pub(super) fn next((media_type, kept): &mut (Column, Column)) -> io::Result<Self> {
        let of = |column: &mut Column| {
            let value = column.next()?.filter(|value| value.len() <= MAX_FIELD);
            let text = value.and_then(|value| String::from_utf8(value.data().to_vec()).ok());
            text.ok_or_else(|| broken("a row of the message archive is damaged"))
        };
        Ok(Self {
            media_type: of(media_type)?,
            kept: of(kept)?,
        })
    }

    /// Why there is nothing to be judged, if so.
    pub(super) fn missing(&self) -> Option<&'static str> {
        match self.kept.as_str() {
            "whole" => None,
            "envelope" => Some("its attachments were too long for the message archive"),
            _ => Some("it was too long for the message archive"),
        }
    }

    /// The message, of at most `limit` bytes, behind the header of its parts where it has several.
    pub(super) fn message(&self, value: &[u8], limit: u32) -> Body {
        if u32::try_from(value.len()).map_or(true, |length| length > limit) {
            return Body::TooLong;
        }
        let media_type = self.media_type.to_ascii_lowercase();
        let is_related = media_type.trim_start().starts_with("multipart/related");
        // What is called an envelope is never read as several parts, however it begins.
        Body::Bytes(if is_related || !begins_as_xml(value) {
            let head = format!("Content-Type: {}\r\n\r\n", self.media_type);
            [head.as_bytes(), value].concat().into()
        } else {
            value.to_vec().into()
        })
    }
}
