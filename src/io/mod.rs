//! Reads and writes record files: plain text, JSON lines, gzip and zstd.
//!
//! The way of a record: a [`Source`] is opened by a [`RecordReader`], which cuts the input
//! into [`Chunk`]s of raw records and does nothing else, because it is the one part that
//! cannot run in parallel. [`Format::view`] finds the text in a raw record;
//! [`RecordView::write_without`] writes the record with parts of its text left out and every
//! other byte as it was. A [`RecordWriter`] gives an output its final name only when it is
//! complete.
//!
//! A further format adds a variant to [`Format`], a way to cut records in the reader and a
//! way to view one; nothing else changes.

mod csv;
mod error;
mod findings;
mod format;
mod json;
#[cfg(feature = "extract")]
mod page;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod record;
mod source;
mod warc;
mod writer;

#[cfg(feature = "parquet")]
pub use self::parquet::NewCell;
pub use error::{InputError, RecordError};
pub use findings::{add_field, drop_field, write_dolma, write_error, write_findings};
pub use format::{Compression, Format};
pub use reader::{Cell, Chunk, RawRecord, ReadOptions, RecordKind, RecordReader};
pub use record::{Fields, Layout, RecordText, RecordView, RowLayout};
pub use source::{Source, key_of, list_sources, parse_file_list};
#[cfg(feature = "parquet")]
pub use writer::ColumnWriter;
pub use writer::{RecordWriter, Spool, WriteError, gzip_member, remove_leftovers};
