//! Texts as Python hands them over, and their offsets.

use std::borrow::Cow;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use unspam::offsets::{OffsetCounter, OffsetUnit};
use unspam::{Cleaner, Edit};

/// A text that is judged.
#[derive(Debug)]
pub(crate) enum Text<'a> {
    /// A `str`.
    Str(&'a str),
    /// `bytes`, which need not be UTF-8.
    Bytes(&'a [u8]),
    /// A `str` that holds surrogates without their other half: how it is judged, and its bytes
    /// with the surrogates. Both have the same length, so offsets hold for both.
    Broken(String, Vec<u8>),
}

impl<'a> Text<'a> {
    /// Returns the text of a `str` or `bytes`.
    pub(crate) fn of(object: &'a Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return match text.to_str() {
                Ok(text) => Ok(Self::Str(text)),
                Err(_) => Self::broken(object),
            };
        }
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes.as_bytes()));
        }
        let kind = object.get_type().name()?;
        Err(PyTypeError::new_err(format!("text must be str or bytes, not {kind}")))
    }

    fn broken(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let encoded = object.call_method1("encode", ("utf-8", "surrogatepass"))?;
        let bytes = encoded.cast::<PyBytes>()?.as_bytes().to_vec();
        let mut judged = bytes.clone();
        // U+FFFD has three bytes as a surrogate has; no other character begins like one.
        for at in 0..judged.len().saturating_sub(2) {
            if judged[at] == 0xED && judged[at + 1] >= 0xA0 {
                judged[at..at + 3].copy_from_slice("\u{FFFD}".as_bytes());
            }
        }
        let judged = String::from_utf8(judged).map_err(crate::refuse)?;
        Ok(Self::Broken(judged, bytes))
    }

    /// The text, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
            Self::Broken(text, _) => Some(text),
        }
    }

    /// The bytes that are judged; offsets are those of them.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Str(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Broken(text, _) => text.as_bytes(),
        }
    }

    /// The text of the same length in which bytes that are not UTF-8 are control characters.
    pub(crate) fn to_judged(&self) -> Cow<'_, str> {
        if let Some(text) = self.as_str() {
            return Cow::Borrowed(text);
        }
        let mut text = String::with_capacity(self.as_bytes().len());
        for chunk in self.as_bytes().utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|_| '\u{1a}'));
        }
        Cow::Owned(text)
    }

    /// The unit of offsets that go out.
    pub(crate) fn unit(&self) -> OffsetUnit {
        match self {
            Self::Bytes(_) => OffsetUnit::Byte,
            _ => OffsetUnit::Char,
        }
    }

    /// Counts offsets in that unit.
    pub(crate) fn counter(&self) -> OffsetCounter<'_> {
        OffsetCounter::new(self.as_bytes(), self.unit())
    }

    /// The bytes without the edits, or nothing if there are none.
    pub(crate) fn without(&self, edits: &[Edit]) -> Option<Vec<u8>> {
        (!edits.is_empty()).then(|| Cleaner::apply(self.stored(), edits))
    }

    /// The bytes that the object stands for.
    pub(crate) fn stored(&self) -> &[u8] {
        match self {
            Self::Broken(_, bytes) => bytes,
            _ => self.as_bytes(),
        }
    }

    /// Returns a part of the text, or the whole of another, as an object of the same kind.
    pub(crate) fn object<'py>(&self, py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Bytes(_) => Ok(PyBytes::new(py, bytes).into_any()),
            Self::Str(_) => Ok(PyString::new(py, std::str::from_utf8(bytes).map_err(crate::refuse)?).into_any()),
            Self::Broken(..) => PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "surrogatepass")),
        }
    }
}
