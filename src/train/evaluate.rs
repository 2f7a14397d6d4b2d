//! Measures a detector against gold documents.
//!
//! The measures are about lines and characters of text that a person marked, so they say
//! what a user loses and gains, not how well a classifier fits. White space counts nowhere;
//! neutral spans count neither way; a gold label without a kind also accepts a kept byline.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::batch::{Feeder, Job, ordered};
use crate::detector::{Detector, LineExplanation};
use crate::io::{Format, InputError, ReadOptions, RecordKind, Source};
use crate::label::Class;
use crate::offsets::{OffsetCounter, OffsetUnit};
use crate::report::{Action, Report, Verdict};

/// The label that the default policy keeps.
const KEPT: &str = "boilerplate/byline";
/// A gold label that says no more than what is not the article.
const ANY_BOILERPLATE: &str = "boilerplate";
/// Share of a line's characters that must be gone for the line to be gone.
const LINE_GONE: f64 = 0.5;
/// Share of a span's characters that must be gone for the span to be found.
const SPAN_FOUND: f64 = 0.9;
/// Bins of the calibration error.
const BINS: usize = 10;

/// Why a file could not be measured against.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The file cannot be read.
    #[error("{name}: {source}")]
    Input {
        /// The file.
        name: String,
        /// What is wrong with it.
        source: InputError,
    },
    /// A line is no gold document.
    #[error("{name}: line {line} is no gold document: {reason}")]
    Document {
        /// The file.
        name: String,
        /// Number of the line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// A document with what a person said of it.
#[derive(Debug, Deserialize)]
struct Gold<'g> {
    #[serde(borrow)]
    text: Cow<'g, str>,
    #[serde(borrow, default)]
    spans: Vec<(usize, usize, Cow<'g, str>)>,
    #[serde(default)]
    neutral: Vec<(usize, usize)>,
    #[serde(borrow, default)]
    lang: Option<Cow<'g, str>>,
    #[serde(borrow, default)]
    kind: Option<Cow<'g, str>>,
    #[serde(borrow, default)]
    source: Option<Cow<'g, str>>,
    #[serde(borrow, default)]
    set: Option<Cow<'g, str>>,
    /// The article as a person marked it.
    #[serde(borrow, default, rename = "gold")]
    article: Option<Cow<'g, str>>,
    #[serde(borrow, default)]
    doc_label: Option<Cow<'g, str>>,
}

/// What was found of how many.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Hits {
    hit: u64,
    of: u64,
}

impl Hits {
    fn count(&mut self, hit: bool) {
        self.hit += u64::from(hit);
        self.of += 1;
    }

    fn add(&mut self, other: Self) {
        self.hit += other.hit;
        self.of += other.of;
    }

    fn ratio(self) -> f64 {
        ratio(self.hit, self.of)
    }
}

/// Lines of a group of documents.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct LineTally {
    docs: u64,
    docs_damaged: u64,
    content: Hits,
    junk: Hits,
}

impl LineTally {
    fn add(&mut self, other: Self) {
        self.docs += other.docs;
        self.docs_damaged += other.docs_damaged;
        self.content.add(other.content);
        self.junk.add(other.junk);
    }
}

/// Sum of scores and outcomes in one bin.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Bin {
    count: u64,
    score: f64,
    hits: u64,
}

impl Bin {
    fn count(&mut self, score: f32, hit: bool) {
        self.count += 1;
        self.score += f64::from(score);
        self.hits += u64::from(hit);
    }
}

/// The bin of a score.
fn bin_of(score: f32) -> usize {
    ((f64::from(score) * BINS as f64) as usize).min(BINS - 1)
}

