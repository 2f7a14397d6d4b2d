//! Counts offsets in the unit that the other side of the border uses.
//!
//! Inside the program an offset is a byte of the original text. Python counts code points,
//! JavaScript and Java count UTF-16 units: spans are converted when they leave, here only.

use std::fmt;
use std::str::FromStr;

/// The unit of offsets in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OffsetUnit {
    /// Bytes of the text in UTF-8.
    Byte,
    /// Unicode code points, as Python counts.
    #[default]
    Char,
    /// UTF-16 code units, as JavaScript and Java count.
    Utf16,
}

impl OffsetUnit {
    /// The name used on the command line and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Byte => "byte",
            Self::Char => "char",
            Self::Utf16 => "utf16",
        }
    }
}

impl fmt::Display for OffsetUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OffsetUnit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Byte, Self::Char, Self::Utf16]
            .into_iter()
            .find(|unit| unit.as_str() == text)
            .ok_or_else(|| format!("unknown offset unit \"{text}\": use byte, char or utf16"))
    }
}

/// Converts ascending byte offsets of one text.
#[derive(Debug, Clone)]
pub struct OffsetCounter<'t> {
    text: &'t [u8],
    unit: OffsetUnit,
    at: usize,
    count: usize,
}

impl<'t> OffsetCounter<'t> {
    /// Returns a counter at the start of `text`.
    pub fn new(text: &'t [u8], unit: OffsetUnit) -> Self {
        Self { text, unit, at: 0, count: 0 }
    }

    /// Returns byte offset `offset` in the counter's unit; bytes that are not UTF-8 count as
    /// the replacement characters that a lossy decoder makes of them.
    pub fn convert(&mut self, offset: usize) -> usize {
        if self.unit == OffsetUnit::Byte {
            return offset;
        }
        let offset = offset.min(self.text.len());
        if offset < self.at {
            self.at = 0;
            self.count = 0;
        }
        let part = &self.text[self.at..offset];
        self.count += match str::from_utf8(part) {
            Ok(part) => self.count_units(part),
            Err(_) => self.count_units(&String::from_utf8_lossy(part)),
        };
        self.at = offset;
        self.count
    }

    fn count_units(&self, part: &str) -> usize {
        let starts = part.bytes().filter(|byte| byte & 0xC0 != 0x80).count();
        match self.unit {
            OffsetUnit::Utf16 => starts + part.bytes().filter(|&byte| byte >= 0xF0).count(),
            _ => starts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_counts_as_its_users_do() {
        let text = "aé😀b";
        let all = |unit| {
            let mut counter = OffsetCounter::new(text.as_bytes(), unit);
            [0, 1, 3, 7, 8].map(|offset| counter.convert(offset))
        };
        assert_eq!(all(OffsetUnit::Byte), [0, 1, 3, 7, 8]);
        assert_eq!(all(OffsetUnit::Char), [0, 1, 2, 3, 4]);
        assert_eq!(all(OffsetUnit::Utf16), [0, 1, 2, 4, 5]);
    }

    #[test]
    fn other_bytes_count_as_replacement_characters() {
        let mut counter = OffsetCounter::new(b"a\xFF\xE9b", OffsetUnit::Char);
        assert_eq!(counter.convert(4), 4);
        assert_eq!(counter.convert(1), 1);
    }
}
