//! Trains the dense models with linfa's multinomial logistic regression.

use linfa::prelude::*;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2};

use crate::label::Class;
use crate::model::linear::{LinearModel, softmax};
use crate::model::network::{Network, UNITS, forward};
use crate::train::TrainError;
use crate::train::rng::Rng;

/// Rows of one matrix, row after row, with their classes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) width: usize,
    pub(crate) values: Vec<f32>,
    pub(crate) classes: Vec<usize>,
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, values: Vec::new(), classes: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: &[f32], class: usize) {
        self.values.extend(&row[..self.width]);
        self.classes.push(class);
    }

    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    pub(crate) fn row(&self, number: usize) -> &[f32] {
        &self.values[number * self.width..][..self.width]
    }
}

/// Settings of one fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DenseParams {
    /// Strength of the L2 penalty on the summed loss.
    pub(crate) alpha: f64,
    /// Least deviation that a column is standardised by. What hardly ever stands beside content,
    /// as a listed phrase, would else get weights that nothing holds: sure of junk, but of no class.
    pub(crate) floor: f64,
    /// Pull of the layer's weights towards zero, per step.
    pub(crate) decay: f32,
    /// Passes of the warm start over the rows.
    pub(crate) epochs: usize,
    /// Iterations of linfa's optimiser from there.
    pub(crate) iterations: u64,
}

/// Fits a model; columns are standardised for the fit and the weights scaled back.
///
/// # Errors
/// If linfa cannot fit, or a class has no row.
pub(crate) fn fit(rows: &Rows, params: DenseParams) -> Result<LinearModel, TrainError> {
    let (count, width) = (rows.len(), rows.width);
    for class in Class::ALL {
        if !rows.classes.contains(&class.index()) {
            return Err(TrainError::NoExamples { class: format!("{class:?}").to_lowercase() });
        }
    }
    let mut means = vec![0f64; width];
    let mut squares = vec![0f64; width];
    for row in rows.values.chunks_exact(width) {
        for (column, &value) in row.iter().enumerate() {
            means[column] += f64::from(value);
            squares[column] += f64::from(value) * f64::from(value);
        }
    }
    let mut scales = vec![1f64; width];
    for column in 0..width {
        means[column] /= count as f64;
        let variance = squares[column] / count as f64 - means[column] * means[column];
        // A constant column gets no weight.
        scales[column] = if variance > 1e-9 { variance.sqrt().max(params.floor) } else { f64::INFINITY };
    }
    // In f32 the line search of linfa's optimiser can stall on the rounding of the summed loss.
    let mut matrix: Vec<f64> = Vec::with_capacity(rows.values.len());
    for row in rows.values.chunks_exact(width) {
        matrix
            .extend(row.iter().enumerate().map(|(column, &value)| (f64::from(value) - means[column]) / scales[column]));
    }
    let start = warm_start(&matrix, &rows.classes, width, params);
    let start_loss = loss(&matrix, &rows.classes, width, &start);
    let matrix = Array2::from_shape_vec((count, width), matrix).map_err(|error| TrainError::fit(&error))?;
    let targets = Array1::from_vec(rows.classes.clone());
    let dataset = Dataset::new(matrix, targets);
    let fitted = MultiLogisticRegression::<f64>::default()
        .alpha(params.alpha)
        .max_iterations(params.iterations)
        .gradient_tolerance(1.0)
        .initial_params(start.clone())
        .fit(&dataset)
        .map_err(|error| TrainError::fit(&error))?;
    // linfa sorts the classes of a multinomial model, so columns stand in the order of Class::ALL.
    let mut best = Array2::from_shape_fn((width + 1, Class::COUNT), |(column, class)| {
        if column < width { fitted.params()[[column, class]] } else { fitted.intercept()[class] }
    });
    // A line search that ends early can leave the optimiser worse off than where it began.
    let values = dataset.records.as_slice().unwrap_or_default();
    if loss(values, &rows.classes, width, &best) > start_loss {
        best = start;
    }
    let mut intercept: [f64; Class::COUNT] = std::array::from_fn(|class| best[[width, class]]);
    let mut weights = Vec::with_capacity(width);
    for column in 0..width {
        let scaled: [f64; Class::COUNT] = std::array::from_fn(|class| best[[column, class]] / scales[column]);
        for (sum, weight) in intercept.iter_mut().zip(scaled) {
            *sum -= weight * means[column];
        }
        weights.push(scaled.map(|weight| weight as f32));
    }
    LinearModel::new(weights, intercept.map(|value| value as f32), means.iter().map(|&mean| mean as f32).collect())
        .ok_or_else(|| TrainError::fit(&"weights are not finite"))
}

