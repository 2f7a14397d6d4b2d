//! Splits a text into segments whose spans tile it: no byte is lost, so the cleaner can
//! rebuild the text.
//!
//! Lines are the unit because scraped footers and promos come as lines. Where a line looks
//! as if something had been glued into it, [`Segmenter::pieces`] cuts it finer: at sentence
//! ends, round links and where the script changes.

use crate::span::Span;

/// One line of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// All bytes of the line, its line break included; the segments of a text tile it.
    pub span: Span,
    /// The bytes between the white space at both ends; empty for lines that show nothing.
    pub body: Span,
}

/// Cuts texts into lines and lines into pieces.
#[derive(Debug, Clone, Copy, Default)]
pub struct Segmenter;

impl Segmenter {
    /// Appends the lines of `text`: they end behind `\n`, `\r\n` or a lone `\r`.
    pub fn segments(self, text: &str, out: &mut Vec<Segment>) {
        let bytes = text.as_bytes();
        let mut start = 0;
        while start < bytes.len() {
            let end = match memchr::memchr2(b'\n', b'\r', &bytes[start..]) {
                None => bytes.len(),
                Some(found) if bytes[start + found..].starts_with(b"\r\n") => start + found + 2,
                Some(found) => start + found + 1,
            };
            let line = &text[start..end];
            let trimmed = line.trim_matches(is_line_space);
            let lead = line.len() - line.trim_start_matches(is_line_space).len();
            let body = if trimmed.chars().all(shows_nothing) {
                Span::new(start, start)
            } else {
                Span::new(start + lead, start + lead + trimmed.len())
            };
            out.push(Segment { span: Span::new(start, end), body });
            start = end;
        }
    }

    /// Appends the pieces of a line's body in order; their spans tile `body`.
    ///
    /// A piece ends behind a sentence end with the spaces that follow, before and behind a
    /// link in HTML, Markdown or BBCode, and where Latin letters follow others or the reverse.
    /// What shows nothing goes with its neighbour: there would be nothing to take out.
    pub fn pieces(self, text: &str, body: Span, out: &mut Vec<Span>) {
        let line = body.of(text);
        let bytes = line.as_bytes();
        let base = body.start();
        let mut start = 0;
        let mut at = 0;
        // 1 in a run of ASCII letters, 2 in a run of letters far from Latin, 0 before any.
        let mut run = 0;
        let first = out.len();
        let mut cut = |start: &mut usize, to: usize| {
            if to <= *start {
                return;
            }
            let piece = Span::new(base + *start, base + to);
            if line[*start..to].chars().all(shows_nothing) {
                match out[first..].last_mut() {
                    Some(last) => *last = Span::new(last.start(), piece.end()),
                    // Nothing before it: it goes with what follows, if anything does.
                    None if to < bytes.len() => return,
                    None => out.push(piece),
                }
            } else {
                out.push(piece);
            }
            *start = to;
        };
        while at < bytes.len() {
            let byte = bytes[at];
            match KIND[usize::from(byte)] {
                NOTHING => {
                    at += 1;
                    continue;
                }
                LATIN => {
                    if run == 2 && at > start && bytes[at - 1] == b' ' {
                        cut(&mut start, at);
                    }
                    run = 1;
                    // The rest of the word changes nothing more.
                    at += 1;
                    while bytes.get(at).is_some_and(|&byte| KIND[usize::from(byte)] == LATIN) {
                        at += 1;
                    }
                    continue;
                }
                FAR => {
                    if run == 1 && at > start && bytes[at - 1] == b' ' {
                        cut(&mut start, at);
                    }
                    run = 2;
                    at += 2;
                    continue;
                }
                _ => {}
            }
            let step = if byte < 0x80 { 1 } else { utf8_len(byte) };
            let behind = at + step;
            if let Some(end) = link_end(bytes, at) {
                cut(&mut start, at);
                let end = skip_spaces(bytes, end);
                cut(&mut start, end);
                at = end;
                continue;
            }
            // Greek and above, symbols and punctuation (0xe2) apart.
            if matches!(byte, 0xcd..=0xe1 | 0xe3..=0xed) {
                // Two scripts side by side are joined by a space where one was put behind the other.
                if run == 1 && at > start && bytes[at - 1] == b' ' {
                    cut(&mut start, at);
                }
                run = 2;
            }
            if is_sentence_end(bytes, at) {
                let closed = skip_closing(bytes, behind);
                let end = skip_spaces(bytes, closed);
                let ideographic = byte >= 0x80;
                if end > closed || ideographic || starts_sentence(line, at, closed) {
                    cut(&mut start, end);
                }
                at = end.max(behind);
                continue;
            }
            at = behind;
        }
        cut(&mut start, bytes.len());
    }
}

