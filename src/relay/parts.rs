use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::error::Error;
use crate::algorithm::DigestAlgorithm;
use crate::http_client;
use crate::soap::attachment::Package;
use crate::soap::attachment::Packaged;
use crate::soap::attachment::Related;
use crate::soap::attachment::Spool;
use crate::xml::Limits;

/// What an answer of several parts may have, and where its attachments wait until they have been sent on.
#[derive(Clone, Debug)]
pub struct AnswerParts {
    /// The most attachments.
    pub attachments: u16,
    /// The greatest of them, in bytes.
    pub attachment_bytes: u32,
    /// Where they wait.
    pub spool: Arc<dyn Spool>,
    /// What they are digested by as they come.
    pub digest: DigestAlgorithm,
}

/// Bytes for the header of a part, and for the boundary before it.
const HEADER: u64 = 16 * 1024;
/// As much is gathered before another thread takes it apart: less is not worth the way there.
const PIECE: usize = 256 * 1024;

/// Reads an answer of several parts, the first of them of at most `envelope` bytes.
pub(super) async fn read(
    answer: &mut http_client::Answer,
    related: Related,
    taken: &AnswerParts,
    envelope: usize,
) -> Result<Packaged, Error> {
    let limits = Limits {
        bytes: u32::try_from(envelope).unwrap_or(u32::MAX),
        attachments: taken.attachments,
        attachment_bytes: taken.attachment_bytes,
        ..Limits::archive()
    };
    let part = u64::from(limits.attachment_bytes).saturating_add(HEADER);
    let parts = part.saturating_mul(u64::from(limits.attachments));
    let mut left = u64::from(limits.bytes)
        .saturating_add(HEADER)
        .saturating_add(parts);
    let mut package = Package::new(related, &limits, Arc::clone(&taken.spool)).to_sign(taken.digest);
    let mut gathered = Vec::new();
    while let Some(octets) = answer.piece().await? {
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or(Error::TooLarge(envelope))?;
        gathered.extend_from_slice(&octets);
        if gathered.len() >= PIECE {
            package = pushed(package, std::mem::take(&mut gathered)).await?;
        }
    }
    let package = pushed(package, gathered).await?;
    let finished = spawn_blocking(move || package.finish()).await;
    finished.map_err(|_| Error::Interrupted)?.map_err(Error::Parts)
}

/// `package` with further octets. Files are written, so this is done on a thread that may wait.
async fn pushed(mut package: Package, octets: Vec<u8>) -> Result<Package, Error> {
    let done = spawn_blocking(move || package.push(&octets).map(|()| package)).await;
    done.map_err(|_| Error::Interrupted)?.map_err(Error::Parts)
}
