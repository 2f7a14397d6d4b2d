"""Blocks for datatrove pipelines: ``UnspamCleaner`` and ``UnspamFilter``.

    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from unspam.datatrove import UnspamCleaner

    LocalPipelineExecutor([
        JsonlReader("dumps/"),
        UnspamCleaner(exclusion_writer=JsonlWriter("dropped/")),
        JsonlWriter("cleaned/"),
    ]).run()

The blocks hold nothing but settings until they run, and pickle as such, so the Slurm and Ray
executors take them as they are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from datatrove.data import Document, DocumentsPipeline
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.writers.disk_base import DiskWriter
from datatrove.utils.batching import batched
from datatrove.utils.typeshelper import StatHints

import unspam

__all__ = ["UnspamCleaner", "UnspamFilter"]


def _url(doc: Document) -> str | None:
    url = doc.metadata.get("url")
    return url if isinstance(url, str) else None


class UnspamCleaner(PipelineStep):
    """Takes spam and boilerplate out of the texts of documents.

    Adds ``unspam_verdict`` and ``unspam_spam_probability`` to the metadata, and with ``ledger``
    also ``unspam_ledger``, what was taken out. Documents of which nothing is left are dropped,
    or go to the ``exclusion_writer`` as they came, with a ``filter_reason``: writers of datatrove
    make null of an empty text. ``keep_empty`` lets them pass.

    Statistics: ``total``, ``forwarded``, ``dropped``, ``verdict_…`` and ``removed_…`` by label,
    ``removed_chars``.
    """

    name = "🧹 unspam"
    type = "🧽 - CLEANER"

    def __init__(
        self,
        exclusion_writer: DiskWriter | None = None,
        *,
        ledger: bool = True,
        keep_empty: bool = False,
        batch_size: int = 256,
        threads: int = 1,
        **detector: Any,
    ) -> None:
        super().__init__()
        self.exclusion_writer = exclusion_writer
        self.ledger = ledger
        self.keep_empty = keep_empty
        self.batch_size = batch_size
        self.threads = threads
        self.detector = unspam.Detector(**detector)

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        with self.exclusion_writer if self.exclusion_writer else contextlib.nullcontext() as writer:
            for batch in batched(data, self.batch_size):
                with self.track_time("batch"):
                    urls = [_url(doc) for doc in batch]
                    results = self.detector.clean_batch(
                        [doc.text or "" for doc in batch], urls=urls, threads=self.threads
                    )
                for doc, cleaned in zip(batch, results, strict=True):
                    self.stat_update(StatHints.total)
                    assert cleaned is not None
                    if self._take(doc, cleaned):
                        self.stat_update(StatHints.forwarded)
                        self.update_doc_stats(doc)
                        yield doc
                    else:
                        self.stat_update(StatHints.dropped, "dropped_nothing_left")
                        if writer:
                            doc.metadata["filter_reason"] = "nothing_left"
                            writer.write(doc, rank)

    def _take(self, doc: Document, cleaned: unspam.Cleaned) -> bool:
        """Notes what was found; changes the text and says yes if anything of it is left."""
        self.stat_update(f"verdict_{cleaned.verdict}")
        doc.metadata["unspam_verdict"] = cleaned.verdict
        doc.metadata["unspam_spam_probability"] = cleaned.report.spam_probability
        for removal in cleaned.removed:
            self.stat_update(f"removed_{removal.label}")
            self.stat_update("removed_chars", value=removal.end - removal.start, unit="removal")
        if self.ledger:
            doc.metadata["unspam_ledger"] = [
                {
                    "start": removal.start,
                    "end": removal.end,
                    "text": removal.text,
                    "label": removal.label,
                    "score": removal.score,
                    "reasons": list(removal.reasons),
                }
                for removal in cleaned.removed
            ]
        if not cleaned.text.strip() and not self.keep_empty:
            return False
        doc.text = cleaned.text
        return True


class UnspamFilter(BaseFilter):
    """Drops documents that are spam as a whole, or what the rules of ``unspam check`` flag.

    By default a document is dropped if its verdict is ``spam``; ``drop_unsure`` drops those
    that need a look too. With ``fail_on``, such as ``["spam/gambling:0.9"]``, what has that is
    dropped. The texts of the others stay as they are. The reason is the outcome: ``reject`` or
    ``review``.
    """

    name = "🧹 unspam"

    def __init__(
        self,
        exclusion_writer: DiskWriter | None = None,
        *,
        fail_on: str | Sequence[str] | None = None,
        max_removed: float | None = None,
        min_left: int | None = None,
        drop_unsure: bool = False,
        batch_size: int = 256,
        threads: int = 1,
        **detector: Any,
    ) -> None:
        super().__init__(exclusion_writer, batch_size)
        self.rules: dict[str, Any] = {
            "fail_on": fail_on if isinstance(fail_on, str) or fail_on is None else list(fail_on),
            "max_removed": max_removed,
            "min_left": min_left,
        }
        self.dropped = {"reject", "review"} if drop_unsure else {"reject"}
        self.threads = threads
        self.detector = unspam.Detector(**detector)
        self.detector.check("", **self.rules)  # Says what is wrong with them before a pipeline starts.

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        return self.filter_batch([doc])[0]

    def filter_batch(self, batch: list[Document]) -> list[bool | tuple[bool, str]]:
        results = self.detector.check_batch(
            [doc.text or "" for doc in batch], urls=[_url(doc) for doc in batch], threads=self.threads, **self.rules
        )
        kept: list[bool | tuple[bool, str]] = []
        for doc, decision in zip(batch, results, strict=True):
            assert decision is not None
            self.stat_update(f"verdict_{decision.verdict}")
            doc.metadata["unspam_verdict"] = decision.verdict
            doc.metadata["unspam_spam_probability"] = decision.report.spam_probability
            kept.append((False, decision.outcome) if decision.outcome in self.dropped else True)
        return kept
