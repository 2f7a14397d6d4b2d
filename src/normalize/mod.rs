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

mod token;

use crate::normalize::token::append_decoded_forms;

/// Maps code points to symbols: an index of 16-bit block numbers, then blocks of 128 entries
/// of four bytes (up to three symbols, then script and trace), then the look-alikes.
const TABLE: &[u8] = include_bytes!("fold.bin");
const BLOCK: usize = 128;
const LIMIT: usize = 0x2_0000;
const INDEX_BYTES: usize = LIMIT / BLOCK * 2;
/// The index of `TABLE` as numbers.
static BLOCKS: [u16; LIMIT / BLOCK] = {
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
        let base = out.len() - start;
        append_decoded_forms(out, start, &mut stats);
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
        let mut folder = Folder::new(line);
        let mut stats = FoldStats::default();
        // Words that mix scripts are folded again at their end, with the same number of
        // symbols, so positions before that stay true.
        let mut from = 0;
        while let Some(at) = folder.step(&mut buffer, &mut stats) {
            if buffer.len() > symbol {
                // In a run of ASCII every byte is a symbol.
                return if line.as_bytes()[at].is_ascii() { at + symbol.saturating_sub(from) } else { at };
            }
            from = buffer.len();
        }
        line.len()
    }
}

/// Lower case for ASCII letters, white space and controls as one space.
#[inline(always)]
const fn fold_byte(byte: u8) -> u8 {
    if byte.is_ascii_uppercase() {
        byte | 0x20
    } else if is_blank(byte) {
        b' '
    } else {
        byte
    }
}

/// White space and controls of ASCII.
#[inline(always)]
const fn is_blank(byte: u8) -> bool {
    (byte <= b' ') | (byte == 0x7f)
}

/// Bytes that are folded and counted together; small enough for sums in single bytes.
const LANES: usize = 32;

/// Per byte of ASCII: its symbol, and 16-bit lanes that count letters, digits and capitals and,
/// in the top one, blanks.
const ASCII: [(u8, u64); 128] = {
    let mut table = [(0, 0); 128];
    let mut byte = 0u8;
    while byte < 128 {
        let count = if byte.is_ascii_uppercase() {
            1 | 1 << 32
        } else if byte.is_ascii_lowercase() {
            1
        } else if byte.is_ascii_digit() {
            1 << 16
        } else if is_blank(byte) {
            1 << 48
        } else {
            0
        };
        table[byte as usize] = (fold_byte(byte), count);
        byte += 1;
    }
    table
};

/// Sums of one run of ASCII.
#[derive(Default)]
struct RunCounts {
    letters: u32,
    digits: u32,
    capitals: u32,
    words: u32,
    names: u32,
}

/// Folds a run of ASCII; `after_blank` says whether a word begins with its first byte, and
/// comes back for what follows.
fn fold_ascii(run: &[u8], out: &mut Vec<u8>, stats: &mut FoldStats, after_blank: &mut bool) {
    let mut counts = RunCounts::default();
    let mut before = if *after_blank { b' ' } else { b'x' };
    let (parts, rest) = run.as_chunks::<LANES>();
    for part in parts {
        // Loops over arrays of fixed length with sums in bytes become vector instructions.
        let mut earlier = [before; LANES];
        earlier[1..].copy_from_slice(&part[..LANES - 1]);
        before = part[LANES - 1];
        let mut symbols = [0u8; LANES];
        let [mut letters, mut digits, mut capitals, mut words, mut names] = [0u8; 5];
        for index in 0..LANES {
            let byte = part[index];
            let upper = byte.is_ascii_uppercase();
            let starts = is_blank(earlier[index]) & !is_blank(byte);
            letters += u8::from((byte | 0x20).is_ascii_lowercase());
            digits += u8::from(byte.is_ascii_digit());
            capitals += u8::from(upper);
            words += u8::from(starts);
            names += u8::from(starts & upper);
            symbols[index] = fold_byte(byte);
        }
        out.extend_from_slice(&symbols);
        counts.letters += u32::from(letters);
        counts.digits += u32::from(digits);
        counts.capitals += u32::from(capitals);
        counts.words += u32::from(words);
        counts.names += u32::from(names);
    }
    let mut blank = is_blank(before);
    let mut lanes = 0u64;
    out.extend(rest.iter().map(|&byte| {
        let (symbol, count) = ASCII[usize::from(byte & 0x7f)];
        lanes += count;
        let now = count >> 48 != 0;
        let starts = blank & !now;
        counts.words += u32::from(starts);
        counts.names += u32::from(starts & (count >> 32 & 1 != 0));
        blank = now;
        symbol
    }));
    counts.letters += (lanes & 0xffff) as u32;
    counts.digits += (lanes >> 16 & 0xffff) as u32;
    counts.capitals += (lanes >> 32 & 0xffff) as u32;
    *after_blank = blank;
    let len = run.len() as u32;
    stats.capitals += counts.capitals;
    stats.words += counts.words;
    stats.capital_words += counts.names;
    stats.scripts[Script::Latin as usize] += counts.letters;
    stats.scripts[Script::Digit as usize] += counts.digits;
    stats.scripts[Script::Common as usize] += len - counts.letters - counts.digits;
    stats.chars += len;
}