/// Everything counted over a set of documents.
#[derive(Debug, Default, Clone)]
struct Tally {
    lines: LineTally,
    byline: Hits,
    content_chars: Hits,
    junk_chars: Hits,
    restored: u64,
    spans_by_label: BTreeMap<String, Hits>,
    spans_by_kind: BTreeMap<String, Hits>,
    spans_by_lang: BTreeMap<String, Hits>,
    kinds: Hits,
    token_f1: Vec<(f64, f64)>,
    documents: Documents,
    by_lang: BTreeMap<String, LineTally>,
    by_source: BTreeMap<String, LineTally>,
    confusion: BTreeMap<String, BTreeMap<String, u64>>,
    bins: BTreeMap<&'static str, [Bin; BINS]>,
    reliability: BTreeMap<&'static str, [Bin; BINS]>,
}

/// How to measure.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct EvaluateOptions {
    /// Threads that work.
    pub jobs: usize,
    /// Whether to measure the probabilities of all lines too, which takes a second look at each.
    pub reliability: bool,
}

impl EvaluateOptions {
    /// Measures on this many threads, and no more than findings.
    pub fn new(jobs: usize) -> Self {
        Self { jobs, reliability: false }
    }

    /// Measures the probabilities of all lines too.
    pub fn with_reliability(mut self, reliability: bool) -> Self {
        self.reliability = reliability;
        self
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Documents {
    seen: bool,
    true_positive: u64,
    false_positive: u64,
    true_negative: u64,
    false_negative: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.lines.add(other.lines);
        self.byline.add(other.byline);
        self.content_chars.add(other.content_chars);
        self.junk_chars.add(other.junk_chars);
        self.restored += other.restored;
        self.kinds.add(other.kinds);
        // In the order of the documents, so that sums do not depend on threads.
        self.token_f1.extend_from_slice(&other.token_f1);
        for (mine, theirs) in [
            (&mut self.spans_by_label, &other.spans_by_label),
            (&mut self.spans_by_kind, &other.spans_by_kind),
            (&mut self.spans_by_lang, &other.spans_by_lang),
        ] {
            for (key, hits) in theirs {
                mine.entry(key.clone()).or_default().add(*hits);
            }
        }
        for (mine, theirs) in [(&mut self.by_lang, &other.by_lang), (&mut self.by_source, &other.by_source)] {
            for (key, lines) in theirs {
                mine.entry(key.clone()).or_default().add(*lines);
            }
        }
        for (gold, row) in &other.confusion {
            let mine = self.confusion.entry(gold.clone()).or_default();
            for (found, count) in row {
                *mine.entry(found.clone()).or_default() += count;
            }
        }
        for (mine, theirs) in [(&mut self.bins, &other.bins), (&mut self.reliability, &other.reliability)] {
            for (class, theirs) in theirs {
                for (mine, theirs) in mine.entry(class).or_default().iter_mut().zip(theirs) {
                    mine.count += theirs.count;
                    mine.score += theirs.score;
                    mine.hits += theirs.hits;
                }
            }
        }
        let (mine, theirs) = (&mut self.documents, other.documents);
        mine.seen |= theirs.seen;
        mine.true_positive += theirs.true_positive;
        mine.false_positive += theirs.false_positive;
        mine.true_negative += theirs.true_negative;
        mine.false_negative += theirs.false_negative;
    }

    fn bin(&mut self, class: &'static str, score: f32, hit: bool) {
        self.bins.entry(class).or_default()[bin_of(score)].count(score, hit);
    }

    /// Counts what is said of each line, found or not, against what it is.
    ///
    /// Bylines count as boilerplate, since gold without kinds does not tell them apart.
    fn rely(&mut self, gold: &Gold<'_>, lines: &[LineExplanation]) {
        let chars: Vec<char> = gold.text.chars().collect();
        let mut labels: Vec<Option<&str>> = vec![None; chars.len()];
        for (start, end, label) in &gold.spans {
            let end = (*end).min(chars.len());
            labels[(*start).min(end)..end].fill(Some(label));
        }
        let neutral = |at: usize| gold.neutral.iter().any(|&(start, end)| start <= at && at < end);
        let mut counter = OffsetCounter::new(gold.text.as_bytes(), OffsetUnit::Char);
        for line in lines {
            let range = counter.convert(line.span.start())..counter.convert(line.span.end());
            let counted = range.filter(|&at| !is_space(chars[at]) && !neutral(at));
            let Some(label) = most_voted(counted.map(|at| (labels[at], 1))) else { continue };
            let truth = match label.map(|label| label.split('/').next().unwrap_or_default()) {
                None => "content",
                Some("spam") => "spam",
                Some(_) => "boilerplate",
            };
            let [content, byline, boilerplate, spam] = line.probabilities.map(crate::report::Probability::get);
            for (class, score) in [("content", content), ("boilerplate", byline + boilerplate), ("spam", spam)] {
                self.reliability.entry(class).or_default()[bin_of(score)].count(score, class == truth);
            }
        }
    }

    /// Counts one document.
    fn document(gold: &Gold<'_>, report: &Report) -> Self {
        let mut tally = Self::default();
        let chars: Vec<char> = gold.text.chars().collect();
        let n = chars.len();
        let mut counter = OffsetCounter::new(gold.text.as_bytes(), OffsetUnit::Char);
        let found: Vec<(usize, usize)> = report
            .findings
            .iter()
            .map(|finding| (counter.convert(finding.span.start()), counter.convert(finding.span.end())))
            .collect();
        let paint = |spans: &mut dyn Iterator<Item = (usize, usize)>| {
            let mut mask = vec![false; n];
            for (start, end) in spans {
                let end = end.min(n);
                mask[start.min(end)..end].fill(true);
            }
            mask
        };
        let with = |keep: &dyn Fn(usize) -> bool| {
            paint(&mut found.iter().enumerate().filter(|(index, _)| keep(*index)).map(|(_, &span)| span))
        };
        let mut removed = with(&|index| report.findings[index].action == Action::Remove);
        let bylines = with(&|index| report.findings[index].label.as_str() == KEPT);
        let neutral = paint(&mut gold.neutral.iter().copied());
        let mut labels: Vec<Option<&str>> = vec![None; n];
        for (start, end, label) in &gold.spans {
            let end = (*end).min(n);
            labels[(*start).min(end)..end].fill(Some(label));
        }
        let counted: Vec<bool> = (0..n).map(|at| !is_space(chars[at]) && !neutral[at]).collect();
        if let Some(article) = gold.article.as_deref().filter(|article| !article.is_empty()) {
            let kept: String = (0..n).filter(|&at| !removed[at]).map(|at| chars[at]).collect();
            tally.token_f1.push((token_f1(&gold.text, article), token_f1(&kept, article)));
        }
        for at in 0..n {
            removed[at] |= labels[at] == Some(ANY_BOILERPLATE) && bylines[at];
        }
        for at in (0..n).filter(|&at| counted[at]) {
            let hits = if is_kept(labels[at]) { &mut tally.content_chars } else { &mut tally.junk_chars };
            hits.count(removed[at]);
        }
        let lost = tally.content_chars.hit > 0;
        tally.lines.docs = 1;
        tally.lines.docs_damaged = u64::from(lost);
        let mut full = true;
        for (start, end, label) in gold.spans.iter().filter(|(_, _, label)| &**label != KEPT) {
            let range = *start..(*end).min(n);
            let mut hits = Hits::default();
            for at in range.clone().filter(|&at| counted[at]) {
                hits.count(removed[at]);
            }
            if hits.of == 0 {
                continue;
            }
            full &= hits.hit == hits.of;
            let ok = hits.ratio() >= SPAN_FOUND;
            let group = label.split('/').next().unwrap_or_default();
            tally.spans_by_label.entry(group.to_owned()).or_default().count(ok);
            if group != label {
                tally.spans_by_label.entry(label.to_string()).or_default().count(ok);
            }
            if let Some(kind) = gold.kind.as_deref().filter(|kind| !kind.is_empty()) {
                tally.spans_by_kind.entry(kind.to_owned()).or_default().count(ok);
            }
            tally.spans_by_lang.entry(lang(gold).to_owned()).or_default().count(ok);
            if ok && label.contains('/') {
                let votes = report.findings.iter().zip(&found).map(|(finding, &(from, to))| {
                    (finding.label.as_str(), (*end).min(to).saturating_sub((*start).max(from)))
                });
                if let Some(vote) = most_voted(votes) {
                    tally.kinds.count(vote == label);
                }
            }
        }
        tally.restored = u64::from(full && !lost);
        let mut start = 0;
        for line in chars.split(|&c| c == '\n') {
            let end = start + line.len();
            tally.line(start..end, &counted, &labels, &removed, &found, report);
            start = end + 1;
        }
        if let Some(label) = gold.doc_label.as_deref() {
            let flagged = matches!(report.verdict, Verdict::Dirty | Verdict::Spam);
            let documents = &mut tally.documents;
            documents.seen = true;
            match (label == "spam", flagged) {
                (true, true) => documents.true_positive = 1,
                (true, false) => documents.false_negative = 1,
                (false, true) => documents.false_positive = 1,
                (false, false) => documents.true_negative = 1,
            }
            tally.bin("document", report.spam_probability.get(), label == "spam");
        }
        tally.by_lang.insert(lang(gold).to_owned(), tally.lines);
        tally.by_source.insert(source(gold).to_owned(), tally.lines);
        tally
    }

    fn line(
        &mut self,
        line: std::ops::Range<usize>,
        counted: &[bool],
        labels: &[Option<&str>],
        removed: &[bool],
        found: &[(usize, usize)],
        report: &Report,
    ) {
        let mut gone = Hits::default();
        let mut votes: Vec<(Option<&str>, usize)> = Vec::new();
        for at in line.clone().filter(|&at| counted[at]) {
            gone.count(removed[at]);
            match votes.iter_mut().find(|(label, _)| *label == labels[at]) {
                Some((_, count)) => *count += 1,
                None => votes.push((labels[at], 1)),
            }
        }
        if gone.of == 0 {
            return;
        }
        let label = most_voted(votes.into_iter()).flatten();
        let is_gone = gone.hit as f64 >= LINE_GONE * gone.of as f64;
        if is_kept(label) {
            self.lines.content.count(is_gone);
            if label.is_some() {
                self.byline.count(is_gone);
            }
        } else {
            self.lines.junk.count(is_gone);
        }
        // What the detector says of the line: the finding that covers most of it, if that
        // is at least half of it.
        let cover = |&(from, to): &(usize, usize)| {
            (from.max(line.start)..to.min(line.end)).filter(|&at| counted[at]).count() as u64
        };
        let finding = (0..found.len())
            .filter(|&index| found[index].0 < line.end && found[index].1 > line.start)
            .map(|index| (cover(&found[index]), std::cmp::Reverse(index)))
            .max()
            .filter(|(count, _)| 2 * count >= gone.of)
            .map(|(_, std::cmp::Reverse(index))| &report.findings[index]);
        let said = finding.map_or("content", |finding| finding.label.as_str());
        let row = self.confusion.entry(label.unwrap_or("content").to_owned()).or_default();
        *row.entry(said.to_owned()).or_default() += 1;
        if let Some(finding) = finding {
            self.bin(class_name(finding.label.class()), finding.score.get(), label.is_some());
        }
    }
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Content => "content",
        Class::Byline => "byline",
        Class::Boilerplate => "boilerplate",
        Class::Spam => "spam",
    }
}

