//! From flags and the settings file to what the run works with.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};
use unspam::io::{Fields, Format, ReadOptions, RecordText, RecordView};
use unspam::profile::SiteProfile;
use unspam::{Detector, Label, LabelSet, Policy, Preset, Report};

use crate::cli::args::{self, Common, Judge, Read, When};
use crate::cli::profile;

/// Bytes of input after which a checkpoint is set unless set otherwise.
const CHECKPOINT_BYTES: u64 = 64 << 20;

/// The settings file: the names of the flags without their dashes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct ConfigFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remove: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keep: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_loss_share: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caution: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang_field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_header: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_record: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_expansion: Option<u64>,
    // Tables come last in TOML.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    threshold: BTreeMap<String, f32>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Size {
    Bytes(usize),
    Text(String),
}

/// What a run works with.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) detector: Detector,
    /// Whether texts are judged at all.
    pub(crate) judges: bool,
    /// What sites repeat.
    pub(crate) profile: Option<SiteProfile>,
    /// Tells policies apart in ledgers.
    pub(crate) policy_hash: String,
    pub(crate) fields: Fields,
    pub(crate) read: ReadOptions,
    pub(crate) jobs: usize,
    pub(crate) limit: Option<u64>,
    /// Bytes of input after which a checkpoint is set, at the end of an input.
    pub(crate) checkpoint_bytes: u64,
    pub(crate) quiet: bool,
    pub(crate) color: When,
}

impl Settings {
    /// Returns what is found in a record.
    pub(crate) fn scan(&self, view: &RecordView<'_>) -> Report {
        if !self.judges {
            return Report::empty(view.text().as_bytes().len());
        }
        let report = view.scan(&self.detector);
        match (&self.profile, view.text()) {
            (Some(profile), RecordText::Utf8(text)) => profile.refine(&self.detector, text, view.url(), report),
            _ => report,
        }
    }

    /// Resolves flags and settings file; `None` if the settings were only to be printed.
    pub(crate) fn resolve(common: &Common) -> Result<Option<Self>> {
        let mut settings = Self::resolve_parts(&common.judge, &common.read)?;
        if let Some(settings) = &mut settings {
            settings.read.extract = common.extract;
        }
        Ok(settings)
    }

    pub(crate) fn resolve_parts(judge: &Judge, flags: &Read) -> Result<Option<Self>> {
        let file = match &judge.config {
            Some(path) => ConfigFile::read(path).with_context(|| format!("settings file \"{}\"", path.display()))?,
            None => ConfigFile::default(),
        };
        let policy = policy(judge, &file)?;
        let model = judge.model.as_ref().or(file.model.as_ref());
        let defaults = Fields::default();
        let field = |flag: &Option<String>, set: &Option<String>, default: String| {
            flag.clone().or_else(|| set.clone()).unwrap_or(default)
        };
        let fields = Fields {
            text: field(&flags.text_field, &file.text_field, defaults.text),
            id: field(&flags.id_field, &file.id_field, defaults.id),
            url: field(&flags.url_field, &file.url_field, defaults.url),
            lang: field(&flags.lang_field, &file.lang_field, defaults.lang),
        };
        let mut read = ReadOptions::default();
        read.fields = fields.clone();
        read.delimiter = match (flags.delimiter, file.delimiter) {
            (Some(delimiter), _) => Some(delimiter),
            (None, Some(delimiter)) => {
                Some(u8::try_from(delimiter).map_err(|_| anyhow!("delimiter: write one ASCII character"))?)
            }
            (None, None) => None,
        };
        read.header = !(flags.no_header || file.no_header.unwrap_or(false));
        read.eager_files = flags.line_buffered;
        read.chunk_bytes = flags.chunk_bytes.unwrap_or(read.chunk_bytes);
        read.max_expansion = flags.max_expansion.or(file.max_expansion).unwrap_or(read.max_expansion).max(1);
        read.format = match (flags.input_format, &file.input_format) {
            (Some(format), _) => Some(format),
            (None, Some(name)) => Some(name.parse::<Format>().map_err(|error| anyhow!("input-format: {error}"))?),
            (None, None) => None,
        };
        read.max_record = match (flags.max_record, &file.max_record) {
            (Some(size), _) => size,
            (None, Some(Size::Bytes(size))) => *size,
            (None, Some(Size::Text(text))) => args::size(text).map_err(|error| anyhow!("max-record: {error}"))?,
            (None, None) => ReadOptions::DEFAULT_MAX_RECORD,
        };
        let policy_hash = hash(&policy);
        let jobs = flags.jobs.or(file.jobs).filter(|&jobs| jobs > 0);
        if judge.print_config {
            print(&policy, model.cloned(), judge.profile.clone().or(file.profile), &fields, &read, jobs)?;
            return Ok(None);
        }
        let mut builder = Detector::builder().policy(policy);
        if let Some(path) = model {
            let bytes = fs::read(path).with_context(|| format!("model file \"{}\"", path.display()))?;
            builder = builder.model_bytes(bytes);
        }
        let name = || model.map_or("built-in model".to_owned(), |path| format!("model file \"{}\"", path.display()));
        let detector = builder.build().with_context(name)?;
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let profile = judge.profile.as_ref().or(file.profile.as_ref()).map(|path| profile::read(path)).transpose()?;
        Ok(Some(Self {
            detector,
            judges: !flags.no_judgement,
            profile,
            policy_hash,
            fields,
            read,
            jobs: jobs.unwrap_or_else(cores),
            limit: flags.limit,
            checkpoint_bytes: flags.checkpoint_bytes.map_or(CHECKPOINT_BYTES, |bytes| bytes as u64),
            quiet: flags.quiet,
            color: flags.color,
        }))
    }
}

