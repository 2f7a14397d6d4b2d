//! JSON lines without rewriting them: finds the text in a line and maps offsets between the
//! text and its escaped form, so that cutting the text cuts the line's own bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{self, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::io::{Fields, RecordError};

/// Where the fields of interest stand in a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line<'r> {
    /// The text's string literal in the line, without its quotes.
    pub(crate) literal: Range<usize>,
    /// The identifier as it stands in the line, if it is a string or a number.
    pub(crate) id: Option<&'r str>,
    /// The address.
    pub(crate) url: Option<Cow<'r, str>>,
    /// The language.
    pub(crate) lang: Option<Cow<'r, str>>,
}

/// Finds the fields of interest in a line that holds one JSON object.
///
/// The whole line is checked: cutting a line that other programs refuse to read would
/// only move the error to where nobody looks for it.
pub(crate) fn parse<'r>(line: &'r str, fields: &Fields) -> Result<Line<'r>, RecordError> {
    let (text, id, url, lang) = match find(line, fields)? {
        Found::Other(kind) => return Err(RecordError::NotAnObject { found: kind }),
        Found::Object { text: None, .. } => return Err(RecordError::FieldMissing { field: fields.text.clone() }),
        Found::Object { twice: true, .. } => return Err(RecordError::FieldTwice { field: fields.text.clone() }),
        Found::Object { text: Some(text), id, url, lang, .. } => (text, id, url, lang),
    };
    let text = text.get();
    if !text.starts_with('"') {
        return Err(RecordError::FieldNotString { field: fields.text.clone(), found: kind(text) });
    }
    let start = text.as_ptr().addr() - line.as_ptr().addr() + 1;
    Ok(Line {
        literal: start..start + text.len() - 2,
        id: id.map(RawValue::get).filter(|raw| is_identifier(raw)),
        url: string(url),
        lang: string(lang),
    })
}

fn string(value: Option<&RawValue>) -> Option<Cow<'_, str>> {
    value.map(RawValue::get).filter(|raw| raw.starts_with('"')).map(|raw| unescape(&raw[1..raw.len() - 1]))
}

/// Returns the identifier of a line, also if the line holds no text.
pub(crate) fn identifier<'r>(line: &'r str, fields: &Fields) -> Option<&'r str> {
    match find(line, fields) {
        Ok(Found::Object { id, .. }) => id.map(RawValue::get).filter(|raw| is_identifier(raw)),
        _ => None,
    }
}

fn is_identifier(raw: &str) -> bool {
    raw.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
}

fn find<'r>(line: &'r str, fields: &Fields) -> Result<Found<'r>, RecordError> {
    let mut reader = serde_json::Deserializer::from_str(line);
    let found = de::Deserializer::deserialize_any(&mut reader, Object { fields }).and_then(|found| {
        reader.end()?;
        Ok(found)
    });
    found.map_err(|error| {
        // Records are single lines: only the column says something.
        let reason = error.to_string().replace(" at line 1 column", ", column");
        RecordError::Json { reason }
    })
}

fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        Some(b'"') => "a string",
        _ => "a number",
    }
}

enum Found<'r> {
    Object {
        text: Option<&'r RawValue>,
        id: Option<&'r RawValue>,
        url: Option<&'r RawValue>,
        lang: Option<&'r RawValue>,
        twice: bool,
    },
    Other(&'static str),
}

struct Object<'f> {
    fields: &'f Fields,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut text, mut id, mut url, mut lang, mut twice) = (None, None, None, None, false);
        while let Some(key) = map.next_key::<Key<'de>>()? {
            let key = key.0;
            let is_text = *key == *self.fields.text;
            let is_id = *key == *self.fields.id;
            let is_url = *key == *self.fields.url;
            let is_lang = *key == *self.fields.lang;
            if !(is_text || is_id || is_url || is_lang) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<&'de RawValue>()?;
            if is_text {
                twice |= text.is_some();
                text = Some(value);
            }
            // Of other fields the last one counts, as most parsers have it.
            if is_id {
                id = Some(value);
            }
            if is_url {
                url = Some(value);
            }
            if is_lang {
                lang = Some(value);
            }
        }
        Ok(Found::Object { text, id, url, lang, twice })
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Other("an array"))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Found::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Found::Other("a number"))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Found::Other("a string"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Found::Other("null"))
    }
}

/// A key, borrowed unless it has escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> de::Deserialize<'de> for Key<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(key)))
            }
            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A part of a string literal.
enum Token<'r> {
    /// Characters that stand for themselves.
    Plain(&'r str),
    /// An escape sequence and the character it stands for.
    Escape { raw_len: usize, c: char },
}

