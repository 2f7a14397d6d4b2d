//! Tells the kinds of boilerplate and spam apart, once a line is known to be one of them.
//!
//! Only findings are looked at, so this table may be larger and slower than the one that
//! every line meets.

use crate::label::{Class, Label};
use crate::model::ngram::for_each_ngram;

/// Kinds per class: eight of boilerplate (byline is a class of its own), eight of spam.
pub(crate) const KINDS: usize = 8;

/// The kinds of boilerplate in column order.
pub(crate) const BOILERPLATE: [Label; KINDS] = [
    Label::Navigation,
    Label::Related,
    Label::Share,
    Label::Subscribe,
    Label::Legal,
    Label::Advert,
    Label::Comments,
    Label::Residue,
];

/// The kinds of spam in column order.
pub(crate) const SPAM: [Label; KINDS] = [
    Label::Gambling,
    Label::Adult,
    Label::Pharma,
    Label::Finance,
    Label::Goods,
    Label::Services,
    Label::Download,
    Label::Scam,
];

/// Calls `visit` with the hash of every n-gram and of every cue that holds.
///
/// Cues are small numbers for facts about the line beyond its words (a phrase list was hit, a
/// token looks like a brand, an address stands in it). Each counts as often as a twelfth of
/// the n-grams, so that they are heard in long lines too.
pub(crate) fn for_each_kind_feature(symbols: &[u8], cues: &[u16], mut visit: impl FnMut(u64, f32)) {
    let symbols = &symbols[..symbols.len().min(600)];
    let mut count = 0u32;
    for_each_ngram(symbols, |hash| {
        visit(hash, 1.0);
        count += 1;
    });
    let weight = 1.0 + count as f32 / 12.0;
    for &cue in cues {
        visit((u64::from(cue) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5555_aaaa_5555_aaaa, weight);
    }
}

/// Weights of hashed features for the kinds of one class.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KindTable {
    bits: u32,
    weights: Vec<[i8; KINDS]>,
    scale: f32,
    bias: [f32; KINDS],
}

impl KindTable {
    /// Returns the table, or `None` if `weights` is not 2^`bits` long.
    pub(crate) fn new(bits: u32, weights: Vec<[i8; KINDS]>, scale: f32, bias: [f32; KINDS]) -> Option<Self> {
        (bits <= 24 && weights.len() == 1 << bits).then_some(Self { bits, weights, scale, bias })
    }

    pub(crate) fn bits(&self) -> u32 {
        self.bits
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn bias(&self) -> [f32; KINDS] {
        self.bias
    }

    pub(crate) fn weights(&self) -> &[[i8; KINDS]] {
        &self.weights
    }

    /// Returns the column of the most probable kind and its probability within the class.
    pub(crate) fn best(&self, symbols: &[u8], cues: &[u16]) -> (usize, f32) {
        let shift = 64 - self.bits;
        let mask = self.weights.len() - 1;
        let mut sums = [0f32; KINDS];
        let mut norm = 0f32;
        for_each_kind_feature(symbols, cues, |hash, weight| {
            norm += weight * weight;
            for (sum, &part) in sums.iter_mut().zip(&self.weights[(hash >> shift) as usize & mask]) {
                *sum += f32::from(part) * weight;
            }
        });
        let norm = self.scale / norm.max(1.0).sqrt();
        let mut best = (0, f32::MIN);
        let mut total = 0.0;
        let logits: [f32; KINDS] = std::array::from_fn(|kind| sums[kind] * norm + self.bias[kind]);
        for (kind, &logit) in logits.iter().enumerate() {
            if logit > best.1 {
                best = (kind, logit);
            }
        }
        for logit in logits {
            total += (logit - best.1).exp();
        }
        (best.0, 1.0 / total)
    }
}

/// Returns the kind label in a column of a class.
pub(crate) fn label_of(class: Class, column: usize) -> Label {
    match class {
        Class::Content => Label::Content,
        Class::Byline => Label::Byline,
        Class::Boilerplate => BOILERPLATE[column],
        Class::Spam => SPAM[column],
    }
}
