//! Trains the hashed tables: softmax regression by AdaGrad (Duchi, Hazan and Singer 2011).
//!
//! linfa takes dense input only, and 2^17 columns times a million lines would not fit any
//! machine. Examples are visited in a fixed shuffled order by one thread per table, so the
//! weights are the same on every run.

use crate::label::Class;
use crate::model::brand::{BrandTable, for_each_token_feature};
use crate::model::kind::{KINDS, KindTable, for_each_kind_feature};
use crate::model::ngram::{LIMIT, NgramTable, for_each_ngram};
use crate::train::rng::Rng;

/// Settings of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SparseParams {
    pub(crate) bits: u32,
    pub(crate) epochs: usize,
    pub(crate) rate: f32,
    /// Strength of the pull towards zero, per update.
    pub(crate) decay: f32,
    pub(crate) seed: u64,
}

/// A softmax regression over hashed features.
struct Softmax<const K: usize> {
    shift: u32,
    /// Weight and sum of squared gradients side by side: one cache line serves both.
    cells: Vec<[[f32; K]; 2]>,
    bias: [f32; K],
    bias_gradients: [f32; K],
    params: SparseParams,
}

impl<const K: usize> Softmax<K> {
    fn new(params: SparseParams) -> Self {
        Self {
            shift: 64 - params.bits,
            cells: vec![[[0.0; K], [1e-3; K]]; 1 << params.bits],
            bias: [0.0; K],
            bias_gradients: [1e-3; K],
            params,
        }
    }

    fn update(&mut self, features: &[(u64, f32)], target: usize, weight: f32) {
        let norm: f32 = features.iter().map(|(_, value)| value * value).sum();
        let norm = 1.0 / norm.max(1.0).sqrt();
        let mut logits = self.bias;
        for &(hash, value) in features {
            let value = value * norm;
            for (logit, part) in logits.iter_mut().zip(&self.cells[(hash >> self.shift) as usize][0]) {
                *logit += part * value;
            }
        }
        let max = logits.iter().copied().fold(f32::MIN, f32::max);
        let mut errors = logits.map(|logit| (logit - max).exp());
        let sum: f32 = errors.iter().sum();
        for (class, error) in errors.iter_mut().enumerate() {
            *error = (*error / sum - f32::from(u8::from(class == target))) * weight;
        }
        let rate = self.params.rate;
        for &(hash, value) in features {
            let [weights, totals] = &mut self.cells[(hash >> self.shift) as usize];
            let value = value * norm;
            for class in 0..K {
                let gradient = errors[class] * value + self.params.decay * weights[class];
                totals[class] += gradient * gradient;
                weights[class] -= rate * gradient / totals[class].sqrt();
            }
        }
        for class in 0..K {
            self.bias_gradients[class] += errors[class] * errors[class];
            self.bias[class] -= rate * errors[class] / self.bias_gradients[class].sqrt();
        }
    }

    /// Visits all examples in a new shuffled order each epoch; `describe` appends the features
    /// of one and returns its target and weight.
    fn learn<E>(&mut self, examples: &[E], describe: impl Fn(&E, &mut Vec<(u64, f32)>) -> (usize, f32)) {
        let mut order: Vec<u32> = (0..examples.len() as u32).collect();
        let mut rng = Rng::new(self.params.seed);
        let mut features = Vec::new();
        for _ in 0..self.params.epochs {
            rng.shuffle(&mut order);
            for &index in &order {
                features.clear();
                let (target, weight) = describe(&examples[index as usize], &mut features);
                self.update(&features, target, weight);
            }
        }
    }

    /// Factor between weights up to `limit` and real ones; the few largest weights are cut.
    fn scale(&self, limit: i8) -> f32 {
        let mut sizes: Vec<f32> =
            self.cells.iter().flat_map(|cell| cell[0]).map(f32::abs).filter(|&size| size > 0.0).collect();
        if sizes.is_empty() {
            return 1.0;
        }
        let at = (sizes.len() - 1) * 9995 / 10_000;
        let (_, &mut top, _) = sizes.select_nth_unstable_by(at, f32::total_cmp);
        top.max(1e-6) / f32::from(limit)
    }
}

fn quantise(weight: f32, scale: f32, limit: i8) -> i8 {
    let limit = f32::from(limit);
    (weight / scale).round().clamp(-limit, limit) as i8
}

/// One folded line with its class.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NgramExample<'a> {
    pub(crate) symbols: &'a [u8],
    pub(crate) class: Class,
    pub(crate) weight: f32,
}

/// Trains the n-gram table of the line classifier.
pub(crate) fn train_ngrams(examples: &[NgramExample<'_>], params: SparseParams) -> NgramTable {
    let mut model = Softmax::<{ Class::COUNT }>::new(params);
    model.learn(examples, |example, features| {
        for_each_ngram(example.symbols, |hash| features.push((hash, 1.0)));
        (example.class.index(), example.weight)
    });
    let scale = model.scale(LIMIT);
    let packed = model
        .cells
        .iter()
        .map(|[row, _]| u32::from_le_bytes(row.map(|weight| (quantise(weight, scale, LIMIT) + LIMIT) as u8)))
        .collect();
    NgramTable::new(packed, scale, model.bias).expect("one weight a bucket")
}

/// One line with its kind.
#[derive(Debug, Clone)]
pub(crate) struct KindExample<'a> {
    pub(crate) symbols: &'a [u8],
    pub(crate) cues: Vec<u16>,
    pub(crate) column: usize,
    pub(crate) weight: f32,
}

/// Trains the table that names kinds.
pub(crate) fn train_kinds(examples: &[KindExample<'_>], params: SparseParams) -> KindTable {
    let mut model = Softmax::<KINDS>::new(params);
    model.learn(examples, |example, features| {
        for_each_kind_feature(example.symbols, &example.cues, |hash, value| features.push((hash, value)));
        (example.column, example.weight)
    });
    let scale = model.scale(i8::MAX);
    let weights = model.cells.iter().map(|[row, _]| row.map(|weight| quantise(weight, scale, i8::MAX))).collect();
    KindTable::new(params.bits, weights, scale, model.bias).expect("one row a bucket")
}

/// Trains the brand table from tokens; `true` marks gambling brands.
pub(crate) fn train_brands(examples: &[(Vec<u8>, bool, f32)], params: SparseParams) -> BrandTable {
    let mut model = Softmax::<2>::new(params);
    model.learn(examples, |(token, brand, weight), features| {
        for_each_token_feature(token, |hash| features.push((hash, 1.0)));
        (usize::from(*brand), *weight)
    });
    let differences: Vec<f32> = model.cells.iter().map(|[row, _]| row[1] - row[0]).collect();
    let top = differences.iter().map(|weight| weight.abs()).fold(1e-6, f32::max);
    let scale = top / f32::from(i8::MAX);
    let weights = differences.iter().map(|&weight| quantise(weight, scale, i8::MAX)).collect();
    BrandTable::new(params.bits, weights, scale, model.bias[1] - model.bias[0]).expect("one weight a bucket")
}