/// Goes through a checked string literal.
struct Tokens<'r> {
    rest: &'r str,
}

impl<'r> Iterator for Tokens<'r> {
    type Item = Token<'r>;

    fn next(&mut self) -> Option<Token<'r>> {
        if self.rest.is_empty() {
            return None;
        }
        let plain = memchr::memchr(b'\\', self.rest.as_bytes()).unwrap_or(self.rest.len());
        if plain > 0 {
            let (head, rest) = self.rest.split_at(plain);
            self.rest = rest;
            return Some(Token::Plain(head));
        }
        let (raw_len, c) = escape_at(self.rest.as_bytes());
        self.rest = self.rest.get(raw_len..).unwrap_or("");
        Some(Token::Escape { raw_len, c })
    }
}

/// Returns the length of the escape sequence that `raw` begins with and its character.
///
/// A surrogate without its other half becomes U+FFFD, which is one code point as well.
fn escape_at(raw: &[u8]) -> (usize, char) {
    let unit = |at: usize| -> Option<u32> {
        let (slash, digits) = raw.get(at..at + 6)?.split_at(2);
        let digits = str::from_utf8(digits).ok()?;
        if slash == b"\\u" { u32::from_str_radix(digits, 16).ok() } else { None }
    };
    let simple = |c: char| (2, c);
    match raw.get(1) {
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'u') => {
            let high = unit(0).unwrap_or(0xFFFD);
            if let (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) = (high, unit(6)) {
                let c = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return (12, char::from_u32(c).unwrap_or('\u{FFFD}'));
            }
            (6, char::from_u32(high).unwrap_or('\u{FFFD}'))
        }
        Some(&other) => simple(char::from(other)),
        None => (1, '\\'),
    }
}

/// Returns the text that a checked string literal (without quotes) stands for.
pub(crate) fn unescape(literal: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', literal.as_bytes()).is_none() {
        return Cow::Borrowed(literal);
    }
    let mut text = String::with_capacity(literal.len());
    for token in (Tokens { rest: literal }) {
        match token {
            Token::Plain(part) => text.push_str(part),
            Token::Escape { c, .. } => text.push(c),
        }
    }
    Cow::Owned(text)
}

/// Returns the ranges of the literal that the ascending `ranges` of its text come from.
pub(crate) fn literal_ranges(literal: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut tokens = Tokens { rest: literal };
    // Offsets behind the last whole token, in the text and in the literal.
    let (mut text_at, mut raw_at) = (0, 0);
    let mut current: Option<Token<'_>> = None;
    let mut map = |offset: usize| loop {
        let (text_len, raw_len) = match &current {
            Some(Token::Plain(part)) => (part.len(), part.len()),
            Some(Token::Escape { raw_len, c }) => (c.len_utf8(), *raw_len),
            None => (0, 0),
        };
        if offset < text_at + text_len {
            return raw_at + (offset - text_at).min(raw_len);
        }
        text_at += text_len;
        raw_at += raw_len;
        current = tokens.next();
        if current.is_none() {
            return raw_at;
        }
    };
    ranges
        .map(|range| {
            let start = map(range.start);
            start..map(range.end)
        })
        .collect()
}

