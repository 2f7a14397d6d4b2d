//! The same data and seed make the same model, byte for byte.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Dice, stderr, stdout};

const TOWNS: [&str; 8] = ["Demak", "Garut", "Leeds", "Porto", "Lyon", "Izmir", "Brno", "Hanoi"];
const THINGS: [&str; 8] = ["bridge", "school", "market", "canal", "library", "harbour", "forest", "clinic"];
const DEEDS: [&str; 8] = ["repaired", "closed", "opened", "measured", "visited", "cleaned", "painted", "argued about"];
const NAMES: [&str; 6] = ["Rook", "Maren", "Sott", "Oruk", "Isken", "Dauti"];
/// Enough that no class is missing from a fold.
const DOCS: usize = 240;
const JUNK: [(&str, &str); 7] = [
    ("spam/gambling", "Situs slot gacor maxwin daftar sekarang"),
    ("spam/gambling", "Link alternatif togel resmi bonus new member 100"),
    ("spam/pharma", "Buy cheap pills without prescription, discreet shipping"),
    ("spam/scam", "You have won a prize, contact the agent on WhatsApp"),
    ("boilerplate/related", "Read also: what the council decided"),
    ("boilerplate/subscribe", "Sign up for our daily newsletter"),
    ("boilerplate/share", "Share this article on Facebook"),
];

fn paragraph(dice: &mut Dice) -> String {
    let mut out = String::new();
    for _ in 0..2 + dice.roll(3) {
        let (town, thing, deed, number) = (dice.pick(&TOWNS), dice.pick(&THINGS), dice.pick(&DEEDS), dice.roll(90));
        let _ = write!(out, "In {town} the {thing} was {deed} by {number} people before the week was over, he said. ");
    }
    out.trim_end().to_owned()
}

/// Writes a small set of every kind of training file, in the formats of the README.
fn write_data(folder: &Path) {
    let mut dice = Dice::new(5);
    let mut gold = String::new();
    let mut articles = String::new();
    let mut lines = String::new();
    for number in 0..DOCS {
        let mut text = String::new();
        let mut spans = Vec::new();
        for place in 0..4 + dice.roll(4) {
            let (label, line) = if place == 0 {
                (Some("boilerplate/byline"), format!("By {} {}", dice.pick(&NAMES), dice.pick(&NAMES)))
            } else if dice.roll(2) == 0 {
                let (label, line) = *dice.pick(&JUNK);
                (Some(label), format!("{line} {}", dice.roll(99)))
            } else {
                (None, paragraph(&mut dice))
            };
            // Some stand inside a line: there is a stage that learns from these only.
            if label.is_some() && dice.roll(3) == 0 {
                text.push_str(&paragraph(&mut dice));
                text.push(' ');
            }
            let start = text.chars().count();
            text.push_str(&line);
            if let Some(label) = label {
                spans.push(json!([start, text.chars().count(), label]));
            }
            text.push_str("\n\n");
        }
        let source = format!("site{}", number % 9);
        let record = json!({"id": number.to_string(), "lang": "en", "text": text, "spans": spans, "neutral": [], "source": source, "license": "CC0"});
        let _ = writeln!(gold, "{record}");
        let (label, line) = *dice.pick(&JUNK);
        let record =
            json!({"text": format!("{line}, {}", dice.roll(999)), "label": label, "lang": "en", "source": source});
        let _ = writeln!(lines, "{record}");
        let text = (0..5).map(|_| paragraph(&mut dice)).collect::<Vec<_>>().join("\n\n");
        let kind = if number % 4 == 0 { "raw" } else { "clean" };
        let record =
            json!({"text": text, "title": "A week", "kind": kind, "lang": "en", "source": source, "license": "CC0"});
        let _ = writeln!(articles, "{record}");
    }
    let hosts = |stem: &str| -> String { (0..60).map(|n| [stem, &n.to_string(), ".example\n"].concat()).collect() };
    for (name, text) in [
        ("gold.jsonl", gold),
        ("lines.jsonl", lines),
        ("articles.jsonl", articles),
        ("domains_gambling.txt", hosts("gacor")),
        ("domains_adult.txt", hosts("flirt")),
        ("domains_benign.txt", hosts("library")),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "training takes minutes without optimisation: run with --release")]
fn the_same_data_and_seed_make_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("labels")).unwrap();
    write_data(&at.join("labels"));
    let train = |name: &str, seed: &str, jobs: &str| {
        let args = ["train", "labels", "-o", name, "--seed", seed, "-j", jobs, "--max-docs", "40", "--quiet"];
        assert_eq!(stderr(at, &args, 0), "");
        fs::read(at.join(name)).unwrap()
    };
    let one = train("one.model", "7", "1");
    assert!(one == train("again.model", "7", "1"), "another model the second time");
    assert!(one == train("two.model", "7", "2"), "another model with two jobs");
    assert!(one != train("other.model", "8", "2"), "the seed changes nothing");

    assert!(stdout(at, &["model", "verify", "one.model"], 0).contains("is whole"));
    let found: Value =
        serde_json::from_str(&stdout(at, &["evaluate", "labels/gold.jsonl", "--model", "one.model", "--json"], 0))
            .unwrap();
    assert_eq!(found[0]["docs"], DOCS);
    // It has seen these documents, and they are simple: it must have learnt something.
    let recall = found[0]["line_recall"].as_f64().unwrap();
    assert!(recall > 0.3, "recall {recall} on its own training documents");
}
