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
    assert later.rate() == later.learn(SHARED) == 3.6


def test_it_is_raised_and_never_lowered(tmp_path: Path) -> None:
    assert Best("ab12", "EPYC", tmp_path).learn(SHARED) == 2.2
    assert Best("ab12", "EPYC", tmp_path).learn(ALONE) == 3.6
    assert Best("ab12", "EPYC", tmp_path).rate() == 3.6


def test_two_sweeps_that_write_keep_the_better(tmp_path: Path) -> None:
    first, second = Best("ab12", "EPYC", tmp_path), Best("ab12", "EPYC", tmp_path)
    assert second.learn(SHARED) == 2.2
    assert first.learn(ALONE) == 3.6
    assert second.learn([[2.3, 2.2]] * 20) == 2.3
    assert Best("ab12", "EPYC", tmp_path).rate() == 3.6


def test_each_machine_and_cpu_has_its_own(tmp_path: Path) -> None:
    Best("ab12", "EPYC", tmp_path).learn(ALONE)
    Best("cd34", "EPYC", tmp_path).learn(SHARED)
    rates = [
        Best(machine, cpu, tmp_path).rate() for machine, cpu in (("ab12", "EPYC"), ("cd34", "EPYC"), ("ab12", "Xeon"))
    ]
    assert rates == [3.6, 2.2, None]


def test_a_freak_is_not_kept(tmp_path: Path) -> None:
    few = Best("ab12", "EPYC", tmp_path)
    assert few.learn([[3.6], [5.9]]) == 3.6
    assert Best("ab12", "EPYC", tmp_path).rate() is None
    assert Best("ab12", "EPYC", tmp_path).learn([*ALONE, [5.9, 3.5]]) == 3.6
    assert Best("ab12", "EPYC", tmp_path).learn([[900.0]] * 20) == 3.6


def test_a_moment_at_which_all_threads_are_wrong_is_one_freak(tmp_path: Path) -> None:
    """A process of four threads and six moments has 24 readings, and four of them are of one moment."""
    few, many = [[3.6, 3.55, 3.5, 3.6]] * 5, [[3.6, 3.55, 3.5, 3.6]] * 19
    all_off = [5.9, 5.8, 5.9, 5.9]
    assert Best("ab12", "EPYC", tmp_path).learn([all_off, *few]) == 3.6
    assert Best("ab12", "EPYC", tmp_path).rate() is None, "six moments are not enough to be kept, whatever they say"
    assert Best("ab12", "EPYC", tmp_path).learn([all_off, *many]) == 3.6
    assert Best("ab12", "EPYC", tmp_path).rate() == 3.6


def test_what_a_short_process_has_found_is_kept_when_a_long_one_finds_no_more(tmp_path: Path) -> None:
    best = Best("ab12", "EPYC", tmp_path)
    assert best.learn([[3.62]] * 3) == best.learn(ALONE) == 3.62
    assert Best("ab12", "EPYC", tmp_path).rate() == 3.6


def test_each_kind_of_core_has_its_own(tmp_path: Path) -> None:
    """A small core that makes three additions a cycle is not half of a big one that somebody shares."""
    big, small = "cpu_core", "cpu_atom capacity 446"
    best = Best("ab12", "Core", tmp_path)
    assert best.learn([[5.8]] * 20, big) == 5.8
    assert best.learn([[3.0]] * 20, small) == 3.0
    later = Best("ab12", "Core", tmp_path)
    assert [later.rate(kind) for kind in (big, small, "")] == [5.8, 3.0, None]


def test_what_records_say_counts_and_is_not_kept(tmp_path: Path) -> None:
    best = Best("ab12", "EPYC", tmp_path)
    for rate in (3.6, 3.2, None, 900.0):
        best.recall(rate)
    assert best.learn(SHARED) == 3.6
    assert Best("ab12", "EPYC", tmp_path).rate() == 2.2


def test_nothing_is_learnt_of_nothing(tmp_path: Path) -> None:
    assert Best("ab12", "EPYC", tmp_path).learn([]) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"ab12 EPYC": "3.6"}', '{"ab12 EPYC": -1}', '{"ab12 EPYC": NaN}', "[" * 9999]
)
def test_a_damaged_file_is_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "additions-per-cycle.json").write_text(content)
    best = Best("ab12", "EPYC", tmp_path)
    assert best.rate() is None
    assert best.learn(ALONE) == 3.6
    assert json.loads((tmp_path / "additions-per-cycle.json").read_text()) == {"ab12 EPYC": 3.6}


def test_it_is_kept_in_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    """As on a machine whose id was set, so that nobody has made the folder for it."""
    home = tmp_path / "state" / "smjax"
    assert Best("ab12", "EPYC", home).learn(ALONE) == 3.6
    assert Best("ab12", "EPYC", home).rate() == 3.6


def test_without_an_id_or_a_folder_that_can_be_written_it_is_the_best_so_far(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for best in (Best("", "EPYC", tmp_path), Best("ab12", "EPYC", tmp_path / "file" / "none")):
        assert best.learn(SHARED) == 2.2
        assert best.learn(ALONE) == best.learn(SHARED) == 3.6
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_put_in_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "additions-per-cycle.json").mkdir()
    assert Best("ab12", "EPYC", tmp_path).learn(ALONE) == 3.6
    assert [path.name for path in tmp_path.iterdir()] == ["additions-per-cycle.json"]
