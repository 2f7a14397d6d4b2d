#!/usr/bin/env python3
"""Writes models/MODEL.md from the shipped model's header, and models/ACCURACY.md from a scoring run.

    python3 models/tools/write_reports.py --unspam target/release/unspam --score SCORE.PY --dev DIR

The scorer is called on every set in DIR with the default policy. Only the standard library is used.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
ORDER = """injected natural clean hard_negatives comments line_quality pages_trafilatura pages_readability
pages_newspaper4k pages_justext pages_fulltext""".split()


def number(value, digits=3):
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def name_of(result):
    return pathlib.Path(result["set"].split()[0]).name.removesuffix(".jsonl")


def accuracy(unspam, score, dev):
    files = [str(path) for path in sorted(dev.glob("*.jsonl"))]
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = ["python3", str(score), "--unspam", str(unspam), "--json", out.name, *files]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        results = {name_of(result): result for result in json.load(open(out.name))}
    rows = []
    for name in sorted(results, key=lambda n: (ORDER.index(n) if n in ORDER else 99, n)):
        r = results[name]
        tokens = f"{r['token_f1_before']:.4f} → {r['token_f1_after']:.4f}" if "token_f1_before" in r else "–"
        document = f"{r['doc_f1']:.3f} / {100 * r['doc_false_positive_rate']:.2f} %" if "doc_f1" in r else "–"
        spam = r["span_recall"].get("spam", [None])[0]
        cells = [name, number(r["line_precision"]), number(r["line_recall"]), number(r["line_f1"]),
                 number(r["content_lines_lost_per_10k"], 1), number(r["docs_restored_exactly"]), number(spam),
                 number(r["kind_accuracy"]), tokens, document]
        rows.append("| " + " | ".join(cells) + " |")
    return rows, text.strip()


def write_accuracy(rows, text, short):
    (ROOT / "ACCURACY.md").write_text("\n".join([
        "# Accuracy", "",
        "Default policy, the shipped model, development sets (not trained on). Reproduce this file with", "",
        "```", "cargo build --release",
        "python3 models/tools/write_reports.py --unspam target/release/unspam "
        "--score ../shared/score/score.py --dev ../shared/data/dev", "```", "",
        "| set | line precision | recall | F1 | content lines lost per 10,000 | restored exactly | "
        "spam span recall | kind accuracy | token F1 before → after | document F1 / false positives |",
        "| --- " * 10 + "|", *rows, "",
        "## Where it falls short", "", short.strip(), "",
        "## The scorer's full output", "", "```", text, "```", "",
    ]), encoding="utf-8")


def write_card(unspam, notes):
    header = json.loads(subprocess.run([str(unspam), "model", "inspect"], check=True, capture_output=True).stdout)
    training = header["training"]
    lines = notes.rstrip().split("\n")
    lines += ["", f"Seed {training['seed']}. {training['documents']:,} documents, made ones included. "
              "The same files and seed give the same bytes.", "",
              "## Files", "", "| file | crc32 | records used |", "| --- | --- | --- |"]
    for file in training["files"]:
        lines.append(f"| {file['file']} | {file['crc32']} | {file['records']:,} |")
    lines += ["", "## Sources", "", "| file | source | licence as stated | records |", "| --- | --- | --- | --- |"]
    merged = collections.Counter()
    for file, source, licence, records in training["sources"]:
        merged[file, source.split(":")[0], licence] += records
    for (file, source, licence), records in sorted(merged.items()):
        lines.append(f"| {file} | {source} | {licence} | {records:,} |")
    lines += ["", "## Left out for their licence", "", "| licence | records |", "| --- | --- |"]
    lines += [f"| {licence} | {records:,} |" for licence, records in sorted(training["excluded"].items())]
    lines += ["", "## Held-out figures of the fit", "",
              "Recall, and the threshold it needs, at three shares of content lost, on documents whose sites, "
              "promos, phrases and brands the fit had not seen.", "",
              "| scope and class | content | junk | recall (threshold) at 0.02 % | at 0.1 % | at 0.5 % |",
              "| --- " * 6 + "|"]
    for name, entry in training["metrics"].items():
        recalls = [entry[key] for key in sorted((k for k in entry if k.startswith("recall")), key=lambda k: float(k.rsplit("_", 1)[1]))]
        cells = [f"{recall:.3f} ({threshold:.2f})" for recall, threshold in recalls]
        lines.append(f"| {name} | {entry['content']:,} | {entry['junk']:,} | " + " | ".join(cells) + " |")
    (ROOT / "MODEL.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unspam", type=pathlib.Path, required=True)
    parser.add_argument("--score", type=pathlib.Path, required=True)
    parser.add_argument("--dev", type=pathlib.Path, required=True)
    options = parser.parse_args()
    notes = ROOT / "tools"
    unspam = options.unspam.resolve()
    write_card(unspam, (notes / "card.md").read_text(encoding="utf-8"))
    rows, text = accuracy(unspam, options.score.resolve(), options.dev.resolve())
    write_accuracy(rows, text, (notes / "shortfall.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
