//! Arrays over the Arrow PyCapsule Interface, without a copy: whatever has `__arrow_c_array__` is taken, and what is given has it.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::{Array, StructArray};
use arrow_data::ArrayData;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::error::batch_error;

/// The array that `object` stands for.
pub(crate) fn taken(object: &Bound<'_, PyAny>) -> PyResult<ArrayData> {
    let method = object.getattr("__arrow_c_array__").map_err(|_| {
        PyTypeError::new_err("neither a record batch nor an array of Arrow: it has no __arrow_c_array__")
    })?;
    let (schema, array): (Bound<'_, PyCapsule>, Bound<'_, PyCapsule>) = method.call0()?.extract()?;
    let schema = schema.pointer_checked(Some(c"arrow_schema"))?;
    let array = array.pointer_checked(Some(c"arrow_array"))?;
    // SAFETY: capsules of these names hold these structures, and live to the end of this function. They are moved out, and marked as
    // released where they were, as the interface asks of who takes them.
    let (schema, array) = unsafe {
        (
            FFI_ArrowSchema::from_raw(schema.as_ptr().cast()),
            FFI_ArrowArray::from_raw(array.as_ptr().cast()),
        )
    };
    // SAFETY: the two came together, so the one describes the other. What no type says, as offsets and UTF-8, is validated below.
    let data = unsafe { from_ffi(array, &schema) };
    let data = data.map_err(|error| batch_error("input.batch", &error))?;
    data.validate_full()
        .map_err(|error| batch_error("input.batch", &error))?;
    Ok(data)
}

/// Columns on their way to Python.
#[pyclass(frozen, module = "sealgate")]
pub(crate) struct Columns(pub(crate) StructArray);

#[pymethods]
impl Columns {
    /// The Arrow PyCapsule Interface. Another schema than that of the columns cannot be asked for, as the interface allows.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let _ = requested_schema;
        let (array, schema) =
            to_ffi(&self.0.to_data()).map_err(|error| batch_error("input.batch", &error))?;
        let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        PyTuple::new(py, [schema, array])
    }
}
