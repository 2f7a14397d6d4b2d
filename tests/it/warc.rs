//! WARC and WET files: text records are cleaned, all others pass by.

use std::fs;

use proptest::prelude::*;

use crate::support::{CLEAN, dirty, gunzip, gzip, lines, stderr, stdout, warc};

const INFO: &[u8] = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 9\r\n\r\nisPartOf:\r\n\r\n";

fn page(len: usize) -> Vec<u8> {
    let body = format!("HTTP/1.1 200 OK\r\n\r\n<html>{}", "sbobet88\n".repeat(len));
    format!("WARC/1.1\r\nWARC-Type: response\r\nContent-Length: {}\r\n\r\n{body}\r\n\r\n", body.len()).into_bytes()
}

/// The members of a gzip file, each unpacked.
fn members(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = bytes;
    let mut members = Vec::new();
    while !rest.is_empty() {
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut decoder, &mut plain).unwrap();
        members.push(plain);
        rest = decoder.into_inner();
    }
    members
}

#[test]
fn text_records_are_cleaned_with_length_and_digest() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let parts = |text: &str, big: bool| {
        let mut parts =
            vec![INFO.to_vec(), warc("http://a.example/1", text), page(3), warc("http://b.example/2", CLEAN)];
        if big {
            parts.extend([page(400_000), warc("http://c.example/3", text)]);
        }
        parts
    };
    for big in [false, true] {
        let parts = |text: &str| parts(text, big);
        let input: Vec<u8> = parts(&dirty()).iter().flat_map(|part| gzip(part)).collect();
        fs::write(at.join("a.warc.wet.gz"), &input).unwrap();
        let said = stderr(at, &["clean", "a.warc.wet.gz", "-o", "b.warc.wet.gz", "--ledger", "l.jsonl"], 0);
        assert!(said.contains("passed by unread: --extract reads them"), "{said}");
        let found = members(&fs::read(at.join("b.warc.wet.gz")).unwrap());
        assert!(found == parts(CLEAN), "one member a record, lengths and digests anew");
        stdout(at, &["restore", "b.warc.wet.gz", "--ledger", "l.jsonl", "-o", "c.warc.wet.gz"], 0);
        assert!(gunzip(&fs::read(at.join("c.warc.wet.gz")).unwrap()) == parts(&dirty()).concat());
        stdout(at, &["clean", "a.warc.wet.gz", "-o", "b.warc"], 0);
        assert!(fs::read(at.join("b.warc")).unwrap() == parts(CLEAN).concat());
    }
    let entry = &lines(&fs::read_to_string(at.join("l.jsonl")).unwrap())[0];
    assert_eq!((&entry["record"], &entry["id"]), (&2.into(), &"<urn:uuid:http://a.example/1>".into()));
}

#[test]
fn what_is_no_record_ends_the_file_with_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bad = b"not a record\r\n";
    fs::write(at.join("a.warc"), [&warc("x", &dirty())[..], bad, &warc("y", CLEAN)].concat()).unwrap();
    let said = stderr(at, &["clean", "a.warc", "-o", "b.warc", "--quarantine", "q.jsonl"], 2);
    assert!(said.contains("a.warc: cannot be read beyond record 1: not a WARC record"), "{said}");
    let expected = [&warc("x", CLEAN)[..], bad, &warc("y", CLEAN)].concat();
    assert_eq!(fs::read(at.join("b.warc.incomplete")).unwrap(), expected);
    assert!(!at.join("b.warc").exists());
    let found = lines(&fs::read_to_string(at.join("q.jsonl")).unwrap());
    assert_eq!((&found[0]["record"], found.len()), (&1.into(), 1));
}

#[test]
fn records_that_are_not_utf8_go_to_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bad = b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 1\r\n\r\n\xFF\r\n\r\n";
    let input = [&warc("x", &dirty())[..], bad, &warc("y", CLEAN)].concat();
    fs::write(at.join("a.warc"), &input).unwrap();
    stderr(at, &["clean", "a.warc", "-o", "b.warc", "--ledger", "l.jsonl", "--quarantine", "q.jsonl"], 2);
    assert_eq!(fs::read(at.join("b.warc")).unwrap(), [warc("x", CLEAN), warc("y", CLEAN)].concat());
    stdout(at, &["restore", "b.warc", "--ledger", "l.jsonl", "--quarantine", "q.jsonl", "-o", "c.warc"], 0);
    assert_eq!(fs::read(at.join("c.warc")).unwrap(), input);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_archive_comes_back(texts in proptest::collection::vec(prop_oneof![any::<String>(), Just(dirty()), "[\r\n WARC/10.]{0,30}\nsbobet88"], 1..8)) {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let input: Vec<u8> = texts.iter().flat_map(|text| [warc("u", text), page(1)].concat()).collect();
        fs::write(at.join("a.warc"), &input).unwrap();
        stdout(at, &["clean", "-q", "a.warc", "-o", "b.warc.gz", "--ledger", "l.jsonl"], 0);
        stdout(at, &["restore", "-q", "b.warc.gz", "--ledger", "l.jsonl", "-o", "c.warc"], 0);
        prop_assert_eq!(fs::read(at.join("c.warc")).unwrap(), input);
    }
}
