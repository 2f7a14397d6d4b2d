//! The verbs of the command: arguments in, library calls, words out.
//!
//! It is part of the library so that `python -m unspam` is the same command.

mod args;
mod calibrate;
mod check;
mod clean;
mod config;
mod evaluate;
mod explain;
mod model;
mod output;
mod profile;
mod report;
mod restore;
mod run;
mod sanitize;
mod scan;
mod serve;
mod show;
mod talk;
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Finds spam and boilerplate in scraped article text and takes it out, leaving every other
/// byte as it was.
#[derive(Debug, Parser)]
#[command(name = "unspam", version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

const AFTER_HELP: &str = "\
INPUT is a file of plain text, JSON lines, CSV, TSV, WARC or WET (.gz and .zst too) or Parquet, a
folder of them, or a pattern such as 'dumps/*.gz'; none, or -, is standard input. Data goes to standard output, talk to standard error.

Exit codes: 0 done (check: all pass), 1 check: something was flagged, 2 an error, after what
could be done was done, 3 check --unsure-exit: something is unsure.

Examples:
  unspam clean article.txt                         cleaned text, and what was taken out and why
  unspam clean dumps/ -o cleaned/ --ledger removed.jsonl
  unspam scan dump.jsonl.gz -o findings.jsonl
  unspam check article.txt && publish article.txt
  unspam serve                                     HTTP, and a page at http://127.0.0.1:8787/";

#[derive(Debug, Subcommand)]
enum Verb {
    Clean(clean::Args),
    Scan(scan::Args),
    Check(check::Args),
    Serve(serve::Args),
    Explain(explain::Args),
    Profile(profile::Args),
    Restore(restore::Args),
    Train(train::Args),
    Evaluate(evaluate::Args),
    Calibrate(calibrate::Args),
    Model(model::Args),
}

/// How a run ended, in the numbers that shells and schedulers read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done; `check` let everything pass.
    Success,
    /// `check` flagged something.
    Flagged,
    /// Something could not be done, or the arguments make no sense.
    Error,
    /// `check --unsure-exit` is unsure about something.
    Unsure,
}

impl Exit {
    /// The number, `0..=3`.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Flagged => 1,
            Self::Error => 2,
            Self::Unsure => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Runs the command with these arguments, the first of which is the program's name, and
/// returns how the run ended. It reads and writes the streams of the process.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let verb = match Cli::try_parse_from(args) {
        Ok(cli) => cli.verb,
        Err(error) => {
            // If nobody can hear it there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { Exit::Error } else { Exit::Success };
        }
    };
    let result = match verb {
        Verb::Clean(args) => clean::run(&args),
        Verb::Scan(args) => scan::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Serve(args) => serve::run(args),
        Verb::Explain(args) => explain::run(&args),
        Verb::Profile(args) => profile::run(&args),
        Verb::Restore(args) => restore::run(&args),
        Verb::Train(args) => train::run(args),
        Verb::Evaluate(args) => evaluate::run(&args),
        Verb::Calibrate(args) => calibrate::run(&args),
        Verb::Model(args) => model::run(&args),
    };
    match result {
        Ok(exit) => exit,
        Err(error) if is_closed(&error) => Exit::Success,
        Err(error) => {
            talk::say(&told(&error));
            Exit::Error
        }
    }
}

/// Returns what went wrong and why; causes that a message names already are not said again.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string).filter(|cause| !cause.is_empty()) {
        if !told.ends_with(&cause) {
            if !told.is_empty() {
                told.push_str(": ");
            }
            told.push_str(&cause);
        }
    }
    told
}

/// Whether the run ended because nobody reads standard output any more.
fn is_closed(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(unspam::io::WriteError::Closed))
            || cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
