//! Lines that sites repeat, and lines that go round.

use std::fs;
use std::path::Path;

use crate::support::{CLEAN, lines, stderr, stdout};

const STANDING: &str = "Desa di pesisir utara pernah menjadi pelabuhan beras pada masa lalu";

fn dump(at: &Path, name: &str, range: std::ops::Range<usize>) {
    let line = |n: usize| {
        let url = format!("https://pantura.example/{n}");
        // Articles of which no line is the same.
        let name = format!("{}{}desa", char::from(b'a' + (n % 26) as u8), char::from(b'k' + (n / 26) as u8));
        let lines =
            CLEAN.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("{line} ({name})\n") });
        let mut text = format!("Catatan perjalanan dari desa pesisir\n\n{}", lines.collect::<String>());
        if !n.is_multiple_of(3) {
            text += "\n";
            text += STANDING;
            text += "\n";
        }
        serde_json::json!({"id": n, "url": url, "text": text}).to_string() + "\n"
    };
    fs::write(at.join(name), range.map(line).collect::<String>()).unwrap();
}

#[test]
fn what_a_site_repeats_at_the_end_goes_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dump(at, "a.jsonl", 0..30);
    let plain = stdout(at, &["clean", "-q", "a.jsonl"], 0);
    assert!(plain.contains(STANDING), "it looks like content");
    let said = stderr(at, &["profile", "a.jsonl", "-o", "site.profile.zst"], 0);
    assert!(said.contains("1 site, 30 documents"), "{said}");
    stdout(at, &["clean", "a.jsonl", "--profile", "site.profile.zst", "-o", "b.jsonl", "--ledger", "l.jsonl"], 0);
    let cleaned = fs::read_to_string(at.join("b.jsonl")).unwrap();
    assert!(!cleaned.contains(STANDING));
    assert_eq!(cleaned.matches("satu-satunya jalan").count(), 30, "articles stay");
    assert_eq!(cleaned.matches("Catatan perjalanan dari desa pesisir").count(), 30, "a standing headline stays");
    let entries = lines(&fs::read_to_string(at.join("l.jsonl")).unwrap());
    assert_eq!(entries.len(), 20);
    assert!(entries.iter().all(|entry| entry["reasons"][0] == "site_repeat:20/30"), "{}", entries[0]);
    stdout(at, &["restore", "b.jsonl", "--ledger", "l.jsonl", "-o", "c.jsonl"], 0);
    assert!(fs::read(at.join("a.jsonl")).unwrap() == fs::read(at.join("c.jsonl")).unwrap());
    // In one step, and again.
    assert_eq!(stdout(at, &["clean", "-q", "a.jsonl", "--learn-repeats"], 0), cleaned);
    assert_eq!(stdout(at, &["clean", "-q", "b.jsonl", "--profile", "site.profile.zst"], 0), cleaned);
    let found = lines(&stdout(at, &["scan", "a.jsonl", "--profile", "site.profile.zst"], 0));
    assert_eq!(found.iter().filter(|line| line["verdict"] == "dirty").count(), 20);
    stdout(at, &["check", "-q", "a.jsonl", "--profile", "site.profile.zst"], 1);
}

#[test]
fn profiles_are_the_same_however_they_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dump(at, "all.jsonl", 0..40);
    dump(at, "a.jsonl", 0..15);
    dump(at, "b.jsonl", 15..40);
    stdout(at, &["profile", "all.jsonl", "-o", "all.profile", "-j", "1", "--chunk-bytes", "5K"], 0);
    stdout(at, &["profile", "a.jsonl", "-o", "a.profile", "-j", "3"], 0);
    stdout(at, &["profile", "b.jsonl", "-o", "b.profile"], 0);
    stdout(at, &["profile", "--merge", "b.profile", "--merge", "a.profile", "-o", "merged.profile"], 0);
    stdout(at, &["profile", "b.jsonl", "--merge", "a.profile", "-o", "added.profile"], 0);
    let all = fs::read(at.join("all.profile")).unwrap();
    assert!(all == fs::read(at.join("merged.profile")).unwrap());
    assert!(all == fs::read(at.join("added.profile")).unwrap());
    assert!(!String::from_utf8_lossy(&all).contains("warga"), "a profile holds no text");
    fs::write(at.join("bad.profile"), &all[..all.len() / 2]).unwrap();
    let said = stderr(at, &["clean", "a.jsonl", "--profile", "bad.profile"], 2);
    assert!(said.contains("site profile \"bad.profile\": line"), "{said}");
}

#[test]
fn a_line_that_goes_round_is_listed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let line = |n: usize| {
        let url = format!("https://s{n}.example/");
        let text =
            format!("{n}. {CLEAN}\nMampir ke zigzaglounge dan raih hadiahnya\nSalam dari redaksi kota {}\n", n % 9);
        serde_json::json!({"url": url, "text": text}).to_string() + "\n"
    };
    fs::write(at.join("a.jsonl"), (0..20).map(line).collect::<String>()).unwrap();
    let table = stdout(at, &["profile", "a.jsonl", "--campaigns", "c.jsonl", "--min-sites", "10"], 0);
    assert!(table.contains("Mampir ke zigzaglounge dan raih hadiahnya"), "{table}");
    let found = lines(&fs::read_to_string(at.join("c.jsonl")).unwrap());
    let promo = found.iter().find(|line| line["text"].as_str().unwrap().contains("zigzag")).unwrap();
    assert_eq!((&promo["sites"], &promo["documents"]), (&20.into(), &20.into()));
    assert!(promo["fit"].as_f64().unwrap() < 0.5 && promo["label"].is_string());
}

#[test]
fn a_document_that_stands_there_many_times_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let line =
        |n: usize| serde_json::json!({"url": "https://s.example/", "text": format!("{n}. {CLEAN}")}).to_string() + "\n";
    let input: String = (0..30).map(line).collect();
    fs::write(at.join("a.jsonl"), &input).unwrap();
    assert_eq!(stdout(at, &["clean", "-q", "a.jsonl", "--learn-repeats"], 0), input);
}
