"""What happens on the machine while this process sleeps."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from smjax.core.machine.best import Best
from smjax.core.machine.disturbances import Readings, changes, seconds
from smjax.core.machine.host import sysctl_values
from smjax.core.machine.identity import machine_id
from smjax.core.machine.probe import ROOT, read_text
from smjax.core.machine.processor import processor
from smjax.core.machine.readings import cpu_times, read_machine
from smjax.core.machine.sharing import Moments
from smjax.core.machine.topology import core_kind, core_order, physical_cores, siblings, usable_cpus
from smjax.core.native_probe import Watch

_LOOK_EVERY_S = 0.005


@dataclass(frozen=True)
class Busy:
    """A process and its share of one core."""

    pid: int
    name: str
    pct: float


@dataclass(frozen=True)
class Window:
    """Readings of the usable CPUs at both ends, and what kept CPUs busy in between, this process left out.

    `neighbours_pct`: how busy CPUs were that we may not use but that share a core with one that we may.
    """

    before: Readings
    after: Readings
    neighbours_pct: dict[int, float] = field(default_factory=dict)
    processes: tuple[Busy, ...] = ()
    additions_per_cycle: tuple[list[float], ...] = ()
    """Of one CPU of each core that we may use, all at the same time, every few milliseconds."""
    best: float | None = None
    """The most that this machine's cores have ever made; None where they cannot be compared."""

    @property
    def cpus(self) -> list[int]:
        """Those we may use."""
        return list(self.after["cpus"])

    @property
    def changes(self) -> dict[str, float]:
        """See `smjax.core.machine.disturbances.changes`."""
        return changes(self.before, self.after, own_cpu_ns=None)

    @property
    def busy_pct(self) -> dict[int, float]:
        """How busy each usable CPU was; empty where that is not told."""
        return _busy_pct(self.cpus, self.before, self.after, seconds(self.before, self.after))


def watch(for_seconds: float) -> Window:
    """Sleep but for a look at the cores now and then, and look at everything before and after."""
    cpus = usable_cpus()
    neighbours = sorted(frozenset().union(*map(siblings, cpus)) - set(cpus))
    _process_shares()  # those below are since this call
    one_each = core_order(cpus)[: physical_cores(cpus)]
    before, next_before = read_machine(cpus), cpu_times(neighbours)
    additions = tuple(_looks(one_each, for_seconds))
    after, next_after = read_machine(cpus), cpu_times(neighbours)
    return Window(
        before,
        after,
        _busy_pct(neighbours, next_before, next_after, seconds(before, after)),
        tuple(sorted(_process_shares(), key=lambda process: -process.pct)),
        additions,
        _best(additions, core_kind(one_each, len(one_each))),
    )


def _looks(cpus: Sequence[int], for_seconds: float) -> Iterator[list[float]]:
    end = time.monotonic() + for_seconds
    with Watch(cpus, max(1, len(cpus))) as cores:
        while (left_s := end - time.monotonic()) > 0:
            time.sleep(min(_LOOK_EVERY_S, left_s))
            if moment := cores.look():
                yield moment.additions_per_cycle


def _best(moments: Moments, kind: str | None) -> float | None:
    if kind is None:
        return None
    cpu = processor(read_text(ROOT / "proc/cpuinfo") or "", sysctl_values())
    return Best(machine_id(), cpu["model"]).learn(moments, kind)


def _busy_pct(cpus: Sequence[int], before: Readings, after: Readings, elapsed_s: float) -> dict[int, float]:
    if before["busy_ms"] is None or after["busy_ms"] is None:
        return {}
    spent_ms = (end - start for start, end in zip(before["busy_ms"], after["busy_ms"], strict=True))
    return {cpu: ms / elapsed_s / 10 for cpu, ms in zip(cpus, spent_ms, strict=True)}


def _process_shares() -> list[Busy]:
    """Other processes, with what they used of a core since the last call (0 in the first), as far as we may ask."""
    import psutil

    found = []
    for process in psutil.process_iter(["pid", "name"]):
        try:
            found.append(Busy(process.pid, process.info["name"] or "?", process.cpu_percent()))
        except psutil.Error:
            continue
    return [process for process in found if process.pid != os.getpid()]
