//! Cuts inputs into raw records, with a limit on the size of each.
//!
//! The reader looks for the ends of records only. Parsing is left to the workers, so that one
//! big file keeps all cores busy. A record over the limit passes by in parts: a single line
//! of any length needs no more memory than the limit.
//!
//! Where chunks end depends on the bytes of the input alone, not on how they arrive: a run
//! that is resumed cuts the same chunks again, and compressed outputs come out the same.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::io::csv::{Columns, RowScanner};
use crate::io::error::Expanded;
use crate::io::format::html;
use crate::io::record::{Layout, RowLayout};
use crate::io::warc::WarcScanner;
use crate::io::{Compression, Fields, Format, InputError, RecordError, Source};

/// How inputs are read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The format, or `None` to detect it.
    pub format: Option<Format>,
    /// Names of the fields or columns that matter.
    pub fields: Fields,
    /// The character between columns of a table, or `None` to find it out.
    pub delimiter: Option<u8>,
    /// Whether tables begin with a row of their names; without, columns are named by number.
    pub header: bool,
    /// Whether web pages are read, to have their text extracted ([`Layout::extract`]).
    #[cfg(feature = "extract")]
    pub extract: bool,
    /// Most bytes of one record of a record format.
    pub max_record: usize,
    /// Most bytes that a compressed byte may grow to, over all of an input.
    pub max_expansion: u64,
    /// Bytes of a chunk, approximately.
    pub chunk_bytes: usize,
    /// Whether records of standard input are passed on as soon as they are there: somebody may
    /// be waiting at the other end of the pipe.
    pub eager: bool,
    /// Whether records of files are passed on in that way too: a file may be a named pipe.
    pub eager_files: bool,
    /// Counts the bytes read from files, compressed as they are, if somebody watches.
    pub bytes_read: Option<Arc<AtomicU64>>,
}

impl ReadOptions {
    /// Most bytes of one record unless set otherwise.
    pub const DEFAULT_MAX_RECORD: usize = 64 << 20;
    /// Most bytes of a plain text file: it is one record, but nobody means a limit on
    /// records when they clean a single big file.
    pub const MAX_TEXT_FILE: usize = 1 << 30;
    /// More than text and its templates reach; a file of zeros grows further.
    pub const DEFAULT_MAX_EXPANSION: u64 = 1000;
    /// Big enough to make hand-over cheap, small enough to keep two cores level.
    pub const DEFAULT_CHUNK_BYTES: usize = 1 << 20;

    #[cfg(feature = "extract")]
    fn extracts(&self) -> bool {
        self.extract
    }

    #[cfg(not(feature = "extract"))]
    #[allow(clippy::unused_self, reason = "there is a choice with the feature \"extract\"")]
    fn extracts(&self) -> bool {
        false
    }

    /// Returns the default options for inputs of one format.
    pub fn of(format: Format) -> Self {
        Self { format: Some(format), ..Self::default() }
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            fields: Fields::default(),
            delimiter: None,
            header: true,
            #[cfg(feature = "extract")]
            extract: false,
            max_record: Self::DEFAULT_MAX_RECORD,
            max_expansion: Self::DEFAULT_MAX_EXPANSION,
            chunk_bytes: Self::DEFAULT_CHUNK_BYTES,
            eager: true,
            eager_files: false,
            bytes_read: None,
        }
    }
}

/// What a raw record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordKind {
    /// A record to be parsed.
    Record,
    /// Bytes that are no record of text: empty lines, a byte order mark, the header of a
    /// table, WARC records of other types.
    Filler,
    /// A cell without a value.
    Null,
    /// The first part of a record over the limit.
    TooLong,
    /// A further part of a record over the limit.
    Rest,
    /// What an input that breaks off has of its last record.
    Tail,
}

/// What stands beside a cell of the text column.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// The identifier, as JSON.
    pub id: Option<String>,
    /// The address.
    pub url: Option<String>,
    /// The language.
    pub lang: Option<String>,
}

