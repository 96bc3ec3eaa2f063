use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore};

use super::Bucket;
use super::transport::in_words;
use crate::algorithm::DigestAlgorithm;
use crate::batch::source::{Stamp, broken};
use crate::crypto;

/// An object that is fetched piece by piece when it is read, and not before, but for what is known of its start.
pub(super) struct Object {
    bucket: Arc<Bucket>,
    meta: ObjectMeta,
    /// So many bytes are.
    known: u64,
    stream: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    /// What has come and was not read.
    piece: Bytes,
    /// So many bytes have not come.
    left: u64,
}

impl Object {
    pub(super) fn new(bucket: Arc<Bucket>, meta: ObjectMeta, start: Bytes) -> Self {
        let known = u64::try_from(start.len()).unwrap_or(u64::MAX);
        Self {
            bucket,
            left: meta.size.saturating_sub(known),
            known,
            meta,
            stream: None,
            piece: start,
        }
    }

    /// The next piece, empty at the end.
    fn next(&mut self) -> io::Result<Bytes> {
        let is_known = self.known > 0;
        if is_known && self.left == 0 {
            return Ok(Bytes::new());
        }
        let runtime = &self.bucket.runtime;
        let stream = match &mut self.stream {
            Some(stream) => stream,
            unopened => {
                let range = is_known.then_some(GetRange::Offset(self.known));
                let found = runtime.block_on(get(&self.bucket.store, &self.meta, range))?;
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

/// The object that was listed, or a part of it. Another one in its place is an error.
pub(super) async fn get(
    store: &AmazonS3,
    listed: &ObjectMeta,
    range: Option<GetRange>,
) -> io::Result<GetResult> {
    let options = GetOptions::new()
        .with_if_match(listed.e_tag.clone())
        .with_range(range);
    let found = store.get_opts(&listed.location, options).await;
    let found = found.map_err(in_words)?;
    if !is_same(listed, &found.meta) {
        return Err(broken(ANOTHER));
    }
    Ok(found)
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
