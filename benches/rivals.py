#!/usr/bin/env python3
"""Times datatrove's C4 line filter and Dolma's c4_v2 tagger against `unspam clean`, one core each.

    python3 -m venv rivals && rivals/bin/pip install datatrove dolma nltk
    rivals/bin/python benches/rivals.py target/release/unspam FILE.jsonl

The documents are in memory for the rivals; `unspam` reads and writes its file. A rival that is not
installed, or that asks for data from elsewhere, is named and left out.
"""

import json
import subprocess
import sys
import time
from pathlib import Path


def datatrove(documents: list[dict]) -> None:
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4QualityFilter

    rule = C4QualityFilter(min_num_sentences=-1)
    for number, document in enumerate(documents):
        rule.filter(Document(text=document["text"], id=str(number)))


def dolma(documents: list[dict]) -> None:
    from dolma.core.data_types import Document
    from dolma.core.registry import TaggerRegistry
    import dolma.taggers  # noqa: F401

    tagger = TaggerRegistry.get("c4_v2")()
    for number, document in enumerate(documents):
        tagger.predict(Document(source="", id=str(number), text=document["text"]))


def main() -> None:
    program, path = sys.argv[1], Path(sys.argv[2])
    documents = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    megabytes = sum(len(document["text"].encode()) for document in documents) / 1e6
    start = time.monotonic()
    subprocess.run([program, "clean", "-q", "-j", "1", str(path), "-o", "/dev/null"], check=True)
    own = megabytes / (time.monotonic() - start)
    print(f"{len(documents)} documents, {megabytes:.1f} MB of text\nunspam clean           {own:8.2f} MB/s")
    for name, work in [("datatrove C4 filter", datatrove), ("dolma c4_v2", dolma)]:
        try:
            work(documents[:2])
            start = time.monotonic()
            work(documents)
        except Exception as error:  # noqa: BLE001
            print(f"{name:22} skipped: {type(error).__name__}: {error}"[:200])
            continue
        speed = megabytes / (time.monotonic() - start)
        print(f"{name:22} {speed:8.2f} MB/s, unspam {own / speed:6.1f} times that")


if __name__ == "__main__":
    main()
