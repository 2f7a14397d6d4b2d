//! What a run adds up to: counts by label, language and site, and samples for its report.
//!
//! Everything here is bounded in memory and fed in the order of the input, so that it is the
//! same for any number of threads, and it can be written down and read back for a run that
//! goes on later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clean::Edit;
use crate::label::Label;
use crate::policy::Policy;
use crate::report::{Action, Finding, Report, Verdict};

/// Sites and languages counted one by one; further ones are counted together.
const MAX_GROUPS: usize = 10_000;
/// The name of the group of those.
pub const OTHER: &str = "(other)";
/// The name of the group of records that do not say.
pub const UNKNOWN: &str = "(unknown)";

/// Counts of one label.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LabelCounts {
    /// Findings that were removed.
    pub removed: u64,
    /// Findings that were kept.
    pub kept: u64,
    /// Code points removed.
    pub chars: u64,
}

/// Counts of one language or site.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupCounts {
    /// Records.
    pub records: u64,
    /// Records that were changed.
    pub changed: u64,
    /// Code points of text.
    pub chars: u64,
    /// Code points removed.
    pub removed_chars: u64,
}

impl GroupCounts {
    fn add(&mut self, other: Self) {
        self.records += other.records;
        self.changed += other.changed;
        self.chars += other.chars;
        self.removed_chars += other.removed_chars;
    }
}

/// Counts of a run, or of a part of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Stats {
    /// Records read.
    pub records: u64,
    /// Records that were changed.
    pub changed: u64,
    /// Bytes of text.
    pub text_bytes: u64,
    /// Bytes removed.
    pub removed_bytes: u64,
    /// Code points of text.
    pub chars: u64,
    /// Code points removed.
    pub removed_chars: u64,
    /// Records by verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Findings by label.
    pub labels: BTreeMap<Label, LabelCounts>,
    /// Records by language.
    pub languages: BTreeMap<String, GroupCounts>,
    /// Records by site.
    pub sites: BTreeMap<String, GroupCounts>,
    /// Records that could not be handled.
    pub quarantined: u64,
    /// Inputs that could not be read, or not to their end.
    pub broken_inputs: u64,
    /// Web pages that passed by unread.
    pub html_records: u64,
}

impl Stats {
    /// Counts a record that was judged.
    pub fn count(&mut self, text: &[u8], report: &Report, edits: &[Edit], lang: Option<&str>, url: Option<&str>) {
        let chars = count_chars(text);
        let mut removed_chars = 0;
        for edit in edits {
            let len = count_chars(&text[edit.span.range()]);
            removed_chars += len;
            self.removed_bytes += edit.span.byte_len() as u64;
            self.labels.entry(report.findings[edit.finding].label).or_default().chars += len;
        }
        for finding in &report.findings {
            let counts = self.labels.entry(finding.label).or_default();
            match finding.action {
                Action::Remove => counts.removed += 1,
                Action::Keep => counts.kept += 1,
            }
        }
        let changed = u64::from(!edits.is_empty());
        self.changed += changed;
        self.text_bytes += text.len() as u64;
        self.chars += chars;
        self.removed_chars += removed_chars;
        bump(&mut self.verdicts, report.verdict.as_str());
        let counts = GroupCounts { records: 1, changed, chars, removed_chars };
        add_group(&mut self.languages, lang.unwrap_or(UNKNOWN), counts);
        add_group(&mut self.sites, url.and_then(site_of).as_deref().unwrap_or(UNKNOWN), counts);
    }

    /// Adds what another part of the run adds up to.
    pub fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.changed += other.changed;
        self.text_bytes += other.text_bytes;
        self.removed_bytes += other.removed_bytes;
        self.chars += other.chars;
        self.removed_chars += other.removed_chars;
        self.quarantined += other.quarantined;
        self.broken_inputs += other.broken_inputs;
        self.html_records += other.html_records;
        for (verdict, count) in &other.verdicts {
            *self.verdicts.entry(verdict.clone()).or_default() += count;
        }
        for (&label, counts) in &other.labels {
            let sum = self.labels.entry(label).or_default();
            sum.removed += counts.removed;
            sum.kept += counts.kept;
            sum.chars += counts.chars;
        }
        for (name, &counts) in &other.languages {
            add_group(&mut self.languages, name, counts);
        }
        for (name, &counts) in &other.sites {
            add_group(&mut self.sites, name, counts);
        }
    }

    /// Share of the text that was removed, in code points.
    pub fn removed_share(&self) -> f64 {
        if self.chars == 0 { 0.0 } else { self.removed_chars as f64 / self.chars as f64 }
    }

    /// Number of records with this verdict.
    pub fn verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts.get(verdict.as_str()).copied().unwrap_or(0)
    }
}

fn bump(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}

fn add_group(groups: &mut BTreeMap<String, GroupCounts>, name: &str, counts: GroupCounts) {
    if let Some(group) = groups.get_mut(name) {
        return group.add(counts);
    }
    let name = if groups.len() < MAX_GROUPS { name } else { OTHER };
    groups.entry(name.to_owned()).or_default().add(counts);
}

