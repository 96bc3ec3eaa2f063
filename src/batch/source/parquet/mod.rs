//! Parquet: a column of messages, row group by row group. In memory stands a page of it, and a value.

mod archived;
mod caps;
mod pages;
mod thrift;

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use parquet::basic::{Repetition, Type};
use parquet::column::reader::ColumnReaderImpl;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};

use super::{Body, Container, Ended, Name, Places, Sink, broken, column, open};
use archived::Said;
use pages::Pages;

/// The most bytes that pages of messages take in memory, and pages of names.
const MAX_MESSAGES: u64 = 512 << 20;
const MAX_NAMES: u64 = 64 << 20;
/// A longer name is none: the message is called by its row.
const MAX_NAME: usize = 4 << 10;

/// Hands on the message of each row; rows are counted from 1 through the file.
pub(super) fn each(container: &Container<'_>, sink: &mut dyn Sink) -> Result<(), Ended> {
    within(MAX_MESSAGES, container, sink)
}

fn within(most: u64, container: &Container<'_>, sink: &mut dyn Sink) -> Result<(), Ended> {
    let file = open(&container.place)?;
    let length = file.metadata()?.len();
    caps::check_footer(&file, length)?;
    let content = file.try_clone()?;
    let reader = guarded(|| SerializedFileReader::new(content))?;
    let message = find(reader.metadata(), &container.reading.column)?;
    let name = container.reading.name.as_deref();
    let name = name.map(|name| find(reader.metadata(), name)).transpose()?;
    let said = if archived::is_archive(reader.metadata())? {
        let place = |column| find(reader.metadata(), column);
        Some((place(archived::MEDIA_TYPE)?, place(archived::KEPT)?))
    } else {
        None
    };
    let (media_type, kept) = said.unzip();
    let read = [Some(message), name, media_type, kept];
    distinct(reader.metadata(), read.into_iter().flatten())?;
    let mut number = 0_u64;
    for index in 0..reader.num_row_groups() {
        let group = guarded(|| reader.get_row_group(index))?;
        let rows = group.metadata().num_rows();
        let rows = u64::try_from(rows).map_err(|_| broken("the Parquet file has fewer rows than none"))?;
        let open = |place: usize, most: u64| {
            let metadata = group.metadata().column(place);
            let pages = Pages::of(file.try_clone()?, length, metadata, rows, most)?;
            let presence = if metadata.column_descr().max_def_level() > 0 {
                Presence::Optional
            } else {
                Presence::Required
            };
            let description = metadata.column_descr_ptr();
            let reader = guarded(|| Ok(ColumnReaderImpl::new(description, Box::new(pages))))?;
            Ok::<_, io::Error>(Column { reader, presence })
        };
        let mut names = name.map(|place| open(place, MAX_NAMES)).transpose()?;
        let open_said = |place: Option<usize>| place.map(|place| open(place, MAX_NAMES)).transpose();
        let mut said = open_said(media_type)?.zip(open_said(kept)?);
        // Nothing is read of a group of which nothing is wanted.
        let (mut messages, mut skipped) = (None, 0_usize);
        for _ in 0..rows {
            number = number.saturating_add(1);
            let called = names.as_mut().map(Column::next).transpose()?.flatten();
            let called = called.and_then(|name| text(&name));
            let called = called.unwrap_or_else(|| number.to_string());
            let called = if name.is_some() {
                Name::Given(&called)
            } else {
                Name::Place(number)
            };
            let said = said.as_mut().map(Said::next).transpose()?;
            let mut read = false;
            let mut lost = None;
            container.offer('#', called, sink, || {
                if let Some(why) = said.as_ref().and_then(Said::missing) {
                    return Err(broken(why));
                }
                read = true;
                let value = (|| {
                    if messages.is_none() {
                        messages = Some(open(message, most)?);
                    }
                    let column = messages
                        .as_mut()
                        .ok_or_else(|| broken("there is no such column"))?;
                    column.skip(std::mem::take(&mut skipped))?;
                    column.next()
                })();
                match value {
                    Ok(Some(value)) if value.len() > column::longest(container.reading.limit) => {
                        Ok(Body::TooLong)
                    }
                    Ok(Some(value)) => Ok(match &said {
                        Some(said) => said.message(value.data(), container.reading.limit),
                        None => column::message(value.data().to_vec(), container.reading.limit),
                    }),
                    Ok(None) => Err(broken("the row has no message")),
                    Err(error) => {
                        lost = Some(io::Error::new(error.kind(), error.to_string()));
                        Err(error)
                    }
                }
            })?;
            // Where a page cannot be read, what follows cannot be told apart.
            if let Some(error) = lost {
                return Err(error.into());
            }
            if !read {
                skipped = skipped.saturating_add(1);
            }
        }
    }
    Ok(())
}

