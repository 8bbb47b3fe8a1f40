"""How fast memory beyond the caches is read, without a model and an engine."""

from __future__ import annotations

from smjax.core.machine.caches import last_level_bytes
from smjax.core.machine.topology import available_bytes
from smjax.core.records.answer import Bandwidth
from smjax.worker import process
from smjax.worker.bandwidth import bytes_to_read, read_new_memory
from smjax.worker.tasks.session import Session

READ_SECONDS = 0.3


def dram(session: Session) -> None:
    """Read with as many threads as the scenario has, pinned alike; no figure where there is no room for the memory."""
    cpus = session.answer.threads.affinity = process.pin(session.request.cpus)
    n_bytes = bytes_to_read(last_level_bytes(cpus), available_bytes())
    if n_bytes is None:
        return
    session.say("DRAM bandwidth")
    rate = read_new_memory(n_bytes, cpus, session.scenario.threads, READ_SECONDS)
    session.answer.read_bandwidth = Bandwidth(rate, n_bytes)
