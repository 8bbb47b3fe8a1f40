"""smjax's own engine: the decoder compiled by XLA, weights as arguments, the cache donated from call to call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.models.source import Model, product_shapes
from smjax.core.records.answer import Answer, Memory, Ran
from smjax.core.records.profile import Counted, Profile
from smjax.core.records.scenario import Scenario
from smjax.worker.bandwidth import READ_SECONDS
from smjax.worker.engines.agreement import CHECKED_POSITIONS, check_agreement
from smjax.worker.engines.smjax.bandwidth import read_bandwidth
from smjax.worker.engines.smjax.check import check_products
from smjax.worker.engines.smjax.compilation import CompilationCache, compile_program, versions
from smjax.worker.engines.smjax.programs import (
    answer_scores,
    decode_many,
    decode_one,
    hidden_of,
    initial_state,
    prefill,
)
from smjax.worker.engines.stepwise import Stepwise
from smjax.worker.kernels import Cache, Kernel, Setup, make_kernel
from smjax.worker.kernels.xla.tune import tune
from smjax.worker.model.decoder import logits
from smjax.worker.model.weights import Weights, load_weights, packed_bytes, step_bytes, step_weights
from smjax.worker.prompt import seeded_prompt


class SmjaxEngine(Stepwise):
    """See `smjax.worker.engines.Engine`."""

    def __init__(
        self, scenario: Scenario, model: Model, setup: Setup, compilation_cache: CompilationCache | None = None
    ) -> None:
        self.scenario, self.model, self.config = scenario, model, model.config.for_context(scenario.ctx)
        self.setup, self.kernel = setup, make_kernel(setup)
        self.compilation_cache = compilation_cache
        self.weights: Weights
        self.arrays: list[jax.Array]
        """Those of the weights: a call that has to take the tree apart costs 2 µs more."""
        self.cache: Cache
        self.state: jax.Array
        """See `programs.initial_state`; kept where programs read it: handing a number over takes 25 µs."""
        self.prefill_program: jax.stages.Compiled
        self.decode_program: jax.stages.Compiled
        self._logits_program: jax.stages.Compiled | None = None
        self._counts: dict[int, jax.Array] = {}

    def versions(self) -> dict[str, str]:
        return versions()

    def load(self) -> None:
        self.weights = jax.block_until_ready(load_weights(self.model, self.kernel))
        self.arrays = jax.tree.leaves(self.weights)
        self.cache = jax.block_until_ready(
            self.kernel.empty_cache(self.config, self.scenario.ctx, self.scenario.kv_dtype)
        )

    def compile(self) -> None:
        # The larger program first: what it takes for a moment is then the less on top of.
        self.decode_program = self._decode_program()
        self.prefill_program = self.program(prefill, np.zeros(self.scenario.n_prompt, np.int32))

    def _decode_program(self) -> jax.stages.Compiled:
        state, n = initial_state(self.config, 0, 0), self.scenario.tokens_per_dispatch
        if n == 1:
            return self.program(decode_one, state)
        return self.program(partial(decode_many, n), state, np.int32(0))

    def program(
        self, function: Callable[..., Any], *arguments: Any, kernel: Kernel | None = None, keep_unused: bool = False
    ) -> jax.stages.Compiled:
        """`function` of the decoder, its weights as a flat list, its cache, which is handed over, and `arguments`.

        `kernel`: another one than the engine's for the same weights and cache.
        """
        structure, computes = jax.tree.structure(self.weights), kernel or self.kernel

        def flat(arrays: list[jax.Array], cache: Cache, *rest: Any) -> Any:
            return function(self.config, computes, jax.tree.unflatten(structure, arrays), cache, *rest)

        return compile_program(flat, self.arrays, self.cache, *arguments, donate=(1,), keep_unused=keep_unused)

    def prefill(self, prompt: np.ndarray) -> int:
        self.cache, self.state = self.prefill_program(self.arrays, self.cache, prompt)
        return int(np.asarray(self.state)[0])

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        if self.scenario.tokens_per_dispatch == 1:
            for _ in range(n_ids):
                yield self._decode_one()
            return
        while n_ids > 0:
            n = min(n_ids, self.scenario.tokens_per_dispatch)
            yield self._decode_many(n)
            n_ids -= n

    def _decode_one(self) -> np.ndarray:
        self.cache, self.state = self.decode_program(self.arrays, self.cache, self.state)
        return np.asarray(self.state)[:1]

    def _decode_many(self, n: int) -> np.ndarray:
        """int32[n] ids from one execution of the program."""
        if n not in self._counts:
            self._counts[n] = jax.device_put(np.int32(n))
        self.cache, self.state, ids = self.decode_program(self.arrays, self.cache, self.state, self._counts[n])
        return np.asarray(ids)[:n]

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        self.prefill(prompt)
        expected = self._logits(hidden_of(np.asarray(self.state)))
        product_nmse = check_products(self.kernel, self.weights, self.model, self.scenario.seed)
        start = max(0, len(prompt) - CHECKED_POSITIONS)
        for position in range(start, len(prompt)):
            self.state = jax.device_put(initial_state(self.config, prompt[position], position))
            next(self.decode(1))
        found = self._logits(hidden_of(np.asarray(self.state)))
        return {"product_nmse": product_nmse, "prefill_decode_nmse": check_agreement(found, expected)}

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        self.decode_program = self._decode_program()
        self.cache, nll, hidden = self.program(answer_scores, ids)(self.arrays, self.cache, ids)
        scores = self._logits(hidden)
        greedy = [int(np.argmax(scores))][:n_gen]
        self.state = jax.device_put(initial_state(self.config, greedy[0] if greedy else 0, len(ids)))
        greedy += [int(i) for chunk in self.decode(n_gen - 1) for i in chunk]
        nll_mean = float(np.asarray(nll, np.float64).mean()) if len(ids) > 1 else None
        return {"nll_mean": nll_mean, "logits": [float(x) for x in scores], "greedy": greedy}

    def _logits(self, hidden: Any) -> np.ndarray:
        """f32[V] of a hidden state, f32[D]."""
        if self._logits_program is None:
            function = partial(logits, self.config, self.kernel)
            self._logits_program = compile_program(function, self.weights, hidden[None])
        return np.asarray(self._logits_program(self.weights, hidden[None])[0])

    def profile(self, prompt: np.ndarray) -> Profile:
        from smjax.worker.engines.smjax.profile import profile  # a worker that measures needs none of it

        return profile(self, prompt)

    def count(self, prompt: np.ndarray) -> Counted:
        from smjax.worker.engines.smjax.profile import count

        return count(self, prompt)

    def read_bandwidth(self) -> float | None:
        cache = jax.tree.leaves(self.cache)
        shares = [(array, self._kv_step_bytes() // len(cache)) for array in cache]
        read = [(array, array.nbytes) for array in jax.tree.leaves(step_weights(self.weights, self.config))]
        return read_bandwidth(self.setup, read + shares, READ_SECONDS)

    def _kv_step_bytes(self) -> int:
        """Of the cache, as far as it is filled at the middle of the answer."""
        return self.config.kv_step_bytes(self.scenario.middle, jnp.dtype(self.scenario.kv_dtype).itemsize)

    def describe(self, answer: Answer) -> None:
        cache_bytes = sum(array.nbytes for array in jax.tree.leaves(self.cache))
        answer.resolved = Ran(self.kernel.name, self.kernel.isa, self.scenario.kv_dtype)
        answer.variants = dict(self.setup.variants)
        answer.memory = Memory(weight_bytes=packed_bytes(self.weights), kv_bytes=cache_bytes)
        answer.bytes_per_token = step_bytes(self.weights, self.config) + self._kv_step_bytes()
        if self.compilation_cache is not None:
            self.compilation_cache.tell(answer)

    def ahead(self, step: str) -> tuple[dict[str, Any], dict[str, Any]]:
        if step == "tune":
            variants, times = tune(product_shapes(self.model))
            return {"variants": variants}, {"us_by_variant": times}
        assert step == "compile", "one of the spec's steps"
        self._compile_into_the_cache()
        return {}, {}

    def _compile_into_the_cache(self) -> None:
        """All that a worker of the scenario compiles before its clock starts, its check of itself included."""
        prompt = seeded_prompt(self.scenario, self.config.n_vocab)
        self.load()
        self.compile()
        self.check(prompt)
