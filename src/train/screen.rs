//! Trains the first look: which words of running text ask for a closer one.
//!
//! The weights are fitted for what the screen does with them: of every text the stretch of words
//! with the highest sum, found anew each time, is taught to stay low in article text and to rise
//! in junk, by logistic regression with AdaGrad. The limit comes from documents that a trial fit
//! has not seen.

use crate::features::glance::words_of;
use crate::label::Class;
use crate::model::brand::BrandTable;
use crate::model::screen::{self, Screen};
use crate::train::rng::Rng;

/// A text of one class with the fold it belongs to.
pub(crate) struct ScreenExample<'a> {
    pub(crate) text: &'a str,
    pub(crate) junk: bool,
    /// Whether it stands in running text, where the screen decides.
    pub(crate) prose: bool,
    pub(crate) weight: f32,
    pub(crate) fold: usize,
}

impl<'a> ScreenExample<'a> {
    /// Bylines inside running text are never cut, so they count as content.
    pub(crate) fn new(text: &'a str, class: Class, prose: bool, weight: f32, fold: usize) -> Self {
        let junk = matches!(class, Class::Boilerplate | Class::Spam);
        Self { text, junk, prose, weight, fold }
    }
}

const EPOCHS: usize = 6;
const RATE: f32 = 0.3;
/// Taken off for every word, in nats.
const DRIFT: f32 = 0.1;
/// Sum, in nats, at which a text is as likely junk as content.
const THETA: f32 = 3.0;
/// Weight of all junk against that of all content.
const BALANCE: f32 = 0.3;
/// Share of unseen running text that shall need no closer look; what it costs stands in
/// `models/EXPERIMENTS.md`, row 15a.
const PASSED: f64 = 0.85;
/// The same for the sum at the end of a line, of those that pass.
const LAST_PASSED: f64 = 0.965;
/// Fold that a trial fit does without.
const HELD_OUT: usize = 0;

/// The words of a text: a range of buckets, class, weight.
struct Words {
    from: u32,
    to: u32,
    junk: bool,
    weight: f32,
}

fn round(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

/// Trains the screen and returns it with shares of unseen junk found and content passed over.
pub(crate) fn train_screen(
    examples: &[ScreenExample<'_>],
    brands: &BrandTable,
    seed: u64,
) -> (Screen, serde_json::Value) {
    let blank = Screen::blank();
    let mut buckets: Vec<u32> = Vec::new();
    let mut texts: Vec<(Words, usize)> = Vec::new();
    for example in examples {
        let (_, words) = words_of(example.text.as_bytes(), &blank, brands);
        let from = buckets.len() as u32;
        buckets.extend(words.iter().map(|&word| screen::bucket(word) as u32));
        let text = Words { from, to: buckets.len() as u32, junk: example.junk, weight: example.weight };
        texts.push((text, example.fold));
    }
    let fit = |held_out: Option<usize>| {
        let chosen: Vec<&Words> =
            texts.iter().filter(|(_, fold)| Some(*fold) != held_out).map(|(text, _)| text).collect();
        fit(&chosen, &buckets, seed)
    };
    let trial = fit(Some(HELD_OUT));
    // Highest sums and those at the end, of content and junk.
    let mut seen: [Vec<(i32, i32)>; 2] = Default::default();
    for example in examples.iter().filter(|example| example.fold == HELD_OUT && example.prose) {
        let (glance, _) = words_of(example.text.as_bytes(), &trial, brands);
        if example.junk || glance.prose() {
            let sums = if glance.is_odd() { (i32::MAX, i32::MAX) } else { (glance.peak, glance.last) };
            seen[usize::from(example.junk)].push(sums);
        }
    }
    let [content, junk] = seen;
    let quantile = |mut values: Vec<i32>, share: f64| {
        values.sort_unstable();
        values.get((values.len() as f64 * share) as usize).copied().unwrap_or(0).clamp(0, 1 << 20)
    };
    let limit = quantile(content.iter().map(|sums| sums.0).collect(), PASSED);
    let passing = content.iter().filter(|sums| sums.0 <= limit).map(|sums| sums.1);
    let last_limit = quantile(passing.collect(), LAST_PASSED);
    let below = |seen: &[(i32, i32)]| {
        let passed = seen.iter().filter(|sums| sums.0 <= limit && sums.1 <= last_limit).count();
        round(passed as f64 / seen.len().max(1) as f64)
    };
    let record = serde_json::json!({
        "junk": junk.len(), "content": content.len(), "limit": limit, "last_limit": last_limit,
        "missed": below(&junk), "passed": below(&content),
    });
    let full = fit(None);
    let screen =
        Screen::new(full.weights().to_vec(), full.drift(), limit, last_limit).expect("as many weights as buckets");
    (screen, record)
}

fn fit(texts: &[&Words], buckets: &[u32], seed: u64) -> Screen {
    let size = 1 << screen::BITS;
    let mut cells = vec![[0.0f32, 1e-2]; size];
    // Both sides weigh the same.
    let total =
        |junk: bool| -> f64 { texts.iter().filter(|text| text.junk == junk).map(|text| f64::from(text.weight)).sum() };
    let balance = BALANCE * (total(false) / total(true).max(1.0)) as f32;
    let mut order: Vec<u32> = (0..texts.len() as u32).collect();
    let mut rng = Rng::new(seed);
    for _ in 0..EPOCHS {
        rng.shuffle(&mut order);
        for &index in &order {
            let text = texts[index as usize];
            let words = &buckets[text.from as usize..text.to as usize];
            // The stretch with the highest sum, as the screen will find it.
            let (mut sum, mut start) = (0.0f32, 0);
            let mut best = (0.0f32, 0, 0);
            for (at, &bucket) in words.iter().enumerate() {
                sum += cells[bucket as usize][0] - if at % 2 == 0 { DRIFT } else { 0.0 };
                if sum <= 0.0 {
                    (sum, start) = (0.0, at + 1);
                } else if sum > best.0 {
                    best = (sum, start, at + 1);
                }
            }
            let part = if best.0 > 0.0 {
                &words[best.1..best.2]
            } else if text.junk {
                words
            } else {
                continue;
            };
            let target = f32::from(u8::from(text.junk));
            let weight = if text.junk { text.weight * balance } else { text.weight };
            let error = (1.0 / (1.0 + (THETA - best.0).exp()) - target) * weight;
            let share = 1.0 / (part.len() as f32).sqrt().max(1.0);
            for &bucket in part {
                let [value, total] = &mut cells[bucket as usize];
                let gradient = error * share + 1e-5 * *value;
                *total += gradient * gradient;
                *value -= RATE * gradient / total.sqrt();
            }
        }
    }
    let scale = 4.0 / f32::from(i8::MAX);
    let weights = cells.iter().map(|cell| (cell[0] / scale).round().clamp(-127.0, 127.0) as i8).collect();
    let drift = (DRIFT / scale).round() as i32;
    Screen::new(weights, drift, 0, 0).expect("as many weights as buckets")
}
