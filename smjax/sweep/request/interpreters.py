"""The interpreters of a request's workers: what each has, asked once and before anything else is decided."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from smjax.core.engines import Host
from smjax.core.engines.introduction import introduce
from smjax.core.records.hello import Hello
from smjax.core.records.scenario import Scenario
from smjax.core.text import printable

AskHello = Callable[[str, Sequence[str]], Hello]
"""Asks an interpreter what it says of itself and of the engines that are named.

Raises RequestError, in one line, where it is not understood.
"""


class Interpreters:
    """Of a request that needs the `engines`; this process answers for its own interpreter."""

    def __init__(self, host: Host, engines: Sequence[str], ask: AskHello) -> None:
        self._host, self._engines, self._ask = host, engines, ask
        self._known: dict[str | None, Hello] = {}

    def of(self, scenario: Scenario) -> Hello:
        """What the scenario's interpreter has; RequestError for one that is not understood."""
        if scenario.python not in self._known:
            self._known[scenario.python] = self._hello(scenario.python)
        return self._known[scenario.python]

    @property
    def complaints(self) -> list[str]:
        """Of others than this one, in one line each: engines that are left out there."""
        others = ((python, there) for python, there in self._known.items() if python and not is_ours(python))
        return [
            f"python={printable(python, 500)}: {line}" for python, there in others for line in there.complaints.values()
        ]

    def _hello(self, python: str | None) -> Hello:
        if python is None or is_ours(python):
            return introduce(self._host, self._engines)
        return self._ask(python, self._engines)


def is_ours(python: str) -> bool:
    """Whether it is the interpreter that runs this: its file, in its environment, which has a folder of its own."""
    return _place(python) == _place(sys.executable)


def _place(python: str) -> tuple[Path, Path]:
    return Path(os.path.realpath(Path(python).parent)), Path(os.path.realpath(python))
