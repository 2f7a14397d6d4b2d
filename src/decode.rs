//! From scores of single lines to labels of the sequence.
//!
//! Junk comes in blocks: a footer, a row of promos, a menu. A linear chain with learnt
//! transitions lets sure lines speak for unsure neighbours; the forward-backward algorithm
//! (Rabiner 1989, section III.B) gives each line's probability within the whole sequence,
//! which is what thresholds are applied to. What neighbours may say is capped, so that a
//! list of look-alike lines does not fall as a whole for one bad line; and they speak for
//! spam only, never against it: what is put in between two paragraphs has content on both
//! sides.

use crate::label::Class;

const CLASSES: usize = Class::COUNT;
const SPAM: usize = Class::Spam as usize;

/// A linear chain over the classes.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoder {
    /// Log of how much likelier a class is behind another one than anywhere.
    transitions: [[f32; CLASSES]; CLASSES],
    /// How much the chain counts, `0..=1`.
    strength: f32,
    /// Most that the neighbours may add to a line's log-odds, in nats.
    cap: f32,
}

impl Decoder {
    /// Returns the decoder, or `None` if a number is not finite.
    pub(crate) fn new(transitions: [[f32; CLASSES]; CLASSES], strength: f32, cap: f32) -> Option<Self> {
        let finite = transitions.iter().flatten().chain([&strength, &cap]).all(|value| value.is_finite());
        finite.then_some(Self { transitions, strength, cap })
    }

    pub(crate) fn transitions(&self) -> [[f32; CLASSES]; CLASSES] {
        self.transitions
    }

    pub(crate) fn strength(&self) -> f32 {
        self.strength
    }

    pub(crate) fn cap(&self) -> f32 {
        self.cap
    }

    /// Replaces each line's probabilities with those it has within the sequence.
    pub fn decode(&self, lines: &mut [[f32; CLASSES]], messages: &mut Vec<[f32; CLASSES]>) {
        if lines.len() < 2 || self.strength == 0.0 {
            return;
        }
        let factor: [[f32; CLASSES]; CLASSES] =
            self.transitions.map(|row| row.map(|value| (value * self.strength).exp()));
        messages.clear();
        messages.resize(lines.len(), [1.0; CLASSES]);
        // Backward: what the lines behind say of each class here.
        for index in (0..lines.len() - 1).rev() {
            let mut message = [0.0; CLASSES];
            for (class, value) in message.iter_mut().enumerate() {
                for next in 0..CLASSES {
                    *value += factor[class][next] * lines[index + 1][next] * messages[index + 1][next];
                }
            }
            messages[index] = normalised(message);
        }
        // Forward, with the line's own scores put together on the way.
        let mut forward = [1.0; CLASSES];
        for index in 0..lines.len() {
            let own = lines[index];
            let behind = messages[index];
            let mut beside: [f32; CLASSES] = std::array::from_fn(|class| forward[class] * behind[class]);
            let content = beside[0].max(f32::MIN_POSITIVE);
            for (class, value) in beside.iter_mut().enumerate() {
                let least = if class == SPAM { 0.0 } else { -self.cap };
                *value = (*value / content).max(f32::MIN_POSITIVE).ln().clamp(least, self.cap).exp();
            }
            let joint: [f32; CLASSES] = std::array::from_fn(|class| own[class] * beside[class]);
            let mut next = [0.0; CLASSES];
            for (class, value) in next.iter_mut().enumerate() {
                for previous in 0..CLASSES {
                    *value += own[previous] * forward[previous] * factor[previous][class];
                }
            }
            forward = normalised(next);
            lines[index] = normalised(joint);
        }
    }
}

fn normalised(values: [f32; CLASSES]) -> [f32; CLASSES] {
    let sum: f32 = values.iter().sum();
    if sum > 0.0 { values.map(|value| value / sum) } else { [1.0 / CLASSES as f32; CLASSES] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sticky() -> Decoder {
        let mut transitions = [[-1.0; CLASSES]; CLASSES];
        for (class, row) in transitions.iter_mut().enumerate() {
            row[class] = 1.0;
        }
        Decoder::new(transitions, 1.0, 3.0).unwrap()
    }

    #[test]
    fn a_doubtful_line_follows_its_neighbours() {
        let sure = [0.02, 0.95, 0.01, 0.02];
        let doubtful = [0.5, 0.5, 0.0, 0.0];
        let mut lines = [sure, doubtful, sure];
        sticky().decode(&mut lines, &mut Vec::new());
        assert!(lines[1][1] > 0.9, "{lines:?}");
        let content = [0.98, 0.02, 0.0, 0.0];
        let mut lines = [content, doubtful, content];
        sticky().decode(&mut lines, &mut Vec::new());
        assert!(lines[1][0] > 0.9, "{lines:?}");
    }

    #[test]
    fn neighbours_speak_for_spam_only() {
        let sure = [0.02, 0.01, 0.02, 0.95];
        let doubtful = [0.5, 0.0, 0.0, 0.5];
        let mut lines = [sure, doubtful, sure];
        sticky().decode(&mut lines, &mut Vec::new());
        assert!(lines[1][SPAM] > 0.9, "{lines:?}");
        let content = [0.98, 0.0, 0.0, 0.02];
        let mut lines = [content, doubtful, content];
        sticky().decode(&mut lines, &mut Vec::new());
        assert!(lines[1][SPAM] > 0.49, "{lines:?}");
    }

    #[test]
    fn probabilities_add_up_to_one() {
        let mut lines = vec![[0.25; CLASSES]; 500];
        lines[7] = [1.0, 0.0, 0.0, 0.0];
        sticky().decode(&mut lines, &mut Vec::new());
        for line in lines {
            assert!((line.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
    }
}
