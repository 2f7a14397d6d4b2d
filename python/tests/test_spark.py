"""A Spark with two workers of its own: the same answers, also if one of them dies."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import unspam
from conftest import CLEAN, DIRTY
from test_profile import counted, site_documents

pytest.importorskip("pyspark", reason="pyspark is not installed")
pytest.importorskip("pyarrow", reason="pyarrow is not installed")

pytestmark = pytest.mark.spark


def _java() -> str | None:
    """Returns why there is no Java to run Spark on, if there is none."""
    java = os.path.join(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else shutil.which("java")
    if not java or not os.path.exists(java):
        return "Java is not installed: Spark needs 17 or newer"
    version = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    number = version.partition('"')[2].partition(".")[0]
    return None if number.isdigit() and int(number) >= 17 else f"Java is too old for Spark: {version.splitlines()[0]}"


WHY_NOT = _java()
if WHY_NOT:
    pytest.skip(WHY_NOT, allow_module_level=True)

from pyspark.sql import SparkSession  # noqa: E402
from unspam import spark  # noqa: E402
from unspam.spark import job  # noqa: E402


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    # Workers are processes of their own and must find the same package.
    path = os.pathsep.join([str(Path(unspam.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = path
    builder = (
        SparkSession.builder.master("local-cluster[2,1,1024]")
        .appName("unspam tests")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executorEnv.PYTHONPATH", path)
        .config("spark.executor.memory", "512m")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
    )
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def frame(session, documents):
    rows = [(document["id"], document["text"], document["id"] * 0.5) for document in documents]
    return session.createDataFrame(rows, "id long, text string, weight double").repartition(6, "id").cache()


def short(spans) -> list[list]:
    return [[span["start"], span["end"], span["label"], span["action"]] for span in spans]


def test_there_are_two_workers(session):
    tracker = session.sparkContext._jsc.sc().statusTracker()
    # On a busy machine the second one is some seconds behind.
    deadline = time.monotonic() + 60
    while len(tracker.getExecutorInfos()) < 3 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(tracker.getExecutorInfos()) == 3, "the driver and two workers"


def test_scan_gives_the_golden_answers_and_keeps_columns(frame, documents):
    made = spark.scan(frame)
    assert made.columns == ["id", "text", "weight", "unspam_verdict", "unspam_spam_probability", "unspam_spans"]
    rows = {row["id"]: row for row in made.collect()}
    assert len(rows) == len(documents)
    for document in documents:
        row = rows[document["id"]]
        assert (row["unspam_verdict"], short(row["unspam_spans"])) == (document["verdict"], document["spans"])
        assert (row["text"], row["weight"]) == (document["text"], document["id"] * 0.5)


def test_clean_is_the_package_and_restore_brings_all_back(frame, documents, detector):
    cleaned = spark.clean(frame).cache()
    for row in cleaned.collect():
        expected = detector.clean(documents[row["id"]]["text"])
        assert (row["text"], row["unspam_verdict"]) == (expected.text, expected.verdict)
        ledger = [
            (entry["char_start"], entry["char_end"], entry["text"], entry["label"], entry["score"])
            for entry in row["unspam_ledger"]
        ]
        removed = [(one.start, one.end, one.text, one.label, one.score) for one in expected.removed]
        assert ledger == removed
        assert [tuple(entry["reasons"]) for entry in row["unspam_ledger"]] == [one.reasons for one in expected.removed]
    restored = spark.restore(cleaned)
    assert restored.columns == ["id", "text", "weight"]
    assert {row["id"]: row["text"] for row in restored.collect()} == {d["id"]: d["text"] for d in documents}
    entries = spark.ledger(cleaned)
    assert entries.columns[0] == "id"
    assert entries.count() == sum(len(detector.clean(d["text"]).removed) for d in documents)


def test_check_is_the_package(frame, documents, detector):
    rows = spark.check(frame.where("id < 60"), fail_on=["spam"], preset="precision").collect()
    own = unspam.Detector(preset="precision")
    assert len(rows) == 60
    for row in rows:
        decision = own.check(documents[row["id"]]["text"], fail_on=["spam"])
        assert (row["unspam_outcome"], row["unspam_because"]) == (decision.outcome, decision.because)
        assert (row["unspam_result"], row["unspam_left_chars"]) == (decision.result, decision.left_chars)


def test_missing_texts_and_bytes(session):
    rows = [(1, DIRTY.encode()), (2, None), (3, b"\xff\xfe kata")]
    frame = session.createDataFrame(rows, "id long, body binary")
    cleaned = spark.clean(frame, text="body")
    found = {row["id"]: row for row in cleaned.collect()}
    assert found[2]["body"] is None and found[2]["unspam_ledger"] is None
    assert bytes(found[3]["body"]) == b"\xff\xfe kata"
    assert b"sbobet88" not in bytes(found[1]["body"])
    restored = {row["id"]: row["body"] for row in spark.restore(cleaned, text="body").collect()}
    assert bytes(restored[1]) == DIRTY.encode() and restored[2] is None


def test_profiles_counted_by_spark_are_those_of_the_command(session):
    rows = [(d["id"], d["url"], d["text"]) for d in site_documents()]
    frame = session.createDataFrame(rows, "id string, url string, text string").repartition(3)
    profile = spark.profile(frame)
    assert profile == counted()
    assert profile.to_bytes() == counted().to_bytes()
    own = unspam.Detector(profile=counted())
    with_profile = {row["id"]: row["text"] for row in spark.clean(frame, profile=profile).collect()}
    assert with_profile == {d["id"]: own.clean(d["text"], url=d["url"]).text for d in site_documents()}
    assert with_profile != {d["id"]: unspam.Detector().clean(d["text"]).text for d in site_documents()}


def test_what_makes_no_sense_is_refused_before_anything_runs(frame):
    with pytest.raises(ValueError, match="no column 'body': there are id, text, weight"):
        spark.clean(frame, text="body")
    with pytest.raises(ValueError, match="column 'weight' is of type double"):
        spark.scan(frame, text="weight")
    with pytest.raises(ValueError, match="'unspam_verdict' is there already"):
        spark.clean(spark.clean(frame))
    with pytest.raises(unspam.UnspamError, match="unknown label"):
        spark.clean(frame, remove="casino")
    with pytest.raises(unspam.UnspamError, match="unknown label"):
        spark.check(frame, fail_on="casino")
    with pytest.raises(ValueError, match="column 'weight' is of type double: addresses"):
        spark.profile(frame, url="weight")
    with pytest.raises(ValueError, match="no column 'unspam_ledger'"):
        spark.ledger(frame)
    with pytest.raises(TypeError, match="set up already"):
        spark.clean(frame, detector=unspam.Detector(), preset="recall")


def test_the_job_cleans_and_restores_files(session, frame, documents, detector, tmp_path):
    source, left, ledger, back = (str(tmp_path / name) for name in ("in", "left", "ledger", "back"))
    frame.where("id < 80").coalesce(2).write.parquet(source)
    assert job.main(["--input", source, "--output", left, "--ledger", ledger]) == 0
    rows = {row["id"]: row["text"] for row in session.read.parquet(left).collect()}
    assert rows == {d["id"]: detector.clean(d["text"]).text for d in documents[:80]}
    entries = session.read.parquet(ledger).collect()
    assert len(entries) == sum(len(detector.clean(d["text"]).removed) for d in documents[:80])
    assert job.main(["--verb", "restore", "--input", left, "--output", back, "--format", "parquet"]) == 0
    restored = {row["id"]: row["text"] for row in session.read.parquet(back).collect()}
    assert restored == {d["id"]: d["text"] for d in documents[:80]}
    lines, spans = str(tmp_path / "lines.jsonl"), str(tmp_path / "spans")
    frame.where("id < 20").coalesce(1).write.json(lines)
    assert job.main(["--verb", "scan", "--input", lines, "--output", spans]) == 0
    found = {row["id"]: short(row["unspam_spans"] or []) for row in session.read.json(spans).collect()}
    assert found == {d["id"]: d["spans"] for d in documents[:20]}
    assert job.main(["--input", source, "--output", left, "--preset", "precision", "--threshold", "spam"]) == 2
    assert job.main(["--input", source, "--output", left, "--model", str(tmp_path / "none")]) == 2


def test_the_job_says_what_is_wrong_and_writes_nothing(session, frame, tmp_path, capfd):
    source, left = str(tmp_path / "in"), tmp_path / "left"
    frame.where("id < 2").coalesce(1).write.parquet(source)
    for told, *arguments in (
        ("no column 'body': there are id, text, weight", "--input", source, "--text", "body"),
        ("nowhere", "--input", str(tmp_path / "nowhere")),
        ("no column 'unspam_ledger'", "--input", source, "--verb", "restore"),
    ):
        assert job.main([*arguments, "--output", str(left)]) == 2
        assert told in capfd.readouterr().err
    assert not left.exists()
    lines = tmp_path / "lines"
    frame.where("id < 2").coalesce(1).write.json(str(lines))
    removed = tmp_path / "removed"
    for told, *arguments in (
        ("cannot be read as parquet, see --format", "--input", str(lines)),
        ("would be written over what is read", "--input", source, "--mode", "overwrite", "--output", source),
        ("would be written over what is read", "--input", f"{lines}/p*", "--mode", "overwrite", "--output", str(lines)),
        ("would be written over", "--input", source, "--mode", "overwrite", "--ledger", f"{source}/_SUCCESS"),
        ("--ledger goes with --verb clean", "--input", source, "--verb", "scan", "--ledger", str(removed)),
        ("must be two places", "--input", source, "--ledger", f"{left}/"),
        ("give one of them", "--input", source, "--learn-repeats", "--profile", "sites"),
        ("write LABEL=P", "--input", source, "--threshold", "spam=high"),
        ("nofs", "--input", source, "--ledger", "nofs://there/removed"),
        (f"{lines} is there already", "--input", source, "--ledger", str(lines)),
    ):
        assert job.main(["--output", str(left), *arguments]) == 2
        assert told in capfd.readouterr().err
    with pytest.raises(SystemExit):
        job.main(["--input", source, "--output", str(left), "--batch-rows", "0"])
    assert not left.exists() and not removed.exists()
    assert session.read.parquet(source).count() == session.read.json(str(lines)).count() == 2
    left.mkdir()
    assert job.main(["--input", source, "--output", str(left)]) == 2, "what is there is not written over"
    assert job.main(["--input", source, "--output", str(left), "--mode", "overwrite"]) == 0
    assert session.read.parquet(str(left)).count() == 2


def test_json_lines_of_which_nothing_was_removed_are_restored(session, tmp_path):
    source, left, back = (str(tmp_path / name) for name in ("in.jsonl", "left.json", "back"))
    session.createDataFrame([(1, CLEAN), (2, "Hujan deras.")], "id long, text string").write.json(source)
    assert job.main(["--input", source, "--output", left]) == 0
    assert job.main(["--verb", "restore", "--input", left, "--output", back]) == 0
    assert {row["id"]: row["text"] for row in session.read.json(back).collect()} == {1: CLEAN, 2: "Hujan deras."}


@pytest.mark.skipif(not os.environ.get("ALL"), reason="starts Spark three times: ALL=1 python/test")
def test_the_job_is_a_process_of_its_own(documents, detector, tmp_path):
    """On JSON lines with ``python -m``, on Parquet with ``spark-submit`` and the file that the README names."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyspark

    some = [{"id": d["id"], "text": d["text"]} for d in documents[:60]]
    lines, table = tmp_path / "in.jsonl", tmp_path / "in.parquet"
    lines.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(some), table)
    script = tmp_path / "job.py"
    script.write_text("import sys\nfrom unspam.spark.job import main\nsys.exit(main())\n", encoding="utf-8")
    options = ["--master", "local[2]", "--conf", "spark.ui.enabled=false"]
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(Path(unspam.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": " ".join([*options, "pyspark-shell"]),
    }
    submit = str(Path(pyspark.__file__).parent / "bin" / "spark-submit")

    def run(command: list[str], *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([*command, *arguments], env=env, capture_output=True, text=True, timeout=600)

    left, removed, cleaned = (str(tmp_path / name) for name in ("left", "removed", "cleaned"))
    by_module = [sys.executable, "-m", "unspam.spark.job"]
    done = run(by_module, "--input", str(lines), "--output", left, "--ledger", removed, "--preset", "precision")
    assert done.returncode == 0, done.stderr
    by_submit = [submit, *options, str(script)]
    done = run(by_submit, "--input", str(table), "--output", cleaned, "--preset", "precision")
    assert done.returncode == 0, done.stderr

    def rows_of(folder: str) -> list[dict]:
        parts = sorted(Path(folder).glob("part-*.json"))
        return [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]

    own = unspam.Detector(preset="precision")
    expected = {row["id"]: own.clean(row["text"]) for row in some}
    texts = {number: cleaned.text for number, cleaned in expected.items()}
    assert {row["id"]: row["text"] for row in rows_of(left)} == texts
    taken = sorted((number, one.start, one.text) for number, c in expected.items() for one in c.removed)
    assert sorted((row["id"], row["char_start"], row["text"]) for row in rows_of(removed)) == taken
    assert {row["id"]: row["text"] for row in pq.read_table(cleaned).to_pylist()} == texts
    wrong = run(by_module, "--input", str(lines), "--output", left, "--remove", "casino")
    assert wrong.returncode == 2 and 'unknown label "casino"' in wrong.stderr


def executors_of(session) -> list[int]:
    """The process ids of the workers' executors."""
    application = session.sparkContext.applicationId
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if "CoarseGrainedExecutorBackend" in command and application in command:
            found.append(int(folder.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="workers are found through /proc")
def test_a_worker_that_is_killed_changes_nothing(session, frame, documents):
    many = frame.crossJoin(session.range(12).withColumnRenamed("id", "copy")).repartition(12, "copy")
    found: dict = {}

    def work() -> None:
        session.sparkContext.setJobGroup("killed", "a worker is killed")
        try:
            found["rows"] = spark.scan(many).drop("text").collect()
        except Exception as error:
            found["error"] = error

    thread = threading.Thread(target=work)
    thread.start()
    tracker = session.sparkContext.statusTracker()
    victim = None
    deadline = time.monotonic() + 300
    while thread.is_alive() and time.monotonic() < deadline and victim is None:
        for stage in tracker.getActiveStageIds():
            info = tracker.getStageInfo(stage)
            if info and info.numTasks == 12 and 1 <= info.numCompletedTasks < 11:
                victim = executors_of(session)[0]
                os.kill(victim, signal.SIGKILL)
                break
        time.sleep(0.02)
    thread.join(300)
    assert victim is not None, "no worker could be killed in the middle"
    assert "error" not in found, found
    rows = found["rows"]
    assert sorted((row["id"], row["copy"]) for row in rows) == [(d["id"], c) for d in documents for c in range(12)]
    for row in rows:
        document = documents[row["id"]]
        assert (row["unspam_verdict"], short(row["unspam_spans"])) == (document["verdict"], document["spans"])
    assert victim not in executors_of(session)