/// Returns a short digest of all that a policy says.
fn hash(policy: &Policy) -> String {
    let labels: Vec<&str> = policy.removed_labels().iter().map(Label::as_str).collect();
    let thresholds: Vec<String> = Label::ALL
        .iter()
        .filter_map(|&label| Some(format!("{label}={:08x}", policy.threshold(label)?.to_bits())))
        .collect();
    let (share, caution) = (policy.max_loss_share().to_bits(), policy.caution().to_bits());
    let words =
        format!("{} {} {} {share:08x} {caution:08x}", policy.preset_name(), labels.join(","), thresholds.join(","));
    format!("{}@{:08x}", policy.preset_name(), crc32fast::hash(words.as_bytes()))
}

impl ConfigFile {
    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut file: Self = toml::from_str(&text)?;
        // A path in a file is meant from where the file is.
        if let (Some(model), Some(folder)) = (&mut file.model, path.parent()) {
            *model = folder.join(&model);
        }
        if let (Some(profile), Some(folder)) = (&mut file.profile, path.parent()) {
            *profile = folder.join(&profile);
        }
        Ok(file)
    }
}

fn policy(judge: &Judge, file: &ConfigFile) -> Result<Policy> {
    let listed = |name: &str, list: &Option<Vec<String>>| -> Result<Option<LabelSet>> {
        let parse = |list: &Vec<String>| LabelSet::parse(&list.join(",")).with_context(|| name.to_owned());
        list.as_ref().map(parse).transpose()
    };
    let mut policy = Policy::preset(judge.preset.or(file.preset).unwrap_or_default());
    if let Some(remove) = judge.remove.or(listed("remove", &file.remove)?) {
        policy = policy.with_remove(remove);
    }
    if let Some(keep) = judge.keep.or(listed("keep", &file.keep)?) {
        policy = policy.with_keep(keep);
    }
    for (list, &probability) in &file.threshold {
        let labels = LabelSet::parse(list).context("threshold")?;
        policy = policy.with_threshold(labels, probability).context("threshold")?;
    }
    for &(labels, probability) in &judge.threshold {
        policy = policy.with_threshold(labels, probability)?;
    }
    if let Some(nats) = judge.caution.or(file.caution) {
        policy = policy.with_caution(nats);
    }
    if let Some(share) = judge.max_loss_share.or(file.max_loss_share) {
        policy = policy.with_max_loss_share(share).context("max-loss-share")?;
    }
    Ok(policy)
}

fn print(
    policy: &Policy,
    model: Option<PathBuf>,
    profile: Option<PathBuf>,
    fields: &Fields,
    read: &ReadOptions,
    jobs: Option<usize>,
) -> Result<()> {
    let file = ConfigFile {
        preset: Some(policy.preset_name()),
        remove: Some(policy.removed_labels().iter().map(|label| label.to_string()).collect()),
        keep: None,
        max_loss_share: Some(policy.max_loss_share()),
        caution: Some(policy.caution()),
        model,
        profile,
        jobs,
        input_format: read.format.map(|format| format.to_string()),
        text_field: Some(fields.text.clone()),
        id_field: Some(fields.id.clone()),
        url_field: Some(fields.url.clone()),
        lang_field: Some(fields.lang.clone()),
        delimiter: read.delimiter.map(char::from),
        no_header: (!read.header).then_some(true),
        max_record: Some(Size::Bytes(read.max_record)),
        max_expansion: Some(read.max_expansion),
        threshold: Label::ALL.iter().filter_map(|&label| Some((label.to_string(), policy.threshold(label)?))).collect(),
    };
    std::io::stdout().write_all(toml::to_string(&file)?.as_bytes())?;
    Ok(())
}
