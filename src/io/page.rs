//! Turns web pages into text: the article that `dom_smoothie` finds, else all text that shows.
//!
//! Anybody can write a page, and some pages are written to be hard to read. So bytes, nodes,
//! depth and time have limits while a page is parsed, piece by piece; and a panic of the
//! parser or the extractor is an error of this one page.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::Read;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::time::{Duration, Instant};

use dom_query::Document;
use dom_smoothie::{Config, Readability, TextMode};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::{ParseOpts, parse_document};

use crate::io::RecordError;
use crate::segment::beginning;

/// Most bytes of a page, decompressed.
const MAX_BYTES: usize = 16 << 20;
/// Most nodes of a page: they bound its memory.
const MAX_NODES: usize = 200_000;
/// Most elements within each other. Browsers stop at 512.
const MAX_DEPTH: usize = 512;
/// Longest time that parsing may take. Only pages made for it take longer.
const MAX_TIME: Duration = Duration::from_secs(10);
/// Bytes parsed before the limits are looked at again.
const PIECE_BYTES: usize = 1 << 10;
/// Nodes added before the depth is looked at again.
const NODES_BETWEEN: usize = 512;
/// Bytes looked at to find a character set: twice of what the standard asks for.
const CHARSET_BYTES: usize = 2 << 10;

/// Returns the text of a page whose characters are in `charset`, or in what the page says.
///
/// # Errors
/// If it is over a limit, or holds no text.
pub(crate) fn text(html: &[u8], charset: Option<&str>) -> Result<String, RecordError> {
    let limit = |max: &str| refuse(&format!("it has more than {max}"));
    if html.len() > MAX_BYTES {
        return Err(limit(&format!("{MAX_BYTES} bytes")));
    }
    let html = decode(html, charset);
    let quiet = Quiet::begin();
    let text = panic::catch_unwind(AssertUnwindSafe(|| read(&html)));
    drop(quiet);
    let text = text.unwrap_or_else(|_| Err(refuse("the extractor failed")))?;
    if text.trim().is_empty() {
        return Err(refuse("it shows no text"));
    }
    Ok(text)
}

fn refuse(reason: &str) -> RecordError {
    RecordError::Page { reason: reason.to_owned() }
}

fn read(html: &str) -> Result<String, RecordError> {
    // The search for an article changes the document.
    let document = parse(html)?;
    let config = Config { text_mode: TextMode::Formatted, disable_json_ld: true, ..Config::default() };
    let article = Readability::with_document(document.clone(), None, Some(config)).and_then(|mut found| found.parse());
    Ok(match article {
        Ok(article) => article.text_content.trim().to_owned(),
        Err(_) => {
            document.select("script, style, noscript, template, [hidden]").remove();
            document.body().map(|body| body.formatted_text().trim().to_owned()).unwrap_or_default()
        }
    })
}

/// Parses a page in pieces, so that no limit is passed by much.
fn parse(html: &str) -> Result<Document, RecordError> {
    let limit = |max: &str| refuse(&format!("it has more than {max}"));
    let mut options = ParseOpts::default();
    options.tree_builder.scripting_enabled = false;
    let mut parser = parse_document(Document::default(), options);
    let (started, mut rest, mut checked) = (Instant::now(), html, 0);
    while !rest.is_empty() {
        let piece = beginning(rest, PIECE_BYTES);
        rest = &rest[piece.len()..];
        parser.process(StrTendril::from_slice(piece));
        let document = &parser.tokenizer.sink.sink;
        let nodes = document.tree.len();
        if nodes > MAX_NODES {
            return Err(limit(&format!("{MAX_NODES} nodes")));
        }
        if nodes >= checked + NODES_BETWEEN || rest.is_empty() {
            checked = nodes;
            if is_too_deep(document) {
                return Err(limit(&format!("{MAX_DEPTH} elements within each other")));
            }
        }
        if started.elapsed() > MAX_TIME {
            return Err(refuse(&format!("it takes more than {} s", MAX_TIME.as_secs())));
        }
        // Nobody asks for what is wrong with the page.
        document.errors.borrow_mut().clear();
    }
    Ok(parser.finish())
}

