//! What is said of one document, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::clean::{Cleaner, Edit};
use crate::gate::{Because, Gate, Outcome};
use crate::io::write_findings;
use crate::io::{RecordText, RecordView};
use crate::label::Label;
use crate::offsets::{OffsetCounter, OffsetUnit};
use crate::report::{Action, Probability, Report, Verdict};
use crate::serve::Judge;
use crate::serve::error::ApiError;

/// What the client wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Check,
    Clean,
    Scan,
}

/// How the client wants to be told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) verb: Verb,
    pub(crate) unit: OffsetUnit,
    /// With what would be cut at other thresholds.
    pub(crate) steps: bool,
    /// Whether a document that only needs cleaning counts as flagged.
    pub(crate) flag_clean: bool,
    /// Most bytes of a text.
    pub(crate) max_text: usize,
}

/// What the metrics count of a document. The report itself may be many times longer than its text.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) outcome: Outcome,
    pub(crate) verdict: Verdict,
    pub(crate) text_len: usize,
    pub(crate) removals: BTreeMap<Label, u64>,
}

impl Counted {
    pub(crate) fn new(outcome: Outcome, report: &Report) -> Self {
        let mut removals = BTreeMap::new();
        for finding in report.removals() {
            *removals.entry(finding.label).or_default() += 1;
        }
        Self { outcome, verdict: report.verdict, text_len: report.text_len, removals }
    }
}

/// Longest text whose steps are told: there are up to 51 of them.
const MAX_STEPPED: usize = 256 << 10;

#[derive(Serialize)]
struct Check<'r> {
    id: Option<&'r RawValue>,
    outcome: Outcome,
    flagged: bool,
    because: Because,
    verdict: Verdict,
    spam_probability: Probability,
    labels: &'r BTreeMap<Label, u64>,
    removed_share: f32,
    left_chars: usize,
    model: &'r str,
}

#[derive(Serialize)]
struct Clean<'r> {
    id: Option<&'r RawValue>,
    outcome: Outcome,
    flagged: bool,
    because: Because,
    verdict: Verdict,
    spam_probability: Probability,
    text: &'r str,
    offsets: &'static str,
    removed: Vec<Removed>,
    model: &'r str,
}

#[derive(Serialize)]
struct Removed {
    start: usize,
    end: usize,
    label: Label,
    score: Probability,
}

/// What is cut from this threshold up to the next step's.
#[derive(Serialize)]
struct Step {
    from: f32,
    cuts: Vec<(usize, usize)>,
}

/// Whether a client that knows only yes and no is to be told yes.
pub(crate) fn is_flagged(outcome: Outcome, flag_clean: bool) -> bool {
    matches!(outcome, Outcome::Reject) || flag_clean && outcome == Outcome::Clean
}

/// Appends what is said of a record, as one JSON object without a line break; returns what
/// the metrics count.
pub(crate) fn write(
    judge: &Judge,
    view: &RecordView<'_>,
    manner: Manner,
    out: &mut Vec<u8>,
) -> Result<Counted, ApiError> {
    let RecordText::Utf8(text) = view.text() else {
        return Err(ApiError::malformed("text is not valid UTF-8"));
    };
    if text.len() > manner.max_text {
        return Err(ApiError::long_text(manner.max_text));
    }
    let gate = &judge.gate;
    let id = view.id_json();
    let model = gate.detector().model_id();
    let raw_id = id.and_then(|id| serde_json::from_str(id).ok());
    let decision = judge.decide(text, view.url());
    let (outcome, because, report) = (decision.outcome(), decision.because(), decision.report());
    let flagged = is_flagged(outcome, manner.flag_clean);
    let counted = Counted::new(outcome, report);
    match manner.verb {
        Verb::Check => {
            let reply = Check {
                id: raw_id,
                outcome,
                flagged,
                because,
                verdict: report.verdict,
                spam_probability: report.spam_probability,
                labels: &counted.removals,
                removed_share: decision.removed_share(),
                left_chars: decision.left_chars(),
                model,
            };
            to_json(&reply, out);
        }
        Verb::Clean => {
            let cleaned = decision.cleaned();
            let reply = Clean {
                id: raw_id,
                outcome,
                flagged,
                because,
                verdict: report.verdict,
                spam_probability: report.spam_probability,
                text: &cleaned,
                offsets: manner.unit.as_str(),
                removed: removed(text, report, decision.edits(), manner.unit),
                model,
            };
            to_json(&reply, out);
        }
        Verb::Scan => {
            write_findings(id, text.as_bytes(), report, manner.unit, model, out);
            out.pop();
            if manner.steps {
                if text.len() > MAX_STEPPED {
                    return Err(ApiError::invalid(format!("steps are told of texts up to {MAX_STEPPED} bytes")));
                }
                out.pop();
                out.extend_from_slice(b",\"outcome\":");
                to_json(&outcome, out);
                out.extend_from_slice(b",\"because\":");
                to_json(&because, out);
                out.extend_from_slice(b",\"cuts\":");
                to_json(&cuts(text, decision.edits(), manner.unit), out);
                out.extend_from_slice(b",\"steps\":");
                to_json(&steps(gate, text, report, manner.unit), out);
                out.push(b'}');
            }
        }
    }
    Ok(counted)
}

fn to_json(value: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("writing to memory does not fail");
}

fn removed(text: &str, report: &Report, edits: &[Edit], unit: OffsetUnit) -> Vec<Removed> {
    let mut counter = OffsetCounter::new(text.as_bytes(), unit);
    let one = |edit: &Edit| {
        let finding = &report.findings[edit.finding];
        let (start, end) = (counter.convert(edit.span.start()), counter.convert(edit.span.end()));
        Removed { start, end, label: finding.label, score: finding.score }
    };
    edits.iter().map(one).collect()
}

fn cuts(text: &str, edits: &[Edit], unit: OffsetUnit) -> Vec<(usize, usize)> {
    let mut counter = OffsetCounter::new(text.as_bytes(), unit);
    edits.iter().map(|edit| (counter.convert(edit.span.start()), counter.convert(edit.span.end()))).collect()
}

/// What would be cut at one threshold for all labels, from 0.50 to 1.00, where it changes.
///
/// The cleaner makes the cuts, so that a page that offers the choice shows what `clean` makes.
fn steps(gate: &Gate, text: &str, report: &Report, unit: OffsetUnit) -> Vec<Step> {
    let policy = gate.detector().policy();
    let mut steps = Vec::new();
    let mut before: Option<Vec<bool>> = None;
    for percent in 50..=100 {
        let from = percent as f32 / 100.0;
        let goes: Vec<bool> = report
            .findings
            .iter()
            .map(|finding| policy.removes(finding.label) && finding.score.get() >= from)
            .collect();
        if before.as_ref() == Some(&goes) {
            continue;
        }
        let mut report = report.clone();
        for (finding, &goes) in report.findings.iter_mut().zip(&goes) {
            finding.action = if goes { Action::Remove } else { Action::Keep };
        }
        steps.push(Step { from, cuts: cuts(text, &Cleaner::edits(text.as_bytes(), &report), unit) });
        before = Some(goes);
    }
    steps
}
