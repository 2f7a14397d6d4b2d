//! Chooses how careful to be from a person's own clean documents, with a guarantee.
//!
//! Candidates of falling caution are tried one after the other, and each must pass a test at the
//! wanted confidence before the next one is looked at: fixed-sequence testing, which keeps the
//! confidence of the last candidate that passed without correcting for their number
//! (Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test", 2021). The test is the exact
//! binomial upper bound of Clopper and Pearson (1934) on the share of content lines lost. It
//! takes lines for independent draws from the lines to come; lines of one document are not
//! quite that, so give it many documents.

use rayon::prelude::*;

use crate::clean::Cleaner;
use crate::detector::Detector;
use crate::segment::Segmenter;

/// Caution tried first, and the steps down from it, in nats of log-odds on every threshold.
const FIRST: f32 = 6.0;
const STEP: f32 = 0.25;
/// Least caution that is tried: below it, what is removed is not likely junk any more.
const LEAST: f32 = -1.5;

/// What was found for one caution.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Trial {
    /// Nats added to the log-odds of every threshold.
    pub caution: f32,
    /// Lines that lost a character or more.
    pub lost: u64,
    /// Upper bound on the share of lines lost, at the confidence asked for.
    pub bound: f64,
}

/// The outcome of a calibration.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Calibrated {
    /// Lines with text in the documents.
    pub lines: u64,
    /// The last trial that passed; `None` if even the most careful one cannot be shown to.
    pub chosen: Option<Trial>,
    /// All trials in order; at most the last one failed.
    pub trials: Vec<Trial>,
}

/// Returns the least caution at which, with probability `confidence`, at most `max_loss` of
/// content lines are lost on documents like these, in which every line is content.
///
/// Other settings of the detector's policy stay as they are.
pub fn calibrate(detector: &Detector, documents: &[String], max_loss: f64, confidence: f64) -> Calibrated {
    let lines = documents.par_iter().map(|text| bodies(text).count() as u64).sum();
    let mut outcome = Calibrated { lines, chosen: None, trials: Vec::new() };
    let mut caution = FIRST;
    while caution >= LEAST {
        let careful = detector.with_policy(detector.policy().clone().with_caution(caution));
        let lost = documents.par_iter().map(|text| lines_lost(&careful, text)).sum();
        let bound = upper_bound(lost, lines, confidence);
        let trial = Trial { caution, lost, bound };
        outcome.trials.push(trial);
        if bound > max_loss {
            break;
        }
        outcome.chosen = Some(trial);
        caution -= STEP;
    }
    outcome
}

fn bodies(text: &str) -> impl Iterator<Item = crate::span::Span> {
    let mut segments = Vec::new();
    Segmenter.segments(text, &mut segments);
    segments.into_iter().map(|segment| segment.body).filter(|body| !body.is_empty())
}

fn lines_lost(detector: &Detector, text: &str) -> u64 {
    let edits = Cleaner::edits(text.as_bytes(), &detector.scan(text));
    if edits.is_empty() {
        return 0;
    }
    bodies(text).filter(|body| edits.iter().any(|edit| edit.span.overlaps(*body))).count() as u64
}

/// Returns the fewest lines with which a share of `max_loss` can be shown at all.
pub fn lines_needed(max_loss: f64, confidence: f64) -> u64 {
    ((1.0 - confidence).ln() / (1.0 - max_loss).ln()).ceil() as u64
}

/// The one-sided upper bound of Clopper and Pearson: the share at which `lost` or fewer of
/// `lines` would be seen with probability 1 - `confidence`.
pub fn upper_bound(lost: u64, lines: u64, confidence: f64) -> f64 {
    if lost >= lines {
        return 1.0;
    }
    let (mut low, mut high) = (lost as f64 / lines as f64, 1.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if at_most(lost, lines, middle) > 1.0 - confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Probability of at most `lost` hits in `lines` draws of probability `share`.
fn at_most(lost: u64, lines: u64, share: f64) -> f64 {
    if share >= 1.0 {
        return 0.0;
    }
    // Logarithms: the first term alone is below the smallest number for long files.
    let odds = (share / (1.0 - share)).ln();
    let mut term = lines as f64 * (-share).ln_1p();
    let mut sum = term;
    for hit in 0..lost {
        term += ((lines - hit) as f64 / (hit + 1) as f64).ln() + odds;
        let (large, small) = if sum > term { (sum, term) } else { (term, sum) };
        sum = large + (small - large).exp().ln_1p();
    }
    sum.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_that_of_clopper_and_pearson() {
        // Without a loss it has a closed form, and known values are met.
        for lines in [10u64, 1000, 100_000] {
            let closed = 1.0 - 0.05f64.powf(1.0 / lines as f64);
            assert!((upper_bound(0, lines, 0.95) - closed).abs() < 1e-12 + closed * 1e-6);
        }
        assert!((upper_bound(1, 10, 0.95) - 0.394_163).abs() < 1e-5);
        assert!((upper_bound(5, 100, 0.975) - 0.112_835).abs() < 1e-5);
        assert!((upper_bound(7, 7, 0.95) - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn as_many_lines_are_needed_as_the_bound_says() {
        for (loss, confidence) in [(1e-4, 0.95), (1e-3, 0.9), (0.02, 0.99)] {
            let lines = lines_needed(loss, confidence);
            assert!(upper_bound(0, lines, confidence) <= loss);
            assert!(upper_bound(0, lines - 1, confidence) > loss);
        }
    }
}
