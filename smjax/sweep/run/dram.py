"""What a sweep is told of the machine's memory: its bandwidth, once for each number of threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from smjax.core.native_library import library
from smjax.core.records.answer import Bandwidth
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.sweep.process.launcher import Launcher, OnPhase

_TIMEOUT_S = 60.0
"""It takes a second; more of them where the caches are to be counted in GB."""


class Dram:
    """Measured before the first process with as many threads, outside the budget; of a failure one is told once."""

    def __init__(self, launcher: Launcher, say: Callable[[str], None]) -> None:
        self._launcher, self._say = launcher, say
        self._known: dict[int, Bandwidth | None] = {}
        self._has_complained = False

    def of(self, resolved: Resolved, on_phase: OnPhase) -> Bandwidth | None:
        """What as many threads, pinned alike, read from memory; None where nobody can say, as without the library, or
        where a server computes.
        """
        if resolved.is_client:
            return None
        threads = resolved.scenario.threads
        if threads not in self._known:
            self._known[threads] = self._measure(resolved, on_phase) if library() else None
        return self._known[threads]

    def _measure(self, resolved: Resolved, on_phase: OnPhase) -> Bandwidth | None:
        ours = replace(resolved, scenario=replace(resolved.scenario, python=None))
        outcome = self._launcher.run(Request("dram", ours), _TIMEOUT_S, on_phase)
        if outcome.status == "ok":
            found = outcome.answer.read_bandwidth
            return found if found and found.bytes_per_s else None
        if not self._has_complained:
            self._has_complained = True
            self._say(f"the bandwidth of DRAM is not known: {outcome.status}: {outcome.reason}")
        return None
