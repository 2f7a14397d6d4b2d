"""What Python costs: batches of Arrow, and single calls, beside the library itself on one core.

    cargo build --release --bench native        # or --profile perf
    python benches/batch.py target/release/deps/native-… [megabytes]

Both must be built with the same profile. Counts the time on a core, so that other programs matter little, and prints
medians of rounds that alternate; a ratio of 1 means that Python costs nothing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import unspam
from data import texts, write_jsonl

ROUNDS = 5
CALLS = 300


def main(native: str, megabytes: float = 20.0) -> None:
    rows = texts(megabytes)
    size = sum(len(text.encode()) for text in rows)
    batches = pa.table({"text": rows}).to_batches(max_chunksize=2000)
    detector = unspam.Detector()
    middle = min(rows, key=lambda text: abs(len(text.encode()) - 5120))
    pairs, calls = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.jsonl"
        write_jsonl(path, rows)
        for _ in range(ROUNDS):
            told = json.loads(subprocess.run([native, str(path)], capture_output=True, check=True).stdout)
            best = float("inf")
            for _ in range(ROUNDS):
                started = time.thread_time()
                for batch in batches:
                    detector.clean_batch(batch, threads=1)
                best = min(best, time.thread_time() - started)
            pairs.append((told["seconds"], best))
            calls.append((told["call_us"], min(_call(detector, middle) for _ in range(CALLS)) * 1e6))
    library = size / statistics.median(seconds for seconds, _ in pairs) / 1e6
    arrow = size / statistics.median(seconds for _, seconds in pairs) / 1e6
    ratio = statistics.median(mine / theirs for mine, theirs in pairs)
    # A machine whose speed swings shows its best in some of the rounds.
    call, through = (min(times) for times in zip(*calls, strict=True))
    empty = min(_call(detector, "") for _ in range(CALLS)) * 1e6
    print(f"{size / 1e6:.0f} MB of texts, one core, best of {ROUNDS} in each of {ROUNDS} rounds")
    print(f"library {library:.1f} MB/s, Arrow batches {arrow:.1f} MB/s, ratio {ratio:.2f}")
    print(f"one call on {len(middle.encode())} bytes: library {call:.1f} us, Python {through - call:+.1f} us")
    print(f"one call on an empty text: {empty:.1f} us")


def _call(detector: unspam.Detector, text: str) -> float:
    started = time.perf_counter()
    detector.scan(text)
    return time.perf_counter() - started


if __name__ == "__main__":
    main(sys.argv[1], *(float(arg) for arg in sys.argv[2:3]))
