//! What stands in a raw record, and the record without parts of its text.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::clean::{Cleaner, Edit};
use crate::detector::Detector;
use crate::document::Document;
use crate::io::csv::Columns;
use crate::io::format::is_html;
#[cfg(feature = "extract")]
use crate::io::page;
use crate::io::{Format, RawRecord, RecordError, csv, json, warc};
use crate::ledger::{LedgerError, Removed};
use crate::report::Report;

/// Names of the fields that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The field that holds the text.
    pub text: String,
    /// The field that holds the identifier.
    pub id: String,
    /// The field that holds the address.
    pub url: String,
    /// The field that holds the language, which is counted and decides nothing.
    pub lang: String,
}

impl Default for Fields {
    fn default() -> Self {
        Self { text: "text".to_owned(), id: "id".to_owned(), url: "url".to_owned(), lang: "lang".to_owned() }
    }
}

/// The text of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordText<'r> {
    /// Valid UTF-8.
    Utf8(Cow<'r, str>),
    /// A plain text with bytes that are not UTF-8; they stay as they are.
    Bytes(&'r [u8]),
}

impl RecordText<'_> {
    /// The text's bytes: what offsets refer to.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Utf8(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The text for people to read.
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        match self {
            Self::Utf8(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes),
        }
    }
}

/// A raw record with its text found and unescaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordView<'r> {
    raw: &'r [u8],
    text: RecordText<'r>,
    id: Option<Cow<'r, str>>,
    url: Option<Cow<'r, str>>,
    lang: Option<Cow<'r, str>>,
    /// Where the text stands in the record, and in which form.
    place: Place<'r>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place<'r> {
    /// The record is the text.
    Whole,
    /// A JSON string literal that begins at this byte of the record.
    Literal { start: usize, literal: &'r str },
    /// A column of a row, quotes included.
    Field { range: Range<usize>, quoted: bool, alone: bool },
    /// The block of a WARC record.
    Block(Range<usize>),
}

/// How the records of one input are laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// The record is the text.
    Text,
    /// A JSON object.
    Jsonl,
    /// A row of a table.
    Rows(RowLayout),
    /// A WARC record.
    Warc,
    /// A cell of the text column.
    Cells,
    /// The record is a web page.
    Page,
}

/// Where the columns of a table stand, as its header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLayout(pub(crate) Arc<Columns>);

