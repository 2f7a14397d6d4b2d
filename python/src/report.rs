//! What is said of one text, as Python sees it. All values are plain, so they pickle and compare.

use std::borrow::Cow;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};
use unspam::{Action, Cleaner, Edit, Gate, Label, Outcome, Verdict};

use crate::text::Text;

/// A number as it is printed: 0.9993, not the double next to the single it is.
///
/// So a score has the same value here as in the JSON that the command and the service write.
pub(crate) fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

fn verdict_of(text: &str) -> PyResult<Verdict> {
    [Verdict::Ok, Verdict::Dirty, Verdict::Spam, Verdict::Unsure]
        .into_iter()
        .find(|verdict| verdict.as_str() == text)
        .ok_or_else(|| PyValueError::new_err(format!("unknown verdict \"{text}\"")))
}

pub(crate) fn action_name(action: Action) -> &'static str {
    match action {
        Action::Remove => "remove",
        _ => "keep",
    }
}

/// One span that is not content.
#[pyclass(frozen, eq, module = "unspam")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    /// First code point (of a str) or byte (of bytes).
    #[pyo3(get)]
    start: usize,
    /// One past the last.
    #[pyo3(get)]
    end: usize,
    label: Label,
    /// Probability that the span is not content.
    #[pyo3(get)]
    score: f64,
    action: &'static str,
    reasons: Vec<(Cow<'static, str>, f64)>,
}

#[pymethods]
impl Finding {
    #[new]
    #[pyo3(signature = (start, end, label, score, action, reasons=Vec::new(), weights=Vec::new()))]
    fn new(
        start: usize,
        end: usize,
        label: &str,
        score: f64,
        action: &str,
        reasons: Vec<String>,
        weights: Vec<f64>,
    ) -> PyResult<Self> {
        let label = label.parse().map_err(crate::refuse)?;
        let action = match action {
            "remove" => "remove",
            "keep" => "keep",
            other => return Err(PyValueError::new_err(format!("unknown action \"{other}\""))),
        };
        let weights = weights.into_iter().chain(std::iter::repeat(0.0));
        let reasons = reasons.into_iter().map(Cow::Owned).zip(weights).collect();
        Ok(Self { start, end, label, score, action, reasons })
    }

    /// Most probable label, `spam/<kind>` or `boilerplate/<kind>`.
    #[getter]
    fn label(&self) -> &'static str {
        self.label.as_str()
    }

    /// What the policy does with it: `remove` or `keep`.
    #[getter]
    fn action(&self) -> &'static str {
        self.action
    }

    /// The features that weighed most, strongest first.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.reasons.iter().map(|(code, _)| code.as_ref()))
    }

    /// How much each reason spoke for the label, in log-odds.
    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.reasons.iter().map(|(_, weight)| *weight))
    }

    /// The finding as a dictionary, as `unspam scan` writes it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("start", self.start)?;
        dict.set_item("end", self.end)?;
        dict.set_item("label", self.label.as_str())?;
        dict.set_item("score", self.score)?;
        dict.set_item("action", self.action)?;
        dict.set_item("reasons", self.reasons.iter().map(|(code, _)| code.as_ref()).collect::<Vec<_>>())?;
        Ok(dict)
    }

    fn __repr__(&self) -> String {
        format!(
            "Finding(start={}, end={}, label='{}', score={:?}, action='{}')",
            self.start,
            self.end,
            self.label.as_str(),
            self.score,
            self.action
        )
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let args = (this.start, this.end, this.label(), this.score, this.action, this.reasons(py)?, this.weights(py)?);
        Ok((slf.get_type(), args.into_pyobject(py)?))
    }
}

/// All that was found in one text.
#[pyclass(frozen, eq, module = "unspam")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    verdict: Verdict,
    /// Probability that the document is spam as a whole or carries spam.
    #[pyo3(get)]
    spam_probability: f64,
    findings: Vec<Finding>,
    offsets: &'static str,
    model: Arc<str>,
}

