"""The most additions a cycle that this machine's cores have ever made, kept beside its id, to tell shared cores by."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

from smjax.core.machine.sharing import FREAKS, Moments, best_of

_FILE = "additions-per-cycle.json"
_BYTES_MAX = 10_000
_MOST = 16.0
"""No core adds more in a cycle."""


class Best:
    """Of one machine with one type of CPU. `rate` is None until a core was seen.

    It is kept in `folder` (the user's state folder of smjax), where that can be written and the machine has an id; else
    it is the best so far.
    """

    def __init__(self, machine: str, cpu: str | None, folder: Path | None = None) -> None:
        self._key = f"{machine} {cpu}" if machine else None
        self._path = (folder or platformdirs.user_state_path("smjax")) / _FILE
        self.rate: float | None = _rate(_kept(self._path).get(self._key)) if self._key else None

    def learn(self, moments: Moments) -> float | None:
        """`rate` after what cores did at `moments`, of one process; kept where these are enough to leave freaks out."""
        found = best_of(moments)
        if found is None or found > _MOST or (self.rate is not None and found <= self.rate):
            return self.rate
        self.rate = found
        if sum(map(len, moments)) >= FREAKS:
            self._keep(found)
        return self.rate

    def _keep(self, rate: float) -> None:
        """What other processes have kept meanwhile stays, unless it is less."""
        if self._key is None:
            return
        kept = _kept(self._path)
        kept[self._key] = max(rate, _rate(kept.get(self._key)) or 0.0)
        beside = self._path.with_name(f".{_FILE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            beside.write_text(json.dumps(kept) + "\n", encoding="utf-8")
            beside.replace(self._path)


def _kept(path: Path) -> dict[str, Any]:
    """Rates by machine and CPU; none where there is no such file, or another."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rate(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value <= _MOST else None
