"""unspam on Spark, beyond what the ready job does: learn what sites repeat, clean, keep the ledger.

spark-submit spark_clean.py hdfs:///articles hdfs:///cleaned hdfs:///ledger
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession
from unspam import spark as unspam_spark


def main(source: str, target: str, ledger: str) -> None:
    session = SparkSession.builder.getOrCreate()
    articles = session.read.parquet(source)
    profile = unspam_spark.profile(articles)
    cleaned = unspam_spark.clean(articles, profile=profile, preset="precision")
    cleaned.write.parquet(target)
    unspam_spark.ledger(session.read.parquet(target)).write.parquet(ledger)


if __name__ == "__main__":
    main(*sys.argv[1:4])
