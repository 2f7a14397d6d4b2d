//! Tables as text: finds the columns of interest in a row and writes the row with another text.
//!
//! `csv-core` decides where rows and fields begin and end; this module only asks it. All bytes
//! outside the text column stay as they stand in the file: quoting styles, line ends and
//! encodings of other columns are not for cleaning to change.

use std::borrow::Cow;
use std::ops::Range;

use csv_core::{ReadFieldResult, ReadRecordResult, Reader, ReaderBuilder};

use crate::io::{Fields, InputError, RecordError};

/// Characters that separate columns, tried in this order.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

/// Where the columns of interest stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) delimiter: u8,
    /// Number of columns that the header has.
    count: usize,
    text: usize,
    id: Option<usize>,
    url: Option<usize>,
    lang: Option<usize>,
}

/// The parts of a row.
#[derive(Debug)]
pub(crate) struct Row<'r> {
    /// The text column as it stands in the row, quotes included.
    pub(crate) field: Range<usize>,
    pub(crate) quoted: bool,
    /// Whether it is the only column.
    pub(crate) alone: bool,
    pub(crate) text: Cow<'r, str>,
    /// As JSON.
    pub(crate) id: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) lang: Option<String>,
}

impl Columns {
    /// Finds the columns in the header that `head` begins with.
    ///
    /// # Errors
    /// If the header has no column for the text.
    pub(crate) fn of_header(head: &[u8], fields: &Fields, delimiter: Option<u8>) -> Result<Self, InputError> {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let found = match delimiter {
            Some(delimiter) => Self::find(head, fields, delimiter),
            None => DELIMITERS
                .iter()
                .map(|&delimiter| Self::find(head, fields, delimiter))
                .reduce(|best, next| match (&best, &next) {
                    (Ok(best), Ok(next)) if best.count >= next.count => Ok(best.clone()),
                    (Ok(_), Err(_)) => best,
                    (Err(best), Err(next)) if best.len() >= next.len() => Err(best.clone()),
                    _ => next,
                })
                .expect("there are delimiters"),
        };
        found.map_err(|names| InputError::ColumnMissing { column: fields.text.clone(), found: listed(&names) })
    }

    /// Finds the columns of a table without a header, whose columns are named by their numbers
    /// from 1, in the first row that `head` begins with.
    ///
    /// # Errors
    /// If the text column is not named by a number, or not there.
    pub(crate) fn of_numbers(head: &[u8], fields: &Fields, delimiter: u8) -> Result<Self, InputError> {
        let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
        let count = parse(head, delimiter, |_| false).len();
        let number = |name: &str| name.parse::<usize>().ok()?.checked_sub(1);
        let Some(text) = number(&fields.text) else {
            return Err(InputError::ColumnNumber { column: fields.text.clone() });
        };
        if text >= count {
            let found = format!("{count} columns without names");
            return Err(InputError::ColumnMissing { column: fields.text.clone(), found });
        }
        let other = |name: &str| number(name).filter(|&column| column < count);
        Ok(Self { delimiter, count, text, id: other(&fields.id), url: other(&fields.url), lang: other(&fields.lang) })
    }

    /// Whether `head` begins with a header of several columns one of which holds the text.
    pub(crate) fn looks_like_header(head: &[u8], fields: &Fields) -> Option<u8> {
        let columns = Self::of_header(head, fields, None).ok()?;
        (columns.count > 1).then_some(columns.delimiter)
    }

    fn find(head: &[u8], fields: &Fields, delimiter: u8) -> Result<Self, Vec<String>> {
        let names: Vec<String> = parse(head, delimiter, |_| true)
            .into_iter()
            .map(|(_, name)| String::from_utf8_lossy(&name).trim().to_owned())
            .collect();
        let position = |wanted: &str| names.iter().position(|name| name == wanted);
        let Some(text) = position(&fields.text) else { return Err(names) };
        Ok(Self {
            delimiter,
            count: names.len(),
            text,
            id: position(&fields.id),
            url: position(&fields.url),
            lang: position(&fields.lang),
        })
    }

    /// Finds the columns of interest in a row.
    ///
    /// # Errors
    /// If the row has other columns than the header, or its text is quoted in a way that
    /// could not be written again.
    pub(crate) fn row<'r>(&self, raw: &'r [u8]) -> Result<Row<'r>, RecordError> {
        let wanted = |column: usize| {
            column == self.text || [self.id, self.url, self.lang].into_iter().flatten().any(|other| other == column)
        };
        let mut parsed = parse(raw, self.delimiter, wanted);
        if parsed.len() != self.count {
            return Err(RecordError::Columns { found: parsed.len(), expected: self.count });
        }
        let string = |column: usize| {
            let value = String::from_utf8_lossy(&parsed[column].1);
            (!value.is_empty()).then(|| value.into_owned())
        };
        let id = self.id.and_then(string).map(|id| serde_json::Value::from(id).to_string());
        let (url, lang) = (self.url.and_then(string), self.lang.and_then(string));
        let (field, text) = std::mem::take(&mut parsed[self.text]);
        let stored = &raw[field.clone()];
        let quoted = stored.first() == Some(&b'"');
        let text = String::from_utf8(text)
            .map_err(|error| RecordError::NotUtf8 { at: field.start + error.utf8_error().valid_up_to() })?;
        if !is_spelt(text.as_bytes(), quoted, stored) {
            return Err(RecordError::Quoting);
        }
        // Without doubled quotes the text stands in the row as it is.
        let plain = if quoted { field.start + 1..field.end - 1 } else { field.clone() };
        let text = if plain.len() == text.len() {
            str::from_utf8(&raw[plain]).map_or(Cow::Owned(text), Cow::Borrowed)
        } else {
            Cow::Owned(text)
        };
        Ok(Row { field, quoted, alone: self.count == 1, text, id, url, lang })
    }
}

