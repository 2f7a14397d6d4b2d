//! The record of what was taken out, and the way back.
//!
//! One JSON object a removal. Offsets and text are those of the unescaped text, for people
//! and programs to read; where the record spells its text otherwise (JSON escapes), the
//! entry also holds the bytes as they stood there, so that the way back is exact to the bit.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::clean::{Edit, RestoreError};
use crate::io::{InputError, RecordKind, RecordReader, RecordView};
use crate::offsets::{OffsetCounter, OffsetUnit};
use crate::report::Report;

/// One removal.
#[derive(Debug, Serialize, Deserialize)]
struct Entry<'e> {
    /// Path of the source below the folder that was cleaned, or its file name.
    #[serde(borrow)]
    file: Cow<'e, str>,
    /// Number of the record in it: the line in JSON lines, 1 in a text file.
    record: u64,
    #[serde(borrow)]
    id: Option<&'e RawValue>,
    /// Bytes of the text.
    start: usize,
    end: usize,
    /// Code points of the text.
    char_start: usize,
    char_end: usize,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'e, str>>,
    /// In place of `text` if that is not UTF-8.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    base64: Option<Cow<'e, str>>,
    /// How it stood in the record, if that is not where and what `start` and `text` say.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    stored: Option<Stored<'e>>,
    #[serde(borrow)]
    label: Cow<'e, str>,
    score: f32,
    #[serde(borrow)]
    reasons: Vec<Cow<'e, str>>,
    #[serde(borrow)]
    model: Cow<'e, str>,
    #[serde(borrow)]
    policy: Cow<'e, str>,
    original: Original,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored<'e> {
    start: usize,
    #[serde(borrow)]
    text: Cow<'e, str>,
}

/// What the whole text was, as it stood in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Original {
    pub(crate) bytes: usize,
    crc32: u32,
}

impl Original {
    fn of(stored: &[u8]) -> Self {
        Self { bytes: stored.len(), crc32: crc32fast::hash(stored) }
    }
}

/// Appends one line for each edit of a record.
pub fn write_entries(
    file: &str,
    record: u64,
    view: &RecordView<'_>,
    report: &Report,
    edits: &[Edit],
    model: &str,
    policy: &str,
    out: &mut Vec<u8>,
) {
    if edits.is_empty() {
        return;
    }
    let text = view.text().as_bytes();
    let original = Original::of(view.stored_text());
    let id = view.id_json().and_then(|id| serde_json::from_str::<&RawValue>(id).ok());
    let mut counter = OffsetCounter::new(text, OffsetUnit::Char);
    for (edit, stored) in edits.iter().zip(view.spellings(edits)) {
        let finding = &report.findings[edit.finding];
        let bytes = &text[edit.span.range()];
        let removed = str::from_utf8(bytes).ok();
        let entry = Entry {
            file: Cow::Borrowed(file),
            record,
            id,
            start: edit.span.start(),
            end: edit.span.end(),
            char_start: counter.convert(edit.span.start()),
            char_end: counter.convert(edit.span.end()),
            text: removed.map(Cow::Borrowed),
            base64: removed.is_none().then(|| Cow::Owned(BASE64.encode(bytes))),
            stored: stored.map(|(start, text)| Stored { start, text: Cow::Borrowed(text) }),
            label: Cow::Borrowed(finding.label.as_str()),
            score: finding.score.get(),
            reasons: finding.reasons.iter().map(|reason| Cow::Borrowed(reason.code)).collect(),
            model: Cow::Borrowed(model),
            policy: Cow::Borrowed(policy),
            original,
        };
        serde_json::to_writer(&mut *out, &entry).expect("writing to memory does not fail");
        out.push(b'\n');
    }
}

/// Why a ledger does not bring an original back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A line is no entry.
    #[error("line {line} is no ledger entry: {reason}")]
    Line {
        /// Number of the line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The entries lie outside the record.
    #[error(transparent)]
    Place(#[from] RestoreError),
    /// What comes out is not what was cleaned.
    #[error(
        "the restored text is not the original ({found} bytes for {expected}, or other ones): the ledger belongs to another text, or the cleaned text was changed"
    )]
    Mismatch {
        /// Length that the ledger states.
        expected: usize,
        /// Length that came out.
        found: usize,
    },
}

/// A run that was removed from a record.
#[derive(Debug)]
pub(crate) struct Removed {
    /// Offset in the text.
    pub(crate) start: usize,
    pub(crate) bytes: Vec<u8>,
    /// Offset in the stored text and how it stood there, if that is not what the text says.
    pub(crate) stored: Option<(usize, String)>,
    pub(crate) original: Original,
}

/// Where the entries of one file stand in a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Place {
    /// Number of its first entry, from 0.
    first: u64,
    entries: u64,
    records: u64,
}

/// What a ledger speaks of: which files, and where.
///
/// Entries of a file stand in a row, because outputs are written in order; so one pass over
/// the ledger is enough to know where to look, and nothing else needs to be held.
#[derive(Debug, Default)]
pub struct LedgerIndex {
    files: BTreeMap<String, Place>,
}