impl Report {
    /// Returns a report in the offsets of its text.
    pub(crate) fn of(text: &Text<'_>, report: &unspam::Report, model: &Arc<str>) -> Self {
        let mut counter = text.counter();
        let findings = report
            .findings
            .iter()
            .map(|found| Finding {
                start: counter.convert(found.span.start()),
                end: counter.convert(found.span.end()),
                label: found.label,
                score: shortest(found.score.get()),
                action: action_name(found.action),
                reasons: found
                    .reasons
                    .iter()
                    .map(|reason| (Cow::Borrowed(reason.code), shortest(reason.weight)))
                    .collect(),
            })
            .collect();
        Self {
            verdict: report.verdict,
            spam_probability: shortest(report.spam_probability.get()),
            findings,
            offsets: text.unit().as_str(),
            model: Arc::clone(model),
        }
    }
}

#[pymethods]
impl Report {
    #[new]
    #[pyo3(signature = (verdict, spam_probability, findings, offsets="char", model=""))]
    fn new(
        verdict: &str,
        spam_probability: f64,
        findings: Vec<PyRef<'_, Finding>>,
        offsets: &str,
        model: &str,
    ) -> PyResult<Self> {
        let findings = findings.iter().map(|finding| Finding::clone(finding)).collect();
        let offsets = match offsets {
            "char" => "char",
            "byte" => "byte",
            other => return Err(PyValueError::new_err(format!("unknown offsets \"{other}\""))),
        };
        Ok(Self { verdict: verdict_of(verdict)?, spam_probability, findings, offsets, model: model.into() })
    }

    /// `ok` nothing to remove, `dirty` an article with junk in it, `spam` the document itself is
    /// spam, `unsure` worth a look.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.verdict.as_str()
    }

    /// Unit of the offsets: `char` for str, `byte` for bytes.
    #[getter]
    fn offsets(&self) -> &'static str {
        self.offsets
    }

    /// Name and digest of the model.
    #[getter]
    fn model(&self) -> &str {
        &self.model
    }

    /// Everything that is not content, in text order.
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.findings.iter().cloned())
    }

    /// The findings that the policy removes.
    #[getter]
    fn removals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let removals: Vec<Finding> =
            self.findings.iter().filter(|finding| finding.action == "remove").cloned().collect();
        PyTuple::new(py, removals)
    }

    /// The report as a dictionary with the keys of a line of `unspam scan`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("verdict", self.verdict.as_str())?;
        dict.set_item("spam_probability", self.spam_probability)?;
        dict.set_item("offsets", self.offsets)?;
        let spans = self.findings.iter().map(|finding| finding.to_dict(py)).collect::<PyResult<Vec<_>>>()?;
        dict.set_item("spans", spans)?;
        dict.set_item("model", &*self.model)?;
        Ok(dict)
    }

    fn __repr__(&self) -> String {
        format!(
            "Report(verdict='{}', spam_probability={:?}, findings={})",
            self.verdict,
            self.spam_probability,
            self.findings.len()
        )
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let findings: Vec<Finding> = this.findings.clone();
        let args = (this.verdict(), this.spam_probability, findings, this.offsets, this.model());
        Ok((slf.get_type(), args.into_pyobject(py)?))
    }
}

/// One run of text that was taken out, the white space that goes with it included.
#[pyclass(frozen, module = "unspam")]
#[derive(Debug)]
pub(crate) struct Removal {
    /// First code point (of a str) or byte (of bytes) in the original.
    #[pyo3(get)]
    start: usize,
    /// One past the last.
    #[pyo3(get)]
    end: usize,
    /// The text that was taken out.
    #[pyo3(get)]
    text: Py<PyAny>,
    label: Label,
    /// Probability that it is not content.
    #[pyo3(get)]
    score: f64,
    reasons: Vec<Cow<'static, str>>,
}

#[pymethods]
impl Removal {
    #[new]
    #[pyo3(signature = (start, end, text, label, score, reasons=Vec::new()))]
    fn new(start: usize, end: usize, text: Py<PyAny>, label: &str, score: f64, reasons: Vec<String>) -> PyResult<Self> {
        let label = label.parse().map_err(crate::refuse)?;
        Ok(Self { start, end, text, label, score, reasons: reasons.into_iter().map(Cow::Owned).collect() })
    }

