#!/usr/bin/env python3
"""Writes models/MODEL.md from the shipped model's header, and models/ACCURACY.md from a scoring run.

    python3 models/tools/write_reports.py --unspam target/release/unspam --score SCORE.PY --dev DIR

The scorer is called on every set in DIR with the default policy. Curves come from `unspam evaluate` at several
cautions, and those of baselines from benches/baselines/results.json, which does not depend on the model and need not
be made again. Only the standard library is used.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import zlib

from curves import curve

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Nats added to all thresholds, for the curves; 0 is the default policy.
CAUTIONS = [3.0, 1.0, 0.0, -1.0, -2.0, -3.0]
# Fewest lines of junk for a language to be shown.
LEAST_JUNK_LINES = 100
ORDER = """injected natural clean hard_negatives comments line_quality pages_trafilatura pages_readability
pages_newspaper4k pages_justext pages_fulltext""".split()


def number(value, digits=3):
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def name_of(result):
    return pathlib.Path(result["set"].split()[0]).name.removesuffix(".jsonl")


def accuracy(runs, score, dev):
    results, text = runs.score(score, sorted(dev.glob("*.jsonl")))
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


class Unspam:
    """Runs of the command; with a cache, those of the same program on the same files are not repeated."""

    def __init__(self, program, cache):
        self.program, self.cache = program, cache
        self.key = f"{zlib.crc32(program.read_bytes()):08x}"
        self.known = json.loads(cache.read_text()) if cache and cache.exists() else {}

    def once(self, words, files, measure):
        key = " ".join([self.key, *words, *[f"{p.name}:{zlib.crc32(p.read_bytes()):08x}" for p in files]])
        if key not in self.known:
            self.known[key] = measure()
            if self.cache:
                self.cache.write_text(json.dumps(self.known))
        return self.known[key]

    def evaluate(self, files, *flags):
        def measure():
            command = [str(self.program), "evaluate", "--json", *flags, *map(str, files)]
            out = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            return {name_of(result): result for result in out}

        return self.once(flags, files, measure)

    def score(self, script, files):
        """The reference scorer's results by set, and what it prints."""
        def measure():
            with tempfile.NamedTemporaryFile(suffix=".json") as out:
                command = ["python3", str(script), "--unspam", str(self.program), "--json", out.name, *map(str, files)]
                text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                return [{name_of(result): result for result in json.load(open(out.name))}, text]

        return self.once(["score"], files, measure)


def counts(measures):
    """Lost and all lines of content, found and all lines of junk."""
    groups = measures["by_lang"].values()
    content = sum(group["content_lines"] for group in groups)
    junk = sum(group["junk_lines"] for group in groups)
    lost = round((measures["content_lines_lost_per_10k"] or 0.0) * content / 1e4)
    return lost, content, round((measures["line_recall"] or 0.0) * junk), junk


def point_of(measures):
    lost, content, found, junk = counts(measures)
    return 1e4 * lost / max(content, 1), found / max(junk, 1)


def best(points, lost, key):
    """The best of `key` among points that lose no more than `lost` lines; without any nothing is removed."""
    return max((point[key] for point in points if point["lost"] <= lost and key in point), default=None)


def at_loss(sweep, name, loss):
    """unspam's best recall on a set at no more than this loss, of the cautions tried."""
    return max((recall for lost, recall in (point_of(run[name]) for run in sweep.values()) if lost <= loss), default=0.0)


