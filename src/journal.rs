//! What a run has decided so far, on disk, so that a run that was killed can go on.
//!
//! Judging texts is what takes the time; reading, cutting and writing do not. So a run notes
//! the reports of each chunk of records in a journal, and a resumed run does all its work
//! again but the judging. What it writes is the same by construction, in any format and
//! compression, and nothing needs to be known about half-written outputs.
//!
//! From time to time, between two inputs, a checkpoint is set: which inputs are done, how long
//! the ledger is, what was counted. The journal begins anew there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::label::Label;
use crate::report::{Action, Evidence, Finding, Probability, Report, Verdict};
use crate::span::Span;

/// Why the state of a run cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another run works on the same output.
    #[error("another run is writing to this output at this moment ({path})")]
    Busy {
        /// The state that is in use.
        path: String,
    },
    /// The run that is to be resumed was another one.
    #[error("cannot resume: {what} was {before}, and is {now}: start again without --resume")]
    Changed {
        /// What is different.
        what: String,
        /// How it was.
        before: String,
        /// How it is.
        now: String,
    },
    /// The state makes no sense.
    #[error("cannot resume: {path} is damaged ({reason}): start again without --resume")]
    Damaged {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The system refuses.
    #[error("cannot keep the state of the run in {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

/// What a run is about: settings and inputs by name, in words.
pub type Identity = BTreeMap<String, String>;

/// How far a run has come, apart from the journal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Checkpoint {
    /// Number of sources that are done.
    pub sources: usize,
    /// Length of the ledger.
    pub ledger: u64,
    /// Length of the list of quarantined records.
    pub quarantine: u64,
    /// What was counted, as the caller writes it.
    pub counts: serde_json::Value,
}

#[derive(Serialize, Deserialize)]
struct State {
    identity: Identity,
    checkpoint: Checkpoint,
}

/// The folder in which a run keeps its state.
pub struct Journal {
    folder: PathBuf,
    identity: Identity,
    file: File,
    synced: Instant,
    /// Frames that were there when it was opened.
    noted: u64,
    /// Held while the run goes on.
    _lock: File,
}

/// How often the journal is made to survive a power cut.
const SYNC_EVERY: Duration = Duration::from_secs(2);
const JOURNAL: &str = "journal";
const STATE: &str = "state.json";

impl Journal {
    /// Returns the folder that keeps the state of a run with this output.
    pub fn folder_of(output: &Path, is_folder: bool) -> PathBuf {
        if is_folder {
            return output.join(".unspam-run");
        }
        let name = output.file_name().unwrap_or_default().to_string_lossy();
        output.with_file_name(format!(".{name}.unspam-run"))
    }

