//! Drives a verb over all records of all inputs.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Result, bail};
use unspam::Label;
use unspam::batch::{Feeder, Job, ordered};
use unspam::io::{
    Fields, Format, InputError, RawRecord, RecordError, RecordKind, RecordView, RecordWriter, Source, list_sources,
};

use crate::cli::config::Settings;
use crate::cli::output::Output;
use crate::cli::talk::{Progress, say, say_lines};

/// Messages about single records of one input before they are only counted: a wrong
/// --text-field would otherwise print as many lines as the dump has.
const MAX_MESSAGES: u64 = 100;

/// A record with what belongs to it.
pub(crate) struct Context<'r> {
    pub(crate) source: &'r Source,
    pub(crate) format: Format,
    pub(crate) max_record: usize,
    pub(crate) record: RawRecord<'r>,
}

impl<'r> Context<'r> {
    /// Finds the text of the record; `None` if this is none, or the rest of a long one.
    pub(crate) fn view(&self, fields: &Fields) -> Option<Result<RecordView<'r>, RecordError>> {
        match self.record.kind {
            RecordKind::Record => Some(self.format.view(self.record.bytes, fields)),
            RecordKind::TooLong => Some(Err(RecordError::TooLong { max: self.max_record })),
            _ => None,
        }
    }

    /// How messages name the record.
    pub(crate) fn name(&self) -> String {
        match self.format {
            Format::Text => self.source.name(),
            _ => format!("{}: line {}", self.source.name(), self.record.number),
        }
    }
}

/// What a verb does with records.
pub(crate) trait Work: Sync {
    /// Handles one raw record; called on many threads.
    fn record(&self, context: &Context<'_>, done: &mut Done);

    /// Handles the end of a source; `error` says why it is not the real end.
    fn end(&self, source: &Source, error: Option<&str>, done: &mut Done) {
        let _ = (source, error, done);
    }
}

/// What came of a run of records.
#[derive(Default)]
pub(crate) struct Done {
    /// Goes to the output.
    pub(crate) out: Vec<u8>,
    /// Goes to the ledger.
    pub(crate) ledger: Vec<u8>,
    /// Is said on standard error.
    pub(crate) talk: String,
    /// Records that could not be handled, and why.
    pub(crate) problems: Vec<(u64, String)>,
    pub(crate) counts: Counts,
    source: usize,
    format: Option<Format>,
    end: Option<Result<(), InputError>>,
}

/// What a run adds up to.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    /// Whether the removals were shown one by one.
    pub(crate) shown: bool,
    pub(crate) changed: u64,
    pub(crate) text_bytes: u64,
    pub(crate) removed_bytes: u64,
    /// Runs removed, by label.
    pub(crate) removed: BTreeMap<Label, u64>,
    /// Documents that are not `ok`, `check` calls them flagged.
    pub(crate) flagged: u64,
    pub(crate) unsure: u64,
    /// Records and inputs that could not be handled.
    pub(crate) problems: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.shown |= other.shown;
        self.changed += other.changed;
        self.text_bytes += other.text_bytes;
        self.removed_bytes += other.removed_bytes;
        for (&label, count) in &other.removed {
            *self.removed.entry(label).or_default() += count;
        }
        self.flagged += other.flagged;
        self.unsure += other.unsure;
        self.problems += other.problems;
    }
}

/// Lists the sources; what cannot be listed is said and counted.
pub(crate) fn sources(inputs: &[PathBuf]) -> Result<(Vec<Source>, u64)> {
    if inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        bail!("standard input can be read only once");
    }
    if inputs.is_empty() && std::io::stdin().is_terminal() {
        say("reading standard input; name a file to read that instead");
    }
    let mut failed = 0;
    let mut sources = Vec::new();
    for source in list_sources(inputs) {
        match source {
            Ok(source) => sources.push(source),
            Err((path, error)) => {
                say(&format!("{}: {error}", path.display()));
                failed += 1;
            }
        }
    }
    Ok((sources, failed))
}

