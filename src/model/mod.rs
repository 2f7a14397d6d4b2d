//! The trained model: tables and weights, how they are read, how they are applied.
//!
//! Everything the detector knows is in here, its phrase lists included, so that one file
//! decides what a text is judged by.

pub(crate) mod brand;
pub(crate) mod classifier;
mod file;
pub mod forest;
pub(crate) mod kind;
pub mod language;
pub mod linear;
pub mod network;
pub mod ngram;
pub mod screen;

use serde_json::Value;

use crate::decode::Decoder;
use crate::error::ModelError;
use crate::features::Resources;
use crate::features::links::LinkFinder;
use crate::features::phrase::PhraseSet;
use crate::label::{Class, Label};
use crate::policy::Preset;

use brand::BrandTable;
use classifier::Classifier;
use kind::KindTable;
use language::LanguageTable;
use linear::LinearModel;
use ngram::NgramTable;
use screen::Screen;

#[cfg(feature = "train")]
pub(crate) use file::{ModelParts, write_model};

/// The model that is part of the program.
const BUILTIN: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/default.unspam"));

/// Turns scores into calibrated probabilities: `1 / (1 + exp(-(slope * log-odds + offset)))`,
/// Platt's method (Platt 1999), fitted on held-out lines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Factor on the log-odds.
    pub slope: f32,
    /// Added to the log-odds.
    pub offset: f32,
}

impl Calibration {
    /// Changes nothing.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// Returns the calibrated probability of an uncalibrated one.
    pub fn apply(self, probability: f32) -> f32 {
        let probability = probability.clamp(1e-7, 1.0 - 1e-7);
        let logit = (probability / (1.0 - probability)).ln();
        1.0 / (1.0 + (-(self.slope * logit + self.offset)).exp())
    }
}

/// Least probabilities at which spans are removed, chosen on held-out documents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// For whole lines, by class in the order of [`Class::ALL`].
    pub line: [f32; Class::COUNT],
    /// For pieces inside a line, by class.
    pub piece: [f32; Class::COUNT],
    /// For documents that are one line, by class.
    pub single: [f32; Class::COUNT],
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) header: String,
    pub(crate) id: String,
    pub(crate) screen: Screen,
    pub(crate) ngrams: NgramTable,
    pub(crate) kinds: [KindTable; 2],
    pub(crate) brands: BrandTable,
    pub(crate) languages: LanguageTable,
    pub(crate) phrases: PhraseSet,
    pub(crate) links: LinkFinder,
    /// First pass over lines, second pass, and the model of pieces inside a line.
    pub(crate) first: LinearModel,
    pub(crate) second: Classifier,
    pub(crate) piece: Classifier,
    pub(crate) decoder: Decoder,
    /// For lines, pieces and single-line documents: calibration of each class's probability.
    pub(crate) calibration: [[Calibration; Class::COUNT]; 3],
    pub(crate) thresholds: [Thresholds; Preset::ALL.len()],
    pub(crate) size: usize,
}

impl Model {
    /// Reads the model that is part of the program.
    ///
    /// # Errors
    /// If the build was made with a damaged model file; a test rules that out.
    pub fn builtin() -> Result<Self, ModelError> {
        Self::from_bytes(BUILTIN)
    }

    /// Reads a model.
    ///
    /// # Errors
    /// Says what is wrong: not a model, another format, a damaged header, another feature schema,
    /// other labels, cut short, damaged, too long, a section missing, malformed. Checked in that
    /// order; no input panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        file::read_model(bytes)
    }

    /// The header line: a JSON object with name, format, labels, sections and training record.
    pub fn header_json(&self) -> &str {
        &self.header
    }

    /// The header, parsed.
    pub fn header(&self) -> Value {
        serde_json::from_str(&self.header).unwrap_or(Value::Null)
    }

    /// Name and checksum, as reports show them: `default@1f2e3d4c`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Size of the file in bytes.
    pub fn byte_len(&self) -> usize {
        self.size
    }

    /// Number of phrases in its lists.
    pub fn phrase_count(&self) -> usize {
        self.phrases.len()
    }

    /// The thresholds of a preset.
    pub fn thresholds(&self, preset: Preset) -> &Thresholds {
        let index = Preset::ALL.iter().position(|&other| other == preset).unwrap_or(0);
        &self.thresholds[index]
    }

    pub(crate) fn resources(&self) -> Resources<'_> {
        Resources {
            screen: &self.screen,
            ngrams: &self.ngrams,
            languages: &self.languages,
            brands: &self.brands,
            phrases: &self.phrases,
            links: &self.links,
        }
    }

    /// Returns the label of a line known to be of a class, and the kind's share of the class.
    pub(crate) fn kind_of(&self, class: Class, symbols: &[u8], cues: &[u16]) -> (Label, f32) {
        let table = match class {
            Class::Content => return (Label::Content, 1.0),
            Class::Byline => return (Label::Byline, 1.0),
            Class::Boilerplate => &self.kinds[0],
            Class::Spam => &self.kinds[1],
        };
        let (column, share) = table.best(symbols, cues);
        (kind::label_of(class, column), share)
    }
}
