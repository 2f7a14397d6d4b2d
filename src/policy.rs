//! What is done about findings: which labels go, from which probability, and when to hold back.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::label::{Class, Label, LabelSet};

/// A named trade-off between junk left in and article lost.
///
/// The thresholds behind a preset are part of the model: they were chosen on
/// held-out documents at training time, see `models/MODEL.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Preset {
    /// The default.
    #[default]
    Balanced,
    /// Removes only what is beyond doubt.
    Precision,
    /// Removes more and loses a little more.
    Recall,
}

impl Preset {
    /// All presets in the order the model stores them.
    pub const ALL: [Self; 3] = [Self::Balanced, Self::Precision, Self::Recall];

    /// The name used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Balanced => "balanced",
            Self::Precision => "precision",
            Self::Recall => "recall",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Preset {
    type Err = PolicyError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.as_str() == text)
            .ok_or_else(|| PolicyError::UnknownPreset { text: text.to_owned() })
    }
}

/// Decides what happens to each finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    preset: Preset,
    remove: LabelSet,
    thresholds: BTreeMap<Label, f32>,
    caution: f32,
    max_loss_share: f32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            preset: Preset::Balanced,
            remove: Self::default_remove(),
            thresholds: BTreeMap::new(),
            caution: 0.0,
            max_loss_share: Self::DEFAULT_MAX_LOSS_SHARE,
        }
    }
}

impl Policy {
    /// Share of a document's text that may be removed as boilerplate and spam together
    /// before the damage guard looks whether an article is left.
    pub const DEFAULT_MAX_LOSS_SHARE: f32 = 0.7;

    /// The labels removed by default: all spam, all boilerplate except bylines.
    pub fn default_remove() -> LabelSet {
        Label::ALL
            .iter()
            .filter(|label| matches!(label.class(), Class::Boilerplate | Class::Spam))
            .fold(LabelSet::EMPTY, |set, &label| set.with(label))
    }

    /// Returns the default policy at another preset.
    pub fn preset(preset: Preset) -> Self {
        Self { preset, ..Self::default() }
    }

    /// Returns the policy with another set of labels to remove; `content` is ignored.
    pub fn with_remove(mut self, labels: LabelSet) -> Self {
        self.remove = labels.without(Label::Content);
        self
    }

    /// Returns the policy with these labels kept.
    pub fn with_keep(mut self, labels: LabelSet) -> Self {
        self.remove = self.remove.minus(labels);
        self
    }

    /// Returns the policy with the least probability at which spans of `labels` are removed.
    ///
    /// # Errors
    /// If `probability` is not within `0..=1`.
    pub fn with_threshold(mut self, labels: LabelSet, probability: f32) -> Result<Self, PolicyError> {
        if !(0.0..=1.0).contains(&probability) {
            return Err(PolicyError::Threshold { found: probability });
        }
        for label in labels.iter() {
            self.thresholds.insert(label, probability);
        }
        Ok(self)
    }

    /// Returns the policy with `nats` added to the log-odds of every threshold, those of the
    /// preset and those set: above 0 less is removed, below 0 more. A number that is not finite
    /// counts as 0. `unspam calibrate` chooses it.
    pub fn with_caution(mut self, nats: f32) -> Self {
        self.caution = if nats.is_finite() { nats } else { 0.0 };
        self
    }

    /// Returns the policy with another damage guard, a share of the text within `0..=1`.
    ///
    /// # Errors
    /// If `share` is not within `0..=1`.
    pub fn with_max_loss_share(mut self, share: f32) -> Result<Self, PolicyError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(PolicyError::Share { found: share });
        }
        self.max_loss_share = share;
        Ok(self)
    }

    /// The preset whose thresholds apply where none was set.
    pub fn preset_name(&self) -> Preset {
        self.preset
    }

    /// Whether spans of this label are removed when they are sure enough.
    pub fn removes(&self, label: Label) -> bool {
        self.remove.contains(label)
    }

    /// The labels that are removed.
    pub fn removed_labels(&self) -> LabelSet {
        self.remove
    }

    /// The threshold set for a label, if one was.
    pub fn threshold(&self, label: Label) -> Option<f32> {
        self.thresholds.get(&label).copied()
    }

    /// Nats added to the log-odds of every threshold.
    pub fn caution(&self) -> f32 {
        self.caution
    }

    /// A threshold with the caution added.
    pub(crate) fn raised(&self, threshold: f32) -> f32 {
        if self.caution == 0.0 || threshold <= 0.0 || threshold >= 1.0 {
            return threshold;
        }
        let logit = (threshold / (1.0 - threshold)).ln() + self.caution;
        let raised = 1.0 / (1.0 + (-logit).exp());
        // What rounds to certainty is out of reach, also for a probability that rounds to it.
        if raised < 1.0 { raised } else { f32::INFINITY }
    }

    /// Share of the text above which the damage guard holds removals back.
    pub fn max_loss_share(&self) -> f32 {
        self.max_loss_share
    }
}

/// A setting that no policy can have.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A threshold outside `0..=1`.
    #[error("threshold {found} is not a probability: give a number from 0 to 1")]
    Threshold {
        /// The value given.
        found: f32,
    },
    /// A share outside `0..=1`.
    #[error("share {found} is not within 0 to 1")]
    Share {
        /// The value given.
        found: f32,
    },
    /// A preset that does not exist.
    #[error("unknown preset \"{text}\": use balanced, precision or recall")]
    UnknownPreset {
        /// The name given.
        text: String,
    },
}
