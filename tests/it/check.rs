//! `unspam check`: exit codes.

use std::fs;

use crate::support::{CLEAN, dirty, lines, record, stdout, unspam};

#[test]
fn the_exit_code_says_pass_flagged_or_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("good.txt"), CLEAN).unwrap();
    fs::write(at.join("bad.txt"), dirty()).unwrap();
    fs::write(at.join("broken.jsonl"), "{\"text\":1}\n").unwrap();
    assert!(stdout(at, &["check", "good.txt"], 0).starts_with("good.txt: ok"));
    assert!(stdout(at, &["check", "bad.txt"], 1).contains("spam/gambling x2"));
    assert_eq!(stdout(at, &["check", "good.txt", "bad.txt"], 1).lines().count(), 2);
    // An error never looks like a pass, or like a flag.
    assert!(stdout(at, &["check", "bad.txt", "broken.jsonl"], 2).contains("broken.jsonl: line 1: error: field"));
    assert!(stdout(at, &["check", "good.txt", "missing.txt"], 2).contains("missing.txt: error: cannot be opened"));
    assert_eq!(stdout(at, &["check", "-q", "good.txt"], 0), "");
}

#[test]
fn what_would_not_be_removed_is_not_flagged() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.txt"), dirty()).unwrap();
    stdout(folder.path(), &["check", "bad.txt", "--remove", "boilerplate/legal"], 0);
}

#[test]
fn json_has_one_line_for_each_record() {
    let input = record("a", &dirty()) + &record("b", CLEAN) + "{}\n";
    let output = unspam().args(["check", "--json"]).write_stdin(input).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let found = lines(&String::from_utf8_lossy(&output.stdout));
    let results: Vec<&str> = found.iter().map(|line| line["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["flagged", "pass", "error"]);
    assert_eq!(found[0]["labels"]["spam/gambling"], 2);
    assert_eq!((&found[1]["id"], &found[2]["record"]), (&"b".into(), &3.into()));
}

#[test]
fn wrong_usage_is_an_error() {
    for args in [&["check", "--threshold", "spam=x"][..], &["check", "--remove", "content"], &["nonsense"], &[]] {
        assert_eq!(unspam().args(args).output().unwrap().status.code(), Some(2), "{args:?}");
    }
}
