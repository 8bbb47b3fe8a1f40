"""The values of an axis inside one sweep, paired by its blocks."""

from __future__ import annotations

import pytest

from smjax.core.errors import RequestError
from smjax.report.compare.axis import Axis
from smjax.report.compare.pairing import processes_of
from smjax.report.compare.within import within_sweep
from tests.report.compare.sweeps import DECODE, noise, run, sweep
from tests.report.factory import failed, placed, processes, read, sample

SLOWED = [100, 80, 95, 60, 100, 70, 90, 85]
"""What a block's neighbours do to its processes: tok/s of the one that does nothing else."""


def within(records, axis, base=None, question=DECODE):
    return within_sweep(read(records), axis, base, question)


def test_what_slows_a_block_cancels():
    """Exactly 10 % faster in every block, however far apart the blocks are: the interval is the ratio itself."""
    (row,), notes = within(sweep("kernel", {"xla": SLOWED, "native": [1.1 * rate for rate in SLOWED]}), "kernel")
    assert (row.base, row.new) == pytest.approx((87.5, 96.25), rel=1e-6)
    assert row.ratio == pytest.approx(1.1, rel=1e-6)
    assert (row.bounds.lo, row.bounds.hi) == pytest.approx((1.1, 1.1), abs=2e-4)
    assert row.verdict == "faster"
    assert row.differs == {"kernel": ("xla", "native")}
    assert row.scenario["kernel"] == ["xla", "native"]
    assert (row.scenario["threads"], row.scenario["isa"]) == (1, "avx512")
    assert row.count == (8, 8)
    assert notes == []


@pytest.mark.parametrize(("count", "mostly"), [(0, False), (3, False), (4, True), (8, True)])
def test_disturbed_processes_count_and_that_is_said(count, mostly):
    records = sweep("kernel", {"xla": SLOWED, "native": [1.1 * rate for rate in SLOWED]})
    (alone,), _ = within(records, "kernel")
    for one in [one for one in records if one["scenario"]["kernel"] == "native"][:count]:
        one["flags"] = ["disturbed"]
    (row,), _ = within(records, "kernel")
    assert (row.ratio, row.verdict, row.count) == (alone.ratio, "faster", (8, 8))
    assert row.why == ((f"disturbed: {count} of new's 8 processes",) if count else ())
    assert row.is_disturbed is mostly


def test_the_first_value_that_was_asked_for_is_the_base_or_the_one_that_is_named():
    rates = {"native": SLOWED, "xla": [rate / 2 for rate in SLOWED], "other": [rate / 4 for rate in SLOWED]}
    records = sweep("kernel", rates)
    assert records[0]["order"]["point"] == 0
    for some in (records, records[1:]):  # whichever ran first
        rows, _ = within(some, "kernel")
        assert [(row.differs["kernel"], round(row.ratio, 4)) for row in rows] == [
            (("native", "xla"), 0.5),
            (("native", "other"), 0.25),
        ]
    rows, _ = within(records, "kernel", "xla")
    assert [round(row.ratio, 4) for row in rows] == [2.0, 0.5]


def test_where_records_do_not_know_their_point_numbers_grow_and_texts_come_by_time():
    for axis, values, order in (
        ("threads", ("4", "2", "10"), ["2", "4", "10"]),
        ("kernel", ("xla", "native"), ["xla", "native"]),
        ("kernel", ("native", "xla"), ["native", "xla"]),
    ):
        records = sweep(axis, dict.fromkeys(values, SLOWED))
        for one in records:
            del one["order"]["point"]
        assert Axis(axis, processes_of(read(records), "decode_tok_per_s")).values() == order


def test_a_base_that_nothing_stands_beside_is_said():
    records = [*sweep("kernel", {"xla": SLOWED, "native": SLOWED}), *sweep("kernel", {"third": SLOWED}, threads=2)]
    rows, notes = within(records, "kernel", "third")
    assert [(row.verdict, row.why) for row in rows] == [("undecided", ("new: not measured",))] * 2
    assert notes == ["1 row has no kernel third to stand beside."]