/// One raw record, line break included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawRecord<'c> {
    /// The bytes as they stand in the (decompressed) input.
    pub bytes: &'c [u8],
    /// Number of the record from 1: the line, the row (without the header), the record, or 1
    /// in a text file.
    pub number: u64,
    /// Where it begins in the (decompressed) input; in columnar files, the number of the row.
    pub offset: u64,
    /// What it is.
    pub kind: RecordKind,
    /// Whether it goes on in the next part.
    pub goes_on: bool,
    /// What stands in other columns, in columnar files.
    pub cell: Option<&'c Cell>,
}

#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) range: Range<usize>,
    pub(crate) number: u64,
    pub(crate) kind: RecordKind,
    pub(crate) goes_on: bool,
}

/// A run of raw records; together, the chunks of an input hold all its bytes.
#[derive(Debug)]
pub struct Chunk {
    pub(crate) bytes: Vec<u8>,
    pub(crate) parts: Vec<Part>,
    /// Beside each part, in columnar files.
    pub(crate) cells: Vec<Cell>,
    pub(crate) layout: Layout,
    /// Offset of the first byte in the input.
    pub(crate) base: u64,
    /// Web pages among the records that pass by.
    pub(crate) html: u64,
    /// Whether the first part belongs to a record that began in the chunk before.
    pub(crate) continues: bool,
    pub(crate) end: Option<Result<(), InputError>>,
}

impl Chunk {
    pub(crate) fn new(layout: Layout, base: u64) -> Self {
        Self {
            bytes: Vec::new(),
            parts: Vec::new(),
            cells: Vec::new(),
            layout,
            base,
            html: 0,
            continues: false,
            end: None,
        }
    }

    /// Returns a chunk without records that ends its input with an error.
    pub fn failed(error: InputError) -> Self {
        Self { end: Some(Err(error)), ..Self::new(Layout::Text, 0) }
    }

    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = RawRecord<'_>> {
        self.parts.iter().enumerate().map(|(index, part)| RawRecord {
            bytes: &self.bytes[part.range.clone()],
            number: part.number,
            offset: match self.layout {
                Layout::Cells => part.number.saturating_sub(1),
                _ => self.base + part.range.start as u64,
            },
            kind: part.kind,
            goes_on: part.goes_on,
            cell: self.cells.get(index),
        })
    }

    /// How the records are laid out.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Number of bytes held.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    /// Where it ends in the (decompressed) input.
    pub fn end_offset(&self) -> u64 {
        self.base + self.bytes.len() as u64
    }

    /// Whether the first part belongs to a record that began in the chunk before.
    pub fn continues(&self) -> bool {
        self.continues
    }

    /// Web pages among the records that pass by unread.
    pub fn html_records(&self) -> u64 {
        self.html
    }

    /// Whether the input ends with this chunk, and how.
    pub fn end(&self) -> Option<Result<(), &InputError>> {
        self.end.as_ref().map(|end| end.as_ref().map(|&()| ()))
    }

    /// How the input ends, if it ends with this chunk.
    pub fn into_end(self) -> Option<Result<(), InputError>> {
        self.end
    }

    /// Drops what follows the first `records` records and ends the input there if any were
    /// dropped; returns how many records are left.
    pub fn truncate(&mut self, records: u64) -> u64 {
        let mut seen = 0;
        let is_start = |part: &Part| matches!(part.kind, RecordKind::Record | RecordKind::TooLong | RecordKind::Null);
        let cut = self.parts.iter().position(|part| {
            seen += u64::from(is_start(part));
            seen > records
        });
        if let Some(cut) = cut {
            self.parts.truncate(cut);
            self.end = Some(Ok(()));
            records
        } else {
            seen
        }
    }
}

/// Reads one input chunk by chunk.
pub struct RecordReader {
    inner: Inner,
}

