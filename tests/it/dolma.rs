//! Dolma's mixer, fed with our attributes, makes the text that `clean` makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{CLEAN, dirty, gunzip, gzip, lines, stdout};

/// A Python that has the package, if it can be had: the one named by `UNSPAM_DOLMA_PYTHON`, or a
/// new environment that it is installed into.
fn python(at: &Path) -> Result<PathBuf, String> {
    if let Some(python) = std::env::var_os("UNSPAM_DOLMA_PYTHON") {
        return Ok(python.into());
    }
    if std::env::var_os("CI").is_none() && std::env::var_os("UNSPAM_TEST_DOLMA").is_none() {
        return Err("set UNSPAM_TEST_DOLMA to install the package dolma and run this".to_owned());
    }
    let venv = at.join("venv");
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let python = venv.join("bin/python");
    run(Command::new(&python).args([
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--timeout",
        "20",
        "--retries",
        "1",
        "dolma==1.2.1",
    ]))?;
    Ok(python)
}

#[test]
fn the_mixer_of_dolma_makes_what_clean_makes() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let python = match python(at) {
        Ok(python) => python,
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let line = |n: usize| {
        let text = match n % 4 {
            0 => dirty(),
            1 => format!("é😀 {n}\n\n{}\n\nBaca juga: Harga cabai naik\n\n{CLEAN}", dirty()),
            2 => format!("{CLEAN}\nBagikan ke Facebook\nsbobet88\ngacor88\n"),
            _ => CLEAN.to_owned(),
        };
        serde_json::json!({"id": n.to_string(), "text": text, "source": "test", "added": "2024-01-01", "created": "2024-01-01"}).to_string() + "\n"
    };
    fs::create_dir(at.join("documents")).unwrap();
    let input: String = (0..40).map(line).collect();
    fs::write(at.join("documents/a.jsonl.gz"), gzip(input.as_bytes())).unwrap();
    stdout(at, &["scan", "documents", "--format", "dolma", "-o", "attributes/unspam"], 0);
    stdout(at, &["clean", "documents", "-o", "cleaned"], 0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dolma_mixer.py");
    let output = Command::new(python).arg(script).arg(at).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(77) {
        eprintln!("{said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    let texts = |bytes: &[u8]| -> Vec<String> {
        let text = String::from_utf8(gunzip(bytes)).unwrap();
        lines(&text).iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect()
    };
    let mixed = at.join("mixed/documents/a.jsonl.gz");
    let cleaned = texts(&fs::read(at.join("cleaned/a.jsonl.gz")).unwrap());
    assert_eq!(texts(&fs::read(mixed).unwrap()), cleaned);
    assert!(cleaned.iter().all(|text| !text.contains("sbobet88")));
}