fn is_too_deep(document: &Document) -> bool {
    let mut depth = 0;
    let mut node = document.root();
    loop {
        if let Some(child) = node.first_child() {
            depth += 1;
            if depth > MAX_DEPTH {
                return true;
            }
            node = child;
            continue;
        }
        node = loop {
            if let Some(sibling) = node.next_sibling() {
                break sibling;
            }
            let Some(parent) = node.parent() else { return false };
            depth -= 1;
            node = parent;
        };
    }
}

/// Returns the characters of a page: in the character set of its byte order mark, else in the
/// one that was named with it, else in its own, else UTF-8 if it is that.
fn decode<'p>(html: &'p [u8], charset: Option<&str>) -> Cow<'p, str> {
    let named = charset.and_then(|name| Encoding::for_label(name.trim().as_bytes()));
    let encoding = named.or_else(|| charset_of(&html[..html.len().min(CHARSET_BYTES)]));
    let encoding = encoding.unwrap_or_else(|| if str::from_utf8(html).is_ok() { UTF_8 } else { WINDOWS_1252 });
    encoding.decode(html).0
}

/// Finds what a page says of its character set.
fn charset_of(head: &[u8]) -> Option<&'static Encoding> {
    const NAME: &[u8] = b"charset";
    let lower = head.to_ascii_lowercase();
    memchr::memmem::find_iter(&lower, b"<meta").find_map(|at| {
        let tag = lower[at..].split(|&byte| byte == b'>').next()?;
        let rest = tag[memchr::memmem::find(tag, NAME)? + NAME.len()..].trim_ascii_start();
        let value = rest.strip_prefix(b"=")?.trim_ascii_start();
        let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
        let end =
            value.iter().position(|byte| matches!(byte, b'"' | b'\'' | b';' | b'/' | b' ')).unwrap_or(value.len());
        // A page whose tags can be read as they are is not in UTF-16, whatever it says.
        Encoding::for_label(&value[..end]).map(Encoding::output_encoding)
    })
}

/// The body of a reply over HTTP, and what is said of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply<'p> {
    pub(crate) is_page: bool,
    charset: Option<String>,
    chunked: bool,
    codings: Vec<String>,
    body: &'p [u8],
}

/// Most bytes of the header of a reply.
const MAX_HEADER: usize = 64 << 10;

/// Reads the header of a reply; `None` if more bytes are needed.
pub(crate) fn reply(bytes: &[u8]) -> Option<Reply<'_>> {
    let head = &bytes[..bytes.len().min(MAX_HEADER)];
    let crlf = memchr::memmem::find(head, b"\r\n\r\n").map(|at| (at, at + 4));
    let lf = memchr::memmem::find(head, b"\n\n").map(|at| (at, at + 2));
    let Some((len, start)) = crlf.into_iter().chain(lf).min() else {
        let none = Reply { is_page: false, charset: None, chunked: false, codings: Vec::new(), body: &[] };
        return (bytes.len() >= MAX_HEADER).then_some(none);
    };
    let head = String::from_utf8_lossy(&head[..len]);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split_whitespace().nth(1)).unwrap_or_default();
    let value = |name: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let body = &bytes[start..];
    let kind = value("content-type");
    let is_html = kind.as_deref().map_or_else(|| crate::io::format::is_html(body), is_page_type);
    let codings = value("content-encoding").unwrap_or_default();
    Some(Reply {
        is_page: is_html && status.starts_with('2'),
        charset: kind.as_deref().and_then(charset_in).map(str::to_owned),
        chunked: value("transfer-encoding").is_some_and(|coding| coding.contains("chunked")),
        codings: codings
            .split(',')
            .map(|coding| coding.trim().to_owned())
            .filter(|coding| !coding.is_empty())
            .collect(),
        body,
    })
}

