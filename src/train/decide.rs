//! From scores to decisions: calibration of probabilities and thresholds of the presets, both
//! from documents that the models which scored them have not seen.

use serde_json::json;

use crate::label::Class;
use crate::model::{Calibration, Thresholds};

/// Scores of a line or piece by models that have not seen its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scored {
    pub(crate) scores: [f32; Class::COUNT],
    pub(crate) class: Class,
    pub(crate) weight: f32,
    /// Whether its document is one whose content is sure to be content.
    pub(crate) sure: bool,
}

/// Shares of sure content that the presets balanced, precision and recall may take for spam and
/// for boilerplate, in lines, pieces of lines and texts of one line.
const LOSSES: [[[f64; 2]; 3]; 3] = [
    [[1.3e-3, 8e-4], [9e-4, 3e-4], [2.55e-3, 1e-3]],
    [[2e-4, 1e-4], [1e-4, 1e-4], [5e-4, 1e-4]],
    [[4e-3, 2e-3], [2e-3, 1e-3], [4e-3, 1e-3]],
];
/// Fewest unseen examples of a class for its scores to say anything, and its threshold else.
const EXAMPLES: usize = 100;
const UNSEEN: f32 = 0.97;
/// Bounds of thresholds: what is more likely content stays, and something must go.
const LEAST: f32 = 0.5;
const MOST: f32 = 0.995;
/// Bylines go only by request, see `Policy::remove`; the same for every model.
const BYLINE: [[f32; 3]; 3] = [[0.7, 0.9, 0.9], [0.9, 0.97, 0.97], [0.5, 0.7, 0.7]];

/// Thresholds of the presets balanced, precision and recall: the lowest at which no more of the
/// unseen content would be lost than `LOSSES` allow.
pub(crate) fn presets(samples: &[Vec<Scored>; 3], calibration: &[[Calibration; Class::COUNT]; 3]) -> [Thresholds; 3] {
    std::array::from_fn(|preset| {
        let [line, piece, single] = std::array::from_fn(|scope| {
            let mut least = [1.1; Class::COUNT];
            least[Class::Byline.index()] = BYLINE[preset][scope];
            for (class, loss) in [Class::Spam, Class::Boilerplate].into_iter().zip(LOSSES[preset][scope]) {
                if samples[scope].iter().filter(|sample| sample.class == class).count() < EXAMPLES {
                    least[class.index()] = UNSEEN;
                    continue;
                }
                let content = samples[scope].iter().filter(|sample| sample.sure && sample.class == Class::Content);
                let calibrate = calibration[scope][class.index()];
                let mut scores: Vec<f32> =
                    content.map(|sample| calibrate.apply(sample.scores[class.index()])).collect();
                scores.sort_unstable_by(|one, two| two.total_cmp(one));
                let at = scores.get((scores.len() as f64 * loss) as usize).copied().unwrap_or(1.0);
                least[class.index()] = ((at + 1e-4) * 1e3).ceil() / 1e3;
                least[class.index()] = least[class.index()].clamp(LEAST, MOST);
            }
            least
        });
        Thresholds { line, piece, single }
    })
}

/// Weight of the pull of a calibration towards none.
const PULL: f64 = 4.0;

/// Fits slope and offset of one class against the rest by Newton's method.
pub(crate) fn platt(samples: &[Scored], class: usize) -> Calibration {
    let points: Vec<(f64, f64, f64)> = samples
        .iter()
        .map(|sample| {
            let p = f64::from(sample.scores[class].clamp(1e-7, 1.0 - 1e-7));
            let hit = sample.class.index() == class;
            ((p / (1.0 - p)).ln(), f64::from(u8::from(hit)), f64::from(sample.weight))
        })
        .collect();
    if points.iter().filter(|point| point.1 > 0.5).count() < 20 {
        return Calibration::IDENTITY;
    }
    // Towards no change, as strongly as a few examples would pull: a class that scores can tell
    // without error has no finite optimum.
    let loss = |slope: f64, offset: f64| {
        let fit: f64 = points.iter().map(|&(x, y, w)| w * softplus((slope * x + offset) * (1.0 - 2.0 * y))).sum();
        fit + PULL / 2.0 * ((slope - 1.0).powi(2) + offset.powi(2))
    };
    let (mut slope, mut offset) = (1.0f64, 0.0f64);
    let mut best = loss(slope, offset);
    for _ in 0..30 {
        let (mut g0, mut g1) = (PULL * (slope - 1.0), PULL * offset);
        let (mut h00, mut h01, mut h11) = (PULL, 0.0, PULL);
        for &(x, y, w) in &points {
            let p = 1.0 / (1.0 + (-(slope * x + offset)).exp());
            let error = (p - y) * w;
            let curve = p * (1.0 - p) * w;
            g0 += error * x;
            g1 += error;
            h00 += curve * x * x;
            h01 += curve * x;
            h11 += curve;
        }
        let determinant = h00 * h11 - h01 * h01;
        let (d0, d1) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant);
        // The longest of shorter and shorter steps that makes it better.
        let step = (0..20).map(|halvings| 0.5f64.powi(halvings)).find_map(|share| {
            let next = ((slope - share * d0).clamp(0.2, 4.0), offset - share * d1);
            let value = loss(next.0, next.1);
            (value < best).then_some((next, value))
        });
        let Some((next, value)) = step else { break };
        let gained = best - value;
        ((slope, offset), best) = (next, value);
        if gained < 1e-7 * (1.0 + best) {
            break;
        }
    }
    Calibration { slope: slope as f32, offset: offset as f32 }
}

