"""How llama.cpp was built: versions, commit, compiler and instruction sets, as its own files and functions say."""

from __future__ import annotations

import ctypes
import mmap
import re
from pathlib import Path

import llama_cpp as api
import numpy as np

from smjax.worker.engines.llama_cpp.library import system_info

_COMPILER = re.compile(rb"GCC: \([^\0)]*\) [\d.]+|(?:Apple |Debian |Ubuntu )?clang version [\d.]+")
"""What compilers leave in what they make."""
_ISAS = (
    ("AVX512", "avx512"),
    ("AVX_VNNI", "avx_vnni"),
    ("AVX2", "avx2"),
    ("AVX", "avx"),
    ("SVE", "sve"),
    ("NEON", "neon"),
)
"""Its words and ours, best first."""


def versions() -> dict[str, str]:
    """By what has the version; what is not known is absent."""
    found = {
        "llama-cpp-python": str(api.__version__),
        "numpy": np.__version__,
        "llama.cpp": _said("llama_version"),
        "ggml": _said("ggml_version"),
        "ggml_commit": _said("ggml_commit"),
        "llama.cpp compiler": _compiler(),
        "llama.cpp system_info": " ".join(system_info().split()),
    }
    return {name: text for name, text in found.items() if text}


def isa() -> str:
    """The best of the instruction sets that it was built for and this CPU has, as smjax calls it."""
    features = set(re.findall(r"(\w+) = 1", system_info()))
    return next((ours for theirs, ours in _ISAS if theirs in features), "auto")


def _said(function: str) -> str:
    """What a function without arguments says, of llama.cpp's library or of those that it loads; else nothing."""
    for path in _libraries("llama"):
        call = getattr(ctypes.CDLL(str(path)), function, None)
        if call is not None:
            call.restype = ctypes.c_char_p
            return str((call() or b"").decode(errors="replace"))
    return ""


def _compiler() -> str:
    """That of the library which computes."""
    for path in _libraries("ggml-cpu"):
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if found := _COMPILER.search(content):
                return found[0].decode(errors="replace")
    return ""


def _libraries(name: str) -> list[Path]:
    folder = Path(api.__file__).parent / "lib"
    return sorted(path for ending in ("so", "dylib") for path in folder.glob(f"lib{name}.{ending}"))
