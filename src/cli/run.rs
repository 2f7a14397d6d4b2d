//! Drives a verb over all records of all inputs.

use std::cell::{OnceCell, RefCell};
use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use unspam::Report;
use unspam::batch::{Feeder, Job, ordered};
use unspam::io::{
    Compression, Fields, Format, InputError, Layout, NewCell, RawRecord, RecordError, RecordKind, RecordView, Source,
    Spool, gzip_member, key_of, list_sources, parse_file_list, remove_leftovers,
};
use unspam::journal::{Checkpoint, Frame, Frames, Identity, Journal, write_report};
use unspam::ledger::{Quarantined, write_quarantined};
use unspam::profile::{Campaigns, SiteProfile};
use unspam::stats::{Samples, Stats};

use crate::cli::config::Settings;
use crate::cli::output::{Output, Payload, Piece, text_name};
use crate::cli::restore::Notes;
use crate::cli::talk::{Progress, say, say_lines};

/// Messages about single records of one input before they are only counted: a wrong
/// --text-field would otherwise print as many lines as the dump has.
const MAX_MESSAGES: u64 = 100;
/// Sources after which a checkpoint is set.
const CHECKPOINT_SOURCES: usize = 1000;

/// A record with what belongs to it.
pub(crate) struct Context<'r> {
    pub(crate) source: &'r Source,
    pub(crate) format: Format,
    pub(crate) max_record: usize,
    pub(crate) layout: &'r Layout,
    pub(crate) record: RawRecord<'r>,
    /// Index of the record's part in its chunk.
    pub(crate) part: usize,
    pub(crate) notes: Option<&'r Notes>,
    /// Whether the texts of web pages are extracted.
    extract: bool,
    /// The record with the text of its web page in the place of the page.
    extracted: OnceCell<Option<Result<(Vec<u8>, Layout), RecordError>>>,
    past: &'r RefCell<Past>,
}

/// What is known of a chunk from a run before, and what is noted for a run to come.
#[derive(Default)]
struct Past {
    reports: Option<std::vec::IntoIter<Report>>,
    journal: Option<Vec<u8>>,
}

impl Context<'_> {
    /// Finds the text of the record; `None` if this is none, or the rest of a long one.
    pub(crate) fn view(&self, fields: &Fields) -> Option<Result<RecordView<'_>, RecordError>> {
        match self.record.kind {
            RecordKind::Record => Some(match self.layout.view(&self.record, fields) {
                Err(RecordError::Html) if self.extract => self.view_extracted(fields),
                view => view,
            }),
            RecordKind::TooLong => Some(Err(RecordError::TooLong { max: self.max_record })),
            _ => None,
        }
    }

    fn view_extracted(&self, fields: &Fields) -> Result<RecordView<'_>, RecordError> {
        match self.extracted.get_or_init(|| self.layout.extract(&self.record, fields)) {
            Some(Ok((bytes, layout))) => layout.view(&RawRecord { bytes, ..self.record }, fields),
            Some(Err(error)) => Err(error.clone()),
            None => Err(RecordError::Html),
        }
    }

    /// How ledgers name the file: as its output is named.
    pub(crate) fn key(&self) -> String {
        match self.format {
            Format::Html => key_of(&text_name(self.source.relative())),
            _ => self.source.key(),
        }
    }

    /// Returns what is found in the record's text, or what a run that is resumed found.
    pub(crate) fn scan(&self, view: &RecordView<'_>, settings: &Settings) -> Report {
        let mut past = self.past.borrow_mut();
        let report = past.reports.as_mut().and_then(Iterator::next).unwrap_or_else(|| settings.scan(view));
        if let Some(journal) = &mut past.journal {
            write_report(&report, journal);
        }
        report
    }

    /// How messages name the record.
    pub(crate) fn name(&self) -> String {
        match self.format {
            format if format.is_one_record() => self.source.name(),
            _ => format!("{}: {} {}", self.source.name(), self.format.record_noun(), self.record.number),
        }
    }

    /// Whether it counts as a record.
    pub(crate) fn begins_record(&self) -> bool {
        matches!(self.record.kind, RecordKind::Record | RecordKind::TooLong | RecordKind::Null)
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
    /// Goes to the list of quarantined records.
    pub(crate) quarantine: Vec<u8>,
    /// Is said on standard error.
    pub(crate) talk: String,
    /// Records that could not be handled, and why.
    pub(crate) problems: Vec<(u64, String)>,
    pub(crate) counts: Counts,
    source: usize,
    chunk: u64,
    bytes: u64,
    offset: u64,
    records: u64,
    format: Option<Format>,
    payload: Option<Payload>,
    last_byte: Option<u8>,
    journal: Option<Vec<u8>>,
    end: Option<Result<(), InputError>>,
}

