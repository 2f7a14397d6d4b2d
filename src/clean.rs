//! Applies findings to a text: the only code that makes new text.
//!
//! Works on bytes, so that text that is not valid UTF-8 keeps every byte outside the
//! removed spans. Which line breaks go with a removed line is decided here and nowhere
//! else, in [`Cleaner::edits`]; applying edits is then a plain copy of what is left.

use std::borrow::Cow;

use serde::Serialize;

use crate::report::{Action, Report};
use crate::segment::shows_nothing;
use crate::span::Span;

/// One run of bytes that cleaning takes out for one finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// Bytes of the original text, the white space that goes with the finding included.
    pub span: Span,
    /// Index of the finding in the report.
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
    /// Returns the runs of bytes to remove, in order, not overlapping; runs may touch.
    ///
    /// A removed whole line takes its line break along, and blank lines that only held
    /// removed lines apart go too: between two kept lines there stays one blank line if any
    /// of the gaps had one, else one line break. A span inside a line takes along one of
    /// the spaces that joined it. A byte order mark at the start stays. Findings that
    /// overlap, lie outside the text or hold white space only do no harm.
    pub fn edits(text: &[u8], report: &Report) -> Vec<Edit> {
        let pieces = pieces(text, report);
        let mut edits = Vec::with_capacity(pieces.len());
        let mut next = 0;
        while let Some(piece) = pieces.get(next) {
            let line = Line::around(text, piece.span.start());
            let end = line.pieces_end(&pieces, next);
            if is_blank(&text[line.start..line.end]) {
                // A finding that cuts a blank character in two would make it show.
                next = end;
            } else if line.goes_whole(text, &pieces[next..end]) {
                next = cut_block(text, line, &pieces, next, end, &mut edits);
            } else {
                cut_inside_line(text, &line, &pieces[next..end], &mut edits);
                next = end;
            }
        }
        edits
    }

    /// Returns the text without the edits' bytes.
    pub fn apply(text: &[u8], edits: &[Edit]) -> Vec<u8> {
        Self::kept(text, edits).concat()
    }

    /// Returns the runs of the text between the edits: together, the cleaned text.
    pub(crate) fn kept<'t>(text: &'t [u8], edits: &[Edit]) -> Vec<&'t [u8]> {
        let mut kept = Vec::with_capacity(edits.len() + 1);
        let mut at = 0;
        for edit in edits {
            kept.push(&text[at..edit.span.start()]);
            at = edit.span.end();
        }
        kept.push(&text[at..]);
        kept
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
            let kept = start.checked_sub(out.len()).filter(|&kept| kept <= cleaned.len() - at);
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
}

/// A ledger that does not fit the text it is applied to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "removed text at byte {start} lies beyond the {reach} bytes that can be restored: the ledger belongs to another text"
)]
pub struct RestoreError {
    start: usize,
    reach: usize,
}

/// The part of a finding that lies in one line: begins and ends with a byte that is not
/// ASCII white space.
#[derive(Debug, Clone, Copy)]
struct Piece {
    span: Span,
    finding: usize,
}

/// Returns what is to be removed, cut at line breaks and trimmed, in order, not overlapping.
fn pieces(text: &[u8], report: &Report) -> Vec<Piece> {
    let mut removals: Vec<Piece> = report
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.action == Action::Remove)
        .map(|(finding, found)| Piece { span: found.span, finding })
        .collect();
    // Reports come sorted; a stable sort of a sorted list is one pass.
    removals.sort_by_key(|removal| removal.span.start());
    let mut pieces = Vec::with_capacity(removals.len());
    let mut floor = bom_len(text);
    for removal in removals {
        let end = removal.span.end().min(text.len());
        let mut at = removal.span.start().max(floor);
        while at < end {
            let line = line_end(text, at).min(end);
            let part = &text[at..line];
            let lead = part.len() - part.trim_ascii_start().len();
            let len = part.trim_ascii().len();
            if !is_blank(part) {
                let start = at + lead;
                pieces.push(Piece { span: Span::new(start, start + len), finding: removal.finding });
            }
            at = line;
        }
        floor = floor.max(end);
    }
    pieces
}

/// A line: its bytes from `start` to `end`, the line break included.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
}

impl Line {
    /// The line that holds byte `offset`, which is not part of a line break.
    fn around(text: &[u8], offset: usize) -> Self {
        Self { start: line_start(text, offset), end: line_end(text, offset) }
    }

    /// End of the line without its line break.
    fn content_end(&self, text: &[u8]) -> usize {
        before_break(text, self.end).max(self.start)
    }

