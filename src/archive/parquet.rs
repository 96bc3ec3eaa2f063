use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::journal::Read;
use super::row::{Facts, Kept};

/// The key by which a file says that its messages are those of an archive.
pub const MARK: &str = "sealgate.message_archive";
/// Its value: the columns of the file are those of this version.
pub const MARKED: &str = "1";

/// The columns, in the order in which [`write_group`] writes them.
const SCHEMA: &str = "message archived {
  REQUIRED INT64 received (TIMESTAMP(MICROS,true));
  REQUIRED BYTE_ARRAY incident (UTF8);
  REQUIRED BYTE_ARRAY route (UTF8);
  REQUIRED BYTE_ARRAY verdict (UTF8);
  OPTIONAL BYTE_ARRAY stage (UTF8);
  OPTIONAL BYTE_ARRAY code (UTF8);
  REQUIRED BYTE_ARRAY kept (UTF8);
  REQUIRED BYTE_ARRAY media_type (UTF8);
  OPTIONAL BYTE_ARRAY soap_action (UTF8);
  OPTIONAL BYTE_ARRAY operation (UTF8);
  OPTIONAL BYTE_ARRAY signer (UTF8);
  OPTIONAL BYTE_ARRAY signer_sha256 (UTF8);
  REQUIRED GROUP chain (LIST) { REPEATED GROUP list { REQUIRED BYTE_ARRAY element; } }
  REQUIRED GROUP revocation (LIST) { REPEATED GROUP list { REQUIRED BYTE_ARRAY element (UTF8); } }
  REQUIRED INT64 bytes;
  REQUIRED BYTE_ARRAY sha256 (UTF8);
  OPTIONAL BYTE_ARRAY message;
  REQUIRED GROUP legacy (LIST) { REPEATED GROUP list { REQUIRED BYTE_ARRAY element (UTF8); } }
}";

/// Who wrote a file.
const OURS: &str = "sealgate";

/// Rows of a group, and the octets of their records with which one ends: so much is in memory, and heads of requests are as long as their senders like.
const GROUP: usize = 1 << 14;
const GROUP_BYTES: usize = 32 << 20;

/// A file that is being written.
pub(super) struct Writer {
    file: SerializedFileWriter<File>,
    rows: Vec<Read>,
    bytes: usize,
}

impl Writer {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
        let level = ZstdLevel::try_new(3).map_err(failed)?;
        let message = ColumnPath::from("message");
        let properties = WriterProperties::builder()
            .set_created_by(OURS.to_owned())
            .set_compression(Compression::ZSTD(level))
            // None is like another, and where they begin and end tells nothing.
            .set_column_dictionary_enabled(message.clone(), false)
            .set_column_statistics_enabled(message, EnabledStatistics::None)
            .set_column_statistics_enabled(
                ColumnPath::from(vec!["chain".to_owned(), "list".to_owned(), "element".to_owned()]),
                EnabledStatistics::None,
            )
            .set_key_value_metadata(Some(vec![KeyValue::new(MARK.to_owned(), MARKED.to_owned())]))
            .build();
        let file = SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(failed)?;
        Ok(Self {
            file,
            rows: Vec::new(),
            bytes: 0,
        })
    }

    pub(super) fn push(&mut self, row: Read) -> io::Result<()> {
        self.bytes = self.bytes.saturating_add(row.octets);
        self.rows.push(row);
        if self.rows.len() >= GROUP || self.bytes >= GROUP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut group = self.file.next_row_group().map_err(failed)?;
        write_group(&self.rows, &mut group).map_err(failed)?;
        group.close().map_err(failed)?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }

    /// Ends the file, which is not yet known to be on the disk.
    pub(super) fn finish(mut self) -> io::Result<File> {
        self.flush()?;
        self.file.into_inner().map_err(failed)
    }
}

