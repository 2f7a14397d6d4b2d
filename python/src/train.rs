//! Training, evaluation and calibration, on files.

use std::path::PathBuf;

use pyo3::prelude::*;
use unspam::train::calibrate::lines_needed;
use unspam::train::{TrainConfig, calibrate as calibration, evaluate as evaluation};

use crate::detector::Detector;
use crate::{TrainError, refuse};

fn jobs_of(jobs: Option<usize>) -> usize {
    let jobs = jobs.filter(|&jobs| jobs > 0);
    jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// Trains on files of gold documents and labelled lines, writes the model, and returns what
/// came of it as JSON.
#[pyfunction]
#[pyo3(name = "_train", signature = (inputs, output, *, seed=1, jobs=None, max_docs=None,
                                     exclude_license=Vec::new(), name="custom".to_owned(), progress=None))]
pub(crate) fn train(
    py: Python<'_>,
    inputs: Vec<PathBuf>,
    output: PathBuf,
    seed: u64,
    jobs: Option<usize>,
    max_docs: Option<usize>,
    exclude_license: Vec<String>,
    name: String,
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let config = TrainConfig { inputs, output, seed, jobs: jobs_of(jobs), max_docs, exclude_license, name };
    let mut failed = None;
    let summary = py.detach(|| {
        let mut say = |step: &str| {
            if let (Some(progress), None) = (&progress, &failed) {
                failed = Python::attach(|py| progress.call1(py, (step,)).err());
            }
        };
        unspam::train::train(&config, &mut say)
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let summary = summary.map_err(|error| TrainError::new_err(error.to_string()))?;
    let told = serde_json::json!({
        "model_bytes": summary.model_bytes,
        "documents": summary.documents,
        "lines": summary.lines,
        "seconds": summary.seconds,
        "record": summary.record,
    });
    Ok(told.to_string())
}

/// Measures a detector against files of gold documents; returns JSON, one object for each file.
#[pyfunction]
#[pyo3(name = "_evaluate", signature = (detector, files, *, jobs=None))]
pub(crate) fn evaluate(
    py: Python<'_>,
    detector: &Bound<'_, Detector>,
    files: Vec<PathBuf>,
    jobs: Option<usize>,
) -> PyResult<String> {
    let detector = detector.get();
    let measures =
        py.detach(|| evaluation::evaluate(detector.engine(), &files, evaluation::EvaluateOptions::new(jobs_of(jobs))));
    let measures = measures.map_err(|error| TrainError::new_err(error.to_string()))?;
    serde_json::to_string(&measures).map_err(refuse)
}

/// Tests falling cautions on clean texts; returns lines, lines needed, trials and the choice.
#[pyfunction]
#[pyo3(name = "_calibrate", signature = (detector, texts, max_loss, confidence))]
pub(crate) fn calibrate(
    py: Python<'_>,
    detector: &Bound<'_, Detector>,
    texts: Vec<String>,
    max_loss: f64,
    confidence: f64,
) -> (u64, u64, Vec<(f32, u64, f64)>, Option<(f32, u64, f64)>) {
    let detector = detector.get();
    let found = py.detach(|| calibration::calibrate(detector.engine(), &texts, max_loss, confidence));
    let told = |trial: &calibration::Trial| (trial.caution, trial.lost, trial.bound);
    let trials = found.trials.iter().map(told).collect();
    (found.lines, lines_needed(max_loss, confidence), trials, found.chosen.as_ref().map(told))
}
