"""Which kernel and instruction set a scenario runs with on this host, wherever it says `auto`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smjax.core import native
from smjax.core.errors import RequestError
from smjax.core.host import simd_levels
from smjax.core.scenario import Scenario

_SCALAR = "scalar"
"""Of the native kernel only: XLA has no such limit."""


@dataclass(frozen=True)
class Choice:
    """What the worker is told."""

    kernel: str
    isa: str


def choose(scenario: Scenario, environment: Mapping[str, Any]) -> Choice:
    """The choice for a scenario; raises RequestError where this host or this installation cannot serve it.

    `kernel=auto` is the native kernel wherever it has more than plain C++ for this CPU, `isa=auto` the best there is.
    """
    by_kernel = {"native": _native_isas(), "xla": list(reversed(simd_levels(environment)))}
    if scenario.kernel == "native" and not by_kernel["native"]:
        raise RequestError(
            f"kernel: expected one that is installed, found native: {native.why_missing()}; or use kernel=xla"
        )
    kernels = [scenario.kernel] if scenario.kernel in by_kernel else _by_preference(by_kernel["native"], scenario.isa)
    for kernel in kernels:
        if scenario.isa == "auto":
            return Choice(kernel, next(iter(by_kernel[kernel]), "auto"))
        if scenario.isa in by_kernel[kernel]:
            return Choice(kernel, scenario.isa)
    known = ["auto", *dict.fromkeys(isa for kernel in kernels for isa in reversed(by_kernel[kernel]))]
    raise RequestError(f"isa: expected one that this CPU runs, {', '.join(known)}, found {scenario.isa}")


def why_not_native(environment: Mapping[str, Any]) -> str | None:
    """One line for whoever left the choice to `kernel=auto` and gets `xla`; None where native is what they get."""
    isas = _native_isas()
    if not isas:
        return f"kernel: using xla, not native: {native.why_missing()}"
    if isas == [_SCALAR]:
        return f"kernel: using xla, not native: it has no instruction set for this {environment['cpu']['arch']} CPU"
    return None


def _by_preference(native_isas: list[str], isa: str) -> list[str]:
    fast = [name for name in native_isas if name != _SCALAR]
    return ["native", "xla"] if fast or (native_isas and isa == _SCALAR) else ["xla"]


def _native_isas() -> list[str]:
    """Best first."""
    return list(native.isas())
