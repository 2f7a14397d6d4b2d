//! Trains the table that tells languages apart: naive Bayes over the articles and the material.

use std::collections::BTreeMap;

use crate::model::language::{BITS, LANGUAGES, LanguageTable, for_each_bucket};
use crate::normalize::Normalizer;
use crate::segment::beginning;
use crate::train::corpus::Article;
use crate::train::material::Material;

/// Languages told apart; near ones, and those with little text, share a column.
const GROUPS: [&[&str]; LANGUAGES] = [
    &["en", "pcm"],
    &["id", "ms", "rej", "bew", "su", "mak", "min", "jv", "mad", "btk", "mui", "bug"],
    &["zh", "zh-TW"],
    &["ko"],
    &["tr", "az", "tk"],
    &["es", "ca", "gl"],
    &["ur"],
    &["ru", "be"],
    &["ar"],
    &["pt"],
    &["vi"],
    &["pl"],
    &["bn", "as"],
    &["th"],
    &["fr"],
    &["uk"],
    &["de", "af", "lb"],
    &["cs", "sk"],
    &["it"],
    &["ro"],
    &["hu"],
    &["fi", "et"],
    &["nl"],
    &["sv", "da", "no", "nb"],
    &["el"],
    &["hi", "mr", "ne", "sa"],
    &["ja"],
    &["fa", "ps"],
    &["sw", "rn", "rw", "lg", "sn", "xh", "zu", "ln"],
    &["so", "om", "ha", "ig", "yo"],
    &["bg", "sr", "mk", "kk", "ky"],
    &["tl", "lv", "lt", "hr", "sl"],
];

/// Bytes of an article that are counted, and articles a group.
const MOST_BYTES: usize = 3000;
const MOST_ARTICLES: usize = 500;
/// Share of the mean over all languages in the estimate of each: what a language has not been
/// seen to write counts against all languages alike.
const SMOOTHING: f64 = 0.2;

pub(crate) fn train_languages(articles: &[Article], material: &Material) -> LanguageTable {
    let group_of: BTreeMap<&str, usize> =
        GROUPS.iter().enumerate().flat_map(|(group, langs)| langs.iter().map(move |&lang| (lang, group))).collect();
    let mut counts = vec![[0f64; LANGUAGES]; 1 << BITS];
    let mut symbols = Vec::new();
    let mut add = |lang: &str, text: &str| {
        let Some(&group) = group_of.get(lang) else { return };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            symbols.clear();
            let (base, _) = Normalizer.fold(line, &mut symbols);
            for_each_bucket(&symbols[..base], |bucket| counts[bucket][group] += 1.0);
        }
    };
    let mut taken = [0; LANGUAGES];
    for article in articles {
        let Some(&group) = group_of.get(article.lang.as_str()) else { continue };
        if taken[group] < MOST_ARTICLES {
            taken[group] += 1;
            add(&article.lang, beginning(&article.text, MOST_BYTES));
        }
    }
    for kept in &material.keep {
        add(&kept.lang, &kept.text);
    }
    for (lang, line) in material.written_lines() {
        add(lang, line);
    }
    let totals: [f64; LANGUAGES] =
        std::array::from_fn(|group| counts.iter().map(|row| row[group]).sum::<f64>().max(1.0));
    let scale = 6.0 / f64::from(i8::MAX);
    let weights = counts
        .iter()
        .map(|row| {
            let shares: [f64; LANGUAGES] = std::array::from_fn(|group| row[group] / totals[group]);
            let mean = shares.iter().sum::<f64>() / LANGUAGES as f64;
            shares.map(|share| {
                if mean == 0.0 {
                    return 0;
                }
                let ratio = ((1.0 - SMOOTHING) * share / mean + SMOOTHING).ln();
                (ratio / scale).round().clamp(-127.0, 127.0) as i8
            })
        })
        .collect();
    LanguageTable::new(weights, scale as f32).expect("one row a bucket")
}
