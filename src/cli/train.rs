//! `unspam train`: makes a model from labelled documents.

use std::path::PathBuf;

use anyhow::Result;
use unspam::train::{TrainConfig, train};

use crate::cli::Exit;
use crate::cli::show::{count, thousands};
use crate::cli::talk::say;

/// Make a model from labelled documents and lines.
///
/// The same data, seed and program make the same bytes, with any number of threads.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files of gold documents or labelled lines (.jsonl, .gz, .zst), or folders of them.
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<PathBuf>,

    /// The model file to write.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// Where the random numbers begin.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Threads that work. All cores by default.
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,

    /// Take at most N documents of each file.
    #[arg(long, value_name = "N")]
    max_docs: Option<usize>,

    /// Leave out documents whose licence contains this; may be given again.
    #[arg(long, value_name = "TEXT")]
    exclude_license: Vec<String>,

    /// Name of the model in reports.
    #[arg(long, value_name = "NAME", default_value = "custom")]
    name: String,

    /// Say nothing but errors.
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  unspam train labels/ -o my.model && unspam evaluate held-out.jsonl --model my.model
  unspam train gold.jsonl lines.jsonl.gz -o my.model --seed 7 --exclude-license non-commercial

A gold document is a line {\"id\",\"lang\",\"text\",\"spans\":[[start,end,label],…],\"neutral\":[[start,end],…]}
with offsets in code points; a labelled line is {\"text\",\"label\",\"lang\",\"source\"}.";

pub(crate) fn run(args: Args) -> Result<Exit> {
    let quiet = args.quiet;
    let config = TrainConfig {
        inputs: args.inputs,
        output: args.output,
        seed: args.seed,
        jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        max_docs: args.max_docs,
        exclude_license: args.exclude_license,
        name: args.name,
    };
    let mut progress = |step: &str| {
        if !quiet {
            say(step);
        }
    };
    let summary = train(&config, &mut progress)?;
    if !quiet {
        let learnt =
            format!("{} and {}", count(summary.documents as u64, "document"), count(summary.lines as u64, "line"));
        let size = thousands(summary.model_bytes as u64);
        say(&format!("{}: {size} bytes, from {learnt}, {:.0} s", config.output.display(), summary.seconds));
    }
    Ok(Exit::Success)
}
