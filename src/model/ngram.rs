//! Hashed character and word n-grams with one small weight per class.
//!
//! N-grams carry what no hand-made feature can: how promotion and page furniture sound in
//! any language. They run over folded symbols, so a disguised word meets the weights of the
//! plain one. Weights are 8-bit and four classes lie in one 32-bit word, so that the table
//! stays in the second-level cache and one load serves all classes.

use crate::label::Class;

/// Marks the start of a line for n-grams.
const START: u8 = 1;
/// Marks the end of a line for n-grams.
const END: u8 = 2;

/// All digits fall together: which number it is says nothing outside brand names, and those
/// have a model of their own.
const NGRAM_SYMBOL: [u8; 256] = {
    let mut table = [0; 256];
    let mut symbol = 0;
    while symbol < 256 {
        table[symbol] = if (symbol as u8).is_ascii_digit() { b'0' } else { symbol as u8 };
        symbol += 1;
    }
    table
};

/// Symbols of words: letters of any script and digits.
pub(crate) static WORD_SYMBOL: [bool; 256] = {
    let mut table = [false; 256];
    let mut symbol = 0;
    while symbol < 256 {
        table[symbol] = (symbol as u8).is_ascii_alphanumeric() || symbol >= 0x80;
        symbol += 1;
    }
    table
};

const MULTIPLIERS: [u64; 5] =
    [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53];

/// Multipliers of the windows of 3, 4 and 6 symbols. Shifted to the left, they push older symbols
/// out of the product, so the window needs no mask.
const WINDOWS: [u64; 3] = [MULTIPLIERS[0] << 40, MULTIPLIERS[1] << 32, MULTIPLIERS[2] << 16];

/// The same for the two short windows in 32 bits: equal high bits for a smaller product.
const SHORT_WINDOWS: [u32; 2] = [(MULTIPLIERS[0] << 8) as u32, MULTIPLIERS[1] as u32];

/// Symbols of words as n-grams see them, 0 for all others, which n-grams take as they are.
const WORD: [u8; 256] = {
    let mut table = [0; 256];
    let mut symbol = 0;
    while symbol < 256 {
        if WORD_SYMBOL[symbol] {
            table[symbol] = NGRAM_SYMBOL[symbol];
        }
        symbol += 1;
    }
    table
};

/// Calls `visit` with the 64-bit hash of every n-gram of the symbols: characters 3, 4 and 6,
/// words 1 and 2. The high bits are the ones to use.
#[inline]
pub(crate) fn for_each_ngram(symbols: &[u8], mut visit: impl FnMut(u64)) {
    let mut walker = Walker::default();
    for &symbol in symbols {
        walker.push(symbol, &mut visit);
    }
    walker.finish(&mut visit);
}

/// Rolls the windows of n-grams over symbols.
#[derive(Debug, Clone, Copy)]
struct Walker {
    window: u64,
    word: u64,
    previous: u64,
}

impl Default for Walker {
    fn default() -> Self {
        Self { window: START as u64, word: 0, previous: 0 }
    }
}

impl Walker {
    #[inline(always)]
    fn push(&mut self, symbol: u8, visit: &mut impl FnMut(u64)) {
        let folded = NGRAM_SYMBOL[usize::from(symbol)];
        self.window = self.window << 8 | u64::from(folded);
        for multiplier in WINDOWS {
            visit(self.window.wrapping_mul(multiplier));
        }
        if WORD_SYMBOL[usize::from(symbol)] {
            self.word = (self.word ^ u64::from(folded)).wrapping_add(1).wrapping_mul(MULTIPLIERS[3]);
        } else if self.word != 0 {
            self.end_word(visit);
        }
    }

    #[inline(always)]
    fn end_word(&mut self, visit: &mut impl FnMut(u64)) {
        let mixed = self.word ^ self.word >> 32;
        visit(mixed.wrapping_mul(MULTIPLIERS[4]));
        visit((mixed ^ self.previous.rotate_left(17)).wrapping_mul(MULTIPLIERS[2]));
        self.previous = mixed;
        self.word = 0;
    }