/// What a run adds up to.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Counts {
    pub(crate) stats: Stats,
    /// What a report shows beside counts, if there will be one.
    pub(crate) samples: Option<Samples>,
    #[serde(skip)]
    pub(crate) profile: Option<SiteProfile>,
    #[serde(skip)]
    pub(crate) campaigns: Option<Campaigns>,
    /// Whether the removals were shown one by one.
    pub(crate) shown: bool,
    /// Documents that are not `ok`, `check` calls them flagged.
    pub(crate) flagged: u64,
    pub(crate) unsure: u64,
    /// Records and inputs that could not be handled.
    pub(crate) problems: u64,
}

impl Counts {
    fn add(&mut self, other: &mut Self) {
        self.stats.add(&other.stats);
        if let Some(samples) = other.samples.take() {
            self.samples.get_or_insert_default().add(samples);
        }
        if let Some(profile) = other.profile.take() {
            self.profile.get_or_insert_default().merge(&profile);
        }
        if let Some(campaigns) = other.campaigns.take() {
            self.campaigns.get_or_insert_default().merge(campaigns);
        }
        self.shown |= other.shown;
        self.flagged += other.flagged;
        self.unsure += other.unsure;
        self.problems += other.problems;
    }
}

/// Lists the sources; what cannot be listed is said and counted.
pub(crate) fn sources(inputs: &[PathBuf], files_from: Option<&Path>) -> Result<(Vec<Source>, u64)> {
    let mut inputs = inputs.to_vec();
    if let Some(list) = files_from {
        let mut names = Vec::new();
        if list.as_os_str() == "-" {
            std::io::stdin().lock().read_to_end(&mut names).context("list of files on standard input")?;
        } else {
            names = std::fs::read(list).with_context(|| format!("list of files \"{}\"", list.display()))?;
        }
        inputs.extend(parse_file_list(&names));
        if inputs.is_empty() {
            return Ok((Vec::new(), 0));
        }
    }
    if inputs.iter().filter(|input| input.as_os_str() == "-").count() > 1 {
        bail!("standard input can be read only once");
    }
    if inputs.is_empty() && std::io::stdin().is_terminal() {
        say("reading standard input; name a file to read that instead");
    }
    let mut failed = 0;
    let mut sources = Vec::new();
    for source in list_sources(&inputs) {
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

/// What a run is to do beside its work on records.
pub(crate) struct Plan<'p> {
    pub(crate) settings: &'p Settings,
    pub(crate) sources: &'p [Source],
    pub(crate) output: Output,
    pub(crate) ledger: Option<&'p Path>,
    pub(crate) quarantine: Option<&'p Path>,
    /// What the run is about, if it is to be resumable.
    pub(crate) identity: Option<Identity>,
    /// Whether to go on where a run before stopped.
    pub(crate) resume: bool,
    /// Share of the records to look at.
    pub(crate) sample: Option<f64>,
    /// Writes what is to be there before the state of the run is thrown away.
    pub(crate) finish: Option<Box<dyn FnOnce(&mut Counts) -> Result<()> + 'p>>,
    /// Looks up what a chunk needs.
    pub(crate) attach: Option<Box<dyn FnMut(&Job) -> Notes + Send + 'p>>,
}

impl<'p> Plan<'p> {
    pub(crate) fn new(settings: &'p Settings, sources: &'p [Source], output: Output) -> Self {
        Self {
            settings,
            sources,
            output,
            ledger: None,
            quarantine: None,
            identity: None,
            resume: false,
            sample: None,
            finish: None,
            attach: None,
        }
    }
}

/// A chunk with what is known of it.
struct Assigned {
    job: Job,
    frame: Option<Frame>,
    notes: Option<Notes>,
}

/// Hands out what a run before decided, chunk by chunk.
struct Replay {
    frames: Option<Frames>,
    ahead: Option<Frame>,
    first_source: usize,
}

impl Replay {
    fn take(&mut self, job: &Job) -> Option<Frame> {
        loop {
            let frame = match self.ahead.take() {
                Some(frame) => frame,
                None => self.frames.as_mut()?.next()?,
            };
            // What was noted before the checkpoint is done.
            if frame.source < self.first_source {
                continue;
            }
            if (frame.source, frame.chunk) == (job.source, job.number) {
                return Some(frame);
            }
            self.ahead = Some(frame);
            return None;
        }
    }
}

/// Lines that are kept until the run is done.
struct Lines<'p> {
    spool: Spool,
    to: &'p Path,
}

