//! `unspam explain`: shows each line with its label, how sure, and why.

use std::fmt::Write as _;

use anyhow::Result;
use unspam::{Action, Class, LineExplanation};

use crate::cli::Exit;
use crate::cli::args::Common;
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Done, Plan, Work};
use crate::cli::sanitize::sanitize;
use crate::cli::show::{self, LineNumbers, Paint};

/// Show each line with its label, the probability that it is not content, and the features
/// that weighed most.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// Features shown for each line.
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,

    /// Show the features of content lines too.
    #[arg(long)]
    all: bool,

    /// Characters shown of each line.
    #[arg(long, value_name = "N", default_value_t = 100)]
    width: usize,
}

const EXAMPLES: &str = "\
Examples:
  unspam explain article.txt
  unspam explain article.txt --all --color always | less -R
  sed -n 41p dump.jsonl | unspam explain

A feature's number is what it added to the log-odds of the label against content. Text is
shown with control characters escaped.";

struct Explain<'s> {
    settings: &'s Settings,
    paint: Paint,
    top: usize,
    all: bool,
    width: usize,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve(&args.common)? else { return Ok(Exit::Success) };
    let (sources, unlisted) = run::sources(&args.common.inputs, args.common.read.files_from.as_deref())?;
    let output = Output::open(Kind::Lines, None, &args.common.inputs, &sources, "", false)?;
    let paint = Paint::stdout(settings.color);
    let work = Explain { settings: &settings, paint, top: args.top, all: args.all, width: args.width };
    let counts = run::run(Plan::new(&settings, &sources, output), &work)?;
    Ok(if counts.problems + unlisted > 0 { Exit::Error } else { Exit::Success })
}

impl Work for Explain<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let Some(view) = context.view(&self.settings.fields) else { return };
        done.counts.stats.records += 1;
        let view = match view {
            Ok(view) => view,
            Err(error) => {
                done.problems.push((context.record.number, error.to_string()));
                return;
            }
        };
        let detector = &self.settings.detector;
        let report = view.scan(detector);
        // Lines are explained as people see them: what is no text is shown as such.
        let text = view.text().to_str_lossy();
        let mut shown = String::new();
        // Writing to a string does not fail.
        let _ = writeln!(
            shown,
            "{}  verdict {}, spam probability {:.3}, model {}",
            self.paint.bold(&sanitize(&context.name(), 300)),
            self.paint.verdict(report.verdict),
            report.spam_probability.get(),
            detector.model_id(),
        );
        let mut lines = LineNumbers::new(text.as_bytes());
        for line in detector.explain(&text) {
            self.line(&line, lines.of(line.span.start()), &text, &mut shown);
        }
        let inside = report.findings.iter().filter(|finding| is_inside_line(text.as_bytes(), finding.span));
        let mut lines = LineNumbers::new(view.text().as_bytes());
        for (index, finding) in inside.enumerate() {
            if index == 0 {
                let _ = writeln!(shown, "{}", self.paint.bold("inside lines"));
            }
            let number = lines.of(finding.span.start());
            shown.push_str(&show::finding(self.paint, number, finding, view.text().as_bytes()));
        }
        done.out.extend_from_slice(shown.as_bytes());
    }
}

impl Explain<'_> {
    fn line(&self, line: &LineExplanation, number: usize, text: &str, shown: &mut String) {
        let content = line.probabilities[Class::Content.index()].get();
        let label = self.paint.label(line.label, &format!("{:23}", line.label));
        let action = match line.action {
            Some(Action::Remove) => self.paint.removed("remove"),
            Some(_) => "keep  ".to_owned(),
            None => "      ".to_owned(),
        };
        let words = sanitize(text.get(line.span.range()).unwrap_or_default().trim(), self.width);
        let _ = writeln!(shown, "{number:5}  {label} {:.3}  {action}  {words}", 1.0 - content);
        if self.all || !line.label.is_content() {
            let reasons: Vec<_> = line.reasons.iter().take(self.top).copied().collect();
            if !reasons.is_empty() {
                let _ = writeln!(shown, "{:40}{}", "", self.paint.dim(&show::all_reasons(&reasons)));
            }
        }
    }
}

/// Whether a span has text beside it in its line.
fn is_inside_line(text: &[u8], span: unspam::Span) -> bool {
    let before = text.get(..span.start()).unwrap_or_default();
    let after = text.get(span.end()..).unwrap_or_default();
    let head = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    let tail = after.split(|&byte| byte == b'\n').next().unwrap_or_default();
    !head.trim_ascii().is_empty() || !tail.trim_ascii().is_empty()
}