impl Layout {
    /// Finds the text in a raw record.
    ///
    /// # Errors
    /// If the record is none of this layout, or holds no text.
    pub fn view<'r>(&self, record: &RawRecord<'r>, fields: &Fields) -> Result<RecordView<'r>, RecordError> {
        let view = self.find(record, fields)?;
        // Whoever says that a file is text means it.
        if *self != Self::Text && is_html(view.text.as_bytes()) {
            return Err(RecordError::Html);
        }
        Ok(view)
    }

    fn find<'r>(&self, record: &RawRecord<'r>, fields: &Fields) -> Result<RecordView<'r>, RecordError> {
        let raw = record.bytes;
        Ok(match self {
            Self::Text => Format::Text.view(raw, fields)?,
            Self::Page => return Err(RecordError::Html),
            Self::Jsonl => Format::Jsonl.view(raw, fields)?,
            Self::Rows(RowLayout(columns)) => {
                let row = columns.row(raw)?;
                RecordView {
                    raw,
                    text: RecordText::Utf8(row.text),
                    id: row.id.map(Cow::Owned),
                    url: row.url.map(Cow::Owned),
                    lang: row.lang.map(Cow::Owned),
                    place: Place::Field { range: row.field, quoted: row.quoted, alone: row.alone },
                }
            }
            Self::Warc => {
                let broken = || RecordError::Warc { reason: "it ends within its header".to_owned() };
                let header = warc::header(raw).ok_or_else(broken)??;
                let block = warc::block(raw, &header)?;
                if !header.is_text {
                    return Err(RecordError::Html);
                }
                warc::check_digests(&raw[..header.len])?;
                let text = utf8(&raw[block.clone()], block.start)?;
                let id = header.id.map(|id| Cow::Owned(serde_json::Value::from(id).to_string()));
                let (url, lang) = (header.url.map(Cow::Borrowed), header.lang.map(Cow::Borrowed));
                RecordView { raw, text: RecordText::Utf8(text.into()), id, url, lang, place: Place::Block(block) }
            }
            Self::Cells => {
                let cell = record.cell;
                let borrow = |value: Option<&'r String>| value.map(|value| Cow::Borrowed(value.as_str()));
                RecordView {
                    raw,
                    text: RecordText::Utf8(utf8(raw, 0)?.into()),
                    id: borrow(cell.and_then(|cell| cell.id.as_ref())),
                    url: borrow(cell.and_then(|cell| cell.url.as_ref())),
                    lang: borrow(cell.and_then(|cell| cell.lang.as_ref())),
                    place: Place::Whole,
                }
            }
        })
    }

    /// Returns the identifier, as JSON, of a raw record that need not hold a text.
    pub fn id_json<'r>(&self, record: &RawRecord<'r>, fields: &Fields) -> Option<Cow<'r, str>> {
        match self {
            Self::Jsonl => Format::Jsonl.id_json(record.bytes, fields).map(Cow::Borrowed),
            Self::Warc => {
                let id = warc::header(record.bytes)?.ok()?.id?;
                Some(Cow::Owned(serde_json::Value::from(id).to_string()))
            }
            Self::Cells => record.cell?.id.as_deref().map(Cow::Borrowed),
            Self::Text | Self::Rows(_) | Self::Page => None,
        }
    }

    /// Returns the record with the text of its web page in the place of the page, and how it
    /// is laid out; `None` if it holds no page.
    ///
    /// A page of a WARC file becomes a record `conversion` that refers to it.
    ///
    /// # Errors
    /// If the page cannot be read, or shows no text.
    #[cfg(feature = "extract")]
    pub fn extract(&self, record: &RawRecord<'_>, fields: &Fields) -> Option<Result<(Vec<u8>, Self), RecordError>> {
        let raw = record.bytes;
        let extracted = |text: Result<String, RecordError>| {
            text.map(|mut text| {
                text.push('\n');
                text
            })
        };
        match self {
            Self::Page => Some(extracted(page::text(raw, None)).map(|text| (text.into_bytes(), Self::Text))),
            Self::Warc => {
                let header = warc::header(raw)?.ok()?;
                let block = warc::block(raw, &header).ok()?;
                if header.is_text && !is_html(&raw[block.clone()]) {
                    return None;
                }
                let text = extracted(warc::page_text(&header, &raw[block]));
                Some(text.map(|text| (warc::conversion(raw, &header, text.as_bytes()), Self::Warc)))
            }
            _ => {
                let view = self.find(record, fields).ok()?;
                if !is_html(view.text.as_bytes()) {
                    return None;
                }
                let text = page::text(view.text.as_bytes(), Some("utf-8"));
                Some(text.map(|text| {
                    let mut out = Vec::with_capacity(raw.len());
                    match &view.place {
                        Place::Literal { .. } => view.write_stored(json::escape(&text).as_bytes(), &mut out),
                        _ => view.write_text(&[text.as_bytes()], &mut out),
                    }
                    (out, self.clone())
                }))
            }
        }
    }
}

fn utf8(bytes: &[u8], base: usize) -> Result<&str, RecordError> {
    str::from_utf8(bytes).map_err(|error| RecordError::NotUtf8 { at: base + error.valid_up_to() })
}

