"""The examples do what they say."""

from __future__ import annotations

import importlib.util
import os
import sys

import pytest
import unspam
from conftest import CLEAN, DIRTY, ROOT

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

TEXTS = [DIRTY, CLEAN, "", None, *[f"{DIRTY}Catatan {number} dari redaksi.\n" for number in range(20)]]


def example(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "python" / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path):
    import pyarrow.parquet as pq

    path = tmp_path / "articles.parquet"
    pq.write_table(pa.table({"id": list(range(len(TEXTS))), "text": TEXTS}), path)
    return str(path)


def expected(detector) -> list[str | None]:
    return [None if text is None else detector.clean(text).text for text in TEXTS]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow", "duckdb"])
def test_frames(kind, source, tmp_path, detector):
    import pyarrow.parquet as pq

    pytest.importorskip(kind, reason=f"{kind} is not installed")
    target = str(tmp_path / "cleaned.parquet")
    getattr(example("frames"), f"with_{kind}")(source, target)
    made = pq.read_table(target)
    assert made["text"].to_pylist() == expected(detector)
    assert made["unspam_verdict"].to_pylist()[:2] == ["dirty", "ok"]


def test_dask(source, detector):
    dd = pytest.importorskip("dask.dataframe", reason="dask is not installed")
    made = example("dask_frame").clean(dd.read_parquet(source).repartition(npartitions=2)).compute()
    made = made.sort_values("id")
    assert [text if isinstance(text, str) else None for text in made["text"]] == expected(detector)
    assert list(made["unspam_verdict"])[:2] == ["dirty", "ok"]


def test_ray_data(source, detector):
    ray = pytest.importorskip("ray", reason="ray is not installed")
    pytest.importorskip("aiohttp", reason="ray[data] needs aiohttp, which is not installed")
    path = os.pathsep.join([os.path.dirname(os.path.dirname(unspam.__file__)), str(ROOT / "python" / "examples")])
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": path}})
    try:
        rows = example("ray_data").clean(ray.data.read_parquet(source), workers=1).take_all()
    finally:
        ray.shutdown()
    assert {row["id"]: row["text"] for row in rows} == dict(enumerate(expected(detector)))
