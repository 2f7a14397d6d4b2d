"""One text at a time, and lists of texts."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import unspam
from conftest import CLEAN, DIRTY


def test_a_dirty_article_is_cleaned_and_restored(detector):
    cleaned = detector.clean(DIRTY)
    assert cleaned.text == CLEAN
    assert cleaned.changed and cleaned.verdict == "dirty"
    assert "".join(removal.text for removal in cleaned.removed) == DIRTY[len(CLEAN) :]
    assert {removal.label for removal in cleaned.removed} == {"spam/gambling"}
    assert cleaned.restore() == DIRTY
    assert unspam.restore(cleaned.text, cleaned.removed) == DIRTY


def test_what_stays_as_it_is_is_not_copied(detector):
    cleaned = detector.clean(CLEAN)
    assert cleaned.text is CLEAN
    assert not cleaned.changed and cleaned.removed == ()


def test_offsets_are_code_points_of_str_and_bytes_of_bytes(detector):
    text = "“Ünïcødé” 😀 kembali ke desa.\n\n" + DIRTY
    chars, raw = detector.scan(text), detector.scan(text.encode())
    assert (chars.offsets, raw.offsets) == ("char", "byte")
    assert len(chars.findings) == len(raw.findings) >= 2
    for one, other in zip(chars.findings, raw.findings, strict=True):
        assert text[one.start : one.end].encode() == text.encode()[other.start : other.end]
        assert (one.label, one.score, one.reasons) == (other.label, other.score, other.reasons)


def test_bytes_that_are_not_utf8_keep_every_byte(detector):
    text = b"\xff\xfe" + DIRTY.encode() + b"\xe9"
    cleaned = detector.clean(text)
    assert isinstance(cleaned.text, bytes) and cleaned.text.startswith(b"\xff\xfe")
    assert cleaned.restore() == text


def test_lone_surrogates_pass_through(detector):
    text = "\ud83d kata kepala desa \udc00.\n\n" + DIRTY
    cleaned = detector.clean(text)
    assert cleaned.text.startswith("\ud83d kata kepala desa \udc00.")
    assert "sbobet88" not in cleaned.text
    assert cleaned.restore() == text
    assert next(text[f.start : f.end] for f in cleaned.report.removals) == "sbobet88"


def test_an_empty_text_is_no_error(detector):
    assert detector.clean("").text == "" and detector.clean(b"").text == b""
    assert detector.scan("").verdict == "ok"


@pytest.mark.parametrize("wrong", [None, 7, 1.5, ["a"], object()])
def test_what_is_no_text_is_refused_by_name(detector, wrong):
    with pytest.raises(TypeError, match=f"text must be str or bytes, not {type(wrong).__name__}"):
        detector.scan(wrong)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(unspam.UnspamError, match='unknown preset "bold": use balanced, precision or recall'):
        unspam.Detector(preset="bold")
    with pytest.raises(unspam.UnspamError, match="is not a probability"):
        unspam.Detector(threshold={"spam": 2})
    with pytest.raises(unspam.ModelError, match="not an unspam model"):
        unspam.Detector(b"no model")
    with pytest.raises(FileNotFoundError, match="cannot read model: '/nowhere/to/be/found'"):
        unspam.Detector("/nowhere/to/be/found")
    with pytest.raises(unspam.ProfileError):
        unspam.Detector(profile=b"no profile")
    with pytest.raises(unspam.UnspamError, match="caution NaN is not a number of nats"):
        unspam.Detector(caution=float("nan"))
    with pytest.raises(TypeError, match="model must be a path or bytes, not int"):
        unspam.Detector(7)
    assert issubclass(unspam.UnspamError, ValueError)


def test_policies_do_what_they_say(detector):
    assert detector.clean(DIRTY).text == CLEAN
    assert unspam.Detector(keep="spam").clean(DIRTY).text == DIRTY
    assert unspam.Detector(remove=["boilerplate/*"]).clean(DIRTY).text == DIRTY
    assert unspam.Detector(threshold={"spam": 1.0}).clean(DIRTY).text != CLEAN
    policy = unspam.Detector(preset="recall", threshold={"spam/gambling": 0.9}, caution=0.3).policy
    assert (policy["preset"], policy["threshold"], policy["caution"]) == ("recall", {"spam/gambling": 0.9}, 0.3)


def test_check_says_what_becomes_of_a_text(detector):
    passed, dirty = detector.check(CLEAN), detector.check(DIRTY)
    assert (passed.outcome, passed.result, bool(passed), passed.text) == ("accept", "pass", True, CLEAN)
    assert (dirty.outcome, dirty.result, bool(dirty), dirty.text) == ("clean", "flagged", False, CLEAN)
    assert detector.check(DIRTY, fail_on="boilerplate/legal, spam") == detector.check(DIRTY, fail_on=["spam"])
    rejected = detector.check(DIRTY, fail_on=["spam"])
    assert (rejected.outcome, rejected.text) == ("reject", None)
    assert detector.check(DIRTY, fail_on=["boilerplate/legal"]).result == "pass"
    assert detector.check(CLEAN, min_left=100_000).outcome == "review"
    assert detector.check(DIRTY, max_removed=0.001).outcome == "review"
    assert dirty.left_chars == len("".join(CLEAN.split())) and 0 < dirty.removed_share < 0.1
    assert detector.check(unspam.TEST_LINE).outcome == "reject"
    with pytest.raises(unspam.UnspamError, match="unknown label"):
        detector.check(CLEAN, fail_on=["casino"])
    with pytest.raises(unspam.UnspamError, match="not within 0 to 1"):
        detector.check(CLEAN, max_removed=2)


def test_batches_of_lists_are_the_single_calls(detector):
    texts = [DIRTY, None, CLEAN, DIRTY.encode(), "", *[DIRTY + str(n) for n in range(40)]]
    for threads in (1, 2, 5, None):
        cleaned = detector.clean_batch(texts, threads=threads)
        reports = detector.scan_batch(texts, threads=threads)
        decisions = detector.check_batch(texts, threads=threads, fail_on=["spam"])
        for text, one, report, decision in zip(texts, cleaned, reports, decisions, strict=True):
            if text is None:
                assert one is None and report is None and decision is None
            else:
                assert one == detector.clean(text)
                assert report == detector.scan(text)
                assert decision == detector.check(text, fail_on=["spam"])
    assert detector.clean_batch([]) == []
    assert detector.clean_batch(text for text in [CLEAN])[0].text == CLEAN


def test_batches_refuse_what_is_no_list(detector):
    with pytest.raises(TypeError, match="not one text"):
        detector.scan_batch(DIRTY)
    with pytest.raises(unspam.UnspamError, match="1 urls for 2 texts"):
        detector.scan_batch(["a", "b"], urls=["x"])
    with pytest.raises(TypeError, match="texts, row 1: text must be str or bytes, not int"):
        detector.scan_batch(["a", 7])


def test_addresses_may_be_missing_but_not_of_another_type(detector):
    urls = [None, float("nan"), "https://news.example/a"]
    assert [one.text for one in detector.clean_batch([DIRTY] * 3, urls=urls)] == [CLEAN] * 3
    with pytest.raises(TypeError, match="urls, row 1: a url must be str, not int"):
        detector.scan_batch([CLEAN, CLEAN], urls=["https://news.example/a", 7])
    with pytest.raises(TypeError, match="urls must be a list"):
        detector.scan_batch(["a"], urls="b")


def test_a_batch_can_be_interrupted():
    """Not only when it ends: that may be in an hour."""
    code = (
        "import unspam\n"
        "from conftest import DIRTY\n"
        "detector = unspam.Detector()\n"
        "texts = [DIRTY] * 1000\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    detector.scan_batch(texts * 1000)\n"
    )
    program = [sys.executable, "-c", code]
    with subprocess.Popen(
        program, cwd=Path(__file__).parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout.readline() == "ready\n"
        time.sleep(2)
        run.send_signal(signal.SIGINT)
        try:
            told = run.communicate(timeout=30)[1]
        finally:
            run.kill()
    assert "KeyboardInterrupt" in told


def test_everything_pickles(detector):
    own = unspam.Detector(preset="precision", keep="boilerplate/legal", threshold={"spam": 0.9}, caution=0.25)
    for one in (detector, own):
        again = pickle.loads(pickle.dumps(one))
        assert (again.policy, again.model_id) == (one.policy, one.model_id)
        assert again.scan(DIRTY) == one.scan(DIRTY)
    values = [detector.scan(DIRTY), detector.clean(DIRTY), detector.clean(DIRTY.encode()), detector.check(DIRTY)]
    for value in [*values, values[0].findings[0], values[1].removed[0]]:
        assert pickle.loads(pickle.dumps(value)) == value
        assert copy.deepcopy(value) == value


def test_a_detector_pickles_in_little_space_and_time(detector):
    frozen = pickle.dumps(detector)
    assert len(frozen) < 2000
    started = time.perf_counter()
    for _ in range(200):
        pickle.loads(frozen)
    assert time.perf_counter() - started < 2


def _verdict(text: str) -> str:
    return _SHARED.scan_batch([text] * 64, threads=2)[0].verdict


_SHARED = unspam.Detector()


def test_a_forked_process_can_use_threads():
    _SHARED.scan_batch([DIRTY] * 64, threads=2)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(_verdict, [DIRTY, CLEAN]).get(timeout=60) == ["dirty", "ok"]


def test_other_threads_run_while_a_batch_is_judged(detector):
    counted = 0
    stop = threading.Event()

    def count() -> None:
        nonlocal counted
        while not stop.is_set():
            counted += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    before = counted
    detector.scan_batch([DIRTY] * 3000, threads=1)
    during = counted - before
    stop.set()
    thread.join()
    assert during > 20


def test_threads_share_a_detector(detector):
    expected = detector.clean(DIRTY)
    wrong = []

    def work() -> None:
        for _ in range(50):
            if detector.clean(DIRTY) != expected:
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_nothing_is_kept_of_texts(detector):
    import resource

    texts = [DIRTY * 20 for _ in range(50)]
    for _ in range(3):
        detector.clean_batch(texts)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(20):
        detector.clean_batch(texts)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_a_finding_tells_its_reasons(detector):
    report = detector.scan(DIRTY)
    first = report.findings[0]
    assert first.reasons and len(first.reasons) == len(first.weights)
    assert first.to_dict()["reasons"] == list(first.reasons)
    assert report.to_dict()["spans"][0] == first.to_dict()
    assert [line["label"] for line in detector.explain(DIRTY)].count("spam/gambling") == 2
    assert "spam/gambling" in unspam.LABELS and "content" in unspam.LABELS
    with pytest.raises(AttributeError):
        first.start = 3


def test_golden_documents(detector, documents):
    from zlib import crc32

    from conftest import spans_of

    cleaned = detector.clean_batch([document["text"] for document in documents])
    for document, one in zip(documents, cleaned, strict=True):
        assert (one.verdict, spans_of(one.report)) == (document["verdict"], document["spans"]), document["id"]
        assert crc32(one.text.encode()) == document["cleaned_crc32"]
        assert one.restore() == document["text"]
        assert spans_of(detector.scan(document["text"])) == document["spans"]
