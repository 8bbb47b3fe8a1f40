"""What an engine is, as data: nothing of it is imported outside the worker that runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario

if TYPE_CHECKING:  # it imports NumPy, which whoever lists engines has no need of
    from smjax.core.models.source import Model

Host = Mapping[str, Any]
"""What `smjax.core.machine.host.environment` returns."""

Versions = Mapping[str, str | None]
"""What a record says of what computed, by name."""

_EVERYBODY_S = ("numpy",)
"""Packages whose versions tell nobody how fast an engine is."""


@dataclass(frozen=True)
class KernelSpec:
    """One of an engine's kernels: whether it is here, and with what."""

    name: str
    isas: Callable[[Host], tuple[str, ...]]
    """Instruction sets that it runs with on this host, best first; empty where it is not there or cannot be limited."""
    kv_dtype: str
    """What `kv_dtype=auto` means with it."""
    why_missing: Callable[[], str | None] = lambda: None
    """Why it is not installed and what to do, in a few words; None where it is."""
    fit_for: Callable[[tuple[str, ...], str], bool] = lambda isas, isa: True
    """Whether `kernel=auto` may take it, with the `isas` that it has, where `isa` is asked for."""


@dataclass(frozen=True)
class StepAhead:
    """Something that is done once for a scenario in a process of its own, before any of its processes is timed."""

    name: str
    depends_on: tuple[str, ...]
    """Names of the scenario's fields that its result depends on, besides engine, kernel, instruction set and model."""
    wanted: Callable[[Resolved], bool] = lambda resolved: True
    fills_cache: bool = False
    """Its result is what it leaves in the cache's folder: without one there is no point in it."""
    is_kept: bool = True
    """Whether its result is that of the next sweep too."""


@dataclass(frozen=True)
class ArgumentSpec:
    """A setting of one engine alone, asked for as `engine_args.NAME`."""

    name: str
    values: tuple[str, ...]
    """What it may be, the default first; empty for any text."""
    meaning: str
    open_default: str = ""
    """Of one that may be any text."""

    @property
    def default(self) -> str:
        """Without one, nothing."""
        return self.values[0] if self.values else self.open_default


@dataclass(frozen=True)
class EngineSpec:
    """What an engine needs and can do."""

    name: str
    packages: tuple[str, ...]
    """Distributions that compute; their versions are recorded, and part of a process's identity."""
    modules: tuple[str, ...]
    """Importable names that must be there."""
    install: str
    """What to type where they are not."""
    kernels: tuple[KernelSpec, ...]
    """Best first."""
    kv_dtypes: tuple[str, ...]
    model_formats: tuple[str, ...]
    """Of `preset` and `gguf`; for an engine that reads files alone a preset is exported, where GGUF has its kind."""
    worker_bytes: float
    """Memory that its worker takes beside the model."""
    per_weight_byte: float = 1.3
    """Memory for each byte of the model's weights: they, packed, and what repacking them takes for a moment."""
    sources: tuple[str, ...] = ()
    """Files and folders of smjax, besides its own, that its figures depend on."""
    variables: Callable[[Resolved], dict[str, str]] = lambda resolved: {}
    """Of the worker's environment, so that at most the scenario's threads run."""
    ahead: tuple[StepAhead, ...] = ()
    """In their order: a later step is handed the results of those before it."""
    arguments: tuple[ArgumentSpec, ...] = ()
    why_not: Callable[[Resolved, Model], str | None] = lambda resolved, model: None
    """What it cannot do of a scenario with that model whose words it all knows, in one line; None where it can."""
    libraries: Callable[[], tuple[Path, ...]] = lambda: ()
    """Files outside of smjax that compute, and may differ where the packages' versions do not."""
    build: Callable[[Versions], tuple[str, ...]] = lambda versions: ()
    """What tells a build of it from others besides its packages' versions, in a few words for a table's caption."""
    module: str = ""
    """What has its `make`, imported in its worker alone; empty for `smjax.worker.engines.NAME`."""
    is_client: bool = False
    """What computes is not in its worker: nothing of the worker (CPUs, memory, clock) says anything about it."""
    is_elsewhere: Callable[[Scenario], bool] = lambda scenario: False
    """Whether it is on another machine, of which nothing is known here."""

    def kernel(self, name: str) -> KernelSpec:
        """The kernel called `name`."""
        return next(kernel for kernel in self.kernels if kernel.name == name)

    @property
    def defaults(self) -> dict[str, str]:
        """Of its arguments."""
        return {argument.name: argument.default for argument in self.arguments}

    def called(self, versions: Versions) -> tuple[str, ...]:
        """What computed, by the `versions` of a record: each package's, then what else tells its build from others."""
        packages = [name for name in self.packages if name not in _EVERYBODY_S and versions.get(name)]
        return (*(f"{name} {versions[name]}" for name in packages), *self.build(versions))
