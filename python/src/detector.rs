//! The detector, and what it is set up from.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use unspam::model::Model;
use unspam::profile::SiteProfile as Profile;
use unspam::{Cleaner, Detector as Engine, Edit, Gate, LabelSet, Outcome, Policy, Preset, Verdict, When};

use crate::arrow::Input;
use crate::columns::{Columns, Verb};
use crate::parallel;
use crate::profile::SiteProfile;
use crate::report::{Cleaned, Decision, Judged, Report, action_name, shortest};
use crate::text::Text;
use crate::{ModelError, arrow, refuse};

/// Models that stay read in a process: workers build the same detector again and again.
const MODELS_KEPT: usize = 4;

static MODELS: Mutex<VecDeque<(Arc<[u8]>, Arc<Model>)>> = Mutex::new(VecDeque::new());
static BUILTIN: OnceLock<Arc<Model>> = OnceLock::new();

fn builtin() -> PyResult<Arc<Model>> {
    if let Some(model) = BUILTIN.get() {
        return Ok(Arc::clone(model));
    }
    let model = Arc::new(Model::builtin().map_err(|error| ModelError::new_err(error.to_string()))?);
    Ok(Arc::clone(BUILTIN.get_or_init(|| model)))
}

/// Returns a model and its bytes, those that are known already if there are such.
fn model_of(bytes: &[u8]) -> PyResult<(Arc<[u8]>, Arc<Model>)> {
    let mut models = MODELS.lock().map_err(refuse)?;
    if let Some(known) = models.iter().find(|known| *known.0 == *bytes) {
        return Ok(known.clone());
    }
    let model = Arc::new(Model::from_bytes(bytes).map_err(|error| ModelError::new_err(error.to_string()))?);
    let made = (Arc::from(bytes), model);
    models.push_back(made.clone());
    if models.len() > MODELS_KEPT {
        models.pop_front();
    }
    Ok(made)
}

/// What a detector judges with; cheap to clone and shared between threads.
#[derive(Debug, Clone)]
pub(crate) struct Judge {
    pub(crate) engine: Engine,
    pub(crate) profile: Option<Arc<Profile>>,
    pub(crate) model_id: Arc<str>,
}

impl Judge {
    /// Returns what is found in a text, with what its site repeats if there is a profile.
    pub(crate) fn scan(&self, text: &Text<'_>, url: Option<&str>) -> unspam::Report {
        let Some(known) = text.as_str() else { return self.engine.scan_bytes(text.as_bytes()) };
        let report = self.engine.scan(known);
        match &self.profile {
            Some(profile) => profile.refine(&self.engine, known, url, report),
            None => report,
        }
    }
}

/// Returns labels named one by one or in a list with commas.
fn labels(value: &Bound<'_, PyAny>) -> PyResult<LabelSet> {
    LabelSet::parse(&names(value)?.join(",")).map_err(refuse)
}

/// Returns what is named one by one or in a text with commas.
fn names(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match value.cast::<PyString>() {
        Ok(text) => Ok(text.to_str()?.split(',').map(|name| name.trim().to_owned()).collect()),
        Err(_) => value.extract(),
    }
}

/// Returns the bytes of a model or profile that was given as such or as a path.
pub(crate) fn bytes_or_file(value: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    let Ok(path) = value.extract::<PathBuf>() else {
        let kind = value.get_type().name()?;
        return Err(PyTypeError::new_err(format!("{what} must be a path or bytes, not {kind}")));
    };
    std::fs::read(&path).map_err(|error| {
        match error.raw_os_error() {
            // OSError makes its subclass of the number: FileNotFoundError and others.
            Some(code) => PyOSError::new_err((code, format!("cannot read {what}"), path.as_os_str().to_owned())),
            None => PyOSError::new_err(format!("{what} \"{}\": {error}", path.display())),
        }
    })
}

