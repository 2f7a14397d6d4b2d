//! `unspam evaluate`, and its agreement with the reference scorer where that is at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{CLEAN, dirty, stderr, stdout};

fn gold(id: &str, text: &str, junk: &[(&str, &str)], extra: &Value) -> String {
    let spans: Vec<Value> = junk
        .iter()
        .map(|(part, label)| {
            let at = text.find(part).unwrap();
            let start = text[..at].chars().count();
            json!([start, start + part.chars().count(), label])
        })
        .collect();
    let mut line = json!({"id": id, "lang": "id", "text": text, "spans": spans, "source": "made/up:file#1"});
    line.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    line.to_string() + "\n"
}

#[test]
fn measures_are_as_counted_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let text = dirty();
    let all = gold(
        "a",
        &text,
        &[("sbobet88", "spam/gambling"), ("By gacor88", "spam/gambling")],
        &json!({"kind": "tail", "gold": CLEAN, "doc_label": "spam"}),
    );
    // Here one of the two lines is content: removing it is a loss.
    let half = gold("b", &text, &[("sbobet88", "spam/scam")], &json!({"lang": "jv", "doc_label": "ham"}));
    fs::write(at.join("gold.jsonl"), all + &half).unwrap();
    let found: Value = serde_json::from_str(&stdout(at, &["evaluate", "gold.jsonl", "--json"], 0)).unwrap();
    let set = &found[0];
    let number = |key: &str| set[key].as_f64().unwrap();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    assert_eq!((&set["set"], &set["docs"]), (&"gold.jsonl".into(), &2.into()));
    assert!(near(number("line_precision"), 0.75) && near(number("line_recall"), 1.0), "{set}");
    assert!(near(number("content_lines_lost_per_10k"), 1e4 / 9.0), "{set}");
    assert!(near(number("docs_damaged"), 0.5) && near(number("docs_restored_exactly"), 0.5), "{set}");
    assert_eq!(set["span_recall"], json!({"spam": [1.0, 3], "spam/gambling": [1.0, 2], "spam/scam": [1.0, 1]}));
    assert_eq!(set["span_recall_by_kind"], json!({"tail": [1.0, 2]}));
    assert!(near(number("kind_accuracy"), 2.0 / 3.0) && near(number("token_f1_after"), 1.0), "{set}");
    assert!(number("token_f1_before") < 1.0 && near(number("doc_false_positive_rate"), 1.0), "{set}");
    assert_eq!(set["confusion"]["spam/scam"], json!({"spam/gambling": 1}));
    assert_eq!(set["by_source"]["made/up"]["docs"], 2);
    assert_eq!(set["by_lang"]["jv"]["junk_lines"], 1);
    assert_eq!(set["calibration"]["spam"]["count"], 4);
    assert!(set.get("reliability").is_none(), "{set}");
    let relied = stdout(at, &["evaluate", "gold.jsonl", "--json", "--reliability"], 0);
    let relied: Value = serde_json::from_str(&relied).unwrap();
    for class in ["content", "boilerplate", "spam"] {
        // Nine lines of content and three of junk; of the latter all are found.
        assert_eq!(relied[0]["reliability"][class]["count"], 12, "{class}");
        let right = relied[0]["reliability"][class]["error"].as_f64().unwrap();
        assert!((0.0..0.25).contains(&right), "{class}: {right}");
    }
    let table = stdout(at, &["evaluate", "gold.jsonl", "--tables"], 0);
    assert!(table.contains("line_f1") && table.contains("by language") && table.contains("made/up"), "{table}");
}

#[test]
fn several_files_are_also_measured_together() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("dev")).unwrap();
    for name in ["a", "b"] {
        fs::write(at.join(format!("dev/{name}.jsonl")), gold(name, &dirty(), &[("sbobet88", "spam")], &json!({})))
            .unwrap();
    }
    let found: Value = serde_json::from_str(&stdout(at, &["evaluate", "dev", "--json"], 0)).unwrap();
    let sets: Vec<&str> = found.as_array().unwrap().iter().map(|set| set["set"].as_str().unwrap()).collect();
    assert_eq!(sets, ["a.jsonl", "b.jsonl", "all"]);
    assert_eq!(found[2]["docs"], 2);
}

#[test]
fn a_line_that_is_no_gold_document_ends_the_measuring() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("gold.jsonl"), gold("a", "x", &[], &json!({})) + "{\"id\":\"b\"}\n").unwrap();
    let said = stderr(at, &["evaluate", "gold.jsonl"], 2);
    assert!(said.contains("gold.jsonl: line 2 is no gold document: missing field `text`"), "{said}");
}

/// Compares with the reference scorer, on the first documents of each development set.
#[test]
fn measures_agree_with_the_reference_scorer() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let scorer = shared.join("score/score.py");
    let python = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !scorer.exists() || !python {
        // Said where `--nocapture` shows it: nothing was compared.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: no reference scorer here\n");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut files = Vec::new();
    for entry in fs::read_dir(shared.join("data/dev")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let head: String = text.split_inclusive('\n').take(120).collect();
        fs::write(at.join(&name), head).unwrap();
        files.push(name);
    }
    files.sort();
    let reference = Command::new("python3")
        .current_dir(at)
        .arg(&scorer)
        .arg("--unspam")
        .arg(assert_cmd::cargo::cargo_bin!("unspam"))
        .args(["--json", "reference.out"])
        .args(&files)
        .output()
        .unwrap();
    assert!(reference.status.success(), "{}", String::from_utf8_lossy(&reference.stderr));
    // Python writes NaN, which is no JSON.
    let reference = fs::read_to_string(at.join("reference.out")).unwrap().replace("NaN", "null");
    let reference: Vec<BTreeMap<String, Value>> = serde_json::from_str(&reference).unwrap();
    let args: Vec<&str> = ["evaluate", "--json"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let ours: Vec<Value> = serde_json::from_str(&stdout(at, &args, 0)).unwrap();
    for (reference, ours) in reference.iter().zip(&ours) {
        for (key, value) in reference {
            assert!(agrees(value, &ours[key]), "{} of {}: {value} there, {} here", key, ours["set"], ours[key]);
        }
    }
}

fn agrees(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a.as_f64().unwrap() - b.as_f64().unwrap()).abs() <= 1e-9,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| agrees(value, other)))
        }
        _ => a == b,
    }
}
