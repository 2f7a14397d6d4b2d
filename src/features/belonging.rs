//! How much a line has in common with the rest of its document.
//!
//! An article about slots mentions slots above; an injected promo shares neither words nor
//! language with what it was put into. Character 4-grams stand for both.

use crate::features::view::LineView;

/// Bits of the table for the longest documents, and for the shortest.
const BITS: u32 = 15;
const LEAST_BITS: u32 = 10;
/// Symbols of prose after which no more are added: the table would fill up.
const MAX_SYMBOLS: usize = 24_000;
/// Low half of an entry: the 4-gram stands in several lines.
const MANY: u32 = 0xffff;

/// The 4-grams of a document's prose, each with the line it stands in.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// High half: the document that wrote the entry, so that none need be cleared. Low half:
    /// 1 + number of the only line that holds the 4-gram, or [`MANY`].
    entries: Box<[u32; 1 << BITS]>,
    document: u32,
    /// Bits of the table in use; short documents need a small part of it.
    bits: u32,
    used: bool,
    /// Whether all prose has been taken in.
    complete: bool,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let entries = vec![0; 1 << BITS].into_boxed_slice().try_into().expect("as long as the table");
        Self { entries, document: 0, bits: LEAST_BITS, used: false, complete: false }
    }
}

#[inline(always)]
fn slot(window: u32, shift: u32) -> usize {
    (window.wrapping_mul(0x9e37_79b1) >> shift) as usize % (1 << BITS)
}

impl Vocabulary {
    /// Takes in the prose of a document.
    pub(crate) fn load(&mut self, symbols: &[u8], lines: &[LineView]) {
        self.used = false;
        self.complete = lines.len() < MANY as usize - 2;
        self.document += 1;
        if self.document > 0xffff {
            self.entries.fill(0);
            self.document = 1;
        }
        if lines.len() < 2 {
            return;
        }
        let mut left = MAX_SYMBOLS;
        let prose: usize = lines.iter().filter(|line| line.prose).map(|line| line.base - line.from).sum();
        // At least four slots a 4-gram, until the table is full.
        self.bits = (prose.min(left).max(1).ilog2() + 3).clamp(LEAST_BITS, BITS);
        for (number, line) in lines.iter().enumerate() {
            if !line.prose {
                continue;
            }
            self.used = true;
            let own = self.own(number);
            let end = line.base.min(line.from + left);
            left -= end - line.from;
            let mut window = 0u32;
            let many = own | MANY;
            let shift = 32 - self.bits;
            for &symbol in &symbols[line.from..end] {
                window = window << 8 | u32::from(symbol);
                let entry = &mut self.entries[slot(window, shift)];
                // Entries of other documents differ in the high half, others in the low half only.
                let differs = *entry ^ own;
                *entry = if differs.wrapping_sub(1) < MANY { many } else { own };
            }
            if left == 0 {
                self.complete = false;
                break;
            }
        }
    }

    /// Whether text with this overlap stands in no prose of other lines: if it did, every
    /// 4-gram of it would.
    pub(crate) fn rules_out_prose(&self, overlap: f32) -> bool {
        self.complete && overlap < 1.0
    }

    /// The entry of a 4-gram that stands in one line only.
    fn own(&self, number: usize) -> u32 {
        self.document << 16 | (number as u32 % (MANY - 2) + 1)
    }

    /// Whether the document has prose to compare with.
    pub(crate) fn is_loaded(&self) -> bool {
        self.used
    }

    /// Returns the share of a line's 4-grams that also stand in prose of other lines, and
    /// how many 4-grams there were.
    pub(crate) fn overlap(&self, symbols: &[u8], number: usize) -> (f32, u32) {
        if symbols.len() < 4 {
            return (0.0, 0);
        }
        let own = self.own(number);
        // Long lines are judged by their first part.
        let symbols = &symbols[..symbols.len().min(400)];
        let mut window = symbols[..3].iter().fold(0u32, |window, &symbol| window << 8 | u32::from(symbol));
        let mut shared = 0;
        for &symbol in &symbols[3..] {
            window = window << 8 | u32::from(symbol);
            let entry = self.entries[slot(window, 32 - self.bits)];
            shared += u32::from((entry ^ own).wrapping_sub(1) < MANY);
        }
        let count = symbols.len() as u32 - 3;
        (shared as f32 / count as f32, count)
    }
}
