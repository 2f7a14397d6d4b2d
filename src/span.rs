//! A half-open range of bytes of the original text.

use serde::Serialize;

/// A half-open byte range `start..end` of the original text.
///
/// Both ends lie on character boundaries of the text the span was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Returns the span `start..end`; an end before the start is moved up to it.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end: if end < start { start } else { end } }
    }

    /// First byte.
    pub fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    pub fn end(self) -> usize {
        self.end
    }

    /// Length in bytes.
    pub fn byte_len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the two spans share at least one byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The covered text.
    ///
    /// # Panics
    /// If the span lies outside `text` or off its character boundaries.
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }

    /// The span as a standard range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}