/// `ln(1 + exp(x))` without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Held-out figures for the model's record: recall at fixed shares of sure content lost,
/// with the threshold.
pub(crate) fn describe(
    samples: &[Vec<Scored>; 3],
    calibration: &[[Calibration; Class::COUNT]; 3],
) -> serde_json::Value {
    let mut out = serde_json::Map::new();
    for (scope, name) in ["line", "piece", "single"].into_iter().enumerate() {
        for class in [Class::Boilerplate, Class::Spam] {
            let score = |scores: &[f32; Class::COUNT]| calibration[scope][class.index()].apply(scores[class.index()]);
            let mut content: Vec<f32> = samples[scope]
                .iter()
                .filter(|s| s.sure && s.class == Class::Content)
                .map(|s| score(&s.scores))
                .collect();
            let junk: Vec<f32> = samples[scope].iter().filter(|s| s.class == class).map(|s| score(&s.scores)).collect();
            content.sort_unstable_by(|one, two| two.total_cmp(one));
            let mut entry = serde_json::Map::new();
            entry.insert("content".to_owned(), json!(content.len()));
            entry.insert("junk".to_owned(), json!(junk.len()));
            for loss in [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3] {
                let at = content.get((content.len() as f64 * loss) as usize).copied().unwrap_or(1.0);
                let recall = junk.iter().filter(|&&p| p > at).count() as f64 / junk.len().max(1) as f64;
                entry.insert(
                    format!("recall_at_loss_{loss}"),
                    json!([(recall * 1e4).round() / 1e4, (f64::from(at) * 1e4).round() / 1e4]),
                );
            }
            out.insert(format!("{name}:{}", if class == Class::Spam { "spam" } else { "boilerplate" }), entry.into());
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(of: impl Fn(usize) -> (f32, bool)) -> Vec<Scored> {
        let sample = |(p, hit): (f32, bool)| Scored {
            scores: [1.0 - p, p, 0.0, 0.0],
            class: Class::ALL[usize::from(hit)],
            weight: 1.0,
            sure: true,
        };
        (0..2000).map(of).map(sample).collect()
    }

    #[test]
    fn calibration_finds_the_slope_and_offset_that_scores_lack() {
        // Twice as sure as they should be, and one nat too high.
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let drawn = samples(|number| {
            let x = (number % 100) as f32 / 10.0 - 5.0;
            let real = sigmoid(x / 2.0 - 0.5);
            (sigmoid(x), (number / 100) as f32 / 20.0 + 0.025 < real)
        });
        let found = platt(&drawn, 1);
        assert!((found.slope - 0.5).abs() < 0.05 && (found.offset + 0.5).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn what_scores_tell_without_error_keeps_a_finite_calibration() {
        for few in [25, 1000] {
            let found = platt(&samples(|number| (if number < few { 0.9 } else { 1e-4 }, number < few)), 1);
            assert!(found.offset.abs() < 10.0, "{found:?}");
            assert!(found.apply(0.9) > 0.8 && found.apply(1e-4) < 0.01, "{found:?}");
            // No score says anything.
            let found = platt(&samples(|number| (0.3, number < few)), 1);
            assert!((found.apply(0.3) - few as f32 / 2000.0).abs() < 0.05, "{found:?}");
        }
    }

    #[test]
    fn presets_lose_no_more_than_they_may() {
        let drawn = |scope: usize| -> Vec<Scored> {
            let of = |number: usize| {
                let p = number as f32 / 20_010.0;
                let class = if number.is_multiple_of(3) && p > 0.4 { Class::Spam } else { Class::Content };
                Scored { scores: [1.0 - p, 0.0, 0.0, p.powi(4)], class, weight: 1.0, sure: true }
            };
            (0..20_000 + scope).map(of).collect()
        };
        let samples = [drawn(0), drawn(1), drawn(2)];
        let found = presets(&samples, &[[Calibration::IDENTITY; Class::COUNT]; 3]);
        let spam = Class::Spam.index();
        for (preset, [[loss, _], ..]) in found.iter().zip(LOSSES) {
            let least = preset.line[spam];
            let content = samples[0].iter().filter(|sample| sample.class == Class::Content);
            let lost = content.clone().filter(|sample| sample.scores[spam] >= least).count() as f64;
            assert!(lost / content.count() as f64 <= loss || least >= MOST, "{found:?}");
            assert!(preset.line[0] > 1.0, "content never goes");
        }
        assert!(found[1].line[spam] > found[0].line[spam] && found[0].line[spam] > found[2].line[spam]);
    }
}
