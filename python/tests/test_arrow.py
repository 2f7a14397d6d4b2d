"""Arrow in, Arrow out: what pyarrow, polars, pandas and duckdb hand over is taken as it is."""

from __future__ import annotations

import pytest
import unspam
from conftest import CLEAN, DIRTY

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

TEXTS = [DIRTY, None, CLEAN, "", DIRTY + "😀 akhir.\n"]


def expected(detector):
    return [None if text is None else detector.clean(text).text for text in TEXTS]


def table(kind=None):
    kind = kind or pa.string()
    return pa.table({"id": [1, 2, 3, 4, 5], "text": pa.array(TEXTS).cast(kind), "url": [None] * 5})


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_arrays_of_every_string_type(detector, kind):
    array = pa.array(TEXTS, kind)
    made = pa.record_batch(detector.clean_batch(array))
    assert made.schema.names == ["text", "verdict", "spam_probability", "ledger"]
    assert made["text"].type == kind
    assert made["text"].to_pylist() == expected(detector)
    assert made["verdict"].to_pylist() == ["dirty", None, "ok", "ok", "dirty"]
    assert made["ledger"].null_count == 1
    made.validate(full=True)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
def test_binary_columns_are_told_in_bytes(detector, kind):
    array = pa.array([None if text is None else text.encode() for text in TEXTS], kind)
    made = pa.record_batch(detector.clean_batch(array))
    assert made["text"].to_pylist() == [None if text is None else text.encode() for text in expected(detector)]
    spans = pa.record_batch(detector.scan_batch(array))["spans"].to_pylist()
    for text, found in zip(TEXTS, spans, strict=True):
        for span in found or []:
            assert text.encode()[span["start"] : span["end"]].decode() in text
    broken = pa.record_batch(detector.clean_batch(pa.array([b"\xff" + DIRTY.encode()], kind)))
    assert broken["text"][0].as_py() == b"\xff" + CLEAN.encode()


def test_slices_and_dictionaries(detector):
    array = pa.array(["x", *TEXTS, "y"])[1:6]
    assert pa.record_batch(detector.clean_batch(array))["text"].to_pylist() == expected(detector)
    coded = pa.array(TEXTS).dictionary_encode()
    made = pa.record_batch(detector.clean_batch(coded))
    assert made["text"].to_pylist() == expected(detector)
    assert made["text"].type == pa.large_string()
    nothing = pa.record_batch(detector.clean_batch(pa.nulls(3)))
    assert nothing["verdict"].to_pylist() == [None] * 3


def test_a_record_batch_keeps_its_columns_and_metadata(detector):
    batch = table().to_batches()[0].replace_schema_metadata({"from": "here"})
    made = pa.record_batch(detector.clean_batch(batch))
    names = ["id", "text", "url", "unspam_verdict", "unspam_spam_probability", "unspam_ledger"]
    assert made.schema.names == names
    assert made.schema.metadata == {b"from": b"here"}
    assert made["id"].equals(batch["id"]) and made["text"].to_pylist() == expected(detector)
    restored = pa.record_batch(unspam.restore_batch(made))
    assert restored.to_pydict() == batch.to_pydict()
    assert restored.schema.names == batch.schema.names and restored.schema.metadata == batch.schema.metadata


def test_nothing_is_copied_where_nothing_is_removed(detector):
    batch = pa.record_batch({"id": [1, 2], "text": [CLEAN, "Hujan deras."]})
    made = pa.record_batch(detector.clean_batch(batch))
    for name in ("id", "text"):
        mine, theirs = made[name].buffers(), batch[name].buffers()
        assert [b and b.address for b in mine[1:]] == [b and b.address for b in theirs[1:]]


def test_a_table_is_judged_while_it_is_read(detector):
    big = pa.concat_tables([table()] * 20)
    stream = detector.clean_batch(big)
    assert isinstance(stream, unspam.ArrowStream)
    assert stream.column_names[-1] == "unspam_ledger"
    made = pa.table(stream)
    assert made["text"].to_pylist() == expected(detector) * 20
    assert made.num_rows == 100
    with pytest.raises(ValueError, match="read already"):
        pa.table(stream)
    batches = [len(batch) for batch in detector.scan_batch(big)]
    assert batches == [5] * 20


def test_a_reader_is_read_batch_by_batch(detector):
    taken = []

    def parts():
        for number in range(4):
            taken.append(number)
            yield table().to_batches()[0]

    reader = pa.RecordBatchReader.from_batches(table().schema, parts())
    stream = detector.scan_batch(reader)
    assert taken == []
    next(stream)
    assert taken == [0]
    assert len(list(stream)) == 3


def test_what_goes_wrong_in_a_stream_is_an_error_at_its_reader(detector):
    def parts():
        yield table().to_batches()[0]
        raise RuntimeError("the disk is gone")

    reader = pa.RecordBatchReader.from_batches(table().schema, parts())
    with pytest.raises(Exception, match="the disk is gone"):
        pa.table(detector.clean_batch(reader))


def test_columns_that_are_not_there_are_named(detector):
    with pytest.raises(unspam.UnspamError, match='no column "body": there are id, text, url'):
        detector.clean_batch(table().to_batches()[0], text="body")
    with pytest.raises(unspam.UnspamError, match='column "id" is of type Int64: texts are strings'):
        detector.clean_batch(table().to_batches()[0], text="id")
    twice = pa.record_batch(detector.clean_batch(table().to_batches()[0]))
    with pytest.raises(unspam.UnspamError, match='column "unspam_verdict" is there already'):
        detector.clean_batch(twice)
    with pytest.raises(unspam.UnspamError, match='unknown offsets "utf16"'):
        detector.scan_batch(table().to_batches()[0], offsets="utf16")


