//! Reads the bytes of a line once: how long it is, which words and scripts it has, and whether
//! anything in it asks for a closer look.
//!
//! Words are hashed as they stand, in lower case as far as setting a bit can make it so; folding
//! comes later and only where it is needed.

use crate::eight::{BLOCK, first, flags, load};
use crate::features::brand::BRAND_LIKE;
use crate::model::brand::{BrandTable, MAX_TOKEN};
use crate::model::screen::Screen;
use crate::normalize::Script;

/// Set in every byte, this makes ASCII letters small, and many of Cyrillic.
const LOWER: u64 = 0x2020_2020_2020_2020;
/// Log-odds from which a word without a digit at either end of a line is worth a look.
const BRAND_WORD: f32 = 2.0;

/// What one reading of a line shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Glance {
    /// Code points.
    pub(crate) chars: u32,
    /// Runs between white space that hold a letter or a digit.
    pub(crate) words: u32,
    /// Letters of ASCII.
    latin: u32,
    /// Characters of three bytes.
    wide: u32,
    /// Which bytes begin characters, by their lower six bits.
    leads: u64,
    /// Second bytes behind 0xe0 and 0xe1, by their lower six bits.
    seconds: [u64; 2],
    /// Whether there is a sign, a symbol or a name that needs a closer look.
    odd: bool,
    /// Highest sum of the screen, and the sum at the end.
    pub(crate) peak: i32,
    pub(crate) last: i32,
    /// What the screen's weights of all words add up to.
    total: i32,
    /// Keys of the words in the document's list.
    pub(crate) keys: (u32, u32),
    /// Whether the line ends like a sentence.
    sentence: bool,
    /// Whether it ends in a few words behind a sentence that are none.
    pub(crate) trails: bool,
}

const ANGLE: u8 = 1;
const SLASH: u8 = 2;
const BLANK: u8 = 4;
const AMPERSAND: u8 = 8;
const HASH: u8 = 16;

/// What separators between words say.
const GAP: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'<' | b'[' | b'@' => ANGLE,
            b'/' => SLASH,
            b'&' => AMPERSAND,
            b'#' => HASH,
            0..=b' ' | 0x7f => BLANK,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// One bit a byte of a block: words, digits, other letters of ASCII; and characters begun.
struct Classes {
    word: u64,
    digit: u64,
    lead: u64,
    chars: u32,
    latin: u32,
}