fn is_kept(label: Option<&str>) -> bool {
    label.is_none_or(|label| label == KEPT)
}

fn lang<'g>(gold: &'g Gold<'_>) -> &'g str {
    gold.lang.as_deref().unwrap_or("und")
}

/// The collection a document comes from: what stands before the file in its source.
fn source<'g>(gold: &'g Gold<'_>) -> &'g str {
    let source = gold.source.as_deref().or(gold.set.as_deref()).unwrap_or("unknown");
    source.split([':', '#']).next().unwrap_or(source)
}

/// Returns the key with most votes, the first one of equals.
fn most_voted<K: PartialEq>(votes: impl Iterator<Item = (K, usize)>) -> Option<K> {
    let mut sums: Vec<(K, usize)> = Vec::new();
    for (key, count) in votes {
        match sums.iter_mut().find(|(known, _)| *known == key) {
            Some((_, sum)) => *sum += count,
            None => sums.push((key, count)),
        }
    }
    let most = sums.iter().map(|(_, sum)| *sum).max()?;
    sums.into_iter().find(|(_, sum)| *sum == most).map(|(key, _)| key)
}

fn ratio(a: u64, b: u64) -> f64 {
    if b == 0 { f64::NAN } else { a as f64 / b as f64 }
}

/// White space as Python sees it: the separators of files and records too.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// F1 of the tokens of `text` against those of `gold`, as multisets.
fn token_f1(text: &str, gold: &str) -> f64 {
    let (text, gold) = (text.to_lowercase(), gold.to_lowercase());
    let (text, gold) = (tokens(&text), tokens(&gold));
    let (mut common, mut a, mut b) = (0, 0, 0);
    while a < text.len() && b < gold.len() {
        match text[a].cmp(gold[b]) {
            std::cmp::Ordering::Less => a += 1,
            std::cmp::Ordering::Greater => b += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                a += 1;
                b += 1;
            }
        }
    }
    if common == 0 {
        return 0.0;
    }
    let (p, r) = (ratio(common, text.len() as u64), ratio(common, gold.len() as u64));
    2.0 * p * r / (p + r)
}

