//! Folds text into 8-bit symbols that features can compare; the text itself is never rewritten.
//!
//! Spammers write one brand in a hundred ways: mathematical letters, fullwidth, circled,
//! Cyrillic look-alikes, zero-width characters between letters. Folding maps them all to one
//! form and counts what it had to undo, because having been disguised is itself evidence.
//!
//! Symbols are bytes: ASCII stands for itself in lower case, letters of other alphabets get
//! one symbol from 0x80 up, ideographs and Hangul syllables two. Different scripts share
//! symbols, which costs nothing since a line rarely mixes them, and keeps every later table
//! small enough for the cache. The mapping is NFKC, case folding, removal of combining
//! marks and the look-alikes of UTS #39, computed ahead into `fold.bin`; a test checks that
//! the file is what the Unicode data give.

mod folder;
#[cfg(test)]
mod reference;
mod token;
mod unmask;

use crate::normalize::folder::{Folder, fold_line};
use crate::normalize::token::{alternates, append_decoded_forms};
use crate::normalize::unmask::unmask;

/// Maps code points to symbols: an index of 16-bit block numbers, then blocks of 128 entries
/// of four bytes (up to three symbols, then script and trace), then the look-alikes.
const TABLE: &[u8] = include_bytes!("fold.bin");
const BLOCK: usize = 128;
const LIMIT: usize = 0x2_0000;
const INDEX_BYTES: usize = LIMIT / BLOCK * 2;
/// The index of `TABLE` as numbers.
const BLOCKS: &[u16; LIMIT / BLOCK] = &{
    let mut blocks = [0; LIMIT / BLOCK];
    let mut at = 0;
    while at < blocks.len() {
        blocks[at] = u16::from_le_bytes([TABLE[2 * at], TABLE[2 * at + 1]]);
        at += 1;
    }
    blocks
};

/// Writing systems that features tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Script {
    /// Punctuation, symbols, white space.
    Common = 0,
    /// Latin.
    Latin = 1,
    /// Cyrillic.
    Cyrillic = 2,
    /// Greek.
    Greek = 3,
    /// Arabic.
    Arabic = 4,
    /// Hebrew.
    Hebrew = 5,
    /// Devanagari.
    Devanagari = 6,
    /// Bengali.
    Bengali = 7,
    /// Tamil, Telugu, Gujarati and the other scripts of India and Sri Lanka.
    Indic = 8,
    /// Thai.
    Thai = 9,
    /// Lao, Khmer, Burmese, Tibetan.
    SoutheastAsian = 10,
    /// Chinese characters.
    Han = 11,
    /// Hiragana and katakana.
    Kana = 12,
    /// Hangul.
    Hangul = 13,
    /// Armenian and Georgian.
    Caucasian = 14,
    /// Ethiopic.
    Ethiopic = 15,
    /// Any other script.
    Other = 16,
    /// Emoji and pictographs.
    Emoji = 17,
    /// Decimal digits.
    Digit = 18,
}

impl Script {
    /// Number of scripts.
    pub const COUNT: usize = 19;
}

/// What folding had to undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Trace {
    /// Mathematical alphanumeric letters.
    Mathematical = 1,
    /// Fullwidth letters and digits.
    Fullwidth = 2,
    /// Circled, squared and parenthesised letters.
    Enclosed = 3,
    /// Small capitals, superscripts, modifier letters.
    SmallCapital = 4,
    /// Zero-width characters, soft hyphens, bidirectional controls.
    Invisible = 5,
    /// Combining strokes laid over letters, keycaps.
    Overlay = 6,
    /// Regional indicator letters.
    Regional = 7,
    /// Words that mix look-alike letters of several scripts.
    MixedWord = 8,
    /// Words with digits in the place of letters.
    Leet = 9,
    /// Letters set apart by spaces, dots or other separators.
    Spaced = 10,
    /// Letters cut to 16 bits, which look like Hangul.
    Truncated = 11,
    /// Letters written backwards behind a bidirectional override.
    Reversed = 12,
}

impl Trace {
    /// Number of traces, the unused index 0 included.
    pub const COUNT: usize = 13;
}

/// Counts made while folding one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FoldStats {
    /// Characters per script.
    pub scripts: [u32; Script::COUNT],
    /// Occurrences per trace, characters or words.
    pub traces: [u16; Trace::COUNT],
    /// Code points of the line.
    pub chars: u32,
    /// Capital letters.
    pub capitals: u32,
    /// Words, that is, runs between spaces.
    pub words: u32,
    /// Words that begin with a capital letter.
    pub capital_words: u32,
    /// Whether the line is pure ASCII.
    pub ascii: bool,
}

impl FoldStats {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self {
        scripts: [0; Script::COUNT],
        traces: [0; Trace::COUNT],
        chars: 0,
        capitals: 0,
        words: 0,
        capital_words: 0,
        ascii: false,
    };

    /// Characters of a script.
    pub fn script(&self, script: Script) -> u32 {
        self.scripts[script as usize]
    }

    /// Occurrences of a trace.
    pub fn trace(&self, trace: Trace) -> u16 {
        self.traces[trace as usize]
    }

    /// The script with the most letters, `Common` if there are none.
    pub fn main_script(&self) -> usize {
        let mut best = (0, 0);
        for (index, &count) in self.scripts.iter().enumerate().take(Script::Emoji as usize).skip(1) {
            if count > best.1 {
                best = (index, count);
            }
        }
        best.0
    }

    /// All letters, of any script.
    pub fn letters(&self) -> u32 {
        self.scripts[1..Script::Emoji as usize].iter().sum()
    }

