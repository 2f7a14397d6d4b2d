"""What sites repeat, counted in Python, is what the command counts."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest
import unspam

SENTENCES = [
    "Wali kota meresmikan jalan baru di tepi sungai pada hari kerja.",
    "Petani memanen padi lebih awal karena hujan turun terus.",
    "Sekolah dasar di lereng gunung menerima murid dari tiga desa.",
]


def site_documents(sites: int = 3, documents: int = 12) -> list[dict]:
    """Articles of some sites, each with a line at its end that its site repeats."""
    made = []
    for site in range(sites):
        for number in range(documents):
            body = [
                f"{SENTENCES[(number + step) % 3]} Itu catatan {'abcdefghijklmnop'[number]} dari redaksi."
                for step in range(3)
            ]
            foot = f"Kabar pilihan pembaca setia kota {'ABC'[site % 3]}"
            url = f"https://www.site{site}.example/{number}"
            made.append({"id": f"{site}-{number}", "url": url, "text": "\n\n".join([*body, foot]) + "\n"})
    return made


def command(*args: str) -> None:
    subprocess.run([sys.executable, "-m", "unspam", *args], check=True, capture_output=True, timeout=120)


@pytest.fixture
def by_command(tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "site.profile"
    source.write_text("".join(json.dumps(document) + "\n" for document in site_documents()))
    command("profile", str(source), "-o", str(target))
    return target


def counted() -> unspam.SiteProfile:
    profile = unspam.SiteProfile()
    for document in site_documents():
        profile.count(document["url"], document["text"])
    return profile


def test_counts_are_those_of_the_command(by_command, tmp_path):
    profile = counted()
    assert profile.to_bytes() == by_command.read_bytes()
    assert unspam.SiteProfile(by_command) == profile
    assert (profile.sites, profile.documents) == (3, 36) and profile.repeats > 0
    profile.save(tmp_path / "again.profile.gz")
    assert unspam.SiteProfile(tmp_path / "again.profile.gz") == profile
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_profiles_add_up():
    one, other = unspam.SiteProfile(), unspam.SiteProfile()
    for row, document in enumerate(site_documents()):
        (one if row % 2 else other).count(document["url"], document["text"])
    one.merge(other)
    assert one == counted()
    by_hand = unspam.SiteProfile()
    by_hand.add_counts("site.example", 3, [(-5, 2), (7, 1)])
    by_hand.add_counts("site.example", 1, [(-5, 1)])
    assert json.loads(by_hand.to_bytes().splitlines()[1])["lines"] == [[7, 1], [2**64 - 5, 3]]


def test_a_profile_finds_what_the_command_finds_with_it(by_command, tmp_path):
    documents = site_documents()
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    command("scan", str(source), "--profile", str(by_command), "-o", str(target))
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    detector = unspam.Detector(profile=by_command)
    assert pickle.loads(pickle.dumps(detector)).scan(documents[0]["text"], url=documents[0]["url"]) == detector.scan(
        documents[0]["text"], url=documents[0]["url"]
    )
    reports = detector.scan_batch([d["text"] for d in documents], urls=[d["url"] for d in documents])
    assert [report.to_dict()["spans"] for report in reports] == [line["spans"] for line in lines]
    reasons = [reason for report in reports for found in report.findings for reason in found.reasons]
    assert "site_repeat:12/12" in reasons
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    rows = pa.record_batch(detector.scan_batch(pa.RecordBatch.from_pylist(documents))).to_pylist()
    assert [row["unspam_spans"] for row in rows] == [line["spans"] for line in lines]


def test_what_is_no_profile_is_refused(tmp_path):
    with pytest.raises(unspam.ProfileError, match="line 1 is not of a site profile"):
        unspam.SiteProfile(b'{"unspam_profile":')
    with pytest.raises(FileNotFoundError, match="site profile"):
        unspam.SiteProfile(tmp_path / "none")
    assert unspam.site_of("no host here") is None
