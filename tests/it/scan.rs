//! `unspam scan` and `unspam explain`.

use std::fs;

use crate::support::{CLEAN, dirty, lines, record, stdout, unspam};

#[test]
fn a_line_says_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let text = dirty();
    let input =
        format!("{}{}{{\"id\":17,\"text\":\"x\"}}\n\n{{\"text\":\"x\"}}\n", record("a", &text), record("b", CLEAN));
    fs::write(folder.path().join("a.jsonl"), input).unwrap();
    let found = lines(&stdout(folder.path(), &["scan", "a.jsonl"], 0));
    let ids: Vec<String> = found.iter().map(|line| line["id"].to_string()).collect();
    assert_eq!(ids, ["\"a\"", "\"b\"", "17", "null"]);
    let keys: Vec<&String> = found[0].as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 6);
    assert_eq!(found[0]["verdict"], "dirty");
    assert_eq!(found[0]["offsets"], "char");
    let spans = found[0]["spans"].as_array().unwrap();
    let chars: Vec<char> = text.chars().collect();
    let covered: Vec<String> = spans
        .iter()
        .map(|span| {
            let at = |key: &str| span[key].as_u64().unwrap() as usize;
            chars[at("start")..at("end")].iter().collect()
        })
        .collect();
    assert_eq!(covered, ["sbobet88", "By gacor88"]);
    assert_eq!((&spans[0]["label"], &spans[0]["action"]), (&"spam/gambling".into(), &"remove".into()));
    assert!(spans[0]["reasons"].as_array().is_some_and(|reasons| reasons.iter().all(serde_json::Value::is_string)));
    assert_eq!(found[1]["verdict"], "ok");
    assert_eq!(found[1]["spans"], serde_json::json!([]));
}

#[test]
fn offsets_come_in_the_unit_asked_for() {
    let text = format!("😀 {}", dirty());
    let expected = [
        ("byte", text.find("sbobet88").unwrap()),
        ("char", text.chars().collect::<String>().find("sbobet88").map(|at| text[..at].chars().count()).unwrap()),
        ("utf16", text[..text.find("sbobet88").unwrap()].encode_utf16().count()),
    ];
    for (unit, start) in expected {
        let output = unspam().args(["scan", "--offsets", unit]).write_stdin(record("a", &text)).output().unwrap();
        let line = &lines(&String::from_utf8_lossy(&output.stdout))[0];
        assert_eq!(line["offsets"], unit);
        assert!(line["spans"].as_array().unwrap().iter().any(|span| span["start"] == start), "{unit}: {line}");
    }
}

#[test]
fn a_text_file_is_named_by_its_path() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/ä.txt"), CLEAN).unwrap();
    fs::write(folder.path().join("in/b.jsonl"), record("b", CLEAN)).unwrap();
    let found = lines(&stdout(folder.path(), &["scan", "in"], 0));
    assert_eq!((&found[0]["id"], &found[1]["id"]), (&"b".into(), &"in/ä.txt".into()));
    // A folder as output mirrors the tree; lines about a text have their own extension.
    stdout(folder.path(), &["scan", "in", "-o", "out/"], 0);
    assert!(folder.path().join("out/ä.txt.jsonl").exists() && folder.path().join("out/b.jsonl").exists());
}

#[test]
fn dolma_attributes_hold_what_cleaning_takes_out() {
    let text = dirty();
    let output = unspam().args(["scan", "--format", "dolma"]).write_stdin(record("a", &text)).output().unwrap();
    let line = &lines(&String::from_utf8_lossy(&output.stdout))[0];
    assert_eq!(line["id"], "a");
    let attributes = line["attributes"].as_object().unwrap();
    let mut chars: Vec<Option<char>> = text.chars().map(Some).collect();
    for (name, spans) in attributes {
        assert!(name.starts_with("unspam__") && name.ends_with("__spam_gambling"), "{name}");
        for span in spans.as_array().unwrap() {
            let at = |index: usize| span[index].as_u64().unwrap() as usize;
            assert!(span[2].as_f64().unwrap() > 0.5);
            chars[at(0)..at(1)].fill(None);
        }
    }
    assert_eq!(chars.into_iter().flatten().collect::<String>(), CLEAN);
}

#[test]
fn people_get_lines_and_reasons() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), dirty()).unwrap();
    let shown = stdout(folder.path(), &["scan", "--format", "human", "a.txt"], 0);
    assert!(shown.starts_with("a.txt: dirty") && shown.contains("line 9 ") && shown.contains("sbobet88"), "{shown}");
}

#[test]
fn explain_escapes_what_acts_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), format!("{CLEAN}\n\u{1b}[2J\u{202e}sbobet88\n")).unwrap();
    let plain = stdout(folder.path(), &["explain", "a.txt", "--all"], 0);
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{202e}'), "{plain}");
    assert!(plain.starts_with("a.txt  verdict "), "{plain}");
    let coloured = stdout(folder.path(), &["explain", "a.txt", "--color", "always"], 0);
    assert!(coloured.contains("\u{1b}[1m") && !coloured.contains("\u{1b}[2J"), "{coloured}");
}

#[test]
fn no_color_is_respected() {
    let output = unspam().args(["explain"]).env("NO_COLOR", "1").write_stdin(dirty()).output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stdout).contains('\u{1b}'));
}