/// Finds spam and boilerplate in texts.
///
/// A detector can be shared between threads and costs little to pickle: without a model of its
/// own it is a few settings, and workers read each model once.
///
/// Arguments: `model`, path or bytes of a model instead of the built-in one; `preset`, `balanced`,
/// `precision` or `recall`; `remove` and `keep`, labels such as `"spam/*,boilerplate/legal"` or a
/// list; `threshold`, least probability by label; `caution`, nats added to the log-odds of every
/// threshold; `max_loss_share`, share of a text above which nothing goes unless the document is
/// spam; `profile`, what sites repeat, a `SiteProfile` or the path or bytes of one.
///
/// >>> from unspam import Detector
/// >>> Detector(preset="precision", keep="boilerplate/legal").policy["preset"]
/// 'precision'
/// >>> Detector(remove="casino")
/// Traceback (most recent call last):
///     ...
/// unspam.UnspamError: unknown label "casino": use content, boilerplate/<kind> or spam/<kind>
#[pyclass(frozen, module = "unspam")]
#[derive(Debug)]
pub(crate) struct Detector {
    judge: Judge,
    /// Bytes of a model that is not the built-in one.
    model: Option<Arc<[u8]>>,
}

#[pymethods]
impl Detector {
    #[new]
    #[pyo3(signature = (model=None, *, preset="balanced", remove=None, keep=None, threshold=None,
                        caution=0.0, max_loss_share=None, profile=None))]
    fn new(
        model: Option<&Bound<'_, PyAny>>,
        preset: &str,
        remove: Option<&Bound<'_, PyAny>>,
        keep: Option<&Bound<'_, PyAny>>,
        threshold: Option<&Bound<'_, PyDict>>,
        caution: f32,
        max_loss_share: Option<f32>,
        profile: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let mut policy = Policy::preset(preset.parse::<Preset>().map_err(refuse)?);
        if let Some(remove) = remove {
            policy = policy.with_remove(labels(remove)?);
        }
        if let Some(keep) = keep {
            policy = policy.with_keep(labels(keep)?);
        }
        for (list, probability) in threshold.into_iter().flatten() {
            policy = policy.with_threshold(labels(&list)?, probability.extract()?).map_err(refuse)?;
        }
        if !caution.is_finite() {
            return Err(refuse(format!("caution {caution} is not a number of nats")));
        }
        policy = policy.with_caution(caution);
        if let Some(share) = max_loss_share {
            policy = policy.with_max_loss_share(share).map_err(refuse)?;
        }
        let model = model.map(|model| bytes_or_file(model, "model")).transpose()?;
        let profile = profile.map(SiteProfile::of_argument).transpose()?;
        Self::build(model, policy, profile)
    }

    /// Name and digest of the model.
    #[getter]
    fn model_id(&self) -> &str {
        &self.judge.model_id
    }

    /// The settings in force, as a dictionary with the names of the arguments.
    #[getter]
    fn policy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let policy = self.judge.engine.policy();
        let dict = PyDict::new(py);
        dict.set_item("preset", policy.preset_name().as_str())?;
        dict.set_item("remove", policy.removed_labels().iter().map(unspam::Label::as_str).collect::<Vec<_>>())?;
        let thresholds = PyDict::new(py);
        for &label in unspam::Label::ALL {
            if let Some(probability) = policy.threshold(label) {
                thresholds.set_item(label.as_str(), shortest(probability))?;
            }
        }
        dict.set_item("threshold", thresholds)?;
        dict.set_item("caution", shortest(policy.caution()))?;
        dict.set_item("max_loss_share", shortest(policy.max_loss_share()))?;
        Ok(dict)
    }

    /// Returns what was found in a text, a `Report`; `url` matters if there is a site profile.
    ///
    /// >>> from unspam import Detector
    /// >>> text = "Hujan deras mengguyur kota sejak pagi.\n\nsbobet88\n"
    /// >>> report = Detector().scan(text)
    /// >>> report.verdict
    /// 'dirty'
    /// >>> [(text[found.start:found.end], found.label, found.action) for found in report.findings]
    /// [('sbobet88', 'spam/gambling', 'remove')]
    #[pyo3(signature = (text, *, url=None))]
    fn scan(&self, py: Python<'_>, text: &Bound<'_, PyAny>, url: Option<&str>) -> PyResult<Report> {
        let text = Text::of(text)?;
        Ok(py.detach(|| Report::of(&text, &self.judge.scan(&text, url), &self.judge.model_id)))
    }

    /// Returns the text without what the policy removes, and what that was: a `Cleaned`.
    ///
    /// >>> from unspam import Detector
    /// >>> cleaned = Detector().clean("Hujan deras mengguyur kota sejak pagi.\n\nsbobet88\n")
    /// >>> cleaned.text
    /// 'Hujan deras mengguyur kota sejak pagi.\n'
    /// >>> cleaned.restore()
    /// 'Hujan deras mengguyur kota sejak pagi.\n\nsbobet88\n'
    #[pyo3(signature = (text, *, url=None))]
    fn clean(&self, py: Python<'_>, text: &Bound<'_, PyAny>, url: Option<&str>) -> PyResult<Cleaned> {
        let known = Text::of(text)?;
        let (report, edits, left) = py.detach(|| self.clean_text(&known, url));
        Cleaned::of(text, &known, &report, &edits, left, &self.judge.model_id)
    }

    /// Says what becomes of a text: a `Decision`, true if it passes.
    ///
    /// Spam is rejected, what is unsure is to be reviewed, and what has something to remove is
    /// cleaned. With `fail_on`, such as `["spam/gambling:0.9"]`, only what has that is rejected;
    /// `max_removed` and `min_left` send to review what loses much or is left with little.
    ///
    /// >>> from unspam import Detector
    /// >>> detector = Detector()
    /// >>> bool(detector.check("Hujan deras mengguyur kota sejak pagi.\n"))
    /// True
    /// >>> decision = detector.check("Hujan deras.\n\nsbobet88\n", fail_on=["spam/gambling:0.9"])
    /// >>> decision.outcome, decision.because, decision.result
    /// ('reject', 'found spam/gambling with probability 0.9 or more', 'flagged')
    #[pyo3(signature = (text, *, url=None, fail_on=None, max_removed=None, min_left=None))]
    fn check(
        &self,
        py: Python<'_>,
        text: &Bound<'_, PyAny>,
        url: Option<&str>,
        fail_on: Option<&Bound<'_, PyAny>>,
        max_removed: Option<f32>,
        min_left: Option<usize>,
    ) -> PyResult<Decision> {
        let (gate, named_only) = self.gate(fail_on, max_removed, min_left)?;
        let known = Text::of(text)?;
        let (report, edits, judged) = py.detach(|| {
            let (report, edits, _) = self.clean_text(&known, url);
            let judged = Judged::of(&gate, named_only, &known, &report, &edits);
            (report, edits, judged)
        });
        Decision::of(text, &known, &report, &edits, judged, &self.judge.model_id)
    }

    /// Returns each line with its label, probabilities and the features that weighed most.
    ///
    /// >>> from unspam import Detector
    /// >>> lines = Detector().explain("Hujan deras mengguyur kota sejak pagi.\n\nsbobet88\n")
    /// >>> [line["label"] for line in lines]
    /// ['content', 'spam/gambling']
    fn explain<'py>(&self, py: Python<'py>, text: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let text = Text::of(text)?;
        let judged = text.to_judged();
        let lines = py.detach(|| self.judge.engine.explain(&judged));
        let mut counter = text.counter();
        let list = PyList::empty(py);
        for line in lines {
            let dict = PyDict::new(py);
            dict.set_item("start", counter.convert(line.span.start()))?;
            dict.set_item("end", counter.convert(line.span.end()))?;
            dict.set_item("label", line.label.as_str())?;
            let probabilities = PyDict::new(py);
            for (class, probability) in ["content", "byline", "boilerplate", "spam"].iter().zip(line.probabilities) {
                probabilities.set_item(class, shortest(probability.get()))?;
            }
            dict.set_item("probabilities", probabilities)?;
            dict.set_item("action", line.action.map(action_name))?;
            let reasons: Vec<_> = line.reasons.iter().map(|reason| (reason.code, shortest(reason.weight))).collect();
            dict.set_item("reasons", reasons)?;
            list.append(dict)?;
        }
        Ok(list)
    }

    /// Scans many texts: a list of reports for a list of texts, Arrow for Arrow.
    ///
    /// Arrow is anything with `__arrow_c_array__` or `__arrow_c_stream__`: arrays and record batches
    /// of pyarrow, series and frames of polars, frames of pandas, relations of duckdb. Nothing is
    /// copied on the way in. A batch gives a batch, a stream gives a stream that is judged while
    /// it is read. Of a table all columns stay, and `unspam_verdict`, `unspam_spam_probability`
    /// and `unspam_spans` are added; of texts alone there are `verdict`, `spam_probability` and
    /// `spans`. `threads` is the number of cores by default. Missing texts stay missing.
    ///
    /// >>> from unspam import Detector
    /// >>> [report.verdict for report in Detector().scan_batch(["Hujan deras.\n\nsbobet88", "Hujan deras."])]
    /// ['dirty', 'ok']
    #[pyo3(signature = (texts, *, urls=None, text="text", url="url", threads=None, offsets="char"))]
    fn scan_batch<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        urls: Option<&Bound<'py, PyAny>>,
        text: &str,
        url: &str,
        threads: Option<usize>,
        offsets: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(input) = arrow_of(texts, urls)? {
            return arrow::answer(py, input, self.columns(Verb::Scan, text, url, threads, offsets)?);
        }
        let (objects, urls) = Objects::of(texts, urls)?;
        let texts = objects.texts()?;
        let reports = parallel::interruptible(py, |stop| {
            parallel::map(texts.len(), threads, stop, |row| {
                let text = texts[row].as_ref()?;
                Some(Report::of(text, &self.judge.scan(text, urls.of(row)), &self.judge.model_id))
            })
        })?;
        Ok(PyList::new(py, reports)?.into_any())
    }

    /// Cleans many texts: a list of `Cleaned` for a list of texts, Arrow for Arrow.
    ///
    /// Arrow goes in and out as in `scan_batch`; the column `text` is cleaned and a column
    /// `unspam_ledger` is added, from which `restore_batch` makes the original.
    ///
    /// >>> from unspam import Detector
    /// >>> [cleaned.text for cleaned in Detector().clean_batch(["Hujan deras.\n\nsbobet88", "Hujan deras."])]
    /// ['Hujan deras.', 'Hujan deras.']
    #[pyo3(signature = (texts, *, urls=None, text="text", url="url", threads=None))]
    fn clean_batch<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        urls: Option<&Bound<'py, PyAny>>,
        text: &str,
        url: &str,
        threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let Some(input) = arrow_of(texts, urls)? {
            return arrow::answer(py, input, self.columns(Verb::Clean, text, url, threads, "char")?);
        }
        let (objects, urls) = Objects::of(texts, urls)?;
        let texts = objects.texts()?;
        let cleaned = parallel::interruptible(py, |stop| {
            parallel::map(texts.len(), threads, stop, |row| Some(self.clean_text(texts[row].as_ref()?, urls.of(row))))
        })?;
        let list = PyList::empty(py);
        for (row, cleaned) in cleaned.into_iter().enumerate() {
            match (cleaned, &texts[row]) {
                (Some((report, edits, left)), Some(text)) => {
                    let object = &objects.objects[row];
                    list.append(Cleaned::of(object, text, &report, &edits, left, &self.judge.model_id)?)?;
                }
                _ => list.append(py.None())?,
            }
        }
        Ok(list.into_any())
    }

    /// Says what becomes of many texts: a list of `Decision` for a list of texts, Arrow for Arrow.
    ///
    /// The rules are those of `check`; Arrow goes in and out as in `scan_batch`, with columns
    /// `outcome`, `because`, `result`, `removed_share` and `left_chars` added.
    ///
    /// >>> from unspam import Detector
    /// >>> [decision.outcome for decision in Detector().check_batch(["Hujan deras.\n\nsbobet88", "Hujan deras."])]
    /// ['clean', 'accept']
    #[pyo3(signature = (texts, *, urls=None, text="text", url="url", threads=None, fail_on=None,
                        max_removed=None, min_left=None))]
    fn check_batch<'py>(
        &self,
        py: Python<'py>,
        texts: &Bound<'py, PyAny>,
        urls: Option<&Bound<'py, PyAny>>,
        text: &str,
        url: &str,
        threads: Option<usize>,
        fail_on: Option<&Bound<'py, PyAny>>,
        max_removed: Option<f32>,
        min_left: Option<usize>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (gate, named_only) = self.gate(fail_on, max_removed, min_left)?;
        if let Some(input) = arrow_of(texts, urls)? {
            let verb = Verb::Check(gate, named_only);
            return arrow::answer(py, input, self.columns(verb, text, url, threads, "char")?);
        }
        let (objects, urls) = Objects::of(texts, urls)?;
        let texts = objects.texts()?;
        let decided = parallel::interruptible(py, |stop| {
            parallel::map(texts.len(), threads, stop, |row| {
                let text = texts[row].as_ref()?;
                let (report, edits, _) = self.clean_text(text, urls.of(row));
                let judged = Judged::of(&gate, named_only, text, &report, &edits);
                Some((report, edits, judged))
            })
        })?;
        let list = PyList::empty(py);
        for (row, decided) in decided.into_iter().enumerate() {
            match (decided, &texts[row]) {
                (Some((report, edits, judged)), Some(text)) => list.append(Decision::of(
                    &objects.objects[row],
                    text,
                    &report,
                    &edits,
                    judged,
                    &self.judge.model_id,
                )?)?,
                _ => list.append(py.None())?,
            }
        }
        Ok(list.into_any())
    }

    fn __repr__(&self) -> String {
        let policy = self.judge.engine.policy();
        format!("Detector(model='{}', preset='{}')", self.judge.model_id, policy.preset_name())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let rebuild = py.import("unspam._unspam")?.getattr("_rebuild_detector")?;
        let policy = self.judge.engine.policy();
        let labels: Vec<&str> = policy.removed_labels().iter().map(unspam::Label::as_str).collect();
        let thresholds: Vec<(&str, f32)> =
            unspam::Label::ALL.iter().filter_map(|&label| Some((label.as_str(), policy.threshold(label)?))).collect();
        let model = self.model.as_deref().map(|bytes| PyBytes::new(py, bytes));
        let profile = self.judge.profile.as_ref().map(|profile| SiteProfile::bytes_of(profile));
        let profile = profile.map(|bytes| PyBytes::new(py, &bytes));
        let numbers = (policy.caution(), policy.max_loss_share());
        let args = (model, policy.preset_name().as_str(), labels, thresholds, numbers, profile);
        Ok((rebuild, args.into_pyobject(py)?.into_any()))
    }
}

