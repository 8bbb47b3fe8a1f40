"""Whether a core is shared is judged against the best that the machine has shown, for every thread and moment."""

from __future__ import annotations

import pytest

from smjax.core.machine.sharing import SHARED, best_of, is_shared, shared_pct, states


def test_one_shared_core_is_enough() -> None:
    assert not is_shared([3.6, 3.55], best=3.6)
    assert is_shared([3.6, 2.2], best=3.6)
    assert is_shared([2.2], best=3.6)
    assert not is_shared([SHARED * 3.6], best=3.6)


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ([[3.6], [3.6], [3.6]], ["alone", "alone"]),
        ([[3.6], [3.6], [2.2]], ["alone", "shared"]),
        ([[3.6], [2.2], [3.6]], ["shared", "shared"]),
        ([[3.6, 3.6], [3.6, 2.2], [3.6, 3.6]], ["shared", "shared"]),
        ([[2.2], [2.2], [3.6], [3.6], [3.6]], ["alone", "alone"]),  # warm-up's were shared
        ([[2.2]] * 3, ["shared", "shared"]),  # by a neighbour who is always there
    ],
)
def test_an_answer_is_between_two_moments(moments: list[list[float]], expected: list[str]) -> None:
    assert states(moments, 3.6, 2) == expected


@pytest.mark.parametrize("moments", [[], [[3.6], [3.6]], [[3.6], [], [3.6]]])
def test_a_state_that_was_not_looked_at_is_not_known(moments: list[list[float]]) -> None:
    assert states(moments, 3.6, 2) == []


def test_without_a_best_or_an_answer_there_is_no_state() -> None:
    assert states([[3.6]] * 3, None, 2) == []
    assert states([[3.6]] * 3, 3.6, 0) == []


@pytest.mark.parametrize(
    ("moments", "pct"),
    [
        ([], 0),
        ([[3.6]], 0),
        ([[3.6, 3.5], [3.55, 3.6]], 0),
        ([[3.6, 3.5], [3.5, 2.3]], 50),
        ([[2.2]] * 10, 100),
        ([[3.6]] * 30 + [[2.4]] * 10, 25),
    ],
)
def test_how_much_of_the_time(moments: list[list[float]], pct: float) -> None:
    assert shared_pct(moments, 3.6) == pct


def test_the_best_is_no_freak() -> None:
    assert best_of([]) is best_of([[]]) is best_of([[3.6, 3.5]]) is None
    assert best_of([[3.5], [3.6], [2.2]]) == 3.5
    assert best_of([[3.6, 3.5]] * 20 + [[5.9, 3.5]]) == 3.6


@pytest.mark.parametrize(("n", "freaks", "expected"), [(7, 1, 3.6), (39, 1, 3.6), (40, 2, 3.6), (40, 3, 5.9)])
def test_a_moment_is_left_out_with_all_of_its_threads(n: int, freaks: int, expected: float) -> None:
    moments = [[5.9] * 4] * freaks + [[3.6, 3.5, 3.55, 3.6]] * (n - freaks)
    assert best_of(moments) == expected
