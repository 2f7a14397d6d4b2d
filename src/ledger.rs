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

use crate::clean::{Cleaner, Edit, RestoreError};
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
struct Original {
    bytes: usize,
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
    out: &mut Vec<u8>,
) {
    if edits.is_empty() {
        return;
    }
    let text = view.text().as_bytes();
    let original = Original::of(view.stored_text());
    let base = view.text_start();
    let id = view.id_json().and_then(|id| serde_json::from_str::<&RawValue>(id).ok());
    let mut counter = OffsetCounter::new(text, OffsetUnit::Char);
    for (edit, cut) in edits.iter().zip(view.cuts(edits)) {
        let finding = &report.findings[edit.finding];
        let bytes = &text[edit.span.range()];
        let stored = &view.raw()[cut.clone()];
        let removed = str::from_utf8(bytes).ok();
        let spelt_otherwise = |text: &str| {
            let start = cut.start - base;
            let same = view.is_whole() || start == edit.span.start() && crate::io::escape(text).as_bytes() == stored;
            let stored = str::from_utf8(stored).ok()?;
            (!same).then_some(Stored { start, text: Cow::Borrowed(stored) })
        };
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
            stored: removed.and_then(spelt_otherwise),
            label: Cow::Borrowed(finding.label.as_str()),
            score: finding.score.get(),
            reasons: finding.reasons.iter().map(|reason| Cow::Borrowed(reason.code)).collect(),
            model: Cow::Borrowed(model),
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

/// A ledger, read into memory.
#[derive(Debug, Default)]
pub struct Ledger {
    files: BTreeMap<String, FileLedger>,
}

/// What was removed from one file, by record.
#[derive(Debug, Default)]
pub struct FileLedger {
    records: BTreeMap<u64, Vec<Removed>>,
}

#[derive(Debug)]
struct Removed {
    start: usize,
    bytes: Vec<u8>,
    stored: Option<(usize, String)>,
    original: Original,
}

impl Ledger {
    /// Reads a ledger.
    ///
    /// # Errors
    /// If the input breaks off, or a line is no entry.
    pub fn read(mut reader: RecordReader) -> Result<Self, LedgerError> {
        let mut ledger = Self::default();
        while let Some(chunk) = reader.next_chunk() {
            for record in chunk.records().filter(|record| record.kind != RecordKind::Filler) {
                ledger.add(record.bytes).map_err(|reason| LedgerError::Line { line: record.number, reason })?;
            }
            if let Some(Err(error)) = chunk.into_end() {
                return Err(error.into());
            }
        }
        Ok(ledger)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let entry: Entry<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let bytes = match (entry.text, entry.base64) {
            (Some(text), _) => text.into_owned().into_bytes(),
            (None, Some(encoded)) => BASE64.decode(&*encoded).map_err(|error| error.to_string())?,
            (None, None) => return Err("neither \"text\" nor \"base64\" is there".to_owned()),
        };
        let removed = Removed {
            start: entry.start,
            bytes,
            stored: entry.stored.map(|stored| (stored.start, stored.text.into_owned())),
            original: entry.original,
        };
        let file = match self.files.get_mut(&*entry.file) {
            Some(file) => file,
            None => self.files.entry(entry.file.into_owned()).or_default(),
        };
        file.records.entry(entry.record).or_default().push(removed);
        Ok(())
    }

    /// What was removed from the file of that name; where `alone` is set and the ledger
    /// speaks of one file only, that one.
    pub fn file(&self, key: &str, alone: bool) -> Option<&FileLedger> {
        let only = || self.files.values().next().filter(|_| alone && self.files.len() == 1);
        self.files.get(key).or_else(only)
    }
}

impl FileLedger {
    /// Whether anything was removed from the record.
    pub fn names(&self, record: u64) -> bool {
        self.records.contains_key(&record)
    }

    /// Number of records that something was removed from.
    pub fn record_count(&self) -> u64 {
        self.records.len() as u64
    }

    /// Appends the original of a cleaned record.
    ///
    /// # Errors
    /// If the ledger does not fit the record.
    pub fn restore(&self, record: u64, view: &RecordView<'_>, out: &mut Vec<u8>) -> Result<(), LedgerError> {
        let Some(removed) = self.records.get(&record) else {
            out.extend_from_slice(view.raw());
            return Ok(());
        };
        let stored: Vec<(usize, Cow<'_, [u8]>)> = removed
            .iter()
            .map(|removed| match &removed.stored {
                Some((start, text)) => (*start, Cow::Borrowed(text.as_bytes())),
                None if view.is_whole() => (removed.start, Cow::Borrowed(&removed.bytes[..])),
                None => {
                    let text = String::from_utf8_lossy(&removed.bytes);
                    (removed.start, Cow::Owned(crate::io::escape(&text).into_bytes()))
                }
            })
            .collect();
        let stored: Vec<(usize, &[u8])> = stored.iter().map(|(start, bytes)| (*start, &**bytes)).collect();
        let restored = Cleaner::restore(view.stored_text(), &stored)?;
        if let Some(Removed { original, .. }) =
            removed.iter().find(|removed| removed.original != Original::of(&restored))
        {
            return Err(LedgerError::Mismatch { expected: original.bytes, found: restored.len() });
        }
        let start = view.text_start();
        out.extend_from_slice(&view.raw()[..start]);
        out.extend_from_slice(&restored);
        out.extend_from_slice(&view.raw()[start + view.stored_text().len()..]);
        Ok(())
    }
}
