"""Which OpenVINO computes, and for which CPU: as its packages, its plugin and the compiled model say."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import openvino
import openvino_genai

_ISAS = (("AVX-512", "avx512"), ("AVX2", "avx2"), ("AVX", "avx"), ("SVE", "sve"), ("NEON", "neon"))
"""Beginnings of its words, and ours, best first."""
_REQUIREMENTS = "RUNTIME_REQUIREMENTS"
_FORMULATION = {
    "inference precision": "INFERENCE_PRECISION_HINT",
    "dynamic quantization group": "DYNAMIC_QUANTIZATION_GROUP_SIZE",
    "key cache": "KEY_CACHE_PRECISION",
    "value cache": "VALUE_CACHE_PRECISION",
    "prefix cache": "enable_prefix_caching",
}


def versions() -> dict[str, str]:
    """By what has the version; what is not known is absent."""
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    found = {
        "openvino": openvino.get_version(),
        "openvino-genai": str(openvino_genai.__version__),
        "openvino-tokenizers": _installed("openvino-tokenizers"),
        "numpy": np.__version__,
        "openvino capabilities": " ".join(capabilities),
    }
    return {name: text for name, text in found.items() if text}


def isa(properties: Mapping[str, str]) -> str:
    """The instruction set that a compiled model needs, as smjax calls it."""
    needed = properties.get(_REQUIREMENTS, "").partition("isa=")[2]
    return next((ours for theirs, ours in _ISAS if theirs in needed), "auto")


def formulation(properties: Mapping[str, str]) -> dict[str, str]:
    """What of a compiled model changes its results, and whether it remembers prompts."""
    return {name: properties[key] for name, key in _FORMULATION.items() if key in properties}


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