fn fold_line(line: &str, out: &mut Vec<u8>, stats: &mut FoldStats) {
    let mut folder = Folder::new(line);
    out.reserve(line.len() + LANES);
    while folder.step(out, stats).is_some() {}
    stats.ascii = folder.ascii;
    folder.finish(out, stats);
}

/// Folds runs of ASCII and single other characters, and mends words that mix look-alikes.
struct Folder<'t> {
    line: &'t str,
    at: usize,
    /// First byte and symbol of the word that `at` stands in or behind.
    word_start: usize,
    word_symbols: usize,
    word_scripts: u32,
    hangul_high: u32,
    hangul_other: u32,
    override_from: Option<usize>,
    after_blank: bool,
    ascii: bool,
}

/// Scripts whose letters pass for Latin ones.
const LOOKALIKE: u32 = 1 << Script::Cyrillic as u32
    | 1 << Script::Greek as u32
    | 1 << Script::Caucasian as u32
    | 1 << Script::Other as u32;
const LATIN: u32 = 1 << Script::Latin as u32;

impl<'t> Folder<'t> {
    fn new(line: &'t str) -> Self {
        Self {
            line,
            at: 0,
            word_start: 0,
            word_symbols: usize::MAX,
            word_scripts: 0,
            hangul_high: 0,
            hangul_other: 0,
            override_from: None,
            after_blank: true,
            ascii: true,
        }
    }

    /// Folds the next run of ASCII or the next other character and returns its byte offset.
    fn step(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) -> Option<usize> {
        let at = self.at;
        let rest = &self.line.as_bytes()[at..];
        let &first = rest.first()?;
        if self.word_symbols == usize::MAX {
            self.word_symbols = out.len();
        }
        if first < 0x80 {
            let len = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
            self.run(&rest[..len], out, stats);
        } else {
            self.ascii = false;
            self.character(out, stats);
        }
        Some(at)
    }

    /// Folds a run of ASCII.
    fn run(&mut self, run: &[u8], out: &mut Vec<u8>, stats: &mut FoldStats) {
        let mut run = run;
        if self.word_scripts != 0 {
            // The run goes on with a word that began before it.
            let end = run.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(run.len());
            if run[..end].iter().any(u8::is_ascii_alphabetic) {
                self.word_scripts |= LATIN;
            }
            fold_ascii(&run[..end], out, stats, &mut self.after_blank);
            self.at += end;
            run = &run[end..];
            if run.is_empty() {
                return;
            }
            self.end_word(out, stats);
            self.begin_word(out);
        }
        fold_ascii(run, out, stats, &mut self.after_blank);
        self.at += run.len();
        // The word that may go on behind the run.
        let tail = run.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if tail < run.len() {
            self.begin_word(out);
            self.word_start -= tail;
            self.word_symbols -= tail;
        }
        if run[run.len() - tail..].iter().any(u8::is_ascii_alphabetic) {
            self.word_scripts |= LATIN;
        }
    }

    /// Folds a character that is not ASCII.
    fn character(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) {
        let (code, len) = decode(&self.line.as_bytes()[self.at..]);
        self.at += len;
        let capital = is_capital(code);
        stats.chars += 1;
        stats.capitals += u32::from(capital);
        stats.words += u32::from(self.after_blank);
        stats.capital_words += u32::from(self.after_blank & capital);
        self.after_blank = false;
        let written = out.len();
        let script = match code {
            0x3400..=0x4dbf | 0x4e00..=0x9fff | 0x2_0000.. if code < 0xe_0000 => {
                push_pair(code, out);
                Script::Han as usize
            }
            0xac00..=0xd7a3 => {
                if code >= 0xd400 {
                    self.hangul_high += 1;
                } else {
                    self.hangul_other += 1;
                }
                push_pair(code, out);
                Script::Hangul as usize
            }
            _ => {
                let [one, two, three, class] = entry(code);
                if two != 0 {
                    out.extend_from_slice(&[one, two, three][..2 + usize::from(three != 0)]);
                } else if one != 0 {
                    out.push(one);
                }
                let trace = usize::from(class >> 5);
                if trace != 0 {
                    stats.add_trace(trace, 1);
                    if matches!(code, 0x202d | 0x202e) {
                        self.override_from = Some(out.len());
                    } else if matches!(code, 0x202c | 0x2069) {
                        self.close_override(out, stats);
                    }
                }
                usize::from(class & 31)
            }
        };
        stats.scripts[script] += 1;
        if script == Script::Common as usize || script == Script::Emoji as usize {
            // Invisible characters and marks do not end a word.
            if out.len() > written && class_ends_word(out, self.word_symbols) {
                let tail = out.pop();
                self.end_word(out, stats);
                out.extend(tail);
                self.begin_word(out);
            }
        } else {
            self.word_scripts |= 1 << script;
        }
    }

