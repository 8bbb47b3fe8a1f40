"""What XLA's libraries multiply matrices with: whatever the CPU has, as no flag limits them to an instruction set.

Measured with XLA limited to AVX2 on a CPU with AVX-512: 240 GFLOP/s in f32, where AVX2 allows 134.
"""

from __future__ import annotations

from pathlib import Path

from smjax.core.machine.probe import read_text
from smjax.core.machine.simd import simd_of_cpuinfo
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Peak

_PEAKS: dict[str, Peak] = {"f32": "any-fma", "bf16": "any-fma", "s8": "any-dot"}
_OWN_INSTRUCTIONS = {
    "f32": {"sme"},
    "bf16": {"avx512_bf16", "amx_bf16", "bf16", "sme"},
    "s8": {"amx_int8", "i8mm", "sme"},
}
"""Which are faster than those that peaks are measured with."""


def library_peak(kind: str, setup: MicroSetup) -> Peak:
    """For products of f32, bf16 or s8; none where the CPU has instructions of its own for these."""
    simd = setup.kernel_setup.simd.union(simd_of_cpuinfo(read_text(Path("/proc/cpuinfo")) or ""))
    return "" if _OWN_INSTRUCTIONS[kind] & simd else _PEAKS[kind]
