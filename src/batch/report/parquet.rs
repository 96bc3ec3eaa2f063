use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::super::row::Row;
use super::Rows;

/// The columns, in the order in which [`write_group`] writes them.
const SCHEMA: &str = "message result {
  REQUIRED BYTE_ARRAY source (UTF8);
  REQUIRED BYTE_ARRAY verdict (UTF8);
  OPTIONAL BYTE_ARRAY stage (UTF8);
  OPTIONAL BYTE_ARRAY code (UTF8);
  OPTIONAL BYTE_ARRAY message (UTF8);
  OPTIONAL INT32 line;
  OPTIONAL INT32 column;
  OPTIONAL BYTE_ARRAY kind (UTF8);
  OPTIONAL BYTE_ARRAY judged_at (UTF8);
  OPTIONAL BYTE_ARRAY signer (UTF8);
  OPTIONAL BYTE_ARRAY signer_sha256 (UTF8);
  OPTIONAL BYTE_ARRAY sha256 (UTF8);
  REQUIRED INT64 bytes;
  REQUIRED BYTE_ARRAY legacy (UTF8);
  REQUIRED BYTE_ARRAY warnings (UTF8);
}";

/// So many rows are in memory at a time.
const GROUP: usize = 1 << 14;

/// A row a message, as in `results.csv`.
pub(super) fn write(rows: &mut Rows<'_>, out: &mut (dyn Write + Send + '_)) -> io::Result<()> {
    let failed = |error: ParquetError| io::Error::other(error);
    let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
    let properties = WriterProperties::builder()
        .set_created_by("sealgate".to_owned())
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
    loop {
        let group: Vec<Arc<Row>> = (&mut *rows).take(GROUP).collect();
        if group.is_empty() {
            break;
        }
        let mut columns = writer.next_row_group().map_err(failed)?;
        write_group(&group, &mut columns).map_err(failed)?;
        columns.close().map_err(failed)?;
    }
    writer.close().map(drop).map_err(failed)
}

type Group<'g, 'w, 'o> = SerializedRowGroupWriter<'g, &'w mut (dyn Write + Send + 'o)>;

fn write_group(rows: &[Arc<Row>], group: &mut Group<'_, '_, '_>) -> Result<(), ParquetError> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    texts(group, rows, |row| Some(&row.source), Presence::Required)?;
    let verdicts = byte_arrays(rows.iter().map(|row| row.verdict.name()));
    column::<ByteArrayType>(group, &verdicts, None)?;
    texts(group, rows, |row| row.stage.as_ref(), Presence::Optional)?;
    texts(group, rows, |row| row.code.as_ref(), Presence::Optional)?;
    texts(group, rows, |row| row.message.as_ref(), Presence::Optional)?;
    let lines = rows
        .iter()
        .map(|row| row.position.map(|position| number(position.0)));
    numbers(group, lines.collect())?;
    let columns = rows
        .iter()
        .map(|row| row.position.map(|position| number(position.1)));
    numbers(group, columns.collect())?;
    texts(group, rows, |row| row.kind.as_ref(), Presence::Optional)?;
    texts(group, rows, |row| row.judged_at.as_ref(), Presence::Optional)?;
    texts(group, rows, |row| row.signer.as_ref(), Presence::Optional)?;
    texts(group, rows, |row| row.signer_sha256.as_ref(), Presence::Optional)?;
    texts(group, rows, |row| row.sha256.as_ref(), Presence::Optional)?;
    let lengths: Vec<i64> = rows
        .iter()
        .map(|row| i64::try_from(row.bytes).unwrap_or(i64::MAX))
        .collect();
    column::<Int64Type>(group, &lengths, None)?;
    for names in [
        |row: &Row| row.legacy.join(" "),
        |row: &Row| row.warnings.join(" "),
    ] {
        let values = byte_arrays(rows.iter().map(|row| names(row)));
        column::<ByteArrayType>(group, &values, None)?;
    }
    Ok(())
}

enum Presence {
    Required,
    Optional,
}

fn texts<'r>(
    group: &mut Group<'_, '_, '_>,
    rows: &'r [Arc<Row>],
    text: impl Fn(&'r Row) -> Option<&'r String>,
    presence: Presence,
) -> Result<(), ParquetError> {
    let values = byte_arrays(rows.iter().filter_map(|row| text(row)));
    let levels: Vec<i16> = rows.iter().map(|row| i16::from(text(row).is_some())).collect();
    match presence {
        Presence::Required => column::<ByteArrayType>(group, &values, None),
        Presence::Optional => column::<ByteArrayType>(group, &values, Some(&levels)),
    }
}

/// Each of `texts`, and the octets of all of them in one place.
fn byte_arrays(texts: impl Iterator<Item = impl AsRef<str>>) -> Vec<ByteArray> {
    let mut octets = Vec::new();
    let mut lengths = Vec::new();
    for text in texts {
        octets.extend_from_slice(text.as_ref().as_bytes());
        lengths.push(text.as_ref().len());
    }
    let mut octets = Bytes::from(octets);
    let next = lengths.into_iter().map(|length| octets.split_to(length).into());
    next.collect()
}

fn numbers(group: &mut Group<'_, '_, '_>, numbers: Vec<Option<i32>>) -> Result<(), ParquetError> {
    let levels: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
    let values: Vec<i32> = numbers.into_iter().flatten().collect();
    column::<Int32Type>(group, &values, Some(&levels))
}

/// The next column; `levels` says of each row whether it has a value.
fn column<T: parquet::data_type::DataType>(
    group: &mut Group<'_, '_, '_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let next = group.next_column()?;
    let mut column = next.ok_or_else(|| ParquetError::General("there is no such column".to_owned()))?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    use super::super::super::row::{Verdict, test_row};
    use super::*;

    #[test]
    fn rows_are_read_as_they_were_written() {
        let rows: Vec<Row> = (0..GROUP.saturating_add(3))
            .map(|number| Row {
                verdict: if number % 2 == 0 {
                    Verdict::Passed
                } else {
                    Verdict::Failed
                },
                code: (number % 2 == 1).then(|| "a.b".to_owned()),
                position: (number % 2 == 1).then_some((7, 9)),
                bytes: 5,
                legacy: vec!["sha1".to_owned(), "x".to_owned()],
                ..test_row(&number.to_string())
            })
            .collect();
        let mut out = Vec::new();
        write(&mut rows.iter().cloned().map(Arc::new), &mut out).unwrap();
        let reader = SerializedFileReader::new(Bytes::from(out)).unwrap();
        assert_eq!(reader.num_row_groups(), 2);
        let read: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.len(), rows.len());
        for (row, read) in rows.iter().zip(&read) {
            assert_eq!(read.get_string(0).unwrap(), &row.source);
            assert_eq!(read.get_string(1).unwrap(), row.verdict.name());
            assert_eq!(read.get_string(3).ok(), row.code.as_ref());
            assert_eq!(read.get_int(6).ok(), row.position.map(|_| 9));
            assert_eq!(read.get_long(12).unwrap(), 5);
            assert_eq!(read.get_string(13).unwrap(), "sha1 x");
        }
    }
}
