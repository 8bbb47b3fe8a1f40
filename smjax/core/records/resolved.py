"""A scenario with nothing left to choose: what every process of it is told, and what its identity is made of."""

from __future__ import annotations

from dataclasses import dataclass

from smjax.core.records.scenario import Scenario


@dataclass(frozen=True)
class Resolved:
    """Chosen once, before anything runs; see `smjax.sweep.request.resolve`."""

    scenario: Scenario
    """As it was asked for."""
    kernel: str
    isa: str
    """Instruction set that code is limited to."""
    simd: tuple[str, ...]
    """The CPU's features, as far as `isa` allows them."""
    kv_dtype: str
    variables: tuple[tuple[str, str], ...] = ()
    """Of the worker's environment: name and value."""
    module: str = ""
    """What has the engine's `make`, of one that another package brings; empty for smjax's own."""
    is_client: bool = False
    """What computes is a server that the worker asks: nothing of the worker says anything about it."""
