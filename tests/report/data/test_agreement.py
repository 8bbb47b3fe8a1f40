"""How far answers go with the reference's, which row that is, and processes that do not answer alike."""

from __future__ import annotations

import pytest

from smjax.report.data.agreement import together
from tests.report.factory import failed, record, scenarios, summarise

IDS = list(range(64))
RUN = {"run": "first"}


def answered(ids, kernel="native", kv_dtype="float16", **changes):
    one = record(**changes) | RUN | {"ids": ids, "resolved": {"kernel": kernel, "isa": "", "kv_dtype": kv_dtype}}
    return one | {"id": f"{one['id']}-{changes.get('engine')}-{kernel}-{kv_dtype}"}


def other_after(count):
    return [*IDS[:count], *(number + 1000 for number in IDS[count:])]


def rows_by(name, records):
    return {row[name]: row for row in scenarios(records).to_dicts()}


def test_the_share_before_the_first_id_that_differs():
    assert [together(IDS, IDS), together(IDS, other_after(9)), together([1], [2]), together([1, 2], [1])] == [
        64,
        9,
        0,
        1,
    ]
    found = rows_by("engine", [answered(IDS), answered(other_after(16), engine="llama_cpp", kernel="ggml")])
    assert {name: row["agreement"] for name, row in found.items()} == {"smjax": 1, "llama_cpp": 0.25}
    assert [found[name]["is_reference"] for name in ("smjax", "llama_cpp")] == [True, False]
    assert found["llama_cpp"]["ids_compared"] == 64


def test_ids_after_the_first_that_differs_do_not_count():
    """Answers that part and meet again have parted."""
    (row,) = [
        row
        for row in scenarios([answered(IDS), answered([7, *IDS[1:]], engine="e")]).to_dicts()
        if row["engine"] == "e"
    ]
    assert row["agreement"] == 0


@pytest.mark.parametrize(
    ("candidates", "reference"),
    [
        ([("native", "float16"), ("xla", "float16"), ("xla", "float32")], ("xla", "float32")),
        ([("native", "float32"), ("xla", "bfloat16"), ("xla", "float16")], ("xla", "float16")),
        ([("native", "float16"), ("native", "float32")], ("native", "float32")),
    ],
)
def test_the_plainest_arithmetic_is_the_reference(candidates, reference):
    found = scenarios([answered(IDS, kernel, kv_dtype) for kernel, kv_dtype in candidates]).to_dicts()
    assert [(row["kernel"], row["kv_dtype"]) for row in found if row["is_reference"]] == [reference]


@pytest.mark.parametrize(
    "other",
    [
        answered(other_after(1), engine="e", n_prompt=100),
        answered(other_after(1), engine="e", seed=7),
        answered(other_after(1), engine="e", model_hash="sha256:2"),
        answered(other_after(1), engine="e") | {"run": "second"},
        answered(other_after(1), engine="e") | {"provenance": "imported"},
        answered([], engine="e"),
    ],
    ids=["prompt", "seed", "weights", "run", "provenance", "no ids"],
)
def test_what_was_not_asked_the_same_is_not_compared(other):
    assert rows_by("engine", [answered(IDS), other])["e"]["agreement"] is None


def test_without_an_engine_that_may_refer_nothing_is_known():
    records = [answered(IDS, engine="llama_cpp", threads=threads) for threads in (1, 2)]
    assert summarise(records)["agreement"].to_list() == [None, None]


def test_rows_of_other_depths_of_answers_are_compared_as_far_as_both_go():
    found = rows_by("n_gen", [answered(IDS, ctx=512), answered(other_after(8)[:16], n_gen=16, tokens_per_dispatch=1)])
    assert (found[16]["agreement"], found[16]["ids_compared"], found[101]["is_reference"]) == (0.5, 16, True)


def test_processes_that_do_not_answer_alike_are_flagged_and_refer_to_nothing():
    torn = [answered(ids, "xla", replicate=n) for n, ids in enumerate((IDS, other_after(16), other_after(32)))]
    found = rows_by("kernel", [*torn, *(answered(IDS, replicate=n) for n in range(2))])
    assert [found[name]["is_reference"] for name in ("xla", "native")] == [False, True]
    assert found["xla"]["agreement"] == 0.25, "the least of its processes"
    assert ["answers-differ" in found[name]["flags"] for name in ("xla", "native")] == [True, False]


def test_failed_processes_and_older_records_say_nothing():
    records = [answered(IDS), failed(replicate=1) | RUN | {"ids": other_after(3)}, record(replicate=2) | RUN]
    assert not any("answers-differ" in row["flags"] for row in scenarios(records).to_dicts())
    assert summarise([record(), record(threads=2)])["agreement"].to_list() == [None, None]