/// Returns weights near the optimum, by averaged stochastic gradient descent with AdaGrad steps.
///
/// linfa's optimiser reads the whole matrix several times an iteration; started here it needs
/// a handful of iterations where it would need hundreds.
fn warm_start(matrix: &[f64], classes: &[usize], width: usize, params: DenseParams) -> Array2<f64> {
    const N: usize = Class::COUNT;
    let count = classes.len();
    // Decay per example that adds up to the penalty over an epoch.
    let decay = (params.alpha / count as f64) as f32;
    let mut weights = vec![[0f32; N]; width + 1];
    let mut squares = vec![[1e-2f32; N]; width + 1];
    let mut sums = vec![[0f64; N]; width + 1];
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut rng = Rng::new(count as u64);
    let mut row = vec![0f32; width + 1];
    for epoch in 0..params.epochs {
        rng.shuffle(&mut order);
        for &index in &order {
            let index = index as usize;
            for (value, &source) in row.iter_mut().zip(&matrix[index * width..(index + 1) * width]) {
                *value = source.clamp(-8.0, 8.0) as f32;
            }
            row[width] = 1.0;
            let mut logits = [0f32; N];
            for (&value, weight) in row.iter().zip(&weights) {
                for class in 0..N {
                    logits[class] += value * weight[class];
                }
            }
            let mut errors = softmax(logits);
            errors[classes[index]] -= 1.0;
            for ((&value, weight), square) in row.iter().zip(&mut weights).zip(&mut squares) {
                for class in 0..N {
                    let gradient = errors[class] * value + decay * weight[class];
                    square[class] += gradient * gradient;
                    weight[class] -= 0.06 * gradient / square[class].sqrt();
                }
            }
        }
        // The mean over the second half of the epochs is steadier than the last step.
        if epoch * 2 >= params.epochs {
            for (sum, weight) in sums.iter_mut().zip(&weights) {
                for class in 0..N {
                    sum[class] += f64::from(weight[class]);
                }
            }
        }
    }
    let epochs = (params.epochs - params.epochs.div_ceil(2)).max(1) as f64;
    Array2::from_shape_fn((width + 1, N), |(feature, class)| sums[feature][class] / epochs)
}

/// Most rows of linfa's final fit; the layer below it learns from all.
const FINAL_ROWS: usize = 120_000;

/// Fits a network: the layer by stochastic gradient descent, the regression on top by linfa.
///
/// # Errors
/// As [`fit`].
pub(crate) fn fit_network(rows: &Rows, params: DenseParams, seed: u64) -> Result<Network, TrainError> {
    let (layer, bias) = fit_layer(rows, params, seed);
    let width = rows.width;
    let mut crossed = Rows::new(width + UNITS);
    let mut rng = Rng::new(seed ^ 0xf1a1);
    let share = FINAL_ROWS as f64 / rows.len().max(1) as f64;
    let mut buffer = vec![0.0; width + UNITS];
    for (row, &class) in rows.values.chunks_exact(width).zip(&rows.classes) {
        if rng.chance(share) {
            buffer[..width].copy_from_slice(row);
            buffer[width..].copy_from_slice(&forward(&layer, &bias, row));
            crossed.push(&buffer, class);
        }
    }
    let output = fit(&crossed, params)?;
    Network::new(layer, bias, output).ok_or_else(|| TrainError::fit(&"weights are not finite"))
}

