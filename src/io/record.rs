//! What stands in a raw record, and the record without parts of its text.

use std::borrow::Cow;
use std::ops::Range;

use crate::clean::Edit;
use crate::detector::Detector;
use crate::document::Document;
use crate::io::json;
use crate::io::{Format, RecordError};
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
}

impl Default for Fields {
    fn default() -> Self {
        Self { text: "text".to_owned(), id: "id".to_owned(), url: "url".to_owned() }
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
    id: Option<&'r str>,
    url: Option<Cow<'r, str>>,
    /// Where the text stands in the record, and in which form.
    place: Place<'r>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place<'r> {
    /// The record is the text.
    Whole,
    /// A JSON string literal that begins at this byte of the record.
    Literal { start: usize, literal: &'r str },
}

impl Format {
    /// Finds the text in a raw record.
    ///
    /// # Errors
    /// If the record is none of this format, or holds no text.
    pub fn view<'r>(self, raw: &'r [u8], fields: &Fields) -> Result<RecordView<'r>, RecordError> {
        match self {
            Self::Text => {
                let text = match str::from_utf8(raw) {
                    Ok(text) => RecordText::Utf8(Cow::Borrowed(text)),
                    Err(_) if raw.starts_with(b"\xFF\xFE") || raw.starts_with(b"\xFE\xFF") => {
                        return Err(RecordError::Utf16);
                    }
                    Err(_) => RecordText::Bytes(raw),
                };
                Ok(RecordView { raw, text, id: None, url: None, place: Place::Whole })
            }
            Self::Jsonl => {
                let line = str::from_utf8(raw).map_err(|error| RecordError::NotUtf8 { at: error.valid_up_to() })?;
                let json::Line { literal, id, url } = json::parse(line, fields)?;
                let start = literal.start;
                let literal = &line[literal];
                let text = RecordText::Utf8(json::unescape(literal));
                Ok(RecordView { raw, text, id, url, place: Place::Literal { start, literal } })
            }
        }
    }
}

impl Format {
    /// Returns the identifier, as JSON, of a raw record that need not hold a text.
    pub fn id_json<'r>(self, raw: &'r [u8], fields: &Fields) -> Option<&'r str> {
        match self {
            Self::Text => None,
            Self::Jsonl => json::identifier(str::from_utf8(raw).ok()?, fields),
        }
    }
}

impl<'r> RecordView<'r> {
    /// The text.
    pub fn text(&self) -> &RecordText<'r> {
        &self.text
    }

    /// The identifier as JSON, if the record has one that is a string or a number.
    pub fn id_json(&self) -> Option<&'r str> {
        self.id
    }

    /// The identifier for people to read.
    pub fn id(&self) -> Option<Cow<'r, str>> {
        self.id.map(|raw| match raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')) {
            Some(literal) => json::unescape(literal),
            None => Cow::Borrowed(raw),
        })
    }

    /// The address the text was scraped from.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
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

    /// Returns the runs of the record's own bytes that the edits of its text take out.
    pub fn cuts(&self, edits: &[Edit]) -> Vec<Range<usize>> {
        match &self.place {
            Place::Whole => edits.iter().map(|edit| edit.span.range()).collect(),
            Place::Literal { start, literal } => {
                let mut cuts = json::literal_ranges(literal, edits.iter().map(|edit| edit.span.range()));
                for cut in &mut cuts {
                    *cut = cut.start + start..cut.end + start;
                }
                cuts
            }
        }
    }

    /// Appends the record without the edits of its text; all other bytes stay as they are.
    pub fn write_without(&self, edits: &[Edit], out: &mut Vec<u8>) {
        let mut at = 0;
        for cut in self.cuts(edits) {
            out.extend_from_slice(&self.raw[at..cut.start]);
            at = cut.end;
        }
        out.extend_from_slice(&self.raw[at..]);
    }

    /// Whether the record is the text and nothing else.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.place, Place::Whole)
    }

    /// Offset in the record of the form in which its text stands there.
    pub(crate) fn text_start(&self) -> usize {
        match self.place {
            Place::Whole => 0,
            Place::Literal { start, .. } => start,
        }
    }

    /// The text in the form in which it stands in the record.
    pub(crate) fn stored_text(&self) -> &'r [u8] {
        match self.place {
            Place::Whole => self.raw,
            Place::Literal { literal, .. } => literal.as_bytes(),
        }
    }

    /// The record.
    pub(crate) fn raw(&self) -> &'r [u8] {
        self.raw
    }
}