    /// Index of the first piece at or after `from` that lies behind the line.
    fn pieces_end(&self, pieces: &[Piece], from: usize) -> usize {
        from + pieces[from..].iter().take_while(|piece| piece.span.start() < self.end).count()
    }

    /// Whether nothing but white space would be left of the line.
    fn goes_whole(&self, text: &[u8], pieces: &[Piece]) -> bool {
        let mut at = self.start;
        for piece in pieces {
            if !is_blank(&text[at..piece.span.start()]) {
                return false;
            }
            at = piece.span.end();
        }
        is_blank(&text[at..self.end])
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
    /// The gap that ends where the line at `start_of_line` begins.
    fn before(text: &[u8], start_of_line: usize) -> Self {
        let origin = bom_len(text);
        let mut start = start_of_line;
        while start > origin {
            let content_end = before_break(text, start);
            let begin = line_start(text, content_end);
            // Spaces at the end of a kept line are its own.
            if !is_blank(&text[begin..content_end]) {
                start = content_end;
                break;
            }
            start = begin;
        }
        Self::measure(text, start, start_of_line)
    }

    /// The gap that begins where a line's content ends, up to the next line with text.
    fn after(text: &[u8], content_end: usize) -> Self {
        let mut end = line_end(text, content_end);
        while end < text.len() {
            let next = line_end(text, end);
            if !is_blank(&text[end..next]) {
                break;
            }
            end = next;
        }
        Self::measure(text, content_end, end)
    }

    fn measure(text: &[u8], start: usize, end: usize) -> Self {
        let mut gap = Self { start, end, breaks: 0, first_break: start, second_break: start };
        let mut at = start;
        while let Some(found) = memchr::memchr2(b'\n', b'\r', &text[at..end]) {
            at = line_end(text, at + found).min(end);
            gap.breaks += 1;
            match gap.breaks {
                1 => gap.first_break = at,
                2 => gap.second_break = at,
                _ => {}
            }
        }
        gap
    }
}

/// Cuts a block of whole lines, beginning with `line` and the pieces `first..next`, and
/// returns the index of the first piece behind it.
fn cut_block(
    text: &[u8],
    mut line: Line,
    pieces: &[Piece],
    first: usize,
    mut next: usize,
    edits: &mut Vec<Edit>,
) -> usize {
    let head = Gap::before(text, line.start);
    // The gap that stays is the first one with a blank line, else the first.
    let mut stays = head;
    let tail = loop {
        let gap = Gap::after(text, line.content_end(text));
        if stays.breaks < 2 && gap.breaks > 1 {
            stays = gap;
        }
        while pieces.get(next).is_some_and(|piece| piece.span.start() < gap.end) {
            next += 1;
        }
        let Some(piece) = pieces.get(next) else { break gap };
        let following = Line::around(text, piece.span.start());
        let end = following.pieces_end(pieces, next);
        if following.start != gap.end || !following.goes_whole(text, &pieces[next..end]) {
            break gap;
        }
        (line, next) = (following, end);
    };
    let block = &pieces[first..next];
    let at_start = head.start == bom_len(text);
    let at_end = tail.end == text.len();
    if at_start {
        cut(edits, block, head.start, tail.end);
    } else if at_end {
        // The kept text ends with a line break if the source did.
        let from = if tail.breaks > 0 { head.first_break } else { head.start };
        cut(edits, block, from, tail.end);
    } else {
        let until = if stays.breaks > 1 { stays.second_break } else { stays.first_break };
        cut(edits, block, head.start, stays.start);
        cut(edits, block, until, tail.end);
    }
    next
}

fn cut_inside_line(text: &[u8], line: &Line, pieces: &[Piece], edits: &mut Vec<Edit>) {
    let content_end = line.content_end(text);
    let is_space = |at: usize| text.get(at).is_some_and(|&byte| byte == b' ' || byte == b'\t');
    let mut floor = line.start;
    let mut first = 0;
    while first < pieces.len() {
        // Pieces with nothing but white space between them go as one.
        let mut last = first;
        while let Some(following) = pieces.get(last + 1) {
            if !is_blank(&text[pieces[last].span.end()..following.span.start()]) {
                break;
            }
            last += 1;
        }
        let mut start = pieces[first].span.start();
        let mut end = pieces[last].span.end();
        if is_blank(&text[end..content_end]) {
            // At the end of the line the joining space stands before.
            if start > floor && is_space(start - 1) {
                start -= 1;
            }
        } else if is_space(end) && (start == line.start || is_space(start - 1)) {
            end += 1;
        }
        cut(edits, &pieces[first..=last], start, end);
        floor = end;
        first = last + 1;
    }
}

/// Adds the run `start..end`, divided so that each edit belongs to one finding.
fn cut(edits: &mut Vec<Edit>, pieces: &[Piece], start: usize, end: usize) {
    let inside = pieces.partition_point(|piece| piece.span.start() < start)
        ..pieces.partition_point(|piece| piece.span.start() < end);
    let mut at = start;
    // A run of white space alone goes with the piece before it.
    let first = if inside.is_empty() { inside.start.saturating_sub(1) } else { inside.start };
    let mut finding = pieces[first].finding;
    for piece in &pieces[inside] {
        if piece.finding != finding {
            push(edits, at, piece.span.start(), finding);
            at = piece.span.start();
            finding = piece.finding;
        }
    }
    push(edits, at, end, finding);
}

fn push(edits: &mut Vec<Edit>, start: usize, end: usize, finding: usize) {
    if start < end {
        edits.push(Edit { span: Span::new(start, end), finding });
    }
}

/// Length of the byte order mark at the start of the text: how to read the file is not
/// for cleaning to change.
fn bom_len(text: &[u8]) -> usize {
    if text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

/// Returns the start of the line that holds `offset`.
fn line_start(text: &[u8], offset: usize) -> usize {
    let origin = bom_len(text).min(offset);
    memchr::memrchr2(b'\n', b'\r', &text[origin..offset]).map_or(origin, |found| origin + found + 1)
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

/// Returns the offset before the line break that ends at `end`, or `end` without one.
fn before_break(text: &[u8], end: usize) -> usize {
    match text[..end] {
        [.., b'\r', b'\n'] => end - 2,
        [.., b'\n' | b'\r'] => end - 1,
        _ => end,
    }
}

/// Whether the bytes show nothing: white space of any script, zero-width characters.
///
/// Stops at the first character that shows, so that looking along a long line is cheap.
fn is_blank(bytes: &[u8]) -> bool {
    let mut rest = bytes.trim_ascii();
    while let Some(&first) = rest.first() {
        let len = match first {
            0x00..=0x7F => 1,
            0xC2..=0xDF => 2,
            0xE1..=0xEF => 3,
            _ => return false,
        };
        let c = rest.get(..len).and_then(|c| str::from_utf8(c).ok()).and_then(|c| c.chars().next());
        if !c.is_some_and(shows_nothing) {
            return false;
        }
        rest = &rest[len..];
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::label::Label;
    use crate::report::{Finding, Probability};

    fn report(text: &str, spans: &[(usize, usize)]) -> Report {
        let mut report = Report::empty(text.len());
        for &(start, end) in spans {
            report.findings.push(Finding {
                span: Span::new(start, end),
                label: Label::Gambling,
                score: Probability::new(0.99),
                action: Action::Remove,
                reasons: Vec::new(),
            });
        }
        report
    }

    /// Cleans a text in which `{…}` marks what is to go.
    fn clean(marked: &str) -> String {
        let mut text = String::new();
        let mut spans = Vec::new();
        let mut open = 0;
        for c in marked.chars() {
            match c {
                '{' => open = text.len(),
                '}' => spans.push((open, text.len())),
                _ => text.push(c),
            }
        }
        Cleaner::clean(&text, report(&text, &spans)).text.into_owned()
    }

    #[test]
    fn a_whole_line_takes_its_line_break_along() {
        assert_eq!(clean("a\n{junk}\nb\n"), "a\nb\n");
        assert_eq!(clean("a\r\n{junk}\r\nb\r\n"), "a\r\nb\r\n");
        assert_eq!(clean("a\r{junk}\rb\r"), "a\rb\r");
        assert_eq!(clean("a\n  {junk} \t\nb"), "a\nb");
    }

    #[test]
    fn one_blank_line_stays_between_paragraphs() {
        assert_eq!(clean("a\n\n{junk}\n\nb\n"), "a\n\nb\n");
        assert_eq!(clean("a\n{junk}\n\nb\n"), "a\n\nb\n");
        assert_eq!(clean("a\n\n{junk}\nb\n"), "a\n\nb\n");
        assert_eq!(clean("a\n\n{junk}\n\n\n{more}\n\nb\n"), "a\n\nb\n");
        assert_eq!(clean("a\n{junk}\n \n{more}\nb\n"), "a\n \nb\n");
        assert_eq!(clean("a\n\n\n\n{junk}\nb\n"), "a\n\nb\n");
    }

    #[test]
    fn the_end_keeps_its_line_break_or_has_none_as_before() {
        assert_eq!(clean("a\n\n{sbobet88}\n\n{By gacor88}\n"), "a\n");
        assert_eq!(clean("a\n\n{sbobet88}\n\n{By gacor88}"), "a");
        assert_eq!(clean("a\n{junk}\n\n\n"), "a\n");
        assert_eq!(clean("a\r\n\r\n{junk}\r\n"), "a\r\n");
    }

    #[test]
    fn the_start_begins_with_the_first_kept_line() {
        assert_eq!(clean("{junk}\n\n  a\n"), "  a\n");
        assert_eq!(clean("\n\n{junk}\n\na"), "a");
        assert_eq!(clean("{junk}"), "");
        assert_eq!(clean("{junk}\n{junk}\n"), "");
    }

    #[test]
    fn a_byte_order_mark_stays() {
        assert_eq!(clean("\u{feff}{junk}\na\n"), "\u{feff}a\n");
        assert_eq!(clean("{\u{feff}junk}\na\n"), "\u{feff}a\n");
        assert_eq!(clean("{\u{feff}junk}"), "\u{feff}");
    }

    #[test]
    fn a_span_inside_a_line_takes_one_joining_space() {
        assert_eq!(clean("could wait. {sbobet88}\nb"), "could wait.\nb");
        assert_eq!(clean("could wait. {sbobet88} \nb"), "could wait. \nb");
        assert_eq!(clean("{sbobet88} It could wait.\nb"), "It could wait.\nb");
        assert_eq!(clean("It {sbobet88} could wait.\nb"), "It could wait.\nb");
        assert_eq!(clean("It could{ sbobet88} wait.\nb"), "It could wait.\nb");
        assert_eq!(clean("等到{sbobet88}明天"), "等到明天");
    }

    #[test]
    fn neighbours_inside_a_line_go_as_one() {
        assert_eq!(clean("could wait. {sbobet88} {gacor88}\n"), "could wait.\n");
        assert_eq!(clean("It {sbobet88} {gacor88} waits\n"), "It waits\n");
        assert_eq!(clean("{sbobet88} {gacor88}\nb\n"), "b\n");
    }

    #[test]
    fn a_finding_over_several_lines_goes_as_a_block() {
        assert_eq!(clean("a\n{junk\n\njunk\njunk}\nb\n"), "a\n\nb\n");
        assert_eq!(clean("a {junk\njunk} b\n"), "a\nb\n");
    }

    #[test]
    fn white_space_of_any_script_counts_as_blank() {
        assert_eq!(clean("a\n\u{a0}{junk}\u{3000}\u{200b}\nb\n"), "a\nb\n");
        assert_eq!(clean("a\n{junk}\n\u{a0}\n{junk}\nb\n"), "a\n\u{a0}\nb\n");
    }

    #[test]
    fn each_edit_belongs_to_one_finding() {
        let text = "a\none\n\ntwo\nb three four\n";
        let report = report(text, &[(2, 5), (7, 10), (13, 18), (19, 23), (0, 0)]);
        let edits = Cleaner::edits(text.as_bytes(), &report);
        assert_eq!(edits.iter().map(|edit| edit.finding).collect::<Vec<_>>(), [0, 1, 2, 3]);
        let parts: Vec<&str> = edits.iter().map(|edit| edit.span.of(text)).collect();
        assert_eq!(parts, ["\none", "two\n", " three ", "four"]);
    }

    #[test]
    fn findings_without_text_or_out_of_bounds_do_nothing() {
        let text = "a\n \nb";
        let report = report(text, &[(1, 4), (2, 3), (5, 9), (7, 9)]);
        assert!(Cleaner::edits(text.as_bytes(), &report).is_empty());
    }

    #[test]
    fn a_ledger_of_another_text_is_refused() {
        assert!(Cleaner::restore(b"abc", &[(5, b"x")]).is_err());
        assert!(Cleaner::restore(b"abc", &[(1, b"xy"), (2, b"z")]).is_err());
        assert_eq!(Cleaner::restore(b"abc", &[(1, b"xy"), (6, b"z")]), Err(RestoreError { start: 6, reach: 5 }));
        assert_eq!(Cleaner::restore(b"abc", &[(1, b"xy"), (5, b"z")]).as_deref(), Ok(&b"axybcz"[..]));
    }

    /// Texts of short words, white space of all sorts and every kind of line break.
    fn texts() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[ab]{1,3}", 1 => Just("é".to_owned()), 3 => Just(" ".to_owned()),
            3 => Just("\n".to_owned()), 1 => Just("\r\n".to_owned()), 1 => Just("\r".to_owned()),
            1 => Just("\u{a0}".to_owned()), 1 => Just("\t".to_owned()), 1 => Just("\u{feff}".to_owned()),
        ];
        proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    fn cases() -> impl Strategy<Value = (String, Vec<(usize, usize)>)> {
        (texts(), proptest::collection::vec((any::<prop::sample::Index>(), 0usize..12), 0..6)).prop_map(
            |(text, picks)| {
                let bounds: Vec<usize> = (0..=text.len()).filter(|&at| text.is_char_boundary(at)).collect();
                let spans = picks
                    .iter()
                    .map(|(start, len)| {
                        let start = start.index(bounds.len());
                        (bounds[start], bounds[(start + len).min(bounds.len() - 1)])
                    })
                    .collect();
                (text, spans)
            },
        )
    }

    fn longest_blank_run(text: &str) -> usize {
        let unified = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let mut longest = 0;
        let mut run = 0;
        for line in unified.trim_end_matches('\n').split('\n') {
            run = if is_blank(line.as_bytes()) { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        longest
    }

    proptest! {
        #[test]
        fn edits_hold_what_they_promise((text, spans) in cases()) {
            let report = report(&text, &spans);
            let edits = Cleaner::edits(text.as_bytes(), &report);
            let mut gone = vec![false; text.len()];
            let mut at = 0;
            for edit in &edits {
                prop_assert!(edit.span.start() >= at && !edit.span.is_empty());
                at = edit.span.end();
                prop_assert!(at <= text.len());
                prop_assert!(edit.finding < report.findings.len());
                for bound in [edit.span.start(), edit.span.end()] {
                    prop_assert!(text.is_char_boundary(bound));
                    prop_assert!(!(bound > 0 && text.as_bytes()[bound - 1] == b'\r' && text.as_bytes().get(bound) == Some(&b'\n')));
                }
                gone[edit.span.range()].fill(true);
            }
            let wanted = |at: usize| spans.iter().any(|&(start, end)| (start..end).contains(&at));
            for (at, c) in text.char_indices() {
                let bom = at == 0 && c == '\u{feff}';
                if wanted(at) && !is_blank(c.to_string().as_bytes()) && !bom {
                    prop_assert!(gone[at], "byte {at} was to go");
                }
                if !wanted(at) && gone[at] {
                    prop_assert!(is_blank(c.to_string().as_bytes()), "byte {at} was to stay");
                }
            }
            // What is left is what was kept, in order; what was taken out brings it back.
            let cleaned = Cleaner::clean(&text, report.clone());
            let kept: String = text.char_indices().filter(|&(at, _)| !gone[at]).map(|(_, c)| c).collect();
            prop_assert_eq!(&*cleaned.text, &*kept);
            let removed: Vec<(usize, &[u8])> =
                edits.iter().map(|edit| (edit.span.start(), &text.as_bytes()[edit.span.range()])).collect();
            prop_assert_eq!(Cleaner::restore(kept.as_bytes(), &removed).ok(), Some(text.clone().into_bytes()));
            prop_assert!(longest_blank_run(&kept) <= longest_blank_run(&text).max(1));
            if edits.is_empty() {
                prop_assert!(matches!(cleaned.text, Cow::Borrowed(_)));
            }
            let ends = |text: &str| text.ends_with(['\n', '\r']);
            if !is_blank(kept.as_bytes()) && (ends(&text) || !is_blank(text.rsplit(['\n', '\r']).next().unwrap_or("").as_bytes())) {
                prop_assert_eq!(ends(&text), ends(&kept));
            }
        }

        #[test]
        fn any_bytes_come_back(
            parts in proptest::collection::vec(
                prop_oneof![
                    any::<u8>().prop_map(|byte| vec![byte]),
                    Just("\u{a0}".into()), Just("\u{feff}".into()), Just(b"\r\n".to_vec()), Just(b"\n".to_vec()),
                ],
                0..40,
            ),
            spans in proptest::collection::vec((0usize..70, 0usize..20), 0..5),
        ) {
            let bytes = parts.concat();
            let mut report = report("", &[]);
            for (start, len) in spans {
                report.findings.push(Finding {
                    span: Span::new(start, start + len),
                    label: Label::Scam,
                    score: Probability::new(1.0),
                    action: Action::Remove,
                    reasons: Vec::new(),
                });
            }
            let edits = Cleaner::edits(&bytes, &report);
            prop_assert!(edits.windows(2).all(|pair| pair[0].span.end() <= pair[1].span.start()));
            let removed: Vec<(usize, &[u8])> =
                edits.iter().map(|edit| (edit.span.start(), &bytes[edit.span.range()])).collect();
            let cleaned = Cleaner::apply(&bytes, &edits);
            prop_assert_eq!(Cleaner::restore(&cleaned, &removed).ok(), Some(bytes));
        }
    }
}
