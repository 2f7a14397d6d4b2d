//! `unspam scan`: writes what was found, and leaves the records alone.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use unspam::Cleaner;
use unspam::io::{RecordKind, Source, write_dolma, write_error, write_findings};
use unspam::offsets::OffsetUnit;

use crate::cli::Exit;
use crate::cli::args::Common;
use crate::cli::config::Settings;
use crate::cli::output::{Kind, Output};
use crate::cli::run::{self, Context, Done, Plan, Work};
use crate::cli::sanitize::sanitize;
use crate::cli::show::{self, LineNumbers, Paint};

/// Write what was found, one line of JSON for each record, in the order of the input.
///
/// In the place of a record that cannot be read stands {"id":…,"error":"…"}; the exit code
/// is 2 then.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    common: Common,

    /// File or folder for the findings.
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    /// How findings are written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Style,

    /// Unit of offsets: byte, char (code points, as in Python) or utf16 (as in JavaScript).
    #[arg(long, value_name = "UNIT", default_value_t)]
    offsets: OffsetUnit,
}

const EXAMPLES: &str = "\
Examples:
  unspam scan dump.jsonl.gz -o findings.jsonl
  unspam scan article.txt --format human
  unspam scan pages.jsonl --text-field html --extract
  tail -F crawl.jsonl | unspam scan --input-format jsonl - | while read -r found; do …; done
  unspam scan documents/ --format dolma -o attributes/
  unspam scan dump.jsonl | jq -c 'select(.verdict == \"spam\") | .id'

A line: {\"id\":…,\"verdict\":\"ok|dirty|spam|unsure\",\"spam_probability\":P,\"offsets\":\"char\",
\"spans\":[{\"start\":…,\"end\":…,\"label\":…,\"score\":P,\"action\":\"remove|keep\",\"reasons\":[…]}],\"model\":…}";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Style {
    /// One object a record.
    #[default]
    Json,
    /// Attribute files for Dolma's toolkit, offsets in code points.
    Dolma,
    /// For people.
    Human,
}

struct Scan<'s> {
    settings: &'s Settings,
    style: Style,
    offsets: OffsetUnit,
    paint: Paint,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Some(settings) = Settings::resolve(&args.common)? else { return Ok(Exit::Success) };
    let (sources, unlisted) = run::sources(&args.common.inputs, args.common.read.files_from.as_deref())?;
    let output = Output::open(Kind::Lines, args.output.as_deref(), &args.common.inputs, &sources, "", false)?;
    let work = Scan {
        settings: &settings,
        style: args.format,
        offsets: args.offsets,
        paint: if args.output.is_none() { Paint::stdout(settings.color) } else { Paint::never() },
    };
    let counts = run::run(Plan::new(&settings, &sources, output), &work)?;
    Ok(if counts.problems + unlisted > 0 { Exit::Error } else { Exit::Success })
}

impl Scan<'_> {
    fn error(&self, id: Option<&str>, name: &str, error: &str, done: &mut Done) {
        match self.style {
            Style::Json | Style::Dolma => write_error(id, error, &mut done.out),
            Style::Human => {
                let line = format!("{}: error: {error}\n", sanitize(name, 300));
                done.out.extend_from_slice(line.as_bytes());
            }
        }
    }
}

impl Work for Scan<'_> {
    fn record(&self, context: &Context<'_>, done: &mut Done) {
        let Some(view) = context.view(&self.settings.fields) else { return };
        done.counts.stats.records += 1;
        let view = match view {
            Ok(view) => view,
            Err(error) => {
                let error = error.to_string();
                let id = context.id_json(&self.settings.fields);
                self.error(id.as_deref(), &context.name(), &error, done);
                done.problems.push((context.record.number, error));
                return;
            }
        };
        let report = context.scan(&view, self.settings);
        let text = view.text().as_bytes();
        let path = context.path_json();
        let id = view.id_json().or(path.as_deref());
        match self.style {
            Style::Json => {
                let model = self.settings.detector.model_id();
                write_findings(id, text, &report, self.offsets, model, &mut done.out);
            }
            Style::Dolma => write_dolma(id, text, &report, &Cleaner::edits(text, &report), &mut done.out),
            Style::Human => {
                let found = show::count(report.findings.len() as u64, "finding");
                let probability = report.spam_probability.get();
                let verdict = self.paint.verdict(report.verdict);
                let name = sanitize(&context.name(), 300);
                let head = format!("{name}: {verdict}, spam probability {probability:.3}, {found}\n");
                done.out.extend_from_slice(head.as_bytes());
                let mut lines = LineNumbers::new(text);
                for found in &report.findings {
                    let shown = show::finding(self.paint, lines.of(found.span.start()), found, text);
                    done.out.extend_from_slice(shown.as_bytes());
                }
            }
        }
    }

    fn end(&self, source: &Source, error: Option<&str>, done: &mut Done) {
        if let Some(error) = error {
            // A text file that breaks off was not judged: its place is not empty either.
            let id = source.path().map(|_| serde_json::Value::from(source.name()).to_string());
            self.error(id.as_deref(), &source.name(), error, done);
        }
    }
}

impl Context<'_> {
    /// How findings name the record if it has no identifier: a text file by its path.
    pub(crate) fn path_json(&self) -> Option<String> {
        let path = self.source.path().filter(|_| self.format.is_one_record())?;
        Some(serde_json::Value::from(path.to_string_lossy()).to_string())
    }

    /// The identifier of a record that cannot be read, as far as it can be found.
    pub(crate) fn id_json(&self, fields: &unspam::io::Fields) -> Option<String> {
        if self.record.kind == RecordKind::TooLong {
            return self.path_json();
        }
        let id = self.layout.id_json(&self.record, fields).map(std::borrow::Cow::into_owned);
        id.or_else(|| self.path_json())
    }
}
