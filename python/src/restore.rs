//! The way back: cleaned text and what was taken out of it.

use arrow_array::cast::AsArray as _;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice, PyString};

use crate::arrow::{ArrowBatch, Input};
use crate::{RestoreError, columns};

/// Returns the original text of a cleaned one and its removals.
///
/// >>> import unspam
/// >>> unspam.restore("Hujan deras.", [unspam.Removal(12, 22, "\n\nsbobet88", "spam/gambling", 0.99)])
/// 'Hujan deras.\n\nsbobet88'
#[pyfunction]
pub(crate) fn restore<'py>(text: &Bound<'py, PyAny>, removed: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = text.py();
    let joint = if text.is_instance_of::<PyString>() {
        PyString::new(py, "").into_any()
    } else if text.is_instance_of::<PyBytes>() {
        PyBytes::new(py, b"").into_any()
    } else {
        return Err(PyTypeError::new_err("text must be str or bytes"));
    };
    let length = text.len()?;
    let (mut at, mut made) = (0, 0);
    let mut parts = Vec::new();
    for removal in removed.try_iter()? {
        let removal = removal?;
        let start: usize = removal.getattr("start")?.extract()?;
        let piece = removal.getattr("text")?;
        let Some(kept) = start.checked_sub(made).filter(|kept| *kept <= length - at) else {
            return Err(RestoreError::new_err(format!(
                "removed text at {start} lies beyond the {} that can be restored: it belongs to another text",
                made + length - at
            )));
        };
        parts.push(text.get_item(PySlice::new(py, at as isize, (at + kept) as isize, 1))?);
        at += kept;
        made += kept + piece.len()?;
        parts.push(piece);
    }
    parts.push(text.get_item(PySlice::new(py, at as isize, length as isize, 1))?);
    joint.call_method1("join", (parts,))
}

/// Returns a record batch with the original texts, from one that was cleaned and has its ledger;
/// the columns that cleaning added are gone.
#[pyfunction]
#[pyo3(signature = (batch, *, text="text", ledger="unspam_ledger"))]
pub(crate) fn restore_batch(
    py: Python<'_>,
    batch: &Bound<'_, PyAny>,
    text: &str,
    ledger: &str,
) -> PyResult<ArrowBatch> {
    let input = Input::of(batch)?;
    let rows = match &input {
        Some(Input::Batch(array, field)) => array.as_struct_opt().map(|rows| (rows, field)),
        _ => None,
    };
    let Some((rows, field)) = rows else {
        return Err(PyTypeError::new_err("batch must be a record batch: restore the batches of a table one by one"));
    };
    let restored = py.detach(|| columns::restore(rows, field.metadata(), text, ledger));
    restored.map(ArrowBatch::new).map_err(|error| RestoreError::new_err(crate::told(error)))
}
