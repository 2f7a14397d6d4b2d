//! Arrow data in and out through the PyCapsule interface: pointers change hands, data does not move.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use arrow_array::ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{
    Array as _, ArrayReader as _, ArrayRef, RecordBatch, RecordBatchIterator, RecordBatchReader, StructArray,
    make_array,
};
use arrow_schema::{ArrowError, Field, FieldRef, SchemaRef};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyTuple};

use crate::columns::Columns;
use crate::{parallel, refuse, refuse_arrow};

const SCHEMA: &std::ffi::CStr = c"arrow_schema";
const ARRAY: &std::ffi::CStr = c"arrow_array";
const STREAM: &std::ffi::CStr = c"arrow_array_stream";

/// Arrow data that was handed over.
pub(crate) enum Input {
    /// An array or record batch, with its field.
    Batch(ArrayRef, FieldRef),
    /// A chunked array, a table, a data frame or a reader.
    Stream(ArrayStreamReader),
}

impl Input {
    /// Returns the Arrow data that an object is, or nothing if it is none.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        if object.hasattr("__arrow_c_array__")? {
            let pair = object.call_method0("__arrow_c_array__")?;
            let pair = pair.cast::<PyTuple>()?;
            let (schema, array) = (pair.get_item(0)?, pair.get_item(1)?);
            let schema = schema.cast::<PyCapsule>()?.pointer_checked(Some(SCHEMA))?;
            let array = array.cast::<PyCapsule>()?.pointer_checked(Some(ARRAY))?;
            // SAFETY: capsules of these names hold these structures, as the interface demands;
            // what is moved out is marked as released, so the capsules leave it alone.
            let data = unsafe {
                let schema = FFI_ArrowSchema::from_raw(schema.as_ptr().cast());
                let array = FFI_ArrowArray::from_raw(array.as_ptr().cast());
                let field = Field::try_from(&schema).map_err(refuse)?;
                (make_array(from_ffi(array, &schema).map_err(refuse)?), Arc::new(field))
            };
            return Ok(Some(Self::Batch(data.0, data.1)));
        }
        if object.hasattr("__arrow_c_stream__")? {
            let capsule = object.call_method0("__arrow_c_stream__")?;
            let stream = capsule.cast::<PyCapsule>()?.pointer_checked(Some(STREAM))?;
            // SAFETY: as above.
            let reader = unsafe { ArrayStreamReader::from_raw(stream.as_ptr().cast()) };
            return Ok(Some(Self::Stream(reader.map_err(refuse)?)));
        }
        Ok(None)
    }
}

/// Returns what `columns` makes of the input: at once of a batch, batch by batch of a stream.
pub(crate) fn answer(py: Python<'_>, input: Input, columns: Columns) -> PyResult<Bound<'_, PyAny>> {
    match input {
        Input::Batch(array, field) => {
            let schema = columns.schema(&field).map_err(refuse_arrow)?;
            let made = parallel::interruptible(py, |stop| columns.apply(&array, &schema, stop).transpose())?;
            Ok(Bound::new(py, ArrowBatch::new(made.map_err(refuse_arrow)?))?.into_any())
        }
        Input::Stream(reader) => {
            let schema = columns.schema(reader.field()).map_err(refuse_arrow)?;
            let stream = Judging { reader, columns, schema };
            Ok(Bound::new(py, ArrowStream::new(Box::new(stream)))?.into_any())
        }
    }
}

/// Judges the arrays of a stream as they are asked for.
struct Judging {
    reader: ArrayStreamReader,
    columns: Columns,
    schema: SchemaRef,
}

impl Iterator for Judging {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let array = match self.reader.next()? {
            Ok(array) => array,
            Err(error) => return Some(Err(error)),
        };
        // The caller may be a program in another language, through which a panic must not pass; and
        // it may hold Python's lock on another thread, so nothing asks for that.
        let made = catch_unwind(AssertUnwindSafe(|| self.columns.apply(&array, &self.schema, &mut || false)));
        made.unwrap_or_else(|_| Err(ArrowError::ComputeError("judging a batch failed".to_owned()))).transpose()
    }
}

impl RecordBatchReader for Judging {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

fn schema_capsule<'py>(py: Python<'py>, schema: &SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema.as_ref()).map_err(refuse)?;
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

fn stream_capsule(py: Python<'_>, reader: Box<dyn RecordBatchReader + Send>) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
}

/// A record batch for any library that speaks Arrow: pyarrow.record_batch, polars.DataFrame, …
#[pyclass(frozen, module = "unspam")]
#[derive(Debug)]
pub(crate) struct ArrowBatch {
    batch: RecordBatch,
}

impl ArrowBatch {
    pub(crate) fn new(batch: RecordBatch) -> Self {
        Self { batch }
    }
}

#[pymethods]
impl ArrowBatch {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.batch.schema())
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // Whoever asks for other types may cast what there is: the interface allows it.
        let _ = requested_schema;
        let rows = StructArray::from(self.batch.clone());
        let (array, _) = to_ffi(&rows.to_data()).map_err(refuse)?;
        Ok((schema_capsule(py, &self.batch.schema())?, PyCapsule::new_with_value(py, array, ARRAY)?))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        let batches = vec![Ok(self.batch.clone())];
        stream_capsule(py, Box::new(RecordBatchIterator::new(batches, self.batch.schema())))
    }

    /// Names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.batch.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    fn __repr__(&self) -> String {
        format!("ArrowBatch(rows={}, columns={})", self.batch.num_rows(), self.batch.num_columns())
    }
}

/// Record batches that are made while they are read, once: pyarrow.table, polars.DataFrame, …
#[pyclass(frozen, module = "unspam")]
pub(crate) struct ArrowStream {
    schema: SchemaRef,
    reader: Mutex<Option<Box<dyn RecordBatchReader + Send>>>,
}

impl ArrowStream {
    fn new(reader: Box<dyn RecordBatchReader + Send>) -> Self {
        Self { schema: reader.schema(), reader: Mutex::new(Some(reader)) }
    }
}

#[pymethods]
impl ArrowStream {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        schema_capsule(py, &self.schema)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        // Who holds the stream may wait for Python's lock to read from a Python object.
        let reader = py.detach(|| self.reader.lock().unwrap_or_else(PoisonError::into_inner).take());
        let reader =
            reader.ok_or_else(|| PyValueError::new_err("this stream was read already: judge the data again"))?;
        stream_capsule(py, reader)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<ArrowBatch>> {
        py.detach(|| {
            let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
            let next = reader.as_mut().and_then(Iterator::next).transpose();
            next.map(|batch| batch.map(ArrowBatch::new)).map_err(refuse_arrow)
        })
    }

    /// Names of the columns.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    fn __repr__(&self) -> String {
        format!("ArrowStream(columns={})", self.schema.fields().len())
    }
}
