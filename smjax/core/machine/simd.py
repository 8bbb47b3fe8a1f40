"""Which SIMD instruction sets a CPU has, under one name on every system, and which levels smjax can limit code to.

References: flag names as in Linux' /proc/cpuinfo (`cpufeatures.h`, `elf_hwcaps`) and macOS' `sysctl hw.optional`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# fmt: off
_X86_FLAGS = (
    "sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "amx_tile", "amx_bf16", "amx_int8",
    "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512cd", "avx512ifma", "avx512vbmi", "avx512_vnni", "avx512_bf16",
    "avx512_fp16",
)
# fmt: on
_ARM_FLAGS = {
    "asimd": "neon",
    "neon": "neon",
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
    "sve2": "sve2",
    "sme": "sme",
}
_MACOS_KEYS = {
    "hw.optional.neon": "neon",
    "hw.optional.AdvSIMD": "neon",
    "hw.optional.arm.AdvSIMD": "neon",
    "hw.optional.arm.FEAT_FP16": "fp16",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_SME": "sme",
}
_NAMES = {**{flag: flag for flag in _X86_FLAGS}, **_ARM_FLAGS}

_LEVELS = {
    "x86_64": {
        "avx2": {"avx2", "fma", "f16c"},
        "avx512": {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512dq"},
    },
    "arm64": {"neon": {"neon"}},
}
"""Levels of each architecture, lowest first, and what each takes; AVX2 comes with FMA and F16C, as in x86-64-v3."""


def simd_of_cpuinfo(cpuinfo: str) -> list[str]:
    """Sorted names from /proc/cpuinfo; where cores differ, what all of them have.

    The kernel's list is better than CPUID's: it leaves out what it has switched off and would trap on.
    """
    lines = [line.partition(":") for line in cpuinfo.splitlines()]
    cores = [set(flags.split()) for name, _, flags in lines if name.strip() in ("flags", "Features")]
    return simd_of_flags(set.intersection(*cores)) if cores else []


def simd_of_flags(flags: Iterable[str]) -> list[str]:
    """Sorted names from the flags of Linux or of py-cpuinfo."""
    return sorted({_NAMES[flag] for flag in flags if flag in _NAMES})


def simd_of_sysctl(sysctl: Mapping[str, str]) -> list[str]:
    """Sorted names from the `hw.optional` keys of macOS."""
    return sorted({name for key, name in _MACOS_KEYS.items() if sysctl.get(key) == "1"})


def limited_simd(simd: Iterable[str], level: str) -> list[str]:
    """What is left of a CPU's features when code is limited to `level`."""
    above = ("avx512", "avx_vnni", "amx") if level in ("scalar", "avx2", "avx_vnni") else ()
    return [feature for feature in simd if not feature.startswith(above)]


def simd_levels(environment: Mapping[str, Any]) -> list[str]:
    """Values of `isa` that the host can run, best last; empty on an unknown architecture."""
    cpu = environment["cpu"]
    have = set(cpu["simd"])
    return [level for level, needs in _LEVELS.get(cpu["arch"], {}).items() if needs <= have]
