//! Flags and the settings file.

use std::fs;

use crate::support::{dirty, stderr, stdout};

#[test]
fn printed_settings_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let flags =
        ["--preset", "precision", "--keep", "spam/adult", "--threshold", "spam/scam=0.75", "--text-field", "body"];
    let first = stdout(at, &[&["clean", "--print-config"][..], &flags].concat(), 0);
    fs::write(at.join("unspam.toml"), &first).unwrap();
    let second = stdout(at, &["clean", "--config", "unspam.toml", "--print-config"], 0);
    assert_eq!(first, second);
    assert!(first.contains("preset = \"precision\"") && first.contains("text-field = \"body\""), "{first}");
    assert!(first.contains("[threshold]\n\"spam/scam\" = 0.75") && !first.contains("spam/adult"), "{first}");
}

#[test]
fn flags_go_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("unspam.toml"), "remove = [\"boilerplate\"]\nmax-record = \"1M\"\njobs = 3\n").unwrap();
    let set = stdout(at, &["scan", "--config", "unspam.toml", "--remove", "spam", "--print-config"], 0);
    assert!(
        set.contains("spam/gambling") && !set.contains("boilerplate") && set.contains("max-record = 1048576"),
        "{set}"
    );
}

#[test]
fn a_wrong_settings_file_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (text, reason) in [
        ("presett = \"recall\"", "unknown field `presett`"),
        ("text_field = \"body\"", "unknown field `text_field`"),
        ("remove = [\"spam/gamling\"]", "spam/gamling"),
        ("[threshold]\n\"spam\" = 1.5", "1.5 is not a probability"),
        ("input-format = \"word\"", "unknown format \"word\""),
        ("max-record = \"big\"", "\"big\" is not a size"),
    ] {
        fs::write(at.join("unspam.toml"), text).unwrap();
        let said = stderr(at, &["scan", "--config", "unspam.toml", "--print-config"], 2);
        assert!(said.contains(reason), "{text}: {said}");
    }
    assert!(stderr(at, &["scan", "--config", "none.toml"], 2).contains("settings file \"none.toml\""));
}

#[test]
fn labels_that_are_kept_stay() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.txt"), dirty()).unwrap();
    assert_eq!(stdout(at, &["clean", "a.txt", "--keep", "spam"], 0), dirty());
}

#[test]
fn a_missing_model_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = stderr(folder.path(), &["scan", "--model", "my.model", "-"], 2);
    assert!(said.contains("model file \"my.model\""), "{said}");
}

#[test]
fn every_verb_has_examples() {
    let folder = tempfile::tempdir().unwrap();
    for verb in ["clean", "scan", "check", "explain", "restore", "train", "evaluate", "model"] {
        let help = stdout(folder.path(), &[verb, "--help"], 0);
        assert!(help.contains("Examples:\n  unspam "), "{verb}");
    }
}
