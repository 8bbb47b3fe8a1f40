"""Two runs: which rows stand beside each other, and how far runs lie apart."""

from __future__ import annotations

import math
import re
import shutil

import numpy as np
import pytest
from scipy import stats

from smjax.core.errors import RequestError
from smjax.core.records.scenario import Measure
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.earlier import below
from smjax.report.compare.spread import ASSUMED_MORE, ASSUMED_ONE_THREAD, History
from smjax.stats.intervals import judge
from smjax.stats.ratios import unpaired
from smjax.stats.runs import assumed
from tests.report.compare.sweeps import DECODE, noise, run, sweep
from tests.report.factory import aiming_at, failed, placed, read, run_folder

STEADY = noise(1, 8, 0.002)


def between(base, new, history=None, given=None):
    return between_runs(Sides([read(base)], [read(new)], below(history) if history else None, given), DECODE)


def one_row(*args, **keys):
    (row,), notes = between(*args, **keys)
    return row, notes


def history(folder, centres, **changes):
    """A run in a folder of its own for each centre."""
    for number, centre in enumerate(centres):
        changes["run"] = f"earlier-{number}"
        run_folder(folder / str(number), run(noise(number, 8, 0.002, centre), day=number + 1, **changes))
    return folder


def spread_below(folder, records, compared=()):
    """Between the runs below a folder of the scenario that records are of, beside what is compared."""
    return History(below(folder), read(compared), DECODE.names).spread(read(records)[0], *DECODE.names)


def width(row):
    return math.log(row.bounds.hi / row.bounds.lo) / 2


def test_what_differs_is_named_by_its_fields():
    new = run([0.8 * rate for rate in STEADY], run="second", kernel="xla", jaxlib="0.11.0")
    for one in new:
        one["environment"] = one["environment"] | {"cpu": {"model": "Neoverse-V2", "arch": "x86_64"}}
        one["identity_parts"] = {"smjax's files": "bb"}
    base = run(STEADY)
    for number, records in enumerate((base, new)):
        for one in records:
            one["versions"] = one["versions"] | {"python": f"3.1{number}.0"}
            one["environment"] = one["environment"] | {"git": {"commit": f"{number}" * 40, "dirty": True}}
    for one in base:
        one["identity_parts"] = {"smjax's files": "aa"}
    row, _ = one_row(base, new)
    why = row.to_json()["why"]
    assert row.verdict == "slower"
    for said in ("kernel native → xla", "jaxlib 0.10.2 → 0.11.0", "cpu.model AMD EPYC 9R14 → Neoverse-V2"):
        assert said in why
    assert "smjax's files" not in why, "the commit says more"
    assert "python version 3.10.0 → 3.11.0;" in why
    assert "commit 000000000 → 111111111;" in why
    assert "aa" not in why
    assert row.scenario["jaxlib"] == ["0.10.2", "0.11.0"]


def test_nothing_differs_where_nothing_does_but_the_run():
    row, _ = one_row(run(STEADY), run(STEADY, run="second", day=2))
    assert row.differs == {}
    assert row.verdict != "faster"


def test_the_default_is_assumed_by_threads_and_said_with_the_command_that_needs_none():
    rows, _ = between(
        [*run(STEADY), *run(STEADY, threads=2)], [*run(STEADY, run="second"), *run(STEADY, run="second", threads=2)]
    )
    assert (ASSUMED_ONE_THREAD, ASSUMED_MORE) == (0.02, 0.12)
    for row, share, threads in zip(rows, ("2 %", "12 %"), ("1 thread", "2 threads"), strict=True):
        assert f"spread between runs with {threads}: {share}, assumed, as there is no history" in row.spread
        assert any(
            "smjax run -m label=base,new model=tinystories-1m threads=1,2 ctx=256" in said for said in row.spread
        )
        assert any("then smjax compare DIR --axis label" in said for said in row.spread)
    # Both sides have that spread: the error is at least its square root of two.
    assert width(rows[0]) >= 1.96 * math.sqrt(2) * math.log1p(0.02)
    assert rows[0].detectable > 0.06
    assert [row.verdict for row in rows] == ["undecided"] * 2
    assert any(re.fullmatch(r"about \d+ more runs a side would decide", said) for said in rows[0].why)