/// Classes of a block; a loop over arrays of fixed length becomes vector instructions.
#[inline(always)]
fn classify(block: &[u8; BLOCK]) -> Classes {
    let mut word = [0u8; BLOCK];
    let mut digit = [0u8; BLOCK];
    let mut lead = [0u8; BLOCK];
    let (mut any_digit, mut any_high, mut chars, mut latin) = (0u8, 0u8, 0u8, 0u8);
    for index in 0..BLOCK {
        let byte = block[index];
        let letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
        let number = u8::from(byte.wrapping_sub(b'0') < 10);
        let high = byte >> 7;
        word[index] = letter | number | high;
        digit[index] = number;
        let begins = u8::from(byte >= 0xc0);
        lead[index] = begins;
        any_digit |= number;
        any_high |= high;
        chars += u8::from(byte < 0x80) + begins;
        latin += letter;
    }
    Classes {
        word: flags(&word),
        digit: if any_digit == 0 { 0 } else { flags(&digit) },
        lead: if any_high == 0 { 0 } else { flags(&lead) },
        chars: u32::from(chars),
        latin: u32::from(latin),
    }
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Key of a word in the vocabulary: of its first eight bytes, hashed.
#[inline(always)]
fn key_of(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Key of a folded token, as a word of the text would have it.
pub(crate) fn key_of_token(token: &[u8]) -> u32 {
    key_of(first(load(token, 0) | LOWER, token.len()).wrapping_mul(MULTIPLIER))
}

/// Characters of languages without spaces that make one word: pairs of ideographs, syllables and
/// kana, four letters of Thai and its like.
#[inline(always)]
fn window_of(lead: u8, second: u8) -> usize {
    match lead {
        0xe3..=0xed => 2,
        0xe0 if second >= 0xb8 => 4,
        0xe1 if matches!(second, 0x80..=0x82 | 0x9e | 0x9f) => 4,
        _ => 0,
    }
}

/// Receives the hashes of words, which only training needs.
pub(crate) trait Words {
    fn word(&mut self, hash: u64);
}

impl Words for () {
    #[inline(always)]
    fn word(&mut self, _: u64) {}
}

impl Words for Vec<u64> {
    fn word(&mut self, hash: u64) {
        self.push(hash);
    }
}

struct Reader<'r, W> {
    words: W,
    bytes: &'r [u8],
    screen: &'r Screen,
    brands: &'r BrandTable,
    keys: &'r mut Vec<u32>,
    glance: Glance,
    sum: i32,
    /// Of the word before, for pairs.
    previous: u64,
    slashes: u32,
    dots: bool,
    /// Letters or digits that stand alone, one behind the other.
    lone: u32,
    /// Start, end and weight of the word before.
    before: (usize, usize, i32),
}

/// Letters that stand alone one behind the other, from which they are a word set apart.
const SET_APART: u32 = 5;

/// Reads a line; `keys` receives one key a word.
pub(crate) fn glance(bytes: &[u8], screen: &Screen, brands: &BrandTable, keys: &mut Vec<u32>) -> Glance {
    read(bytes, screen, brands, keys, ()).0
}

/// Reads a line and returns the hashes of its words as well.
#[cfg(feature = "train")]
pub(crate) fn words_of(bytes: &[u8], screen: &Screen, brands: &BrandTable) -> (Glance, Vec<u64>) {
    read(bytes, screen, brands, &mut Vec::new(), Vec::new())
}

fn read<W: Words>(bytes: &[u8], screen: &Screen, brands: &BrandTable, keys: &mut Vec<u32>, words: W) -> (Glance, W) {
    let from = keys.len() as u32;
    let mut reader = Reader {
        words,
        bytes,
        screen,
        brands,
        keys,
        glance: Glance { keys: (from, from), ..Glance::EMPTY },
        sum: 0,
        previous: 0,
        slashes: 0,
        dots: false,
        lone: 0,
        before: (0, 0, 0),
    };
    reader.read();
    let (mut glance, last, words) = (reader.glance, reader.sum, reader.words);
    glance.keys.1 = keys.len() as u32;
    glance.last = last;
    glance.sentence = ends_sentence(bytes);
    glance.trails = !glance.sentence && glance.chars >= PROSE && trails(bytes);
    glance.odd |= glance.trails;
    (glance, words)
}

impl<W: Words> Reader<'_, W> {
    fn read(&mut self) {
        let bytes = self.bytes;
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        let mut carry = 0;
        // Of the word that is open, and of the one before; digits of the open one.
        let (mut start, mut end) = (0, 0);
        let mut inside = false;
        let mut digits = 0u64;
        let mut last = [b' '; BLOCK];
        last[..rest.len()].copy_from_slice(rest);
        self.glance.words = 1;
        for (number, block) in blocks.iter().chain((!rest.is_empty()).then_some(&last)).enumerate() {
            let from = number * BLOCK;
            let classes = classify(block);
            self.glance.chars += classes.chars;
            self.glance.latin += classes.latin;
            self.characters(from, classes.lead);
            let earlier = classes.word << 1 | carry;
            carry = classes.word >> 63;
            let mut starts = classes.word & !earlier;
            let mut ends = earlier & !classes.word;
            // Digits that belong to no word yet.
            let mut pending = classes.digit;
            while ends != 0 {
                let place = ends.trailing_zeros();
                ends &= ends - 1;
                if !inside {
                    start = from + starts.trailing_zeros() as usize;
                    starts &= starts.wrapping_sub(1);
                    self.gap(end, start);
                }
                end = from + place as usize;
                if pending | digits == 0 {
                    self.word(start, end, false);
                } else {
                    let own = pending & !(u64::MAX << place);
                    self.word(start, end, digits | own != 0);
                    pending ^= own;
                    digits = 0;
                }
                inside = false;
            }
            if starts != 0 {
                start = from + starts.trailing_zeros() as usize;
                self.gap(end, start);
                inside = true;
            }
            digits |= pending;
        }
        self.glance.chars -= (BLOCK - rest.len()) as u32 * u32::from(!rest.is_empty());
        if inside {
            self.word(start, bytes.len(), digits != 0);
        } else {
            self.gap(end, bytes.len());
        }
        self.edges();
        self.glance.odd |= self.slashes > 1 && self.dots;
    }

    /// Separators from one word to the next.
    #[inline(always)]
    fn gap(&mut self, from: usize, to: usize) {
        if to - from == 1 && self.bytes[from] == b' ' {
            self.glance.words += 1;
            return;
        }
        let mut seen = 0;
        for &byte in &self.bytes[from..to] {
            let class = GAP[usize::from(byte)];
            seen |= class;
            self.slashes += u32::from(class == SLASH);
        }
        // Together, they begin a character reference.
        self.glance.odd |= seen & ANGLE != 0 || seen & (AMPERSAND | HASH) == AMPERSAND | HASH;
        self.glance.words += u32::from(seen & BLANK != 0);
        self.dots |= to - from == 1 && self.bytes[from] == b'.' && from > 0 && to < self.bytes.len();
    }

    /// Adds a known word and returns its weight.
    #[inline(always)]
    fn known(&mut self, hash: u64) -> i32 {
        // Both are products, whose high bits are mixed well.
        let pair = hash ^ self.previous.rotate_left(23);
        self.previous = hash;
        self.words.word(hash);
        self.words.word(pair);
        let weight = self.screen.weight(hash);
        self.add(weight + self.screen.weight(pair));
        weight
    }

    #[inline(always)]
    fn add(&mut self, weight: i32) {
        let weight = weight - self.screen.drift();
        self.glance.total += weight;
        self.sum = (self.sum + weight).max(0);
        self.glance.peak = self.glance.peak.max(self.sum);
    }

    #[inline(always)]
    fn word(&mut self, start: usize, end: usize, digits: bool) {
        let bytes = self.bytes;
        let len = end - start;
        let lead = bytes[start];
        self.lone = if len == 1 || len == 2 && lead >= 0xc3 { self.lone + 1 } else { 0 };
        self.glance.odd |= self.lone >= SET_APART;
        if lead >= 0xe0 || len > 24 {
            self.run(start, end);
            self.before = (start, end, 0);
            return;
        }
        let head = first(load(bytes, start) | LOWER, len);
        let mut hash = head.wrapping_mul(MULTIPLIER);
        self.keys.push(key_of(hash));
        if len > 8 {
            let tail = load(bytes, end - 8) | LOWER;
            hash = (hash ^ tail ^ len as u64).wrapping_mul(MULTIPLIER);
        }
        if digits {
            // Which number it is says nothing; names with a number are looked at by themselves.
            self.number(start, end);
            self.before = (start, end, 1);
            self.add(0);
            return;
        }
        let weight = self.known(hash);
        self.before = (start, end, weight);
    }

    /// A run of letters without spaces between words, or of data.
    fn run(&mut self, start: usize, end: usize) {
        let bytes = self.bytes;
        let mut starts = [start; 4];
        let mut seen = 0usize;
        let mut at = start;
        let mut word = start;
        while at < end {
            let byte = bytes[at];
            let len = match byte {
                0..0xc0 => 1,
                0xc0..0xe0 => 2,
                0xe0..0xf0 => 3,
                _ => 4,
            };
            let window = window_of(byte, bytes.get(at + 1).copied().unwrap_or(0));
            let to = (at + len).min(end);
            if window == 0 {
                // A letter of a script with spaces.
                seen = 0;
                if to == end || to - word >= 24 {
                    let head = first(load(bytes, word), to - word);
                    let tail = load(bytes, to.saturating_sub(8).max(word));
                    let hash = head.wrapping_mul(MULTIPLIER);
                    self.keys.push(key_of(hash));
                    self.known((hash ^ tail).wrapping_mul(MULTIPLIER));
                    word = to;
                }
            } else {
                starts[seen % 4] = at;
                seen += 1;
                word = to;
                if seen >= window {
                    let from = starts[(seen - window) % 4];
                    let head = load(bytes, from);
                    let (head, tail) =
                        if to - from >= 8 { (head, load(bytes, to - 8)) } else { (first(head, to - from), 0) };
                    let mut hash = head.wrapping_mul(MULTIPLIER);
                    if tail != 0 {
                        hash = (hash ^ tail).wrapping_mul(MULTIPLIER);
                    }
                    self.keys.push(key_of(hash));
                    self.known(hash);
                }
            }
            at = to;
        }
    }

    /// Whether a word with digits, or a number behind a word, looks like a brand.
    #[cold]
    fn number(&mut self, start: usize, end: usize) {
        let bytes = self.bytes;
        let word = &bytes[start..end];
        if self.glance.odd || !word.is_ascii() {
            return;
        }
        if !word.iter().all(u8::is_ascii_digit) {
            if word.len() >= 3 && self.looks(word, &[], BRAND_LIKE) {
                self.glance.odd = true;
            }
            return;
        }
        // A number behind a word: agen 88. Years and thousands are none.
        let (from, to, weight) = self.before;
        let year = word.len() == 4 && matches!(&word[..2], b"19" | b"20");
        if word.len() > 5 || year || weight < 0 || to + 1 != start || bytes[to] != b' ' || to - from < 3 {
            return;
        }
        let number = bytes.get(end..end + 2);
        if number.is_some_and(|next| matches!(next[0], b'.' | b',' | b':') && next[1].is_ascii_digit()) {
            return;
        }
        let name = &bytes[from..to];
        if name.is_ascii() && name.len() + word.len() <= MAX_TOKEN && self.looks(name, word, BRAND_LIKE) {
            self.glance.odd = true;
        }
    }

    /// Whether a word at either end of the line looks like a brand.
    fn edges(&mut self) {
        let (start, end, weight) = self.before;
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
        let first = self.bytes.iter().position(word).unwrap_or(0);
        let len = self.bytes[first..].iter().take(MAX_TOKEN + 1).take_while(|byte| word(byte)).count();
        for (word, weight) in [(&self.bytes[start..end], weight), (&self.bytes[first..first + len], 0)] {
            if !self.glance.odd && weight >= 0 && (5..=MAX_TOKEN).contains(&word.len()) && word.is_ascii() {
                self.glance.odd = self.looks(word, &[], BRAND_WORD);
            }
        }
    }

    fn looks(&self, word: &[u8], number: &[u8], least: f32) -> bool {
        let mut token = [0; MAX_TOKEN];
        let len = (word.len() + number.len()).min(MAX_TOKEN);
        for (symbol, byte) in token.iter_mut().zip(word.iter().chain(number)) {
            *symbol = byte.to_ascii_lowercase();
        }
        self.brands.score(&token[..len]) >= least
    }

    /// Notes which characters there are.
    #[inline(always)]
    fn characters(&mut self, from: usize, mut leads: u64) {
        while leads != 0 {
            let at = from + leads.trailing_zeros() as usize;
            leads &= leads - 1;
            let lead = self.bytes[at];
            self.glance.leads |= 1 << (lead & 63);
            if matches!(lead, 0xc3..=0xc8 | 0xce..=0xdf) {
                continue;
            }
            self.character(lead, at);
        }
    }

    #[inline(always)]
    fn character(&mut self, lead: u8, at: usize) {
        let second = self.bytes.get(at + 1).copied().unwrap_or(0);
        let third = || self.bytes.get(at + 2).copied().unwrap_or(0);
        self.glance.wide += u32::from(lead >= 0xe0);
        let odd = match lead {
            0xe3..=0xee => false,
            0xe0 => {
                self.glance.seconds[0] |= 1 << (second & 63);
                false
            }
            0xe1 => {
                self.glance.seconds[1] |= 1 << (second & 63);
                false
            }
            // Soft hyphens, and the copyright sign.
            0xc2 => matches!(second, 0xa9 | 0xad),
            0xe2 => {
                let third = third();
                self.glance.wide -= 1;
                match second {
                    // Dashes and quotes; not what is invisible or turns the direction.
                    0x80 => matches!(third, 0x8b..=0x8f | 0xa8..=0xae),
                    // Currencies; not raised and lowered digits.
                    0x82 => third < 0xa0,
                    // Trade mark, number.
                    0x84 => !matches!(third, 0xa2 | 0x96),
                    _ => true,
                }
            }
            // Fullwidth punctuation; not letters and digits.
            0xef => match second {
                0xbc => !matches!(third(), 0x81..=0x8f | 0x9a..=0x9f),
                0xbd => !matches!(third(), 0x9b..=0xa5),
                _ => true,
            },
            _ => true,
        };
        self.glance.odd |= odd;
    }
}

