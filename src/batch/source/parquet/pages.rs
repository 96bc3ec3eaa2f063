//! The pages of a column, one at a time. What a page would take in memory is known before anything of it is read, and of what is
//! decompressed no more is taken than its header says.

use std::fs::File;
use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;

use super::super::broken;
use super::super::compressed::Frames;
use super::{caps, thrift};

/// The most values of a page.
const MAX_VALUES: u64 = 1 << 22;
/// What a value of a dictionary takes beside its bytes.
const VALUE: u64 = 32;
/// The most bytes of a page's header, and how many are read where they suffice.
const MAX_HEADER: u64 = 1 << 20;
const HEADER: u64 = 4 << 10;

/// Reads the pages of a column of a row group.
pub(super) struct Pages {
    file: File,
    place: u64,
    end: u64,
    codec: Codec,
    rows: u64,
    /// The most bytes that the pages may take in memory.
    most: u64,
    /// What the dictionary takes, and the page that was read last.
    dictionary: u64,
    last: u64,
    next: Option<Header>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Codec {
    None,
    Snappy,
    Gzip,
    Zstandard,
}

impl Pages {
    /// Those of `column`, in a group of `rows` rows of a file of `length` bytes; in memory they may take `most` bytes.
    pub(super) fn of(
        file: File,
        length: u64,
        column: &ColumnChunkMetaData,
        rows: u64,
        most: u64,
    ) -> io::Result<Self> {
        let (place, size) = span(column)?;
        let end = place
            .checked_add(size)
            .filter(|end| *end <= length)
            .ok_or_else(misplaced)?;
        Ok(Self {
            file,
            place,
            end,
            codec: Codec::of(column.compression())?,
            rows,
            most,
            dictionary: 0,
            last: 0,
            next: None,
        })
    }

    /// The header of the next page, which stays the next.
    fn header(&mut self) -> io::Result<Option<&Header>> {
        while self.next.is_none() && self.place < self.end {
            let (length, header) = self.read_header()?;
            self.place = self.place.saturating_add(length);
            let after = self.place.checked_add(header.compressed);
            if after.is_none_or(|after| after > self.end) {
                return Err(misplaced());
            }
            match header.kind {
                Kind::Index => self.place = self.place.saturating_add(header.compressed),
                Kind::Dictionary | Kind::Data | Kind::DataV2 => self.next = Some(header),
            }
        }
        Ok(self.next.as_ref())
    }