impl<'p> Lines<'p> {
    fn open(to: Option<&'p Path>, journal: Option<&Journal>, name: &str, len: u64) -> Result<Option<Self>> {
        let Some(to) = to else { return Ok(None) };
        let path = match journal {
            Some(journal) => journal.spool(name),
            None => to.with_file_name(format!(
                ".{}.{}.unspam-part",
                to.file_name().unwrap_or_default().to_string_lossy(),
                std::process::id()
            )),
        };
        Ok(Some(Self { spool: Spool::open(&path, len)?, to }))
    }
}

/// Handles all records of all sources; returns what they add up to.
///
/// The ledger is complete before the output gets its name, so that no removal is ever
/// without its record.
pub(crate) fn run(plan: Plan<'_>, work: &impl Work) -> Result<Counts> {
    let Plan { settings, sources, output, ledger, quarantine, identity, resume, sample, finish, mut attach } = plan;
    let total = sources.iter().map(|source| Some(source.path()?.metadata().ok()?.len())).sum::<Option<u64>>();
    let mut counts = Counts::default();
    let mut checkpoint = Checkpoint::default();
    let mut journal = None;
    let mut replay = Replay { frames: None, ahead: None, first_source: 0 };
    // Chunks that a run before judged; they are in the journal already.
    let mut replayed = 0;
    let place = output.place().map(|(path, is_folder)| (path.to_owned(), is_folder));
    if let (Some(identity), Some((path, is_folder))) = (identity, &place) {
        let folder = Journal::folder_of(path, *is_folder);
        if Journal::is_unfinished(&folder) {
            if !resume {
                say("a run with this output was not finished; starting again (--resume goes on with it)");
            }
            if *is_folder {
                remove_leftovers(path);
            }
        }
        let (opened, unfinished) = Journal::open(&folder, identity, resume)?;
        if let Some(unfinished) = unfinished {
            checkpoint = unfinished.checkpoint;
            if !checkpoint.counts.is_null() {
                counts = serde_json::from_value(checkpoint.counts.clone()).context("state of the run")?;
            }
            replay = Replay { frames: Some(unfinished.frames), ahead: None, first_source: checkpoint.sources };
            replayed = opened.noted();
        }
        journal = Some(opened);
    }
    let is_folder = place.as_ref().is_some_and(|(_, is_folder)| *is_folder);
    let mut ledger = Lines::open(ledger, journal.as_ref(), "ledger", checkpoint.ledger)?;
    let mut quarantine = Lines::open(quarantine, journal.as_ref(), "quarantine", checkpoint.quarantine)?;
    let progress = Progress::start(total, settings.quiet);
    let mut read = settings.read.clone();
    read.bytes_read = Some(progress.counter());
    read.eager &= place.is_none();
    read.eager_files &= place.is_none();
    let mut output = output.flushing(read.eager_files);
    let skipped = &sources[..checkpoint.sources.min(sources.len())];
    progress.skip(skipped.iter().filter_map(|source| Some(source.path()?.metadata().ok()?.len())).sum());
    let feeder = Feeder::new(sources, read, settings.limit).skip_sources(checkpoint.sources);
    let jobs =
        feeder.map(|job| Assigned { frame: replay.take(&job), notes: attach.as_mut().map(|attach| attach(&job)), job });
    let compressions: Vec<Option<Compression>> = sources.iter().map(|source| output.compression(source)).collect();
    let extract = settings.read.extract;
    let shared = Shared { sources, compressions, sample, extract, journals: journal.is_some() };
    let mut messages = 0;
    let (mut since_bytes, mut since_sources) = (0, 0);
    let result = ordered(
        settings.jobs,
        jobs,
        |assigned| assigned.job.chunk.byte_len(),
        |assigned| handle(assigned, &shared, work),
        |mut done| {
            counts.add(&mut done.counts);
            progress.tick(counts.stats.records);
            let source = &sources[done.source];
            if let (Some(journal), Some(reports)) = (&mut journal, &done.journal) {
                if replayed > 0 {
                    replayed -= 1;
                } else {
                    journal.note(done.source, done.chunk, reports)?;
                }
            }
            progress.aside(|| {
                say_lines(&done.talk);
                for (record, problem) in &done.problems {
                    messages += 1;
                    if messages <= MAX_MESSAGES {
                        say(&place_of(source, done.format, *record, problem));
                    }
                }
            });
            if let Some(lines) = &mut ledger {
                lines.spool.write_all(&done.ledger)?;
            }
            if let Some(lines) = &mut quarantine {
                if let Some(Err(error)) =
                    done.end.as_ref().filter(|end| end.as_ref().is_err_and(|error| !is_skipped(source, error)))
                {
                    let found = Quarantined {
                        file: &source.key(),
                        record: done.records,
                        continued: false,
                        id: None,
                        offset: done.offset,
                        reason: Some(&error.to_string()),
                        moved: false,
                        bytes: None,
                    };
                    write_quarantined(&found, &mut done.quarantine);
                }
                lines.spool.write_all(&done.quarantine)?;
            }
            // A source that cannot be opened has no output of its own.
            if let (Some(format), Some(payload)) = (done.format, done.payload.take()) {
                output.write(done.source, source, format, payload, done.last_byte)?;
            } else if !done.out.is_empty() {
                output.write(done.source, source, Format::Jsonl, Payload::Bytes(done.out), Some(b'\n'))?;
            }
            since_bytes += done.bytes;
            if let Some(end) = &done.end {
                if messages > MAX_MESSAGES {
                    let more = messages - MAX_MESSAGES;
                    progress.aside(|| say(&format!("{}: {more} more records like that", source.name())));
                }
                messages = 0;
                if let Err(error) = end {
                    let broken = u64::from(!is_skipped(source, error));
                    counts.problems += broken;
                    counts.stats.broken_inputs += broken;
                    progress.aside(|| say(&format!("{}: {error}", source.name())));
                }
                // No output is there before what was taken out of it is on record.
                if let (true, Some(lines)) = (is_folder, &mut ledger) {
                    lines.spool.sync()?;
                }
                output.end_source(end.is_ok())?;
                since_sources += 1;
                let due = since_bytes >= settings.checkpoint_bytes || since_sources >= CHECKPOINT_SOURCES;
                if let (true, true, None, Some(journal)) = (due, is_folder, settings.limit, &mut journal) {
                    (since_bytes, since_sources) = (0, 0);
                    checkpoint.sources = done.source + 1;
                    for (lines, len) in
                        [(&mut ledger, &mut checkpoint.ledger), (&mut quarantine, &mut checkpoint.quarantine)]
                    {
                        if let Some(lines) = lines {
                            lines.spool.sync()?;
                            *len = lines.spool.byte_len();
                        }
                    }
                    checkpoint.counts = serde_json::to_value(&counts)?;
                    journal.checkpoint(&checkpoint)?;
                }
            }
            anyhow::Ok(())
        },
    );
    drop(progress);
    if let Err(error) = result {
        return Err(give_up(error, journal.as_ref(), ledger, quarantine));
    }
    for lines in [ledger, quarantine].into_iter().flatten() {
        lines.spool.finish(lines.to, true, journal.is_some())?;
    }
    output.finish()?;
    if let Some(finish) = finish {
        finish(&mut counts)?;
    }
    if let Some(journal) = journal {
        journal.remove();
    }
    Ok(counts)
}

