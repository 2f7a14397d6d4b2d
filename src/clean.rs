//! Applies findings to a text: the only code that makes new text.
//!
//! Works on bytes, so that text that is not valid UTF-8 keeps every byte outside the
//! removed spans. Which line breaks go with a removed line is decided here and nowhere
//! else, in [`Cleaner::edits`]; applying edits is then a plain copy of what is left.

use std::borrow::Cow;

use serde::Serialize;

use crate::report::Report;
use crate::span::Span;

/// One contiguous run of bytes that cleaning takes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// Bytes of the original text, line breaks included.
    pub span: Span,
    /// Index of the finding of the report that the run holds or begins with.
    pub finding: usize,
}

/// A cleaned text and what was taken out of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Cleaned<'t> {
    /// What is left; borrowed when nothing was removed.
    pub text: Cow<'t, str>,
    /// What was removed, in text order, not overlapping.
    pub edits: Vec<Edit>,
    /// The report that the edits come from.
    pub report: Report,
}

/// Turns findings into edits and edits into text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cleaner;

impl Cleaner {
    /// Returns the runs of bytes to remove, in order, not overlapping.
    ///
    /// A removed whole line takes its line break along, and blank lines that only held
    /// removed lines apart go too: between two kept lines there stays one blank line if any
    /// of the gaps had one, else one line break. A span inside a line takes along one of
    /// the spaces that joined it.
    pub fn edits(text: &[u8], report: &Report) -> Vec<Edit> {
        let removals: Vec<(usize, Span)> = report
            .findings
            .iter()
            .enumerate()
            .filter(|(_, finding)| finding.action == crate::report::Action::Remove)
            .map(|(index, finding)| (index, finding.span))
            .filter(|(_, span)| !span.is_empty() && span.end() <= text.len())
            .collect();
        let mut edits = Vec::with_capacity(removals.len());
        let mut next = 0;
        let mut lines = LineCursor::new(text);
        while next < removals.len() {
            let Some(line) = lines.seek(removals[next].1.start()) else { break };
            let first = next;
            while next < removals.len() && removals[next].1.start() < line.end {
                next += 1;
            }
            let here = &removals[first..next];
            if leaves_only_space(text, &line, here) {
                // Lines that go whole are collected into one block with the gaps around them.
                next = Self::cut_block(text, &line, first, next, &removals, &mut lines, &mut edits);
            } else {
                cut_inside_line(text, &line, here, &mut edits);
            }
        }
        edits
    }

    /// Returns the text without the edits' bytes.
    pub fn apply(text: &[u8], edits: &[Edit]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for edit in edits {
            out.extend_from_slice(&text[at..edit.span.start()]);
            at = edit.span.end();
        }
        out.extend_from_slice(&text[at..]);
        out
    }

    /// Returns the cleaned text with its edits.
    pub fn clean(text: &str, report: Report) -> Cleaned<'_> {
        let edits = Self::edits(text.as_bytes(), &report);
        let cleaned = if edits.is_empty() {
            Cow::Borrowed(text)
        } else {
            let mut out = String::with_capacity(text.len());
            let mut at = 0;
            for edit in &edits {
                out.push_str(&text[at..edit.span.start()]);
                at = edit.span.end();
            }
            out.push_str(&text[at..]);
            Cow::Owned(out)
        };
        Cleaned { text: cleaned, edits, report }
    }

    /// Returns the original text from a cleaned one and the removed runs.
    ///
    /// `removed` holds, in order, the offset of each run in the *original* text and its bytes.
    ///
    /// # Errors
    /// If a run begins beyond what the cleaned text and the runs before it can reach.
    pub fn restore(cleaned: &[u8], removed: &[(usize, &[u8])]) -> Result<Vec<u8>, RestoreError> {
        let total: usize = removed.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut out = Vec::with_capacity(cleaned.len() + total);
        let mut at = 0;
        for &(start, bytes) in removed {
            let kept = start.checked_sub(out.len()).filter(|kept| at + kept <= cleaned.len());
            let Some(kept) = kept else {
                return Err(RestoreError { start, reach: out.len() + cleaned.len() - at });
            };
            out.extend_from_slice(&cleaned[at..at + kept]);
            at += kept;
            out.extend_from_slice(bytes);
        }
        out.extend_from_slice(&cleaned[at..]);
        Ok(out)
    }

    /// Cuts a block of whole lines and returns the index of the first removal behind it.
    fn cut_block(
        text: &[u8],
        first_line: &Line,
        first: usize,
        mut next: usize,
        removals: &[(usize, Span)],
        lines: &mut LineCursor<'_>,
        edits: &mut Vec<Edit>,
    ) -> usize {
        // The gap before the block: blank lines back to the last kept line.
        let before = Gap::before(text, first_line.start);
        let mut gaps = vec![before];
        let mut last = *first_line;
        loop {
            let gap = Gap::after(text, last.content_end(text));
            let ends = gap.end;
            gaps.push(gap);
            let Some(&(_, span)) = removals.get(next) else { break };
            if span.start() < ends {
                break;
            }
            let Some(line) = lines.seek(span.start()) else { break };
            if line.start != ends {
                break;
            }
            let from = next;
            let mut to = next;
            while to < removals.len() && removals[to].1.start() < line.end {
                to += 1;
            }
            if !leaves_only_space(text, &line, &removals[from..to]) {
                break;
            }
            next = to;
            last = line;
        }
        let head = gaps[0];
        let tail = gaps[gaps.len() - 1];
        let finding = removals[first].0;
        let mut cut = |start: usize, end: usize| {
            if start < end {
                edits.push(Edit { span: Span::new(start, end), finding });
            }
        };
        let at_start = head.start == 0;
        let at_end = tail.end == text.len();
        match (at_start, at_end) {
            (true, _) => cut(0, tail.end),
            (false, true) => {
                // The kept text ends with a line break if the source did.
                let had_break = tail.breaks > 0;
                let keep = if had_break { head.first_break } else { head.start };
                cut(keep, text.len());
            }
            (false, false) => {
                // The gap that stays is the first one with a blank line, else the first.
                let chosen = gaps.iter().position(|gap| gap.breaks > 1).unwrap_or(0);
                let stays = gaps[chosen];
                let stays_end = if stays.breaks > 1 { stays.second_break } else { stays.first_break };
                cut(head.start, stays.start);
                cut(stays_end, tail.end);
            }
        }
        next
    }
}

