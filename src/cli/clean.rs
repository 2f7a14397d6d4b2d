//! `unspam clean`: writes the records without what does not belong to them.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use unspam::Cleaner;
use unspam::io::{Format, RecordKind, RecordWriter, Source};
use unspam::journal::Identity;
use unspam::ledger::{Quarantined, write_entries, write_moved, write_quarantined};
use unspam::stats::{Judged, Samples, Stats};

use crate::cli::Exit;
use crate::cli::args::Common;
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::profile;
use crate::cli::report;
use crate::cli::run::{self, Context, Counts, Done, Plan, Work};
use crate::cli::show::{self, Paint};
use crate::cli::talk::say;

/// Take spam and boilerplate out; every other byte stays as it was.
///
/// A record that cannot be read goes to the output as it is, or to the file that --quarantine
/// names; it is named on standard error, and makes the exit code 2.
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

    /// Move records that cannot be read to this file; texts and rows of Parquet files are
    /// listed there, and stay.
    #[arg(long, value_name = "FILE")]
    quarantine: Option<PathBuf>,

    /// Go on where a run with the same arguments was stopped, also in the middle of a file.
    #[arg(long, requires = "output")]
    resume: bool,

    /// Show the lines that would change on standard output, and write nothing else.
    #[arg(long, conflicts_with_all = ["output", "ledger", "quarantine"])]
    diff: bool,

    /// Do everything but write; --stats and --report are written.
    #[arg(long, conflicts_with_all = ["ledger", "quarantine", "resume"])]
    dry_run: bool,

    /// Look at a random share of the records only, 0 to 1, the same ones every time.
    #[arg(long, value_name = "SHARE")]
    sample: Option<f64>,

    /// Read all inputs once before, to learn the lines that sites repeat.
    #[arg(long, conflicts_with = "profile")]
    learn_repeats: bool,

    /// Write what the run adds up to, as JSON.
    #[arg(long, value_name = "FILE.json")]
    stats: Option<PathBuf>,

    /// Write a page that shows what was removed and why.
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,

    /// Add a field with verdict, probability and counts to each JSON record.
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "unspam")]
    add_field: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  unspam clean article.txt > cleaned.txt           says on standard error what it took out and why
  unspam clean article.txt --diff                  shows what would change
  unspam clean dump.jsonl.gz -o cleaned.jsonl.gz --ledger removed.jsonl
  unspam clean dumps/ -o cleaned/                  whole folders, same tree
  unspam clean dumps/ -o cleaned/ --ledger removed.jsonl.zst --quarantine bad.jsonl --report run.html
  unspam clean dumps/ -o cleaned/ --resume         goes on after a power cut
  unspam clean 'dumps/*.parquet' --text-field content -o cleaned/
  unspam clean crawl.warc.gz --extract -o crawl.warc.wet.gz   articles of web pages
  unspam clean table.csv --no-header --text-field 3 -o cleaned.csv
  unspam clean dumps/ --dry-run --sample 0.01 --report look.html
  zcat dump.jsonl.gz | unspam clean > cleaned.jsonl
  unspam clean dump.jsonl --remove spam            spam only, boilerplate stays
  unspam clean dump.csv --text-field content --threshold spam=0.95 -o cleaned.csv

LABELS are separated by commas: spam/gambling,boilerplate/related; spam means all of spam.";