/// Runs of letters and digits, and single signs of scripts without spaces, sorted.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::with_capacity(text.len() / 6);
    let mut open = None;
    for (at, c) in text.char_indices() {
        if is_alphanumeric(c) {
            open.get_or_insert(at);
            continue;
        }
        if let Some(start) = open.take() {
            tokens.push(&text[start..at]);
        }
        if matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{0e00}'..='\u{0e7f}') {
            tokens.push(&text[at..at + c.len_utf8()]);
        }
    }
    if let Some(start) = open {
        tokens.push(&text[start..]);
    }
    tokens.sort_unstable();
    tokens
}

fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number)
}

/// Share found and out of how many.
type Share = (f64, u64);

/// Line measures of one language or source.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupMeasures {
    /// Documents.
    pub docs: u64,
    /// Of the lines removed, those that are junk.
    pub line_precision: f64,
    /// Of the junk lines, those removed.
    pub line_recall: f64,
    /// Harmonic mean of the two.
    pub line_f1: f64,
    /// Of 10,000 lines of content, those removed.
    pub content_lines_lost_per_10k: f64,
    /// Share of documents that lost any content.
    pub docs_damaged: f64,
    /// Junk lines in the gold.
    pub junk_lines: u64,
    /// Content lines in the gold.
    pub content_lines: u64,
}