/// Number of code points; bytes that are not UTF-8 count as they come.
fn count_chars(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte & 0xC0 != 0x80).count() as u64
}

/// Returns the host of an address, in lower case and without `www.`.
pub fn site_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    let host = host.trim_end_matches('.').to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host);
    (!host.is_empty() && !host.contains(char::is_whitespace)).then(|| host.to_owned())
}

/// Bars of the score distribution.
pub const SCORE_BARS: usize = 20;
/// Samples kept of each label.
const SAMPLES: usize = 6;
/// Documents and findings listed.
const LISTED: usize = 20;
/// Different lines counted before rare ones are forgotten.
const MAX_LINES: usize = 20_000;
/// Characters kept of a text that is shown.
const SHOWN_CHARS: usize = 240;

/// A finding with what stands round it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Sample {
    /// Decides which samples are kept: random, and the same every time.
    rank: u64,
    /// The file.
    pub file: String,
    /// Number of the record.
    pub record: u64,
    /// The label.
    pub label: Label,
    /// How probable it is that it is not content.
    pub score: f32,
    /// Whether it was removed.
    pub removed: bool,
    /// Why.
    pub reasons: Vec<String>,
    /// Text before it.
    pub before: String,
    /// What was found.
    pub text: String,
    /// Text behind it.
    pub after: String,
}

/// A document that lost much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changed {
    /// The file.
    pub file: String,
    /// Number of the record.
    pub record: u64,
    /// The identifier for people to read.
    pub id: Option<String>,
    /// Bytes of text.
    pub bytes: u64,
    /// Bytes removed.
    pub removed: u64,
}

/// What a run report shows beside counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Samples {
    /// Findings by score, by label: removed ones and kept ones.
    pub scores: BTreeMap<Label, Vec<[u64; 2]>>,
    /// Lines removed most often, with their label.
    pub lines: BTreeMap<String, (u64, Label)>,
    /// Lines may have been counted up to so many times less.
    pub lines_error: u64,
    /// Some findings that were removed, by label.
    pub samples: BTreeMap<Label, Vec<Sample>>,
    /// Documents that lost most.
    pub changed: Vec<Changed>,
    /// Removed findings that were nearest to staying.
    pub nearly_kept: Vec<Sample>,
    /// Kept findings that were nearest to going.
    pub nearly_removed: Vec<Sample>,
}

/// A judged record, as far as samples are concerned.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'r> {
    /// The file.
    pub file: &'r str,
    /// Number of the record.
    pub record: u64,
    /// The identifier for people to read.
    pub id: Option<&'r str>,
    /// The text.
    pub text: &'r [u8],
    /// What was found.
    pub report: &'r Report,
    /// What is removed.
    pub edits: &'r [Edit],
}

impl Samples {
    /// Takes note of a record.
    pub fn note(&mut self, judged: &Judged<'_>, policy: &Policy) {
        for finding in &judged.report.findings {
            let removed = finding.action == Action::Remove;
            let score = finding.score.get();
            let bar = ((score * SCORE_BARS as f32) as usize).min(SCORE_BARS - 1);
            let scores = self.scores.entry(finding.label).or_insert_with(|| vec![[0; 2]; SCORE_BARS]);
            scores[bar][usize::from(!removed)] += 1;
            let rank = rank(judged, finding);
            if removed {
                let text = String::from_utf8_lossy(judged.text.get(finding.span.range()).unwrap_or_default());
                self.count_line(short(&text), finding.label, 1);
                let samples = self.samples.entry(finding.label).or_default();
                keep_best(samples, SAMPLES, |a| a.rank, rank, || sample(judged, finding, rank));
                keep_best(&mut self.nearly_kept, LISTED, nearness(true), (score.to_bits(), rank), || {
                    sample(judged, finding, rank)
                });
            } else if policy.removes(finding.label) {
                let key = (u32::MAX - score.to_bits(), rank);
                keep_best(&mut self.nearly_removed, LISTED, nearness(false), key, || sample(judged, finding, rank));
            }
        }
        let removed: u64 = judged.edits.iter().map(|edit| edit.span.byte_len() as u64).sum();
        if removed > 0 {
            let key = |found: &Changed| (u64::MAX - found.removed, found.file.clone(), found.record);
            let new = (u64::MAX - removed, judged.file.to_owned(), judged.record);
            keep_best(&mut self.changed, LISTED, key, new, || Changed {
                file: judged.file.to_owned(),
                record: judged.record,
                id: judged.id.map(short),
                bytes: judged.text.len() as u64,
                removed,
            });
        }
    }

