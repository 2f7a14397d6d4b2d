//! Shows removals to people.

use std::fmt::Write as _;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use unspam::io::{RecordText, RecordView};
use unspam::{Action, Class, Edit, Evidence, Finding, Label, Report, Verdict};

use crate::cli::args::When;
use crate::cli::sanitize::sanitize;

/// Reasons shown for a finding.
const REASONS: usize = 4;
/// Characters shown of a text.
const TEXT_CHARS: usize = 200;

/// Paints words, or does not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    pub(crate) fn stdout(when: When) -> Self {
        Self { on: Self::choose(when, AutoStream::choice(&std::io::stdout())) }
    }

    pub(crate) fn stderr(when: When) -> Self {
        Self { on: Self::choose(when, AutoStream::choice(&std::io::stderr())) }
    }

    pub(crate) fn new(on: bool) -> Self {
        Self { on }
    }

    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    pub(crate) fn never() -> Self {
        Self { on: false }
    }

    fn choose(when: When, auto: ColorChoice) -> bool {
        match when {
            When::Always => true,
            When::Never => false,
            When::Auto => auto != ColorChoice::Never,
        }
    }

    pub(crate) fn with(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(crate) fn removed(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    pub(crate) fn added(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(crate) fn label(self, label: Label, text: &str) -> String {
        match label.class() {
            Class::Content => text.to_owned(),
            Class::Byline => self.with(AnsiColor::Cyan.on_default(), text),
            Class::Boilerplate => self.with(AnsiColor::Yellow.on_default(), text),
            Class::Spam => self.with(AnsiColor::Red.on_default().bold(), text),
        }
    }

    pub(crate) fn verdict(self, verdict: Verdict) -> String {
        let style = match verdict {
            Verdict::Ok => AnsiColor::Green.on_default(),
            Verdict::Unsure => AnsiColor::Yellow.on_default(),
            _ => AnsiColor::Red.on_default(),
        };
        self.with(style.bold(), verdict.as_str())
    }
}

/// The strongest reasons in one line: `brand_shape +3.1, tail_position +1.2`.
pub(crate) fn reasons(evidence: &[Evidence]) -> String {
    all_reasons(&evidence[..evidence.len().min(REASONS)])
}

/// All reasons in one line.
pub(crate) fn all_reasons(evidence: &[Evidence]) -> String {
    let parts: Vec<String> = evidence.iter().map(|reason| format!("{} {:+.1}", reason.code, reason.weight)).collect();
    parts.join(", ")
}

/// `n line` or `n lines`.
pub(crate) fn count(n: u64, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", thousands(n))
}

/// `1,234,567`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Counts lines forward through a text.
pub(crate) struct LineNumbers<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
}

impl<'t> LineNumbers<'t> {
    pub(crate) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// The number of the line that holds byte `offset`, from 1.
    pub(crate) fn of(&mut self, offset: usize) -> usize {
        if offset < self.at {
            *self = Self::new(self.text);
        }
        let offset = offset.min(self.text.len());
        self.line += memchr::memchr_iter(b'\n', &self.text[self.at..offset]).count();
        self.at = offset;
        self.line
    }
}

/// One finding: where, what, how sure, why, and below it the text.
pub(crate) fn finding(paint: Paint, line: usize, finding: &Finding, text: &[u8]) -> String {
    let bytes = text.get(finding.span.range()).unwrap_or_default();
    let shown = sanitize(&String::from_utf8_lossy(bytes), TEXT_CHARS);
    let label = paint.label(finding.label, &format!("{:24}", finding.label));
    let score = finding.score.get();
    let kept = if finding.action == Action::Remove { "" } else { "kept  " };
    let why = paint.dim(&format!("{kept}{}", reasons(&finding.reasons)));
    format!("  line {line:<4} {label} {score:.3}  {why}\n    {shown}\n")
}

/// What was taken out of one text and why.
pub(crate) fn removals(paint: Paint, name: &str, view: &RecordView<'_>, report: &Report, edits: &[Edit]) -> String {
    let text = view.text().as_bytes();
    let gone: usize = edits.iter().map(|edit| edit.span.byte_len()).sum();
    let removed = report.removals().count() as u64;
    let mut shown = String::new();
    let name = sanitize(name, 300);
    let head = if edits.is_empty() {
        format!("{name}: nothing to take out")
    } else {
        let pieces = count(removed, "piece");
        format!("{name}: took out {pieces}, {} of {} bytes", thousands(gone as u64), thousands(text.len() as u64))
    };
    let probability = report.spam_probability.get();
    // Writing to a string does not fail.
    let _ = writeln!(
        shown,
        "unspam: {} (verdict {}, spam probability {probability:.3})",
        paint.bold(&head),
        paint.verdict(report.verdict)
    );
    let mut lines = LineNumbers::new(text);
    for found in report.removals() {
        shown.push_str(&finding(paint, lines.of(found.span.start()), found, text));
    }
    if report.verdict == Verdict::Unsure {
        let kept = report.findings.iter().filter(|finding| finding.action == Action::Keep).count();
        let _ = writeln!(shown, "  {} kept: see `unspam explain`", count(kept as u64, "doubtful finding"));
    }
    if matches!(view.text(), RecordText::Bytes(_)) {
        shown.push_str("  the text is not valid UTF-8; bytes that are not were left as they are\n");
    }
    shown
}

/// The lines that change, as they were and as they become.
pub(crate) fn diff(paint: Paint, name: &str, view: &RecordView<'_>, report: &Report, edits: &[Edit]) -> String {
    let text = view.text().as_bytes();
    let mut shown = format!("{}\n", paint.bold(&format!("--- {}", sanitize(name, 300))));
    let mut lines = LineNumbers::new(text);
    let mut next = 0;
    while let Some(edit) = edits.get(next) {
        // Edits that share lines, or touch, make one hunk.
        let start = line_start(text, edit.span.start());
        let mut end = line_end(text, edit.span.end());
        let mut last = next;
        while let Some(following) = edits.get(last + 1).filter(|following| following.span.start() <= end) {
            end = end.max(line_end(text, following.span.end()));
            last += 1;
        }
        let labels: Vec<String> = edits[next..=last]
            .iter()
            .map(|edit| &report.findings[edit.finding])
            .map(|found| format!("{} {:.3} {}", found.label, found.score.get(), reasons(&found.reasons)))
            .collect();
        let mut kept = Vec::new();
        let mut at = start;
        for edit in &edits[next..=last] {
            kept.extend_from_slice(&text[at..edit.span.start()]);
            at = edit.span.end();
        }
        kept.extend_from_slice(&text[at..end]);
        let (mut before, mut after) = (shown_lines(&text[start..end]), shown_lines(&kept));
        // Lines that do not change but for their place are no news.
        let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        before.drain(..same);
        after.drain(..same);
        while before.last().is_some_and(|line| after.last() == Some(line)) {
            before.pop();
            after.pop();
        }
        let line = lines.of(start) + same;
        let _ = writeln!(shown, "{}", paint.dim(&format!("@@ line {line} @@ {}", labels.join("; "))));
        for line in before {
            let _ = writeln!(shown, "{}", paint.removed(&format!("-{line}")));
        }
        for line in after {
            let _ = writeln!(shown, "{}", paint.added(&format!("+{line}")));
        }
        next = last + 1;
    }
    shown
}

fn shown_lines(bytes: &[u8]) -> Vec<String> {
    let shown = |line: &[u8]| {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        sanitize(&String::from_utf8_lossy(line), 1000)
    };
    bytes.split_inclusive(|&byte| byte == b'\n').map(shown).collect()
}

fn line_start(text: &[u8], offset: usize) -> usize {
    text[..offset].iter().rposition(|&byte| byte == b'\n').map_or(0, |found| found + 1)
}

/// The end of the line that byte `offset - 1` is in.
fn line_end(text: &[u8], offset: usize) -> usize {
    if offset > 0 && text[offset - 1] == b'\n' {
        return offset;
    }
    text[offset..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |found| offset + found + 1)
}
