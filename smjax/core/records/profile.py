"""Where the time of one decode step and of one prefill went, as the process that was looked into says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from smjax.core.records.quantities import Bytes, Index, Limits, Rate, Size

PARTS = {
    "embedding": "the rows of the last id, and of its position",
    "norm": "what is normalised before a product",
    "qkv": "queries, keys and values",
    "rope": "queries and keys normalised and turned, keys and values put into the cache",
    "attention": "scores, weights and weighted sums over the cache",
    "output": "the product behind attention, with what is added to it",
    "feed-forward": "both products of the feed-forward part, with its activation",
    "head": "the scores of all ids",
    "choice": "which id is the best, as far as it is not found while scores are made",
    "dispatch": "Python and PjRt: from an id on the host to the program's first step, and from its last to the id",
}
"""What a step consists of, in its order."""
NO_PART = ""
"""Of time that is in none of them."""
Method = Literal["stamps", "programs"]

_Difference = Annotated[float, Limits(-(10**15), 10**15, "a number")]


@dataclass(slots=True)
class Piece:
    """Time of a part: all of it, or one thing in it."""

    part: str
    what: str
    """As `multiply`; empty where there is no more to say."""
    layer: Index | None
    """None outside of the layers, or where layers are not told apart."""
    ns: _Difference
    """Of the thread that runs the program. A difference of two programs' times may be below 0."""


@dataclass(slots=True)
class Need:
    """Bytes that a part has to read."""

    part: str
    layer: Index | None
    bytes: Bytes


@dataclass
class Pass:
    """One decode step at the middle of the answer, or one prefill: the mean over those that nothing disturbed."""

    total_ns: Rate
    """All pieces."""
    plain_ns: Rate
    """The same in this process, in turn with it, while nobody looked."""
    count: Size
    """Of how many it is the mean."""
    stamps: Rate | None = None
    """Left in each by the thread that runs the program."""
    pieces: list[Piece] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    alone_ns: dict[str, _Difference] = field(default_factory=dict)
    """Of each part, where it was the only one in a program; empty where parts are stamped."""
    layers_ns: list[_Difference] = field(default_factory=list)
    """Of each layer, all its parts together, where pieces do not tell layers apart; empty where that is not known."""


@dataclass(slots=True)
class Event:
    """What one thread did, for a trace."""

    track: str
    name: str
    part: str
    layer: Index | None
    begin_ns: Rate
    """From the beginning of the trace."""
    ns: Rate


@dataclass
class Profile:
    """What one process found out about itself."""

    method: Method
    decode: Pass
    prefill: Pass
    stamp_ns: Rate | None = None
    """What one stamp costs the thread that leaves it."""
    no_counts: str = ""
    """Why instructions, cycles and cache misses were not counted by part, in one line."""
    events: list[Event] = field(default_factory=list)
    """One prefill, and some decode steps at the middle of the answer."""


@dataclass
class Counted:
    """What all threads did in each part of a step, without waiting for work: the mean of those nothing disturbed."""

    events: list[str]
    decode: dict[str, list[Rate]] = field(default_factory=dict)
    """By part, NO_PART included, of each event."""
    prefill: dict[str, list[Rate]] = field(default_factory=dict)


def middle_steps(n_gen: int) -> range:
    """Numbers of the steps at the middle of an answer: the quarter of those after the first id; step 0 gives the
    second id.
    """
    reach = max(1, n_gen // 8)
    return range(max(0, n_gen // 2 - reach), min(n_gen - 1, n_gen // 2 + reach))


def undisturbed(totals: Sequence[float]) -> list[int]:
    """Places of the middle half of these times: their mean is the sum of their parts' means, as a median is not."""
    order = sorted(range(len(totals)), key=totals.__getitem__)
    left = len(order) // 4
    return order[left : len(order) - left]


def middle_mean(totals: Sequence[float]) -> float:
    """Their mean over the middle half."""
    places = undisturbed(totals)
    return sum(totals[place] for place in places) / len(places)
