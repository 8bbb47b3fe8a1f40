"""How much of a sequence's spread its best split explains, and how seldom values in chance order have such a split.

A sequence is split in one place, into two levels, or in two, into a stretch inside of it and the rest: a level that
changed and came back is no one split. Lone stragglers are bent towards their neighbours first, in a permutation
as in the sequence itself, so that the test of permutations stays exact.

References: Olshen, Venkatraman, Lucito, Wigler, "Circular binary segmentation for the analysis of array-based DNA copy
number data", Biostatistics 5, 2004 (stretches tested by permutations); Phipson, Smyth, "Permutation p-values should
never be zero", Statistical Applications in Genetics and Molecular Biology 9, 2010.
"""

from __future__ import annotations

import math

import numpy as np

from smjax.stats.location import Array

LEAST = 2
"""Values at one level: a lone one is a straggler until the next one is like it."""
_BENT = 2.0
"""Robust standard deviations from the median of it and its neighbours, beyond which a value is bent."""
_EXCEEDING = 100
"""So many permutations are drawn that this many beat a sequence on the verge of being told."""
_CLEAR = 4.0
"""Standard deviations from what is allowed, with which no more are drawn."""
_MOST_VALUES = 1_000_000
"""In all permutations of a sequence."""
_AT_ONCE, _VALUES_AT_ONCE = 1_000, 100_000
"""Permutations that are drawn together, and the values in them, which fit into a CPU's cache."""
_ROUNDING = 1e-9


def bent(logs: Array) -> Array:
    """Each sequence (…, n) with what is far from the median of it and its neighbours moved towards that."""
    scale = 1.4826 * np.median(np.abs(np.diff(logs)), -1, keepdims=True) / math.sqrt(2)
    before, here, after = logs[..., :-2], logs[..., 1:-1], logs[..., 2:]
    inner = np.maximum(np.minimum(before, here), np.minimum(np.maximum(before, here), after))
    middle = np.concatenate([inner[..., :1], inner, inner[..., -1:]], -1)
    return np.asarray(middle + np.clip(logs - middle, -_BENT * scale, _BENT * scale))


def explained(logs: Array) -> Array:
    """Of each sequence (m, n), the shares (m, 2) of its bent values' sum of squares that the best splits explain.

    In one place, and in two; 0 where all values are equal.
    """
    sums, squares = _sums(logs)
    return np.asarray(np.stack([_one(sums), _two(sums)], -1) / squares[:, None])


def _sums(logs: Array) -> tuple[Array, Array]:
    """Of bent values less their mean: sums up to each place where a sequence may be split, and sums of squares."""
    values = bent(logs)
    values = values - values.mean(-1, keepdims=True)
    squares = np.square(values).sum(-1)
    return np.cumsum(values, -1)[:, LEAST - 1 : -LEAST], np.where(squares > 0, squares, math.inf)


def _one(sums: Array) -> Array:
    """Sum of squares that is explained by the best split in one place."""
    n, places = _size(sums), np.arange(LEAST, LEAST + sums.shape[-1])
    return np.asarray((np.square(sums) * (n / (places * (n - places)))).max(-1))


def _two(sums: Array) -> Array:
    """The same by a stretch inside; both ends of the sequence are then at one level."""
    n, best = _size(sums), np.zeros(len(sums))
    by_place = np.ascontiguousarray(sums.T)
    for length in _lengths(sums.shape[-1] - 1):
        inside = np.abs(by_place[length:] - by_place[:-length]).max(0)
        np.maximum(best, np.square(inside) * (n / (length * (n - length))), out=best)
    return best


def _size(sums: Array) -> int:
    return int(sums.shape[-1]) + 2 * LEAST - 1


def _lengths(longest: int) -> list[int]:
    """Of stretches: all short ones, and long ones a tenth apart: one that is a little off explains nearly as much."""
    lengths = [LEAST] if longest >= LEAST else []
    while lengths and lengths[-1] < longest:
        lengths.append(min(max(lengths[-1] + 1, round(1.1 * lengths[-1])), longest))
    return lengths


def chances(logs: Array, allowed: tuple[float, float]) -> tuple[float, float]:
    """How often these values (n,) in chance order would be split as well in one place, and in two.

    As precisely as is needed to know whether one of them is at most as large as is `allowed`.
    """
    own = explained(logs[None])[0] * (1 - _ROUNDING)
    drawn, beaten, most = 0, np.zeros(2), _enough(logs.size, min(allowed))
    permutations = np.random.default_rng(0)
    while drawn < most and not _is_clear(beaten, drawn * np.array(allowed)):
        found = explained(_shuffled(logs, min(most - drawn, _chunk(logs.size)), permutations))
        drawn, beaten = drawn + len(found), beaten + (found >= own).sum(0)
    one, two = (1 + beaten) / (1 + drawn)
    return float(one), float(two)


def _is_clear(beaten: Array, expected: Array) -> bool:
    """Whether one split was beaten far less often than expected, or both far more often."""
    unsure = _CLEAR * np.sqrt(np.maximum(beaten, expected) + 1)
    return bool(beaten[0] + unsure[0] < expected[0] or np.all(beaten - unsure > expected))


def verge_of_one(logs: Array, chance: float) -> float:
    """The share that one split of these values in chance order explains or exceeds with this chance."""
    sums, squares = _sums(_shuffled(logs, _enough(logs.size, chance), np.random.default_rng(0)))
    return float(np.quantile(_one(sums) / squares, 1 - chance))


def least_chance(count: int, after: int) -> float:
    """Of `count` values, the chance of a split that leaves all large ones on one side: of `after` values, or the rest.

    No split with so many on a side can be less likely than that, however far apart the levels are.
    """
    return min(1.0, 2 / math.comb(count, after))


def _enough(count: int, chance: float) -> int:
    return max(_chunk(count), min(math.ceil(_EXCEEDING / chance), _MOST_VALUES // count))


def _chunk(count: int) -> int:
    return min(_AT_ONCE, _VALUES_AT_ONCE // count + 1)


def _shuffled(logs: Array, times: int, permutations: np.random.Generator) -> Array:
    return permutations.permuted(np.tile(logs, (times, 1)), axis=-1)