enum Inner {
    Rows(Box<RowReader>),
    #[cfg(feature = "parquet")]
    Cells(Box<crate::io::parquet::CellReader>),
}

/// Reads the formats whose records are runs of bytes.
struct RowReader {
    input: BufReader<Box<dyn Read + Send>>,
    format: Format,
    layout: Layout,
    compression: Compression,
    max_record: usize,
    chunk_bytes: usize,
    /// Whether records are passed on as soon as they are there: somebody may be waiting at
    /// the other end of the pipe.
    eager: bool,
    scanner: Scanner,
    /// Bytes that are read and not passed on: the beginning of a record.
    carry: Vec<u8>,
    /// How far the first record in hand has been looked at, and its end if it was found.
    scanned: usize,
    found: Option<usize>,
    /// Offset of the first byte in hand.
    base: u64,
    records: u64,
    started: bool,
    header_ahead: bool,
    /// What further parts of a record are that passes by in parts.
    passing: Option<RecordKind>,
    at_end: bool,
    failure: Option<InputError>,
    ended: bool,
}

/// Finds the ends of records.
enum Scanner {
    /// There is one record.
    Whole,
    Lines,
    Rows(Box<RowScanner>),
    Warc(WarcScanner),
}

/// Bytes looked at to detect the format.
const HEAD_BYTES: usize = 64 << 10;
/// Large reads keep decompressors busy; pipes deliver at most this much at once anyway.
const BUFFER_BYTES: usize = 256 << 10;

impl RecordReader {
    /// Opens a source, detecting compression and format.
    ///
    /// # Errors
    /// If it cannot be opened, or is of a kind that is not read.
    pub fn open(source: &Source, options: &ReadOptions) -> Result<Self, InputError> {
        let opening = |source| InputError::Open { source };
        let Some(path) = source.path() else { return Self::new(Box::new(io::stdin()), None, options.eager, options) };
        let mut file = File::open(path).map_err(opening)?;
        if is_columnar(path, &mut file, options) {
            return Self::columnar(path, options);
        }
        let file = File::open(path).map_err(opening)?;
        let raw: Box<dyn Read + Send> = match &options.bytes_read {
            Some(count) => Box::new(Counted { input: file, count: Arc::clone(count) }),
            None => Box::new(file),
        };
        Self::new(raw, Some(path), options.eager_files, options)
    }

    #[cfg(feature = "parquet")]
    fn columnar(path: &Path, options: &ReadOptions) -> Result<Self, InputError> {
        let reader = crate::io::parquet::CellReader::open(path, options)?;
        Ok(Self { inner: Inner::Cells(Box::new(reader)) })
    }

    #[cfg(not(feature = "parquet"))]
    fn columnar(_: &Path, _: &ReadOptions) -> Result<Self, InputError> {
        Err(InputError::Unsupported { found: "Parquet", advice: "build with the feature \"parquet\"" })
    }

