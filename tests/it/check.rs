//! `unspam check`: exit codes.

use std::fs;

use unspam::TEST_LINE;

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

#[test]
fn fail_on_flags_what_it_names_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("bad.txt"), dirty()).unwrap();
    let told = stdout(at, &["check", "bad.txt", "--fail-on", "spam/gambling:0.5"], 1);
    assert!(told.contains("found spam/gambling with probability 0.5 or more"), "{told}");
    stdout(at, &["check", "bad.txt", "--fail-on", "spam"], 1);
    stdout(at, &["check", "bad.txt", "--fail-on", "spam/pharma", "--fail-on", "boilerplate/legal:0.9"], 0);
    // Kept by policy is not removed; with a probability the policy does not matter.
    stdout(at, &["check", "bad.txt", "--keep", "spam", "--fail-on", "spam"], 0);
    stdout(at, &["check", "bad.txt", "--keep", "spam", "--fail-on", "spam:0.5"], 1);
    for wrong in ["spam:2", "content", ":0.5", ""] {
        stdout(at, &["check", "bad.txt", "--fail-on", wrong], 2);
    }
}

#[test]
fn what_loses_much_or_leaves_little_is_unsure() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("bad.txt"), dirty()).unwrap();
    fs::write(at.join("good.txt"), CLEAN).unwrap();
    stdout(at, &["check", "bad.txt", "--max-removed", "0.001", "--unsure-exit"], 3);
    stdout(at, &["check", "bad.txt", "--max-removed", "0.001"], 0);
    stdout(at, &["check", "good.txt", "--min-left", "10000", "--unsure-exit"], 3);
    stdout(at, &["check", "good.txt", "--min-left", "100", "--max-removed", "0", "--unsure-exit"], 0);
    // A flag counts more than a doubt, an error more than both.
    stdout(at, &["check", "good.txt", "bad.txt", "--min-left", "10000", "--fail-on", "spam", "--unsure-exit"], 1);
    stdout(at, &["check", "good.txt", "gone.txt", "--min-left", "10000", "--unsure-exit"], 2);
    stdout(at, &["check", "good.txt", "--max-removed", "1.5"], 2);
}

#[test]
fn the_test_line_is_flagged_whatever_the_settings() {
    let input = format!("{CLEAN}\n{TEST_LINE}\n");
    for args in [
        &["check"][..],
        &["check", "--remove", "boilerplate/legal"],
        &["check", "--keep", "spam,boilerplate"],
        &["check", "--preset", "precision", "--threshold", "spam=1"],
        &["check", "--fail-on", "spam/pharma:1"],
        &["check", "--max-removed", "0", "--unsure-exit"],
    ] {
        let output = unspam().args(args).write_stdin(input.as_str()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("holds the test line"), "{args:?}");
    }
    // The help shows the line as it is.
    let help = unspam().args(["check", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains(TEST_LINE));
}