def test_a_spread_that_is_given_stands_for_history(tmp_path):
    folder = history(tmp_path, [100, 104, 96, 101, 99, 103])
    row, _ = one_row(run(STEADY), run(STEADY, run="second"), folder, 0.001)
    assert "spread between runs 0.1 %, as given" in row.spread
    assert width(row) < 0.006
    assert row.verdict == "same"


def test_history_says_how_far_runs_lie_apart(tmp_path):
    folder = history(tmp_path, [100, 104, 96, 101, 99, 103])
    row, _ = one_row(run(STEADY), run([1.05 * rate for rate in STEADY], run="second"), folder)
    logs = [math.log(centre) for centre in (100, 104, 96, 101, 99, 103)]
    mean = sum(logs) / 6
    deviation = math.sqrt(sum((log - mean) ** 2 for log in logs) / 5)
    (said,) = row.spread
    assert said.startswith(f"spread between runs with 1 thread: {deviation * 100:.1f} %, by 5 degrees of freedom in")
    t_5 = 2.571
    assert width(row) == pytest.approx(t_5 * math.sqrt(2) * deviation, rel=0.05)
    assert row.verdict == "undecided", "5 % between two runs, and runs lie 3 % apart"


@pytest.mark.parametrize(
    "changes",
    [{"machine": "elsewhere"}, {"machine": ""}, {"threads": 2}, {"ctx": 300}, {"model_hash": "sha256:2"}, {"n_gen": 7}],
)
def test_of_another_machine_or_scenario_there_is_no_history(tmp_path, changes):
    folder = history(tmp_path, [100, 104, 96, 101, 99, 103], **changes)
    row, _ = one_row(run(STEADY), run(STEADY, run="second"), folder)
    assert any("assumed" in said for said in row.spread)


def test_history_is_without_what_is_compared_and_what_was_slowed_down(tmp_path):
    base, new = run(STEADY), run([1.3 * rate for rate in STEADY], run="second", day=2)
    run_folder(tmp_path / "base", base)
    run_folder(tmp_path / "elsewhere" / "a copy", new)
    slowed = run([0.5 * rate for rate in STEADY], run="third", day=3)
    for one in slowed:
        one["scenario"]["measure"] |= {"handicap": 0.5}
    run_folder(tmp_path / "slowed", slowed)
    flagged = [one | {"flags": ["handicap"]} for one in run(STEADY, run="fourth", day=4)]
    run_folder(tmp_path / "flagged", flagged)
    assert spread_below(tmp_path, base, [*base, *new]) is None
    history(tmp_path / "rest", [100, 101, 99, 100.5])  # 3 degrees of freedom
    assert spread_below(tmp_path, base, [*base, *new]) is None
    history(tmp_path / "rest", [100, 101, 99, 100.5, 100])
    assert spread_below(tmp_path, base, [*base, *new]).degrees == 4


def test_a_copy_of_an_earlier_run_says_nothing_new_of_how_far_runs_lie_apart(tmp_path):
    """Else a saved baseline, or a folder that was copied, would make runs look as if they lay closer together."""
    history(tmp_path, [100, 104, 96])
    for copy in ("a", "b"):
        shutil.copytree(tmp_path / "0", tmp_path / copy)
    assert spread_below(tmp_path, run(STEADY)) is None
    history(tmp_path, [100, 104, 96, 101, 99])
    found = spread_below(tmp_path, run(STEADY))
    assert found.degrees == 4


def test_spread_is_pooled_within_groups_of_equal_identity(tmp_path):
    """Two programs, one twice as fast: what lies between them is no spread."""
    history(tmp_path / "native", [100, 101, 99], kernel="native")
    history(tmp_path / "xla", [200, 202, 198], kernel="xla")
    found = spread_below(tmp_path, run(STEADY))
    assert found.degrees == 4
    assert found.deviation == pytest.approx(0.01, rel=0.2)


