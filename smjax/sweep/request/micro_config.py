"""The typed shape of a microbenchmark's configuration: what may be asked, and what each of it means."""

from __future__ import annotations

from dataclasses import dataclass, field

from smjax.sweep.request.config import ISAS, WHEN_BUSY, OftenConfig, ReportConfig, asked

KERNELS = ("auto", "xla", "native", "all")
CACHES = ("hot", "cold", "all")
ALL, FIRST = "all", "first"
"""Every op; of each op the first of its shapes."""


@dataclass
class MicroMeasureConfig(OftenConfig):
    """How often, and how long each process measures."""

    sampling_s: float = asked("seconds that timed calls of a process are to fill, shared by what it measures")


@dataclass
class MicroConfig:
    """One point of a multirun."""

    op: str = asked(
        "what is measured: an op (smjax micro --ops lists them), all of them, or module:function of your own",
        literal=True,
        swept=True,
    )
    shape: str | None = asked(
        "its sizes, as 128x768x768, of those ops that have kinds as f32:128x768x768; null for the op's own, first for "
        "the first of them",
        literal=True,
        swept=True,
    )
    cache: str = asked(
        "hot: inputs lie where the last call left them; cold: more than the last-level cache is read before each call; "
        "all: both",
        names=CACHES,
    )
    threads: int = asked("threads of the worker; more than there are cores are flagged")
    kernel: str = asked("what computes it; auto: of those that have the op the better one, all: each", names=KERNELS)
    isa: str = asked("instruction set that code is limited to; auto: the best one, all: each of them", names=ISAS)
    seed: int = asked("of the inputs")
    label: str = asked("a text that changes nothing but the record", literal=True, swept=True)
    python: str | None = asked(
        "interpreter that runs the worker, with the smjax installed there; null for the one that runs this", files=True
    )
    retry_failed: bool = asked("true: processes in which something failed before in this folder run again")
    lock: str = asked("what to do while another sweep measures on this host", names=WHEN_BUSY)
    measure: MicroMeasureConfig = field(default_factory=MicroMeasureConfig)

    @property
    def report(self) -> ReportConfig:
        """Nothing that was published is set beside."""
        return ReportConfig(history=None, baseline=None)