def compared(unspam, sweep, dev, baselines, folder):
    """The lines of the report that set baselines beside unspam, and the samples' figures."""
    default = sweep[0.0]
    with tempfile.TemporaryDirectory() as temporary:
        samples = sample_files(dev, baselines, pathlib.Path(temporary))
        sampled = {lines: unspam.evaluate(files) for lines, files in samples.items()}
    titles = [entry["title"] for entry in baselines.values()]
    out = ["Each cell is the method's line recall at the threshold at which it loses no more content than unspam does on "
           "that set, the threshold chosen on the set itself, which favours the baselines. **Bold** where it is not "
           "below unspam's. C4's rules have no threshold: their one point is shown with its loss and then what unspam finds "
           "where it loses most in the curves below. A dash says that unspam has no setting that loses as much; such a "
           "method has no point at equal loss and is not counted.", "",
           "| set | lost per 10,000 | unspam | " + " | ".join(titles) + " | every baseline beaten |",
           "| --- " * (len(titles) + 4) + "|"]
    others = []
    for name in sorted((n for n in default if n != "all"), key=lambda n: (ORDER.index(n) if n in ORDER else 99, n)):
        loss, recall = point_of(default[name])
        if not counts(default[name])[3]:
            continue
        cells, beaten = [], []
        extra = {key: [] for key in ("token_f1", "doc_f1")}
        for entry in baselines.values():
            points, base = entry["sets"][name]["points"], default[name]
            junk, content = entry["sets"][name]["junk"], entry["sets"][name]["content"]
            if entry["sample_lines"]:
                base = sampled[entry["sample_lines"]][name]
            own_loss, own = point_of(base)
            if len(points) <= 2:
                theirs, at = points[0]["removed"] / junk, 1e4 * points[0]["lost"] / content
                most = max(point_of(run[name])[0] for run in sweep.values())
                if at > most:
                    won = True
                    cells.append(f"– ({theirs:.3f} at {at:,.0f}; {at_loss(sweep, name, at):.3f} at {most:,.0f})")
                else:
                    won = at_loss(sweep, name, at) > theirs
                    cells.append(f"{theirs:.3f} at {at:,.0f}; {at_loss(sweep, name, at):.3f}")
            else:
                theirs = (best(points, counts(base)[0], "removed") or 0) / max(junk, 1)
                won = own > theirs
                cells.append(f"{theirs:.3f}" + (f" (of {own:.3f})" if entry["sample_lines"] else ""))
            if not won:
                cells[-1] = f"**{cells[-1]}**"
            beaten.append(won)
            for key, ours in [("token_f1", base.get("token_f1_after")), ("doc_f1", base.get("doc_f1"))]:
                if ours is not None:
                    value = best(points, counts(base)[0], key)
                    still = base.get("token_f1_before") if key == "token_f1" else 0.0
                    value = still if value is None else max(value, still)
                    shown = f"{value:.4f}" + (f" (of {ours:.4f})" if entry["sample_lines"] else "")
                    extra[key].append(f"**{shown}**" if value >= ours else shown)
        out.append(f"| {name} | {loss:.1f} | {recall:.3f} | " + " | ".join(cells)
                   + f" | {'yes' if all(beaten) else 'no'} |")
        for key, title in [("token_f1", "token F1"), ("doc_f1", "document F1")]:
            if extra[key]:
                ours = default[name]["token_f1_after" if key == "token_f1" else "doc_f1"]
                others.append(f"| {name} | {title} | {ours:.4f} | " + " | ".join(extra[key]) + " |")
    out += ["", "Other measures of the sets that have them, at the same thresholds or any with less loss:", "",
            "| set | measure | unspam | " + " | ".join(titles) + " |", "| --- " * (len(titles) + 3) + "|", *others, ""]
    out += harm(default, sampled, baselines)
    learnt = "; ".join(f"{entry['title']}: {entry['learnt']}" for entry in baselines.values())
    out += ["", f"Trained on the same files as unspam, sampled: {learnt}. The methods see a line's first 300 characters "
            "and not its neighbours. `benches/baselines/run.py` says how each works.", ""]
    draw(default, sweep, baselines, folder)
    return out


def harm(default, sampled, baselines):
    """Content lost on sets without junk, where a method finds as much of `injected` as unspam does."""
    rows = []
    for entry in baselines.values():
        base = sampled[entry["sample_lines"]] if entry["sample_lines"] else default
        _, recall = point_of(base["injected"])
        there = entry["sets"]["injected"]
        threshold = next((p["threshold"] for p in there["points"] if p["removed"] >= recall * there["junk"]), None)
        cells = []
        for name in ("clean", "hard_negatives"):
            entries = entry["sets"][name]
            own = point_of(base[name])[0]
            if threshold is None:
                most = max(p["removed"] for p in there["points"]) / there["junk"]
                cells.append(f"does not find as much (at most {most:.3f})")
                continue
            lost = max((p["lost"] for p in entries["points"] if p["threshold"] >= threshold), default=0)
            cells.append(f"{1e4 * lost / entries['content']:,.1f} (unspam {own:.1f})")
        rows.append(f"| {entry['title']} | {recall:.3f} | " + " | ".join(cells) + " |")
    return ["Where a method finds as many junk lines of `injected` as unspam does, it loses of 10,000 lines:", "",
            "| method | recall on injected | clean | hard_negatives |", "| --- " * 4 + "|", *rows]


def sample_files(dev, baselines, folder):
    """Writes the samples that slow baselines were measured on, by the same rule."""
    sys.path.insert(0, str(ROOT.parent / "benches" / "baselines"))
    import lines as data
    files = {}
    for most in {entry["sample_lines"] for entry in baselines.values() if entry["sample_lines"]}:
        files[most] = []
        for path in sorted(dev.glob("*.jsonl")):
            sample = data.sample_of(list(data.documents(path)), most)
            # The cache knows files by their names and contents.
            target = folder / f"{most}" / path.name
            target.parent.mkdir(exist_ok=True)
            target.write_text("".join(json.dumps(d, ensure_ascii=False) + "\n" for d in sample), encoding="utf-8")
            files[most].append(target)
    return files


