"""What an engine needs and can do, as data, without importing it; a new one is a file here and a name below."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from smjax.core.engines.spec import ArgumentSpec, EngineSpec, Host, KernelSpec, StepAhead

__all__ = ["ENGINES", "ArgumentSpec", "EngineSpec", "Host", "KernelSpec", "StepAhead", "inherited", "packages"]

_NAMES = (
    "smjax",
    "llama_cpp",
)

ENGINES: dict[str, EngineSpec] = {name: importlib.import_module(f"{__name__}.{name}").SPEC for name in _NAMES}

_CLEARED = ("XLA_", "JAX_", "OMP_", "GOMP_", "KMP_", "PJRT_", "GGML_", "LLAMA_")
"""Beginnings of variables that change what is measured; what a user wants goes through the configuration."""


def inherited(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of the supervisor's variables that a worker may have."""
    return {name: value for name, value in variables.items() if not name.startswith(_CLEARED) and name != "NPROC"}


def packages() -> tuple[str, ...]:
    """Distributions that any engine computes with."""
    return tuple(dict.fromkeys(package for spec in ENGINES.values() for package in spec.packages))