    /// Reads records from any reader; `name` helps to detect the format, `eager` passes
    /// records on as soon as they are there.
    ///
    /// # Errors
    /// If the first bytes cannot be read, or are of a kind that is not read.
    pub fn new(
        mut raw: Box<dyn Read + Send>,
        name: Option<&Path>,
        eager: bool,
        options: &ReadOptions,
    ) -> Result<Self, InputError> {
        let opening = |source| InputError::Open { source };
        let (head, error) = match read_head(&mut raw, |head| head.len() >= 4) {
            (head, Some(error)) if head.is_empty() => return Err(opening(error)),
            read => read,
        };
        let compression = Compression::of_content(&head);
        let raw = Cursor::new(head).chain(Broken(error)).chain(raw);
        let compressed = Arc::<AtomicU64>::default();
        let counted = Counted { input: raw, count: Arc::clone(&compressed) };
        let bounded = |input: Box<dyn Read + Send>| {
            Box::new(Bounded { input, compressed: Arc::clone(&compressed), plain: 0, max: options.max_expansion })
        };
        let mut plain: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(counted),
            Compression::Gzip => {
                bounded(Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, counted))))
            }
            Compression::Zstd => bounded(Box::new(
                zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(BUFFER_BYTES, counted))
                    .map_err(opening)?,
            )),
        };
        let (mut head, mut error) = match options.format {
            Some(Format::Text | Format::Jsonl | Format::Warc | Format::Html) => (Vec::new(), None),
            _ => read_head(&mut plain, |head| head.len() >= HEAD_BYTES || head.contains(&b'\n')),
        };
        let mut format = match options.format {
            Some(format) => format,
            None => Format::detect(name, &head)?,
        };
        let named = options.format.is_some() || name.is_some_and(|name| Format::of_name(name).is_some());
        let mut delimiter = options.delimiter;
        if format == Format::Text && !named && options.header {
            if let Some(found) = Columns::looks_like_header(&head, &options.fields) {
                (format, delimiter) = (Format::Csv, delimiter.or(Some(found)));
            }
        }
        let (layout, scanner) = match format {
            Format::Text => (Layout::Text, Scanner::Whole),
            Format::Jsonl => (Layout::Jsonl, Scanner::Lines),
            Format::Warc => (Layout::Warc, Scanner::Warc(WarcScanner::new(options.extracts()))),
            Format::Html if options.extracts() => (Layout::Page, Scanner::Whole),
            Format::Html => return Err(html()),
            Format::Csv | Format::Tsv if head.is_empty() && error.is_none() => (Layout::Text, Scanner::Lines),
            Format::Csv | Format::Tsv => {
                let delimiter = if format == Format::Tsv { delimiter.or(Some(b'\t')) } else { delimiter };
                let columns = if options.header {
                    Columns::of_header(&head, &options.fields, delimiter)?
                } else {
                    // Rows of text hold too many of all delimiters to find out which it is.
                    let delimiter = delimiter.unwrap_or(b',');
                    let ends = |bytes: &[u8]| RowScanner::new(delimiter).scan(bytes).1;
                    if error.is_none() && !ends(&head) {
                        let (more, failed) = read_head(&mut plain, |more| ends(&[&head, more].concat()));
                        let is_cut = more.len() >= HEAD_BYTES && !ends(&[&head[..], &more].concat());
                        if is_cut {
                            let reason = format!("its first row is longer than {HEAD_BYTES} bytes");
                            return Err(InputError::Malformed { format: "a table without a header", reason });
                        }
                        head.extend(more);
                        error = failed;
                    }
                    Columns::of_numbers(&head, &options.fields, delimiter)?
                };
                let scanner = Scanner::Rows(Box::new(RowScanner::new(columns.delimiter)));
                (Layout::Rows(RowLayout(Arc::new(columns))), scanner)
            }
            Format::Parquet => {
                let advice = "write it to a file first, uncompressed, and name that";
                return Err(InputError::Unsupported { found: "Parquet in a stream", advice });
            }
        };
        let max_record = match format {
            Format::Text => options.max_record.max(ReadOptions::MAX_TEXT_FILE),
            _ => options.max_record,
        };
        let plain = Box::new(Cursor::new(head).chain(Broken(error)).chain(plain));
        let reader = RowReader {
            input: BufReader::with_capacity(BUFFER_BYTES, plain),
            format,
            header_ahead: options.header && matches!(layout, Layout::Rows(_)),
            layout,
            compression,
            max_record,
            chunk_bytes: options.chunk_bytes.max(1),
            eager,
            scanner,
            carry: Vec::new(),
            scanned: 0,
            found: None,
            base: 0,
            records: 0,
            started: false,
            passing: None,
            at_end: false,
            failure: None,
            ended: false,
        };
        Ok(Self { inner: Inner::Rows(Box::new(reader)) })
    }

    /// The format of the records.
    pub fn format(&self) -> Format {
        match &self.inner {
            Inner::Rows(reader) => reader.format,
            #[cfg(feature = "parquet")]
            Inner::Cells(_) => Format::Parquet,
        }
    }

    /// How the input is compressed.
    pub fn compression(&self) -> Compression {
        match &self.inner {
            Inner::Rows(reader) => reader.compression,
            #[cfg(feature = "parquet")]
            Inner::Cells(_) => Compression::None,
        }
    }

    /// Most bytes of a record.
    pub fn max_record(&self) -> usize {
        match &self.inner {
            Inner::Rows(reader) => reader.max_record,
            #[cfg(feature = "parquet")]
            Inner::Cells(reader) => reader.max_record(),
        }
    }

    /// Returns the next chunk, or `None` behind the one that ends the input.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        match &mut self.inner {
            Inner::Rows(reader) => reader.next_chunk(),
            #[cfg(feature = "parquet")]
            Inner::Cells(reader) => reader.next_chunk(),
        }
    }
}

