//! Boosted regression trees: steps and thresholds where the network has slopes.
//!
//! Gradient boosting of the multinomial likelihood (Friedman 2001), one tree a round for each class
//! other than content. Every node knows the value it would give itself, so that a decision is the
//! sum of what each question on the way changed.

use crate::label::Class;

const CLASSES: usize = Class::COUNT;
/// Trees a round: one for each class but content.
pub(crate) const A_ROUND: usize = CLASSES - 1;

/// A question, whether a feature is at most so much, or an end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    pub(crate) feature: u16,
    /// Number of the node that a yes leads to, a no to the next one; 0 for an end.
    pub(crate) child: u16,
    pub(crate) threshold: f32,
    /// Log-odds of what comes here.
    pub(crate) value: f32,
}

impl Node {
    /// An end.
    pub(crate) const fn leaf(value: f32) -> Self {
        Self { feature: 0, child: 0, threshold: 0.0, value }
    }

    /// The number of the node that comes next.
    #[inline(always)]
    fn next(&self, row: &[f32]) -> usize {
        usize::from(self.child) + usize::from(row[usize::from(self.feature)] > self.threshold)
    }
}

/// The nodes of a tree, the root first.
pub(crate) type Tree = Vec<Node>;

/// Calls `visit` with each node on the way of a row and the one before it, and returns the last.
#[inline(always)]
fn walk<'t>(tree: &'t [Node], row: &[f32], mut visit: impl FnMut(&'t Node, &'t Node)) -> &'t Node {
    let mut node = &tree[0];
    while node.child != 0 {
        let next = &tree[node.next(row)];
        visit(node, next);
        node = next;
    }
    node
}

/// Returns the log-odds that a tree has for a row.
pub(crate) fn answer(tree: &[Node], row: &[f32]) -> f32 {
    walk(tree, row, |_, _| ()).value
}

/// Returns how many questions the longest way through a tree has.
fn depth(tree: &[Node]) -> u32 {
    // Children stand behind their parents.
    let mut depths = vec![0; tree.len()];
    for (number, node) in tree.iter().enumerate().filter(|(_, node)| node.child != 0) {
        let child = usize::from(node.child);
        let below = depths[number] + 1;
        depths[child..child + 2].iter_mut().for_each(|depth| *depth = below.max(*depth));
    }
    depths.into_iter().max().unwrap_or(0)
}

/// Trees that are walked at once: each step of one waits for the one before it.
const LANES: usize = 4 * A_ROUND;

/// A node for walking many trees at once: an end leads to itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    feature: u16,
    /// Nodes from here to the one that a yes leads to, a no to the one behind it.
    jump: u16,
    threshold: f32,
}

impl Step {
    const END: Self = Self { feature: 0, jump: 0, threshold: f32::INFINITY };

    fn of(number: usize, node: &Node) -> Self {
        match usize::from(node.child).checked_sub(number) {
            Some(jump) if node.child != 0 => {
                Self { feature: node.feature, jump: jump as u16, threshold: node.threshold }
            }
            _ => Self::END,
        }
    }
}

/// The roots of trees that are walked at once, and how many questions the longest way has.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Group {
    roots: [u32; LANES],
    depth: u32,
}

/// Trees by round and class.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forest {
    base: [f32; CLASSES],
    trees: Vec<Tree>,
    /// All nodes, one tree behind another, behind an end that gives nothing.
    steps: Vec<Step>,
    values: Vec<f32>,
    groups: Vec<Group>,
}

impl Forest {
    /// Returns the forest, or `None` if a tree has no node, a node leads back or nowhere, a feature is
    /// not among `width`, a number is not finite, or there are not as many trees for each class.
    pub(crate) fn new(base: [f32; CLASSES], trees: Vec<Tree>, width: usize) -> Option<Self> {
        let valid = |tree: &Tree| {
            let node = |(number, node): (usize, &Node)| {
                let child = usize::from(node.child);
                let leads = child > number && child + 1 < tree.len() && usize::from(node.feature) < width;
                (child == 0 || leads) && node.threshold.is_finite() && node.value.is_finite()
            };
            !tree.is_empty() && tree.iter().enumerate().all(node)
        };
        let whole = trees.len().is_multiple_of(A_ROUND) && base.iter().all(|value| value.is_finite());
        (whole && trees.iter().all(valid)).then(|| Self::laid_out(base, trees))
    }

    fn laid_out(base: [f32; CLASSES], trees: Vec<Tree>) -> Self {
        let (mut steps, mut values, mut groups) = (vec![Step::END], vec![0.0], Vec::new());
        for some in trees.chunks(LANES) {
            let mut group = Group { roots: [0; LANES], depth: 0 };
            for (root, tree) in group.roots.iter_mut().zip(some) {
                *root = steps.len() as u32;
                group.depth = group.depth.max(depth(tree));
                steps.extend(tree.iter().enumerate().map(|(number, node)| Step::of(number, node)));
                values.extend(tree.iter().map(|node| node.value));
            }
            groups.push(group);
        }
        Self { base, trees, steps, values, groups }
    }

    pub(crate) fn base(&self) -> [f32; CLASSES] {
        self.base
    }

