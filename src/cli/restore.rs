//! `unspam restore`: brings back what was removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail};
use unspam::batch::Job;
use unspam::io::{Format, ReadOptions, RecordKind, RecordReader, Source};
use unspam::ledger::{Entries, LedgerError, LedgerIndex, LedgerReader};

use crate::cli::Exit;
use crate::cli::args::{Judge, Read};
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Done, Plan, Work};
use crate::cli::show;
use crate::cli::talk::say;

/// Bring back what `clean` removed, to the bit, from its output and its ledger.
///
/// Compressed files come back with the same content, not with the same compressed bytes;
/// Parquet and WARC files come back with the same values. A record that does not fit the ledger
/// is not guessed at: it stays as it is, is named on standard error, and makes the exit code 2.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Cleaned files or folders; none, or -, is standard input.
    #[arg(value_name = "CLEANED")]
    inputs: Vec<PathBuf>,

    /// The ledger that `clean --ledger` wrote.
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,

    /// The records that `clean --quarantine` took out.
    #[arg(long, value_name = "FILE")]
    quarantine: Option<PathBuf>,

    /// The field that `clean --add-field` added, to be taken out again.
    #[arg(long, value_name = "NAME")]
    drop_field: Option<String>,

    /// File or folder for the originals.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    #[command(flatten)]
    read: Read,
}

const EXAMPLES: &str = "\
Examples:
  unspam restore cleaned.txt --ledger removed.jsonl > article.txt
  unspam restore cleaned/ --ledger removed.jsonl.zst -o restored/
  unspam restore cleaned.csv --ledger removed.jsonl --quarantine bad.jsonl -o dump.csv";

/// What ledger and quarantine say of the records of a chunk.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// By part.
    parts: BTreeMap<usize, PartNotes>,
    /// Records behind the last one.
    tail: Vec<Entries>,
    /// Why nothing can be said.
    error: Option<String>,
}

#[derive(Debug, Default)]
struct PartNotes {
    /// Records that stood before it.
    before: Vec<Entries>,
    entries: Option<Entries>,
}

impl Notes {
    /// Appends the records that stood behind the last one.
    pub(crate) fn write_tail(&self, out: &mut Vec<u8>) {
        for entries in &self.tail {
            entries.write_moved(out);
        }
    }
}

/// Entries of a ledger, or of a list of quarantined records, file by file.
struct Book {
    index: LedgerIndex,
    reader: LedgerReader,
    ahead: Option<(u64, Entries)>,
}

impl Book {
    fn open(path: &Path, settings: &Settings) -> Result<Self> {
        let mut options = settings.read.clone();
        options.format = Some(Format::Jsonl);
        // An entry holds a record, spelt once more.
        options.max_record = options.max_record.saturating_mul(8);
        options.max_expansion = u64::MAX;
        let open = move |path: &Path, options: &ReadOptions| RecordReader::open(&Source::file(path), options);
        let index = LedgerIndex::read(open(path, &options)?)?;
        let path = path.to_owned();
        Ok(Self { index, reader: LedgerReader::new(move || open(&path, &options)), ahead: None })
    }

    fn key<'k>(&'k self, source: &'k str, alone: bool) -> &'k str {
        if self.index.record_count(source) > 0 {
            return source;
        }
        self.index.only_file().filter(|_| alone).unwrap_or(source)
    }

    fn seek(&mut self, source: &str, alone: bool) -> Result<(), LedgerError> {
        self.ahead = None;
        let key = self.key(source, alone).to_owned();
        self.reader.seek(&self.index, &key)
    }

    /// What is said of a record, and of nothing before it.
    fn take(&mut self, record: u64) -> Result<Option<Entries>, LedgerError> {
        if self.ahead.is_none() {
            self.ahead = self.reader.next(u64::MAX)?;
        }
        match self.ahead.take() {
            Some((number, entries)) if number == record => Ok(Some(entries)),
            other => {
                self.ahead = other;
                Ok(None)
            }
        }
    }

    fn rest(&mut self) -> Result<Option<Entries>, LedgerError> {
        Ok(match self.ahead.take() {
            Some((_, entries)) => Some(entries),
            None => self.reader.next(u64::MAX)?.map(|(_, entries)| entries),
        })
    }
}

/// Finds what is said of the records of each chunk, in one pass.
struct Lookup<'s> {
    sources: &'s [Source],
    ledger: Book,
    quarantine: Option<Book>,
    alone: bool,
    source: Option<usize>,
    /// Records moved away so far, and the number of the last record.
    moved: u64,
    last: u64,
    /// Records in quarantine that are not at hand, and records that are not in the files.
    unavailable: &'s AtomicU64,
    missing: &'s AtomicU64,
}