/// Leaves what can be used later when a run has to stop.
fn give_up(
    error: anyhow::Error,
    journal: Option<&Journal>,
    ledger: Option<Lines<'_>>,
    quarantine: Option<Lines<'_>>,
) -> anyhow::Error {
    if journal.is_some() {
        say("the run can go on from here with --resume");
        return error;
    }
    // Outputs that were completed before must not lose their ledger.
    for (lines, name) in [(ledger, "ledger"), (quarantine, "list of quarantined records")] {
        if let Some(path) = lines.and_then(|lines| lines.spool.finish(lines.to, false, false).ok()) {
            say(&format!("the {name} up to here was written to {}", path.display()));
        }
    }
    error
}

/// Whether a file is left out rather than failed: folders of dumps hold images and archives.
fn is_skipped(source: &Source, error: &InputError) -> bool {
    source.is_listed() && matches!(error, InputError::Unsupported { .. })
}

/// What workers need to know of the run.
struct Shared<'s> {
    sources: &'s [Source],
    /// How the output of each source is compressed, if its records are written.
    compressions: Vec<Option<Compression>>,
    sample: Option<f64>,
    extract: bool,
    journals: bool,
}

fn handle(assigned: Assigned, shared: &Shared<'_>, work: &impl Work) -> Done {
    let Assigned { job, frame, notes } = assigned;
    let source = &shared.sources[job.source];
    let mut done = Done { source: job.source, chunk: job.number, ..Done::default() };
    let past = RefCell::new(Past {
        reports: frame.map(|frame| frame.reports.into_iter()),
        journal: shared.journals.then(Vec::new),
    });
    let is_columnar = *job.chunk.layout() == Layout::Cells;
    let mut ends = Vec::new();
    for (part, record) in job.chunk.records().enumerate() {
        done.records = record.number;
        if shared.sample.is_some_and(|share| !is_sampled(&source.key(), record.number, share)) {
            if is_columnar {
                ends.push(End { left_out: true, ..End::at(done.out.len()) });
            }
            continue;
        }
        let layout = job.chunk.layout();
        let (format, max_record, notes) = (job.format, job.max_record, notes.as_ref());
        let (extract, extracted) = (shared.extract, OnceCell::new());
        let past = &past;
        let context = Context { source, format, max_record, layout, record, part, notes, extract, extracted, past };
        work.record(&context, &mut done);
        let is_null = record.kind == RecordKind::Null;
        ends.push(End { is_null, goes_on: record.goes_on, ..End::at(done.out.len()) });
    }
    let layout = job.chunk.layout().clone();
    // A page whose text cannot be had has no output: it would be none of its format.
    let unread = match job.chunk.end() {
        _ if layout != Layout::Page => None,
        Some(Err(InputError::Record { reason, .. })) => Some(reason.to_string()),
        Some(Err(error)) => Some(error.to_string()),
        _ => done.problems.pop().map(|(_, problem)| problem),
    };
    if unread.is_some() {
        done = Done { source: job.source, chunk: job.number, ..Done::default() };
    }
    let counts = &mut done.counts;
    counts.problems += done.problems.len() as u64;
    counts.stats.quarantined += done.problems.len() as u64;
    counts.stats.html_records += job.chunk.html_records();
    done.bytes = job.chunk.byte_len() as u64;
    done.offset = job.chunk.end_offset();
    done.journal = past.into_inner().journal;
    if let (Some(notes), Some(Ok(()))) = (&notes, job.chunk.end()) {
        let before = done.out.len();
        notes.write_tail(&mut done.out);
        if done.out.len() > before {
            ends.push(End::at(done.out.len()));
        }
    }
    let continues = job.chunk.continues();
    let end = match unread {
        Some(reason) => Some(Err(InputError::Malformed { format: "HTML", reason })),
        None => job.chunk.into_end(),
    };
    let opened = !matches!(
        end,
        Some(Err(InputError::Open { .. }
            | InputError::Unsupported { .. }
            | InputError::ColumnMissing { .. }
            | InputError::ColumnNumber { .. }
            | InputError::Malformed { .. }))
    );
    match &end {
        None => {}
        Some(Ok(())) => work.end(source, None, &mut done),
        Some(Err(error)) if is_skipped(source, error) => {}
        Some(Err(error)) => work.end(source, Some(&error.to_string()), &mut done),
    }
    if opened {
        done.format = Some(job.format);
        done.last_byte = done.out.last().copied();
        let out = std::mem::take(&mut done.out);
        done.payload = Some(encode(out, &ends, continues, &layout, shared.compressions[job.source]));
    }
    done.end = end;
    done
}

