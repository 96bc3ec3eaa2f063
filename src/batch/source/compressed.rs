//! What gzip and Zstandard have compressed, known by its first bytes.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use super::magic::{Format, is_skippable, of};
use super::{broken, container};

/// As much is read at a time.
pub(super) const PIECE: usize = 256 << 10;

/// `input` without its compression, if it has one. More than `most` bytes do not come out of it.
pub(super) fn decompressed<'r>(mut input: impl BufRead + 'r, most: u64) -> io::Result<Box<dyn BufRead + 'r>> {
    let inner: Box<dyn Read + 'r> = match of(input.fill_buf()?) {
        Some(Format::Gzip) => Box::new(MultiGzDecoder::new(input)),
        Some(Format::Zstandard) => Box::new(Frames::of(input)),
        Some(Format::Tar | Format::Zip | Format::Parquet | Format::Foreign(_)) | None => {
            return Ok(Box::new(input));
        }
    };
    Ok(Box::new(BufReader::with_capacity(PIECE, AtMost { inner, most })))
}

/// What ends with an error behind so many bytes.
struct AtMost<R> {
    inner: R,
    most: u64,
}

impl<R: Read> Read for AtMost<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = u64::try_from(count)
            .ok()
            .and_then(|count| self.most.checked_sub(count));
        self.most = left.ok_or_else(container::too_many_bytes)?;
        Ok(count)
    }
}

/// Zstandard: frames, one after the other, and between them some that decoders skip (RFC 8878 §3.1.2).
pub(super) struct Frames<R: Read> {
    /// Where the next frame begins, while none is being read.
    input: Option<R>,
    frame: Option<Frame<R>>,
}

/// With the bytes before it by which it was known.
type Begun<R> = io::Chain<Cursor<[u8; 4]>, R>;
type Frame<R> = ruzstd::decoding::StreamingDecoder<Begun<R>, ruzstd::decoding::FrameDecoder>;

impl<R: Read> Frames<R> {
    /// What is compressed in `input`.
    pub(super) const fn of(input: R) -> Self {
        Self {
            input: Some(input),
            frame: None,
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                // Its own words are names of its parts.
                let count = frame.read(buffer).map_err(|_| damaged())?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
                let ended = self.frame.take();
                self.input = ended.map(|frame| frame.into_inner().into_inner().1);
            }
            let Some(mut input) = self.input.take() else {
                return Ok(0);
            };
            let Some(magic) = next_magic(&mut input)? else {
                self.input = Some(input);
                return Ok(0);
            };
            if is_skippable(&magic) {
                skip(&mut input)?;
                self.input = Some(input);
                continue;
            }
            let frame = ruzstd::decoding::StreamingDecoder::new(Cursor::new(magic).chain(input));
            self.frame = Some(frame.map_err(|_| damaged())?);
        }
    }
}

/// The first bytes of the next frame, if there is one.
fn next_magic(input: &mut impl Read) -> io::Result<Option<[u8; 4]>> {
    let mut start = Vec::new();
    input.take(4).read_to_end(&mut start)?;
    match start.as_slice() {
        [] => Ok(None),
        whole => whole.try_into().map(Some).map_err(|_| damaged()),
    }
}

/// Reads over what a frame has after its first bytes: its length, and so many bytes.
fn skip(input: &mut impl Read) -> io::Result<()> {
    let mut length = [0; 4];
    input.read_exact(&mut length).map_err(|_| damaged())?;
    let length = u64::from(u32::from_le_bytes(length));
    let skipped = io::copy(&mut input.take(length), &mut io::sink())?;
    if skipped == length { Ok(()) } else { Err(damaged()) }
}

fn damaged() -> io::Error {
    broken("what Zstandard compressed is damaged or cut off")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(packed: &[u8], most: u64) -> io::Result<String> {
        let mut text = String::new();
        decompressed(packed, most)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn no_more_is_decompressed_than_the_bytes_explain() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&[b'x'; 1_000]).unwrap();
        let packed = encoder.finish().unwrap();
        for (most, is_whole) in [(1_000, true), (999, false)] {
            assert_eq!(read(&packed, most).is_ok(), is_whole);
        }
    }

    #[test]
    fn frames_that_say_nothing_are_skipped_wherever_they_stand() {
        let frame = |text: &str| compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
        let said = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
        let empty = b"\x5f\x2a\x4d\x18\0\0\0\0".to_vec();
        let all = [
            said.clone(),
            empty.clone(),
            frame("<a"),
            said.clone(),
            frame("/>"),
            empty,
        ];
        assert_eq!(read(&all.concat(), 100).unwrap(), "<a/>");
        for cut in [&said[..10], &said[..6], &[frame("<a/>"), vec![0x50]].concat()] {
            let told = read(cut, 100).unwrap_err().to_string();
            assert!(told.contains("damaged or cut off"), "{told}");
        }
    }
}
