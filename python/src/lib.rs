//! The Python package `unspam`: the detector of the library, for texts and for Arrow columns.
//!
//! Nothing is decided here. Texts come in without a copy where their owner has them as UTF-8,
//! are judged by the library without Python's lock, and offsets go out in the unit of the text:
//! code points of a `str`, bytes of `bytes`.

// pyo3's macros make functions whose documentation is Python's.
#![allow(missing_docs)]

mod arrow;
mod columns;
mod detector;
mod parallel;
mod profile;
mod report;
mod restore;
mod text;
mod train;

use std::ffi::OsString;

use arrow_schema::ArrowError;
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

create_exception!(unspam, UnspamError, PyValueError, "Something that unspam cannot do with what it was given.");
create_exception!(unspam, ModelError, UnspamError, "A model that cannot be read.");
create_exception!(unspam, ProfileError, UnspamError, "A site profile that cannot be read.");
create_exception!(unspam, RestoreError, UnspamError, "A ledger that does not fit the text.");
create_exception!(unspam, TrainError, UnspamError, "Training data that no model can be made of.");

/// Returns the error that names what was wrong with an argument.
fn refuse(error: impl std::fmt::Display) -> PyErr {
    UnspamError::new_err(error.to_string())
}

/// Returns the error that names what was wrong with Arrow data.
fn refuse_arrow(error: ArrowError) -> PyErr {
    UnspamError::new_err(told(error))
}

/// What an error of Arrow says, without its kind.
fn told(error: ArrowError) -> String {
    match error {
        ArrowError::InvalidArgumentError(told) => told,
        other => other.to_string(),
    }
}

/// Runs the command with these arguments and returns its exit code.
#[pyfunction]
fn main(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| unspam::cli::main(args).code())
}

#[pymodule]
fn _unspam(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("TEST_LINE", unspam::TEST_LINE)?;
    // Training takes minutes without: tests of it ask.
    module.add("_optimised", !cfg!(debug_assertions))?;
    module.add("LABELS", unspam::Label::ALL.iter().map(|label| label.as_str()).collect::<Vec<_>>())?;
    module.add("UnspamError", py.get_type::<UnspamError>())?;
    module.add("ModelError", py.get_type::<ModelError>())?;
    module.add("ProfileError", py.get_type::<ProfileError>())?;
    module.add("RestoreError", py.get_type::<RestoreError>())?;
    module.add("TrainError", py.get_type::<TrainError>())?;
    module.add_class::<detector::Detector>()?;
    module.add_class::<report::Finding>()?;
    module.add_class::<report::Report>()?;
    module.add_class::<report::Removal>()?;
    module.add_class::<report::Cleaned>()?;
    module.add_class::<report::Decision>()?;
    module.add_class::<profile::SiteProfile>()?;
    module.add_class::<arrow::ArrowBatch>()?;
    module.add_class::<arrow::ArrowStream>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(detector::rebuild_detector, module)?)?;
    module.add_function(wrap_pyfunction!(restore::restore, module)?)?;
    module.add_function(wrap_pyfunction!(restore::restore_batch, module)?)?;
    module.add_function(wrap_pyfunction!(profile::site_of, module)?)?;
    module.add_function(wrap_pyfunction!(profile::count_lines, module)?)?;
    module.add_function(wrap_pyfunction!(train::train, module)?)?;
    module.add_function(wrap_pyfunction!(train::evaluate, module)?)?;
    module.add_function(wrap_pyfunction!(train::calibrate, module)?)?;
    Ok(())
}
