//! How fast the detector reads text in memory, on one core.
//!
//! `cargo bench --bench speed [-- FILE.jsonl …]` prints megabytes of text a second for each file
//! and for our own fixtures, beside a plain search for line breaks over the same bytes.

#![allow(clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use unspam::Detector;

fn texts_of(path: &Path) -> Vec<String> {
    let Ok(data) = std::fs::read_to_string(path) else { return Vec::new() };
    data.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|record| record["text"].as_str().map(str::to_owned))
        .collect()
}

fn fixtures(folder: &Path, out: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            fixtures(&path, out);
        } else if path.ends_with("source.txt") {
            out.extend(std::fs::read_to_string(path));
        }
    }
}

/// Best of five rounds, in bytes a second.
fn rate(texts: &[String], mut work: impl FnMut(&str)) -> f64 {
    let bytes: usize = texts.iter().map(String::len).sum();
    // Small sets are repeated until a round takes long enough to time.
    let repeats = (4_000_000 / bytes.max(1)).max(1);
    (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..repeats {
                for text in texts {
                    work(text);
                }
            }
            (bytes * repeats) as f64 / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}

fn main() {
    let start = Instant::now();
    let detector = Detector::builtin();
    println!("built-in model loaded in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sets: Vec<(String, Vec<String>)> = Vec::new();
    let mut own = Vec::new();
    fixtures(&root.join("fixtures"), &mut own);
    sets.push(("fixtures".to_owned(), own));
    let mut files: Vec<PathBuf> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).map(PathBuf::from).collect();
    if files.is_empty() {
        let shared = root.join("../shared/data/dev");
        files = ["clean", "natural", "injected", "hard_negatives", "pages_fulltext"]
            .map(|name| shared.join(name).with_extension("jsonl"))
            .to_vec();
    }
    for file in &files {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        sets.push((name, texts_of(file)));
    }
    println!("{:16} {:>8} {:>10} {:>12} {:>8}", "set", "MB", "MB/s", "newlines", "ratio");
    for (name, texts) in sets.iter().filter(|(_, texts)| !texts.is_empty()) {
        let bytes: usize = texts.iter().map(String::len).sum();
        let floor = rate(texts, |text| {
            black_box(memchr::memchr_iter(b'\n', text.as_bytes()).count());
        });
        let scan = rate(texts, |text| {
            black_box(detector.scan(text));
        });
        println!("{name:16} {:8.2} {:10.1} {:12.1} {:8.1}", bytes as f64 / 1e6, scan / 1e6, floor / 1e6, floor / scan);
    }
}