const fn set(leads: &[u8]) -> u64 {
    let mut out = 0;
    let mut index = 0;
    while index < leads.len() {
        out |= 1 << (leads[index] & 63);
        index += 1;
    }
    out
}

/// Signs that every script uses.
const SIGNS: u64 = set(&[0xc2, 0xe2]);
const LATIN: u64 = SIGNS | set(&[0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xe1]);
const LATIN_ADDITIONAL: u64 = set(&[0xb8, 0xb9, 0xba, 0xbb]);
const IDEOGRAPHS: u64 = SIGNS | set(&[0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xef]);
const HANGUL: u64 = SIGNS | set(&[0xe3, 0xea, 0xeb, 0xec, 0xed, 0xef]);
const WITH_E0: u64 = SIGNS | set(&[0xe0]);
const WITH_E1: u64 = SIGNS | set(&[0xe1]);

/// First bytes and, behind 0xe0 and 0xe1, second bytes that lines of a script are made of.
type Home = (u64, [u64; 2]);

/// The homes of scripts whose lines a glance can tell.
const HOMES: [Option<Home>; Script::COUNT] = {
    const ANY: [u64; 2] = [u64::MAX; 2];
    const INDIC: u64 =
        set(&[0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7]);
    let mut homes = [None; Script::COUNT];
    homes[Script::Latin as usize] = Some((LATIN, [u64::MAX, LATIN_ADDITIONAL]));
    homes[Script::Cyrillic as usize] = Some((SIGNS | set(&[0xd0, 0xd1, 0xd2, 0xd3]), ANY));
    homes[Script::Greek as usize] = Some((SIGNS | set(&[0xce, 0xcf]), ANY));
    homes[Script::Arabic as usize] = Some((SIGNS | set(&[0xd8, 0xd9, 0xda, 0xdb]), ANY));
    homes[Script::Hebrew as usize] = Some((SIGNS | set(&[0xd6, 0xd7]), ANY));
    homes[Script::Devanagari as usize] = Some((WITH_E0, [set(&[0xa4, 0xa5]), u64::MAX]));
    homes[Script::Bengali as usize] = Some((WITH_E0, [set(&[0xa4, 0xa5, 0xa6, 0xa7]), u64::MAX]));
    homes[Script::Indic as usize] = Some((WITH_E0, [INDIC, u64::MAX]));
    homes[Script::Thai as usize] = Some((WITH_E0, [set(&[0xb8, 0xb9]), u64::MAX]));
    homes[Script::SoutheastAsian as usize] = Some((WITH_E0 | WITH_E1, [set(&[0xba, 0xbb]), SOUTHEAST_ASIAN]));
    homes[Script::Han as usize] = Some((IDEOGRAPHS, ANY));
    homes[Script::Kana as usize] = Some((IDEOGRAPHS, ANY));
    homes[Script::Hangul as usize] = Some((HANGUL, ANY));
    homes[Script::Caucasian as usize] = Some((SIGNS | set(&[0xd4, 0xd5, 0xd6, 0xe1]), [u64::MAX, set(&[0x82, 0x83])]));
    homes[Script::Ethiopic as usize] = Some((WITH_E1, [u64::MAX, set(&[0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e])]));
    homes
};

