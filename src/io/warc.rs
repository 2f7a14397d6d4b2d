//! WARC records: where the text stands, and the record with another text.
//!
//! Records of text (`conversion`, and `resource` of type text/plain) are cleaned; all others
//! pass by whatever their size. A changed record gets its length and digests computed anew,
//! and keeps every other header line as it was.

use std::ops::Range;

use data_encoding::{BASE32, BASE64, HEXLOWER};
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use crate::io::RecordError;
#[cfg(feature = "extract")]
use crate::io::page;

/// Most bytes of a record's header.
const MAX_HEADER: usize = 1 << 20;

/// What the header of a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "extract"), allow(dead_code, reason = "some of it is for pages only"))]
pub(crate) struct Header<'r> {
    /// Length with the empty line at its end.
    pub(crate) len: usize,
    pub(crate) content_length: u64,
    pub(crate) is_text: bool,
    /// Whether it is a web page as it was fetched.
    pub(crate) is_html: bool,
    /// Whether its block is a reply over HTTP.
    is_reply: bool,
    content_type: &'r str,
    date: Option<&'r str>,
    pub(crate) id: Option<&'r str>,
    pub(crate) url: Option<&'r str>,
    pub(crate) lang: Option<&'r str>,
}

/// Reads the header that `bytes` begin with; `None` if more bytes are needed.
///
/// # Errors
/// If there is none.
pub(crate) fn header(bytes: &[u8]) -> Option<Result<Header<'_>, RecordError>> {
    let wrong = |reason: &str| Some(Err(RecordError::Warc { reason: reason.to_owned() }));
    let begin = &bytes[..bytes.len().min(5)];
    if !b"WARC/".starts_with(begin) {
        return wrong("it does not begin with WARC/");
    }
    let Some(end) = memchr::memmem::find(&bytes[..bytes.len().min(MAX_HEADER)], b"\r\n\r\n") else {
        return if bytes.len() >= MAX_HEADER { wrong("its header does not end") } else { None };
    };
    let Ok(text) = str::from_utf8(&bytes[..end]) else { return wrong("its header is not UTF-8") };
    let value = |name: &str| {
        let mut lines = text.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let Some(content_length) = value("Content-Length").and_then(|length| length.parse().ok()) else {
        return wrong("its header has no Content-Length");
    };
    let content_type = value("Content-Type").unwrap_or_default();
    let kind = value("WARC-Type").map(str::to_ascii_lowercase);
    let lower = content_type.to_ascii_lowercase();
    let (is_text, is_html) = match kind.as_deref() {
        Some("conversion") => {
            let html = lower.contains("html");
            (!html && (lower.is_empty() || lower.starts_with("text/")), html)
        }
        Some("resource") => (lower.starts_with("text/plain"), lower.contains("html")),
        Some("response") => (false, true),
        _ => (false, false),
    };
    Some(Ok(Header {
        len: end + 4,
        content_length,
        is_text,
        is_html,
        is_reply: kind.as_deref() == Some("response"),
        content_type,
        date: value("WARC-Date"),
        id: value("WARC-Record-ID"),
        url: value("WARC-Target-URI").map(|url| url.trim_matches(['<', '>'])),
        lang: value("WARC-Identified-Content-Language").or_else(|| value("Content-Language")),
    }))
}

/// Returns where the block of a whole record stands.
///
/// # Errors
/// If the record ends within it.
pub(crate) fn block(raw: &[u8], header: &Header<'_>) -> Result<Range<usize>, RecordError> {
    let end = usize::try_from(header.content_length).ok().and_then(|length| header.len.checked_add(length));
    match end.filter(|&end| end <= raw.len()) {
        Some(end) => Ok(header.len..end),
        None => Err(RecordError::Warc { reason: "it ends before its Content-Length".to_owned() }),
    }
}

/// Whether a record that is no text holds a web page; `None` if more of its block is needed.
#[cfg(feature = "extract")]
fn is_page(header: &Header<'_>, block: &[u8]) -> Option<bool> {
    if !header.is_html || !header.is_reply {
        return Some(header.is_html);
    }
    let len = usize::try_from(header.content_length).unwrap_or(usize::MAX);
    match page::reply(&block[..block.len().min(len)]) {
        Some(reply) => Some(reply.is_page),
        None if block.len() >= len => Some(false),
        None => None,
    }
}

#[cfg(not(feature = "extract"))]
#[expect(clippy::unnecessary_wraps, reason = "stands in for the one that reads headers")]
fn is_page(_: &Header<'_>, _: &[u8]) -> Option<bool> {
    Some(false)
}

/// Returns the text of the page that the block of a record holds.
///
/// # Errors
/// If it cannot be read.
#[cfg(feature = "extract")]
pub(crate) fn page_text(header: &Header<'_>, block: &[u8]) -> Result<String, RecordError> {
    if !header.is_reply {
        return page::text(block, page::charset_in(header.content_type));
    }
    match page::reply(block) {
        Some(reply) => reply.text(),
        None => Err(RecordError::Warc { reason: "its reply ends within the header".to_owned() }),
    }
}

