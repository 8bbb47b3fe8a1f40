"""An engine for smjax that knows no more than which id followed which: what it is, as data."""

from smjax.core.engines import ArgumentSpec, EngineSpec, KernelSpec

SPEC = EngineSpec(
    name="bigram",
    packages=("numpy",),
    modules=("numpy",),
    install="pip install smjax-bigram",
    kernels=(KernelSpec("counts", isas=lambda host: (), kv_dtype="none"),),
    kv_dtypes=("none",),
    model_formats=("preset", "gguf"),
    worker_bytes=50e6,
    arguments=(ArgumentSpec("smoothing", ("1", "0.01"), "what is added to each count"),),
    module="smjax_bigram.engine",
)
