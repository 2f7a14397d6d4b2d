//! Fits boosted regression trees to what a network is not sure about.
//!
//! Newton boosting (Friedman 2001; Chen and Guestrin 2016) on histograms of at most 64 bins, trees
//! grown leaf by leaf (Shi 2007), each from a sample of rows and of features. One thread, sums in a
//! fixed order: the same rows and seed give the same trees.

use crate::label::Class;
use crate::model::forest::{A_ROUND, Forest, Node, Tree, answer};
use crate::model::linear::softmax;
use crate::train::dense::Rows;
use crate::train::rng::Rng;

const CLASSES: usize = Class::COUNT;
const ROUNDS: usize = 100;
/// Share of a step that is taken.
const RATE: f64 = 0.15;
/// Most leaves of a tree, and fewest rows of one.
const LEAVES: usize = 32;
const LEAST_ROWS: u32 = 40;
/// L2 penalty on the values of leaves.
const PENALTY: f64 = 5.0;
/// Shares of rows a round and of features a tree.
const ROW_SHARE: f64 = 0.7;
const FEATURE_SHARE: f64 = 0.5;
/// Fewest rows that trees are grown from.
const LEAST: usize = 2000;
const BINS: usize = 64;
/// Rows that the bounds of bins are read off.
const SAMPLE: usize = 40_000;

/// Features cut into bins, column after column.
struct Binned {
    rows: usize,
    columns: Vec<u8>,
    /// Highest value of every bin but the last.
    bounds: Vec<Vec<f32>>,
}

impl Binned {
    fn new(rows: &Rows, chosen: &[u32]) -> Self {
        let value = |row: u32, column: usize| rows.row(row as usize)[column];
        let step = chosen.len().div_ceil(SAMPLE).max(1);
        let mut columns = vec![0; chosen.len() * rows.width];
        let mut bounds = Vec::with_capacity(rows.width);
        for column in 0..rows.width {
            let mut seen: Vec<f32> = chosen.iter().step_by(step).map(|&row| value(row, column)).collect();
            let own = bounds_of(&mut seen);
            for (bin, &row) in columns[column * chosen.len()..].iter_mut().zip(chosen) {
                let value = value(row, column);
                *bin = own.partition_point(|&bound| bound < value) as u8;
            }
            bounds.push(own);
        }
        Self { rows: chosen.len(), columns, bounds }
    }

    fn column(&self, feature: usize) -> &[u8] {
        &self.columns[feature * self.rows..(feature + 1) * self.rows]
    }
}

/// Bounds between values, halfway from one to the next, that leave about as many in every bin.
fn bounds_of(values: &mut [f32]) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let mut bounds = Vec::new();
    let mut held = 0;
    let mut rest = values.len();
    for pair in 0..values.len().saturating_sub(1) {
        held += 1;
        let (one, next) = (values[pair], values[pair + 1]);
        let full = rest.div_ceil(BINS - bounds.len());
        if one < next && held >= full && bounds.len() < BINS - 1 {
            let between = one + (next - one) / 2.0;
            bounds.push(if between < next { between } else { one });
            rest -= held;
            held = 0;
        }
    }
    bounds
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    gradient: f64,
    curvature: f64,
    count: u32,
}

impl Sums {
    fn add(&mut self, gradient: f32, curvature: f32) {
        self.gradient += f64::from(gradient);
        self.curvature += f64::from(curvature);
        self.count += 1;
    }

    fn without(self, other: Self) -> Self {
        Self {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            count: self.count - other.count,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            gradient: self.gradient + other.gradient,
            curvature: self.curvature + other.curvature,
            count: self.count + other.count,
        }
    }

    fn score(self) -> f64 {
        self.gradient * self.gradient / (self.curvature + PENALTY)
    }

    /// The log-odds that would be best here, and so much of them as is taken.
    fn value(self) -> f32 {
        (-RATE * self.gradient / (self.curvature + PENALTY)) as f32
    }
}

/// The best question for a leaf.
#[derive(Debug, Clone, Copy)]
struct Split {
    gain: f64,
    feature: usize,
    /// Highest bin that answers yes.
    bin: u8,
    yes: Sums,
}

/// A leaf while a tree grows.
struct Leaf {
    /// Its number among the nodes.
    node: usize,
    rows: Vec<u32>,
    sums: Sums,
    histogram: Vec<[Sums; BINS]>,
    split: Option<Split>,
}

