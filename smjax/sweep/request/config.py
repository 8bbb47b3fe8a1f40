"""The typed shape of the main job's configuration, and how one composed point becomes a scenario."""

from __future__ import annotations

from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from smjax.core.errors import RequestError
from smjax.core.models.presets import PRESETS
from smjax.core.records.scenario import Measure, Scenario


@dataclass
class ModelConfig:
    """What is measured: a preset by name, or a GGUF file."""

    name: str = MISSING
    path: str | None = None


@dataclass
class MeasureConfig:
    """How long and how often."""

    replicates: int = MISSING
    iterations: int | None = MISSING
    """Timed answers of a process; null for as many as fill `sampling_s`, at least 5."""
    sampling_s: float = MISSING
    warmup: int = MISSING
    timeout_s: float = MISSING
    compile_cache: bool = MISSING
    """Whether workers load programs that another process compiled before."""
    target_ci: float = MISSING
    """Half-width of decode tok/s' interval, 0.02 for 2 %, above which a scenario gets more processes."""
    budget_s: float = MISSING
    """Time of all processes of the sweep up to which it may."""
    strict: bool = MISSING
    """Whether a noisy machine and more threads than cores are refused rather than flagged."""
    handicap: float = MISSING
    """Share by which decoding is slowed down, to see whether a difference of this size is found."""


@dataclass
class ReportConfig:
    """What the table is set beside."""

    history: str | None = None
    """Published results to show: the name of a shipped set, or a file."""
    baseline: str | None = None
    """The row that ratios are taken to."""


@dataclass
class JobConfig:
    """One point of a multirun."""

    model: ModelConfig = field(default_factory=ModelConfig)
    measure: MeasureConfig = field(default_factory=MeasureConfig)
    report: ReportConfig = field(default_factory=ReportConfig)
    engine: str = MISSING
    kernel: str = MISSING
    """`xla`, `native`, the better one that is installed (`auto`), or each of them (`all`)."""
    isa: str = MISSING
    """Instruction set that code is limited to, the best one (`auto`), or each that runs here (`all`)."""
    threads: int = MISSING
    ctx: int = MISSING
    """Capacity of the KV cache, tokens."""
    n_gen: int = MISSING
    n_prompt: int | None = MISSING
    """Prompt tokens; null for `ctx - n_gen`."""
    tokens_per_dispatch: int = MISSING
    kv_dtype: str = MISSING
    seed: int = MISSING
    """Of a preset's weights, of the prompt and of the order in which processes run."""
    retry_failed: bool = MISSING
    """Whether processes that failed before in this folder run again."""
    lock: str = MISSING
    """What to do while another sweep measures on this host: `wait` or `refuse`."""


def register_schema() -> None:
    """Let Hydra check every override against these types."""
    ConfigStore.instance().store(name="schema", node=JobConfig)


def scenario_of(point: JobConfig) -> Scenario:
    """The scenario of a composed point; its numbers are not judged yet."""
    _check_model(point.model)
    return Scenario(
        model=point.model.name,
        model_path=point.model.path,
        engine=point.engine,
        kernel=point.kernel,
        isa=point.isa,
        threads=point.threads,
        ctx=point.ctx,
        n_prompt=point.ctx - point.n_gen if point.n_prompt is None else point.n_prompt,
        n_gen=point.n_gen,
        tokens_per_dispatch=point.tokens_per_dispatch,
        kv_dtype=point.kv_dtype,
        seed=point.seed,
        measure=Measure(**vars(point.measure)),
    )


def _check_model(model: ModelConfig) -> None:
    if model.path is not None and model.name in PRESETS:
        raise RequestError(
            f"model.path: expected none with the preset {model.name}, found {model.path}; add model=gguf"
        )
    if model.name not in PRESETS and model.name != "gguf":
        raise RequestError(
            f"model.name: expected gguf or one of {', '.join(PRESETS)}, found {model.name}; use model=NAME"
        )
    if model.path == "" or (model.path is None and model.name == "gguf"):
        raise RequestError("model.path: expected a GGUF file, found none; add model.path=FILE.gguf")
