//! Trains models: reads labelled text, makes more of it, fits every stage, writes one file.
//!
//! The order is that of the detector. The sparse stage is fitted out of fold (documents of a
//! fold meet a table that has not seen them), so that the dense stage learns how far to trust
//! it; the same holds for the first pass under the second. Everything is deterministic: same
//! files and seed, same bytes.

mod augment;
mod boost;
pub mod calibrate;
mod corpus;
mod decide;
mod dense;
pub mod disguise;
pub mod evaluate;
mod headlines;
mod language;
mod material;
mod rng;
mod screen;
mod sparse;
mod technical;

use std::path::PathBuf;
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;

use crate::decode::Decoder;
use crate::detector::judge::{joined, pieces_of};
use crate::features::links::LinkFinder;
use crate::features::phrase::{PhraseSet, is_unspaced};
use crate::features::registry::FIRST_PASS_COUNT;
use crate::features::signs::{Sign, Signs};
use crate::features::view::LineView;
use crate::features::{FEATURE_COUNT, Place, Resources, Row, Summary, View, cues_of, fill_neighbours, first_pass_row};
use crate::label::{Class, Label};
use crate::model::brand::BrandTable;
use crate::model::classifier::Classifier;
use crate::model::kind;
use crate::model::language::LanguageTable;
use crate::model::linear::{LinearModel, softmax};
use crate::model::ngram::{self, NgramTable};
use crate::model::screen::Screen;
use crate::model::{Calibration, ModelParts, Thresholds, write_model};
use crate::normalize::Normalizer;
use crate::segment::{Segment, Segmenter};
use crate::span::Span;

use augment::{Recurring, Sources};
use boost::fit_forest;
use corpus::{Article, Corpus, Mark, Origin, TrainDoc};
use decide::{Scored, describe, platt, presets};
use dense::{DenseParams, Rows, fit, fit_network};
use language::train_languages;
use material::{Material, PHRASES};
use rng::{Rng, mix};
use screen::{ScreenExample, train_screen};
use sparse::{KindExample, NgramExample, SparseParams, train_brands, train_kinds, train_ngrams};

/// Number of folds of the out-of-fold stages.
const FOLDS: usize = 6;
/// Hash bits of the tables.
const KIND_BITS: u32 = 15;
const BRAND_BITS: u32 = 14;

/// What to train from and how.
#[derive(Debug, Clone)]
pub struct TrainConfig {
    /// Files and folders of training data.
    pub inputs: Vec<PathBuf>,
    /// Where the model is written.
    pub output: PathBuf,
    /// Seed of everything random.
    pub seed: u64,
    /// Threads; the result does not depend on it.
    pub jobs: usize,
    /// Most documents a source may give, for quick trials.
    pub max_docs: Option<usize>,
    /// Records whose licence contains one of these are left out.
    pub exclude_license: Vec<String>,
    /// Name in the model's header.
    pub name: String,
}

/// What came of a training run.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TrainSummary {
    /// Bytes of the model file.
    pub model_bytes: usize,
    /// Documents learnt from, made ones included.
    pub documents: usize,
    /// Lines with a target.
    pub lines: usize,
    /// Seconds it took.
    pub seconds: f64,
    /// The model's record of its training.
    pub record: serde_json::Value,
}

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A file could not be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// A record is not what the format says.
    #[error("{}: line {line}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The model could not be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// A class has no example.
    #[error("no example of class {class} in the training data: add lines of every class")]
    NoExamples {
        /// The class.
        class: String,
    },
    /// The optimiser gave up.
    #[error("fitting failed: {reason}")]
    Fit {
        /// What it said.
        reason: String,
    },
}

impl TrainError {
    fn fit(error: &dyn std::fmt::Display) -> Self {
        Self::Fit { reason: error.to_string() }
    }
}

/// Target of one line.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Target {
    class: Option<Class>,
    kind: Option<Label>,
    weight: f32,
    /// Whether junk stands inside the line beside content.
    mixed: bool,
}

/// Share of a line that a label must cover to be the line's.
const WHOLE: f64 = 0.9;

/// Reads the target of a span off the marks of its document.
fn target_of(text: &str, span: Span, marks: &[Mark]) -> Target {
    let total = solid(text, span).max(1) as f64;
    let mut classes = [0usize; Class::COUNT];
    let mut neutral = 0;
    let mut best: (usize, Option<Label>, f32) = (0, None, 1.0);
    let from = marks.partition_point(|mark| mark.span.start() + 200_000 < span.start());
    for mark in &marks[from..] {
        if mark.span.start() >= span.end() {
            break;
        }
        if !mark.span.overlaps(span) {
            continue;
        }
        let shared = Span::new(mark.span.start().max(span.start()), mark.span.end().min(span.end()));
        let size = solid(text, shared);
        match mark.class {
            None => neutral += size,
            Some(class) => {
                classes[class.index()] += size;
                if size > best.0 {
                    best = (size, mark.kind, mark.weight);
                }
            }
        }
    }
    let covered: usize = classes.iter().sum();
    let skip = Target { class: None, kind: None, weight: 0.0, mixed: false };
    if neutral as f64 > 0.2 * total {
        return skip;
    }
    if covered == 0 {
        return Target { class: Some(Class::Content), kind: None, weight: 1.0, mixed: false };
    }
    for class in Class::ALL {
        if classes[class.index()] as f64 >= WHOLE * total {
            return Target { class: Some(class), kind: best.1, weight: best.2, mixed: false };
        }
    }
    Target { mixed: true, ..skip }
}

fn solid(text: &str, span: Span) -> usize {
    span.of(text).bytes().filter(|byte| !byte.is_ascii_whitespace()).count()
}

