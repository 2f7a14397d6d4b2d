"""What Spark costs: the same rows through ``mapInArrow`` with and without the detector, on one and two cores.

    python benches/cluster.py [megabytes] [cores …]

Writes Parquet, reads it with Spark and throws the result away (the sink ``noop``), so that what is measured is
reading, Python workers and judging. Turns with and without the detector alternate, after one of each to warm up;
numbers are the best of them. Seconds on a core are those of all processes of Spark, so that other programs matter
little; how much faster two cores are can only be told on a machine that does nothing else.
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
            session = SparkSession.builder.master(f"local[{count}]").config("spark.ui.enabled", "false").getOrCreate()
            session.sparkContext.setLogLevel("ERROR")
            print(f"local[{count}]: up in {time.perf_counter() - started:.0f} s, load {os.getloadavg()[0]:.1f}")
            # A task a file: packed together, one core would get more than the other.
            session.conf.set("spark.sql.files.maxPartitionBytes", str(1 << 30))
            session.conf.set("spark.sql.files.openCostInBytes", str(1 << 30))
            session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "2000")
            frame = session.read.parquet(folder)
            engine, judged = _best(frame.mapInArrow(lambda parts: parts, frame.schema), spark.clean(frame))
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


def _best(*frames: DataFrame) -> list[tuple[float, float]]:
    """Least seconds by the clock and on a core for each frame, in turn."""
    best = [(float("inf"), float("inf")) for _ in frames]
    for turn in range(ROUNDS + 1):
        for index, frame in enumerate(frames):
            clock, on_core = time.perf_counter(), _on_core()
            frame.write.format("noop").mode("overwrite").save()
            took = time.perf_counter() - clock, _on_core() - on_core
            if turn:
                best[index] = min(best[index][0], took[0]), min(best[index][1], took[1])
    return best


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