def test_pairs_are_made_within_all_else_and_intervals_hold_together():
    one, two = ({"xla": SLOWED, "native": noise(seed, 8, 0.02)} for seed in (1, 2))
    records = [*sweep("kernel", one, threads=1), *sweep("kernel", two, threads=2)]
    rows, _ = within(records, "kernel")
    assert [row.scenario["threads"] for row in rows] == [1, 2]
    (alone,), _ = within(sweep("kernel", one, threads=1), "kernel")
    assert alone.ratio == rows[0].ratio
    assert alone.bounds.hi - alone.bounds.lo < 0.9 * (rows[0].bounds.hi - rows[0].bounds.lo)


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("threads", ("1", "2")),
        ("ctx", ("256", "512")),
        ("label", ("a", "b")),
        ("isa", ("avx2", "avx512")),
        ("tokens_per_dispatch", ("1", "4")),
        ("kv_dtype", ("float32", "float16")),
        ("engine", ("smjax", "other")),
        ("python", ("/a/python", "/b/python")),
        ("seed", ("1", "2")),
    ],
)
def test_any_field_of_the_scenario_is_an_axis(axis, values):
    rates = {values[0]: SLOWED, values[1]: [0.9 * rate for rate in SLOWED]}
    changes = {} if axis in ("ctx", "n_prompt") else {"ctx": 600}
    records = sweep(axis, rates, **changes)
    for one in records:
        if axis == "ctx":  # as where n_prompt is left open
            one["scenario"]["n_prompt"] = one["scenario"]["ctx"] - one["scenario"]["n_gen"]
        if axis == "seed":  # of a preset's weights
            one["model"]["hash"] = f"sha256:{one['scenario']['seed']}"
        one["identity"] += str(one["scenario"][axis]) if axis != "label" else ""
    (row,), _ = within(records, axis)
    assert row.ratio == pytest.approx(0.9, rel=1e-6)
    assert row.verdict == "slower"
    assert list(map(str, row.scenario[axis])) == list(values)


def test_values_that_differ_in_their_ends_alone_are_two():
    old, new = (f"/home/somebody/{'deep/' * 60}{name}/bin/python" for name in ("old", "new"))
    (row,), _ = within(sweep("python", {old: SLOWED, new: [2 * rate for rate in SLOWED]}), "python", old)
    assert row.ratio == pytest.approx(2, rel=1e-6)
    assert row.to_json()["why"].startswith(f"python {old} → {new}")


def test_so_are_settings_of_how_it_is_measured_and_versions_that_nobody_asked_for():
    records = sweep("label", {"": SLOWED, "b": [rate / 1.05 for rate in SLOWED]})
    for one in records:
        slowed = bool(one["scenario"]["label"])
        one["scenario"]["measure"] |= {"handicap": 0.05 * slowed}
        one["scenario"] |= {"label": "", "python": "/new/python" if slowed else None}
        one["versions"]["jaxlib"] = "0.11.0" if slowed else "0.10.2"
    for one in records:
        one["scenario"]["python"] = None
    (row,), _ = within(records, "measure.handicap")
    assert (row.differs["measure.handicap"], row.verdict) == ((0.0, 0.05), "slower")
    for one in records:
        one["scenario"]["python"] = "/new/python" if one["scenario"]["measure"].pop("handicap") else None
    (row,), _ = within(records, "jaxlib")
    assert row.differs["jaxlib"] == ("0.10.2", "0.11.0")
    assert row.scenario["jaxlib"] == ["0.10.2", "0.11.0"]


def test_what_was_left_open_counts_as_what_was_chosen():
    records = sweep("kernel", {"xla": SLOWED, "native": SLOWED})
    for one in records:
        if one["scenario"]["kernel"] == "native":
            one["scenario"]["kernel"] = "auto"
    broken = failed(kernel="auto", replicate=8, date="2026-03-01T12:00:00Z")
    (row,), _ = within([*records, placed(broken, 8, 17, point=1)], "kernel")
    assert row.differs["kernel"] == ("xla", "native")
    assert row.verdict == "same"


