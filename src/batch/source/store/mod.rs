//! Objects of a store that speaks S3, as files of a folder: in the order of their names, each as it was when it was listed.

mod object;
mod transport;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::runtime::{Builder, Runtime};

use super::{Ended, Reading, Sink, broken, file};
use object::Object;
use transport::in_words;

/// A bucket, and what drives the connections to it.
struct Bucket {
    name: String,
    store: AmazonS3,
    runtime: Runtime,
}

/// Hands on the object that `url` names, or else every object below it.
pub(super) fn each(url: &str, reading: &Reading, sink: &mut dyn Sink) -> Result<(), Ended> {
    let (name, key) = url
        .strip_prefix("s3://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| broken("not of the form s3://bucket/prefix"))?;
    let place = Path::parse(key.trim_end_matches('/')).map_err(|error| in_words(error.into()))?;
    let bucket = Arc::new(Bucket::open(name)?);
    if !key.is_empty() && !key.ends_with('/') {
        match bucket.runtime.block_on(bucket.store.head(&place)) {
            Ok(meta) => return object(&bucket, meta, reading, sink),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(in_words(error).into()),
        }
    }
    let mut listed = bucket.store.list(Some(&place));
    let mut last: Option<Path> = None;
    while let Some(meta) = bucket.runtime.block_on(listed.next()) {
        let meta = meta.map_err(in_words)?;
        // A page that comes again and again would have no end, and in another order the next run would have another result.
        if last.as_ref().is_some_and(|last| *last >= meta.location) {
            return Err(
                broken("the store lists its objects twice, or not in the order of their names").into(),
            );
        }
        last = Some(meta.location.clone());
        if meta.size > 0 || bucket.has(&meta.location)? {
            object(&bucket, meta, reading, sink)?;
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
    reading: &Reading,
    sink: &mut dyn Sink,
) -> Result<(), Ended> {
    let path = PathBuf::from(format!("s3://{}/{}", bucket.name, meta.location));
    let stamp = object::stamp(&meta);
    file::remote(&path, stamp, Object::new(Arc::clone(bucket), meta), reading, sink)
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

    /// Whether there is an object of that name: a folder that is made by hand is listed as an empty one whose name ends with a slash.
    fn has(&self, name: &Path) -> io::Result<bool> {
        match self.runtime.block_on(self.store.head(name)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(in_words(error)),
        }
    }
}