/// Gradients and curvatures of all rows for one class.
struct Slopes {
    gradients: Vec<f32>,
    curvatures: Vec<f32>,
}

/// Sums of every bin of some features over some rows.
fn histogram(binned: &Binned, features: &[usize], rows: &[u32], slopes: &Slopes) -> Vec<[Sums; BINS]> {
    let of_rows: Vec<(f32, f32)> =
        rows.iter().map(|&row| (slopes.gradients[row as usize], slopes.curvatures[row as usize])).collect();
    let sums = |&feature: &usize| {
        let mut bins = [Sums::default(); BINS];
        let column = binned.column(feature);
        for (&row, &(gradient, curvature)) in rows.iter().zip(&of_rows) {
            bins[usize::from(column[row as usize]) % BINS].add(gradient, curvature);
        }
        bins
    };
    features.iter().map(sums).collect()
}

/// The question that gains most, if any gains anything.
fn best_split(histogram: &[[Sums; BINS]], features: &[usize], all: Sums) -> Option<Split> {
    let mut best: Option<Split> = None;
    let whole = all.score();
    for (bins, &feature) in histogram.iter().zip(features) {
        let mut yes = Sums::default();
        for (bin, &sums) in bins.iter().enumerate().take(BINS - 1) {
            yes = yes.plus(sums);
            let no = all.without(yes);
            if sums.count == 0 || yes.count < LEAST_ROWS {
                continue;
            }
            if no.count < LEAST_ROWS {
                break;
            }
            let gain = yes.score() + no.score() - whole;
            if gain > best.map_or(1e-6, |best| best.gain) {
                best = Some(Split { gain, feature, bin: bin as u8, yes });
            }
        }
    }
    best
}

/// Grows one tree.
fn grow(binned: &Binned, features: &[usize], rows: Vec<u32>, slopes: &Slopes) -> Tree {
    let mut sums = Sums::default();
    for &row in &rows {
        sums.add(slopes.gradients[row as usize], slopes.curvatures[row as usize]);
    }
    let own = histogram(binned, features, &rows, slopes);
    let split = best_split(&own, features, sums);
    let mut tree = vec![Node::leaf(sums.value())];
    let mut leaves = vec![Leaf { node: 0, rows, sums, histogram: own, split }];
    while leaves.len() < LEAVES {
        let gain = |leaf: &Leaf| leaf.split.map_or(0.0, |split| split.gain);
        let next = (0..leaves.len()).reduce(|one, two| if gain(&leaves[two]) > gain(&leaves[one]) { two } else { one });
        let Some((at, split)) = next.and_then(|at| leaves[at].split.map(|split| (at, split))) else { break };
        let Leaf { node, rows, sums, histogram: mut whole, .. } = leaves.swap_remove(at);
        let child = tree.len();
        let threshold = binned.bounds[split.feature][usize::from(split.bin)];
        tree[node] = Node { feature: split.feature as u16, child: child as u16, threshold, value: tree[node].value };
        let column = binned.column(split.feature);
        let (yes, no): (Vec<u32>, Vec<u32>) = rows.into_iter().partition(|&row| column[row as usize] <= split.bin);
        // The smaller half is summed, the larger is what it leaves.
        let yes_is_smaller = yes.len() <= no.len();
        let smaller = histogram(binned, features, if yes_is_smaller { &yes } else { &no }, slopes);
        for (bins, less) in whole.iter_mut().flatten().zip(smaller.iter().flatten()) {
            *bins = bins.without(*less);
        }
        let (of_yes, of_no) = if yes_is_smaller { (smaller, whole) } else { (whole, smaller) };
        let halves = [(yes, of_yes, split.yes), (no, of_no, sums.without(split.yes))];
        for (rows, histogram, sums) in halves {
            let split = best_split(&histogram, features, sums);
            leaves.push(Leaf { node: tree.len(), rows, sums, histogram, split });
            tree.push(Node::leaf(sums.value()));
        }
    }
    tree
}