impl Lookup<'_> {
    fn notes(&mut self, job: &Job) -> Notes {
        let mut notes = Notes::default();
        if let Err(error) = self.look_up(job, &mut notes) {
            notes.error = Some(format!("ledger: {error}"));
        }
        notes
    }

    fn look_up(&mut self, job: &Job, notes: &mut Notes) -> Result<(), LedgerError> {
        if self.source != Some(job.source) {
            (self.source, self.moved, self.last) = (Some(job.source), 0, 0);
            let key = self.sources[job.source].key();
            self.ledger.seek(&key, self.alone)?;
            if let Some(quarantine) = &mut self.quarantine {
                quarantine.seek(&key, self.alone)?;
            }
        }
        for (part, record) in job.chunk.records().enumerate() {
            if record.number <= self.last {
                continue;
            }
            self.last = record.number;
            let mut found = PartNotes::default();
            while let Some(entries) = self.entries(record.number + self.moved)? {
                if !entries.is_moved() {
                    found.entries = Some(entries);
                    break;
                }
                found.before.push(entries);
                self.moved += 1;
            }
            if found.entries.is_some() || !found.before.is_empty() {
                notes.parts.insert(part, found);
            }
        }
        if job.chunk.end().is_some_and(|end| end.is_ok()) {
            while let Some(entries) = self.entries(self.last + self.moved + 1)? {
                if !entries.is_moved() {
                    self.missing.fetch_add(1, Ordering::Relaxed);
                    break;
                }
                notes.tail.push(entries);
                self.moved += 1;
            }
            while self.ledger.rest()?.is_some() {
                self.missing.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// What is said of the record that had this number at first.
    fn entries(&mut self, record: u64) -> Result<Option<Entries>, LedgerError> {
        let mut entries = self.ledger.take(record)?;
        match &mut self.quarantine {
            Some(quarantine) => {
                if let Some(found) = quarantine.take(record)?.filter(Entries::is_moved) {
                    entries = Some(found);
                }
            }
            None => {
                let away = entries.as_ref().is_some_and(Entries::is_moved);
                self.unavailable.fetch_add(u64::from(away), Ordering::Relaxed);
            }
        }
        Ok(entries)
    }
}

struct Restore<'s> {
    settings: &'s Settings,
    drop_field: Option<&'s str>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve_parts(&Judge::default(), &args.read)? else { return Ok(Exit::Success) };
    let name = || format!("ledger \"{}\"", args.ledger.display());
    let ledger = Book::open(&args.ledger, &settings).with_context(name)?;
    let name = |path: &PathBuf| format!("quarantined records \"{}\"", path.display());
    let quarantine =
        args.quarantine.as_ref().map(|path| Book::open(path, &settings).with_context(|| name(path))).transpose()?;
    let (sources, unlisted) = run::sources(&args.inputs, args.read.files_from.as_deref())?;
    let text_field = &settings.fields.text;
    let output = Output::open(Kind::Records, args.output.as_deref(), &args.inputs, &sources, text_field, false)?;
    if output.joins_sources() && quarantine.is_some() {
        bail!("quarantined records cannot be told apart in one output: write to a folder with -o FOLDER");
    }
    let (unavailable, missing) = (AtomicU64::new(0), AtomicU64::new(0));
    let alone = sources.len() == 1;
    let mut lookup = Lookup {
        sources: &sources,
        ledger,
        quarantine,
        alone,
        source: None,
        moved: 0,
        last: 0,
        unavailable: &unavailable,
        missing: &missing,
    };
    let work = Restore { settings: &settings, drop_field: args.drop_field.as_deref() };
    let mut plan = Plan::new(&settings, &sources, output);
    plan.attach = Some(Box::new(move |job| lookup.notes(job)));
    let mut counts = run::run(plan, &work)?;
    counts.problems += unlisted;
    let missing = missing.into_inner();
    if missing > 0 && settings.limit.is_none() {
        counts.problems += missing;
        say(&format!("{} of the ledger not there: the cleaned files were cut short", show::count(missing, "record")));
    }
    let unavailable = unavailable.into_inner();
    if unavailable > 0 {
        counts.problems += unavailable;
        let records = show::count(unavailable, "record");
        say(&format!("{records} in quarantine and not restored: name the file with --quarantine"));
    }
    if !settings.quiet {
        let records = show::count(counts.stats.records, "record");
        say(&format!("{records}, {} restored", show::thousands(counts.stats.changed)));
    }
    Ok(if counts.problems > 0 { Exit::Error } else { Exit::Success })
}

impl Work for Restore<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let record = &context.record;
        let stats = &mut done.counts.stats;
        stats.records += u64::from(context.begins_record());
        let notes = context.notes;
        if let Some(error) = notes.and_then(|notes| notes.error.as_ref()).filter(|_| context.begins_record()) {
            done.problems.push((record.number, error.clone()));
        }
        let part = notes.and_then(|notes| notes.parts.get(&context.part));
        for entries in part.map_or(&[][..], |part| &part.before) {
            stats.records += 1;
            stats.changed += 1;
            entries.write_moved(&mut done.out);
        }
        let start = done.out.len();
        let entries = part.and_then(|part| part.entries.as_ref());
        let Some(entries) = entries.filter(|entries| !entries.is_empty() && record.kind == RecordKind::Record) else {
            done.out.extend_from_slice(record.bytes);
            return self.drop_field(context, start, done);
        };
        let restored = match context.view(&self.settings.fields) {
            Some(Ok(view)) => entries.restore(&view, &mut done.out).map_err(|error| error.to_string()),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(()),
        };
        match restored {
            Ok(()) => done.counts.stats.changed += 1,
            Err(error) => {
                done.out.extend_from_slice(record.bytes);
                done.problems.push((record.number, error));
            }
        }
        self.drop_field(context, start, done);
    }
}

impl Restore<'_> {
    /// Takes the field out of the record that begins at `start` of the output.
    fn drop_field(&self, context: &Context<'_>, start: usize, done: &mut Done) {
        let Some(name) = self.drop_field.filter(|_| context.format == Format::Jsonl) else { return };
        if context.record.kind == RecordKind::Record {
            unspam::io::drop_field(&mut done.out, start, name);
        }
    }
}