def draw(default, sweep, baselines, folder):
    folder.mkdir(exist_ok=True)
    for name in default:
        if name == "all" or not counts(default[name])[3]:
            continue
        series = [("unspam", [point_of(run[name]) for run in sweep.values()])]
        for entry in baselines.values():
            there = entry["sets"][name]
            points = [(1e4 * p["lost"] / max(there["content"], 1), p["removed"] / max(there["junk"], 1))
                      for p in there["points"]]
            # One that removes everything is no operating point.
            points = points[:1] if len(points) <= 2 else points
            title = entry["title"].replace("logistic regression", "LR")
            series.append((title + (" (sample)" if entry["sample_lines"] else ""), points))
        (folder / f"{name}.svg").write_text(curve(name, series, point_of(default[name])), encoding="utf-8")


def confusion(default):
    """Tables of gold kind by kind found."""
    rows = default["all"]["confusion"]
    out = []
    for group in ("spam", "boilerplate"):
        kinds = [kind for kind in rows if kind.startswith(group + "/")]
        if not kinds:
            continue
        found = [label for label in sorted({label for kind in kinds for label in rows[kind]})
                 if label.startswith(group + "/")]
        out += [f"| gold {group}/… | lines | " + " | ".join(label.split("/")[1] for label in found)
                + " | another class | not found | right of those found in its class |", "| --- " * (len(found) + 5) + "|"]
        for kind in kinds:
            row = rows[kind]
            inside = sum(row.get(label, 0) for label in found)
            missed = row.get("content", 0)
            total = sum(row.values())
            cells = [f"**{row[label]}**" if label == kind and label in row else str(row.get(label, "")) for label in found]
            share = f"{row.get(kind, 0) / inside:.3f}" if inside else "–"
            out.append(f"| {kind.split('/')[1]} | {total} | " + " | ".join(cells)
                       + f" | {total - inside - missed} | {missed} | {share} |")
        out.append("")
    return out


def languages(default):
    rows = []
    for name in ORDER:
        for lang, group in sorted(default.get(name, {}).get("by_lang", {}).items()):
            if group["junk_lines"] >= LEAST_JUNK_LINES:
                rows.append(f"| {name} | {lang} | {group['junk_lines']:,} | {group['content_lines']:,} | "
                            f"{number(group['line_precision'])} | {number(group['line_recall'])} | "
                            f"{number(group['line_f1'])} | {number(group['content_lines_lost_per_10k'], 1)} |")
    return ["| set | language | junk lines | content lines | precision | recall | F1 | lost per 10,000 |",
            "| --- " * 8 + "|", *rows, ""]


def reliability(default):
    classes = ["content", "boilerplate", "spam"]
    rows = []
    for name in [*ORDER, "all"]:
        if name in default:
            entries = default[name]["reliability"]
            rows.append(f"| {name} | {entries['content']['count']:,} | "
                        + " | ".join(number(entries[c]["error"], 4) for c in classes) + " |")
    out = ["| set | lines | " + " | ".join(classes) + " |", "| --- " * 5 + "|", *rows, "",
           "All sets together, by bin of the probability given: mean probability, share that came true, lines.", "",
           "| class | " + " | ".join(f"{n / 10:.1f}–{(n + 1) / 10:.1f}" for n in range(10)) + " |", "| --- " * 11 + "|"]
    for name in classes:
        cells = [""] * 10
        for mean, share, count in default["all"]["reliability"][name]["bins"]:
            cells[min(int(mean * 10), 9)] = f"{mean:.2f} → {share:.2f} ({count:,})"
        out.append(f"| {name} | " + " | ".join(cells) + " |")
    return out + [""]


def attacks(program):
    result = json.loads(subprocess.run([str(program), "measure", "--json"], check=True, capture_output=True).stdout)
    rows = sorted(result["transformations"], key=lambda row: row["found"] / row["promos"] - row["plain"] / row["promos"])
    within = sum(100 * (row["plain"] - row["found"]) / row["promos"] <= 2 for row in rows)
    out = [f"Of {len(rows)} ways to disguise a promo, {within} cost two points of recall or less. Of {result['kept']} "
           f"honest texts with the same characters {len(result['lost'])} lose something"
           + (": " + ", ".join(f"`{name}`" for name, _ in result["lost"]) if result["lost"] else "") + ".", "",
           "| transformation | known to training | promos | recall plain | disguised | points lost | articles damaged |",
           "| --- " * 7 + "|"]
    for row in rows:
        plain, found = row["plain"] / row["promos"], row["found"] / row["promos"]
        out.append(f"| {row['name']} | {'yes' if row['trained'] else 'no'} | {row['promos']} | {plain:.3f} | {found:.3f} | "
                   f"{100 * (plain - found):.1f} | {row['damaged']} |")
    return out + [""]


