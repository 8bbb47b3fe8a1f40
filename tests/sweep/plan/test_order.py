"""The order of processes: blocks at random, and balanced within them."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from smjax.sweep.plan.order import of_blocks, seed_of, williams_square, within_block

Row = list[int]
SIZES = [1, 2, 3, 4, 5, 6, 7, 10]


def places(rows: list[Row]) -> Counter[tuple[int, int]]:
    """How often each thing is at each place."""
    return Counter((place, thing) for row in rows for place, thing in enumerate(row))


def neighbours(rows: list[Row]) -> Counter[tuple[int, int]]:
    """How often each thing is right after each other one."""
    return Counter(pair for row in rows for pair in itertools.pairwise(row))


@pytest.mark.parametrize("size", SIZES)
def test_a_square_has_each_thing_once_at_each_place_and_after_each_other(size: int) -> None:
    square = williams_square(size)
    assert places(square) == Counter(itertools.product(range(size), repeat=2))
    both_ways = square + [row[::-1] for row in square]
    assert neighbours(both_ways) == Counter(2 * list(itertools.permutations(range(size), 2)))
    if size % 2 == 0:
        assert neighbours(square) == Counter(itertools.permutations(range(size), 2))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_rounds_in_a_row_are_balanced_whenever_they_end(size: int, seed: int) -> None:
    for n_rounds in (size - 1, size, 2 * size + 1, 30):
        rows = [within_block(size, seed, "a", turn) for turn in range(n_rounds)]
        assert all(sorted(row) == list(range(size)) for row in rows)
        counts = places(rows)
        for place in range(size):
            at_place = [counts[place, thing] for thing in range(size)]
            assert max(at_place) - min(at_place) <= 1
    whole = neighbours([within_block(size, seed, "a", turn) for turn in range(2 * size)])
    assert set(whole.values()) <= {2}
    assert len(whole) == size * (size - 1)


def test_two_take_turns_in_being_first() -> None:
    for seed in range(20):
        firsts = [within_block(2, seed, "a", turn)[0] for turn in range(8)]
        assert all(firsts[turn] != firsts[turn + 1] for turn in range(0, 8, 2))


def test_orders_follow_from_the_seed_and_differ_between_seeds_blocks_and_rounds() -> None:
    def whole(seed: int, block: str) -> tuple[Row, ...]:
        return tuple(within_block(4, seed, block, turn) for turn in range(8))

    assert whole(7, "a") == whole(7, "a")
    assert len({str(whole(seed, block)) for seed in range(50) for block in "ab"}) > 95
    assert len({tuple(within_block(3, seed, "a", 0)) for seed in range(100)}) == 6
    assert len({tuple(of_blocks("abc", seed, 0)) for seed in range(100)}) == 6
    assert len({tuple(of_blocks("abc", 1, round_)) for round_ in range(100)}) == 6
    assert of_blocks("abcdefgh", 5, 3) == of_blocks("abcdefgh", 5, 3)


def test_a_sweep_has_a_seed_of_its_own_and_keeps_it() -> None:
    assert seed_of("20261129T120000Z-0a1b2c") == seed_of("20261129T120000Z-0a1b2c") >= 0
    assert len({seed_of(f"20261129T120000Z-{number:06x}") for number in range(1000)}) == 1000
