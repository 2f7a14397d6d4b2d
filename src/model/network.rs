//! A logistic regression over the features and a few learnt crosses of them.
//!
//! What a short line means depends on where it stands, how sure its n-grams are and what kind
//! of document it is in: one linear model for whole pages, extracted articles and comments
//! alike has to compromise. A layer of 32 rectified units gives it the crosses it needs for
//! the price of a few hundred nanoseconds; the regression on top is linfa's and keeps every
//! decision a sum that can be explained: where the units stand, the model is linear.

use crate::label::Class;
use crate::model::linear::{LinearModel, against_content};

const CLASSES: usize = Class::COUNT;
/// Learnt crosses.
pub(crate) const UNITS: usize = 64;

/// Weights of the layer and of the regression on top.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    layer: Vec<[f32; UNITS]>,
    bias: [f32; UNITS],
    /// Over the features and, behind them, the units.
    output: LinearModel,
}

impl Network {
    /// Returns the network, or `None` if sizes do not fit or a number is not finite.
    pub(crate) fn new(layer: Vec<[f32; UNITS]>, bias: [f32; UNITS], output: LinearModel) -> Option<Self> {
        let finite = layer.iter().flatten().chain(&bias).all(|value| value.is_finite());
        (finite && output.len() == layer.len() + UNITS).then_some(Self { layer, bias, output })
    }

    /// Number of features.
    pub fn len(&self) -> usize {
        self.layer.len()
    }

    /// Whether there is no feature.
    pub fn is_empty(&self) -> bool {
        self.layer.is_empty()
    }

    pub(crate) fn layer(&self) -> &[[f32; UNITS]] {
        &self.layer
    }

    pub(crate) fn bias(&self) -> [f32; UNITS] {
        self.bias
    }

    pub(crate) fn output(&self) -> &LinearModel {
        &self.output
    }

    /// Returns the log-odds of each class against content; features beyond the model's are ignored.
    pub fn logits(&self, row: &[f32]) -> [f32; CLASSES] {
        let row = &row[..self.layer.len()];
        let mut units = self.bias;
        let mut sums = self.output.intercept();
        // Most features of a line are zero; those that are not go into both layers at once.
        for ((&value, layer), output) in row.iter().zip(&self.layer).zip(self.output.weights()) {
            if value != 0.0 {
                add_scaled(&mut units, value, layer);
                add_scaled(&mut sums, value, output);
            }
        }
        let units = units.map(|unit| unit.max(0.0));
        self.output.add_to(&mut sums, row.len(), &units);
        against_content(sums)
    }

    /// Returns, for every feature that is not zero in this row, how much one unit of it speaks for
    /// `class` against content here; 0 for the others.
    pub fn slopes(&self, row: &[f32], class: Class) -> Vec<f32> {
        let units = forward(&self.layer, &self.bias, row);
        let count = self.layer.len();
        let through: [f32; UNITS] =
            std::array::from_fn(|unit| if units[unit] > 0.0 { self.output.slope(count + unit, class) } else { 0.0 });
        self.layer
            .iter()
            .zip(row)
            .enumerate()
            .map(|(index, (weights, &value))| {
                if value == 0.0 {
                    return 0.0;
                }
                let crossed: f32 = weights.iter().zip(&through).map(|(weight, slope)| weight * slope).sum();
                self.output.slope(index, class) + crossed
            })
            .collect()
    }

    /// Mean of a feature in training.
    pub fn mean(&self, index: usize) -> f32 {
        self.output.means()[index]
    }
}

#[inline(always)]
fn add_scaled<const N: usize>(sums: &mut [f32; N], value: f32, weights: &[f32; N]) {
    for (sum, weight) in sums.iter_mut().zip(weights) {
        *sum += value * weight;
    }
}

/// Returns the activations of the units.
pub(crate) fn forward(layer: &[[f32; UNITS]], bias: &[f32; UNITS], row: &[f32]) -> [f32; UNITS] {
    let mut units = *bias;
    for (&value, weights) in row.iter().zip(layer) {
        if value != 0.0 {
            add_scaled(&mut units, value, weights);
        }
    }
    units.map(|unit| unit.max(0.0))
}
