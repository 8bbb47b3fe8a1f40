"""Whether somebody unseen computes on a core's other hardware thread, judged by the additions that it makes a cycle."""

from __future__ import annotations

from collections.abc import Sequence

SHARED = 0.85
"""Share of the best additions a cycle below which a core is shared: alone they vary by 3 %, beside another by 40 %."""
OFTEN_PCT = 20.0
"""Percent of the moments beyond which a process is told to have had company."""

ALONE, SHARED_STATE = "alone", "shared"

FREAKS = 20
"""One moment in so many may be anything: an interrupt in the wrong place makes a core look better than it is."""

Moments = Sequence[Sequence[float]]
"""Additions a cycle of each thread's core, moment after moment; see `smjax.core.records.answer.Probes`."""


def is_shared(additions_per_cycle: Sequence[float], best: float) -> bool:
    """Whether any thread's core made far fewer additions a cycle than the `best` that this machine has shown."""
    return any(rate < SHARED * best for rate in additions_per_cycle)


def states(moments: Moments, best: float | None, n_samples: int) -> list[str]:
    """Of each of the last `n_samples` answers `ALONE`, or `SHARED_STATE` where either moment beside it was shared.

    Empty where that is not known: without a best, or without a reading before and after each of them.
    """
    around = moments[-n_samples - 1 :] if n_samples else ()
    if best is None or len(around) <= n_samples or not all(around):
        return []
    shared = [is_shared(moment, best) for moment in around]
    return [SHARED_STATE if shared[i] or shared[i + 1] else ALONE for i in range(n_samples)]


def shared_pct(moments: Moments, best: float) -> float:
    """Percent of the moments at which a core was shared."""
    return 100 * sum(is_shared(moment, best) for moment in moments) / len(moments) if moments else 0.0


def best_of(moments: Moments) -> float | None:
    """The most additions a cycle that a core made, freaks left out: one moment in `FREAKS`, and the best one at least.

    A moment is left out with all of its threads, which are read together: what goes wrong for one may for all. None
    where nothing is left.
    """
    rates = sorted(max(moment) for moment in moments if moment)
    left = rates[: len(rates) - max(1, len(rates) // FREAKS)]
    return left[-1] if left else None
