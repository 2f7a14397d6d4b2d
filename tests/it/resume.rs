//! A run that was killed goes on where it was, and nobody can tell afterwards.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{CLEAN, Dice, dirty, gzip, record, run, stderr, tree, warc};

/// Texts, some of them with junk, all different.
fn texts(count: usize) -> Vec<String> {
    let text = |n: usize| if n.is_multiple_of(3) { format!("{n}. {}", dirty()) } else { format!("{n}. {CLEAN}") };
    (0..count).map(text).collect()
}

fn parquet(path: &Path, texts: &[String]) {
    let schema = Arc::new(parse_message_type("message m { required binary text (UTF8); }").unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    for texts in texts.chunks(150) {
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let values: Vec<ByteArray> = texts.iter().map(|text| text.as_str().into()).collect();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// Makes a folder of inputs of one format.
fn inputs(folder: &Path, format: &str) {
    let texts = texts(400);
    fs::create_dir(folder).unwrap();
    let jsonl: String = texts
        .iter()
        .enumerate()
        .map(|(n, text)| if n % 50 == 7 { "broken\n".to_owned() } else { record(&n.to_string(), text) })
        .collect();
    match format {
        "jsonl" => fs::write(folder.join("a.jsonl"), jsonl).unwrap(),
        "jsonl.gz" => fs::write(folder.join("a.jsonl.gz"), gzip(jsonl.as_bytes())).unwrap(),
        "jsonl.zst" => fs::write(folder.join("a.jsonl.zst"), zstd::encode_all(jsonl.as_bytes(), 1).unwrap()).unwrap(),
        "csv" => {
            let mut writer = csv::Writer::from_path(folder.join("a.csv")).unwrap();
            writer.write_record(["id", "text"]).unwrap();
            for (n, text) in texts.iter().enumerate() {
                writer.write_record([&n.to_string(), text]).unwrap();
            }
        }
        "warc.gz" => {
            let bytes: Vec<u8> =
                texts.iter().enumerate().flat_map(|(n, text)| gzip(&warc(&n.to_string(), text))).collect();
            fs::write(folder.join("a.warc.wet.gz"), bytes).unwrap();
        }
        "parquet" => parquet(&folder.join("a.parquet"), &texts),
        _ => {
            for (n, text) in texts.iter().enumerate().take(200) {
                fs::write(folder.join(format!("{n}.txt")), text).unwrap();
            }
        }
    }
    fs::write(folder.join("z.jsonl"), record("z", &dirty())).unwrap();
}

const ARGS: [&str; 13] = [
    "clean",
    "in",
    "-o",
    "out",
    "--ledger",
    "ledger.jsonl.zst",
    "--quarantine",
    "quarantine.jsonl",
    "--report",
    "report.html",
    "--chunk-bytes=30K",
    "--checkpoint-bytes=60K",
    "--stats=stats.json",
];

/// All that a run makes, without the time it took.
fn results(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = tree(folder);
    files.retain(|(name, _)| !name.starts_with("in/"));
    for (name, bytes) in &mut files {
        if name == "stats.json" {
            let text = String::from_utf8(std::mem::take(bytes)).unwrap();
            *bytes = text.lines().filter(|line| !line.contains("\"seconds\"")).collect::<String>().into_bytes();
        }
    }
    files
}

/// Kills of each format; `UNSPAM_TEST_KILLS=50` is what a release is tested with.
fn kills() -> usize {
    std::env::var("UNSPAM_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

fn kill_and_resume(format: &str) {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    fs::create_dir(&whole).unwrap();
    inputs(&whole.join("in"), format);
    let started = Instant::now();
    let code = run(&whole, &ARGS).status.code();
    let took = started.elapsed();
    let expected = results(&whole);
    assert!(expected.iter().any(|(name, _)| name == "ledger.jsonl.zst"));
    let mut dice = Dice::new(format.len() as u64);
    let broken = folder.path().join("broken");
    fs::create_dir(&broken).unwrap();
    fs::rename(whole.join("in"), broken.join("in")).unwrap();
    let mut left = kills();
    while left > 0 {
        for (name, _) in results(&broken) {
            fs::remove_file(broken.join(name)).unwrap();
        }
        // Several kills in a row, each at another moment of what is left to do.
        loop {
            let jobs = ["-j1", "-j2", "-j3"][dice.roll(3)];
            let resume: &[&str] = if broken.join("out").exists() { &["--resume"] } else { &[] };
            if left == 0 {
                let output = run(&broken, &[&ARGS[..], resume, &[jobs]].concat());
                assert_eq!(output.status.code(), code, "{}", String::from_utf8_lossy(&output.stderr));
                break;
            }
            let mut child = Command::new(assert_cmd::cargo::cargo_bin!("unspam"))
                .current_dir(&broken)
                .args(ARGS)
                .args(resume)
                .arg(jobs)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(Duration::from_micros(dice.roll(took.as_micros() as usize) as u64));
            if child.try_wait().unwrap().is_some() {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            left -= 1;
        }
        let found = results(&broken);
        let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&found), names(&expected), "{format}");
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            assert!(found == expected, "{format}: {name} differs");
        }
        fs::remove_dir_all(broken.join("out")).unwrap();
    }
}

#[test]
fn json_lines_go_on() {
    kill_and_resume("jsonl");
}

#[test]
fn gzip_goes_on() {
    kill_and_resume("jsonl.gz");
}

#[test]
fn zstd_goes_on() {
    kill_and_resume("jsonl.zst");
}

#[test]
fn tables_go_on() {
    kill_and_resume("csv");
}

#[test]
fn archives_go_on() {
    kill_and_resume("warc.gz");
}

#[test]
fn columns_go_on() {
    kill_and_resume("parquet");
}

#[test]
fn texts_go_on() {
    kill_and_resume("txt");
}

#[test]
fn what_is_resumed_must_be_the_same_run() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    inputs(&at.join("in"), "jsonl");
    // A run that cannot end: its output is a folder where a file should be.
    fs::create_dir_all(at.join("out/z.jsonl/x")).unwrap();
    let args = ["clean", "in", "-o", "out", "--ledger", "l.jsonl"];
    let said = stderr(at, &args, 2);
    assert!(said.contains("the run can go on from here with --resume"), "{said}");
    fs::remove_dir_all(at.join("out/z.jsonl")).unwrap();
    let said = stderr(at, &[&args[..], &["--resume", "--threshold", "spam=0.9"]].concat(), 2);
    assert!(said.contains("cannot resume: the policy was balanced@"), "{said}");
    fs::write(at.join("out/.a.jsonl.unspam-part"), "left behind").unwrap();
    let said = stderr(at, &args, 2);
    assert!(said.contains("a run with this output was not finished; starting again"), "{said}");
    let names: Vec<String> =
        tree(at).into_iter().map(|(name, _)| name).filter(|name| name.contains("unspam")).collect();
    assert!(names.is_empty(), "{names:?}");
    assert!(stderr(at, &["clean", "-", "-o", "x.jsonl", "--resume"], 2).contains("--resume needs files"));
}
