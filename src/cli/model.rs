//! `unspam model`: says what a model file is, and whether it is whole.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use unspam::Detector;

use crate::cli::Exit;

/// Look at a model file.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Print the header of a model as JSON: labels, features, what it was trained on, metrics.
    Inspect {
        /// The model; the built-in one without.
        #[arg(value_name = "FILE")]
        model: Option<PathBuf>,
    },
    /// Check that a model is whole and that this program can use it.
    Verify {
        /// The model; the built-in one without.
        #[arg(value_name = "FILE")]
        model: Option<PathBuf>,
    },
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let (Verb::Inspect { model } | Verb::Verify { model }) = &args.verb;
    let mut builder = Detector::builder();
    let mut header = None;
    if let Some(path) = model {
        let bytes = fs::read(path).with_context(|| format!("model file \"{}\"", path.display()))?;
        header = Some(first_line(&bytes));
        builder = builder.model_bytes(bytes);
    }
    let name =
        || model.as_ref().map_or("built-in model".to_owned(), |path| format!("model file \"{}\"", path.display()));
    let detector = builder.build().with_context(name)?;
    let mut out = std::io::stdout().lock();
    match (&args.verb, header) {
        (Verb::Inspect { .. }, Some(header)) => {
            let header: serde_json::Value = serde_json::from_str(&header).with_context(name)?;
            serde_json::to_writer_pretty(&mut out, &header)?;
            writeln!(out)?;
        }
        (Verb::Inspect { .. }, None) => writeln!(out, "{{\"model\": \"{}\"}}", detector.model_id())?,
        (Verb::Verify { .. }, _) => writeln!(out, "{}: {} is whole", name(), detector.model_id())?,
    }
    Ok(Exit::Success)
}

/// The header: a model file begins with one line of JSON.
fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}
