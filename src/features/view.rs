//! A document as the features see it: folded lines and what they have in common.

use crate::eight;
use crate::features::Resources;
use crate::features::belonging::Vocabulary;
use crate::features::glance::{Glance, glance};
use crate::features::signs::Signs;
use crate::model::language::LanguageProfile;
use crate::model::ngram::{NgramSums, NgramTable};
use crate::normalize::{FoldStats, Normalizer, Script};
use crate::segment::{Segment, Segmenter, beginning};
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
    /// What reading the bytes showed.
    pub(crate) glance: Glance,
    /// How much more than that was done.
    pub(crate) reading: Reading,
    /// Of the line and of its first word; pieces of lines have none.
    hash: u64,
    pub(crate) first_word: u64,
    pub(crate) blank_before: bool,
    pub(crate) prose: bool,
    /// Whether it is long and looks like none of the prose of its document.
    pub(crate) stranger: bool,
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

/// How closely the lines of a document are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A glance was enough: running text with nothing in it.
    Glance,
    /// Running text that may have something in it: its pieces are worth a look, the line as a
    /// whole is not.
    Pieces,
    /// Folded; only such lines have symbols, sums and signs.
    Folded,
}

/// A folded document; buffers are reused from one document to the next.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) symbols: Vec<u8>,
    pub(crate) lines: Vec<LineView>,
    segments: Vec<Segment>,
    hashes: Vec<(u64, u32)>,
    /// Keys of the words of all lines.
    pub(crate) keys: Vec<u32>,
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
const LANGUAGE_LINES: usize = 3;
/// Fewest characters of a line that tells it where there is hardly any prose.
const SOME_CHARS: u32 = 25;
/// Bytes of each that are read.
const LANGUAGE_BYTES: usize = 110;

/// Fewest characters and words of a line that can be compared, and words of the prose beside it.
const STRANGER_CHARS: u32 = 60;
const STRANGER_WORDS: usize = 8;
const BODY_WORDS: usize = 120;
/// Share of common words below which a line is a stranger.
const STRANGER_OVERLAP: f32 = 0.1;
/// Share from which it is none; in between, and in short documents, its language tells.
const KIN_OVERLAP: f32 = 0.2;
/// Bytes that are read for that, and how far the languages must differ, in the measure of
/// [`LanguageTable::mismatch`](crate::model::language::LanguageTable::mismatch).
const STRANGER_BYTES: usize = 64;
const STRANGER_MISMATCH: f32 = 2.0;

/// Stands for "no such line".
pub(crate) const NONE: u32 = u32::MAX;

impl View {
    /// Reads `text` into this view, replacing what it held, and folds the lines that need it;
    /// all of them if `all` is set, as in training.
    pub(crate) fn load(&mut self, text: &str, resources: Resources<'_>, all: bool) {
        self.symbols.clear();
        self.lines.clear();
        self.segments.clear();
        self.keys.clear();
        Segmenter.segments(text, &mut self.segments);
        let mut blank = false;
        for segment in &self.segments {
            if segment.body.is_empty() {
                blank = true;
                continue;
            }
            let body = segment.body.of(text).as_bytes();
            let glance = glance(body, resources.screen, resources.brands, &mut self.keys);
            self.lines.push(LineView {
                body: segment.body,
                blank_before: blank,
                hash: hash(body),
                first_word: first_word(body),
                prose: glance.prose(),
                stats: FoldStats { chars: glance.chars, words: glance.words, ..FoldStats::default() },
                glance,
                ..LineView::EMPTY
            });
            blank = false;
        }
        self.count_copies();
        self.sample(text, resources);
        self.vocabulary.load(&self.keys, &self.lines);
        for number in 0..self.lines.len() {
            self.lines[number].reading = if all { Reading::Folded } else { self.reading_of(number, text, resources) };
            if self.lines[number].reading == Reading::Folded {
                self.lines[number].fold(text, &mut self.symbols, resources.ngrams);
            }
        }
        if self.main_script == 0 {
            self.main_script = self.script_of_lines();
        }
        self.measure();
    }

    /// How closely a line must be read.
    fn reading_of(&mut self, number: usize, text: &str, resources: Resources<'_>) -> Reading {
        if self.lines[number].copies > 1 {
            return Reading::Folded;
        }
        let stranger = self.is_strange(number, text, resources);
        let line = &mut self.lines[number];
        line.stranger = stranger;
        if stranger || !line.prose {
            Reading::Folded
        } else if line.glance.plain(self.main_script, resources.screen) {
            Reading::Glance
        } else if line.glance.of_article() {
            Reading::Pieces
        } else {
            Reading::Folded
        }
    }

    /// Whether a line has next to nothing in common with the prose of its document: neither the
    /// script nor words nor the language.
    fn is_strange(&mut self, number: usize, text: &str, resources: Resources<'_>) -> bool {
        let line = &self.lines[number];
        if line.chars() < STRANGER_CHARS {
            return false;
        }
        if line.glance.foreign(self.main_script) {
            return true;
        }
        let (from, to) = (line.glance.keys.0 as usize, line.glance.keys.1 as usize);
        if to - from < STRANGER_WORDS || self.lines.len() < 2 {
            return false;
        }
        if self.vocabulary.words() >= BODY_WORDS + (to - from) {
            let overlap = self.vocabulary.overlap(&self.keys[from..to], number).0;
            if !(STRANGER_OVERLAP..KIN_OVERLAP).contains(&overlap) {
                return overlap < STRANGER_OVERLAP;
            }
        }
        let start = beginning(line.body.of(text), STRANGER_BYTES);
        let held = self.symbols.len();
        let (base, _) = Normalizer.fold(start, &mut self.symbols);
        let mismatch = resources.languages.mismatch(&self.symbols[held..held + base], &self.language);
        self.symbols.truncate(held);
        mismatch >= STRANGER_MISMATCH
    }

