//! What sites repeat: lines that stand on a good share of a site's documents are furniture,
//! whatever they say; and lines that appear at the edges of articles of many sites are campaigns.
//!
//! Lines are counted in how many documents they stand, normalised (case, digits, spaces), and
//! by a hash: a profile holds no text. Memory is bounded by counting as Misra and Gries do: a
//! count is never too high, and at most `error` too low. Profiles of several runs or machines
//! can be merged; as long as no bound was met, the result does not depend on how the
//! documents were divided.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::detector::Detector;
use crate::io::{RecordKind, RecordReader};
use crate::journal::intern;
use crate::label::{Class, Label};
use crate::report::{Action, Evidence, Finding, Probability, Report, Verdict};
use crate::span::Span;
use crate::stats::site_of;

/// Lines counted of one site.
const MAX_LINES: usize = 4096;
/// Sites counted.
const MAX_SITES: usize = 20_000;
/// Characters of a line that is counted: shorter ones say nothing, longer ones are paragraphs.
const LINE_CHARS: std::ops::RangeInclusive<usize> = 3..=300;

/// Documents that a site must have before its repeats count for anything.
const MIN_DOCUMENTS: u64 = 10;
/// Documents that a line must stand on.
const MIN_REPEATS: u64 = 5;
/// Share of the site's documents that a line must stand on.
const MIN_SHARE: f64 = 0.2;
/// Share of a text that repeats from which on it is a document that stands there many times,
/// and not an article with furniture.
const MAX_REPEATED_SHARE: f64 = 0.5;
/// At the end of a text, a line that repeats goes, unless it is content almost for sure and
/// does not repeat on [`SURE_REPEATS`] documents and [`SURE_SHARE`] of them.
const MAX_CONTENT_END: f32 = 0.995;
const SURE_REPEATS: u64 = 10;
const SURE_SHARE: f64 = 0.3;
/// At the beginning stand headlines: the series a text belongs to repeats there, and stays.
const MAX_CONTENT_START: f32 = 0.8;
/// In the middle a refrain, or the answer of an interview, looks like content and stays.
const MAX_CONTENT_MIDDLE: f32 = 0.5;

/// Why a profile cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The input breaks off.
    #[error(transparent)]
    Input(#[from] crate::io::InputError),
    /// A line makes no sense.
    #[error("line {line} is not of a site profile: {reason}")]
    Line {
        /// Number of the line.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Site {
    documents: u64,
    /// Counts are at most this much too low.
    error: u64,
    lines: BTreeMap<u64, u64>,
}

/// How often the lines of sites repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteProfile {
    sites: BTreeMap<String, Site>,
    /// Sites that were forgotten because there were too many.
    forgotten: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    unspam_profile: u32,
    sites: u64,
    forgotten: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteLine<'l> {
    #[serde(borrow)]
    site: std::borrow::Cow<'l, str>,
    documents: u64,
    error: u64,
    /// Hash and count.
    lines: Vec<(u64, u64)>,
}

/// Version of the format.
const VERSION: u32 = 1;

impl Site {
    fn shrink(&mut self) {
        if self.lines.len() <= MAX_LINES {
            return;
        }
        let mut counts: Vec<u64> = self.lines.values().copied().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let cut = counts[MAX_LINES];
        self.error += cut;
        self.lines.retain(|_, count| {
            *count = count.saturating_sub(cut);
            *count > 0
        });
    }
}

impl SiteProfile {
    /// Returns a profile of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the hashes of the lines of a document that are counted, each once, in order.
    pub fn line_hashes(text: &str) -> Vec<u64> {
        let hashes: BTreeSet<u64> = text.lines().filter_map(line_hash).collect();
        hashes.into_iter().collect()
    }

    /// Adds what was counted elsewhere: documents of a site, and on how many of them the lines
    /// with these hashes stand.
    pub fn add_counts(&mut self, site: &str, documents: u64, lines: impl IntoIterator<Item = (u64, u64)>) {
        let lines = lines.into_iter().collect();
        let sites = BTreeMap::from([(site.to_owned(), Site { documents, error: 0, lines })]);
        self.merge(&Self { sites, forgotten: 0 });
    }

