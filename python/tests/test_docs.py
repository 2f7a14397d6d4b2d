"""The examples in docstrings, the README and the stubs hold."""

from __future__ import annotations

import ast
import doctest
import inspect
from pathlib import Path

import pytest
import unspam
import unspam.training

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
README = Path(__file__).resolve().parents[1] / "README.md"


def docstrings() -> dict[str, str]:
    found = {"unspam": unspam.__doc__ or ""}
    for name in unspam.__all__:
        value = getattr(unspam, name)
        if not callable(value):
            continue
        found[name] = inspect.getdoc(value) or ""
        if inspect.isclass(value):
            for member, held in vars(value).items():
                if not member.startswith("_"):
                    found[f"{name}.{member}"] = inspect.getdoc(held) or ""
    return found


@pytest.mark.parametrize("name", [name for name, doc in docstrings().items() if ">>>" in doc])
def test_examples_run(name):
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=FLAGS)
    test = parser.get_doctest(docstrings()[name], {}, name, None, 0)
    assert runner.run(test).failed == 0


def test_there_are_examples_to_run():
    with_examples = [name for name, doc in docstrings().items() if ">>>" in doc]
    assert len(with_examples) >= 12
    for name in ("Detector.scan", "Detector.clean", "Detector.check", "Detector.clean_batch", "SiteProfile"):
        assert name in with_examples


def test_everything_public_is_documented():
    plain = {"Calibration.caution", "Calibration.lines", "Calibration.lines_needed", "Calibration.trials"}
    missing = [name for name, doc in docstrings().items() if not doc and name not in plain]
    assert not missing


def test_the_readme_runs():
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=FLAGS)
    test = parser.get_doctest(README.read_text(encoding="utf-8"), {}, "README.md", None, 0)
    assert len(test.examples) >= 5
    assert runner.run(test).failed == 0


def test_the_stub_lists_what_there_is():
    stub = ast.parse((Path(unspam.__file__).parent / "_unspam.pyi").read_text(encoding="utf-8"))
    protocols = {"ArrowArrayLike", "ArrowStreamLike", "SpanDict", "ReportDict", "LineDict", "PolicyDict"}
    classes = {node.name: node for node in stub.body if isinstance(node, ast.ClassDef) and node.name not in protocols}
    for name in unspam.__all__:
        value = getattr(unspam, name)
        if not inspect.isclass(value) or value.__module__ != "unspam" or issubclass(value, Exception):
            continue
        names = {node.name for node in classes[name].body if isinstance(node, ast.FunctionDef)}
        names |= {
            node.target.id
            for node in classes[name].body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        public = {member for member in vars(value) if not member.startswith("_")}
        assert public == {member for member in names if not member.startswith("_")}, name
    assert (Path(unspam.__file__).parent / "py.typed").exists()
