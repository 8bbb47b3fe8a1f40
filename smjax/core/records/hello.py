"""What an interpreter says of itself before anything is planned: its versions, and what each engine has there.

Two of them may have another smjax, another JAX, another build of llama.cpp: what a process of one can do, and what its
figures depend on, is what that one says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class KernelThere:
    """One of an engine's kernels."""

    isas: tuple[str, ...] = ()
    """Instruction sets that it runs with there, best first; empty where it is not there or cannot be limited."""
    missing: str = ""
    """Why it is not installed and what to do; empty where it is."""


@dataclass(frozen=True)
class EngineThere:
    """One engine; what it is in general is in its spec (`smjax.core.engines`)."""

    missing: tuple[str, ...] = ()
    """Modules that it needs and that cannot be found."""
    kernels: dict[str, KernelThere] = field(default_factory=dict)
    kv_dtypes: tuple[str, ...] = ()
    arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By name what each may be, the default first; empty for any text."""
    packages: tuple[str, ...] = ()
    """Distributions that compute."""
    module: str = ""
    """What has its `make`, of one that another package brings; empty for smjax's own."""
    files: str = ""
    """A digest of smjax's files that its figures depend on."""
    libraries: str = ""
    """A digest of what else computes: smjax's native library, the engine's own ones, the packages as installed."""


@dataclass(frozen=True)
class Hello:
    """An interpreter."""

    smjax: str
    python: str
    packages: dict[str, str | None] = field(default_factory=dict)
    """Versions of distributions; None where one is not installed."""
    git: dict[str, Any] = field(default_factory=dict)
    """Of smjax's own source; see `smjax.core.machine.checkout`."""
    known: tuple[str, ...] = ()
    """Names of all engines that its smjax knows."""
    complaints: dict[str, str] = field(default_factory=dict)
    """By an engine's name why it is left out, or what it does that it should not."""
    engines: dict[str, EngineThere] = field(default_factory=dict)
    """Those that it was asked about, as far as it knows them."""
