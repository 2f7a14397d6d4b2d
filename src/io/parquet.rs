//! Parquet files: the cells of the text column are read and written, all other columns are
//! copied as they are encoded.
//!
//! Copying column chunks instead of decoding them keeps every type, statistic and encoding of
//! the other columns, costs next to nothing, and needs no Arrow. Row groups stay as they were.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use parquet::basic::Type;
use parquet::bloom_filter::Sbbf;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
    Int96Type,
};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::SchemaDescriptor;

use crate::io::reader::Part;
use crate::io::{Cell, Chunk, Fields, InputError, Layout, ReadOptions, RecordKind};

/// Cells read at once, and encoded at once.
const MAX_STEP: usize = 1024;
/// Bytes encoded at once, approximately.
const STEP_BYTES: usize = 1 << 20;
/// Runs of cells that may wait to be encoded.
const WAITING: usize = 2;

#[allow(clippy::needless_pass_by_value, reason = "errors are handed over")]
fn malformed(reason: impl ToString) -> InputError {
    InputError::Malformed { format: "Parquet", reason: reason.to_string() }
}

/// Returns the leaf column of that name, if it is no list.
fn find(schema: &SchemaDescriptor, name: &str) -> Option<usize> {
    schema.columns().iter().position(|column| column.path().string() == name && column.max_rep_level() == 0)
}

/// Returns the column that holds the text.
fn text_column(schema: &SchemaDescriptor, name: &str) -> Result<usize, InputError> {
    let Some(column) = find(schema, name) else {
        let names: Vec<String> =
            schema.columns().iter().map(|column| format!("\"{}\"", column.path().string())).collect();
        return Err(InputError::ColumnMissing { column: name.to_owned(), found: names.join(", ") });
    };
    let kind = schema.column(column).physical_type();
    if kind != Type::BYTE_ARRAY {
        return Err(malformed(format!(
            "column \"{name}\" is {kind}, not a string: name another one with --text-field"
        )));
    }
    Ok(column)
}

/// Reads the cells of the text column, and what stands beside them.
pub(crate) struct CellReader {
    file: SerializedFileReader<File>,
    text: usize,
    id: Option<usize>,
    url: Option<usize>,
    lang: Option<usize>,
    max_record: usize,
    chunk_bytes: usize,
    bytes_read: Option<Arc<AtomicU64>>,
    group: usize,
    open: Option<Group>,
    rows: u64,
    ended: bool,
}

/// The columns of interest of one row group.
struct Group {
    text: Column<ByteArrayType>,
    id: Option<Values>,
    url: Option<Column<ByteArrayType>>,
    lang: Option<Column<ByteArrayType>>,
    rows_left: usize,
    step: usize,
    compressed: u64,
}

struct Column<T: DataType> {
    reader: ColumnReaderImpl<T>,
    max_level: i16,
}

enum Values {
    Bytes(Column<ByteArrayType>),
    Int32(Column<Int32Type>),
    Int64(Column<Int64Type>),
}

impl<T: DataType> Column<T> {
    fn open(group: &dyn RowGroupReader, column: usize) -> ParquetResult<Self> {
        let max_level = group.metadata().schema_descr().column(column).max_def_level();
        Ok(Self { reader: get_typed_column_reader(group.get_column_reader(column)?), max_level })
    }

    fn read(&mut self, rows: usize) -> ParquetResult<Vec<Option<T::T>>> {
        let (mut levels, mut values) = (Vec::new(), Vec::with_capacity(rows));
        let (read, _, _) = self.reader.read_records(rows, Some(&mut levels), None, &mut values)?;
        if read != rows {
            return Err(ParquetError::General(format!("a column ends {} rows too early", rows - read)));
        }
        if self.max_level == 0 {
            return Ok(values.into_iter().map(Some).collect());
        }
        let mut values = values.into_iter();
        Ok(levels.iter().map(|&level| if level == self.max_level { values.next() } else { None }).collect())
    }
}

