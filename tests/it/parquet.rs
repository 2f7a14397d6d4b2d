//! Parquet files: the text column is cleaned, everything else stays as it is encoded.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::Row;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use crate::support::{CLEAN, dirty, lines, stderr, stdout};

type Text = Option<String>;

/// Writes groups of rows of all sorts of types.
fn write(path: &Path, groups: &[Vec<Text>], compression: Compression) {
    let schema = "message m {
        required int64 id; optional group list (LIST) { repeated group list { optional binary element (UTF8); } }
        optional int96 seen; optional group doc { optional binary text (UTF8); } required boolean flag;
        optional binary url (UTF8); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let meta = KeyValue::new("made-by".to_owned(), "a test".to_owned());
    let properties = WriterProperties::builder().set_compression(compression).set_key_value_metadata(Some(vec![meta]));
    let mut writer =
        SerializedFileWriter::new(File::create(path).unwrap(), schema, Arc::new(properties.build())).unwrap();
    let mut id = 0;
    for texts in groups {
        let mut group = writer.next_row_group().unwrap();
        let mut names = ["id", "list", "seen", "doc.text", "flag", "url"].into_iter();
        while let Some(mut column) = group.next_column().unwrap() {
            let ids: Vec<i64> = (id..).take(texts.len()).collect();
            let name = names.next().unwrap();
            match column.untyped() {
                ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&ids, None, None).map(drop).unwrap(),
                ColumnWriter::BoolColumnWriter(writer) => {
                    let flags: Vec<bool> = ids.iter().map(|id| id % 3 == 0).collect();
                    writer.write_batch(&flags, None, None).map(drop).unwrap();
                }
                ColumnWriter::Int96ColumnWriter(writer) => {
                    let stamps: Vec<_> = ids.iter().map(|&id| vec![id as u32, 2, 2_451_545].into()).collect();
                    writer.write_batch(&stamps, Some(&vec![1; ids.len()]), None).map(drop).unwrap();
                }
                ColumnWriter::ByteArrayColumnWriter(writer) if name == "doc.text" => {
                    // Of the missing ones every other one has no structure at all.
                    let level = |(text, id): (&Text, &i64)| if text.is_some() { 2 } else { (id % 2) as i16 };
                    let levels: Vec<i16> = texts.iter().zip(&ids).map(level).collect();
                    let values: Vec<ByteArray> = texts.iter().flatten().map(|text| text.as_str().into()).collect();
                    writer.write_batch(&values, Some(&levels), None).map(drop).unwrap();
                }
                ColumnWriter::ByteArrayColumnWriter(writer) if name == "url" => {
                    let urls: Vec<ByteArray> = ids
                        .iter()
                        .map(|id| ByteArray::from(format!("http://e{}.example/{id}", id % 3).as_str()))
                        .collect();
                    writer.write_batch(&urls, Some(&vec![1; ids.len()]), None).map(drop).unwrap();
                }
                ColumnWriter::ByteArrayColumnWriter(writer) => {
                    // Two items in each list.
                    let items = vec![ByteArray::from("item"); ids.len() * 2];
                    let again: Vec<i16> = ids.iter().flat_map(|_| [0, 1]).collect();
                    writer.write_batch(&items, Some(&vec![3; items.len()]), Some(&again)).map(drop).unwrap();
                }
                _ => panic!("no such column"),
            }
            column.close().unwrap();
        }
        group.close().unwrap();
        id += texts.len() as i64;
    }
    writer.close().unwrap();
}

fn rows(path: &Path) -> Vec<Row> {
    SerializedFileReader::new(File::open(path).unwrap())
        .unwrap()
        .get_row_iter(None)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn metadata(path: &Path) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&File::open(path).unwrap()).unwrap()
}

#[test]
fn rows_types_groups_and_compression_stay() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let groups = |text: &str| {
        let some =
            |n: usize| (0..n).map(|n| (n % 4 != 3).then(|| if n % 2 == 0 { text } else { CLEAN }.to_owned())).collect();
        vec![some(700), some(3), vec![], some(50)]
    };
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(ZstdLevel::default())] {
        write(&at.join("a.parquet"), &groups(&dirty()), compression);
        write(&at.join("expected.parquet"), &groups(CLEAN), compression);
        let args = ["--text-field", "doc.text"];
        stdout(
            at,
            &[&["clean", "a.parquet", "-o", "b.parquet", "--ledger", "l.jsonl", "--stats", "s.json"], &args[..]]
                .concat(),
            0,
        );
        assert!(rows(&at.join("b.parquet")) == rows(&at.join("expected.parquet")));
        let (before, after) = (metadata(&at.join("a.parquet")), metadata(&at.join("b.parquet")));
        assert_eq!(before.file_metadata().schema(), after.file_metadata().schema());
        assert_eq!(before.file_metadata().key_value_metadata(), after.file_metadata().key_value_metadata());
        assert_eq!(before.num_row_groups(), after.num_row_groups());
        for (before, after) in before.row_groups().iter().zip(after.row_groups()) {
            assert_eq!(before.num_rows(), after.num_rows());
            for (before, after) in before.columns().iter().zip(after.columns()) {
                assert_eq!(before.compression(), after.compression());
                assert_eq!(before.statistics().is_some(), after.statistics().is_some());
                if before.column_path().string() != "doc.text" {
                    assert_eq!(before.statistics(), after.statistics());
                    assert_eq!(before.compressed_size(), after.compressed_size());
                }
            }
        }
        stdout(at, &[&["restore", "b.parquet", "--ledger", "l.jsonl", "-o", "c.parquet"], &args[..]].concat(), 0);
        assert!(rows(&at.join("c.parquet")) == rows(&at.join("a.parquet")));
    }
    let entry = &lines(&fs::read_to_string(at.join("l.jsonl")).unwrap())[0];
    assert_eq!((&entry["record"], &entry["id"]), (&1.into(), &0.into()));
    let stats: serde_json::Value = serde_json::from_slice(&fs::read(at.join("s.json")).unwrap()).unwrap();
    assert_eq!(stats["sites"].as_object().unwrap().len(), 3);
    let found = lines(&stdout(at, &["scan", "a.parquet", "--text-field", "doc.text"], 0));
    assert!(found.iter().any(|line| line["id"] == 2 && line["verdict"] == "dirty"));
}

