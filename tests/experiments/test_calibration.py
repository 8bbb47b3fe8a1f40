"""A calibration is judged from its medians alone, as the records that they are of would be."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.calibrate import medians, rebuilt, sweeps, tables, verdicts, widths
from experiments.calibrate.medians import Medians
from smjax.core.errors import RequestError
from smjax.core.records.document import made_record, write_record
from smjax.core.records.folder import RECORDS
from smjax.core.records.record import Record
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.earlier import below
from smjax.report.data.rows import per_process
from smjax.stats.verdicts import Verdict
from tests.report import factory

N_GEN = 101
MINUTES = iter(range(10_000))


def sweep(number: int, labels: tuple[str, ...] = ("",), speed: float = 1.0, seed: int = 1) -> list[Record]:
    """Eight blocks of one thread, with and without a handicap."""
    rng = np.random.default_rng(100 * seed + number)
    points = [(label, handicap) for label in labels for handicap in (0.0, 0.05)]
    found = []
    for block in range(8):
        slow = rng.normal(0, 0.02)
        for position, (label, handicap) in enumerate(points):
            rate = 1000 * speed * np.exp(slow + rng.normal(0, 0.005)) / (1 + handicap)
            found.append(document(number, block, position, label, handicap, [rate] * 3))
    return [made_record(one) for one in found]


def write(folder: Path, records: list[Record]) -> None:
    for one in records:
        write_record(folder / RECORDS, one)


def document(
    number: int, block: int, position: int, label: str, handicap: float, rates: list[float], **more: Any
) -> dict[str, Any]:
    minute = next(MINUTES)
    date = f"2026-03-{1 + minute // 1440:02d}T{minute // 60 % 24:02d}:{minute % 60:02d}:00+00:00"
    samples = [factory.sample(1000 * (N_GEN - 1) / rate) for rate in rates]
    one = factory.record(samples, replicate=block, date=date, label=label)
    one["scenario"]["measure"]["handicap"] = handicap
    whole = factory.placed(one, block, 10 * block + position, point=position, run=f"run{number}")
    return whole | {"identity": f"{handicap}", **more}


@pytest.fixture(scope="module")
def between() -> Medians:
    found = Medians({sweeps.BETWEEN: 12, sweeps.INTERLEAVED: 1})
    for number in range(7):
        found.add(sweeps.BETWEEN, sweep(number))
    found.add(sweeps.INTERLEAVED, sweep(99, ("a", "b")))
    return found


def test_medians_are_kept_whole(tmp_path: Path, between: Medians) -> None:
    medians.save(between, tmp_path / "medians.json")
    assert medians.load([tmp_path / "medians.json"]) == between
    assert len((tmp_path / "medians.json").read_text().splitlines()) > 7 * 16


def test_files_are_read_as_one(tmp_path: Path, between: Medians) -> None:
    medians.save(between, tmp_path / "one.json")
    both = medians.load([tmp_path / "one.json", tmp_path / "one.json", tmp_path / "none.json"])
    assert both.sweeps == between.sweeps * 2
    assert both.planned == {"between": 24, "interleaved": 2}


def test_sweeps_of_two_machines_are_no_calibration(between: Medians) -> None:
    other = [made_record(document(50, 0, 0, "", 0.0, [1000], machine="there"))]
    with pytest.raises(RequestError, match="machine: expected here as in the sweeps before, found there"):
        between.add(sweeps.BETWEEN, other)


def test_rebuilt_records_have_the_figures_of_those_that_were_measured() -> None:
    records = sweep(1)
    found = Medians()
    found.add(sweeps.BETWEEN, records)
    again = rebuilt.records_of(found, found.sweeps[0])
    for name in ("decode_tok_per_s", "replicate", "threads"):
        assert per_process(again)[name].to_list() == pytest.approx(per_process(records)[name].to_list(), rel=1e-6)
    assert [one.order for one in again] == [
        None if one.order is None else one.order.__class__(42, one.order.block, one.order.position, one.order.point)
        for one in records
    ]


@pytest.mark.parametrize(
    ("rates", "shared", "expected"),
    [
        ([100, 104, 102], [0, 0, 0, 0], (102, 1, 102, None)),
        ([100, 104, 102], [1, 1, 1, 1], (102, 0, None, 102)),
        ([100, 102, 101, 60, 61, 62], [0, 0, 0, 0, 1, 1, 1], (81, 0.385, 101, 61)),
        ([60, 61, 62, 63, 100], [1, 1, 1, 1, 0, 0], (62, 0.137, None, 61.5)),
        ([100, 101, 102, 60], [0, 0, 0, 0, 1], (100.5, 0.649, 101, None)),
        ([100, 101, 60], None, (100, None, None, None)),
    ],
)
def test_states_survive(rates: list[float], shared: list[int] | None, expected: tuple[float | None, ...]) -> None:
    moments = [[2.0 if is_shared else 4.0] for is_shared in shared or ()]
    more = {"probes": {"additions_per_cycle": moments}, "readings": {"best_additions_per_cycle": 4.0}}
    found = Medians()
    found.add(sweeps.BETWEEN, [made_record(document(1, 0, 0, "", 0.0, rates, **more))])
    again = Medians()
    again.add(sweeps.BETWEEN, rebuilt.records_of(found, found.sweeps[0]))
    (process,) = found.sweeps[0].processes
    assert [process] == again.sweeps[0].processes
    known = (process.tok_per_s, process.alone_share, process.alone_tok_per_s, process.shared_tok_per_s)
    assert known == pytest.approx(expected, abs=0.001)


@pytest.mark.slow
def test_runs_are_compared_as_their_records_would_be(tmp_path: Path) -> None:
    records = [sweep(number, seed=7) for number in range(7)]
    found = Medians()
    for number, one in enumerate(records):
        found.add(sweeps.BETWEEN, one)
        write(tmp_path / str(number), one)
    pairs, spread = verdicts.between(found, threads=1)
    usual = [[record for record in one if not record.scenario.measure.handicap] for one in records]
    (first,), _ = between_runs(Sides([usual[0]], [usual[1]], below(tmp_path)), verdicts.QUESTION)
    assert spread is not None
    assert (len(pairs.same), len(pairs.slowed)) == (21, 42)
    ours = pairs.same.comparisons[0]
    assert ours.verdict == first.verdict
    assert ours.ratio == pytest.approx(first.ratio, rel=1e-6)
    assert ours.detectable == pytest.approx(first.detectable, rel=1e-4)


@pytest.mark.slow
def test_runs_that_lie_apart_are_told_from_those_that_do_not(between: Medians) -> None:
    pairs, spread = verdicts.between(between, threads=1)
    assert spread is not None
    assert spread.degrees == 6
    assert spread.deviation < 0.02
    assert pairs.same.of(Verdict.FASTER, Verdict.SLOWER) <= 2
    assert pairs.slowed.of(Verdict.SLOWER) > 20
    assert pairs.slowed.assumed == 0


def test_pairs_of_a_sweep_are_of_its_blocks(between: Medians) -> None:
    pairs = verdicts.interleaved(between)
    assert (len(pairs.same), len(pairs.slowed)) == (2, 2)
    assert pairs.slowed.of(Verdict.SLOWER) == 2
    assert pairs.same.of(Verdict.FASTER, Verdict.SLOWER) == 0
    found = widths.widths(between)
    assert 10 < len(found) <= 13  # of two scenarios in each of 7 sweeps, and of four in one; some have no interval
    assert min(one.correlation for one in found) > 0.5
    assert (widths.relative(found) or 1) < 0.5


def test_a_side_without_figures_has_no_width() -> None:
    points = [(label, handicap) for label in "ab" for handicap in (0.0, 0.05)]
    records = [
        document(1, block, place, *point, [1000 + (5 * block + place) % 7])
        for block in range(8)
        for place, point in enumerate(points)
    ]
    for one in records:
        if one["scenario"]["measure"]["handicap"]:
            one.update(status="failed", samples=[], reason="out of memory")
    found = Medians()
    found.add(sweeps.INTERLEAVED, [made_record(one) for one in records])
    assert len(widths.widths(found)) == 1
    pairs = verdicts.interleaved(found)
    assert (pairs.same.without_interval, pairs.slowed.without_interval) == (1, 2)


@pytest.mark.slow
def test_the_table_says_of_how_many_sweeps_it_is(between: Medians) -> None:
    told = "\n".join(tables.tables(between))
    assert "7 of 12 between, 1 of 1 interleaved" in told
    assert "(6 degrees of freedom)" in told
    assert "| the same twice | 2 | 0 | 0 |" in told
    assert "of 21 (" in told
    assert "Rounded up, to be assumed: " in told
    assert "| paired half-widths over unpaired | \N{LESS-THAN OR EQUAL TO} 1.10 | 0.2" in told


def test_a_table_of_one_sweep_assumes_what_it_does_not_know() -> None:
    found = Medians({sweeps.BETWEEN: 12, sweeps.INTERLEAVED: 20})
    found.add(sweeps.BETWEEN, sweep(1))
    told = "\n".join(tables.tables(found))
    assert "1 of 12 between, 0 of 20 interleaved" in told
    assert "to be assumed: nothing yet" in told


def test_a_limit_is_kept_or_missed_or_not_measured() -> None:
    found = Medians({sweeps.INTERLEAVED: 1})
    found.add(sweeps.INTERLEAVED, sweep(99, ("a", "b")))
    pairs = verdicts.interleaved(found)
    swapped = verdicts.Pairs(same=pairs.slowed, slowed=pairs.same)
    kept, missed = (dict(row[::2] for row in tables.limits(None, one, [])) for one in (pairs, swapped))
    assert kept["in one sweep, the same called faster or slower"] == "0.00, kept"
    assert missed["in one sweep, the same called faster or slower"] == "1.00, missed"
    assert kept["in one sweep, 5 % slower found"] == "1.00, kept"
    assert missed["paired half-widths over unpaired"] == "not measured"


def fake_sweeps(monkeypatch: pytest.MonkeyPatch, told: Callable[[Path, int], int]) -> list[str]:
    """In the place of processes; `told` gets each sweep's folder and number, and says the exit code."""
    begun: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        folder = Path(command[-1].removeprefix("hydra.sweep.dir=").strip("'"))
        begun.append(folder.name)
        write(folder, sweep(len(begun), ("a", "b") if folder.name.startswith("inter") else ("",)))
        return subprocess.CompletedProcess(command, told(folder, len(begun)), "", "why it did not end")

    monkeypatch.setattr(subprocess, "run", run)
    return begun


def test_sweeps_take_turns_and_go_on_where_they_were(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun = fake_sweeps(monkeypatch, lambda folder, number: 2 if number == 3 else 0)
    asked, planned = sweeps.overrides([1]), {sweeps.BETWEEN: 2, sweeps.INTERLEAVED: 3}
    with pytest.raises(RequestError, match=r"hydra.sweep.dir.*found exit code 2: why it did not end"):
        sweeps.measure(tmp_path, planned, asked, float("inf"))
    done = sweeps.measure(tmp_path, planned, asked, float("inf"))
    assert [one.kind[0] for one in done.sweeps] == ["b", "i", "i", "b", "i"]
    assert begun[2:4] == ["interleaved-02", "interleaved-03"]
    assert sweeps.measure(tmp_path, planned, asked, float("inf")) == done
    assert len(begun) == 6


def test_no_sweep_begins_after_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    begun = fake_sweeps(monkeypatch, lambda folder, number: 0)
    assert sweeps.measure(tmp_path, {sweeps.BETWEEN: 2}, sweeps.overrides([1]), 0.0).sweeps == []
    assert begun == []