/// A character that cannot end a piece: ASCII apart from letters and the signs of sentences and
/// links.
const NOTHING: u8 = 0;
/// A letter of ASCII.
const LATIN: u8 = 1;
/// The first of two bytes of a letter far from Latin.
const FAR: u8 = 2;
/// Anything that needs a closer look.
const ELSE: u8 = 3;

/// What the first byte of a character says of it when a line is cut into pieces.
const KIND: [u8; 256] = {
    let mut table = [ELSE; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => LATIN,
            b'.' | b'!' | b'?' | b'<' | b'[' => ELSE,
            0..=0x7f => NOTHING,
            // Up to Hebrew; Arabic (0xd8 and on) has sentence ends of its own.
            0xcd..=0xd7 => FAR,
            _ => ELSE,
        };
        byte += 1;
    }
    table
};

fn is_line_space(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}' || character == '\0'
}

/// Whether a character leaves no mark on the page: white space of any script, zero-width
/// characters. What holds nothing else counts as blank, here and in cleaning.
pub(crate) fn shows_nothing(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn utf8_len(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        _ => 2,
    }
}

/// Whether a sentence ends with the character at `at`.
fn is_sentence_end(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'.' => {
            // Neither the dot of a number or an initial, nor one of several.
            let digit = at > 0 && bytes[at - 1].is_ascii_digit() && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            let initial = at > 0
                && bytes[at - 1].is_ascii_uppercase()
                && (at < 2 || !bytes[at - 2].is_ascii_alphanumeric() && bytes[at - 2] < 0x80);
            !digit && !initial && bytes.get(at + 1) != Some(&b'.')
        }
        b'!' | b'?' => !matches!(bytes.get(at + 1), Some(b'!' | b'?')),
        0xe0.. => matches!(
            bytes.get(at..at + 3),
            Some(
                [0xe3, 0x80, 0x82]
                    | [0xef, 0xbc, 0x81 | 0x9f]
                    | [0xe0, 0xa5, 0xa4]
                    | [0xe1, 0x81, 0x8b]
                    | [0xe2, 0x80, 0xa6]
            )
        ),
        0xd8..=0xdf => matches!(bytes.get(at..at + 2), Some([0xdb, 0x94] | [0xd8, 0x9f])),
        _ => false,
    }
}

fn skip_closing(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at += match bytes.get(at..) {
            Some([b'"' | b'\'' | b')' | b']', ..]) => 1,
            Some([0xc2, 0xbb, ..]) => 2,
            Some(
                [0xe2, 0x80, 0x9c | 0x9d | 0x99, ..] | [0xe3, 0x80, 0x8d | 0x8f | 0x8b, ..] | [0xef, 0xbc, 0x89, ..],
            ) => 3,
            _ => return at,
        };
    }
}

fn skip_spaces(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at += match bytes.get(at..) {
            Some([b' ' | b'\t', ..]) => 1,
            Some([0xc2, 0xa0, ..]) => 2,
            Some([0xe3, 0x80, 0x80, ..]) => 3,
            _ => return at,
        };
    }
}