def test_machines_have_each_their_own_spread(tmp_path):
    history(tmp_path / "a", [100, 101, 99, 100, 100.5])
    history(tmp_path / "b", [100, 110, 90, 100, 105], machine="elsewhere")
    row, _ = one_row(run(STEADY), run(STEADY, run="second", machine="elsewhere"), tmp_path)
    assert len(row.spread) == 2
    assert row.differs["machine"] == ("here", "elsewhere")
    assert not any("in turn" in said for said in row.spread)


def test_records_that_do_not_know_their_machine_are_told_apart_by_host_and_that_is_said():
    row, _ = one_row(run(STEADY, machine=""), run(STEADY, machine="", run="second"))
    assert "machine not known: told apart by aaaaaaaaaaaa alone" in row.spread
    row, _ = one_row(run(STEADY, machine="", host="bbbbbbbbbbbb"), run(STEADY, machine="", run="second"))
    assert row.differs["machine"] == ("a machine like bbbbbbbbbbbb", "a machine like aaaaaaaaaaaa")


def test_rows_stand_beside_the_one_that_differs_least():
    both = {"xla": STEADY, "native": [2 * rate for rate in STEADY]}
    rows, _ = between(sweep("kernel", both), sweep("kernel", both, run="second", jaxlib="0.11.0"))
    assert [row.scenario["kernel"] for row in rows] == ["xla", "native"]
    assert [round(row.ratio, 2) for row in rows] == [1, 1]
    rows, _ = between(sweep("kernel", both), run(STEADY, run="second"))
    assert [(row.scenario["kernel"], row.is_missing) for row in rows] == [("xla", True), ("native", False)]
    rows, notes = between(run(STEADY), sweep("kernel", both, run="second"))
    assert len(rows) == 1
    assert notes == ["1 row of new alone."]
    slowed = sweep("label", {"": STEADY, "b": STEADY}, run="second")
    row, _ = one_row(run(STEADY, kernel="auto"), slowed)
    assert "label" not in row.differs


def test_a_scenario_that_new_failed_in_or_lacks_is_a_row_without_ratio():
    broken = [placed(failed(replicate=n, kernel="native"), n, n, run="second") for n in (0, 1)]
    row, _ = one_row(run(STEADY), broken)
    assert (row.is_missing, row.verdict, row.why) == (
        True,
        "undecided",
        ("new: no process finished ok: out of memory",),
    )
    assert row.spread == ()
    row, _ = one_row(run(STEADY), run(STEADY, threads=2, run="second"))
    assert (row.new, row.is_measured, row.why) == (None, False, ("new: not measured",))


def test_one_process_on_a_side_has_no_interval():
    row, _ = one_row(run(STEADY), run([100], run="second"))
    assert (row.new, row.ratio, row.detectable, row.verdict) == (100, None, None, "undecided")
    assert row.why == ("new: one process",)


def several(centres, name, **changes):
    """A run for each centre, each of eight processes that lie 0.2 % apart."""
    return [
        read(run(noise(day, 8, 0.002, centre), run=f"{name}-{day}", day=day, **changes))
        for day, centre in enumerate(centres, 1)
    ]


def test_of_several_runs_a_side_the_run_is_the_unit():
    base, new = (100, 104, 96, 101), (110, 113, 108)
    (row,), _ = between_runs(Sides(several(base, "base"), several(new, "new")), DECODE)
    expected = stats.ttest_ind(np.log(new), np.log(base), equal_var=False).confidence_interval()
    assert (row.bounds.lo, row.bounds.hi) == pytest.approx(tuple(np.exp(expected)), rel=5e-3)
    assert (row.count, row.are_runs) == ((4, 3), True)
    assert (row.base, row.new) == pytest.approx((100.2, 110.3), rel=5e-3)
    assert row.ratio == pytest.approx(row.new / row.base)
    assert row.spread == (), "nothing is assumed"
    assert row.why[:2] == (
        "base: 4 runs, 3.3 % apart (standard deviation)",
        "new: 3 runs, 2.3 % apart (standard deviation)",
    )