    /// Counts the lines of a document of a site.
    pub fn count(&mut self, site: &str, text: &str) {
        let hashes = Self::line_hashes(text);
        if !self.sites.contains_key(site) {
            self.sites.insert(site.to_owned(), Site::default());
        }
        if let Some(found) = self.sites.get_mut(site) {
            found.documents += 1;
            for hash in hashes {
                *found.lines.entry(hash).or_default() += 1;
            }
            if found.lines.len() > 2 * MAX_LINES {
                found.shrink();
            }
        }
    }

    /// Adds what another profile counted.
    pub fn merge(&mut self, other: &Self) {
        self.forgotten += other.forgotten;
        for (name, more) in &other.sites {
            let site = self.sites.entry(name.clone()).or_default();
            site.documents += more.documents;
            site.error += more.error;
            for (&hash, count) in &more.lines {
                *site.lines.entry(hash).or_default() += count;
            }
            if site.lines.len() > 2 * MAX_LINES {
                site.shrink();
            }
        }
        if self.sites.len() > 2 * MAX_SITES {
            self.forget();
        }
    }

    /// Forgets the sites with the fewest documents.
    fn forget(&mut self) {
        if self.sites.len() <= MAX_SITES {
            return;
        }
        let mut order: Vec<(u64, String)> =
            self.sites.iter().map(|(name, site)| (u64::MAX - site.documents, name.clone())).collect();
        order.sort_unstable();
        for (_, name) in order.drain(MAX_SITES..) {
            self.sites.remove(&name);
            self.forgotten += 1;
        }
    }

    /// Brings the profile into the bounds in which it is written.
    pub fn finish(&mut self) {
        self.forget();
        for site in self.sites.values_mut() {
            site.shrink();
        }
    }

    /// Number of sites.
    pub fn site_count(&self) -> usize {
        self.sites.len()
    }

    /// Number of documents.
    pub fn document_count(&self) -> u64 {
        self.sites.values().map(|site| site.documents).sum()
    }

    /// Number of lines that count as repeated.
    pub fn repeat_count(&self) -> usize {
        let repeats = |site: &Site| site.lines.values().filter(|&&count| repeats(count, site.documents)).count();
        self.sites.values().map(repeats).sum()
    }

