"""``python -m unspam`` is the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import unspam
from conftest import CLEAN, DIRTY, spans_of


def run(*args: str, stdin: str | None = None, **more):
    return subprocess.run(
        [sys.executable, "-m", "unspam", *args], input=stdin, capture_output=True, text=True, timeout=120, **more
    )


def test_it_cleans_and_its_exit_codes_are_those_of_the_command(tmp_path):
    done = run("clean", "--input-format", "text", stdin=DIRTY)
    assert (done.returncode, done.stdout) == (0, CLEAN)
    assert run("check", "--input-format", "text", stdin=DIRTY).returncode == 1
    assert run("check", "--input-format", "text", stdin=CLEAN).returncode == 0
    wrong = run("clean", "--no-such-flag")
    assert wrong.returncode == 2 and "--no-such-flag" in wrong.stderr and not wrong.stdout
    assert run("clean", str(tmp_path / "missing.txt")).returncode == 2
    version = run("--version")
    assert (version.returncode, version.stdout.strip()) == (0, f"unspam {unspam.__version__}")
    assert "Usage: unspam" in run("--help").stdout


def test_it_finds_what_the_package_finds(detector, documents):
    lines = "".join(json.dumps({"id": d["id"], "text": d["text"]}) + "\n" for d in documents)
    done = run("scan", "--input-format", "jsonl", stdin=lines)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(documents)
    for document, line in zip(documents, found, strict=True):
        report = detector.scan(document["text"])
        assert {key: line[key] for key in line if key != "id"} == report.to_dict()
        assert spans_of(report) == document["spans"]


def test_a_closed_pipe_is_no_error():
    command = [sys.executable, "-m", "unspam", "clean", "--input-format", "jsonl"]
    line = json.dumps({"text": CLEAN}) + "\n"
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.close()
        try:
            child.stdin.write(line.encode() * 3000)
            child.stdin.close()
        except BrokenPipeError:
            pass
        child.stdin = None
        assert child.wait(60) == 0
        assert child.stderr.read() == b""


@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_it_can_be_interrupted():
    command = [sys.executable, "-m", "unspam", "clean", "--input-format", "jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write((json.dumps({"text": CLEAN}) + "\n").encode())
        child.stdin.flush()
        assert child.stdout.readline()
        child.send_signal(signal.SIGINT)
        started = time.monotonic()
        assert child.wait(30) == -signal.SIGINT
        assert time.monotonic() - started < 10
