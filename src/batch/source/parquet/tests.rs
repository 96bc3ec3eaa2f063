#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::super::{Reading, Stamp, Taken};
use super::*;

const ROWS: &[(Option<&str>, &str)] = &[
    (Some("<a/>"), "a"),
    (Some("PGEvPg=="), "b"),
    (None, "unwanted"),
    (Some("<b/>"), ""),
    (Some("<c/>"), "c"),
];

/// A file with row groups of two rows.
fn file(rows: &[(Option<&str>, &str)]) -> Vec<u8> {
    let schema =
        "message m { OPTIONAL BYTE_ARRAY message; REQUIRED BYTE_ARRAY id (UTF8); REQUIRED INT32 n; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties)).unwrap();
    for rows in rows.chunks(2) {
        let mut group = writer.next_row_group().unwrap();
        let values: Vec<ByteArray> = rows.iter().filter_map(|row| row.0.map(ByteArray::from)).collect();
        let levels: Vec<i16> = rows.iter().map(|row| i16::from(row.0.is_some())).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, Some(&levels), None)
            .unwrap();
        column.close().unwrap();
        let ids: Vec<ByteArray> = rows.iter().map(|row| row.1.into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&ids, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let numbers = vec![7; rows.len()];
        column
            .typed::<parquet::data_type::Int32Type>()
            .write_batch(&numbers, None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    out
}

fn told_of(bytes: &[u8], (column, name): (&str, Option<&str>), most: u64) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c");
    std::fs::write(&path, bytes).unwrap();
    let reading = Reading {
        limit: 20_000,
        column: column.to_owned(),
        name: name.map(str::to_owned),
        results: None,
    };
    let container = Container::new(&path, Stamp::default(), &reading);
    let mut taken = Taken::default();
    let ended = within(most, &container, &mut taken);
    let short = |path: &str| {
        Path::new(path)
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    let mut told: Vec<String> = taken
        .0
        .iter()
        .map(|(path, body)| format!("{} {body}", short(path)))
        .collect();
    told.extend(match ended {
        Err(Ended::Broken(error)) => Some(error.to_string()),
        _ => None,
    });
    told
}

fn told(bytes: &[u8]) -> Vec<String> {
    told_of(bytes, ("message", None), MAX_MESSAGES)
}

#[test]
fn every_row_is_a_message_called_by_its_number_or_its_name() {
    let bytes = file(ROWS);
    assert_eq!(
        told(&bytes),
        [
            "c#1 <a/>",
            "c#2 <a/>",
            "c#3 unreadable: the row has no message",
            "c#4 <b/>",
            "c#5 <c/>"
        ]
    );
    // One that is not wanted is passed over, and a row without a name has its number.
    assert_eq!(
        told_of(&bytes, ("message", Some("id")), MAX_MESSAGES),
        ["c#a <a/>", "c#b <a/>", "c#4 <b/>", "c#c <c/>"]
    );
    assert_eq!(told(&file(&[])), [""; 0]);
}

#[test]
fn a_panic_is_expected_only_where_the_reader_reads() {
    assert!(!is_guarded());
    let told = guarded(|| -> Result<(), ParquetError> {
        assert!(is_guarded());
        Err(ParquetError::General("no".to_owned()))
    });
    assert!(told.is_err() && !is_guarded());
}

#[test]
fn a_column_that_is_not_there_or_no_text_is_told() {
    let bytes = file(ROWS);
    let of = |column, name| told_of(&bytes, (column, name), MAX_MESSAGES);
    let there = "no column is called \"none\": there are \"message\", \"id\", \"n\"";
    assert_eq!(of("none", None), [there]);
    assert_eq!(of("message", Some("none")), [there]);
    assert_eq!(
        of("n", None),
        ["the column \"n\" is neither of bytes nor of text, but of INT32"]
    );
}

#[test]
fn a_page_that_would_not_fit_is_not_decompressed() {
    let long = format!("<a>{}</a>", " ".repeat(10_000));
    let bytes = file(&[(Some("<a/>"), ""), (Some("<a/>"), ""), (Some(&long), "")]);
    assert!(bytes.len() < 4_000, "{}", bytes.len());
    assert_eq!(told(&bytes).len(), 3);
    let told = told_of(&bytes, ("message", None), 4_000);
    assert_eq!(told[..2], ["c#1 <a/>", "c#2 <a/>"]);
    assert_eq!(
        told.last().unwrap(),
        "the pages of a column of the Parquet file would take more than 4000 bytes of memory"
    );
}

#[test]
fn a_damaged_file_is_an_error_wherever_it_is_damaged() {
    let whole = file(ROWS);
    for length in 0..whole.len() {
        let told = told(&whole[..length]);
        assert_eq!(told.len(), 1, "{length}: {told:?}");
    }
    // No byte of it, changed, ends anything but the file.
    let mut broken = 0_usize;
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x81;
        broken = broken.saturating_add(usize::from(told(&bytes).len() != 5));
    }
    assert!(broken > 50, "{broken}");
    assert_eq!(told(b"no parquet at all"), ["no Parquet file: it has no footer"]);
    let mut encrypted = whole.clone();
    let place = encrypted.len().saturating_sub(1);
    encrypted[place] = b'E';
    assert_eq!(told(&encrypted), ["the Parquet file is encrypted"]);
    let mut long = whole;
    let place = long.len().saturating_sub(5);
    long[place] = 0x7f;
    assert_eq!(told(&long), ["the footer of the Parquet file is too long"]);
}

#[test]
fn pages_are_read_however_they_are_compressed_and_encoded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/parquet");
    let expected: Vec<String> = (0..40_usize)
        .map(|row| match row % 5 {
            0 => format!("c#m{row} unreadable: the row has no message"),
            _ => format!("c#m{row} <m n='{row}'>{}</m>", "x".repeat(row % 7)),
        })
        .collect();
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).unwrap();
        let told = told_of(&bytes, ("message", Some("id")), MAX_MESSAGES);
        if name.starts_with("lz4") {
            assert!(told[0].ends_with("which is not read"), "{name}: {told:?}");
            continue;
        }
        assert_eq!(told, expected, "{name}");
        read += 1;
        // None of its bytes, changed, ends anything but the file.
        for place in (0..bytes.len()).step_by(5) {
            let mut bytes = bytes.clone();
            bytes[place] ^= 0x81;
            told_of(&bytes, ("message", None), MAX_MESSAGES);
        }
    }
    assert_eq!(read, 24);
}

