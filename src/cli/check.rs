//! `unspam check`: says pass or not, in the exit code.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;
use unspam::io::Source;
use unspam::{Action, Because, Cleaner, Detector, Gate, Label, Outcome, Probability, Verdict, When};

use crate::cli::Exit;
use crate::cli::args::Common;
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Done, Plan, Work};
use crate::cli::sanitize::sanitize;
use crate::cli::show::Paint;

/// Gate: exit code 0 if everything passes, 1 if something is flagged, 2 on an error.
///
/// A document is flagged if it is spam or has something in it that `clean` would remove, or,
/// with --fail-on, if it has what that names. One that is unsure passes, unless --unsure-exit
/// is given.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    rules: Rules,

    /// Exit with 3 if nothing is flagged but something is unsure.
    #[arg(long)]
    unsure_exit: bool,

    /// One line of JSON for each record.
    #[arg(long)]
    json: bool,
}

/// What is flagged, for `check` and `serve`.
#[derive(Debug, Default, Clone, clap::Args)]
#[command(next_help_heading = "Gate")]
pub(crate) struct Rules {
    /// Flag only what has such a label, with probability P or more, or, without P, where it
    /// would be removed; may be given again. Labels as in --remove.
    #[arg(long, value_name = "LABEL[:P]")]
    pub(crate) fail_on: Vec<When>,

    /// Be unsure about texts of which more than this share, 0 to 1, would be removed.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) max_removed: Option<f32>,

    /// Be unsure about texts of which fewer than N characters would be left.
    #[arg(long, value_name = "N")]
    pub(crate) min_left: Option<usize>,
}

impl Rules {
    /// Returns the gate that decides by these rules.
    pub(crate) fn gate(&self, detector: Detector) -> Gate {
        let mut gate = Gate::builder().detector(detector);
        for &when in &self.fail_on {
            gate = gate.rule(when, Outcome::Reject);
        }
        if !self.fail_on.is_empty() {
            // Only what was named is flagged.
            gate = gate.rule(When::Verdict(Verdict::Unsure), Outcome::Review).without_default_rules();
        }
        if let Some(share) = self.max_removed {
            gate = gate.rule(When::RemovedMoreThan(share), Outcome::Review);
        }
        if let Some(chars) = self.min_left {
            gate = gate.rule(When::LeftLessThan(chars), Outcome::Review);
        }
        gate.build()
    }
}

fn share(text: &str) -> Result<f32, String> {
    let share = text.parse().map_err(|_| format!("\"{text}\" is not a number"))?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(format!("share {share} is not within 0 to 1")) }
}

