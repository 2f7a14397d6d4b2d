//! Makes models from labelled documents, and measures them.

pub mod evaluate;

use std::fmt;
use std::path::PathBuf;

/// What to train on, and where the model goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrainConfig {
    /// Files of gold documents or labelled lines, or folders of them.
    pub inputs: Vec<PathBuf>,
    /// The model file to write.
    pub output: PathBuf,
    /// Where the random numbers begin.
    pub seed: u64,
    /// Threads that work; the model does not depend on it.
    pub jobs: usize,
    /// Most documents taken from each file.
    pub max_docs: Option<usize>,
    /// Documents whose licence contains one of these are left out.
    pub exclude_license: Vec<String>,
    /// Name of the model in reports.
    pub name: String,
}

/// What came out of training, for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrainSummary {
    /// Lines about data, time and quality.
    pub text: String,
}

impl fmt::Display for TrainSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why no model was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// This build has no trainer.
    #[error("this build cannot train yet")]
    Unavailable,
}

/// Trains a model and writes it.
///
/// # Errors
/// If the data cannot be read, holds too little, or the model cannot be written.
pub fn train(config: &TrainConfig, progress: &mut dyn FnMut(&str)) -> Result<TrainSummary, TrainError> {
    progress(&format!("would write {}", config.output.display()));
    Err(TrainError::Unavailable)
}
