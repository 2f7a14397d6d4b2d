//! CSV and TSV: only the text column changes, to the byte.

use std::fs;

use proptest::prelude::*;

use crate::support::{CLEAN, dirty, gunzip, lines, record, stderr, stdout, tree, unspam};

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn only_the_text_column_changes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // Odd spellings beside the text stay, bytes that are not UTF-8 too.
    let table = |text: &str| {
        let row = format!("1,\"a \"\"x\"\",\r\ny\", plain ,{}\r\n", quoted(text));
        [b"\xEF\xBB\xBFid,note,\"more\",text\r\n".as_slice(), row.as_bytes(), b"\"2\",\xFF,,", quoted(text).as_bytes()]
            .concat()
    };
    fs::write(at.join("a.csv"), table(&dirty())).unwrap();
    stdout(at, &["clean", "a.csv", "-o", "b.csv.gz", "--ledger", "l.jsonl"], 0);
    assert_eq!(gunzip(&fs::read(at.join("b.csv.gz")).unwrap()), table(CLEAN));
    stdout(at, &["restore", "b.csv.gz", "--ledger", "l.jsonl", "-o", "c.csv"], 0);
    assert_eq!(fs::read(at.join("c.csv")).unwrap(), table(&dirty()));
    let entry = &lines(&fs::read_to_string(at.join("l.jsonl")).unwrap())[0];
    assert_eq!((&entry["file"], &entry["record"], &entry["id"]), (&"a.csv".into(), &1.into(), &"1".into()));
}

#[test]
fn tables_are_known_by_name_or_header() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for (name, delimiter) in [("a.tsv", '\t'), ("a.csv", ';'), ("part-0", ','), ("part-1", '|')] {
        let table = |text: &str| format!("id{delimiter}text\n7{delimiter}{}\n", quoted(text));
        fs::write(at.join(name), table(&dirty())).unwrap();
        assert_eq!(stdout(at, &["clean", name], 0), table(CLEAN), "{name}");
    }
    let output = unspam()
        .args(["clean", "-q", "--input-format", "csv", "--delimiter", "#", "--text-field", "body"])
        .write_stdin(format!("body#n\n{}#1\n", quoted(&dirty())))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("body#n\n{}#1\n", quoted(CLEAN)));
}

