"""What else happened while answers were timed: readings of the machine, of this process and of the energy counters."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.machine.energy import energy_used, read_energy
from smjax.core.machine.readings import read_machine
from smjax.core.native_library import additions_per_cycle
from smjax.core.records.answer import Energy
from smjax.worker.process import thread_cpu_ns


@dataclass(frozen=True)
class Around:
    """What was read around a measurement."""

    readings: dict[str, Any]
    """Of the machine and of this process, before and after; see `smjax.core.machine.disturbances`."""
    thread_cpu_ns: dict[str, int]
    energy: Energy


class Surroundings:
    """Opened before the warm-up, as reading costs what follows its caches, and closed after the last timed answer."""

    def __init__(self, cpus: Sequence[int]) -> None:
        self._cpus = cpus
        self._threads_ns = thread_cpu_ns()
        self._switches = _involuntary_switches()
        self._before = read_machine(cpus)
        self._energy = read_energy()
        self._additions: list[float] = []
        self._own_ns = time.process_time_ns()

    def look(self) -> None:
        """Between two answers: does somebody unseen use this thread's core? Takes 10 µs and nothing else."""
        rate = additions_per_cycle()
        if rate is not None:
            self._additions.append(round(rate, 2))

    def close(self, n_tokens: int) -> Around:
        """What happened since it was opened, while `n_tokens` were generated."""
        own_ns = time.process_time_ns() - self._own_ns
        joules = energy_used(self._energy, read_energy()) or None  # a counter that stands still tells nothing
        readings = {
            "before": self._before,
            "after": read_machine(self._cpus),
            "own_cpu_ns": own_ns,
            "involuntary_switches": _involuntary_switches() - self._switches,
            "additions_per_cycle": self._additions,
        }
        threads_ns = {name: ns - self._threads_ns.get(name, 0) for name, ns in thread_cpu_ns().items()}
        energy = Energy() if joules is None else Energy(joules / n_tokens, "rapl")
        return Around(readings, threads_ns, energy)


def _involuntary_switches() -> int:
    """Times that a thread of this process lost its CPU against its will."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
