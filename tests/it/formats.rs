//! Compressed inputs and outputs.

use std::fs;

use crate::support::{CLEAN, dirty, gunzip, gzip, record, stdout, unspam};

#[test]
fn gzip_of_many_members_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let members: Vec<u8> = (0..5).flat_map(|n| gzip(record(&n.to_string(), &dirty()).as_bytes())).collect();
    fs::write(at.join("a.jsonl.gz"), members).unwrap();
    stdout(at, &["clean", "a.jsonl.gz", "-o", "b.jsonl.gz"], 0);
    let expected: String = (0..5).map(|n| record(&n.to_string(), CLEAN)).collect();
    assert_eq!(gunzip(&fs::read(at.join("b.jsonl.gz")).unwrap()), expected.as_bytes());
}

#[test]
fn zstd_of_many_frames_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let frame = |n: usize| zstd::encode_all(record(&n.to_string(), &dirty()).as_bytes(), 1).unwrap();
    fs::write(at.join("a.jsonl.zst"), (0..5).flat_map(frame).collect::<Vec<u8>>()).unwrap();
    stdout(at, &["clean", "a.jsonl.zst", "-o", "b.jsonl.zst"], 0);
    let expected: String = (0..5).map(|n| record(&n.to_string(), CLEAN)).collect();
    let bytes = fs::read(at.join("b.jsonl.zst")).unwrap();
    assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), expected.as_bytes());
}

#[test]
fn content_says_how_it_is_compressed_and_the_name_how_to_compress() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // A name without the extension, and a text.
    fs::write(at.join("a.txt"), gzip(dirty().as_bytes())).unwrap();
    assert_eq!(stdout(at, &["clean", "a.txt"], 0), CLEAN);
    stdout(at, &["clean", "a.txt", "-o", "b.txt.zst"], 0);
    assert_eq!(zstd::decode_all(&fs::read(at.join("b.txt.zst")).unwrap()[..]).unwrap(), CLEAN.as_bytes());
    let output = unspam().args(["clean", "-q"]).write_stdin(gzip(record("a", &dirty()).as_bytes())).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), record("a", CLEAN));
}

#[test]
fn the_format_can_be_given() {
    let json = record("a", CLEAN);
    let output = unspam().args(["scan", "--input-format", "text"]).write_stdin(json).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("{\"id\":null,"));
    let output = unspam().args(["clean", "--input-format", "jsonl"]).write_stdin(CLEAN).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout), CLEAN);
}

#[test]
fn other_fields_can_hold_text_and_identifier() {
    let input = serde_json::json!({"key": "k", "body": dirty(), "text": 1}).to_string() + "\n";
    let output =
        unspam().args(["scan", "--text-field", "body", "--id-field", "key"]).write_stdin(input).output().unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(found.starts_with("{\"id\":\"k\",\"verdict\":\"dirty\""), "{found}");
}

#[test]
fn a_byte_order_mark_and_mixed_line_ends_stay() {
    let input = format!("\u{feff}{}\r\n{}", record("a", &dirty()).trim_end(), record("b", &dirty()));
    let expected = format!("\u{feff}{}\r\n{}", record("a", CLEAN).trim_end(), record("b", CLEAN));
    let output = unspam().args(["clean", "-q"]).write_stdin(input).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let text = format!("\u{feff}{}", dirty().replace('\n', "\r\n"));
    let output = unspam().args(["clean", "-q"]).write_stdin(text).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("\u{feff}{}", CLEAN.replace('\n', "\r\n")));
}