/// Targets of the lines with text, in order.
fn targets_of(doc: &TrainDoc, segments: &mut Vec<Segment>) -> Vec<Target> {
    segments.clear();
    Segmenter.segments(&doc.text, segments);
    segments
        .iter()
        .filter(|segment| !segment.body.is_empty())
        .map(|segment| target_of(&doc.text, segment.body, &doc.marks))
        .collect()
}

fn fold_of(key: u64) -> usize {
    (mix(key) % FOLDS as u64) as usize
}

/// Trains a model and writes it.
///
/// # Errors
/// If a file cannot be read, a record is malformed, a class has no example, or the model
/// cannot be written.
pub fn train(config: &TrainConfig, progress: &mut (dyn FnMut(&str) + Send)) -> Result<TrainSummary, TrainError> {
    let started = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(config.jobs.max(1))
        .build()
        .map_err(|error| TrainError::fit(&error))?;
    let corpus = Corpus::read(&config.inputs, &config.exclude_license, progress)?;
    let prepared = prepare(config, corpus, progress)?;
    let trained = pool.install(|| fit_all(config, &prepared, progress))?;
    let sources: Vec<serde_json::Value> = prepared
        .sources
        .iter()
        .map(|((file, source, license), records)| json!([file, source, license, records]))
        .collect();
    let record = json!({
        "seed": config.seed,
        "sources": sources,
        "files": prepared.manifest,
        "excluded": prepared.excluded,
        "documents": prepared.docs.len(),
        "metrics": trained.metrics,
    });
    let bytes = write_model(ModelParts {
        name: &config.name,
        training: record.clone(),
        screen: &trained.screen,
        ngrams: &trained.ngrams,
        kinds: &trained.kinds,
        brands: &trained.brands,
        languages: &prepared.languages,
        phrases: &prepared.phrases[FOLDS],
        first: &trained.first,
        second: &trained.second,
        piece: &trained.piece,
        decoder: &trained.decoder,
        calibration: &trained.calibration,
        thresholds: &trained.thresholds,
    });
    write_whole(&config.output, &bytes)?;
    Ok(TrainSummary {
        model_bytes: bytes.len(),
        documents: prepared.docs.len(),
        lines: trained.lines,
        seconds: started.elapsed().as_secs_f64(),
        record,
    })
}

/// Writes a file under another name first, so that a half-written model is never found.
fn write_whole(path: &std::path::Path, bytes: &[u8]) -> Result<(), TrainError> {
    let fail = |error| TrainError::Write { path: path.to_owned(), error };
    let partial = path.with_extension("partial");
    std::fs::write(&partial, bytes).map_err(fail)?;
    std::fs::rename(&partial, path).map_err(fail)
}

/// Everything the fits need.
struct Prepared {
    docs: Vec<TrainDoc>,
    /// Single lines for the n-gram and kind tables only, each with its fold.
    lines: Vec<(Label, String, usize)>,
    brand_tokens: Vec<(Vec<u8>, bool, f32)>,
    languages: LanguageTable,
    /// Set f lacks a part of the phrases in documents of fold f, set `FOLDS` is whole: lists are
    /// never complete, and what reads their hits must learn to do without.
    phrases: Vec<PhraseSet>,
    manifest: Vec<serde_json::Value>,
    sources: std::collections::BTreeMap<(String, String, String), usize>,
    excluded: std::collections::BTreeMap<String, usize>,
}

