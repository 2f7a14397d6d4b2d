//! Ties the stages together: text in, report out.
//!
//! A document is judged, what the policy removes is thought away, and what is left is judged
//! again until nothing more goes: so cleaning a cleaned text changes nothing, whatever the
//! neighbours of a removed line had to do with the decision about the next one.

pub(crate) mod judge;
mod rest;

use std::cell::RefCell;
use std::sync::Arc;

use crate::clean::{Cleaned, Cleaner};
use crate::document::Document;
use crate::error::ModelError;
use crate::label::{Class, Label};
use crate::model::Model;
use crate::policy::Policy;
use crate::report::{Action, Evidence, Finding, Probability, Report, Verdict};
use crate::span::Span;
use crate::test_line;

use judge::{Judgement, Scratch};
use rest::Rest;

/// Rounds after which a document that still loses lines is called unsure and left alone.
const MAX_ROUNDS: usize = 8;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// Finds spam and boilerplate in texts; cheap to clone, shareable between threads.
#[derive(Debug, Clone)]
pub struct Detector {
    model: Arc<Model>,
    policy: Arc<Policy>,
}

/// Sets up a [`Detector`].
#[derive(Debug, Default)]
pub struct DetectorBuilder {
    policy: Policy,
    model: Option<Arc<Model>>,
    bytes: Option<Vec<u8>>,
}

impl DetectorBuilder {
    /// Uses this policy instead of the default one.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Uses the model in these bytes instead of the built-in one.
    pub fn model_bytes(mut self, bytes: Vec<u8>) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Uses a model that was already read.
    pub fn model(mut self, model: Arc<Model>) -> Self {
        self.model = Some(model);
        self
    }

    /// Returns the detector.
    ///
    /// # Errors
    /// If the model cannot be read.
    pub fn build(self) -> Result<Detector, ModelError> {
        let model = match (self.bytes, self.model) {
            (Some(bytes), _) => Arc::new(Model::from_bytes(&bytes)?),
            (None, Some(model)) => model,
            (None, None) => Arc::new(Model::builtin()?),
        };
        Ok(Detector { model, policy: Arc::new(self.policy) })
    }
}

/// What the detector thinks of one line, for people.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LineExplanation {
    /// Bytes of the line without its line break.
    pub span: Span,
    /// Most probable label.
    pub label: Label,
    /// Probability of each class, in the order of [`Class::ALL`]; they add up to 1.
    pub probabilities: [Probability; Class::COUNT],
    /// What the policy does with it, if it is not content.
    pub action: Option<Action>,
    /// The features that weighed most for the label, strongest first.
    pub reasons: Vec<Evidence>,
}

impl Detector {
    /// Returns a detector with the built-in model and the default policy.
    pub fn builtin() -> Self {
        Self::builder().build().expect("the built-in model is checked by a test")
    }

    /// Starts setting up a detector.
    pub fn builder() -> DetectorBuilder {
        DetectorBuilder::default()
    }

    /// Returns a detector with the same model and another policy.
    pub fn with_policy(&self, policy: Policy) -> Self {
        Self { model: Arc::clone(&self.model), policy: Arc::new(policy) }
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The model in use.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Name and digest of the model, as reports show them: `default@1f2e3d4c`.
    pub fn model_id(&self) -> &str {
        self.model.id()
    }

    /// Returns what was found in a document.
    pub fn scan<'t>(&self, document: impl Into<Document<'t>>) -> Report {
        let text = document.into().text;
        SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
            Ok(mut scratch) => self.scan_text(text, &mut scratch),
            Err(_) => self.scan_text(text, &mut Scratch::default()),
        })
    }

    /// Returns what was found in bytes that need not be valid UTF-8.
    ///
    /// Every byte that is not part of valid UTF-8 counts as a control character; offsets are
    /// those of `bytes`, so edits can be applied to `bytes` itself.
    pub fn scan_bytes(&self, bytes: &[u8]) -> Report {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.scan(text),
            Err(_) => {
                let mut text = String::with_capacity(bytes.len());
                for chunk in bytes.utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.extend(chunk.invalid().iter().map(|_| '\u{1a}'));
                }
                self.scan(text.as_str())
            }
        }
    }

    /// Returns the text without what the policy removes.
    pub fn clean<'t>(&self, text: &'t str) -> Cleaned<'t> {
        Cleaner::clean(text, self.scan(text))
    }

    /// Returns every line that holds text with its probabilities and reasons.
    ///
    /// Shows the first round: each line in the document as it is.
    pub fn explain(&self, text: &str) -> Vec<LineExplanation> {
        let mut lines = judge::explain(&self.model, &self.policy, text, &mut Scratch::default());
        for test in test_line::findings(text) {
            if let Some(line) = lines.iter_mut().find(|line| line.span.overlaps(test.span)) {
                line.label = test.label;
                line.probabilities = std::array::from_fn(|class| {
                    Probability::new(if class == test.label.class().index() { 1.0 } else { 0.0 })
                });
                line.action = Some(test.action);
                line.reasons = test.reasons;
            }
        }
        lines
    }

    /// Scans a text without its test lines, and adds these.
    fn scan_text(&self, text: &str, scratch: &mut Scratch) -> Report {
        let tests = test_line::findings(text);
        if tests.is_empty() {
            return self.scan_rounds(text, scratch);
        }
        let mut report = Report::empty(text.len());
        report.findings = tests;
        let rest = Rest::without(text, &Cleaner::edits(text.as_bytes(), &report));
        let left: String = rest.runs().collect();
        let found = self.scan_rounds(&left, scratch);
        rest.add(&found.findings, &mut report);
        let whole = found.verdict == Verdict::Spam || test_line::blank(&left);
        report.verdict = if whole { Verdict::Spam } else { Verdict::Dirty };
        report.spam_probability = Probability::new(1.0);
        report
    }

    fn scan_rounds(&self, text: &str, scratch: &mut Scratch) -> Report {
        let first = judge::judge(&self.model, &self.policy, &Rest::whole(text), scratch);
        if !first.findings.iter().any(|finding| finding.action == Action::Remove) {
            return first.into_report(text.len());
        }
        let mut report = first.into_report(text.len());
        let mut edits = Vec::new();
        for _ in 1..MAX_ROUNDS {
            let next = Cleaner::edits(text.as_bytes(), &report);
            if next == edits {
                // What was found holds nothing that can be cut.
                return report;
            }
            edits = next;
            let rest = Rest::without(text, &edits);
            let next = judge::judge(&self.model, &self.policy, &rest, scratch);
            let more: Vec<&Finding> = next.findings.iter().filter(|finding| finding.action == Action::Remove).collect();
            if more.is_empty() {
                return report;
            }
            rest.add(more, &mut report);
            report.spam_probability = Probability::new(report.spam_probability.get().max(next.spam_probability));
        }
        // No end in sight: whatever this text is, it is not for a machine to cut.
        for finding in &mut report.findings {
            finding.action = Action::Keep;
        }
        report.verdict = Verdict::Unsure;
        report
    }
}

impl Judgement {
    fn into_report(self, text_len: usize) -> Report {
        Report {
            verdict: self.verdict,
            spam_probability: Probability::new(self.spam_probability),
            findings: self.findings,
            text_len,
        }
    }
}