/// Whether a content type is that of a web page.
pub(crate) fn is_page_type(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "text/html" || kind == "application/xhtml+xml"
}

/// The character set that a content type names.
pub(crate) fn charset_in(kind: &str) -> Option<&str> {
    let mut parameters = kind.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

impl Reply<'_> {
    /// Returns the text of the page that the reply holds.
    ///
    /// # Errors
    /// As [`text`], and if the body cannot be decoded.
    pub(crate) fn text(&self) -> Result<String, RecordError> {
        let mut body = Cow::Borrowed(self.body);
        if self.chunked {
            // Some crawlers put the chunks together and leave the header as it was.
            if let Some(joined) = join_chunks(&body) {
                body = Cow::Owned(joined);
            }
        }
        for coding in self.codings.iter().rev() {
            if let Some(decoded) = decompress(&body, coding)? {
                body = Cow::Owned(decoded);
            }
        }
        text(&body, self.charset.as_deref())
    }
}

fn join_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(rest.len());
    loop {
        let end = memchr::memchr(b'\n', &rest[..rest.len().min(256)])?;
        let size = str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 1..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = &rest[size..];
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    }
}

/// Returns a body without a coding; nothing if it is without it already, as crawlers leave it.
fn decompress(body: &[u8], coding: &str) -> Result<Option<Vec<u8>>, RecordError> {
    let mut decoder: Box<dyn Read + '_> = match coding {
        "identity" => return Ok(None),
        "gzip" | "x-gzip" if !body.starts_with(b"\x1f\x8b") => return Ok(None),
        "gzip" | "x-gzip" => Box::new(flate2::read::MultiGzDecoder::new(body)),
        _ if crate::io::format::is_html(body) => return Ok(None),
        // With the header that the standard asks for, or without, as some servers have it.
        "deflate" if body.first().is_some_and(|byte| byte & 0x0f == 8) => {
            Box::new(flate2::read::ZlibDecoder::new(body))
        }
        "deflate" => Box::new(flate2::read::DeflateDecoder::new(body)),
        "br" => Box::new(brotli_decompressor::Decompressor::new(body, 64 << 10)),
        "zstd" => Box::new(zstd::stream::read::Decoder::with_buffer(body).map_err(|error| refuse(&error.to_string()))?),
        _ => return Err(refuse(&format!("its content coding \"{coding}\" is unknown"))),
    };
    let mut plain = Vec::new();
    // A body that breaks off is a page that breaks off: what there is of it is read.
    let read = decoder.by_ref().take(MAX_BYTES as u64 + 1).read_to_end(&mut plain);
    match read {
        Err(error) if plain.is_empty() => Err(refuse(&format!("its content coding is broken: {error}"))),
        _ => Ok(Some(plain)),
    }
}

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Says that what panics now is the extractor.
struct Quiet;