impl Values {
    fn open(group: &dyn RowGroupReader, column: usize) -> ParquetResult<Option<Self>> {
        Ok(match group.get_column_reader(column)? {
            ColumnReader::ByteArrayColumnReader(_) => Some(Self::Bytes(Column::open(group, column)?)),
            ColumnReader::Int32ColumnReader(_) => Some(Self::Int32(Column::open(group, column)?)),
            ColumnReader::Int64ColumnReader(_) => Some(Self::Int64(Column::open(group, column)?)),
            _ => None,
        })
    }

    /// Reads values as JSON.
    fn read(&mut self, rows: usize) -> ParquetResult<Vec<Option<String>>> {
        fn numbers<T: ToString>(values: Vec<Option<T>>) -> Vec<Option<String>> {
            values.into_iter().map(|value| value.map(|value| value.to_string())).collect()
        }
        Ok(match self {
            Self::Bytes(column) => strings(column, rows)?
                .into_iter()
                .map(|value| value.map(|value| serde_json::Value::from(value).to_string()))
                .collect(),
            Self::Int32(column) => numbers(column.read(rows)?),
            Self::Int64(column) => numbers(column.read(rows)?),
        })
    }
}

fn strings(column: &mut Column<ByteArrayType>, rows: usize) -> ParquetResult<Vec<Option<String>>> {
    let string = |value: ByteArray| str::from_utf8(value.data()).ok().map(str::to_owned);
    Ok(column.read(rows)?.into_iter().map(|value| value.and_then(string)).collect())
}

fn optional(column: &mut Option<Column<ByteArrayType>>, rows: usize) -> ParquetResult<Vec<Option<String>>> {
    column.as_mut().map_or_else(|| Ok(vec![None; rows]), |column| strings(column, rows))
}

impl CellReader {
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Self, InputError> {
        let file = File::open(path).map_err(|source| InputError::Open { source })?;
        let file = SerializedFileReader::new(file).map_err(malformed)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let Fields { text, id, url, lang } = &options.fields;
        let text = text_column(schema, text)?;
        let bytes =
            |name: &str| find(schema, name).filter(|&column| schema.column(column).physical_type() == Type::BYTE_ARRAY);
        let (id, url, lang) = (find(schema, id), bytes(url), bytes(lang));
        Ok(Self {
            text,
            id,
            url,
            lang,
            max_record: options.max_record,
            chunk_bytes: options.chunk_bytes.max(1),
            bytes_read: options.bytes_read.clone(),
            group: 0,
            open: None,
            rows: 0,
            ended: false,
            file,
        })
    }

    pub(crate) fn max_record(&self) -> usize {
        self.max_record
    }

    pub(crate) fn next_chunk(&mut self) -> Option<Chunk> {
        if self.ended {
            return None;
        }
        let mut chunk = Chunk::new(Layout::Cells, self.rows);
        let end = loop {
            match self.step(&mut chunk) {
                Ok(true) if chunk.bytes.len() < self.chunk_bytes && chunk.parts.len() < MAX_STEP * 64 => {}
                Ok(true) => return Some(chunk),
                Ok(false) => break Ok(()),
                Err(error) => {
                    let source = std::io::Error::other(error.to_string());
                    break Err(InputError::Read { records: self.rows, source });
                }
            }
        };
        self.ended = true;
        chunk.end = Some(end);
        Some(chunk)
    }

    /// Adds some rows to the chunk; returns `false` if there are none.
    fn step(&mut self, chunk: &mut Chunk) -> ParquetResult<bool> {
        while self.open.is_none() {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            self.open = Some(self.open_group(self.group)?).filter(|group| group.rows_left > 0);
            self.group += 1;
        }
        let Some(group) = &mut self.open else { return Ok(false) };
        let rows = group.step.min(group.rows_left);
        group.rows_left -= rows;
        let texts = group.text.read(rows)?;
        let ids = group.id.as_mut().map_or_else(|| Ok(vec![None; rows]), |column| column.read(rows))?;
        let (urls, langs) = (optional(&mut group.url, rows)?, optional(&mut group.lang, rows)?);
        for (((text, id), url), lang) in texts.into_iter().zip(ids).zip(urls).zip(langs) {
            self.rows += 1;
            let start = chunk.bytes.len();
            let kind = match &text {
                None => RecordKind::Null,
                Some(text) if text.len() > self.max_record => RecordKind::TooLong,
                Some(_) => RecordKind::Record,
            };
            if let Some(text) = text {
                chunk.bytes.extend_from_slice(text.data());
            }
            chunk.parts.push(Part { range: start..chunk.bytes.len(), number: self.rows, kind, goes_on: false });
            chunk.cells.push(Cell { id, url, lang });
        }
        if let Some(done) = self.open.take_if(|group| group.rows_left == 0) {
            // With it goes the page that it holds, which may be one large cell.
            if let Some(count) = &self.bytes_read {
                count.fetch_add(done.compressed, Ordering::Relaxed);
            }
        }
        Ok(true)
    }

