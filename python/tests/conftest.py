"""What the tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import golden as golden_file
import unspam

ROOT = Path(__file__).resolve().parents[2]

CLEAN = """\
Warga Tiga Desa Gotong Royong Perbaiki Jembatan

DEMAK - Puluhan warga dari tiga desa memperbaiki jembatan gantung yang rusak diterjang banjir pekan lalu. \
Mereka bekerja sejak pagi dengan bahan yang dibeli dari iuran bersama.

Kepala desa setempat mengatakan jembatan itu satu-satunya jalan anak-anak menuju sekolah. “Kalau menunggu \
anggaran tahun depan, terlalu lama,” katanya, Selasa.
"""
DIRTY = CLEAN + "\nsbobet88\n\nBy gacor88\n"


@pytest.fixture(scope="session")
def detector() -> unspam.Detector:
    return unspam.Detector()


@pytest.fixture(scope="session")
def documents() -> list[dict]:
    return golden_file.load()


def spans_of(report: unspam.Report) -> list[list]:
    """The findings in the form of the golden file."""
    return [[found.start, found.end, found.label, found.action] for found in report.findings]
