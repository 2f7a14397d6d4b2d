//! Multinomial logistic regression over dense features, the inference half.
//!
//! Trained with linfa; here only its weights, in plain Rust, so that neither ndarray nor
//! linfa is needed to use a model.

use crate::label::Class;

/// Classes of the line classifier.
const CLASSES: usize = Class::COUNT;

/// Weights of a multinomial logistic regression with four classes.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearModel {
    /// One row of class weights a feature, against content.
    weights: Vec<[f32; CLASSES]>,
    intercept: [f32; CLASSES],
    /// Mean of each feature in training, the zero point of explanations.
    means: Vec<f32>,
}

impl LinearModel {
    /// Returns the model, or `None` if the two lists differ in length or a number is not finite.
    pub(crate) fn new(weights: Vec<[f32; CLASSES]>, intercept: [f32; CLASSES], means: Vec<f32>) -> Option<Self> {
        let finite = weights.iter().flatten().chain(&intercept).chain(&means).all(|value| value.is_finite());
        (weights.len() == means.len() && finite).then_some(Self { weights, intercept, means })
    }

    /// Number of features.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether the model has no feature.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    pub(crate) fn weights(&self) -> &[[f32; CLASSES]] {
        &self.weights
    }

    pub(crate) fn intercept(&self) -> [f32; CLASSES] {
        self.intercept
    }

    pub(crate) fn means(&self) -> &[f32] {
        &self.means
    }

    /// Returns the log-odds of each class against content; features beyond the model's are ignored.
    pub fn logits(&self, row: &[f32]) -> [f32; CLASSES] {
        let mut sums = self.intercept;
        self.add_to(&mut sums, 0, row);
        against_content(sums)
    }

    /// Adds what the features from number `first` on say of each class.
    pub(crate) fn add_to(&self, sums: &mut [f32; CLASSES], first: usize, values: &[f32]) {
        let mut total = *sums;
        for (&value, weights) in values.iter().zip(&self.weights[first..]) {
            // Most features of a line are zero.
            if value != 0.0 {
                for (sum, weight) in total.iter_mut().zip(weights) {
                    *sum += value * weight;
                }
            }
        }
        *sums = total;
    }

    /// Returns how much one unit of feature `index` speaks for `class` against content.
    pub(crate) fn slope(&self, index: usize, class: Class) -> f32 {
        let weights = &self.weights[index];
        weights[class.index()] - weights[0]
    }
}

/// Returns the sums of all classes less that of content.
pub(crate) fn against_content(sums: [f32; CLASSES]) -> [f32; CLASSES] {
    let content = sums[0];
    sums.map(|sum| sum - content)
}

/// Returns the probabilities that belong to log-odds.
pub(crate) fn softmax(logits: [f32; CLASSES]) -> [f32; CLASSES] {
    let max = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers = logits.map(|logit| (logit - max).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}