def test_strings_that_are_no_utf8_are_an_error_with_their_row(detector):
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"ok", b"\xff\xfe"]).buffers())
    with pytest.raises(unspam.UnspamError, match='column "text", row 1: .*not valid UTF-8'):
        detector.scan_batch(broken)


def test_a_changed_text_is_not_restored(detector):
    made = pa.record_batch(detector.clean_batch(table().to_batches()[0])).to_pylist()
    made[0]["text"] = made[0]["text"].replace("Warga", "Orang")
    changed = pa.RecordBatch.from_pylist(made)
    with pytest.raises(unspam.RestoreError, match="row 0: the restored text is not the original"):
        unspam.restore_batch(changed)
    with pytest.raises(unspam.RestoreError, match='no column "unspam_ledger"'):
        unspam.restore_batch(table().to_batches()[0])


def test_what_has_no_place_in_a_batch_is_refused(detector):
    batch = pa.record_batch({"text": [DIRTY]})
    with pytest.raises(unspam.UnspamError, match="name its column of addresses with url"):
        detector.clean_batch(batch, urls=["https://news.example/a"])
    twice = pa.RecordBatch.from_arrays([batch["text"], batch["text"]], names=["text", "text"])
    with pytest.raises(unspam.UnspamError, match='^there are several columns "text"'):
        detector.clean_batch(twice)
    for wrong in (pa.array([DIRTY]), pa.table(batch), [DIRTY]):
        with pytest.raises(TypeError, match="must be a record batch"):
            unspam.restore_batch(wrong)
    with pytest.raises(TypeError, match="not a dict"):
        detector.clean_batch({"text": [DIRTY]})


def test_check_in_columns_is_check(detector):
    made = pa.record_batch(detector.check_batch(table().to_batches()[0], fail_on=["spam"])).to_pylist()
    for text, row in zip(TEXTS, made, strict=True):
        if text is None:
            assert row["unspam_outcome"] is None
            continue
        decision = detector.check(text, fail_on=["spam"])
        for name in ("outcome", "because", "result", "removed_share", "left_chars", "verdict"):
            assert row[f"unspam_{name}"] == getattr(decision, name)


def test_integers_are_signed_throughout(detector):
    def walk(kind):
        if pa.types.is_integer(kind):
            assert pa.types.is_signed_integer(kind)
        for index in range(kind.num_fields):
            walk(kind.field(index).type)

    for verb in (detector.clean_batch, detector.scan_batch, detector.check_batch):
        for field in pa.record_batch(verb(table().to_batches()[0])).schema:
            walk(field.type)


def test_any_number_of_threads_gives_the_same(detector, documents):
    texts = pa.record_batch({"text": [document["text"] for document in documents]})
    one = pa.record_batch(detector.clean_batch(texts, threads=1))
    for threads in (2, 7, None):
        assert pa.record_batch(detector.clean_batch(texts, threads=threads)).equals(one)


def test_golden_documents_in_columns(detector, documents):
    texts = pa.array([document["text"] for document in documents])
    rows = pa.record_batch(detector.scan_batch(texts)).to_pylist()
    for document, row in zip(documents, rows, strict=True):
        spans = [[span["start"], span["end"], span["label"], span["action"]] for span in row["spans"]]
        assert (row["verdict"], spans) == (document["verdict"], document["spans"])


def test_polars(detector):
    pl = pytest.importorskip("polars", reason="polars is not installed")
    frame = pl.DataFrame({"id": [1, 2, 3, 4, 5], "text": TEXTS})
    made = pl.DataFrame(detector.clean_batch(frame))
    assert made["text"].to_list() == expected(detector)
    assert made.columns == ["id", "text", "unspam_verdict", "unspam_spam_probability", "unspam_ledger"]
    series = pl.DataFrame(detector.scan_batch(frame["text"]))
    assert series["verdict"].to_list() == ["dirty", None, "ok", "ok", "dirty"]
    # What polars made of the columns is still a ledger.
    again = pa.record_batch(unspam.restore_batch(made.to_arrow().combine_chunks().to_batches()[0]))
    assert again["text"].to_pylist() == TEXTS


def test_pandas(detector):
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame({"id": [1, 2, 3, 4, 5], "text": TEXTS})
    made = pa.table(detector.clean_batch(frame)).to_pandas()
    assert [text if isinstance(text, str) else None for text in made["text"]] == expected(detector)
    column = [one and one.text for one in detector.clean_batch(list(frame["text"]))]
    assert column == expected(detector)
    missing = detector.scan_batch([DIRTY, float("nan"), pd.NA])
    assert missing[0].verdict == "dirty" and missing[1:] == [None, None]


def test_duckdb(detector):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    rows = table()
    relation = duckdb.sql("select * from rows order by id")
    made = pa.table(detector.clean_batch(relation.to_arrow_table()))
    assert made["text"].to_pylist() == expected(detector)
    back = duckdb.sql("select count(*), sum(len(unspam_ledger)) from made").fetchall()
    assert back[0] == (5, sum(len(cell or []) for cell in made["unspam_ledger"].to_pylist()))
    assert rows.num_rows == 5
