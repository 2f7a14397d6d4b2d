//! `unspam profile`: learns what sites repeat.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use unspam::io::{Format, RecordReader, RecordWriter, Source};
use unspam::profile::{Campaign, Campaigns, SiteProfile};
use unspam::stats::site_of;

use crate::cli::Exit;
use crate::cli::args::Common;
use crate::cli::config::Settings;
use crate::cli::output::Output;
use crate::cli::run::{self, Context, Done, Plan, Work};
use crate::cli::sanitize::sanitize;
use crate::cli::show;
use crate::cli::talk::say;

/// Learn the lines that sites repeat, for --profile of other verbs.
///
/// A site is the host of the address in --url-field. Profiles hold hashes and counts, no text;
/// they can be merged.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// File for the profile; compressed if the name ends in .gz or .zst.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Profile to add to what is counted; may be given again.
    #[arg(long, value_name = "FILE")]
    merge: Vec<PathBuf>,

    /// List lines that many sites have at the edges of articles they do not fit: a table on
    /// standard output, and JSON lines in this file.
    #[arg(long, value_name = "FILE")]
    campaigns: Option<PathBuf>,

    /// Sites that must have a line.
    #[arg(long, value_name = "N", default_value_t = 5)]
    min_sites: u64,

    /// Share of a line's words that its articles may have too.
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    max_fit: f32,
}

const EXAMPLES: &str = "\
Examples:
  unspam profile dumps/ -o site.profile
  unspam clean dumps/ --profile site.profile -o cleaned/
  unspam profile --merge monday.profile --merge tuesday.profile -o week.profile
  unspam profile dumps/ --campaigns campaigns.jsonl

In one step: unspam clean dumps/ --learn-repeats -o cleaned/";

/// Lines of the table.
const SHOWN: usize = 50;

struct Learn<'s> {
    settings: &'s Settings,
    repeats: bool,
    campaigns: bool,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve(&args.common)? else { return Ok(Exit::Success) };
    if args.output.is_none() && args.campaigns.is_none() {
        bail!("name a file for the profile with -o FILE, or one for campaigns with --campaigns FILE");
    }
    let only_merge = args.common.inputs.is_empty() && !args.merge.is_empty() && args.common.read.files_from.is_none();
    let (sources, unlisted) = if only_merge {
        (Vec::new(), 0)
    } else {
        run::sources(&args.common.inputs, args.common.read.files_from.as_deref())?
    };
    let work = Learn { settings: &settings, repeats: args.output.is_some(), campaigns: args.campaigns.is_some() };
    let counts = run::run(Plan::new(&settings, &sources, Output::nothing()), &work)?;
    if let Some(path) = &args.output {
        let mut profile = counts.profile.unwrap_or_default();
        for other in &args.merge {
            profile.merge(&read(other)?);
        }
        profile.finish();
        let mut writer = RecordWriter::create(path)?;
        let mut bytes = Vec::new();
        profile.write(&mut bytes)?;
        writer.write_all(&bytes)?;
        writer.commit()?;
        if !settings.quiet {
            let sites = show::count(profile.site_count() as u64, "site");
            let documents = show::count(profile.document_count(), "document");
            say(&format!("{sites}, {documents}, {} repeated", show::count(profile.repeat_count() as u64, "line")));
        }
    }
    if let Some(path) = &args.campaigns {
        let campaigns = counts.campaigns.unwrap_or_default();
        let list = campaigns.list(&settings.detector, args.min_sites, args.max_fit);
        let mut writer = RecordWriter::create(path)?;
        for campaign in &list {
            let mut line = serde_json::to_vec(campaign)?;
            line.push(b'\n');
            writer.write_all(&line)?;
        }
        writer.commit()?;
        table(&list)?;
        if campaigns.forgotten() > 0 {
            say(&format!("{} seen seldom were forgotten", show::count(campaigns.forgotten(), "line")));
        }
    }
    Ok(if counts.problems + unlisted > 0 { Exit::Error } else { Exit::Success })
}

fn table(list: &[Campaign]) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:>6} {:>9}  {:>4}  {:24} {:>5}  line", "sites", "documents", "fit", "label", "score")?;
    for found in list.iter().take(SHOWN) {
        let Campaign { sites, documents, fit, label, score, text, .. } = found;
        writeln!(out, "{sites:>6} {documents:>9}  {fit:>4.2}  {label:24} {score:>5.3}  {}", sanitize(text, 120))?;
    }
    if list.len() > SHOWN {
        writeln!(out, "and {} more", list.len() - SHOWN)?;
    }
    Ok(())
}

/// Reads a profile.
pub(crate) fn read(path: &Path) -> Result<SiteProfile> {
    let read = || -> Result<SiteProfile> {
        let mut options = unspam::io::ReadOptions::of(Format::Jsonl);
        options.max_record = 1 << 30;
        Ok(SiteProfile::read(RecordReader::open(&Source::file(path), &options)?)?)
    };
    read().with_context(|| format!("site profile \"{}\"", path.display()))
}

/// Learns what the sites of the inputs repeat.
pub(crate) fn learn(settings: &Settings, sources: &[Source]) -> Result<SiteProfile> {
    if sources.iter().any(|source| source.path().is_none()) {
        bail!("standard input cannot be read twice: --learn-repeats needs files");
    }
    let work = Learn { settings, repeats: true, campaigns: false };
    let counts = run::run(Plan::new(settings, sources, Output::nothing()), &work)?;
    let mut profile = counts.profile.unwrap_or_default();
    profile.finish();
    Ok(profile)
}

impl Work for Learn<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        // What cannot be read is said when it is cleaned.
        let Some(Ok(view)) = context.view(&self.settings.fields) else { return };
        done.counts.stats.records += 1;
        let Some(site) = view.url().and_then(site_of) else { return };
        let text = view.text().to_str_lossy();
        if self.repeats {
            done.counts.profile.get_or_insert_with(SiteProfile::new).count(&site, &text);
        }
        if self.campaigns {
            done.counts.campaigns.get_or_insert_with(Campaigns::default).count(&site, &text);
        }
    }
}
