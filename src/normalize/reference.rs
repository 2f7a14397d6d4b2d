//! Folding as it was first written: a step per character. The fast form must give the same.

use crate::normalize::{FoldStats, Script, Trace, entry, lookalike};

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

pub(super) fn fold_line(line: &str, out: &mut Vec<u8>, stats: &mut FoldStats) {
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
    /// Where the last styled letter ended, and how many stood side by side up to there.
    styled_end: usize,
    styled: u16,
    after_blank: bool,
    ascii: bool,
}

/// Scripts whose letters pass for Latin ones.
const LOOKALIKE: u32 = 1 << Script::Cyrillic as u32
    | 1 << Script::Greek as u32
    | 1 << Script::Caucasian as u32
    | 1 << Script::Other as u32;
const LATIN: u32 = 1 << Script::Latin as u32;
/// Fewest styled letters side by side that count as a disguise.
const STYLED_MIN: u16 = 3;

/// Whether a trace is left by letters of another style.
fn is_style(trace: usize) -> bool {
    [Trace::Mathematical, Trace::Fullwidth, Trace::Enclosed, Trace::SmallCapital, Trace::Regional]
        .iter()
        .any(|&style| style as usize == trace)
}

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
            styled_end: usize::MAX,
            styled: 0,
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

    /// Returns how many letters to count as disguised with the one of `len` bytes just read: styled
    /// ones that stand alone or in pairs are names of variables, flags and numbers of lists, and
    /// tag characters behind a flag say whose it is.
    fn disguised(&mut self, trace: usize, len: usize) -> u16 {
        let start = self.at - len;
        let goes_on = self.styled_end == start;
        if trace == Trace::Invisible as usize && len == 4 {
            let flag = goes_on || self.line[..start].ends_with('🏴');
            self.styled_end = if flag { self.at } else { usize::MAX };
            self.styled = 0;
            return u16::from(!flag);
        }
        if !is_style(trace) {
            return 1;
        }
        let glued = start > 0 && self.line.as_bytes()[start - 1].is_ascii_alphabetic();
        self.styled = match (goes_on, glued) {
            (true, _) => self.styled.saturating_add(1),
            (false, true) => STYLED_MIN + 1,
            (false, false) => 1,
        };
        self.styled_end = self.at;
        match self.styled {
            ..STYLED_MIN => 0,
            STYLED_MIN => STYLED_MIN,
            _ => 1,
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
                    let count = self.disguised(trace, len);
                    stats.add_trace(trace, count);
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