#[test]
fn some_of_the_rows_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let some = |n: usize, text: &str| (0..n).map(|n| (n % 4 != 3).then(|| format!("{n}\n\n{text}"))).collect();
    let groups = |text: &str| vec![some(2500, text), some(3, text), vec![], some(1500, text), some(40, text)];
    write(&at.join("a.parquet"), &groups(&dirty()), Compression::ZSTD(ZstdLevel::default()));
    write(&at.join("expected.parquet"), &groups(CLEAN), Compression::ZSTD(ZstdLevel::default()));
    let all = rows(&at.join("expected.parquet"));
    let clean = |more: &[&str], to: &str| {
        stdout(at, &[&["clean", "-q", "a.parquet", "--text-field", "doc.text", "-o", to], more].concat(), 0);
        let (before, after) = (metadata(&at.join("a.parquet")), metadata(&at.join(to)));
        assert_eq!(before.file_metadata().schema(), after.file_metadata().schema());
        assert_eq!(before.file_metadata().key_value_metadata(), after.file_metadata().key_value_metadata());
        for group in after.row_groups() {
            for column in group.columns() {
                assert_eq!(column.compression(), before.row_group(0).column(0).compression());
                assert!(column.statistics().is_some());
            }
        }
        rows(&at.join(to))
    };
    for limit in [1, 2500, 2502, 2504, 4043, 9999] {
        let found = clean(&["--limit", &limit.to_string()], "b.parquet");
        assert!(found == all[..limit.min(all.len())], "{limit}");
    }
    let found = clean(&["--sample", "0.3"], "c.parquet");
    assert!((1000..1400).contains(&found.len()), "{}", found.len());
    // The rows that are there are those that are sampled elsewhere, as they were.
    let mut rest = all.iter();
    assert!(found.iter().all(|row| rest.any(|other| other == row)));
    assert!(clean(&["--sample", "0.3", "-j", "1"], "d.parquet") == found);
    assert!(clean(&["--sample", "0"], "e.parquet").is_empty());
    let both = clean(&["--sample", "0.3", "--limit", "1000"], "f.parquet");
    assert!(both.len() > 200 && found.starts_with(&both));
}

#[test]
fn what_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(&at.join("a.parquet"), &[vec![Some(dirty())]], Compression::SNAPPY);
    let said = stderr(at, &["clean", "a.parquet", "-o", "b.parquet"], 2);
    assert!(said.contains("a.parquet: column \"text\" is missing; there are \"id\""), "{said}");
    let said = stderr(at, &["clean", "a.parquet", "--text-field", "id", "-o", "b.parquet"], 2);
    assert!(said.contains("column \"id\" is INT64, not a string"), "{said}");
    let said = stderr(at, &["clean", "a.parquet", "--text-field", "doc.text"], 2);
    assert!(said.contains("cannot be written to standard output"), "{said}");
    let bytes = fs::read(at.join("a.parquet")).unwrap();
    fs::write(at.join("cut.parquet"), &bytes[..bytes.len() - 9]).unwrap();
    let said = stderr(at, &["clean", "cut.parquet", "--text-field", "doc.text", "-o", "b.parquet"], 2);
    assert!(said.contains("cut.parquet: cannot be read as Parquet"), "{said}");
    assert!(!at.join("b.parquet").exists());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_rows_come_back(groups in proptest::collection::vec(proptest::collection::vec(proptest::option::of(prop_oneof![any::<String>(), Just(dirty()), Just("x\nsbobet88".to_owned())]), 0..9), 0..4)) {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        write(&at.join("a.parquet"), &groups, Compression::SNAPPY);
        let args = ["-q", "--text-field", "doc.text"];
        stdout(at, &[&["clean", "a.parquet", "-o", "b.parquet", "--ledger", "l.jsonl"], &args[..]].concat(), 0);
        stdout(at, &[&["restore", "b.parquet", "--ledger", "l.jsonl", "-o", "c.parquet"], &args[..]].concat(), 0);
        prop_assert!(rows(&at.join("a.parquet")) == rows(&at.join("c.parquet")));
    }
}
