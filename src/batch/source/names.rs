use std::borrow::Cow;

use crate::algorithm::DigestAlgorithm;
use crate::crypto;

/// Names that a container has given, so far as a filter of fixed size knows them: of a name that is new it may say that it was there, of one
/// that was there never that it is new.
#[derive(Default)]
pub(in crate::batch) struct Names {
    /// Bits, once there is a name.
    seen: Vec<u64>,
}

/// A power of two: 16 MiB, in which one of 200 names is mistaken after ten million.
const BITS: u32 = 1 << 27;

impl Names {
    /// `name`, and the place of its message behind it where another may be called so. It is also there where the name ends as if it were,
    /// so that no two results are the same.
    pub(super) fn told_apart<'n>(&mut self, name: &'n str, place: u64) -> Cow<'n, str> {
        let ends_in_a_place = name
            .rsplit_once('#')
            .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit()));
        if self.was_seen(name) || ends_in_a_place {
            Cow::Owned(format!("{name}#{place}"))
        } else {
            Cow::Borrowed(name)
        }
    }

    /// Whether the name may have been asked for before.
    pub(in crate::batch) fn was_seen(&mut self, name: &str) -> bool {
        if self.seen.is_empty() {
            self.seen = vec![0; usize::try_from(BITS / 64).unwrap_or(usize::MAX)];
        }
        // Without a digest every name may be known.
        let Ok(digest) = crypto::digest(DigestAlgorithm::Sha256, name.as_bytes()) else {
            return true;
        };
        let mut was_seen = true;
        for part in digest.as_bytes().chunks_exact(4).take(4) {
            let place = part
                .iter()
                .fold(0_u32, |place, byte| place << 8 | u32::from(*byte))
                & (BITS - 1);
            let bit = 1_u64 << (place % 64);
            if let Some(word) = usize::try_from(place / 64)
                .ok()
                .and_then(|word| self.seen.get_mut(word))
            {
                was_seen &= *word & bit != 0;
                *word |= bit;
            }
        }
        was_seen
    }
}