/// When the youngest message came of a file that [`Writer`] wrote, as its footer says.
pub(super) fn youngest(path: &Path) -> Option<DateTime<Utc>> {
    let file = File::open(path).ok()?;
    let read = || ParquetMetaDataReader::new().parse_and_finish(&file);
    // The library panics at some of what is damaged.
    let metadata = catch_unwind(AssertUnwindSafe(read)).ok()?.ok()?;
    if metadata.file_metadata().created_by() != Some(OURS) {
        return None;
    }
    let of_group = |group: &RowGroupMetaData| {
        let Statistics::Int64(received) = group.columns().first()?.statistics()? else {
            return None;
        };
        received.max_opt().copied()
    };
    let groups = metadata.row_groups().iter().map(of_group);
    let youngest = groups.collect::<Option<Vec<_>>>()?.into_iter().max()?;
    DateTime::from_timestamp_micros(youngest)
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

type Group<'g> = SerializedRowGroupWriter<'g, File>;

fn write_group(rows: &[Read], group: &mut Group<'_>) -> Result<(), ParquetError> {
    let received: Vec<i64> = each(rows, |facts| facts.received.timestamp_micros());
    column::<Int64Type>(group, &received, None, None)?;
    texts(group, rows, |facts| &facts.incident)?;
    texts(group, rows, |facts| &facts.route)?;
    texts(group, rows, |facts| facts.verdict.name())?;
    optional(group, rows, |facts| facts.stage.as_ref())?;
    optional(group, rows, |facts| facts.code.as_ref())?;
    texts(group, rows, |facts| facts.kept.name())?;
    texts(group, rows, |facts| &facts.media_type)?;
    optional(group, rows, |facts| facts.soap_action.as_ref())?;
    optional(group, rows, |facts| facts.operation.as_ref())?;
    optional(group, rows, |facts| facts.signer.as_ref())?;
    optional(group, rows, |facts| facts.signer_sha256.as_ref())?;
    lists(
        group,
        rows.iter()
            .map(|row| row.chain.iter().flatten().map(|der| der.clone().into())),
    )?;
    lists(
        group,
        rows.iter()
            .map(|row| row.revocation.iter().map(|name| name.as_str().into())),
    )?;
    let lengths: Vec<i64> = each(rows, |facts| i64::try_from(facts.bytes).unwrap_or(i64::MAX));
    column::<Int64Type>(group, &lengths, None, None)?;
    texts(group, rows, |facts| &facts.sha256)?;
    let is_kept = |row: &Read| row.facts.kept != Kept::Nothing;
    let kept = rows.iter().filter(|row| is_kept(row));
    let messages: Vec<ByteArray> = kept.map(|row| row.message.clone().into()).collect();
    let levels: Vec<i16> = rows.iter().map(|row| i16::from(is_kept(row))).collect();
    column::<ByteArrayType>(group, &messages, Some(&levels), None)?;
    lists(
        group,
        rows.iter()
            .map(|row| row.facts.legacy.iter().map(|name| name.as_str().into())),
    )
}

fn each<'r, T>(rows: &'r [Read], of: impl Fn(&'r Facts) -> T) -> Vec<T> {
    rows.iter().map(|row| of(&row.facts)).collect()
}

fn texts<'r>(
    group: &mut Group<'_>,
    rows: &'r [Read],
    text: impl Fn(&'r Facts) -> &'r str,
) -> Result<(), ParquetError> {
    let values = each(rows, |facts| ByteArray::from(text(facts)));
    column::<ByteArrayType>(group, &values, None, None)
}

fn optional<'r>(
    group: &mut Group<'_>,
    rows: &'r [Read],
    text: impl Fn(&'r Facts) -> Option<&'r String>,
) -> Result<(), ParquetError> {
    let levels = each(rows, |facts| i16::from(text(facts).is_some()));
    let values = each(rows, text).into_iter().flatten();
    let values: Vec<ByteArray> = values.map(|text| text.as_str().into()).collect();
    column::<ByteArrayType>(group, &values, Some(&levels), None)
}

fn lists(
    group: &mut Group<'_>,
    lists: impl Iterator<Item = impl Iterator<Item = ByteArray>>,
) -> Result<(), ParquetError> {
    let (mut values, mut presence, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    for list in lists {
        let before = values.len();
        for value in list {
            presence.push(1);
            repetition.push(i16::from(values.len() > before));
            values.push(value);
        }
        if values.len() == before {
            presence.push(0);
            repetition.push(0);
        }
    }
    column::<ByteArrayType>(group, &values, Some(&presence), Some(&repetition))
}

fn column<T: DataType>(
    group: &mut Group<'_>,
    values: &[T::T],
    presence: Option<&[i16]>,
    repetition: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let next = group.next_column()?;
    let mut column = next.ok_or_else(|| ParquetError::General("there is no such column".to_owned()))?;
    column.typed::<T>().write_batch(values, presence, repetition)?;
    column.close()
}