    /// Writes the profile: a line of JSON for each site.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        let head = Head { unspam_profile: VERSION, sites: self.sites.len() as u64, forgotten: self.forgotten };
        serde_json::to_writer(&mut *out, &head)?;
        out.write_all(b"\n")?;
        for (name, site) in &self.sites {
            let lines = site.lines.iter().map(|(&hash, &count)| (hash, count)).collect();
            let line = SiteLine { site: name.into(), documents: site.documents, error: site.error, lines };
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    /// Reads a profile.
    ///
    /// # Errors
    /// If the input breaks off, or is none.
    pub fn read(mut reader: RecordReader) -> Result<Self, ProfileError> {
        let mut profile = Self::default();
        let mut expected = None;
        while let Some(chunk) = reader.next_chunk() {
            for record in chunk.records().filter(|record| record.kind != RecordKind::Filler) {
                let wrong = |reason: String| ProfileError::Line { line: record.number, reason };
                if expected.is_none() {
                    let head: Head = serde_json::from_slice(record.bytes).map_err(|error| wrong(error.to_string()))?;
                    if head.unspam_profile != VERSION {
                        return Err(wrong(format!(
                            "its format is {}, this build reads {VERSION}",
                            head.unspam_profile
                        )));
                    }
                    profile.forgotten = head.forgotten;
                    expected = Some(head.sites);
                    continue;
                }
                let line: SiteLine<'_> =
                    serde_json::from_slice(record.bytes).map_err(|error| wrong(error.to_string()))?;
                let site =
                    Site { documents: line.documents, error: line.error, lines: line.lines.into_iter().collect() };
                profile.sites.insert(line.site.into_owned(), site);
            }
            if let Some(Err(error)) = chunk.into_end() {
                return Err(error.into());
            }
        }
        if expected != Some(profile.sites.len() as u64) {
            let reason = format!("{} sites are there, {} expected", profile.sites.len(), expected.unwrap_or(0));
            return Err(ProfileError::Line { line: 1, reason });
        }
        Ok(profile)
    }

    /// Tells profiles apart.
    pub fn digest(&self) -> String {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("writing to memory does not fail");
        format!("{:08x}", crc32fast::hash(&bytes))
    }

    /// On how many documents of how many a line of a site stands, if that is a repeat.
    fn repeats_on(site: &Site, line: &str) -> Option<(u64, u64)> {
        let count = *site.lines.get(&line_hash(line)?)?;
        repeats(count, site.documents).then_some((count, site.documents))
    }

    /// Returns a report with the lines that the site of the text repeats.
    ///
    /// A line that repeats goes if it stands at the end of the text, or at its beginning or in
    /// its middle if the model does not take it for content: headlines and refrains stay.
    /// The policy decides as ever, and its damage guard holds.
    pub fn refine(&self, detector: &Detector, text: &str, url: Option<&str>, mut report: Report) -> Report {
        let site = url.and_then(site_of).and_then(|name| self.sites.get(&name));
        let Some(site) = site.filter(|_| report.verdict != Verdict::Spam) else { return report };
        if !text.lines().any(|line| Self::repeats_on(site, line).is_some()) {
            return report;
        }
        let policy = detector.policy();
        let lines = detector.explain(text);
        let shows = |span: Span| !text[span.range()].trim().is_empty();
        let goes = |report: &Report, span: Span| {
            report.removals().any(|found| found.span.start() <= span.start() && found.span.end() >= span.end())
        };
        let repeated: Vec<Option<(u64, u64)>> =
            lines.iter().map(|line| Self::repeats_on(site, text[line.span.range()].trim())).collect();
        let bytes =
            |indices: &mut dyn Iterator<Item = usize>| indices.map(|index| lines[index].span.byte_len()).sum::<usize>();
        let all = bytes(&mut (0..lines.len()).filter(|&index| !goes(&report, lines[index].span)));
        let same = bytes(
            &mut (0..lines.len()).filter(|&index| repeated[index].is_some() && !goes(&report, lines[index].span)),
        );
        if same as f64 > all as f64 * MAX_REPEATED_SHARE {
            return report;
        }
        // The edges reach inward over lines that go or repeat.
        let is_edge = |index: &usize| {
            !shows(lines[*index].span) || repeated[*index].is_some() || goes(&report, lines[*index].span)
        };
        let head = (0..lines.len()).take_while(is_edge).count();
        let tail = (0..lines.len()).rev().take_while(is_edge).count();
        let mut removed: usize = report.removals().map(|found| found.span.byte_len()).sum();
        let most = (text.len() as f32 * policy.max_loss_share()) as usize;
        let mut added = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let Some((count, documents)) = repeated[index].filter(|_| !goes(&report, line.span)) else { continue };
            let content = line.probabilities[Class::Content.index()].get();
            let sure = count >= SURE_REPEATS && count as f64 >= documents as f64 * SURE_SHARE;
            let limit = if index >= lines.len() - tail {
                if sure { 1.0 } else { MAX_CONTENT_END }
            } else if index < head {
                MAX_CONTENT_START
            } else {
                MAX_CONTENT_MIDDLE
            };
            let label = if line.label.is_content() { Label::Navigation } else { line.label };
            removed += line.span.byte_len();
            if content > limit || !policy.removes(label) || removed > most {
                removed -= line.span.byte_len();
                continue;
            }
            let share = count as f32 / documents as f32;
            let code = intern(&format!("site_repeat:{count}/{documents}"));
            let mut reasons = vec![Evidence { code, weight: (share / (1.0 - share).max(0.01)).ln() }];
            reasons.extend(line.reasons.iter().take(3));
            let score = Probability::new((1.0 - content).max(share));
            added.push(Finding { span: line.span, label, score, action: Action::Remove, reasons });
        }
        if added.is_empty() {
            return report;
        }
        let overlaps = |found: &Finding| {
            added.iter().any(|new| new.span.start() < found.span.end() && found.span.start() < new.span.end())
        };
        report.findings.retain(|found| !overlaps(found));
        report.findings.extend(added);
        report.findings.sort_by_key(|found| found.span.start());
        // What the model was unsure about may be just what the site repeats.
        let doubt = report.findings.iter().any(|found| found.action == Action::Keep && policy.removes(found.label));
        if report.verdict == Verdict::Ok || report.verdict == Verdict::Unsure && !doubt {
            report.verdict = Verdict::Dirty;
        }
        report
    }
}

