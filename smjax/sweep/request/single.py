"""What commands that look at one model alike are asked, and the scenario that it comes to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from smjax.core.errors import RequestError
from smjax.core.models.presets import PRESETS
from smjax.core.records.scenario import Measure, Scenario


@dataclass(frozen=True)
class SingleRequest:
    """A model, and how it is to be computed."""

    model: str
    """A GGUF file or the name of a preset."""
    _: KW_ONLY
    kernel: str = "auto"
    """`all`: each that the engine has here."""
    isa: str = "auto"
    threads: int = 1
    seed: int = 42
    timeout_s: float = 600.0
    """Of each worker."""

    def scenario(
        self,
        engine: str,
        sizes: tuple[int, int, int],
        measure: Measure,
        engine_args: Mapping[str, str] | None = None,
    ) -> Scenario:
        """Of so many slots of the cache, tokens of the prompt and of the answer; one token a dispatch."""
        is_preset, (ctx, n_prompt, n_gen) = self.model in PRESETS, sizes
        return Scenario(
            model=self.model if is_preset else "gguf",
            model_path=None if is_preset else self.model,
            engine=engine,
            kernel=self.kernel,
            isa=self.isa,
            threads=self.threads,
            ctx=ctx,
            n_prompt=n_prompt,
            n_gen=n_gen,
            tokens_per_dispatch=1,
            kv_dtype="auto",
            seed=self.seed,
            measure=measure,
            engine_args=dict(engine_args or {}),
        )

    def check_timeout(self) -> None:
        """Raise RequestError, by the name of the option, for one that no worker can keep."""
        if not 0 < self.timeout_s < math.inf:
            raise RequestError(f"--timeout: expected more than 0, found {self.timeout_s:g}")