    /// Most probable label.
    #[getter]
    fn label(&self) -> &'static str {
        self.label.as_str()
    }

    /// The features that weighed most, strongest first.
    #[getter]
    fn reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.reasons.iter().map(AsRef::as_ref))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let text = self.text.bind(py).repr()?;
        Ok(format!(
            "Removal(start={}, end={}, text={text}, label='{}', score={:?})",
            self.start,
            self.end,
            self.label.as_str(),
            self.score
        ))
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        Ok((self.start, self.end, self.label) == (other.start, other.end, other.label)
            && self.score.to_bits() == other.score.to_bits()
            && self.reasons == other.reasons
            && self.text.bind(py).eq(other.text.bind(py))?)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let args = (this.start, this.end, this.text.bind(py), this.label(), this.score, this.reasons(py)?);
        Ok((slf.get_type(), args.into_pyobject(py)?))
    }
}

/// A cleaned text and what was taken out of it.
#[pyclass(frozen, module = "unspam")]
#[derive(Debug)]
pub(crate) struct Cleaned {
    /// What is left; the very object that was given if nothing was removed.
    #[pyo3(get)]
    text: Py<PyAny>,
    /// The report that the removals come from.
    #[pyo3(get)]
    report: Py<Report>,
    /// What was taken out, in text order.
    #[pyo3(get)]
    removed: Py<PyTuple>,
}

impl Cleaned {
    pub(crate) fn of(
        object: &Bound<'_, PyAny>,
        text: &Text<'_>,
        report: &unspam::Report,
        edits: &[Edit],
        left: Option<Vec<u8>>,
        model: &Arc<str>,
    ) -> PyResult<Self> {
        let py = object.py();
        let mut counter = text.counter();
        let removed = edits
            .iter()
            .map(|edit| {
                let finding = &report.findings[edit.finding];
                Ok(Removal {
                    start: counter.convert(edit.span.start()),
                    end: counter.convert(edit.span.end()),
                    text: text.object(py, &text.stored()[edit.span.range()])?.unbind(),
                    label: finding.label,
                    score: shortest(finding.score.get()),
                    reasons: finding.reasons.iter().map(|reason| Cow::Borrowed(reason.code)).collect(),
                })
            })
            .collect::<PyResult<Vec<_>>>()?;
        let left = match left {
            Some(left) => text.object(py, &left)?,
            None => object.clone(),
        };
        Ok(Self {
            text: left.unbind(),
            report: Py::new(py, Report::of(text, report, model))?,
            removed: PyTuple::new(py, removed)?.unbind(),
        })
    }
}

#[pymethods]
impl Cleaned {
    #[new]
    fn new(text: Py<PyAny>, report: Py<Report>, removed: Py<PyTuple>) -> Self {
        Self { text, report, removed }
    }

    /// The judgement on the whole document, as in the report.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.report.get().verdict()
    }

    /// Whether anything was taken out.
    #[getter]
    fn changed(&self, py: Python<'_>) -> bool {
        !self.removed.bind(py).is_empty()
    }

    /// Returns the original text.
    fn restore<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::restore::restore(self.text.bind(py), self.removed.bind(py).as_any())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let length = self.text.bind(py).len()?;
        Ok(format!(
            "Cleaned(verdict='{}', removed={}, text=<{length} {}s>)",
            self.verdict(),
            self.removed.bind(py).len(),
            self.report.get().offsets
        ))
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        Ok(self.text.bind(py).eq(other.text.bind(py))?
            && self.report.get() == other.report.get()
            && self.removed.bind(py).eq(other.removed.bind(py))?)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let args = (this.text.bind(py), this.report.bind(py), this.removed.bind(py));
        Ok((slf.get_type(), args.into_pyobject(py)?))
    }
}

/// What becomes of a document.
pub(crate) struct Judged {
    pub(crate) outcome: Outcome,
    pub(crate) because: String,
    pub(crate) result: &'static str,
    pub(crate) removed_share: f32,
    pub(crate) left_chars: usize,
}

