"""What else happened while answers were timed: readings of the machine, of this process and of the energy counters."""

from __future__ import annotations

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.machine.energy import energy_used, read_energy
from smjax.core.machine.readings import read_machine
from smjax.core.native_probe import Watch
from smjax.core.records.answer import Energy, Probes
from smjax.worker.process import thread_cpu_ns


@dataclass(frozen=True)
class Around:
    """What was read around a measurement."""

    readings: dict[str, Any]
    """Of the machine and of this process, before and after; see `smjax.core.machine.disturbances`."""
    thread_cpu_ns: dict[str, int]
    energy: Energy
    probes: Probes | None


class Surroundings:
    """Opened before the warm-up, as reading costs what follows its caches, and closed after the last timed answer."""

    def __init__(self, cpus: Sequence[int], threads: int) -> None:
        self._cpus = cpus
        self._watch: Watch | None = Watch(cpus, threads)
        self._probes = Probes()
        self._preempted = 0
        self._threads_ns = thread_cpu_ns()
        self._switches = _involuntary_switches()
        self._before = read_machine(cpus)
        self._energy = read_energy()
        self._own_ns = time.process_time_ns()

    def look(self) -> None:
        """Between two answers, and after the last: the clock of every thread's core, and does somebody unseen use it?

        What looks takes the CPUs from the threads that decode, which is nobody's disturbance.
        """
        if self._watch is None:
            return
        before, moment = _involuntary_switches(), self._watch.look()
        self._preempted += _involuntary_switches() - before
        if moment is None:  # once not known, never known: entries belong to answers by their number
            self._end_watch()
            return
        self._probes.ghz.append([round(ghz, 3) for ghz in moment.ghz])
        self._probes.additions_per_cycle.append([round(rate, 2) for rate in moment.additions_per_cycle])

    def close(self, n_tokens: int | None = None) -> Around:
        """What happened since it was opened, while `n_tokens` were generated, if any were."""
        own_ns = time.process_time_ns() - self._own_ns
        joules = energy_used(self._energy, read_energy()) or None  # a counter that stands still tells nothing
        readings = {
            "before": self._before,
            "after": read_machine(self._cpus),
            "own_cpu_ns": own_ns,
            "involuntary_switches": _involuntary_switches() - self._switches - self._preempted,
        }
        threads_ns = {name: ns - self._threads_ns.get(name, 0) for name, ns in thread_cpu_ns().items()}
        energy = Energy() if joules is None or n_tokens is None else Energy(joules / n_tokens, "rapl")
        probes = self._probes if self._watch is not None and self._probes.ghz else None
        self._end_watch()
        return Around(readings, threads_ns, energy, probes)

    def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None


def _involuntary_switches() -> int:
    """Times that a thread of this process lost its CPU against its will."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