fn repeats(count: u64, documents: u64) -> bool {
    documents >= MIN_DOCUMENTS && count >= MIN_REPEATS && count as f64 >= documents as f64 * MIN_SHARE
}

/// Returns the hash of a line in its normal form; nothing for a line that is not counted.
///
/// Profiles are files: the hash is the same on every machine and in every version.
fn line_hash(line: &str) -> Option<u64> {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let (mut chars, mut gap, mut shows) = (0, false, false);
    let mut push = |c: char| {
        let mut bytes = [0; 4];
        for byte in c.encode_utf8(&mut bytes).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    };
    for c in line.trim().chars() {
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) {
            push(' ');
            chars += 1;
        }
        // Dates, counters and prices change where the line stays.
        let c = if c.is_numeric() { '0' } else { c };
        shows |= c.is_alphanumeric();
        c.to_lowercase().for_each(&mut push);
        chars += 1;
    }
    (shows && LINE_CHARS.contains(&chars)).then_some(hash)
}

/// Lines at an edge of a text that are looked at.
const EDGE_LINES: usize = 3;
/// Lines held before those of fewest sites are forgotten.
const MAX_CAMPAIGNS: usize = 200_000;
/// Sites told apart of each line.
const MAX_CAMPAIGN_SITES: usize = 256;
/// Letters of a word that tells what a text is about.
const WORD_CHARS: usize = 4;

/// A line at the edges of articles.
#[derive(Debug, Clone, PartialEq)]
struct Edge {
    text: String,
    documents: u64,
    sites: BTreeSet<u32>,
    /// Sum of the shares of its words that the articles have too.
    fit: f64,
}

/// Lines that appear at the edges of articles of many sites.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Campaigns {
    lines: BTreeMap<u64, Edge>,
    /// Lines that were forgotten because there were too many.
    forgotten: u64,
}

/// A line that many sites have at the edges of articles that it does not fit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Campaign {
    /// The line, as one of the documents has it.
    pub text: String,
    /// Sites that have it, counted up to a limit.
    pub sites: u64,
    /// Documents that have it.
    pub documents: u64,
    /// Share of its words that stand in the articles too, on average.
    pub fit: f32,
    /// What the model says of it when it stands alone.
    pub label: Label,
    /// How probable the model finds it that it is not content.
    pub score: f32,
}