/// Writes a field of these parts as it must stand in a row.
pub(crate) fn spell(parts: &[&[u8]], quoted: bool, out: &mut Vec<u8>) {
    let quote = |out: &mut Vec<u8>| out.extend_from_slice(if quoted { b"\"" } else { b"" });
    quote(out);
    for text in parts {
        if !quoted {
            out.extend_from_slice(text);
            continue;
        }
        for part in text.split_inclusive(|&byte| byte == b'"') {
            out.extend_from_slice(part);
            if part.last() == Some(&b'"') {
                out.push(b'"');
            }
        }
    }
    quote(out);
}

/// Whether a text would be spelt in that way.
fn is_spelt(text: &[u8], quoted: bool, stored: &[u8]) -> bool {
    if !quoted {
        return text == stored;
    }
    let Some(mut rest) = stored.strip_prefix(b"\"").and_then(|stored| stored.strip_suffix(b"\"")) else { return false };
    for part in text.split_inclusive(|&byte| byte == b'"') {
        let Some(after) = rest.strip_prefix(part) else { return false };
        rest = after;
        if part.last() == Some(&b'"') {
            let Some(after) = rest.strip_prefix(b"\"") else { return false };
            rest = after;
        }
    }
    rest.is_empty()
}

/// Whether a text that had no quotes needs them now: it would be read as quoted, or as no
/// row at all.
pub(crate) fn needs_quotes(parts: &[&[u8]], alone: bool) -> bool {
    let first = parts.iter().find_map(|part| part.first());
    first == Some(&b'"') || alone && first.is_none()
}

/// Returns the fields of the first row of `raw`: where each stands, and its value if that is
/// wanted.
fn parse(raw: &[u8], delimiter: u8, wanted: impl Fn(usize) -> bool) -> Vec<(Range<usize>, Vec<u8>)> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
    let mut fields = Vec::new();
    let mut buffer = vec![0; raw.len().clamp(1, FIRST_BUFFER)];
    let (mut start, mut at, mut len) = (0, 0, 0);
    loop {
        // Without input the parser is told that there is no more.
        let (result, read, written) = reader.read_field(&raw[at..], &mut buffer[len..]);
        at += read;
        len += written;
        match result {
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::OutputFull => buffer.resize((buffer.len() * 2).min(raw.len() + 1), 0),
            ReadFieldResult::Field { record_end } => {
                // The separator was read too, unless the input ended the field.
                let end = if read > 0 { at - 1 } else { at };
                if fields.is_empty() {
                    // Empty lines before a row are no part of it.
                    start += raw[start..end].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
                }
                let value = if !wanted(fields.len()) {
                    Vec::new()
                } else if len > FIRST_BUFFER {
                    // What is big is handed over, and not copied.
                    let mut value = std::mem::replace(&mut buffer, vec![0; FIRST_BUFFER]);
                    value.truncate(len);
                    value
                } else {
                    buffer[..len].to_vec()
                };
                fields.push((start..end, value));
                (start, len) = (at, 0);
                if record_end {
                    return fields;
                }
            }
            ReadFieldResult::End => return fields,
        }
    }
}

/// Bytes of the buffer that a row is parsed into at first: most rows are shorter.
const FIRST_BUFFER: usize = 64 << 10;

/// Finds the ends of rows, a piece of input at a time.
pub(crate) struct RowScanner {
    reader: Reader,
    scratch: Vec<u8>,
    ends: Vec<usize>,
    /// A row ended with a carriage return, and a line feed may belong to it.
    after_return: bool,
}

impl RowScanner {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            scratch: vec![0; 64 << 10],
            ends: vec![0; 256],
            after_return: false,
        }
    }

    /// Returns how many bytes were looked at, and whether a row ends behind them.
    pub(crate) fn scan(&mut self, bytes: &[u8]) -> (usize, bool) {
        if self.after_return {
            let Some(&first) = bytes.first() else { return (0, false) };
            self.after_return = false;
            return (usize::from(first == b'\n'), true);
        }
        let mut at = 0;
        while at < bytes.len() {
            let (result, read, _, _) = self.reader.read_record(&bytes[at..], &mut self.scratch, &mut self.ends);
            at += read;
            match result {
                ReadRecordResult::Record if bytes[at - 1] == b'\r' => {
                    if at == bytes.len() {
                        self.after_return = true;
                        return (at, false);
                    }
                    at += usize::from(bytes[at] == b'\n');
                    return (at, true);
                }
                ReadRecordResult::Record => return (at, true),
                ReadRecordResult::InputEmpty => return (at, false),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {}
                ReadRecordResult::End => return (at, false),
            }
        }
        (at, false)
    }
}

