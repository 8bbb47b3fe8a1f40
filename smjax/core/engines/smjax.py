"""smjax's own engine: the decoder compiled by XLA, with one of two kernels."""

from __future__ import annotations

from smjax.core import native_library
from smjax.core.engines.spec import EngineSpec, Host, KernelSpec, StepAhead
from smjax.core.machine.processor import architecture
from smjax.core.machine.simd import simd_levels
from smjax.core.records.resolved import Resolved

SCALAR = "scalar"
"""Of the native kernel only: XLA has no such limit."""

# XLA's name of the last instruction set that it may use, by smjax's name of the level. Below AVX2 this jaxlib lacks the
# conversions of f16.
MAX_ISA = {SCALAR: "AVX2", "avx2": "AVX2", "avx_vnni": "AVX2"}


def _native_isas(host: Host) -> tuple[str, ...]:
    return native_library.isas()


def _why_not_native() -> str | None:
    return None if native_library.isas() else native_library.why_missing()


def _fit_for_native(isas: tuple[str, ...], isa: str) -> bool:
    """Wherever it has more than plain C++ for this CPU."""
    return any(name != SCALAR for name in isas) or (bool(isas) and isa == SCALAR)


def _xla_isas(host: Host) -> tuple[str, ...]:
    return tuple(reversed(simd_levels(host)))


def variables(resolved: Resolved) -> dict[str, str]:
    """XLA's own threads are one beside the native kernel's."""
    threads = 1 if resolved.kernel == "native" else resolved.scenario.threads
    return {"JAX_PLATFORMS": "cpu", "PJRT_NPROC": str(threads), "XLA_FLAGS": xla_flags(resolved.isa)}


def xla_flags(isa: str) -> str:
    """Flags that make XLA generate code for `isa`, and for nothing above it."""
    flags = []
    if isa in MAX_ISA and architecture() == "x86_64":
        flags.append(f"--xla_cpu_max_isa={MAX_ISA[isa]}")
    if isa == "avx512":  # by default XLA uses half of these registers; 1.6 times the product's speed with all
        flags.append("--xla_cpu_prefer_vector_width=512")
    return " ".join(flags)


SPEC = EngineSpec(
    name="smjax",
    packages=("jax", "jaxlib", "numpy"),
    modules=("jax", "jaxlib"),
    install="pip install smjax",
    kernels=(
        # float16: half the cache to read. With `native` a conversion costs nothing beside that, and with `xla` it was
        # the faster one at every depth that was measured (256, 896 and 3,968).
        KernelSpec("native", _native_isas, "float16", _why_not_native, _fit_for_native),
        KernelSpec("xla", _xla_isas, "float16"),
    ),
    kv_dtypes=("float32", "float16", "bfloat16"),
    model_formats=("preset", "gguf"),
    worker_bytes=260e6,  # Python, JAX and what compiling takes
    sources=(
        "core/native_counters.py",
        "core/native_drills.py",
        "core/ops",
        "worker/kernels",
        "worker/micro",
        "worker/model",
    ),
    variables=variables,
    ahead=(
        StepAhead("tune", depends_on=("threads",), wanted=lambda resolved: resolved.kernel == "xla"),
        StepAhead(
            "compile",
            depends_on=("ctx", "n_prompt", "threads", "tokens_per_dispatch"),
            wanted=lambda resolved: resolved.scenario.measure.compile_cache,
            fills_cache=True,
        ),
    ),
)
