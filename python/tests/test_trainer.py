"""Training in the manner of scikit-learn, on the code of ``unspam train``."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import labels
import pytest
import unspam
from conftest import CLEAN, DIRTY, ROOT
from unspam import _unspam

slow = pytest.mark.skipif(
    not _unspam._optimised, reason="training takes minutes without optimisation: PROFILE=release python/test"
)


def test_parameters_are_those_of_scikit_learn():
    trainer = unspam.Trainer(seed=3, max_docs=10)
    assert trainer.get_params()["max_docs"] == 10
    assert trainer.set_params(seed=4).get_params()["seed"] == 4
    with pytest.raises(ValueError, match="no parameter 'sed'"):
        trainer.set_params(sed=4)
    sklearn = pytest.importorskip("sklearn.base", reason="scikit-learn is not installed")
    assert sklearn.clone(trainer).get_params() == trainer.get_params()


def test_what_is_not_fitted_says_so():
    for call in (lambda t: t.predict(["x"]), lambda t: t.save("x"), lambda t: t.score(["x"], [[]])):
        with pytest.raises(unspam.UnspamError, match="not fitted yet"):
            call(unspam.Trainer())


def test_data_that_teaches_nothing_is_refused(tmp_path):
    with pytest.raises(unspam.TrainError, match="cannot read"):
        unspam.Trainer().fit([tmp_path / "none.jsonl"])
    with pytest.raises(unspam.TrainError, match='^document 1: unknown label "spam/casino"'):
        unspam.Trainer().fit(["Berita\n", "Berita hari ini\n"], [[], [(0, 6, "spam/casino")]])
    with pytest.raises(unspam.TrainError, match="no documents"):
        unspam.evaluate(unspam.Detector(), [])
    with pytest.raises(unspam.TrainError, match="document 0 is a str: give mappings"):
        unspam.Trainer().fit(["Berita\nhari ini"])
    with pytest.raises(ValueError, match="zip"):
        unspam.Trainer().fit(["a\n", "b\n"], [[]])


def test_evaluation_is_that_of_the_command(tmp_path):
    texts, spans = labels.documents(40, seed=5)
    file = tmp_path / "gold.jsonl"
    rows = [{"id": str(n), "text": t, "spans": s} for n, (t, s) in enumerate(zip(texts, spans, strict=True))]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "unspam", "evaluate", str(file), "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)[0]
    for measures in (unspam.evaluate(unspam.Detector(), texts, spans), unspam.evaluate(unspam.Detector(), file)):
        assert {key: measures[key] for key in measures if key != "set"} == {k: told[k] for k in told if k != "set"}
    assert measures["docs"] == 40 and 0 < measures["line_recall"] <= 1


def test_calibration_keeps_its_promise():
    detector = unspam.Detector()
    lines = [f"{CLEAN}\nCatatan nomor {number} dari desa.\n" for number in range(80)]
    found = unspam.calibrate(detector, lines, max_loss=0.05, confidence=0.9)
    assert found.lines >= 80 and found.lines_needed < found.lines
    assert found.caution is not None and found.trials
    assert all(bound <= 0.05 for caution, _, bound in found.trials if caution >= found.caution)
    assert unspam.Detector(caution=found.caution).clean(CLEAN).text == CLEAN
    with pytest.raises(TypeError, match="not one text"):
        unspam.calibrate(detector, CLEAN)
    with pytest.raises(unspam.UnspamError, match="max_loss 0 is not between 0 and 1"):
        unspam.calibrate(detector, lines, max_loss=0)


@slow
def test_it_learns_and_saves(tmp_path):
    texts, spans = labels.documents(120, seed=1)
    said: list[str] = []
    trainer = unspam.Trainer(seed=7, name="own", progress=said.append).fit(texts, spans)
    assert said and trainer.summary_["documents"] > 0
    assert trainer.detector_.model_id.startswith("own@")
    held_texts, held_spans = labels.documents(40, seed=2)
    measures = trainer.evaluate(held_texts, held_spans)
    assert measures["docs"] == 40
    assert trainer.score(held_texts, held_spans) == measures["line_f1"] > 0.3
    predicted = trainer.predict([*held_texts, None])
    assert len(predicted) == 41 and any(predicted) and predicted[-1] == []
    trainer.save(tmp_path / "own.model")
    detector = unspam.Detector(tmp_path / "own.model")
    assert detector.model_id == trainer.detector_.model_id
    assert pickle.loads(pickle.dumps(detector)).scan(DIRTY) == trainer.detector_.scan(DIRTY)
    verify = [sys.executable, "-m", "unspam", "model", "verify", str(tmp_path / "own.model")]
    assert b"is whole" in subprocess.run(verify, capture_output=True, check=True, timeout=60).stdout
    again = unspam.Trainer(seed=7, name="own", jobs=1).fit(texts, spans)
    assert again.model_ == trainer.model_, "the same data and seed make the same bytes"


@slow
def test_the_notebook_runs(tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    notebook = nbformat.read(ROOT / "python" / "examples" / "own_labels.ipynb", as_version=4)
    done = nbclient.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "the curve is drawn"
    assert (tmp_path / "own.model").exists()
