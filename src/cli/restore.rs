//! `unspam restore`: brings back what was removed.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use unspam::io::{RecordKind, RecordReader, Source};
use unspam::ledger::{FileLedger, Ledger};

use crate::cli::Exit;
use crate::cli::args::{Judge, Read};
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Done, Work};
use crate::cli::show;
use crate::cli::talk::say;

/// Bring back what `clean` removed, to the bit, from its output and its ledger.
///
/// Compressed files come back with the same content, not with the same compressed bytes. A
/// record that does not fit the ledger is not guessed at: it stays as it is, is named on
/// standard error, and makes the exit code 2.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Cleaned files or folders; none, or -, is standard input.
    #[arg(value_name = "CLEANED")]
    inputs: Vec<PathBuf>,

    /// The ledger that `clean --ledger` wrote.
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,

    /// File or folder for the originals.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    #[command(flatten)]
    read: Read,
}

const EXAMPLES: &str = "\
Examples:
  unspam restore cleaned.txt --ledger removed.jsonl > article.txt
  unspam restore cleaned/ --ledger removed.jsonl.zst -o restored/";

struct Restore<'s> {
    settings: &'s Settings,
    ledger: &'s Ledger,
    alone: bool,
    /// Records met that the ledger names.
    found: AtomicU64,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve_parts(&Judge::default(), &args.read)? else { return Ok(Exit::Success) };
    let ledger =
        read_ledger(&args.ledger, &settings).with_context(|| format!("ledger \"{}\"", args.ledger.display()))?;
    let (sources, unlisted) = run::sources(&args.inputs)?;
    let output = Output::open(Kind::Records, args.output.as_deref(), &args.inputs, &sources)?;
    let work = Restore { settings: &settings, ledger: &ledger, alone: sources.len() == 1, found: AtomicU64::new(0) };
    let mut counts = run::run(&settings, &sources, output, None, &work)?;
    counts.problems += unlisted;
    let named: u64 = sources.iter().filter_map(|source| work.file(source)).map(FileLedger::record_count).sum();
    let missing = named.saturating_sub(work.found.into_inner());
    if missing > 0 && settings.limit.is_none() {
        counts.problems += missing;
        say(&format!("{} of the ledger not there: the cleaned files were cut short", show::count(missing, "record")));
    }
    if !settings.quiet {
        let records = show::count(counts.records, "record");
        say(&format!("{records}, {} restored", show::thousands(counts.changed)));
    }
    Ok(if counts.problems > 0 { Exit::Error } else { Exit::Success })
}

fn read_ledger(path: &std::path::Path, settings: &Settings) -> Result<Ledger> {
    let mut options = settings.read.clone();
    options.format = Some(unspam::io::Format::Jsonl);
    let reader = RecordReader::open(&Source::file(path), &options)?;
    Ok(Ledger::read(reader)?)
}

impl Restore<'_> {
    fn file(&self, source: &Source) -> Option<&FileLedger> {
        self.ledger.file(&source.key(), self.alone)
    }
}

impl Work for Restore<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let record = &context.record;
        let is_record = matches!(record.kind, RecordKind::Record | RecordKind::TooLong);
        done.counts.records += u64::from(is_record);
        let named = self.file(context.source).filter(|file| is_record && file.names(record.number));
        let Some(file) = named else {
            done.out.extend_from_slice(record.bytes);
            return;
        };
        self.found.fetch_add(1, Ordering::Relaxed);
        let restored = match context.view(&self.settings.fields) {
            Some(Ok(view)) => file.restore(record.number, &view, &mut done.out).map_err(|error| error.to_string()),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(()),
        };
        match restored {
            Ok(()) => done.counts.changed += 1,
            Err(error) => {
                done.out.extend_from_slice(record.bytes);
                done.problems.push((record.number, error));
            }
        }
    }
}