fn listed(names: &[String]) -> String {
    /// Names shown before the rest is only counted.
    const SHOWN: usize = 20;
    let mut list = names.iter().take(SHOWN).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        list.push_str(", …");
    }
    list
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(header: &str) -> Columns {
        Columns::of_header(header.as_bytes(), &Fields::default(), None).expect("a header")
    }

    #[test]
    fn the_delimiter_is_found_by_the_text_column() {
        assert_eq!(columns("id;text;a,b\n").delimiter, b';');
        assert_eq!(columns("id\ttext\n1\tx").delimiter, b'\t');
        assert_eq!(columns("\u{feff}text,id\r\n").text, 0);
        assert_eq!(columns("\"text\"|\"id\"").id, Some(1));
        let error = Columns::of_header(b"id,body\n", &Fields::default(), None).expect_err("no text");
        assert!(error.to_string().contains("\"id\", \"body\""), "{error}");
    }

    #[test]
    fn columns_without_names_have_numbers() {
        let fields = |text: &str| Fields { text: text.to_owned(), id: "1".to_owned(), ..Fields::default() };
        let found =
            Columns::of_numbers(b"\xEF\xBB\xBF7,\"a, b\",http://x\n8,c,d\n", &fields("2"), b',').expect("columns");
        assert_eq!((found.count, found.text, found.id, found.url), (3, 1, Some(0), None));
        let message = |text: &str| Columns::of_numbers(b"a,b\n", &fields(text), b',').expect_err("none").to_string();
        assert!(message("3").contains("2 columns without names"), "{}", message("3"));
        assert!(message("text").contains("--text-field 2"), "{}", message("text"));
        assert!(message("0").contains("\"0\" is no number"), "{}", message("0"));
    }

    #[test]
    fn a_row_says_where_its_text_stands() {
        let raw = b"\n7,\"a \"\"b\"\",\nc\",http://x\r\n";
        let row = columns("id,text,url\n").row(raw).expect("a row");
        assert_eq!(&raw[row.field.clone()], b"\"a \"\"b\"\",\nc\"");
        assert_eq!(
            (&*row.text, row.id.as_deref(), row.url.as_deref()),
            ("a \"b\",\nc", Some("\"7\""), Some("http://x"))
        );
        assert!(row.quoted && !row.alone);
    }

    #[test]
    fn rows_that_could_not_be_written_again_are_refused() {
        let columns = columns("id,text\n");
        assert!(matches!(columns.row(b"1,\"a\"b\n"), Err(RecordError::Quoting)));
        assert!(matches!(columns.row(b"1,\"a"), Err(RecordError::Quoting)));
        assert!(matches!(columns.row(b"1\n"), Err(RecordError::Columns { found: 1, expected: 2 })));
        assert!(matches!(columns.row(b"1,a\xFF\n"), Err(RecordError::NotUtf8 { at: 3 })));
        assert!(columns.row(b"\xFF,a\n").is_ok());
        assert!(columns.row(b"1,").is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_cut_into_rows(input in "[a\",\r\né]{0,60}", size in 1usize..9) {
            let bytes = input.as_bytes();
            let mut scanner = RowScanner::new(b',');
            let (mut start, mut at, mut rows) = (0, 0, Vec::new());
            while at < bytes.len() {
                let (read, end) = scanner.scan(&bytes[at..bytes.len().min(at + size)]);
                at += read;
                if end {
                    rows.push(&bytes[start..at]);
                    start = at;
                }
            }
            rows.push(&bytes[start..]);
            prop_assert_eq!(rows.concat(), bytes);
            // Each row alone reads as it does within the file.
            let ours: Vec<Vec<Vec<u8>>> = rows.iter().map(|row| parse(row, b',', |_| true).into_iter().map(|(_, value)| value).collect()).filter(|row: &Vec<_>| !row.is_empty()).collect();
            let mut whole = Reader::new();
            let (mut buffer, mut at, mut theirs, mut row, mut len) = ([0; 999], 0, Vec::new(), Vec::new(), 0);
            loop {
                let (result, read, written) = whole.read_field(&bytes[at..], &mut buffer[len..]);
                at += read;
                len += written;
                match result {
                    ReadFieldResult::Field { record_end } => {
                        row.push(buffer[..len].to_vec());
                        len = 0;
                        if record_end {
                            theirs.push(std::mem::take(&mut row));
                        }
                    }
                    ReadFieldResult::End => break,
                    _ => {}
                }
            }
            prop_assert_eq!(ours, theirs);
        }
    }
}
