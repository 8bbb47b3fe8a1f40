"""What a worker can be asked for: a measurement, one answer, or what comes ahead of measurements: compiling, tuning."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from smjax.core.machine.host import read_ghz
from smjax.core.machine.processor import architecture
from smjax.core.models.source import open_model, product_shapes
from smjax.core.native_library import effective_ghz
from smjax.core.records.scenario import Scenario
from smjax.worker import process

if TYPE_CHECKING:  # nothing heavy is imported before the process is pinned
    import numpy as np

    from smjax.worker.kernels import Setup

Say = Callable[[str], None]
"""Tells the supervisor which phase begins."""

# XLA's name of the last instruction set that it may use, by smjax's name of the level. Below AVX2 this jaxlib lacks the
# conversions of f16.
MAX_ISA = {"scalar": "AVX2", "avx2": "AVX2", "avx_vnni": "AVX2"}


class Worker:
    """One request's state: `result` holds what is known so far, so that a failure loses nothing."""

    def __init__(self, request: dict[str, Any], say: Say) -> None:
        self.request, self.say = request, say
        self.scenario = Scenario.from_json(request["scenario"])
        self.phases_ns: dict[str, int] = {}
        self.result: dict[str, Any] = {"phases_ns": self.phases_ns, "flags": []}
        self._mark_ns = time.monotonic_ns()

    def run(self) -> None:
        """Do the task; whatever goes wrong is raised."""
        affinity = process.pin(self.request["cpus"])
        self.result["threads"] = {"affinity": affinity, "cpu_ns": {}}
        self.result["xla_flags"] = os.environ["XLA_FLAGS"] = xla_flags(self.request["isa"])
        self._import()
        tasks = {"measure": self._measure, "eval": self._evaluate, "compile": self._check, "tune": self._tune}
        tasks[self.request["task"]]()
        self.result["status"], self.result["reason"] = "ok", ""

    def _import(self) -> None:
        self.say("import")
        from smjax.worker.engines import make_engine
        from smjax.worker.engines.smjax import compilation

        compilation.configure_jax()
        self.result["versions"] = compilation.versions()
        self.cache = compilation.CompilationCache(self.request.get("cache_dir"))
        self.model = open_model(self.scenario.model, self.scenario.model_path, self.scenario.seed)
        self.n_vocab = self.model.config.n_vocab
        self.engine = make_engine(self.scenario, self.model, self._setup())
        self._mark_ns = self.request["spawned_ns"]
        self._phase_done("imports")
        process.give_back_code("/libjax_common.so")
        self._mark_ns = time.monotonic_ns()

    def _setup(self) -> Setup:
        from smjax.worker.kernels import Setup

        request = self.request
        return Setup(
            kernel=request["kernel"],
            isa=request["isa"],
            simd=frozenset(request["simd"]),
            threads=self.scenario.threads,
            cpus=tuple(request["cpus"]),
            choices=tuple((request.get("choices") or {}).items()),
        )

    def _phase_done(self, name: str, tidy: bool = True) -> None:
        """Note how long the phase took, then tidy up on nobody's time."""
        self.phases_ns[name] = time.monotonic_ns() - self._mark_ns
        if tidy:
            process.give_back_memory()
        self._mark_ns = time.monotonic_ns()

    def _prepare(self) -> None:
        self.say("load")
        self.engine.load()
        self._phase_done("load")
        self.say("compile")
        self.engine.compile()
        self._phase_done("compile")
        self.result["compilation_cache"] = self.cache.state()
        if self.cache.all_hits():
            self.result["flags"].append("compile-cached")
        self.result.update(_figures(self.engine.describe()))

    def _check(self) -> np.ndarray:
        """Everything before the clock starts; the seeded prompt that it was done with."""
        import numpy as np

        rng = np.random.default_rng(self.scenario.seed)
        prompt = rng.integers(0, self.n_vocab, self.scenario.n_prompt, dtype=np.int32)
        self._prepare()
        self.engine.prefill(prompt)
        self.phases_ns["cold_start"] = time.monotonic_ns() - self.request["spawned_ns"]
        self._mark_ns = time.monotonic_ns()
        self.say("check")
        self.result["checks"] = self.engine.check(prompt)
        self._phase_done("check")
        return prompt

    def _measure(self) -> None:
        from smjax.worker.surroundings import Window
        from smjax.worker.timing import garbage_collection_off

        prompt = self._check()
        life_peak = process.peak_rss_bytes()
        window = Window(self.request["cpus"])
        with garbage_collection_off():
            resettable = self._time(prompt, window.look)
        answers = len(self.result["warmup_samples"]) + len(self.result["samples"])
        around = window.close(self.scenario.n_gen * answers)
        self._phase_done("measure")
        self.result["threads"]["cpu_ns"] = around.pop("thread_cpu_ns")
        self.result |= around
        self._read_machine(life_peak, resettable)
        self._read_bandwidth()

    def _time(self, prompt: np.ndarray, between: Callable[[], None]) -> bool:
        """Warm up and measure, with nothing in between that would cost the first sample caches or memory.

        Returns whether the peak of memory could be reset for it.
        """
        from smjax.worker.timing import answers_to_time, time_answers

        s, each_token = self.scenario, self.scenario.tokens_per_dispatch == 1
        timed = partial(time_answers, self.engine, prompt, s.n_gen, each_token=each_token, between=between)
        self.say("warmup")
        warmup = timed(max(0, s.measure.warmup - 1))
        self.say("measure")  # now, so that whoever shows it has done so when the last of the warm-up is over
        warmup += timed(min(1, s.measure.warmup))
        self._phase_done("warmup", tidy=False)
        resettable = process.reset_peak_rss()
        samples = timed(answers_to_time(s.measure, warmup))
        self.result["warmup_samples"] = [sample.to_json() for sample in warmup]
        self.result["samples"] = [sample.to_json() for sample in samples]
        return resettable

    def _tune(self) -> None:
        from smjax.worker.kernels.xla.tune import tune

        self.say("tune")
        self.result["choices"], self.result["tuning"] = tune(product_shapes(self.model))

    def _read_bandwidth(self) -> None:
        """After everything that is measured, on memory that is there already: it would count in the peak."""
        self.say("bandwidth")
        rate = self.engine.read_bandwidth()
        self.result["read_bandwidth"] = {"bytes_per_s": rate, "working_set_bytes": self.result["bytes_per_token"]}
        self._phase_done("bandwidth")

    def _read_machine(self, life_peak: int | None, resettable: bool) -> None:
        steady = process.peak_rss_bytes()
        self.result["memory"]["steady_rss_bytes"] = steady if resettable else None
        self.result["memory"]["peak_rss_bytes"] = max(filter(None, (life_peak, steady)), default=None)
        cpus = self.result["threads"]["affinity"]
        measured = effective_ghz(cpus[0] if cpus else None)
        ghz = measured or (read_ghz(cpus[0]) if cpus else None)
        self.result["ghz"] = {"value": ghz, "source": ghz and ("measured" if measured else "read")}

    def _evaluate(self) -> None:
        import numpy as np

        self.say("load")
        self.engine.load()
        self.say("measure")
        self.result.update(self.engine.evaluate(np.array(self.request["ids"], np.int32), self.scenario.n_gen))
        resolved = self.engine.describe()["resolved"]
        self.result |= {"kernel": resolved["kernel"], "isa": resolved["isa"]}


def xla_flags(isa: str) -> str:
    """Flags that make XLA generate code for `isa`, and for nothing above it."""
    flags = []
    if isa in MAX_ISA and architecture() == "x86_64":
        flags.append(f"--xla_cpu_max_isa={MAX_ISA[isa]}")
    if isa == "avx512":  # by default XLA uses half of these registers; 1.6 times the product's speed with all
        flags.append("--xla_cpu_prefer_vector_width=512")
    return " ".join(flags)


def _figures(described: dict[str, Any]) -> dict[str, Any]:
    """What the engine says of itself, in the record's places."""
    memory = {"weight_bytes": described["weight_bytes"], "kv_bytes": described["kv_bytes"]}
    return {"memory": memory, **{name: described[name] for name in ("resolved", "variants", "bytes_per_token")}}
