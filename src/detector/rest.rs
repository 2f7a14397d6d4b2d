//! What is left of a text, cut into sections that are judged one by one.
//!
//! A text of ordinary length is one section. Longer ones are cut behind line breaks, so that
//! judging them takes no more memory than judging a section, and nothing of what is left is
//! copied but the section at hand. Where sections end depends on what is left alone: a text that
//! was cleaned is cut as it was when the last round found nothing more in it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr2, memrchr2};

use crate::clean::Edit;
use crate::report::{Action, Finding, Report};
use crate::span::Span;

/// Most bytes that are judged together, unless a single line is longer.
pub(crate) const SECTION: usize = 1 << 20;
/// Longest line that is read, in bytes.
pub(crate) const LONGEST_LINE: usize = 8 << 20;

/// A run of bytes that is kept.
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Where it begins in the rest.
    from: usize,
    /// Where it begins in the original.
    original: usize,
    len: usize,
}

/// A text without its edits, with the way back to original offsets.
#[derive(Debug)]
pub(crate) struct Rest<'t> {
    text: &'t str,
    runs: Vec<Run>,
    len: usize,
    section: usize,
    longest_line: usize,
}

/// A part of a rest.
#[derive(Debug, PartialEq)]
pub(crate) struct Section<'t> {
    /// Where it begins in the rest.
    pub(crate) start: usize,
    /// What it says; `None` if it is a line that is too long to be read.
    pub(crate) text: Option<Cow<'t, str>>,
    /// Whether it is all there is.
    pub(crate) alone: bool,
}

impl Section<'_> {
    /// Where bytes of the section stand in the rest.
    pub(crate) fn span(&self, own: Span) -> Span {
        Span::new(self.start + own.start(), self.start + own.end())
    }
}

impl<'t> Rest<'t> {
    /// All of a text.
    pub(crate) fn whole(text: &'t str) -> Self {
        Self::without(text, &[])
    }

    /// A text without its edits, which are in order and do not overlap.
    pub(crate) fn without(text: &'t str, edits: &[Edit]) -> Self {
        let mut runs = Vec::with_capacity(edits.len() + 1);
        let (mut at, mut len) = (0, 0);
        let behind = Span::new(text.len(), text.len());
        for cut in edits.iter().map(|edit| edit.span).chain([behind]) {
            if cut.start() > at {
                runs.push(Run { from: len, original: at, len: cut.start() - at });
                len += cut.start() - at;
            }
            at = cut.end();
        }
        Self { text, runs, len, section: SECTION, longest_line: LONGEST_LINE }
    }

    /// What is kept, run by run.
    pub(crate) fn runs(&self) -> impl Iterator<Item = &'t str> + '_ {
        self.ranges(0, self.len).map(|(_, range)| &self.text[range])
    }

