//! Counts and the page of a run.

use std::fs;
use std::process::Command;

use crate::support::{CLEAN, dirty, stderr, stdout};

fn dumps(at: &std::path::Path) {
    let line = |n: usize| {
        let text = if n.is_multiple_of(2) { dirty() } else { CLEAN.to_owned() };
        let tail = if n == 4 { "\n<script>alert(1)</script> & sbobet88\n" } else { "" };
        let url = format!("https://www.site{}.example/{n}", n % 3);
        serde_json::json!({"id": n, "lang": "id", "url": url, "text": text + tail}).to_string() + "\n"
    };
    fs::write(at.join("a.jsonl"), (0..60).map(line).collect::<String>()).unwrap();
}

#[test]
fn counts_are_by_label_language_and_site() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dumps(at);
    let said = stderr(at, &["clean", "a.jsonl", "--dry-run", "--stats", "s.json"], 0);
    assert!(said.contains("60 records, 30 changed") && said.contains("language id"), "{said}");
    let stats: serde_json::Value = serde_json::from_slice(&fs::read(at.join("s.json")).unwrap()).unwrap();
    assert_eq!((&stats["records"], &stats["changed"]), (&60.into(), &30.into()));
    assert_eq!(stats["sites"]["site1.example"]["records"], 20);
    assert_eq!(stats["languages"]["id"]["changed"], 30);
    assert!(stats["labels"]["spam/gambling"]["removed"].as_u64().unwrap() >= 60);
    assert!(stats["seconds"].is_number() && stats["removed_share"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_sample_is_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dumps(at);
    let some = stdout(at, &["clean", "a.jsonl", "--sample", "0.3", "-j", "1"], 0);
    let count = some.lines().count();
    assert!((5..40).contains(&count), "{count}");
    assert_eq!(some, stdout(at, &["clean", "a.jsonl", "--sample", "0.3", "-j", "3"], 0));
    assert_eq!(stdout(at, &["clean", "a.jsonl", "--sample", "1"], 0).lines().count(), 60);
}

#[test]
fn a_field_can_be_added_and_taken_out_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dumps(at);
    stdout(at, &["clean", "a.jsonl", "-o", "b.jsonl", "--add-field", "--ledger", "l.jsonl"], 0);
    let first: serde_json::Value =
        serde_json::from_str(fs::read_to_string(at.join("b.jsonl")).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!((&first["unspam"]["verdict"], &first["unspam"]["removed"]), (&"dirty".into(), &2.into()));
    stdout(at, &["restore", "b.jsonl", "--ledger", "l.jsonl", "--drop-field", "unspam", "-o", "c.jsonl"], 0);
    assert!(fs::read(at.join("a.jsonl")).unwrap() == fs::read(at.join("c.jsonl")).unwrap());
}

#[test]
fn the_page_stands_alone_and_obeys_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dumps(at);
    stdout(at, &["clean", "a.jsonl", "-o", "b.jsonl", "--report", "run.html"], 0);
    let page = fs::read_to_string(at.join("run.html")).unwrap();
    for part in [
        "site2.example",
        "spam/gambling",
        "<del>sbobet88</del>",
        "Most frequent",
        "Nearly kept",
        "<svg",
        "prefers-color-scheme",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for part in ["<script", "http://", "https://", "<link", "src=", "@import"] {
        assert!(!page.contains(part), "{part}");
    }
}

/// A browser, if there is one.
fn browser() -> Option<&'static str> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

#[test]
fn a_browser_shows_the_page_in_light_and_dark() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    dumps(at);
    stdout(at, &["clean", "a.jsonl", "-o", "b.jsonl", "--report", "run.html"], 0);
    let mut shots = Vec::new();
    for (name, flag) in [
        ("light.png", "--blink-settings=preferredColorScheme=1"),
        ("dark.png", "--blink-settings=preferredColorScheme=0"),
    ] {
        let status = Command::new(browser)
            .current_dir(at)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--window-size=1100,2400",
                flag,
            ])
            .arg(format!("--user-data-dir={}", at.join("profile").display()))
            .arg(format!("--screenshot={name}"))
            .arg(format!("file://{}", at.join("run.html").display()))
            .output()
            .unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
        shots.push(fs::read(at.join(name)).unwrap());
        if let Some(keep) = std::env::var_os("UNSPAM_TEST_SHOTS") {
            fs::copy(at.join(name), std::path::Path::new(&keep).join(name)).unwrap();
        }
    }
    assert!(shots.iter().all(|shot| shot.len() > 20_000));
    assert!(shots[0] != shots[1], "light and dark differ");
}