def test_of_several_attempts_the_last_that_was_ok_counts_in_its_block():
    records = sweep("kernel", {"xla": SLOWED, "native": SLOWED})
    first = next(one for one in records if one["scenario"]["kernel"] == "native" and one["replicate"] == 3)
    again = first | {"attempt": 1, "date": "2026-03-01T10:03:30Z", "id": f"{first['id']}-again"}
    first["samples"] = [sample(100_000)]  # disturbed
    again = again | {"order": first["order"] | {"position": 100}}
    (row,), _ = within([*records, again], "kernel")
    assert row.ratio == pytest.approx(1, abs=1e-6)
    assert row.count == (8, 8)


def test_a_session_that_goes_on_counts_its_blocks_anew():
    """Block 0 of the second day is no partner of block 0 of the first."""
    rates = {"xla": SLOWED, "native": SLOWED}
    later = sweep("kernel", {name: [rate / 2 for rate in all_] for name, all_ in rates.items()}, day=2)
    for one in later:
        one["replicate"] += 8
        one["id"] += "-later"
    (row,), _ = within([*sweep("kernel", rates), *later], "kernel")
    assert (row.count, round(row.ratio, 6)) == ((16, 16), 1)
    assert row.bounds.hi - row.bounds.lo < 1e-3
    lone = [one for one in later if one["scenario"]["kernel"] == "xla"]
    (row,), _ = within([*sweep("kernel", rates), *lone], "kernel")
    assert row.ratio == pytest.approx(1, abs=1e-6), "blocks with one side do not count"


def test_what_changed_between_sessions_is_not_pooled():
    rates = {"xla": SLOWED, "native": SLOWED}
    later = sweep("kernel", rates | {"native": [2 * rate for rate in SLOWED]}, day=2)
    for one in later:
        one["id"] += "-later"
        one["identity"] += "-another smjax"
    rows, _ = within([*sweep("kernel", rates), *later], "kernel")
    assert [round(row.ratio, 4) for row in rows] == [1, 2]


def test_what_another_machine_went_on_with_is_paired_there_whatever_the_first_was_asked_for():
    alone = run(SLOWED, kernel="xla", machine="one")
    both = sweep("kernel", {"xla": SLOWED, "native": [2 * rate for rate in SLOWED]}, machine="two", day=2)
    for one in (*alone, *both):
        one["identity"] += one["machine"]
        one["id"] += one["machine"]
    rows, _ = within([*alone, *both], "kernel")
    assert [(round(row.ratio, 4), row.count) for row in rows if row.ratio] == [(2, (8, 8))]


def test_without_blocks_it_is_not_paired_and_says_so():
    records = [
        one | {"id": f"{one['id']}-{kernel}", "scenario": one["scenario"] | {"kernel": kernel}}
        for kernel, factor in (("xla", 1), ("native", 2))
        for one in processes([[factor * rate] for rate in noise(3, 8, 0.01)], kernel=kernel)
    ]
    (row,), _ = within(records, "kernel")
    assert row.ratio == pytest.approx(2, rel=0.01)
    assert "not paired: the records know no blocks" in row.why


def test_one_block_has_no_interval():
    (row,), _ = within(sweep("kernel", {"xla": [100], "native": [200]}), "kernel")
    assert (row.base, row.new, row.ratio, row.bounds, row.detectable) == (100, 200, None, None, None)
    assert (row.verdict, row.why) == ("undecided", ("one block",))


