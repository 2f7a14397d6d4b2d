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
    /// A row of a table with more or fewer columns than its header.
    #[error("row has {found} columns, the header has {expected}: quotes or delimiters are wrong here")]
    Columns {
        /// Columns of the row.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A field whose quotes do not stand round all of it.
    #[error(
        "quotes of the text column are not closed, or text stands outside of them: the row could not be written again"
    )]
    Quoting,
    /// A text that is a web page.
    #[error("text is HTML: extract its text first, with --extract or for example with trafilatura")]
    Html,
    /// A web page without text that could be found.
    #[error("web page cannot be read: {reason}")]
    Page {
        /// What is wrong with it.
        reason: String,
    },
    /// A WARC record that makes no sense.
    #[error("not a WARC record: {reason}")]
    Warc {
        /// What is wrong.
        reason: String,
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
    /// A table without a column for the text.
    #[error("column \"{column}\" is missing; there are {found}: name one with --text-field")]
    ColumnMissing {
        /// The column looked for.
        column: String,
        /// The columns found.
        found: String,
    },
    /// A table without a header whose column is not named by a number.
    #[error(
        "column \"{column}\" is no number from 1: without a header, name columns by number, such as --text-field 2"
    )]
    ColumnNumber {
        /// The column looked for.
        column: String,
    },
    /// A file of a known format that cannot be read.
    #[error("cannot be read as {format}: {reason}")]
    Malformed {
        /// The format.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A record that makes it impossible to find the next one.
    #[error("cannot be read beyond record {records}: {reason}")]
    Record {
        /// Records read before.
        records: u64,
        /// What is wrong.
        reason: RecordError,
    },
    /// Compressed data that grows out of proportion.
    #[error(
        "compressed data grows more than {max} times after record {records}: raise the limit with --max-expansion if it is meant to"
    )]
    Expansion {
        /// Records read before.
        records: u64,
        /// The limit in force.
        max: u64,
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
        if let Some(&Expanded { max }) = source.get_ref().and_then(|error| error.downcast_ref()) {
            Self::Expansion { records, max }
        } else if source.kind() == io::ErrorKind::UnexpectedEof || source.to_string().contains("incomplete frame") {
            Self::Truncated { records }
        } else {
            Self::Read { records, source }
        }
    }
}

/// What a decompressor is stopped with.
#[derive(Debug, thiserror::Error)]
#[error("compressed data grows more than {max} times")]
pub(crate) struct Expanded {
    pub(crate) max: u64,
}