/// Handles all records of all sources; returns what they add up to.
///
/// The ledger is complete before the output gets its name, so that no removal is ever
/// without its record.
pub(crate) fn run(
    settings: &Settings,
    sources: &[Source],
    mut output: Output,
    mut ledger: Option<RecordWriter>,
    work: &impl Work,
) -> Result<Counts> {
    let total = sources.iter().map(|source| Some(source.path()?.metadata().ok()?.len())).sum::<Option<u64>>();
    let progress = Progress::start(total, settings.quiet);
    let mut read = settings.read.clone();
    read.bytes_read = Some(progress.counter());
    let feeder = Feeder::new(sources, read, settings.limit);
    let mut counts = Counts::default();
    let mut messages = 0;
    let result = ordered(
        settings.jobs,
        feeder,
        |job| job.chunk.byte_len(),
        |job| handle(job, sources, work),
        |done| {
            progress.tick();
            counts.add(&done.counts);
            let source = &sources[done.source];
            progress.aside(|| {
                say_lines(&done.talk);
                for (record, problem) in &done.problems {
                    messages += 1;
                    if messages <= MAX_MESSAGES {
                        say(&place(source, done.format, *record, problem));
                    }
                }
            });
            if let Some(ledger) = &mut ledger {
                ledger.write_all(&done.ledger)?;
            }
            // A source that cannot be opened has no output of its own.
            if done.format.is_some() || !done.out.is_empty() {
                output.write(done.source, source, done.format.unwrap_or(Format::Jsonl), &done.out)?;
            }
            if let Some(end) = &done.end {
                if messages > MAX_MESSAGES {
                    let more = messages - MAX_MESSAGES;
                    progress.aside(|| say(&format!("{}: {more} more records like that", source.name())));
                }
                messages = 0;
                if let Err(error) = end {
                    counts.problems += u64::from(!is_skipped(source, error));
                    progress.aside(|| say(&format!("{}: {error}", source.name())));
                }
                output.end_source(end.is_ok())?;
            }
            anyhow::Ok(())
        },
    );
    drop(progress);
    if let Err(error) = result {
        // Outputs that were completed before must not lose their ledger.
        if let Some(path) = ledger.and_then(|ledger| ledger.leave_incomplete().ok().flatten()) {
            say(&format!("the ledger up to here was written to {}", path.display()));
        }
        return Err(error);
    }
    if let Some(ledger) = ledger {
        ledger.commit()?;
    }
    output.finish()?;
    Ok(counts)
}

/// Whether a file is left out rather than failed: folders of dumps hold images and archives.
fn is_skipped(source: &Source, error: &InputError) -> bool {
    source.is_listed() && matches!(error, InputError::Unsupported { .. })
}

fn handle(job: Job, sources: &[Source], work: &impl Work) -> Done {
    let source = &sources[job.source];
    let mut done = Done { source: job.source, ..Done::default() };
    for record in job.chunk.records() {
        let context = Context { source, format: job.format, max_record: job.max_record, record };
        work.record(&context, &mut done);
    }
    let end = job.chunk.into_end();
    let opened = !matches!(end, Some(Err(InputError::Open { .. } | InputError::Unsupported { .. })));
    done.format = opened.then_some(job.format);
    match &end {
        None => {}
        Some(Ok(())) => work.end(source, None, &mut done),
        Some(Err(error)) if is_skipped(source, error) => {}
        Some(Err(error)) => work.end(source, Some(&error.to_string()), &mut done),
    }
    done.counts.problems += done.problems.len() as u64;
    done.end = end;
    done
}

/// Says where a problem is and what it is.
fn place(source: &Source, format: Option<Format>, record: u64, problem: &str) -> String {
    match format {
        Some(Format::Jsonl) => format!("{}: line {record}: {problem}", source.name()),
        _ => format!("{}: {problem}", source.name()),
    }
}
