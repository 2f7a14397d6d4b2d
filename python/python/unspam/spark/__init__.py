"""unspam on Spark: ``clean``, ``scan``, ``check`` and ``restore`` of data frames.

Each partition is judged in Arrow record batches (``mapInArrow``); the detector, its model and
its site profile go to every worker once. All columns are kept, and what is said of the texts
stands in columns whose names begin with ``unspam_``.

    from unspam import spark as unspam_spark

    cleaned = unspam_spark.clean(df, text="text", url="url")
    ledger = unspam_spark.ledger(cleaned, id="id")
    original = unspam_spark.restore(cleaned)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as F
from pyspark.sql import types as T

import unspam
from unspam import _unspam

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["check", "clean", "ledger", "profile", "restore", "scan"]

Batches = Iterator[pa.RecordBatch]

#: Lines counted of one site and sites counted, as in ``unspam profile``.
MAX_LINES = 4096
MAX_SITES = 20_000

_SAID = (T.StructField("unspam_verdict", T.StringType()), T.StructField("unspam_spam_probability", T.DoubleType()))


def _ledger_type(text: T.DataType) -> T.ArrayType:
    long = T.LongType()
    return T.ArrayType(
        T.StructType(
            [
                T.StructField("start", long),
                T.StructField("end", long),
                T.StructField("char_start", long),
                T.StructField("char_end", long),
                T.StructField("text", text),
                T.StructField("label", T.StringType()),
                T.StructField("score", T.DoubleType()),
                T.StructField("reasons", T.ArrayType(T.StringType())),
                T.StructField("original_bytes", long),
                T.StructField("original_crc32", long),
            ]
        )
    )


_SPANS = T.ArrayType(
    T.StructType(
        [
            T.StructField("start", T.LongType()),
            T.StructField("end", T.LongType()),
            T.StructField("label", T.StringType()),
            T.StructField("score", T.DoubleType()),
            T.StructField("action", T.StringType()),
            T.StructField("reasons", T.ArrayType(T.StringType())),
        ]
    )
)


def clean(
    df: DataFrame, text: str = "text", id: str | None = "id", url: str | None = "url", **detector: Any
) -> DataFrame:
    """Returns the rows with cleaned texts, a verdict, a probability and a ledger of what was taken out.

    ``id`` and ``url`` name columns that may be missing. Other arguments are those of
    ``unspam.Detector``: ``model``, ``profile``, ``preset``, ``remove``, ``keep``, ``threshold``, …;
    or ``detector`` is one that is set up already.

    Adds ``unspam_verdict``, ``unspam_spam_probability`` and ``unspam_ledger``, an array of
    structures with byte and code point offsets, the text, label, score and reasons of each
    removal, and length and CRC-32 of the original text.
    """
    kind = _text_type(df, text)
    added = [*_SAID, T.StructField("unspam_ledger", _ledger_type(kind))]
    return _judge(df, added, "clean_batch", text, url, detector, {})


def scan(
    df: DataFrame,
    text: str = "text",
    id: str | None = "id",
    url: str | None = "url",
    offsets: str = "char",
    **detector: Any,
) -> DataFrame:
    """Returns the rows with a verdict, a probability and all findings: ``unspam_spans``.

    Other arguments are those of :func:`clean`; offsets are code points, or bytes with
    ``offsets="byte"`` and in binary columns.
    """
    _text_type(df, text)
    added = [*_SAID, T.StructField("unspam_spans", _SPANS)]
    return _judge(df, added, "scan_batch", text, url, detector, {"offsets": offsets})


def check(
    df: DataFrame,
    text: str = "text",
    id: str | None = "id",
    url: str | None = "url",
    fail_on: str | Sequence[str] | None = None,
    max_removed: float | None = None,
    min_left: int | None = None,
    **detector: Any,
) -> DataFrame:
    """Returns the rows with what becomes of each: ``unspam_outcome``, ``unspam_because``, ``unspam_result``, …

    The rules are those of ``unspam check``; other arguments are those of :func:`clean`.
    """
    _text_type(df, text)
    added = [
        *_SAID,
        T.StructField("unspam_outcome", T.StringType()),
        T.StructField("unspam_because", T.StringType()),
        T.StructField("unspam_result", T.StringType()),
        T.StructField("unspam_removed_share", T.DoubleType()),
        T.StructField("unspam_left_chars", T.LongType()),
    ]
    rules = {
        "fail_on": fail_on if isinstance(fail_on, str) or fail_on is None else list(fail_on),
        "max_removed": max_removed,
        "min_left": min_left,
    }
    detector = {"detector": _detector(detector)}
    detector["detector"].check("", **rules)  # Says what is wrong with them before a cluster is asked for anything.
    return _judge(df, added, "check_batch", text, url, detector, rules)


def restore(df: DataFrame, text: str = "text") -> DataFrame:
    """Returns the rows that :func:`clean` was given, bit for bit.

    Fails if a cleaned text was changed since: length and checksum of each original are known.
    """
    _text_type(df, text)
    dropped = {"unspam_ledger", "unspam_verdict", "unspam_spam_probability"}
    if "unspam_ledger" not in df.columns:
        raise ValueError("no column 'unspam_ledger': restoring needs what clean returned")
    schema = T.StructType([field for field in df.schema.fields if field.name not in dropped])

    def batches(parts: Iterable[pa.RecordBatch]) -> Batches:
        for batch in parts:
            yield pa.record_batch(unspam.restore_batch(batch, text=text))

    return df.mapInArrow(batches, schema)


def ledger(df: DataFrame, id: str | None = "id") -> DataFrame:
    """Returns one row for each removal, with the ``id`` of its document if that column is there."""
    if "unspam_ledger" not in df.columns:
        raise ValueError("no column 'unspam_ledger': it is what clean returns")
    keep = [_named(id)] if id and id in df.columns else []
    return df.select(*keep, F.explode("unspam_ledger").alias("removal")).select(*keep, "removal.*")


def profile(df: DataFrame, text: str = "text", url: str = "url") -> unspam.SiteProfile:
    """Returns what the sites of the rows repeat, counted on the cluster.

    Equal to what ``unspam profile`` counts of the same documents, as long as no site has more
    than 4,096 different lines and there are at most 20,000 sites; beyond that, here all lines
    are counted before the rare ones are forgotten. Use it as ``clean(df, profile=…)``.
    """
    _text_type(df, text)
    _text_type(df, url, "addresses")

    def count(parts: Iterable[pa.RecordBatch]) -> Batches:
        for batch in parts:
            yield pa.record_batch(_unspam._count_lines(batch, text, url))

    lines = df.select(_named(text), _named(url)).mapInArrow(count, "site string, hash long")
    counted = lines.groupBy("site", "hash").agg(F.count(F.lit(1)).alias("n")).persist()
    try:
        return _collect_profile(counted)
    finally:
        counted.unpersist()


def _collect_profile(counted: DataFrame) -> unspam.SiteProfile:
    from pyspark.sql import Window

    documents = counted.where("hash is null").select("site", F.col("n").alias("documents"))
    kept = documents.orderBy(F.desc("documents"), "site").limit(MAX_SITES)
    # One count more than is kept tells what those that are kept lose.
    by_count = Window.partitionBy("site").orderBy(F.desc("n"))
    lines = counted.where("hash is not null").join(F.broadcast(kept), "site")
    lines = lines.withColumn("place", F.row_number().over(by_count)).where(F.col("place") <= MAX_LINES + 1)
    counts: dict[str, list[tuple[int, int]]] = {}
    for row in lines.select("site", "hash", "n").toLocalIterator():
        counts.setdefault(row["site"], []).append((row["hash"], row["n"]))
    made = unspam.SiteProfile()
    for row in kept.collect():
        made.add_counts(row["site"], row["documents"], counts.get(row["site"], []))
    return unspam.SiteProfile(made.to_bytes())


def _named(name: str) -> Column:
    """Returns the column of this name, also if there are dots in it."""
    return F.col("`" + name.replace("`", "``") + "`")


def _column(df: DataFrame, name: str) -> T.StructField:
    for field in df.schema.fields:
        if field.name == name:
            return field
    raise ValueError(f"no column {name!r}: there are {', '.join(df.columns)}")


def _text_type(df: DataFrame, text: str, what: str = "texts") -> T.DataType:
    kind = _column(df, text).dataType
    if isinstance(kind, T.StringType):
        return T.StringType()
    if isinstance(kind, T.BinaryType):
        return kind
    raise ValueError(f"column {text!r} is of type {kind.simpleString()}: {what} are strings or binary")


def _detector(arguments: dict[str, Any]) -> unspam.Detector:
    known = arguments.pop("detector", None)
    if known is None:
        return unspam.Detector(**arguments)
    if arguments:
        raise TypeError(f"detector is set up already: {', '.join(arguments)} cannot be given too")
    if not isinstance(known, unspam.Detector):
        raise TypeError(f"detector must be an unspam.Detector, not {type(known).__name__}")
    return known


def _judge(
    df: DataFrame,
    added: list[T.StructField],
    verb: str,
    text: str,
    url: str | None,
    arguments: dict[str, Any],
    more: dict[str, Any],
) -> DataFrame:
    for field in added:
        if field.name in df.columns:
            raise ValueError(f"column {field.name!r} is there already: rename or drop it first")
    schema = T.StructType([*df.schema.fields, *added])
    shared = df.sparkSession.sparkContext.broadcast(_detector(arguments))
    url = url or ""

    def batches(parts: Iterable[pa.RecordBatch]) -> Batches:
        judge: Callable[..., Any] = getattr(shared.value, verb)
        # Spark runs a task on each core: more threads in each would only get in the way.
        for batch in parts:
            yield pa.record_batch(judge(batch, text=text, url=url, threads=1, **more))

    return df.mapInArrow(batches, schema)
