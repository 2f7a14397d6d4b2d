//! What sites repeat, counted here or elsewhere.

use std::io::Cursor;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use unspam::io::{Format, ReadOptions, RecordReader, RecordWriter};
use unspam::profile::SiteProfile as Profile;
use unspam::stats;

use crate::arrow::{ArrowBatch, Input};
use crate::detector::bytes_or_file;
use crate::{ProfileError, columns, refuse, refuse_arrow};

/// Most bytes of a line: one site's counts.
const MAX_LINE: usize = 1 << 30;

/// How often the lines of sites repeat: hashes and counts, no text.
///
/// `SiteProfile()` is one of nothing, `SiteProfile(source)` the one in a file or in bytes.
///
/// >>> from unspam import Detector, SiteProfile
/// >>> profile = SiteProfile()
/// >>> for day in range(12):
/// ...     profile.count("https://news.example/a", f"Article number {day} has a text.\nTop of the town")
/// >>> profile.sites, profile.documents, profile.repeats
/// (1, 12, 2)
/// >>> Detector(profile=profile)
/// Detector(model='default@...', preset='balanced')
#[pyclass(frozen, module = "unspam")]
#[derive(Debug)]
pub(crate) struct SiteProfile {
    profile: Mutex<Arc<Profile>>,
}

#[pymethods]
impl SiteProfile {
    /// Returns a profile of nothing, or the one in a file or in bytes.
    #[new]
    #[pyo3(signature = (source=None))]
    fn new(source: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let profile = match source {
            Some(source) => Self::read(&bytes_or_file(source, "site profile")?)?,
            None => Profile::new(),
        };
        Ok(Self { profile: Mutex::new(Arc::new(profile)) })
    }

    /// Counts the lines of a document; does nothing if the address names no site.
    fn count(&self, url: &str, text: &str) {
        if let Some(site) = stats::site_of(url) {
            self.change(|profile| profile.count(&site, text));
        }
    }

    /// Adds documents of a site, and on how many of them the lines with these hashes stand.
    fn add_counts(&self, site: &str, documents: u64, lines: Vec<(i64, u64)>) {
        // Hashes are signed outside because Spark knows no others; the bits are the same.
        let lines = lines.into_iter().map(|(hash, count)| (hash as u64, count));
        self.change(|profile| profile.add_counts(site, documents, lines));
    }

    /// Adds what another profile counted.
    fn merge(&self, other: &Self) {
        let other = other.shared();
        self.change(|profile| profile.merge(&other));
    }

    /// Number of sites.
    #[getter]
    fn sites(&self) -> usize {
        self.shared().site_count()
    }

    /// Number of documents.
    #[getter]
    fn documents(&self) -> u64 {
        self.shared().document_count()
    }

    /// Number of lines that count as repeated.
    #[getter]
    fn repeats(&self) -> usize {
        self.shared().repeat_count()
    }

    /// Returns the profile as `unspam profile` writes it.
    fn to_bytes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &Self::bytes_of(&self.shared()))
    }

    /// Writes the profile to a file for `--profile`; compressed if the name ends in .gz or .zst.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let bytes = Self::bytes_of(&self.shared());
        py.detach(|| {
            let mut writer = RecordWriter::create(&path).map_err(refuse)?;
            writer.write_all(&bytes).map_err(refuse)?;
            writer.commit().map_err(refuse)
        })?;
        Ok(())
    }

    fn __eq__(&self, other: &Self) -> bool {
        *self.shared() == *other.shared()
    }

    fn __repr__(&self) -> String {
        let profile = self.shared();
        format!("SiteProfile(sites={}, documents={})", profile.site_count(), profile.document_count())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, (Bound<'py, PyBytes>,)) {
        (slf.get_type(), (slf.get().to_bytes(slf.py()),))
    }
}

impl SiteProfile {
    /// Returns the profile that an argument is, or names.
    pub(crate) fn of_argument(value: &Bound<'_, PyAny>) -> PyResult<Arc<Profile>> {
        if let Ok(known) = value.cast::<Self>() {
            return Ok(known.get().shared());
        }
        Ok(Arc::new(Self::read(&bytes_or_file(value, "site profile")?)?))
    }

    /// Returns the bytes of a profile, brought into the bounds in which it is written.
    pub(crate) fn bytes_of(profile: &Profile) -> Vec<u8> {
        let mut profile = profile.clone();
        profile.finish();
        let mut bytes = Vec::new();
        profile.write(&mut bytes).expect("writing to memory does not fail");
        bytes
    }

    fn read(bytes: &[u8]) -> PyResult<Profile> {
        let mut options = ReadOptions::of(Format::Jsonl);
        options.max_record = MAX_LINE;
        let told = |error: &dyn std::fmt::Display| ProfileError::new_err(error.to_string());
        let reader = RecordReader::new(Box::new(Cursor::new(bytes.to_vec())), None, false, &options);
        Profile::read(reader.map_err(|error| told(&error))?).map_err(|error| told(&error))
    }

    fn shared(&self) -> Arc<Profile> {
        Arc::clone(&self.profile.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Profile)) {
        let mut profile = self.profile.lock().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut profile));
    }
}

/// Returns the host of an address, in lower case and without `www.`, or None.
///
/// >>> import unspam
/// >>> unspam.site_of("https://www.News.example:443/a")
/// 'news.example'
#[pyfunction]
pub(crate) fn site_of(url: &str) -> Option<String> {
    stats::site_of(url)
}

/// Returns a record batch of `site` and `hash`: one row for each line that is counted of each
/// document of one batch, and one with the hash missing for each document.
#[pyfunction]
#[pyo3(name = "_count_lines", signature = (batch, text="text", url="url"))]
pub(crate) fn count_lines(py: Python<'_>, batch: &Bound<'_, PyAny>, text: &str, url: &str) -> PyResult<ArrowBatch> {
    let Some(Input::Batch(array, _)) = Input::of(batch)? else {
        return Err(refuse("counting lines needs a record batch"));
    };
    let counted = py.detach(|| columns::count_lines(&array, text, url)).map_err(refuse_arrow)?;
    Ok(ArrowBatch::new(counted))
}
