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

const WORD_SYMBOL: [bool; 256] = {
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
        visit((self.window & 0xff_ffff).wrapping_mul(MULTIPLIERS[0]));
        visit((self.window & 0xffff_ffff).wrapping_mul(MULTIPLIERS[1]));
        visit((self.window & 0xffff_ffff_ffff).wrapping_mul(MULTIPLIERS[2]));
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

/// Weights of hashed n-grams for the four classes.
#[derive(Debug, Clone, PartialEq)]
pub struct NgramTable {
    bits: u32,
    /// Four signed bytes a bucket, each raised by 128 so that packed sums need no sign.
    weights: Vec<u32>,
    scale: f32,
    bias: [f32; Class::COUNT],
}

/// Symbols per block: at most five n-grams a symbol keep each 16-bit sum below 65,536.
const BLOCK: usize = 48;

impl NgramTable {
    /// Returns the table, or `None` if `weights` is not 2^`bits` long.
    pub(crate) fn new(bits: u32, weights: Vec<u32>, scale: f32, bias: [f32; Class::COUNT]) -> Option<Self> {
        (bits <= 24 && weights.len() == 1 << bits).then_some(Self { bits, weights, scale, bias })
    }

    /// Number of hash bits.
    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn bias(&self) -> [f32; Class::COUNT] {
        self.bias
    }

    pub(crate) fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// Sums the weights of all n-grams of a folded line.
    ///
    /// The same n-grams as `for_each_ngram`, in a loop that keeps everything in registers;
    /// a test holds the two together.
    pub fn sum(&self, symbols: &[u8]) -> NgramSums {
        let shift = 64 - self.bits;
        let mask = self.weights.len() - 1;
        let weights = self.weights.as_slice();
        // With a length known to be a power of two, the mask spares the bounds check a branch.
        let load = |hash: u64| weights[(hash >> shift) as usize & mask];
        let mut total = [0i64; 4];
        let mut count = 0u32;
        let mut peak = i64::MIN;
        let mut walker = Walker::default();
        let mut rest = symbols;
        loop {
            let (block, behind) = rest.split_at(rest.len().min(BLOCK));
            rest = behind;
            let last = rest.is_empty();
            let (mut even, mut odd) = (0u32, 0u32);
            let mut n = 0u32;
            let Walker { mut window, mut word, mut previous } = walker;
            let mut at = 0;
            let end = block.len() + usize::from(last);
            while at < end {
                let symbol = block.get(at).copied().unwrap_or(END);
                at += 1;
                let folded = u64::from(NGRAM_SYMBOL[usize::from(symbol)]);
                window = window << 8 | folded;
                let one = load((window & 0xff_ffff).wrapping_mul(MULTIPLIERS[0]));
                let two = load((window & 0xffff_ffff).wrapping_mul(MULTIPLIERS[1]));
                let three = load((window & 0xffff_ffff_ffff).wrapping_mul(MULTIPLIERS[2]));
                even = even
                    .wrapping_add(one & 0x00ff_00ff)
                    .wrapping_add(two & 0x00ff_00ff)
                    .wrapping_add(three & 0x00ff_00ff);
                odd = odd
                    .wrapping_add(one >> 8 & 0x00ff_00ff)
                    .wrapping_add(two >> 8 & 0x00ff_00ff)
                    .wrapping_add(three >> 8 & 0x00ff_00ff);
                if WORD_SYMBOL[usize::from(symbol)] {
                    word = (word ^ folded).wrapping_add(1).wrapping_mul(MULTIPLIERS[3]);
                } else if word != 0 {
                    let mixed = word ^ word >> 32;
                    let one = load(mixed.wrapping_mul(MULTIPLIERS[4]));
                    let two = load((mixed ^ previous.rotate_left(17)).wrapping_mul(MULTIPLIERS[2]));
                    even = even.wrapping_add(one & 0x00ff_00ff).wrapping_add(two & 0x00ff_00ff);
                    odd = odd.wrapping_add(one >> 8 & 0x00ff_00ff).wrapping_add(two >> 8 & 0x00ff_00ff);
                    previous = mixed;
                    word = 0;
                    n += 2;
                }
            }
            walker = Walker { window, word, previous };
            n += 3 * end as u32;
            let raised = i64::from(n) * 128;
            let sums = [
                i64::from(even & 0xffff) - raised,
                i64::from(odd & 0xffff) - raised,
                i64::from(even >> 16) - raised,
                i64::from(odd >> 16) - raised,
            ];
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
        let bits = 10;
        let weights: Vec<u32> = (0..1u32 << bits).map(|i| i.wrapping_mul(0x9e37_79b1) ^ i).collect();
        let table = NgramTable::new(bits, weights.clone(), 1.0, [0.0; 4]).unwrap();
        let line: Vec<u8> = (0..1000u32).map(|i| (i * 7 % 90 + 32) as u8).collect();
        let mut plain = [0i64; 4];
        let mut count = 0;
        for_each_ngram(&line, |hash| {
            let packed = weights[(hash >> (64 - bits)) as usize].to_le_bytes();
            for (sum, byte) in plain.iter_mut().zip(packed) {
                *sum += i64::from(byte) - 128;
            }
            count += 1;
        });
        let sums = table.sum(&line);
        assert_eq!(sums.count, count);
        for (sum, plain) in sums.sums.into_iter().zip(plain) {
            assert!((sum - plain as f32).abs() < 0.5, "{sum} {plain}");
        }
    }
}
