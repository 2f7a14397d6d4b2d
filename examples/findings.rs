//! Prints what the detector finds in the texts of JSON lines files, in full.
//!
//! `findings MODEL [--max N] [--quiet] FILE.jsonl …`: two builds that must judge alike can be
//! compared by their output, and their speed by the instructions that callgrind counts.

#![allow(clippy::print_stdout, missing_docs)]

use unspam::Detector;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let model = args.next().ok_or("usage: findings MODEL [--max N] [--quiet] FILE.jsonl …")?;
    let detector = Detector::builder().model_bytes(std::fs::read(model)?).build()?;
    let (mut max, mut quiet) = (usize::MAX, false);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--max" => max = args.next().ok_or("--max needs a number")?.parse()?,
            "--quiet" => quiet = true,
            file => {
                let (mut bytes, mut findings) = (0, 0);
                for (number, line) in std::fs::read_to_string(file)?.lines().take(max).enumerate() {
                    let record: serde_json::Value = serde_json::from_str(line)?;
                    let Some(text) = record["text"].as_str() else { continue };
                    let report = detector.scan(text);
                    bytes += text.len();
                    findings += report.findings.len();
                    if !quiet {
                        println!("{file}:{number} {report:?}");
                    }
                }
                println!("{file}: {bytes} bytes, {findings} findings");
            }
        }
    }
    Ok(())
}