struct Clean<'s> {
    settings: &'s Settings,
    /// Set if each removal is shown, as the only text of a run deserves.
    show: Option<Paint>,
    diff: Option<Paint>,
    ledger: bool,
    quarantine: bool,
    samples: bool,
    add_field: Option<&'s str>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let started = Instant::now();
    let Some(mut settings) = Settings::resolve(&args.common)? else { return Ok(Exit::Success) };
    if args.sample.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
        bail!("--sample is a share of the records: give a number from 0 to 1");
    }
    let (sources, unlisted) = run::sources(&args.common.inputs, args.common.read.files_from.as_deref())?;
    if args.learn_repeats {
        settings.profile = Some(profile::learn(&settings, &sources)?);
    }
    let mut pager = None;
    let output = if args.diff {
        pager = start_pager(&settings);
        match pager.as_mut().and_then(|pager| pager.stdin.take()) {
            Some(sink) => Output::pipe(RecordWriter::pipe(Box::new(sink))),
            None => Output::open(Kind::Lines, None, &args.common.inputs, &sources, "", false)?,
        }
    } else if args.dry_run {
        Output::nothing()
    } else {
        let text_field = &settings.fields.text;
        Output::open(
            Kind::Records,
            args.output.as_deref(),
            &args.common.inputs,
            &sources,
            text_field,
            args.common.extract,
        )?
    };
    if (args.ledger.is_some() || args.quarantine.is_some()) && output.joins_sources() {
        bail!("a ledger cannot tell several inputs in one output apart: write to a folder with -o FOLDER");
    }
    let alone = sources.len() == 1 && !settings.quiet && !args.diff;
    let colored = pager.is_some() || Paint::stdout(settings.color).is_on();
    let work = Clean {
        settings: &settings,
        show: alone.then(|| Paint::stderr(settings.color)),
        diff: args.diff.then(|| Paint::new(colored)),
        ledger: args.ledger.is_some(),
        quarantine: args.quarantine.is_some(),
        samples: args.report.is_some(),
        add_field: args.add_field.as_deref(),
    };
    let output = output.partial(args.sample.is_some() || settings.limit.is_some());
    let mut plan = Plan::new(&settings, &sources, output);
    plan.ledger = args.ledger.as_deref();
    plan.quarantine = args.quarantine.as_deref();
    plan.resume = args.resume;
    plan.sample = args.sample;
    plan.identity = identity(args, &settings, &sources);
    if args.resume && plan.identity.is_none() {
        bail!("standard input cannot be read again: --resume needs files");
    }
    plan.finish = Some(Box::new(|counts| {
        counts.problems += unlisted;
        if let Some(path) = &args.stats {
            write_stats(path, counts, &settings, started.elapsed().as_secs_f64())?;
        }
        if let Some(path) = &args.report {
            let samples = counts.samples.take().unwrap_or_default();
            let page = report::page(&counts.stats, &samples, &settings, counts.problems);
            write_file(path, page.as_bytes())?;
        }
        Ok(())
    }));
    let result = run::run(plan, &work);
    if let Some(mut pager) = pager {
        pager.wait().context("pager")?;
    }
    let counts = result?;
    let seconds = started.elapsed().as_secs_f64();
    if !settings.quiet {
        summarise(&counts, args.quarantine.as_deref(), seconds);
    }
    Ok(if counts.problems > 0 { Exit::Error } else { Exit::Success })
}