impl GroupMeasures {
    fn of(lines: LineTally) -> Self {
        let (precision, recall, f1) = f1(lines.junk.hit, lines.content.hit, lines.junk.of);
        Self {
            docs: lines.docs,
            line_precision: precision,
            line_recall: recall,
            line_f1: f1,
            content_lines_lost_per_10k: 1e4 * lines.content.ratio(),
            docs_damaged: ratio(lines.docs_damaged, lines.docs),
            junk_lines: lines.junk.of,
            content_lines: lines.content.of,
        }
    }
}

/// How far reported probabilities are from what came true.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// Expected calibration error over ten bins of equal width.
    pub error: f64,
    /// Lines, or documents, it rests on.
    pub count: u64,
    /// For each bin: mean score, share that came true, count.
    pub bins: Vec<(f64, f64, u64)>,
}

impl Calibration {
    fn of(bins: &[Bin; BINS]) -> Self {
        let count: u64 = bins.iter().map(|bin| bin.count).sum();
        let rows: Vec<(f64, f64, u64)> = bins
            .iter()
            .filter(|bin| bin.count > 0)
            .map(|bin| (bin.score / bin.count as f64, ratio(bin.hits, bin.count), bin.count))
            .collect();
        let error = rows.iter().map(|(score, share, n)| (score - share).abs() * ratio(*n, count)).sum();
        Self { error, count, bins: rows }
    }
}

