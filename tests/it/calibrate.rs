//! `unspam calibrate`: a guarantee from clean documents, or a plain no.

use std::fs;
use std::path::Path;

use crate::support::{CLEAN, stderr, stdout};

fn documents(at: &Path, count: usize) {
    let lines: Vec<String> =
        (0..count).map(|id| serde_json::json!({"id": id, "text": CLEAN}).to_string() + "\n").collect();
    fs::write(at.join("clean.jsonl"), lines.concat()).unwrap();
}

#[test]
fn settings_that_can_be_used_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    documents(at, 60);
    let args = ["calibrate", "--clean", "clean.jsonl", "--max-loss", "0.1", "--confidence", "0.9"];
    let settings = stdout(at, &args, 0);
    assert!(settings.contains("caution = ") && settings.starts_with("# At most 0.1 of content lines"), "{settings}");
    assert_eq!(stdout(at, &args, 0), settings, "the same again");
    fs::write(at.join("my.toml"), &settings).unwrap();
    let shown = stdout(at, &["clean", "--config", "my.toml", "--print-config"], 0);
    let caution = settings.lines().find(|line| line.starts_with("caution")).unwrap();
    assert!(shown.contains(caution), "{shown}");
}

#[test]
fn too_few_lines_are_no_guarantee() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    documents(at, 2);
    let said = stderr(at, &["calibrate", "--clean", "clean.jsonl"], 2);
    assert!(said.contains("too few") && said.contains("29956 are needed"), "{said}");
}

#[test]
fn junk_among_the_clean_documents_makes_it_careful() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = "Nikmati promo bonus member baru di situs kami hari ini";
    let lines = format!("{}\n", serde_json::json!({"text": text})).repeat(200);
    fs::write(at.join("clean.jsonl"), lines).unwrap();
    let settings = stdout(at, &["calibrate", "--clean", "clean.jsonl", "--max-loss", "0.05"], 0);
    let caution = settings.lines().find_map(|line| line.strip_prefix("caution = ")).unwrap();
    assert!(caution.parse::<f32>().unwrap() > 0.0, "{settings}");
    assert!(settings.contains("# 0 of 200 lines lost"), "{settings}");
}

#[test]
fn caution_raises_every_threshold() {
    use unspam::{Detector, Policy};
    let text = crate::support::dirty();
    let removed = |nats: f32| {
        let detector = Detector::builder().policy(Policy::default().with_caution(nats)).build().unwrap();
        detector.clean(&text).text.len()
    };
    assert!(removed(0.0) < text.len());
    assert_eq!(removed(60.0), text.len(), "nothing is that sure");
    assert!(removed(-3.0) <= removed(0.0));
}
