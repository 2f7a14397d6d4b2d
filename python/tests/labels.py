"""Labelled documents for tests of training: made up, simple, and the same every time."""

from __future__ import annotations

import random

WORDS = [
    "river",
    "council",
    "market",
    "harvest",
    "bridge",
    "school",
    "teacher",
    "winter",
    "library",
    "station",
    "village",
    "morning",
    "engine",
    "garden",
    "letter",
    "season",
    "weather",
    "window",
    "journey",
    "concert",
    "museum",
    "bakery",
    "farmer",
    "doctor",
    "evening",
    "mountain",
]
JUNK = [
    ("boilerplate/related", "Read also: what the council said"),
    ("boilerplate/share", "Share this on every network"),
    ("boilerplate/subscribe", "Subscribe to our morning newsletter"),
    ("boilerplate/legal", "All rights reserved by the publisher"),
    ("boilerplate/byline", "By the newsroom"),
    ("spam/gambling", "Slot gacor88 bonus deposit, play at casino.example"),
    ("spam/pharma", "Cheap pills without prescription at pills.example"),
    ("spam/finance", "Instant loan without questions, message us"),
    ("spam/scam", "You have won, claim your prize now"),
]


def documents(count: int, seed: int) -> tuple[list[str], list[list[tuple[int, int, str]]]]:
    """Returns texts and their spans."""
    chance = random.Random(seed)

    def pick(items):
        return items[int(chance.random() * len(items))]

    def paragraph() -> str:
        words = [pick(WORDS) for _ in range(25)]
        return f"The {' '.join(words[:12])} before the {' '.join(words[12:])}.".capitalize()

    texts, spans = [], []
    for _ in range(count):
        text, found = "", []
        for _ in range(6):
            if chance.random() < 0.3:
                label, line = pick(JUNK)
                line = f"{line} {int(chance.random() * 999)}"
                found.append((len(text), len(text) + len(line), label))
                text += line + "\n\n"
            text += paragraph() + "\n\n"
        texts.append(text)
        spans.append(found)
    return texts, spans