/// Returns a record of text that refers to the record with that header.
///
/// Its identifier is made of the other one, so that a run gives the same bytes every time.
#[cfg(feature = "extract")]
pub(crate) fn conversion(raw: &[u8], header: &Header<'_>, text: &[u8]) -> Vec<u8> {
    let version = raw.split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let mut out = version.to_vec();
    let mut line = |name: &str, value: &str| out.extend_from_slice(format!("\r\n{name}: {value}").as_bytes());
    line("WARC-Type", "conversion");
    for (name, value) in [("WARC-Target-URI", header.url), ("WARC-Date", header.date)] {
        if let Some(value) = value {
            line(name, value);
        }
    }
    let name = header.id.map_or(raw, str::as_bytes);
    line("WARC-Record-ID", &format!("<urn:uuid:{}>", uuid(name)));
    if let Some(id) = header.id {
        line("WARC-Refers-To", id);
    }
    line("WARC-Block-Digest", &format!("sha1:{}", BASE32.encode(&Sha1::digest(text))));
    line("Content-Type", "text/plain");
    line("Content-Length", &text.len().to_string());
    out.extend_from_slice(b"\r\n\r\n");
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n\r\n");
    out
}

/// Returns an identifier made of a name: version 5 of RFC 9562, in a namespace of its own.
#[cfg(feature = "extract")]
fn uuid(name: &[u8]) -> String {
    let mut bytes = [0; 16];
    let hash = Sha1::new().chain_update(b"unspam:conversion").chain_update(name).finalize();
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Whether all digests in a header are of kinds that can be computed anew.
///
/// # Errors
/// If one is not.
pub(crate) fn check_digests(header: &[u8]) -> Result<(), RecordError> {
    for line in header.split_inclusive(|&byte| byte == b'\n') {
        if let Some((_, value)) = digest_line(line) {
            if digest(&value, &[]).is_none() {
                return Err(RecordError::Warc { reason: format!("its digest \"{value}\" is of an unknown kind") });
            }
        }
    }
    Ok(())
}

/// Appends a record with a block of these parts.
pub(crate) fn write(raw: &[u8], block: &Range<usize>, parts: &[&[u8]], out: &mut Vec<u8>) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    out.reserve(raw.len() - block.len() + len + 64);
    for line in raw[..block.start].split_inclusive(|&byte| byte == b'\n') {
        if let Some((prefix, value)) = digest_line(line) {
            if let Some(new) = digest(&value, parts) {
                out.extend_from_slice(prefix);
                out.extend_from_slice(new.as_bytes());
                out.extend_from_slice(b"\r\n");
                continue;
            }
        }
        if let Some((prefix, _)) = named(line, "content-length") {
            out.extend_from_slice(prefix);
            out.extend_from_slice(len.to_string().as_bytes());
            out.extend_from_slice(b"\r\n");
            continue;
        }
        out.extend_from_slice(line);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&raw[block.end..]);
}

fn digest_line(line: &[u8]) -> Option<(&[u8], String)> {
    named(line, "warc-block-digest").or_else(|| named(line, "warc-payload-digest"))
}

/// Splits a header line of that name into what stands before its value, and the value.
fn named<'l>(line: &'l [u8], name: &str) -> Option<(&'l [u8], String)> {
    let colon = memchr::memchr(b':', line)?;
    if !line[..colon].trim_ascii().eq_ignore_ascii_case(name.as_bytes()) {
        return None;
    }
    let value = &line[colon + 1..];
    let lead = value.len() - value.trim_ascii_start().len();
    let (prefix, value) = line.split_at(colon + 1 + lead);
    Some((prefix, String::from_utf8_lossy(value).trim_end().to_owned()))
}

/// Returns the digest of a text of these parts in the way `like` is written, such as
/// `sha1:BASE32`.
fn digest(like: &str, parts: &[&[u8]]) -> Option<String> {
    fn over<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
        parts.iter().fold(D::new(), D::chain_update).finalize().to_vec()
    }
    let (name, value) = like.split_once(':')?;
    let bytes = match name.to_ascii_lowercase().replace('-', "").as_str() {
        "sha1" => over::<Sha1>(parts),
        "sha256" => over::<Sha256>(parts),
        "sha512" => over::<Sha512>(parts),
        _ => return None,
    };
    let encoded = if value.len() == bytes.len() * 2 {
        let hex = HEXLOWER.encode(&bytes);
        if value.bytes().any(|byte| byte.is_ascii_uppercase()) { hex.to_ascii_uppercase() } else { hex }
    } else if value.trim_end_matches('=').len()
        == BASE32.encode_len(bytes.len()) - BASE32.encode(&bytes).matches('=').count()
    {
        let base32 = BASE32.encode(&bytes);
        let base32 = if value.ends_with('=') { &base32[..] } else { base32.trim_end_matches('=') };
        if value.bytes().any(|byte| byte.is_ascii_lowercase()) {
            base32.to_ascii_lowercase()
        } else {
            base32.to_owned()
        }
    } else if value.len() == BASE64.encode_len(bytes.len()) {
        BASE64.encode(&bytes)
    } else {
        return None;
    };
    Some(format!("{name}:{encoded}"))
}

