"""unspam on Ray Data: ``map_batches`` with Arrow batches.

python ray_data.py articles.parquet cleaned/
"""

from __future__ import annotations

import sys

import pyarrow as pa
import ray
import unspam


class Clean:
    """Made once in each worker."""

    def __init__(self) -> None:
        self.detector = unspam.Detector()

    def __call__(self, batch: pa.Table) -> pa.Table:
        # Ray gives each worker a core: more threads would only get in the way.
        return pa.table(self.detector.clean_batch(batch, threads=1))


def clean(dataset: ray.data.Dataset, workers: int = 2) -> ray.data.Dataset:
    return dataset.map_batches(Clean, batch_format="pyarrow", batch_size=2000, concurrency=workers)


if __name__ == "__main__":
    clean(ray.data.read_parquet(sys.argv[1])).write_parquet(sys.argv[2])
