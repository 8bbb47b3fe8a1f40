"""Which kernel and instruction set a scenario runs with on this host, wherever it says `auto`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from smjax.core import native_library as native
from smjax.core.errors import RequestError
from smjax.core.machine.host import simd_levels
from smjax.core.records.scenario import Scenario

ALL = "all"
_SCALAR = "scalar"
"""Of the native kernel only: XLA has no such limit."""


@dataclass(frozen=True)
class Choice:
    """What the worker is told."""

    kernel: str
    isa: str


def expand(scenario: Scenario, environment: Mapping[str, Any]) -> list[Scenario]:
    """The scenario for each kernel and instruction set that there is here, where it says `all`."""
    available = _available(environment)
    kernels = [kernel for kernel in available if available[kernel]] if scenario.kernel == ALL else [scenario.kernel]
    if scenario.isa != ALL:
        return [replace(scenario, kernel=kernel) for kernel in kernels]
    return [
        replace(scenario, kernel=kernel, isa=isa)
        for kernel in kernels
        for isa in available[choose(replace(scenario, kernel=kernel, isa="auto"), environment).kernel] or ["auto"]
    ]


def choose(scenario: Scenario, environment: Mapping[str, Any]) -> Choice:
    """The choice for a scenario; raises RequestError where this host or this installation cannot serve it.

    `kernel=auto` is the native kernel wherever it has more than plain C++ for this CPU, `isa=auto` the best there is.
    """
    available = _available(environment)
    if scenario.kernel == "native" and not available["native"]:
        missing = native.why_missing()
        raise RequestError(f"kernel: expected one that is installed, found native: {missing}; or use kernel=xla")
    kernels = [scenario.kernel] if scenario.kernel in available else _by_preference(available["native"], scenario.isa)
    for kernel in kernels:
        if scenario.isa == "auto":
            return Choice(kernel, next(iter(available[kernel]), "auto"))
        if scenario.isa in available[kernel]:
            return Choice(kernel, scenario.isa)
    known = ["auto", *dict.fromkeys(isa for kernel in kernels for isa in reversed(available[kernel]))]
    raise RequestError(f"isa: expected one that this CPU runs, {', '.join(known)}, found {scenario.isa}")


def why_not_native(environment: Mapping[str, Any]) -> str | None:
    """One line for whoever left the choice to `kernel=auto` and gets `xla`; None where native is what they get."""
    isas = list(native.isas())
    if not isas:
        return f"kernel: using xla, not native: {native.why_missing()}"
    if isas == [_SCALAR]:
        return f"kernel: using xla, not native: it has no instruction set for this {environment['cpu']['arch']} CPU"
    return None


def _by_preference(native_isas: list[str], isa: str) -> list[str]:
    fast = [name for name in native_isas if name != _SCALAR]
    return ["native", "xla"] if fast or (native_isas and isa == _SCALAR) else ["xla"]


def _available(environment: Mapping[str, Any]) -> dict[str, list[str]]:
    """Instruction sets of each kernel here, best first."""
    return {"native": list(native.isas()), "xla": list(reversed(simd_levels(environment)))}