/// A file of an archive of that version, with the media type, what is kept, and the message of each row.
fn archive(version: &str, rows: &[(&str, &str, &str)]) -> Vec<u8> {
    let schema = "message m { REQUIRED BYTE_ARRAY message; REQUIRED BYTE_ARRAY media_type (UTF8); REQUIRED BYTE_ARRAY kept (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mark = KeyValue::new("sealgate.message_archive".to_owned(), version.to_owned());
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![mark]))
        .build();
    let mut out = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in 0..3_usize {
        let values: Vec<ByteArray> = rows
            .iter()
            .map(|(media_type, kept, message)| [*message, *media_type, *kept][column].into())
            .collect();
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<ByteArrayType>();
        typed.write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    out
}

#[test]
fn rows_of_a_message_archive_are_as_they_came_with_what_tells_their_parts_apart() {
    let related = format!("Multipart/Related; boundary=b{}", " ".repeat(5_000));
    let rows = [
        ("text/xml", "whole", "<a/>"),
        ("text/xml", "envelope", "<a/>"),
        ("text/xml", "nothing", ""),
        // It came so, as an envelope: nobody encoded it, and it has no parts.
        ("text/xml", "whole", "PGEvPg=="),
        (related.as_str(), "whole", "--b"),
    ];
    let bytes = archive("1", &rows);
    let last = format!("c#5 Content-Type: {related}\r\n\r\n--b");
    assert_eq!(
        told(&bytes),
        [
            "c#1 <a/>",
            "c#2 unreadable: its attachments were too long for the message archive",
            "c#3 unreadable: it was too long for the message archive",
            "c#4 Content-Type: text/xml\r\n\r\nPGEvPg==",
            last.as_str(),
        ]
    );
    assert_eq!(
        told(&archive("2", &rows)),
        ["the message archive was written by another version"]
    );
}

/// Few bytes would be decompressed as often as the footer says.
#[test]
fn row_groups_do_not_share_pages() {
    let bytes = file(&[
        (Some("<a/>"), ""),
        (Some("<a/>"), ""),
        (Some("<b/>"), ""),
        (Some("<b/>"), ""),
    ]);
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let metadata = reader.metadata();
    assert!(distinct(metadata, [0, 1].into_iter()).is_ok());
    let twice = vec![metadata.row_group(0).clone(); 2];
    let shared = ParquetMetaData::new(metadata.file_metadata().clone(), twice);
    let told = distinct(&shared, [0].into_iter()).map_err(|error| error.to_string());
    assert_eq!(
        told,
        Err("two row groups of the Parquet file have the same pages".to_owned())
    );
}

#[test]
fn rows_of_one_name_are_told_apart() {
    let rows: Vec<_> = ["a", "a", "4", "", "b"].map(|name| (Some("<a/>"), name)).to_vec();
    assert_eq!(
        told_of(&file(&rows), ("message", Some("id")), MAX_MESSAGES),
        ["c#a <a/>", "c#a#2 <a/>", "c#4 <a/>", "c#4#4 <a/>", "c#b <a/>"]
    );
}