    /// Adds what was noted of a later part of the run.
    pub fn add(&mut self, other: Self) {
        for (label, bars) in other.scores {
            let sums = self.scores.entry(label).or_insert_with(|| vec![[0; 2]; SCORE_BARS]);
            for (sum, bar) in sums.iter_mut().zip(bars) {
                sum[0] += bar[0];
                sum[1] += bar[1];
            }
        }
        for (line, (count, label)) in other.lines {
            self.count_line(line, label, count);
        }
        for (label, samples) in other.samples {
            let kept = self.samples.entry(label).or_default();
            for sample in samples {
                let rank = sample.rank;
                keep_best(kept, SAMPLES, |a| a.rank, rank, || sample);
            }
        }
        for sample in other.nearly_kept {
            let key = nearness(true)(&sample);
            keep_best(&mut self.nearly_kept, LISTED, nearness(true), key, || sample);
        }
        for sample in other.nearly_removed {
            let key = nearness(false)(&sample);
            keep_best(&mut self.nearly_removed, LISTED, nearness(false), key, || sample);
        }
        for found in other.changed {
            let key = |found: &Changed| (u64::MAX - found.removed, found.file.clone(), found.record);
            let new = key(&found);
            keep_best(&mut self.changed, LISTED, key, new, || found);
        }
    }

    /// The lines removed most often, most frequent first.
    pub fn top_lines(&self, count: usize) -> Vec<(&str, u64, Label)> {
        let mut lines: Vec<_> = self.lines.iter().map(|(line, &(count, label))| (&**line, count, label)).collect();
        lines.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        lines.truncate(count);
        lines
    }

    fn count_line(&mut self, line: String, label: Label, count: u64) {
        self.lines.entry(line).or_insert((0, label)).0 += count;
        if self.lines.len() > MAX_LINES {
            // Half of the lines, the rarest, are forgotten; nothing more is wrong than that.
            let mut counts: Vec<u64> = self.lines.values().map(|&(count, _)| count).collect();
            counts.sort_unstable();
            let limit = counts[counts.len() / 2];
            self.lines.retain(|_, (count, _)| *count > limit);
            self.lines_error = self.lines_error.max(limit);
        }
    }
}

fn nearness(kept: bool) -> impl Fn(&Sample) -> (u32, u64) {
    // Positive numbers are in the order of their bits.
    move |sample| {
        let bits = sample.score.to_bits();
        (if kept { bits } else { u32::MAX - bits }, sample.rank)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "keys are made for this call")]
/// Inserts a new item into a list that holds the `limit` items with the least keys, in order.
fn keep_best<T, K: Ord>(list: &mut Vec<T>, limit: usize, key: impl Fn(&T) -> K, new: K, make: impl FnOnce() -> T) {
    let at = list.partition_point(|item| key(item) <= new);
    if at < limit {
        list.insert(at, make());
        list.truncate(limit);
    }
}

fn rank(judged: &Judged<'_>, finding: &Finding) -> u64 {
    let place = [judged.record.to_le_bytes(), (finding.span.start() as u64).to_le_bytes()].concat();
    u64::from(crc32fast::hash(&[judged.file.as_bytes(), &place].concat())) << 32 | u64::from(crc32fast::hash(&place))
}

fn sample(judged: &Judged<'_>, finding: &Finding, rank: u64) -> Sample {
    let text = |range: std::ops::Range<usize>| {
        String::from_utf8_lossy(judged.text.get(range).unwrap_or_default()).into_owned()
    };
    let (start, end) = (finding.span.start(), finding.span.end().min(judged.text.len()));
    let before = text(start.saturating_sub(SHOWN_CHARS)..start);
    let after = text(end..(end + SHOWN_CHARS).min(judged.text.len()));
    Sample {
        rank,
        file: judged.file.to_owned(),
        record: judged.record,
        label: finding.label,
        score: finding.score.get(),
        removed: finding.action == Action::Remove,
        reasons: finding.reasons.iter().take(4).map(|reason| reason.code.to_owned()).collect(),
        before: before.trim_start_matches('\u{fffd}').to_owned(),
        text: short(&text(start..end)),
        after: after.trim_end_matches('\u{fffd}').to_owned(),
    }
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_hosts() {
        assert_eq!(site_of("https://www.Example.org:8080/a?b").as_deref(), Some("example.org"));
        assert_eq!(site_of("http://user@news.example.org").as_deref(), Some("news.example.org"));
        assert_eq!(site_of("example.org/x").as_deref(), Some("example.org"));
        assert_eq!(site_of("http://[::1]:80/x").as_deref(), Some("[::1]"));
        assert_eq!(site_of(""), None);
        assert_eq!(site_of("no site here"), None);
    }

    #[test]
    fn the_best_are_kept_in_order() {
        let mut list = Vec::new();
        for item in [5, 3, 9, 1, 7, 2] {
            keep_best(&mut list, 3, |&item| item, item, || item);
        }
        assert_eq!(list, [1, 2, 3]);
    }

    #[test]
    fn lines_are_counted_in_bounded_memory() {
        let mut samples = Samples::default();
        for n in 0..100_000 {
            samples.count_line(format!("line {n}"), Label::Share, 1);
            samples.count_line("often".to_owned(), Label::Share, 1);
        }
        assert!(samples.lines.len() <= MAX_LINES);
        assert_eq!(samples.top_lines(1), [("often", 100_000, Label::Share)]);
        assert_eq!(samples.lines_error, 1);
    }
}
