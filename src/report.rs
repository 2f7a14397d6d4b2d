//! What the detector says of a document: a verdict and the findings it rests on.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::label::Label;
use crate::span::Span;
use crate::test_line::TEST_LINE_REASON;

/// A calibrated probability, always within `0..=1`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
#[serde(transparent)]
pub struct Probability(f32);

impl Probability {
    /// Clamps `value` into `0..=1`; NaN becomes 0.
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// The value, `0..=1`.
    pub fn get(self) -> f32 {
        self.0
    }
}

/// What the policy does with a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// The cleaner takes the span out.
    Remove,
    /// The span stays: its label is kept by policy, or the detector is not sure enough.
    Keep,
}

/// The judgement on a whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing to remove.
    Ok,
    /// An article with junk in it.
    Dirty,
    /// The document itself is spam.
    Spam,
    /// Worth a look: near a threshold, or too much would go.
    Unsure,
}

impl Verdict {
    /// The verdict as written in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Dirty => "dirty",
            Self::Spam => "spam",
            Self::Unsure => "unsure",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One reason for a finding: a feature and how much it spoke for the label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Evidence {
    /// Code of the feature, as the registry lists it.
    pub code: &'static str,
    /// Log-odds that the feature added for the label against content.
    pub weight: f32,
}

/// One span that is not content.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Bytes of the original text, without the line break.
    pub span: Span,
    /// Most probable label.
    pub label: Label,
    /// Probability that the span is not content, calibrated on held-out lines.
    pub score: Probability,
    /// What the policy does with it.
    pub action: Action,
    /// The features that weighed most, strongest first.
    pub reasons: Vec<Evidence>,
}

/// All that was found in one document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Judgement on the whole document.
    pub verdict: Verdict,
    /// Probability that the document is spam as a whole or carries spam, `0..=1`.
    pub spam_probability: Probability,
    /// Findings in text order; they do not overlap.
    pub findings: Vec<Finding>,
    /// Length in bytes of the text the report speaks about.
    pub text_len: usize,
}

impl Report {
    /// Returns a report that says nothing was found in a text of `text_len` bytes.
    pub fn empty(text_len: usize) -> Self {
        Self { verdict: Verdict::Ok, spam_probability: Probability::default(), findings: Vec::new(), text_len }
    }

    /// The findings that the policy removes, in text order.
    pub fn removals(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.action == Action::Remove)
    }

    /// Whether the text holds the line that is always found, [`TEST_LINE`](crate::TEST_LINE).
    pub fn has_test_line(&self) -> bool {
        self.findings.iter().any(|finding| finding.reasons.iter().any(|reason| reason.code == TEST_LINE_REASON))
    }

    /// Whether cleaning would change the text.
    pub fn changes_text(&self) -> bool {
        self.removals().next().is_some()
    }
}
