"""Models from a person's own labels, and how careful to be with them.

The training code is that of ``unspam train``: the same documents and seed make the same bytes.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unspam import _unspam
from unspam._unspam import Detector, TrainError, UnspamError

Span = tuple[int, int, str]
Document = Mapping[str, Any]

_SURROGATE = re.compile("[\ud800-\udfff]")

__all__ = ["Calibration", "Trainer", "calibrate", "evaluate"]


class Trainer:
    """Trains a model, in the manner of scikit-learn: ``fit``, ``predict``, ``score``, ``save``.

    A training document is a mapping as ``unspam train`` reads it: a gold document with ``text``
    and ``spans`` (``[start, end, label]`` in code points), or a labelled line with ``text`` and
    ``label``; ``lang`` and ``source`` help if they are known. Paths of files or folders of such
    documents do as well. With ``y``, ``X`` holds texts, and ``y`` their spans or labels.

    >>> from unspam import Trainer
    >>> trainer = Trainer(seed=7, name="mine")
    >>> trainer.get_params()["seed"]
    7
    >>> trainer.set_params(seed=8).seed
    8
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        name: str = "custom",
        jobs: int | None = None,
        max_docs: int | None = None,
        exclude_license: Sequence[str] = (),
        preset: str = "balanced",
        caution: float = 0.0,
        progress: Callable[[str], object] | None = None,
    ) -> None:
        self.seed = seed
        self.name = name
        self.jobs = jobs
        self.max_docs = max_docs
        self.exclude_license = exclude_license
        self.preset = preset
        self.caution = caution
        self.progress = progress

    _PARAMS = ("seed", "name", "jobs", "max_docs", "exclude_license", "preset", "caution", "progress")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the arguments of the constructor."""
        return {name: getattr(self, name) for name in self._PARAMS}

    def set_params(self, **params: Any) -> Trainer:
        """Changes arguments of the constructor and returns the trainer."""
        for name, value in params.items():
            if name not in self._PARAMS:
                raise ValueError(f"Trainer has no parameter {name!r}: there are {', '.join(self._PARAMS)}")
            setattr(self, name, value)
        return self

    def fit(self, X: Iterable[Any], y: Iterable[Any] | None = None) -> Trainer:
        """Trains on documents and returns the trainer.

        Afterwards ``model_`` holds the bytes of the model, ``detector_`` a detector with it and
        ``summary_`` what it was made of.
        """
        with _files(X, y) as inputs, tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "model"
            summary = _unspam._train(
                inputs,
                output,
                seed=self.seed,
                jobs=self.jobs,
                max_docs=self.max_docs,
                exclude_license=list(self.exclude_license),
                name=self.name,
                progress=self.progress,
            )
            self.model_: bytes = output.read_bytes()
        self.summary_: dict[str, Any] = json.loads(summary)
        self.detector_ = self._detector(self.model_)
        return self

    def _detector(self, model: bytes | None) -> Detector:
        return Detector(model, preset=self.preset, caution=self.caution)  # type: ignore[arg-type]

    def predict(self, X: Iterable[str]) -> list[list[Span]]:
        """Returns of each text the spans that cleaning takes out, in code points."""
        reports = self._fitted().scan_batch(list(X), threads=self.jobs)
        return [
            [] if report is None else [(found.start, found.end, found.label) for found in report.removals]
            for report in reports
        ]

    def score(self, X: Iterable[Any], y: Iterable[Any] | None = None) -> float:
        """Returns the F1 of lines on gold documents."""
        measures = self.evaluate(X, y)
        return float(measures["line_f1"] or 0.0)

    def evaluate(self, X: Iterable[Any], y: Iterable[Any] | None = None) -> dict[str, Any]:
        """Returns all measures that ``unspam evaluate`` takes on gold documents, as one set."""
        return evaluate(self._fitted(), X, y, jobs=self.jobs)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model to a file for ``--model`` and ``Detector(model=…)``."""
        self._fitted()
        Path(path).write_bytes(self.model_)

    def _fitted(self) -> Detector:
        detector: Detector | None = getattr(self, "detector_", None)
        if detector is None:
            raise UnspamError("this Trainer is not fitted yet: call fit first")
        return detector

    def __repr__(self) -> str:
        return f"Trainer(seed={self.seed}, name={self.name!r})"


