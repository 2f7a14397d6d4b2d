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
pub(crate) fn for_each_token_feature(token: &[u8], mut visit: impl FnMut(u64)) {
    let token = &token[..token.len().min(MAX_TOKEN)];
    let mut window = u64::from(b'^');
    for (index, &symbol) in token.iter().chain(b"$").enumerate() {
        window = window << 8 | u64::from(symbol);
        for (length, multiplier) in MULTIPLIERS.into_iter().enumerate().take(index + 1) {
            visit((window & (0xff_ffff_ffff >> (24 - 8 * length))).wrapping_mul(multiplier));
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
    ///
    /// The same features as [`for_each_token_feature`], with less to do for each symbol; a test
    /// holds the two together.
    pub(crate) fn score(&self, token: &[u8]) -> f32 {
        let shift = 64 - self.bits;
        let mask = self.weights.len() - 1;
        let weight = |hash: u64| i32::from(self.weights[(hash >> shift) as usize & mask]);
        let token = &token[..token.len().min(MAX_TOKEN)];
        let two = |window: u64| weight((window & 0xffff).wrapping_mul(MULTIPLIERS[0]));
        let three = |window: u64| weight((window & 0xff_ffff).wrapping_mul(MULTIPLIERS[1]));
        let four = |window: u64| weight((window & 0xffff_ffff).wrapping_mul(MULTIPLIERS[2]));
        let five = |window: u64| weight((window & 0xff_ffff_ffff).wrapping_mul(MULTIPLIERS[3]));
        let mut sum = 0;
        let mut window = u64::from(b'^');
        for (index, &symbol) in token.iter().chain(b"$").enumerate() {
            window = window << 8 | u64::from(symbol);
            sum += two(window);
            if index < 3 {
                sum += if index > 0 { three(window) } else { 0 };
                sum += if index > 1 { four(window) } else { 0 };
            } else {
                sum += three(window) + four(window) + five(window);
            }
        }
        let (shape, number) = shape_of(token);
        sum += weight(shape) + number.map_or(0, weight);
        // Windows of 2 to 5 symbols over the token and its two ends, the shape, the number.
        let windows = match token.len() + 1 {
            len @ 0..4 => len * (len + 1) / 2,
            len => 4 * len - 6,
        };
        let count = windows + 1 + usize::from(number.is_some());
        sum as f32 * self.scale / (count.max(1) as f32).sqrt() + self.bias
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn the_short_way_gives_the_same_score(token in "[a-z0-9._\u{a0}]{0,40}") {
            let weights: Vec<i8> = (0..1 << 14).map(|index: i32| (index * 37 % 251 - 125) as i8).collect();
            let table = BrandTable::new(14, weights.clone(), 0.25, -1.0).unwrap();
            let (mut sum, mut count) = (0i32, 0u32);
            for_each_token_feature(token.as_bytes(), |hash| {
                sum += i32::from(weights[(hash >> 50) as usize]);
                count += 1;
            });
            let expected = sum as f32 * 0.25 / (count as f32).sqrt() - 1.0;
            proptest::prop_assert!((table.score(token.as_bytes()) - expected).abs() < 1e-4);
        }
    }
}
