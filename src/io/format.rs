//! Which format an input has, by its name and its first bytes.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::io::InputError;

/// How records lie in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The whole input is one text.
    Text,
    /// Each line is a JSON object that holds a text in one of its fields.
    Jsonl,
    /// Rows with a header, columns separated by commas, semicolons, tabs or bars.
    Csv,
    /// The same with tabs.
    Tsv,
    /// Records of a web archive, WET files among them.
    Warc,
    /// Columns in row groups.
    Parquet,
    /// The whole input is one web page, from which a text is extracted.
    Html,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] = [Self::Text, Self::Jsonl, Self::Csv, Self::Tsv, Self::Warc, Self::Parquet, Self::Html];

    /// The name used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Warc => "warc",
            Self::Parquet => "parquet",
            Self::Html => "html",
        }
    }

    /// What one record is called in messages.
    pub fn record_noun(self) -> &'static str {
        match self {
            Self::Jsonl => "line",
            Self::Csv | Self::Tsv | Self::Parquet => "row",
            Self::Text | Self::Warc | Self::Html => "record",
        }
    }

    /// Whether an input is one record: a text, or a page.
    pub fn is_one_record(self) -> bool {
        matches!(self, Self::Text | Self::Html)
    }

    /// Whether outputs of several inputs of this format can follow each other in one file.
    pub fn can_follow_each_other(self) -> bool {
        matches!(self, Self::Jsonl | Self::Warc)
    }

    /// Returns the format of an input from its name, or from `head`, its first bytes, where
    /// the name says nothing.
    ///
    /// # Errors
    /// If it is of a known kind that is not read.
    pub fn detect(name: Option<&Path>, head: &[u8]) -> Result<Self, InputError> {
        if head.starts_with(b"PAR1") {
            return Ok(Self::Parquet);
        }
        if head.starts_with(b"WARC/") {
            return Ok(Self::Warc);
        }
        if is_html(head) {
            return Ok(Self::Html);
        }
        match name.and_then(Self::of_name) {
            Some(format) => Ok(format),
            None => Self::of_content(head),
        }
    }

    /// Returns the format that the extension of a name says.
    pub fn of_name(name: &Path) -> Option<Self> {
        match extension(name)?.as_str() {
            "txt" | "text" | "md" => Some(Self::Text),
            "jsonl" | "ndjson" | "json" => Some(Self::Jsonl),
            "csv" => Some(Self::Csv),
            "tsv" | "tab" => Some(Self::Tsv),
            "warc" | "wet" => Some(Self::Warc),
            "parquet" | "pq" => Some(Self::Parquet),
            "html" | "htm" | "xhtml" => Some(Self::Html),
            _ => None,
        }
    }

    fn of_content(head: &[u8]) -> Result<Self, InputError> {
        let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
        if text.first() == Some(&b'{') {
            let line = text.split(|&byte| byte == b'\n').next().unwrap_or(text);
            let whole = line.len() < text.len();
            // A first line longer than what was peeked at begins with a key.
            let keyed = line[1..].trim_ascii_start().first() == Some(&b'"');
            if serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() || !whole && keyed {
                return Ok(Self::Jsonl);
            }
        }
        let sample = &head[..head.len().min(8192)];
        let utf16 = sample.starts_with(b"\xFF\xFE") || sample.starts_with(b"\xFE\xFF");
        if !utf16 && memchr::memchr_iter(0, sample).count() * 20 > sample.len() {
            return Err(unsupported("a binary file", "name its format with --input-format if it is text"));
        }
        Ok(Self::Text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" | "txt" => Ok(Self::Text),
            "jsonl" | "ndjson" | "json" => Ok(Self::Jsonl),
            "csv" => Ok(Self::Csv),
            "tsv" => Ok(Self::Tsv),
            "warc" | "wet" => Ok(Self::Warc),
            "parquet" => Ok(Self::Parquet),
            "html" => Ok(Self::Html),
            _ => Err(format!("unknown format \"{text}\": use text, jsonl, csv, tsv, warc, parquet or html")),
        }
    }
}

/// How an input or output is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, of one member or many.
    Gzip,
    /// Zstandard, of one frame or many.
    Zstd,
}

impl Compression {
    /// Returns the compression that the first bytes of an input show.
    pub fn of_content(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // A frame, or a skippable frame before one.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    /// Returns the compression that the name of an output asks for.
    pub fn of_name(name: &Path) -> Self {
        match name.extension().and_then(|extension| extension.to_str()) {
            Some("gz" | "gzip") => Self::Gzip,
            Some("zst" | "zstd") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// The last extension that is not one of a compression, in lower case.
fn extension(name: &Path) -> Option<String> {
    let stem = if Compression::of_name(name) == Compression::None { name } else { Path::new(name.file_stem()?) };
    Some(stem.extension()?.to_str()?.to_ascii_lowercase())
}

/// Whether the first bytes are those of a web page.
pub(crate) fn is_html(head: &[u8]) -> bool {
    let mut start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    // Comments and the declaration of XML may stand before.
    for (begin, end) in [(&b"<?xml"[..], &b"?>"[..]), (b"<!--", b"-->"), (b"<!--", b"-->")] {
        if start.starts_with(begin) {
            let Some(at) = memchr::memmem::find(start, end) else { return false };
            start = start[at + end.len()..].trim_ascii_start();
        }
    }
    let begins = |with: &[u8]| start.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    begins(b"<!doctype html") || begins(b"<html")
}

fn unsupported(found: &'static str, advice: &'static str) -> InputError {
    InputError::Unsupported { found, advice }
}

/// The error of a web page that was not meant to be read.
pub(crate) fn html() -> InputError {
    unsupported("HTML", "extract its text first, with --extract or for example with trafilatura")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(name: &str, head: &[u8]) -> Option<Format> {
        Format::detect(Some(Path::new(name)), head).ok()
    }

    #[test]
    fn the_name_decides_before_the_content() {
        assert_eq!(detect("a.txt", b"{\"text\":\"x\"}"), Some(Format::Text));
        assert_eq!(detect("a.JSONL.gz", b"plain"), Some(Format::Jsonl));
        assert_eq!(detect("a.csv", b"a,b"), Some(Format::Csv));
        assert_eq!(detect("a.warc.wet.gz", b""), Some(Format::Warc));
    }

    #[test]
    fn the_content_decides_where_the_name_says_nothing() {
        assert_eq!(detect("part-0001", b"{\"text\":\"x\"}\n{"), Some(Format::Jsonl));
        assert_eq!(detect("part-0001", b"\xEF\xBB\xBF{\"text\":\"x\"}"), Some(Format::Jsonl));
        assert_eq!(detect("part-0001", b"{\"text\":\"a very long first li"), Some(Format::Jsonl));
        assert_eq!(detect("part-0001", b"{ braces }\nand more"), Some(Format::Text));
        assert_eq!(detect("part-0001", b""), Some(Format::Text));
        assert_eq!(detect("part-0001", b"\0\0\0\x01"), None);
    }

    #[test]
    fn other_kinds_are_refused_with_advice() {
        let found = Format::detect(None, b"\xEF\xBB\xBF <?xml version='1.0'?>\n<!-- a --><!DOCTYPE html><p>");
        assert_eq!(found.ok(), Some(Format::Html));
        assert_eq!(detect("page.HTM.gz", b"<p>"), Some(Format::Html));
        assert!(html().to_string().contains("trafilatura"));
        assert_eq!(detect("a.jsonl", b"PAR1...."), Some(Format::Parquet));
        assert_eq!(detect("a.txt", b"WARC/1.0\r\n"), Some(Format::Warc));
    }
}
