//! Compressed inputs and outputs.

use std::fs;

use crate::support::{CLEAN, dirty, gunzip, gzip, record, stderr, stdout, tree, unspam};

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

#[test]
fn inputs_come_from_patterns_and_lists() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("dumps/deep")).unwrap();
    for name in ["dumps/a.jsonl", "dumps/deep/b.jsonl", "dumps/c.txt"] {
        fs::write(at.join(name), if name.ends_with("txt") { dirty() } else { record("x", &dirty()) }).unwrap();
    }
    stdout(at, &["clean", "dumps/**/*.jsonl", "-o", "out"], 0);
    let names = |folder: &str| tree(&at.join(folder)).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("out"), ["a.jsonl", "deep/b.jsonl"]);
    fs::write(at.join("list"), "dumps/a.jsonl\n\ndumps/c.txt\r\n").unwrap();
    stdout(at, &["clean", "--files-from", "list", "-o", "listed"], 0);
    assert_eq!(names("listed"), ["a.jsonl", "c.txt"]);
    let output = unspam()
        .current_dir(at)
        .args(["scan", "--files-from", "-"])
        .write_stdin("dumps/a.jsonl\0dumps/deep/b.jsonl\0")
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2);
    assert!(
        stderr(at, &["clean", "dumps/*.csv", "-o", "none"], 2)
            .contains("dumps/*.csv: cannot be opened: no file matches")
    );
}

#[test]
fn what_grows_out_of_proportion_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bomb = zstd::encode_all(std::io::Read::take(std::io::repeat(b'a'), 300 << 20), 3).unwrap();
    fs::create_dir(at.join("in")).unwrap();
    fs::write(at.join("in/bomb.jsonl.zst"), bomb).unwrap();
    fs::write(at.join("in/good.jsonl"), record("x", &dirty())).unwrap();
    let said = stderr(at, &["clean", "in", "-o", "out", "--quarantine", "q.jsonl"], 2);
    assert!(said.contains("bomb.jsonl.zst: compressed data grows more than 1000 times"), "{said}");
    assert_eq!(fs::read_to_string(at.join("out/good.jsonl")).unwrap(), record("x", CLEAN));
    assert!(!at.join("out/bomb.jsonl.zst").exists());
    assert!(fs::read_to_string(at.join("q.jsonl")).unwrap().contains("grows more than"));
}

#[test]
fn html_is_refused_with_a_word_on_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let page = record("page", "<!DOCTYPE html><p>sbobet88</p>");
    fs::write(at.join("a.jsonl"), record("a", &dirty()) + &page).unwrap();
    let said = stderr(at, &["clean", "a.jsonl", "-o", "b.jsonl"], 2);
    assert!(said.contains("a.jsonl: line 2: text is HTML: extract its text first"), "{said}");
    assert_eq!(fs::read_to_string(at.join("b.jsonl")).unwrap(), record("a", CLEAN) + &page);
}