    #[inline(always)]
    fn finish(&mut self, visit: &mut impl FnMut(u64)) {
        self.push(END, visit);
    }
}

/// Sums of weights over one line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NgramSums {
    /// Sum of weights per class, in the order of [`Class::ALL`].
    pub sums: [f32; Class::COUNT],
    /// Number of n-grams.
    pub count: u32,
    /// Largest lead of a junk class over content within any block of the line.
    pub peak: f32,
}

impl NgramSums {
    /// Of nothing.
    pub(crate) const NONE: Self = Self { sums: [0.0; Class::COUNT], count: 0, peak: 0.0 };
}

/// Bits of the hash, known here so that the inner loop needs no check of bounds.
pub(crate) const BITS: u32 = 20;
const SIZE: usize = 1 << BITS;
/// Largest weight either way: three raised ones fit a byte.
pub(crate) const LIMIT: i8 = 42;

/// Weights of hashed n-grams for the four classes.
#[derive(Debug, Clone, PartialEq)]
pub struct NgramTable {
    /// Four bytes a bucket, each raised by [`LIMIT`] so that packed sums need no sign.
    weights: Box<[u32; SIZE]>,
    scale: f32,
    bias: [f32; Class::COUNT],
}

/// Symbols per block: sums of a block stay far below 65,536.
const BLOCK: usize = 48;

/// The first and third of four packed weights.
const EVEN: u32 = 0x00ff_00ff;