/// Returns the literal (without quotes) that this program and most others write for a text.
pub(crate) fn escape(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// Adds a field to the object that begins at `start` of `out`, at its end.
pub(crate) fn add_field(out: &mut Vec<u8>, start: usize, name: &str, value: &str) {
    let Some(brace) = out[start..].iter().rposition(|&byte| byte == b'}') else { return };
    let at = start + brace;
    let before = out[start..at].trim_ascii_end().last();
    let comma = if before == Some(&b'{') { "" } else { "," };
    let field = format!("{comma}\"{}\":{value}", escape(name));
    out.splice(at..at, field.into_bytes());
}

/// Takes the last field out of the object that begins at `start` of `out`, if it has that name.
pub(crate) fn drop_field(out: &mut Vec<u8>, start: usize, name: &str) {
    let key = format!("\"{}\":", escape(name)).into_bytes();
    let Some(brace) = out[start..].iter().rposition(|&byte| byte == b'}') else { return };
    let end = start + brace;
    // The value holds no such key itself: it is ours.
    let Some(found) = memchr::memmem::rfind(&out[start..end], &key) else { return };
    let mut at = start + found;
    let value = &out[at + key.len()..end];
    if serde_json::from_slice::<IgnoredAny>(value).is_err() {
        return;
    }
    at -= usize::from(out[at - 1] == b',');
    out.drain(at..end);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(line: &str) -> Result<String, RecordError> {
        parse(line, &Fields::default()).map(|found| unescape(&line[found.literal]).into_owned())
    }

    #[test]
    fn the_text_is_found_wherever_it_stands() {
        assert_eq!(text(r#" {"a":{"text":"no"},"text" : "y\u00e9s\n","b":[1,{}]} "#).as_deref(), Ok("yés\n"));
        assert_eq!(text(r#"{"te\u0078t":"x"}"#).as_deref(), Ok("x"));
        assert_eq!(text(r#"{"text":""}"#).as_deref(), Ok(""));
    }

    #[test]
    fn identifiers_are_kept_as_they_stand() {
        let id = |line| parse(line, &Fields::default()).map(|found| found.id.map(str::to_owned));
        assert_eq!(id(r#"{"id":12345678901234567890.0,"text":""}"#), Ok(Some("12345678901234567890.0".to_owned())));
        assert_eq!(id(r#"{"id":"\u0061","text":""}"#), Ok(Some(r#""\u0061""#.to_owned())));
        assert_eq!(id(r#"{"id":null,"text":""}"#), Ok(None));
        assert_eq!(id(r#"{"id":{"x":1},"text":""}"#), Ok(None));
    }

    #[test]
    fn what_is_no_record_says_why() {
        let message = |line| text(line).expect_err("no record").to_string();
        assert_eq!(message(r#"{"body":"x"}"#), "field \"text\" is missing: name another field with --text-field");
        assert!(message(r#"{"text":12}"#).starts_with("field \"text\" is a number, not a string"));
        assert!(message(r#"{"text":null}"#).starts_with("field \"text\" is null"));
        assert!(message(r#"{"text":"a","text":"b"}"#).contains("more than once"));
        assert!(message("[1,2]").starts_with("JSON value is an array"));
        assert!(message("7").starts_with("JSON value is a number"));
        assert!(message(r#"{"text":"a"} x"#).starts_with("not valid JSON: trailing characters, column 14"));
        assert!(message("{\"text\":\"a\0b\"}").starts_with("not valid JSON: control character"));
        assert!(message(r#"{"text":"a\x"}"#).starts_with("not valid JSON: invalid escape"));
        assert!(message(&format!("{{\"a\":{}", "[".repeat(100_000))).starts_with("not valid JSON"));
    }

    #[test]
    fn surrogates_without_their_other_half_count_as_one_character() {
        let literal = r"a\ud83db\ude00\ud83d\ude00c";
        assert_eq!(unescape(literal), "a\u{fffd}b\u{fffd}\u{1f600}c");
        let ranges = literal_ranges(literal, [1..4, 5..8, 8..12].into_iter());
        let parts: Vec<&str> = ranges.into_iter().map(|range| &literal[range]).collect();
        assert_eq!(parts, [r"\ud83d", r"\ude00", r"\ud83d\ude00"]);
    }

    proptest! {
        #[test]
        fn unescaping_agrees_with_serde(text in any::<String>(), ascii in any::<bool>()) {
            let mut literal = escape(&text);
            if ascii {
                let units: Vec<u16> = literal.encode_utf16().collect();
                literal.clear();
                for unit in units {
                    match u8::try_from(unit) {
                        Ok(byte @ 0..=0x7f) => literal.push(char::from(byte)),
                        _ => literal.extend(["\\u", &format!("{unit:04x}")]),
                    }
                }
            }
            let line = format!("{{\"text\":\"{literal}\"}}");
            let found = parse(&line, &Fields::default()).expect("a record");
            prop_assert_eq!(&line[found.literal], &*literal);
            prop_assert_eq!(&*unescape(&literal), &*text);
            // Each character's own range in the literal stands for that character.
            let bounds: Vec<Range<usize>> = text.char_indices().map(|(at, c)| at..at + c.len_utf8()).collect();
            let ranges = literal_ranges(&literal, bounds.iter().cloned());
            for (range, c) in ranges.iter().zip(text.chars()) {
                prop_assert_eq!(unescape(&literal[range.clone()]), c.to_string());
            }
        }

        #[test]
        fn any_line_is_parsed_or_refused(line in "[\\[\\]{}\":,\\\\u0-9a-f\u{0}tex ]{0,60}") {
            let ours = text(&line);
            let theirs: Result<serde_json::Value, _> = serde_json::from_str(&line);
            if ours.is_ok() {
                prop_assert!(theirs.is_ok_and(|value| value["text"].is_string()));
            }
        }
    }
}