def evaluate(
    detector: Detector, X: Iterable[Any], y: Iterable[Any] | None = None, *, jobs: int | None = None
) -> dict[str, Any]:
    """Returns all measures that ``unspam evaluate`` takes of a detector on gold documents.

    ``X`` and ``y`` are those of ``Trainer.fit``, or the path of one file.

    >>> import unspam
    >>> text = "Hujan deras mengguyur kota sejak pagi.\\n\\nsbobet88\\n"
    >>> measures = unspam.evaluate(unspam.Detector(), [text], [[(40, 48, "spam/gambling")]])
    >>> measures["docs"], measures["line_recall"], measures["content_lines_lost_per_10k"]
    (1, 1.0, 0.0)
    """
    with _files(X, y, merge=True) as files:
        if not files:
            raise TrainError("there are no documents to evaluate on")
        sets: list[dict[str, Any]] = json.loads(_unspam._evaluate(detector, files, jobs=jobs))
    return sets[0]


@dataclass(frozen=True)
class Calibration:
    """How careful to be so that a promise about loss holds.

    ``caution`` is None if no caution can be shown to keep it. ``trials`` are tuples of caution,
    lines lost and the upper bound on the share of lines lost.
    """

    caution: float | None
    lines: int
    lines_needed: int
    trials: tuple[tuple[float, int, float], ...]


def calibrate(
    detector: Detector, texts: Iterable[str], *, max_loss: float = 1e-4, confidence: float = 0.95
) -> Calibration:
    """Finds the least caution at which at most ``max_loss`` of content lines are lost.

    Every line of ``texts`` must be content. The promise holds with probability ``confidence``
    for documents like these. Use it as ``Detector(caution=calibration.caution)``.

    >>> import unspam
    >>> few = unspam.calibrate(unspam.Detector(), ["Hujan deras mengguyur kota sejak pagi."])
    >>> few.caution is None, few.lines, few.lines_needed
    (True, 1, 29956)
    """
    if isinstance(texts, str):
        raise TypeError("texts must be a list of texts, not one text")
    for name, share in (("max_loss", max_loss), ("confidence", confidence)):
        if not 0 < share < 1:
            raise UnspamError(f"{name} {share} is not between 0 and 1")
    lines, needed, trials, chosen = _unspam._calibrate(detector, list(texts), max_loss, confidence)
    return Calibration(chosen[0] if chosen else None, lines, needed, tuple(trials))


def _documents(X: Iterable[Any], y: Iterable[Any] | None) -> Iterator[Document]:
    if y is None:
        for row, document in enumerate(X):
            if not isinstance(document, Mapping):
                raise TrainError(f"document {row} is a {type(document).__name__}: give mappings, or texts with y")
            yield document
        return
    for row, (text, target) in enumerate(zip(X, y, strict=True)):
        if isinstance(target, str):
            yield {"text": text, "label": target}
        else:
            yield {"id": str(row), "text": text, "spans": [list(span) for span in target]}


@contextmanager
def _files(X: Iterable[Any], y: Iterable[Any] | None, merge: bool = False) -> Iterator[list[Path]]:
    """Yields files of the documents: those that were named, or new ones that go afterwards."""
    X = [X] if isinstance(X, (str, os.PathLike)) else list(X)
    if y is None and X and all(isinstance(one, os.PathLike) or (isinstance(one, str) and "\n" not in one) for one in X):
        if not merge or len(X) == 1:
            yield [Path(one) for one in X]
            return
        raise TrainError("name one file of gold documents")
    with tempfile.TemporaryDirectory() as folder:
        gold, lines = Path(folder) / "documents.jsonl", Path(folder) / "lines.jsonl"
        rows: dict[Path, list[int]] = {gold: [], lines: []}
        with open(gold, "w", encoding="utf-8") as documents, open(lines, "w", encoding="utf-8") as labelled:
            for row, document in enumerate(_documents(X, y)):
                is_line = "label" in document and not merge
                rows[lines if is_line else gold].append(row)
                # Halves of surrogates cannot be written; they are judged as this sign too.
                line = _SURROGATE.sub("\ufffd", json.dumps(document, ensure_ascii=False))
                (labelled if is_line else documents).write(line + "\n")
        try:
            yield [path for path in (gold, lines) if path.stat().st_size]
        except TrainError as error:
            raise TrainError(_with_rows(str(error), rows)) from None


def _with_rows(told: str, rows: Mapping[Path, Sequence[int]]) -> str:
    """Names documents by their place among those that were given, not by the file they were written to."""
    for path, numbers in rows.items():
        place = re.compile(re.escape(str(path)) + r": line (\d+)")
        told = place.sub(lambda found, numbers=numbers: f"document {numbers[int(found[1]) - 1]}", told)  # type: ignore[misc]
    return told