impl Format {
    /// Finds the text in a raw record of plain text or JSON lines; other formats need the
    /// [`Layout`] of their input.
    ///
    /// # Errors
    /// If the record is none of this format, or holds no text.
    pub fn view<'r>(self, raw: &'r [u8], fields: &Fields) -> Result<RecordView<'r>, RecordError> {
        if self == Self::Jsonl {
            let line = utf8(raw, 0)?;
            let json::Line { literal, id, url, lang } = json::parse(line, fields)?;
            let start = literal.start;
            let literal = &line[literal];
            let text = RecordText::Utf8(json::unescape(literal));
            let id = id.map(Cow::Borrowed);
            return Ok(RecordView { raw, text, id, url, lang, place: Place::Literal { start, literal } });
        }
        let text = match str::from_utf8(raw) {
            Ok(text) => RecordText::Utf8(Cow::Borrowed(text)),
            Err(_) if raw.starts_with(b"\xFF\xFE") || raw.starts_with(b"\xFE\xFF") => {
                return Err(RecordError::Utf16);
            }
            Err(_) => RecordText::Bytes(raw),
        };
        Ok(RecordView { raw, text, id: None, url: None, lang: None, place: Place::Whole })
    }

    /// Returns the identifier, as JSON, of a raw line that need not hold a text.
    pub fn id_json<'r>(self, raw: &'r [u8], fields: &Fields) -> Option<&'r str> {
        match self {
            Self::Jsonl => json::identifier(str::from_utf8(raw).ok()?, fields),
            _ => None,
        }
    }
}

