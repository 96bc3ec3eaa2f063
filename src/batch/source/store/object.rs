use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::{GetOptions, ObjectMeta, ObjectStore};

use super::Bucket;
use super::transport::in_words;
use crate::algorithm::DigestAlgorithm;
use crate::batch::source::{Stamp, broken};
use crate::crypto;

/// An object that is fetched piece by piece when it is read, and not before.
pub(super) struct Object {
    bucket: Arc<Bucket>,
    meta: ObjectMeta,
    stream: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    /// What has come and was not read.
    piece: Bytes,
    /// So many bytes have not come.
    left: u64,
}

impl Object {
    pub(super) fn new(bucket: Arc<Bucket>, meta: ObjectMeta) -> Self {
        Self {
            bucket,
            left: meta.size,
            meta,
            stream: None,
            piece: Bytes::new(),
        }
    }

    /// The next piece, empty at the end. Another object in the place of the one that was listed is an error.
    fn next(&mut self) -> io::Result<Bytes> {
        let runtime = &self.bucket.runtime;
        let stream = match &mut self.stream {
            Some(stream) => stream,
            unopened => {
                let options = GetOptions::new().with_if_match(self.meta.e_tag.clone());
                let found = runtime.block_on(self.bucket.store.get_opts(&self.meta.location, options));
                let found = found.map_err(in_words)?;
                if !is_same(&self.meta, &found.meta) {
                    return Err(broken(ANOTHER));
                }
                unopened.insert(found.into_stream())
            }
        };
        while let Some(piece) = runtime.block_on(stream.next()) {
            let piece = piece.map_err(in_words)?;
            let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            let left = self.left.checked_sub(length);
            self.left = left.ok_or_else(|| broken("the object is longer than the store says"))?;
            if !piece.is_empty() {
                return Ok(piece);
            }
        }
        if self.left > 0 {
            return Err(broken("the object is shorter than the store says"));
        }
        Ok(Bytes::new())
    }
}

/// What is said of an object that is not the one that was listed.
pub(super) const ANOTHER: &str = "the object has been written anew since it was listed";

/// Whether what was found is what was listed: some stores do not care for the condition that they are asked with.
fn is_same(listed: &ObjectMeta, found: &ObjectMeta) -> bool {
    let is_tagged_so = match (&listed.e_tag, &found.e_tag) {
        (Some(listed), Some(found)) => listed.trim_matches('"') == found.trim_matches('"'),
        (Some(_), None) => false,
        (None, _) => listed.last_modified.timestamp() == found.last_modified.timestamp(),
    };
    is_tagged_so && listed.size == found.size
}

impl Read for Object {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.piece.is_empty() {
            self.piece = self.next()?;
        }
        let count = self.piece.len().min(buffer.len());
        if let Some(room) = buffer.get_mut(..count) {
            self.piece.copy_to_slice(room);
        }
        Ok(count)
    }
}

/// The state of an object: its length, and its entity tag or else when it was written.
pub(super) fn stamp(meta: &ObjectMeta) -> Stamp {
    let written = meta.last_modified.to_rfc3339();
    let state = meta.e_tag.as_ref().unwrap_or(&written);
    let digest = crypto::digest(DigestAlgorithm::Sha256, state.as_bytes());
    let start = digest
        .ok()
        .and_then(|digest| digest.as_bytes().first_chunk().copied());
    Stamp {
        length: meta.size,
        changed: i64::from_be_bytes(start.unwrap_or_default()),
    }
}
