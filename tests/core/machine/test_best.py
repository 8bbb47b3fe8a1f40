"""The best that a machine has shown is kept for the sweeps that follow, and no freak is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smjax.core.machine.best import Best

ALONE, SHARED = [[3.6, 3.55]] * 20, [[2.2, 2.1]] * 20


def test_a_neighbour_who_is_always_there_is_seen_by_what_was_before(tmp_path: Path) -> None:
    assert Best("ab12", "EPYC", tmp_path).learn(ALONE) == 3.6
    later = Best("ab12", "EPYC", tmp_path)
    assert later.rate == later.learn(SHARED) == 3.6


def test_it_is_raised_and_never_lowered(tmp_path: Path) -> None:
    assert Best("ab12", "EPYC", tmp_path).learn(SHARED) == 2.2
    assert Best("ab12", "EPYC", tmp_path).learn(ALONE) == 3.6
    assert Best("ab12", "EPYC", tmp_path).rate == 3.6


def test_two_sweeps_that_write_keep_the_better(tmp_path: Path) -> None:
    first, second = Best("ab12", "EPYC", tmp_path), Best("ab12", "EPYC", tmp_path)
    first.learn(ALONE)
    assert second.learn(SHARED) == 2.2
    assert Best("ab12", "EPYC", tmp_path).rate == 3.6


def test_each_machine_and_cpu_has_its_own(tmp_path: Path) -> None:
    Best("ab12", "EPYC", tmp_path).learn(ALONE)
    Best("cd34", "EPYC", tmp_path).learn(SHARED)
    rates = [
        Best(machine, cpu, tmp_path).rate for machine, cpu in (("ab12", "EPYC"), ("cd34", "EPYC"), ("ab12", "Xeon"))
    ]
    assert rates == [3.6, 2.2, None]


def test_a_freak_is_not_kept(tmp_path: Path) -> None:
    few = Best("ab12", "EPYC", tmp_path)
    assert few.learn([[3.6], [5.9]]) == 5.9, "for this sweep it is the best there is"
    assert Best("ab12", "EPYC", tmp_path).rate is None
    assert Best("ab12", "EPYC", tmp_path).learn([*ALONE, [5.9, 3.5]]) == 3.6
    assert Best("ab12", "EPYC", tmp_path).learn([[900.0]] * 20) == 3.6


def test_nothing_is_learnt_of_nothing(tmp_path: Path) -> None:
    assert Best("ab12", "EPYC", tmp_path).learn([]) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"ab12 EPYC": "3.6"}', '{"ab12 EPYC": -1}', '{"ab12 EPYC": NaN}', "[" * 9999]
)
def test_a_damaged_file_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "additions-per-cycle.json").write_text(content)
    best = Best("ab12", "EPYC", tmp_path)
    assert best.rate is None
    assert best.learn(ALONE) == 3.6
    assert json.loads((tmp_path / "additions-per-cycle.json").read_text()) == {"ab12 EPYC": 3.6}


def test_without_an_id_or_a_folder_it_is_the_best_so_far(tmp_path: Path) -> None:
    for best in (Best("", "EPYC", tmp_path), Best("ab12", "EPYC", tmp_path / "none")):
        assert best.learn(SHARED) == 2.2
        assert best.learn(ALONE) == best.learn(SHARED) == 3.6
    assert not list(tmp_path.iterdir())
