"""What Spark costs: the same rows through ``mapInArrow`` with and without the detector, on one and two cores.

    python benches/cluster.py [megabytes] [cores …]

Writes Parquet, reads it with Spark and throws the result away (the sink ``noop``), so that what is measured is
reading, Python workers and judging. Turns with and without the detector alternate, after one of each to warm up;
numbers are the best of them. From a gigabyte on there is one turn, behind a warm-up on one of the files. Seconds on a
core are those of all processes of Spark, so that other programs matter little; how much faster two cores are can only
be told on a machine that does nothing else.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import unspam
from data import texts
from pyspark.sql import DataFrame, SparkSession
from unspam import spark

ROUNDS = 3
#: Megabytes from which one turn says enough.
LARGE = 1000.0
FILES = 8
TICK = os.sysconf("SC_CLK_TCK")


def main(megabytes: float = 100.0, cores: tuple[int, ...] = (1, 2)) -> None:
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    rows = texts(megabytes)
    size = sum(len(text.encode()) for text in rows) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        for part in range(FILES):
            some = rows[part::FILES]
            pq.write_table(pa.table({"id": range(len(some)), "text": some}), f"{folder}/{part}.parquet")
        native = _native(rows[: len(rows) // FILES])
        print(f"{size:.0f} MB of texts in {FILES} files; Python alone on one core {native:.1f} MB/s")
        alone = None
        for count in cores:
            started = time.perf_counter()
            builder = SparkSession.builder.master(f"local[{count}]").config("spark.ui.enabled", "false")
            session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
            session.sparkContext.setLogLevel("ERROR")
            print(f"local[{count}]: up in {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}")
            # A task a file: packed together, one core would get more than the other.
            session.conf.set("spark.sql.files.maxPartitionBytes", str(1 << 30))
            session.conf.set("spark.sql.files.openCostInBytes", str(1 << 30))
            session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "2000")
            warm = session.read.parquet(f"{folder}/0.parquet" if megabytes >= LARGE else folder)
            _turn(_both(warm))
            engine, judged = _best(_both(session.read.parquet(folder)), 1 if megabytes >= LARGE else ROUNDS)
            session.stop()
            alone = alone or judged[0]
            print(
                f"  on a core: engine alone {engine[1]:.1f} s, with the detector {judged[1]:.1f} s, "
                f"{size / judged[1]:.1f} MB/s, {size / judged[1] / native:.0%} of Python alone "
                f"({size / (judged[1] - engine[1]) / native:.0%} without the engine)"
            )
            print(
                f"  by the clock: engine alone {engine[0]:.1f} s, with the detector {judged[0]:.1f} s, "
                f"{alone / judged[0]:.2f} times the speed of {cores[0]} core"
            )


def _native(rows: list[str]) -> float:
    """Megabytes a second on a core, without Spark."""
    detector = unspam.Detector()
    batch = pa.record_batch({"text": rows})
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.thread_time()
        detector.clean_batch(batch, threads=1)
        best = min(best, time.thread_time() - started)
    return sum(len(text.encode()) for text in rows) / best / 1e6


def _both(frame: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The rows through Python workers as they are, and judged."""
    return frame.mapInArrow(lambda parts: parts, frame.schema), spark.clean(frame)


def _turn(frames: tuple[DataFrame, ...]) -> list[tuple[float, float]]:
    """Seconds by the clock and on a core for each frame."""
    seconds = []
    for frame in frames:
        clock, on_core = time.perf_counter(), _on_core()
        frame.write.format("noop").mode("overwrite").save()
        seconds.append((time.perf_counter() - clock, _on_core() - on_core))
    return seconds


def _best(frames: tuple[DataFrame, ...], rounds: int) -> list[tuple[float, float]]:
    """Least seconds by the clock and on a core for each frame, in turn."""
    turns = [_turn(frames) for _ in range(rounds)]
    return [(min(clock for clock, _ in frame), min(core for _, core in frame)) for frame in zip(*turns, strict=True)]


def _on_core() -> float:
    """Seconds that this process, those it started and those that they started ran, ended ones included."""
    times, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        parents[int(folder.name)] = int(fields[1])
        times[int(folder.name)] = sum(int(field) for field in fields[11:15]) / TICK

    def is_ours(process: int) -> bool:
        while process not in (0, os.getpid()):
            process = parents.get(process, 0)
        return process != 0

    return sum(seconds for process, seconds in times.items() if is_ours(process))


if __name__ == "__main__":
    numbers = sys.argv[1:]
    main(float(numbers[0]) if numbers else 100.0, tuple(int(n) for n in numbers[1:]) or (1, 2))