/// A ledger that does not fit the text it is applied to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("removed text at byte {start} lies beyond the {reach} bytes that can be restored: the ledger belongs to another text")]
pub struct RestoreError {
    start: usize,
    reach: usize,
}

/// A line: its bytes from `start` to `end`, the line break included.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
}

impl Line {
    /// End of the line without its line break.
    fn content_end(&self, text: &[u8]) -> usize {
        let mut end = self.end;
        if end > self.start && text[end - 1] == b'\n' {
            end -= 1;
            if end > self.start && text[end - 1] == b'\r' {
                end -= 1;
            }
        } else if end > self.start && text[end - 1] == b'\r' {
            end -= 1;
        }
        end
    }
}

/// Walks forward over the lines of a text.
struct LineCursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> LineCursor<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the line that holds byte `offset`, which must not lie before the last one.
    fn seek(&mut self, offset: usize) -> Option<Line> {
        if offset >= self.text.len() {
            return None;
        }
        if let Some(found) = memchr::memrchr2(b'\n', b'\r', &self.text[self.at..offset]) {
            self.at += found + 1;
            // The second half of a \r\n is no line start.
            if self.text[self.at - 1] == b'\r' && self.text.get(self.at) == Some(&b'\n') {
                self.at += 1;
            }
        }
        Some(Line { start: self.at.min(offset), end: line_end(self.text, offset) })
    }
}

/// Returns the end of the line that holds `offset`, line break included.
fn line_end(text: &[u8], offset: usize) -> usize {
    match memchr::memchr2(b'\n', b'\r', &text[offset..]) {
        None => text.len(),
        Some(found) => {
            let at = offset + found;
            if text[at] == b'\r' && text.get(at + 1) == Some(&b'\n') { at + 2 } else { at + 1 }
        }
    }
}

/// The white space with line breaks between two lines that hold text.
#[derive(Debug, Clone, Copy)]
struct Gap {
    start: usize,
    end: usize,
    /// Number of line breaks.
    breaks: usize,
    /// Offset behind the first line break, `start` without one.
    first_break: usize,
    /// Offset behind the second line break, `start` without one.
    second_break: usize,
}

impl Gap {
    /// The gap that ends where the line at `line_start` begins.
    fn before(text: &[u8], line_start: usize) -> Self {
        let mut start = line_start;
        let mut at = line_start;
        // Steps back over line breaks and lines of white space; spaces at the end of the
        // kept line are its own.
        while at > 0 {
            let byte = text[at - 1];
            if byte == b'\n' || byte == b'\r' {
                at -= 1;
                start = at;
            } else if byte == b' ' || byte == b'\t' {
                at -= 1;
            } else {
                break;
            }
        }
        if at == 0 {
            start = 0;
        }
        Self::measure(text, start, line_start)
    }

    /// The gap that begins where a line's content ends, up to the next line with text.
    fn after(text: &[u8], content_end: usize) -> Self {
        let mut end = content_end;
        let mut at = content_end;
        while at < text.len() {
            match text[at] {
                b'\n' | b'\r' => {
                    at = line_end(text, at);
                    end = at;
                }
                b' ' | b'\t' => at += 1,
                _ => break,
            }
        }
        if at == text.len() {
            end = at;
        }
        Self::measure(text, content_end, end)
    }

    fn measure(text: &[u8], start: usize, end: usize) -> Self {
        let mut gap = Self { start, end, breaks: 0, first_break: start, second_break: start };
        let mut at = start;
        while at < end {
            if text[at] == b'\n' || text[at] == b'\r' {
                at = line_end(text, at).min(end);
                gap.breaks += 1;
                if gap.breaks == 1 {
                    gap.first_break = at;
                } else if gap.breaks == 2 {
                    gap.second_break = at;
                }
            } else {
                at += 1;
            }
        }
        gap
    }
}

fn leaves_only_space(text: &[u8], line: &Line, removals: &[(usize, Span)]) -> bool {
    let mut at = line.start;
    for (_, span) in removals {
        if !is_blank(&text[at..span.start().max(at)]) {
            return false;
        }
        at = span.end().min(line.end).max(at);
    }
    is_blank(&text[at..line.end])
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

fn cut_inside_line(text: &[u8], line: &Line, removals: &[(usize, Span)], edits: &mut Vec<Edit>) {
    let content_end = line.content_end(text);
    for &(finding, span) in removals {
        let (mut start, mut end) = (span.start(), span.end().min(content_end));
        let space = |at: usize| text.get(at).is_some_and(|&byte| byte == b' ' || byte == b'\t');
        let floor = edits.last().map_or(line.start, |edit| edit.span.end().max(line.start));
        if end == content_end || is_blank(&text[end..content_end]) {
            // At the end of the line the joining space stands before.
            if start > floor && space(start - 1) {
                start -= 1;
            }
        } else if space(end) && (start == line.start || space(start - 1)) {
            end += 1;
        }
        if start < end {
            edits.push(Edit { span: Span::new(start, end), finding });
        }
    }
}
