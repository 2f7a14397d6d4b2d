//! Input that is not as it should be: named with file and record, never lost, never a pass.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{CLEAN, Dice, dirty, lines, record, run, stderr, stdout, unspam};

#[test]
fn bad_records_are_named_and_pass_by_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bad: [(&[u8], &str); 11] = [
        (b"{\"id\":\"x\",\"body\":\"a\"}", "field \"text\" is missing: name another field with --text-field"),
        (b"{\"id\":7,\"text\":12}", "field \"text\" is a number, not a string"),
        (b"{\"text\":null}", "field \"text\" is null, not a string"),
        (b"{\"text\":[\"a\"]}", "field \"text\" is an array, not a string"),
        (b"{\"text\":\"a\",\"text\":\"b\"}", "field \"text\" occurs more than once"),
        (b"{\"text\":\"a\"", "not valid JSON"),
        (b"{\"text\":\"a\"}}", "not valid JSON: trailing characters"),
        (b"[\"text\"]", "JSON value is an array, not an object"),
        (b"{\"text\":\"caf\xe9\"}", "not valid UTF-8 at byte 12 of the record"),
        (b"{\"text\":\"a\0b\"}", "not valid JSON: control character"),
        (b"\0", "not valid JSON"),
    ];
    let mut input = record("first", &dirty()).into_bytes();
    let mut expected = record("first", CLEAN).into_bytes();
    for (line, _) in bad {
        input.extend_from_slice(&[line, b"\r\n"].concat());
        expected.extend_from_slice(&[line, b"\r\n"].concat());
    }
    input.extend_from_slice(record("last", &dirty()).as_bytes());
    expected.extend_from_slice(record("last", CLEAN).as_bytes());
    fs::write(at.join("a.jsonl"), &input).unwrap();

    let said = stderr(at, &["clean", "a.jsonl", "-o", "b.jsonl", "--ledger", "l.jsonl"], 2);
    assert_eq!(fs::read(at.join("b.jsonl")).unwrap(), expected);
    for (number, (_, reason)) in bad.iter().enumerate() {
        let start = format!("a.jsonl: line {}: {reason}", number + 2);
        assert!(said.contains(&start), "{start} not in {said}");
    }
    stdout(at, &["restore", "b.jsonl", "--ledger", "l.jsonl", "-o", "c.jsonl"], 0);
    assert_eq!(fs::read(at.join("c.jsonl")).unwrap(), input);

    let found = lines(&stdout(at, &["scan", "a.jsonl"], 2));
    assert_eq!(found.len(), bad.len() + 2);
    for (line, (_, reason)) in found[1..].iter().zip(bad) {
        assert!(line["error"].as_str().unwrap().starts_with(reason), "{line}");
        assert!(line.get("verdict").is_none(), "an error is no verdict: {line}");
    }
    assert_eq!((&found[1]["id"], &found[2]["id"], &found[3]["id"]), (&"x".into(), &7.into(), &().into()));
    assert_eq!(found[12]["verdict"], "dirty");
}

#[test]
fn a_flood_of_messages_is_cut_and_counted() {
    let input = "{}\n".repeat(1000);
    let output = unspam().arg("clean").write_stdin(input).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.lines().count() < 110 && said.contains("900 more records like that"), "{said}");
    assert!(said.contains("left as they are: 1,000 records or files"), "{said}");
}

#[test]
fn a_line_over_the_limit_passes_by() {
    let long = record("long", &"x".repeat(300_000));
    let input = record("a", &dirty()) + &long + &record("b", &dirty());
    let expected = record("a", CLEAN) + &long + &record("b", CLEAN);
    for jobs in ["1", "4"] {
        let output =
            unspam().args(["clean", "--max-record", "100K", "-j", jobs]).write_stdin(&*input).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stdout) == expected);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("line 2: record is longer than 102400 bytes: raise the limit"), "{said}");
    }
    let output = unspam().args(["scan", "--max-record", "100K"]).write_stdin(input).output().unwrap();
    let found = lines(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(found.len(), 3);
    assert!(found[1]["error"].is_string() && found[2]["verdict"] == "dirty");
}

