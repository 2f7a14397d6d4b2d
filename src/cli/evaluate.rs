//! `unspam evaluate`: measures the detector against gold documents.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use unspam::train::evaluate::{EvaluateOptions, GroupMeasures, Measures, evaluate};

use crate::cli::Exit;
use crate::cli::args::{Judge, Read};
use crate::cli::config::Settings;
use crate::cli::run;

/// Measure the detector against documents that a person marked.
///
/// Prints precision, recall and F1 of lines, content lost, documents restored exactly, span
/// recall by label, kind and language, calibration error, and tables by language and source.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files of gold documents (.jsonl, .gz, .zst), or folders of them.
    #[arg(value_name = "GOLD", required = true)]
    inputs: Vec<PathBuf>,

    /// Print all measures as JSON, one object for each file.
    #[arg(long)]
    json: bool,

    /// Print the tables by language and source and the confusion of kinds too.
    #[arg(long)]
    tables: bool,

    /// Measure the probabilities of all lines too, not only of findings. Takes about twice as long.
    #[arg(long)]
    reliability: bool,

    /// Threads that work. All cores by default.
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,

    #[command(flatten)]
    judge: Judge,
}

const EXAMPLES: &str = "\
Examples:
  unspam evaluate gold.jsonl
  unspam evaluate dev/ --model my.model --json > metrics.json
  unspam evaluate dev/natural.jsonl --tables --preset recall";

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let read = Read { jobs: args.jobs, ..Read::default() };
    let Some(settings) = Settings::resolve_parts(&args.judge, &read)? else { return Ok(Exit::Success) };
    let (sources, unlisted) = run::sources(&args.inputs, None)?;
    let files: Vec<PathBuf> = sources.iter().filter_map(|source| source.path().map(PathBuf::from)).collect();
    let how = EvaluateOptions::new(settings.jobs).with_reliability(args.reliability);
    let measures = evaluate(&settings.detector, &files, how)?;
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &measures)?;
        writeln!(out)?;
    } else {
        for set in &measures {
            out.write_all(table(set, args.tables).as_bytes())?;
        }
    }
    out.flush()?;
    Ok(if unlisted > 0 { Exit::Error } else { Exit::Success })
}

fn table(set: &Measures, full: bool) -> String {
    let mut shown = format!("\n{}  ({} documents)\n", set.set, set.docs);
    let mut row = |name: &str, value: f64| {
        if !value.is_nan() {
            // Writing to a string does not fail.
            let _ = writeln!(shown, "  {name:28} {value:.4}");
        }
    };
    row("line_precision", set.line_precision);
    row("line_recall", set.line_recall);
    row("line_f1", set.line_f1);
    row("content_lines_lost_per_10k", set.content_lines_lost_per_10k);
    row("content_chars_lost_per_10k", set.content_chars_lost_per_10k);
    row("docs_damaged", set.docs_damaged);
    row("docs_restored_exactly", set.docs_restored_exactly);
    row("kind_accuracy", set.kind_accuracy);
    for (name, value) in [
        ("token_f1_before", set.token_f1_before),
        ("token_f1_after", set.token_f1_after),
        ("doc_precision", set.doc_precision),
        ("doc_recall", set.doc_recall),
        ("doc_f1", set.doc_f1),
        ("doc_false_positive_rate", set.doc_false_positive_rate),
    ] {
        row(name, value.unwrap_or(f64::NAN));
    }
    for (name, classes) in [("calibration_error", &set.calibration), ("reliability_error", &set.reliability)] {
        for (class, calibration) in classes {
            let _ = writeln!(
                shown,
                "  {:28} {:.4}  of {}",
                format!("{name} {class}"),
                calibration.error,
                calibration.count
            );
        }
    }
    for (name, shares) in [
        ("span_recall", &set.span_recall),
        ("span_recall_by_kind", &set.span_recall_by_kind),
        ("span_recall_by_lang", &set.span_recall_by_lang),
    ] {
        if !shares.is_empty() {
            let _ = writeln!(shown, "  {name}");
        }
        for (key, (share, count)) in shares {
            let _ = writeln!(shown, "    {key:34} {share:.4}  of {count}");
        }
    }
    if full {
        groups("language", &set.by_lang, &mut shown);
        groups("source", &set.by_source, &mut shown);
        let _ = writeln!(shown, "  lines by gold label: label found x count");
        for (gold, row) in &set.confusion {
            let cells: Vec<String> = row.iter().map(|(found, count)| format!("{found} x{count}")).collect();
            let _ = writeln!(shown, "    {gold:24} {}", cells.join(", "));
        }
    }
    shown
}

fn groups(name: &str, groups: &BTreeMap<String, GroupMeasures>, shown: &mut String) {
    let _ = writeln!(
        shown,
        "  {:40} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8}",
        format!("by {name}"),
        "docs",
        "prec",
        "recall",
        "f1",
        "lost/10k",
        "damaged"
    );
    for (key, group) in groups {
        let key: String = key.chars().take(38).collect();
        let (precision, recall, f1) =
            (number(group.line_precision, 3), number(group.line_recall, 3), number(group.line_f1, 3));
        let (lost, damaged) = (number(group.content_lines_lost_per_10k, 1), number(group.docs_damaged, 3));
        let _ =
            writeln!(shown, "    {key:38} {:>6} {precision:>6} {recall:>6} {f1:>6} {lost:>8} {damaged:>8}", group.docs);
    }
}

/// A number, or a dash for what cannot be measured.
fn number(value: f64, digits: usize) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.digits$}") }
}
