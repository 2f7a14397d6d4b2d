//! Tells whether a line is written in the language of its document.
//!
//! Injected promotion is often in another language than the article it was put into. Which
//! language that is does not matter, only whether the line fits; so there is no list of
//! verdicts, only scores of both against the same languages, and a language the table does not
//! know is a mixture of those it does.

use crate::model::ngram::WORD_SYMBOL;

/// Languages, or groups of near ones, told apart.
pub(crate) const LANGUAGES: usize = 32;
/// Hash bits of the table.
pub(crate) const BITS: u32 = 13;
const SIZE: usize = 1 << BITS;
/// Symbols of a line that are looked at.
const MOST_SYMBOLS: usize = 112;
/// More n-grams than so many symbols have: one each, and half as many words.
const MOST_NGRAMS: usize = 176;
/// Fewest n-grams of a line that say anything.
const LEAST: u32 = 6;

/// Letters of any script as they are, everything else as a space: digits and signs are of no
/// language.
const LETTER: [u8; 256] = {
    let mut table = [b' '; 256];
    let mut symbol = 0;
    while symbol < 256 {
        if WORD_SYMBOL[symbol] && !(symbol as u8).is_ascii_digit() {
            table[symbol] = symbol as u8;
        }
        symbol += 1;
    }
    table
};

/// Calls `visit` with the bucket of every n-gram: four symbols that touch a letter, and words.
#[inline(always)]
pub(crate) fn for_each_bucket(symbols: &[u8], mut visit: impl FnMut(usize)) {
    let bucket = |value: u64| (value.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BITS)) as usize;
    let mut window = 0u32;
    let mut word = 0u64;
    // The end of the line ends a word as well.
    for part in [symbols, b" "] {
        for &symbol in part {
            let symbol = LETTER[usize::from(symbol)];
            window = window << 8 | u32::from(symbol);
            if symbol != b' ' {
                word = (word ^ u64::from(symbol)).wrapping_add(1).wrapping_mul(0xff51_afd7_ed55_8ccd);
            } else {
                if word != 0 {
                    visit(bucket(word ^ word >> 32 | 1 << 40));
                    word = 0;
                }
                if window & 0xffff == 0x2020 {
                    continue;
                }
            }
            if window >> 16 != 0 {
                visit(bucket(u64::from(window)));
            }
        }
    }
}

/// Log-likelihood ratios of n-grams by language, naive Bayes.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageTable {
    /// The weights of two languages, half the list apart, in 16 bits, each raised by [`RAISE`] so that sums need no sign.
    weights: Box<[[u16; PAIRS]; SIZE]>,
    scale: f32,
}

/// Numbers that hold the weights of two languages each.
const PAIRS: usize = LANGUAGES / 2;
/// What weights are raised by.
const RAISE: i16 = 128;

/// Mean score of a text for each language.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LanguageProfile {
    sums: [i32; LANGUAGES],
    count: u32,
}

impl Default for LanguageProfile {
    fn default() -> Self {
        Self { sums: [0; LANGUAGES], count: 0 }
    }
}

impl LanguageProfile {
    fn best(&self) -> usize {
        (0..LANGUAGES).max_by_key(|&language| self.sums[language]).unwrap_or(0)
    }

    fn mean(&self, language: usize) -> f32 {
        self.sums[language] as f32 / self.count.max(1) as f32
    }
}

impl LanguageTable {
    /// Returns the table, or `None` if there are not 2^13 rows or the scale is not finite.
    pub(crate) fn new(weights: Vec<[i8; LANGUAGES]>, scale: f32) -> Option<Self> {
        let raised = |weight: i8| (i16::from(weight) + RAISE) as u16;
        let pack =
            |row: [i8; LANGUAGES]| std::array::from_fn(|pair| raised(row[pair]) | raised(row[PAIRS + pair]) << 8);
        let weights: Vec<[u16; PAIRS]> = weights.into_iter().map(pack).collect();
        let weights = Box::try_from(weights.into_boxed_slice()).ok().filter(|_| scale.is_finite())?;
        Some(Self { weights, scale })
    }

