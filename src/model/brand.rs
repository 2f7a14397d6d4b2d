//! Scores single tokens by how much they look like the invented name of a betting site.
//!
//! Brands change weekly, their shape does not: `gacor77`, `slot303`, `mpo4d`. The weights are
//! learnt from names of listed gambling domains against popular benign domains and the words
//! and numbers of ordinary text. Digits count as what they are here: 77 and 138 are lucky,
//! 2023 is a year.

const MULTIPLIERS: [u64; 4] =
    [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0xff51_afd7_ed55_8ccd];

/// Longest token that is scored; longer ones are data.
pub(crate) const MAX_TOKEN: usize = 32;

/// Calls `visit` with the 64-bit hash of every feature of a token of folded symbols:
/// characters 2 to 5 with both ends marked, the run of shapes, the number behind the letters.
#[inline(always)]
pub(crate) fn for_each_token_feature(token: &[u8], mut visit: impl FnMut(u64)) {
    let token = &token[..token.len().min(MAX_TOKEN)];
    let mut window = u64::from(b'^');
    for (index, &symbol) in token.iter().chain(b"$").enumerate() {
        window = window << 8 | u64::from(symbol);
        visit((window & 0xffff).wrapping_mul(MULTIPLIERS[0]));
        if index >= 1 {
            visit((window & 0xff_ffff).wrapping_mul(MULTIPLIERS[1]));
        }
        if index >= 2 {
            visit((window & 0xffff_ffff).wrapping_mul(MULTIPLIERS[2]));
        }
        if index >= 3 {
            visit((window & 0xff_ffff_ffff).wrapping_mul(MULTIPLIERS[3]));
        }
    }
    let (shape, number) = shape_of(token);
    visit(shape);
    number.into_iter().for_each(visit);
}

/// Hashes of the runs of letters, digits and signs that a token is made of, and of the number at
/// its end.
fn shape_of(token: &[u8]) -> (u64, Option<u64>) {
    let class = |symbol: u8| match symbol {
        b'0'..=b'9' => 1u8,
        b'a'..=b'z' => 2,
        _ => 4,
    };
    let mut shape = 0u64;
    let mut last = 0;
    for run in token.chunk_by(|&one, &two| class(one) == class(two)) {
        let size = run.len() as u64;
        // Exact length of numbers, rough length of words.
        let length = if class(run[0]) == 1 { size.min(6) } else { 8 + (size / 2).min(6) };
        shape = shape << 6 | u64::from(class(run[0])) << 4 | length;
        last = if class(run[0]) == 1 { run.len() } else { 0 };
    }
    let number = (1..=5).contains(&last).then(|| {
        let digits = &token[token.len() - last..];
        let number = digits.iter().fold(0u64, |n, &d| n * 11 + u64::from(d - b'0') + 1);
        (number | 1 << 61).wrapping_mul(MULTIPLIERS[2])
    });
    ((shape | 1 << 60).wrapping_mul(MULTIPLIERS[1]), number)
}

/// Weights of token features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BrandTable {
    bits: u32,
    weights: Vec<i8>,
    scale: f32,
    bias: f32,
}

impl BrandTable {
    /// Returns the table, or `None` if `weights` is not 2^`bits` long.
    pub(crate) fn new(bits: u32, weights: Vec<i8>, scale: f32, bias: f32) -> Option<Self> {
        (bits <= 24 && weights.len() == 1 << bits).then_some(Self { bits, weights, scale, bias })
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn bias(&self) -> f32 {
        self.bias
    }

    pub(crate) fn weights(&self) -> &[i8] {
        &self.weights
    }

    /// Returns the log-odds that a token is a gambling brand rather than an ordinary name.
    pub(crate) fn score(&self, token: &[u8]) -> f32 {
        let shift = 64 - self.bits;
        let mask = self.weights.len() - 1;
        let (mut sum, mut count) = (0i32, 0u32);
        for_each_token_feature(token, |hash| {
            sum += i32::from(self.weights[(hash >> shift) as usize & mask]);
            count += 1;
        });
        sum as f32 * self.scale / (count.max(1) as f32).sqrt() + self.bias
    }
}
