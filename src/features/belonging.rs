//! How much a line has in common with the rest of its document.
//!
//! An article about slots mentions slots above; an injected promo shares neither words nor
//! language with what it was put into. The first eight bytes of a word stand for it, so that
//! endings do not matter; in scripts without spaces, pairs of characters do.

use crate::features::view::LineView;

/// Bits of the table for the longest documents, and for the shortest.
const BITS: u32 = 15;
const LEAST_BITS: u32 = 10;
/// Words of prose after which no more are added: the table would fill up.
const MAX_WORDS: usize = 12_000;
/// Words of a line that are compared; long lines are judged by their first part.
const MOST_WORDS: usize = 80;
/// Low half of an entry: the word stands in several lines.
const MANY: u32 = 0xffff;

/// The words of a document's prose, each with the line it stands in.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// High half: the document that wrote the entry, so that none need be cleared. Low half:
    /// 1 + number of the only line that holds the word, or [`MANY`].
    entries: Box<[u32; 1 << BITS]>,
    document: u32,
    /// Bits of the table in use; short documents need a small part of it.
    bits: u32,
    used: bool,
    /// Words that were taken in.
    words: usize,
    /// Whether all prose has been taken in.
    complete: bool,
}

impl Default for Vocabulary {
    fn default() -> Self {
        let entries = vec![0; 1 << BITS].into_boxed_slice().try_into().expect("as long as the table");
        Self { entries, document: 0, bits: LEAST_BITS, used: false, words: 0, complete: false }
    }
}

#[inline(always)]
fn slot(key: u32, shift: u32) -> usize {
    // Keys are hashes already.
    (key >> shift) as usize % (1 << BITS)
}

impl Vocabulary {
    /// Takes in the prose of a document; `keys` holds the words of all lines.
    pub(crate) fn load(&mut self, keys: &[u32], lines: &[LineView]) {
        self.used = false;
        self.words = 0;
        self.complete = lines.len() < MANY as usize - 2;
        self.document += 1;
        if self.document > 0xffff {
            self.entries.fill(0);
            self.document = 1;
        }
        if lines.len() < 2 {
            return;
        }
        let mut left = MAX_WORDS;
        // At least four slots a word, until the table is full.
        self.bits = (keys.len().min(left).max(1).ilog2() + 3).clamp(LEAST_BITS, BITS);
        let shift = 32 - self.bits;
        for (number, line) in lines.iter().enumerate() {
            if !line.prose {
                continue;
            }
            self.used = true;
            let own = self.own(number);
            let many = own | MANY;
            let (from, to) = (line.glance.keys.0 as usize, line.glance.keys.1 as usize);
            let words = &keys[from..to.min(from + left)];
            left -= words.len();
            self.words += words.len();
            for &key in words {
                let entry = &mut self.entries[slot(key, shift)];
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
    /// word of it would.
    pub(crate) fn rules_out_prose(&self, overlap: f32) -> bool {
        self.complete && overlap < 1.0
    }

    /// Number of words in the prose of the document.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// The entry of a word that stands in one line only.
    fn own(&self, number: usize) -> u32 {
        self.document << 16 | (number as u32 % (MANY - 2) + 1)
    }

    /// Whether the document has prose to compare with.
    pub(crate) fn is_loaded(&self) -> bool {
        self.used
    }

    /// Returns the share of a line's words that also stand in prose of other lines, and how many
    /// words there were.
    pub(crate) fn overlap(&self, keys: &[u32], number: usize) -> (f32, u32) {
        let keys = &keys[..keys.len().min(MOST_WORDS)];
        let shared = keys.iter().filter(|&&key| self.holds(key, number)).count();
        (shared as f32 / keys.len().max(1) as f32, keys.len() as u32)
    }

    /// Whether a word stands in prose of another line than `number`.
    pub(crate) fn holds(&self, key: u32, number: usize) -> bool {
        let entry = self.entries[slot(key, 32 - self.bits)];
        (entry ^ self.own(number)).wrapping_sub(1) < MANY
    }
}