fn calibrations(bins: &BTreeMap<&'static str, [Bin; BINS]>) -> BTreeMap<String, Calibration> {
    bins.iter().map(|(&class, bins)| (class.to_owned(), Calibration::of(bins))).collect()
}

/// The measures of one set of documents; what cannot be measured is NaN, `null` in JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Measures {
    /// Name of the set.
    pub set: String,
    /// Documents.
    pub docs: u64,
    /// Of the lines removed, those that are junk.
    pub line_precision: f64,
    /// Of the junk lines, those removed.
    pub line_recall: f64,
    /// Harmonic mean of the two.
    pub line_f1: f64,
    /// Of 10,000 lines of content, those removed.
    pub content_lines_lost_per_10k: f64,
    /// Of 10,000 characters of content, those removed.
    pub content_chars_lost_per_10k: f64,
    /// Share of documents that lost any content.
    pub docs_damaged: f64,
    /// Share of documents with all junk gone and all content there.
    pub docs_restored_exactly: f64,
    /// Share of spans found, by label and group.
    pub span_recall: BTreeMap<String, Share>,
    /// The same by the documents' kind.
    pub span_recall_by_kind: BTreeMap<String, Share>,
    /// The same by language.
    pub span_recall_by_lang: BTreeMap<String, Share>,
    /// Of the spans found, those with the right label.
    pub kind_accuracy: f64,
    /// Token F1 of the text as it came against the article, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_f1_before: Option<f64>,
    /// The same of the cleaned text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_f1_after: Option<f64>,
    /// Of the documents flagged, those that are spam.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc_precision: Option<f64>,
    /// Of the spam documents, those flagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc_recall: Option<f64>,
    /// Harmonic mean of the two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc_f1: Option<f64>,
    /// Of the documents that are not spam, those flagged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc_false_positive_rate: Option<f64>,
    /// Lines by language.
    pub by_lang: BTreeMap<String, GroupMeasures>,
    /// Lines by the collection they come from.
    pub by_source: BTreeMap<String, GroupMeasures>,
    /// Lines by gold label and the label found.
    pub confusion: BTreeMap<String, BTreeMap<String, u64>>,
    /// Calibration of line scores by class, and of documents.
    pub calibration: BTreeMap<String, Calibration>,
    /// Calibration of the probabilities of all lines by class, if asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reliability: BTreeMap<String, Calibration>,
}

/// Precision, recall and F1 of `hit` true among `hit + wrong` found and `of` there.
fn f1(hit: u64, wrong: u64, of: u64) -> (f64, f64, f64) {
    let (precision, recall) = (ratio(hit, hit + wrong), ratio(hit, of));
    let sum = precision + recall;
    let f1 = if sum == 0.0 { f64::NAN } else { 2.0 * precision * recall / sum };
    (precision, recall, f1)
}

/// Rounded to four digits, for tables of shares.
fn share(hits: Hits) -> Share {
    (format!("{:.4}", hits.ratio()).parse().unwrap_or(f64::NAN), hits.of)
}