    fn open_group(&self, index: usize) -> ParquetResult<Group> {
        let group = self.file.get_row_group(index)?;
        let group = &*group;
        let column = |column: Option<usize>| column.map(|column| Column::open(group, column)).transpose();
        let text = group.metadata().column(self.text);
        let rows_left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        let average = usize::try_from(text.uncompressed_size()).unwrap_or(0) / rows_left.max(1);
        let id = self.id.map(|column| Values::open(group, column)).transpose()?.flatten();
        Ok(Group {
            text: Column::open(group, self.text)?,
            id,
            url: column(self.url)?,
            lang: column(self.lang)?,
            rows_left,
            step: (self.chunk_bytes / 4 / average.max(1)).clamp(1, MAX_STEP),
            compressed: u64::try_from(group.metadata().compressed_size()).unwrap_or(0),
        })
    }
}

/// What becomes of a cell of the text column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewCell {
    /// It holds this text.
    Text(Vec<u8>),
    /// It has no value.
    Null,
    /// Its row is left out.
    LeftOut,
}

/// A run of cells.
pub(crate) type Cells = Vec<NewCell>;

/// Writes a copy of a file with other cells in its text column.
///
/// A thread of its own holds the writers, which borrow from each other.
pub(crate) struct CellWriter<W> {
    cells: Option<SyncSender<Cells>>,
    thread: Option<JoinHandle<ParquetResult<W>>>,
}

impl<W: Write + Send + 'static> CellWriter<W> {
    /// Starts a copy of `source`; with `partial`, rows may be left out, and those behind the
    /// last cell are.
    pub(crate) fn new(source: &Path, text_field: &str, partial: bool, sink: W) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let (source, text_field) = (source.to_owned(), text_field.to_owned());
        let thread = thread::spawn(move || write(&source, &text_field, partial, sink, &receiver));
        Self { cells: Some(sender), thread: Some(thread) }
    }

    /// Writes further cells.
    pub(crate) fn push(&mut self, cells: Cells) -> Result<(), String> {
        if cells.is_empty() {
            // The thread may have all that it wants, and be gone.
            return Ok(());
        }
        match &self.cells {
            Some(sender) if sender.send(cells).is_ok() => Ok(()),
            _ => Err(self.join().err().unwrap_or_else(|| "there are more rows than the input has".to_owned())),
        }
    }

    /// Writes what is left; returns the sink.
    pub(crate) fn finish(mut self) -> Result<W, String> {
        self.join()
    }

    fn join(&mut self) -> Result<W, String> {
        self.cells = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Ok(sink))) => Ok(sink),
            Some(Ok(Err(error))) => Err(error.to_string()),
            _ => Err("the writer stopped".to_owned()),
        }
    }
}

impl<W> Drop for CellWriter<W> {
    fn drop(&mut self) {
        self.cells = None;
        if let Some(thread) = self.thread.take() {
            // Nobody wants to know how it ended.
            thread.join().ok();
        }
    }
}