fn prepare(
    config: &TrainConfig,
    corpus: Corpus,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Prepared, TrainError> {
    let Corpus {
        mut docs,
        lines: spam_lines,
        mut articles,
        gambling,
        other_bad,
        benign,
        manifest,
        sources: record,
        excluded,
    } = corpus;
    let mut rng = Rng::new(config.seed);
    let phrases = (0..=FOLDS)
        .map(|fold| PhraseSet::parse_some(PHRASES.iter().copied(), |phrase| fold_of(rng::hash_text(phrase)) != fold))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| TrainError::fit(&error))?;
    let mut material = Material::load();
    material.domains = gambling.iter().filter_map(|host| brand_of(host)).collect();
    material.domains.sort();
    material.domains.dedup();

    // Thin out what there is too much of.
    let limit = config.max_docs.unwrap_or(usize::MAX);
    for (origin, most) in [(Origin::FullPage, 2200), (Origin::Page, 9000), (Origin::Comment, 60_000)] {
        thin(&mut docs, origin, most.min(limit), &mut rng);
    }
    rng.shuffle(&mut articles);
    articles.truncate(limit);

    for doc in docs.iter_mut().filter(|doc| matches!(doc.origin, Origin::Page | Origin::FullPage)) {
        check_bylines(doc, &phrases[FOLDS]);
    }
    let recurring = Recurring::count(&articles);
    let spam_comments: Vec<(Label, String, usize)> = docs
        .iter()
        .filter(|doc| doc.origin == Origin::Comment && doc.text.len() < 300)
        .filter_map(|doc| {
            let kind = doc.marks.first().and_then(|mark| mark.kind)?;
            Some((kind, doc.text.clone(), fold_of(doc.fold_key)))
        })
        .filter(|(kind, ..)| kind.class() == Class::Spam)
        .collect();
    let spam_lines: Vec<(Label, String, usize)> = spam_lines
        .into_iter()
        .map(|(label, _, text)| {
            let fold = fold_of(rng::hash_text(&text));
            (label, text, fold)
        })
        .collect();
    let materials: Vec<Material> = (0..FOLDS).map(|fold| material.of_fold(fold)).collect();
    let sources: Vec<Sources<'_>> = materials
        .iter()
        .enumerate()
        .map(|(fold, material)| Sources {
            material,
            phrases: &phrases[FOLDS],
            recurring: &recurring,
            spam_lines: of_fold(&spam_lines, fold),
            spam_comments: of_fold(&spam_comments, fold),
            titles: titles_of_fold(&articles, fold),
        })
        .collect();
    progress("putting promos and page furniture into articles");
    let mut made = Vec::new();
    for (number, article) in articles.iter().enumerate() {
        let key = rng::hash_text(&article.source) ^ (number as u64 % 7).wrapping_mul(0x9e37_79b9);
        let sources = &sources[fold_of(key)];
        let mut own = Rng::new(config.seed ^ mix(number as u64 + 1));
        if own.chance(0.62) {
            made.push(sources.injected(article, key, &mut own));
        }
        if own.chance(0.25) {
            made.push(sources.glued(article, key, &mut own));
        }
        if own.chance(0.35) {
            made.push(sources.furnished(article, key, &mut own));
        } else {
            made.push(sources.plain(article, key, &mut own));
        }
    }
    for (number, article) in articles.iter().enumerate() {
        let mut own = Rng::new(config.seed ^ mix(number as u64 ^ 0x5c41));
        let Some(article) = transposed(article, &mut own) else { continue };
        let key = rng::hash_text(&article.source) ^ (number as u64 % 7).wrapping_mul(0x9e37_79b9);
        let sources = &sources[fold_of(key)];
        made.push(match own.below(3) {
            0 => sources.injected(&article, key, &mut own),
            1 => sources.furnished(&article, key, &mut own),
            _ => sources.plain(&article, key, &mut own),
        });
    }
    for round in 0..4u64 {
        for (number, kept) in material.keep.iter().enumerate() {
            let mut own = Rng::new(config.seed ^ mix(round << 32 | number as u64));
            made.push(sources[fold_of(kept.key)].kept(&kept.lang, &kept.text, kept.key, round == 3, &mut own));
        }
    }
    for number in 0..900u64.min(limit as u64) {
        let mut own = Rng::new(config.seed ^ mix(number ^ 0xadd8));
        made.push(Sources::single(&technical::address(&mut own), mix(number ^ 0xadd8)));
    }
    for number in 0..2000u64.min(limit as u64) {
        let mut own = Rng::new(config.seed ^ mix(number ^ 0x4ead));
        made.push(Sources::single(&headlines::headline(&mut own), mix(number ^ 0x4ead)));
    }
    // Headlines and single lines are judged too, and often on the subjects spam is about.
    for (number, article) in articles.iter().enumerate().filter(|(_, article)| !article.title.trim().is_empty()) {
        let key = rng::hash_text(&article.source) ^ (number as u64 % 7).wrapping_mul(0x9e37_79b9);
        if mix(number as u64 ^ 0x717e).is_multiple_of(3) {
            made.push(Sources::single(&article.title, key));
        }
    }
    for kept in &material.keep {
        let lines: Vec<&str> = kept.text.lines().filter(|line| line.trim().chars().count() > 3).collect();
        let mut own = Rng::new(config.seed ^ kept.key);
        for _ in 0..4.min(lines.len()) {
            made.push(Sources::single(lines[own.below(lines.len())], kept.key));
        }
    }
    for number in 0..1500u64.min(limit as u64) {
        let mut own = Rng::new(config.seed ^ mix(number ^ 0xabcd));
        let key = mix(number);
        made.push(sources[fold_of(key)].spam_page(key, &mut own));
    }
    for number in 0..1500u64.min(limit as u64) {
        let mut own = Rng::new(config.seed ^ mix(number ^ 0x7ec4));
        let key = mix(number ^ 0x7ec4);
        made.push(sources[fold_of(key)].technical(key, &mut own));
    }
    drop(sources);
    docs.extend(made);

    let mut lines = material.every_line(&mut rng);
    lines.extend(spam_lines);

    let languages = train_languages(&articles, &material);
    let brand_tokens = brand_tokens(&material, &docs, &gambling, &other_bad, &benign, &mut rng);
    progress(&format!("{} documents, {} single lines, {} tokens", docs.len(), lines.len(), brand_tokens.len()));
    Ok(Prepared { docs, lines, brand_tokens, languages, phrases, manifest, sources: record, excluded })
}

/// Scripts whose letters stand in the same order: Bengali and Devanagari with the other scripts
/// of India, and Thai with Lao. First letter of the block, and the language that promos are in.
const ALIKE: &[(u32, &str)] =
    &[(0x0a00, "pa"), (0x0a80, "gu"), (0x0b00, "or"), (0x0b80, "ta"), (0x0c00, "te"), (0x0c80, "kn"), (0x0d00, "ml")];
const LAO: (u32, &str) = (0x0e80, "lo");

/// An article with its letters replaced by those of another script, for scripts that there is no
/// article in: what is written in unknown letters is no more spam than anything else.
fn transposed(article: &Article, rng: &mut Rng) -> Option<Article> {
    let (from, (to, lang)) = match article.lang.as_str() {
        "hi" | "ne" | "mr" => (0x0900, *rng.pick(ALIKE)),
        "bn" => (0x0980, *rng.pick(ALIKE)),
        "th" if rng.chance(0.3) => (0x0e00, LAO),
        _ => return None,
    };
    let replace = |text: &str| {
        let letter = |sign: char| {
            let code = u32::from(sign);
            // Beyond the letters each block has signs of its own.
            let alike = (from..from + 0x65).contains(&code);
            if alike { char::from_u32(code - from + to).unwrap_or(sign) } else { sign }
        };
        text.chars().map(letter).collect()
    };
    let (text, title) = (replace(&article.text), replace(&article.title));
    Some(Article { text, title, lang: lang.to_owned(), clean: article.clean, source: article.source.clone() })
}

/// Most bylines at the head of a page; dates behind them belong to other articles.
const MOST_BYLINES: usize = 3;

