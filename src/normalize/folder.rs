//! Walks over a line and writes its symbols.
//!
//! Long runs of ASCII are folded many bytes at a time. In other text nearly all characters
//! are letters that leave no trace: one loop that keeps its state in registers folds those
//! ([`Folder::plain`]) and leaves the rest to a step per character ([`Folder::step`]).

use crate::eight;
use crate::normalize::{ENTRIES, FoldStats, LIMIT, Script, Trace, entry, lookalike, place_of};

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
/// Bytes that are folded and counted together.
const LANES: usize = 16;
/// Parts after which counts by lane are summed up, so that they fit a byte.
const STRETCH: usize = 254;

/// Counts of a run of ASCII by lane.
#[derive(Default)]
struct Lanes {
    letters: [u8; LANES],
    digits: [u8; LANES],
    capitals: [u8; LANES],
    words: [u8; LANES],
    names: [u8; LANES],
}

fn sum(lanes: [u8; LANES]) -> u32 {
    lanes.into_iter().map(u32::from).sum()
}

impl Lanes {
    /// Folds `part` and counts all of it but the first `skip` bytes; `earlier` is the same
    /// text one byte before. A loop over arrays of fixed length becomes vector instructions.
    #[inline(always)]
    fn fold(&mut self, part: &[u8; LANES], earlier: &[u8; LANES], skip: usize) -> [u8; LANES] {
        let mut symbols = [0u8; LANES];
        for index in 0..LANES {
            let byte = part[index];
            let counted = index as u8 >= skip as u8;
            let upper = byte.is_ascii_uppercase() & counted;
            let starts = is_blank(earlier[index]) & !is_blank(byte) & counted;
            self.letters[index] += u8::from((byte | 0x20).is_ascii_lowercase() & counted);
            self.digits[index] += u8::from(byte.is_ascii_digit() & counted);
            self.capitals[index] += u8::from(upper);
            self.words[index] += u8::from(starts);
            self.names[index] += u8::from(starts & upper);
            symbols[index] = fold_byte(byte);
        }
        symbols
    }

    /// Adds the counts to those of a line and begins anew.
    fn flush(&mut self, stats: &mut FoldStats) {
        let lanes = std::mem::take(self);
        stats.scripts[Script::Latin as usize] += sum(lanes.letters);
        stats.scripts[Script::Digit as usize] += sum(lanes.digits);
        stats.capitals += sum(lanes.capitals);
        stats.words += sum(lanes.words);
        stats.capital_words += sum(lanes.names);
    }
}

/// Folds a run of ASCII; `after_blank` says whether a word begins with its first byte, and
/// comes back for what follows.
fn fold_ascii(run: &[u8], out: &mut Vec<u8>, stats: &mut FoldStats, after_blank: &mut bool) {
    let Some(&last) = run.last() else { return };
    if let Some(first) = run.first_chunk::<LANES>() {
        let letters_and_digits = |stats: &FoldStats| stats.script(Script::Latin) + stats.script(Script::Digit);
        let before = letters_and_digits(stats);
        let mut lanes = Lanes::default();
        let mut earlier = [if *after_blank { b' ' } else { b'x' }; LANES];
        earlier[1..].copy_from_slice(&first[..LANES - 1]);
        out.extend_from_slice(&lanes.fold(first, &earlier, 0));
        let (parts, rest) = run[LANES..].as_chunks::<LANES>();
        let (earlier, _) = run[LANES - 1..].as_chunks::<LANES>();
        for (parts, earlier) in parts.chunks(STRETCH).zip(earlier.chunks(STRETCH)) {
            for (part, earlier) in parts.iter().zip(earlier) {
                out.extend_from_slice(&lanes.fold(part, earlier, 0));
            }
            lanes.flush(stats);
        }
        if let (1.., Some((head, part))) = (rest.len(), run.split_last_chunk::<LANES>()) {
            // The last bytes once more, together with the rest, so that lanes are full.
            let skip = LANES - rest.len();
            let mut earlier = [head.last().copied().unwrap_or(b'x'); LANES];
            earlier[1..].copy_from_slice(&part[..LANES - 1]);
            out.truncate(out.len() - skip);
            out.extend_from_slice(&lanes.fold(part, &earlier, skip));
        }
        lanes.flush(stats);
        let len = run.len() as u32;
        stats.chars += len;
        stats.scripts[Script::Common as usize] += len - (letters_and_digits(stats) - before);
    } else {
        let mut symbols = [0u8; LANES];
        let mut blank = *after_blank;
        let mut lanes = 0u64;
        for (slot, &byte) in symbols.iter_mut().zip(run) {
            let (symbol, count) = ASCII[usize::from(byte & 0x7f)];
            lanes += count;
            let now = count >> 48 != 0;
            let starts = blank & !now;
            stats.words += u32::from(starts);
            stats.capital_words += u32::from(starts & (count >> 32 & 1 != 0));
            blank = now;
            *slot = symbol;
        }
        out.extend_from_slice(&symbols[..run.len()]);
        stats.add_ascii(run.len() as u32, lanes);
    }
    *after_blank = is_blank(last);
}

