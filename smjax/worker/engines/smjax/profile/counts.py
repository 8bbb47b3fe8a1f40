"""What the CPU does in each part of a step: counted at the stamps of the native kernel's threads.

Reading counters takes longer than many a part, so nothing is timed in a process that counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from smjax.core.native_counters import HARDWARE, CountedEvent
from smjax.core.records.profile import Counted, undisturbed
from smjax.worker.engines.smjax.profile.clocked import answer_clocked, rounds
from smjax.worker.engines.smjax.profile.stamps import Counts, Split, names_of, room_for
from smjax.worker.engines.smjax.profile.trace import read_trace, tracing

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine


def count(engine: SmjaxEngine, prompt: np.ndarray, events: Sequence[CountedEvent] = HARDWARE) -> Counted:
    """Of answers; raises ValueError where what is asked for cannot be counted."""
    prefills, steps = list[Counts](), list[Counts]()
    for _ in range(rounds(engine, answer_clocked(engine, prompt).ns)):
        with tracing(room_for(engine), events):
            answer = answer_clocked(engine, prompt)
        split = Split(read_trace(engine.setup.threads, len(events)), names_of(engine))
        prefills.append(split.counts(answer.prefill))
        steps += map(split.counts, answer.middle)
    return Counted([one.name for one in events], _means(steps), _means(prefills))


def _means(each: Sequence[Counts]) -> dict[str, list[float]]:
    """Of each part over the steps that nothing disturbed, by the first event."""
    kept = [each[place] for place in undisturbed([float(sum(counts[0] for counts in one.values())) for one in each])]
    found: Counts = {}
    for part, counts in (item for one in kept for item in one.items()):
        found[part] = found.get(part, 0) + counts / len(kept)
    return {part: counts.tolist() for part, counts in found.items()}
