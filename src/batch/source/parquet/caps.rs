//! What a Parquet file says of sizes, before its reader believes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use parquet::file::metadata::ColumnChunkMetaData;

use super::super::broken;
use super::thrift;

/// The most bytes of a page without its compression: they are in memory at once.
pub(super) const MAX_PAGE: i64 = 256 << 20;
/// The most bytes of the footer.
const MAX_FOOTER: u64 = 16 << 20;
/// The most values of a page.
const MAX_VALUES: i64 = 1 << 22;
/// The most groups of columns: as deep the reader recurses.
const MAX_GROUPS: u32 = 256;
/// The most bytes of a page's header, and how many are read where they suffice.
const MAX_HEADER: u64 = 1 << 20;
const HEADER: u64 = 4 << 10;

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

/// Refuses a column of a row group of `rows` rows that has a page over `most` bytes, or one that is not where it should be.
pub(super) fn check_pages(
    file: &File,
    length: u64,
    column: &ColumnChunkMetaData,
    rows: i64,
    most: i64,
) -> io::Result<()> {
    let damaged = || broken("a column of the Parquet file is not where its footer says");
    let number = |value: i64| u64::try_from(value).map_err(|_| damaged());
    let start = column
        .dictionary_page_offset()
        .unwrap_or_else(|| column.data_page_offset());
    let (mut place, size) = (number(start)?, number(column.compressed_size())?);
    let end = place.checked_add(size).ok_or_else(damaged)?;
    if end > length {
        return Err(damaged());
    }
    while place < end {
        let (header, page) = page(file, place, end.saturating_sub(place))?;
        if page.uncompressed > most || page.compressed > most {
            return Err(broken(&format!(
                "a page of the Parquet file has more than {most} bytes"
            )));
        }
        if page.values > MAX_VALUES || (page.is_data && page.values > rows) {
            return Err(broken("a page of the Parquet file has too many values"));
        }
        let after = place.checked_add(header).ok_or_else(damaged)?;
        place = after
            .checked_add(number(page.compressed)?)
            .filter(|place| *place <= end)
            .ok_or_else(damaged)?;
        number(page.uncompressed)?;
        number(page.values)?;
    }
    Ok(())
}

/// What the header of a page says.
#[derive(Default)]
struct Page {
    uncompressed: i64,
    compressed: i64,
    values: i64,
    is_data: bool,
}

/// The header at `place`, where `left` bytes are left, and how long it is.
fn page(file: &File, place: u64, left: u64) -> io::Result<(u64, Page)> {
    let read_of = |most: u64| -> io::Result<(u64, Page)> {
        let bytes = read(file, place, most.min(left))?;
        let mut page = Page::default();
        let length = thrift::numbers(&bytes, &mut |path, value| {
            match path {
                [2] => page.uncompressed = value,
                [3] => page.compressed = value,
                // DataPageHeader, DictionaryPageHeader, DataPageHeaderV2: num_values
                [5 | 8, 1] => (page.values, page.is_data) = (value, true),
                [7, 1] => page.values = value,
                _ => {}
            }
            Ok(())
        })?;
        Ok((u64::try_from(length).unwrap_or(u64::MAX), page))
    };
    match read_of(HEADER) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => read_of(MAX_HEADER).map_err(whole),
        read => read,
    }
}

/// A header that does not end where it has to is a damaged one.
fn whole(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        broken("a header of the Parquet file has no end")
    } else {
        error
    }
}

fn read(file: &File, place: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut bytes, place)?;
    Ok(bytes)
}
