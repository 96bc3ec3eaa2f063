//! The exceptions of `sealgate._errors`, which have a code and a position.

use std::fmt::Display;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealgate::verifier::Unusable;
use sealgate::xml::Position;

/// What an option names cannot be used.
pub(crate) fn configuration_error(unusable: &Unusable) -> PyErr {
    let option = unusable.option().replace('-', "_");
    let message = format!("{option}: {unusable}");
    raise(|py| {
        let class = class(py, "ConfigurationError")?;
        let position = unusable
            .position()
            .map(|position| position_of(py, position))
            .transpose()?;
        class.call1((message, unusable.code(), position, option))
    })
}

/// A batch cannot be judged.
pub(crate) fn batch_error(code: &'static str, why: &dyn Display) -> PyErr {
    let message = why.to_string();
    raise(|py| class(py, "BatchError")?.call1((message, code)))
}

fn raise(make: impl for<'py> FnOnce(Python<'py>) -> PyResult<Bound<'py, PyAny>>) -> PyErr {
    Python::attach(|py| make(py).map_or_else(|error| error, PyErr::from_value))
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("sealgate._errors")?.getattr(name)
}

fn position_of(py: Python<'_>, position: Position) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("line", position.line)?;
    dict.set_item("column", position.column)?;
    Ok(dict)
}