/// Takes the kind from lines of a page that were guessed to be bylines and do not look it.
///
/// Bylines are kept: menu entries among them would teach that furniture is to be kept.
fn check_bylines(doc: &mut TrainDoc, phrases: &PhraseSet) {
    let mut symbols = Vec::new();
    let mut known = 0;
    for mark in doc.marks.iter_mut().filter(|mark| mark.kind == Some(Label::Byline)) {
        symbols.clear();
        let (base, stats) = Normalizer.fold(mark.span.of(&doc.text), &mut symbols);
        let hits = phrases.find(&symbols, is_unspaced(&stats));
        let named = hits.labels >> Label::Byline.index() & 1 == 1 && (hits.whole || hits.start);
        let links = LinkFinder.find(&symbols[..base], &Signs::count_in(&symbols[..base]));
        let dated = (links.date || links.time) && stats.chars <= 80;
        if (named || dated) && known < MOST_BYLINES {
            known += 1;
        } else {
            mark.class = Some(Class::Boilerplate);
            mark.kind = None;
        }
    }
}

/// Titles by language, those of one fold.
fn titles_of_fold(articles: &[Article], fold: usize) -> std::collections::BTreeMap<&str, Vec<&str>> {
    let mut out: std::collections::BTreeMap<&str, Vec<&str>> = std::collections::BTreeMap::new();
    for article in articles {
        let title = article.title.trim();
        let fits = (15..=130).contains(&title.chars().count()) && !title.contains('\n');
        if fits && fold_of(rng::hash_text(title)) == fold {
            out.entry(article.lang.as_str()).or_default().push(title);
        }
    }
    out
}

/// The lines of one fold.
fn of_fold(lines: &[(Label, String, usize)], fold: usize) -> Vec<(Label, &str)> {
    lines.iter().filter(|line| line.2 == fold).map(|(label, text, _)| (*label, text.as_str())).collect()
}

fn thin(docs: &mut Vec<TrainDoc>, origin: Origin, most: usize, rng: &mut Rng) {
    let count = docs.iter().filter(|doc| doc.origin == origin).count();
    if count > most {
        let share = most as f64 / count as f64;
        docs.retain(|doc| doc.origin != origin || rng.chance(share));
    }
}

