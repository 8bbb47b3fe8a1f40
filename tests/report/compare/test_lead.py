"""What a comparison along an axis comes to, in a sentence for each value."""

from __future__ import annotations

from smjax.report.compare import after_sweep
from smjax.report.compare.lead import lead
from smjax.report.compare.within import within_sweep
from smjax.report.render.markdown import markdown
from tests.report.compare.sweeps import DECODE, noise, sweep
from tests.report.factory import failed, placed, read

STEADY = noise(1, 8, 0.002)
WILD = noise(2, 8, 0.2)


def times(factor):
    return [factor * rate for rate in STEADY]


def told(records, axis="engine"):
    comparisons, _ = within_sweep(read(records), axis, None, DECODE)
    return lead(comparisons, "decode tok/s")


def engines(rates, **changes):
    return [one | {"id": f"{one['id']} {changes}"} for one in sweep("engine", rates, **changes)]


def test_each_value_is_told_beside_the_first():
    records = [
        *engines({"smjax": STEADY, "llama_cpp": times(0.5), "openvino": times(2)}),
        *engines({"smjax": STEADY, "llama_cpp": times(0.25), "openvino": times(1.001)}, threads=2),
    ]
    assert told(records) == [
        "llama_cpp: slower than smjax in both rows (0.250 to 0.500 times its decode tok/s).",
        "openvino: faster than smjax in 1 of 2 rows (2.00 times its decode tok/s) "
        "and the same as smjax in 1 of 2 rows (1.00 times its decode tok/s).",
    ]


def test_what_is_not_decided_is_said_and_has_no_figure():
    assert told(engines({"smjax": STEADY, "other": WILD})) == ["other: undecided in the one row."]


def test_an_engine_that_failed_in_some_rows_is_told_by_the_others():
    bad = [
        placed(failed(engine="other", threads=threads, replicate=n), n, 8 + n, point=9)
        for threads in (2, 4)
        for n in range(8)
    ]
    good = [*engines({"smjax": STEADY, "other": times(2)})]
    also = [one for threads in (2, 4) for one in engines({"smjax": STEADY}, threads=threads)]
    (sentence,) = told([*good, *also, *bad])
    assert sentence == (
        "other: faster than smjax in 1 of 3 rows (2.00 times its decode tok/s) and without a figure in 2 of 3 rows."
    )


def test_settings_that_are_swept_over_are_part_of_an_engine_s_name():
    with_flash = [one for value in "01" for one in engines({"e": times(2 + int(value))}, engine_args={"flash": value})]
    assert [line.partition(":")[0] for line in told([*engines({"smjax": STEADY}), *with_flash])] == [
        "e flash=0",
        "e flash=1",
    ]


def test_a_sweep_leads_with_it_and_takes_no_base_that_failed():
    bad = [placed(failed(engine="broken", replicate=n), n, n, point=0) for n in range(8)]
    others = engines({"smjax": STEADY, "llama_cpp": times(0.5)})
    for one in others:
        one["order"] = one["order"] | {"point": one["order"]["point"] + 1}
    (grid,) = after_sweep.grids(read([*bad, *others]))
    assert grid.captions[:2] == (
        "broken: without a figure in the one row.",
        "llama_cpp: slower than smjax in the one row (0.500 times its decode tok/s).",
    )
    assert markdown([grid]).startswith("### By engine\n\nbroken: without")


def test_where_answers_part_is_said_of_a_comparison():
    records = engines({"smjax": STEADY, "llama_cpp": STEADY})
    for one in records:
        one["ids"] = [1, 2, 3, 4] if one["scenario"]["engine"] == "smjax" else [1, 2, 7, 4]
    comparisons, _ = within_sweep(read(records), "engine", None, DECODE)
    assert comparisons[0].why == ("answers part after 2 of 4 ids",)
    alike = [one | {"ids": [1, 2]} for one in records]
    assert within_sweep(read(alike), "engine", None, DECODE)[0][0].why == ()
    of_seeds = sweep("seed", {"1": STEADY, "2": STEADY})
    of_seeds = [one | {"ids": [one["scenario"]["seed"]]} for one in of_seeds]
    assert within_sweep(read(of_seeds), "seed", None, DECODE)[0][0].why == (), "two prompts have two answers"


def test_what_differs_in_some_rows_alone_is_not_said_of_those_that_it_does_not_differ_in():
    records = engines({"smjax": STEADY, "llama_cpp": STEADY, "openvino": STEADY})
    for one in records:
        kv_dtype = "u8" if one["scenario"]["engine"] == "openvino" else "float16"
        one["resolved"] = one["resolved"] | {"kv_dtype": kv_dtype}
    text = markdown(after_sweep.grids(read(records)))
    assert "| float16 |" in text
    assert "| float16 → u8 |" in text
    assert "KV dtype float16" not in text