fn write<W: Write + Send>(
    source: &PathBuf,
    text_field: &str,
    partial: bool,
    sink: W,
    cells: &Receiver<Cells>,
) -> ParquetResult<W> {
    let input = File::open(source)?;
    let metadata =
        ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional).parse_and_finish(&input)?;
    let schema = metadata.file_metadata().schema_descr();
    let text = text_column(schema, text_field).map_err(|error| ParquetError::General(error.to_string()))?;
    let encoded: Vec<usize> = if partial { (0..schema.num_columns()).collect() } else { vec![text] };
    let properties = Arc::new(properties(&metadata, text, &encoded, &input));
    let mut writer = SerializedFileWriter::new(sink, schema.root_schema_ptr(), properties)?;
    let mut cells = cells.iter().flatten();
    let max_level = schema.column(text).max_def_level();
    // Within a structure, a missing text may be a missing structure: its level says.
    let file = if max_level > 1 || partial { Some(SerializedFileReader::new(input.try_clone()?)?) } else { None };
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let rows = usize::try_from(group.num_rows()).unwrap_or(0);
        // Which rows stay must be known before the first column is written.
        let known: Cells = if partial { cells.by_ref().take(rows).collect() } else { Vec::new() };
        let keep: Option<Vec<bool>> = partial.then(|| {
            let stays = |row| known.get(row).is_some_and(|cell| *cell != NewCell::LeftOut);
            (0..rows).map(stays).collect()
        });
        let left_out = |keep: &Vec<bool>| keep.contains(&false);
        if keep.as_ref().is_some_and(|keep| left_out(keep) && !keep.contains(&true)) {
            continue;
        }
        let keep = keep.filter(left_out);
        let mut texts = known.into_iter().chain(cells.by_ref()).filter(|cell| *cell != NewCell::LeftOut);
        let mut group_out = writer.next_row_group()?;
        for (column, chunk) in group.columns().iter().enumerate() {
            if column == text {
                let levels = match &file {
                    Some(file) if max_level > 1 => {
                        let mut stays = keep.iter().flatten();
                        let mut levels = levels(file, index, text, rows)?;
                        levels.retain(|_| stays.next().copied().unwrap_or(true));
                        Some(levels)
                    }
                    _ => None,
                };
                let rows = keep.as_ref().map_or(rows, |keep| keep.iter().filter(|&&stays| stays).count());
                write_text(&mut group_out, rows, max_level, levels.as_deref(), &mut texts)?;
                continue;
            }
            if let (Some(file), Some(keep)) = (&file, &keep) {
                let reader = file.get_row_group(index)?.get_column_reader(column)?;
                copy_column(reader, &mut group_out, keep)?;
                continue;
            }
            let page_index = metadata.page_index();
            let close = ColumnCloseResult {
                bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
                rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
                metadata: chunk.clone(),
                bloom_filter: Sbbf::read_from_column_chunk(chunk, &input).ok().flatten(),
                column_index: page_index.and_then(|found| found.column_index(index, column)).cloned(),
                offset_index: page_index.and_then(|found| found.offset_index(index, column)).cloned(),
            };
            group_out.append_column(&input, close)?;
        }
        group_out.close()?;
    }
    writer.into_inner()
}

/// Writes the rows of a column that stay.
fn copy_column<W: Write + Send>(
    reader: ColumnReader,
    group: &mut SerializedRowGroupWriter<'_, W>,
    keep: &[bool],
) -> ParquetResult<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the row group has fewer columns than the schema".to_owned()));
    };
    match reader {
        ColumnReader::BoolColumnReader(reader) => copy_rows(reader, column.typed::<BoolType>(), keep)?,
        ColumnReader::Int32ColumnReader(reader) => copy_rows(reader, column.typed::<Int32Type>(), keep)?,
        ColumnReader::Int64ColumnReader(reader) => copy_rows(reader, column.typed::<Int64Type>(), keep)?,
        ColumnReader::Int96ColumnReader(reader) => copy_rows(reader, column.typed::<Int96Type>(), keep)?,
        ColumnReader::FloatColumnReader(reader) => copy_rows(reader, column.typed::<FloatType>(), keep)?,
        ColumnReader::DoubleColumnReader(reader) => copy_rows(reader, column.typed::<DoubleType>(), keep)?,
        ColumnReader::ByteArrayColumnReader(reader) => copy_rows(reader, column.typed::<ByteArrayType>(), keep)?,
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            copy_rows(reader, column.typed::<FixedLenByteArrayType>(), keep)?;
        }
    }
    column.close()
}

