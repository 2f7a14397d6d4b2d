//! `unspam clean`.

use std::fs;

use crate::support::{CLEAN, dirty, lines, record, run, stderr, stdout, tree, unspam};

#[test]
fn a_text_comes_out_without_its_junk_and_the_reasons_are_said() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("article.txt"), dirty()).unwrap();
    let output = run(folder.path(), &["clean", "article.txt"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), CLEAN);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("article.txt: took out 2 pieces"), "{said}");
    assert!(said.contains("spam/gambling") && said.contains("sbobet88") && said.contains("By gacor88"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours away from a terminal: {said}");
}

#[test]
fn a_text_without_junk_comes_out_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("article.txt"), CLEAN).unwrap();
    assert_eq!(stdout(folder.path(), &["clean", "article.txt"], 0), CLEAN);
}

#[test]
fn quiet_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("article.txt"), dirty()).unwrap();
    assert_eq!(stderr(folder.path(), &["clean", "-q", "article.txt"], 0), "");
}

#[test]
fn standard_input_is_read_by_default_and_detected() {
    let output = unspam().arg("clean").write_stdin(dirty()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), CLEAN);
    let output = unspam().args(["clean", "-"]).write_stdin(record("a", &dirty())).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), record("a", CLEAN));
}

#[test]
fn only_the_text_of_a_json_record_changes() {
    let text = serde_json::to_string(&dirty()).unwrap();
    let kept = serde_json::to_string(CLEAN).unwrap();
    let around = |text: &str| {
        format!("{{ \"b\":1.50e+3,\t\"text\" : {text},\"a\":[1, 2 ,{{\"text\":\"x\"}}],\"ü\":\"\\u00fc\\/\" }}\r\n")
    };
    let input = format!("{}\n  \n{}", around(&text), around(&kept).trim_end());
    let expected = format!("{}\n  \n{}", around(&kept), around(&kept).trim_end());
    let output = unspam().args(["clean", "-q"]).write_stdin(input).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn the_spelling_of_kept_text_stays() {
    let text = serde_json::to_string(&dirty()).unwrap();
    let odd = |json: &str| {
        format!("{{\"text\":{}}}\n", json.replace('a', "\\u0061").replace("“", "\\u201C").replace('/', "\\/"))
    };
    let kept = serde_json::to_string(CLEAN).unwrap();
    let output = unspam().args(["clean", "-q"]).write_stdin(odd(&text)).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), odd(&kept));
}

#[test]
fn folders_keep_their_tree() {
    let folder = tempfile::tempdir().unwrap();
    let dumps = folder.path().join("dumps");
    fs::create_dir_all(dumps.join("deep/er")).unwrap();
    fs::write(dumps.join("a.txt"), dirty()).unwrap();
    fs::write(dumps.join("deep/b.jsonl"), record("b", &dirty())).unwrap();
    fs::write(dumps.join("deep/er/empty.txt"), "").unwrap();
    fs::write(dumps.join("deep/er/empty.jsonl"), "").unwrap();
    fs::write(dumps.join(".hidden"), "x").unwrap();
    fs::write(dumps.join("image.png"), b"\x89PNG\0\0\0\0\0\0\0\0").unwrap();
    let said = stderr(folder.path(), &["clean", "dumps", "-o", "out"], 0);
    assert!(said.contains("image.png: looks like a binary file"), "{said}");
    let expected = vec![
        ("a.txt".to_owned(), CLEAN.as_bytes().to_vec()),
        ("deep/b.jsonl".to_owned(), record("b", CLEAN).into_bytes()),
        ("deep/er/empty.jsonl".to_owned(), Vec::new()),
        ("deep/er/empty.txt".to_owned(), Vec::new()),
    ];
    assert_eq!(tree(&folder.path().join("out")), expected);
}

#[test]
fn several_texts_need_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), dirty()).unwrap();
    fs::write(folder.path().join("b.txt"), dirty()).unwrap();
    assert!(stderr(folder.path(), &["clean", "a.txt", "b.txt"], 2).contains("-o FOLDER"));
    stdout(folder.path(), &["clean", "a.txt", "b.txt", "-o", "out"], 0);
    assert_eq!(tree(&folder.path().join("out")).len(), 2);
}

#[test]
fn several_json_files_can_follow_each_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jsonl"), record("a", "x").trim_end()).unwrap();
    fs::write(folder.path().join("b.jsonl"), record("b", "y").trim_end()).unwrap();
    let joined = stdout(folder.path(), &["clean", "a.jsonl", "b.jsonl"], 0);
    assert_eq!(joined, record("a", "x") + record("b", "y").trim_end());
    let said = stderr(folder.path(), &["clean", "a.jsonl", "b.jsonl", "--ledger", "l"], 2);
    assert!(said.contains("ledger cannot tell"), "{said}");
    assert!(!folder.path().join("l").exists());
}