impl Quiet {
    fn begin() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                // The message may hold text of the page, and the panic is caught.
                if !READING.get() {
                    before(info);
                }
            }));
        });
        READING.set(true);
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        READING.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(html: &str) -> String {
        text(html.as_bytes(), None).expect_err("refused").to_string()
    }

    #[test]
    fn character_sets_are_found_where_they_are_named() {
        let page = |head: &str| format!("<html>{head}<p>caf\u{1}").replace('\u{1}', "_").into_bytes();
        let with = |head: &str, byte: &[u8]| {
            let mut page = page(head);
            page.pop();
            page.extend_from_slice(byte);
            page
        };
        assert!(decode(&with("", b"\xe9"), None).ends_with("café"));
        assert!(decode(&with("", "é".as_bytes()), None).ends_with("café"));
        assert!(decode(&with("<META charset=Shift_JIS>", b"\x83\x65"), None).ends_with("cafテ"));
        let content = "<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>";
        assert!(decode(&with(content, b"\xe9"), None).ends_with("cafй"));
        assert!(decode(&with(content, b"\xe9"), Some("iso-8859-1")).ends_with("café"));
        assert!(decode(&with("<meta charset=\"utf-16\">", "é".as_bytes()), None).ends_with("café"));
        assert!(decode(b"\xff\xfec\0", Some("utf-8")).ends_with('c'));
    }

    #[test]
    fn replies_are_unpacked_as_their_header_says() {
        let zip = |bytes: &[u8]| {
            use std::io::Write as _;
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect("memory takes all");
            encoder.finish().expect("memory takes all")
        };
        let page = "<html><body><p>One paragraph of text.</p></body></html>";
        let chunks = |body: &[u8]| [format!("{:x};a=b\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
        let head = |more: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\"utf-8\"\r\n{more}\r\n");
        let cases = [
            [head("").as_bytes(), page.as_bytes()].concat(),
            [head("Content-Encoding: gzip\r\n").as_bytes(), &zip(page.as_bytes())].concat(),
            [head("Content-Encoding: gzip\r\n").as_bytes(), page.as_bytes()].concat(),
            [head("Transfer-Encoding: chunked\r\n").as_bytes(), &chunks(page.as_bytes())].concat(),
            [head("Transfer-Encoding: chunked\r\n").as_bytes(), page.as_bytes()].concat(),
            [
                head("Transfer-Encoding: chunked\r\ncontent-encoding: GZIP\r\n").as_bytes(),
                &chunks(&zip(page.as_bytes())),
            ]
            .concat(),
            [&b"HTTP/1.0 200\n\n"[..], page.as_bytes()].concat(),
        ];
        for case in cases {
            let found = reply(&case).expect("a header");
            assert!(found.is_page);
            assert_eq!(found.text().expect("text"), "One paragraph of text.", "{}", String::from_utf8_lossy(&case));
        }
        assert_eq!(reply(b"HTTP/1.1 200 OK\r\nContent-"), None);
        assert!(!reply(&b"x".repeat(MAX_HEADER)).expect("none").is_page);
        assert!(!reply(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html>").expect("a header").is_page);
        assert!(!reply(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n<html>").expect("a header").is_page);
        let odd = head("Content-Encoding: compress\r\n") + "x";
        let error = reply(odd.as_bytes()).expect("a header").text().expect_err("unknown").to_string();
        assert!(error.contains("\"compress\" is unknown"), "{error}");
    }

    #[test]
    fn pages_made_to_be_hard_are_refused_soon() {
        let started = Instant::now();
        let many = |part: &str, times: usize| format!("<!doctype html><body>{}", part.repeat(times));
        assert!(refused(&many("<div>", 100_000)).contains("within each other"));
        assert!(refused(&many("<table><td><div>", 50_000)).contains("within each other"));
        assert!(refused(&many("<br>", MAX_NODES + 1)).contains("nodes"));
        let fonts: String = (0..500).map(|n| format!("<font size={n}>")).collect::<Vec<_>>().concat();
        // What is open at the end of a paragraph is opened again in the next.
        let said = refused(&(many(&format!("<p>{fonts}"), 1) + &"<p>x".repeat(10_000)));
        assert!(said.contains("nodes"), "{said}");
        assert!(refused(&many(" ", MAX_BYTES)).contains("bytes"));
        assert!(refused(&many("", 1)).contains("no text"));
        assert!(refused("<html><script>var text = 'here';</script><p hidden>x</p>").contains("no text"));
        assert!(started.elapsed() < MAX_TIME * 3, "{:?}", started.elapsed());
    }

    #[test]
    fn a_panic_is_an_error_of_its_page() {
        let quiet = Quiet::begin();
        assert!(panic::catch_unwind(|| panic!("with text of the page")).is_err());
        drop(quiet);
        assert!(!READING.get());
    }
}