/// Whether a sentence glued to the one before begins at `at`: a letter that is no
/// continuation of an abbreviation or address.
fn starts_sentence(line: &str, dot: usize, at: usize) -> bool {
    /// Longest address that is recognised; without it a line of nothing but dots takes for ever.
    const REACH: usize = 200;
    let before = line[..dot].chars().next_back();
    let near = line[..dot].char_indices().rev().take(REACH).take_while(|(_, c)| !c.is_whitespace()).last();
    let token = &line[near.map_or(dot, |(at, _)| at)..dot];
    let word: usize = line[..dot].chars().rev().take_while(|c| c.is_alphanumeric()).count();
    let mut next = line[at..].chars();
    let first = next.next();
    let rest = next.take_while(|c| c.is_alphanumeric()).count();
    before.is_some_and(|c| c.is_lowercase() || !c.is_ascii() && c.is_alphabetic() || !c.is_alphanumeric())
        && word != 1
        && !(token.contains("://") || token.starts_with("www") || token.contains('@') || token.contains('.'))
        && first.is_some_and(|c| {
            c.is_uppercase() && rest >= 2 || c.is_lowercase() && rest >= 5 || !c.is_ascii() && c.is_alphabetic()
        })
}

/// Returns the end of the HTML anchor, Markdown link or BBCode link that begins at `at`.
fn link_end(bytes: &[u8], at: usize) -> Option<usize> {
    const REACH: usize = 600;
    let rest = &bytes[at..bytes.len().min(at + REACH)];
    match rest[0] {
        b'<' if starts_with_ignore_case(rest, b"<a ") => find_ignore_case(rest, b"</a>").map(|found| at + found + 4),
        b'[' if starts_with_ignore_case(rest, b"[url") => find_ignore_case(rest, b"[/url]").map(|found| at + found + 6),
        b'[' => {
            let close = memchr::memmem::find(rest, b"](")?;
            let end = memchr::memchr(b')', &rest[close..])?;
            let inner = &rest[1..close];
            (!inner.contains(&b'[') && !rest[close + 2..close + end].contains(&b' ')).then_some(at + close + end + 1)
        }
        _ => None,
    }
}

fn starts_with_ignore_case(text: &[u8], prefix: &[u8]) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

fn find_ignore_case(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

/// The beginning of a text: so many bytes at most, and whole characters.
pub(crate) fn beginning(text: &str, bytes: usize) -> &str {
    let most = text.len().min(bytes);
    let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(line: &str) -> Vec<&str> {
        let mut out = Vec::new();
        Segmenter.pieces(line, Span::new(0, line.len()), &mut out);
        out.into_iter().map(|span| span.of(line)).collect()
    }

    #[test]
    fn pieces_end_with_sentences_and_round_links() {
        assert_eq!(
            pieces("Hujan turun. Warga mengungsi. sbobet88"),
            ["Hujan turun. ", "Warga mengungsi. ", "sbobet88"]
        );
        assert_eq!(pieces("It costs 3.5 million U.S. dollars."), ["It costs 3.5 million U.S. dollars."]);
        assert_eq!(pieces("See <a href=\"x\">slot</a> now"), ["See ", "<a href=\"x\">slot</a> ", "now"]);
        assert_eq!(pieces("今天下雨。明天晴。"), ["今天下雨。", "明天晴。"]);
        assert_eq!(pieces("kata Ludwig.sbobet88"), ["kata Ludwig.", "sbobet88"]);
        assert_eq!(pieces("visit example.com today"), ["visit example.com today"]);
        assert_eq!(pieces("\u{200b}One. \u{200b} Two. \u{200b}"), ["\u{200b}One. ", "\u{200b} Two. \u{200b}"]);
        assert_eq!(pieces("\u{200b}[a](b) c."), ["\u{200b}[a](b) ", "c."]);
        assert_eq!(pieces("\u{200b}"), ["\u{200b}"]);
        assert_eq!(pieces("खाने के बाद slot hoki 4d"), ["खाने के बाद ", "slot hoki 4d"]);
    }

    #[test]
    fn lines_tile_the_text() {
        let text = "one\r\n\n two \rthree\n\u{200b}\u{feff}\u{200c}\nfour";
        let mut out = Vec::new();
        Segmenter.segments(text, &mut out);
        let joined: String = out.iter().map(|segment| segment.span.of(text)).collect();
        assert_eq!(joined, text);
        let bodies: Vec<_> = out.iter().map(|segment| segment.body.of(text)).collect();
        assert_eq!(bodies, ["one", "", "two", "three", "", "four"]);
    }
}