    pub(crate) fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// Whether there is no tree.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// Returns the log-odds of each class against content.
    pub fn logits(&self, row: &[f32]) -> [f32; CLASSES] {
        let mut sums = self.base;
        for group in &self.groups {
            let mut places = group.roots;
            for _ in 0..group.depth {
                for place in &mut places {
                    let step = &self.steps[*place as usize];
                    *place += u32::from(step.jump) + u32::from(row[usize::from(step.feature)] > step.threshold);
                }
            }
            for round in places.as_chunks::<A_ROUND>().0 {
                for (sum, &place) in sums[1..].iter_mut().zip(round) {
                    *sum += self.values[place as usize];
                }
            }
        }
        sums
    }

    /// Adds to `shares`, for every feature, `scale` times what it changed in the log-odds of `class`
    /// (Saabas 2014).
    pub fn add_shares(&self, row: &[f32], class: Class, scale: f32, shares: &mut [f32]) {
        let Some(first) = class.index().checked_sub(1) else { return };
        for tree in self.trees.iter().skip(first).step_by(A_ROUND) {
            walk(tree, row, |node, next| shares[usize::from(node.feature)] += scale * (next.value - node.value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(feature: u16, threshold: f32, value: f32, child: u16) -> Node {
        Node { feature, child, threshold, value }
    }

    fn forest() -> Forest {
        let stump = |value: f32| vec![node(0, 0.5, 0.0, 1), Node::leaf(-value), Node::leaf(value)];
        let deep =
            vec![node(1, 2.0, 0.5, 1), Node::leaf(-1.0), node(2, -1.0, 1.5, 3), Node::leaf(1.0), Node::leaf(4.0)];
        Forest::new([0.0, -1.0, -2.0, -3.0], vec![stump(0.25), stump(0.5), deep], 3).unwrap()
    }

    fn assert_near(found: &[f32], expected: &[f32]) {
        let near =
            found.len() == expected.len() && found.iter().zip(expected).all(|(one, two)| (one - two).abs() < 1e-6);
        assert!(near, "{found:?}, not {expected:?}");
    }

    #[test]
    fn trees_add_up_by_class() {
        let forest = forest();
        assert_near(&forest.logits(&[1.0, 2.0, 9.0]), &[0.0, -0.75, -1.5, -4.0]);
        assert_near(&forest.logits(&[0.5, 2.1, -1.0]), &[0.0, -1.25, -2.5, -2.0]);
        assert_near(&forest.logits(&[0.5, 2.1, 0.0]), &[0.0, -1.25, -2.5, 1.0]);
    }

    #[test]
    fn trees_walked_at_once_answer_as_one_by_one() {
        let mut state = 7u64;
        let mut draw = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        for count in [0, 1, 3, 4, 5, 9] {
            let trees: Vec<Tree> = (0..count * A_ROUND)
                .map(|_| {
                    let mut tree = vec![Node::leaf(0.0)];
                    for _ in 0..draw(20) {
                        let at = draw(tree.len());
                        if tree[at].child == 0 {
                            tree[at] = node(draw(4) as u16, draw(7) as f32, 0.0, tree.len() as u16);
                            tree.extend([(); 2].map(|()| Node::leaf(draw(100) as f32)));
                        }
                    }
                    tree
                })
                .collect();
            let forest = Forest::new([0.5; CLASSES], trees.clone(), 4).unwrap();
            for _ in 0..50 {
                let row: [f32; 4] = std::array::from_fn(|_| draw(8) as f32);
                let mut expected = [0.5; CLASSES];
                for round in trees.chunks_exact(A_ROUND) {
                    for (sum, tree) in expected[1..].iter_mut().zip(round) {
                        *sum += answer(tree, &row);
                    }
                }
                assert_near(&forest.logits(&row), &expected);
            }
        }
    }

    #[test]
    fn shares_add_up_to_what_the_trees_of_a_class_changed() {
        let row = [0.5, 2.1, 0.0];
        let mut shares = [0.0; 3];
        forest().add_shares(&row, Class::Spam, 2.0, &mut shares);
        assert_near(&shares, &[0.0, 2.0, 5.0]);
        let mut shares = [0.0; 3];
        forest().add_shares(&row, Class::Byline, 1.0, &mut shares);
        assert_near(&shares, &[-0.25, 0.0, 0.0]);
        forest().add_shares(&row, Class::Content, 1.0, &mut shares);
        assert_near(&shares, &[-0.25, 0.0, 0.0]);
    }

    #[test]
    fn trees_without_an_end_are_refused() {
        let leaf = Node::leaf(0.0);
        let make = |tree: Tree| Forest::new([0.0; CLASSES], vec![tree.clone(), tree.clone(), tree], 2);
        assert!(make(vec![node(1, 0.0, 0.0, 1), leaf, leaf]).is_some() && make(vec![leaf]).is_some());
        assert!(make(vec![]).is_none());
        assert!(make(vec![node(2, 0.0, 0.0, 1), leaf, leaf]).is_none(), "no such feature");
        assert!(make(vec![node(1, 0.0, 0.0, 1), node(1, 0.0, 0.0, 1), leaf]).is_none(), "a loop");
        assert!(make(vec![node(1, 0.0, 0.0, 1), leaf]).is_none(), "nowhere");
        assert!(make(vec![node(1, f32::NAN, 0.0, 1), leaf, leaf]).is_none());
        assert!(make(vec![Node::leaf(f32::INFINITY)]).is_none());
        assert!(Forest::new([0.0; CLASSES], vec![vec![leaf]], 2).is_none(), "one of three");
        assert!(Forest::new([0.0; CLASSES], Vec::new(), 0).is_some_and(|none| none.is_empty()));
    }
}
