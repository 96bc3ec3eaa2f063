//! `sealgate._sealgate`: the [verifier](sealgate::verifier) for Python. What is public to Python stands in `sealgate/__init__.py`.

mod batch;
mod capsule;
mod error;
mod verifier;

use pyo3::prelude::*;

#[pymodule]
mod _sealgate {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;
    use sealgate::policy::Profile;

    #[pymodule_export]
    use super::verifier::Verifier;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add(
            "PROFILES",
            PyTuple::new(module.py(), Profile::ALL.map(Profile::name))?,
        )?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