    /// Opens the state of a run. With `resume`, what an unfinished run left is returned, if
    /// it left anything; without, it is thrown away.
    ///
    /// # Errors
    /// If another run uses it, it is of a run of another kind, or the system refuses.
    pub fn open(folder: &Path, identity: Identity, resume: bool) -> Result<(Self, Option<Unfinished>), JournalError> {
        let failed = |source| JournalError::Io { path: folder.display().to_string(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let lock = File::create(folder.join("lock")).map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(JournalError::Busy { path: folder.display().to_string() });
        }
        let state = folder.join(STATE);
        let unfinished = if resume && state.exists() { Some(read_state(&state, &identity)?) } else { None };
        let path = folder.join(JOURNAL);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let mut noted = 0;
        let unfinished = match unfinished {
            Some(checkpoint) => {
                let (valid, count) = valid_frames(&file, checkpoint.sources).map_err(failed)?;
                noted = count;
                file.set_len(valid).map_err(failed)?;
                let frames = File::open(&path).map_err(failed)?.take(valid);
                Some(Unfinished { checkpoint, frames: Frames { reader: BufReader::with_capacity(1 << 20, frames) } })
            }
            None => {
                file.set_len(0).map_err(failed)?;
                None
            }
        };
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let folder = folder.to_owned();
        let journal = Self { folder, identity, file, synced: Instant::now(), noted, _lock: lock };
        if unfinished.is_none() {
            journal.write_state(&Checkpoint::default())?;
        }
        Ok((journal, unfinished))
    }

    /// Whether a run left its state in the folder.
    pub fn is_unfinished(folder: &Path) -> bool {
        folder.join(STATE).exists()
    }

    /// Number of chunks noted since the last checkpoint when the journal was opened.
    pub fn noted(&self) -> u64 {
        self.noted
    }

    /// Where a spool of the run is kept.
    pub fn spool(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Notes the reports of a chunk: `reports` as [`write_report`] wrote them.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn note(&mut self, source: usize, chunk: u64, reports: &[u8]) -> Result<(), JournalError> {
        let body = [format!("[{source},{chunk}").as_bytes(), reports, b"]"].concat();
        let frame = [format!("{:08x} ", crc32fast::hash(&body)).as_bytes(), &body, b"\n"].concat();
        let result = self.file.write_all(&frame).and_then(|()| {
            if self.synced.elapsed() < SYNC_EVERY {
                return Ok(());
            }
            self.synced = Instant::now();
            self.file.sync_data()
        });
        result.map_err(|source| self.failed(source))
    }

    /// Sets a checkpoint; what the journal held is not needed any more.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        self.write_state(checkpoint)?;
        // If this is where the run ends, frames of sources that are done are passed over.
        let result = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)).map(drop));
        result.map_err(|source| self.failed(source))
    }

    fn write_state(&self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        let state = State { identity: self.identity.clone(), checkpoint: checkpoint.clone() };
        let write = || {
            let part = self.folder.join("state.part");
            let mut file = File::create(&part)?;
            serde_json::to_writer(&mut file, &state)?;
            file.sync_all()?;
            fs::rename(&part, self.folder.join(STATE))?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|source| self.failed(source))
    }

    /// Ends the run: its state is not needed any more.
    pub fn remove(self) {
        // Without its state nothing else is looked at, and what stays is thrown away by the next run.
        fs::remove_file(self.folder.join(STATE)).ok();
        fs::remove_dir_all(&self.folder).ok();
    }

    fn failed(&self, source: io::Error) -> JournalError {
        JournalError::Io { path: self.folder.display().to_string(), source }
    }
}

fn read_state(path: &Path, identity: &Identity) -> Result<Checkpoint, JournalError> {
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| JournalError::Io { path: name.clone(), source })?;
    let state: State = serde_json::from_slice(&bytes)
        .map_err(|error| JournalError::Damaged { path: name, reason: error.to_string() })?;
    let keys: BTreeSet<&String> = state.identity.keys().chain(identity.keys()).collect();
    for key in keys {
        let (before, now) = (state.identity.get(key), identity.get(key));
        if before != now {
            let say = |value: Option<&String>| value.map_or_else(|| "not set".to_owned(), Clone::clone);
            return Err(JournalError::Changed { what: key.clone(), before: say(before), now: say(now) });
        }
    }
    Ok(state.checkpoint)
}

/// Length of the frames that are whole, and the number of those that are of use.
fn valid_frames(file: &File, done_sources: usize) -> io::Result<(u64, u64)> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    reader.seek(SeekFrom::Start(0))?;
    let (mut valid, mut count, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line)?;
        let Some(body) = body(&line) else { return Ok((valid, count)) };
        let source = body.get(1..).and_then(|body| body.split(|&byte| byte == b',').next());
        let source = source.and_then(|source| str::from_utf8(source).ok()?.parse::<usize>().ok());
        count += u64::from(source.is_some_and(|source| source >= done_sources));
        valid += read as u64;
    }
}

fn body(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\n")?;
    let (crc, body) = line.split_at_checked(9)?;
    let crc = u32::from_str_radix(str::from_utf8(crc).ok()?.strip_suffix(' ')?, 16).ok()?;
    (crc == crc32fast::hash(body)).then_some(body)
}

/// What an unfinished run left.
pub struct Unfinished {
    /// How far it came for good.
    pub checkpoint: Checkpoint,
    /// What it decided since.
    pub frames: Frames,
}

/// Reads the reports of chunks.
pub struct Frames {
    reader: BufReader<io::Take<File>>,
}

/// The reports of one chunk.
#[derive(Debug)]
pub struct Frame {
    /// Index of the source.
    pub source: usize,
    /// Number of the chunk in its source.
    pub chunk: u64,
    /// What was found in each record that was judged, in order.
    pub reports: Vec<Report>,
}

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).ok()?;
        let parts: Vec<&serde_json::value::RawValue> = serde_json::from_slice(body(&line)?).ok()?;
        let (head, reports) = parts.split_at_checked(2)?;
        let source = serde_json::from_str(head[0].get()).ok()?;
        let chunk = serde_json::from_str(head[1].get()).ok()?;
        let reports: Option<Vec<Report>> = reports.iter().map(|report| read_report(report.get())).collect();
        Some(Frame { source, chunk, reports: reports? })
    }
}