impl FoldStats {
    /// Adds `len` characters of ASCII with the letters, digits and capitals of 16-bit lanes.
    fn add_ascii(&mut self, len: u32, lanes: u64) {
        let (letters, digits) = ((lanes & 0xffff) as u32, (lanes >> 16 & 0xffff) as u32);
        self.chars += len;
        self.scripts[Script::Latin as usize] += letters;
        self.scripts[Script::Digit as usize] += digits;
        self.scripts[Script::Common as usize] += len - letters - digits;
        self.capitals += (lanes >> 32 & 0xffff) as u32;
    }
}

/// Appends the symbols of a line.
pub(super) fn fold_line(line: &str, out: &mut Vec<u8>, stats: &mut FoldStats) {
    out.reserve(line.len() + LANES);
    stats.ascii = line.is_ascii();
    if stats.ascii {
        fold_ascii(line.as_bytes(), out, stats, &mut true);
        return;
    }
    let mut folder = Folder::new(line, out.len());
    loop {
        folder.plain(out, stats);
        if folder.step(out, stats).is_none() {
            break;
        }
    }
    folder.finish(out, stats);
}

/// Folds runs of ASCII and single other characters, and mends words that mix look-alikes.
pub(super) struct Folder<'t> {
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
    /// Starts at the first character of `line`, with `written` symbols before it.
    pub(super) fn new(line: &'t str, written: usize) -> Self {
        Self {
            line,
            at: 0,
            word_start: 0,
            word_symbols: written,
            word_scripts: 0,
            hangul_high: 0,
            hangul_other: 0,
            override_from: None,
            styled_end: usize::MAX,
            styled: 0,
            after_blank: true,
        }
    }

    /// Folds the next run of ASCII or the next other character and returns its byte offset.
    pub(super) fn step(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) -> Option<usize> {
        let at = self.at;
        let rest = &self.line.as_bytes()[at..];
        let &first = rest.first()?;
        if first < 0x80 {
            let len = ascii_len(rest);
            self.run(&rest[..len], out, stats);
        } else {
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

    /// Folds characters of one or two symbols that leave no trace, up to one that needs a closer
    /// look, a long run of ASCII or a full buffer.
    fn plain(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) {
        let bytes = self.line.as_bytes();
        let mut buffer = [0u8; PLAIN];
        let written = out.len();
        let mut len = 0;
        let mut blank = self.after_blank;
        let mut at = self.at;
        let mut scripts = self.word_scripts;
        while len < PLAIN - MOST_SYMBOLS {
            let Some(&first) = bytes.get(at) else { break };
            if first < 0x80 {
                if bytes.get(at + 1).is_some_and(|&next| next >= 0x80) {
                    // Mostly the space between two words.
                    let (symbol, count) = ASCII[usize::from(first)];
                    let [letter, digit, capital] = [0, 16, 32].map(|lane| (count >> lane) as u32 & 1);
                    if letter | digit != 0 {
                        scripts |= letter << Script::Latin as u32;
                    } else if self.must_mend(scripts) {
                        break;
                    } else {
                        scripts = 0;
                        self.begin_word_at(at + 1, written + len + 1);
                    }
                    let now = count >> 48 != 0;
                    let starts = u32::from(blank & !now);
                    stats.add_ascii(1, count);
                    stats.words += starts;
                    stats.capital_words += starts & capital;
                    blank = now;
                    buffer[len % PLAIN] = symbol;
                    len += 1;
                    at += 1;
                    continue;
                }
                let Some(&eight) = bytes[at..].first_chunk() else { break };
                let word = u64::from_le_bytes(eight);
                let high = eight::high(word);
                let run = if high != 0 {
                    high.trailing_zeros() as usize / 8
                } else if bytes[at..].first_chunk::<LONG_RUN>().is_none_or(|run| run.is_ascii()) {
                    // For vectors.
                    break;
                } else {
                    8
                };
                let word = word & u64::MAX >> (64 - 8 * run);
                let inside = eight::TOPS >> (64 - 8 * run);
                let capitals = eight::capitals(word);
                let lower = word | capitals >> 2;
                let letters = eight::letters(lower);
                let digits = eight::digits(word);
                let separators = inside & !(letters | digits);
                if separators == 0 {
                    scripts |= u32::from(letters != 0) << Script::Latin as u32;
                } else {
                    // Letters in front of the first separator belong to the word before.
                    let head = letters & (separators & separators.wrapping_neg()).wrapping_sub(1);
                    if self.must_mend(scripts | u32::from(head != 0) << Script::Latin as u32) {
                        break;
                    }
                    // A word begins behind the last of them.
                    let last = 7 - separators.leading_zeros() as usize / 8;
                    let tail = letters >> (8 * last) >> 8;
                    scripts = u32::from(tail != 0) << Script::Latin as u32;
                    self.begin_word_at(at + last + 1, written + len + last + 1);
                }
                let blanks = eight::blanks(word) & inside;
                let starts = (blanks << 8 | u64::from(blank) << 7) & inside & !blanks;
                blank = blanks >> (8 * run - 1) != 0;
                let spaces = eight::whole(blanks);
                let symbols = lower & !spaces | spaces & BLANKS;
                buffer[len..len + 8].copy_from_slice(&symbols.to_le_bytes());
                let (letters, digits) = (eight::count(letters), eight::count(digits));
                stats.chars += run as u32;
                stats.scripts[Script::Latin as usize] += letters;
                stats.scripts[Script::Digit as usize] += digits;
                stats.scripts[Script::Common as usize] += run as u32 - letters - digits;
                stats.capitals += eight::count(capitals);
                stats.words += eight::count(starts);
                stats.capital_words += eight::count(starts & capitals);
                len += run;
                at += run;
                continue;
            }
            // Nearly all characters of alphabets with two bytes a letter.
            let from = at;
            let mut capitals = 0;
            while let Some(&[lead @ 0xc2..=0xdf, second]) = bytes[at..].first_chunk() {
                let letter = LETTERS[usize::from(lead & 0x1f) << 6 | usize::from(second & 0x3f)];
                if letter == 0 || len >= PLAIN - MOST_SYMBOLS {
                    break;
                }
                buffer[len % PLAIN] = letter as u8;
                len += 1;
                let script = letter >> 8 & 31;
                scripts |= 1 << script;
                stats.scripts[usize::from(script) % Script::COUNT] += 1;
                let capital = u32::from(letter >> 13);
                capitals += capital;
                if blank {
                    stats.words += 1;
                    stats.capital_words += capital;
                    blank = false;
                }
                at += 2;
            }
            if at > from {
                stats.chars += (at - from) as u32 / 2;
                stats.capitals += capitals;
                continue;
            }
            let (code, width) = decode(&bytes[at..]);
            let (script, capital) = if matches!(code, 0x3400..=0x4dbf | 0x4e00..=0x9fff) {
                put(&mut buffer, len, pair_of(code));
                len += 2;
                scripts |= 1 << Script::Han as u32;
                (Script::Han as usize, false)
            } else if matches!(code, 0xac00..=0xd7a3) {
                if code >= 0xd400 {
                    self.hangul_high += 1;
                } else {
                    self.hangul_other += 1;
                }
                put(&mut buffer, len, pair_of(code));
                len += 2;
                scripts |= 1 << Script::Hangul as u32;
                (Script::Hangul as usize, false)
            } else if code as usize >= LIMIT {
                break;
            } else {
                let [one, two, three, class] = ENTRIES[place_of(code)];
                if class >> 5 != 0 || three != 0 {
                    break;
                }
                let script = usize::from(class & 31);
                let last = if two != 0 { two } else { one };
                let symbols = usize::from(one != 0) + usize::from(two != 0);
                if script != Script::Common as usize && script != Script::Emoji as usize {
                    scripts |= 1 << script;
                } else if symbols > 0 && !last.is_ascii_alphanumeric() {
                    if self.must_mend(scripts) {
                        break;
                    }
                    scripts = 0;
                    self.begin_word_at(at + width, written + len + symbols);
                }
                put(&mut buffer, len, [one, two]);
                len += symbols;
                (script, is_capital(code))
            };
            stats.scripts[script] += 1;
            stats.chars += 1;
            stats.capitals += u32::from(capital);
            if blank {
                stats.words += 1;
                stats.capital_words += u32::from(capital);
                blank = false;
            }
            at += width;
        }
        self.at = at;
        self.word_scripts = scripts;
        self.after_blank = blank;
        out.extend_from_slice(&buffer[..len]);
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
                out.extend(pair_of(code));
                Script::Han as usize
            }
            0xac00..=0xd7a3 => {
                if code >= 0xd400 {
                    self.hangul_high += 1;
                } else {
                    self.hangul_other += 1;
                }
                out.extend(pair_of(code));
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
        self.word_scripts = 0;
        self.begin_word_at(self.at, out.len());
    }

    /// Notes where a word begins; its scripts are for the caller to reset.
    #[inline(always)]
    fn begin_word_at(&mut self, at: usize, symbols: usize) {
        self.word_start = at;
        self.word_symbols = symbols;
        self.hangul_high = 0;
        self.hangul_other = 0;
    }

    /// Whether [`end_word`](Self::end_word) may have to fold a word of these scripts again.
    #[inline(always)]
    fn must_mend(&self, scripts: u32) -> bool {
        scripts & LATIN != 0 && scripts & LOOKALIKE != 0 || self.hangul_high >= 4 && self.hangul_other == 0
    }

    /// Folds the word again when it mixes Latin with look-alike letters, or is Hangul that
    /// reads as cut letters.
    fn end_word(&mut self, out: &mut Vec<u8>, stats: &mut FoldStats) {
        if !self.must_mend(self.word_scripts) {
            return;
        }
        let mixed = self.word_scripts & LATIN != 0 && self.word_scripts & LOOKALIKE != 0;
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
                    out.extend(pair_of(code));
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
const fn is_capital(code: u32) -> bool {
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

/// The two symbols of a character of a script with thousands of them.
#[inline(always)]
pub(super) fn pair_of(code: u32) -> [u8; 2] {
    let mixed = code.wrapping_mul(0x9e37_79b1);
    [0x80 | (mixed >> 25) as u8, 0x80 | (mixed >> 18) as u8 & 0x7f]
}

/// Symbols that are gathered before they are written.
const PLAIN: usize = 64;
/// Symbols that one turn of the loop writes at most: eight bytes of ASCII.
const MOST_SYMBOLS: usize = 8;

/// From this many bytes on, a run of ASCII is folded as one.
const LONG_RUN: usize = 32;
/// Eight spaces.
const BLANKS: u64 = 0x2020_2020_2020_2020;

/// Puts two symbols into the buffer that folding gathers them in.
#[inline(always)]
fn put(buffer: &mut [u8; PLAIN], len: usize, [one, two]: [u8; 2]) {
    // There is always room; the remainder tells the compiler so.
    buffer[len % PLAIN] = one;
    buffer[(len + 1) % PLAIN] = two;
}

/// Letters of two bytes that stand for one symbol and leave no trace, 0 for other characters:
/// the symbol, the script and whether it is a capital.
static LETTERS: [u16; 0x800] = {
    let mut table = [0; 0x800];
    let mut code = 0x80;
    while code < table.len() {
        let [one, two, _, class] = ENTRIES[place_of(code as u32)];
        let letter = class != Script::Common as u8 && class != Script::Emoji as u8 && class < 32;
        if letter && one != 0 && two == 0 {
            let capital = if is_capital(code as u32) { CAPITAL } else { 0 };
            table[code] = one as u16 | (class as u16) << 8 | capital;
        }
        code += 1;
    }
    table
};
const CAPITAL: u16 = 1 << 13;

/// Length of the run of ASCII that `bytes` begin with.
fn ascii_len(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, &word) in words.iter().enumerate() {
        let high = eight::high(u64::from_le_bytes(word));
        if high != 0 {
            return 8 * index + high.trailing_zeros() as usize / 8;
        }
    }
    8 * words.len() + rest.iter().take_while(|byte| byte.is_ascii()).count()
}