#[derive(Deserialize)]
struct Head<'e> {
    #[serde(borrow)]
    file: Cow<'e, str>,
    record: u64,
}

impl LedgerIndex {
    /// Reads a ledger through.
    ///
    /// # Errors
    /// If the input breaks off, a line is no entry, or entries of a file are apart.
    pub fn read(mut reader: RecordReader) -> Result<Self, LedgerError> {
        let mut files = BTreeMap::<String, Place>::new();
        let mut current: Option<(String, u64)> = None;
        let mut number = 0;
        while let Some(chunk) = reader.next_chunk() {
            for record in chunk.records().filter(|record| record.kind != RecordKind::Filler) {
                let wrong = |reason| LedgerError::Line { line: record.number, reason };
                let head: Head<'_> = serde_json::from_slice(record.bytes).map_err(|error| wrong(error.to_string()))?;
                let same_file = current.as_ref().is_some_and(|(file, _)| *file == head.file);
                let same_record = same_file && current.as_ref().is_some_and(|&(_, last)| last == head.record);
                if !same_file {
                    let place = Place { first: number, entries: 0, records: 0 };
                    if files.insert(head.file.to_string(), place).is_some() {
                        return Err(wrong(format!("entries of file \"{}\" do not stand in a row", head.file)));
                    }
                }
                if let Some(place) = files.get_mut(&*head.file) {
                    place.entries += 1;
                    place.records += u64::from(!same_record);
                }
                current = Some((head.file.into_owned(), head.record));
                number += 1;
            }
            if let Some(Err(error)) = chunk.into_end() {
                return Err(error.into());
            }
        }
        Ok(Self { files })
    }

    /// Number of records of the file of that name that the ledger speaks of.
    pub fn record_count(&self, key: &str) -> u64 {
        self.files.get(key).map_or(0, |place| place.records)
    }

    /// The name of the only file that the ledger speaks of.
    pub fn only_file(&self) -> Option<&str> {
        self.files.keys().next().filter(|_| self.files.len() == 1).map(String::as_str)
    }
}

/// What a ledger says of one record.
#[derive(Debug, Default)]
pub struct Entries {
    /// The runs that were removed, in order.
    removed: Vec<Removed>,
    /// The whole record, if it was moved away.
    moved: Option<Vec<u8>>,
}

impl Entries {
    /// Whether the whole record was moved away.
    pub fn is_moved(&self) -> bool {
        self.moved.is_some()
    }

    /// Whether nothing is to be put back.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty()
    }

    /// Adds what a further entry of the same record says.
    pub fn merge(&mut self, other: Self) {
        self.removed.extend(other.removed);
        if let Some(bytes) = other.moved {
            self.moved.get_or_insert_default().extend(bytes);
        }
    }

    /// Appends the record that was moved away.
    pub fn write_moved(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.moved.as_deref().unwrap_or_default());
    }

    /// Appends the original of a cleaned record.
    ///
    /// # Errors
    /// If the ledger does not fit the record.
    pub fn restore(&self, view: &RecordView<'_>, out: &mut Vec<u8>) -> Result<(), LedgerError> {
        let originals: Vec<Original> = self.removed.iter().map(|removed| removed.original).collect();
        view.restore(&self.removed, |stored| originals.iter().all(|original| *original == Original::of(stored)), out)
    }
}

/// Reads a ledger, or a file of quarantined records, entry by entry.
pub struct LedgerReader {
    open: Box<dyn Fn() -> Result<RecordReader, InputError> + Send>,
    reader: Option<RecordReader>,
    chunk: std::vec::IntoIter<(u64, Vec<u8>)>,
    /// Number of the next entry, from 0.
    at: u64,
    /// Entries of the file in hand that are left.
    left: u64,
    ahead: Option<(u64, Entries)>,
}

impl LedgerReader {
    /// Returns a reader; `open` opens the ledger, again if files come in another order.
    pub fn new(open: impl Fn() -> Result<RecordReader, InputError> + Send + 'static) -> Self {
        Self { open: Box::new(open), reader: None, chunk: Vec::new().into_iter(), at: 0, left: 0, ahead: None }
    }