/// Where a record ends in what goes to the output.
#[derive(Debug, Clone, Copy)]
struct End {
    at: usize,
    is_null: bool,
    /// Whether the record goes on in the next one.
    goes_on: bool,
    /// Whether it is not among those that were looked at.
    left_out: bool,
}

impl End {
    fn at(at: usize) -> Self {
        Self { at, is_null: false, goes_on: false, left_out: false }
    }
}

/// Puts results into the form in which they are written; the costly part of that is better
/// done on many threads.
fn encode(out: Vec<u8>, ends: &[End], continues: bool, layout: &Layout, compression: Option<Compression>) -> Payload {
    match (layout, compression) {
        (Layout::Cells, Some(_)) => {
            let mut start = 0;
            let cells = ends.iter().map(|end| {
                let text = &out[start..end.at];
                start = end.at;
                match end {
                    End { left_out: true, .. } => NewCell::LeftOut,
                    End { is_null: true, .. } => NewCell::Null,
                    _ => NewCell::Text(text.to_vec()),
                }
            });
            Payload::Cells(cells.collect())
        }
        (Layout::Warc, Some(Compression::Gzip)) => {
            let (mut pieces, mut start, mut inside) = (Vec::new(), 0, continues);
            for &End { at, goes_on, .. } in ends {
                let bytes = &out[start..at];
                start = at;
                if bytes.is_empty() {
                    // It was moved to quarantine.
                } else if inside || goes_on {
                    pieces.push(Piece::Part(bytes.to_vec(), !goes_on));
                } else {
                    pieces.push(Piece::Members(gzip_member(bytes)));
                }
                inside = goes_on;
            }
            Payload::Members(pieces)
        }
        (_, Some(Compression::Gzip)) if !out.is_empty() => Payload::Members(vec![Piece::Members(gzip_member(&out))]),
        (_, Some(Compression::Gzip)) => Payload::Members(Vec::new()),
        _ => Payload::Bytes(out),
    }
}

/// Whether a record is one of a random share of all, the same ones every time.
fn is_sampled(file: &str, record: u64, share: f64) -> bool {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in file.bytes().chain(record.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash ^= hash >> 33;
    (hash >> 11) as f64 / ((1_u64 << 53) as f64) < share
}

/// Says where a problem is and what it is.
fn place_of(source: &Source, format: Option<Format>, record: u64, problem: &str) -> String {
    match format {
        Some(format) if !format.is_one_record() => {
            format!("{}: {} {record}: {problem}", source.name(), format.record_noun())
        }
        _ => format!("{}: {problem}", source.name()),
    }
}