const DENSE: u64 = set(&[0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed]);
const THAI: u64 = set(&[0xb8, 0xb9, 0xba, 0xbb]);
const SOUTHEAST_ASIAN: u64 = set(&[0x80, 0x81, 0x82, 0x9e, 0x9f]);

/// Fewest characters of running text, and of a line that is passed over.
const PROSE: u32 = 60;
const LONG: u32 = 90;
/// Most that the screen may give for each word of a line that is an article's as a whole.
const OF_ARTICLE: i32 = -12;
/// Letters of another script that are a reason to look.
const FOREIGN: u32 = 3;

impl Glance {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self {
        chars: 0,
        words: 0,
        latin: 0,
        wide: 0,
        leads: 0,
        seconds: [0; 2],
        odd: false,
        peak: 0,
        last: 0,
        total: 0,
        keys: (0, 0),
        sentence: false,
        trails: false,
    };

    /// Whether the line is surely running text; others are judged by their folded form.
    pub(crate) fn prose(&self) -> bool {
        // As many words as any folded line of prose has, or as many characters where there are none.
        let unspaced = self.leads & DENSE | self.seconds[0] & THAI | self.seconds[1] & SOUTHEAST_ASIAN;
        let dense = self.wide * 2 > self.chars && unspaced != 0;
        self.chars >= PROSE && (dense || self.words >= 30 || self.words >= 9 && self.sentence)
    }