/// The name in a host: without `www.` and the ending.
fn brand_of(host: &str) -> Option<String> {
    let host = host.trim_start_matches("www.");
    let mut parts: Vec<&str> = host.split('.').collect();
    if parts.len() < 2 {
        return None;
    }
    parts.pop();
    if parts.len() > 1 && matches!(parts.last(), Some(&("co" | "com" | "org" | "net" | "ac" | "web" | "blogspot"))) {
        parts.pop();
    }
    let name = *parts.last()?;
    let valid = (4..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    valid.then(|| name.to_owned())
}

fn brand_tokens(
    material: &Material,
    docs: &[TrainDoc],
    gambling: &[String],
    other_bad: &[String],
    benign: &[String],
    rng: &mut Rng,
) -> Vec<(Vec<u8>, bool, f32)> {
    let mut tokens: Vec<(Vec<u8>, bool, f32)> = Vec::new();
    for host in gambling {
        if let Some(name) = brand_of(host) {
            // Names without a number are mostly ordinary words run together.
            let weight = if name.bytes().any(|byte| byte.is_ascii_digit()) { 1.0 } else { 0.35 };
            if rng.chance(0.5) {
                tokens.push((name.into_bytes(), true, weight));
            }
        }
    }
    for _ in 0..20_000 {
        tokens.push((material.brand(rng).to_lowercase().replace(' ', "").into_bytes(), true, 0.7));
    }
    for host in benign {
        if let Some(name) = brand_of(host) {
            tokens.push((name.into_bytes(), false, 1.0));
        }
    }
    for host in other_bad.iter().step_by(4) {
        if let Some(name) = brand_of(host) {
            tokens.push((name.into_bytes(), false, 0.3));
        }
    }
    // Words and numbers of ordinary text, those with digits all, others by sample.
    let mut symbols = Vec::new();
    for doc in docs {
        if doc.origin == Origin::Comment {
            continue;
        }
        let mut segments = Vec::new();
        let targets = targets_of(doc, &mut segments);
        let bodies = segments.iter().filter(|segment| !segment.body.is_empty());
        for (segment, target) in bodies.zip(&targets) {
            if target.class != Some(Class::Content) && target.class != Some(Class::Byline) {
                continue;
            }
            let with_digits = segment.body.of(&doc.text).bytes().any(|byte| byte.is_ascii_digit());
            if !with_digits && !rng.chance(0.02) {
                continue;
            }
            symbols.clear();
            let (base, _) = Normalizer.fold(segment.body.of(&doc.text), &mut symbols);
            for token in symbols[..base].split(|symbol| !symbol.is_ascii_alphanumeric()) {
                let letters = token.iter().filter(|symbol| symbol.is_ascii_lowercase()).count();
                let digits = token.len() - letters;
                if token.len() < 3 || token.len() > 32 || letters == 0 {
                    continue;
                }
                if digits > 0 {
                    tokens.push((token.to_vec(), false, 3.0));
                } else if rng.chance(0.05) {
                    tokens.push((token.to_vec(), false, 1.0));
                }
            }
        }
    }
    // Random identifiers: checksums, serial numbers, commits.
    for _ in 0..6000 {
        let len = 6 + rng.below(26);
        let hex = b"0123456789abcdef";
        let token: Vec<u8> = (0..len).map(|_| *rng.pick(hex)).collect();
        if token.iter().any(u8::is_ascii_lowercase) {
            tokens.push((token, false, 1.0));
        }
    }
    tokens
}

/// All fitted parts.
struct Trained {
    screen: Screen,
    ngrams: NgramTable,
    kinds: [kind::KindTable; 2],
    brands: BrandTable,
    first: LinearModel,
    second: Classifier,
    piece: Classifier,
    decoder: Decoder,
    calibration: [[Calibration; Class::COUNT]; 3],
    thresholds: [Thresholds; 3],
    lines: usize,
    metrics: serde_json::Value,
}

/// A folded line for the sparse stage.
struct SparseLine {
    from: usize,
    to: usize,
    class: Class,
    weight: f32,
    fold: usize,
}

fn fit_all(
    config: &TrainConfig,
    data: &Prepared,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<Trained, TrainError> {
    let links = LinkFinder;
    progress("fitting the brand table");
    let sparse = |bits, epochs, seed| SparseParams { bits, epochs, rate: 0.25, decay: 1e-6, seed: config.seed ^ seed };
    let brands: Vec<BrandTable> = (0..=FOLDS)
        .into_par_iter()
        .map(|fold| {
            let known: Vec<_> = data
                .brand_tokens
                .iter()
                .filter(|(token, ..)| fold_of(rng::hash_text(&String::from_utf8_lossy(token))) != fold)
                .cloned()
                .collect();
            train_brands(&known, sparse(BRAND_BITS, 3, 11))
        })
        .collect();

    progress("fitting the screen");
    let (screen, screen_record) = {
        let examples = screen_examples(config, data);
        train_screen(&examples, &brands[FOLDS], config.seed ^ 0x5c)
    };
    progress(&format!("screen: {screen_record}"));
    let blank = Screen::blank();

    progress("folding lines");
    let (symbols, sparse_lines) = fold_lines(config, data);
    progress(&format!("fitting n-gram tables on {} lines", sparse_lines.len()));
    // Table `FOLDS` has seen everything, table f all but fold f.
    let tables: Vec<NgramTable> = (0..=FOLDS)
        .into_par_iter()
        .map(|fold| {
            let examples: Vec<NgramExample<'_>> = sparse_lines
                .iter()
                .filter(|line| line.fold != fold)
                .map(|line| NgramExample {
                    symbols: &symbols[line.from..line.to],
                    class: line.class,
                    weight: line.weight,
                })
                .collect();
            train_ngrams(&examples, sparse(ngram::BITS, 3, 23))
        })
        .collect();

    progress("first pass: extracting rows");
    let resources = |fold: usize| Resources {
        screen: &blank,
        ngrams: &tables[fold],
        languages: &data.languages,
        brands: &brands[fold],
        phrases: &data.phrases[fold],
        links: &links,
    };
    let sampled: Vec<SampledDoc> = sample_rows(config, data, &resources);
    let lines: usize = sampled.iter().map(|doc| doc.rows.len()).sum();
    progress(&format!("first pass: {lines} lines in {} documents", sampled.len()));
    let dense = DenseParams { alpha: 10.0, floor: 1.0, decay: 1e-6, epochs: 10, iterations: 6 };
    let first_models: Vec<LinearModel> = (0..=FOLDS)
        .into_par_iter()
        .map(|fold| {
            let mut rows = Rows::new(FIRST_PASS_COUNT);
            let mut rng = Rng::new(config.seed ^ 0x4d ^ fold as u64);
            let share = if fold == FOLDS { 0.4 } else { 0.25 };
            for doc in sampled.iter().filter(|doc| doc.fold != fold) {
                for (row, target) in doc.rows.iter().zip(&doc.targets) {
                    if let Some(class) = target.class {
                        if rng.chance(f64::from(target.weight) * doc.weight * share) {
                            rows.push(row, class.index());
                        }
                    }
                }
            }
            fit(&rows, dense)
        })
        .collect::<Result<_, _>>()?;

    progress("second pass: extracting rows");
    let second_rows: Vec<Vec<Row>> = sampled
        .par_iter()
        .map_init(View::default, |view, doc| {
            let source = &data.docs[doc.index];
            view.load(&source.text, resources(doc.fold), true);
            let model = &first_models[doc.fold];
            let logits: Vec<_> = doc.rows.iter().map(|row| model.logits(row)).collect();
            let probabilities: Vec<_> = logits.iter().map(|&logit| softmax(logit)).collect();
            let summary = Summary::new(view, &doc.rows, &probabilities);
            doc.rows
                .iter()
                .enumerate()
                .map(|(number, row)| {
                    let mut row = *row;
                    fill_neighbours(view, number, &summary, logits[number], &mut row);
                    row
                })
                .collect()
        })
        .collect();
    progress("second pass: fitting");
    // Two fits that have each seen one half of the folds judge the other half, for
    // calibration; the third sees all.
    let halves: Vec<Classifier> = (0..3usize)
        .into_par_iter()
        .map(|half| {
            let mut rows = Rows::new(FEATURE_COUNT);
            let mut rng = Rng::new(config.seed ^ 0x63 ^ half as u64);
            for (doc, doc_rows) in sampled.iter().zip(&second_rows) {
                if half < 2 && doc.fold % 2 == half {
                    continue;
                }
                for (row, target) in doc_rows.iter().zip(&doc.targets) {
                    if let Some(class) = target.class {
                        if rng.chance(f64::from(target.weight) * doc.weight * 0.7) {
                            rows.push(row, class.index());
                        }
                    }
                }
            }
            fit_classifier(&rows, dense, config.seed ^ 0x2e7 ^ half as u64)
        })
        .collect::<Result<_, _>>()?;
    let second = halves[2].clone();

    progress("decoder and calibration");
    let decoder = fit_decoder(&sampled);
    let mut scored: Vec<(usize, usize, [f32; Class::COUNT])> = Vec::new();
    let mut messages = Vec::new();
    for (index, (doc, rows)) in sampled.iter().zip(&second_rows).enumerate() {
        let model = &halves[doc.fold % 2];
        let mut scores: Vec<_> = rows.iter().map(|row| model.probabilities(row)).collect();
        decoder.decode(&mut scores, &mut messages);
        scored.extend(scores.into_iter().enumerate().map(|(line, score)| (index, line, score)));
    }

    progress("pieces inside lines");
    let mut pieces = piece_rows(config, data, &sampled, &tables, &resources);
    lines_as_pieces(data, &sampled, &mut pieces);
    let piece_models: Vec<Classifier> = (0..3usize)
        .into_par_iter()
        .map(|half| {
            let mut rows = Rows::new(FIRST_PASS_COUNT);
            for piece in &pieces {
                if half == 2 || piece.fold % 2 != half {
                    rows.push(&piece.row, piece.class.index());
                }
            }
            fit_classifier(&rows, dense, config.seed ^ 0x91e ^ half as u64)
        })
        .collect::<Result<_, _>>()?;

    // Calibration by scope.
    let mut samples: [Vec<Scored>; 3] = Default::default();
    for &(index, line, scores) in &scored {
        let doc = &sampled[index];
        if let Some(class) = doc.targets[line].class {
            let scope = if doc.rows.len() == 1 { 2 } else { 0 };
            let weight = doc.targets[line].weight * doc.weight as f32;
            samples[scope].push(Scored { scores, class, weight, sure: is_sure(data.docs[doc.index].origin) });
        }
    }
    for piece in &pieces {
        let scores = piece_models[piece.fold % 2].probabilities(&piece.row);
        samples[1].push(Scored { scores, class: piece.class, weight: 1.0, sure: piece.sure });
    }
    let mut calibration = [[Calibration::IDENTITY; Class::COUNT]; 3];
    for (scope, samples) in samples.iter().enumerate() {
        for class in 1..Class::COUNT {
            calibration[scope][class] = platt(samples, class);
        }
    }
    let thresholds = presets(&samples, &calibration);
    let metrics = describe(&samples, &calibration);
    progress(&format!("thresholds: {thresholds:?}"));
    progress(&format!("held-out metrics: {metrics}"));

    progress("kinds");
    let kinds = fit_kinds(config, data, &sampled, &brands[FOLDS], &tables, &links);

    Ok(Trained {
        screen,
        ngrams: tables[FOLDS].clone(),
        kinds,
        brands: brands[FOLDS].clone(),
        first: first_models[FOLDS].clone(),
        second,
        piece: piece_models[2].clone(),
        decoder,
        calibration,
        thresholds,
        lines,
        metrics,
    })
}

/// Probability of content below which the network leaves a row to the trees as well: more than those
/// that will ask them, so that they know what lies beyond.
const DOUBTFUL: f32 = 0.998;

/// Fits a network, and trees to what it is not sure about.
fn fit_classifier(rows: &Rows, dense: DenseParams, seed: u64) -> Result<Classifier, TrainError> {
    let network = fit_network(rows, dense, seed)?;
    let forest = fit_forest(rows, |row| softmax(network.logits(row))[0] < DOUBTFUL, seed ^ 0x7ee5);
    Ok(Classifier::new(network, forest))
}

/// Most symbols of a line that the sparse stage learns from.
const MAX_SPARSE: usize = 360;

/// Texts for the screen: article text, and junk alone or cut out of the line it stands in.
fn screen_examples<'a>(config: &TrainConfig, data: &'a Prepared) -> Vec<ScreenExample<'a>> {
    let mut out = Vec::new();
    let mut rng = Rng::new(config.seed ^ 0x5c2e);
    let mut segments = Vec::new();
    for doc in &data.docs {
        let fold = fold_of(doc.fold_key);
        let targets = targets_of(doc, &mut segments);
        let bodies = segments.iter().map(|segment| segment.body).filter(|body| !body.is_empty());
        for (body, target) in bodies.zip(&targets) {
            let text = body.of(&doc.text);
            let long = text.len() > 160;
            match target.class {
                Some(Class::Content) => {
                    let taken = rng.chance(if doc.origin == Origin::Article { 0.3 } else { 0.7 });
                    out.extend(taken.then(|| ScreenExample::new(text, Class::Content, true, 1.0, fold)));
                }
                Some(class) => {
                    let promo = class == Class::Spam || long;
                    if rng.chance(if doc.origin == Origin::FullPage { 0.3 } else { 1.0 }) {
                        out.push(ScreenExample::new(text, class, long, if promo { target.weight } else { 0.3 }, fold));
                    }
                }
                None if target.mixed => {
                    for mark in doc.marks.iter().filter(|mark| mark.span.overlaps(body)) {
                        if let Some(class) = mark.class {
                            out.push(ScreenExample::new(mark.span.of(&doc.text).trim(), class, true, 1.0, fold));
                        }
                    }
                }
                None => {}
            }
        }
    }
    for (label, text, fold) in &data.lines {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            out.push(ScreenExample::new(line, label.class(), false, 1.0, *fold));
        }
    }
    out
}

