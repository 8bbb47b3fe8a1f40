"""OpenVINO, through openvino-genai: its own reader of GGUF, its CPU plugin, and its choice of ids."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from smjax.core.engines.spec import ArgumentSpec, EngineSpec, KernelSpec, Versions
from smjax.core.machine.topology import usable_cpus
from smjax.core.records.resolved import Resolved

if TYPE_CHECKING:  # it imports NumPy, which whoever lists engines has no need of
    from smjax.core.models.source import Model

_ENGINE = "engine=openvino"
_ENDING = ".gguf"
_FILE_TYPE = "general.file_type"
_FAMILIES = ("llama", "qwen2", "qwen3")
_TURNED = ("attn_q", "attn_k")
_MATRICES = ("F16", "Q4_0", "Q8_0", "Q6_K")
"""Encodings that its reader takes in layers."""
_TYPES = ("FP32", "FP16", "BF16", "INT8")
_LIBRARIES = {
    "openvino": ("libs/libopenvino.*", "libs/libopenvino_*_cpu_plugin.*", "libs/libtbb.*"),
    "openvino_genai": ("libopenvino_genai.*",),
}
"""Of each module those that compute; there are others, of devices that are not used, of twice their size."""


def _why_not(resolved: Resolved, model: Model) -> str | None:
    found = resolved.scenario.tokens_per_dispatch
    if found != 1:
        return f"tokens_per_dispatch: expected 1 with {_ENGINE}, which hands over every token, found {found}"
    if share := resolved.scenario.measure.handicap:
        return f"measure.handicap: expected 0 with {_ENGINE}, which computes while its ids are heard, found {share:g}"
    return (
        _why_not_threads(resolved.scenario.threads)
        or _why_not_cache(resolved)
        or _why_not_decoder(model)
        or _why_not_weights(model)
        or _why_not_file(resolved.scenario.model_path)
    )


def _why_not_threads(found: int) -> str | None:
    """Of more than there are CPUs it starts as many as those, without a word."""
    n_cpus = len(usable_cpus())
    if not 0 < n_cpus < found:
        return None
    return f"threads: expected at most {n_cpus} with {_ENGINE}, which takes no more than there are CPUs, found {found}"


def _why_not_cache(resolved: Resolved) -> str | None:
    """Paged attention computes with a cache of its own precision, or a smaller one."""
    arguments, found = resolved.scenario.engine_args, f"found {resolved.kv_dtype}"
    if arguments["attention"] != "pa":
        return None
    if resolved.kv_dtype == "float32" and arguments["precision"] != "f32":
        return f"kv_dtype: expected u8, float16 or bfloat16 with {_ENGINE}, {found}; add engine_args.precision=f32"
    if resolved.kv_dtype == "bfloat16" and arguments["precision"] == "f32":
        return f"kv_dtype: expected u8, float16 or float32 with engine_args.precision=f32, {found}"
    return None


def _why_not_decoder(model: Model) -> str | None:
    """Its reader refuses what it does not know by its architecture alone, and leaves out the rest without a word."""
    config, found = model.config, f"found it in {model.name}; use another engine"
    if config.family not in _FAMILIES:
        expected = f"an architecture of {', '.join(_FAMILIES)} with {_ENGINE}"
        return f"model: expected {expected}, found {config.family}; use another engine"
    if config.rope_factors:
        return f"rope_freqs.weight: expected no such tensor with {_ENGINE}, whose reader leaves it out, {found}"
    if (config.rope_scale, config.rope_size, config.n_turned) != (1.0, 1.0, config.head_dim):
        return f"model: expected RoPE of whole heads, not scaled, with {_ENGINE}, whose reader knows no other, {found}"
    if config.rope_pairs == "adjacent" and (biases := [name for name in _TURNED if name in config.biases]):
        expected = f"no such tensors in layers with {_ENGINE}, whose reader orders only the weights anew"
        return f"{biases[0]}.bias: expected {expected}, {found}"
    return None


def _why_not_weights(model: Model) -> str | None:
    for name, info in model.tensors.items():
        if name.startswith("blk.") and len(info.shape) == 2 and info.encoding.name not in _MATRICES:
            expected = f"{', '.join(_MATRICES[:-1])} or {_MATRICES[-1]} with {_ENGINE}"
            return f"{name}: expected {expected}, found {info.encoding.name}; requantise with llama-quantize … Q4_0"
    return None


def _why_not_file(path: str | None) -> str | None:
    """A preset's file is as it should be."""
    if path is None:
        return None
    if not path.endswith(_ENDING):
        return f"model: expected a file whose name ends in {_ENDING} with {_ENGINE}, found {path}; rename it"
    from smjax.core.gguf.split import open_gguf  # here, as it imports NumPy

    if _FILE_TYPE not in open_gguf(Path(path)).metadata:
        return f"{path}: {_FILE_TYPE}: expected it in the file with {_ENGINE}, found nothing; convert the model again"
    return None


def _libraries() -> tuple[Path, ...]:
    """Found without being loaded."""
    found: list[Path] = []
    for module, patterns in _LIBRARIES.items():
        spec = importlib.util.find_spec(module)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            found += [path for pattern in patterns for path in Path(place).glob(pattern)]
    return tuple(sorted(found))


def _build(versions: Versions) -> tuple[str, ...]:
    """The types that its plugin computes with on this CPU, as far as it is known."""
    capabilities = (versions.get("openvino capabilities") or "").split()
    return tuple(name for name in capabilities if name in _TYPES)


SPEC = EngineSpec(
    name="openvino",
    packages=("openvino-genai", "openvino", "openvino-tokenizers", "numpy"),
    modules=("openvino_genai", "openvino"),
    install="pip install 'smjax[openvino]'",
    kernels=(KernelSpec("cpu_plugin", lambda host: (), "u8"),),
    kv_dtypes=("float32", "bfloat16", "float16", "u8"),
    model_formats=("gguf",),
    worker_bytes=150e6,  # Python, NumPy and its libraries take 80 MB, compiling the smallest model 60 more
    per_weight_byte=2.3,  # the file's, its own and those that it has repacked, for a moment
    variables=lambda resolved: {"GGUF_READER": "LEGACY"},  # of versions that have two the faster; others have this one
    arguments=(
        ArgumentSpec("attention", ("pa", "sdpa"), "paged attention, or that of a model that keeps its state"),
        ArgumentSpec("precision", ("auto", "f32", "bf16", "f16"), "what it computes in; auto: as OpenVINO chooses"),
        ArgumentSpec(
            "dynamic_quantization",
            ("auto", "0", "32", "64", "128"),
            "activations rounded to 8 bits in groups of so many; 0: not; auto: as OpenVINO chooses",
        ),
    ),
    why_not=_why_not,
    libraries=_libraries,
    build=_build,
)