#[derive(Serialize, Deserialize)]
struct Noted(u32, Verdict, usize, Vec<NotedFinding>);

#[derive(Serialize, Deserialize)]
struct NotedFinding(usize, usize, Label, u32, Action, Vec<(String, u32)>);

/// Appends a report to what is noted of a chunk.
pub fn write_report(report: &Report, out: &mut Vec<u8>) {
    out.push(b',');
    let findings = report.findings.iter().map(|finding| {
        // Numbers go by their bits, so that they come back the same.
        let reasons = finding.reasons.iter().map(|reason| (reason.code.to_owned(), reason.weight.to_bits()));
        NotedFinding(
            finding.span.start(),
            finding.span.end(),
            finding.label,
            finding.score.get().to_bits(),
            finding.action,
            reasons.collect(),
        )
    });
    let noted = Noted(report.spam_probability.get().to_bits(), report.verdict, report.text_len, findings.collect());
    serde_json::to_writer(out, &noted).expect("writing to memory does not fail");
}

fn read_report(text: &str) -> Option<Report> {
    let Noted(probability, verdict, text_len, findings) = serde_json::from_str(text).ok()?;
    let findings = findings.into_iter().map(|NotedFinding(start, end, label, score, action, reasons)| Finding {
        span: Span::new(start, end),
        label,
        score: Probability::new(f32::from_bits(score)),
        action,
        reasons: reasons
            .into_iter()
            .map(|(code, weight)| Evidence { code: intern(&code), weight: f32::from_bits(weight) })
            .collect(),
    });
    let spam_probability = Probability::new(f32::from_bits(probability));
    Some(Report { verdict, spam_probability, findings: findings.collect(), text_len })
}

/// Returns a code that lives as long as the program: there are only as many as there are
/// features.
pub(crate) fn intern(code: &str) -> &'static str {
    static CODES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut codes = CODES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = codes.get(code) {
        return found;
    }
    let code: &'static str = Box::leak(code.to_owned().into_boxed_str());
    codes.insert(code);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let finding = Finding {
            span: Span::new(3, 9),
            label: Label::Gambling,
            score: Probability::new(0.123_456_7),
            action: Action::Remove,
            reasons: vec![Evidence { code: "brand_shape", weight: -1.0e-7 }],
        };
        Report {
            verdict: Verdict::Dirty,
            spam_probability: Probability::new(1.0 / 3.0),
            findings: vec![finding],
            text_len: 12,
        }
    }

    #[test]
    fn reports_come_back_as_they_were() {
        let mut noted = Vec::new();
        write_report(&report(), &mut noted);
        assert_eq!(read_report(str::from_utf8(&noted[1..]).expect("JSON")), Some(report()));
    }

    #[test]
    fn a_torn_end_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Identity::from([("model".to_owned(), "a".to_owned())]);
        let mut noted = Vec::new();
        write_report(&report(), &mut noted);
        {
            let (mut journal, unfinished) = Journal::open(folder.path(), identity.clone(), true).expect("opens");
            assert!(unfinished.is_none());
            journal.note(0, 0, &noted).expect("notes");
            journal.note(0, 1, b"").expect("notes");
        }
        let path = folder.path().join(JOURNAL);
        let bytes = fs::read(&path).expect("a journal");
        for cut in 1..15 {
            fs::write(&path, &bytes[..bytes.len() - cut]).expect("writes");
            let (_, unfinished) = Journal::open(folder.path(), identity.clone(), true).expect("opens");
            let frames: Vec<Frame> = unfinished.expect("is there").frames.collect();
            assert_eq!(frames.len(), 1, "{cut}");
            assert_eq!(frames[0].reports, [report()]);
        }
        let other = Identity::from([("model".to_owned(), "b".to_owned())]);
        let error = Journal::open(folder.path(), other, true).map(drop).expect_err("another model");
        assert_eq!(error.to_string(), "cannot resume: model was a, and is b: start again without --resume");
    }
}
