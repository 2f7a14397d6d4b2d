//! A document as the features see it: folded lines and what they have in common.

use crate::eight;
use crate::features::belonging::Vocabulary;
use crate::features::signs::Signs;
use crate::model::language::{LanguageProfile, LanguageTable};
use crate::model::ngram::{NgramSums, NgramTable};
use crate::normalize::{FoldStats, Normalizer, Script};
use crate::segment::{Segment, Segmenter};
use crate::span::Span;

/// One line that holds text.
#[derive(Debug, Clone)]
pub(crate) struct LineView {
    /// Bytes of the text without surrounding white space.
    pub(crate) body: Span,
    /// First symbol.
    pub(crate) from: usize,
    /// Behind the last symbol that stands for the line itself.
    pub(crate) base: usize,
    /// Behind the decoded forms.
    pub(crate) to: usize,
    pub(crate) stats: FoldStats,
    pub(crate) signs: Signs,
    pub(crate) sums: NgramSums,
    /// Of the line and of its first word; pieces of lines have none.
    hash: u64,
    pub(crate) first_word: u64,
    pub(crate) blank_before: bool,
    pub(crate) prose: bool,
    pub(crate) copies: u32,
}

impl LineView {
    pub(crate) fn chars(&self) -> u32 {
        self.stats.chars
    }

    /// Whether the line is short: what menus, footers and promos are made of.
    pub(crate) fn short(&self) -> bool {
        self.stats.chars <= 80 && !self.prose
    }
}

/// A folded document; buffers are reused from one document to the next.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) symbols: Vec<u8>,
    pub(crate) lines: Vec<LineView>,
    segments: Vec<Segment>,
    hashes: Vec<(u64, u32)>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) main_script: usize,
    /// What the prose is written in.
    pub(crate) language: LanguageProfile,
    pub(crate) first_prose: Option<usize>,
    pub(crate) last_prose: Option<usize>,
    pub(crate) prose_lines: usize,
    pub(crate) prose_chars: u64,
    pub(crate) chars: u64,
    /// Characters before each line.
    pub(crate) chars_before: Vec<u64>,
    /// Number of short lines in the run each line stands in.
    pub(crate) short_run: Vec<u32>,
    /// Index of the prose line before each line, and of the next one.
    pub(crate) previous_prose: Vec<u32>,
    pub(crate) next_prose: Vec<u32>,
}

/// Prose lines that tell the language of a document.
const LANGUAGE_LINES: usize = 12;

/// Stands for "no such line".
pub(crate) const NONE: u32 = u32::MAX;

impl View {
    /// Folds `text` into this view, replacing what it held.
    pub(crate) fn load(&mut self, text: &str, ngrams: &NgramTable, languages: &LanguageTable) {
        self.symbols.clear();
        self.lines.clear();
        self.segments.clear();
        Segmenter.segments(text, &mut self.segments);
        let mut blank = false;
        for segment in &self.segments {
            if segment.body.is_empty() {
                blank = true;
                continue;
            }
            let mut line = fold_line(text, segment.body, blank, &mut self.symbols, ngrams);
            let base = &self.symbols[line.from..line.base];
            (line.hash, line.first_word) = (hash(base), first_word(base));
            blank = false;
            self.lines.push(line);
        }
        self.count_copies();
        self.measure();
        self.vocabulary.load(&self.symbols, &self.lines);
        self.language = LanguageProfile::default();
        if self.lines.len() > 1 {
            let prose = self.lines.iter().filter(|line| line.prose);
            for line in prose.take(LANGUAGE_LINES) {
                languages.add(&self.symbols[line.from..line.base], &mut self.language);
            }
        }
    }

    fn count_copies(&mut self) {
        self.hashes.clear();
        self.hashes.extend(self.lines.iter().enumerate().map(|(index, line)| (line.hash, index as u32)));
        self.hashes.sort_unstable();
        let mut at = 0;
        while at < self.hashes.len() {
            let hash = self.hashes[at].0;
            let end = at + self.hashes[at..].iter().take_while(|entry| entry.0 == hash).count();
            for &(_, index) in &self.hashes[at..end] {
                self.lines[index as usize].copies = (end - at) as u32;
            }
            at = end;
        }
    }

