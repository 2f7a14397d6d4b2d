//! A first look at running text: which words could be part of something that does not belong.
//!
//! Most of a text is plain prose, and every other stage costs ten times as much as reading the
//! words once. The screen adds up one small weight a word, forgets what lies behind (the
//! cumulative sum of Page 1954, which finds where a sequence begins to differ), and keeps the
//! highest value. Lines that stay below a limit are content without a closer look. It only
//! decides where to look, never what goes.

/// Hash bits of the table.
pub(crate) const BITS: u32 = 18;
const SIZE: usize = 1 << BITS;

/// Weights of words, and how they are summed.
#[derive(Debug, Clone, PartialEq)]
pub struct Screen {
    weights: Box<[i8; SIZE]>,
    /// Taken off for every word.
    drift: i32,
    /// Highest sum of a line that needs no closer look.
    limit: i32,
    /// Highest sum at its end, where most of what was put into a paragraph stands.
    last_limit: i32,
}

impl Screen {
    /// Returns the screen, or `None` if there are not 2^18 weights.
    pub(crate) fn new(weights: Vec<i8>, drift: i32, limit: i32, last_limit: i32) -> Option<Self> {
        let weights = Box::try_from(weights.into_boxed_slice()).ok()?;
        let sensible =
            (0..=1 << 10).contains(&drift) && [limit, last_limit].iter().all(|limit| (0..=1 << 20).contains(limit));
        sensible.then_some(Self { weights, drift, limit, last_limit })
    }

    /// A screen that has seen nothing, for training.
    #[cfg(feature = "train")]
    pub(crate) fn blank() -> Self {
        Self::new(vec![0; SIZE], 0, 0, 0).expect("as long as the table")
    }

    pub(crate) fn weights(&self) -> &[i8] {
        self.weights.as_slice()
    }

    pub(crate) fn drift(&self) -> i32 {
        self.drift
    }

    pub(crate) fn limit(&self) -> i32 {
        self.limit
    }

    pub(crate) fn last_limit(&self) -> i32 {
        self.last_limit
    }

    /// The weight of a word, given as a hash whose high bits are mixed.
    #[inline(always)]
    pub(crate) fn weight(&self, word: u64) -> i32 {
        i32::from(self.weights[bucket(word)])
    }
}

/// The place of a word in the table.
#[inline(always)]
pub(crate) const fn bucket(word: u64) -> usize {
    (word >> (64 - BITS)) as usize
}
