//! `unspam calibrate`: chooses the caution that a person's own clean documents call for.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Result, bail};
use unspam::train::calibrate::{Calibrated, calibrate, lines_needed};

use crate::cli::Exit;
use crate::cli::args::{Judge, Read};
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Done, Plan, Work};
use crate::cli::talk::say;

/// Choose how careful to be from your own clean documents, with a guarantee.
///
/// Finds the least caution at which at most the wanted share of content lines is lost, with the
/// wanted confidence, and prints it as a settings file for --config. The guarantee holds for
/// documents like the ones given, in which every line must be content.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files or folders of clean documents, of any format; may be given again.
    #[arg(long, value_name = "INPUT", required = true)]
    clean: Vec<PathBuf>,

    /// Share of content lines that may be lost.
    #[arg(long, value_name = "SHARE", default_value_t = 1e-4, value_parser = share)]
    max_loss: f64,

    /// How sure to be that no more are lost.
    #[arg(long, value_name = "P", default_value_t = 0.95, value_parser = share)]
    confidence: f64,

    #[command(flatten)]
    judge: Judge,

    #[command(flatten)]
    read: Read,
}

const EXAMPLES: &str = "\
Examples:
  unspam calibrate --clean my-articles.jsonl --max-loss 1e-4 > my.toml
  unspam clean dumps/ -o cleaned/ --config my.toml

One loss in 10,000 lines takes some 30,000 lines to show: with fewer, the command says how many
are missing. Thresholds are raised or lowered together, by so many nats of log-odds; candidates
are tested from careful to bold with the exact bound of Clopper and Pearson (1934) until one
fails (Learn then Test, Angelopoulos et al. 2021).";

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| format!("\"{text}\" is not a number"))?;
    if share > 0.0 && share < 1.0 { Ok(share) } else { Err(format!("{share} is not between 0 and 1")) }
}

/// Collects the texts of all records.
struct Collect<'s> {
    settings: &'s Settings,
    /// In any order: only sums are made of them.
    texts: Mutex<Vec<String>>,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve_parts(&args.judge, &args.read)? else { return Ok(Exit::Success) };
    let (sources, unlisted) = run::sources(&args.clean, args.read.files_from.as_deref())?;
    let output = Output::open(Kind::Lines, None, &args.clean, &sources, "", false)?;
    let work = Collect { settings: &settings, texts: Mutex::new(Vec::new()) };
    let counts = run::run(Plan::new(&settings, &sources, output), &work)?;
    if counts.problems + unlisted > 0 {
        bail!("some documents could not be read: a guarantee needs all of them");
    }
    let texts = work.texts.into_inner().unwrap_or_default();
    let found = calibrate(&settings.detector, &texts, args.max_loss, args.confidence);
    explain(args, &found);
    let Some(chosen) = found.chosen else {
        let needed = lines_needed(args.max_loss, args.confidence);
        if found.lines < needed {
            bail!(
                "{} lines are too few to show a loss of {} with confidence {}: {needed} are needed",
                found.lines,
                args.max_loss,
                args.confidence
            );
        }
        bail!("even the most careful thresholds lose more than {}: are all lines content?", args.max_loss);
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "# At most {} of content lines lost, with confidence {}:", args.max_loss, args.confidence)?;
    writeln!(
        out,
        "# {} of {} lines lost, upper bound {:.2e}, with model {}.",
        chosen.lost,
        found.lines,
        chosen.bound,
        settings.detector.model_id()
    )?;
    writeln!(out, "preset = \"{}\"", settings.detector.policy().preset_name())?;
    writeln!(out, "caution = {:?}", chosen.caution)?;
    out.flush()?;
    Ok(Exit::Success)
}

/// Tells what was tried.
fn explain(args: &Args, found: &Calibrated) {
    if args.read.quiet {
        return;
    }
    for trial in &found.trials {
        let verdict = if trial.bound <= args.max_loss { "holds" } else { "too many" };
        say(&format!(
            "caution {:+.2}: {} of {} lines lost, upper bound {:.2e}: {verdict}",
            trial.caution, trial.lost, found.lines, trial.bound
        ));
    }
}

impl Work for Collect<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let Some(view) = context.view(&self.settings.fields) else { return };
        match view {
            Ok(view) => {
                if let Ok(mut texts) = self.texts.lock() {
                    texts.push(view.text().to_str_lossy().into_owned());
                }
            }
            Err(error) => done.problems.push((context.record.number, error.to_string())),
        }
    }
}