impl Measures {
    fn of(set: String, tally: &Tally) -> Self {
        let (line_precision, line_recall, line_f1) =
            f1(tally.lines.junk.hit, tally.lines.content.hit, tally.lines.junk.of);
        let shares = |table: &BTreeMap<String, Hits>| {
            table.iter().map(|(key, &hits)| (key.clone(), share(hits))).collect::<BTreeMap<_, _>>()
        };
        let groups = |table: &BTreeMap<String, LineTally>| {
            table.iter().map(|(key, &lines)| (key.clone(), GroupMeasures::of(lines))).collect::<BTreeMap<_, _>>()
        };
        let mean = |side: fn(&(f64, f64)) -> f64| {
            let count = tally.token_f1.len();
            (count > 0).then(|| tally.token_f1.iter().map(side).sum::<f64>() / count as f64)
        };
        let documents = tally.documents;
        let (doc_precision, doc_recall, doc_f1) =
            f1(documents.true_positive, documents.false_positive, documents.true_positive + documents.false_negative);
        let of_documents = |value: f64| documents.seen.then_some(value);
        Self {
            set,
            docs: tally.lines.docs,
            line_precision,
            line_recall,
            line_f1,
            content_lines_lost_per_10k: 1e4 * tally.lines.content.ratio(),
            content_chars_lost_per_10k: 1e4 * tally.content_chars.ratio(),
            docs_damaged: ratio(tally.lines.docs_damaged, tally.lines.docs),
            docs_restored_exactly: ratio(tally.restored, tally.lines.docs),
            span_recall: shares(&tally.spans_by_label),
            span_recall_by_kind: shares(&tally.spans_by_kind),
            span_recall_by_lang: shares(&tally.spans_by_lang),
            kind_accuracy: tally.kinds.ratio(),
            token_f1_before: mean(|pair| pair.0),
            token_f1_after: mean(|pair| pair.1),
            doc_precision: of_documents(doc_precision),
            doc_recall: of_documents(doc_recall),
            doc_f1: of_documents(doc_f1),
            doc_false_positive_rate: of_documents(ratio(
                documents.false_positive,
                documents.false_positive + documents.true_negative,
            )),
            by_lang: groups(&tally.by_lang),
            by_source: groups(&tally.by_source),
            confusion: tally.confusion.clone(),
            calibration: calibrations(&tally.bins),
            reliability: calibrations(&tally.reliability),
        }
    }
}

/// Returns the measures of each file, in order, and with several files of all together.
///
/// # Errors
/// If a file cannot be read, or a line is no gold document: measuring against half the gold
/// would be worse than not at all.
pub fn evaluate(detector: &Detector, files: &[PathBuf], how: EvaluateOptions) -> Result<Vec<Measures>, EvaluateError> {
    let sources: Vec<Source> = files.iter().map(Source::file).collect();
    let options = ReadOptions::of(Format::Jsonl);
    let mut tallies = vec![Tally::default(); sources.len()];
    ordered(
        how.jobs,
        Feeder::new(&sources, options, None),
        |job| job.chunk.byte_len(),
        |job| (job.source, tally(job, &sources, detector, how)),
        |(index, tally)| {
            tallies[index].add(&tally?);
            Ok(())
        },
    )?;
    let name = |source: &Source| source.relative().display().to_string();
    let mut measures: Vec<Measures> =
        sources.iter().zip(&tallies).map(|(source, tally)| Measures::of(name(source), tally)).collect();
    if tallies.len() > 1 {
        let mut all = Tally::default();
        for tally in &tallies {
            all.add(tally);
        }
        measures.push(Measures::of("all".to_owned(), &all));
    }
    Ok(measures)
}

fn tally(job: Job, sources: &[Source], detector: &Detector, how: EvaluateOptions) -> Result<Tally, EvaluateError> {
    let name = || sources[job.source].name();
    let mut tally = Tally::default();
    for record in job.chunk.records() {
        let bad = |reason: String| EvaluateError::Document { name: name(), line: record.number, reason };
        match record.kind {
            RecordKind::Filler | RecordKind::Rest | RecordKind::Null | RecordKind::Tail => {}
            RecordKind::TooLong => return Err(bad("it is too long".to_owned())),
            RecordKind::Record => {
                let gold: Gold<'_> = serde_json::from_slice(record.bytes).map_err(|error| bad(error.to_string()))?;
                let mut document = Tally::document(&gold, &detector.scan(&*gold.text));
                if how.reliability {
                    document.rely(&gold, &detector.explain(&gold.text));
                }
                tally.add(&document);
            }
        }
    }
    let name = name();
    match job.chunk.into_end() {
        Some(Err(source)) => Err(EvaluateError::Input { name, source }),
        _ => Ok(tally),
    }
}
