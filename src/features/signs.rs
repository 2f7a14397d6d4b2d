//! Counts the signs of a folded line in one pass.

use crate::eight::{self, Tally};

/// Classes of symbols that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Sign {
    Other = 0,
    Letter,
    High,
    Digit,
    Space,
    Dot,
    Comma,
    Colon,
    Exclamation,
    Question,
    Quote,
    Pipe,
    Slash,
    Greater,
    Less,
    Star,
    Dash,
    Round,
    Square,
    Brace,
    Code,
    Percent,
    Money,
    At,
    Hash,
    Ampersand,
}

const CLASSES: usize = 26;

const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut symbol = 0;
    while symbol < 256 {
        table[symbol] = match symbol as u8 {
            b'a'..=b'z' => Sign::Letter,
            0x80..=0xff => Sign::High,
            b'0'..=b'9' => Sign::Digit,
            b' ' => Sign::Space,
            b'.' => Sign::Dot,
            b',' | b';' => Sign::Comma,
            b':' => Sign::Colon,
            b'!' => Sign::Exclamation,
            b'?' => Sign::Question,
            b'"' => Sign::Quote,
            b'|' => Sign::Pipe,
            b'/' => Sign::Slash,
            b'>' => Sign::Greater,
            b'<' => Sign::Less,
            b'*' => Sign::Star,
            b'-' => Sign::Dash,
            b'(' => Sign::Round,
            b'[' => Sign::Square,
            b'{' | b'}' => Sign::Brace,
            b'=' | b'\\' | b'_' | b'~' | b'^' => Sign::Code,
            b'%' => Sign::Percent,
            b'$' => Sign::Money,
            b'@' => Sign::At,
            b'#' => Sign::Hash,
            b'&' => Sign::Ampersand,
            _ => Sign::Other,
        } as u8;
        symbol += 1;
    }
    table
};

/// Counts by class of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signs {
    counts: [u32; 32],
    inner_dots: u32,
    sentence_breaks: u32,
    number_runs: u32,
}

impl Signs {
    /// Of nothing.
    pub(crate) const NONE: Self = Self { counts: [0; 32], inner_dots: 0, sentence_breaks: 0, number_runs: 0 };

    /// Counts the signs of folded symbols.
    pub fn count_in(symbols: &[u8]) -> Self {
        let mut signs = Self::NONE;
        // Nearly all symbols are letters and spaces, which are counted eight at a time.
        let (mut letters, mut highs, mut spaces) = (Tally::default(), Tally::default(), Tally::default());
        for (number, part) in symbols.chunks(8 * Tally::MOST).enumerate() {
            let first = number * 8 * Tally::MOST;
            eight::words(part).enumerate().for_each(|(number, word)| {
                let (letter, high, space) = (eight::letters(word), eight::high(word), eight::spaces(word));
                letters.add(letter);
                highs.add(high);
                spaces.add(space);
                let others = eight::rest(letter | high | space);
                if others != 0 {
                    signs.add_others(symbols, first + 8 * number, others);
                }
            });
            letters.fold();
            highs.fold();
            spaces.fold();
        }
        signs.counts[Sign::Letter as usize] = letters.fold();
        signs.counts[Sign::High as usize] = highs.fold();
        signs.counts[Sign::Space as usize] = spaces.fold();
        signs
    }

    /// Counts the symbols of a mask that begins at `from`: none of them letter or space.
    fn add_others(&mut self, symbols: &[u8], from: usize, mask: u64) {
        for place in eight::places(mask) {
            let at = from + place;
            let Some(&symbol) = symbols.get(at) else { break };
            self.counts[usize::from(CLASS[usize::from(symbol)] & 31)] += 1;
            match symbol {
                b'.' | b'?' | b'!' => match symbols.get(at + 1) {
                    Some(&next) if next == b' ' || next == b'"' || next >= 0x80 => self.sentence_breaks += 1,
                    Some(next) if symbol == b'.' && next.is_ascii_alphanumeric() => self.inner_dots += 1,
                    _ => {}
                },
                b'0'..=b'9' if at == 0 || !symbols[at - 1].is_ascii_digit() => self.number_runs += 1,
                _ => {}
            }
        }
    }

    /// Number of symbols of a class.
    pub fn count(&self, sign: Sign) -> u32 {
        self.counts[sign as usize]
    }

    /// Dots with a letter or digit right behind.
    pub fn inner_dots(&self) -> u32 {
        self.inner_dots
    }

    /// Sentence ends inside the line.
    pub fn sentence_breaks(&self) -> u32 {
        self.sentence_breaks
    }

    /// Runs of digits.
    pub fn number_runs(&self) -> u32 {
        self.number_runs
    }

    /// Symbols that are neither letters, digits nor spaces.
    pub fn punctuation(&self) -> u32 {
        let all: u32 = self.counts[..CLASSES].iter().sum();
        all - self.count(Sign::Letter) - self.count(Sign::High) - self.count(Sign::Digit) - self.count(Sign::Space)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn counting_by_words_equals_counting_by_symbols(
            line in proptest::collection::vec(proptest::prop_oneof![
                proptest::prelude::any::<u8>(),
                proptest::sample::select(&b"abz .,.?!\"09\x80\xff"[..]),
            ], 0..60),
            repeats in proptest::sample::select(&[1usize, 2, 100][..])
        ) {
            let line = line.repeat(repeats);
            let signs = Signs::count_in(&line);
            let mut counts = [0; 32];
            for &symbol in &line {
                counts[usize::from(CLASS[usize::from(symbol)])] += 1;
            }
            proptest::prop_assert_eq!(signs.counts, counts);
            let pairs = || line.windows(2).map(|pair| (pair[0], pair[1]));
            let ends = |symbol: u8| matches!(symbol, b'.' | b'?' | b'!');
            let breaks = pairs().filter(|&(one, two)| ends(one) && (matches!(two, b' ' | b'"') || two >= 0x80));
            proptest::prop_assert_eq!(signs.sentence_breaks() as usize, breaks.count());
            let dots = pairs().filter(|&(one, two)| one == b'.' && two.is_ascii_alphanumeric());
            proptest::prop_assert_eq!(signs.inner_dots() as usize, dots.count());
            let runs = line.split(|symbol| !symbol.is_ascii_digit()).filter(|run| !run.is_empty());
            proptest::prop_assert_eq!(signs.number_runs() as usize, runs.count());
        }
    }
}