/// Returns the detector that was pickled.
#[pyfunction]
#[pyo3(name = "_rebuild_detector")]
pub(crate) fn rebuild_detector(
    model: Option<Vec<u8>>,
    preset: &str,
    remove: Vec<String>,
    thresholds: Vec<(String, f32)>,
    numbers: (f32, f32),
    profile: Option<&Bound<'_, PyAny>>,
) -> PyResult<Detector> {
    let mut policy = Policy::preset(preset.parse::<Preset>().map_err(refuse)?);
    policy = policy.with_remove(LabelSet::parse(&remove.join(",")).map_err(refuse)?);
    for (label, probability) in thresholds {
        policy = policy.with_threshold(LabelSet::parse(&label).map_err(refuse)?, probability).map_err(refuse)?;
    }
    policy = policy.with_caution(numbers.0).with_max_loss_share(numbers.1).map_err(refuse)?;
    let profile = profile.map(SiteProfile::of_argument).transpose()?;
    Detector::build(model, policy, profile)
}

impl Detector {
    fn build(model: Option<Vec<u8>>, policy: Policy, profile: Option<Arc<Profile>>) -> PyResult<Self> {
        let (model, known) = match model {
            Some(bytes) => model_of(&bytes).map(|(bytes, model)| (Some(bytes), model))?,
            None => (None, builtin()?),
        };
        let engine = Engine::builder().model(known).policy(policy).build();
        let engine = engine.map_err(|error| ModelError::new_err(error.to_string()))?;
        let model_id = engine.model_id().into();
        Ok(Self { judge: Judge { engine, profile, model_id }, model })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.judge.engine
    }

