"""smjax's own engine: the decoder compiled by XLA, weights as arguments, the cache donated from call to call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.model import Model
from smjax.core.scenario import Scenario
from smjax.worker.check import check_agreement, check_products
from smjax.worker.compilation import compile_program
from smjax.worker.kernels import Cache, Setup, make_kernel
from smjax.worker.model.decoder import logits
from smjax.worker.model.weights import Weights, load_weights, packed_bytes, step_bytes
from smjax.worker.programs import answer_scores, generate, prefill

CHECKED_POSITIONS = 4


class SmjaxEngine:
    """See `smjax.worker.engines.Engine`."""

    def __init__(self, scenario: Scenario, model: Model, setup: Setup) -> None:
        self.scenario, self.model, self.config = scenario, model, model.config
        self.kernel = make_kernel(setup)
        self.kv_dtype = self.kernel.kv_dtype if scenario.kv_dtype == "auto" else scenario.kv_dtype
        self.weights: Weights
        self.cache: Cache
        self.prefill_program: jax.stages.Compiled
        self.decode_program: jax.stages.Compiled
        self._logits_program: jax.stages.Compiled | None = None
        self._hidden: jax.Array
        """Last hidden state [D] of whatever ran last."""
        self.position = 0
        self.last_id = 0

    def load(self) -> None:
        self.weights = jax.block_until_ready(load_weights(self.model, self.kernel))
        self.cache = jax.block_until_ready(self.kernel.empty_cache(self.config, self.scenario.ctx, self.kv_dtype))

    def compile(self) -> None:
        # The larger program first: what it takes for a moment is then the less on top of.
        self.decode_program = self._decode_program()
        self.prefill_program = self._program(prefill, np.zeros(self.scenario.n_prompt, np.int32))

    def _decode_program(self) -> jax.stages.Compiled:
        zero = np.int32(0)
        return self._program(partial(generate, self.scenario.tokens_per_dispatch), zero, zero, zero)

    def _program(self, function: Callable[..., Any], *arguments: Any) -> jax.stages.Compiled:
        """`function` of the decoder, its weights and cache, and `arguments`; the cache is handed over."""
        bound = partial(function, self.config, self.kernel)
        return compile_program(bound, self.weights, self.cache, *arguments, donate=(1,))

    def prefill(self, prompt: np.ndarray) -> int:
        self.cache, first_id, self._hidden = self.prefill_program(self.weights, self.cache, prompt)
        self.position, self.last_id = len(prompt), int(first_id)
        return self.last_id

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        while n_ids > 0:
            n = min(n_ids, self.scenario.tokens_per_dispatch)
            yield self._step(self.last_id, n)
            n_ids -= n

    def _step(self, last_id: int, n: int) -> np.ndarray:
        """int32[n] ids after `last_id`, from one execution of the program."""
        self.cache, ids, self._hidden = self.decode_program(
            self.weights, self.cache, np.int32(last_id), np.int32(self.position), np.int32(n)
        )
        new = np.asarray(ids)[:n]
        self.position, self.last_id = self.position + n, int(new[-1])
        return new

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        expected = self._host_logits()
        product_nmse = check_products(self.kernel, self.weights, self.model, self.scenario.seed)
        self.position = max(0, len(prompt) - CHECKED_POSITIONS)
        for token in prompt[self.position :]:
            self._step(int(token), 1)
        return {"product_nmse": product_nmse, "prefill_decode_nmse": check_agreement(self._host_logits(), expected)}

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        self.decode_program = self._decode_program()
        self.cache, nll, self._hidden = self._program(answer_scores, ids)(self.weights, self.cache, ids)
        scores = self._host_logits()
        self.position, greedy = len(ids), [int(np.argmax(scores))][:n_gen]
        self.last_id = greedy[0] if greedy else 0
        greedy += [int(i) for chunk in self.decode(n_gen - 1) for i in chunk]
        nll_mean = float(np.asarray(nll, np.float64).mean()) if len(ids) > 1 else None
        return {"nll_mean": nll_mean, "logits": [float(x) for x in scores], "greedy": greedy}

    def _host_logits(self) -> np.ndarray:
        """f32[V] of the last position computed."""
        hidden = self._hidden[None]
        if self._logits_program is None:
            self._logits_program = compile_program(partial(logits, self.config, self.kernel), self.weights, hidden)
        return np.asarray(self._logits_program(self.weights, hidden)[0])

    def describe(self) -> dict[str, Any]:
        s = self.scenario
        cache_bytes = sum(array.nbytes for array in jax.tree.leaves(self.cache))
        filled = s.n_prompt + s.n_gen // 2
        kv_step = self.config.kv_bytes(filled, jnp.dtype(self.kv_dtype).itemsize)
        return {
            "resolved": {"kernel": self.kernel.name, "isa": self.kernel.isa, "kv_dtype": self.kv_dtype},
            "weight_bytes": packed_bytes(self.weights),
            "kv_bytes": cache_bytes,
            "bytes_per_token": step_bytes(self.weights, self.config) + kv_step,
        }