fn fold_lines(config: &TrainConfig, data: &Prepared) -> (Vec<u8>, Vec<SparseLine>) {
    let mut symbols = Vec::new();
    let mut lines = Vec::new();
    let mut rng = Rng::new(config.seed ^ 5);
    let mut segments = Vec::new();
    let mut add = |text: &str, class: Class, weight: f32, fold: usize, symbols: &mut Vec<u8>| {
        let from = symbols.len();
        Normalizer.read(text, symbols);
        if symbols.len() - from > MAX_SPARSE {
            symbols.truncate(from + MAX_SPARSE);
        }
        lines.push(SparseLine { from, to: symbols.len(), class, weight, fold });
    };
    for doc in &data.docs {
        let fold = fold_of(doc.fold_key);
        let targets = targets_of(doc, &mut segments);
        let bodies: Vec<Span> = segments.iter().map(|segment| segment.body).filter(|body| !body.is_empty()).collect();
        for (body, target) in bodies.iter().zip(&targets) {
            let Some(class) = target.class else {
                if target.mixed {
                    // The parts of a mixed line are examples of their own.
                    for mark in doc.marks.iter().filter(|mark| mark.span.overlaps(*body)) {
                        if let Some(class) = mark.class {
                            add(mark.span.of(&doc.text).trim(), class, 1.0, fold, &mut symbols);
                        }
                    }
                }
                continue;
            };
            let long = body.byte_len() > 160;
            // Long article lines are many and alike.
            let keep = match (doc.origin, class, long) {
                (Origin::Article, Class::Content, true) => 0.22,
                (Origin::FullPage, Class::Boilerplate, _) => 0.35,
                _ => 1.0,
            };
            if rng.chance(keep) {
                add(body.of(&doc.text), class, target.weight, fold, &mut symbols);
            }
        }
    }
    for (label, text, fold) in &data.lines {
        let fold = *fold;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            add(line, label.class(), 1.0, fold, &mut symbols);
        }
    }
    (symbols, lines)
}