/// Learns the layer together with a regression that is then thrown away.
fn fit_layer(rows: &Rows, params: DenseParams, seed: u64) -> (Vec<[f32; UNITS]>, [f32; UNITS]) {
    const N: usize = Class::COUNT;
    let width = rows.width;
    let mut rng = Rng::new(seed);
    let mut layer: Vec<[f32; UNITS]> =
        (0..width).map(|_| std::array::from_fn(|_| (rng.unit() as f32 - 0.5) * 0.25)).collect();
    let mut bias = [0f32; UNITS];
    let mut top: Vec<[f32; N]> = (0..UNITS).map(|_| std::array::from_fn(|_| (rng.unit() as f32 - 0.5) * 0.3)).collect();
    let mut direct = vec![[0f32; N]; width];
    let mut intercept = [0f32; N];
    let start = 1e-2f32;
    let mut layer_squares = vec![[start; UNITS]; width];
    let mut bias_squares = [start; UNITS];
    let mut top_squares = vec![[start; N]; UNITS];
    let mut direct_squares = vec![[start; N]; width];
    let mut intercept_squares = [start; N];
    let (rate, decay) = (0.03f32, params.decay);
    let step = |weight: &mut f32, square: &mut f32, gradient: f32| {
        let gradient = gradient + decay * *weight;
        *square += gradient * gradient;
        *weight -= rate * gradient / square.sqrt();
    };
    // The mean over the second half of the epochs is steadier than the last step.
    let mut sums = (vec![[0f32; UNITS]; width], [0f32; UNITS]);
    let mut summed = 0f32;
    let mut order: Vec<u32> = (0..rows.len() as u32).collect();
    for epoch in 0..params.epochs {
        rng.shuffle(&mut order);
        for &index in &order {
            let index = index as usize;
            let row = rows.row(index);
            let units = forward(&layer, &bias, row);
            let mut logits = intercept;
            for (unit, weights) in units.iter().zip(&top) {
                for class in 0..N {
                    logits[class] += unit * weights[class];
                }
            }
            for (&value, weights) in row.iter().zip(&direct) {
                if value != 0.0 {
                    for class in 0..N {
                        logits[class] += value * weights[class];
                    }
                }
            }
            let mut errors = softmax(logits);
            errors[rows.classes[index]] -= 1.0;
            let mut back = [0f32; UNITS];
            for unit in 0..UNITS {
                if units[unit] > 0.0 {
                    for class in 0..N {
                        back[unit] += errors[class] * top[unit][class];
                        step(&mut top[unit][class], &mut top_squares[unit][class], errors[class] * units[unit]);
                    }
                }
            }
            for class in 0..N {
                step(&mut intercept[class], &mut intercept_squares[class], errors[class]);
            }
            for unit in 0..UNITS {
                step(&mut bias[unit], &mut bias_squares[unit], back[unit]);
            }
            for (feature, &value) in row.iter().enumerate() {
                if value != 0.0 {
                    for class in 0..N {
                        step(&mut direct[feature][class], &mut direct_squares[feature][class], errors[class] * value);
                    }
                    for unit in 0..UNITS {
                        step(&mut layer[feature][unit], &mut layer_squares[feature][unit], back[unit] * value);
                    }
                }
            }
        }
        if epoch * 2 >= params.epochs {
            summed += 1.0;
            for (sum, weight) in sums.0.iter_mut().flatten().zip(layer.iter().flatten()) {
                *sum += weight;
            }
            for (sum, weight) in sums.1.iter_mut().zip(bias) {
                *sum += weight;
            }
        }
    }
    (sums.0.into_iter().map(|unit| unit.map(|sum| sum / summed)).collect(), sums.1.map(|sum| sum / summed))
}

/// Summed negative log-likelihood of the rows.
fn loss(matrix: &[f64], classes: &[usize], width: usize, weights: &Array2<f64>) -> f64 {
    matrix
        .chunks_exact(width)
        .zip(classes)
        .map(|(row, &class)| {
            let mut logits: [f64; Class::COUNT] = std::array::from_fn(|class| weights[[width, class]]);
            for (column, &value) in row.iter().enumerate() {
                for (class, logit) in logits.iter_mut().enumerate() {
                    *logit += value * weights[[column, class]];
                }
            }
            let max = logits.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = logits.iter().map(|logit| (logit - max).exp()).sum();
            max + sum.ln() - logits[class]
        })
        .sum()
}