/// What is next in the bytes at hand.
enum Next {
    Part(usize),
    /// The end of the record is not among them.
    More,
    Failed(RecordError),
}

impl RowReader {
    fn next_chunk(&mut self) -> Option<Chunk> {
        if self.ended {
            return None;
        }
        let mut chunk = Chunk::new(self.layout.clone(), self.base);
        chunk.bytes = std::mem::take(&mut self.carry);
        chunk.continues = self.passing.is_some();
        if !matches!(self.scanner, Scanner::Whole) {
            chunk.bytes.reserve(self.chunk_bytes.saturating_add(BUFFER_BYTES).saturating_sub(chunk.bytes.len()));
        }
        let mut start = 0;
        loop {
            loop {
                if start >= self.chunk_bytes {
                    return Some(self.cut(chunk, start));
                }
                match self.next_part(&mut chunk, start) {
                    Next::Part(end) => start = end,
                    Next::More => break,
                    Next::Failed(reason) => {
                        let error = InputError::Record { records: self.records, reason };
                        return Some(self.fail(chunk, start, error));
                    }
                }
            }
            if let Some(error) = self.failure.take() {
                return Some(self.fail(chunk, start, error));
            }
            if self.at_end {
                return Some(self.finish(chunk, start));
            }
            if self.eager && start > 0 && self.input.buffer().is_empty() {
                return Some(self.cut(chunk, start));
            }
            self.fill(&mut chunk.bytes);
        }
    }

