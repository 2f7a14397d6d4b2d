//! How much a line has in common with the rest of its document.
//!
//! An article about slots mentions slots above; an injected promo shares neither words nor
//! language with what it was put into. Character 4-grams stand for both.

use crate::features::view::LineView;

const BITS: u32 = 15;
/// Symbols of prose after which no more are added: the table would fill up.
const MAX_SYMBOLS: usize = 24_000;
const EMPTY: u16 = 0;
const MANY: u16 = u16::MAX;

/// The 4-grams of a document's prose, each with the line it stands in.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// 1 + number of the only line that holds the 4-gram, or [`MANY`].
    lines: Box<[u16]>,
    used: bool,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { lines: vec![EMPTY; 1 << BITS].into_boxed_slice(), used: false }
    }
}

fn slot(window: u32) -> usize {
    (window.wrapping_mul(0x9e37_79b1) >> (32 - BITS)) as usize
}

impl Vocabulary {
    /// Takes in the prose of a document.
    pub(crate) fn load(&mut self, symbols: &[u8], lines: &[LineView]) {
        if self.used {
            self.lines.fill(EMPTY);
            self.used = false;
        }
        if lines.len() < 2 {
            return;
        }
        let mut left = MAX_SYMBOLS;
        for (number, line) in lines.iter().enumerate() {
            if !line.prose {
                continue;
            }
            self.used = true;
            let own = (number as u16 % (MANY - 2)) + 1;
            let end = line.base.min(line.from + left);
            left -= end - line.from;
            let mut window = 0u32;
            for &symbol in &symbols[line.from..end] {
                window = window << 8 | u32::from(symbol);
                let entry = &mut self.lines[slot(window)];
                *entry = if *entry == EMPTY || *entry == own { own } else { MANY };
            }
            if left == 0 {
                break;
            }
        }
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
        let own = (number as u16 % (MANY - 2)) + 1;
        // Long lines are judged by their first part.
        let symbols = &symbols[..symbols.len().min(400)];
        let mut window = symbols[..3].iter().fold(0u32, |window, &symbol| window << 8 | u32::from(symbol));
        let mut shared = 0;
        for &symbol in &symbols[3..] {
            window = window << 8 | u32::from(symbol);
            let entry = self.lines[slot(window)];
            shared += u32::from(entry != EMPTY && entry != own);
        }
        let count = symbols.len() as u32 - 3;
        (shared as f32 / count as f32, count)
    }
}
