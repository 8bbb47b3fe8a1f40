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
    """Of one machine with one type of CPU, by the kind of core (`smjax.core.machine.topology.core_kind`).

    It is kept in `folder` (the user's state folder of smjax), where that can be written and the machine has an id; else
    it is the best so far.
    """

    def __init__(self, machine: str, cpu: str | None, folder: Path | None = None) -> None:
        self._machine = f"{machine} {cpu}" if machine else None
        self._path = (folder or platformdirs.user_state_path("smjax")) / _FILE
        self._rates: dict[str, float] = {}

    def rate(self, kind: str = "") -> float | None:
        """The most that a core of that kind was seen to make; None until one was."""
        if kind not in self._rates and self._machine and (kept := _rate(_kept(self._path).get(self._key(kind)))):
            self._rates[kind] = kept
        return self._rates.get(kind)

    def learn(self, moments: Moments, kind: str = "") -> float | None:
        """`rate` after what cores did at `moments`, of one process; kept where these are enough to leave freaks out."""
        found = _rate(best_of(moments))
        self.recall(found, kind)
        if found is not None and len(moments) >= FREAKS:
            self._keep(found, kind)
        return self.rate(kind)

    def recall(self, rate: float | None, kind: str = "") -> None:
        """Take in what was found before, as records say of their time."""
        if (possible := _rate(rate)) is not None:
            self._rates[kind] = max(possible, self.rate(kind) or 0.0)

    def _key(self, kind: str) -> str:
        return f"{self._machine} {kind}".rstrip()

    def _keep(self, rate: float, kind: str) -> None:
        """Unless as much is kept already, be it by another process meanwhile."""
        kept, key = _kept(self._path), self._key(kind)
        if self._machine is None or rate <= (_rate(kept.get(key)) or 0.0):
            return
        kept[key] = rate
        beside = self._path.with_name(f".{_FILE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                beside.write_text(json.dumps(kept) + "\n", encoding="utf-8")
                beside.replace(self._path)
            finally:
                beside.unlink(missing_ok=True)


def _kept(path: Path) -> dict[str, Any]:
    """Rates by machine, CPU and kind of core; none where there is no such file, or another."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_BYTES_MAX))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _rate(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 < value <= _MOST else None
