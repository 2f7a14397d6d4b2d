//! `unspam clean`: writes the records without what does not belong to them.

use std::path::PathBuf;

use anyhow::{Result, bail};
use unspam::Cleaner;
use unspam::io::{Format, RecordKind, RecordWriter};
use unspam::ledger::write_entries;

use crate::cli::Exit;
use crate::cli::args::Common;
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Counts, Done, Work};
use crate::cli::show::{self, Paint};
use crate::cli::talk::say;

/// Take spam and boilerplate out; every other byte stays as it was.
///
/// A record that cannot be read goes to the output as it is, is named on standard error, and
/// makes the exit code 2.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// File, or folder that mirrors the inputs' tree; compressed if the name ends in .gz or .zst.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Write a line of JSON for every run of text removed; `restore` reads it.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// Show the lines that would change on standard output, and write nothing else.
    #[arg(long, conflicts_with_all = ["output", "ledger"])]
    diff: bool,

    /// Do everything but write.
    #[arg(long, conflicts_with = "ledger")]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  unspam clean article.txt > cleaned.txt           says on standard error what it took out and why
  unspam clean article.txt --diff                  shows what would change
  unspam clean dump.jsonl.gz -o cleaned.jsonl.gz --ledger removed.jsonl
  unspam clean dumps/ -o cleaned/                  whole folders, same tree
  zcat dump.jsonl.gz | unspam clean > cleaned.jsonl
  unspam clean dump.jsonl --remove spam            spam only, boilerplate stays
  unspam clean dump.jsonl --text-field content --threshold spam=0.95

LABELS are separated by commas: spam/gambling,boilerplate/related; spam means all of spam.";

struct Clean<'s> {
    settings: &'s Settings,
    /// Set if each removal is shown, as the only text of a run deserves.
    show: Option<Paint>,
    diff: Option<Paint>,
    ledger: bool,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve(&args.common)? else { return Ok(Exit::Success) };
    let (sources, unlisted) = run::sources(&args.common.inputs)?;
    let output = if args.dry_run && !args.diff {
        Output::nothing()
    } else {
        let kind = if args.diff { Kind::Lines } else { Kind::Records };
        Output::open(kind, args.output.as_deref(), &args.common.inputs, &sources)?
    };
    if args.ledger.is_some() && output.joins_sources() {
        bail!("a ledger cannot tell several inputs in one output apart: write to a folder with -o FOLDER");
    }
    let ledger = args.ledger.as_deref().map(RecordWriter::create).transpose()?;
    let alone = sources.len() == 1 && !settings.quiet && !args.diff;
    let work = Clean {
        settings: &settings,
        show: alone.then(|| Paint::stderr(settings.color)),
        diff: args.diff.then(|| Paint::stdout(settings.color)),
        ledger: ledger.is_some(),
    };
    let mut counts = run::run(&settings, &sources, output, ledger, &work)?;
    counts.problems += unlisted;
    if !settings.quiet {
        summarise(&counts);
    }
    Ok(if counts.problems > 0 { Exit::Error } else { Exit::Success })
}

impl Work for Clean<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let raw = context.record.bytes;
        // What is no record, or cannot be read, goes by as it is.
        let view = match context.view(&self.settings.fields) {
            Some(Ok(view)) => view,
            other => {
                if let Some(Err(error)) = other {
                    done.problems.push((context.record.number, error.to_string()));
                }
                if self.diff.is_none() {
                    done.out.extend_from_slice(raw);
                }
                let begins = matches!(context.record.kind, RecordKind::Record | RecordKind::TooLong);
                done.counts.records += u64::from(begins);
                return;
            }
        };
        let detector = &self.settings.detector;
        let report = view.scan(detector);
        let text = view.text().as_bytes();
        let edits = Cleaner::edits(text, &report);
        let name = || match view.id() {
            Some(id) => format!("{}: line {}, id {id}", context.source.name(), context.record.number),
            None if context.format == Format::Text => context.source.name(),
            None => format!("{}: line {}", context.source.name(), context.record.number),
        };
        match self.diff {
            Some(paint) if !edits.is_empty() => {
                done.out.extend_from_slice(show::diff(paint, &name(), &view, &report, &edits).as_bytes());
            }
            Some(_) => {}
            None if edits.is_empty() => done.out.extend_from_slice(raw),
            None => view.write_without(&edits, &mut done.out),
        }
        if self.ledger {
            let key = context.source.key();
            write_entries(&key, context.record.number, &view, &report, &edits, detector.model_id(), &mut done.ledger);
        }
        if let (Some(paint), Format::Text) = (self.show, context.format) {
            done.talk.push_str(&show::removals(paint, &name(), &view, &report, &edits));
            done.counts.shown = true;
        }
        let counts = &mut done.counts;
        counts.records += 1;
        counts.text_bytes += text.len() as u64;
        if !edits.is_empty() {
            counts.changed += 1;
            counts.removed_bytes += edits.iter().map(|edit| edit.span.byte_len() as u64).sum::<u64>();
            for finding in report.removals() {
                *counts.removed.entry(finding.label).or_default() += 1;
            }
        }
    }
}

fn summarise(counts: &Counts) {
    if !counts.shown {
        let bytes = show::thousands(counts.removed_bytes);
        let (records, changed) = (show::count(counts.records, "record"), show::thousands(counts.changed));
        say(&format!(
            "{records}, {changed} changed, {bytes} of {} bytes of text out",
            show::thousands(counts.text_bytes)
        ));
        for (label, count) in &counts.removed {
            say(&format!("  {label:24} {:>12}", show::thousands(*count)));
        }
    }
    if counts.problems > 0 {
        let problems = show::thousands(counts.problems);
        say(&format!("could not be handled, and left as they are: {problems} records or files, see above"));
    }
}