    fn read_header(&self) -> io::Result<(u64, Header)> {
        let left = self.end.saturating_sub(self.place);
        let read_of = |most: u64| Header::read(&caps::read(&self.file, self.place, most.min(left))?);
        match read_of(HEADER) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                read_of(MAX_HEADER).map_err(caps::whole)
            }
            read => read,
        }
    }

    fn page(&mut self) -> io::Result<Option<Page>> {
        if self.header()?.is_none() {
            return Ok(None);
        }
        let Some(header) = self.next.take() else {
            return Ok(None);
        };
        let place = self.place;
        self.place = place.saturating_add(header.compressed);
        if header.values > MAX_VALUES || (header.kind != Kind::Dictionary && header.values > self.rows) {
            return Err(broken("a page of the Parquet file has too many values"));
        }
        let codec = if header.is_compressed {
            self.codec
        } else {
            Codec::None
        };
        if codec == Codec::None && header.compressed != header.uncompressed {
            return Err(mistaken());
        }
        self.afford(&header, codec)?;
        let content = caps::read(&self.file, place, header.compressed)?;
        header.page(codec.decompressed(content, &header)?).map(Some)
    }

    /// Takes note of what a page takes, or refuses it.
    fn afford(&mut self, header: &Header, codec: Codec) -> io::Result<()> {
        let beside = match codec {
            Codec::None => 0,
            Codec::Snappy | Codec::Gzip => header.compressed,
            // What was decompressed is kept once more, to be repeated.
            Codec::Zstandard => header.compressed.saturating_add(header.uncompressed),
        };
        let (held, more) = if header.kind == Kind::Dictionary {
            // Each has a length of four bytes before it.
            if header.values.saturating_mul(4) > header.uncompressed {
                return Err(broken("a page of the Parquet file has too many values"));
            }
            (&mut self.dictionary, header.values.saturating_mul(VALUE))
        } else {
            (&mut self.last, header.values.saturating_mul(4))
        };
        let takes = header.uncompressed.saturating_add(more);
        let before = *held;
        *held = takes;
        let all = [self.dictionary, self.last, before, beside];
        if all.into_iter().fold(0, u64::saturating_add) > self.most {
            let most = self.most;
            return Err(broken(&format!(
                "the pages of a column of the Parquet file would take more than {most} bytes of memory"
            )));
        }
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        Ok(self.page()?)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let Some(header) = self.header()? else {
            return Ok(None);
        };
        let values = usize::try_from(header.values)?;
        let is_dict = header.kind == Kind::Dictionary;
        let of_data = (!is_dict).then_some(values);
        Ok(Some(PageMetadata {
            num_rows: of_data,
            num_levels: of_data,
            is_dict,
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.header()?;
        if let Some(header) = self.next.take() {
            self.place = self.place.saturating_add(header.compressed);
        }
        Ok(())
    }
}

impl Codec {
    fn of(compression: Compression) -> io::Result<Self> {
        match compression {
            Compression::UNCOMPRESSED => Ok(Self::None),
            Compression::SNAPPY => Ok(Self::Snappy),
            Compression::GZIP(_) => Ok(Self::Gzip),
            Compression::ZSTD(_) => Ok(Self::Zstandard),
            Compression::LZO | Compression::BROTLI(_) | Compression::LZ4 | Compression::LZ4_RAW => {
                let shown = compression.to_string();
                let name = shown.split('(').next().unwrap_or_default();
                Err(broken(&format!(
                    "a column of the Parquet file is compressed by {name}, which is not read"
                )))
            }
        }
    }

    /// The page that is in `content`, exactly as long as its header says.
    fn decompressed(self, mut content: Vec<u8>, header: &Header) -> io::Result<Vec<u8>> {
        let length = usize::try_from(header.uncompressed).map_err(|_| misplaced())?;
        if self == Self::None {
            return if content.len() == length {
                Ok(content)
            } else {
                Err(mistaken())
            };
        }
        let levels = header.levels;
        if levels > content.len() || levels > length {
            return Err(mistaken());
        }
        // A page of nulls alone has no bytes to decompress.
        if levels == length {
            content.truncate(levels);
            return Ok(content);
        }
        let (before, compressed) = content.split_at_checked(levels).ok_or_else(mistaken)?;
        let mut page = Vec::with_capacity(length);
        page.extend_from_slice(before);
        let left = header.uncompressed.saturating_add(1);
        match self {
            Self::None => {}
            Self::Snappy => {
                let says = snap::raw::decompress_len(compressed).map_err(io::Error::other)?;
                if says != length.saturating_sub(levels) {
                    return Err(mistaken());
                }
                page.resize(length, 0);
                let into = page.get_mut(levels..).unwrap_or_default();
                snap::raw::Decoder::new()
                    .decompress(compressed, into)
                    .map_err(io::Error::other)?;
            }
            Self::Gzip => {
                MultiGzDecoder::new(compressed)
                    .take(left)
                    .read_to_end(&mut page)?;
            }
            Self::Zstandard => {
                Frames::of(compressed).take(left).read_to_end(&mut page)?;
            }
        }
        if page.len() == length {
            Ok(page)
        } else {
            Err(mistaken())
        }
    }
}

/// What the header of a page says.
#[derive(Debug)]
struct Header {
    kind: Kind,
    uncompressed: u64,
    compressed: u64,
    values: u64,
    encoding: i64,
    level_encoding: i64,
    nulls: u64,
    /// Bytes of levels, which are not compressed, and how many of them say what is null.
    levels: usize,
    definition_levels: u64,
    is_compressed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Data,
    Index,
    Dictionary,
    DataV2,
}

impl Header {
    /// The header at the start of `bytes`, and its length.
    fn read(bytes: &[u8]) -> io::Result<(u64, Self)> {
        // PageHeader: type and sizes; DataPageHeader, DictionaryPageHeader, DataPageHeaderV2.
        let mut fields = std::collections::BTreeMap::new();
        let length = thrift::numbers(bytes, &mut |path, value| {
            match path {
                [field @ 1..=3] => fields.insert((0, *field), value),
                [part @ (5 | 7 | 8), field @ 1..=7] => fields.insert((*part, *field), value),
                _ => None,
            };
            Ok(())
        })?;
        let field = |part: i16, field: i16| fields.get(&(part, field)).copied();
        let (kind, part) = match field(0, 1) {
            Some(0) => (Kind::Data, 5),
            Some(1) => (Kind::Index, 6),
            Some(2) => (Kind::Dictionary, 7),
            Some(3) => (Kind::DataV2, 8),
            _ => return Err(broken("a page of the Parquet file is of no known kind")),
        };
        let is_v2 = kind == Kind::DataV2;
        let of_v2 = |number: i16| if is_v2 { field(8, number).unwrap_or(0) } else { 0 };
        let definition_levels = self::number(of_v2(5))?;
        let levels = definition_levels.saturating_add(self::number(of_v2(6))?);
        let header = Self {
            kind,
            uncompressed: self::number(field(0, 2).unwrap_or(-1))?,
            compressed: self::number(field(0, 3).unwrap_or(-1))?,
            values: self::number(field(part, 1).unwrap_or(0))?,
            encoding: field(part, if is_v2 { 4 } else { 2 }).unwrap_or(-1),
            level_encoding: field(part, 3).unwrap_or(-1),
            nulls: self::number(of_v2(2))?,
            levels: usize::try_from(levels).map_err(|_| misplaced())?,
            definition_levels,
            is_compressed: !is_v2 || field(8, 7) != Some(0),
        };
        Ok((u64::try_from(length).unwrap_or(u64::MAX), header))
    }

    fn page(&self, content: Vec<u8>) -> io::Result<Page> {
        let count = |number: u64| u32::try_from(number).map_err(|_| mistaken());
        let (buf, num_values, encoding) = (content.into(), count(self.values)?, encoding(self.encoding)?);
        Ok(match self.kind {
            Kind::Dictionary | Kind::Index => Page::DictionaryPage {
                buf,
                num_values,
                encoding,
                is_sorted: false,
            },
            Kind::Data => Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding: self::encoding(self.level_encoding)?,
                rep_level_encoding: Encoding::RLE,
                statistics: None,
            },
            Kind::DataV2 => Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls: count(self.nulls)?,
                num_rows: num_values,
                def_levels_byte_len: count(self.definition_levels)?,
                rep_levels_byte_len: u32::try_from(self.levels)
                    .map_err(|_| mistaken())?
                    .saturating_sub(count(self.definition_levels)?),
                is_compressed: false,
                statistics: None,
            },
        })
    }
}