    /// Folds the beginnings of a few lines for what the document is written in: of prose, or, if
    /// most of the document is none, of any lines with some words.
    fn sample(&mut self, text: &str, resources: Resources<'_>) {
        self.main_script = 0;
        self.language = LanguageProfile::default();
        if self.lines.len() < 2 {
            return;
        }
        let all: u64 = self.lines.iter().map(|line| u64::from(line.chars())).sum();
        let of_prose: u64 = self.lines.iter().filter(|line| line.prose).map(|line| u64::from(line.chars())).sum();
        let prose = of_prose * 3 >= all;
        let most = if prose { LANGUAGE_LINES } else { 2 * LANGUAGE_LINES };
        let mut scripts = [0u64; Script::COUNT];
        let chosen = self.lines.iter().filter(|line| line.prose || !prose && line.chars() >= SOME_CHARS);
        for line in chosen.take(most) {
            let start = beginning(line.body.of(text), LANGUAGE_BYTES);
            let (base, stats) = Normalizer.fold(start, &mut self.symbols);
            resources.languages.add(&self.symbols[..base], &mut self.language);
            self.symbols.clear();
            for (sum, part) in scripts.iter_mut().zip(stats.scripts) {
                *sum += u64::from(part);
            }
        }
        if prose {
            self.main_script = most_letters(&scripts);
        }
    }

    /// The script of a document without certain prose.
    fn script_of_lines(&self) -> usize {
        let mut scripts = [0u64; Script::COUNT];
        for line in &self.lines {
            let weight = if line.prose { 8 } else { 1 };
            for (sum, &part) in scripts.iter_mut().zip(&line.stats.scripts) {
                *sum += u64::from(part) * weight;
            }
        }
        most_letters(&scripts)
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
        }
        let mut next = NONE;
        for index in (0..count).rev() {
            self.next_prose[index] = next;
            if self.lines[index].prose {
                next = index as u32;
            }
        }
    }
}

/// The script with the most letters, 0 without any.
fn most_letters(scripts: &[u64; Script::COUNT]) -> usize {
    let best = (1..Script::Emoji as usize).rev().max_by_key(|&script| scripts[script]);
    best.filter(|&script| scripts[script] > 0).unwrap_or(0)
}

impl LineView {
    const EMPTY: Self = Self {
        body: Span::new(0, 0),
        from: 0,
        base: 0,
        to: 0,
        stats: FoldStats::EMPTY,
        signs: Signs::NONE,
        sums: NgramSums::NONE,
        glance: Glance::EMPTY,
        reading: Reading::Folded,
        hash: 0,
        first_word: 0,
        blank_before: false,
        prose: false,
        stranger: false,
        copies: 1,
    };

    /// Folds the line and sums its n-grams.
    fn fold(&mut self, text: &str, symbols: &mut Vec<u8>, ngrams: &NgramTable) {
        let from = symbols.len();
        let (base_len, stats) = Normalizer.read(self.body.of(text), symbols);
        let base = from + base_len;
        self.signs = Signs::count_in(&symbols[from..base]);
        self.sums = ngrams.sum(&symbols[from..]);
        self.prose = self.glance.prose() || is_prose(&symbols[from..base], &stats, &self.signs);
        self.stats = stats;
        (self.from, self.base, self.to) = (from, base, symbols.len());
    }

    /// A piece of a line, read and not yet folded; its keys are appended to `keys`.
    pub(crate) fn piece(text: &str, body: Span, resources: Resources<'_>, keys: &mut Vec<u32>) -> Self {
        let glance = glance(body.of(text).as_bytes(), resources.screen, resources.brands, keys);
        Self { body, glance, ..Self::EMPTY }
    }
}

impl View {
    /// How many symbols and keys there are.
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.symbols.len(), self.keys.len())
    }

    /// Takes away what was added since.
    pub(crate) fn forget(&mut self, (symbols, keys): (usize, usize)) {
        self.symbols.truncate(symbols);
        self.keys.truncate(keys);
    }

    /// Folds a piece of a line.
    pub(crate) fn fold_piece(&mut self, text: &str, piece: &mut LineView, ngrams: &NgramTable) {
        piece.fold(text, &mut self.symbols, ngrams);
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

/// Bytes up to which digits fall together in a hash; of longer lines, the length and so many at
/// both ends count.
const HASH_DIGITS: usize = 160;
const HASH_ENDS: usize = 64;

/// A hash of the bytes of a line, without case, that is good for telling lines apart, and
/// nothing else.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ hash >> 29
    };
    let start = bytes.len() as u64;
    let lower = |word: u64| word | eight::capitals(word) >> 2;
    if bytes.len() <= HASH_DIGITS {
        // Counters and dates repeat with other numbers.
        eight::words(bytes).map(|word| eight::without_digits(lower(word))).fold(start, mix)
    } else {
        let (head, tail) = (&bytes[..HASH_ENDS], &bytes[bytes.len() - HASH_ENDS..]);
        eight::words(head).chain(eight::words(tail)).map(lower).fold(start, mix)
    }
}

fn first_word(bytes: &[u8]) -> u64 {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    let start = bytes.iter().position(|&byte| word(byte)).unwrap_or(0);
    let len = bytes[start..].iter().take(24).take_while(|&&byte| word(byte)).count();
    hash(&bytes[start..start + len])
}