    fn clean_text(&self, text: &Text<'_>, url: Option<&str>) -> (unspam::Report, Vec<Edit>, Option<Vec<u8>>) {
        let report = self.judge.scan(text, url);
        let edits = if report.changes_text() { Cleaner::edits(text.as_bytes(), &report) } else { Vec::new() };
        let left = text.without(&edits);
        (report, edits, left)
    }

    /// Returns the gate that decides as `unspam check` does with these rules.
    fn gate(
        &self,
        fail_on: Option<&Bound<'_, PyAny>>,
        max_removed: Option<f32>,
        min_left: Option<usize>,
    ) -> PyResult<(Gate, bool)> {
        let mut gate = Gate::builder().detector(self.judge.engine.clone());
        let fail_on = fail_on.map(names).transpose()?.unwrap_or_default();
        for when in &fail_on {
            gate = gate.rule(when.parse::<When>().map_err(refuse)?, Outcome::Reject);
        }
        if !fail_on.is_empty() {
            // Only what was named is flagged.
            gate = gate.rule(When::Verdict(Verdict::Unsure), Outcome::Review).without_default_rules();
        }
        if let Some(share) = max_removed {
            if !(0.0..=1.0).contains(&share) {
                return Err(refuse(format!("max_removed {share} is not within 0 to 1")));
            }
            gate = gate.rule(When::RemovedMoreThan(share), Outcome::Review);
        }
        if let Some(chars) = min_left {
            gate = gate.rule(When::LeftLessThan(chars), Outcome::Review);
        }
        Ok((gate.build(), !fail_on.is_empty()))
    }

