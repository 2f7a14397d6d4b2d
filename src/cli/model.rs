//! `unspam model`: says what a model file is, and whether it is whole.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use unspam::model::Model;

use crate::cli::Exit;
use crate::cli::show::thousands;

/// Look at a model file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  unspam model inspect | jq .training
  unspam model verify my.model";

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
    let (Verb::Inspect { model: path } | Verb::Verify { model: path }) = &args.verb;
    let (name, model) = match path {
        Some(path) => {
            let name = format!("model file \"{}\"", path.display());
            let bytes = fs::read(path).with_context(|| name.clone())?;
            (name, Model::from_bytes(&bytes))
        }
        None => ("built-in model".to_owned(), Model::builtin()),
    };
    let model = model.with_context(|| name.clone())?;
    let mut out = std::io::stdout().lock();
    match args.verb {
        Verb::Inspect { .. } => {
            serde_json::to_writer_pretty(&mut out, &model.header())?;
            writeln!(out)?;
        }
        Verb::Verify { .. } => {
            writeln!(out, "{name}: {} is whole, {} bytes", model.id(), thousands(model.byte_len() as u64))?;
        }
    }
    Ok(Exit::Success)
}
