//! Reads training files: gold documents, single labelled lines, articles, domain lists.
//!
//! What a file is shows in its fields, so that users can give their own in any mixture:
//! `{"text","spans":[[start,end,label],…],"neutral":[[start,end],…]}` is a document (offsets in
//! code points, half-open; what no span covers is content), `{"text","label"}` a line,
//! `{"text","kind":"clean"|"raw"}` an article; `domains_<category>.txt` holds host names.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;

use crate::label::{Class, Label};
use crate::span::Span;
use crate::train::TrainError;
use crate::train::rng::hash_text;

/// Part of a text with its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mark {
    pub(crate) span: Span,
    /// `None` counts neither way.
    pub(crate) class: Option<Class>,
    /// The kind, where it is known.
    pub(crate) kind: Option<Label>,
    pub(crate) weight: f32,
}

/// Where a document comes from; decides how often it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// What an extractor left of a page.
    Page,
    /// Whole pages.
    FullPage,
    /// Documents with line labels of their own.
    Lines,
    /// Comments and messages.
    Comment,
    /// An article, with or without something put in.
    Article,
    /// Texts written to be kept.
    Keep,
}

/// A document with its targets; what no mark covers is content.
#[derive(Debug, Clone)]
pub(crate) struct TrainDoc {
    pub(crate) text: String,
    pub(crate) marks: Vec<Mark>,
    pub(crate) fold_key: u64,
    pub(crate) origin: Origin,
}

/// An article to put things into.
#[derive(Debug, Clone)]
pub(crate) struct Article {
    pub(crate) text: String,
    pub(crate) title: String,
    pub(crate) lang: String,
    pub(crate) clean: bool,
    pub(crate) source: String,
}

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Corpus {
    pub(crate) docs: Vec<TrainDoc>,
    pub(crate) lines: Vec<(Label, String, String)>,
    pub(crate) articles: Vec<Article>,
    pub(crate) gambling: Vec<String>,
    pub(crate) other_bad: Vec<String>,
    pub(crate) benign: Vec<String>,
    /// Name, checksum and records of every file, for the model card.
    pub(crate) manifest: Vec<serde_json::Value>,
    /// Records by file, source and licence, for the model card.
    pub(crate) sources: std::collections::BTreeMap<(String, String, String), usize>,
    /// Records left out for their licence, by licence.
    pub(crate) excluded: std::collections::BTreeMap<String, usize>,
}

#[derive(Debug, Deserialize)]
struct RawRecord {
    text: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    set: Option<String>,
    #[serde(default)]
    license: Option<String>,
    #[serde(default)]
    doc_label: Option<String>,
    #[serde(default)]
    spans: Option<Vec<(usize, usize, String)>>,
    #[serde(default)]
    neutral: Option<Vec<(usize, usize)>>,
    #[serde(default)]
    hints: Option<Vec<(usize, usize, String)>>,
}

/// Opens a file, decompressing by content.
fn open(path: &Path) -> Result<Box<dyn BufRead>, TrainError> {
    let io = |error| TrainError::Read { path: path.to_owned(), error };
    let mut file = BufReader::with_capacity(1 << 20, File::open(path).map_err(io)?);
    let head = file.fill_buf().map_err(io)?;
    Ok(if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(BufReader::with_capacity(1 << 20, flate2::bufread::MultiGzDecoder::new(file)))
    } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(BufReader::with_capacity(1 << 20, zstd::stream::read::Decoder::with_buffer(file).map_err(io)?))
    } else {
        Box::new(file)
    })
}

impl Corpus {
    /// Reads files and the files of folders, in name order.
    pub(crate) fn read(
        inputs: &[std::path::PathBuf],
        exclude_license: &[String],
        progress: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Self, TrainError> {
        let mut files = Vec::new();
        for input in inputs {
            if input.is_dir() {
                let entries =
                    std::fs::read_dir(input).map_err(|error| TrainError::Read { path: input.clone(), error })?;
                files.extend(entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file()));
            } else {
                files.push(input.clone());
            }
        }
        files.sort();
        let mut corpus = Self::default();
        for path in &files {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if path.extension().is_some_and(|extension| extension == "md") {
                continue;
            }
            progress(&format!("reading {name}"));
            let records = if name.contains(".jsonl") || name.contains(".ndjson") {
                corpus.read_records(path, &name, exclude_license)?
            } else if name.starts_with("domains_") {
                corpus.read_domains(path, &name)?
            } else {
                continue;
            };
            let checksum = checksum(path)?;
            corpus.manifest.push(serde_json::json!({ "file": name, "crc32": checksum, "records": records }));
        }
        Ok(corpus)
    }

    fn read_domains(&mut self, path: &Path, name: &str) -> Result<usize, TrainError> {
        let io = |error| TrainError::Read { path: path.to_owned(), error };
        let list = if name.contains("gambling") {
            &mut self.gambling
        } else if name.contains("benign") {
            &mut self.benign
        } else {
            &mut self.other_bad
        };
        let before = list.len();
        for line in open(path)?.lines() {
            list.push(line.map_err(io)?.trim().to_lowercase());
        }
        Ok(list.len() - before)
    }