fn copy_rows<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    writer: &mut ColumnWriterImpl<'_, T>,
    keep: &[bool],
) -> ParquetResult<()> {
    let descriptor = Arc::clone(writer.get_descriptor());
    let (nullable, repeated) = (descriptor.max_def_level() > 0, descriptor.max_rep_level() > 0);
    let (mut levels, mut again, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for run in keep.chunk_by(|a, b| a == b) {
        let mut left = run.len();
        while left > 0 {
            let step = left.min(MAX_STEP);
            let done = if run[0] {
                levels.clear();
                again.clear();
                values.clear();
                let (records, _, _) = reader.read_records(step, Some(&mut levels), Some(&mut again), &mut values)?;
                writer.write_batch(&values, nullable.then_some(&levels[..]), repeated.then_some(&again[..]))?;
                records
            } else {
                reader.skip_records(step)?
            };
            if done < step {
                return Err(ParquetError::General(format!("a column ends {} rows too early", step - done)));
            }
            left -= step;
        }
    }
    Ok(())
}

/// Returns properties that make the columns that are encoded look like those of the input.
fn properties(metadata: &ParquetMetaData, text: usize, encoded: &[usize], input: &File) -> WriterProperties {
    let file = metadata.file_metadata();
    let mut builder = WriterProperties::builder()
        .set_writer_version(if file.version() >= 2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 })
        .set_key_value_metadata(file.key_value_metadata().cloned());
    if let Some(created_by) = file.created_by() {
        builder = builder.set_created_by(created_by.to_owned());
    }
    let Some(group) = metadata.row_groups().first() else { return builder.build() };
    let index = metadata.page_index();
    for &number in encoded {
        let column = group.column(number);
        let path = column.column_path().clone();
        let page_statistics = index.is_some_and(|index| index.column_index(0, number).is_some());
        let statistics = match column.statistics() {
            _ if page_statistics => EnabledStatistics::Page,
            Some(_) => EnabledStatistics::Chunk,
            None => EnabledStatistics::None,
        };
        builder = builder
            .set_column_compression(path.clone(), column.compression())
            .set_column_dictionary_enabled(path.clone(), column.dictionary_page_offset().is_some())
            .set_column_statistics_enabled(path.clone(), statistics)
            .set_column_bloom_filter_enabled(
                path,
                Sbbf::read_from_column_chunk(column, input).is_ok_and(|found| found.is_some()),
            );
    }
    // Cleaning may change the order of texts.
    let sorted =
        group.sorting_columns().filter(|columns| columns.iter().all(|sorted| sorted.column_idx != text as i32));
    builder
        .set_offset_index_disabled(index.is_none_or(|index| index.offset_index(0, text).is_none()))
        .set_sorting_columns(sorted.cloned())
        .build()
}

/// Returns the definition levels of a column of a row group.
fn levels(file: &SerializedFileReader<File>, group: usize, column: usize, rows: usize) -> ParquetResult<Vec<i16>> {
    let group = file.get_row_group(group)?;
    let mut column = Column::<ByteArrayType>::open(&*group, column)?;
    let (mut levels, mut values) = (Vec::with_capacity(rows), Vec::new());
    while levels.len() < rows {
        values.clear();
        let (read, _, _) = column.reader.read_records(MAX_STEP, Some(&mut levels), None, &mut values)?;
        if read == 0 {
            break;
        }
    }
    Ok(levels)
}

fn write_text<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    rows: usize,
    max_level: i16,
    original: Option<&[i16]>,
    cells: &mut impl Iterator<Item = NewCell>,
) -> ParquetResult<()> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the row group has no text column".to_owned()));
    };
    let mut left = rows;
    while left > 0 {
        let (mut levels, mut values, mut bytes) = (Vec::new(), Vec::new(), 0);
        while left > 0 && levels.len() < MAX_STEP && bytes < STEP_BYTES {
            let Some(cell) = cells.next() else {
                return Err(ParquetError::General(format!("{left} rows are missing")));
            };
            let level = original.and_then(|levels| levels.get(rows - left)).copied();
            left -= 1;
            let NewCell::Text(cell) = cell else {
                levels.push(level.unwrap_or(max_level - 1));
                continue;
            };
            levels.push(max_level);
            bytes += cell.len();
            values.push(ByteArray::from(cell));
        }
        column.typed::<ByteArrayType>().write_batch(&values, (max_level > 0).then_some(&levels[..]), None)?;
    }
    column.close()
}