#[test]
fn one_line_of_200_mb_passes_by() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let block = "kata demi kata tanpa jeda, ".repeat(40_000);
    let mut file = BufWriter::new(File::create(at.join("a.jsonl")).unwrap());
    file.write_all(b"{\"text\":\"").unwrap();
    for _ in 0..(200 << 20) / block.len() {
        file.write_all(block.as_bytes()).unwrap();
    }
    file.write_all(b"\"}\n").unwrap();
    file.write_all(record("b", &dirty()).as_bytes()).unwrap();
    file.into_inner().unwrap().sync_all().unwrap();
    let said = stderr(at, &["clean", "a.jsonl", "-o", "b.jsonl"], 2);
    assert!(said.contains("a.jsonl: line 1: record is longer than 67108864 bytes"), "{said}");
    let (before, after) = (fs::read(at.join("a.jsonl")).unwrap(), fs::read(at.join("b.jsonl")).unwrap());
    let tail = record("b", &dirty()).len();
    let head = before.len() - tail;
    assert!(before[..head] == after[..head]);
    assert_eq!(String::from_utf8_lossy(&after[head..]), record("b", CLEAN));
}

#[test]
fn bytes_that_are_not_utf8_stay_in_a_text() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let article = |tail: &str| [b"Judul \xF0\x9F\x98 berita\n\n", CLEAN.as_bytes(), tail.as_bytes()].concat();
    fs::write(at.join("a.txt"), article("\nsbobet88\n")).unwrap();
    let output = run(at, &["clean", "a.txt", "--ledger", "l.jsonl"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not valid UTF-8"));
    assert_eq!(output.stdout, article(""));
}

#[test]
fn any_bytes_come_back_from_cleaning() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut dice = Dice::new(11);
    let parts: [&[u8]; 12] = [
        b"\xff",
        b"\0",
        b"\r\n",
        b"\n",
        b"\r",
        b"sbobet88\n",
        b"\ngacor77\n",
        b"\xE9t\xE9",
        b"\xEF\xBB\xBF",
        b" ",
        CLEAN.as_bytes(),
        b"\xF0\x9F\x98\x80",
    ];
    fs::create_dir(at.join("in")).unwrap();
    for n in 0..200 {
        let bytes: Vec<u8> = (0..dice.roll(30)).flat_map(|_| dice.pick(&parts).to_vec()).collect();
        fs::write(at.join(format!("in/{n:03}.txt")), bytes).unwrap();
    }
    stdout(at, &["clean", "in", "-o", "out", "--ledger", "l.jsonl"], 0);
    stdout(at, &["restore", "out", "--ledger", "l.jsonl", "-o", "back"], 0);
    assert!(crate::support::tree(&at.join("in")) == crate::support::tree(&at.join("back")));
}

#[test]
fn any_lines_come_back_from_cleaning() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut dice = Dice::new(12);
    let good = record("a", &dirty());
    let odd = good.replace('s', "\\u0073").replace('\n', "\r\n");
    let parts: [&[u8]; 10] = [
        good.as_bytes(),
        odd.as_bytes(),
        b"{\"text\":\"sbobet88\"}\n",
        b"{\"text\":\"sbobet88\\n\\ud800\"}",
        b"{\"text\":7}\n",
        b"\xEF\xBB\xBF",
        b"\n",
        b"\r",
        b"\xff\0",
        b"{\"text\":\"",
    ];
    fs::create_dir(at.join("in")).unwrap();
    for n in 0..200 {
        let bytes: Vec<u8> = (0..dice.roll(20)).flat_map(|_| dice.pick(&parts).to_vec()).collect();
        fs::write(at.join(format!("in/{n:03}.jsonl")), bytes).unwrap();
    }
    stdout(at, &["clean", "in", "-o", "out", "--ledger", "l.jsonl", "--max-record", "3K"], 2);
    assert!(crate::support::tree(&at.join("in")) != crate::support::tree(&at.join("out")));
    stdout(at, &["restore", "out", "--ledger", "l.jsonl", "-o", "back"], 0);
    assert!(crate::support::tree(&at.join("in")) == crate::support::tree(&at.join("back")));
}

#[test]
fn a_text_of_one_200_mb_line_is_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let line = "kata demi kata tanpa jeda, ".repeat((200 << 20) / 27);
    fs::write(at.join("a.txt"), format!("{line}\n")).unwrap();
    stdout(at, &["clean", "-q", "a.txt", "-o", "b.txt", "--ledger", "l.jsonl"], 0);
    stdout(at, &["restore", "b.txt", "--ledger", "l.jsonl", "-o", "c.txt"], 0);
    assert!(fs::read(at.join("c.txt")).unwrap() == fs::read(at.join("a.txt")).unwrap());
}

#[test]
fn utf16_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let bytes: Vec<u8> = [0xFEFF].into_iter().chain(dirty().encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(at.join("a.txt"), &bytes).unwrap();
    let said = stderr(at, &["clean", "a.txt", "-o", "b.txt"], 2);
    assert!(said.contains("a.txt: text is in UTF-16"), "{said}");
    assert_eq!(fs::read(at.join("b.txt")).unwrap(), bytes);
}