impl Campaigns {
    /// Looks at the edges of a document of a site.
    pub fn count(&mut self, site: &str, text: &str) {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.len() < 2 * EDGE_LINES {
            return;
        }
        let is_edge = |index: usize| index < EDGE_LINES || index >= lines.len() - EDGE_LINES;
        let words = |line: &str| -> Vec<String> {
            line.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.chars().count() >= WORD_CHARS)
                .map(str::to_lowercase)
                .collect()
        };
        let mut article = None;
        let mut seen = BTreeSet::new();
        for (_, line) in lines.iter().enumerate().filter(|(index, _)| is_edge(*index)) {
            let Some(hash) = line_hash(line).filter(|hash| seen.insert(*hash)) else { continue };
            let article: &BTreeSet<String> = article.get_or_insert_with(|| {
                lines
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| !is_edge(*index))
                    .flat_map(|(_, line)| words(line))
                    .collect()
            });
            let words = words(line);
            let known = words.iter().filter(|word| article.contains(*word)).count();
            let edge = self.lines.entry(hash).or_insert_with(|| Edge {
                text: (*line).to_owned(),
                documents: 0,
                sites: BTreeSet::new(),
                fit: 0.0,
            });
            edge.documents += 1;
            edge.fit += known as f64 / words.len().max(1) as f64;
            if edge.sites.len() < MAX_CAMPAIGN_SITES {
                edge.sites.insert(crc32fast::hash(site.as_bytes()));
            }
        }
    }

    /// Adds what a later part of the run found.
    pub fn merge(&mut self, other: Self) {
        self.forgotten += other.forgotten;
        for (hash, more) in other.lines {
            match self.lines.get_mut(&hash) {
                Some(edge) => {
                    edge.documents += more.documents;
                    edge.fit += more.fit;
                    edge.sites.extend(more.sites);
                    while edge.sites.len() > MAX_CAMPAIGN_SITES {
                        edge.sites.pop_last();
                    }
                }
                None => {
                    self.lines.insert(hash, more);
                }
            }
        }
        if self.lines.len() > 2 * MAX_CAMPAIGNS {
            let mut order: Vec<_> = self
                .lines
                .iter()
                .map(|(&hash, edge)| (usize::MAX - edge.sites.len(), u64::MAX - edge.documents, hash))
                .collect();
            order.sort_unstable();
            for (_, _, hash) in order.drain(MAX_CAMPAIGNS..) {
                self.lines.remove(&hash);
                self.forgotten += 1;
            }
        }
    }

    /// Lines that were forgotten because there were too many.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Returns the lines that at least `min_sites` sites have and that fit their articles at
    /// most by `max_fit`, those of most sites first.
    pub fn list(&self, detector: &Detector, min_sites: u64, max_fit: f32) -> Vec<Campaign> {
        let mut list: Vec<Campaign> = self
            .lines
            .values()
            .filter(|edge| edge.sites.len() as u64 >= min_sites)
            .map(|edge| (edge, (edge.fit / edge.documents as f64) as f32))
            .filter(|(_, fit)| *fit <= max_fit)
            .map(|(edge, fit)| {
                let line = detector.explain(&edge.text).into_iter().next();
                let content = line.as_ref().map_or(1.0, |line| line.probabilities[Class::Content.index()].get());
                Campaign {
                    text: edge.text.clone(),
                    sites: edge.sites.len() as u64,
                    documents: edge.documents,
                    fit,
                    label: line.map_or(Label::Content, |line| line.label),
                    score: 1.0 - content,
                }
            })
            .collect();
        list.sort_by(|a, b| b.sites.cmp(&a.sites).then(b.documents.cmp(&a.documents)).then(a.text.cmp(&b.text)));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_in_their_normal_form() {
        assert_eq!(line_hash("  Read   ALSO 12 "), line_hash("read also 34"));
        assert_ne!(line_hash("read also"), line_hash("read alsos"));
        assert_eq!(line_hash("---"), None);
        assert_eq!(line_hash("ab"), None);
        // Written in files: must never change. FNV-1a of the bytes "read also".
        assert_eq!(line_hash("read also"), Some(0xE407_6CBC_6621_C6C4));
    }

    #[test]
    fn merging_is_counting_all() {
        let (mut all, mut a, mut b) = (SiteProfile::new(), SiteProfile::new(), SiteProfile::new());
        for n in 0..100 {
            let (site, text) = (format!("s{}.example", n % 3), format!("line {n} is new\nsame line\nsame line"));
            all.count(&site, &text);
            if n % 2 == 0 { &mut a } else { &mut b }.count(&site, &text);
        }
        let mut other = b.clone();
        other.merge(&a);
        a.merge(&b);
        assert!(a == all && other == all);
        assert_eq!(all.document_count(), 100);
    }

    #[test]
    fn memory_is_bounded_and_counts_are_never_too_high() {
        let mut profile = SiteProfile::new();
        let word = |n: u64| format!("{}x", char::from_u32(0x4E00 + (n % 20_000) as u32).unwrap_or('x'));
        for n in 0..60_000 {
            profile.count("a.example", &format!("{0}{0} y\nsame line", word(n)));
        }
        profile.finish();
        let site = &profile.sites["a.example"];
        assert!(site.lines.len() <= MAX_LINES);
        let same = site.lines[&line_hash("same line").expect("counts")];
        assert!(same <= 60_000 && same + site.error >= 60_000, "{same} {}", site.error);
    }
}