    fn columns(&self, verb: Verb, text: &str, url: &str, threads: Option<usize>, offsets: &str) -> PyResult<Columns> {
        let chars = match offsets {
            "char" => true,
            "byte" => false,
            other => return Err(refuse(format!("unknown offsets \"{other}\": use char or byte"))),
        };
        let (text, url) = (text.to_owned(), url.to_owned());
        Ok(Columns { judge: self.judge.clone(), verb, text, url, threads, chars })
    }
}

/// The texts of a list, held while they are judged.
struct Objects<'py> {
    objects: Vec<Bound<'py, PyAny>>,
}

/// The addresses of texts, if there are any.
struct Urls(Option<Vec<Option<String>>>);

impl Urls {
    fn list(urls: &Bound<'_, PyAny>) -> PyResult<Vec<Option<String>>> {
        if urls.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("urls must be a list, one for each text"));
        }
        let one = |(row, url): (usize, PyResult<Bound<'_, PyAny>>)| {
            let url = url?;
            match url.cast::<PyString>() {
                Ok(known) => Ok(Some(known.to_str()?.to_owned())),
                Err(_) if is_missing(&url) => Ok(None),
                Err(_) => {
                    let kind = url.get_type().name()?;
                    Err(PyTypeError::new_err(format!("urls, row {row}: a url must be str, not {kind}")))
                }
            }
        };
        urls.try_iter()?.enumerate().map(one).collect()
    }

    fn of(&self, row: usize) -> Option<&str> {
        self.0.as_ref()?.get(row)?.as_deref()
    }
}

