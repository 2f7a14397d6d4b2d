//! Disguises text as spammers do, and measures what the detector still finds.
//!
//! ```text
//! attack list                            the transformations
//! attack apply NAME < TEXT               each line disguised
//! attack documents [NAME …]              gold documents (JSON lines) for `unspam evaluate`; "plain" is a name too
//! attack measure [--model FILE] [--json]  recall of every transformation beside the plain form, and legitimate
//!                                        texts that lose anything
//! attack missed NAME [--model FILE]      the promos found plain and missed disguised
//! ```
//!
//! Promos, articles and texts to keep are in `fixtures/attacks`.

#![allow(clippy::print_stdout, missing_docs, unreachable_pub)]

mod suite;
mod transform;

use std::error::Error;
use std::io::Read as _;

use serde_json::json;
use unspam::Detector;

use suite::{Attacked, Promo};
use transform::{TRANSFORMATIONS, Transformation};

const USAGE: &str = "usage: attack list | apply NAME | documents [NAME …] | measure [--model FILE] [--json] | \
missed NAME [--model FILE]";

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let named = |name: &str| Transformation::named(name).ok_or_else(|| format!("no transformation {name:?}"));
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => {
            for way in TRANSFORMATIONS {
                let seen = if way.trained { "in training" } else { "unseen" };
                println!("{:28} {seen:12} {}", way.name, way.apply("Casino Slot88"));
            }
        }
        ["apply", name] => {
            let way = named(name)?;
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            for line in text.lines() {
                println!("{}", way.apply(line));
            }
        }
        ["documents", ref names @ ..] => {
            let promos = suite::promos();
            for way in TRANSFORMATIONS.iter().filter(|way| names.is_empty() || names.contains(&way.name)) {
                for (number, promo) in promos.iter().enumerate() {
                    if let Some(attacked) = promo.attacked(way) {
                        println!("{}", gold(way.name, number, promo, &attacked));
                    }
                }
            }
            if names.is_empty() || names.contains(&"plain") {
                for (number, promo) in promos.iter().enumerate() {
                    println!("{}", gold("plain", number, promo, &promo.plain()));
                }
            }
        }
        ["measure", ref rest @ ..] => {
            let (detector, json) = detector(rest)?;
            measure(&detector, json);
        }
        ["missed", name, ref rest @ ..] => {
            let way = named(name)?;
            let (detector, _) = detector(rest)?;
            for promo in suite::promos() {
                let Some(attacked) = promo.attacked(way) else { continue };
                if promo.plain().judge(&detector).0 && !attacked.judge(&detector).0 {
                    println!("{}\t{}\t{}", promo.lang, promo.place(), &attacked.text[attacked.promo.clone()]);
                }
            }
        }
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

/// Reads `--model FILE` and `--json`.
fn detector(args: &[&str]) -> Result<(Detector, bool), Box<dyn Error>> {
    let (mut builder, mut json) = (Detector::builder(), false);
    let mut args = args.iter();
    while let Some(&arg) = args.next() {
        match arg {
            "--json" => json = true,
            "--model" => builder = builder.model_bytes(std::fs::read(args.next().ok_or("--model needs a file")?)?),
            _ => return Err(USAGE.into()),
        }
    }
    Ok((builder.build()?, json))
}

fn gold(way: &str, number: usize, promo: &Promo, attacked: &Attacked) -> serde_json::Value {
    let chars = |at: usize| attacked.text[..at].chars().count();
    json!({
        "id": format!("{way}-{number}"),
        "lang": promo.lang,
        "text": attacked.text,
        "spans": [[chars(attacked.promo.start), chars(attacked.promo.end), promo.label]],
        "neutral": [],
        "set": "attacks",
        "source": format!("{}-{}", promo.shape, promo.place()),
        "kind": way,
    })
}

fn measure(detector: &Detector, json: bool) {
    let promos = suite::promos();
    let outcomes = suite::measure(detector, &promos, TRANSFORMATIONS);
    let kept = suite::keep();
    let lost: Vec<(&str, Vec<&str>)> = kept
        .iter()
        .map(|(name, text)| (name.as_str(), suite::lost(detector, text)))
        .filter(|(_, lost)| !lost.is_empty())
        .collect();
    if json {
        let rows: Vec<_> = TRANSFORMATIONS
            .iter()
            .zip(&outcomes)
            .map(|(way, outcome)| {
                json!({"name": way.name, "trained": way.trained, "promos": outcome.promos, "plain": outcome.plain,
                       "found": outcome.found, "damaged": outcome.damaged})
            })
            .collect();
        println!("{}", json!({"transformations": rows, "kept": kept.len(), "lost": lost}));
        return;
    }
    println!("{:28} {:>6} {:>6} {:>6} {:>6} {:>7}", "transformation", "promos", "plain", "found", "drop", "damaged");
    for (way, outcome) in TRANSFORMATIONS.iter().zip(&outcomes) {
        let (promos, plain) = (outcome.promos, outcome.plain as f64 / outcome.promos.max(1) as f64);
        let (recall, drop) = (outcome.recall(), outcome.points_lost());
        println!("{:28} {promos:6} {plain:6.3} {recall:6.3} {drop:6.1} {:7}", way.name, outcome.damaged);
    }
    println!("\n{} of {} legitimate texts lose something", lost.len(), kept.len());
    for (name, parts) in &lost {
        for part in parts {
            println!("  {name}: {part:?}");
        }
    }
}
