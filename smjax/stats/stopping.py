"""How many processes a row needs, from its first ones alone: two stages, and no looking until the interval fits.

Adding processes until the interval is narrow stops at samples that happen to lie close together, and their intervals
miss. Here the spread of the first stage alone says how many there will be, once; where the centre lies, and what the
later ones say, changes nothing.

References: Stein, "A two-sample test for a linear hypothesis whose power is independent of the variance", Annals of
Mathematical Statistics 16, 1945; Mukhopadhyay, "A consistent and asymptotically efficient two-stage procedure to
construct fixed width confidence intervals for the mean", Metrika 27, 1980.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from smjax.stats.intervals import LEVEL, TESTABLE, logarithms, why_none
from smjax.stats.location import estimate

LEAST_FIRST = 5
"""Of four processes the spread says little: a first stage is to be this long at least, whatever its processes say."""
MOST = 30


def first_stage(replicates: int, ran: int) -> int | None:
    """Of how many processes `needed` was told for a row that asked for `replicates` and ran `ran`, failed ones counted.

    They are the row's first slots. None where no second stage ran, so that nothing was chosen by what they said.
    """
    first = size_of_first(replicates)
    return first if 1 < first < ran else None


def size_of_first(replicates: int) -> int:
    """How many processes the first stage of such a row has, where the budget lets it end; one alone decides nothing."""
    return replicates if replicates < 2 else max(replicates, LEAST_FIRST)


def needed(first: Sequence[float], target: float, most: int = MOST) -> int:
    """How many processes in all reach a half-width of `target`, by the figures of the `first` ones in order of time.

    Those are of the whole first stage, but for what failed in it. At least those that there are; `most` where they have
    no interval (two speeds, a drift), so that there is more to see. A second stage is at least half the first and makes
    the row testable: its own spread counts then, too.
    """
    logs = logarithms(first)
    size = len(first)
    if logs is None or size < 2:
        return size
    reach, allowed = estimate(logs).reach(LEVEL), math.log1p(target)
    if size >= TESTABLE and why_none(logs):
        return max(size, most)
    if reach <= allowed:
        return size
    stage = max(math.ceil(size * (reach / allowed) ** 2), math.ceil(1.5 * size), TESTABLE)
    return max(size, min(stage, most))