impl<'r> RecordView<'r> {
    /// The record as it stands in its input.
    pub fn raw(&self) -> &'r [u8] {
        self.raw
    }

    /// The text.
    pub fn text(&self) -> &RecordText<'r> {
        &self.text
    }

    /// The identifier as JSON, if the record has one that is a string or a number.
    pub fn id_json(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The identifier for people to read.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.id.as_deref().map(|raw| match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(literal) => json::unescape(literal),
            None => Cow::Borrowed(raw),
        })
    }

    /// The address the text was scraped from.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The language the record says its text is in.
    pub fn lang(&self) -> Option<&str> {
        self.lang.as_deref()
    }

    /// Returns what the detector finds in the text.
    pub fn scan(&self, detector: &Detector) -> Report {
        match &self.text {
            RecordText::Utf8(text) => {
                let mut document = Document::new(text);
                if let Some(url) = self.url() {
                    document = document.with_url(url);
                }
                let id = self.id();
                if let Some(id) = &id {
                    document = document.with_id(id);
                }
                detector.scan(document)
            }
            RecordText::Bytes(bytes) => detector.scan_bytes(bytes),
        }
    }

    /// Appends the record without the edits of its text; all other bytes stay as they are.
    ///
    /// Takes the view, because its text is given back before the record is written once more:
    /// a record may be as big as all the memory that a run should take.
    pub fn write_without(self, edits: &[Edit], out: &mut Vec<u8>) {
        match &self.place {
            Place::Whole | Place::Literal { .. } => {
                let cuts = self.stored_ranges(edits.iter().map(|edit| edit.span.range()));
                let (raw, start) = (self.raw, self.text_start());
                drop(self);
                out.reserve(raw.len() - cuts.iter().map(Range::len).sum::<usize>());
                let mut at = 0;
                for cut in cuts {
                    out.extend_from_slice(&raw[at..cut.start + start]);
                    at = cut.end + start;
                }
                out.extend_from_slice(&raw[at..]);
            }
            _ => self.write_text(&Cleaner::kept(self.text.as_bytes(), edits), out),
        }
    }

    /// Appends the record with a text of these parts.
    fn write_text(&self, parts: &[&[u8]], out: &mut Vec<u8>) {
        match &self.place {
            Place::Field { range, quoted, alone } => {
                out.extend_from_slice(&self.raw[..range.start]);
                csv::spell(parts, *quoted || csv::needs_quotes(parts, *alone), out);
                out.extend_from_slice(&self.raw[range.end..]);
            }
            Place::Block(block) => warc::write(self.raw, block, parts, out),
            Place::Whole | Place::Literal { .. } => self.write_stored(&parts.concat(), out),
        }
    }

    /// Appends the record with other bytes in the place of its stored text.
    fn write_stored(&self, stored: &[u8], out: &mut Vec<u8>) {
        let start = self.text_start();
        out.extend_from_slice(&self.raw[..start]);
        out.extend_from_slice(stored);
        out.extend_from_slice(&self.raw[start + self.stored_text().len()..]);
    }

    /// Returns the runs of the stored text that the runs of the text stand in.
    fn stored_ranges(&self, ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
        match &self.place {
            Place::Literal { literal, .. } => json::literal_ranges(literal, ranges),
            _ => ranges.collect(),
        }
    }

    /// How the runs of the text stand in the record, where that is not what the text says:
    /// offset in the stored text, and bytes.
    pub(crate) fn spellings(&self, edits: &[Edit]) -> Vec<Option<(usize, &'r str)>> {
        let Place::Literal { literal, .. } = &self.place else { return vec![None; edits.len()] };
        let ranges = json::literal_ranges(literal, edits.iter().map(|edit| edit.span.range()));
        let text = self.text.to_str_lossy();
        edits
            .iter()
            .zip(ranges)
            .map(|(edit, range)| {
                let plain = text.get(edit.span.range()).map(json::escape);
                let stored = &literal[range.clone()];
                let same = range.start == edit.span.start() && plain.as_deref() == Some(stored);
                (!same).then_some((range.start, stored))
            })
            .collect()
    }

    /// Appends the record as it was before the runs were removed from it.
    ///
    /// `fits` tells a stored text that is the original one.
    ///
    /// # Errors
    /// If the runs do not fit, or what comes out is not the original; says how long it is.
    pub(crate) fn restore(
        &self,
        removed: &[Removed],
        fits: impl Fn(&[u8]) -> bool,
        out: &mut Vec<u8>,
    ) -> Result<(), LedgerError> {
        let mismatch = |found: &[u8]| LedgerError::Mismatch {
            expected: removed.first().map_or(0, |removed| removed.original.bytes),
            found: found.len(),
        };
        if let Place::Field { range, .. } = &self.place {
            let runs: Vec<(usize, &[u8])> = removed.iter().map(|run| (run.start, &run.bytes[..])).collect();
            let text = Cleaner::restore(self.text.as_bytes(), &runs)?;
            // Whether it had quotes is known by what it must be.
            for quoted in [true, false] {
                let mut stored = Vec::with_capacity(text.len() + 2);
                csv::spell(&[&text], quoted, &mut stored);
                if fits(&stored) {
                    out.extend_from_slice(&self.raw[..range.start]);
                    out.extend_from_slice(&stored);
                    out.extend_from_slice(&self.raw[range.end..]);
                    return Ok(());
                }
            }
            return Err(mismatch(&text));
        }
        let literal = matches!(self.place, Place::Literal { .. });
        let runs: Vec<(usize, Cow<'_, [u8]>)> = removed
            .iter()
            .map(|run| match &run.stored {
                Some((start, text)) => (*start, Cow::Borrowed(text.as_bytes())),
                None if literal => {
                    let text = String::from_utf8_lossy(&run.bytes);
                    (run.start, Cow::Owned(json::escape(&text).into_bytes()))
                }
                None => (run.start, Cow::Borrowed(&run.bytes[..])),
            })
            .collect();
        let runs: Vec<(usize, &[u8])> = runs.iter().map(|(start, bytes)| (*start, &**bytes)).collect();
        let stored = Cleaner::restore(self.stored_text(), &runs)?;
        if !fits(&stored) {
            return Err(mismatch(&stored));
        }
        match &self.place {
            Place::Block(block) => warc::write(self.raw, block, &[&stored], out),
            _ => self.write_stored(&stored, out),
        }
        Ok(())
    }

    /// Offset in the record of the form in which its text stands there.
    fn text_start(&self) -> usize {
        match &self.place {
            Place::Whole => 0,
            Place::Literal { start, .. } => *start,
            Place::Field { range, .. } | Place::Block(range) => range.start,
        }
    }

    /// The text in the form in which it stands in the record.
    pub(crate) fn stored_text(&self) -> &'r [u8] {
        match &self.place {
            Place::Whole => self.raw,
            Place::Literal { literal, .. } => literal.as_bytes(),
            Place::Field { range, .. } | Place::Block(range) => &self.raw[range.clone()],
        }
    }
}
