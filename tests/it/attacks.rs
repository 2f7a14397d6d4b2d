//! Disguised promos are found, and honest text with the same characters is left alone.
//!
//! The floors in `fixtures/attacks/floors.tsv` lie two promos below what the shipped model reaches,
//! so that a small change elsewhere does not trip them; `UNSPAM_BLESS=1` writes them anew.

#[allow(dead_code, unreachable_pub, reason = "the example uses the rest")]
#[path = "../../examples/attack/suite.rs"]
mod suite;
#[allow(unreachable_pub, reason = "the example is a program of its own")]
#[path = "../../examples/attack/transform.rs"]
mod transform;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use crate::corpus::DETECTOR;
use transform::TRANSFORMATIONS;

/// Promos that a floor lies below what was found, and documents that may be damaged beyond it.
const SLACK: usize = 2;
const HEAD: &str = "# transformation\tpromos\tfound at least\tdocuments damaged at most\n";

#[test]
fn each_transformation_keeps_its_floor() {
    let promos = suite::promos();
    assert!(promos.len() >= 150, "{} promos", promos.len());
    assert!(TRANSFORMATIONS.len() >= 40, "{} transformations", TRANSFORMATIONS.len());
    assert!(TRANSFORMATIONS.iter().filter(|way| !way.trained).count() >= 20, "too few that training does not know");
    let outcomes = suite::measure(&DETECTOR, &promos, TRANSFORMATIONS);
    let list = suite::folder().join("floors.tsv");
    if std::env::var_os("UNSPAM_BLESS").is_some() {
        let mut floors = HEAD.to_owned();
        for (way, outcome) in TRANSFORMATIONS.iter().zip(&outcomes) {
            let (found, damaged) = (outcome.found.saturating_sub(SLACK), outcome.damaged + SLACK);
            writeln!(floors, "{}\t{}\t{found}\t{damaged}", way.name, outcome.promos).unwrap();
        }
        fs::write(&list, floors).unwrap();
    }
    let floors = fs::read_to_string(&list).unwrap();
    let rows: Vec<Vec<&str>> =
        floors.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    let known: Vec<&str> = TRANSFORMATIONS.iter().map(|way| way.name).collect();
    assert_eq!(names, known, "floors.tsv names other transformations: UNSPAM_BLESS=1 writes it anew");
    let mut faults = String::new();
    for (row, outcome) in rows.iter().zip(&outcomes) {
        let [promos, least, most] = [1, 2, 3].map(|cell| row[cell].parse::<usize>().unwrap());
        assert_eq!(promos, outcome.promos, "{}: other promos than the floor was set with", row[0]);
        if outcome.found < least {
            let _ = writeln!(faults, "{}: {} of {promos} found, must be at least {least}", row[0], outcome.found);
        }
        if outcome.damaged > most {
            let _ = writeln!(faults, "{}: {} articles damaged, may be at most {most}", row[0], outcome.damaged);
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn honest_text_with_the_characters_of_attacks_is_left_alone() {
    let texts = suite::keep();
    assert!(texts.len() >= 60, "{} texts", texts.len());
    let failing: BTreeSet<&str> = texts
        .iter()
        .filter(|(_, text)| !suite::lost(&DETECTOR, text).is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    let list = suite::folder().join("known_losses.txt");
    if std::env::var_os("UNSPAM_BLESS").is_some() {
        fs::write(&list, failing.iter().flat_map(|name| [*name, "\n"]).collect::<String>()).unwrap();
    }
    let known = fs::read_to_string(&list).unwrap();
    let known: BTreeSet<&str> = known.lines().collect();
    let mut faults = String::new();
    for name in failing.difference(&known) {
        let (_, text) = texts.iter().find(|(known, _)| known == name).unwrap();
        let _ = writeln!(faults, "{name} loses {:?}", suite::lost(&DETECTOR, text));
    }
    for name in known.difference(&failing) {
        let _ = writeln!(faults, "{name} loses nothing any more, or is no text: remove it from known_losses.txt");
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn transformations_are_repeatable_and_change_what_they_are_for() {
    let mut names = BTreeSet::new();
    for way in TRANSFORMATIONS {
        assert!(names.insert(way.name), "{} is there twice", way.name);
        for text in ["Casino Slot88 bonus", "sbobet deposit"] {
            let once = way.apply(text);
            assert_ne!(once, text, "{}", way.name);
            assert_eq!(once, way.apply(text), "{}", way.name);
        }
        assert_eq!(way.apply("…! "), way.apply("…! "), "{}", way.name);
    }
}

#[test]
fn known_transformations_read_as_expected() {
    for (name, shown) in [
        ("math-sans-bold", "𝗦𝗹𝗼𝘁 𝟴𝟴"),
        ("fullwidth", "Ｓｌｏｔ ８８"),
        ("negative-circled", "🅢🅛🅞🅣 ❽❽"),
        ("reversed", "\u{202e}88 tolS\u{202c}"),
        ("spaced", "S l o t  8 8"),
        ("upside-down", "88 ʇolS".to_lowercase().as_str()),
        ("keycaps", "S\u{20e3}l\u{20e3}o\u{20e3}t\u{20e3} 8\u{20e3}8\u{20e3}"),
        ("truncated-bold", "\u{d412}\u{d425}\u{d428}\u{d42d} 88"),
        ("entities", "&#x53;&#x6c;&#x6f;&#x74; &#x38;&#x38;"),
        ("waves", "sLoT 88"),
    ] {
        assert_eq!(transform::Transformation::named(name).unwrap().apply("Slot 88"), shown, "{name}");
    }
}
