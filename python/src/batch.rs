//! Messages in a column of an Arrow batch, and their results in the columns of `results.parquet`.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int32Array, Int64Array, StringArray, StructArray, make_array};
use arrow_data::ArrayData;
use arrow_schema::{ArrowError, DataType, Field, Fields};
use pyo3::PyErr;
use sealgate::batch::source::{Body, Item, Stamp, message};
use sealgate::batch::{Judged, Row, judge};
use sealgate::verifier::Verifier;

use crate::error::batch_error;

/// The messages of a batch, and what they are called.
pub(crate) struct Messages {
    messages: ArrayRef,
    names: Option<ArrayRef>,
}

/// Whether results come with the contract's object.
#[derive(Clone, Copy)]
pub(crate) enum Objects {
    /// As JSON in a column `result`.
    Column,
    None,
}

impl Messages {
    /// The column `column` of a record batch, or an array of messages itself. `name` is a column with what they are called.
    pub(crate) fn of(data: ArrayData, column: &str, name: Option<&str>) -> Result<Self, PyErr> {
        let array = make_array(data);
        let Some(columns) = array.as_struct_opt() else {
            if name.is_some() {
                return Err(batch_error("input.no_column", &"an array has no columns"));
            }
            let messages = of_bytes(array, "the array")?;
            return Ok(Self {
                messages,
                names: None,
            });
        };
        let find = |wanted: &str| {
            let places: Vec<_> = columns
                .column_names()
                .into_iter()
                .zip(columns.columns())
                .collect();
            let mut found = places.iter().filter(|(name, _)| *name == wanted);
            match (found.next(), found.next()) {
                (Some((_, found)), None) => of_bytes(Arc::clone(found), &format!("the column {wanted:?}")),
                (None, _) => Err(batch_error(
                    "input.no_column",
                    &format!("no column is called {wanted:?}"),
                )),
                (Some(_), Some(_)) => Err(batch_error(
                    "input.no_column",
                    &format!("two columns are called {wanted:?}"),
                )),
            }
        };
        Ok(Self {
            messages: find(column)?,
            names: name.map(find).transpose()?,
        })
    }

    /// Judges each, in order.
    pub(crate) fn judged(&self, verifier: &Verifier) -> Vec<Judged> {
        let limit = verifier.limit();
        let each = (0..self.messages.len()).map(|index| {
            let named = self.names.as_ref().and_then(|names| value(names, index));
            let path = named.map_or_else(
                || index.saturating_add(1).to_string(),
                |name| String::from_utf8_lossy(name).into_owned(),
            );
            let body = value(&self.messages, index).map_or_else(
                || Body::Unreadable(std::io::Error::other("the row has no message")),
                |value| message(value.to_vec(), limit),
            );
            let item = Item {
                path,
                stamp: Stamp::default(),
                body,
            };
            judge(verifier, None, item)
        });
        each.collect()
    }
}

fn of_bytes(array: ArrayRef, what: &str) -> Result<ArrayRef, PyErr> {
    match array.data_type() {
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View => Ok(array),
        other => Err(batch_error(
            "input.column_type",
            &format!("{what} is neither of bytes nor of text, but of {other}"),
        )),
    }
}

/// The value of a row, if it has one.
fn value(array: &ArrayRef, index: usize) -> Option<&[u8]> {
    if array.is_null(index) {
        return None;
    }
    Some(match array.data_type() {
        DataType::Binary => array.as_binary::<i32>().value(index),
        DataType::LargeBinary => array.as_binary::<i64>().value(index),
        DataType::BinaryView => array.as_binary_view().value(index),
        DataType::Utf8 => array.as_string::<i32>().value(index).as_bytes(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(index).as_bytes(),
        DataType::Utf8View => array.as_string_view().value(index).as_bytes(),
        _ => return None,
    })
}

/// The columns of `results.parquet`, and `result` where the objects are asked for.
pub(crate) fn columns(judged: &[Judged], objects: Objects) -> Result<StructArray, ArrowError> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let text = |text: fn(&Row) -> Option<String>| -> ArrayRef {
        Arc::new(
            judged
                .iter()
                .map(|judged| text(&judged.row))
                .collect::<StringArray>(),
        )
    };
    let place = |place: fn((u32, u32)) -> u32| -> ArrayRef {
        let places = judged
            .iter()
            .map(|judged| judged.row.position.map(|at| number(place(at))));
        Arc::new(places.collect::<Int32Array>())
    };
    let lengths = judged
        .iter()
        .map(|judged| i64::try_from(judged.row.bytes).unwrap_or(i64::MAX));
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("source", text(|row| Some(row.source.clone()))),
        ("verdict", text(|row| Some(row.verdict.name().to_owned()))),
        ("stage", text(|row| row.stage.clone())),
        ("code", text(|row| row.code.clone())),
        ("message", text(|row| row.message.clone())),
        ("line", place(|(line, _)| line)),
        ("column", place(|(_, column)| column)),
        ("kind", text(|row| row.kind.clone())),
        ("judged_at", text(|row| row.judged_at.clone())),
        ("signer", text(|row| row.signer.clone())),
        ("signer_sha256", text(|row| row.signer_sha256.clone())),
        ("sha256", text(|row| row.sha256.clone())),
        ("bytes", Arc::new(lengths.collect::<Int64Array>())),
        ("legacy", text(|row| Some(row.legacy.join(" ")))),
        ("warnings", text(|row| Some(row.warnings.join(" ")))),
    ];
    if let Objects::Column = objects {
        let lines = judged.iter().map(|judged| Some(judged.result.trim_end()));
        columns.push(("result", Arc::new(lines.collect::<StringArray>())));
    }
    let required = ["source", "verdict", "bytes", "legacy", "warnings", "result"];
    let fields: Fields = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), !required.contains(name)))
        .collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    StructArray::try_new_with_length(fields, columns, None, judged.len())
}