    /// The sections, in order; together they are all that is left.
    pub(crate) fn sections(&self) -> impl Iterator<Item = Section<'t>> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = at;
            let left = self.len - start;
            if left == 0 {
                return None;
            }
            let mut end = self.len;
            if left > self.section {
                let last = self.last_break(start, start + self.section);
                end = last.unwrap_or_else(|| self.next_break(start + self.section));
            }
            at = end;
            let text = (end - start <= self.longest_line.max(self.section)).then(|| self.slice(start, end));
            Some(Section { start, text, alone: left == self.len && end == self.len })
        })
    }

    /// The runs that reach into a range of the rest: where each begins there, and its bytes in the
    /// original.
    fn ranges(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = (usize, Range<usize>)> + '_ {
        let first = self.runs.partition_point(|run| run.from + run.len <= from);
        let behind = self.runs.partition_point(|run| run.from < to);
        self.runs[first..behind.max(first)].iter().map(move |run| {
            let (low, high) = (from.max(run.from), to.min(run.from + run.len));
            (low, run.original + low - run.from..run.original + high - run.from)
        })
    }

    fn slice(&self, from: usize, to: usize) -> Cow<'t, str> {
        let mut parts = self.ranges(from, to).map(|(_, range)| &self.text[range]);
        let first = parts.next().unwrap_or_default();
        if first.len() == to - from {
            return Cow::Borrowed(first);
        }
        let mut text = String::with_capacity(to - from);
        text.push_str(first);
        text.extend(parts);
        Cow::Owned(text)
    }

    /// Behind the last line break of a range.
    fn last_break(&self, from: usize, to: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        self.ranges(from, to).rev().find_map(|(at, range)| Some(at + memrchr2(b'\n', b'\r', &bytes[range])? + 1))
    }

    /// Behind the next line break, or the end.
    fn next_break(&self, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut ranges = self.ranges(from, self.len);
        let found = ranges.find_map(|(at, range)| Some(at + memchr2(b'\n', b'\r', &bytes[range])? + 1));
        found.unwrap_or(self.len)
    }

    /// Adds findings in the rest, in order, to the report on the original: cut where bytes had
    /// been removed in between, and in place of kept findings they overlap.
    pub(crate) fn add<'f>(&self, findings: impl IntoIterator<Item = &'f Finding>, report: &mut Report) {
        let mut all: Vec<Finding> = findings.into_iter().flat_map(|finding| self.original(finding)).collect();
        let replaced = |span: Span| {
            let next = all.partition_point(|more| more.span.end() <= span.start());
            all.get(next).is_some_and(|more| more.span.overlaps(span))
        };
        report.findings.retain(|known| known.action == Action::Remove || !replaced(known.span));
        all.append(&mut report.findings);
        all.sort_by_key(|finding| finding.span.start());
        report.findings = all;
    }

    /// A finding in the rest as findings in the original.
    fn original<'f>(&self, finding: &'f Finding) -> impl Iterator<Item = Finding> + use<'_, 'f, 't> {
        let (start, end) = (finding.span.start(), finding.span.end());
        let first = self.runs.partition_point(|run| run.from + run.len <= start);
        self.runs[first..].iter().take_while(move |run| run.from < end).filter_map(move |run| {
            let (low, high) = (start.max(run.from), end.min(run.from + run.len));
            let span = Span::new(run.original + low - run.from, run.original + high - run.from);
            (low < high).then(|| Finding { span, ..finding.clone() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, spans: &[(usize, usize)], section: usize, longest_line: usize) -> Vec<(usize, Option<String>)> {
        let edits: Vec<Edit> =
            spans.iter().map(|&(start, end)| Edit { span: Span::new(start, end), finding: 0 }).collect();
        let rest = Rest { section, longest_line, ..Rest::without(text, &edits) };
        rest.sections().map(|section| (section.start, section.text.map(Cow::into_owned))).collect()
    }

    #[test]
    fn sections_end_behind_line_breaks() {
        let all = |text: &str| Some(text.to_owned());
        assert_eq!(cut("one\ntwo\n", &[], 100, 100), [(0, all("one\ntwo\n"))]);
        assert_eq!(cut("one\ntwo\nthree", &[], 9, 100), [(0, all("one\ntwo\n")), (8, all("three"))]);
        assert_eq!(cut("one\ntwo\nthree", &[(3, 7)], 5, 100), [(0, all("one\n")), (4, all("three"))]);
        assert_eq!(cut("a long line\nb\n", &[], 4, 100), [(0, all("a long line\n")), (12, all("b\n"))]);
        assert_eq!(cut("a long line\nb\n", &[], 4, 6), [(0, None), (12, all("b\n"))]);
        assert_eq!(cut("x\nno end in sight", &[], 4, 6), [(0, all("x\n")), (2, None)]);
        assert!(cut("", &[], 4, 6).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn sections_are_all_that_is_left(
            text in "[aé\\n\\r]{0,60}",
            cuts in proptest::collection::vec((0usize..60, 0usize..9), 0..5),
            section in 1usize..20,
        ) {
            let mut spans = Vec::new();
            let mut at = 0;
            for (start, len) in cuts {
                let start = (at..=text.len()).find(|&place| place >= start && text.is_char_boundary(place));
                let Some(start) = start else { continue };
                let end = (start + len..=text.len()).find(|&place| text.is_char_boundary(place)).unwrap_or(text.len());
                spans.push((start, end));
                at = end;
            }
            let mut left = String::new();
            at = 0;
            for &(start, end) in spans.iter().chain([&(text.len(), text.len())]) {
                left.push_str(&text[at..start]);
                at = end;
            }
            let sections = cut(&text, &spans, section, 1000);
            let whole: String = sections.iter().filter_map(|(_, text)| text.as_deref()).collect();
            proptest::prop_assert_eq!(&whole, &left);
            // What was cleaned is cut as its cleaned form is.
            proptest::prop_assert_eq!(sections, cut(&left, &[], section, 1000));
        }
    }
}