impl NgramTable {
    /// Returns the table, or `None` if there are not 2^18 weights or one is out of range.
    pub(crate) fn new(weights: Vec<u32>, scale: f32, bias: [f32; Class::COUNT]) -> Option<Self> {
        let raised = 2 * LIMIT as u8;
        let valid = weights.iter().all(|packed| packed.to_le_bytes().iter().all(|&byte| byte <= raised));
        let weights = Box::try_from(weights.into_boxed_slice()).ok().filter(|_| valid)?;
        Some(Self { weights, scale, bias })
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn bias(&self) -> [f32; Class::COUNT] {
        self.bias
    }

    pub(crate) fn weights(&self) -> &[u32] {
        self.weights.as_slice()
    }

    /// Sums the weights of all n-grams of a folded line.
    ///
    /// The same n-grams as `for_each_ngram`, in a loop that keeps everything in registers;
    /// a test holds the two together.
    pub fn sum(&self, symbols: &[u8]) -> NgramSums {
        let weights: &[u32; SIZE] = &self.weights;
        let load = |hash: u64| weights[(hash >> (64 - BITS)) as usize];
        let short = |window: u32, multiplier: u32| weights[(window.wrapping_mul(multiplier) >> (32 - BITS)) as usize];
        let mut total = [0i64; 4];
        let mut count = 0u32;
        let mut peak = i64::MIN;
        let mut walker = Walker::default();
        let mut rest = symbols;
        loop {
            let (block, behind) = rest.split_at(rest.len().min(BLOCK));
            rest = behind;
            let last = rest.is_empty();
            // Sums of the packed weights, and of their lower and third bytes only: what the
            // others add up to follows from both.
            let mut all = 0u64;
            let mut even = 0u64;
            let mut words = 0u32;
            let Walker { mut window, mut word, mut previous } = walker;
            let mut step = |symbol: u8| {
                let letter = WORD[usize::from(symbol)];
                let folded = if letter != 0 {
                    word = (word ^ u64::from(letter)).wrapping_add(1).wrapping_mul(MULTIPLIERS[3]);
                    letter
                } else {
                    if word != 0 {
                        let mixed = word ^ word >> 32;
                        let two = load(mixed.wrapping_mul(MULTIPLIERS[4]))
                            .wrapping_add(load((mixed ^ previous.rotate_left(17)).wrapping_mul(MULTIPLIERS[2])));
                        all += u64::from(two);
                        even += u64::from(two & EVEN);
                        previous = mixed;
                        word = 0;
                        words += 1;
                    }
                    symbol
                };
                window = window << 8 | u64::from(folded);
                // Three weights stay below 256 in every byte.
                let three = short(window as u32, SHORT_WINDOWS[0])
                    .wrapping_add(short(window as u32, SHORT_WINDOWS[1]))
                    .wrapping_add(load(window.wrapping_mul(WINDOWS[2])));
                all += u64::from(three);
                even += u64::from(three & EVEN);
            };
            for &symbol in block {
                step(symbol);
            }
            if last {
                step(END);
            }
            walker = Walker { window, word, previous };
            let n = 3 * (block.len() as u32 + u32::from(last)) + 2 * words;
            let raised = i64::from(n) * i64::from(LIMIT);
            let odd = (all - even) >> 8;
            let lane = |lanes: u64, number: u32| (lanes >> (16 * number) & 0xffff) as i64 - raised;
            let sums = [lane(even, 0), lane(odd, 0), lane(even, 1), lane(odd, 1)];
            peak = peak.max(sums[2].max(sums[3]) - sums[0]);
            for (sum, part) in total.iter_mut().zip(sums) {
                *sum += part;
            }
            count += n;
            if last {
                break;
            }
        }
        NgramSums { sums: total.map(|sum| sum as f32 * self.scale), count, peak: peak as f32 * self.scale }
    }

    /// Returns the log-odds of each class against content for the sums of a line.
    ///
    /// Sums are divided by the square root of the count, so that long and short lines use
    /// the same weights.
    pub fn logits(&self, sums: &NgramSums) -> [f32; Class::COUNT] {
        let norm = 1.0 / (sums.count.max(1) as f32).sqrt();
        let value = |class: usize| sums.sums[class] * norm + self.bias[class];
        let content = value(0);
        std::array::from_fn(|class| value(class) - content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_sums_equal_plain_ones() {
        let raised = 2 * LIMIT as u32 + 1;
        let weights: Vec<u32> = (0..SIZE as u32)
            .map(|i| u32::from_le_bytes([7, 11, 13, 17].map(|factor| (i.wrapping_mul(factor) / 3 % raised) as u8)))
            .collect();
        let table = NgramTable::new(weights.clone(), 1.0, [0.0; 4]).unwrap();
        let line: Vec<u8> = (0..1000u32).map(|i| (i * 7 % 90 + 32) as u8).collect();
        for line in [&line[..], &line[..BLOCK], &line[..=BLOCK], b"a", b""] {
            let mut plain = [0i64; 4];
            let mut count = 0;
            for_each_ngram(line, |hash| {
                let packed = weights[(hash >> (64 - BITS)) as usize].to_le_bytes();
                for (sum, byte) in plain.iter_mut().zip(packed) {
                    *sum += i64::from(byte) - i64::from(LIMIT);
                }
                count += 1;
            });
            let sums = table.sum(line);
            assert_eq!(sums.count, count);
            for (sum, plain) in sums.sums.into_iter().zip(plain) {
                assert!((sum - plain as f32).abs() < 0.5, "{sum} {plain}");
            }
        }
    }

    #[test]
    fn older_symbols_leave_the_window() {
        let hashes = |line: &[u8]| {
            let mut all = Vec::new();
            for_each_ngram(line, |hash| all.push(hash));
            all
        };
        // The same last six symbols give the same three hashes, whatever stands before.
        let (one, two) = (hashes(b"qqqqqqqabcdef"), hashes(b"zzzzzzzabcdef"));
        let place = 3 * 12;
        assert_eq!(one[place..place + 3], two[place..place + 3]);
        assert_ne!(one[place - 18..place], two[place - 18..place]);
    }
}
