"""The typed shape of the main job's configuration, and of what both jobs have: what may be asked, and what it means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, make_dataclass
from typing import Any

from smjax.core.engines import ENGINES

_MISSING = "???"
"""What OmegaConf calls MISSING; without its import, so that help is there at once."""

KERNELS = ("auto", *dict.fromkeys(kernel.name for engine in ENGINES.values() for kernel in engine.kernels), "all")
KV_DTYPES = ("auto", *dict.fromkeys(name for engine in ENGINES.values() for name in engine.kv_dtypes))
ISAS = ("auto", "scalar", "avx2", "avx_vnni", "avx512", "neon", "all")
WHEN_BUSY = ("wait", "refuse")


def asked(meaning: str, default: Any = _MISSING, **traits: Any) -> Any:
    """A value that may be overridden, with its meaning; the default is in `conf/` unless it is given.

    Traits: `names`, which it is usually one of; `literal`, a text that is taken as it stands, and `swept`, that `-m`
    sweeps over several of it; `files`, a text that names one, or several where `-m` sweeps over them.
    """
    return field(default=default, metadata={"meaning": meaning, **traits})


@dataclass
class ModelConfig:
    """What is measured: a preset by name, or a GGUF file."""

    name: str = _MISSING
    path: str | None = asked("the GGUF file of model=gguf", None, files=True)


@dataclass
class OftenConfig:
    """How many processes."""

    replicates: int = asked("worker processes of each scenario, at least; of 2 to 4 they go on to 5 within the budget")
    target_ci: float = asked("half-width of the rate for which processes are added, by what the first ones say")
    budget_s: float = asked("seconds of all the sweep's processes up to which more than the least number run")
    timeout_s: float = asked("seconds after which a process is stopped, and counts as failed")
    strict: bool = asked("true: refuse a noisy machine and more threads than cores instead of flagging them")


@dataclass
class MeasureConfig(OftenConfig):
    """How often, and how long each process measures."""

    iterations: int | None = asked("timed answers of a process; null for as many as fill sampling_s, at least 5")
    sampling_s: float = asked("seconds that timed answers of a process are to fill")
    warmup: int = asked("untimed answers before them")
    compile_cache: bool = asked("false: workers compile their programs themselves")
    handicap: float = asked("slow decoding down by a known share, 0.05 for 5 %, to see what a comparison sees")


@dataclass
class ReportConfig:
    """What the table is set beside."""

    history: str | None = asked("published results to show beside: the name of a shipped set, or a file", literal=True)
    baseline: str | None = asked(
        "the row that ratios are taken to, as engine=llama_cpp; with a history a machine of it", literal=True
    )


def _arguments() -> Iterator[tuple[str, Any, Any]]:
    """A field for each name that engines call an argument by."""
    every = [(spec.name, one) for spec in ENGINES.values() for one in spec.arguments]
    for name in dict.fromkeys(one.name for _, one in every):
        takers = [(engine, one) for engine, one in every if one.name == name]
        values = dict.fromkeys(value for _, one in takers for value in one.values)
        meaning = "; ".join(f"of {engine}: {one.meaning}" for engine, one in takers)
        traits = {"names": tuple(values)} if all(one.values for _, one in takers) else {"literal": True, "swept": True}
        yield name, str | None, asked(meaning, None, **traits)


EngineArguments = make_dataclass("EngineArguments", _arguments())
"""Settings of one engine alone; null for its default."""


@dataclass
class JobConfig:
    """One point of a multirun."""

    model: ModelConfig = field(default_factory=ModelConfig)
    threads: int = asked("threads of the worker; more than there are cores are flagged")
    ctx: int = asked("capacity of the KV cache, tokens")
    n_gen: int = asked("tokens to generate")
    n_prompt: int | None = asked("prompt tokens; null for ctx - n_gen, so that a run ends with a full cache")
    tokens_per_dispatch: int = asked("1: every token reaches the host; n_gen: one program for the whole answer")
    engine: str = asked("what loads the model and answers", names=tuple(ENGINES))
    kernel: str = asked("what computes a step; auto: the better one that is here, all: each of them", names=KERNELS)
    isa: str = asked("instruction set that code is limited to; auto: the best one, all: each of them", names=ISAS)
    kv_dtype: str = asked("type of the KV cache; auto: the kernel's better one, which is recorded", names=KV_DTYPES)
    engine_args: EngineArguments = field(default_factory=EngineArguments)  # type: ignore[valid-type]
    seed: int = asked("of a preset's weights and of the prompt")
    label: str = asked("a text that changes nothing but the record", literal=True, swept=True)
    python: str | None = asked(
        "interpreter that runs the worker, with the smjax installed there; null for the one that runs this", files=True
    )
    retry_failed: bool = asked("true: processes that failed before in this folder run again")
    lock: str = asked("what to do while another sweep measures on this host", names=WHEN_BUSY)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
