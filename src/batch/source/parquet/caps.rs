//! What a Parquet file says of its columns, before its reader believes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::super::broken;
use super::thrift;

/// The most bytes of the footer.
const MAX_FOOTER: u64 = 16 << 20;
/// The most groups of columns: as deep the reader recurses.
const MAX_GROUPS: u32 = 256;

/// Refuses a footer that the reader is not to see.
pub(super) fn check_footer(file: &File, length: u64) -> io::Result<()> {
    let no_parquet = || broken("no Parquet file: it has no footer");
    let end = length.checked_sub(8).ok_or_else(no_parquet)?;
    let mut last = [0; 8];
    file.read_exact_at(&mut last, end)?;
    let [a, b, c, d, magic @ ..] = last;
    match &magic {
        b"PAR1" => {}
        b"PARE" => return Err(broken("the Parquet file is encrypted")),
        _ => return Err(no_parquet()),
    }
    let size = u64::from(u32::from_le_bytes([a, b, c, d]));
    if size > MAX_FOOTER {
        return Err(broken("the footer of the Parquet file is too long"));
    }
    let start = end
        .checked_sub(size)
        .ok_or_else(|| broken("the Parquet file is cut off"))?;
    let footer = read(file, start, size)?;
    let mut groups = 0_u32;
    let checked = thrift::numbers(&footer, &mut |path, value| {
        // FileMetaData.schema, SchemaElement.num_children
        if *path == [2, 5] {
            groups = groups.saturating_add(1);
            if groups > MAX_GROUPS || !(0..1 << 16).contains(&value) {
                return Err(broken("the Parquet file has too many columns"));
            }
        }
        Ok(())
    });
    checked.map(drop).map_err(whole)
}

/// A header that does not end where it has to is a damaged one.
pub(super) fn whole(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        broken("a header of the Parquet file has no end")
    } else {
        error
    }
}

/// `count` bytes at `place`.
pub(super) fn read(file: &File, place: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, place)?;
    Ok(bytes)
}