    fn read_records(&mut self, path: &Path, file: &str, exclude: &[String]) -> Result<usize, TrainError> {
        let mut count = 0;
        for (number, line) in open(path)?.lines().enumerate() {
            let line = line.map_err(|error| TrainError::Read { path: path.to_owned(), error })?;
            if line.trim().is_empty() {
                continue;
            }
            let record: RawRecord = serde_json::from_str(&line).map_err(|error| TrainError::Record {
                path: path.to_owned(),
                line: number + 1,
                reason: error.to_string(),
            })?;
            if let Some(license) = &record.license {
                if exclude.iter().any(|part| license.contains(part.as_str())) {
                    *self.excluded.entry(license.clone()).or_default() += 1;
                    continue;
                }
            }
            count += 1;
            let source = record.source.as_deref().map(|source| source.split(':').next().unwrap_or_default());
            let source = source.or(record.set.as_deref()).unwrap_or("unnamed").to_owned();
            let license = record.license.clone().unwrap_or_else(|| "not stated".to_owned());
            *self.sources.entry((file.to_owned(), source, license)).or_default() += 1;
            self.take(record, file).map_err(|reason| TrainError::Record {
                path: path.to_owned(),
                line: number + 1,
                reason,
            })?;
        }
        Ok(count)
    }

    fn take(&mut self, record: RawRecord, file: &str) -> Result<(), String> {
        let lang = record.lang.unwrap_or_else(|| "und".to_owned());
        if let Some(spans) = record.spans {
            let origin = match () {
                () if record.doc_label.is_some() => Origin::Comment,
                () if file.contains("fulltext") => Origin::FullPage,
                () if record.host.is_some() => Origin::Page,
                () => Origin::Lines,
            };
            let marks = marks_of(
                &record.text,
                &spans,
                &record.neutral.unwrap_or_default(),
                &record.hints.unwrap_or_default(),
                origin,
            )?;
            let key = match origin {
                Origin::Comment => record.text.clone(),
                _ => record.host.or(record.source).or(record.set).unwrap_or_else(|| record.text.clone()),
            };
            let key = if origin == Origin::Lines { record.text.clone() } else { key };
            self.docs.push(TrainDoc { text: record.text, marks, fold_key: hash_text(&key), origin });
        } else if let Some(label) = record.label {
            let label: Label = label.parse().map_err(|error: crate::label::ParseLabelError| error.to_string())?;
            self.lines.push((label, lang, record.text));
        } else if let Some(kind) = record.kind {
            self.articles.push(Article {
                text: record.text,
                title: record.title.unwrap_or_default(),
                lang,
                clean: kind == "clean",
                source: record
                    .source
                    .map(|source| source.split(':').next().unwrap_or_default().to_owned())
                    .unwrap_or_default(),
            });
        } else {
            return Err("neither \"spans\", \"label\" nor \"kind\": not a training record".to_owned());
        }
        Ok(())
    }
}

fn checksum(path: &Path) -> Result<String, TrainError> {
    let io = |error| TrainError::Read { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(io)?;
    let mut hash = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut buffer).map_err(io)?;
        if read == 0 {
            return Ok(format!("{:08x}", hash.finalize()));
        }
        hash.update(&buffer[..read]);
    }
}

/// Turns spans in code points into marks in bytes.
fn marks_of(
    text: &str,
    spans: &[(usize, usize, String)],
    neutral: &[(usize, usize)],
    hints: &[(usize, usize, String)],
    origin: Origin,
) -> Result<Vec<Mark>, String> {
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let span = |start: usize, end: usize| -> Result<Span, String> {
        match (offsets.get(start), offsets.get(end)) {
            (Some(&start), Some(&end)) if start <= end => Ok(Span::new(start, end)),
            _ => Err(format!("span {start}..{end} lies outside the text of {} code points", offsets.len() - 1)),
        }
    };
    let hinted: HashMap<(usize, usize), &str> =
        hints.iter().map(|(start, end, label)| ((*start, *end), label.as_str())).collect();
    let mut marks = Vec::with_capacity(spans.len() + neutral.len());
    for (start, end, label) in spans {
        let at = span(*start, *end)?;
        let known = label.parse::<Label>().ok();
        let hint = hinted.get(&(*start, *end)).and_then(|hint| hint.parse::<Label>().ok());
        let (class, kind) = match known.or(hint) {
            Some(label) => (label.class(), Some(label)),
            None if label == "boilerplate" => (Class::Boilerplate, None),
            None if label == "spam" => (Class::Spam, None),
            None => return Err(format!("unknown label \"{label}\"")),
        };
        // Long lines that page gold calls boilerplate are often article text it left out.
        let long = at.byte_len() > 200 && known.is_none() && origin == Origin::Page;
        marks.push(Mark { span: at, class: Some(class), kind, weight: if long { 0.3 } else { 1.0 } });
    }
    for &(start, end) in neutral {
        marks.push(Mark { span: span(start, end)?, class: None, kind: None, weight: 0.0 });
    }
    marks.sort_by_key(|mark| (mark.span.start(), mark.span.end()));
    Ok(marks)
}
