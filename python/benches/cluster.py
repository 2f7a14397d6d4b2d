"""What Spark costs: the same rows through ``mapInArrow`` with and without the detector, on one and two cores.

    python benches/cluster.py [megabytes] [cores …]

Writes Parquet, reads it with Spark and throws the result away (the sink ``noop``), so that what is measured is
reading, Python workers and judging. Each number is the best of some rounds after one to warm up.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time

import pyarrow as pa
import pyarrow.parquet as pq
import unspam
from data import texts
from pyspark.sql import SparkSession
from unspam import spark

ROUNDS = 3
FILES = 8


def main(megabytes: float = 100.0, cores: tuple[int, ...] = (1, 2)) -> None:
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    rows = texts(megabytes)
    size = sum(len(text.encode()) for text in rows)
    with tempfile.TemporaryDirectory() as folder:
        for part in range(FILES):
            some = rows[part::FILES]
            pq.write_table(pa.table({"id": range(len(some)), "text": some}), f"{folder}/{part}.parquet")
        native = _native(rows[: len(rows) // 8])
        print(f"{size / 1e6:.0f} MB of texts in {FILES} files; Python alone on one core {native:.1f} MB/s")
        alone = None
        for count in cores:
            started = time.perf_counter()
            session = SparkSession.builder.master(f"local[{count}]").config("spark.ui.enabled", "false").getOrCreate()
            session.sparkContext.setLogLevel("ERROR")
            print(f"local[{count}]: up in {time.perf_counter() - started:.0f} s")
            # A task a file: packed together, one core would get more than the other.
            session.conf.set("spark.sql.files.maxPartitionBytes", str(1 << 30))
            session.conf.set("spark.sql.files.openCostInBytes", str(1 << 30))
            session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "2000")
            frame = session.read.parquet(folder)
            engine = _best(frame.mapInArrow(lambda parts: parts, frame.schema))
            judged = _best(spark.clean(frame))
            session.stop()
            alone = alone or judged
            rate = size / judged / 1e6 / count
            print(
                f"  engine alone {engine:.1f} s, with the detector {judged:.1f} s: {rate:.1f} MB/s a core, "
                f"{rate / native:.0%} of Python alone ({size / (judged * count - engine * count) / 1e6 / native:.0%} "
                f"without the engine); {alone / judged:.2f} times the speed of {cores[0]} core"
            )


def _native(rows: list[str]) -> float:
    detector = unspam.Detector()
    batch = pa.record_batch({"text": rows})
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        detector.clean_batch(batch, threads=1)
        best = min(best, time.perf_counter() - started)
    return batch["text"].nbytes / best / 1e6


def _best(frame) -> float:
    best = float("inf")
    for turn in range(ROUNDS + 1):
        started = time.perf_counter()
        frame.write.format("noop").mode("overwrite").save()
        if turn:
            best = min(best, time.perf_counter() - started)
    return best


if __name__ == "__main__":
    numbers = sys.argv[1:]
    main(float(numbers[0]) if numbers else 100.0, tuple(int(n) for n in numbers[1:]) or (1, 2))