#[test]
fn tables_without_a_header_have_numbered_columns() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // The first row has line breaks and delimiters within its text.
    let table = |text: &str| format!("a,{},http://x\r\nb,short,\r\nc,{0},\"y\"", quoted(&format!("1, 2, 3\n\n{text}")));
    fs::write(at.join("a.csv"), table(&dirty())).unwrap();
    let flags = ["--no-header", "--text-field", "2", "--id-field", "1"];
    stdout(at, &[&["clean", "a.csv", "-o", "b.csv", "--ledger", "l.jsonl"], &flags[..]].concat(), 0);
    assert_eq!(fs::read_to_string(at.join("b.csv")).unwrap(), table(CLEAN));
    let entry = &lines(&fs::read_to_string(at.join("l.jsonl")).unwrap())[0];
    assert_eq!((&entry["record"], &entry["id"]), (&1.into(), &"a".into()));
    stdout(at, &[&["restore", "b.csv", "--ledger", "l.jsonl", "-o", "c.csv"], &flags[..]].concat(), 0);
    assert_eq!(fs::read_to_string(at.join("c.csv")).unwrap(), table(&dirty()));
    // In pieces, from a pipe.
    let args = ["scan", "-q", "--input-format", "csv", "--chunk-bytes", "10"];
    let output = unspam().args(args).args(flags).write_stdin(table(&dirty())).output().unwrap();
    let found = lines(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(found.iter().map(|line| line["id"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    // A tab in TSV; a settings file says the same.
    fs::write(at.join("a.tsv"), format!("7\t{}\n", quoted(&dirty()))).unwrap();
    fs::write(at.join("s.toml"), "no-header = true\ntext-field = \"2\"\n").unwrap();
    assert_eq!(stdout(at, &["clean", "a.tsv", "--config", "s.toml"], 0), format!("7\t{}\n", quoted(CLEAN)));
    assert!(stdout(at, &["clean", "--print-config", "--config", "s.toml"], 0).contains("no-header = true"));
    let said = stderr(at, &["clean", "a.csv", "--no-header"], 2);
    assert!(said.contains("column \"text\" is no number from 1"), "{said}");
    fs::write(at.join("long.csv"), format!("{}\nb,c\n", "a".repeat(200_000))).unwrap();
    let said = stderr(at, &["clean", "long.csv", "--no-header", "--text-field", "1"], 2);
    assert!(said.contains("first row is longer than 65536 bytes"), "{said}");
}

#[test]
fn big_fields_are_cut_as_small_ones() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let filler = "A sentence of plain words about the weather. ".repeat(4_000);
    let table =
        |text: &str| format!("id,text,note\n1,{},\"x\"\n2,{0},{}\n", quoted(&format!("{filler}\n\n{text}")), filler);
    fs::write(at.join("a.csv"), table(&dirty())).unwrap();
    stdout(at, &["clean", "a.csv", "-o", "b.csv", "--ledger", "l.jsonl"], 0);
    assert!(fs::read_to_string(at.join("b.csv")).unwrap() == table(CLEAN));
    stdout(at, &["restore", "b.csv", "--ledger", "l.jsonl", "-o", "c.csv"], 0);
    assert!(fs::read_to_string(at.join("c.csv")).unwrap() == table(&dirty()));
}

#[test]
fn a_table_without_the_column_is_named_with_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.csv"), "id,body\n1,x\n").unwrap();
    let said = stderr(at, &["clean", "a.csv", "-o", "b.csv", "--quarantine", "q.jsonl"], 2);
    assert!(said.contains("a.csv: column \"text\" is missing; there are \"id\", \"body\": name one"), "{said}");
    let found = lines(&fs::read_to_string(at.join("q.jsonl")).unwrap());
    assert_eq!(found[0]["file"], "a.csv");
    assert!(found[0]["reason"].as_str().unwrap().starts_with("column"));
    fs::write(at.join("empty.csv"), "").unwrap();
    assert_eq!(stdout(at, &["clean", "empty.csv"], 0), "");
}

#[test]
fn rows_that_cannot_be_read_go_to_quarantine_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let good = |id: u8, text: &str| format!("{id},{}\n", quoted(text));
    let bad: [&[u8]; 3] = [b"2,x,y\n", b"\"3\",\"a\"b\n", b"6,\xFF\n"];
    let joined = |text: &str, with: bool| {
        let bad = |n: usize| if with { bad[n] } else { b"" };
        [
            b"id,text\n",
            good(1, text).as_bytes(),
            bad(0),
            bad(1),
            good(4, text).as_bytes(),
            b"\n",
            good(5, "x").as_bytes(),
            bad(2),
        ]
        .concat()
    };
    fs::create_dir(at.join("in")).unwrap();
    fs::write(at.join("in/a.csv"), joined(&dirty(), true)).unwrap();
    fs::write(at.join("in/b.jsonl"), record("x", &dirty()) + "{}\n").unwrap();
    let said = stderr(at, &["clean", "in", "-o", "out", "--ledger", "l.jsonl.zst", "--quarantine", "q.jsonl"], 2);
    assert!(said.contains("a.csv: row 2: row has 3 columns, the header has 2"), "{said}");
    assert!(said.contains("could not be handled, see q.jsonl: 4 records"), "{said}");
    assert_eq!(fs::read(at.join("out/a.csv")).unwrap(), joined(CLEAN, false));
    let found = lines(&fs::read_to_string(at.join("q.jsonl")).unwrap());
    let offset = 8 + good(1, &dirty()).len();
    assert_eq!(found.len(), 4);
    assert_eq!(
        (&found[0]["record"], &found[0]["offset"], &found[0]["text"]),
        (&2.into(), &offset.into(), &"2,x,y\n".into())
    );
    assert!(found[2]["base64"].is_string() && found[3]["file"] == "b.jsonl");
    stdout(at, &["restore", "out", "--ledger", "l.jsonl.zst", "--quarantine", "q.jsonl", "-o", "back"], 0);
    assert_eq!(tree(&at.join("in")), tree(&at.join("back")));
    let said = stderr(at, &["restore", "out", "--ledger", "l.jsonl.zst", "-o", "other"], 2);
    assert!(said.contains("4 records in quarantine and not restored"), "{said}");
}