/// Names what must be the same when a run is resumed; nothing if it cannot be.
fn identity(args: &Args, settings: &Settings, sources: &[Source]) -> Option<Identity> {
    let mut inputs = crc32fast::Hasher::new();
    for source in sources {
        let found = source.path()?.metadata().ok();
        let modified = found.as_ref().and_then(|found| found.modified().ok());
        let line = format!("{}\0{:?}\0{modified:?}\n", source.key(), found.map(|found| found.len()));
        inputs.update(line.as_bytes());
    }
    let read = &settings.read;
    let parts = [
        ("the version", env!("CARGO_PKG_VERSION").to_owned()),
        ("the model", settings.detector.model_id().to_owned()),
        ("the policy", settings.policy_hash.clone()),
        ("the set of inputs", format!("{} files, {:08x}", sources.len(), inputs.finalize())),
        ("the names of fields", format!("{:?}", settings.fields)),
        (
            "the way of reading",
            format!(
                "{:?} {:?} {} {} {} {}",
                read.format, read.delimiter, read.header, read.max_record, read.max_expansion, read.chunk_bytes
            ),
        ),
        ("the site profile", settings.profile.as_ref().map_or_else(String::new, unspam::profile::SiteProfile::digest)),
        ("judging", settings.judges.to_string()),
        ("--limit", format!("{:?}", settings.limit)),
        ("--sample", format!("{:?}", args.sample)),
        ("--ledger", format!("{:?}", args.ledger)),
        ("--quarantine", format!("{:?}", args.quarantine)),
        ("--report", args.report.is_some().to_string()),
        ("--add-field", format!("{:?}", args.add_field)),
        ("--extract", read.extract.to_string()),
    ];
    Some(parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Starts the reader's pager if the reader sits at a terminal.
fn start_pager(settings: &Settings) -> Option<Child> {
    if !std::io::stdout().is_terminal() || settings.quiet {
        return None;
    }
    let command = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let command = command.unwrap_or_else(|| "less".to_owned());
    let mut words = command.split_whitespace();
    let mut pager = Command::new(words.next()?);
    pager.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Colours, no pager for what fits the screen: as git has it.
        pager.env("LESS", "FRX");
    }
    pager.spawn().ok()
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut writer = RecordWriter::create(path)?;
    writer.write_all(bytes)?;
    Ok(writer.commit()?)
}

#[derive(Serialize)]
struct StatsFile<'s> {
    #[serde(flatten)]
    stats: &'s Stats,
    removed_share: f64,
    problems: u64,
    model: &'s str,
    policy: String,
    seconds: f64,
}

fn write_stats(path: &Path, counts: &Counts, settings: &Settings, seconds: f64) -> Result<()> {
    let file = StatsFile {
        stats: &counts.stats,
        removed_share: counts.stats.removed_share(),
        problems: counts.problems,
        model: settings.detector.model_id(),
        policy: settings.policy_hash.clone(),
        seconds,
    };
    let mut bytes = serde_json::to_vec_pretty(&file)?;
    bytes.write_all(b"\n")?;
    write_file(path, &bytes)
}

impl Clean<'_> {
    /// Passes a record by that cannot be handled, or is none.
    fn pass(&self, context: &Context<'_>, problem: Option<String>, done: &mut Done) {
        let record = &context.record;
        done.counts.stats.records += u64::from(context.begins_record());
        let is_rest = record.kind == RecordKind::Rest;
        let mut moved = false;
        if self.quarantine && (problem.is_some() || is_rest) {
            moved = !matches!(context.format, Format::Text | Format::Html | Format::Parquet);
            let file = context.key();
            let id =
                context.layout.id_json(record, &self.settings.fields).filter(|_| record.kind == RecordKind::Record);
            let found = Quarantined {
                file: &file,
                record: record.number,
                continued: is_rest,
                id: id.as_deref(),
                offset: record.offset,
                reason: problem.as_deref(),
                moved,
                bytes: Some(record.bytes),
            };
            write_quarantined(&found, &mut done.quarantine);
            if moved && self.ledger && !is_rest {
                write_moved(&file, record.number, &mut done.ledger);
            }
        }
        if let Some(problem) = problem {
            done.problems.push((record.number, problem));
        }
        if !moved && self.diff.is_none() {
            done.out.extend_from_slice(record.bytes);
        }
    }
}

