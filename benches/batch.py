#!/usr/bin/env python3
"""Times `unspam clean` over whole files against the same work without judging.

    cargo build --release && benches/batch.py target/release/unspam [--size MB] [--big GB] [FILE.jsonl …]

Prints, of several runs, the fastest: MB/s of JSON lines on one core and on two, plain, gzip and
zstd, as a share of reading and writing alone, and the peak of memory. `--big` makes a file of
that many gigabytes, plain and gzip, and one record of 100 MB, and measures memory on them.
Without files it makes documents of its own.
"""

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

JUNK = ["sbobet88", "By gacor88", "Baca juga: Harga cabai naik lagi", "Share this on Facebook", "Subscribe to our newsletter",
        "© 2024 All rights reserved", "Casino bonus 100% free spins no deposit", "Advertisement"]
WORDS = ("the river town council said on that new bridge would open before winter after years of delay and residents who "
         "had waited since flood were glad to hear it although some feared cost would rise again as prices of steel grew").split()


def document(dice: random.Random, number: int) -> str:
    def sentence() -> str:
        words = [dice.choice(WORDS) for _ in range(dice.randint(8, 24))]
        return " ".join(words).capitalize() + "."

    lines = [" ".join(sentence() for _ in range(dice.randint(2, 6))) for _ in range(dice.randint(5, 20))]
    if dice.random() < 0.5:
        lines += dice.sample(JUNK, dice.randint(1, 4))
    url = f"https://site{number % 500}.example/{number}"
    return json.dumps({"id": number, "url": url, "lang": "en", "text": "\n\n".join(lines)})


def make(path: Path, megabytes: float, sources: list[Path]) -> None:
    dice = random.Random(7)
    lines = [line for source in sources for line in source.read_text(encoding="utf-8").splitlines()]
    if not lines:
        lines = [document(dice, number) for number in range(3000)]
    size, at = 0, 0
    with open(path, "w", encoding="utf-8") as out:
        while size < megabytes * 1e6:
            line = lines[at % len(lines)] + "\n"
            size += len(line.encode())
            out.write(line)
            at += 1


# A process of its own, because a child's peak of memory begins with that of its parent.
HELPER = """
import json, os, subprocess, sys, time
start = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - start, usage.ru_maxrss / 1024]))
"""


def run(command: list[str]) -> tuple[float, float]:
    """Returns seconds and peak memory in MB."""
    output = subprocess.run([sys.executable, "-S", "-c", HELPER, *command], stdout=subprocess.PIPE, check=True)
    code, seconds, memory = json.loads(output.stdout)
    if code not in (0, 2):
        sys.exit(f"{command}: exit code {code}")
    return seconds, memory


def best(command: list[str], runs: int) -> tuple[float, float]:
    results = [run(command) for _ in range(runs)]
    return min(seconds for seconds, _ in results), max(memory for _, memory in results)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("files", nargs="*", type=Path)
    arguments.add_argument("--size", type=float, default=40)
    arguments.add_argument("--big", type=float, default=0)
    arguments.add_argument("--runs", type=int, default=3)
    arguments = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        make(at / "a.jsonl", arguments.size, arguments.files)
        megabytes = (at / "a.jsonl").stat().st_size / 1e6
        clean = [arguments.program, "clean", "-q"]
        run([*clean, str(at / "a.jsonl"), "--no-judgement", "-o", str(at / "a.jsonl.gz")])
        run([*clean, str(at / "a.jsonl"), "--no-judgement", "-o", str(at / "a.jsonl.zst")])
        print(f"{megabytes:.0f} MB of JSON lines, best of {arguments.runs}")
        for name in ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"]:
            figures = {}
            for jobs in ["1", "2"]:
                for judging in [True, False]:
                    command = [*clean, str(at / name), "-o", str(at / ("out-" + name)), "-j", jobs]
                    command += ["--ledger", str(at / "ledger.jsonl")] if judging else ["--no-judgement"]
                    figures[jobs, judging] = best(command, arguments.runs)
            one, rewrite = figures["1", True][0], figures["1", False][0]
            two, memory = figures["2", True]
            print(
                f"{name:12} one core {megabytes / one:7.1f} MB/s, rewriting alone {megabytes / rewrite:7.1f} MB/s"
                f" ({rewrite / one:5.1%}), two cores {one / two:4.2f} times one, peak {memory:4.0f} MB"
            )
        if arguments.big:
            make(at / "big.jsonl", arguments.big * 1000, arguments.files)
            with open(at / "long.jsonl", "w", encoding="utf-8") as out:
                text = "\n".join(json.loads(document(random.Random(1), 1))["text"] for _ in range(100_000))[:100_000_000]
                out.write(json.dumps({"text": text}) + "\n")
            for name, extra in [("big.jsonl", []), ("long.jsonl", []), ("long.jsonl", ["--max-record", "200M"])]:
                seconds, memory = run([*clean, str(at / name), "-o", str(at / "out.jsonl"), "-j", "2", *extra])
                print(f"{name:12} {' '.join(extra)} {seconds:6.1f} s, peak {memory:4.0f} MB")
            with open(at / "big.jsonl", "rb") as source, gzip.open(at / "big.jsonl.gz", "wb", 1) as out:
                while block := source.read(1 << 20):
                    out.write(block)
            seconds, memory = run([*clean, str(at / "big.jsonl.gz"), "-o", str(at / "out.jsonl.gz"), "-j", "2"])
            print(f"big.jsonl.gz {seconds:6.1f} s, peak {memory:4.0f} MB")


if __name__ == "__main__":
    main()