/// Finds the ends of records, a piece of input at a time.
#[derive(Debug, Default)]
pub(crate) struct WarcScanner {
    state: State,
    /// Whether web pages are records too.
    extract: bool,
    /// Whether the record under way passes by whatever it holds.
    passes: bool,
    pub(crate) is_html: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Header,
    /// Bytes of the block to come.
    Block(u64),
    /// The line breaks behind it.
    Tail,
}

impl WarcScanner {
    /// Returns a scanner at the beginning of an input; with `extract`, web pages do not pass by.
    pub(crate) fn new(extract: bool) -> Self {
        Self { extract, ..Self::default() }
    }

    /// Whether the record under way is none of text, and may pass by in parts.
    pub(crate) fn passes(&self) -> bool {
        self.passes
    }

    /// Goes on scanning at `from` in a record that begins at `start`, if that is still held;
    /// returns how many bytes were looked at, and whether a record ends behind them.
    ///
    /// # Errors
    /// If there is no record; the rest of the input cannot be read then.
    pub(crate) fn scan(
        &mut self,
        bytes: &[u8],
        start: usize,
        from: usize,
        eof: bool,
    ) -> Result<(usize, bool), RecordError> {
        let mut at = from;
        loop {
            match &mut self.state {
                State::Header => {
                    if at == bytes.len() && start == at {
                        return Ok((at, false));
                    }
                    match header(&bytes[start..]) {
                        None if eof => {
                            return Err(RecordError::Warc { reason: "it ends within its header".to_owned() });
                        }
                        None => return Ok((bytes.len(), false)),
                        Some(found) => {
                            let found = found?;
                            let block = &bytes[start + found.len..];
                            let is_page = match is_page(&found, block) {
                                _ if found.is_text || !self.extract => false,
                                Some(is_page) => is_page,
                                None if eof => false,
                                None => return Ok((bytes.len(), false)),
                            };
                            self.passes = !found.is_text && !is_page;
                            // With extraction, what passes by is no page.
                            self.is_html = found.is_html && !self.extract;
                            at = start + found.len;
                            self.state = State::Block(found.content_length);
                        }
                    }
                }
                State::Block(left) => {
                    let step = (bytes.len() - at).min(usize::try_from(*left).unwrap_or(usize::MAX));
                    at += step;
                    *left -= step as u64;
                    if *left > 0 {
                        return Ok((at, false));
                    }
                    self.state = State::Tail;
                }
                State::Tail => {
                    at += bytes[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                    if at == bytes.len() && !eof {
                        return Ok((at, false));
                    }
                    self.state = State::Header;
                    return Ok((at, true));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <urn:x>\r\ncontent-length:  5\r\n\
        Content-Type: text/plain\r\nWARC-Block-Digest: sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N\r\n\r\nhello\r\n\r\n";

    #[test]
    fn a_changed_record_has_its_length_and_digest_anew() {
        let found = header(RECORD.as_bytes()).expect("whole").expect("a header");
        assert!(found.is_text && found.content_length == 5 && found.id == Some("<urn:x>"));
        let block = block(RECORD.as_bytes(), &found).expect("a block");
        assert_eq!(&RECORD[block.clone()], "hello");
        let mut same = Vec::new();
        write(RECORD.as_bytes(), &block, &[b"he", b"llo"], &mut same);
        assert_eq!(String::from_utf8_lossy(&same), RECORD);
        let mut other = Vec::new();
        write(RECORD.as_bytes(), &block, &[b"hell"], &mut other);
        let other = String::from_utf8_lossy(&other).into_owned();
        assert!(other.contains("content-length:  4\r\n") && other.ends_with("\r\n\r\nhell\r\n\r\n"), "{other}");
        assert!(!other.contains("VL2MMHO4"), "{other}");
    }

    #[test]
    fn digests_are_written_as_they_were() {
        for like in [
            "sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N",
            "sha1:aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
            "SHA-1:AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D",
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        ] {
            assert_eq!(digest(like, &[b"hello"]).as_deref(), Some(like));
        }
        assert_eq!(digest("crc:1234", &[]), None);
    }

    #[test]
    fn records_are_found_at_any_step() {
        let bytes = RECORD.repeat(3);
        for step in 1..40 {
            let mut scanner = WarcScanner::default();
            let (mut start, mut at, mut ends) = (0, 0, Vec::new());
            let mut have = 0;
            while ends.len() < 3 {
                have = (have + step).min(bytes.len());
                loop {
                    let (next, end) =
                        scanner.scan(&bytes.as_bytes()[..have], start, at, have == bytes.len()).expect("records");
                    at = next;
                    if !end {
                        break;
                    }
                    ends.push(at);
                    start = at;
                }
            }
            assert_eq!(ends, [RECORD.len(), RECORD.len() * 2, RECORD.len() * 3]);
        }
        assert!(header(b"HTTP/1.1").expect("known").is_err());
    }
}