impl Work for Clean<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let view = match context.view(&self.settings.fields) {
            Some(Ok(view)) => view,
            Some(Err(error)) => return self.pass(context, Some(error.to_string()), done),
            None => return self.pass(context, None, done),
        };
        let detector = &self.settings.detector;
        let report = context.scan(&view, self.settings);
        let text = view.text().as_bytes();
        let edits = Cleaner::edits(text, &report);
        let name = || match view.id() {
            Some(id) => format!("{}, id {id}", context.name()),
            None => context.name(),
        };
        let key = if self.ledger || self.samples { context.key() } else { String::new() };
        if self.ledger {
            let model = detector.model_id();
            let policy = &self.settings.policy_hash;
            write_entries(&key, context.record.number, &view, &report, &edits, model, policy, &mut done.ledger);
        }
        if let Some(paint) = self.show.filter(|_| context.format.is_one_record()) {
            done.talk.push_str(&show::removals(paint, &name(), &view, &report, &edits));
            done.counts.shown = true;
        }
        if self.samples {
            let id = view.id();
            let judged = Judged {
                file: &key,
                record: context.record.number,
                id: id.as_deref(),
                text,
                report: &report,
                edits: &edits,
            };
            done.counts.samples.get_or_insert_with(Samples::default).note(&judged, detector.policy());
        }
        let stats = &mut done.counts.stats;
        stats.records += 1;
        stats.count(text, &report, &edits, view.lang(), view.url());
        let start = done.out.len();
        match self.diff {
            Some(paint) if !edits.is_empty() => {
                done.out.extend_from_slice(show::diff(paint, &name(), &view, &report, &edits).as_bytes());
            }
            Some(_) => {}
            // Last of all, because the text is given back before the record is there twice.
            None if edits.is_empty() => {
                let raw = view.raw();
                drop(view);
                done.out.extend_from_slice(raw);
            }
            None => view.write_without(&edits, &mut done.out),
        }
        if let (Some(name), Format::Jsonl, None) = (self.add_field, context.format, self.diff) {
            unspam::io::add_field(&mut done.out, start, name, &report, &edits);
        }
    }
}

fn summarise(counts: &Counts, quarantine: Option<&Path>, seconds: f64) {
    let stats = &counts.stats;
    if !counts.shown {
        let bytes = show::thousands(stats.removed_bytes);
        let (records, changed) = (show::count(stats.records, "record"), show::thousands(stats.changed));
        let share = stats.removed_share() * 100.0;
        say(&format!(
            "{records}, {changed} changed, {bytes} of {} bytes of text out ({share:.2} % of characters)",
            show::thousands(stats.text_bytes)
        ));
        say(&format!("done in {seconds:.1} s"));
        for (label, counts) in stats.labels.iter().filter(|(_, counts)| counts.removed > 0) {
            let (removed, chars) = (show::thousands(counts.removed), show::thousands(counts.chars));
            say(&format!("  {label:24} {removed:>12} {chars:>14} characters"));
        }
        show_groups("language", &stats.languages);
        show_groups("site", &stats.sites);
    }
    if stats.html_records > 0 {
        let pages = show::count(stats.html_records, "web page");
        say(&format!("{pages} passed by unread: --extract reads them"));
    }
    if counts.problems > 0 {
        let problems = show::thousands(counts.problems);
        match quarantine {
            Some(path) => say(&format!("could not be handled, see {}: {problems} records or files", path.display())),
            None => say(&format!("could not be handled, and left as they are: {problems} records or files, see above")),
        }
    }
}

/// Languages or sites shown at the end of a run.
const GROUPS_SHOWN: usize = 5;

fn show_groups(noun: &str, groups: &std::collections::BTreeMap<String, unspam::stats::GroupCounts>) {
    let mut named: Vec<_> = groups.iter().filter(|(name, _)| *name != unspam::stats::UNKNOWN).collect();
    named.sort_by(|a, b| b.1.removed_chars.cmp(&a.1.removed_chars).then(a.0.cmp(b.0)));
    for (name, counts) in named.iter().take(GROUPS_SHOWN).filter(|(_, counts)| counts.removed_chars > 0) {
        let share = counts.removed_chars as f64 * 100.0 / (counts.chars as f64).max(1.0);
        let records = show::count(counts.records, "record");
        say(&format!("  {noun} {name:24} {share:>6.2} % of {records} out"));
    }
    if named.len() > GROUPS_SHOWN {
        say(&format!("  {} {noun}s in all", show::thousands(named.len() as u64)));
    }
}