impl Judged {
    /// Asks the rules as `unspam check` does; `named_only` if only what was named is flagged.
    pub(crate) fn of(gate: &Gate, named_only: bool, text: &Text<'_>, report: &unspam::Report, edits: &[Edit]) -> Self {
        let (outcome, because) = gate.apply_rules(text.as_bytes(), report, edits);
        let result = match outcome {
            Outcome::Accept => "pass",
            Outcome::Clean if named_only => "pass",
            Outcome::Review => "unsure",
            _ => "flagged",
        };
        let judged = text.to_judged();
        let decision = gate.decide_on(&judged, report.clone());
        Self {
            outcome,
            because: because.to_string(),
            result,
            removed_share: decision.removed_share(),
            left_chars: decision.left_chars(),
        }
    }
}

/// What a gate says of one document.
#[pyclass(frozen, module = "unspam")]
#[derive(Debug)]
pub(crate) struct Decision {
    /// `accept`, `clean`, `reject` or `review`.
    #[pyo3(get)]
    outcome: String,
    /// Why.
    #[pyo3(get)]
    because: String,
    /// `pass`, `flagged` or `unsure`, as `unspam check` says.
    #[pyo3(get)]
    result: String,
    /// The text that goes on: as it came, or cleaned; None if it is rejected or to be reviewed.
    #[pyo3(get)]
    text: Option<Py<PyAny>>,
    /// Share of the characters that can be seen which cleaning takes out.
    #[pyo3(get)]
    removed_share: f64,
    /// Characters that can be seen which cleaning leaves.
    #[pyo3(get)]
    left_chars: usize,
    /// What was found.
    #[pyo3(get)]
    report: Py<Report>,
}

impl Decision {
    pub(crate) fn of(
        object: &Bound<'_, PyAny>,
        text: &Text<'_>,
        report: &unspam::Report,
        edits: &[Edit],
        judged: Judged,
        model: &Arc<str>,
    ) -> PyResult<Self> {
        let py = object.py();
        let goes_on = match judged.outcome {
            Outcome::Accept => Some(object.clone().unbind()),
            Outcome::Clean => Some(text.object(py, &Cleaner::apply(text.stored(), edits))?.unbind()),
            _ => None,
        };
        Ok(Self {
            outcome: judged.outcome.to_string(),
            because: judged.because,
            result: judged.result.to_owned(),
            text: goes_on,
            removed_share: shortest(judged.removed_share),
            left_chars: judged.left_chars,
            report: Py::new(py, Report::of(text, report, model))?,
        })
    }
}

#[pymethods]
impl Decision {
    #[new]
    fn new(
        outcome: String,
        because: String,
        result: String,
        text: Option<Py<PyAny>>,
        removed_share: f64,
        left_chars: usize,
        report: Py<Report>,
    ) -> Self {
        Self { outcome, because, result, text, removed_share, left_chars, report }
    }

    /// Whether the document goes on, as it came or cleaned.
    fn __bool__(&self) -> bool {
        self.result == "pass"
    }

    /// The judgement on the whole document, as in the report.
    #[getter]
    fn verdict(&self) -> &'static str {
        self.report.get().verdict()
    }

    fn __repr__(&self) -> String {
        format!("Decision(outcome='{}', because='{}', result='{}')", self.outcome, self.because, self.result)
    }

    fn __eq__(&self, py: Python<'_>, other: &Self) -> PyResult<bool> {
        let same_text = match (&self.text, &other.text) {
            (Some(one), Some(another)) => one.bind(py).eq(another.bind(py))?,
            (None, None) => true,
            _ => false,
        };
        Ok(same_text
            && (&self.outcome, &self.because, &self.result) == (&other.outcome, &other.because, &other.result)
            && self.report.get() == other.report.get())
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)> {
        let (py, this) = (slf.py(), slf.get());
        let args = (
            this.outcome.as_str(),
            this.because.as_str(),
            this.result.as_str(),
            this.text.as_ref().map(|text| text.bind(py)),
            this.removed_share,
            this.left_chars,
            this.report.bind(py),
        );
        Ok((slf.get_type(), args.into_pyobject(py)?))
    }
}
