//! Counts the signs of a folded line in one pass.

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
    /// Counts the signs of folded symbols.
    pub fn count_in(symbols: &[u8]) -> Self {
        let mut counts = [0u32; 32];
        // Two sets of counters: a second letter need not wait for the first one's sum.
        let mut others = [0u32; 32];
        let mut pairs = symbols.chunks_exact(2);
        for pair in &mut pairs {
            counts[usize::from(CLASS[usize::from(pair[0])] & 31)] += 1;
            others[usize::from(CLASS[usize::from(pair[1])] & 31)] += 1;
        }
        for &symbol in pairs.remainder() {
            counts[usize::from(CLASS[usize::from(symbol)] & 31)] += 1;
        }
        for (count, other) in counts.iter_mut().zip(others) {
            *count += other;
        }
        let mut signs = Self { counts, inner_dots: 0, sentence_breaks: 0, number_runs: 0 };
        if counts[Sign::Dot as usize] + counts[Sign::Question as usize] + counts[Sign::Exclamation as usize] > 0 {
            for at in memchr::memchr3_iter(b'.', b'?', b'!', symbols) {
                match symbols.get(at + 1) {
                    Some(&next) if next == b' ' || next == b'"' || next >= 0x80 => signs.sentence_breaks += 1,
                    Some(next) if symbols[at] == b'.' && next.is_ascii_alphanumeric() => signs.inner_dots += 1,
                    _ => {}
                }
            }
        }
        if counts[Sign::Digit as usize] > 0 {
            signs.number_runs = u32::from(symbols.first().is_some_and(u8::is_ascii_digit))
                + symbols.windows(2).filter(|pair| !pair[0].is_ascii_digit() & pair[1].is_ascii_digit()).count() as u32;
        }
        signs
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
