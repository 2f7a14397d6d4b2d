//! Writes findings as JSON, one line a record.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;

use crate::clean::Edit;
use crate::io::json;
use crate::label::Label;
use crate::offsets::{OffsetCounter, OffsetUnit};
use crate::report::{Action, Probability, Report, Verdict};

#[derive(Serialize)]
struct Body<'r> {
    verdict: Verdict,
    spam_probability: Probability,
    offsets: &'static str,
    spans: Vec<SpanBody<'r>>,
    model: &'r str,
}

#[derive(Serialize)]
struct SpanBody<'r> {
    start: usize,
    end: usize,
    label: Label,
    score: Probability,
    action: Action,
    reasons: Vec<&'r str>,
}

/// Appends one line that says what was found in a text.
///
/// `id` is JSON already; without one the line says `null`.
pub fn write_findings(
    id: Option<&str>,
    text: &[u8],
    report: &Report,
    unit: OffsetUnit,
    model: &str,
    out: &mut Vec<u8>,
) {
    let mut counter = OffsetCounter::new(text, unit);
    let spans = report
        .findings
        .iter()
        .map(|finding| SpanBody {
            start: counter.convert(finding.span.start()),
            end: counter.convert(finding.span.end()),
            label: finding.label,
            score: finding.score,
            action: finding.action,
            reasons: finding.reasons.iter().map(|reason| reason.code).collect(),
        })
        .collect();
    let body = Body {
        verdict: report.verdict,
        spam_probability: report.spam_probability,
        offsets: unit.as_str(),
        spans,
        model,
    };
    with_id(id, &body, out);
}

#[derive(Serialize)]
struct DolmaBody {
    attributes: BTreeMap<String, Vec<(usize, usize, f32)>>,
}

/// Appends one line of a Dolma attribute file: the runs that cleaning takes out, in code
/// points, by label.
///
/// The runs are those of the edits and not of the findings, so that a mixer that replaces
/// them with nothing makes the text that cleaning makes. Attribute names hold letters,
/// digits and underscores only, because mixers address them in path expressions.
pub fn write_dolma(id: Option<&str>, text: &[u8], report: &Report, edits: &[Edit], out: &mut Vec<u8>) {
    let mut counter = OffsetCounter::new(text, OffsetUnit::Char);
    let mut attributes = BTreeMap::<String, Vec<_>>::new();
    for edit in edits {
        let finding = &report.findings[edit.finding];
        let Range { start, end } = counter.convert(edit.span.start())..counter.convert(edit.span.end());
        let version = env!("CARGO_PKG_VERSION");
        let name = format!("unspam__{version}__{}", finding.label).replace(['.', '/'], "_");
        attributes.entry(name).or_default().push((start, end, finding.score.get()));
    }
    with_id(id, &DolmaBody { attributes }, out);
}

#[derive(Serialize)]
struct FieldBody {
    verdict: Verdict,
    spam_probability: Probability,
    removed: usize,
    removed_bytes: usize,
    labels: BTreeMap<Label, FieldCounts>,
}

#[derive(Serialize, Default)]
struct FieldCounts {
    removed: u64,
    kept: u64,
    score: f32,
}

/// Adds a field with what was found to the JSON object that begins at `start` of `out`:
/// verdict, probability, and for each label counts and the highest score.
pub fn add_field(out: &mut Vec<u8>, start: usize, name: &str, report: &Report, edits: &[Edit]) {
    let mut labels = BTreeMap::<Label, FieldCounts>::new();
    for finding in &report.findings {
        let counts = labels.entry(finding.label).or_default();
        counts.removed += u64::from(finding.action == Action::Remove);
        counts.kept += u64::from(finding.action == Action::Keep);
        counts.score = counts.score.max(finding.score.get());
    }
    let body = FieldBody {
        verdict: report.verdict,
        spam_probability: report.spam_probability,
        removed: report.removals().count(),
        removed_bytes: edits.iter().map(|edit| edit.span.byte_len()).sum(),
        labels,
    };
    let value = serde_json::to_string(&body).expect("writing to memory does not fail");
    json::add_field(out, start, name, &value);
}

/// Takes out again what [`add_field`] added.
pub fn drop_field(out: &mut Vec<u8>, start: usize, name: &str) {
    json::drop_field(out, start, name);
}

#[derive(Serialize)]
struct ErrorBody<'r> {
    error: &'r str,
}

/// Appends one line that stands in the place of a record that could not be read.
pub fn write_error(id: Option<&str>, error: &str, out: &mut Vec<u8>) {
    with_id(id, &ErrorBody { error }, out);
}

fn with_id(id: Option<&str>, body: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(id.unwrap_or("null").as_bytes());
    out.push(b',');
    let brace = out.len();
    serde_json::to_writer(&mut *out, body).expect("writing to memory does not fail");
    // The body goes on where the identifier left off.
    out.remove(brace);
    out.push(b'\n');
}
