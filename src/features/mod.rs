//! Turns the lines of a document into rows of numbers.
//!
//! Two passes: the first looks at each line with its place in the document, the second adds
//! what the first pass thought of the neighbours. Every feature is listed in [`registry`],
//! is total (any text gives a finite value) and does not depend on machine or locale.

mod belonging;
pub(crate) mod brand;
mod cues;
mod extract;
pub(crate) mod glance;
pub mod links;
pub mod phrase;
pub mod registry;
pub mod signs;
pub(crate) mod view;

pub use registry::{FEATURE_COUNT, FEATURES, Feature, FeatureInfo, Group, schema_digest};

pub(crate) use cues::cues_of;
pub(crate) use extract::{Place, Summary, fill_neighbours, first_pass_row};
pub(crate) use view::View;

/// Raised whenever a feature changes its meaning under the same code; part of the schema digest.
pub(crate) const REVISION: u32 = 4;

use links::LinkFinder;
use phrase::PhraseSet;

use crate::model::brand::BrandTable;
use crate::model::language::LanguageTable;
use crate::model::ngram::NgramTable;
use crate::model::screen::Screen;

/// What extraction needs besides the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resources<'m> {
    pub(crate) screen: &'m Screen,
    pub(crate) ngrams: &'m NgramTable,
    pub(crate) languages: &'m LanguageTable,
    pub(crate) brands: &'m BrandTable,
    pub(crate) phrases: &'m PhraseSet,
    pub(crate) links: &'m LinkFinder,
}

/// One row of features.
pub type Row = [f32; FEATURE_COUNT];