    fn begin_word(&mut self, out: &[u8]) {
        self.word_start = self.at;
        self.word_symbols = out.len();
        self.word_scripts = 0;
        self.hangul_high = 0;
        self.hangul_other = 0;
    }

    /// Folds the word again when it mixes Latin with look-alike letters, or is Hangul that
    /// reads as cut letters.
    fn end_word(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) {
        let mixed = self.word_scripts & LATIN != 0 && self.word_scripts & LOOKALIKE != 0;
        let cut = self.hangul_high >= 4 && self.hangul_other == 0;
        if !mixed && !cut {
            return;
        }
        let from = self.word_symbols.min(out.len());
        let word = self.line.get(self.word_start..self.at).unwrap_or_default();
        if mixed {
            out.truncate(from);
            for character in word.chars() {
                let code = character as u32;
                if code < 0x80 {
                    if character.is_ascii_alphanumeric() {
                        out.push(fold_byte(code as u8));
                    }
                } else if let Some(letter) = lookalike(code) {
                    out.push(letter);
                } else if !matches!(code, 0x3400..=0x9fff | 0xac00..=0xd7a3 | 0x2_0000..) {
                    out.extend(entry(code)[..3].iter().take_while(|&&symbol| symbol != 0));
                } else {
                    push_pair(code, out);
                }
            }
            stats.add_trace(Trace::MixedWord as usize, 1);
        } else {
            // Letters of the plane of mathematical alphanumerics lose 0x10000.
            let decoded: Vec<u8> = word
                .chars()
                .filter(|&c| matches!(c as u32, 0xd400..=0xd7a3))
                .map(|c| entry(c as u32 + 0x1_0000)[0])
                .collect();
            let distinct = decoded.iter().fold(0u128, |set, &symbol| set | 1 << (symbol & 127)).count_ones();
            if decoded.iter().all(u8::is_ascii_alphanumeric) && distinct >= 3 {
                out.truncate(from);
                out.extend(decoded);
                stats.add_trace(Trace::Truncated as usize, 1);
            }
        }
    }

    fn close_override(&mut self, out: &mut [u8], stats: &mut FoldStats) {
        if let Some(from) = self.override_from.take() {
            if from + 3 < out.len() {
                out[from..].reverse();
                stats.add_trace(Trace::Reversed as usize, 1);
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) {
        self.end_word(out, stats);
        self.close_override(out, stats);
    }
}

/// The first code point of valid UTF-8 that does not begin with ASCII, and its length in bytes.
#[inline(always)]
fn decode(bytes: &[u8]) -> (u32, usize) {
    let low = |index: usize| bytes.get(index).map_or(0, |byte| u32::from(byte & 0x3f));
    let first = u32::from(bytes[0]);
    if first < 0xe0 {
        ((first & 0x1f) << 6 | low(1), 2)
    } else if first < 0xf0 {
        ((first & 0xf) << 12 | low(1) << 6 | low(2), 3)
    } else {
        ((first & 7) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4)
    }
}

/// Capital letters of the alphabets that have them, without a table: Latin-1 and Latin
/// Extended-A, Greek, Cyrillic, Armenian, and the fullwidth forms.
fn is_capital(code: u32) -> bool {
    match code {
        0xc0..=0xde => code != 0xd7,
        0x100..=0x137 | 0x14a..=0x177 | 0x1e00..=0x1eff => code.is_multiple_of(2),
        0x139..=0x148 | 0x179..=0x17e => !code.is_multiple_of(2),
        0x391..=0x3a9 | 0x400..=0x42f | 0x531..=0x556 | 0xff21..=0xff3a => true,
        _ => false,
    }
}

/// Whether the symbol just written is a separator.
fn class_ends_word(out: &[u8], word_symbols: usize) -> bool {
    out.len() > word_symbols && out.last().is_some_and(|symbol| !symbol.is_ascii_alphanumeric())
}

/// Writes two symbols for a character of a script with thousands of them.
fn push_pair(code: u32, out: &mut Vec<u8>) {
    let mixed = code.wrapping_mul(0x9e37_79b1);
    out.push(0x80 | (mixed >> 25) as u8);
    out.push(0x80 | (mixed >> 18) as u8 & 0x7f);
}

/// Looks up symbols, script and trace of a code point from 0x80 up.
fn entry(code: u32) -> [u8; 4] {
    let code = code as usize;
    if code >= LIMIT {
        // Tag characters are invisible; everything else out here is unassigned or private.
        let trace = if (0xe_0000..0xe_0200).contains(&code) { Trace::Invisible as u8 } else { 0 };
        return [0, 0, 0, trace << 5];
    }
    let block = usize::from(BLOCKS[code / BLOCK]);
    let at = INDEX_BYTES + (block * BLOCK + code % BLOCK) * 4;
    TABLE.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default()
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