const EXAMPLES: &str = "\
Examples:
  unspam check article.txt && publish article.txt
  unspam check articles/ --preset precision
  curl -s \"$feed\" | jq -c '.items[]' | unspam check --text-field body --json --quiet
  unspam check --fail-on spam --fail-on boilerplate/legal:0.9 articles/*.txt
  unspam check <<< 'UNSPAM-TEST-LINE:8c1f5e0b7a9d4f26:ALWAYS-FOUND:DO-NOT-PUBLISH'

The line of the last example is always flagged where it stands alone on a line, whatever the
settings: put it into an article to see that a pipeline is wired up.

With --quiet only what does not pass is printed. An error counts more than a flag, and a flag
more than a doubt.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Passed {
    Pass,
    Flagged,
    Unsure,
    Error,
}

#[derive(Serialize)]
struct Line<'r> {
    file: Option<&'r str>,
    record: u64,
    id: Option<&'r RawValue>,
    result: Passed,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// Why it passed or did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<Because>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spam_probability: Option<Probability>,
    /// Findings that would be removed, by label.
    labels: BTreeMap<Label, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
}

struct Check<'s> {
    settings: &'s Settings,
    gate: Gate,
    /// Whether only what --fail-on names is flagged, and not all that would be removed.
    named_only: bool,
    json: bool,
    paint: Paint,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve(&args.common)? else { return Ok(Exit::Success) };
    let (sources, unlisted) = run::sources(&args.common.inputs, args.common.read.files_from.as_deref())?;
    let output = Output::open(Kind::Lines, None, &args.common.inputs, &sources, "", false)?;
    let gate = args.rules.gate(settings.detector.clone());
    let named_only = !args.rules.fail_on.is_empty();
    let work = Check { settings: &settings, gate, named_only, json: args.json, paint: Paint::stdout(settings.color) };
    let counts = run::run(Plan::new(&settings, &sources, output), &work)?;
    Ok(if counts.problems + unlisted > 0 {
        Exit::Error
    } else if counts.flagged > 0 {
        Exit::Flagged
    } else if counts.unsure > 0 && args.unsure_exit {
        Exit::Unsure
    } else {
        Exit::Success
    })
}

impl Check<'_> {
    fn print(&self, name: &str, line: &Line<'_>, done: &mut Done) {
        if self.settings.quiet && line.result == Passed::Pass {
            return;
        }
        if self.json {
            serde_json::to_writer(&mut done.out, line).expect("writing to memory does not fail");
            done.out.push(b'\n');
            return;
        }
        let labels: Vec<String> = line.labels.iter().map(|(label, count)| format!("{label} x{count}")).collect();
        let told = match (line.verdict, line.spam_probability, line.error) {
            (Some(verdict), Some(probability), _) => {
                let verdict = self.paint.verdict(verdict);
                let because = match line.because {
                    Some(because @ (Because::TestLine | Because::Rule(_))) => format!(" ({because})"),
                    _ => String::new(),
                };
                format!("{verdict} {:.3} {}{because}", probability.get(), labels.join(", "))
            }
            (_, _, error) => format!("error: {}", error.unwrap_or_default()),
        };
        let told = format!("{}: {}\n", sanitize(name, 300), told.trim_end());
        done.out.extend_from_slice(told.as_bytes());
    }

    fn error(&self, source: &Source, name: &str, record: u64, error: &str, done: &mut Done) {
        let file = source.path().map(|path| path.to_string_lossy());
        let line = Line {
            file: file.as_deref(),
            record,
            id: None,
            result: Passed::Error,
            verdict: None,
            because: None,
            spam_probability: None,
            labels: BTreeMap::new(),
            error: Some(error),
        };
        self.print(name, &line, done);
    }
}

impl Work for Check<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let Some(view) = context.view(&self.settings.fields) else { return };
        done.counts.stats.records += 1;
        let number = context.record.number;
        let view = match view {
            Ok(view) => view,
            Err(error) => {
                let error = error.to_string();
                self.error(context.source, &context.name(), number, &error, done);
                done.problems.push((number, error));
                return;
            }
        };
        let report = context.scan(&view, self.settings);
        let text = view.text().as_bytes();
        let edits = Cleaner::edits(text, &report);
        let (outcome, because) = self.gate.apply_rules(text, &report, &edits);
        let result = match outcome {
            Outcome::Accept => Passed::Pass,
            Outcome::Clean if self.named_only => Passed::Pass,
            Outcome::Review => Passed::Unsure,
            _ => Passed::Flagged,
        };
        done.counts.flagged += u64::from(result == Passed::Flagged);
        done.counts.unsure += u64::from(result == Passed::Unsure);
        let mut labels = BTreeMap::new();
        for finding in report.findings.iter().filter(|finding| finding.action == Action::Remove) {
            *labels.entry(finding.label).or_default() += 1;
        }
        let file = context.source.path().map(|path| path.to_string_lossy());
        let line = Line {
            file: file.as_deref(),
            record: number,
            id: view.id_json().and_then(|id| serde_json::from_str(id).ok()),
            result,
            verdict: Some(report.verdict),
            because: Some(because),
            spam_probability: Some(report.spam_probability),
            labels,
            error: None,
        };
        self.print(&context.name(), &line, done);
    }

    fn end(&self, source: &Source, error: Option<&str>, done: &mut Done) {
        if let Some(error) = error {
            self.error(source, &source.name(), 0, error, done);
        }
    }
}
