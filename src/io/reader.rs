//! Cuts inputs into raw records, with a limit on the size of each.
//!
//! The reader looks at line breaks only. Parsing is left to the workers, so that one big
//! file keeps all cores busy. A record over the limit passes by in parts: a single line of
//! any length needs no more memory than the limit.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::io::{Compression, Format, InputError, Source};

/// How inputs are read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The format, or `None` to detect it.
    pub format: Option<Format>,
    /// Most bytes of one record of a record format.
    pub max_record: usize,
    /// Bytes of a chunk, approximately.
    pub chunk_bytes: usize,
    /// Counts the bytes read from files, compressed as they are, if somebody watches.
    pub bytes_read: Option<Arc<AtomicU64>>,
}

impl ReadOptions {
    /// Most bytes of one record unless set otherwise.
    pub const DEFAULT_MAX_RECORD: usize = 64 << 20;
    /// Most bytes of a plain text file: it is one record, but nobody means a limit on
    /// records when they clean a single big file.
    pub const MAX_TEXT_FILE: usize = 1 << 30;
    /// Big enough to make hand-over cheap, small enough to keep two cores level.
    pub const DEFAULT_CHUNK_BYTES: usize = 1 << 20;

    /// Returns the default options for inputs of one format.
    pub fn of(format: Format) -> Self {
        Self { format: Some(format), ..Self::default() }
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            max_record: Self::DEFAULT_MAX_RECORD,
            chunk_bytes: Self::DEFAULT_CHUNK_BYTES,
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
    /// Bytes between records: empty lines, a byte order mark.
    Filler,
    /// The first part of a record over the limit.
    TooLong,
    /// A further part of a record over the limit, or of one that the input breaks off in.
    Rest,
}

/// One raw record, line break included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawRecord<'c> {
    /// The bytes as they stand in the (decompressed) input.
    pub bytes: &'c [u8],
    /// Number of the record from 1: the line number, or 1 in a text file.
    pub number: u64,
    /// What it is.
    pub kind: RecordKind,
}

#[derive(Debug, Clone)]
struct Part {
    range: Range<usize>,
    number: u64,
    kind: RecordKind,
}

/// A run of raw records; together, the chunks of an input hold all its bytes.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    parts: Vec<Part>,
    end: Option<Result<(), InputError>>,
}

