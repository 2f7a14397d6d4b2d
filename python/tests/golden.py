"""The golden file: 500 documents made of lines of the fixtures, and what is found in them.

A line of ``tests/golden.jsonl`` holds a recipe instead of a text: which lines of which fixtures
stand one behind the other. So the file is small, and the tests of the library, the command and
the service build the same texts as those of Python, Spark and datatrove.

    python tests/golden.py --write    # after the model, the policy or a fixture changed
    python tests/golden.py --check    # holds the installed package to it, without pytest
"""

from __future__ import annotations

import json
import random
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tests" / "golden.jsonl"
DOCUMENTS = 500
SEED = 20261123

Part = tuple[str, int, int]


def lines_of(case: str) -> list[bytes]:
    """Returns the lines of a fixture's source, cut behind each line feed."""
    lines = (ROOT / "fixtures" / case / "source.txt").read_bytes().split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def text_of(parts: list[Part]) -> str:
    """Returns the text that a recipe makes."""
    return b"".join(line for case, start, end in parts for line in lines_of(case)[start:end]).decode()


def load() -> list[dict]:
    """Returns the documents with their texts."""
    documents = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    for document in documents:
        document["text"] = text_of(document["parts"])
        if zlib.crc32(document["text"].encode()) != document["crc32"]:
            raise SystemExit("a fixture changed: run python tests/golden.py --write")
    return documents


def recipes() -> list[list[Part]]:
    """Returns the recipes: every fixture as it is, then articles with junk of other fixtures in them."""
    folders = sorted(path.parent for path in (ROOT / "fixtures").glob("*/*/source.txt"))
    cases = [f"{folder.parent.name}/{folder.name}" for folder in folders]
    lengths = {case: len(lines_of(case)) for case in cases}
    made = [[(case, 0, lengths[case])] for case in cases][:DOCUMENTS]
    chance = random.Random(SEED)

    def pick(count: int) -> int:
        return int(chance.random() * count)

    articles = [case for case in cases if case.startswith("keep/")]
    junk = [case for case in cases if not case.startswith("keep/")]
    while len(made) < DOCUMENTS:
        article = articles[pick(len(articles))]
        cuts = sorted(pick(lengths[article] + 1) for _ in range(pick(4)))
        recipe: list[Part] = []
        at = 0
        for cut in cuts:
            recipe.append((article, at, cut))
            other = junk[pick(len(junk))]
            # The ends of texts are where junk stands.
            size = 1 + pick(5)
            start = max(0, lengths[other] - size) if chance.random() < 0.7 else 0
            recipe.append((other, start, min(lengths[other], start + size)))
            at = cut
        recipe.append((article, at, lengths[article]))
        made.append([part for part in recipe if part[1] < part[2]])
    return made


def write() -> None:
    """Writes the file anew, with what the detector finds now."""
    import unspam

    detector = unspam.Detector()
    with open(FILE, "w", encoding="utf-8") as out:
        for number, parts in enumerate(recipes()):
            text = text_of(parts)
            cleaned = detector.clean(text)
            spans = [[found.start, found.end, found.label, found.action] for found in cleaned.report.findings]
            line = {
                "id": number,
                "parts": parts,
                "crc32": zlib.crc32(text.encode()),
                "verdict": cleaned.verdict,
                "spans": spans,
                "cleaned_crc32": zlib.crc32(cleaned.text.encode()),
            }
            out.write(json.dumps(line, separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{FILE}: {DOCUMENTS} documents, {FILE.stat().st_size} bytes, model {detector.model_id}")


def check() -> int:
    """Says how many documents the installed package judges otherwise: for machines without pytest."""
    import platform

    import unspam

    documents = load()
    reports = unspam.Detector().scan_batch([document["text"] for document in documents])
    differing = 0
    for document, report in zip(documents, reports, strict=True):
        spans = [[found.start, found.end, found.label, found.action] for found in report.findings]
        differing += (report.verdict, spans) != (document["verdict"], document["spans"])
    print(f"{platform.machine()}: {len(documents)} documents, {differing} judged otherwise")
    return 1 if differing else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        raise SystemExit(check())
    if sys.argv[1:] != ["--write"]:
        raise SystemExit(__doc__)
    write()
