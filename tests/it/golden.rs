//! 500 documents and what is found in them: the same through every door.
//!
//! `tests/golden.jsonl` holds recipes (which lines of which fixtures) and findings;
//! `python/tests/golden.py` wrote the recipes, and the tests of the Python package hold Python,
//! Spark and datatrove to the same file. `UNSPAM_BLESS=1 cargo test golden` writes the findings
//! anew after the model, the policy or a fixture changed.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use unspam::Cleaner;
use unspam::offsets::{OffsetCounter, OffsetUnit};

use crate::corpus::{DETECTOR, folder};
use crate::service::Service;
use crate::support::{lines, unspam};

struct Golden {
    recipe: Value,
    text: String,
    expected: Value,
}

fn file() -> PathBuf {
    folder().join("../tests/golden.jsonl")
}

/// The lines `start..end` of a fixture's source, cut behind each line feed.
fn part(part: &Value) -> String {
    let case = part[0].as_str().expect("a case");
    let source = fs::read_to_string(folder().join(case).join("source.txt")).expect("a fixture");
    let number = |index: usize| part[index].as_u64().expect("a line") as usize;
    source.split_inclusive('\n').skip(number(1)).take(number(2) - number(1)).collect()
}

fn documents() -> Vec<Golden> {
    let read = |line: Value| {
        let recipe = line["parts"].clone();
        let text = recipe.as_array().expect("parts").iter().map(part).collect();
        Golden { recipe, text, expected: line }
    };
    lines(&fs::read_to_string(file()).expect("the golden file")).into_iter().map(read).collect()
}

/// What the library finds, in the form of the file.
fn found(number: usize, golden: &Golden) -> Value {
    let cleaned = Cleaner::clean(&golden.text, DETECTOR.scan(golden.text.as_str()));
    let mut counter = OffsetCounter::new(golden.text.as_bytes(), OffsetUnit::Char);
    let spans: Vec<Value> = cleaned
        .report
        .findings
        .iter()
        .map(|found| {
            let (start, end) = (counter.convert(found.span.start()), counter.convert(found.span.end()));
            json!([start, end, found.label, found.action])
        })
        .collect();
    json!({
        "id": number,
        "parts": golden.recipe,
        "crc32": crc32(golden.text.as_bytes()),
        "verdict": cleaned.report.verdict,
        "spans": spans,
        "cleaned_crc32": crc32(cleaned.text.as_bytes()),
    })
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

/// The verdict and spans of a line of `scan`.
fn said(line: &Value) -> (Value, Vec<Value>) {
    let spans = line["spans"].as_array().expect("spans");
    let short = |span: &Value| json!([span["start"], span["end"], span["label"], span["action"]]);
    (line["verdict"].clone(), spans.iter().map(short).collect())
}

#[test]
fn the_library_finds_what_the_golden_file_says() {
    let documents = documents();
    if std::env::var_os("UNSPAM_BLESS").is_some() {
        let mut out = String::new();
        for (number, golden) in documents.iter().enumerate() {
            writeln!(out, "{}", found(number, golden)).unwrap();
        }
        fs::write(file(), out).unwrap();
        return;
    }
    assert_eq!(documents.len(), 500);
    let removing = documents.iter().filter(|golden| golden.expected["crc32"] != golden.expected["cleaned_crc32"]);
    assert!(removing.count() > 250, "a golden file in which little is found shows little");
    for (number, golden) in documents.iter().enumerate() {
        assert_eq!(
            found(number, golden),
            golden.expected,
            "document {number}; after a change of the model: UNSPAM_BLESS=1"
        );
    }
}

#[test]
fn the_command_and_the_service_find_what_the_golden_file_says() {
    if std::env::var_os("UNSPAM_BLESS").is_some() {
        return;
    }
    let documents = documents();
    let mut input = String::new();
    for (number, golden) in documents.iter().enumerate() {
        writeln!(input, "{}", json!({"id": number, "text": golden.text})).unwrap();
    }
    let scan = ["scan", "--input-format", "jsonl", "--offsets", "char"];
    let command = unspam().args(scan).write_stdin(input.as_str()).output().unwrap();
    let command = String::from_utf8(command.stdout).unwrap();
    let service = Service::start(&[]);
    let served = service.post("/v1/scan?offsets=char", "application/x-ndjson", &input).text();
    for (door, answer) in [("command", lines(&command)), ("service", lines(&served))] {
        assert_eq!(answer.len(), documents.len(), "{door}");
        for (line, golden) in answer.iter().zip(&documents) {
            let spans = golden.expected["spans"].as_array().expect("spans").clone();
            assert_eq!(said(line), (golden.expected["verdict"].clone(), spans), "{door}: {}", line["id"]);
        }
    }
}