    fn measure(&mut self) {
        let count = self.lines.len();
        self.first_prose = self.lines.iter().position(|line| line.prose);
        self.last_prose = self.lines.iter().rposition(|line| line.prose);
        self.prose_lines = self.lines.iter().filter(|line| line.prose).count();
        self.chars = 0;
        self.prose_chars = 0;
        self.chars_before.clear();
        self.short_run.clear();
        self.short_run.resize(count, 0);
        self.previous_prose.clear();
        self.next_prose.clear();
        self.next_prose.resize(count, NONE);
        let mut scripts = [0u64; Script::COUNT];
        let mut previous = NONE;
        let mut run_start = 0;
        for index in 0..=count {
            let short = index < count && self.lines[index].short();
            if !short {
                let run = (index - run_start) as u32;
                self.short_run[run_start..index].fill(run);
                run_start = index + 1;
            }
            if index == count {
                break;
            }
            let line = &self.lines[index];
            self.chars_before.push(self.chars);
            self.chars += u64::from(line.chars());
            self.previous_prose.push(previous);
            if line.prose {
                previous = index as u32;
                self.prose_chars += u64::from(line.chars());
            }
            // Prose decides what the document is written in; without any, all lines do.
            let weight = if line.prose { 8 } else { 1 };
            for (sum, &part) in scripts.iter_mut().zip(&line.stats.scripts) {
                *sum += u64::from(part) * weight;
            }
        }
        let mut next = NONE;
        for index in (0..count).rev() {
            self.next_prose[index] = next;
            if self.lines[index].prose {
                next = index as u32;
            }
        }
        self.main_script = (1..Script::Emoji as usize)
            .fold(0, |best, script| if scripts[script] > scripts[best.max(1)] { script } else { best.max(1) });
        if scripts[self.main_script.max(1)] == 0 {
            self.main_script = 0;
        }
    }
}

/// Folds one line, or a piece of one, and sums its n-grams.
pub(crate) fn fold_line(
    text: &str,
    body: Span,
    blank_before: bool,
    symbols: &mut Vec<u8>,
    ngrams: &NgramTable,
) -> LineView {
    let from = symbols.len();
    let (base_len, stats) = Normalizer.fold(body.of(text), symbols);
    let base = from + base_len;
    let all = &symbols[from..];
    let signs = Signs::count_in(&symbols[from..base]);
    let sums = ngrams.sum(all);
    let prose = is_prose(&symbols[from..base], &stats, &signs);
    LineView {
        body,
        from,
        base,
        to: symbols.len(),
        hash: 0,
        first_word: 0,
        stats,
        signs,
        sums,
        blank_before,
        prose,
        copies: 1,
    }
}

/// Whether a line reads like running text: long enough, with sentences in it.
fn is_prose(symbols: &[u8], stats: &FoldStats, signs: &Signs) -> bool {
    let dense = [Script::Han, Script::Kana, Script::Hangul, Script::Thai, Script::SoutheastAsian]
        .iter()
        .map(|&script| stats.script(script))
        .sum::<u32>();
    let sentences = signs.sentence_breaks() + u32::from(ends_sentence(symbols));
    if dense * 2 > stats.letters() {
        return stats.chars >= 60 || stats.chars >= 25 && sentences > 0;
    }
    stats.words >= 30 || stats.words >= 9 && stats.chars >= 60 && sentences > 0
}

/// Whether symbols end with a full stop, a question or exclamation mark, quotes apart.
pub(crate) fn ends_sentence(symbols: &[u8]) -> bool {
    let end = symbols.iter().rposition(|&symbol| !matches!(symbol, b'"' | b'\'' | b')' | b' ' | b']'));
    end.is_some_and(|at| matches!(symbols[at], b'.' | b'?' | b'!') && !symbols[..at].ends_with(b".."))
}

/// Symbols up to which digits fall together in a hash.
const HASH_DIGITS: usize = 160;

/// A hash of symbols that is good for telling lines apart, and nothing else.
fn hash(symbols: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ hash >> 29
    };
    let start = symbols.len() as u64;
    if symbols.len() <= HASH_DIGITS {
        // Counters and dates repeat with other numbers.
        eight::words(symbols).map(eight::without_digits).fold(start, mix)
    } else {
        eight::words(symbols).fold(start, mix)
    }
}

fn first_word(symbols: &[u8]) -> u64 {
    let word = |symbol: u8| symbol.is_ascii_alphanumeric() || symbol >= 0x80;
    let start = symbols.iter().position(|&symbol| word(symbol)).unwrap_or(0);
    let len = symbols[start..].iter().take(24).take_while(|&&symbol| word(symbol)).count();
    hash(&symbols[start..start + len])
}
