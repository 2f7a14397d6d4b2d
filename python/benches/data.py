"""Texts to measure with, over and over, each with a line of its own.

Those of the JSON lines that `TEXTS` names, files parted by colons: real articles tell what a terabyte costs. Else the
golden documents, of which more than half have junk in them in several languages: they take ten times as long.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import golden


def texts(megabytes: float) -> list[str]:
    """Returns so many megabytes of texts, the same every time."""
    files = [Path(name) for name in os.environ.get("TEXTS", "").split(":") if name]
    if files:
        lines = (line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line)
        documents = [json.loads(line)["text"] for line in lines]
    else:
        known = [document["text"] for document in golden.load()]
        # Several articles a document: the fixtures are shorter than what is scraped.
        documents = ["\n\n".join(known[(n * 7 + step) % len(known)] for step in range(4)) for n in range(len(known))]
    made, size, number = [], 0, 0
    while size < megabytes * 1e6:
        text = f"{documents[number % len(documents)]}\n\n{number}"
        made.append(text)
        size += len(text.encode())
        number += 1
    return made


def write_jsonl(path: Path, rows: list[str]) -> None:
    with open(path, "w", encoding="utf-8") as out:
        for number, text in enumerate(rows):
            out.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")
