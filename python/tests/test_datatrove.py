"""datatrove's local executor runs the blocks."""

from __future__ import annotations

import gzip
import json
import pickle

import pytest
import unspam
from conftest import CLEAN, DIRTY

pytest.importorskip("datatrove", reason="datatrove is not installed")

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from unspam.datatrove import UnspamCleaner, UnspamFilter

SPAM = "Daftar slot gacor hari ini, bonus deposit 100%, link alternatif sbobet88 di https://slot.example\n" * 4


def rows_of(folder) -> list[dict]:
    rows = []
    for path in sorted(folder.rglob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows.extend(json.loads(line) for line in lines)
    return rows


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()

    def write(documents: list[dict], files: int = 2):
        for number in range(files):
            part = documents[number::files]
            (folder / f"{number}.jsonl").write_text("".join(json.dumps(d) + "\n" for d in part), encoding="utf-8")
        return str(folder)

    return write


def execute(tmp_path, *steps, tasks: int = 1, workers: int = 1):
    executor = LocalPipelineExecutor(list(steps), tasks=tasks, workers=workers, logging_dir=str(tmp_path / "logs"))
    return executor.run()


def test_the_cleaner_gives_the_golden_answers(tmp_path, source, documents, detector):
    folder = source([{"id": str(d["id"]), "text": d["text"]} for d in documents])
    left, dropped = tmp_path / "left", tmp_path / "dropped"
    stats = execute(
        tmp_path,
        JsonlReader(folder),
        UnspamCleaner(exclusion_writer=JsonlWriter(str(dropped)), batch_size=64),
        JsonlWriter(str(left)),
        tasks=2,
    )
    rows = {row["id"]: row for row in rows_of(left)}
    lost = {row["id"]: row for row in rows_of(dropped)}
    assert len(rows) + len(lost) == len(documents) and lost
    for document in documents:
        cleaned = detector.clean(document["text"])
        if str(document["id"]) in lost:
            row = lost[str(document["id"])]
            assert not cleaned.text.strip()
            assert row["text"] == document["text"] and row["metadata"]["filter_reason"] == "nothing_left"
        else:
            row = rows[str(document["id"])]
            assert row["text"] == cleaned.text
        meta = row["metadata"]
        assert meta["unspam_verdict"] == document["verdict"]
        removed = [unspam.Removal(**entry) for entry in meta["unspam_ledger"]]
        assert tuple(removed) == cleaned.removed
        if str(document["id"]) in rows:
            assert unspam.restore(row["text"], removed) == document["text"]
    step = next(step for step in stats.stats if "unspam" in step.name)
    assert step["total"].total == len(documents) and step["dropped"].total == len(lost)
    assert step["forwarded"].total == len(rows)
    verdicts = [document["verdict"] for document in documents]
    assert step["verdict_dirty"].total == verdicts.count("dirty")
    assert step["removed_spam/gambling"].total > 10


def test_two_workers_give_what_one_gives(tmp_path, source, documents):
    folder = source([{"id": str(d["id"]), "text": d["text"]} for d in documents[:120]])
    for name, workers in (("one", 1), ("two", 2)):
        steps = (JsonlReader(folder), UnspamCleaner(), JsonlWriter(str(tmp_path / name)))
        execute(tmp_path / name, *steps, tasks=2, workers=workers)
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert one and sorted(one, key=lambda row: row["id"]) == sorted(two, key=lambda row: row["id"])


def test_the_filter_drops_spam_and_keeps_texts_as_they_are(tmp_path, source):
    documents = [{"id": "a", "text": DIRTY}, {"id": "b", "text": SPAM}, {"id": "c", "text": CLEAN}]
    assert unspam.Detector().scan(SPAM).verdict == "spam"
    folder = source(documents, files=1)
    kept, dropped = tmp_path / "kept", tmp_path / "dropped"
    stats = execute(tmp_path, JsonlReader(folder), UnspamFilter(JsonlWriter(str(dropped))), JsonlWriter(str(kept)))
    assert {row["id"]: row["text"] for row in rows_of(kept)} == {"a": DIRTY, "c": CLEAN}
    (lost,) = rows_of(dropped)
    assert (lost["id"], lost["metadata"]["filter_reason"]) == ("b", "reject")
    step = next(step for step in stats.stats if "unspam" in step.name)
    assert (step["dropped_reject"].total, step["forwarded"].total) == (1, 2)


def test_the_filter_takes_the_rules_of_check(tmp_path, source):
    folder = source([{"id": "a", "text": DIRTY}, {"id": "c", "text": CLEAN}], files=1)
    step = UnspamFilter(fail_on=["spam/gambling:0.9"], preset="precision")
    execute(tmp_path, JsonlReader(folder), step, JsonlWriter(str(tmp_path / "kept")))
    assert [row["id"] for row in rows_of(tmp_path / "kept")] == ["c"]


def test_blocks_pickle_as_the_slurm_and_ray_executors_need():
    for block in (UnspamCleaner(keep="boilerplate/legal"), UnspamFilter(min_left=10)):
        again = pickle.loads(pickle.dumps(block))
        assert again.detector.policy == block.detector.policy


def test_an_empty_text_and_a_site_profile(tmp_path, source):
    from test_profile import counted, site_documents

    documents = [{**d, "metadata": {}} for d in site_documents()] + [{"id": "empty", "text": "x"}]
    folder = source(documents, files=1)
    execute(tmp_path, JsonlReader(folder), UnspamCleaner(profile=counted()), JsonlWriter(str(tmp_path / "out")))
    rows = {row["id"]: row for row in rows_of(tmp_path / "out")}
    removed = [entry["text"] for entry in rows["0-3"]["metadata"]["unspam_ledger"]]
    assert any("Kabar pilihan pembaca setia" in text for text in removed)