    fn fill(&mut self, bytes: &mut Vec<u8>) {
        loop {
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(InputError::reading(error, self.records));
                    return;
                }
                Ok([]) => {
                    self.at_end = true;
                    return;
                }
                Ok(available) => {
                    let len = available.len();
                    bytes.extend_from_slice(available);
                    self.input.consume(len);
                    return;
                }
            }
        }
    }

    /// Finds the next part and adds it to the chunk.
    fn next_part(&mut self, chunk: &mut Chunk, start: usize) -> Next {
        if self.found.is_none() {
            self.scanned = self.scanned.max(start);
            match self.scan(&chunk.bytes, start) {
                Ok((at, end)) => {
                    self.scanned = at;
                    self.found = end.then_some(at);
                }
                Err(reason) => return Next::Failed(reason),
            }
        }
        let have = self.found.unwrap_or(chunk.bytes.len()) - start;
        let passes = matches!(&self.scanner, Scanner::Warc(scanner) if scanner.passes());
        let part = |reader: &mut Self, end: usize, chunk: &mut Chunk, kind: RecordKind, rest: RecordKind| {
            let ended = reader.found == Some(end);
            reader.passing = if ended { None } else { Some(rest) };
            if ended {
                reader.found = None;
            }
            reader.push(chunk, start..end, kind, !ended);
            Next::Part(end)
        };
        if let Some(rest) = self.passing {
            return if have >= self.chunk_bytes {
                part(self, start + self.chunk_bytes, chunk, rest, rest)
            } else if let Some(end) = self.found {
                part(self, end, chunk, rest, rest)
            } else {
                Next::More
            };
        }
        if passes && have > self.chunk_bytes {
            self.pass(chunk);
            return part(self, start + self.chunk_bytes, chunk, RecordKind::Filler, RecordKind::Filler);
        }
        if self.format == Format::Html && have > self.max_record {
            return Next::Failed(RecordError::TooLong { max: self.max_record });
        }
        if !passes && have > self.max_record {
            return part(self, start + self.max_record + 1, chunk, RecordKind::TooLong, RecordKind::Rest);
        }
        match self.found.take() {
            Some(end) => {
                self.close(chunk, start..end, passes);
                Next::Part(end)
            }
            None => Next::More,
        }
    }

    /// Looks for the end of the record that begins at `start`; returns how far it looked, and
    /// whether that is the end.
    fn scan(&mut self, bytes: &[u8], start: usize) -> Result<(usize, bool), RecordError> {
        let from = self.scanned;
        match &mut self.scanner {
            Scanner::Whole => Ok((bytes.len(), false)),
            Scanner::Lines => Ok(match memchr::memchr(b'\n', &bytes[from..]) {
                Some(at) => (from + at + 1, true),
                None => (bytes.len(), false),
            }),
            Scanner::Rows(scanner) => {
                let (read, end) = scanner.scan(&bytes[from..]);
                Ok((from + read, end))
            }
            Scanner::Warc(scanner) => scanner.scan(bytes, start, from, self.at_end),
        }
    }

    /// Ends a chunk; what is left of the bytes begins the next one.
    fn cut(&mut self, mut chunk: Chunk, start: usize) -> Chunk {
        self.carry = chunk.bytes.split_off(start);
        self.scanned = self.scanned.saturating_sub(start);
        self.found = self.found.map(|end| end - start);
        self.base += start as u64;
        chunk
    }

    /// Ends the record that takes up `range`.
    fn close(&mut self, chunk: &mut Chunk, mut range: Range<usize>, passes: bool) {
        if !self.started && !matches!(self.scanner, Scanner::Whole) && chunk.bytes[range.clone()].starts_with(BOM) {
            self.push(chunk, range.start..range.start + BOM.len(), RecordKind::Filler, false);
            range.start += BOM.len();
        }
        if passes {
            self.pass(chunk);
            return self.push(chunk, range, RecordKind::Filler, false);
        }
        let blank = || chunk.bytes[range.clone()].trim_ascii().is_empty();
        match self.scanner {
            Scanner::Lines if blank() => {
                self.records += 1;
                return self.push(chunk, range, RecordKind::Filler, false);
            }
            Scanner::Rows(_) if self.header_ahead && !blank() => {
                self.header_ahead = false;
                return self.push(chunk, range, RecordKind::Filler, false);
            }
            Scanner::Rows(_) if chunk.bytes[range.clone()].iter().all(|byte| matches!(byte, b'\r' | b'\n')) => {
                return self.push(chunk, range, RecordKind::Filler, false);
            }
            _ => {}
        }
        self.push(chunk, range, RecordKind::Record, false);
    }

    /// Counts a record that passes by whatever it holds.
    fn pass(&mut self, chunk: &mut Chunk) {
        self.records += 1;
        chunk.html += u64::from(matches!(&self.scanner, Scanner::Warc(scanner) if scanner.is_html));
    }

    fn push(&mut self, chunk: &mut Chunk, range: Range<usize>, kind: RecordKind, goes_on: bool) {
        self.started = true;
        let begins = matches!(kind, RecordKind::Record | RecordKind::TooLong);
        if range.is_empty() && !begins {
            return;
        }
        self.records += u64::from(begins);
        chunk.parts.push(Part { range, number: self.records, kind, goes_on });
    }

    /// Ends the input, with what stands behind the last end of a record.
    fn finish(&mut self, mut chunk: Chunk, start: usize) -> Chunk {
        let end = chunk.bytes.len();
        let empty_text = matches!(self.scanner, Scanner::Whole) && !self.started;
        if start < end || empty_text {
            match self.passing {
                Some(rest) => self.push(&mut chunk, start..end, rest, false),
                None => self.close(&mut chunk, start..end, false),
            }
        }
        self.ended = true;
        chunk.end = Some(Ok(()));
        chunk
    }

    fn fail(&mut self, mut chunk: Chunk, start: usize, error: InputError) -> Chunk {
        // What was read of the record that breaks off goes by as it is.
        let end = chunk.bytes.len();
        let kind = self.passing.unwrap_or(RecordKind::Tail);
        self.push(&mut chunk, start..end, kind, false);
        self.ended = true;
        chunk.end = Some(Err(error));
        chunk
    }
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

