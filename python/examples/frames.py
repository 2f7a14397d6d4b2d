"""One-liners for pandas, polars and duckdb: what an Arrow frame needs.

python frames.py articles.parquet cleaned.parquet
"""

from __future__ import annotations

import sys

import unspam

DETECTOR = unspam.Detector()


def with_polars(source: str, target: str) -> None:
    import polars as pl

    pl.DataFrame(DETECTOR.clean_batch(pl.read_parquet(source))).write_parquet(target)


def with_pandas(source: str, target: str) -> None:
    import pandas as pd
    import pyarrow as pa

    pa.table(DETECTOR.clean_batch(pd.read_parquet(source))).to_pandas().to_parquet(target)


def with_pyarrow(source: str, target: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # Read, judged and written batch by batch: memory is of the size of a batch.
    file = pq.ParquetFile(source)
    reader = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(2000))
    judged = pa.RecordBatchReader.from_stream(DETECTOR.clean_batch(reader))
    with pq.ParquetWriter(target, judged.schema) as writer:
        for batch in judged:
            writer.write_batch(batch)


def with_duckdb(source: str, target: str) -> None:
    import duckdb
    import pyarrow as pa

    judged = pa.table(DETECTOR.clean_batch(duckdb.read_parquet(source).to_arrow_table()))
    duckdb.from_arrow(judged).write_parquet(target)


if __name__ == "__main__":
    with_polars(*sys.argv[1:3])