/// Rows of the first pass of one document, all its lines.
struct SampledDoc {
    index: usize,
    fold: usize,
    weight: f64,
    rows: Vec<Row>,
    targets: Vec<Target>,
}

fn sample_rows<'a>(
    config: &TrainConfig,
    data: &'a Prepared,
    resources: &(impl Fn(usize) -> Resources<'a> + Sync),
) -> Vec<SampledDoc> {
    let mut rng = Rng::new(config.seed ^ 31);
    let chosen: Vec<(usize, f64)> = data
        .docs
        .iter()
        .enumerate()
        .filter_map(|(index, doc)| {
            // Share of documents taken, and share of their lines that count.
            let (docs, lines) = match doc.origin {
                Origin::FullPage => (0.4, 0.4),
                Origin::Page => (0.5, 0.9),
                Origin::Lines => (1.0, 0.5),
                Origin::Comment => (0.6, 1.0),
                Origin::Article => (0.4, 0.9),
                Origin::Keep => (1.0, 1.0),
            };
            (rng.chance(docs) && doc.text.len() < 200_000).then_some((index, lines))
        })
        .collect();
    chosen
        .into_par_iter()
        .map_init(
            || (View::default(), Vec::new()),
            |(view, segments), (index, weight)| {
                let doc = &data.docs[index];
                let fold = fold_of(doc.fold_key);
                view.load(&doc.text, resources(fold), true);
                let targets = targets_of(doc, segments);
                let mut rows = Vec::with_capacity(view.lines.len());
                let mut row = [0.0; FEATURE_COUNT];
                for (number, line) in view.lines.iter().enumerate() {
                    first_pass_row(view, line, Place::line(&doc.text, number), resources(fold), &mut row);
                    rows.push(row);
                }
                SampledDoc { index, fold, weight, rows, targets }
            },
        )
        .collect()
}

/// Log of how much likelier a class is behind another than anywhere, from labelled neighbours.
fn fit_decoder(docs: &[SampledDoc]) -> Decoder {
    const N: usize = Class::COUNT;
    let mut pairs = [[1.0f64; N]; N];
    for doc in docs {
        for two in doc.targets.windows(2) {
            if let (Some(one), Some(other)) = (two[0].class, two[1].class) {
                pairs[one.index()][other.index()] += doc.weight;
            }
        }
    }
    let total: f64 = pairs.iter().flatten().sum();
    let rows: [f64; N] = std::array::from_fn(|class| pairs[class].iter().sum());
    let columns: [f64; N] = std::array::from_fn(|class| pairs.iter().map(|row| row[class]).sum());
    let transitions = std::array::from_fn(|one| {
        std::array::from_fn(|other| {
            ((pairs[one][other] * total) / (rows[one] * columns[other])).ln().clamp(-3.0, 3.0) as f32
        })
    });
    Decoder::new(transitions, 0.25, 1.2).expect("logarithms of positive counts")
}

/// A piece of a line with its target.
struct Piece {
    fold: usize,
    row: Row,
    class: Class,
    sure: bool,
}

/// Whether what is content in a document was never anything else: the gold of web pages leaves out
/// captions, standfirsts and headings of articles.
fn is_sure(origin: Origin) -> bool {
    matches!(origin, Origin::Article | Origin::Keep | Origin::Comment)
}

