"""Lines of gold documents as the scorer counts them, and lines to train on. Only the standard library is used."""

import collections
import gzip
import json
import random
import re
import zlib

KEPT = "boilerplate/byline"
CONTENT, BOILERPLATE, SPAM = range(3)
TOKEN = re.compile(r"[^\W_]+|[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")

# A line of a document: its text, whether it is junk, and the number of its document.
Line = collections.namedtuple("Line", "text junk document")


def documents(path):
    opened = gzip.open(path, "rt", encoding="utf-8") if str(path).endswith(".gz") else open(path, encoding="utf-8")
    with opened as file:
        for line in file:
            yield json.loads(line)


def sample_of(documents, most_lines):
    """Returns documents in an order that only their names decide, until they hold `most_lines` lines."""
    chosen, count = [], 0
    for document in sorted(documents, key=lambda d: (zlib.crc32(str(d["id"]).encode()), str(d["id"]))):
        if count >= most_lines:
            break
        chosen.append(document)
        count += sum(1 for line in document["text"].split("\n") if line.strip())
    return chosen


def labelled_lines(document):
    """Yields text and gold label of each line that counts, as the scorer sees them; None is content."""
    text = document["text"]
    label = [None] * len(text)
    for start, end, name in document.get("spans", []):
        label[start:end] = [name] * (min(end, len(text)) - start)
    neutral = bytearray(len(text))
    for start, end in document.get("neutral", []):
        neutral[start:end] = b"\1" * (min(end, len(text)) - start)
    start = 0
    for part in text.split("\n"):
        end = start + len(part)
        names = set(label[start:end])
        if part.strip() and len(names) == 1 and neutral.find(1, start, end) < 0:
            yield part, names.pop()
            start = end + 1
            continue
        counted = [i for i in range(start, end) if not text[i].isspace() and not neutral[i]]
        if counted:
            yield part, collections.Counter(label[i] for i in counted).most_common(1)[0][0]
        elif part.strip():
            yield part, "neutral"
        start = end + 1


def gold_lines(documents):
    """Returns all lines; `junk` is None for those that are neutral."""
    lines = []
    for number, document in enumerate(documents):
        for text, label in labelled_lines(document):
            junk = None if label == "neutral" else label is not None and label != KEPT
            lines.append(Line(text, junk, number))
    return lines


def tokens(text):
    return collections.Counter(TOKEN.findall(text.lower()))


def first_of(rows, most):
    """Returns texts and classes of the first rows, at most `most[class]` of each class."""
    left, chosen = dict(most), []
    for text, klass in rows:
        if left[klass] > 0:
            left[klass] -= 1
            chosen.append((text, klass))
    return [text for text, _ in chosen], [klass for _, klass in chosen]


def training_lines(train, most, seed=1):
    """Returns texts with their classes in random order, at most `most[class]` of each, drawn from all sources."""
    random.seed(seed)
    pools = {CONTENT: [], BOILERPLATE: [], SPAM: []}

    def draw(klass, lines, share):
        # Repeated lines are repeated evidence, but hundreds of one footer teach nothing.
        counts = collections.Counter(line.strip()[:300] for line in lines if line.strip())
        lines = [line for line, count in counts.items() for _ in range(min(count, 5))]
        random.shuffle(lines)
        pools[klass].append(lines[: int(share * most[klass])])

    pages = {CONTENT: [], BOILERPLATE: []}
    for name in ["pages_trafilatura", "pages_readability", "pages_fulltext", "line_quality"]:
        for document in documents(train / f"{name}.jsonl.gz"):
            if random.random() < 0.5 and name != "line_quality":
                continue
            for text, label in labelled_lines(document):
                if label is None:
                    pages[CONTENT].append(text)
                elif label.startswith("boilerplate") and label != KEPT:
                    pages[BOILERPLATE].append(text)
    draw(CONTENT, pages[CONTENT], 0.45)
    draw(BOILERPLATE, pages[BOILERPLATE], 1)
    comments = {"spam": [], "ham": []}
    for document in documents(train / "comments.jsonl.gz"):
        comments["spam" if document["doc_label"] == "spam" else "ham"] += document["text"].split("\n")
    draw(CONTENT, comments["ham"], 0.2)
    draw(SPAM, comments["spam"], 0.5)
    draw(SPAM, [document["text"] for document in documents(train / "spam_lines.jsonl.gz")], 0.5)
    articles = []
    for document in documents(train / "articles.jsonl.gz"):
        if document.get("kind") == "clean" and random.random() < 0.3:
            articles += document["text"].split("\n")
    draw(CONTENT, articles, 0.35)
    rows = [(line, klass) for klass, parts in pools.items() for part in parts for line in part]
    random.shuffle(rows)
    return rows
