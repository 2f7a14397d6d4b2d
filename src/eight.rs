//! Looks at eight bytes at a time in plain 64-bit arithmetic.
//!
//! A mask has the top bit of every byte that is of a class. Loops over bytes of short lines
//! cost several instructions a byte and rarely become vector code; these cost two or three, on
//! any machine.

pub(crate) const TOPS: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// The next eight symbols, and the words behind them; the last word is filled up with zeros.
pub(crate) fn words(symbols: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let (words, rest) = symbols.as_chunks::<8>();
    let last = rest.iter().rev().fold(0, |word, &symbol| word << 8 | u64::from(symbol));
    words.iter().map(|&word| u64::from_le_bytes(word)).chain((!rest.is_empty()).then_some(last))
}

/// Bytes that are not ASCII.
pub(crate) const fn high(word: u64) -> u64 {
    word & TOPS
}

/// Bytes that are not in a mask.
pub(crate) const fn rest(mask: u64) -> u64 {
    !mask & TOPS
}

/// Bytes from `low` to `high`, both ASCII.
#[inline(always)]
const fn between(word: u64, low: u8, high: u8) -> u64 {
    let bits = word & !TOPS;
    let from = bits + ONES * (0x80 - low as u64);
    let behind = bits + ONES * (0x7f - high as u64);
    from & !behind & !word & TOPS
}

/// Lower-case letters of ASCII.
#[inline(always)]
pub(crate) const fn letters(word: u64) -> u64 {
    between(word, b'a', b'z')
}

/// Capital letters of ASCII.
#[inline(always)]
pub(crate) const fn capitals(word: u64) -> u64 {
    between(word, b'A', b'Z')
}

/// White space and controls of ASCII.
#[inline(always)]
pub(crate) const fn blanks(word: u64) -> u64 {
    between(word, 0, b' ') | between(word, 0x7f, 0x7f)
}

/// All bits of the bytes in a mask.
#[inline(always)]
pub(crate) const fn whole(mask: u64) -> u64 {
    (mask >> 7) * 0xff
}

/// Number of bytes in a mask.
#[inline(always)]
pub(crate) const fn count(mask: u64) -> u32 {
    ((mask >> 7).wrapping_mul(ONES) >> 56) as u32
}

/// Digits of ASCII.
#[inline(always)]
pub(crate) const fn digits(word: u64) -> u64 {
    between(word, b'0', b'9')
}

/// Spaces.
#[inline(always)]
pub(crate) const fn spaces(word: u64) -> u64 {
    between(word, b' ', b' ')
}

/// The word with every digit replaced by `0`.
#[inline(always)]
pub(crate) const fn without_digits(word: u64) -> u64 {
    word & !((digits(word) >> 7) * 0x0f)
}

/// One bit a byte, that of the first byte lowest.
#[inline(always)]
pub(crate) const fn bits(mask: u64) -> u64 {
    // Every bit of the product's top byte comes from one byte of the mask, without carries.
    (mask >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Numbers of the bytes in a mask, in order.
pub(crate) fn places(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (mask != 0).then(|| mask.trailing_zeros() as usize / 8);
        mask &= mask.wrapping_sub(1);
        place
    })
}

/// Counts the bytes of masks without counting bits one by one.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    lanes: u64,
    total: u32,
}

impl Tally {
    /// Masks that are added before [`fold`](Self::fold) must be called.
    pub(crate) const MOST: usize = 255;

    #[inline(always)]
    pub(crate) fn add(&mut self, mask: u64) {
        self.lanes += mask >> 7;
    }

    /// Sums up the lanes, which have room for [`MOST`](Self::MOST) masks, and returns all
    /// there were so far.
    pub(crate) fn fold(&mut self) -> u32 {
        let pairs = (self.lanes & 0x00ff_00ff_00ff_00ff) + (self.lanes >> 8 & 0x00ff_00ff_00ff_00ff);
        self.total += (pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as u32;
        self.lanes = 0;
        self.total
    }
}

/// Bytes that are classed together by [`flags`].
pub(crate) const BLOCK: usize = 64;

/// One bit for each byte of a block that is 1; the others are 0.
#[inline(always)]
pub(crate) fn flags(bytes: &[u8; BLOCK]) -> u64 {
    let mut out = 0;
    for (number, part) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let word = u64::from_le_bytes(*part);
        out |= (word.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * number);
    }
    out
}