#[test]
fn an_empty_file_is_a_text_without_words() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.txt"), "").unwrap();
    fs::write(at.join("a.jsonl"), "").unwrap();
    fs::write(at.join("blank.jsonl"), "\n\n \n").unwrap();
    assert_eq!(stdout(at, &["clean", "a.txt"], 0), "");
    assert_eq!(lines(&stdout(at, &["scan", "a.txt"], 0))[0]["verdict"], "ok");
    assert_eq!(stdout(at, &["scan", "a.jsonl"], 0), "");
    assert_eq!(stdout(at, &["scan", "blank.jsonl"], 0), "");
    assert_eq!(stdout(at, &["clean", "blank.jsonl"], 0), "\n\n \n");
    stdout(at, &["check", "a.txt"], 0);
}

#[test]
fn truncated_compressed_data_never_looks_complete() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut dice = Dice::new(5);
    // Words at random, so that the compressed stream is long enough to cut.
    let input: String = (0..500)
        .map(|n| {
            let words: Vec<String> = (0..60).map(|_| format!("w{}", dice.roll(1_000_000))).collect();
            record(&n.to_string(), &words.join(" "))
        })
        .collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(input.as_bytes()).unwrap();
    let gz = encoder.finish().unwrap();
    let zst = zstd::encode_all(input.as_bytes(), 1).unwrap();
    for (name, bytes) in [("a.jsonl.gz", gz), ("a.jsonl.zst", zst)] {
        for cut in [bytes.len() * 2 / 3, bytes.len() - 3, 12] {
            fs::write(at.join(name), &bytes[..cut]).unwrap();
            let said = stderr(at, &["clean", name, "-o", "out.jsonl", "--keep", "spam,boilerplate"], 2);
            assert!(said.contains(&format!("{name}: compressed data ends too early after record")), "{said}");
            assert!(!at.join("out.jsonl").exists(), "what looks complete is complete");
            let written = fs::read_to_string(at.join("out.jsonl.incomplete")).unwrap();
            assert!(input.starts_with(&written), "all that could be read is there");
            assert!(cut == 12 || written.len() > input.len() / 3);
            let found = lines(&stdout(at, &["scan", name], 2));
            assert!(found.last().unwrap()["error"].as_str().unwrap().contains("ends too early"));
            stdout(at, &["check", name], 2);
        }
    }
}

#[test]
fn damaged_compressed_data_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(record("a", CLEAN).as_bytes()).unwrap();
    let mut bytes = encoder.finish().unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(at.join("a.jsonl.gz"), bytes).unwrap();
    let said = stderr(at, &["clean", "a.jsonl.gz", "-o", "b.jsonl"], 2);
    assert!(said.contains("a.jsonl.gz: c"), "{said}");
    assert!(!at.join("b.jsonl").exists());
}

#[test]
fn one_bad_file_does_not_end_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("good.jsonl"), record("a", &dirty())).unwrap();
    fs::write(at.join("page.html"), "<html>").unwrap();
    let said = stderr(at, &["clean", "missing.jsonl", "page.html", "good.jsonl", "-o", "out/"], 2);
    assert!(said.contains("missing.jsonl: cannot be opened") && said.contains("page.html: looks like HTML"), "{said}");
    assert_eq!(fs::read_to_string(at.join("out/good.jsonl")).unwrap(), record("a", CLEAN));
    let found = lines(&stdout(at, &["scan", "missing.jsonl", "good.jsonl"], 2));
    assert!(found[0]["error"].is_string() && found[0]["id"] == "missing.jsonl" && found[1]["verdict"] == "dirty");
}

#[test]
fn lone_surrogates_stay_as_they_are_spelt() {
    let line = |tail: &str| {
        let text = serde_json::to_string(&format!("X{CLEAN}{tail}")).unwrap();
        format!("{{\"text\":{}}}\n", text.replacen('X', "\\ud800 \\uDC00 \\ud83d\\ude00 ", 1))
    };
    let output = unspam().args(["clean", "-q"]).write_stdin(line("\nsbobet88\n")).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout), line(""));
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.jsonl"), record("a", &dirty())).unwrap();
    assert!(stderr(at, &["clean", "a.jsonl", "-o", "a.jsonl/b.jsonl"], 2).contains("cannot write"));
    let full = run(at, &["clean", "a.jsonl", "-o", "/dev/full"]);
    assert_eq!(full.status.code(), Some(2));
}