#[test]
fn a_long_row_goes_to_quarantine_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let long = format!("2,\"{}\"\n", "kata demi kata\n".repeat(300_000));
    let input = format!("id,text\n1,{}\n{long}3,{}\n", quoted(&dirty()), quoted(&dirty()));
    fs::write(at.join("a.csv"), &input).unwrap();
    let args = ["--max-record", "100K", "--ledger", "l.jsonl", "--quarantine", "q.jsonl.zst"];
    stderr(at, &[&["clean", "a.csv", "-o", "b.csv"], &args[..]].concat(), 2);
    let expected = format!("id,text\n1,{}\n3,{}\n", quoted(CLEAN), quoted(CLEAN));
    assert_eq!(fs::read_to_string(at.join("b.csv")).unwrap(), expected);
    stdout(at, &["restore", "b.csv", "--ledger", "l.jsonl", "--quarantine", "q.jsonl.zst", "-o", "c.csv"], 0);
    assert!(fs::read_to_string(at.join("c.csv")).unwrap() == input);
}

#[test]
fn a_text_that_goes_whole_leaves_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let spam = "Situs judi slot gacor sbobet88 daftar sekarang bonus deposit 100% maxwin";
    let input = format!("text\n{spam}\n{}\n", quoted(&dirty()));
    fs::write(at.join("a.csv"), &input).unwrap();
    stdout(at, &["clean", "a.csv", "-o", "b.csv", "--ledger", "l.jsonl"], 0);
    let rows = csv::Reader::from_path(at.join("b.csv")).unwrap().into_records().count();
    assert_eq!(rows, 2);
    stdout(at, &["restore", "b.csv", "--ledger", "l.jsonl", "-o", "c.csv"], 0);
    assert_eq!(fs::read_to_string(at.join("c.csv")).unwrap(), input);
}

fn cell() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        3 => Just("\nsbobet88\n".to_owned()), 1 => Just("gacor77 \"x\"".to_owned()), 2 => any::<String>(),
        2 => Just(CLEAN.to_owned()), 1 => "[ \t\",;\r\né😀]{0,8}",
    ];
    proptest::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_table_comes_back(
        rows in proptest::collection::vec((cell(), any::<String>(), any::<bool>()), 0..12),
        crlf in any::<bool>(), delimiter in prop_oneof![Just(b','), Just(b'\t'), Just(b';')],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let mut table = Vec::new();
        for chunk in [&[("text".to_owned(), "other".to_owned(), false)][..], &rows[..]] {
            for (text, other, always) in chunk {
                let style = if *always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
                let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(delimiter).quote_style(style).terminator(terminator).from_writer(Vec::new());
                writer.write_record([text, other]).unwrap();
                table.extend(writer.into_inner().unwrap());
            }
        }
        fs::write(at.join("a.csv"), &table).unwrap();
        stdout(at, &["clean", "-q", "a.csv", "-o", "b.csv", "--ledger", "l.jsonl"], 0);
        let read = |name: &str| -> Vec<csv::StringRecord> {
            let reader = csv::ReaderBuilder::new().delimiter(delimiter).from_path(at.join(name));
            reader.unwrap().into_records().map(Result::unwrap).collect()
        };
        let (before, after) = (read("a.csv"), read("b.csv"));
        prop_assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(&before[1], &after[1]);
        }
        stdout(at, &["restore", "-q", "b.csv", "--ledger", "l.jsonl", "-o", "c.csv"], 0);
        prop_assert_eq!(fs::read(at.join("c.csv")).unwrap(), table);
    }
}