/// Eight bytes from `at`, zeros behind the end.
#[inline(always)]
pub(crate) fn load(bytes: &[u8], at: usize) -> u64 {
    match bytes.get(at..at + 8).and_then(|eight| eight.first_chunk()) {
        Some(&eight) => u64::from_le_bytes(eight),
        None => load_end(bytes, at),
    }
}

#[cold]
fn load_end(bytes: &[u8], at: usize) -> u64 {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take(8).rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// Masks of the first bytes of a word of eight.
const FIRST: [u64; 9] = {
    let mut masks = [u64::MAX; 9];
    let mut len = 0;
    while len < 8 {
        masks[len] = !(u64::MAX << (8 * len));
        len += 1;
    }
    masks
};

/// The first `len` bytes of a word of eight, zeros for the rest.
#[inline(always)]
pub(crate) fn first(word: u64, len: usize) -> u64 {
    word & FIRST[len.min(8)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_say_what_each_byte_is() {
        for byte in 0..=255u8 {
            for place in 0..8 {
                for other in [0, b'a', b'0', b' ', 0x7f, 0x80, 0xff] {
                    let mut bytes = [other; 8];
                    bytes[place] = byte;
                    let word = u64::from_le_bytes(bytes);
                    let expected = |class: fn(u8) -> bool| {
                        u64::from_le_bytes(bytes.map(|byte| if class(byte) { 0x80 } else { 0 }))
                    };
                    assert_eq!(letters(word), expected(|byte| byte.is_ascii_lowercase()));
                    assert_eq!(digits(word), expected(|byte| byte.is_ascii_digit()));
                    assert_eq!(capitals(word), expected(|byte| byte.is_ascii_uppercase()));
                    assert_eq!(blanks(word), expected(|byte| byte <= b' ' || byte == 0x7f));
                    assert_eq!(count(digits(word)) as usize, bytes.iter().filter(|byte| byte.is_ascii_digit()).count());
                    assert_eq!(spaces(word), expected(|byte| byte == b' '));
                    assert_eq!(high(word), expected(|byte| byte >= 0x80));
                    let zeros = bytes.map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
                    assert_eq!(without_digits(word), u64::from_le_bytes(zeros));
                }
            }
        }
    }

    #[test]
    fn bits_and_places_follow_the_bytes() {
        for set in 0..=255u64 {
            let bytes: [u8; 8] = std::array::from_fn(|place| if set >> place & 1 == 1 { 0x80 } else { 0 });
            let mask = u64::from_le_bytes(bytes);
            assert_eq!(bits(mask), set);
            assert_eq!(places(mask).fold(0, |set, place| set | 1 << place), set);
        }
    }

    #[test]
    fn a_tally_counts_what_was_added() {
        let mut tally = Tally::default();
        for _ in 0..Tally::MOST {
            tally.add(TOPS);
        }
        assert_eq!(tally.fold(), 8 * 255);
        tally.add(0x80);
        assert_eq!(tally.fold(), 8 * 255 + 1);
    }

    #[test]
    fn loads_stop_at_the_end() {
        let bytes = *b"0123456789";
        for at in 0..12 {
            let rest = &bytes[at.min(10)..];
            let mut eight = [0; 8];
            eight[..rest.len().min(8)].copy_from_slice(&rest[..rest.len().min(8)]);
            assert_eq!(load(&bytes, at), u64::from_le_bytes(eight));
        }
        assert_eq!(first(u64::MAX, 0), 0);
        assert_eq!(first(u64::MAX, 3), 0xff_ffff);
        assert_eq!(first(u64::MAX, 9), u64::MAX);
        let block: [u8; BLOCK] = std::array::from_fn(|place| u8::from(place % 5 == 1));
        assert_eq!(flags(&block), (0..64).filter(|place| place % 5 == 1).fold(0, |set, place| set | 1 << place));
    }
}
