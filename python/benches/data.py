"""Texts to measure with: the golden documents over and over, each with a line of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import golden


def texts(megabytes: float) -> list[str]:
    """Returns so many megabytes of texts, the same every time."""
    documents = [document["text"] for document in golden.load()]
    made, size, number = [], 0, 0
    while size < megabytes * 1e6:
        # Several articles a document: the fixtures are shorter than what is scraped.
        parts = [documents[(number * 7 + step) % len(documents)] for step in range(4)]
        text = f"Catatan nomor {number} dari redaksi hari ini.\n\n" + "\n\n".join(parts)
        made.append(text)
        size += len(text.encode())
        number += 1
    return made


def write_jsonl(path: Path, rows: list[str]) -> None:
    with open(path, "w", encoding="utf-8") as out:
        for number, text in enumerate(rows):
            out.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")