    /// Forgets traces that the line's script or a list explains.
    fn excuse(&mut self) {
        // Spaces without width part words in scripts that have no others.
        let unspaced = self.script(Script::Thai) + self.script(Script::SoutheastAsian);
        if unspaced > self.script(Script::Latin) {
            self.traces[Trace::Invisible as usize] = 0;
        }
        // A single keycap numbers a line, a single stroke shows what a stroke is.
        if self.trace(Trace::Overlay) == 1 {
            self.traces[Trace::Overlay as usize] = 0;
        }
    }

    fn add_trace(&mut self, trace: usize, count: u16) {
        self.traces[trace] = self.traces[trace].saturating_add(count);
    }
}

/// Folds lines into symbols.
#[derive(Debug, Clone, Copy, Default)]
pub struct Normalizer;

impl Normalizer {
    /// Appends the symbols of `line` to `out` and returns the number of symbols that stand
    /// for the line itself, and what was counted.
    ///
    /// Behind these symbols follow the decoded forms of disguised words (spaced letters
    /// joined, leet spelled out), each after a space.
    pub fn fold(self, line: &str, out: &mut Vec<u8>) -> (usize, FoldStats) {
        let start = out.len();
        let mut stats = FoldStats::default();
        fold_line(line, out, &mut stats);
        let hint = alternates::<false>(&out[start..]);
        with_decoded_forms(out, start, stats, hint)
    }

    /// Like [`fold`](Self::fold), but a line that is disguised as a whole is folded as what it
    /// says, so that symbols do not lead back to bytes.
    pub fn read(self, line: &str, out: &mut Vec<u8>) -> (usize, FoldStats) {
        let start = out.len();
        let mut stats = FoldStats::default();
        fold_line(line, out, &mut stats);
        let hint = alternates::<false>(&out[start..]);
        let letters = hint || !stats.ascii && alternates::<true>(&out[start..]);
        let Some((said, trace)) = unmask(line, letters, &stats) else {
            return with_decoded_forms(out, start, stats, hint);
        };
        out.truncate(start);
        let (base, mut stats) = self.fold(&said, out);
        stats.add_trace(trace as usize, 1);
        (base, stats)
    }

    /// Returns the symbols of a phrase without decoded forms, for lists that are matched
    /// against folded lines, and what was counted.
    pub fn fold_phrase(self, phrase: &str) -> (Vec<u8>, FoldStats) {
        let mut out = Vec::with_capacity(phrase.len());
        let mut stats = FoldStats::default();
        fold_line(phrase, &mut out, &mut stats);
        (out, stats)
    }

    /// Returns the byte offset in `line` of the character that gave symbol number `symbol`.
    ///
    /// Costs a second walk over the line; only lines that are cut inside need it.
    pub fn byte_offset(self, line: &str, symbol: usize) -> usize {
        if line.is_ascii() {
            return symbol.min(line.len());
        }
        let mut buffer = Vec::with_capacity(line.len());
        let mut folder = Folder::new(line, 0);
        let mut stats = FoldStats::default();
        // Words that mix scripts are folded again at their end, nearly always with the same
        // number of symbols; where not, the place stays within the run that the symbol is in.
        let mut from = 0;
        while let Some(at) = folder.step(&mut buffer, &mut stats) {
            if buffer.len() > symbol {
                // In a run of ASCII every byte is a symbol.
                let run = line.as_bytes()[at..].iter().take_while(|byte| byte.is_ascii()).count();
                return at + symbol.saturating_sub(from).min(run);
            }
            from = buffer.len();
        }
        line.len()
    }
}

/// Puts the decoded forms of disguised words behind the line in `out[start..]`; returns how many symbols
/// stand for the line itself, and what was counted.
fn with_decoded_forms(out: &mut Vec<u8>, start: usize, mut stats: FoldStats, alternates: bool) -> (usize, FoldStats) {
    stats.excuse();
    let base = out.len() - start;
    append_decoded_forms(out, start, &mut stats, alternates);
    (base, stats)
}

/// The entries of `TABLE`: up to three symbols, then script and trace.
const ENTRIES: &[[u8; 4]] = TABLE.split_at(INDEX_BYTES).1.as_chunks().0;

/// The place in `ENTRIES` of a code point below `LIMIT`.
#[inline(always)]
const fn place_of(code: u32) -> usize {
    BLOCKS[code as usize / BLOCK] as usize * BLOCK + code as usize % BLOCK
}

/// Looks up symbols, script and trace of a code point from 0x80 up.
fn entry(code: u32) -> [u8; 4] {
    if code as usize >= LIMIT {
        // Tag characters are invisible; everything else out here is unassigned or private.
        let trace = if (0xe_0000..0xe_0200).contains(&code) { Trace::Invisible as u8 } else { 0 };
        return [0, 0, 0, trace << 5];
    }
    ENTRIES.get(place_of(code)).copied().unwrap_or_default()
}

/// Returns the ASCII letter or digit that a character of another script passes for.
fn lookalike(code: u32) -> Option<u8> {
    let tail = &TABLE[TABLE.len() - 4..];
    let count = u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]) as usize;
    let first = TABLE.len() - 4 - count * 4;
    let pair = |index: usize| {
        let at = first + index * 4;
        u32::from_le_bytes([TABLE[at], TABLE[at + 1], TABLE[at + 2], 0])
    };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = usize::midpoint(low, high);
        if pair(middle) < code {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (low < count && pair(low) == code).then(|| TABLE[first + low * 4 + 3])
}

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;
