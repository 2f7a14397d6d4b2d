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
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Text, Self::Jsonl];

    /// The name used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Jsonl => "jsonl",
        }
    }

    /// Returns the format of an input from its name, or from `head`, its first bytes, where
    /// the name says nothing.
    ///
    /// # Errors
    /// If it is of a known kind that is not read.
    pub fn detect(name: Option<&Path>, head: &[u8]) -> Result<Self, InputError> {
        if let Some(refused) = refused_content(head) {
            return Err(refused);
        }
        match name.and_then(extension).as_deref() {
            Some("txt" | "text" | "md") => Ok(Self::Text),
            Some("jsonl" | "ndjson" | "json") => Ok(Self::Jsonl),
            Some("csv" | "tsv") => Err(unsupported("a table", "convert it to JSON lines")),
            Some("html" | "htm" | "xhtml") => Err(html()),
            _ => Self::of_content(head),
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
            _ => Err(format!("unknown format \"{text}\": use text or jsonl")),
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

fn refused_content(head: &[u8]) -> Option<InputError> {
    if head.starts_with(b"PAR1") {
        return Some(unsupported("Parquet", "convert it to JSON lines"));
    }
    if head.starts_with(b"WARC/") {
        return Some(unsupported("WARC", "extract its text to JSON lines first"));
    }
    let start = head.trim_ascii_start();
    let begins = |with: &[u8]| start.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    (begins(b"<!doctype html") || begins(b"<html")).then(html)
}

fn unsupported(found: &'static str, advice: &'static str) -> InputError {
    InputError::Unsupported { found, advice }
}

fn html() -> InputError {
    unsupported("HTML", "extract its text first, for example with trafilatura")
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
        assert_eq!(detect("a.csv", b"a,b"), None);
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
        let error = Format::detect(None, b"<!DOCTYPE html><p>").expect_err("HTML is refused");
        assert!(error.to_string().contains("trafilatura"), "{error}");
        assert_eq!(detect("a.jsonl", b"PAR1...."), None);
    }
}
