"""Lets Dolma's own mixer take out the spans that `unspam scan --format dolma` writes.

    python tests/dolma_mixer.py WORK_FOLDER

WORK_FOLDER holds documents/ and attributes/unspam/; the mixer writes mixed/.
Exits with 77 if the package cannot be used here.
"""

import gzip
import json
import sys
from pathlib import Path


def main() -> int:
    try:
        # The mixer is a compiled part of the package and needs none of its other parts.
        import importlib.util

        found = importlib.util.find_spec("dolma")
        if found is None or not found.submodule_search_locations:
            raise ImportError("dolma is not installed")
        sys.path.insert(0, found.submodule_search_locations[0])
        files = sorted(Path(found.submodule_search_locations[0]).glob("dolma*.so"))
        if not files:
            raise ImportError("dolma has no compiled part")
        spec = importlib.util.spec_from_file_location("dolma", files[0])
        rust = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(rust)
    except ImportError as error:
        print(f"skipped: {error}")
        return 77

    work = Path(sys.argv[1]).resolve()
    names = set()
    for path in (work / "attributes" / "unspam").glob("*.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                names.update(json.loads(line)["attributes"])
    config = {
        "streams": [
            {
                "name": "cleaned",
                "documents": [str(work / "documents" / "*.gz")],
                "attributes": ["unspam"],
                "output": {"path": str(work / "mixed"), "max_size_in_bytes": 1 << 30},
                "span_replacement": [
                    {"span": f"$.attributes.{name}", "syntax": "jsonpath", "min_score": 0.0, "replacement": ""} for name in sorted(names)
                ],
            }
        ],
        "work_dir": {"input": str(work / "tmp-in"), "output": str(work / "tmp-out")},
        "processes": 1,
        "shuffle": False,
    }
    rust.mixer_entrypoint(json.dumps(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
