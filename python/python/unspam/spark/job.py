"""The job for ``spark-submit``: ``python -m unspam.spark.job --input … --output …``.

Reads Parquet or JSON lines from any file system that Spark knows, and writes the cleaned rows,
with the ledger as a column, and in a place of its own too if one is named.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from py4j.protocol import Py4JJavaError
from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession
from pyspark.sql import types as T

import unspam
from unspam import spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


#: Names of JSON lines, compressed ones too.
_JSON = re.compile(r"\.(json|jsonl|ndjson)(\.\w+)?/?$")


def parser() -> argparse.ArgumentParser:
    """Returns what reads the arguments of the job."""
    args = argparse.ArgumentParser(
        prog="python -m unspam.spark.job", description="Cleans the texts of Parquet or JSON lines on Spark."
    )
    args.add_argument(
        "--input", nargs="+", required=True, metavar="PATH", help="files or folders, hdfs:// and s3a:// too"
    )
    args.add_argument("--output", required=True, metavar="PATH", help="folder for the cleaned rows")
    args.add_argument("--verb", choices=["clean", "scan", "check", "restore"], default="clean", help="default: clean")
    args.add_argument(
        "--format", choices=["parquet", "json"], help="of input and output; default: json for .json, .jsonl, .ndjson"
    )
    args.add_argument("--ledger", metavar="PATH", help="folder for removals, one a row, beside the column")
    args.add_argument("--mode", choices=["error", "overwrite"], default="error", help="if the output is there already")
    args.add_argument("--text", default="text", metavar="COLUMN")
    args.add_argument("--id", default="id", metavar="COLUMN")
    args.add_argument("--url", default="url", metavar="COLUMN")
    args.add_argument("--model", metavar="FILE", help="instead of the built-in one, on the machine of the driver")
    args.add_argument("--profile", metavar="FILE", help="what sites repeat, on the machine of the driver")
    args.add_argument("--learn-repeats", action="store_true", help="counts what the sites of the input repeat first")
    args.add_argument("--preset", choices=["balanced", "precision", "recall"], default="balanced")
    args.add_argument("--remove", metavar="LABELS")
    args.add_argument("--keep", metavar="LABELS")
    args.add_argument("--threshold", action="append", default=[], metavar="LABEL=P")
    args.add_argument("--caution", type=float, default=0.0, metavar="NATS")
    args.add_argument("--max-loss-share", type=float, metavar="SHARE")
    args.add_argument("--batch-rows", type=_rows, default=2000, metavar="N", help="rows of a record batch (2000)")
    return args


def _rows(text: str) -> int:
    rows = int(text)
    if rows < 1:
        raise argparse.ArgumentTypeError("at least 1: Spark takes 0 for a whole partition")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit code."""
    args = parser().parse_args(arguments)
    try:
        _refuse(args)
        detector = _settings(args)
    except (unspam.UnspamError, OSError, ValueError) as error:
        print(f"unspam: {error}", file=sys.stderr)
        return 2
    session = SparkSession.builder.appName(f"unspam {args.verb}").getOrCreate()
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(args.batch_rows))
    kind = args.format or ("json" if _JSON.search(args.input[0]) else "parquet")
    try:
        _look(session, args)
        made = _made(_read(session, args, kind), args, detector)
        if args.verb == "clean" and args.ledger:
            _write_both(made, args, kind)
        else:
            made.write.format(kind).mode(args.mode).save(args.output)
    except (AnalysisException, ValueError) as error:  # A path, a column or a setting; all else is Spark's to tell.
        print(f"unspam: {error}", file=sys.stderr)
        return 2
    return 0


def _refuse(args: argparse.Namespace) -> None:
    """Refuses what would be passed over, or writes over itself."""
    if args.ledger and args.verb != "clean":
        raise ValueError(f"--ledger goes with --verb clean: {args.verb} takes nothing out")
    if args.ledger and args.ledger.rstrip("/") == args.output.rstrip("/"):
        raise ValueError("--ledger and --output must be two places")
    if args.learn_repeats and args.verb == "restore":
        raise ValueError("--learn-repeats has no place with --verb restore")
    if args.learn_repeats and args.profile:
        raise ValueError("--learn-repeats and --profile: give one of them")


def _look(session: SparkSession, args: argparse.Namespace) -> None:
    """Refuses to write where something is, which Spark does after hours of judging, or over what is read.

    Spark would empty that place before it reads there.
    """
    targets = [path for path in (args.output, args.ledger) if path]
    if args.mode == "error":
        for path in targets:
            if _places(session, path):
                raise ValueError(f"{path} is there already: name another, or use --mode overwrite")
        return
    sources = [place for path in args.input for place in _places(session, path)]
    for path in targets:
        for written in _places(session, path):
            if any(f"{read}/".startswith(f"{written}/") or f"{written}/".startswith(f"{read}/") for read in sources):
                raise ValueError(f"{path} would be written over what is read: name another place")


def _places(session: SparkSession, path: str) -> list[str]:
    """Returns the whole names of what is there under a path or pattern."""
    context = session.sparkContext
    try:
        place = context._jvm.org.apache.hadoop.fs.Path(path)
        found = place.getFileSystem(context._jsc.hadoopConfiguration()).globStatus(place)
    except Py4JJavaError as error:
        raise ValueError(f"{path}: {error.java_exception.getMessage()}") from None
    return [one.getPath().toString() for one in found or ()]


def _read(session: SparkSession, args: argparse.Namespace, kind: str) -> DataFrame:
    try:
        df = session.read.format(kind).load(args.input)
    except Py4JJavaError as error:
        told = str(error.java_exception.getMessage()).splitlines()[0]
        raise ValueError(f"the input cannot be read as {kind}, see --format: {told}") from None
    if args.verb != "restore" or kind != "json":
        return df
    # What JSON lines say of a column's type is what its values look like: a ledger of nothing looks like no ledger.
    fields = [field for field in df.schema.fields if field.name != "unspam_ledger"]
    ledger = T.StructField("unspam_ledger", spark._ledger_type(T.StringType()))
    return session.read.format(kind).schema(T.StructType([*fields, ledger])).load(args.input)


def _made(df: DataFrame, args: argparse.Namespace, detector: dict[str, Any]) -> DataFrame:
    if args.verb == "restore":
        return spark.restore(df, text=args.text)
    if args.learn_repeats:
        detector["profile"] = spark.profile(df, text=args.text, url=args.url)
    verb = getattr(spark, args.verb)
    made: DataFrame = verb(df, text=args.text, id=args.id, url=args.url, **detector)
    return made


def _write_both(made: DataFrame, args: argparse.Namespace, kind: str) -> None:
    """Judges once, then writes rows and ledger from what was written: the ledger comes last."""
    made.write.format(kind).mode(args.mode).save(args.output)
    session = made.sparkSession
    written = session.read.format(kind).schema(made.schema).load(args.output)
    spark.ledger(written, id=args.id).write.format(kind).mode(args.mode).save(args.ledger)


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    settings: dict[str, Any] = {"preset": args.preset, "caution": args.caution}
    for name in ("remove", "keep", "max_loss_share", "model", "profile"):
        if getattr(args, name) is not None:
            settings[name] = getattr(args, name)
    threshold = {}
    for one in args.threshold:
        label, _, probability = one.rpartition("=")
        try:
            threshold[label] = float(probability)
        except ValueError:
            label = ""
        if not label:
            raise ValueError(f"threshold {one!r}: write LABEL=P")
    settings["threshold"] = threshold
    unspam.Detector(**settings)  # Says what is wrong before a cluster is asked for anything.
    return settings


if __name__ == "__main__":
    sys.exit(main())