#[test]
fn an_input_is_never_overwritten_by_a_folder_of_outputs() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("dumps")).unwrap();
    fs::write(folder.path().join("dumps/a.txt"), dirty()).unwrap();
    assert!(stderr(folder.path(), &["clean", "dumps", "-o", "dumps"], 2).contains("overwrite its input"));
    assert_eq!(fs::read_to_string(folder.path().join("dumps/a.txt")).unwrap(), dirty());
    fs::create_dir(folder.path().join("more")).unwrap();
    fs::write(folder.path().join("more/a.txt"), dirty()).unwrap();
    assert!(stderr(folder.path(), &["clean", "dumps", "more", "-o", "out"], 2).contains("two inputs"));
}

#[test]
fn a_single_file_can_be_cleaned_in_place() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), dirty()).unwrap();
    stdout(folder.path(), &["clean", "a.txt", "-o", "a.txt", "--ledger", "l.jsonl"], 0);
    assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), CLEAN);
    assert_eq!(stdout(folder.path(), &["restore", "a.txt", "--ledger", "l.jsonl"], 0), dirty());
}

#[test]
fn a_device_is_written_to_and_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), dirty()).unwrap();
    stdout(folder.path(), &["clean", "a.txt", "-o", "/dev/null"], 0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn diff_and_dry_run_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), dirty()).unwrap();
    let diff = stdout(folder.path(), &["clean", "a.txt", "--diff"], 0);
    assert!(diff.contains("\n-sbobet88\n") && diff.contains("@@ line 8 @@ spam/gambling"), "{diff}");
    assert!(!diff.contains("Warga"), "unchanged lines are not shown: {diff}");
    assert_eq!(stdout(folder.path(), &["clean", "a.txt", "--dry-run", "-o", "out.txt"], 0), "");
    assert_eq!(tree(folder.path()).len(), 1);
}

#[test]
fn the_ledger_says_what_went_and_why() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jsonl"), record("é", &format!("é{}", dirty()))).unwrap();
    stdout(folder.path(), &["clean", "a.jsonl", "-o", "b.jsonl", "--ledger", "l.jsonl"], 0);
    let ledger = lines(&fs::read_to_string(folder.path().join("l.jsonl")).unwrap());
    assert_eq!(ledger.len(), 2);
    let text = format!("é{}", dirty());
    for entry in &ledger {
        assert_eq!((&entry["file"], &entry["record"], &entry["id"]), (&"a.jsonl".into(), &1.into(), &"é".into()));
        let at = |key: &str| entry[key].as_u64().unwrap() as usize;
        assert_eq!(&text[at("start")..at("end")], entry["text"].as_str().unwrap());
        let chars: String = text.chars().skip(at("char_start")).take(at("char_end") - at("char_start")).collect();
        assert_eq!(chars, entry["text"].as_str().unwrap());
        assert_eq!(entry["label"], "spam/gambling");
        assert!(entry["score"].as_f64().unwrap() > 0.5 && entry["reasons"].is_array() && entry["model"].is_string());
    }
}

#[test]
fn limit_stops_after_so_many_records() {
    let input: String = (0..10).map(|n| record(&n.to_string(), "x")).collect();
    let output = unspam().args(["clean", "--limit", "3"]).write_stdin(input).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
}

#[test]
fn a_closed_pipe_is_no_error() {
    use std::process::{Command, Stdio};
    let input: String = (0..50_000).map(|n| record(&n.to_string(), CLEAN)).collect();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jsonl"), input).unwrap();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("unspam"))
        .args(["clean", "a.jsonl"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_record_passes_through_a_pipe_at_once() {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("unspam"))
        .args(["clean", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for n in 0..3 {
        let line = record(&n.to_string(), CLEAN);
        input.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        assert_eq!(answer, line);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_output_is_the_same_for_any_number_of_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let dumps = folder.path().join("dumps");
    fs::create_dir(&dumps).unwrap();
    let mut big = String::new();
    for n in 0..4000 {
        match n % 7 {
            0 => big.push_str(&record(&n.to_string(), &dirty())),
            1 => big.push_str("{\"id\":1}\n"),
            2 => big.push_str("not json\n"),
            3 => big.push('\n'),
            _ => big.push_str(&record(&n.to_string(), CLEAN)),
        }
    }
    fs::write(dumps.join("big.jsonl"), big).unwrap();
    for n in 0..50 {
        fs::write(dumps.join(format!("{n}.txt")), dirty().repeat(n % 3)).unwrap();
    }
    let mut results = Vec::new();
    for jobs in ["1", "8"] {
        let out = format!("out{jobs}");
        let ledger = format!("ledger{jobs}.jsonl");
        let said = stderr(folder.path(), &["clean", "dumps", "-o", &out, "--ledger", &ledger, "-j", jobs], 2);
        let said: Vec<String> = said.lines().filter(|line| !line.contains("done in ")).map(str::to_owned).collect();
        let findings = stdout(folder.path(), &["scan", "dumps", "-j", jobs], 2);
        let ledger = fs::read(folder.path().join(ledger)).unwrap();
        results.push((said, findings, ledger, tree(&folder.path().join(out))));
    }
    assert!(results[0] == results[1]);
}
