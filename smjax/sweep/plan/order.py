"""In which order a sweep's processes run: blocks at random, and the scenarios of a block balanced over its rounds.

References: Williams, "Experimental designs balanced for the estimation of residual effects of treatments", Australian
Journal of Scientific Research A 2, 1949.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


def seed_of(run: str) -> int:
    """A seed of its own for each sweep, and for one that goes on the same again, from its id."""
    return int(hashlib.sha256(run.encode()).hexdigest()[:8], 16)


def of_blocks(blocks: Sequence[Thing], seed: int, round_: int) -> list[Thing]:
    """The blocks of one round, in an order of its own."""
    return random.Random(f"{seed} {round_}").sample(blocks, len(blocks))


def within_block(size: int, seed: int, block: str, turn: int) -> list[int]:
    """Which of a block's scenarios runs first, second, … in the block's `turn`-th round.

    As many rounds as there are scenarios go through a Williams square, its rows in random order, and as many after them
    through all of it backwards; then the scenarios change places in it.
    """
    square = williams_square(size)
    cycle, row = divmod(turn, size)
    names = random.Random(f"{seed} {block} {cycle // 2}").sample(range(size), size)
    places = random.Random(f"{seed} {block} row {cycle}").sample(square, size)[row]
    return [names[place] for place in (places[::-1] if cycle % 2 else places)]


def williams_square(size: int) -> list[list[int]]:
    """As many orders of `size` things as there are things: in all together each is once at each place.

    Right after each other one it is once, too, where the number is even, and twice together with all orders backwards.
    """
    zigzag = [(place + 1) // 2 if place % 2 else -place // 2 % size for place in range(size)]
    return [[(thing + shift) % size for thing in zigzag] for shift in range(size)]