    /// Whether a closer look is taken whatever the words are.
    #[cfg(feature = "train")]
    pub(crate) fn is_odd(&self) -> bool {
        self.odd
    }

    /// Whether the words of the line as a whole are those of an article, by a good margin.
    pub(crate) fn of_article(&self) -> bool {
        self.total <= OF_ARTICLE * (self.keys.1 - self.keys.0) as i32
    }

    /// Whether the line is long enough to be passed over, and nothing in it asks for more.
    pub(crate) fn plain(&self, script: usize, screen: &Screen) -> bool {
        self.chars >= LONG && self.clear(script, screen)
    }

    /// Whether hardly anything in the line is of the script of its document.
    pub(crate) fn foreign(&self, script: usize) -> bool {
        let Some((leads, seconds)) = HOMES[script] else { return false };
        if script == Script::Latin as usize {
            return self.latin * 3 < self.chars;
        }
        let behind = self.seconds.iter().zip(seconds).any(|(seen, home)| home != u64::MAX && seen & home != 0);
        let own = leads & !SIGNS & !set(&[0xe0, 0xe1, 0xe3, 0xef]);
        self.latin * 2 > self.chars || self.leads & own == 0 && !behind && self.leads & set(&[0xe3]) & leads == 0
    }

    /// Whether nothing in a line or a piece of a document in `script` asks for a closer look.
    pub(crate) fn clear(&self, script: usize, screen: &Screen) -> bool {
        if self.odd || self.peak > screen.limit() || self.last > screen.last_limit() {
            return false;
        }
        let Some((leads, seconds)) = HOMES[script] else { return false };
        let at_home =
            self.leads & !leads == 0 && self.seconds.iter().zip(seconds).all(|(seen, home)| seen & !home == 0);
        at_home && (script == Script::Latin as usize || self.latin < FOREIGN)
    }
}

