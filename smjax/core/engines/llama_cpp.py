"""llama.cpp, through llama-cpp-python: its library as it was built on installation."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from smjax.core.engines.spec import ArgumentSpec, EngineSpec, KernelSpec, Versions
from smjax.core.records.resolved import Resolved

if TYPE_CHECKING:  # it imports NumPy, which whoever lists engines has no need of
    from smjax.core.models.source import Model

_QUANTISED, _BLOCK = ("q8_0",), 32
_MODULE = "llama_cpp"
_ISAS = ("AVX512", "AVX_VNNI", "AVX2", "AVX", "SVE", "NEON")
"""As llama.cpp calls them, best first."""


def _why_not(resolved: Resolved, model: Model) -> str | None:
    found = resolved.scenario.tokens_per_dispatch
    if found != 1:
        return f"tokens_per_dispatch: expected 1 with engine=llama_cpp, which hands over every token, found {found}"
    if resolved.kv_dtype not in _QUANTISED:
        return None
    refused = f"found {resolved.kv_dtype}; use kv_dtype=float16"
    if model.config.head_dim % _BLOCK:
        return f"kv_dtype: expected float16 or float32 with heads of {model.config.head_dim}, {refused}"
    if resolved.scenario.engine_args["flash_attn"] == "0":  # with `auto` llama.cpp turns it on by itself
        return f"kv_dtype: expected float16 or float32 without flash attention, {refused}, or engine_args.flash_attn=1"
    return None


def _build(versions: Versions) -> tuple[str, ...]:
    """llama.cpp itself, its compiler and the best instruction set that it has, as far as they are known."""
    compiler = versions.get("llama.cpp compiler") or ""
    name, _, said = compiler.partition(":")
    own = [f"{key} {versions[key]}" for key in ("llama.cpp", "llama.cpp commit", "ggml_commit") if versions.get(key)]
    features = re.findall(r"(\w+) = 1", versions.get("llama.cpp system_info") or "")
    best = next((isa for isa in _ISAS if isa in features), "")
    return tuple(filter(None, (*own, f"{name} {said.split()[-1]}" if said.split() else name, best)))


def _libraries() -> tuple[Path, ...]:
    """Those of llama.cpp and ggml, found without being loaded."""
    found = importlib.util.find_spec(_MODULE)
    folders = [] if found is None else [Path(place) / "lib" for place in found.submodule_search_locations or ()]
    return tuple(sorted(path for folder in folders for path in folder.glob("lib*") if path.is_file()))


SPEC = EngineSpec(
    name="llama_cpp",
    packages=("llama-cpp-python", "numpy"),
    modules=(_MODULE,),
    install="CMAKE_ARGS=-DGGML_NATIVE=ON pip install --no-binary llama-cpp-python 'smjax[llama-cpp]'",
    kernels=(KernelSpec("ggml", lambda host: (), "float16"),),
    kv_dtypes=("float32", "float16", *_QUANTISED),
    model_formats=("gguf",),
    worker_bytes=100e6,  # Python, NumPy and the library take 60 MB
    arguments=(
        ArgumentSpec("flash_attn", ("auto", "0", "1"), "flash attention; auto: as llama.cpp chooses"),
        ArgumentSpec("mmap", ("true", "false"), "map the model's file into memory instead of reading it"),
    ),
    why_not=_why_not,
    libraries=_libraries,
    build=_build,
)
