//! Records in a file: length, CRC-32 (four octets each, the greater first), content.

use flate2::Crc;

/// What stands before a record whose content is `pieces`, one after the other. `None` if it is too long to be one.
pub(crate) fn head(pieces: &[&[u8]]) -> Option<[u8; 8]> {
    let mut crc = Crc::new();
    let mut length = 0_usize;
    for piece in pieces {
        crc.update(piece);
        length = length.checked_add(piece.len())?;
    }
    let [a, b, c, d] = u32::try_from(length).ok()?.to_be_bytes();
    let [e, f, g, h] = crc.sum().to_be_bytes();
    Some([a, b, c, d, e, f, g, h])
}

/// Why there is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRecord {
    /// It ends early.
    Torn,
    /// Its length is none that we write.
    Length,
    /// Its octets are not those that were written.
    Crc,
}

/// The content of a record, and what follows it. `None` at the end.
pub(crate) type Split<'o> = Option<(&'o [u8], &'o [u8])>;

/// The first record in `octets`, whose content is not longer than `longest`.
pub(crate) fn first(octets: &[u8], longest: usize) -> Result<Split<'_>, NoRecord> {
    if octets.is_empty() {
        return Ok(None);
    }
    let (length, rest) = octets.split_first_chunk().ok_or(NoRecord::Torn)?;
    let (sum, rest) = rest.split_first_chunk().ok_or(NoRecord::Torn)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| NoRecord::Length)?;
    if length == 0 || length > longest {
        return Err(NoRecord::Length);
    }
    let (content, rest) = rest.split_at_checked(length).ok_or(NoRecord::Torn)?;
    if head(&[content]).is_none_or(|[_, _, _, _, crc @ ..]| crc != *sum) {
        return Err(NoRecord::Crc);
    }
    Ok(Some((content, rest)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use super::*;

    fn of(octets: &[u8]) -> Result<Option<Vec<u8>>, NoRecord> {
        first(octets, 100).map(|split| split.map(|(content, _)| content.to_vec()))
    }

    #[test]
    fn a_record_is_read_back_and_nothing_of_it_may_be_missing_or_changed() {
        let mut octets = head(&[b"ab", b"", b"c"]).unwrap().to_vec();
        octets.extend(b"abc");
        assert_eq!(of(&octets), Ok(Some(b"abc".to_vec())));
        assert_eq!(of(b""), Ok(None));
        for length in 1..octets.len() {
            assert_eq!(of(&octets[..length]), Err(NoRecord::Torn), "{length}");
        }
        for place in 4..octets.len() {
            let mut changed = octets.clone();
            changed[place] ^= 1;
            assert_eq!(of(&changed), Err(NoRecord::Crc), "{place}");
        }
        assert_eq!(of(&[0; 20]), Err(NoRecord::Length));
    }
}
