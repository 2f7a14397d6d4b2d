//! What can be wrong with an input or with one of its records.

use std::io;

/// Why one record could not be read; the run goes on with the next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The record is over the size limit.
    #[error("record is longer than {max} bytes: raise the limit with --max-record")]
    TooLong {
        /// The limit in force.
        max: usize,
    },
    /// A record whose format requires UTF-8 has other bytes.
    #[error("not valid UTF-8 at byte {at} of the record: convert the file to UTF-8")]
    NotUtf8 {
        /// Offset of the first byte that is not UTF-8.
        at: usize,
    },
    /// A text file in UTF-16.
    #[error("text is in UTF-16: convert the file to UTF-8, for example with iconv")]
    Utf16,
    /// A line that is no JSON text.
    #[error("not valid JSON: {reason}")]
    Json {
        /// What the parser says.
        reason: String,
    },
    /// A JSON text that is not an object.
    #[error("JSON value is {found}, not an object: each line must be one record")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// The field that holds the text is not there.
    #[error("field \"{field}\" is missing: name another field with --text-field")]
    FieldMissing {
        /// Name of the field.
        field: String,
    },
    /// The field that holds the text holds something else.
    #[error("field \"{field}\" is {found}, not a string: name another field with --text-field")]
    FieldNotString {
        /// Name of the field.
        field: String,
        /// What it is.
        found: &'static str,
    },
    /// The field that holds the text is there twice.
    ///
    /// Programs disagree on which one counts; cleaning one and leaving the other would hide
    /// the junk from one half of them.
    #[error("field \"{field}\" occurs more than once: keep one")]
    FieldTwice {
        /// Name of the field.
        field: String,
    },
}

/// Why an input could not be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The file or folder could not be opened or listed.
    #[error("cannot be opened: {source}")]
    Open {
        /// What the system says.
        source: io::Error,
    },
    /// The file is of a kind that is not read.
    #[error("looks like {found}, which is not read: {advice}")]
    Unsupported {
        /// What it looks like.
        found: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// Compressed data that ends too early.
    #[error("compressed data ends too early after record {records}: the file is cut short, fetch it again")]
    Truncated {
        /// Records read before.
        records: u64,
    },
    /// Compressed data that makes no sense, or a failing device.
    #[error("cannot be read beyond record {records}: {source}")]
    Read {
        /// Records read before.
        records: u64,
        /// What the system or the decoder says.
        source: io::Error,
    },
}

impl InputError {
    pub(crate) fn reading(source: io::Error, records: u64) -> Self {
        // zstd reports a frame that ends too early as "incomplete frame".
        if source.kind() == io::ErrorKind::UnexpectedEof || source.to_string().contains("incomplete frame") {
            Self::Truncated { records }
        } else {
            Self::Read { records, source }
        }
    }
}
