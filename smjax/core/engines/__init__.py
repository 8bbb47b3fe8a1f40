"""What an engine needs and can do, as data, without importing it; a new one is a file here and a name below.

Another package adds one by an entry point: see `smjax.core.engines.third_party`.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping

from smjax.core.engines.spec import ArgumentSpec, EngineSpec, Host, KernelSpec, StepAhead
from smjax.core.engines.third_party import Found, find

__all__ = [
    "ENGINES",
    "ArgumentSpec",
    "EngineSpec",
    "Host",
    "KernelSpec",
    "StepAhead",
    "complaints",
    "inherited",
    "packages",
]

_NAMES = (
    "smjax",
    "llama_cpp",
    "openvino",
    "openai",
)


class _Engines(Mapping[str, EngineSpec]):
    """By name, smjax's own first; looked for when somebody asks, which a worker, that may import this, never does."""

    @functools.cached_property
    def found(self) -> Found:
        return find(taken=_NAMES)

    @functools.cached_property
    def _all(self) -> dict[str, EngineSpec]:
        own = {name: importlib.import_module(f"{__name__}.{name}").SPEC for name in _NAMES}
        return own | self.found.specs

    def __getitem__(self, name: str) -> EngineSpec:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


ENGINES = _Engines()


def complaints() -> Mapping[str, str]:
    """By an engine's name one line: why it is left out of ENGINES, or what it does that it should not."""
    return ENGINES.found.complaints


_CLEARED = (
    *("XLA_", "JAX_", "PJRT_", "OMP_", "GOMP_", "KMP_", "GGML_", "LLAMA_", "GGUF_"),
    *("OPENVINO_", "OV_", "ONEDNN_", "DNNL_", "OPENBLAS_", "MKL_"),
)
"""Beginnings of variables that change what is measured; what a user wants goes through the configuration."""


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of the supervisor's variables that a worker may have."""
    return {name: value for name, value in variables.items() if not name.startswith(_CLEARED) and name != "NPROC"}


def packages() -> tuple[str, ...]:
    """Distributions that any engine computes with."""
    return tuple(dict.fromkeys(package for spec in ENGINES.values() for package in spec.packages))
