//! Decides about one article, read from a file or standard input.
//!
//! ```sh
//! cargo run --example gate -- examples/article.txt
//! ```

#![allow(clippy::print_stdout, reason = "it is a program")]

use std::io::{self, Read as _};

use unspam::{Gate, Outcome, When};

/// Rules of an imaginary newsroom; the first that applies decides.
fn newsroom() -> Gate {
    Gate::builder()
        // Gambling promos mean that the page was broken into: look at the site first.
        .rule(When::Found { labels: labels("spam/gambling"), at_least: Some(0.9) }, Outcome::Review)
        // What is left of a teaser is no article.
        .rule(When::LeftLessThan(200), Outcome::Reject)
        .rule(When::RemovedMoreThan(0.5), Outcome::Review)
        // Behind these come the defaults: spam is rejected, what is unsure is reviewed.
        .build()
}

fn labels(list: &str) -> unspam::LabelSet {
    unspam::LabelSet::parse(list).expect("labels of this version")
}

fn main() -> io::Result<()> {
    let mut text = String::new();
    match std::env::args().nth(1) {
        Some(path) => text = std::fs::read_to_string(path)?,
        None => drop(io::stdin().read_to_string(&mut text)?),
    }
    let gate = newsroom();
    let decision = gate.decide(text.as_str());
    println!("{}: {}", decision.outcome(), decision.because());
    for finding in decision.report().removals() {
        let reasons: Vec<&str> = finding.reasons.iter().map(|reason| reason.code).collect();
        println!("  {} {:.3} {}", finding.label, finding.score.get(), reasons.join(", "));
    }
    if let Some(text) = decision.text() {
        println!("\n{text}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_article_is_held_back_and_a_teaser_rejected() {
        let gate = newsroom();
        let article = include_str!("article.txt");
        assert_eq!(gate.decide(article).outcome(), Outcome::Review);
        assert_eq!(gate.decide("Read the whole story tomorrow.").outcome(), Outcome::Reject);
    }
}
