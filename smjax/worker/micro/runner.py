"""How an op is called: as programs of JAX, or by a function that counts its calls itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import numpy as np

from smjax.worker.micro.programs import Programs
from smjax.worker.micro.work import Work


class Runner(Protocol):
    """An op that is ready to be called."""

    @property
    def temp_bytes(self) -> int | None:
        """What a call takes beside its inputs and outputs; None where nobody tells."""

    def once(self) -> list[np.ndarray]:
        """All outputs of one call."""

    def calls(self, count: int) -> None:
        """So many, each from Python and waited for."""

    def rounds(self, count: int) -> None:
        """So many without Python in between; none takes what starting them takes."""


@dataclass
class ByItself:
    """An op with a `run_many`."""

    work: Work
    run_many: Callable[[int], Any]

    @property
    def temp_bytes(self) -> int | None:
        return None

    def once(self) -> list[np.ndarray]:
        return [np.array(leaf) for leaf in jax.tree.leaves(self.work.run(*self.work.inputs))]

    def calls(self, count: int) -> None:
        for _ in range(count):
            self.run_many(1)

    def rounds(self, count: int) -> None:
        self.run_many(count)


def runner_of(work: Work) -> Runner:
    """Compiled where it is a program's."""
    return Programs.of(work) if work.run_many is None else ByItself(work, work.run_many)