def test_failed_processes_leave_no_figure_and_a_value_that_never_ran_is_said():
    records = sweep("kernel", {"xla": SLOWED, "native": SLOWED})
    bad = [
        placed(failed(kernel="native", threads=2, replicate=n, reason="out of\x1b memory"), n, n, point=1)
        for n in (0, 1)
    ]
    good = sweep("kernel", {"xla": SLOWED}, threads=2)
    rows, _ = within([*records, *good, *bad, *sweep("kernel", {"xla": SLOWED}, threads=4)], "kernel")
    assert [row.is_missing for row in rows] == [False, True, True]
    assert rows[1].why == ("new: no process finished ok: out of\\x1b memory",)
    assert rows[2].why == ("new: not measured",)
    assert [row.ratio for row in rows[1:]] == [None, None]
    _, notes = within([*records, *sweep("kernel", {"native": SLOWED}, threads=4)], "kernel", "xla")
    assert notes == ["1 row has no kernel xla to stand beside."]


def test_undecided_says_what_would_decide():
    rates = {"a": noise(1, 8, 0.03), "b": noise(2, 8, 0.03, 101)}
    (row,), _ = within(sweep("label", rates), "label")
    assert row.verdict == "undecided"
    assert any(text.startswith("about ") and text.endswith(" more blocks would decide") for text in row.why)
    assert 0.02 < row.detectable < 0.15


@pytest.mark.parametrize(
    ("axis", "base", "said"),
    [
        (
            "kernle",
            None,
            "--axis kernle: expected a field of the scenario, found none of that name; did you mean kernel?",
        ),
        ("threads", None, "--axis threads: expected an axis that the sweep varies, found none; it varies kernel"),
        ("x\x1b", None, r"--axis x\\x1b: expected an axis that the sweep varies, found none; it varies kernel"),
        ("kernel", "xl", "--base xl: expected a value of kernel, xla, native, found another; write --base xla"),
        ("kernel", "7", "--base 7: expected a value of kernel, xla, native, found another; name one of them"),
    ],
)
def test_a_wrong_axis_or_base_is_answered_with_what_to_type(axis, base, said):
    with pytest.raises(RequestError, match=said.replace("?", r"\?")):
        within(sweep("kernel", {"xla": SLOWED, "native": SLOWED}), axis, base)


def test_a_run_that_varies_nothing_is_told_how_to_measure_in_turn():
    with pytest.raises(RequestError, match="smjax run -m kernel=ONE,OTHER"):
        within(sweep("kernel", {"xla": SLOWED}), "kernel")


def test_a_figure_that_is_not_positive_has_no_ratio():
    records = sweep("kernel", {"xla": SLOWED, "native": SLOWED})
    for one in records:
        for answer in one["samples"]:
            answer["decode_ns"] = 0
    (row,), _ = within(records, "kernel")
    assert (row.ratio, row.verdict) == (None, "undecided")


def test_engines_stand_beside_each_other_with_what_is_varied_of_their_settings():
    """Settings are an engine's own: those of one value part nothing, and each of several is a value of its own."""
    ours = sweep("kernel", {"auto": SLOWED}, engine="smjax")
    for changes, values in (
        ({"mmap": "true"}, ["smjax", "llama_cpp"]),
        (None, ["smjax", "llama_cpp flash_attn=0", "llama_cpp flash_attn=1"]),
    ):
        theirs = [changes] if changes else [{"flash_attn": value, "mmap": "true"} for value in "01"]
        records = ours + [
            one | {"id": f"{one['id']}{arguments}"}
            for number, arguments in enumerate(theirs, 1)
            for one in sweep("kernel", {"auto": [number * 2 * rate for rate in SLOWED]}, engine="llama_cpp",
                             engine_args=arguments)
        ]  # fmt: skip
        axis = Axis("engine", processes_of(read(records), "decode_tok_per_s"))
        assert sorted(axis.values(), key=values.index) == values
        rows, _ = within(records, "engine", "smjax")
        assert sorted(row.ratio for row in rows) == pytest.approx([2.0, 4.0][: len(theirs)])
    rows, _ = within(records, "engine_args.flash_attn")
    assert [row.differs["engine args"] for row in rows] == [
        ("flash_attn=0, mmap=true", "flash_attn=1, mmap=true"),
    ]