@pytest.mark.parametrize("side", ["base", "new"])
def test_runs_that_may_be_of_two_machines_are_no_side(side):
    """A fingerprint is that of every machine of a type."""
    sides = {"base": several((100, 101), "base"), "new": several((100, 101), "new")}
    unknown = several((100, 101, 130), side, machine="")
    with pytest.raises(RequestError, match=r"found 3 of a machine like aaaaaaaaaaaa, .*; compare one run with one"):
        between_runs(Sides(**(sides | {side: unknown})), DECODE)
    (row,), _ = between_runs(Sides(**(sides | {side: unknown[:1]})), DECODE)
    assert "machine not known: told apart by aaaaaaaaaaaa alone" in row.spread
    types = [read(run(STEADY, machine="", host=host * 12, run=host)) for host in "ab"]
    rows, _ = between_runs(Sides(types, types), DECODE)
    assert [row.are_runs for row in rows] == [False, False], "two types are two machines"


def test_one_run_beside_several_has_the_spread_of_history_and_they_their_own(tmp_path):
    found = below(history(tmp_path, [100, 104, 96, 101, 99, 103]))
    base, new = several((100, 100.2, 100.1, 99.9), "base"), several((112,), "new")
    (row,), _ = between_runs(Sides(base, new, found), DECODE)
    assert row.count == (4, 1)
    assert len(row.spread) == 1
    assert width(row) == pytest.approx(2.571 * 0.029, rel=0.05), "one deviation of history's, not two"
    (other,), _ = between_runs(Sides(new, base, found), DECODE)
    assert (other.bounds.lo, other.bounds.hi) == pytest.approx((1 / row.bounds.hi, 1 / row.bounds.lo), abs=2e-4)


def test_runs_of_two_programs_are_rows_of_their_own():
    """Of which each stands beside its own."""
    base = [read(run(STEADY)), read(run(STEADY, run="second", kernel="xla"))]
    new = [read(run(STEADY, run="third")), read(run([2 * rate for rate in STEADY], run="fourth", kernel="xla"))]
    rows, _ = between_runs(Sides(base, new), DECODE)
    assert [(row.count, row.are_runs, round(row.ratio, 2)) for row in rows] == [((8, 8), False, 1), ((8, 8), False, 2)]


def test_undecided_says_how_many_more_runs_would_decide():
    (row,), _ = between_runs(Sides(several((100, 104, 96), "base"), several((103, 106, 99), "new")), DECODE)
    assert row.verdict == "undecided"
    (said,) = (int(said.split()[1]) for said in row.why if said.endswith("more runs a side would decide"))
    variance = np.var(np.log([100, 104, 96]), ddof=1) + np.var(np.log([103, 106, 99]), ddof=1)
    reaches = [stats.t.ppf(0.975, 2 * (runs - 1)) * math.sqrt(variance / runs) for runs in (3 + said, 3 + said - 2)]
    assert reaches[0] < math.log(row.ratio) < reaches[1]


def test_a_side_whose_first_processes_chose_how_many_there_are_is_judged_so():
    """A first stage that lay closer together than the rest: the interval of all alone would be too narrow."""
    rates = [*noise(1, 8, 0.004), *noise(2, 4, 0.002)]
    asked = Measure(8, 5, 1, 600.0, target_ci=0.02)
    (chosen,), _ = between(aiming_at(0.02, run(rates, measure=asked)), run(STEADY, run="second"), given=0.001)
    (plain,), _ = between(run(rates), run(STEADY, run="second"), given=0.001)
    expected = unpaired(judge(rates, first=8, target=0.02), judge(STEADY), runs=(assumed(0.001),) * 2)
    assert (chosen.bounds.lo, chosen.bounds.hi) == pytest.approx((expected.lo, expected.hi), abs=2e-4)
    assert width(chosen) > 1.01 * width(plain)
