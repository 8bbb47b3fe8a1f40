"""How fast memory beyond the caches is read, without a model and an engine."""

from __future__ import annotations

from smjax.core.machine.caches import last_level_bytes
from smjax.core.machine.topology import available_bytes
from smjax.core.records.answer import Bandwidth
from smjax.worker import process
from smjax.worker.bandwidth import read_new_memory
from smjax.worker.tasks.session import Session

READ_SECONDS = 0.3
TIMES_THE_CACHE = 4
"""Of twice what they hold, caches that do not forget the oldest first would still answer for a third."""
LEAST_BYTES = 1 << 28
"""A guest of a virtual machine is told of less cache than its CPU has."""
_SHARE_OF_FREE = 4


def dram(session: Session) -> None:
    """Read with as many threads as the scenario has, pinned alike; no figure where there is no room for the memory."""
    cpus = session.answer.threads.affinity = process.pin(session.request.cpus)
    n_bytes = bytes_to_read(last_level_bytes(cpus), available_bytes())
    if n_bytes is None:
        return
    session.say("DRAM bandwidth")
    rate = read_new_memory(n_bytes, cpus, session.scenario.threads, READ_SECONDS)
    session.answer.read_bandwidth = Bandwidth(rate, n_bytes)


def bytes_to_read(cache_bytes: int | None, free_bytes: int) -> int | None:
    """So many that caches of `cache_bytes` hold little of them; None where that is not known, or not to be had."""
    if cache_bytes is None:
        return None
    fitting = min(max(TIMES_THE_CACHE * cache_bytes, LEAST_BYTES), free_bytes // _SHARE_OF_FREE)
    return fitting if fitting >= 2 * cache_bytes else None