/// Refuses row groups that have the same pages of one of `columns`.
fn distinct(metadata: &ParquetMetaData, columns: impl Iterator<Item = usize>) -> io::Result<()> {
    for place in columns {
        let mut places = Places::where_none_fits_in(1);
        for group in metadata.row_groups() {
            let column = group.columns().get(place);
            let (start, length) = column
                .ok_or_else(|| broken("a row group of the Parquet file lacks a column"))
                .and_then(pages::span)?;
            if !places.take(start, length) {
                return Err(broken("two row groups of the Parquet file have the same pages"));
            }
        }
    }
    Ok(())
}

/// The place of the only column of that name. It holds bytes or text, once a row.
fn find(metadata: &ParquetMetaData, wanted: &str) -> io::Result<usize> {
    let schema = metadata.file_metadata().schema_descr();
    let mut places = schema.columns().iter().enumerate().filter(|(_, column)| {
        let parts = column.path().parts();
        matches!(parts, [name] if name == wanted)
    });
    let (Some((place, column)), second) = (places.next(), places.next()) else {
        let there = column::there_are(schema.columns().iter().map(|column| column.path().string()), 0);
        return Err(broken(&format!("no column is called {wanted:?}: {there}")));
    };
    if second.is_some() {
        return Err(broken(&format!("two columns are called {wanted:?}")));
    }
    let is_repeated = column.self_type().get_basic_info().repetition() == Repetition::REPEATED;
    if column.physical_type() != Type::BYTE_ARRAY || is_repeated {
        return Err(broken(&format!(
            "the column {wanted:?} is neither of bytes nor of text, but of {}",
            column.physical_type()
        )));
    }
    Ok(place)
}

/// A name that a row has.
fn text(name: &ByteArray) -> Option<String> {
    let name = std::str::from_utf8(name.data()).ok()?;
    (!name.is_empty() && name.len() <= MAX_NAME).then(|| name.to_owned())
}

struct Column {
    reader: ColumnReaderImpl<ByteArrayType>,
    presence: Presence,
}

enum Presence {
    Required,
    Optional,
}

impl Column {
    /// Passes over `count` rows, one by one: the reader keeps the values of those that it passes over at once.
    fn skip(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            if guarded(|| self.reader.skip_records(1))? != 1 {
                return Err(fewer());
            }
        }
        Ok(())
    }

    /// The value of the next row, if it has one.
    fn next(&mut self) -> io::Result<Option<ByteArray>> {
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let (rows, _, _) = guarded(|| {
            let levels = match self.presence {
                Presence::Required => None,
                Presence::Optional => Some(&mut levels),
            };
            self.reader.read_records(1, levels, None, &mut values)
        })?;
        if rows == 1 { Ok(values.pop()) } else { Err(fewer()) }
    }
}

fn fewer() -> io::Error {
    broken("a column of the Parquet file has fewer values than rows")
}

thread_local! {
    static GUARDED: Cell<Guard> = const { Cell::new(Guard::Off) };
}

#[derive(Clone, Copy, PartialEq)]
enum Guard {
    Off,
    On,
}

/// Whether this thread is where a panic is about what a file says, and becomes an error: a hook for panics need not tell it.
pub fn is_guarded() -> bool {
    GUARDED.get() == Guard::On
}

/// What the reader says, as an error also where it panics at what it reads.
fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    GUARDED.set(Guard::On);
    let read = catch_unwind(AssertUnwindSafe(read));
    GUARDED.set(Guard::Off);
    match read {
        Ok(read) => read.map_err(pages::as_io),
        Err(_) => Err(broken("the Parquet file cannot be read: it is damaged")),
    }
}

#[cfg(test)]
mod tests;