impl<'py> Objects<'py> {
    fn of(texts: &Bound<'py, PyAny>, urls: Option<&Bound<'py, PyAny>>) -> PyResult<(Self, Urls)> {
        if texts.is_instance_of::<PyString>() || texts.is_instance_of::<PyBytes>() {
            return Err(PyTypeError::new_err("texts must be a list of texts or Arrow data, not one text"));
        }
        if texts.is_instance_of::<PyDict>() {
            return Err(PyTypeError::new_err("texts must be a list of texts or Arrow data, not a dict"));
        }
        let objects = texts.try_iter()?.collect::<PyResult<Vec<_>>>()?;
        let urls = urls.map(Urls::list).transpose()?;
        if let Some(urls) = &urls {
            if urls.len() != objects.len() {
                return Err(refuse(format!("{} urls for {} texts", urls.len(), objects.len())));
            }
        }
        Ok((Self { objects }, Urls(urls)))
    }

    fn texts(&self) -> PyResult<Vec<Option<Text<'_>>>> {
        self.objects
            .iter()
            .enumerate()
            .map(|(row, object)| if is_missing(object) { Ok(None) } else { text_of(row, object).map(Some) })
            .collect()
    }
}

/// Returns the Arrow data that an object is, or nothing if it is none.
fn arrow_of(texts: &Bound<'_, PyAny>, urls: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Input>> {
    let input = Input::of(texts)?;
    if input.is_some() && urls.is_some() {
        return Err(refuse("urls go with a list of texts: for a table, name its column of addresses with url"));
    }
    Ok(input)
}

/// Returns the text of a row of a list.
fn text_of<'a>(row: usize, object: &'a Bound<'_, PyAny>) -> PyResult<Text<'a>> {
    Text::of(object).map_err(|error| {
        let py = object.py();
        if !error.is_instance_of::<PyTypeError>(py) {
            return error;
        }
        PyTypeError::new_err(format!("texts, row {row}: {}", error.value(py)))
    })
}

/// Whether a cell is empty: None, or the NaN or NA that pandas puts in its place.
fn is_missing(object: &Bound<'_, PyAny>) -> bool {
    if object.is_instance_of::<PyString>() || object.is_instance_of::<PyBytes>() {
        return false;
    }
    let is_na = || object.get_type().name().is_ok_and(|name| name == "NAType");
    object.is_none() || object.extract::<f64>().is_ok_and(f64::is_nan) || is_na()
}