    /// Goes to the entries of a file.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn seek(&mut self, index: &LedgerIndex, key: &str) -> Result<(), LedgerError> {
        self.ahead = None;
        let Some(place) = index.files.get(key) else {
            self.left = 0;
            return Ok(());
        };
        if self.reader.is_none() || place.first < self.at {
            self.reader = Some((self.open)()?);
            self.chunk = Vec::new().into_iter();
            self.at = 0;
        }
        while self.at < place.first {
            self.line()?;
        }
        self.left = place.entries;
        Ok(())
    }

    /// Returns all that is said of the next record of the file, and its number, if that is at
    /// most `until`.
    ///
    /// # Errors
    /// If the ledger cannot be read.
    pub fn next(&mut self, until: u64) -> Result<Option<(u64, Entries)>, LedgerError> {
        if self.ahead.is_none() {
            self.ahead = self.entry()?;
        }
        let Some((record, mut entries)) = self.ahead.take() else { return Ok(None) };
        if record > until {
            self.ahead = Some((record, entries));
            return Ok(None);
        }
        while let Some((next, more)) = self.entry()? {
            if next != record {
                self.ahead = Some((next, more));
                break;
            }
            entries.merge(more);
        }
        Ok(Some((record, entries)))
    }

    fn entry(&mut self) -> Result<Option<(u64, Entries)>, LedgerError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let Some((line, bytes)) = self.line()? else { return Ok(None) };
        parse(&bytes).map(Some).map_err(|reason| LedgerError::Line { line, reason })
    }

    fn line(&mut self) -> Result<Option<(u64, Vec<u8>)>, LedgerError> {
        loop {
            if let Some(line) = self.chunk.next() {
                self.at += 1;
                return Ok(Some(line));
            }
            let Some(chunk) = self.reader.as_mut().and_then(RecordReader::next_chunk) else { return Ok(None) };
            let lines: Vec<_> = chunk
                .records()
                .filter(|record| record.kind != RecordKind::Filler)
                .map(|record| (record.number, record.bytes.to_vec()))
                .collect();
            self.chunk = lines.into_iter();
            if let Some(Err(error)) = chunk.into_end() {
                return Err(error.into());
            }
        }
    }
}

/// Either an entry of a ledger or one of a file of quarantined records.
#[derive(Deserialize)]
struct AnyEntry<'e> {
    record: u64,
    #[serde(default)]
    start: usize,
    #[serde(borrow, default)]
    text: Option<Cow<'e, str>>,
    #[serde(borrow, default)]
    base64: Option<Cow<'e, str>>,
    #[serde(borrow, default)]
    stored: Option<Stored<'e>>,
    #[serde(default)]
    original: Option<Original>,
    #[serde(default)]
    moved: bool,
}

fn parse(line: &[u8]) -> Result<(u64, Entries), String> {
    let entry: AnyEntry<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let bytes = match (entry.text, entry.base64) {
        (Some(text), _) => Some(text.into_owned().into_bytes()),
        (None, Some(encoded)) => Some(BASE64.decode(&*encoded).map_err(|error| error.to_string())?),
        (None, None) => None,
    };
    let mut entries = Entries::default();
    match (entry.original, bytes) {
        (Some(original), Some(bytes)) => entries.removed.push(Removed {
            start: entry.start,
            bytes,
            stored: entry.stored.map(|stored| (stored.start, stored.text.into_owned())),
            original,
        }),
        (Some(_), None) => return Err("neither \"text\" nor \"base64\" is there".to_owned()),
        (None, bytes) if entry.moved => entries.moved = Some(bytes.unwrap_or_default()),
        (None, _) if !entry.moved && entry.start == 0 => {}
        (None, _) => return Err("missing field \"original\"".to_owned()),
    }
    Ok((entry.record, entries))
}

#[derive(Serialize)]
struct QuarantineEntry<'e> {
    file: &'e str,
    record: u64,
    #[serde(skip_serializing_if = "is_false")]
    continued: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'e RawValue>,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'e str>,
    /// Whether it is missing from the output.
    moved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

/// A record that could not be handled.
#[derive(Debug, Clone, Copy)]
pub struct Quarantined<'q> {
    /// Path of the source below the folder that was cleaned, or its file name.
    pub file: &'q str,
    /// Number of the record.
    pub record: u64,
    /// Whether this is a further part of the record in the line before.
    pub continued: bool,
    /// The identifier as JSON.
    pub id: Option<&'q str>,
    /// Where it begins in the (decompressed) input.
    pub offset: u64,
    /// Why it could not be handled.
    pub reason: Option<&'q str>,
    /// Whether it is taken out of the output.
    pub moved: bool,
    /// The record as it stood there; nothing for an input as a whole.
    pub bytes: Option<&'q [u8]>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Appends one line for a record, or a part of one, that could not be handled.
pub fn write_quarantined(found: &Quarantined<'_>, out: &mut Vec<u8>) {
    let text = found.bytes.and_then(|bytes| str::from_utf8(bytes).ok());
    let entry = QuarantineEntry {
        file: found.file,
        record: found.record,
        continued: found.continued,
        id: found.id.and_then(|id| serde_json::from_str(id).ok()),
        offset: found.offset,
        reason: found.reason,
        moved: found.moved,
        text,
        base64: found.bytes.filter(|_| text.is_none()).map(|bytes| BASE64.encode(bytes)),
    };
    serde_json::to_writer(&mut *out, &entry).expect("writing to memory does not fail");
    out.push(b'\n');
}

/// Appends one line that says that a record was moved out of the output: without it, the
/// records that follow could not be told by their numbers.
pub fn write_moved(file: &str, record: u64, out: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Moved<'e> {
        file: &'e str,
        record: u64,
        moved: bool,
    }
    serde_json::to_writer(&mut *out, &Moved { file, record, moved: true }).expect("writing to memory does not fail");
    out.push(b'\n');
}