impl Chunk {
    /// Returns a chunk without records that ends its input with an error.
    pub fn failed(error: InputError) -> Self {
        Self { end: Some(Err(error)), ..Self::default() }
    }

    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = RawRecord<'_>> {
        self.parts.iter().map(|part| RawRecord {
            bytes: &self.bytes[part.range.clone()],
            number: part.number,
            kind: part.kind,
        })
    }

    /// Number of bytes held.
    pub fn byte_len(&self) -> usize {
        self.bytes.len()
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
        let is_start = |part: &Part| matches!(part.kind, RecordKind::Record | RecordKind::TooLong);
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
    input: BufReader<Box<dyn Read + Send>>,
    format: Format,
    compression: Compression,
    max_record: usize,
    chunk_bytes: usize,
    /// Whether records are passed on as soon as they are there: somebody may be waiting at
    /// the other end of the pipe.
    eager: bool,
    /// The beginning of a record whose end is not read yet.
    carry: Vec<u8>,
    records: u64,
    started: bool,
    in_long_record: bool,
    ended: bool,
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
        let raw: Box<dyn Read + Send> = match source.path() {
            Some(path) => {
                let file = File::open(path).map_err(opening)?;
                match &options.bytes_read {
                    Some(count) => Box::new(Counted { file, count: Arc::clone(count) }),
                    None => Box::new(file),
                }
            }
            None => Box::new(io::stdin()),
        };
        let eager = source.path().is_none();
        Self::new(raw, source.path(), eager, options)
    }

    /// Reads records from any reader; `name` helps to detect the format.
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
        let mut plain: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(raw),
            Compression::Gzip => {
                Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, raw)))
            }
            Compression::Zstd => Box::new(
                zstd::stream::read::Decoder::with_buffer(BufReader::with_capacity(BUFFER_BYTES, raw))
                    .map_err(opening)?,
            ),
        };
        let format = if let Some(format) = options.format {
            format
        } else {
            let enough = |head: &[u8]| head.len() >= HEAD_BYTES || head.contains(&b'\n');
            let (head, error) = read_head(&mut plain, enough);
            let format = Format::detect(name, &head)?;
            plain = Box::new(Cursor::new(head).chain(Broken(error)).chain(plain));
            format
        };
        let max_record = match format {
            Format::Text => options.max_record.max(ReadOptions::MAX_TEXT_FILE),
            Format::Jsonl => options.max_record,
        };
        Ok(Self {
            input: BufReader::with_capacity(BUFFER_BYTES, plain),
            format,
            compression,
            max_record,
            chunk_bytes: options.chunk_bytes.max(1),
            eager,
            carry: Vec::new(),
            records: 0,
            started: false,
            in_long_record: false,
            ended: false,
        })
    }

    /// The format of the records.
    pub fn format(&self) -> Format {
        self.format
    }

    /// How the input is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Most bytes of a record.
    pub fn max_record(&self) -> usize {
        self.max_record
    }

    /// Returns the next chunk, or `None` behind the one that ends the input.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        if self.ended {
            return None;
        }
        let mut chunk = Chunk { bytes: std::mem::take(&mut self.carry), ..Chunk::default() };
        if self.format == Format::Jsonl {
            chunk.bytes.reserve(self.chunk_bytes.saturating_add(BUFFER_BYTES).saturating_sub(chunk.bytes.len()));
        }
        let mut start = 0;
        loop {
            let old = chunk.bytes.len();
            match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    // What was read of the record that breaks off goes by as it is.
                    self.push(&mut chunk, start..old, RecordKind::Rest);
                    return Some(self.finish(chunk, Err(error)));
                }
                Ok([]) => {
                    let empty_text = self.format == Format::Text && !self.started;
                    if start < old || empty_text {
                        self.close(&mut chunk, start..old);
                    }
                    return Some(self.finish(chunk, Ok(())));
                }
                Ok(available) => {
                    let len = available.len();
                    chunk.bytes.extend_from_slice(available);
                    self.input.consume(len);
                }
            }
            if self.format == Format::Jsonl {
                let mut at = old;
                while let Some(found) = memchr::memchr(b'\n', &chunk.bytes[at..]) {
                    at += found + 1;
                    self.close(&mut chunk, start..at);
                    start = at;
                }
            }
            let len = chunk.bytes.len();
            if self.in_long_record {
                self.push(&mut chunk, start..len, RecordKind::Rest);
                start = len;
            } else if len - start > self.max_record {
                self.push(&mut chunk, start..len, RecordKind::TooLong);
                self.in_long_record = true;
                start = len;
            }
            let pause = self.eager && self.input.buffer().is_empty();
            if !chunk.parts.is_empty() && (start >= self.chunk_bytes || pause) {
                self.carry = chunk.bytes.split_off(start);
                return Some(chunk);
            }
        }
    }

    /// Ends the record that takes up `range`.
    fn close(&mut self, chunk: &mut Chunk, mut range: Range<usize>) {
        if self.in_long_record {
            self.in_long_record = false;
            self.push(chunk, range, RecordKind::Rest);
            return;
        }
        if self.format == Format::Jsonl {
            if !self.started && chunk.bytes[range.clone()].starts_with(b"\xEF\xBB\xBF") {
                self.push(chunk, range.start..range.start + 3, RecordKind::Filler);
                range.start += 3;
            }
            if chunk.bytes[range.clone()].trim_ascii().is_empty() {
                self.records += 1;
                self.push(chunk, range, RecordKind::Filler);
                return;
            }
        }
        let kind = if range.len() > self.max_record { RecordKind::TooLong } else { RecordKind::Record };
        self.push(chunk, range, kind);
    }

    fn push(&mut self, chunk: &mut Chunk, range: Range<usize>, kind: RecordKind) {
        self.started = true;
        let begins = matches!(kind, RecordKind::Record | RecordKind::TooLong);
        if range.is_empty() && !begins {
            return;
        }
        self.records += u64::from(begins);
        chunk.parts.push(Part { range, number: self.records, kind });
    }

    fn finish(&mut self, mut chunk: Chunk, end: io::Result<()>) -> Chunk {
        self.ended = true;
        chunk.end = Some(end.map_err(|error| InputError::reading(error, self.records)));
        chunk
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

/// A file whose reading is watched.
struct Counted {
    file: File,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
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
                    RecordKind::Rest => {
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
