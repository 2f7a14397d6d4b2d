//! What was removed comes back.

use std::fs;
use std::sync::LazyLock;

use proptest::prelude::*;
use unspam::io::{Fields, Format, ReadOptions, RecordReader};
use unspam::ledger::{LedgerIndex, LedgerReader, write_entries};
use unspam::{Cleaner, Detector};

use crate::support::{CLEAN, dirty, record, stderr, stdout, tree};

#[test]
fn folders_come_back_from_a_compressed_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("in/deep")).unwrap();
    fs::write(at.join("in/a.txt"), dirty()).unwrap();
    fs::write(at.join("in/deep/a.txt"), format!("x{}", dirty())).unwrap();
    let odd = serde_json::to_string(&dirty()).unwrap().replace('b', "\\u0062");
    fs::write(at.join("in/deep/b.jsonl"), format!("\n{{\"text\":{odd},\"n\":1.0}}\r\n{}", record("b", CLEAN))).unwrap();
    stdout(at, &["clean", "in", "-o", "out", "--ledger", "l.jsonl.zst"], 0);
    assert!(tree(&at.join("in")) != tree(&at.join("out")));
    stdout(at, &["restore", "out", "--ledger", "l.jsonl.zst", "-o", "back"], 0);
    assert!(tree(&at.join("in")) == tree(&at.join("back")));
}

#[test]
fn a_changed_text_is_not_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.txt"), dirty()).unwrap();
    stdout(at, &["clean", "a.txt", "-o", "b.txt", "--ledger", "l.jsonl"], 0);
    for changed in [CLEAN.replace("jembatan", "jalan"), CLEAN.replacen("Warga", "Wargi", 1)] {
        fs::write(at.join("b.txt"), &changed).unwrap();
        let said = stderr(at, &["restore", "b.txt", "--ledger", "l.jsonl", "-o", "c.txt"], 2);
        assert!(said.contains("b.txt: ") && said.contains("the ledger belongs to another text"), "{said}");
        assert_eq!(fs::read_to_string(at.join("c.txt")).unwrap(), changed);
    }
}

#[test]
fn missing_records_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.jsonl"), record("a", &dirty()) + &record("b", &dirty())).unwrap();
    stdout(at, &["clean", "a.jsonl", "-o", "b.jsonl", "--ledger", "l.jsonl"], 0);
    fs::write(at.join("b.jsonl"), record("a", CLEAN)).unwrap();
    let said = stderr(at, &["restore", "b.jsonl", "--ledger", "l.jsonl", "-o", "c.jsonl"], 2);
    assert!(said.contains("1 record of the ledger not there"), "{said}");
}

#[test]
fn a_damaged_ledger_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("b.txt"), CLEAN).unwrap();
    fs::write(at.join("l.jsonl"), "{\"file\":\"b.txt\"}\n").unwrap();
    let said = stderr(at, &["restore", "b.txt", "--ledger", "l.jsonl"], 2);
    assert!(said.contains("ledger \"l.jsonl\": line 1 is no ledger entry: missing field"), "{said}");
}

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::builtin);

/// Texts with lines that are junk among all sorts of characters.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => Just("\nsbobet88\n".to_owned()), 1 => Just("\r\ngacor77\r\n".to_owned()), 2 => any::<String>(),
        2 => Just(CLEAN.to_owned()), 1 => Just("\n".to_owned()), 1 => "[ \t\"\\\\/\u{0}-\u{1f}é😀]{0,8}",
    ];
    proptest::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

/// Spells a text as a JSON string, each character in one of the ways there are.
fn spell(text: &str, ways: &[u8]) -> String {
    let mut spelt = String::from('"');
    for (index, c) in text.chars().enumerate() {
        let way = ways.get(index % ways.len().max(1)).copied().unwrap_or(0);
        let must = c < ' ' || c == '"' || c == '\\';
        if way % 3 == 1 || must && way % 2 == 0 {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let digits = if way % 5 == 0 { format!("{unit:04X}") } else { format!("{unit:04x}") };
                spelt.extend(["\\u", &digits]);
            }
        } else if must {
            let quoted = serde_json::to_string(&c).unwrap();
            spelt.push_str(&quoted[1..quoted.len() - 1]);
        } else {
            spelt.push(c);
        }
    }
    spelt.push('"');
    spelt
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_record_comes_back(text in texts(), ways in proptest::collection::vec(any::<u8>(), 1..7), json in any::<bool>()) {
        let (format, raw) = if json {
            (Format::Jsonl, format!("{{\"x\":[1.0],\"text\": {} ,\"y\":\"\\u00e9\"}}\n", spell(&text, &ways)))
        } else {
            (Format::Text, text.clone())
        };
        let fields = Fields::default();
        let view = format.view(raw.as_bytes(), &fields).expect("a record");
        prop_assert_eq!(view.text().as_bytes(), text.as_bytes());
        let report = view.scan(&DETECTOR);
        let edits = Cleaner::edits(text.as_bytes(), &report);
        let mut cleaned = Vec::new();
        view.clone().write_without(&edits, &mut cleaned);
        let mut ledger = Vec::new();
        write_entries("a/b", 3, &view, &report, &edits, "m", "p", &mut ledger);
        // The record without its text is the same, and the text is the cleaned one.
        let cleaned_view = format.view(&cleaned, &fields).expect("still a record");
        prop_assert_eq!(cleaned_view.text().as_bytes(), &Cleaner::apply(text.as_bytes(), &edits)[..]);
        let open = move || {
            let options = ReadOptions::of(Format::Jsonl);
            RecordReader::new(Box::new(std::io::Cursor::new(ledger.clone())), None, false, &options)
        };
        let index = LedgerIndex::read(open().expect("opens")).expect("a ledger");
        let mut reader = LedgerReader::new(open);
        reader.seek(&index, "a/b").expect("reads");
        let mut restored = Vec::new();
        match reader.next(u64::MAX).expect("reads") {
            Some((number, entries)) => {
                prop_assert_eq!(number, 3);
                entries.restore(&cleaned_view, &mut restored).expect("fits");
            }
            None => restored = cleaned.clone(),
        }
        prop_assert_eq!(String::from_utf8_lossy(&restored), raw);
    }
}