fn is_columnar(path: &Path, file: &mut File, options: &ReadOptions) -> bool {
    match options.format {
        Some(format) => format == Format::Parquet,
        None => {
            let mut magic = [0; 4];
            let named = Format::of_name(path) == Some(Format::Parquet);
            let read = file.metadata().is_ok_and(|found| found.is_file()) && file.read_exact(&mut magic).is_ok();
            read && &magic == b"PAR1" || named && Compression::of_content(&magic) == Compression::None
        }
    }
}

/// Reads until `enough` says so or the input ends or fails.
fn read_head(input: &mut dyn Read, enough: impl Fn(&[u8]) -> bool) -> (Vec<u8>, Option<io::Error>) {
    let mut head = vec![0; HEAD_BYTES];
    let mut len = 0;
    let mut failure = None;
    while len < head.len() && !enough(&head[..len]) {
        match input.read(&mut head[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    head.truncate(len);
    (head, failure)
}

/// Fails once with an error met when peeking: a decoder does not promise to fail twice.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// An input whose reading is watched.
struct Counted<R> {
    input: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Decompressed data that must not grow out of proportion.
struct Bounded {
    input: Box<dyn Read + Send>,
    compressed: Arc<AtomicU64>,
    plain: u64,
    max: u64,
}

/// Growth is looked at from here on: small inputs do no harm, and tell little.
const EXPANSION_SLACK: u64 = 64 << 20;

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.plain += read as u64;
        let compressed = self.compressed.load(Ordering::Relaxed);
        if self.plain > EXPANSION_SLACK && self.plain / self.max.max(1) > compressed {
            return Err(io::Error::other(Expanded { max: self.max }));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A source that gives a few bytes at a time.
    struct Drops {
        bytes: Vec<u8>,
        at: usize,
        size: usize,
        fails: bool,
    }

    impl Read for Drops {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.size.min(buffer.len()).min(self.bytes.len() - self.at);
            if len == 0 && self.fails {
                return Err(io::Error::other("the disk is gone"));
            }
            buffer[..len].copy_from_slice(&self.bytes[self.at..self.at + len]);
            self.at += len;
            Ok(len)
        }
    }

    fn chunks(reader: &mut RecordReader) -> Vec<Chunk> {
        std::iter::from_fn(|| reader.next_chunk()).collect()
    }

    fn reader(bytes: &[u8], size: usize, fails: bool, eager: bool, options: &ReadOptions) -> RecordReader {
        let drops = Drops { bytes: bytes.to_vec(), at: 0, size, fails };
        RecordReader::new(Box::new(drops), None, eager, options).expect("opens")
    }

    #[test]
    fn lines_are_numbered_and_fillers_told_apart() {
        let options = ReadOptions::of(Format::Jsonl);
        let mut reader = reader(b"\xEF\xBB\xBF{1}\n\n{2}\r\n{3}", 100, false, false, &options);
        let chunks = chunks(&mut reader);
        let found: Vec<(u64, RecordKind, &[u8])> =
            chunks.iter().flat_map(Chunk::records).map(|record| (record.number, record.kind, record.bytes)).collect();
        let expected: [(u64, RecordKind, &[u8]); 5] = [
            (0, RecordKind::Filler, b"\xEF\xBB\xBF"),
            (1, RecordKind::Record, b"{1}\n"),
            (2, RecordKind::Filler, b"\n"),
            (3, RecordKind::Record, b"{2}\r\n"),
            (4, RecordKind::Record, b"{3}"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_failing_source_ends_with_its_error_and_loses_nothing() {
        let options = ReadOptions::of(Format::Jsonl);
        let mut reader = reader(b"{1}\n{2", 2, true, false, &options);
        let chunks = chunks(&mut reader);
        let bytes: Vec<u8> = chunks.iter().flat_map(Chunk::records).flat_map(|record| record.bytes.to_vec()).collect();
        assert_eq!(bytes, b"{1}\n{2");
        let end = chunks.into_iter().next_back().and_then(Chunk::into_end);
        let error = end.expect("an end").expect_err("an error").to_string();
        assert_eq!(error, "cannot be read beyond record 1: the disk is gone");
    }

    proptest! {
        #[test]
        fn records_hold_all_bytes_and_are_lines(
            parts in proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("é"), Just(" "), Just("{}"), Just("abcdefgh")], 0..60),
            size in 1usize..20, chunk_bytes in 1usize..40, max_record in 1usize..30, eager in any::<bool>(), bom in any::<bool>(), fails in any::<bool>(),
        ) {
            let input = if bom { "\u{feff}" } else { "" }.to_owned() + &parts.concat();
            prop_assume!(!(fails && input.is_empty()));
            let mut options = ReadOptions::of(Format::Jsonl);
            options.chunk_bytes = chunk_bytes;
            options.max_record = max_record;
            let mut reader = reader(input.as_bytes(), size, fails, eager, &options);
            let chunks = chunks(&mut reader);
            prop_assert_eq!(chunks.iter().filter(|chunk| chunk.end().is_some()).count(), 1);
            let mut bytes = Vec::new();
            let mut lines: Vec<(u64, Vec<u8>, bool)> = Vec::new();
            for record in chunks.iter().flat_map(Chunk::records) {
                bytes.extend_from_slice(record.bytes);
                match record.kind {
                    RecordKind::Filler => {}
                    RecordKind::Rest | RecordKind::Tail => {
                        if let Some((_, line, _)) = lines.last_mut().filter(|(_, line, _)| !line.ends_with(b"\n")) {
                            line.extend_from_slice(record.bytes);
                        }
                    }
                    kind => lines.push((record.number, record.bytes.to_vec(), kind == RecordKind::TooLong)),
                }
            }
            prop_assert_eq!(&*bytes, input.as_bytes());
            // A line of white space over the limit may pass for either.
            let bare = |line: &[u8]| line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii().len();
            lines.retain(|(_, line, too_long)| !too_long || bare(line) > 0);
            let text = input.strip_prefix('\u{feff}').unwrap_or(&input);
            let mut expected: Vec<(u64, &str)> =
                (1..).zip(text.split_inclusive('\n')).filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
            if fails && !input.ends_with('\n') && lines.len() < expected.len() {
                // The line that the failure cuts off is no record.
                expected.pop();
            }
            prop_assert_eq!(lines.len(), expected.len());
            for ((number, line, too_long), (at, text)) in lines.iter().zip(expected) {
                prop_assert_eq!(*number, at);
                // A first line that is too long goes by together with its byte order mark.
                let bom: &[u8] = if *too_long && line.len() > text.len() { b"\xEF\xBB\xBF" } else { b"" };
                prop_assert_eq!(line.strip_prefix(bom), Some(text.as_bytes()));
                prop_assert_eq!(*too_long, line.len() > max_record);
            }
        }
    }
}