def write_accuracy(rows, text, short, parts):
    sections = []
    for title, lines in parts:
        sections += [f"## {title}", "", *lines]
        if sections[-1]:
            sections.append("")
    (ROOT / "ACCURACY.md").write_text("\n".join([
        "# Accuracy", "",
        "Default policy, the shipped model, development sets (not trained on). Reproduce this file with", "",
        "```", "cargo build --release", "cargo build --release --no-default-features --example attack",
        "python3 models/tools/write_reports.py --unspam target/release/unspam --attack target/release/examples/attack \\",
        "    --score ../shared/score/score.py --dev ../shared/data/dev", "```", "",
        "| set | line precision | recall | F1 | content lines lost per 10,000 | restored exactly | "
        "spam span recall | kind accuracy | token F1 before → after | document F1 / false positives |",
        "| --- " * 10 + "|", *rows, "",
        "## Where it falls short", "", short.strip(), "", *sections,
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
              "Recall, and the threshold it needs, at shares of content lost, on documents whose sites, "
              "promos, phrases and brands the fit had not seen.", ""]
    loss = lambda key: float(key.rsplit("_", 1)[1])
    shares = sorted((key for key in next(iter(training["metrics"].values())) if key.startswith("recall")), key=loss)
    lines += ["| scope and class | content | junk | " + " | ".join(f"at {loss(key):.2%}" for key in shares) + " |",
              "| --- " * (3 + len(shares)) + "|"]
    for name, entry in training["metrics"].items():
        cells = [f"{recall:.3f} ({threshold:.2f})" for recall, threshold in (entry[key] for key in shares)]
        lines.append(f"| {name} | {entry['content']:,} | {entry['junk']:,} | " + " | ".join(cells) + " |")
    (ROOT / "MODEL.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unspam", type=pathlib.Path, required=True)
    parser.add_argument("--score", type=pathlib.Path, required=True)
    parser.add_argument("--dev", type=pathlib.Path, required=True)
    parser.add_argument("--attack", type=pathlib.Path, help="the built example; without it that part is left out")
    parser.add_argument("--cache", type=pathlib.Path, help="file that keeps what was measured, for the next call")
    options = parser.parse_args()
    notes = ROOT / "tools"
    unspam = options.unspam.resolve()
    write_card(unspam, (notes / "card.md").read_text(encoding="utf-8"))
    dev = options.dev.resolve()
    runs = Unspam(unspam, options.cache)
    rows, text = accuracy(runs, options.score.resolve(), dev)
    files = sorted(dev.glob("*.jsonl"))
    sweep = {caution: runs.evaluate(files, *([f"--caution={caution}"] if caution else ["--reliability"]))
             for caution in CAUTIONS}
    baselines = json.loads((ROOT.parent / "benches/baselines/results.json").read_text(encoding="utf-8"))
    pictures = [line for name in ORDER if counts(sweep[0.0][name])[3]
                for line in (f"![Recall against content lost on {name}](curves/{name}.svg)", "")]
    parts = [
        ("Beside simple methods", compared(runs, sweep, dev, baselines, ROOT / "curves")),
        ("Loss against recall", [
            "unspam at cautions " + ", ".join(f"{c:g}" for c in CAUTIONS) + " (`--caution`, nats added to every "
            "threshold); the ring is the default. Baselines over all thresholds.", "", *pictures]),
        ("Kinds", ["Lines by the kind a person gave and the kind found, all sets together; gold without a kind is left "
                   "out.", "", *confusion(sweep[0.0])]),
        ("Languages", [f"Languages with {LEAST_JUNK_LINES} lines of junk or more.", "", *languages(sweep[0.0])]),
        ("Reliability", ["Expected calibration error over ten bins of the probability of each class, all lines, as a line "
                         "is judged first; bylines count as boilerplate. The aim is 0.02.", "",
                         *reliability(sweep[0.0])]),
    ]
    if options.attack:
        parts.append(("Disguises", attacks(options.attack.resolve())))
    write_accuracy(rows, text, (notes / "shortfall.md").read_text(encoding="utf-8"), parts)


if __name__ == "__main__":
    main()