/// Most bytes and words that may stand behind the last sentence of a line to be looked at for that.
const TRAIL: usize = 48;
const TRAIL_WORDS: usize = 4;

/// Whether a line that ends like no sentence ends in a few words behind one: where paragraphs get
/// what does not belong to them. Lead-ins and what stands in brackets are common there.
fn trails(bytes: &[u8]) -> bool {
    if bytes.ends_with(b":") || bytes.ends_with(b")") || bytes.ends_with(b"]") {
        return false;
    }
    let least = bytes.len().saturating_sub(TRAIL);
    let mut words = 1;
    for at in (least..bytes.len()).rev() {
        let blank = bytes[at] == b' ';
        if (blank || bytes[..at].ends_with("。".as_bytes())) && ends_sentence(&bytes[..at]) {
            return bytes[at..].iter().any(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
        }
        words += usize::from(blank);
        if words > TRAIL_WORDS {
            return false;
        }
    }
    false
}

/// Whether a line ends with a full stop, a question or exclamation mark, quotes apart.
fn ends_sentence(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [head @ .., b'"' | b'\'' | b')' | b' ' | b']']
            | [head @ .., 0xe2, 0x80, 0x98..=0x9f]
            | [head @ .., 0xc2, 0xbb] => head,
            // Chinese, Arabic, Urdu, Armenian, Hindi, Burmese, Khmer, Ethiopic.
            [.., 0xe3, 0x80, 0x82]
            | [.., 0xef, 0xbc, 0x81 | 0x8e | 0x9f]
            | [.., 0xd8, 0x9f]
            | [.., 0xdb, 0x94]
            | [.., 0xd6, 0x89]
            | [.., 0xe0, 0xa5, 0xa4]
            | [.., 0xe1, 0x81, 0x8b]
            | [.., 0xe1, 0x9f, 0x94]
            | [.., 0xe1, 0x8d, 0xa2] => return true,
            [head @ .., b'.' | b'?' | b'!'] => return !head.ends_with(b".."),
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::screen;

    fn brands() -> BrandTable {
        BrandTable::new(4, vec![0; 16], 1.0, -9.0).unwrap()
    }

    /// A screen that knows some words, and nothing else.
    fn screen(words: &[&str]) -> Screen {
        let mut weights = vec![0; 1 << screen::BITS];
        for word in words {
            let (_, hashes) = words_of_blank(word);
            weights[screen::bucket(hashes[0])] = 10;
        }
        Screen::new(weights, 2, 15, 15).unwrap()
    }

    fn words_of_blank(text: &str) -> (Glance, Vec<u64>) {
        let blank = Screen::new(vec![0; 1 << screen::BITS], 0, 0, 0).unwrap();
        read(text.as_bytes(), &blank, &brands(), &mut Vec::new(), Vec::new())
    }

    fn look(text: &str) -> (Glance, Vec<u32>) {
        let mut keys = Vec::new();
        let glance = glance(text.as_bytes(), &known(), &brands(), &mut keys);
        (glance, keys)
    }

    fn known() -> Screen {
        screen(&["casino", "bonus", "博彩"])
    }

    #[test]
    fn words_that_stand_together_add_up() {
        let apart = "The bonus was paid to farmers who had lost their harvest to late frost in the hills of the north.";
        let together =
            "The casino bonus was paid to farmers who had lost their harvest to late frost in the hills of the north.";
        assert_eq!((look(apart).0.peak, look(together).0.peak), (8, 16));
        let latin = Script::Latin as usize;
        assert!(look(apart).0.plain(latin, &known()) && !look(together).0.plain(latin, &known()));
        assert_eq!(look("今天的博彩网站").0.peak, 8);
        assert_eq!((look(together).0.last, look("In the hills: casino bonus").0.last), (0, 16));
    }

    #[test]
    fn a_few_words_behind_the_last_sentence_ask_for_a_look() {
        let article = "The lane along the river will open in March, the council said on Tuesday.";
        let trails = |end: &str| look(&format!("{article}{end}")).0.trails;
        assert!(trails(" Fullname1") && trails(" two words") && trails("\u{201d} four words are few"));
        assert!(!trails("") && !trails(" It did.") && !trails(" The plans are:") && !trails(" (AFP)"));
        assert!(!trails(" these are five words already") && !trails(".. and more"));
        assert!(!look("Short. Fullname1").0.trails);
        let unspaced = "今天的天气".repeat(14);
        assert!(look(&format!("{unspaced}。Fullname1")).0.trails && !look(&format!("{unspaced}。")).0.trails);
    }

    #[test]
    fn what_is_not_of_the_script_asks_for_a_look() {
        let home = |text: &str, script: Script| look(text).0.clear(script as usize, &known());
        assert!(home("Žluťoučký kůň, Đà Nẵng – “quoted” and 5 € …", Script::Latin));
        for odd in [
            "a slot\u{200b}s b",
            "𝐬𝐥𝐨𝐭",
            "ｓｌｏｔ",
            "s\u{336}l",
            "go 🎰 now",
            "see <a> b",
            "x [1] y",
            "me@x",
            "ѕlоt",
            "彩票",
            "sl\u{ad}ot",
        ] {
            assert!(!home(odd, Script::Latin), "{odd}");
        }
        assert!(home("Рынок вырос на 3 %, ВВП — нет", Script::Cyrillic));
        assert!(!home("Рынок вырос, casino нет", Script::Cyrillic));
        assert!(home("東京の天気は「晴れ」です。カメラ", Script::Han) && home("서울 날씨는 맑음", Script::Hangul));
        assert!(home("ราคาน้ำมันวันนี้", Script::Thai) && !home("ราคา नमस्ते", Script::Thai));
        assert!(home("दिल्ली में बारिश।", Script::Devanagari) && home("القاهرة، مصر", Script::Arabic));
        let foreign = |text: &str, script: Script| look(text).0.foreign(script as usize);
        assert!(foreign("真人视讯，百家乐", Script::Devanagari) && foreign("真人视讯，百家乐", Script::Latin));
        assert!(foreign("slot gacor hari ini", Script::Thai) && foreign("वापसी", Script::Thai));
        assert!(!foreign("ราคา gold วันนี้", Script::Thai) && !foreign("Đà Nẵng hôm nay", Script::Latin));
        assert!(!foreign("カメラ", Script::Han) && !foreign("દિલ્હી આજે", Script::Indic));
        assert!(!look("x").0.foreign(0));
        assert!(!look("no letters of a known script").0.clear(0, &known()));
    }

    #[test]
    fn keys_are_the_starts_of_words() {
        let keys = |text: &str| look(text).1;
        assert_eq!(keys("Harvests, harvested? HARVESTING").len(), 3);
        assert_eq!(keys("Harvested")[0], keys("harvesters")[0]);
        assert_eq!(keys("x gacor88")[1], key_of_token(b"gacor88"));
        // Pairs of ideographs, and fours of Thai letters.
        assert_eq!((keys("今天的天气").len(), keys("ราคาน้ำ").len()), (4, 4));
        assert_eq!(keys("今天的天气")[0], keys("说今天")[1]);
    }

    proptest::proptest! {
        #[test]
        fn counts_are_those_of_a_slow_walk(text in "([a-zA-Z0-9]{1,12}|[ .,!\"]{1,3}|[à-ž]{1,9}|[а-яё]{1,30}|[一-龥]{1,9}|\\PC){0,60}") {
            let (glance, keys) = look(&text);
            proptest::prop_assert_eq!(glance.chars as usize, text.chars().count());
            let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
            proptest::prop_assert_eq!(glance.latin as usize, letters);
            let holds = |run: &&str| run.bytes().any(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
            let blank = |sign: char| sign.is_ascii_whitespace() || sign.is_ascii_control();
            let words = text.split(blank).filter(holds).count().max(1);
            proptest::prop_assert!(glance.words as usize >= words && glance.words as usize <= words + 2);
            let runs = text.as_bytes().split(|byte| byte.is_ascii() && !byte.is_ascii_alphanumeric());
            let runs: Vec<&[u8]> = runs.filter(|run| !run.is_empty()).collect();
            if runs.iter().all(|run| run.len() <= 24 && run[0] < 0xe0) {
                proptest::prop_assert_eq!(keys.len(), runs.len());
            }
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let text = String::from_utf8_lossy(&bytes);
            let (glance, keys) = look(&text);
            proptest::prop_assert_eq!(glance.keys, (0, keys.len() as u32));
        }
    }
}