/// Where the pages of a column of a row group start, and how many bytes they take.
pub(super) fn span(column: &ColumnChunkMetaData) -> io::Result<(u64, u64)> {
    let start = column
        .dictionary_page_offset()
        .unwrap_or_else(|| column.data_page_offset());
    Ok((number(start)?, number(column.compressed_size())?))
}

/// The encodings that values of bytes have, and their levels.
fn encoding(number: i64) -> io::Result<Encoding> {
    match number {
        0 => Ok(Encoding::PLAIN),
        2 => Ok(Encoding::PLAIN_DICTIONARY),
        3 => Ok(Encoding::RLE),
        6 => Ok(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        7 => Ok(Encoding::DELTA_BYTE_ARRAY),
        8 => Ok(Encoding::RLE_DICTIONARY),
        _ => Err(broken(
            "a page of the Parquet file has an encoding that is not read",
        )),
    }
}

fn number(value: i64) -> io::Result<u64> {
    u64::try_from(value).map_err(|_| misplaced())
}

fn misplaced() -> io::Error {
    broken("a column of the Parquet file is not where its footer says")
}

fn mistaken() -> io::Error {
    broken("a page of the Parquet file is not as long as its header says")
}

/// A failure of a file is told as it is.
pub(super) fn as_io(error: ParquetError) -> io::Error {
    let told = broken(&format!("the Parquet file cannot be read: {error}"));
    if let ParquetError::External(inner) = error {
        inner.downcast::<io::Error>().map_or(told, |error| *error)
    } else {
        told
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn header(uncompressed: u64, levels: usize) -> Header {
        Header {
            kind: Kind::Data,
            uncompressed,
            compressed: 0,
            values: 1,
            encoding: 0,
            level_encoding: 3,
            nulls: 0,
            levels,
            definition_levels: 0,
            is_compressed: true,
        }
    }

    fn compressed(codec: Codec, plain: &[u8]) -> Vec<u8> {
        match codec {
            Codec::None => plain.to_vec(),
            Codec::Snappy => snap::raw::Encoder::new().compress_vec(plain).unwrap(),
            Codec::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Zstandard => {
                ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
            }
        }
    }

    #[test]
    fn of_a_page_no_more_is_decompressed_than_its_header_says() {
        let plain = vec![b'a'; 1 << 20];
        for codec in [Codec::None, Codec::Snappy, Codec::Gzip, Codec::Zstandard] {
            let length = |says: u64| {
                let page = codec.decompressed(compressed(codec, &plain), &header(says, 0));
                page.map(|page| page.len()).map_err(|error| error.to_string())
            };
            assert_eq!(length(1 << 20), Ok(1 << 20), "{codec:?}");
            for says in [0, 10, (1 << 20) - 1, (1 << 20) + 1] {
                // What has no bytes has nothing to be decompressed.
                let told = if says == 0 && codec != Codec::None {
                    Ok(0)
                } else {
                    Err(mistaken().to_string())
                };
                assert_eq!(length(says), told, "{codec:?} {says}");
            }
            let short = codec.decompressed(vec![0], &header(10, 5));
            assert!(short.is_err(), "{codec:?}");
        }
    }
}