fn piece_rows<'a>(
    config: &TrainConfig,
    data: &'a Prepared,
    sampled: &[SampledDoc],
    tables: &[NgramTable],
    resources: &(impl Fn(usize) -> Resources<'a> + Sync),
) -> Vec<Piece> {
    // Mixed lines of all documents, and a sample of lines that are all content.
    let mut wanted: Vec<usize> = sampled.iter().map(|doc| doc.index).collect();
    wanted.sort_unstable();
    let per_doc: Vec<Vec<Piece>> = (0..data.docs.len())
        .into_par_iter()
        .map_init(
            || (View::default(), Vec::new(), Vec::new()),
            |(view, segments, pieces), index| {
                let doc = &data.docs[index];
                let mut out = Vec::new();
                if doc.origin == Origin::FullPage || doc.text.len() > 200_000 {
                    return out;
                }
                let fold = fold_of(doc.fold_key);
                let targets = targets_of(doc, segments);
                let mut rng = Rng::new(config.seed ^ mix(index as u64 ^ 0x51ce));
                let any_mixed = targets.iter().any(|target| target.mixed);
                if !any_mixed && !rng.chance(if doc.origin == Origin::Keep { 0.6 } else { 0.25 }) {
                    return out;
                }
                view.load(&doc.text, resources(fold), true);
                for number in 0..targets.len() {
                    let target = targets[number];
                    let body = view.lines[number].body;
                    let content = target.class == Some(Class::Content);
                    let suspicious = view.lines[number].sums.peak > 0.5;
                    let linked = view.lines[number].signs.count(Sign::Square) > 0;
                    // Names in Latin letters within other scripts are cut off as pieces of their own.
                    let stats = &view.lines[number].stats;
                    let letters = stats.letters();
                    let foreign = view.main_script != 0 && letters - stats.scripts[view.main_script].min(letters) >= 3;
                    let trails = view.lines[number].glance.trails;
                    let share = match (trails || doc.origin == Origin::Keep && linked, suspicious, foreign) {
                        (true, ..) => 0.9,
                        (_, true, _) => 0.5,
                        (.., true) => 0.4,
                        _ => 0.08,
                    };
                    if !(target.mixed || content && body.byte_len() > 60 && rng.chance(share)) {
                        continue;
                    }
                    pieces_of(resources(fold).brands, &doc.text, body, pieces);
                    if pieces.len() < 2 {
                        continue;
                    }
                    for &piece in pieces.iter() {
                        let part = piece.of(&doc.text);
                        let lead = part.len() - part.trim_start().len();
                        let span = Span::new(piece.start() + lead, piece.start() + lead + part.trim().len());
                        if span.is_empty() {
                            continue;
                        }
                        let target = target_of(&doc.text, span, &doc.marks);
                        let Some(class) = target.class else { continue };
                        let keep = view.held();
                        let mut line = LineView::piece(&doc.text, span, resources(fold), &mut view.keys);
                        view.fold_piece(&doc.text, &mut line, &tables[fold]);
                        let mut row = [0.0; FEATURE_COUNT];
                        let place = Place::piece(&doc.text, number, joined(&doc.text, body, span));
                        first_pass_row(view, &line, place, resources(fold), &mut row);
                        view.forget(keep);
                        out.push(Piece { fold, row, class, sure: is_sure(doc.origin) });
                    }
                }
                out
            },
        )
        .collect();
    let mut all: Vec<Piece> = per_doc.into_iter().flatten().collect();
    let most = 160_000;
    if all.len() > most {
        let mut rng = Rng::new(config.seed ^ 0x91ec);
        let content = all.iter().filter(|piece| piece.class == Class::Content).count();
        let share = (most as f64 - (all.len() - content) as f64).max(0.0) / content as f64;
        all.retain(|piece| piece.class != Class::Content || rng.chance(share));
    }
    all
}

/// Most lines of a class that stand in for pieces.
const MOST_LINES_AS_PIECES: usize = 2000;

/// Adds lines of the classes that no piece of a half is of: labels that cover whole lines only,
/// as most people's do, show none inside of lines.
fn lines_as_pieces(data: &Prepared, sampled: &[SampledDoc], pieces: &mut Vec<Piece>) {
    for class in Class::ALL {
        for half in 0..2 {
            if pieces.iter().any(|piece| piece.class == class && piece.fold % 2 == half) {
                continue;
            }
            let of_half = sampled.iter().filter(|doc| doc.fold % 2 == half);
            let lines = of_half.flat_map(|doc| {
                let sure = is_sure(data.docs[doc.index].origin);
                let of_class = doc.rows.iter().zip(&doc.targets).filter(move |(_, target)| target.class == Some(class));
                of_class.map(move |(row, _)| Piece { fold: doc.fold, row: *row, class, sure })
            });
            pieces.extend(lines.take(MOST_LINES_AS_PIECES));
        }
    }
}

fn fit_kinds(
    config: &TrainConfig,
    data: &Prepared,
    sampled: &[SampledDoc],
    brands: &BrandTable,
    tables: &[NgramTable],
    links: &LinkFinder,
) -> [kind::KindTable; 2] {
    let resources = Resources {
        screen: &Screen::blank(),
        ngrams: &tables[FOLDS],
        languages: &data.languages,
        brands,
        phrases: &data.phrases[FOLDS],
        links,
    };
    // Folded lines with their cues, first those of documents, then single ones.
    let mut owned: Vec<(Vec<u8>, Vec<u16>, Label, f32)> = Vec::new();
    let mut segments = Vec::new();
    let mut cues = Vec::new();
    for doc in sampled {
        let source = &data.docs[doc.index];
        segments.clear();
        Segmenter.segments(&source.text, &mut segments);
        let bodies = segments.iter().filter(|segment| !segment.body.is_empty());
        for ((segment, row), target) in bodies.zip(&doc.rows).zip(&doc.targets) {
            let Some(label) = target.kind.filter(|kind| kind.class() != Class::Content) else { continue };
            let hinted = matches!(source.origin, Origin::Page | Origin::FullPage);
            let mut symbols = Vec::new();
            Normalizer.read(segment.body.of(&source.text), &mut symbols);
            cues_of(row, &mut cues);
            owned.push((symbols, cues.clone(), label, if hinted { 0.3 } else { 1.0 }));
        }
    }
    let mut view = View::default();
    for (label, text, _) in &data.lines {
        let line = text.lines().next().unwrap_or_default();
        view.load(line, resources, true);
        if view.lines.len() != 1 {
            continue;
        }
        let mut row = [0.0; FEATURE_COUNT];
        first_pass_row(&view, &view.lines[0], Place::line(line, 0), resources, &mut row);
        cues_of(&row, &mut cues);
        owned.push((view.symbols.clone(), cues.clone(), *label, 1.0));
    }
    [kind::BOILERPLATE, kind::SPAM].map(|labels| {
        let mut counts = [0usize; kind::KINDS];
        let mut examples: Vec<KindExample<'_>> = Vec::new();
        for (symbols, cues, label, weight) in &owned {
            if let Some(column) = labels.iter().position(|known| known == label) {
                counts[column] += 1;
                examples.push(KindExample { symbols, cues: cues.clone(), column, weight: *weight });
            }
        }
        // Rare kinds count more, up to a limit.
        let most = counts.iter().copied().max().unwrap_or(1) as f32;
        for example in &mut examples {
            example.weight *= (most / counts[example.column].max(1) as f32).sqrt().min(6.0);
        }
        train_kinds(
            &examples,
            SparseParams { bits: KIND_BITS, epochs: 4, rate: 0.25, decay: 1e-6, seed: config.seed ^ 41 },
        )
    })
}
