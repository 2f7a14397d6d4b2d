"""unspam on Dask: ``map_partitions`` over a data frame.

python dask_frame.py 'articles/*.parquet' cleaned/
"""

from __future__ import annotations

import sys

import dask.dataframe as dd
import pandas as pd
import unspam

DETECTOR = unspam.Detector()


def clean_partition(part: pd.DataFrame) -> pd.DataFrame:
    cleaned = DETECTOR.clean_batch(list(part["text"]), threads=1)
    texts = [one.text if one else None for one in cleaned]
    verdicts = [one.verdict if one else None for one in cleaned]
    return part.assign(text=texts, unspam_verdict=verdicts)


def clean(frame: dd.DataFrame) -> dd.DataFrame:
    meta = frame._meta.assign(unspam_verdict=pd.Series(dtype=frame._meta["text"].dtype))
    return frame.map_partitions(clean_partition, meta=meta)


if __name__ == "__main__":
    clean(dd.read_parquet(sys.argv[1])).to_parquet(sys.argv[2])
