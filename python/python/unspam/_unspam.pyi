"""What the compiled part of the package offers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, TypedDict, final, overload

from typing_extensions import Self

__version__: str
TEST_LINE: str
_optimised: bool
LABELS: list[str]

Text = str | bytes
Path = str | os.PathLike[str]
Preset = Literal["balanced", "precision", "recall"]
Labels = str | Sequence[str]
Verdict = Literal["ok", "dirty", "spam", "unsure"]

class ArrowArrayLike(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...

class ArrowStreamLike(Protocol):
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...

class UnspamError(ValueError):
    """Something that unspam cannot do with what it was given."""

class ModelError(UnspamError):
    """A model that cannot be read."""

class ProfileError(UnspamError):
    """A site profile that cannot be read."""

class RestoreError(UnspamError):
    """A ledger that does not fit the text."""

class TrainError(UnspamError):
    """Training data that no model can be made of."""

class SpanDict(TypedDict):
    start: int
    end: int
    label: str
    score: float
    action: Literal["remove", "keep"]
    reasons: list[str]

class ReportDict(TypedDict):
    verdict: Verdict
    spam_probability: float
    offsets: Literal["char", "byte"]
    spans: list[SpanDict]
    model: str

class LineDict(TypedDict):
    start: int
    end: int
    label: str
    probabilities: dict[str, float]
    action: Literal["remove", "keep"] | None
    reasons: list[tuple[str, float]]

class PolicyDict(TypedDict):
    preset: Preset
    remove: list[str]
    threshold: dict[str, float]
    caution: float
    max_loss_share: float

@final
class Finding:
    """One span that is not content."""

    start: int
    end: int
    score: float
    def __new__(
        cls,
        start: int,
        end: int,
        label: str,
        score: float,
        action: str,
        reasons: Sequence[str] = ...,
        weights: Sequence[float] = ...,
    ) -> Self: ...
    @property
    def label(self) -> str: ...
    @property
    def action(self) -> Literal["remove", "keep"]: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...
    @property
    def weights(self) -> tuple[float, ...]: ...
    def to_dict(self) -> SpanDict: ...

@final
class Report:
    """All that was found in one text."""

    spam_probability: float
    def __new__(
        cls,
        verdict: str,
        spam_probability: float,
        findings: Sequence[Finding],
        offsets: str = "char",
        model: str = "",
    ) -> Self: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def offsets(self) -> Literal["char", "byte"]: ...
    @property
    def model(self) -> str: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def removals(self) -> tuple[Finding, ...]: ...
    def to_dict(self) -> ReportDict: ...

@final
class Removal:
    """One run of text that was taken out, the white space that goes with it included."""

    start: int
    end: int
    text: Any
    score: float
    def __new__(
        cls, start: int, end: int, text: Text, label: str, score: float, reasons: Sequence[str] = ...
    ) -> Self: ...
    @property
    def label(self) -> str: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...

@final
class Cleaned:
    """A cleaned text and what was taken out of it."""

    text: Any
    report: Report
    removed: tuple[Removal, ...]
    def __new__(cls, text: Text, report: Report, removed: tuple[Removal, ...]) -> Self: ...
    @property
    def verdict(self) -> Verdict: ...
    @property
    def changed(self) -> bool: ...
    def restore(self) -> Any: ...

@final
class Decision:
    """What a gate says of one document; true if it passes."""

    outcome: Literal["accept", "clean", "reject", "review"]
    because: str
    result: Literal["pass", "flagged", "unsure"]
    text: Any
    removed_share: float
    left_chars: int
    report: Report
    def __new__(
        cls,
        outcome: str,
        because: str,
        result: str,
        text: Text | None,
        removed_share: float,
        left_chars: int,
        report: Report,
    ) -> Self: ...
    def __bool__(self) -> bool: ...
    @property
    def verdict(self) -> Verdict: ...

@final
class SiteProfile:
    """How often the lines of sites repeat: hashes and counts, no text."""

    def __new__(cls, source: Path | bytes | None = None) -> Self: ...
    def count(self, url: str, text: str) -> None: ...
    def add_counts(self, site: str, documents: int, lines: Sequence[tuple[int, int]]) -> None: ...
    def merge(self, other: SiteProfile) -> None: ...
    @property
    def sites(self) -> int: ...
    @property
    def documents(self) -> int: ...
    @property
    def repeats(self) -> int: ...
    def to_bytes(self) -> bytes: ...
    def save(self, path: Path) -> None: ...

@final
class ArrowBatch:
    """A record batch for any library that speaks Arrow."""

    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    @property
    def column_names(self) -> list[str]: ...
    def __len__(self) -> int: ...

@final
class ArrowStream:
    """Record batches that are made while they are read, once."""

    def __arrow_c_schema__(self) -> Any: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any: ...
    def __iter__(self) -> Iterator[ArrowBatch]: ...
    def __next__(self) -> ArrowBatch: ...
    @property
    def column_names(self) -> list[str]: ...

@final
class Detector:
    """Finds spam and boilerplate in texts; shareable between threads, cheap to pickle.

    model: path or bytes of a model, instead of the built-in one.
    preset: trade-off between junk left in and article lost.
    remove, keep: labels such as ``"spam/*,boilerplate/legal"`` or a list of them.
    threshold: least probability by label at which a span is removed.
    caution: nats added to the log-odds of every threshold; ``calibrate`` finds it.
    max_loss_share: share of a text above which nothing goes unless the document is spam.
    profile: what sites repeat, a SiteProfile or the path or bytes of one.
    """

    def __new__(
        cls,
        model: Path | bytes | None = None,
        *,
        preset: Preset = "balanced",
        remove: Labels | None = None,
        keep: Labels | None = None,
        threshold: Mapping[str, float] | None = None,
        caution: float = 0.0,
        max_loss_share: float | None = None,
        profile: SiteProfile | Path | bytes | None = None,
    ) -> Self: ...
    @property
    def model_id(self) -> str: ...
    @property
    def policy(self) -> PolicyDict: ...
    def scan(self, text: Text, *, url: str | None = None) -> Report: ...
    def clean(self, text: Text, *, url: str | None = None) -> Cleaned: ...
    def check(
        self,
        text: Text,
        *,
        url: str | None = None,
        fail_on: str | Sequence[str] | None = None,
        max_removed: float | None = None,
        min_left: int | None = None,
    ) -> Decision: ...
    def explain(self, text: Text) -> list[LineDict]: ...
    @overload
    def scan_batch(
        self,
        texts: ArrowArrayLike,
        *,
        text: str = "text",
        url: str = "url",
        threads: int | None = None,
        offsets: Literal["char", "byte"] = "char",
    ) -> ArrowBatch: ...
    @overload
    def scan_batch(
        self,
        texts: ArrowStreamLike,
        *,
        text: str = "text",
        url: str = "url",
        threads: int | None = None,
        offsets: Literal["char", "byte"] = "char",
    ) -> ArrowStream: ...
    @overload
    def scan_batch(
        self, texts: Iterable[Text | None], *, urls: Sequence[str | None] | None = None, threads: int | None = None
    ) -> list[Report | None]: ...
    @overload
    def clean_batch(
        self, texts: ArrowArrayLike, *, text: str = "text", url: str = "url", threads: int | None = None
    ) -> ArrowBatch: ...
    @overload
    def clean_batch(
        self, texts: ArrowStreamLike, *, text: str = "text", url: str = "url", threads: int | None = None
    ) -> ArrowStream: ...
    @overload
    def clean_batch(
        self, texts: Iterable[Text | None], *, urls: Sequence[str | None] | None = None, threads: int | None = None
    ) -> list[Cleaned | None]: ...
    @overload
    def check_batch(
        self,
        texts: ArrowArrayLike,
        *,
        text: str = "text",
        url: str = "url",
        threads: int | None = None,
        fail_on: str | Sequence[str] | None = None,
        max_removed: float | None = None,
        min_left: int | None = None,
    ) -> ArrowBatch: ...
    @overload
    def check_batch(
        self,
        texts: ArrowStreamLike,
        *,
        text: str = "text",
        url: str = "url",
        threads: int | None = None,
        fail_on: str | Sequence[str] | None = None,
        max_removed: float | None = None,
        min_left: int | None = None,
    ) -> ArrowStream: ...
    @overload
    def check_batch(
        self,
        texts: Iterable[Text | None],
        *,
        urls: Sequence[str | None] | None = None,
        threads: int | None = None,
        fail_on: str | Sequence[str] | None = None,
        max_removed: float | None = None,
        min_left: int | None = None,
    ) -> list[Decision | None]: ...

def restore(text: Text, removed: Iterable[Removal]) -> Any: ...
def restore_batch(batch: ArrowArrayLike, *, text: str = "text", ledger: str = "unspam_ledger") -> ArrowBatch: ...
def site_of(url: str) -> str | None: ...
def main(args: Sequence[str]) -> int: ...
def _rebuild_detector(
    model: bytes | None,
    preset: str,
    remove: Sequence[str],
    thresholds: Sequence[tuple[str, float]],
    numbers: tuple[float, float],
    profile: bytes | None,
) -> Detector: ...
def _count_lines(batch: ArrowArrayLike, text: str = "text", url: str = "url") -> ArrowBatch: ...
def _train(
    inputs: Sequence[Path],
    output: Path,
    *,
    seed: int = 1,
    jobs: int | None = None,
    max_docs: int | None = None,
    exclude_license: Sequence[str] = ...,
    name: str = ...,
    progress: Callable[[str], object] | None = None,
) -> str: ...
def _evaluate(detector: Detector, files: Sequence[Path], *, jobs: int | None = None) -> str: ...
def _calibrate(
    detector: Detector, texts: Sequence[str], max_loss: float, confidence: float
) -> tuple[int, int, list[tuple[float, int, float]], tuple[float, int, float] | None]: ...