/// Fits trees to the rows that `doubtful` picks; none if there are too few.
pub(crate) fn fit_forest(rows: &Rows, doubtful: impl Fn(&[f32]) -> bool, seed: u64) -> Forest {
    let chosen: Vec<u32> = (0..rows.len() as u32).filter(|&row| doubtful(rows.row(row as usize))).collect();
    let classes: Vec<usize> = chosen.iter().map(|&row| rows.classes[row as usize]).collect();
    let count = |class: usize| classes.iter().filter(|&&other| other == class).count();
    if chosen.len() < LEAST || count(0) == 0 {
        return Forest::default();
    }
    let binned = Binned::new(rows, &chosen);
    // Log-odds of the classes among these rows, a half of a row added.
    let odds = |class: usize| ((count(class) as f64 + 0.5) / (count(0) as f64 + 0.5)).ln() as f32;
    let base: [f32; CLASSES] = std::array::from_fn(|class| if class == 0 { 0.0 } else { odds(class) });
    let mut scores = vec![base; chosen.len()];
    let mut rng = Rng::new(seed);
    let mut trees = Vec::with_capacity(ROUNDS * A_ROUND);
    for _ in 0..ROUNDS {
        let probabilities: Vec<[f32; CLASSES]> = scores.iter().map(|&score| softmax(score)).collect();
        let sample: Vec<u32> = (0..chosen.len() as u32).filter(|_| rng.chance(ROW_SHARE)).collect();
        for class in 1..CLASSES {
            let slopes = slopes_of(&probabilities, &classes, class);
            let features: Vec<usize> = (0..rows.width).filter(|_| rng.chance(FEATURE_SHARE)).collect();
            let tree = grow(&binned, &features, sample.clone(), &slopes);
            for (row, score) in scores.iter_mut().enumerate() {
                score[class] += answer(&tree, rows.row(chosen[row] as usize));
            }
            trees.push(tree);
        }
    }
    Forest::new(base, trees, rows.width).unwrap_or_default()
}

fn slopes_of(probabilities: &[[f32; CLASSES]], classes: &[usize], class: usize) -> Slopes {
    let hit = |own: usize| f32::from(u8::from(own == class));
    Slopes {
        gradients: probabilities.iter().zip(classes).map(|(p, &own)| p[class] - hit(own)).collect(),
        curvatures: probabilities.iter().map(|p| (p[class] * (1.0 - p[class])).max(1e-6)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spam where one feature is high and another low, which no single slope can say; noise beside.
    fn rows(count: usize) -> Rows {
        let mut rng = Rng::new(3);
        let mut rows = Rows::new(4);
        for _ in 0..count {
            let row: [f32; 4] = std::array::from_fn(|_| rng.unit() as f32);
            let class = if row[1] > 0.6 && row[2] < 0.4 { 3 } else { usize::from(row[3] > 0.9) * 2 };
            rows.push(&row, class);
        }
        rows
    }

    #[test]
    fn a_cross_of_two_features_is_found() {
        let forest = fit_forest(&rows(4000), |_| true, 1);
        let class = |row: [f32; 4]| {
            let found = softmax(forest.logits(&row));
            (0..CLASSES).max_by(|&one, &two| found[one].total_cmp(&found[two])).unwrap()
        };
        assert_eq!(class([0.5, 0.9, 0.1, 0.2]), 3);
        assert_eq!(class([0.5, 0.9, 0.8, 0.2]), 0);
        assert_eq!(class([0.5, 0.2, 0.1, 0.2]), 0);
        assert_eq!(class([0.5, 0.2, 0.8, 0.97]), 2);
        assert_eq!(forest, fit_forest(&rows(4000), |_| true, 1), "the same rows and seed, the same trees");
    }

    #[test]
    fn few_rows_grow_no_trees() {
        assert!(fit_forest(&rows(LEAST - 1), |_| true, 1).is_empty());
        assert!(fit_forest(&rows(4000), |row| row[0] < 0.1, 1).is_empty());
    }

    #[test]
    fn bins_hold_about_as_many_and_split_no_value() {
        let mut flat: Vec<f32> = (0..1000).map(|n| (n % 3) as f32).collect();
        assert_eq!(bounds_of(&mut flat), [0.5, 1.5]);
        let mut wide: Vec<f32> = (0..6400).map(|n| n as f32).collect();
        let bounds = bounds_of(&mut wide);
        assert_eq!((bounds.len(), bounds[0], bounds[62]), (63, 99.5, 6299.5));
        assert!(bounds_of(&mut [7.0; 9]).is_empty() && bounds_of(&mut []).is_empty());
    }
}