    /// The weights of all languages, bucket by bucket.
    pub(crate) fn weights(&self) -> impl Iterator<Item = i8> {
        let lower = |raised: u16| ((raised & 0xff) as i16 - RAISE) as i8;
        self.weights.iter().flat_map(move |row| {
            row.iter().map(move |&pair| lower(pair)).chain(row.iter().map(move |&pair| lower(pair >> 8)))
        })
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    /// Adds the n-grams of folded symbols to a profile.
    pub(crate) fn add(&self, symbols: &[u8], profile: &mut LanguageProfile) {
        // Sums of so few raised weights fit 16 bits. Two loops keep the state of each in registers.
        let mut buckets = [0u16; MOST_NGRAMS];
        let mut count = 0;
        for_each_bucket(&symbols[..symbols.len().min(MOST_SYMBOLS)], |bucket| {
            buckets[count % MOST_NGRAMS] = bucket as u16;
            count += 1;
        });
        let rows = self.sum_rows(&buckets[..count]);
        let raised = count as i32 * i32::from(RAISE);
        for (sum, row) in profile.sums.iter_mut().zip(rows.as_flattened()) {
            *sum += i32::from(*row) - raised;
        }
        profile.count += count as u32;
    }

    /// Sums rows of raised weights. Apart from its caller, so that all lanes of a vector are used:
    /// what is done with the sums later has half as many.
    #[inline(never)]
    fn sum_rows(&self, buckets: &[u16]) -> [[u16; PAIRS]; 2] {
        let [mut low, mut high] = [[0u16; PAIRS]; 2];
        for &bucket in buckets {
            let row = &self.weights[usize::from(bucket) % SIZE];
            for pair in 0..PAIRS {
                low[pair] += row[pair] & 0xff;
                high[pair] += row[pair] >> 8;
            }
        }
        [low, high]
    }

    /// Returns how surely folded symbols are in another language than `document`, 0 if they are
    /// not or there is too little to say.
    ///
    /// Both sides must agree: the line fits its own best language better than the document's,
    /// and the document fits its own better than the line's. The smaller of the two leads in mean
    /// log-likelihood, times the square root of the number of n-grams.
    pub(crate) fn mismatch(&self, symbols: &[u8], document: &LanguageProfile) -> f32 {
        if document.count < 4 * LEAST {
            return 0.0;
        }
        let mut line = LanguageProfile::default();
        self.add(symbols, &mut line);
        if line.count < LEAST {
            return 0.0;
        }
        let (own, home) = (line.best(), document.best());
        let lead = (line.mean(own) - line.mean(home)).min(document.mean(home) - document.mean(own));
        lead.max(0.0) * self.scale * (line.count as f32).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_in_another_language_mismatches() {
        // Two columns that know one word each; the others know nothing.
        let mut weights = vec![[-20i8; LANGUAGES]; SIZE];
        for (language, text) in [(3, &b"aku makan nasi goreng di rumah"[..]), (7, b"the cat sat on the mat again")] {
            for_each_bucket(text, |bucket| weights[bucket][language] = 90);
        }
        let table = LanguageTable::new(weights, 0.05).unwrap();
        let mut home = LanguageProfile::default();
        table.add(b"aku makan nasi goreng di rumah", &mut home);
        assert!(table.mismatch(b"the cat sat on the mat", &home) > 5.0);
        assert!(table.mismatch(b"aku makan nasi goreng", &home).abs() < 1e-6);
        assert!(table.mismatch(b"the", &home).abs() < 1e-6, "too short to say");
        assert!(table.mismatch(b"12345 67890 88 77", &home).abs() < 1e-6, "digits are of no language");
        assert!(table.mismatch(b"the cat sat on the mat", &LanguageProfile::default()).abs() < 1e-6);
    }

    #[test]
    fn sums_of_raised_weights_equal_plain_ones() {
        let weight = |bucket: usize, language: usize| (bucket * 31 + language * 17) as u8 as i8;
        let rows: Vec<[i8; LANGUAGES]> =
            (0..SIZE).map(|bucket| std::array::from_fn(|language| weight(bucket, language))).collect();
        let table = LanguageTable::new(rows.clone(), 1.0).unwrap();
        assert!(table.weights().eq(rows.iter().flatten().copied()));
        let line: Vec<u8> = (0..MOST_SYMBOLS as u32).map(|i| b"ab c\xd0\xd1e1."[(i * i % 9) as usize]).collect();
        for line in [&line[..], &line[..40], &b"a ".repeat(MOST_SYMBOLS / 2), b"a", b""] {
            let mut profile = LanguageProfile::default();
            table.add(line, &mut profile);
            let mut plain = LanguageProfile::default();
            for_each_bucket(line, |bucket| {
                for language in 0..LANGUAGES {
                    plain.sums[language] += i32::from(weight(bucket, language));
                }
                plain.count += 1;
            });
            assert_eq!(profile, plain);
        }
    }
}
