//! What says of a row what it is: a network, and trees where the network is not sure.

use crate::label::Class;
use crate::model::forest::Forest;
use crate::model::linear::softmax;
use crate::model::network::Network;

const CLASSES: usize = Class::COUNT;
/// Probability of content from which the trees are not asked, as for nineteen of twenty lines of
/// articles: beyond it they changed nothing at any loss that the presets allow.
const SURE: f32 = 0.95;
/// What the trees' log-odds count for beside the network's.
const SHARE: f32 = 0.5;

/// A network and trees, whose log-odds are averaged: they err in different places.
#[derive(Debug, Clone)]
pub(crate) struct Classifier {
    network: Network,
    forest: Forest,
}

impl Classifier {
    pub(crate) fn new(network: Network, forest: Forest) -> Self {
        Self { network, forest }
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn forest(&self) -> &Forest {
        &self.forest
    }

    /// Returns the probability of each class.
    pub(crate) fn probabilities(&self, row: &[f32]) -> [f32; CLASSES] {
        let own = self.network.logits(row);
        let probabilities = softmax(own);
        if !self.asks_forest(probabilities) {
            return probabilities;
        }
        let other = self.forest.logits(row);
        softmax(std::array::from_fn(|class| own[class] + SHARE * (other[class] - own[class])))
    }

    fn asks_forest(&self, probabilities: [f32; CLASSES]) -> bool {
        probabilities[0] < SURE && !self.forest.is_empty()
    }

    /// Returns how much one unit of every feature speaks for `class` against content in the network,
    /// and how much the features speak for it in all.
    pub(crate) fn shares(&self, row: &[f32], class: Class) -> (Vec<f32>, Vec<f32>) {
        let asked = self.asks_forest(softmax(self.network.logits(row)));
        let scale = if asked { 1.0 - SHARE } else { 1.0 };
        let slopes: Vec<f32> = self.network.slopes(row, class).into_iter().map(|slope| scale * slope).collect();
        let of_network =
            slopes.iter().enumerate().map(|(index, slope)| slope * (row[index] - self.network.mean(index)));
        let mut shares: Vec<f32> = of_network.collect();
        if asked {
            self.forest.add_shares(row, class, SHARE, &mut shares);
        }
        (slopes, shares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::forest::Node;
    use crate::model::linear::LinearModel;
    use crate::model::network::UNITS;

    /// One feature, which speaks for spam by `slope` in the network and by `step` above 0.5 in a tree.
    fn classifier(slope: f32, step: f32) -> Classifier {
        let mut weights = vec![[0.0; CLASSES]; 1 + UNITS];
        weights[0][Class::Spam.index()] = slope;
        let output = LinearModel::new(weights, [0.0; CLASSES], vec![0.0; 1 + UNITS]).unwrap();
        let network = Network::new(vec![[0.0; UNITS]], [0.0; UNITS], output).unwrap();
        let question = Node { feature: 0, child: 1, threshold: 0.5, value: 0.0 };
        let tree = |step: f32| vec![question, Node::leaf(0.0), Node::leaf(step)];
        let forest = Forest::new([0.0; CLASSES], vec![tree(0.0), tree(0.0), tree(step)], 1).unwrap();
        Classifier::new(network, forest)
    }

    #[test]
    fn log_odds_are_averaged() {
        let found = classifier(1.0, 5.0).probabilities(&[1.0]);
        let expected = softmax([0.0, 0.0, 0.0, 3.0]);
        assert!(found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-6), "{found:?}");
        let (slopes, shares) = classifier(1.0, 5.0).shares(&[1.0], Class::Spam);
        assert_eq!((slopes, shares), (vec![0.5], vec![3.0]));
    }

    #[test]
    fn what_is_sure_to_be_content_asks_no_tree() {
        // The other three classes share what content leaves.
        let network = |content: f32| {
            let mut weights = vec![[0.0; CLASSES]; 1 + UNITS];
            weights[0][0] = content;
            let output = LinearModel::new(weights, [0.0; CLASSES], vec![0.0; 1 + UNITS]).unwrap();
            Network::new(vec![[0.0; UNITS]], [0.0; UNITS], output).unwrap()
        };
        let forest = classifier(0.0, 50.0).forest;
        let spam = |content: f32| Classifier::new(network(content), forest.clone()).probabilities(&[1.0])[3];
        assert!(spam(5.0) < 0.02 && spam(3.0) > 0.999);
        assert!(Classifier::new(network(3.0), Forest::default()).probabilities(&[1.0])[3] < 0.1, "no trees");
    }
}
