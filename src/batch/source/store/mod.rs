//! Objects of a store that speaks S3, as files of a folder: in the order of their names, each as it was when it was listed.

mod object;
mod transport;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{GetRange, ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use super::{Ended, PassedOver, Reading, Sink, broken, file, magic};
use object::Object;
use transport::in_words;

/// A bucket, and what drives the connections to it.
struct Bucket {
    name: String,
    store: AmazonS3,
    runtime: Runtime,
}

/// So many objects are asked at a time what they begin with.
const AT_ONCE: usize = 16;

/// Hands on the object that `url` names, or else every object below it.
pub(super) fn each(url: &str, reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    let (name, key) = url
        .strip_prefix("s3://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| broken("not of the form s3://bucket/prefix"))?;
    let place = Path::parse(key.trim_end_matches('/')).map_err(|error| in_words(error.into()))?;
    let bucket = Arc::new(Bucket::open(name)?);
    let opens = sink.opens();
    if !key.is_empty() && !key.ends_with('/') {
        match bucket.runtime.block_on(bucket.store.head(&place)) {
            Ok(meta) => {
                let start = bucket.runtime.block_on(bucket.start(&meta, opens));
                return object(&bucket, meta, start, reading, sink);
            }
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(in_words(error).into()),
        }
    }
    let begun = |meta: object_store::Result<ObjectMeta>| {
        let bucket = Arc::clone(&bucket);
        async move {
            let meta = meta?;
            let start = bucket.start(&meta, opens).await;
            Ok((meta, start))
        }
    };
    let mut listed = bucket.store.list(Some(&place)).map(begun).buffered(AT_ONCE);
    let mut last: Option<Path> = None;
    while let Some(begun) = bucket.runtime.block_on(listed.next()) {
        let (meta, start) = begun.map_err(in_words)?;
        // A page that comes again and again would have no end, and in another order the next run would have another result.
        if last.as_ref().is_some_and(|last| *last >= meta.location) {
            return Err(
                broken("the store lists its objects twice, or not in the order of their names").into(),
            );
        }
        last = Some(meta.location.clone());
        if meta.size > 0 || bucket.has(&meta.location)? {
            object(&bucket, meta, start, reading, sink)?;
        } else {
            sink.passed_over(PassedOver::Folder);
        }
    }
    if last.is_none() {
        return Err(broken("there is no such object, and none below it").into());
    }
    Ok(())
}

fn object(
    bucket: &Arc<Bucket>,
    meta: ObjectMeta,
    start: io::Result<Bytes>,
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    let path = PathBuf::from(format!("s3://{}/{}", bucket.name, meta.location));
    let stamp = object::stamp(&meta);
    let start = match start {
        Ok(start) => start,
        Err(error) => return file::unreadable(&path, stamp, error, sink),
    };
    let content = Object::new(Arc::clone(bucket), meta, start.clone());
    file::remote(&path, stamp, &start, content, reading, sink)
}

impl Bucket {
    /// Region, endpoint and credentials are those of the environment (`AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, …).
    fn open(name: &str) -> io::Result<Self> {
        let store = AmazonS3Builder::from_env()
            .with_bucket_name(name)
            .with_http_connector(transport::Connector)
            .with_crypto_provider(Arc::new(transport::OurCrypto))
            .with_retry(transport::retries())
            .build()
            .map_err(|_| broken("the environment does not say how the store is asked: see AWS_ENDPOINT_URL and AWS_REGION"))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        Ok(Self {
            name: name.to_owned(),
            store,
            runtime,
        })
    }

    /// The first bytes of an object that is `opened`, where its name does not say what it is.
    async fn start(&self, meta: &ObjectMeta, opened: bool) -> io::Result<Bytes> {
        if !opened || meta.size == 0 || !file::says_nothing(meta.location.as_ref().as_ref()) {
            return Ok(Bytes::new());
        }
        let most = u64::try_from(magic::LONGEST).map_or(meta.size, |most| most.min(meta.size));
        let found = object::get(&self.store, meta, Some(GetRange::Bounded(0..most))).await?;
        let start = found.bytes().await.map_err(in_words)?;
        if u64::try_from(start.len()) == Ok(most) {
            Ok(start)
        } else {
            Err(broken(
                "the store does not give the part of an object that it is asked for",
            ))
        }
    }

    /// Whether there is an object of that name: a folder that is made by hand is listed as an empty one whose name ends with a slash.
    fn has(&self, name: &Path) -> io::Result<bool> {
        match self.runtime.block_on(self.store.head(name)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(in_words(error)),
        }
    }
}
